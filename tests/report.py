#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Counts for tests/run. Each call prints one JSON line; `summary` adds such lines up, and names
what failed and what was skipped, with the reason.

  report.py automake STAGE BUILD_DIR EXIT_STATUS LOG   .trs and .log files of make check
  report.py pytest STAGE JUNIT_XML EXIT_STATUS LOG
  report.py summary RESULTS                            exit 1 unless all passed
"""
import json
import pathlib
import re
import sys
import xml.etree.ElementTree

RAN = re.compile(r"^\[ RUN      \] (\S+)", re.M)
OK = re.compile(r"^\[       OK \] (\S+)", re.M)
SKIPPED = re.compile(r"^\[  SKIPPED \] (\S+)$", re.M)
NO_REASON = "no reason given"


def last_line(text):
    """What it said before it gave up; automake adds a line with the result."""
    lines = [line.strip() for line in text.splitlines()
             if line.strip() and not re.match(r"SKIP \S+ \(exit status: \d+\)$", line)]
    return lines[-1] if lines else NO_REASON


def why_skipped(text, test):
    """What a test of cmocka's has printed."""
    said = re.search(rf"^\[ RUN      \] {re.escape(test)}\n(.*?)^\[  SKIPPED \] {re.escape(test)}$",
                     text, re.M | re.S)
    return last_line(said[1]) if said else NO_REASON


def count_program(trs):
    """(passed, [name, reason] of the skipped, names of the failed) of one program or script of make
    check."""
    log = trs.with_suffix(".log")
    text = log.read_text(errors="replace") if log.exists() else ""
    name = str(trs.with_suffix("").name)
    results = re.findall(r"^:test-result: (\w+)", trs.read_text(), re.M)
    ran = RAN.findall(text)
    if not ran:
        if results == ["PASS"]:
            return 1, [], []
        return (0, [[name, last_line(text)]], []) if results == ["SKIP"] else (0, [], [name])
    ok = OK.findall(text)
    skipped = set(SKIPPED.findall(text)) - set(ok)
    failed = [f"{name}: {test}" for test in ran if test not in ok and test not in skipped]
    if results != ["PASS"] and results != ["SKIP"] and not failed:
        failed = [f"{name}: the program itself (a sanitizer's report, a crash at its end)"]
    return len(ok), [[f"{name}: {test}", why_skipped(text, test)] for test in ran
                     if test in skipped], failed


def automake(stage, build, status, log):
    passed, skipped, failed = 0, [], []
    for trs in sorted(pathlib.Path(build, "tests").rglob("*.trs")):
        one = count_program(trs)
        passed += one[0]
        skipped += one[1]
        failed += [[what, str(trs.with_suffix(".log"))] for what in one[2]]
    if status != "0" and not failed:
        failed.append([f"make check (exit {status})", log])
    if passed + len(skipped) + len(failed) == 0:
        failed.append(["make check ran nothing", log])
    return {"stage": stage, "passed": passed, "skipped": skipped, "failed": failed}


def pytest(stage, junit, status, log):
    passed, skipped, failed = 0, [], []
    try:
        cases = list(xml.etree.ElementTree.parse(junit).getroot().iter("testcase"))
    except (OSError, xml.etree.ElementTree.ParseError):
        cases = []
    for case in cases:
        kinds = {child.tag for child in case}
        name = f"{case.get('classname')}::{case.get('name')}"
        if kinds & {"failure", "error"}:
            failed.append([name, log])
        elif "skipped" in kinds:
            skipped.append([name, case.find("skipped").get("message") or NO_REASON])
        else:
            passed += 1
    if not failed and (status != "0" or not cases):
        failed.append([f"pytest (exit {status}, {len(cases)} tests)", log])
    return {"stage": stage, "passed": passed, "skipped": skipped, "failed": failed}


def print_skipped(rows):
    """Each reason once, with the tests that it kept from running."""
    for row in rows:
        reasons = {}
        for what, why in row["skipped"]:
            reasons.setdefault(why, []).append(what)
        for why, tests in reasons.items():
            print(f"  {row['stage']}: {why}")
            print("".join(f"      {what}\n" for what in tests), end="")


def summary(results):
    rows = [json.loads(line) for line in pathlib.Path(results).read_text().splitlines()]
    print()
    for row in rows:
        print(f"  {row['stage']:24}{row['passed']:6} passed {len(row['failed']):4} failed"
              f" {len(row['skipped']):4} skipped")
    if any(row["skipped"] for row in rows):
        print("\nSkipped:")
    print_skipped(rows)
    if any(row["failed"] for row in rows):
        print("\nFailures:")
    for row in rows:
        for what, log in row["failed"]:
            print(f"  {row['stage']}: {what}\n      {log}")
    passed = sum(row["passed"] for row in rows)
    failed = sum(len(row["failed"]) for row in rows)
    skipped = sum(len(row["skipped"]) for row in rows)
    print()
    if passed + failed == 0:
        print("nothing ran")
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 0 if passed and not failed else 1


def main():
    command, *arguments = sys.argv[1:]
    if command == "summary":
        return summary(*arguments)
    print(json.dumps({"automake": automake, "pytest": pytest}[command](*arguments)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
