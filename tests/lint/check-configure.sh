#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# configure names every library that is missing, each with its Debian package, and goes no further.
set -u
configure=$(cd "$top_srcdir" && pwd)/configure
[ -x "$configure" ] || { echo "there is no configure: run autoreconf -fi"; exit 77; }
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99
status=0
PKG_CONFIG_LIBDIR=$work PKG_CONFIG_PATH='' "$configure" --enable-xdp CC="$CC" >log 2>&1 && {
    echo "configure went through without libraries"
    status=1
}
wanted=$(sed -n 's/^ *NEED(\[[A-Z]*\], \[\(.*\)\], \[\(.*\)\])$/\1 (Debian package \2)/p' "${configure%configure}configure.ac")
[ -n "$wanted" ] || exit 99
echo "$wanted" | while read -r line; do
    grep -qF "$line" log || { echo "configure does not name: $line"; exit 1; }
done || status=1
[ "$status" -eq 0 ] || tail -20 log
exit "$status"
