# SPDX-License-Identifier: BSD-2-Clause
"""Rollouts take steps in their windows only, and none in quiet hours; what is safer goes through."""
import time

import harness
from harness import task_event

GREEN = "ecs-svc/2000000000000000002"


def at(seconds_from_now):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds_from_now))


def held(lab, text):
    harness.wait_for(lambda: text in lab.daemon.rollout()["reason"], "the rollout waits")
    return lab.daemon.rollout()


def closed():
    """A window that is closed until long after this test."""
    return [{"begin": at(86400), "end": at(2 * 86400)}]


def test_an_event_outside_of_the_windows_is_not_lost(make_lab):
    lab = make_lab(windows=[{"begin": at(4), "end": at(3600)}], hold="200ms")
    lab.daemon.push(task_event(deployment=GREEN))
    rollout = held(lab, "no window of this rollout is open")
    assert rollout["state"] == "preparing" and rollout["weight"] == 0
    assert lab.daemon.weights() == {"blue": 100, "green": 0}
    lab.daemon.kill()
    lab.daemon.start()
    held(lab, "no window of this rollout is open")
    lab.wait_state("succeeded")
    assert lab.daemon.weights() == {"blue": 0, "green": 100}


def test_no_step_is_taken_outside_and_a_fall_back_is(make_lab):
    lab = make_lab(windows=closed())
    lab.daemon.push(task_event(deployment=GREEN))
    held(lab, "no window")
    assert "no window" in lab.daemon.ctl("rollout", "promote", "cats", status=1).stderr
    lab.green.healthy = False
    lab.wait_state("failed")
    assert lab.daemon.weights() == {"blue": 100, "green": 0}


def test_an_abort_goes_through(make_lab):
    lab = make_lab(windows=closed())
    lab.daemon.push(task_event(deployment=GREEN))
    held(lab, "no window")
    lab.daemon.ctl("rollout", "abort", "cats")
    assert lab.daemon.rollout()["state"] == "aborted"


def test_quiet_hours_hold_every_rollout(make_lab):
    lab = make_lab(roll=False)
    lab.daemon.kill()
    lab.daemon.config["rollouts"] = [{
        "name": "cats", "record_set": "www.catsndogs.lol/A", "cluster": "catsndogsECScluster",
        "plan": {"steps": [50, 100], "hold": "200ms", "allow_short_hold": True}}]
    lab.daemon.config["quiet_hours"] = [{"begin": at(-60), "end": at(4), "reason": "black friday"}]
    lab.daemon.write_config()
    lab.start()
    lab.daemon.push(task_event(deployment=GREEN))
    assert "black friday" in held(lab, "quiet hours")["reason"]
    lab.wait_state("succeeded")
