# SPDX-License-Identifier: BSD-2-Clause
"""Rollouts that execute state machines: the real daemon, the lab's own document, approvals, TTLs."""
import json
import pathlib
import subprocess

import pytest

import harness
from harness import task_event

GREEN = "ecs-svc/2000000000000000002"
RECORD = "www.catsndogs.lol/A"
FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:"
LAB = harness.TOP / "tests" / "data" / "asl" / "lab.json"
RESOURCES = [{"from": FUNCTION + "ChangeWeight", "to": "changeWeight"},
             {"from": FUNCTION + "CheckHealth", "to": "checkHealth"}]


def quick(document, seconds=1):
    """The same document with waits that a test can sit out, in place of 60 s each."""
    document = json.loads(pathlib.Path(document).read_text())
    for state in document["States"].values():
        if state["Type"] == "Wait":
            state["Seconds"] = seconds
    return document


def write(tmp_path, document):
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(document))
    return str(path)


def task(resource, following, **more):
    return {"Type": "Task", "Resource": f"ballast:{resource}", "ResultPath": None,
            "Next": following, **more}


def shift(weight, following):
    return task("changeWeight", following, Parameters={"weight": weight})


APPROVED = {"StartAt": "first", "States": {
    "first": shift(20, "ask"),
    "ask": task("approve", "rest", TimeoutSeconds=60),
    "rest": shift(100, "done"),
    "done": {"Type": "Succeed"},
}}


def start_with(make_lab, tmp_path, document, **plan):
    lab = make_lab(plan=dict(plan, asl=write(tmp_path, document)))
    lab.daemon.push(task_event(deployment=GREEN))
    return lab


def events(lab):
    return lab.daemon.json("rollout", "history", "cats", "--events")["events"]


def test_the_labs_own_document_runs_to_its_end(make_lab, tmp_path):
    lab = start_with(make_lab, tmp_path, quick(LAB), resources=RESOURCES)
    assert lab.daemon.weights() == {"blue": 90, "green": 10}
    rollout = lab.daemon.rollout()
    assert rollout["steps"] == [10, 100] and rollout["plan_state"] == "wait-10"
    lab.wait_state("succeeded")
    assert lab.daemon.weights() == {"blue": 0, "green": 100}
    found = events(lab)
    assert [one["id"] for one in found] == list(range(1, len(found) + 1))
    types = [one["type"] for one in found]
    assert types[0] == "ExecutionStarted" and types[-1] == "ExecutionSucceeded"
    assert types.count("TaskScheduled") == types.count("TaskSucceeded") == 3
    entered = next(one for one in found if one["type"] == "ChoiceStateEntered")
    assert json.loads(entered["stateEnteredEventDetails"]["input"])["health"]["State"] == "healthy"
    text = lab.daemon.ctl("rollout", "history", "cats", "--events").stdout
    assert "ExecutionSucceeded" in text and "choice-10" in text


def test_the_labs_own_document_falls_back(make_lab, tmp_path):
    lab = start_with(make_lab, tmp_path, quick(LAB, 60), resources=RESOURCES)
    lab.green.healthy = False
    rollout = lab.wait_state("failed")
    assert rollout["reason"].startswith("New ECS service is not healthy!")
    assert lab.daemon.weights() == {"blue": 100, "green": 0}
    assert events(lab)[-1]["type"] == "ExecutionAborted"


def test_a_plan_goes_on_after_a_kill_and_its_events_are_whole(make_lab, tmp_path):
    lab = start_with(make_lab, tmp_path, quick(LAB), resources=RESOURCES)
    lab.daemon.kill()
    # The configuration has another plan by now: the running rollout keeps the one that it began.
    pathlib.Path(lab.daemon.config["rollouts"][0]["plan"]["asl"]).write_text(json.dumps(APPROVED))
    lab.daemon.start()
    lab.wait_state("succeeded")
    found = events(lab)
    assert [one["id"] for one in found] == list(range(1, len(found) + 1))
    assert found[-1]["type"] == "ExecutionSucceeded"


def wait_asked(lab):
    harness.wait_for(lambda: "waits for an approval" in lab.daemon.rollout()["reason"],
                     "the rollout waits for an approval")


def test_approvals_are_kept_over_a_kill_and_then_given(make_lab, tmp_path):
    lab = start_with(make_lab, tmp_path, APPROVED)
    wait_asked(lab)
    lab.daemon.kill()
    lab.daemon.start()
    wait_asked(lab)
    assert lab.daemon.weights() == {"blue": 80, "green": 20}
    assert lab.daemon.ctl("rollout", "approve", "cats", "looks good").stdout == "approved\n"
    lab.wait_state("succeeded")
    assert lab.daemon.weights() == {"blue": 0, "green": 100}
    lines = {one["kind"]: one for one in lab.daemon.json("rollout", "history", "cats")["history"]}
    assert "looks good" in lines["approved"]["text"] and "uid" in lines["approved"]["who"]
    assert "is over" in lab.daemon.ctl("rollout", "approve", "cats", status=1).stderr


def test_a_rejection_falls_back(make_lab, tmp_path):
    lab = start_with(make_lab, tmp_path, APPROVED)
    wait_asked(lab)
    lab.daemon.ctl("rollout", "reject", "cats", "the carousel spins backwards")
    rollout = lab.wait_state("failed")
    assert "the carousel spins backwards" in rollout["reason"]
    assert lab.daemon.weights() == {"blue": 100, "green": 0}


def test_an_approval_that_does_not_come_ends_in_its_time(make_lab, tmp_path):
    document = json.loads(json.dumps(APPROVED))
    document["States"]["ask"]["TimeoutSeconds"] = 1
    lab = start_with(make_lab, tmp_path, document)
    lab.wait_state("failed")
    assert lab.daemon.weights() == {"blue": 100, "green": 0}
    assert "TaskTimedOut" in [one["type"] for one in events(lab)]


def test_nothing_waits_for_an_approval(make_lab):
    lab = make_lab(hold="30s")
    assert "no rollout yet" in lab.daemon.ctl("rollout", "approve", "cats", status=1).stderr
    lab.daemon.push(task_event(deployment=GREEN))
    assert "waits for no approval" in lab.daemon.ctl("rollout", "approve", "cats",
                                                     status=1).stderr


@pytest.mark.parametrize("change, text", [
    (lambda states: states.pop("done"), "plan.json:1: state rest: Next"),
    (lambda states: states["ask"].update(Resource="x"), "unknown Resource \"x\""),
    (lambda states: states["first"]["Parameters"].update(weight=120), "sets the weight 120"),
])
def test_a_plan_that_is_wrong_is_refused_at_the_check(make_lab, tmp_path, change, text):
    lab = make_lab(hold="30s")
    document = json.loads(json.dumps(APPROVED))
    change(document["States"])
    lab.daemon.kill()
    lab.daemon.config["rollouts"][0]["plan"] = {"asl": write(tmp_path, document)}
    done = subprocess.run([harness.BALLASTD, "--check", "-c", str(lab.daemon.write_config())],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert text in done.stderr and "rollout cats: plan" in done.stderr


def ttl(lab):
    return lab.daemon.ask("www.catsndogs.lol", "A").answer[0].ttl


def test_a_rollout_lowers_the_ttl_and_waits_out_the_old_one(make_lab):
    lab = make_lab(ttl=3, plan={"steps": [50, 100], "hold": "500ms", "ttl": 1})
    assert ttl(lab) == 3
    lab.daemon.push(task_event(deployment=GREEN))
    assert ttl(lab) == 1
    rollout = lab.daemon.rollout()
    assert rollout["state"] == "preparing" and rollout["weight"] == 0
    assert 2000 < rollout["hold_left_ms"] <= 3000
    assert lab.daemon.weights() == {"blue": 100, "green": 0}
    assert "has lowered the TTL" in lab.daemon.ctl("record", "ttl", "www.catsndogs.lol", "A", 2,
                                                   status=1).stderr
    lab.wait_state("holding")
    assert lab.daemon.weights() == {"blue": 50, "green": 50}
    # Counted from when every cache has followed: one second of TTL, and the hold.
    assert lab.daemon.rollout()["hold_ms"] == 1500
    lab.wait_state("succeeded")
    harness.wait_for(lambda: ttl(lab) == 3, "the TTL is what it was")
    texts = [one["text"] for one in lab.daemon.json("history", "--record", RECORD)["history"]]
    assert f"{RECORD}: TTL 1 to 3 again" in texts


def test_an_abort_raises_the_ttl_after_a_kill_as_well(make_lab):
    lab = make_lab(ttl=30, plan={"steps": [50, 100], "hold": "500ms", "ttl": 1})
    lab.daemon.push(task_event(deployment=GREEN))
    lab.daemon.kill()
    lab.daemon.start()
    assert ttl(lab) == 1 and lab.daemon.rollout()["state"] == "preparing"
    lab.daemon.ctl("rollout", "abort", "cats")
    harness.wait_for(lambda: ttl(lab) == 30, "the TTL is what it was")
    lab.daemon.kill()
    lab.daemon.start()
    assert ttl(lab) == 30


def test_a_second_rollout_does_not_wait_for_a_ttl_that_is_low(make_lab):
    lab = make_lab(ttl=1, plan={"steps": [50, 100], "hold": "500ms", "ttl": 5})
    lab.daemon.push(task_event(deployment=GREEN))
    assert lab.daemon.rollout()["state"] == "holding"
    assert lab.daemon.weights() == {"blue": 50, "green": 50}


def test_an_abort_after_the_wait_for_the_old_ttl_restores_the_weights(make_lab):
    lab = make_lab(ttl=2, plan={"steps": [50, 100], "hold": "60s", "ttl": 1})
    lab.daemon.push(task_event(deployment=GREEN))
    lab.wait_state("holding")
    assert lab.daemon.weights() == {"blue": 50, "green": 50}
    lab.daemon.ctl("rollout", "abort", "cats")
    assert lab.daemon.weights() == {"blue": 100, "green": 0}
