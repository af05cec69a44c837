# SPDX-License-Identifier: BSD-2-Clause
"""ECS events by command line and by HTTP, and what becomes of each."""
import http.client
import json
import re
import socket

import pytest

import harness
from harness import task_event

TOKEN = "0123456789abcdef0123456789abcdef"
OTHER_CLUSTER = harness.CLUSTER.replace("catsndogs", "other")


@pytest.fixture
def lab(keep):
    one = harness.Lab(hold="30s")
    one.daemon.with_http(TOKEN)
    return keep(one).start()


def log_of(lab):
    return lab.daemon.json("event", "log")


def check_sums(lab, received):
    log = log_of(lab)
    assert log["received"] == received
    assert sum(log["counters"].values()) == received
    assert lab.daemon.call("status")["events"]["received"] == received


def test_one_event_from_a_file(lab):
    path = lab.daemon.folder / "event.json"
    path.write_text(json.dumps(task_event(), indent=2))
    shown = lab.daemon.json("event", "push", path)
    assert shown["received"] == 1 and shown["events"][0]["fate"] == "started"
    assert lab.daemon.rollout()["state"] == "holding"
    check_sums(lab, 1)


def test_what_push_shows_is_what_the_log_has_and_the_rollout_names_its_event(lab):
    event = task_event()
    shown = lab.daemon.json("event", "push", "-", stdin=json.dumps([event, task_event()]))
    assert shown["events"] == log_of(lab)["events"]
    assert [one["seq"] for one in shown["events"]] == [1, 2]
    who = lab.daemon.rollout()["who"]
    assert who.startswith(f"event {event['id']} from uid "), who


def test_an_array_and_lines_from_standard_input(lab):
    events = [task_event(task=number) for number in range(1, 4)]
    lab.daemon.ctl("event", "push", "-", stdin=json.dumps(events))
    lab.daemon.ctl("event", "push", "-",
                   stdin="".join(json.dumps(task_event(task=number)) + "\n"
                                 for number in range(4, 7)))
    check_sums(lab, 6)
    assert log_of(lab)["counters"] == {"started": 1, "already rolled out": 5}


def test_every_fate_has_a_reason(lab):
    pushes = [
        (task_event(service="cats-green", task=1), "started"),
        (task_event(task=1), "duplicate"),
        (task_event(task=1, version=2), "stale"),
        (task_event(task=1, version=4), "already rolled out"),
        (task_event(task=2), "already rolled out"),
        (task_event(task=3, cluster=OTHER_CLUSTER), "other cluster"),
        (task_event(task=4, service="dogs"), "other service"),
        (task_event(task=5, service="cats-greenish"), "other service"),
        (task_event(task=6, last="PENDING"), "not running"),
        (task_event(task=7, desired="STOPPED"), "not running"),
        (task_event(task=8, service="cats", deployment="ecs-svc/9"), "live"),
        (task_event(task=9, deployment="somebody"), "no deployment"),
        ({"source": "aws.ec2", "detail-type": "x", "detail": {}}, "other event"),
        ({"rubbish": True}, None),
    ]
    for event, fate in pushes:
        shown, = lab.daemon.call("event push", json.dumps(event))["events"]
        assert fate in (None, shown["fate"]), (event, shown)
        assert shown["reason"], shown
    check_sums(lab, len(pushes))
    assert len(log_of(lab)["events"]) == len(pushes)
    assert lab.daemon.weights() == {"blue": 90, "green": 10}


def test_a_container_filter_is_exact(keep):
    members = [
        harness.member("blue", 100, "127.0.0.2", ecs_service="cats", health_check="cats"),
        harness.member("green", 0, "127.0.0.3", ecs_service="cats-green", ecs_container="cats",
                       health_check="cats"),
    ]
    lab = keep(harness.Lab(members=members)).start()
    assert lab.daemon.push(task_event(task=1, container="cats-sidecar")) == ["other container"]
    assert lab.daemon.push(task_event(task=2, container="cats")) == ["started"]


def test_a_malformed_line_in_the_middle_is_reported_and_the_rest_done(lab):
    lines = [json.dumps(task_event(task=1)), '{"broken": ', json.dumps(task_event(task=2)), "[1]",
             json.dumps(task_event(task=3))]
    path = lab.daemon.folder / "events.jsonl"
    path.write_text("\n".join(lines) + "\n")
    done = lab.daemon.ctl("event", "push", path, status=None)
    assert done.returncode == 1 and "2" in done.stdout + done.stderr
    fates = [one["fate"] for one in log_of(lab)["events"]]
    assert fates[0] == "started" and fates.count("already rolled out") == 2, fates
    assert fates[1] == "malformed", fates
    check_sums(lab, len(fates))


def test_both_spellings_are_read(lab):
    event = task_event()
    entry = {"Source": event["source"], "DetailType": event["detail-type"],
             "Detail": json.dumps(event["detail"]), "Time": event["time"]}
    assert lab.daemon.push(entry) == ["started"]


def test_an_empty_file_and_no_file(lab):
    empty = lab.daemon.folder / "empty"
    empty.write_text("")
    lab.daemon.ctl("event", "push", empty, status=None)
    assert "missing" in lab.daemon.ctl("event", "push", lab.daemon.folder / "missing",
                                       status=1).stderr
    check_sums(lab, 0)


def post(lab, body, token=TOKEN, path="/api/v1/events", method="POST"):
    connection = http.client.HTTPConnection("127.0.0.1", lab.daemon.http_port, timeout=20)
    headers = {"Content-Type": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response.status, text


def test_http_takes_events_with_the_token(lab):
    status, text = post(lab, json.dumps(task_event()))
    assert status == 200, text
    assert json.loads(text)["events"][0]["fate"] == "started"
    assert lab.daemon.rollout()["state"] == "holding"


@pytest.mark.parametrize("token, statuses", [
    (None, {401}), ("", {401, 403}), ("wrong-token-wrong-token", {401, 403}),
    (TOKEN[:-1], {401, 403}), (TOKEN + "0", {401, 403})])
def test_http_refuses_without_the_token(lab, token, statuses):
    status, _ = post(lab, json.dumps(task_event()), token)
    assert status in statuses
    assert lab.daemon.rollout() is None
    check_sums(lab, 0)


def test_http_refuses_what_is_too_large_or_not_an_event(lab):
    status, _ = post(lab, "not json at all")
    assert status in (200, 400, 422)
    try:
        status, _ = post(lab, b" " * (64 << 20))
        assert status == 413
    except (ConnectionError, http.client.HTTPException):
        pass  # closed while it was still being sent
    assert post(lab, None, method="DELETE")[0] in (404, 405)
    assert post(lab, "{}", path="/api/v1/nothing")[0] == 404
    assert post(lab, None, token=None, path="/healthz", method="GET")[0] == 200
    assert lab.daemon.rollout() is None


def test_http_clients_that_never_finish_cost_nothing(lab):
    held = []
    for _ in range(12):  # 16 connections from one address are allowed
        one = socket.create_connection(("127.0.0.1", lab.daemon.http_port), timeout=10)
        one.sendall(b"POST /api/v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n")
        held.append(one)
    assert lab.daemon.addresses() and lab.daemon.call("status")
    assert post(lab, json.dumps(task_event()))[0] == 200
    for one in held:
        one.close()


def test_without_a_token_file_http_posts_are_refused(keep):
    lab = harness.Lab()
    lab.daemon.with_http(token=None)
    keep(lab).start()
    assert post(lab, json.dumps(task_event()), token="anything")[0] in (401, 403)


def test_a_thousand_duplicates_start_one_rollout(lab):
    events = [task_event(task=1 + number % 50, version=1 + number % 7) for number in range(1000)]
    fates = lab.daemon.push(*events)
    assert fates.count("started") == 1 and len(fates) == 1000
    check_sums(lab, 1000)


def test_a_file_of_thousands_keeps_nobody_waiting(lab):
    """Other requests are answered while the events are taken in, few at a time."""
    daemon = lab.daemon
    events = [task_event(service="nobodys", task=one) for one in range(3000)]
    pusher, reader = daemon.client(), daemon.client()
    pusher.send("event push", json.dumps(events))
    seen = {0}
    while max(seen) < len(events):
        seen.add(reader.call("status")["events"]["received"])
    assert len(seen) > 5, seen
    answer = pusher.receive()["result"]
    assert answer["received"] == len(events) == len(answer["events"])
    pusher.close()
    reader.close()


def test_a_stop_says_which_events_were_not_taken_in(lab):
    daemon = lab.daemon
    events = [task_event(service="nobodys", task=one) for one in range(8000)]
    pusher, reader = daemon.client(), daemon.client()
    pusher.send("event push", json.dumps(events))
    harness.wait_for(lambda: reader.call("status")["events"]["received"] > 0, "some are taken in")
    reader.call("stop")
    answer = pusher.receive()
    assert not answer["ok"], answer
    first = int(re.search(r"event (\d+) and those after it were not taken in", answer["error"])[1])
    pusher.close()
    reader.close()
    assert daemon.process.wait(20 * harness.PATIENCE) == 0
    daemon.start()
    assert daemon.call("status")["events"]["received"] == first - 1
