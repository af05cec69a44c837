# SPDX-License-Identifier: BSD-2-Clause
"""Health from target groups, and gates and traffic from CloudWatch, of a double of AWS."""
import json
import time

import pytest

import harness
from harness import task_event, wait_for

FRONT = "app/front/0123456789abcdef"


@pytest.fixture(name="lab_of")
def fixture_lab_of(aws, keep, monkeypatch):
    """lab_of(gates) is a lab whose candidate is as healthy as the double's target group says."""
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    group = aws.elbv2.add_target_group("green", {"10.0.0.1": "healthy", "10.0.0.2": "healthy"})

    def make(more_of_check=None, **more):
        lab = harness.Lab(**{"hold": "60s", **more})
        config = lab.daemon.config
        config["health_checks"].append({
            "name": "green", "type": "elbv2", "target_group": group, "minimum": 50,
            "interval": "250ms", "timeout": "250ms", "rise": 1, "fall": 2, **(more_of_check or {})})
        config["record_sets"][0]["members"][1]["health_check"] = "green"
        return keep(lab)

    make.group = group
    return make


def target(lab):
    return next(one for one in lab.daemon.call("health list")["targets"]
                if one["health_check"] == "green")


def start(lab):
    lab.start()
    lab.daemon.ctl("event", "push", "-", stdin=json.dumps(task_event()))
    return lab.wait_step(1)


def test_a_rollout_falls_back_when_too_few_targets_are_healthy(aws, lab_of):
    lab = lab_of()
    start(lab)
    assert target(lab)["last_result"] == "2 of 2 targets healthy"
    aws.elbv2.set_targets(lab_of.group, {"10.0.0.1": "healthy", "10.0.0.2": "unhealthy"})
    wait_for(lambda: target(lab)["last_result"].startswith("1 of 2 targets healthy (1 unhealthy"),
             "half of them are enough")
    assert lab.daemon.rollout()["state"] == "holding"
    aws.elbv2.set_targets(lab_of.group, {"10.0.0.1": "unhealthy", "10.0.0.2": "unhealthy"})
    lab.wait_state("failed")
    assert lab.daemon.weights() == {"blue": 100, "green": 0}


def test_targets_that_drain_and_that_begin_turn_nothing(aws, lab_of):
    lab = lab_of()
    start(lab)
    aws.elbv2.set_targets(lab_of.group, {"10.0.0.1": "draining", "10.0.0.2": "draining",
                                         "10.0.0.3": "initial", "10.0.0.4": "healthy"})
    wait_for(lambda: "2 draining" in target(lab)["last_result"], "it is seen")
    assert target(lab)["last_result"].startswith("1 of 2 targets healthy (1 initial, 2 draining")
    aws.elbv2.set_targets(lab_of.group, {"10.0.0.3": "initial", "10.0.0.4": "initial"})
    wait_for(lambda: target(lab)["last_result"].endswith("not decided yet"), "it is seen")
    assert target(lab)["verdict"] == "healthy"
    assert lab.daemon.rollout()["state"] == "holding"


def test_nothing_falls_back_because_aws_is_away(aws, lab_of):
    lab = lab_of({"stale_after": f"{2 * harness.PATIENCE}s"})
    start(lab)
    aws.refuse()
    wait_for(lambda: "connection refused" in target(lab)["last_result"], "it is said")
    wait_for(lambda: target(lab)["verdict"] == "unknown", "an old verdict is none", 30)
    assert lab.daemon.rollout()["state"] == "holding"
    assert lab.daemon.weights() == {"blue": 90, "green": 10}
    aws.accept()
    wait_for(lambda: target(lab)["verdict"] == "healthy", "it is asked again")


def series(aws, values):
    """5xx and requests of the last half hour, a value a minute."""
    now = int(time.time()) // 60 * 60
    for name, value in values.items():
        aws.cloudwatch.set_series(
            "AWS/ApplicationELB", name, {"TargetGroup": "targetgroup/green/01",
                                         "LoadBalancer": FRONT},
            [(now - 60 * minute, value) for minute in range(31)])


def test_the_traffic_of_members_is_what_the_load_balancer_counts(aws, lab_of):
    series(aws, {"RequestCount": 600})
    lab = lab_of()
    record_set = lab.daemon.config["record_sets"][0]
    record_set["traffic"] = {"type": "cloudwatch", "interval": "1s", "window": "120s"}
    for member in record_set["members"]:
        member["traffic_query"] = f"request_rate targetgroup/green/01 {FRONT}"
    lab.start()

    def shares():
        shown = lab.daemon.call("record show", "www.catsndogs.lol", "A")["record_set"]
        assert shown["traffic"]["type"] == "cloudwatch" and shown["traffic"]["url"] is None
        return [member["share_traffic"] for member in shown["members"]]
    wait_for(lambda: shares() == [0.5, 0.5], "both have 10 requests a second")


def errors_gate(**more):
    return {"name": "errors", "type": "metric", "source": "cloudwatch", "max": 0.01,
            "query": f"5xx_rate targetgroup/green/01 {FRONT}", "retries": 0, **more}


def test_a_gate_fails_on_5xx_of_the_load_balancer(aws, lab_of):
    series(aws, {"HTTPCode_Target_5XX_Count": 5, "RequestCount": 100})
    lab = lab_of(hold="500ms", gates=[errors_gate()])
    start(lab)
    failed = lab.wait_state("failed")
    assert "0.05, expected at most 0.01" in failed["reason"]


def test_a_gate_passes_when_few_fail(aws, lab_of):
    series(aws, {"HTTPCode_Target_5XX_Count": 0, "RequestCount": 100})
    lab = lab_of(hold="500ms", gates=[errors_gate()])
    start(lab)
    lab.wait_state("succeeded")


def test_a_gate_that_may_not_ask_falls_back_and_says_so(aws, lab_of, monkeypatch):
    key = aws.accounts.session(3600, ["elasticloadbalancing:*"])
    for name, value in aws.environment(key).items():
        monkeypatch.setenv(name, value)
    lab = lab_of(hold="500ms", gates=[errors_gate()])
    start(lab)
    failed = lab.wait_state("failed")
    assert "cloudwatch GetMetricData: AccessDenied" in failed["reason"]
    aws.wrong.clear()
