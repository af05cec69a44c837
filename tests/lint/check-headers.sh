#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Each header compiles alone: it includes what it uses.
cd "${top_srcdir:-.}" || exit 99
compiler=${CC:-cc}
command -v "${compiler%% *}" >/dev/null || { echo "$compiler is missing"; exit 77; }
bad=0
for header in $(find common zones server control tests -name '*.h' | sort); do
    # LINT_CPPFLAGS is where the libraries' headers are, from the Makefile.
    if ! printf '#include "%s"\n' "$header" |
        $compiler -std=gnu11 -D_GNU_SOURCE -I. $LINT_CPPFLAGS -Wall -Wextra -Werror -fsyntax-only \
            -x c -; then
        echo "  ^ $header does not compile alone"
        bad=1
    fi
done
exit $bad
