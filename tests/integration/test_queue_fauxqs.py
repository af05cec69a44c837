# SPDX-License-Identifier: BSD-2-Clause
"""Events from an SQS that others wrote (npm's fauxqs). It speaks JSON, which Debian's boto3 does not yet."""
import json
import urllib.request

import pytest

import harness
from aws.fixtures import keys
from harness import task_event, wait_for

MOST_RECEIVES = 3


@pytest.fixture(name="sqs")
def fixture_sqs(fauxqs):
    """sqs("SendMessage", QueueUrl=…) → the answer."""
    def ask(operation, **given):
        request = urllib.request.Request(fauxqs + "/", json.dumps(given).encode(), {
            "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"AmazonSQS.{operation}",
            "Authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261126/eu-west-1/sqs/"
                             "aws4_request, SignedHeaders=host, Signature=00"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or b"{}")
    return ask


@pytest.fixture(name="queue")
def fixture_queue(sqs):
    """The URL of a queue with a dead-letter queue, whose URL is queue + "-dead"."""
    dead = sqs("CreateQueue", QueueName="events-dead")["QueueUrl"]
    arn = sqs("GetQueueAttributes", QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]
    return sqs("CreateQueue", QueueName="events", Attributes={"RedrivePolicy": json.dumps({
        "deadLetterTargetArn": arn["QueueArn"], "maxReceiveCount": MOST_RECEIVES})})["QueueUrl"]


@pytest.fixture(name="lab_of")
def fixture_lab_of(fauxqs, queue, keep, monkeypatch):
    for name, value in keys(fauxqs).items():
        monkeypatch.setenv(name, value)

    def make():
        lab = harness.Lab(hold="60s")
        lab.daemon.config["aws"] = {
            "queues": [{"url": queue, "wait": "1s", "visibility": "2s"}]}
        return keep(lab).start()

    return make


def left(sqs, url):
    """(visible, in flight)"""
    found = sqs("GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return (int(found["ApproximateNumberOfMessages"]),
            int(found["ApproximateNumberOfMessagesNotVisible"]))


def test_events_are_taken_in_and_deleted_and_poison_is_left(sqs, queue, lab_of):
    lab = lab_of()
    sqs("SendMessage", QueueUrl=queue, MessageBody="poison")
    for task in range(1, 24):
        sqs("SendMessage", QueueUrl=queue, MessageBody=json.dumps(task_event(task=task)))
    lab.wait_step(1)
    wait_for(lambda: left(sqs, f"{queue}-dead") == (1, 0), "poison is a dead letter", 20)
    wait_for(lambda: left(sqs, queue) == (0, 0), "the rest is deleted")
    shown = wait_for(lambda: [one for one in lab.daemon.call("status")["queues"]
                              if one["deleted"] == 23], "all deletions are counted")[0]
    assert (shown["protocol"], shown["poison"]) == ("json", MOST_RECEIVES)
    fates = [one["fate"] for one in lab.daemon.call("event log")["events"]]
    assert len(fates) == 23 and fates.count("started") == 1


def test_a_kill_loses_and_doubles_nothing(sqs, queue, lab_of):
    lab = lab_of()
    for task in range(1, 11):
        sqs("SendMessage", QueueUrl=queue, MessageBody=json.dumps(task_event(task=task)))
    wait_for(lambda: lab.daemon.call("status")["events"]["received"] > 0, "it takes some in")
    lab.daemon.kill()
    lab.daemon.start()
    wait_for(lambda: left(sqs, queue) == (0, 0), "all are deleted", 20)
    events = lab.daemon.call("event log")["events"]
    assert len({one["task_arn"] for one in events}) == 10
    assert [one["fate"] for one in events].count("started") == 1
    assert lab.daemon.rollout()["id"] == 1
    assert left(sqs, f"{queue}-dead") == (0, 0)
