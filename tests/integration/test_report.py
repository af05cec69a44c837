# SPDX-License-Identifier: BSD-2-Clause
"""The end of tests/run: nothing that failed or did not run is overlooked."""
import json
import pathlib
import subprocess
import sys

REPORT = pathlib.Path(__file__).resolve().parents[1] / "report.py"

JUNIT = """<testsuites><testsuite>
<testcase classname="a.test_a" name="runs"/>
<testcase classname="a.test_a" name="one"><skipped type="pytest.skip" message="only root may"/></testcase>
<testcase classname="a.test_a" name="two"><skipped type="pytest.skip" message="only root may"/></testcase>
<testcase classname="a.test_a" name="other"><skipped type="pytest.skip" message="no IPv6"/></testcase>
</testsuite></testsuites>
"""
CMOCKA = """[==========] Running 3 test(s).
[ RUN      ] runs
[       OK ] runs
[ RUN      ] is_skipped
no IPv6 on this machine
[  SKIPPED ] is_skipped
[ RUN      ] says_nothing
[  SKIPPED ] says_nothing
[==========] 3 test(s) run.
"""


def run(*arguments, status=0):
    done = subprocess.run([sys.executable, REPORT, *map(str, arguments)], capture_output=True,
                          text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert done.returncode == status, done
    return done.stdout


def summarize(folder, *lines, status=0):
    (folder / "results").write_text("".join(lines))
    return run("summary", folder / "results", status=status)


def put_result(folder, name, result, log):
    (folder / "tests").mkdir(exist_ok=True)
    (folder / "tests" / f"{name}.trs").write_text(f":test-result: {result}\n")
    (folder / "tests" / f"{name}.log").write_text(log)


def test_what_pytest_skips_is_named_with_its_reason(tmp_path):
    (tmp_path / "junit.xml").write_text(JUNIT)
    row = run("pytest", "integration", tmp_path / "junit.xml", 0, "log")
    said = summarize(tmp_path, row)
    assert ("Skipped:\n  integration: only root may\n      a.test_a::one\n      a.test_a::two\n"
            "  integration: no IPv6\n      a.test_a::other\n") in said
    assert said.endswith("\n1 passed, 0 failed, 3 skipped\n")


def test_what_make_check_skips_is_named_with_its_reason(tmp_path):
    put_result(tmp_path, "test_a", "PASS", CMOCKA)
    put_result(tmp_path, "check-b.sh", "SKIP",
               "groff is missing\nSKIP tests/check-b.sh (exit status: 77)\n")
    put_result(tmp_path, "check-c.sh", "SKIP", "SKIP tests/check-c.sh (exit status: 77)\n")
    row = run("automake", "gcc", tmp_path, 0, "log")
    said = summarize(tmp_path, row)
    for why, what in [("no IPv6 on this machine", "test_a: is_skipped"),
                      ("groff is missing", "check-b.sh"), ("no reason given", "check-c.sh")]:
        assert f"  gcc: {why}\n      {what}\n" in said
    assert "      test_a: says_nothing\n" in said
    assert said.endswith("\n1 passed, 0 failed, 4 skipped\n")


def test_without_skips_there_is_nothing_to_say(tmp_path):
    row = json.dumps({"stage": "gcc", "passed": 2, "skipped": [], "failed": []}) + "\n"
    said = summarize(tmp_path, row)
    assert "Skipped" not in said and said.endswith("\n2 passed, 0 failed\n")


def test_failures_are_named_and_fail(tmp_path):
    put_result(tmp_path, "test_a", "FAIL", "[ RUN      ] breaks\n[  FAILED  ] breaks\n")
    row = run("automake", "gcc", tmp_path, 2, "log")
    said = summarize(tmp_path, row, status=1)
    assert "Failures:\n  gcc: test_a: breaks\n" in said and "0 passed, 1 failed\n" in said


def test_what_a_failure_said_is_printed(tmp_path):
    put_result(tmp_path, "test_a", "FAIL", "[ RUN      ] before\nnot this\n[       OK ] before\n"
               "[ RUN      ] breaks\n[  ERROR   ] --- 0x2 != 0x1\n[  FAILED  ] breaks\n")
    said = summarize(tmp_path, run("automake", "gcc", tmp_path, 2, "log"), status=1)
    assert "[  ERROR   ] --- 0x2 != 0x1\n" in said and "not this" not in said
    lines = "\n".join(f"line {index}" for index in range(100))
    (tmp_path / "junit.xml").write_text(
        "<testsuites><testsuite><testcase classname='a' name='b'>"
        f"<failure message='m'>{lines}\nE  assert {'x' * 5000}</failure></testcase></testsuite></testsuites>")
    said = summarize(tmp_path, run("pytest", "interop", tmp_path / "junit.xml", 1, "log"), status=1)
    assert "line 99\n" in said and "line 10\n" not in said and "E  assert xxx" in said
    assert "x" * 1000 not in said
    (tmp_path / "build.log").write_text("a.c: error: no such thing\n")
    said = summarize(tmp_path, run("failure", "clang", "the build", tmp_path / "build.log"), status=1)
    assert "  clang: the build\n" in said and "a.c: error: no such thing\n" in said
