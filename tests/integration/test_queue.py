# SPDX-License-Identifier: BSD-2-Clause
"""Events from SQS: ballastd polls queues of the double, in both protocols, and is killed in between."""
import json
import re
import time

import pytest

import harness
from harness import deployment_event, task_event, wait_for
from test_store_failures import fill_disk, free_disk


def wrapped_by_sns(event):
    return {"Type": "Notification", "MessageId": "1", "TopicArn": "arn:aws:sns:eu-west-1:1:events",
            "Message": json.dumps(event), "Timestamp": "2026-11-26T15:00:00Z"}


@pytest.fixture(name="lab_of")
def fixture_lab_of(aws, keep, monkeypatch):
    """lab_of({queue: {…}}) is a lab whose daemon polls these queues of the double."""
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)

    def make(queues, **more):
        lab = harness.Lab(**{"hold": "60s", **more})
        lab.daemon.config["aws"] = {"queues": [
            {"url": aws.sqs.url(name), "wait": "1s", **keys} for name, keys in queues.items()]}
        return keep(lab)

    return make


def queue_status(lab, index=0):
    return lab.daemon.call("status")["queues"][index]


def fates(lab):
    return [one["fate"] for one in lab.daemon.call("event log")["events"]]


def the_queue_is_empty(aws, name):
    wait_for(lambda: aws.sqs.is_empty(name), f"nothing is left in {name}")


@pytest.mark.parametrize("protocol", ["json", "query"])
def test_an_event_from_a_queue_starts_a_rollout_and_is_deleted(aws, lab_of, protocol):
    aws.sqs.add_queue("events")
    lab = lab_of({"events": {"protocol": protocol}}).start()
    aws.sqs.send("events", task_event())
    lab.wait_step(1)
    the_queue_is_empty(aws, "events")
    shown = wait_for(lambda: queue_status(lab)["deleted"] == 1 and queue_status(lab), "it is counted")
    assert shown["connected"] and shown["error"] is None and shown["protocol"] == protocol
    assert (shown["received"], shown["poison"]) == (1, 0) and shown["last_receive_at"]
    assert fates(lab) == ["started"]
    assert {call.protocol for call in aws.calls(service="sqs")} == {protocol}
    started = [line for line in lab.daemon.call("history")["history"] if line["kind"] == "started"]
    assert re.fullmatch(r"event \S+ from queue events", started[0]["who"])
    text = lab.daemon.ctl("status").stdout
    assert f"queue        {aws.sqs.url('events')}: connected, 1 received, 1 deleted, 0 poison" in text


def test_an_event_that_sns_has_wrapped_and_those_of_others_are_taken_in(aws, lab_of):
    aws.sqs.add_queue("events")
    lab = lab_of({"events": {}}).start()
    aws.sqs.send("events", {"source": "aws.ec2", "detail-type": "x", "detail": {}})
    aws.sqs.send("events", wrapped_by_sns(task_event()))
    lab.wait_step(1)
    the_queue_is_empty(aws, "events")
    assert fates(lab) == ["other event", "started"]


def test_several_queues_are_polled_and_a_batch_is_taken_whole(aws, lab_of):
    for name in ("one", "two"):
        aws.sqs.add_queue(name)
    for task in range(1, 26):
        aws.sqs.send("one" if task % 2 else "two", task_event(task=task))
    lab = lab_of({"one": {}, "two": {"protocol": "query"}}).start()
    wait_for(lambda: aws.sqs.is_empty("one") and aws.sqs.is_empty("two"), "all are deleted")
    wait_for(lambda: sum(queue_status(lab, i)["deleted"] for i in (0, 1)) == 25, "all are counted")
    assert len(fates(lab)) == 25 and fates(lab).count("started") == 1
    assert len(aws.calls("DeleteMessageBatch")) < 10


def test_poison_goes_to_the_dead_letter_queue_and_holds_up_nothing(aws, lab_of):
    aws.sqs.add_queue("dead")
    aws.sqs.add_queue("events", dead_letters="dead", most_receives=2)
    lab = lab_of({"events": {"visibility": "2s"}}).start()
    aws.sqs.send("events", "no JSON\x7f at all")
    aws.sqs.send("events", {"detail-type": "nothing"})
    aws.sqs.send("events", task_event())
    lab.wait_step(1)
    wait_for(lambda: len(aws.sqs.queues["dead"].messages) == 2, "both are dead letters", 20)
    the_queue_is_empty(aws, "events")
    assert wait_for(lambda: queue_status(lab)["poison"] == 4, "each receipt is counted")
    assert fates(lab) == ["started"]
    lines = [line for line in lab.daemon.log().splitlines() if "dead-letter queue" in line]
    assert len(lines) == 4 and "\x7f" not in "".join(lines)
    assert sum("(receipt 1): the body is no JSON" in line for line in lines) == 1
    assert sum("(receipt 2): source is nothing, expected a string" in line
               for line in lines) == 1


def test_a_kill_between_journal_and_deletion_counts_an_event_once(aws, lab_of):
    aws.sqs.add_queue("events")
    fault = aws.faults.add("drop", "sqs", "DeleteMessageBatch")
    lab = lab_of({"events": {"visibility": "2s"}}).start()
    aws.sqs.send("events", task_event())
    rollout = lab.wait_step(1)
    wait_for(lambda: fault.used > 0, "it has tried to delete")
    lab.daemon.kill()
    lab.daemon.start()
    fault.lift()  # only now: what the killed one had sent may have arrived after its end
    assert not aws.sqs.is_empty("events")
    the_queue_is_empty(aws, "events")
    assert lab.daemon.rollout()["id"] == rollout["id"]
    assert fates(lab) == ["started", "duplicate"]
    kinds = [line["kind"] for line in lab.daemon.call("history")["history"]]
    assert kinds.count("started") == 1


def test_an_event_that_comes_again_is_a_duplicate(aws, lab_of):
    aws.sqs.add_queue("events")
    aws.sqs.add_queue("other")
    for name in ("events", "events", "other"):
        aws.sqs.send(name, task_event())
    lab = lab_of({"events": {}, "other": {}}).start()
    lab.wait_step(1)
    the_queue_is_empty(aws, "events")
    the_queue_is_empty(aws, "other")
    assert fates(lab) == ["started", "duplicate", "duplicate"]


def test_a_queue_that_is_away_for_a_while_is_said_once_and_found_again(aws, lab_of):
    aws.sqs.add_queue("events")
    lab = lab_of({"events": {}}).start()
    wait_for(lambda: queue_status(lab)["connected"], "it is connected")
    aws.refuse()
    shown = wait_for(lambda: not queue_status(lab)["connected"] and queue_status(lab), "it is away")
    assert shown["error"].startswith("sqs ReceiveMessage: ")
    assert lab.daemon.addresses() == ["127.0.0.2"]
    wait_for(lambda: lab.daemon.ctl("status").stdout.count("not connected") == 1, "it is shown")
    time.sleep(2.5)  # some attempts more
    aws.accept()
    aws.sqs.send("events", task_event())
    lab.wait_step(1, 30)
    the_queue_is_empty(aws, "events")
    log = lab.daemon.log()
    assert log.count("queue events: polling failed") == 1
    assert log.count("queue events: polling works again") == 1
    assert queue_status(lab)["error"] is None


@pytest.mark.parametrize("kind, keys", [
    ("cut", {"octets": 0}), ("cut", {"octets": 150}), ("garbage", {"body": "<html>"}),
    ("status", {"status": 503, "body": b""}), ("error", {"code": "InternalFailure", "status": 500}),
    ("error", {"code": "RequestThrottled", "status": 400}),
])
def test_answers_that_are_lost_or_wrong_lose_no_event(aws, lab_of, kind, keys):
    aws.sqs.add_queue("events")
    for operation in ("ReceiveMessage", "DeleteMessageBatch"):
        aws.faults.add(kind, "sqs", operation, 1, **keys)
    aws.sqs.send("events", task_event())
    lab = lab_of({"events": {"visibility": "2s", "protocol": "json"}}).start()
    lab.wait_step(1, 20)
    wait_for(lambda: aws.sqs.is_empty("events"), "it is deleted", 20)
    assert fates(lab).count("started") == 1 and set(fates(lab)) <= {"started", "duplicate"}


def test_where_json_is_not_understood_the_query_protocol_is_used(aws, lab_of):
    aws.sqs.add_queue("events")
    aws.faults.add("status", "sqs", "ReceiveMessage", 1, status=404,
                   body=b'{"__type":"com.amazon.coral.service#UnknownOperationException"}')
    aws.sqs.send("events", task_event())
    lab = lab_of({"events": {}}).start()
    lab.wait_step(1)
    the_queue_is_empty(aws, "events")
    assert queue_status(lab)["protocol"] == "query"
    assert [call.protocol for call in aws.calls("ReceiveMessage")][:2] == ["json", "query"]


def test_a_queue_that_is_not_there_is_an_error_that_is_shown(aws, lab_of):
    lab = lab_of({"events": {}}).start()
    shown = wait_for(lambda: queue_status(lab)["error"] and queue_status(lab), "it is an error")
    assert "NonExistentQueue" in shown["error"] or "QueueDoesNotExist" in shown["error"]
    assert shown["protocol"] == "json"
    aws.sqs.add_queue("events")
    wait_for(lambda: queue_status(lab)["connected"], "it is connected", 20)


def test_events_are_held_while_the_state_file_takes_none(aws, lab_of):
    aws.sqs.add_queue("dead")
    aws.sqs.add_queue("events", dead_letters="dead", most_receives=1)
    lab = lab_of({"events": {"visibility": "2s"}}).start()
    wait_for(lambda: queue_status(lab)["connected"], "it is connected")
    fill_disk(lab.daemon)
    aws.sqs.send("events", task_event())
    wait_for(lambda: len(aws.calls("ChangeMessageVisibilityBatch")) >= 2, "it is held", 30)
    free_disk(lab.daemon)
    lab.wait_step(1, 30)
    the_queue_is_empty(aws, "events")
    assert not aws.sqs.queues["dead"].messages
    assert fates(lab)[-1] == "started" and fates(lab).count("started") == 1


def test_a_daemon_that_polls_stops_at_once(aws, lab_of):
    aws.sqs.add_queue("events")
    lab = lab_of({"events": {"wait": "20s"}}).start()
    wait_for(lambda: aws.calls("ReceiveMessage"), "it polls")
    begun = time.monotonic()
    lab.daemon.stop()
    assert time.monotonic() - begun < 5 * harness.PATIENCE


def test_a_deployment_that_failed_falls_back(aws, lab_of):
    aws.sqs.add_queue("events")
    lab = lab_of({"events": {}}).start()
    aws.sqs.send("events", task_event())
    lab.wait_step(1)
    aws.sqs.send("events", deployment_event("FAILED"))
    lab.wait_state("failed")
    assert lab.daemon.weights() == {"blue": 100, "green": 0}


def test_metrics_have_the_queues(aws, lab_of):
    from test_metrics import samples, scrape
    aws.sqs.add_queue("events")
    lab = lab_of({"events": {}})
    lab.daemon.with_http(token=None)
    lab.start()
    aws.sqs.send("events", task_event())
    aws.sqs.send("events", "x")
    lab.wait_step(1)
    key = (aws.sqs.url("events"),)

    def counted():
        found = samples(scrape(lab.daemon))
        return found if found["ballast_queue_deleted_total"][key] == 1 else None
    found = wait_for(counted, "the deletion is counted")
    assert found["ballast_queue_received_total"] == {key: 2}
    assert found["ballast_queue_poison_total"] == {key: 1}
    assert found["ballast_queue_connected"] == {key: 1}
    assert found["ballast_queue_last_receive_timestamp_seconds"][key] > 1e9


def test_what_is_not_sqs_is_no_empty_queue(aws, lab_of):
    """A proxy that answers 200 to everything is an error with a back-off, and no batch without messages."""
    aws.sqs.add_queue("json")
    aws.sqs.add_queue("query")
    aws.sqs.send("json", task_event())
    proxy = aws.faults.add("status", service="sqs", operation="ReceiveMessage", status=200, body=b"",
                           content_type="text/html")
    lab = lab_of({"json": {}, "query": {"protocol": "query"}}).start()
    for index, why in ((0, "not its API: HTTP 200"), (1, "cannot be read")):
        shown = wait_for(lambda: queue_status(lab, index)["error"] and queue_status(lab, index),
                         "it is an error")
        assert why in shown["error"] and not shown["connected"] and not shown["last_receive_at"]
    assert queue_status(lab)["protocol"] == "json"
    proxy.lift()
    lab.wait_step(1)
    wait_for(lambda: queue_status(lab)["connected"] and queue_status(lab, 1)["connected"],
             "both are polled again")
