#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# clang-format decides. Versions differ in what they decide, so only that of Debian 12 is asked.
cd "${top_srcdir:-.}" || exit 99
for tool in clang-format-14 clang-format; do
    if $tool --version 2>/dev/null | grep -q 'version 14\.'; then
        find common zones server control tests -name '*.[ch]' |
            xargs $tool --dry-run --Werror --style=file
        [ $? -eq 0 ] && exit 0
        echo "run clang-format -i on these files"
        exit 1
    fi
done
echo "clang-format 14 is missing"
exit 77
