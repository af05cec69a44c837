#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Each fuzz target is built, described and has a corpus, which is small; each corpus has a target.
cd "${top_srcdir:-.}" || exit 99
bad=0
complain() {
    echo "$1"
    bad=1
}

for target in tests/fuzz/fuzz_*.c; do
    name=${target#tests/fuzz/fuzz_}
    name=${name%.c}
    corpus=tests/fuzz/corpus/$name
    grep -q "^FUZZ_TARGETS += tests/fuzz/fuzz_$name\$" Makefile.am ||
        complain "Makefile.am: FUZZ_TARGETS does not have fuzz_$name"
    grep -q "\`$name\`" ARCHITECTURE.md ||
        complain "ARCHITECTURE.md: does not say what the fuzz target $name is for"
    count=$(find "$corpus" -type f 2>/dev/null | wc -l)
    if [ "$count" -eq 0 ]; then
        complain "$corpus: no file, expected the corpus of fuzz_$name"
    elif [ "$count" -gt 120 ]; then
        complain "$corpus: $count files, expected at most 120; merge them (libFuzzer -merge=1)"
    fi
done
for corpus in tests/fuzz/corpus/*; do
    [ -f "tests/fuzz/fuzz_${corpus##*/}.c" ] ||
        complain "$corpus: there is no tests/fuzz/fuzz_${corpus##*/}.c"
done
exit $bad
