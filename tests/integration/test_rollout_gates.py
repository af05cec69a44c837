# SPDX-License-Identifier: BSD-2-Clause
"""Gates that hold rollouts: webhooks, Prometheus, operators; at steps, and in holds."""
import json

import pytest

import fake_prometheus
import harness
from harness import task_event

GREEN = "ecs-svc/2000000000000000002"
QUERY = 'errors{m="{candidate}"}'


@pytest.fixture
def hook():
    double = harness.Receiver(answer={"state": "pass", "reason": "all tests"})
    yield double
    double.close()


@pytest.fixture
def prometheus():
    double = fake_prometheus.FakePrometheus()
    double.series['errors{m="green"}'] = [0.001]
    yield double
    double.close()


def lab_with(make_lab, gates, steps=(50, 100), hold="300ms"):
    lab = make_lab(steps=steps, hold=hold, gates=gates)
    lab.daemon.push(task_event(deployment=GREEN))
    return lab


def webhook(hook, **more):
    return dict({"name": "smoke", "type": "webhook", "url": hook.url, "interval": "200ms",
                 "timeout": "2s"}, **more)


def metric(prometheus, **more):
    return dict({"name": "errors", "type": "metric", "url": prometheus.url, "query": QUERY,
                 "max": 0.01, "interval": "200ms", "timeout": "2s"}, **more)


def lines(lab, kind):
    found = lab.daemon.json("rollout", "history", "cats")["history"]
    return [one["text"] for one in found if one["kind"] == kind]


def results(lab):
    """What tasks of the plan resulted in."""
    found = lab.daemon.json("rollout", "history", "cats", "--events")["events"]
    return [json.loads(one["taskSucceededEventDetails"]["output"])
            for one in found if one["type"] == "TaskSucceeded"]


def test_gates_are_asked_at_each_step_in_their_order(make_lab, hook, prometheus):
    lab = lab_with(make_lab, [webhook(hook), metric(prometheus)])
    lab.wait_state("succeeded")
    assert [one["weight"] for one in hook.told] == [50, 100]
    assert hook.told[0]["candidate"] == "green" and hook.told[0]["stable"] == "blue"
    asked = lines(lab, "asked")
    assert len(asked) == 4
    assert "all tests" in asked[0] and "gate errors: 0.001" in asked[1]
    numbers = [one for one in results(lab) if one.get("Gate") == "errors"]
    assert [one["Value"] for one in numbers] == [0.001, 0.001] and numbers[0]["Max"] == 0.01


def test_a_gate_that_fails_falls_back(make_lab, hook, prometheus):
    prometheus.series['errors{m="green"}'] = [0.2]
    lab = lab_with(make_lab, [webhook(hook), metric(prometheus)])
    rollout = lab.wait_state("failed")
    assert rollout["reason"] == "0.2, expected at most 0.01"
    assert lab.daemon.weights() == {"blue": 100, "green": 0}
    assert len(hook.told) == 1


def test_a_gate_that_waits_is_asked_again(make_lab, hook):
    hook.answer = {"state": "wait", "reason": "tests run"}
    lab = lab_with(make_lab, [webhook(hook)])
    harness.wait_for(lambda: len(hook.told) > 3, "the webhook is asked again")
    rollout = lab.daemon.rollout()
    assert rollout["state"] == "holding" and "waits for gate smoke" in rollout["reason"]
    assert lab.daemon.weights() == {"blue": 50, "green": 50}
    hook.answer = {"state": "pass"}
    lab.wait_state("succeeded")


def test_a_gate_that_never_answers_ends_in_its_own_time(make_lab, hook):
    hook.status = None
    lab = lab_with(make_lab, [webhook(hook, timeout="200ms", retries=1, deadline="1s")])
    rollout = lab.wait_state("failed")
    assert lab.daemon.weights() == {"blue": 100, "green": 0}
    assert "time" in rollout["reason"]


def test_a_gate_in_holds_falls_back_at_once(make_lab, prometheus):
    lab = lab_with(make_lab, [metric(prometheus, when="holds")], hold="60s")
    harness.wait_for(lambda: lines(lab, "asked"), "the gate is asked in the hold")
    assert lines(lab, "asked") == ["gate errors in the hold at 50: 0.001"]
    prometheus.series['errors{m="green"}'] = [0.5]
    rollout = lab.wait_state("failed")
    assert rollout["reason"] == "gate errors: 0.5, expected at most 0.01"
    assert lab.daemon.weights() == {"blue": 100, "green": 0}
    gates = lab.daemon.json("rollout", "list")["rules"][0]["gates"]
    assert gates["errors"]["State"] == "fail" and gates["errors"]["Value"] == 0.5
    events = lab.daemon.json("history", "--record", "www.catsndogs.lol/A")["history"]
    assert [one["who"] for one in events if one["kind"] == "failed"] == ["gate errors"]


def test_an_unhealthy_candidate_does_not_wait_for_a_gate(make_lab, hook):
    hook.status = None
    lab = lab_with(make_lab, [webhook(hook, timeout="60s", deadline="5m")])
    harness.wait_for(lambda: hook.told, "the webhook is asked")
    lab.green.healthy = False
    lab.wait_state("failed")
    assert lab.daemon.weights() == {"blue": 100, "green": 0}


def test_a_gate_is_asked_again_after_a_kill(make_lab, hook):
    hook.status = None
    lab = lab_with(make_lab, [webhook(hook, timeout="60s", deadline="5m")])
    harness.wait_for(lambda: hook.told, "the webhook is asked")
    lab.daemon.kill()
    hook.status = 200
    lab.daemon.start()
    lab.wait_state("succeeded")


def test_an_abort_ends_the_asking(make_lab, hook):
    hook.answer = {"state": "wait"}
    lab = lab_with(make_lab, [webhook(hook)])
    harness.wait_for(lambda: len(hook.told) > 1, "the webhook is asked")
    lab.daemon.ctl("rollout", "abort", "cats")
    assert lab.daemon.weights() == {"blue": 100, "green": 0}
    lab.daemon.ctl("stop")


def test_an_operator_signs_each_step_off(make_lab):
    lab = lab_with(make_lab, [{"name": "sign-off", "type": "approval", "deadline": "5m"}])
    for step in (1, 2):
        harness.wait_for(lambda: lab.daemon.rollout()["step"] == step and
                         "waits for an approval" in lab.daemon.rollout()["reason"], "it waits")
        lab.daemon.ctl("rollout", "approve", "cats")
    lab.wait_state("succeeded")


@pytest.mark.parametrize("otherwise, state", [("continue", "succeeded"), ("fall_back", "failed")])
def test_what_follows_when_nobody_signs_off(make_lab, otherwise, state):
    lab = lab_with(make_lab, [{"name": "sign-off", "type": "approval", "deadline": "1s",
                               "on_deadline": otherwise}], steps=(100,))
    lab.wait_state(state)


def test_a_document_asks_gates_by_name(make_lab, tmp_path, hook, prometheus):
    plan = tmp_path / "plan.json"
    state = {"Type": "Task", "Resource": "ballast:changeWeight", "ResultPath": None}
    plan.write_text(json.dumps({"StartAt": "a", "States": {
        "a": {**state, "Parameters": {"weight": 30}, "Next": "b"},
        "b": {"Type": "Task", "Resource": "ballast:metric", "Parameters": {"gate": "errors"},
              "ResultPath": "$.m", "Next": "c"},
        "c": {"Type": "Choice", "Choices": [{"Variable": "$.m.State", "StringEquals": "pass",
                                             "Next": "d"}], "Default": "e"},
        "d": {**state, "Parameters": {"weight": 100}, "Next": "f"},
        "e": {"Type": "Fail", "Error": "TooManyErrors", "CausePath": "$.m.Text"},
        "f": {"Type": "Succeed"}}}))
    prometheus.series['errors{m="green"}'] = [0.5]
    lab = make_lab(plan={"asl": str(plan)}, gates=[webhook(hook), metric(prometheus)])
    lab.daemon.push(task_event(deployment=GREEN))
    assert lab.wait_state("failed")["reason"] == "0.5, expected at most 0.01"
    assert lab.daemon.weights() == {"blue": 100, "green": 0}
    assert hook.told == []


def lab_with_a_dead_address(make_lab, **rule):
    """Of green's two addresses nobody answers on the second."""
    lab = make_lab(members=[
        harness.member("blue", 100, "127.0.0.2", health_check="cats", ecs_service="cats"),
        harness.member("green", 0, "127.0.0.3", "127.0.0.9", health_check="cats",
                       ecs_service="cats-green"),
    ], steps=(50, 100), hold="600ms", **rule)
    harness.wait_for(lambda: lab.daemon.call("status")["health"]["unhealthy"] == 1, "one is dead")
    lab.daemon.push(task_event(deployment=GREEN))
    return lab


def test_a_minimum_share_of_healthy_addresses_is_enough(make_lab):
    lab = lab_with_a_dead_address(make_lab, health={"minimum": "50%"})
    lab.wait_state("succeeded")


def test_every_address_has_to_be_healthy_otherwise(make_lab):
    lab = lab_with_a_dead_address(make_lab)
    assert "127.0.0.9" in lab.wait_state("failed")["reason"]


def test_health_that_counts_at_steps_only_may_be_bad_in_a_hold(make_lab):
    lab = make_lab(steps=(100,), hold="4s", health={"when": "step"})
    lab.daemon.push(task_event(deployment=GREEN))
    lab.green.healthy = False
    harness.wait_for(lambda: lab.daemon.call("status")["health"]["unhealthy"] == 1, "it is unhealthy")
    assert lab.daemon.rollout()["state"] == "holding"
    lab.green.healthy = True
    lab.wait_state("succeeded")
