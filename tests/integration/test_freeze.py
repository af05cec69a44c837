# SPDX-License-Identifier: BSD-2-Clause
"""A freeze of all rollouts, and the history of what was done to weights."""
import harness
from harness import task_event

GREEN = "ecs-svc/2000000000000000002"
RECORD = "www.catsndogs.lol/A"


def frozen(lab):
    return lab.daemon.json("status")["frozen"]


def wait_frozen(lab):
    """The hold is over, and the rollout waits for the thaw."""
    def is_waiting():
        rollout = lab.daemon.rollout()
        return rollout["hold_left_ms"] == 0 and "frozen since" in rollout["reason"]
    harness.wait_for(is_waiting, "the rollout waits")


def test_a_frozen_rollout_takes_no_step_until_the_thaw(make_lab):
    lab = make_lab()
    lab.daemon.push(task_event(deployment=GREEN))
    done = lab.daemon.json("rollout", "freeze", "black friday")["frozen"]
    assert done["reason"] == "black friday" and done["who"].startswith("uid ")
    wait_frozen(lab)
    assert "black friday" in lab.daemon.rollout()["reason"]
    assert "black friday" in lab.daemon.ctl("status").stdout
    assert "black friday" in lab.daemon.ctl("rollout", "promote", "cats", status=1).stderr
    assert lab.daemon.weights() == {"blue": 90, "green": 10}
    assert lab.daemon.ctl("rollout", "thaw", "it is over").stdout == "rollouts go on\n"
    lab.wait_state("succeeded")
    kinds = [(one["kind"], one["text"]) for one in lab.daemon.json("history")["history"]]
    assert ("frozen", "all rollouts: black friday") in kinds
    assert ("thawed", "all rollouts: it is over") in kinds
    assert frozen(lab) is None


def test_a_freeze_is_kept_over_a_kill(make_lab):
    lab = make_lab()
    lab.daemon.push(task_event(deployment=GREEN))
    lab.daemon.ctl("rollout", "freeze", "night")
    wait_frozen(lab)
    before = frozen(lab)
    lab.daemon.kill()
    lab.daemon.start()
    assert frozen(lab) == before
    wait_frozen(lab)
    assert lab.daemon.weights() == {"blue": 90, "green": 10}
    lab.daemon.ctl("rollout", "thaw", "morning")
    lab.wait_state("succeeded")


def test_what_is_safer_goes_through_a_freeze(make_lab):
    lab = make_lab()
    lab.daemon.push(task_event(deployment=GREEN))
    lab.daemon.ctl("rollout", "freeze", "night")
    wait_frozen(lab)
    lab.green.healthy = False
    lab.wait_state("failed")
    assert lab.daemon.weights() == {"blue": 100, "green": 0}
    lab.daemon.set_weights("www.catsndogs.lol", "A", "blue=60", "green=40")
    assert lab.daemon.weights() == {"blue": 60, "green": 40}


def test_an_abort_goes_through_a_freeze(make_lab):
    lab = make_lab(hold="30s")
    lab.daemon.push(task_event(deployment=GREEN))
    lab.daemon.ctl("rollout", "freeze", "night")
    lab.daemon.ctl("rollout", "abort", "cats")
    assert lab.daemon.weights() == {"blue": 100, "green": 0}


def test_nothing_begins_during_a_freeze(make_lab):
    lab = make_lab()
    lab.daemon.ctl("rollout", "freeze", "night")
    assert "night" in lab.daemon.ctl("rollout", "start", "cats", status=1).stderr
    assert lab.daemon.push(task_event(deployment=GREEN)) == ["refused"]
    assert "night" in lab.daemon.json("event", "log")["events"][-1]["reason"]
    assert lab.daemon.weights() == {"blue": 100, "green": 0}
    assert "night" in lab.daemon.ctl("rollout", "freeze", "day", status=1).stderr
    lab.daemon.ctl("rollout", "thaw", "morning")
    assert "not frozen" in lab.daemon.ctl("rollout", "thaw", "morning", status=1).stderr
    assert "reason: expected" in lab.daemon.ctl("rollout", "freeze", "", status=1).stderr
    # The deployment was not used up: its next task starts the rollout.
    assert lab.daemon.push(task_event(deployment=GREEN, task=2)) == ["started"]


def changes(lab, *options):
    lines = lab.daemon.json("history", "--record", RECORD, *options)["history"]
    return [(one["kind"], change["before"], change["after"]) for one in lines
            for change in one["weights"] if change["record_set"] == RECORD]


def test_every_change_of_weights_is_a_row_with_before_and_after(make_lab):
    lab = make_lab()
    lab.daemon.set_weights("www.catsndogs.lol", "A", "blue=77", "green=3")
    lab.daemon.push(task_event(deployment=GREEN))
    lab.wait_state("succeeded")
    rows = changes(lab, "--since", "1h")
    assert rows[0] == ("weights", {"blue": 100, "green": 0}, {"blue": 77, "green": 3})
    assert [after["green"] for _, _, after in rows] == [3, 10, 50, 100]
    for (_, _, after), (_, before, _) in zip(rows, rows[1:]):
        assert before == after
    assert rows[-1][2] == lab.daemon.weights()
    assert "blue=50 green=50 -> blue=0 green=100" in lab.daemon.ctl("history").stdout
    started = lab.daemon.json("rollout", "show", "cats")["history"][0]
    assert started["who"].startswith("event ") and started["weights"][0]["after"]["green"] == 10


def test_history_since_a_time(make_lab):
    lab = make_lab()
    lab.daemon.set_weights("www.catsndogs.lol", "A", "green=3")
    assert len(changes(lab, "--since", "2020-01-01T00:00:00Z")) == 1
    assert changes(lab, "--since", "2100-01-01T00:00:00Z") == []
    assert changes(lab, "--since", "0s") == []
    refused = lab.daemon.ctl("history", "--since", "yesterday", status=1).stderr
    assert "--since yesterday: expected a duration (90m) or a time" in refused
