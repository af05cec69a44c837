#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Every test that tests/sim/complaints.txt names is there, and every scenario that is named after a
# complaint is in it.
cd "${top_srcdir:-.}" || exit 99
list=tests/sim/complaints.txt
bad=0

say() {
    echo "$list: $1"
    bad=1
}

for named in $(sed -n 's/^    //p' "$list"); do
    file=${named%%::*} test=${named##*::}
    case $named in
    complaint_*) [ -f "tests/sim/$named.scenario" ] || say "there is no scenario $named" ;;
    *::*) grep -q "\b$test(" "$file" 2>/dev/null || say "there is no test $named" ;;
    *) [ -f "$file" ] || say "there is no file $named" ;;
    esac
done
for scenario in tests/sim/complaint_*.scenario; do
    name=$(basename "$scenario" .scenario)
    grep -q "^    $name\$" "$list" || say "does not have $name"
done
exit $bad
