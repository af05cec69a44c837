# SPDX-License-Identifier: BSD-2-Clause
"""Receivers are told what becomes of rollouts: in order, at least once, and nobody waits for them."""
import hashlib
import hmac
import json
import re
import stat
import time

import pytest

import harness
from harness import task_event

GREEN = "ecs-svc/2000000000000000002"
SECRET = "0123456789abcdef"


@pytest.fixture
def receiver():
    double = harness.Receiver()
    yield double
    double.close()


def lab_with(make_lab, *notify, hold="200ms", **more):
    lab = make_lab(steps=(50, 100), hold=hold, **more)
    lab.daemon.kill()
    lab.daemon.config["notify"] = list(notify)
    lab.daemon.write_config()
    return lab.start()


def notices(lab):
    return lab.daemon.json("notify", "list")["notices"]


def test_each_change_is_told_in_order_and_signed(make_lab, receiver, tmp_path):
    (tmp_path / "secret").write_text(SECRET + "\n")
    lab = lab_with(make_lab, {"name": "ops", "type": "webhook", "url": receiver.url,
                              "secret_file": str(tmp_path / "secret")})
    lab.daemon.push(task_event(deployment=GREEN))
    lab.wait_state("succeeded")
    harness.wait_for(lambda: "succeeded" in receiver.events(), "it is told")
    assert receiver.events() == ["started", "shifted", "succeeded"]
    last = receiver.told[-1]
    assert last["rollout"]["rule"] == "cats" and last["rollout"]["weight"] == 100
    assert last["rollout"]["record_sets"] == ["www.catsndogs.lol/A"]
    headers, body = receiver.requests[0]
    at, digest = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", headers["Ballast-Signature"]).groups()
    signed = hmac.new(SECRET.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert signed == digest and abs(int(at) - time.time()) < 60
    assert notices(lab) == []


def test_only_what_was_asked_for_is_told(make_lab, receiver):
    lab = lab_with(make_lab, {"name": "ops", "type": "slack", "url": receiver.url,
                              "on": ["succeeded", "frozen"], "rollouts": ["cats"]})
    lab.daemon.ctl("rollout", "freeze", "sale <now>")
    lab.daemon.ctl("rollout", "thaw", "over")
    lab.daemon.push(task_event(deployment=GREEN))
    lab.wait_state("succeeded")
    harness.wait_for(lambda: len(receiver.told) == 2, "it is told")
    assert receiver.told[0] == {"text": "frozen: all rollouts: sale &lt;now&gt;"}
    assert receiver.told[1]["text"].startswith("*cats* #1 succeeded: ")


def test_a_receiver_that_was_away_is_told_after_a_kill(make_lab, receiver):
    port = receiver.port
    receiver.close()
    lab = lab_with(make_lab, {"name": "ops", "type": "webhook",
                              "url": f"http://127.0.0.1:{port}/told"})
    lab.daemon.push(task_event(deployment=GREEN))
    lab.wait_state("succeeded")
    waiting = notices(lab)
    assert [one["event"] for one in waiting] == ["started", "shifted", "succeeded"]
    assert {one["state"] for one in waiting} == {"pending"}
    lab.daemon.kill()
    back = harness.Receiver(port)
    try:
        lab.daemon.start()
        harness.wait_for(lambda: "succeeded" in back.events(), "it is told", 30)
        assert back.events() == ["started", "shifted", "succeeded"]
    finally:
        back.close()


def test_what_cannot_be_told_is_kept_and_can_be_told_again(make_lab, receiver):
    receiver.status = 500
    lab = lab_with(make_lab, {"name": "ops", "type": "webhook", "url": receiver.url, "retries": 0,
                              "on": ["succeeded"]})
    lab.daemon.push(task_event(deployment=GREEN))
    harness.wait_for(lambda: [one["state"] for one in notices(lab)] == ["dead"], "it is given up")
    dead = notices(lab)[0]
    assert dead["error"] == "HTTP 500" and dead["attempts"] == 1
    assert "HTTP 500" in lab.daemon.ctl("notify", "list").stdout
    assert "no such notice" in lab.daemon.ctl("notify", "retry", "99", status=1).stderr
    receiver.status = 200
    lab.daemon.ctl("notify", "retry", dead["id"])
    harness.wait_for(lambda: notices(lab) == [], "it is told")
    assert receiver.events() == ["succeeded", "succeeded"]


def test_what_is_dropped_is_told_nobody(make_lab, receiver):
    receiver.status = 500
    lab = lab_with(make_lab, {"name": "ops", "type": "webhook", "url": receiver.url, "retries": 0,
                              "on": ["succeeded"]})
    lab.daemon.push(task_event(deployment=GREEN))
    harness.wait_for(lambda: [one["state"] for one in notices(lab)] == ["dead"], "it is given up")
    lab.daemon.ctl("notify", "drop", notices(lab)[0]["id"])
    assert notices(lab) == [] and len(receiver.told) == 1


def test_a_receiver_that_hangs_delays_neither_rollouts_nor_others(make_lab, receiver):
    hanging = harness.Receiver(status=None)
    try:
        lab = lab_with(make_lab,
                       {"name": "slow", "type": "webhook", "url": hanging.url, "timeout": "60s"},
                       {"name": "ops", "type": "webhook", "url": receiver.url})
        lab.daemon.push(task_event(deployment=GREEN))
        lab.wait_state("succeeded")
        harness.wait_for(lambda: "succeeded" in receiver.events(), "the other is told")
        assert hanging.events() == ["started"]
    finally:
        hanging.close()


def script(tmp_path, text):
    path = tmp_path / "hook"
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_a_command_is_told(make_lab, tmp_path):
    out = tmp_path / "told"
    hook = script(tmp_path, f'echo "$1 $BALLAST_EVENT $BALLAST_RULE $BALLAST_ROLLOUT" >>{out}\n'
                            f'cat >>{out}\necho >>{out}\n')
    lab = lab_with(make_lab, {"name": "hook", "type": "exec", "command": [hook, "a b; c"],
                              "on": ["succeeded"]})
    lab.daemon.push(task_event(deployment=GREEN))
    lab.wait_state("succeeded")
    harness.wait_for(lambda: out.exists() and out.read_text().count("\n") == 2, "it is told")
    first, second = out.read_text().splitlines()
    assert first == "a b; c succeeded cats 1"
    assert json.loads(second)["event"] == "succeeded"


@pytest.mark.parametrize("text, error", [
    ("exit 3\n", "exit status 3"), ("kill -9 $$\n", "ended by signal 9"),
    ("sleep 600 &\nsleep 600\n", "timed out")])
def test_a_command_that_fails_or_hangs_is_given_up(make_lab, tmp_path, text, error):
    lab = lab_with(make_lab, {"name": "hook", "type": "exec", "command": [script(tmp_path, text)],
                              "on": ["started"], "retries": 0, "timeout": "300ms"})
    lab.daemon.push(task_event(deployment=GREEN))
    lab.wait_state("succeeded")
    harness.wait_for(lambda: [one["error"] for one in notices(lab)] == [error], "it is given up")


def test_log_lines_are_json_and_name_their_rollout(make_lab):
    lab = make_lab(steps=(50, 100), hold="200ms")
    lab.daemon.kill()
    lab.daemon.config["log"] = {"format": "json"}
    lab.daemon.config["notify"] = [{"name": "hook", "type": "exec", "command": ["/bin/false"],
                                    "on": ["started"], "retries": 0}]
    lab.daemon.write_config()
    before = len(lab.daemon.log())
    lab.start()
    lab.daemon.push(task_event(deployment=GREEN))
    lab.wait_state("succeeded")
    lines = [json.loads(one) for one in lab.daemon.log()[before:].splitlines()]
    assert lines and all({"at", "level", "message"} <= set(one) for one in lines)
    about = [one for one in lines if re.match("rollout cats #1|notify hook", one["message"])]
    assert any("was not told" in one["message"] for one in about)
    assert len(about) >= 3
    assert {(one["rule"], one["rollout"]) for one in about} == {("cats", 1)}
