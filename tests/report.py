#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Counts for tests/run. Each call prints one JSON line; `summary` adds such lines up, and names
what failed and what was skipped, with the reason. Where nobody can look into the logs afterwards, what a
failure said is all that is known of it: its end is printed too.

  report.py automake STAGE BUILD_DIR EXIT_STATUS LOG   .trs and .log files of make check
  report.py pytest STAGE JUNIT_XML EXIT_STATUS LOG
  report.py failure STAGE WHAT LOG                     of something that is no test, a build say
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
SAID_LINES, SAID_WIDTH = 30, 400  # of a failure


def last_line(text):
    """What it said before it gave up; automake adds a line with the result."""
    lines = [line.strip() for line in text.splitlines()
             if line.strip() and not re.match(r"SKIP \S+ \(exit status: \d+\)$", line)]
    return lines[-1] if lines else NO_REASON


def end_of(text):
    """The last lines of what a failure said, each cut where it is very long."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    return [line if len(line) <= SAID_WIDTH else line[:SAID_WIDTH] + " ..." for line in lines[-SAID_LINES:]]


def end_of_file(log):
    try:
        return end_of(pathlib.Path(log).read_text(errors="replace"))
    except OSError:
        return []


def said_by(text, test):
    """What a test of cmocka's printed until the next began."""
    found = re.search(rf"^\[ RUN      \] {re.escape(test)}\n(.*?)(?=^\[ RUN |\Z)", text, re.M | re.S)
    return end_of(found[1]) if found else end_of(text)


def why_skipped(text, test):
    """What a test of cmocka's has printed."""
    said = re.search(rf"^\[ RUN      \] {re.escape(test)}\n(.*?)^\[  SKIPPED \] {re.escape(test)}$",
                     text, re.M | re.S)
    return last_line(said[1]) if said else NO_REASON


def count_program(trs):
    """(passed, [name, reason] of the skipped, [name, log, what it said] of the failed) of one program or
    script of make check."""
    log = trs.with_suffix(".log")
    text = log.read_text(errors="replace") if log.exists() else ""

    def broken(what, said):
        return [what, str(log), said]

    name = str(trs.with_suffix("").name)
    results = re.findall(r"^:test-result: (\w+)", trs.read_text(), re.M)
    ran = RAN.findall(text)
    if not ran:
        if results == ["PASS"]:
            return 1, [], []
        return (0, [[name, last_line(text)]], []) if results == ["SKIP"] else \
            (0, [], [broken(name, end_of(text))])
    ok = OK.findall(text)
    skipped = set(SKIPPED.findall(text)) - set(ok)
    failed = [broken(f"{name}: {test}", said_by(text, test)) for test in ran
              if test not in ok and test not in skipped]
    if results != ["PASS"] and results != ["SKIP"] and not failed:
        failed = [broken(f"{name}: the program itself (a sanitizer's report, a crash at its end)",
                         end_of(text))]
    return len(ok), [[f"{name}: {test}", why_skipped(text, test)] for test in ran
                     if test in skipped], failed


def automake(stage, build, status, log):
    passed, skipped, failed = 0, [], []
    for trs in sorted(pathlib.Path(build, "tests").rglob("*.trs")):
        one = count_program(trs)
        passed += one[0]
        skipped += one[1]
        failed += one[2]
    if status != "0" and not failed:
        failed.append([f"make check (exit {status})", log, end_of_file(log)])
    if passed + len(skipped) + len(failed) == 0:
        failed.append(["make check ran nothing", log, end_of_file(log)])
    return {"stage": stage, "passed": passed, "skipped": skipped, "failed": failed}


def pytest(stage, junit, status, log):
    passed, skipped, failed = 0, [], []
    try:
        cases = list(xml.etree.ElementTree.parse(junit).getroot().iter("testcase"))
    except (OSError, xml.etree.ElementTree.ParseError):
        cases = []
    for case in cases:
        kinds = {child.tag: child for child in case}
        name = f"{case.get('classname')}::{case.get('name')}"
        broken = [kinds[kind] for kind in ("failure", "error") if kind in kinds]
        if broken:
            failed.append([name, log, end_of(broken[0].text or broken[0].get("message") or "")])
        elif "skipped" in kinds:
            skipped.append([name, kinds["skipped"].get("message") or NO_REASON])
        else:
            passed += 1
    if not failed and (status != "0" or not cases):
        failed.append([f"pytest (exit {status}, {len(cases)} tests)", log, end_of_file(log)])
    return {"stage": stage, "passed": passed, "skipped": skipped, "failed": failed}


def failure(stage, what, log):
    return {"stage": stage, "passed": 0, "skipped": [], "failed": [[what, log, end_of_file(log)]]}


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
        for what, log, said in row["failed"]:
            print(f"  {row['stage']}: {what}\n      {log}")
            print("".join(f"        {line}\n" for line in said), end="")
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
    count = {"automake": automake, "pytest": pytest, "failure": failure}[command]
    print(json.dumps(count(*arguments)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
