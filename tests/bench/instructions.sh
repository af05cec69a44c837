#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# User-space instructions that one answer costs, by kind of query, and octets that a zone takes for
# each of 100,000 names. Both repeat from run to run, unlike times.
#
#   tests/bench/instructions.sh            prints the table
#   tests/bench/instructions.sh --check    compares with instructions.txt; fails when a figure is more
#                                          than 10 % worse, or a kind is missing on either side
#   tests/bench/instructions.sh --update   writes instructions.txt anew, and the table of docs/bench.md
#
# From a build directory: make bench-instructions, or, once that has built the programs,
# top_builddir=. SOURCE/tests/bench/instructions.sh --check. Exit code 77: valgrind is missing.
#
# Callgrind collects only within answer_query and what it calls: queries are made and answers are
# taken outside of it, so that the harness is not in the figures. What the first answer costs once
# (the dynamic linker) drops out as well: a figure is the difference of two run lengths divided by
# the difference in answers. Built as configure does without CFLAGS (-g -O2).
set -eu
here=$(dirname "$0")
bench=${top_builddir:-.}/tests/bench
program=$bench/bench_answer
export top_srcdir="${top_srcdir:-$here/../..}" # the signed zones are files of the source
committed=$here/instructions.txt
short=1000
long=11000
tolerance_percent=10

collected() { # KIND N
    valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect=answer_query \
        "$program" "$1" "$2" 2>&1 | sed -n 's/.*Collected : *//p'
}

measure() {
    for kind in $("$program"); do
        first=$(collected "$kind" $short)
        second=$(collected "$kind" $long)
        printf '%-16s %s\n' "$kind" $(((second - first + (long - short) / 2) / (long - short)))
    done
    "$bench/bench_zone" | while read -r name value; do
        printf '%-16s %s\n' "$name" "$value"
    done
}

# Reads the committed figures, then the measured ones.
compare() {
    awk -v tolerance="$tolerance_percent" '
        /^#/ { next }
        NR == FNR { before[$1] = $2; next }
        {
            seen[$1] = 1
            verdict = "ok"
            if (!($1 in before)) { verdict = "not committed" }
            else if ($2 > before[$1] * (1 + tolerance / 100)) { verdict = "WORSE" }
            if (verdict != "ok") { bad = 1 }
            printf "%-16s %5d   committed %5d   %s\n", $1, $2, before[$1], verdict
        }
        END {
            for (kind in before) {
                if (!(kind in seen)) { print kind ": committed, but not measured"; bad = 1 }
            }
            exit bad
        }' "$committed" -
}

if ! command -v valgrind >/dev/null; then
    echo "instructions.sh: valgrind is not installed (Debian package: valgrind)" >&2
    exit 77
fi
case "${1:-}" in
--check) measure | compare ;;
--update)
    {
        echo '# Written by tests/bench/instructions.sh --update: instructions an answer, octets a name'
        measure
    } >"$committed.new"
    mv "$committed.new" "$committed"
    "$here/answer_costs.py" --update
    ;;
"") measure ;;
*)
    echo "usage: instructions.sh [--check|--update]" >&2
    exit 2
    ;;
esac
