#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Prints the user-space instructions that each kind of query costs in process, by callgrind: the
# difference of two run lengths, so that start and end do not count. Built with the default flags:
# make tests/bench/bench_answer && top_builddir=. tests/bench/instructions.sh
program=${top_builddir:-.}/tests/bench/bench_answer
short=2000
long=12000
count() { # KIND N
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$1" "$2" 2>&1 |
        sed -n 's/.*Collected : *//p'
}
for kind in $("$program"); do
    a=$(count "$kind" $short)
    b=$(count "$kind" $long)
    printf '%-16s %s\n' "$kind" $(((b - a) / (long - short)))
done
