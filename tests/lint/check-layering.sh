#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The arrows are control -> zones <- server and everybody -> common; each library is seen by one
# layer. Fails if a folder includes what it must not see.
cd "${top_srcdir:-.}" || exit 99
bad=0

# deny FOLDER WHAT [EXEMPT]: no #include in FOLDER's files may match WHAT; EXEMPT are files. All are
# extended regular expressions.
deny() {
    hits=$(grep -rnE --include='*.[ch]' "^[[:space:]]*#[[:space:]]*include[[:space:]]+[<\"]($2)" \
        "$1" | grep -vE "^(${3:-none}):")
    [ -z "$hits" ] && return
    printf '%s\n  ^ %s/ must not include this\n' "$hits" "$1"
    bad=1
}

# Our own folders.
deny common 'zones/|server/|control/|tests/'
deny zones 'server/|control/|tests/'
deny server 'control/|tests/|zones/snapshot_builder\.h' 'server/main\.c'
deny control 'server/|tests/'
# Arithmetic, which ballastctl has without the rest of control.
deny control/forecast 'zones/|control/[^/"]*\.h'
# Plans are pure: no control, no loop, nothing that asks a network or a disk.
deny control/plan 'zones/|control/[^/]*\.h'
# HTTP to others knows nothing of what it is for, and AWS's APIs nothing of rollouts.
deny control/http 'zones/|control/[^/]*\.h|control/(aws|forecast|plan)/'
deny control/aws 'zones/|control/[^/]*\.h|control/(forecast|plan)/'
# Who drives a fleet is decided without a loop, a network or a disk.
deny control/fleet 'zones/|control/[^/]*\.h|control/(aws|forecast|move|plan)/'
# Moving in and out is text to text.
deny control/move 'control/[^/]*\.h|control/(forecast|plan)/'

# The libraries.
deny common 'ldns/|ares\.h|uv\.h|curl/|jansson|sqlite3|microhttpd|cmocka'
deny zones 'ares\.h|uv\.h|curl/|jansson|sqlite3|microhttpd|cyaml/|yaml\.h|cmocka'
deny zones 'ldns/' 'zones/(key_file|key_generate|rdata|rdata_print|record_type|signer|zone_export)\.c'
deny server 'ldns/|ares\.h|curl/|jansson|sqlite3|microhttpd|cyaml/|yaml\.h|cmocka'
deny control 'ldns/|cyaml/|yaml\.h|cmocka' 'control/forecast/(plan_text|population_read)\.c'
deny control/forecast 'ares\.h|uv\.h|curl/|jansson|sqlite3|microhttpd'
deny control/aws 'ares\.h|sqlite3|microhttpd'
deny control/fleet 'uv\.h|ares\.h|curl/|sqlite3|microhttpd'
deny control/http 'ares\.h|sqlite3|microhttpd'
deny control/move 'uv\.h|ares\.h|curl/|sqlite3|microhttpd'
deny control/plan 'uv\.h|ares\.h|curl/|sqlite3|microhttpd'

# Includes of ours begin at the root, so that the arrow shows.
for folder in common zones server control tests; do
    hits=$(grep -rnE --include='*.[ch]' '^[[:space:]]*#[[:space:]]*include[[:space:]]+"' $folder |
        grep -vE '"(config\.h|(common|zones|server|control|tests)/[^".]+\.(h|inc))"')
    [ -z "$hits" ] && continue
    printf '%s\n  ^ write the path from the root: "zones/zone.h"\n' "$hits"
    bad=1
done
exit $bad
