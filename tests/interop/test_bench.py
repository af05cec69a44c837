# SPDX-License-Identifier: BSD-2-Clause
"""The bench (tests/bench/bench) measures what it says and refuses wrong answers. No time is judged here."""
import importlib.machinery
import importlib.util
import json
import pathlib
import subprocess
import sys
import xml.etree.ElementTree

import pytest

import harness

BENCH = pathlib.Path(__file__).resolve().parents[1] / "bench"
sys.path.insert(0, str(BENCH))

import answer_costs  # noqa: E402  (found by the line above)
import figures  # noqa: E402
import measure  # noqa: E402
import render  # noqa: E402
import servers  # noqa: E402

UDP = ("weighted", "static", "nxdomain", "mixed", "many")


def script():
    loader = importlib.machinery.SourceFileLoader("bench_script", str(BENCH / "bench"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("bench_script", loader))
    loader.exec_module(module)
    return module


@pytest.mark.timeout(600)
def test_it_measures_each_figure_and_checks_the_answers(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- bench -->\nold\n<!-- /bench -->\nafter\n")
    done = subprocess.run(
        [sys.executable, BENCH / "bench", "--quick", "--servers", "floor,ballast,nsd",
         "--json", tmp_path / "json", "--svg", tmp_path / "svg", "--page", page],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=580)
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "json").read_text())
    assert set(result["scenarios"]) == {*UDP, "tcp-pipelined", "tcp-one-each"}
    for scenario, table in result["scenarios"].items():
        assert set(table) == {"ballast", "nsd"} | ({"floor"} if scenario in UDP else set())
        for name, found in table.items():
            for figure in render.COLUMNS:
                one = found[figure]
                assert len(one["rounds"]) == 2, (scenario, name, figure)
                assert one["low"] <= one["median"] <= one["high"]
            assert found["qps"]["median"] > 0 and found["p999_us"]["low"] >= found["p50_us"]["low"] > 0
            assert found["cpu_ns"]["low"] > 0, (scenario, name)
            assert scenario not in UDP or found["cpu_ns"]["to_floor"] > 0
        assert table["ballast"]["cpu_ns"]["best_peer"] == "nsd"
    for name in ("ballast", "nsd"):
        for found in (result["sizes"]["1000"][name], result["signed"]["1000"][name]):
            assert found["resident_mib"]["low"] > 0 and found["load_s"]["low"] > 0
    assert list(result["reloads"]["1000"]) == ["ballast"]
    again = {figure: one["median"] for figure, one in result["reloads"]["1000"]["ballast"].items()}
    assert again["reloads"] >= 1 and again["p99_us"] > 0 and again["p99_reload_us"] > 0
    assert again["peak"] == again["peak_mib"] / again["resident_mib"] > 0
    assert result["publish"]["shifts"] == 20 and result["publish"]["low"] > 0
    assert [(one["sets"], one["load"]) for one in result["shifts"]] == [
        (sets, load) for sets in (1, 300) for load in ("gives way", "contends")]
    for one in result["shifts"]:
        assert one["shifts"] >= 50 and 0 < one["build_us"] and 0 < one["median_us"] <= one["worst_us"]
        assert 0 < one["busy"] <= 1.01 and 0 <= one["waited"] <= 1
    assert result["checked"] > 0 and isinstance(result["noise"], list)
    text = page.read_text()
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text
    assert "TCP, one query a connection" in text and "TCP, one query a connection" in done.stdout
    assert xml.etree.ElementTree.parse(tmp_path / "svg").getroot().tag.endswith("svg")


@pytest.mark.parametrize("transport", ["static", "tcp-pipelined", "tcp-one-each"])
def test_a_server_with_another_zone_fails_the_run(monkeypatch, capsys, transport):
    prepare = servers.Nsd.prepare

    def another(self, *arguments, **more):
        prepare(self, *arguments, **more)
        self.texts["bench.test"] = self.texts["bench.test"].replace(" A 10.", " A 11.")
        return self

    monkeypatch.setattr(servers.Nsd, "prepare", another)
    monkeypatch.setattr(sys, "argv", ["bench", "--quick", "--servers", "nsd", "--sizes", "",
                                      "--signed", "", "--shifts", "0",
                                      "--scenarios", transport])
    assert script().main() == 1
    error = capsys.readouterr().err
    assert "answers are wrong, first one0" in error and "bench.test.: the addresses" in error


@pytest.mark.parametrize("expected, complaint", [
    ("one000.bench.test 1 0 1 192.0.2.1", "the addresses"),
    ("one000.bench.test 1 0 2 10.0.0.0", "the number of records"),
    ("one000.bench.test 1 3 0 -", "the rcode"),
    ("one000.bench.test 1 0 1 10.0.0.0", None),
])
def test_the_load_says_what_is_wrong(keep, tmp_path, expected, complaint):
    server = keep(servers.Ballast().prepare(10))
    server.start()
    questions = tmp_path / "questions"
    questions.write_text(expected + "\n")
    for way in ("udp", "tcp", "connect"):
        done = subprocess.run([measure.LOAD, way, str(server.port), questions, "count=50"],
                              capture_output=True, text=True, timeout=200)
        found = json.loads(done.stdout)
        assert done.returncode == (0 if complaint is None else 1), done
        assert found["answered"] + found["lost"] == found["sent"] == 50
        assert found["wrong"] == (0 if complaint is None else found["answered"])
        assert complaint is None or complaint in found["first_wrong"]


@pytest.mark.parametrize("server", [servers.Ballast, servers.Knot])
def test_a_zone_is_read_again_and_its_peak_is_seen(keep, server):
    running = keep(server().prepare(1000, only_many=True))
    running.start()
    running.prepare_reloads(1000)
    written = {path: path.read_bytes() for path in running.folder.glob("many.test.?")}
    for turn in range(4):  # around
        running.forget_peak()
        running.reload(turn)
        answer = servers.peers.dns.message.make_query("turn.many.test", "A")
        reply = servers.peers.dns.query.udp(answer, "127.0.0.1", port=running.port,
                                            timeout=5 * harness.PATIENCE)
        assert reply.answer[0][0].to_text() == servers.address_of(turn % 3)
        assert running.peak_mib() > 1
    assert len(written) == 3 and all(path.read_bytes() == text for path, text in written.items())


def test_what_is_repeated_runs_beside_and_fails_here():
    with measure.Repeated(lambda turn: None) as repeated:
        pass
    assert repeated.count >= 1
    with pytest.raises(ZeroDivisionError), measure.Repeated(lambda turn: 1 / (1 - turn)):
        harness.wait_for(lambda: not any(isinstance(one, measure.Repeated) for one in
                                         measure.threading.enumerate()), "the end of it")


def test_signed_zones_need_a_signer(monkeypatch, capsys):
    monkeypatch.setattr(servers, "SIGNERS", ("no-such-program",))
    monkeypatch.setattr(sys, "argv", ["bench", "--quick", "--servers", "ballast"])
    assert script().main() == 1
    assert "nothing there to sign a zone with" in capsys.readouterr().err


def test_a_server_that_is_not_there_is_said(monkeypatch, capsys):
    monkeypatch.setattr(servers.Nsd, "programs", ("no-such-program",))
    monkeypatch.setattr(sys, "argv", ["bench", "--servers", "nsd"])
    assert script().main() == 1
    assert "not there: nsd" in capsys.readouterr().err


def children_of(process):
    return [int(one) for tasks in pathlib.Path(f"/proc/{process}/task").glob("*/children")
            for one in tasks.read_text().split()]


def test_it_ends_its_servers_when_it_is_ended():
    with subprocess.Popen([sys.executable, BENCH / "bench", "--servers", "nsd", "--names", "10"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as bench:
        assert "round 1" in bench.stderr.readline()
        children = children_of(bench.pid)
        assert children
        bench.terminate()
        bench.communicate(timeout=100)
        assert bench.returncode == 143
    assert not [one for one in children if pathlib.Path(f"/proc/{one}").exists()]


def test_all_that_the_bench_needs_can_be_installed():
    listed = (harness.TOP / "contrib" / "packages").read_text().split("[bench]")[1].split("[")[0]
    assert {"bind9", "gdnsd", "knot", "knot-module-geoip", "nsd", "pdns-server"} <= set(listed.split())


# --- what is made of the figures ---

def test_median_and_range():
    assert figures.summary([3, 1, 2]) == {"median": 2, "low": 1, "high": 3, "rounds": [3, 1, 2]}
    assert figures.summary([4, 1])["median"] == 2.5
    assert figures.summary([]) is None
    assert figures.spread([10, 11, 9]) == pytest.approx(0.2)
    assert figures.spread([10]) == 0


def test_ratios_to_the_floor_and_to_the_best_peer():
    found = figures.compare({
        "floor": {"cpu_ns": [100, 100, 130], "qps": [10.0]},
        "ballast": {"cpu_ns": [110, 120, 500], "qps": [9.0]},
        "nsd": {"cpu_ns": [150], "qps": [6.0]},
        "bind": {"cpu_ns": [300], "qps": [8.0]},
    })
    cpu, qps = found["ballast"]["cpu_ns"], found["ballast"]["qps"]
    assert (cpu["to_floor"], cpu["best_peer"], cpu["to_best_peer"]) == (1.2, "nsd", 0.8)
    assert (qps["best_peer"], qps["to_best_peer"]) == ("bind", 9 / 8)
    alone = figures.compare({"ballast": {"cpu_ns": [1]}})["ballast"]["cpu_ns"]
    assert alone["to_floor"] is None and alone["to_best_peer"] is None and alone["best_peer"] is None


@pytest.mark.parametrize("floors, steal, others, words", [
    ({"static": [100, 104, 99]}, [0.0, 0.005], [0.05], []),
    ({"static": [100, 120, 99], "mixed": [50, 50]}, [0.0], [0.0], ["static: the floor"]),
    ({}, [0.0, 0.1], [0.0], ["taken by its host"]),
    ({}, [0.0], [0.1, 0.4], ["other processes"]),
    ({}, [], [], []),
])
def test_when_the_machine_is_too_noisy(floors, steal, others, words):
    reasons = figures.noise(floors, steal, others)
    assert len(reasons) == len(words) and all(word in one for word, one in zip(words, reasons))


def test_cpu_a_query():
    assert figures.split(2_000_000, 1, 3, 1000) == (2000, 500, 1500)
    assert figures.split(2_000, 0, 0, 1) == (2000, 0, 2000)
    assert figures.split(1, 1, 1, 0) is None


def test_steal_and_load_of_the_machine():
    #         user nice system idle iowait irq softirq steal guest
    before = [100, 0, 50, 1000, 5, 0, 10, 0, 0]
    after = [150, 10, 70, 1100, 5, 0, 20, 10, 0]
    assert figures.shares_of_cpu(before, after) == (10 / 200, 0.9)
    assert figures.shares_of_cpu(before, before) == (0.0, 0.0)


def test_points_that_are_reached_and_others():
    compared = figures.compare({"floor": {"cpu_ns": [100]}, "ballast": {"cpu_ns": [120], "qps": [9], "p99_us": [5]},
                                "gdnsd": {"cpu_ns": [130], "qps": [8], "p99_us": [4]}})
    size = {"ballast": {"resident_mib": [30], "load_s": [0.1]},
            "knot": {"resident_mib": [36], "load_s": [0.09]}}
    result = {"scenarios": {"static": compared}, "sizes": {"1000": figures.compare(size)},
              "instructions": {"static": {"ballast": 290.4}},
              "publish": {"median": 90, "high": 2000}, "noise": []}
    assert [is_reached for _, is_reached, _ in figures.points(result)] == [
        False, True, False, True, False, True, False]
    assert "1.200 times" in figures.points(result)[0][2]
    shift = {"asked_rate": 200, "names": 1000, "sets": 1, "rate": 200.0, "median_us": 50.0, "worst_us": 900.0,
             "lost": 0, "load": "contends", "waited": 0.25}
    fast = dict(shift, asked_rate=10_000, rate=9_950.0)
    shifts = [shift, dict(shift, worst_us=1001.0), fast, dict(fast, lost=1), dict(fast, rate=9_000.0)]
    only = {"scenarios": {}, "sizes": {}, "instructions": {}, "publish": None, "noise": [], "shifts": shifts}
    assert [is_reached for _, is_reached, _ in figures.points(only)] == [True, False, True, False, False]
    what, _, figure = figures.points(only)[0]
    assert "the load contends" in what and "waited for a processor 25% of the time" in figure
    assert [is_reached for _, is_reached, _ in figures.points(dict(only, noise=["steal"]))] == [
        None, None, True, False, False]
    again = {"ballast": {"peak": [2.3], "p99_times": [1.9]}, "knot": {"peak": [3], "p99_times": [1]}}
    result.update(signed={"1000": figures.compare(dict(size, ballast={"resident_mib": [40], "load_s": [0.05]}))},
                  reloads={"1000": figures.compare(again)})
    more = [point for point in figures.points(result) if "signed" in point[0] or "again" in point[0]]
    assert [is_reached for _, is_reached, _ in more] == [False, True, False, True]
    for key in ("signed", "reloads"):
        del result[key]
    result["noise"] = ["steal"]  # memory and instructions are what they are
    assert [is_reached for _, is_reached, _ in figures.points(result)] == [
        None, None, None, True, None, True, None]


def test_the_short_form_says_what_is_not_reached():
    size = figures.compare({"ballast": {"resident_mib": [300], "load_s": [2]},
                            "knot": {"resident_mib": [200], "load_s": [1]}})
    result = {"scenarios": {}, "sizes": {"1000": size}, "instructions": {}, "publish": None, "noise": [],
              "date": "2026-01-02"}
    text = render.short(result)
    assert "| Ballast | 300 |" in text and "| Knot DNS | 200 |" in text
    assert "Not reached: 1,000 names: resident memory below Knot's (300.0 MiB, Knot 200.0); " in text
    assert "too noisy" not in text
    text = render.short(dict(result, noise=["steal"]))
    assert "loads in" not in text and "too noisy to judge 1 other aims" in text


def test_what_was_read_again_is_shown():
    figure = {"resident_mib": [10], "peak_mib": [22], "peak": [2.2], "p99_us": [100], "p99_reload_us": [150],
              "p99_times": [1.5], "reloads": [3]}
    result = {"scenarios": {}, "sizes": {}, "signed": {}, "instructions": {}, "publish": None, "noise": [],
              "lost": {}, "reloads": {"1000": figures.compare({"ballast": figure})}}
    assert "| Ballast | 10.0 | 22.0 | 2.20 | 100.0 | 150.0 | 1.50 | 3 |" in render.markdown(
        render.sections(result)[0][1])
    assert "read again and again, 1,000 names" in render.text(result)


def test_only_what_is_between_the_marks_is_made_anew():
    text = "a\n<!-- bench -->\nold\n<!-- /bench -->\nb\n"
    assert render.put_in(text, "bench", "new\n") == text.replace("old", "new")
    assert render.put_in(text, "other", "new\n") == text


def test_the_table_of_answers_is_that_of_the_figures():
    done = subprocess.run([sys.executable, BENCH / "answer_costs.py", "--check"], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 0, done.stderr


def test_an_answer_above_its_limit_needs_a_reason_and_no_other_has_one():
    limits = answer_costs.read_limits("# kind\na | 300 | this | \nb | 300 | that | it is slow\nc | | no limit |\n")
    assert limits["b"] == (300, "that", "it is slow") and limits["c"][0] is None
    assert answer_costs.problems(answer_costs.read_figures("a 300\nb 301\nc 9999\noctets-a-name 1\n"), limits) == []
    wrong = answer_costs.problems({"a": 301, "b": 300, "d": 1}, limits)
    assert [one.split(":")[0] for one in wrong] == ["d", "c", "a", "b"]
    assert "| b | that | 301 | 300 | no | it is slow |" in answer_costs.table({"a": 1, "b": 301, "c": 5}, limits)


def test_workers_are_measured_alone_side_by_side_and_with_shared_counters():
    done = subprocess.run([harness.BUILD.resolve() / "tests" / "bench" / "bench_workers", "1000", "3"],
                          capture_output=True, text=True, timeout=60 * harness.PATIENCE)
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[0] for line in lines] == ["alone", "together", "one-set-of-counters"]
    for line in lines:
        median, low, high = float(line[1]), float(line[3].strip("(")), float(line[5].strip("),"))
        assert 0 < low <= median <= high, line


def test_health_checks_are_measured():
    done = subprocess.run([sys.executable, BENCH / "health_checks", "3", "--interval", "1", "--seconds", "0.5"],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=200)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("3 record sets, 12 targets, tcp, every 1 s: control takes ")
