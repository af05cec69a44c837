#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Functions of at most 60 lines (tests: 100) from brace to brace, files of at most 500 lines (tests:
# any). What is longer stands in size-exceptions.txt with its reason; what no longer is, must go.
cd "${top_srcdir:-.}" || exit 99
find common zones server control tests -name '*.[ch]' | sort |
    xargs awk -v exceptions=tests/lint/size-exceptions.txt '
    function complain(item, lines, most) {
        if (item in excepted) { used[item] = 1; return }
        printf "%s: %d lines, expected at most %d\n", item, lines, most
        bad = 1
    }
    function finish_file() {
        if (file != "" && !in_tests && count > 500) complain(file, count, 500)
    }
    BEGIN {
        while ((getline line < exceptions) > 0) {
            if (line ~ /^#/ || line == "") continue
            split(line, part, " # ")
            if (part[2] == "") { print exceptions ": no reason in: " line; bad = 1 }
            excepted[part[1]] = 1
        }
    }
    FNR == 1 { finish_file(); file = FILENAME; in_tests = file ~ /^tests\//; start = 0 }
    { count = FNR }
    # clang-format puts the first line of a function and its braces into the first column.
    /^[A-Za-z_].*\(/ {
        name = $0
        gsub(/__attribute__\(\([^;]*\)\)\)? */, "", name)
        sub(/\(.*/, "", name)
        sub(/.*[^A-Za-z0-9_]/, "", name)
    }
    /^\{$/ { start = FNR }
    /^\}$/ && start > 0 {
        most = in_tests ? 100 : 60
        if (FNR - start + 1 > most) complain(file " " name, FNR - start + 1, most)
        start = 0
    }
    END {
        finish_file()
        for (item in excepted) {
            if (!(item in used)) { print exceptions ": no longer needed: " item; bad = 1 }
        }
        exit bad
    }'
