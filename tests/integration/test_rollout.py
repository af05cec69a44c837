# SPDX-License-Identifier: BSD-2-Clause
"""Rollouts of the real daemon in real time, with short holds. What takes hours is tested in
simulated time (tests/sim)."""
import time

import pytest

import harness
from harness import task_event

GREEN = "ecs-svc/2000000000000000002"
NEXT = "ecs-svc/3000000000000000003"
BLUE = "ecs-svc/4000000000000000004"


def watch_weights(lab, until, seconds=30):
    """The distinct pairs of weights that were seen until the rollout is in that state."""
    seen = []
    deadline = time.monotonic() + seconds * harness.PATIENCE
    while time.monotonic() < deadline:
        weights = lab.daemon.weights()
        pair = (weights["blue"], weights["green"])
        if not seen or seen[-1] != pair:
            seen.append(pair)
        rollout = lab.daemon.rollout()
        if rollout and rollout["state"] == until:
            return seen
        time.sleep(0.01)
    raise AssertionError(f"not {until} in time: {seen}, {lab.daemon.rollout()}")


def test_an_event_starts_a_rollout_that_succeeds(make_lab):
    """The lab's main job: 10, 50, 100; the page is v2 before and v3 after."""
    lab = make_lab()
    assert lab.page() == "cats v2"
    assert lab.daemon.push(task_event(deployment=GREEN)) == ["started"]
    assert watch_weights(lab, "succeeded") == [(90, 10), (50, 50), (0, 100)]
    assert lab.page() == "cats v3"
    rollout = lab.daemon.rollout()
    assert rollout["candidate"] == "green" and rollout["stable"] == "blue"
    assert rollout["deployment"] == GREEN
    kinds = [one["kind"] for one in lab.daemon.json("rollout", "history", "cats")["history"]]
    assert kinds[0] == "started" and kinds[-1] == "succeeded" and kinds.count("shifted") >= 2


@pytest.mark.parametrize("step, weight", [(1, 10), (2, 50), (3, 100)])
def test_an_unhealthy_candidate_falls_back_at_once_in_each_hold(make_lab, step, weight):
    lab = make_lab(hold=f"{1500 * harness.PATIENCE}ms")
    lab.daemon.push(task_event(deployment=GREEN))
    lab.wait_step(step)
    assert lab.daemon.weights() == {"blue": 100 - weight, "green": weight}
    lab.green.healthy = False
    rollout = lab.wait_state("failed")
    assert lab.daemon.weights() == {"blue": 100, "green": 0}
    assert "New ECS service is not healthy!" in rollout["reason"] and "503" in rollout["reason"]
    assert rollout["step"] == step and lab.page() == "cats v2"


def start_unhealthy(lab):
    """ECS says RUNNING before the health check passes."""
    lab.green.healthy = False
    harness.wait_for(lambda: lab.daemon.call("status")["health"]["unhealthy"] == 1, "unhealthy")
    assert lab.daemon.push(task_event(deployment=GREEN)) == ["started"]
    assert lab.daemon.weights() == {"blue": 90, "green": 10}
    assert {lab.page() for _ in range(20)} == {"cats v2"}


def test_a_candidate_that_stays_unhealthy_falls_back_after_the_first_hold(make_lab):
    lab = make_lab()
    start_unhealthy(lab)
    rollout = lab.wait_state("failed")
    assert rollout["step"] == 1 and rollout["hold_left_ms"] == 0
    assert lab.daemon.weights() == {"blue": 100, "green": 0}
    assert lab.page() == "cats v2"


def test_a_candidate_that_was_unhealthy_before_has_the_first_hold_to_recover(make_lab):
    lab = make_lab(hold=f"{5 * harness.PATIENCE}s")
    start_unhealthy(lab)
    lab.blue.healthy = False  # a verdict that changes has everybody look again
    harness.wait_for(lambda: lab.daemon.call("status")["health"]["unhealthy"] == 2, "both")
    lab.blue.healthy = lab.green.healthy = True
    lab.wait_healthy()
    assert lab.daemon.rollout()["state"] == "holding"
    lab.green.healthy = False  # from here on it is watched
    lab.wait_state("failed")
    assert lab.daemon.weights() == {"blue": 100, "green": 0}


def test_roles_turn_after_success(make_lab):
    lab = make_lab(hold="100ms")
    lab.daemon.push(task_event(deployment=GREEN))
    lab.wait_state("succeeded")
    # green is live now: its next deployment is no canary, blue's is
    assert lab.daemon.push(task_event(deployment=NEXT, task=7)) == ["live"]
    assert lab.daemon.weights() == {"blue": 0, "green": 100}
    assert lab.daemon.push(task_event("cats", BLUE, task=8, created="2026-11-23T17:00:00Z")) == [
        "started"]
    harness.wait_for(lambda: lab.daemon.rollout()["candidate"] == "blue", "blue is the candidate")
    lab.wait_state("succeeded")
    assert lab.daemon.weights() == {"blue": 100, "green": 0} and lab.page() == "cats v2"


def test_a_deployment_of_the_live_service_shifts_nothing(make_lab):
    lab = make_lab()
    assert lab.daemon.push(task_event("cats", BLUE)) == ["live"]
    assert lab.daemon.rollout() is None
    assert lab.daemon.weights() == {"blue": 100, "green": 0}


def test_a_newer_deployment_of_the_candidate_supersedes(make_lab):
    lab = make_lab(hold="30s")
    lab.daemon.push(task_event(deployment=GREEN))
    first = lab.daemon.rollout()
    fates = lab.daemon.push(task_event(deployment=NEXT, task=9, created="2026-11-23T18:00:00Z"))
    assert len(fates) == 1 and fates[0].startswith("superseded"), fates
    second = lab.daemon.rollout()
    assert second["id"] != first["id"] and second["deployment"] == NEXT and second["step"] == 1
    shown = lab.daemon.json("rollout", "show", str(first["id"]))["rollout"]
    assert shown["state"] == "superseded"
    assert lab.daemon.weights() == {"blue": 90, "green": 10}


def test_an_older_deployment_does_not_supersede(make_lab):
    lab = make_lab(hold="30s")
    lab.daemon.push(task_event(deployment=NEXT, created="2026-11-23T18:00:00Z"))
    assert lab.daemon.push(task_event(deployment=GREEN, task=2,
                                      created="2026-11-23T17:00:00Z")) == ["older"]
    assert lab.daemon.rollout()["deployment"] == NEXT


def test_pause_stops_the_clock_and_resume_lets_it_run(make_lab):
    lab = make_lab(hold="800ms")
    lab.daemon.push(task_event(deployment=GREEN))
    lab.daemon.ctl("rollout", "pause", "cats")
    paused = lab.daemon.rollout()
    assert paused["state"] == "paused"
    time.sleep(1.2)  # longer than the hold: the time itself is what is tested
    still = lab.daemon.rollout()
    assert still["step"] == paused["step"] and still["hold_left_ms"] == paused["hold_left_ms"]
    assert "paused" in lab.daemon.ctl("rollout", "pause", "cats", status=1).stderr
    lab.daemon.ctl("rollout", "resume", "cats")
    assert lab.daemon.rollout()["hold_left_ms"] <= paused["hold_left_ms"]
    lab.wait_state("succeeded")


def test_a_paused_rollout_still_falls_back(make_lab):
    lab = make_lab(hold="30s")
    lab.daemon.push(task_event(deployment=GREEN))
    lab.daemon.ctl("rollout", "pause", "cats")
    lab.green.healthy = False
    lab.wait_state("failed")
    assert lab.daemon.weights() == {"blue": 100, "green": 0}


def test_promote_finishes_now(make_lab):
    lab = make_lab(hold="30s")
    lab.daemon.push(task_event(deployment=GREEN))
    lab.daemon.ctl("rollout", "promote", "cats")
    lab.wait_state("succeeded")
    assert lab.daemon.weights() == {"blue": 0, "green": 100}


def test_abort_restores_the_weights_of_before(make_lab):
    lab = make_lab(hold="30s")
    lab.daemon.set_weights("www.catsndogs.lol", "A", "blue=77", "green=3")
    lab.daemon.push(task_event(deployment=GREEN))
    assert lab.daemon.weights() == {"blue": 90, "green": 10}
    lab.daemon.ctl("rollout", "abort", "cats")
    assert lab.wait_state("aborted")
    assert lab.daemon.weights() == {"blue": 77, "green": 3}


def test_abort_with_nothing_running_is_a_reported_no_op(make_lab):
    lab = make_lab()
    before = lab.daemon.weights()
    done = lab.daemon.json("rollout", "abort", "cats")
    assert done["rollout"] is None and done["message"]
    assert "no" in lab.daemon.ctl("rollout", "abort", "cats").stdout.lower()
    assert lab.daemon.weights() == before


def test_start_by_hand_and_refused_twice(make_lab):
    lab = make_lab(hold="30s")
    lab.daemon.ctl("rollout", "start", "cats")
    assert lab.daemon.rollout()["candidate"] == "green"
    assert "running" in lab.daemon.ctl("rollout", "start", "cats", status=1).stderr
    assert lab.daemon.weights() == {"blue": 90, "green": 10}


@pytest.mark.parametrize("arguments", [
    ["start", "nope"], ["start", "cats", "--candidate", "red"], ["start", "cats", "--candidate",
                                                                 "blue"],
    ["pause", "cats"], ["resume", "cats"], ["promote", "cats"], ["pause", "nope"],
    ["abort", "nope"], ["show", "nope"], ["show", "999"]])
def test_what_makes_no_sense_is_refused_with_a_reason(idle_lab, arguments):
    done = idle_lab.daemon.ctl("rollout", *arguments, status=1)
    assert len(done.stderr.strip()) > 10 and done.stdout == ""
    assert idle_lab.daemon.weights() == {"blue": 100, "green": 0}


@pytest.fixture(scope="module")
def idle_lab(request):
    lab = harness.Lab()
    request.addfinalizer(lab.close)
    return lab.start()


def test_min_running_waits_for_more_tasks(make_lab):
    lab = make_lab(min_running=3)
    assert lab.daemon.push(task_event(deployment=GREEN, task=1),
                           task_event(deployment=GREEN, task=2)) == ["waiting for more tasks"] * 2
    assert lab.daemon.rollout() is None
    assert lab.daemon.push(task_event(deployment=GREEN, task=3)) == ["started"]


def test_two_record_sets_move_together(keep):
    lab = harness.Lab(hold="300ms")
    rule = lab.daemon.config["rollouts"][0]
    del rule["record_set"]
    rule["record_sets"] = ["www.catsndogs.lol/A", "www.catsndogs.lol/AAAA"]
    lab.daemon.config["record_sets"].append(harness.record_set(
        [harness.member("blue", 100, "2001:db8::2", ecs_service="cats"),
         harness.member("green", 0, "2001:db8::3", ecs_service="cats-green")], kind="AAAA"))
    keep(lab).start()
    lab.daemon.push(task_event(deployment=GREEN))
    lab.wait_state("succeeded")
    assert lab.daemon.weights(kind="AAAA") == {"blue": 0, "green": 100}
    assert lab.daemon.weights() == {"blue": 0, "green": 100}


def test_watch_prints_plain_lines_without_a_terminal(make_lab):
    lab = make_lab(hold="300ms")
    lab.daemon.push(task_event(deployment=GREEN))
    shown = lab.daemon.ctl("rollout", "watch", "cats").stdout
    assert "\x1b" not in shown
    assert "green" in shown and "100" in shown and "succeeded" in shown


def test_watch_of_a_failure_says_so(make_lab):
    lab = make_lab(hold="30s")
    lab.daemon.push(task_event(deployment=GREEN))
    lab.green.healthy = False
    done = lab.daemon.ctl("rollout", "watch", "cats", status=None)
    assert "failed" in done.stdout and "not healthy" in done.stdout


def test_a_start_by_hand_does_not_forget_how_new_a_deployment_was(make_lab):
    """What is in memory is what a restart reads: both know the newest deployment."""
    lab = make_lab(hold="60s")
    lab.daemon.push(task_event(deployment=GREEN, created="2026-11-23T15:00:00Z"))
    lab.daemon.call("rollout abort", "cats")
    lab.daemon.call("rollout start", "cats")
    assert lab.daemon.push(task_event(deployment=NEXT, task=2,
                                      created="2026-11-23T14:00:00Z")) == ["older"]


def test_the_history_of_a_record_set_has_its_own_lines_and_its_rollouts(make_daemon):
    kinds = {"A": ["127.0.0.2", "127.0.0.3"], "AAAA": ["::2", "::3"]}
    daemon = make_daemon({
        "record_sets": [harness.record_set([harness.member("blue", 100, values[0]),
                                            harness.member("green", 0, values[1])], kind=kind)
                        for kind, values in kinds.items()],
        "rollouts": [{"name": "cats", "record_set": "www.catsndogs.lol/AAAA", "cluster": "c",
                      "plan": {"hold": "0ms", "allow_short_hold": True}}],
    })
    daemon.set_weights("www.catsndogs.lol", "A", "green=3")
    daemon.set_weights("www.catsndogs.lol", "AAAA", "green=4")
    daemon.call("health force", "www.catsndogs.lol/AAAA/green", "up")
    daemon.call("rollout start", "cats")

    def lines(which):
        found = daemon.json("history", "--record", which)["history"]
        return [(one["kind"], one["text"].split(":")[0]) for one in found]

    assert lines("www.catsndogs.lol/A") == [("weights", "www.catsndogs.lol/A")]
    six = lines("WWW.catsndogs.lol./aaaa")
    assert six[:2] == [("weights", "www.catsndogs.lol/AAAA"),
                       ("health", "www.catsndogs.lol/AAAA/green")]
    assert six[2][0] == "started"
    refused = daemon.ctl("history", "--record", "nope/A", status=1)
    assert "nope/A" in refused.stderr and "www.catsndogs.lol/AAAA" in refused.stderr


def test_a_plan_without_a_hold_does_not_wait(make_daemon):
    daemon = make_daemon({
        "record_sets": [harness.record_set(harness.two_members())],
        "rollouts": [{"name": "cats", "record_set": "www.catsndogs.lol/A", "cluster": "c",
                      "plan": {"hold": "0ms", "allow_short_hold": True}}],
    })
    begun = time.monotonic()
    for _ in range(6):
        daemon.call("rollout start", "cats")
        harness.wait_for(lambda: daemon.rollout()["state"] == "succeeded", "it succeeds")
    assert time.monotonic() - begun < 3 * harness.PATIENCE
