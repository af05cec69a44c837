#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Words and marks: open ends name their issue, no path of a developer's machine, no white space at
# the end of a line, a licence in each source file.
cd "${top_srcdir:-.}" || exit 99
bad=0
complain() { # TEXT HITS
    [ -z "$2" ] && return
    printf '%s\n  ^ %s\n' "$2" "$1"
    bad=1
}

code=$(find common zones server control tests contrib \( -name '*.[ch]' -o -name '*.sh' -o \
    -name '*.py' \) | sort)
scripts=$(ls .ci/run tests/run contrib/install-packages 2>/dev/null)
texts=$(find docs contrib server control zones -name '*.[158]' -o -name '*.md' -o -name '*.yaml'
    ls ./*.md Makefile.am configure.ac contrib/packages tests/lint/*.txt 2>/dev/null)

# Brackets keep this file from finding itself.
complain "write the issue: [T]ODO(#123)" \
    "$(grep -nwE '[T]ODO|[F]IXME|[X]XX' $code $scripts $texts | grep -vE '[T]ODO\(#[0-9]+\)')"
complain "this path exists on one machine only" \
    "$(grep -nE '(^|[^A-Za-z0-9._-])/[w]ork/' $code $scripts $texts)"
complain "white space at the end of the line" \
    "$(grep -nE '[[:space:]]+$' $code $scripts $texts)"
complain "no SPDX-License-Identifier in the first three lines" \
    "$(for file in $code $scripts; do
        [ -s "$file" ] && ! head -n 3 "$file" | grep -q 'SPDX-License-Identifier: BSD-2-Clause' &&
            echo "$file"
    done)"
exit $bad
