# SPDX-License-Identifier: BSD-2-Clause
"""What ECS says of deployments, and the loss of a candidate's tasks."""
import subprocess

import pytest

import harness
from harness import deployment_event, task_event
from test_store_failures import fill_disk, free_disk, written_late

GREEN = "ecs-svc/1000000000000000001"


def stopping(task=1, version=4, last="RUNNING", **more):
    event = task_event(task=task, version=version, last=last, desired="STOPPED", **more)
    event["detail"].update(stopCode="EssentialContainerExited",
                           stoppedReason="Essential container in task exited")
    return event


def last_line(daemon):
    return daemon.json("rollout", "history", "cats")["history"][-1]


def test_completed_starts_the_one_rollout_of_its_deployment(make_lab):
    daemon = make_lab(hold="60s", trigger="deployment").daemon
    assert daemon.json("rollout", "list")["rules"][0]["trigger"] == "deployment"
    completed = deployment_event()
    assert daemon.push(task_event(task=1), deployment_event("IN_PROGRESS", number=2), completed,
                       completed, task_event(task=2), task_event(task=1, version=4)) == [
        "waiting for COMPLETED", "noted", "started", "duplicate", "already rolled out",
        "already rolled out"]
    assert daemon.weights() == {"blue": 90, "green": 10}
    rollout = daemon.rollout()
    assert rollout["deployment"] == GREEN and rollout["who"].startswith(f"event {completed['id']}")
    daemon.kill()
    daemon.start()
    assert daemon.push(completed, task_event(task=3)) == ["duplicate", "already rolled out"]
    assert daemon.rollout()["id"] == rollout["id"]


def test_the_lab_s_generator_has_both_kinds(make_lab):
    daemon = make_lab(hold="60s", trigger="deployment").daemon
    script = harness.TOP / "contrib" / "lab" / "ecs-events.py"
    for more in ([], ["--put-events"]):
        lines = subprocess.run(["/usr/bin/python3", script, "--tasks", "2", "--said", "COMPLETED",
                                *more], capture_output=True, text=True, check=True).stdout
        shown = daemon.json("event", "push", "-", stdin=lines)["events"]
        fates = [one["fate"] for one in shown]
        if not more:
            assert fates == ["noted"] + ["not running"] * 4 + ["waiting for COMPLETED"] * 2 \
                + ["started"]
        else:
            assert set(fates) == {"duplicate", "stale"} and len(fates) == 8


def test_whichever_comes_first_starts_it(make_lab):
    daemon = make_lab(hold="60s", trigger="both", min_running=3).daemon
    assert daemon.push(task_event(task=1), deployment_event(), task_event(task=2),
                       task_event(task=3)) == [
        "waiting for more tasks", "started", "already rolled out", "already rolled out"]


def test_the_put_events_spelling_of_a_deployment(make_lab):
    daemon = make_lab(hold="60s", trigger="both").daemon
    event = deployment_event()
    assert daemon.push({"Source": "custom.ecs", "DetailType": event["detail-type"],
                        "Resources": event["resources"],
                        "Detail": harness.json.dumps(event["detail"])}) == ["started"]


def test_failed_falls_back_whatever_the_health(make_lab):
    lab = make_lab(hold="60s")
    daemon = lab.daemon
    assert daemon.push(task_event()) == ["started"]
    failed = deployment_event("FAILED", reason="ECS deployment circuit breaker: task failed")
    assert daemon.push(failed, failed, task_event(task=2)) == [
        "fell back", "duplicate", "already rolled out"]
    assert daemon.weights() == {"blue": 100, "green": 0} and lab.page() == "cats v2"
    rollout = daemon.rollout()
    text = f"deployment {GREEN} FAILED (ECS deployment circuit breaker: task failed)"
    assert rollout["state"] == "failed" and rollout["reason"] == text
    line = last_line(daemon)
    assert line["kind"] == "failed" and text in line["text"]
    assert line["who"].startswith(f"event {failed['id']} from uid ")
    assert line["weights"][0]["after"] == {"blue": 100, "green": 0}
    event = daemon.json("event", "log")["events"][-3]
    assert event["fate"] == "fell back" and event["rollout"] == rollout["id"]


def test_failed_falls_back_from_a_pause_and_a_freeze(make_lab):
    daemon = make_lab(hold="60s").daemon
    daemon.push(task_event())
    daemon.ctl("rollout", "pause", "cats")
    daemon.ctl("rollout", "freeze", "night")
    assert daemon.push(deployment_event("FAILED")) == ["fell back"]
    assert daemon.weights() == {"blue": 100, "green": 0}


def test_failed_ends_a_rollout_that_still_waits_for_old_answers(make_lab):
    daemon = make_lab(plan={"steps": [10, 100], "hold": "60s", "ttl": 5}).daemon
    assert daemon.push(task_event()) == ["started"]
    assert daemon.rollout()["state"] == "preparing"
    assert daemon.push(deployment_event("FAILED")) == ["fell back"]
    assert daemon.rollout()["state"] == "failed"
    assert daemon.weights() == {"blue": 100, "green": 0}
    harness.wait_for(lambda: daemon.call("record show", "www.catsndogs.lol",
                                         "A")["record_set"]["ttl_s"] == 60, "the TTL is raised")


@pytest.mark.parametrize("trigger", ["tasks", "deployment", "both"])
def test_failed_before_the_start_prevents_it_over_a_restart(make_lab, trigger):
    daemon = make_lab(hold="60s", trigger=trigger).daemon
    assert daemon.push(deployment_event("FAILED")) == ["failed deployment"]
    daemon.kill()
    daemon.start()
    assert daemon.push(task_event(), deployment_event("FAILED")) == [
        "failed deployment", "duplicate"]
    assert daemon.rollout() is None
    assert daemon.push(task_event(deployment="ecs-svc/2", task=2),
                       deployment_event(deployment="ecs-svc/2", number=2))[-2:].count("started") == 1


def test_a_rollback_by_ecs_is_no_canary(make_lab):
    daemon = make_lab(hold="60s").daemon
    back = {"deployment": "ecs-svc/2", "created": "2026-11-23T16:00:00.000Z"}
    assert daemon.push(
        task_event(), deployment_event("FAILED"),
        deployment_event("IN_PROGRESS", deployment="ecs-svc/2", number=2, reason="ECS deployment "
                         "circuit breaker: rolling back to deploymentId ecs-svc/0."),
        task_event(task=2, **back), deployment_event(deployment="ecs-svc/2", number=3)) == [
        "started", "fell back", "noted", "rollback", "noted"]
    assert daemon.weights() == {"blue": 100, "green": 0}


def test_a_start_that_a_freeze_refused_comes_with_the_next_event(make_lab):
    daemon = make_lab(hold="60s", trigger="deployment").daemon
    daemon.ctl("rollout", "freeze", "night")
    assert daemon.push(deployment_event()) == ["refused"]
    daemon.ctl("rollout", "thaw", "morning")
    assert daemon.push(task_event()) == ["started"]


def test_an_arn_without_a_cluster_is_told(make_lab):
    daemon = make_lab().daemon
    event = deployment_event("FAILED")
    event["resources"] = ["arn:aws:ecs:eu-west-1:123456789012:service/cats-green"]
    shown, = daemon.call("event push", harness.json.dumps(event))["events"]
    assert shown["fate"] == "other cluster" and "old format" in shown["reason"]


def test_lost_tasks_fall_back_with_numbers_and_the_reason(make_lab):
    lab = make_lab(hold="60s", min_running=2)
    daemon = lab.daemon
    assert daemon.push(*[task_event(task=one) for one in (1, 2, 3)]) == [
        "waiting for more tasks", "started", "already rolled out"]
    daemon.kill()  # what runs is known from the state file
    daemon.start()
    assert daemon.push(stopping(task=1)) == ["not running"]
    assert daemon.push(stopping(task=1), task_event(task=1, version=2)) == ["duplicate", "stale"]
    assert daemon.rollout()["state"] == "holding"
    lost = stopping(task=2)
    assert daemon.push(lost) == ["fell back"]
    rollout = daemon.rollout()
    assert rollout["state"] == "failed" and daemon.weights() == {"blue": 100, "green": 0}
    assert rollout["reason"] == (
        f"green has lost tasks: 1 of the 2 needed run (deployment {GREEN}), since {2:032x} is "
        "RUNNING, to be STOPPED (EssentialContainerExited: Essential container in task exited)")
    assert last_line(daemon)["who"].startswith(f"event {lost['id']} ")


def test_tasks_that_are_replaced_are_no_loss(make_lab):
    daemon = make_lab(hold="60s", min_running=2).daemon
    daemon.push(task_event(task=1), task_event(task=2))
    for number in range(1, 6):  # the next one runs before the first one stops
        assert daemon.push(task_event(task=number + 2), stopping(task=number),
                           stopping(task=number, version=9, last="STOPPED")) == [
            "already rolled out", "not running", "not running"]
    assert daemon.rollout()["state"] == "holding"


def test_a_deployment_that_is_drained_by_the_next_one_is_no_loss(make_lab):
    daemon = make_lab(hold="60s", trigger="deployment", min_running=1).daemon
    newer = {"deployment": "ecs-svc/2", "created": "2026-11-23T16:00:00.000Z"}
    assert daemon.push(task_event(task=1), deployment_event(), task_event(task=2, **newer),
                       stopping(task=1)) == [
        "waiting for COMPLETED", "started", "waiting for COMPLETED", "not running"]
    assert daemon.push(deployment_event(deployment="ecs-svc/2", number=2)) == ["superseded one"]
    assert daemon.push(stopping(task=2, **newer)) == ["fell back"]


@pytest.mark.parametrize("event", [deployment_event("FAILED"), stopping()],
                         ids=["failed", "lost"])
def test_an_event_s_fall_back_does_not_wait_for_the_disk(make_lab, event):
    lab = make_lab(hold="60s")
    daemon = lab.daemon
    daemon.push(task_event())
    fill_disk(daemon)
    refused = daemon.ctl("event", "push", "-", stdin=harness.json.dumps(event), status=1).stderr
    assert "event 1 and those after it were not taken in" in refused
    assert daemon.weights() == {"blue": 100, "green": 0} and lab.page() == "cats v2"
    assert daemon.rollout()["state"] == "failed"
    free_disk(daemon)
    written_late(daemon)
    daemon.kill()
    daemon.start()
    assert daemon.weights() == {"blue": 100, "green": 0}
    assert last_line(daemon)["kind"] == "failed"
    assert last_line(daemon)["who"].startswith(f"event {event['id']} ")
    fate, = daemon.push(event)  # it comes again, and is taken in
    assert fate in ("failed deployment", "not running")


def two_rules(make_daemon):
    names = ("cats", "dogs")
    return make_daemon({
        "record_sets": [harness.record_set(
            [harness.member("blue", 100, "192.0.2.1", ecs_service=one),
             harness.member("green", 0, "192.0.2.2", ecs_service=f"{one}-green")],
            name=f"{one}.catsndogs.lol") for one in names],
        "rollouts": [{"name": one, "record_set": f"{one}.catsndogs.lol/A",
                      "cluster": "catsndogsECScluster",
                      "plan": {"steps": [10, 100], "hold": "60s"}} for one in names]})


def test_failures_in_a_push_that_the_disk_refuses_fall_back_all_the_same(make_daemon):
    """The first event cannot be written, nor can a fall-back; neither is waited for."""
    daemon = two_rules(make_daemon)
    daemon.push(task_event(task=1), task_event("dogs-green", "ecs-svc/2", task=2))
    fill_disk(daemon)
    events = [task_event("dogs-green", "ecs-svc/2", task=3), deployment_event("FAILED"),
              task_event("dogs-green", "ecs-svc/2", task=4),
              deployment_event("FAILED", "dogs-green", "ecs-svc/2", number=2)]
    refused = daemon.ctl("event", "push", "-", stdin=harness.json.dumps(events), status=1).stderr
    assert "event 1 and those after it were not taken in" in refused
    for one in ("cats", "dogs"):
        assert daemon.weights(f"{one}.catsndogs.lol") == {"blue": 100, "green": 0}
        assert daemon.rollout(one)["state"] == "failed"
    free_disk(daemon)
    written_late(daemon)
    daemon.kill()
    daemon.start()
    for one in ("cats", "dogs"):
        assert daemon.rollout(one)["state"] == "failed"
    assert daemon.push(*events) == ["already rolled out", "failed deployment", "already rolled out",
                                    "failed deployment"]


def test_rollouts_of_different_record_sets_run_side_by_side(make_daemon):
    daemon = two_rules(make_daemon)
    both = [task_event(task=1), task_event("dogs-green", "ecs-svc/2", task=2)]
    assert daemon.push(*both) == ["started", "started"]
    weights = {one: daemon.weights(f"{one}.catsndogs.lol") for one in ("cats", "dogs")}
    assert weights == {one: {"blue": 90, "green": 10} for one in weights}
    assert daemon.push(deployment_event("FAILED", "dogs-green", "ecs-svc/2")) == ["fell back"]
    assert daemon.weights("dogs.catsndogs.lol") == {"blue": 100, "green": 0}
    assert daemon.weights("cats.catsndogs.lol") == {"blue": 90, "green": 10}
    assert daemon.rollout("cats")["state"] == "holding"
    daemon.ctl("rollout", "promote", "cats")
    assert daemon.weights("cats.catsndogs.lol") == {"blue": 0, "green": 100}
    assert daemon.rollout("dogs")["state"] == "failed"


def test_a_record_set_belongs_to_its_rollout_while_it_runs(make_daemon):
    daemon = two_rules(make_daemon)
    assert daemon.push(task_event()) == ["started"]
    refused = daemon.ctl("weight", "set", "cats.catsndogs.lol", "A", "blue=50", status=1).stderr
    assert "rollout 1 of cats" in refused and "cats.catsndogs.lol/A" in refused
    assert daemon.weights("cats.catsndogs.lol") == {"blue": 90, "green": 10}
    daemon.set_weights("dogs.catsndogs.lol", "A", "blue=50")
    daemon.ctl("rollout", "start", "cats", status=1)
    daemon.ctl("rollout", "abort", "cats")
    daemon.set_weights("cats.catsndogs.lol", "A", "blue=50")
