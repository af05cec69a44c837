# SPDX-License-Identifier: BSD-2-Clause
"""kill -9 at many points of a rollout, then a start: weights, rollout and what is left of the hold
are right. A state file that is damaged or newer is refused and left as it was."""
import json
import shutil
import sqlite3
import threading
import time

import pytest

import harness
from harness import task_event

GREEN = "ecs-svc/2000000000000000002"
STEPS = {1: (90, 10), 2: (50, 50), 3: (0, 100)}


def pair(lab):
    weights = lab.daemon.weights()
    return weights["blue"], weights["green"]


def restart(lab):
    lab.daemon.kill()
    lab.daemon.start()


def check_state(lab):
    """Whatever the moment was: weights and rollout fit each other, and the answers fit both."""
    rollout = lab.daemon.rollout()
    weights = pair(lab)
    if rollout is None:
        assert weights == (100, 0)
    elif rollout["state"] in ("holding", "paused"):
        # it may move on between the two questions; then ask again
        if weights != STEPS[rollout["step"]]:
            rollout = lab.daemon.rollout()
            weights = pair(lab)
        assert weights == STEPS[rollout["step"]], rollout
    elif rollout["state"] == "succeeded":
        assert weights == (0, 100)
    elif rollout["state"] == "failed":
        assert weights == (100, 0)
    return rollout


@pytest.mark.parametrize("step", [1, 2, 3])
@pytest.mark.parametrize("share_of_hold", [0.0, 0.5])
def test_killed_in_a_hold_it_goes_on_where_it_was(make_lab, step, share_of_hold):
    hold = 2.0 * harness.PATIENCE
    lab = make_lab(hold=f"{int(hold * 1000)}ms")
    lab.daemon.push(task_event(deployment=GREEN))
    before = lab.wait_step(step, 30)
    if share_of_hold:
        before = harness.wait_for(
            lambda: (lambda one: one if one["hold_left_ms"] < hold * 1000 * (1 - share_of_hold)
                     else None)(lab.daemon.rollout()), "half of the hold has passed")
    lab.daemon.kill()
    lab.daemon.start()
    after = lab.daemon.rollout()
    assert after["id"] == before["id"] and after["state"] == "holding"
    assert after["step"] == before["step"] == step and pair(lab) == STEPS[step]
    # the clock neither starts again nor jumps
    assert after["hold_left_ms"] <= before["hold_left_ms"]
    lab.wait_state("succeeded", 30)
    assert pair(lab) == (0, 100)
    assert lab.page() == "cats v3"


def test_killed_at_any_moment_the_state_is_whole(make_lab):
    """Twenty kills spread over rollouts, the moments not chosen: the same deployment never starts
    twice, and every state after a start is one of the plan's."""
    lab = make_lab(hold="150ms")
    started = 0
    for turn in range(20):
        deployment = f"ecs-svc/5{turn // 2:03}"
        service = "cats-green" if pair(lab)[1] == 0 else "cats"
        pusher = threading.Thread(target=push_quietly, args=(lab.daemon, [task_event(
            service, deployment, task=1000 + turn, created=f"2026-11-23T{turn // 2:02}:00:00Z")]))
        pusher.start()
        time.sleep(0.03 * turn)  # another moment each turn
        lab.daemon.kill()
        pusher.join()
        lab.daemon.start()
        rollout = lab.daemon.rollout()
        if rollout is not None:
            by_deployment = {}
            history = lab.daemon.call("history")["history"]
            for one in history:
                if one["kind"] == "started":
                    by_deployment.setdefault(one["rollout"], 0)
                    by_deployment[one["rollout"]] += 1
            assert all(count == 1 for count in by_deployment.values())
            started = len(by_deployment)
        weights = pair(lab)
        assert sum(weights) == 100 and min(weights) in (0, 10, 50), weights
        harness.wait_for(lambda: (lab.daemon.rollout() or {"state": "none"})["state"] not in
                         ("holding", "paused"), "the rollout ends", 20)
    assert started > 3


def push_quietly(daemon, events):
    try:
        daemon.push(*events)
    except (OSError, AssertionError, ValueError):
        pass  # killed meanwhile


@pytest.mark.parametrize("step", [1, 2, 3])
def test_killed_right_after_a_shift_is_seen(make_lab, step):
    """As soon as one answer shows the new weights, they are in the journal."""
    lab = make_lab(hold="500ms")
    lab.daemon.push(task_event(deployment=GREEN))
    harness.wait_for(lambda: pair(lab) == STEPS[step], f"the weights of step {step}", 30)
    restart(lab)
    rollout = check_state(lab)
    assert rollout["step"] >= step


def test_killed_while_it_falls_back(make_lab):
    lab = make_lab(hold="30s")
    lab.daemon.push(task_event(deployment=GREEN))
    lab.green.healthy = False
    harness.wait_for(lambda: lab.daemon.addresses() and pair(lab) == (100, 0), "fell back")
    restart(lab)
    assert lab.daemon.rollout()["state"] == "failed" and pair(lab) == (100, 0)


def test_killed_while_paused_it_stays_paused(make_lab):
    lab = make_lab(hold="30s")
    lab.daemon.push(task_event(deployment=GREEN))
    lab.daemon.ctl("rollout", "pause", "cats")
    before = lab.daemon.rollout()
    restart(lab)
    after = lab.daemon.rollout()
    assert after["state"] == "paused" and after["hold_left_ms"] == before["hold_left_ms"]


def test_killed_after_abort_the_weights_of_before_are_back(make_lab):
    lab = make_lab(hold="30s")
    lab.daemon.set_weights("www.catsndogs.lol", "A", "blue=60", "green=1")
    lab.daemon.push(task_event(deployment=GREEN))
    restart(lab)
    lab.daemon.ctl("rollout", "abort", "cats")
    restart(lab)
    assert pair(lab) == (60, 1) and lab.daemon.rollout()["state"] == "aborted"


def test_unhealthy_while_the_daemon_was_down_falls_back(make_lab):
    lab = make_lab(hold="1s")
    lab.daemon.push(task_event(deployment=GREEN))
    lab.daemon.kill()
    lab.green.healthy = False
    lab.daemon.start()
    lab.wait_state("failed")
    assert pair(lab) == (100, 0)


def test_killed_during_an_event_push_nothing_counts_twice(make_lab):
    lab = make_lab(hold="30s")
    events = [task_event(deployment=GREEN, task=number) for number in range(400)]
    for delay in (0.0, 0.005, 0.02, 0.05):
        pusher = threading.Thread(target=push_quietly, args=(lab.daemon, events))
        pusher.start()
        time.sleep(delay)
        lab.daemon.kill()
        pusher.join()
        lab.daemon.start()
    fates = lab.daemon.push(*events)
    log = lab.daemon.call("event log")
    assert sum(log["counters"].values()) == log["received"] >= 400
    assert log["counters"]["started"] == 1 and len(fates) == 400
    assert pair(lab) == (90, 10)


def test_weights_are_kept_when_killed_at_once(make_daemon):
    daemon = make_daemon({"record_sets": [harness.record_set(harness.two_members())]})
    for weight in range(0, 100, 7):
        daemon.set_weights("www.catsndogs.lol", "A", f"blue={100 - weight}", f"green={weight}")
        daemon.kill()
        daemon.start()
        assert daemon.weights() == {"blue": 100 - weight, "green": weight}


def test_forced_health_is_kept(make_lab):
    lab = make_lab()
    lab.daemon.ctl("health", "force", "www.catsndogs.lol/A/blue", "down")
    assert lab.daemon.addresses() == ["127.0.0.3"]
    restart(lab)
    assert lab.daemon.addresses() == ["127.0.0.3"]
    lab.daemon.ctl("health", "force", "www.catsndogs.lol/A/blue", "auto")
    lab.wait_healthy()
    assert lab.daemon.addresses() == ["127.0.0.2"]


def damage_header(path):
    octets = bytearray(path.read_bytes())
    octets[0:16] = b"this is no state"
    path.write_bytes(octets)


def damage_page(path):
    octets = bytearray(path.read_bytes())
    size = int.from_bytes(octets[16:18], "big")
    for at in range(size, len(octets)):
        octets[at] ^= 0x5a
    path.write_bytes(octets)


def cut_short(path):
    octets = path.read_bytes()
    path.write_bytes(octets[:len(octets) // 2 + 7])


def text_file(path):
    path.write_bytes(b"not a database, and nobody's business\n" * 20)


def newer(path):
    connection = sqlite3.connect(path)
    version, = connection.execute("PRAGMA user_version").fetchone()
    connection.execute(f"PRAGMA user_version = {version + 1}")
    connection.commit()
    connection.close()


def somebody_elses(path):
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE cats (name TEXT)")
    connection.execute("INSERT INTO cats VALUES ('Tom')")
    connection.commit()
    connection.close()


@pytest.mark.parametrize("damage", [damage_header, damage_page, cut_short, text_file, newer,
                                    somebody_elses])
def test_a_bad_state_file_is_refused_and_left_as_it_was(make_daemon, damage):
    daemon = make_daemon({"record_sets": [harness.record_set(harness.two_members())]})
    daemon.set_weights("www.catsndogs.lol", "A", "blue=1", "green=2")
    daemon.stop()
    damage(daemon.state_path)
    before = {path.name: path.read_bytes() for path in daemon.folder.glob("ballast.db*")}
    daemon.launch()
    assert daemon.process.wait(20 * harness.PATIENCE) == 1
    daemon.process = None
    after = {path.name: path.read_bytes() for path in daemon.folder.glob("ballast.db*")}
    assert after == before
    last = daemon.logs[-1].read_text()
    assert "ballast.db" in last, last


def test_a_second_daemon_is_refused(make_lab):
    lab = make_lab()
    other = harness.Daemon(json.loads(json.dumps(lab.daemon.config)))
    other.config["server"]["listen"] = [f"127.0.0.1@{other.port}"]
    other.config["control"]["state"] = str(lab.daemon.state_path)
    try:
        other.launch()
        assert other.process.wait(20 * harness.PATIENCE) == 1
        other.process = None
        assert "ballast.db" in other.log()
        other.config["control"].update(state="own.db", socket=str(lab.daemon.socket_path))
        other.launch()
        assert other.process.wait(20 * harness.PATIENCE) == 1
        other.process = None
        assert "ballast.sock" in other.log()
    finally:
        other.kill()
        shutil.rmtree(other.folder)
    assert lab.daemon.addresses() == ["127.0.0.2"] and lab.daemon.call("status")


def test_a_busy_port_is_named(make_daemon):
    first = make_daemon()
    second = harness.Daemon()
    second.config["server"]["listen"] = [f"127.0.0.1@{first.port}"]
    try:
        second.launch()
        assert second.process.wait(20 * harness.PATIENCE) == 1
        second.process = None
        assert f"127.0.0.1@{first.port}" in second.log()
    finally:
        second.kill()
        shutil.rmtree(second.folder)


def test_what_the_state_file_has_and_the_configuration_has_not_is_said(make_lab):
    """An edited configuration does not move weights, nor forget a rollout without a word."""
    lab = make_lab(hold="60s")
    daemon = lab.daemon
    daemon.push(task_event(deployment=GREEN))
    daemon.stop()
    del daemon.config["rollouts"]
    daemon.start()
    assert daemon.weights() == {"blue": 90, "green": 10}
    log = daemon.logs[-1].read_text()
    assert "warning rollout cats #1: left at weight 10 (blue to green)" in log
    assert "www.catsndogs.lol/A: weights are as last set, not as configured: blue=90 green=10" in log
