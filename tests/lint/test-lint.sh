#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The checks of this folder find what they are for: each is run on a small tree of files, with and
# without a fault.
lint=$(cd "${top_srcdir:-.}/tests/lint" && pwd) || exit 99
tree=$(mktemp -d) || exit 99
trap 'rm -rf "$tree"' EXIT
bad=0
spdx='/* SPDX-License-Identifier: BSD-2-Clause */'

make_tree() {
    rm -rf "${tree:?}"/*
    for folder in common zones server control control/forecast control/plan tests/lint tests/unit \
        contrib docs tests/fuzz/corpus/a tests/sim; do
        mkdir -p "$tree/$folder"
    done
    cp "$lint/../../.clang-format" "$tree"
    cp "$lint/size-exceptions.txt" "$tree/tests/lint"
    sed -i '/^[^#]/d' "$tree/tests/lint/size-exceptions.txt"
    touch "$tree/tests/sim/complaint_a.scenario"
    printf 'A.\n    complaint_a\n' >"$tree/tests/sim/complaints.txt"
    touch "$tree/README.md" "$tree/configure.ac" "$tree/tests/fuzz/corpus/a/empty"
    echo 'FUZZ_TARGETS += tests/fuzz/fuzz_a' >"$tree/Makefile.am"
    echo '`a`: an A' >"$tree/ARCHITECTURE.md"
    printf '%s\n' "$spdx" >"$tree/tests/fuzz/fuzz_a.c"
    printf '%s\n#pragma once\n' "$spdx" >"$tree/common/a.h"
    printf '%s\n#include "common/a.h"\n' "$spdx" >"$tree/common/a.c"
}

# expect RESULT CHECK WHAT: runs CHECK on the tree; a tool that is missing (77) is no news.
expect() {
    output=$(top_srcdir=$tree "$lint/check-$2.sh" 2>&1)
    result=$?
    [ $result -eq 77 ] && return
    [ $result -ne 0 ] && result=1
    [ $result -eq "$1" ] && return
    printf 'check-%s.sh: %s: result %s, expected %s\n%s\n' "$2" "$3" $result "$1" "$output"
    bad=1
}

# find_fault CHECK FILE TEXT: the check passes without and fails with a FILE of this TEXT (for printf).
find_fault() {
    make_tree
    expect 0 "$1" "nothing wrong"
    printf "$3" >"$tree/$2"
    expect 1 "$1" "$2"
}

find_fault complaints tests/sim/complaint_b.scenario '\\n'
find_fault complaints tests/sim/complaints.txt 'A.\n    complaint_a\nB.\n    complaint_c\n'
find_fault complaints tests/sim/complaints.txt 'A.\n    complaint_a\n    tests/x.c::y\n'
find_fault layering common/b.c '#include "zones/zone.h"\n'
find_fault layering common/b.c '#include <ldns/ldns.h>\n'
find_fault layering zones/b.c '#include "control/control.h"\n'
find_fault layering zones/b.h '#include "server/server.h"\n'
find_fault layering zones/b.c '#include <uv.h>\n'
find_fault layering zones/b.c '#include <curl/curl.h>\n'
find_fault layering zones/b.c '#  include <jansson.h>\n'
find_fault layering zones/snapshot.c '#include <ldns/ldns.h>\n'
find_fault layering server/b.c '#include "control/control.h"\n'
find_fault layering server/b.c '#include "zones/snapshot_builder.h"\n'
find_fault layering server/b.c '#include <ldns/wire2host.h>\n'
find_fault layering server/b.c '#include <jansson.h>\n'
find_fault layering server/b.c '#include <curl/curl.h>\n'
find_fault layering control/b.c '#include "server/server.h"\n'
find_fault layering control/b.c '#include "b.h"\n'
find_fault layering server/b.c '#include "../control/b.h"\n'
find_fault layering control/forecast/b.c '#include "control/b.h"\n'
find_fault layering control/forecast/b.c '#include "zones/b.h"\n'
find_fault layering control/forecast/b.c '#include <jansson.h>\n'
find_fault layering control/forecast/b.c '#include <cyaml/cyaml.h>\n'
find_fault layering control/plan/b.c '#include "control/control.h"\n'
find_fault layering control/plan/b.c '#include <uv.h>\n'

find_fault headers common/b.h '#pragma once\nsize_t f(void);\n'
find_fault format common/b.c 'int f( void ){return 1;}\n'

find_fault size common/b.c "int f(void)\n{\n$(printf '%059d' 0 | sed 's/0/    f();\\n/g')}\n"
find_fault size tests/unit/b.c "int f(void)\n{\n$(printf '%099d' 0 | sed 's/0/    f();\\n/g')}\n"
find_fault size common/b.h "$(printf '%0501d' 0 | sed 's/0/int x;\\n/g')"
find_fault size tests/lint/size-exceptions.txt 'common/a.c # it was long once\n'

find_fault fuzz tests/fuzz/fuzz_b.c "$spdx\n"
find_fault fuzz tests/fuzz/corpus/b 'a corpus without a target\n'
find_fault fuzz Makefile.am 'FUZZ_TARGETS += tests/fuzz/fuzz_ab\n'
find_fault fuzz ARCHITECTURE.md 'no word of it\n'
make_tree
rm "$tree/tests/fuzz/corpus/a/empty"
expect 1 fuzz "an empty corpus"

find_fault words common/b.c "$spdx\n/* TO""DO: later */\n"
find_fault words common/b.c "$spdx\n/* FIX""ME */\n"
find_fault words docs/b.1 "see /wo""rk/notes\n"
find_fault words common/b.c "$spdx\nint x; \n"
find_fault words common/b.c "int x;\n"

make_tree
printf '    REQUIRED(raw_zone, name),\n' >"$tree/common/config_schema.c"
printf '.TH A 5\n.SH A\n.It Sy name : Em text\n' >"$tree/docs/ballast.yaml.5"
expect 1 manuals "mdoc in a page of man"
printf '.Dd January 1, 2026\n.Dt A 5\n.Os\n.Sh NAME\n.Nm a\n.Nd b\n.Bl -tag -width Ds\n%s\n.El\n' \
    '.It Sy name : Em text' >"$tree/docs/ballast.yaml.5"
expect 0 manuals "a key that is described"
sed -i 's/Sy name/Sy file/' "$tree/docs/ballast.yaml.5"
expect 1 manuals "a key that is not described"

make_tree
printf '%s\n/* TO%s(#12): later */\n' "$spdx" DO >"$tree/common/b.c"
expect 0 words "an open end that names its issue"
printf 'int f(void)\n{\n%s}\n' "$(printf '%058d' 0 | sed 's/0/    f();\n/g')
" >"$tree/common/b.c"
expect 0 size "a function of 60 lines"
printf 'int f(void)\n{\n%s}\n' "$(printf '%070d' 0 | sed 's/0/    f();\n/g')
" >"$tree/common/b.c"
echo 'common/b.c f # it is a table' >>"$tree/tests/lint/size-exceptions.txt"
expect 0 size "a function that is excepted"
make_tree
printf '#include "control/control.h"\n#include "zones/snapshot_builder.h"\n' >"$tree/server/main.c"
printf '#include <ldns/ldns.h>\n' >"$tree/zones/rdata.c"
printf '#include <uv.h>\n#include "zones/zone.h"\n' >"$tree/server/worker.c"
expect 0 layering "what is allowed"
exit $bad
