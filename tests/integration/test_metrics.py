# SPDX-License-Identifier: BSD-2-Clause
"""GET /metrics, as Prometheus reads it."""
import http.client
import re
import shutil
import subprocess

import pytest

import harness

NAME, TYPE = "www.catsndogs.lol", "A"
SAMPLE = re.compile(r'([a-z_:][a-z0-9_:]*)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)+)\})? (\S+)')


def scrape(daemon):
    connection = http.client.HTTPConnection("127.0.0.1", daemon.http_port, timeout=20)
    connection.request("GET", "/metrics")
    response = connection.getresponse()
    assert response.status == 200
    assert response.getheader("Content-Type") == "text/plain; version=0.0.4; charset=utf-8"
    return response.read().decode()


def samples(text):
    """{family: {(label, …): value}}; refuses what the format does not have."""
    found, family = {}, None
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            family, kind = line.split()[2:]
            assert family not in found, f"{family} is in two places"
            assert (kind == "counter") == family.endswith("_total")
            names = [f"{family}_{one}" for one in ("bucket", "sum", "count")] if kind == "histogram" else [family]
            found.update({name: {} for name in [family, *names]})
        elif not line.startswith("# HELP "):
            name, labels, value = SAMPLE.fullmatch(line).groups()
            assert name in names, line
            key = tuple(re.findall(r'="((?:[^"\\]|\\.)*)"', labels or ""))
            assert key not in found[name], line
            found[name][key] = float(value)
    return found


@pytest.fixture(name="lab")
def fixture_lab():
    one = harness.Lab(hold="60s")
    one.daemon.with_http(token=None)
    yield one.start()
    one.close()


def test_each_publish_is_counted_with_the_time_that_it_took(lab):
    def publishes():
        found = samples(scrape(lab.daemon))
        return {name: found[f"ballast_publish_seconds_{name}"] for name in ("bucket", "sum", "count")}

    lab.wait_healthy()
    before = publishes()
    for weight in (1, 2, 3):
        lab.daemon.set_weights(NAME, TYPE, f"blue={weight}")
    after = publishes()
    count = after["count"][()]
    assert count >= before["count"][()] + 3
    assert after["bucket"][("+Inf",)] == count and after["sum"][()] > before["sum"][()]
    counts = list(after["bucket"].values())
    assert counts == sorted(counts) and len(counts) == 13
    shown = lab.daemon.json("stats")["publishes"]
    assert shown["count"] >= count and 0 < shown["median_us"] <= shown["p99_us"] <= shown["worst_us"]


def test_metrics_have_what_the_daemon_knows(lab):
    daemon = lab.daemon
    key = f"{NAME}/{TYPE}"
    lab.wait_healthy()
    for _ in range(20):
        daemon.ask(NAME)
    found = samples(scrape(daemon))
    shown = daemon.json("record", "show", NAME, TYPE)["record_set"]["members"]
    for one in shown:
        labels = (key, one["id"])
        assert found["ballast_answers_total"][labels] == one["answered"]
        assert found["ballast_member_weight"][labels] == one["weight"]
        for kind in ("configured", "effective", "answered", "expected"):
            assert found[f"ballast_member_{kind}_share_ratio"][labels] == one[f"share_{kind}"]
        assert found["ballast_member_healthy"][labels] == 1
        assert found["ballast_member_addresses_healthy"][labels] == one["addresses"] > 0
    assert sum(found["ballast_answers_total"].values()) == 20
    assert found["ballast_member_traffic_share_ratio"] == {}  # no source is configured
    assert found["ballast_record_set_ttl_seconds"] == {(key,): 60}
    assert found["ballast_resolver_gaps_total"] == {
        (key, one): 0 for one in ("much_sooner", "sooner", "on_time", "later", "much_later")}
    assert found["ballast_resolvers_followed_one_in"] == {(): 16}
    assert found["ballast_resolver_visits_discarded_total"] == {(): 0}
    assert found["ballast_responses_total"][("NOERROR",)] == 20
    assert found["ballast_queries_total"] == {("udp",): 20, ("tcp",): 0}
    assert found["ballast_rollout_running"] == {("cats",): 0}
    assert found["ballast_rollout_state"] == {} == found["ballast_rollout_step"]
    assert found["ballast_state_file_ok"] == {(): 1} and found["ballast_workers"] == {(): 2}


def test_metrics_follow_a_rollout(lab):
    daemon = lab.daemon
    lab.wait_healthy()
    daemon.push(harness.task_event())
    lab.wait_step(1)
    daemon.ctl("rollout", "freeze", "sale")
    found = samples(scrape(daemon))
    assert found["ballast_rollout_running"] == {("cats",): 1}
    assert found["ballast_rollout_state"][("cats", "holding")] == 1
    assert sum(found["ballast_rollout_state"].values()) == 1
    assert found["ballast_rollout_step"] == {("cats",): 1}
    assert found["ballast_rollout_candidate_weight"] == {("cats",): 10}
    assert 0 < found["ballast_rollout_hold_left_seconds"][("cats",)] <= 60
    assert found["ballast_events_total"][("started",)] == 1
    assert found["ballast_rollouts_frozen"] == {(): 1}
    assert found["ballast_member_configured_share_ratio"][(f"{NAME}/{TYPE}", "green")] == 0.1


def test_prometheus_finds_nothing_wrong_with_them(lab):
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool (of the package prometheus) is not there")
    done = subprocess.run([promtool, "check", "metrics"], input=scrape(lab.daemon), text=True,
                          capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_odd_names_are_escaped(keep):
    odd = harness.record_set([harness.member('a"b\\c', 1, "192.0.2.10")], name='x\\"y.catsndogs.lol')
    daemon = keep(harness.Daemon({"record_sets": [odd]}).with_http(token=None))
    daemon.start()
    (record_set, member), = samples(scrape(daemon))["ballast_member_weight"]
    assert member == 'a\\"b\\\\c'
    assert record_set.endswith('y.catsndogs.lol/A') and '\\"' in record_set
