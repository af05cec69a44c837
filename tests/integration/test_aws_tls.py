# SPDX-License-Identifier: BSD-2-Clause
"""ballastd asks AWS over TLS with a private CA: a queue's event starts a rollout, or, where the
certificate is not good, nothing is asked, and status says why."""
import pytest

import harness
from aws import tls
from harness import task_event, wait_for


@pytest.fixture
def authority(tmp_path):
    return tls.Authority(tmp_path, "ours")


def lab_of(made, keep, monkeypatch, **aws):
    for name, value in made.environment().items():
        monkeypatch.setenv(name, value)
    made.sqs.add_queue("events")
    made.sqs.send("events", task_event())
    lab = harness.Lab(hold="60s")
    lab.daemon.config["aws"] = {"queues": [{"url": made.sqs.url("events"), "wait": "1s"}], **aws}
    return keep(lab)


@pytest.mark.parametrize("place", ["configuration", "environment"])
def test_a_queue_is_asked_with_a_private_authority(authority, keep, monkeypatch, place):
    with tls.double(authority.context()) as made:
        keys = {"ca_file": str(authority.ca_file)} if place == "configuration" else {}
        if place == "environment":
            monkeypatch.setenv("AWS_CA_BUNDLE", str(authority.ca_file))
        lab = lab_of(made, keep, monkeypatch, **keys).start()
        lab.wait_step(1)
        wait_for(lambda: made.sqs.is_empty("events"), "the message is deleted", 20)
        assert lab.daemon.call("status")["queues"][0]["connected"]
        lab.daemon.stop()


def refused(made, lab, word):
    lab.start()
    error = wait_for(lambda: lab.daemon.call("status")["queues"][0]["error"], "it says so", 30)
    assert "certificate: " in error and word in error
    assert not lab.daemon.call("status")["queues"][0]["connected"]
    assert "certificate: " in lab.daemon.log()
    assert made.requests == []
    assert lab.daemon.rollout() is None
    lab.daemon.stop()


def test_a_certificate_of_another_authority_is_refused(authority, keep, monkeypatch, tmp_path):
    other = tls.Authority(tmp_path, "other")
    with tls.double(authority.context()) as made:
        refused(made, lab_of(made, keep, monkeypatch, ca_file=str(other.ca_file)), "issuer")


def test_a_certificate_for_another_name_is_refused(authority, keep, monkeypatch):
    with tls.double(authority.context("DNS:sqs.eu-west-1.amazonaws.com")) as made:
        refused(made, lab_of(made, keep, monkeypatch, ca_file=str(authority.ca_file)), "name")
