#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The manual pages render without a warning, and ballast.yaml(5) describes each key that the schema
# knows.
cd "${top_srcdir:-.}" || exit 99
bad=0
for key in $(sed -nE \
    -e 's/^ +(REQUIRED|OPTIONAL|OPTIONAL_TXT|LIST)\([a-z_]+, ([a-z_]+).*/\2/p' \
    -e 's/^ +CYAML_FIELD_MAPPING_PTR\("([a-z_]+)".*/\1/p' common/config_schema.c | sort -u); do
    if ! grep -qE "^\.(It )?Sy $key( |\$)" docs/ballast.yaml.5; then
        echo "docs/ballast.yaml.5: does not describe the key $key"
        bad=1
    fi
done
if ! command -v groff >/dev/null; then
    echo "groff is missing"
    [ $bad -eq 0 ] && exit 77
    exit 1
fi
for page in $(find docs server control -name '*.[158]'); do
    warnings=$(groff -man -Tutf8 -ww -z "$page" 2>&1)
    [ -z "$warnings" ] && continue
    printf '%s\n' "$warnings"
    bad=1
done
exit $bad
