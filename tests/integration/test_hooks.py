# SPDX-License-Identifier: BSD-2-Clause
"""Pause hooks of ECS's own deployments: gates decide, ECS is told once, whatever happens between."""
import pytest

import harness
from harness import wait_for
from test_store_failures import fill_disk, free_disk

CLUSTER = "catsndogsECScluster"


def hook_event(deployment, hook, service="cats-green", name="HOOK_AWAITING_ACTION", kind="PAUSE"):
    """As EventBridge delivers it."""
    prefix = deployment.partition(":service-deployment/")[0]
    return {"id": "e-1", "source": "aws.ecs", "detail-type": "ECS Hook State Change",
            "resources": [deployment], "detail": {
                "eventType": "INFO", "eventName": name, "hookId": hook, "hookType": kind,
                "lifecycleStage": "POST_TEST_TRAFFIC_SHIFT", "expiresAt": "2036-03-05T16:04:41Z",
                "clusterArn": f"{prefix}:cluster/{CLUSTER}",
                "serviceArn": f"{prefix}:service/{CLUSTER}/{service}",
                "serviceDeploymentArn": deployment}}


@pytest.fixture(name="lab_of")
def fixture_lab_of(aws, keep, monkeypatch):
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    aws.ecs.add_service(CLUSTER, "cats-green")

    def make(**more):
        lab = harness.Lab(**{"hold": "60s", "pause_hook": True, **more})
        lab.daemon.config["aws"] = {"region": "eu-west-1"}
        return keep(lab).start()

    return make


def answers(aws):
    return [(one["hookId"], one["action"]) for one in aws.ecs.continued]


def told(lab):
    return [line["text"] for line in lab.daemon.call("history")["history"] if line["kind"] == "hook"]


def test_a_healthy_candidate_is_continued_to_once(aws, lab_of):
    lab = lab_of()
    deployment, hook = aws.ecs.pause(CLUSTER, "cats-green")
    assert lab.daemon.push(hook_event(deployment, hook), hook_event(deployment, hook)) == [
        "noted", "duplicate"]
    wait_for(lambda: len(told(lab)) == 2, "it is answered")
    assert answers(aws) == [(hook, "CONTINUE")]
    start = "rollout cats: hook of service cats-green at POST_TEST_TRAFFIC_SHIFT: "
    assert told(lab) == [f"{start}CONTINUE, since its candidate is healthy",
                         f"{start}ECS has taken CONTINUE"]
    assert lab.daemon.push(hook_event(deployment, hook)) == ["duplicate"]
    lab.daemon.kill()
    lab.daemon.start()
    lab.wait_healthy()
    assert lab.daemon.push(hook_event(deployment, hook)) == ["duplicate"]
    assert len(aws.calls("ContinueServiceDeployment")) == 1
    assert lab.daemon.weights() == {"blue": 100, "green": 0}


def test_an_unhealthy_candidate_is_rolled_back(aws, lab_of):
    lab = lab_of()
    lab.daemon.ctl("health", "force", "www.catsndogs.lol/A/green", "down")
    deployment, hook = aws.ecs.pause(CLUSTER, "cats-green")
    lab.daemon.push(hook_event(deployment, hook))
    wait_for(lambda: answers(aws) == [(hook, "ROLLBACK")], "it is rolled back")
    wait_for(lambda: len(told(lab)) == 2, "it is written down")
    assert "ROLLBACK, since health of www.catsndogs.lol/A/green: " in told(lab)[0]


@pytest.mark.parametrize("verdict, action", [("pass", "CONTINUE"), ("fail", "ROLLBACK")])
def test_the_gates_of_the_rule_decide(aws, lab_of, keep, verdict, action):
    receiver = keep(harness.Receiver(answer={"state": verdict, "text": "214 tests"}))
    lab = lab_of(gates=[{"name": "smoke", "type": "webhook",
                         "url": f"http://127.0.0.1:{receiver.port}/"}])
    lab.daemon.set_weights("www.catsndogs.lol", "A", "green=7")
    deployment, hook = aws.ecs.pause(CLUSTER, "cats-green")
    lab.daemon.push(hook_event(deployment, hook))
    wait_for(lambda: answers(aws) == [(hook, action)], f"it is {action}")
    assert len(receiver.told) == 1
    asked = receiver.told[0]
    assert (asked["candidate"], asked["stable"], asked["weight"]) == ("green", "blue", 7)
    assert asked["deployment"] == deployment
    assert lab.daemon.rollout() is None
    assert verdict == "pass" or "gate smoke: " in told(lab)[0]


def test_a_freeze_holds_up_what_goes_on(aws, lab_of, keep):
    receiver = keep(harness.Receiver(answer={"state": "pass", "text": "all"}))
    lab = lab_of(gates=[{"name": "smoke", "type": "webhook",
                         "url": f"http://127.0.0.1:{receiver.port}/"}])
    lab.daemon.ctl("rollout", "freeze", "sale")
    deployment, hook = aws.ecs.pause(CLUSTER, "cats-green")
    assert lab.daemon.push(hook_event(deployment, hook)) == ["noted"]
    wait_for(lambda: receiver.told, "the gate is asked")
    lab.daemon.ctl("health", "list")
    assert answers(aws) == [] and told(lab) == []
    lab.daemon.ctl("rollout", "thaw", "over")
    wait_for(lambda: answers(aws) == [(hook, "CONTINUE")], "it goes on")


def test_ecs_is_told_until_it_has_taken_it_over_a_kill(aws, lab_of):
    lab = lab_of()
    fault = aws.faults.add("status", "ecs", "ContinueServiceDeployment", status=503, body=b"")
    deployment, hook = aws.ecs.pause(CLUSTER, "cats-green")
    lab.daemon.push(hook_event(deployment, hook))
    wait_for(lambda: fault.used >= 2, "it was tried")
    lab.daemon.kill()
    fault.lift()
    lab.daemon.config["health_checks"][0]["path"] = "/cats/gone"  # what is decided stays decided
    lab.daemon.start()
    wait_for(lambda: answers(aws) == [(hook, "CONTINUE")], "it is told")
    wait_for(lambda: len(told(lab)) == 2, "it is written down")


def test_a_rollback_that_the_disk_does_not_take_stays_decided(aws, lab_of):
    lab = lab_of()
    lab.daemon.ctl("rollout", "freeze", "sale")  # nothing but ROLLBACK can come of it
    deployment, hook = aws.ecs.pause(CLUSTER, "cats-green")
    assert lab.daemon.push(hook_event(deployment, hook)) == ["noted"]
    fill_disk(lab.daemon)
    lab.green.healthy = False
    wait_for(lambda: lab.daemon.log().count("not written down yet") == 1, "it is decided")
    lab.green.healthy = True
    lab.wait_healthy()
    assert answers(aws) == [] and told(lab) == []
    free_disk(lab.daemon)
    wait_for(lambda: answers(aws) == [(hook, "ROLLBACK")], "ECS is told")
    wait_for(lambda: len(told(lab)) == 2, "it is written down")
    assert "ROLLBACK, since health of www.catsndogs.lol/A/green: " in told(lab)[0]


def test_an_answer_that_was_lost_is_given_once(aws, lab_of):
    lab = lab_of()
    aws.faults.add("cut", "ecs", "ContinueServiceDeployment", 1, octets=0)
    deployment, hook = aws.ecs.pause(CLUSTER, "cats-green")
    lab.daemon.push(hook_event(deployment, hook))
    wait_for(lambda: len(told(lab)) == 2, "it is over")
    assert answers(aws) == [(hook, "CONTINUE")]
    assert "ECS does not wait for CONTINUE any more (ecs ContinueServiceDeployment: " \
        "ClientException: " in told(lab)[1]


def test_a_hook_that_has_expired_is_ecs_s_own(aws, lab_of):
    lab = lab_of()
    deployment, hook = aws.ecs.pause(CLUSTER, "cats-green")
    event = hook_event(deployment, hook)
    event["detail"]["expiresAt"] = "2026-01-01T00:00:00.5Z"
    lab.daemon.push(event)
    wait_for(lambda: told(lab), "it is over")
    assert told(lab)[0].endswith("it has expired, and ECS does what it does then")
    assert not aws.calls("ContinueServiceDeployment")


def test_hooks_of_others_are_not_answered(aws, lab_of):
    lab = lab_of()
    deployment, hook = aws.ecs.pause(CLUSTER, "cats-green")
    assert lab.daemon.push(
        hook_event(deployment, hook, service="dogs"),
        hook_event(deployment, hook, name="HOOK_SUCCEEDED"),
        hook_event(deployment, hook, kind="AWS_LAMBDA"),
        hook_event(deployment, "")) == ["other service", "other event", "other event", "malformed"]
    assert lab.daemon.push(hook_event(deployment, hook)) == ["noted"]
    wait_for(lambda: answers(aws) == [(hook, "CONTINUE")], "ours is")


def test_without_pause_hook_in_the_rule_nothing_is_answered(aws, lab_of):
    lab = lab_of(pause_hook=False)
    deployment, hook = aws.ecs.pause(CLUSTER, "cats-green")
    assert lab.daemon.push(hook_event(deployment, hook)) == ["other service"]
    assert not aws.calls("ContinueServiceDeployment")


def test_a_hook_comes_from_a_queue(aws, lab_of, keep):
    aws.sqs.add_queue("events")
    lab = lab_of()
    lab.daemon.stop()
    lab.daemon.config["aws"]["queues"] = [{"url": aws.sqs.url("events"), "wait": "1s"}]
    lab.daemon.start()
    deployment, hook = aws.ecs.pause(CLUSTER, "cats-green")
    aws.sqs.send("events", hook_event(deployment, hook))
    wait_for(lambda: answers(aws) == [(hook, "CONTINUE")], "it is answered")
    wait_for(lambda: aws.sqs.is_empty("events"), "it is deleted")
