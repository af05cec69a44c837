# SPDX-License-Identifier: BSD-2-Clause
"""The real traffic of a record set's members, as a Prometheus measures it."""
import re
import time

import pytest

import harness
from fake_prometheus import FakePrometheus
from test_metrics import samples, scrape

NAME, TYPE = "www.catsndogs.lol", "A"
BLUE, GREEN = 'sum(rate(requests{lb="blue"}[1m]))', 'sum(rate(requests{lb="green"}[1m]))'


@pytest.fixture(name="prometheus")
def fixture_prometheus():
    one = FakePrometheus()
    one.series = {BLUE: 75, GREEN: 25}
    yield one
    one.close()


def lab_of(prometheus, keep, hold="60s", interval="1s", **more):
    lab = harness.Lab(hold=hold, **more)
    record_set = lab.daemon.config["record_sets"][0]
    record_set["traffic"] = {"type": "prometheus", "url": prometheus.url, "interval": interval, "window": "1s"}
    for member, query in zip(record_set["members"], (BLUE, GREEN)):
        member["traffic_query"] = query
    lab.daemon.with_http(token=None)
    return keep(lab).start()


def shown(daemon):
    return daemon.json("record", "show", NAME, TYPE)["record_set"]


def shares(daemon):
    return [one["share_traffic"] for one in shown(daemon)["members"]]


def test_the_share_of_real_traffic_is_shown_and_follows(prometheus, keep):
    daemon = lab_of(prometheus, keep).daemon
    harness.wait_for(lambda: shares(daemon) == [0.75, 0.25], "traffic is measured")
    found = shown(daemon)
    assert [one["requests_per_s"] for one in found["members"]] == [75, 25]
    assert found["traffic"] == {"type": "prometheus", "url": prometheus.url, "interval_ms": 1000,
                                "window_ms": 1000, "unknown": None}
    assert re.search(r"^  blue .* 75\.0 %  healthy", daemon.ctl("record", "show", NAME, TYPE).stdout, re.M)
    metrics = samples(scrape(daemon))
    assert metrics["ballast_member_traffic_share_ratio"][(f"{NAME}/{TYPE}", "green")] == 0.25
    assert metrics["ballast_member_traffic_requests_per_second"][(f"{NAME}/{TYPE}", "blue")] == 75
    assert metrics["ballast_traffic_query_failures_total"] == {(f"{NAME}/{TYPE}",): 0}
    prometheus.series = {BLUE: 0, GREEN: 3}
    harness.wait_for(lambda: shares(daemon) == [0, 1], "traffic has moved")
    assert {path for path, _ in prometheus.asked} == {"/api/v1/query"} and not prometheus.faults


def test_what_is_old_is_unknown(prometheus, keep):
    daemon = lab_of(prometheus, keep).daemon
    harness.wait_for(lambda: shares(daemon) == [0.75, 0.25], "traffic is measured")
    prometheus.broken = True
    harness.wait_for(lambda: shares(daemon) == [None, None], "it is too old")
    found = shown(daemon)
    assert re.fullmatch(r"blue: .*broken \(last value [3-9]s ago\)", found["traffic"]["unknown"])
    assert [one["requests_per_s"] for one in found["members"]] == [None, None]
    assert "traffic is not known: blue: " in daemon.ctl("record", "show", NAME, TYPE).stdout
    assert samples(scrape(daemon))["ballast_traffic_query_failures_total"][(f"{NAME}/{TYPE}",)] >= 4
    assert samples(scrape(daemon))["ballast_member_traffic_share_ratio"] == {}
    prometheus.broken = False
    harness.wait_for(lambda: shares(daemon) == [0.75, 0.25], "traffic is measured again")
    log = daemon.log()
    assert log.count("green: traffic: ") == 1 and log.count("green: traffic is measured again") == 1


def test_a_member_without_a_series_makes_all_unknown(prometheus, keep):
    del prometheus.series[GREEN]
    daemon = lab_of(prometheus, keep).daemon
    harness.wait_for(lambda: "nothing matches" in (shown(daemon)["traffic"]["unknown"] or ""), "it says why")
    assert shares(daemon) == [None, None]
    assert shown(daemon)["traffic"]["unknown"] == "green: nothing matches the query"
    assert shown(daemon)["members"][0]["requests_per_s"] == 75
    prometheus.series[GREEN] = -1
    harness.wait_for(lambda: "found -1, expected" in shown(daemon)["traffic"]["unknown"], "no rate")


def test_nothing_waits_for_a_source_that_does_not_answer(prometheus, keep):
    prometheus.silent = True
    lab = lab_of(prometheus, keep)
    daemon = lab.daemon
    daemon.push(harness.task_event())
    harness.wait_for(lambda: len(prometheus.asked) >= 2, "it was asked")
    lab.green.healthy = False
    began = time.monotonic()
    lab.wait_state("failed")
    assert daemon.weights() == {"blue": 100, "green": 0}
    assert time.monotonic() - began < 10
    assert shares(daemon) == [None, None]
    began = time.monotonic()
    daemon.stop()
    assert time.monotonic() - began < 10


def test_the_history_has_the_traffic(prometheus, keep):
    lab = lab_of(prometheus, keep)
    daemon = lab.daemon
    harness.wait_for(lambda: shares(daemon) == [0.75, 0.25], "traffic is measured")
    daemon.push(harness.task_event())
    lab.wait_step(1)
    line = daemon.json("rollout", "history", "cats")["history"][0]
    assert [one["share_traffic"] for one in line["shares"][0]["members"]] == [0.75, 0.25]
    assert "/75.0 green -/0.0/25.0" in daemon.ctl("rollout", "history", "cats").stdout


def test_a_token_is_sent(prometheus, keep):
    prometheus.token = "0123456789abcdef"
    lab = harness.Lab(hold="60s")
    (lab.daemon.folder / "prometheus.token").write_text("0123456789abcdef\n")
    record_set = lab.daemon.config["record_sets"][0]
    record_set["traffic"] = {"type": "prometheus", "url": prometheus.url, "interval": "1s",
                             "token_file": "prometheus.token"}
    for member, query in zip(record_set["members"], (BLUE, GREEN)):
        member["traffic_query"] = query
    keep(lab).start()
    harness.wait_for(lambda: shares(lab.daemon) == [0.75, 0.25], "traffic is measured")
    assert not prometheus.faults


@pytest.mark.parametrize("key, wrong", [("ca_file", "ca_file"), ("token_file", "token")])
def test_files_that_are_not_there_are_found_by_a_check(keep, key, wrong):
    lab = keep(harness.Lab(hold="60s"))
    record_set = lab.daemon.config["record_sets"][0]
    record_set["traffic"] = {"type": "prometheus", "url": "https://127.0.0.1:1", key: "nowhere"}
    for member, query in zip(record_set["members"], (BLUE, GREEN)):
        member["traffic_query"] = query
    done = harness.subprocess.run([harness.BALLASTD, "-c", lab.daemon.write_config(), "--check"],
                                  capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert re.search(rf":\d+: traffic of record set {NAME}/{TYPE}: {wrong}.*nowhere", done.stderr)


GATE = {"name": "follows", "type": "traffic", "tolerance": 5, "interval": "200ms", "deadline": "30s"}


def gated(prometheus, keep, steps=(50, 100), **more):
    """TTL 0: what is expected is what is configured. A hold has room for a measurement whose window is in it."""
    lab = lab_of(prometheus, keep, hold="3s", steps=steps, ttl=0, gates=[{**GATE, **more}])
    harness.wait_for(lambda: None not in shares(lab.daemon), "traffic is measured")
    return lab


def test_a_gate_lets_traffic_that_follows_pass(prometheus, keep):
    lab = gated(prometheus, keep)
    prometheus.series = {BLUE: 53, GREEN: 47}
    harness.wait_for(lambda: shares(lab.daemon)[1] == 0.47, "it is near the first step")
    lab.daemon.push(harness.task_event())
    lab.wait_step(2)
    prometheus.series = {BLUE: 0, GREEN: 100}
    lab.wait_state("succeeded")
    events = lab.daemon.json("rollout", "history", "cats", "--events")["events"]
    outputs = [harness.json.loads(one["taskSucceededEventDetails"]["output"]) for one in events
               if one["type"] == "TaskSucceeded" and "follows" in one["taskSucceededEventDetails"].get("output", "")]
    assert [one["State"] for one in outputs] == ["pass", "pass"]
    found, = outputs[0]["RecordSets"]
    assert found["record_set"] == f"{NAME}/{TYPE}" and found["verdict"] == "follows"
    assert found["requests_per_s"] == 100 and found["tolerance"] == 5
    assert found["members"][1]["id"] == "green" and found["members"][1]["traffic"] == pytest.approx(0.47)
    assert found["members"][1]["expected"] == pytest.approx(0.5)
    assert found["members"][1]["difference"] == pytest.approx(-3)


def test_clients_that_ignore_the_ttl_are_seen_and_named(prometheus, keep):
    prometheus.series = {BLUE: 100, GREEN: 0}
    lab = gated(prometheus, keep)
    prometheus.series = {BLUE: 68.8, GREEN: 31.2}
    harness.wait_for(lambda: shares(lab.daemon)[1] == pytest.approx(0.312), "some have moved")
    lab.daemon.push(harness.task_event())
    rollout = lab.wait_state("failed")
    text = ("traffic: blue has 68.8 %, expected 50.0 ± 5; green has 31.2 %, expected 50.0 ± 5: clients keep to "
            "answers of before the shift")
    assert rollout["reason"] == text
    assert lab.daemon.weights() == {"blue": 100, "green": 0}


def test_a_gate_waits_for_traffic_that_is_not_known_or_too_little(prometheus, keep):
    lab = gated(prometheus, keep, steps=(100,))
    prometheus.series = {BLUE: 0.5, GREEN: 0}
    harness.wait_for(lambda: shares(lab.daemon) == [1, 0], "hardly anybody comes")
    lab.daemon.push(harness.task_event())
    harness.wait_for(lambda: lab.daemon.rollout()["hold_left_ms"] == 0, "the hold is over")
    prometheus.broken = True
    harness.wait_for(lambda: shares(lab.daemon) == [None, None], "it is not known")
    assert lab.daemon.rollout()["state"] not in ("failed", "succeeded")
    prometheus.broken, prometheus.series = False, {BLUE: 1, GREEN: 49}
    lab.wait_state("succeeded")


def test_what_was_measured_before_the_shift_says_nothing(prometheus, keep):
    lab = lab_of(prometheus, keep, ttl=0, interval="30s", steps=(100,), gates=[
        {"name": "follows", "type": "traffic", "when": "holds", "interval": "200ms"}])
    harness.wait_for(lambda: None not in shares(lab.daemon), "traffic is measured")
    lab.daemon.push(harness.task_event())
    asked = harness.wait_for(lambda: [one["text"] for one in lab.daemon.json("rollout", "history", "cats")["history"]
                                      if one["kind"] == "asked"], "it was asked")
    assert asked == ["gate follows in the hold at 100: traffic: not known: not measured since the last shift"]
    assert lab.daemon.rollout()["state"] == "holding"


def test_a_record_set_without_a_source_is_left_out(prometheus, keep):
    prometheus.series = {BLUE: 0, GREEN: 100}
    lab = harness.Lab(hold="3s", steps=(100,), ttl=0, gates=[GATE])
    measured = lab.daemon.config["record_sets"][0]
    other = harness.json.loads(harness.json.dumps({**measured, "name": "api.catsndogs.lol"}))
    lab.daemon.config["record_sets"].append(other)
    del lab.daemon.config["rollouts"][0]["record_set"]
    lab.daemon.config["rollouts"][0]["record_sets"] = [f"api.catsndogs.lol/{TYPE}", f"{NAME}/{TYPE}"]
    measured["traffic"] = {"type": "prometheus", "url": prometheus.url, "interval": "1s", "window": "1s"}
    for member, query in zip(measured["members"], (BLUE, GREEN)):
        member["traffic_query"] = query
    keep(lab).start()
    harness.wait_for(lambda: shares(lab.daemon) == [0, 1], "traffic is measured")
    lab.daemon.push(harness.task_event())
    lab.wait_state("succeeded")
    history = lab.daemon.json("rollout", "history", "cats")["history"]
    assert [one["record_set"] for one in history[-1]["shares"]] == [f"api.catsndogs.lol/{TYPE}", f"{NAME}/{TYPE}"]
    assert [one["members"][1]["share_traffic"] for one in history[-1]["shares"]] == [None, 1]


def test_a_deadline_ends_the_wait(prometheus, keep):
    lab = gated(prometheus, keep, steps=(100,), deadline="1s")
    prometheus.series = {}
    harness.wait_for(lambda: shares(lab.daemon) == [None, None], "it is not known")
    lab.daemon.push(harness.task_event())
    rollout = lab.wait_state("failed")
    assert "no decision within 1s (traffic: not known: blue: nothing matches the query" in rollout["reason"]


def test_a_gate_in_a_hold_falls_back_at_once(prometheus, keep):
    prometheus.series = {BLUE: 100, GREEN: 0}
    lab = lab_of(prometheus, keep, hold="60s", steps=(10, 100), ttl=0, gates=[
        {key: value for key, value in {**GATE, "when": "holds", "tolerance": 15}.items() if key != "deadline"}])
    harness.wait_for(lambda: shares(lab.daemon)[1] == 0, "traffic is measured")
    lab.daemon.push(harness.task_event())
    harness.wait_for(lambda: any(one["kind"] == "asked" and "traffic: follows" in one["text"] for one in
                                 lab.daemon.json("rollout", "history", "cats")["history"]), "it was asked")
    prometheus.series = {BLUE: 50, GREEN: 50}
    rollout = lab.wait_state("failed")
    # The window may begin before the shift.
    assert re.search(r"traffic: blue has 50\.0 %, expected 9\d\.\d ± 15", rollout["reason"])
