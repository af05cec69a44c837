# SPDX-License-Identifier: BSD-2-Clause
"""A rollout that goes out to Route 53 while its credentials end, and while AWS's clock is another."""
import pytest

import harness
from harness import task_event, wait_for

ZONE = "Z1EXAMPLE"
NAME = "www.catsndogs.lol"


@pytest.fixture(name="lab_of")
def fixture_lab_of(aws, keep):
    """A lab whose daemon has its credentials from a container's endpoint, in front of Route 53."""
    aws.route53.add_zone("catsndogs.lol", ZONE)
    aws.metadata.container_token = "Bearer us"

    def make():
        lab = harness.Lab(hold="500ms")
        lab.daemon.config["route53"] = {"poll": "100ms", "settle": "1s", "interval": "1s",
                                        "rate": 50}
        lab.daemon.config["record_sets"][0]["route53"] = {"zone_id": ZONE}
        lab.daemon.environment = {
            "AWS_ENDPOINT_URL": aws.url, "AWS_REGION": aws.accounts.region,
            "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": aws.metadata.container_url,
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "Bearer us"}
        return keep(lab).start()
    return make


def live(aws):
    weights = aws.route53.weights(ZONE, NAME)
    return tuple(weights.get("ballast-" + name) for name in ("blue", "green"))


def sessions(aws):
    return [key for key in aws.accounts.keys.values() if key.token]


def sent(aws):
    return [tuple(sorted((change["ResourceRecordSet"]["Weight"] for change in batch["changes"])))
            for batch in aws.route53.batches]


def roll_out(aws, lab, between):
    wait_for(lambda: live(aws) == (100, 0), "Route 53 has the first weights", 30)
    lab.daemon.push(task_event())
    for weights in ((90, 10), (50, 50), (0, 100)):
        wait_for(lambda: live(aws) == weights, f"Route 53 has {weights}", 30)
        between()
    lab.wait_state("succeeded")
    assert sent(aws) == [(0, 100), (10, 90), (50, 50), (0, 100)]
    assert lab.daemon.weights() == {"blue": 0, "green": 100}


def test_credentials_that_end_at_each_step(aws, lab_of):
    lab = lab_of()

    def end_them():
        for key in sessions(aws):
            key.ends = 1
    roll_out(aws, lab, end_them)
    assert len(sessions(aws)) >= 4  # new ones each time
    log = lab.daemon.log()
    assert not any(key.secret in log or key.token in log for key in sessions(aws))
    aws.wrong.clear()


def test_a_clock_that_is_set_in_the_middle(aws, lab_of):
    lab = lab_of()
    offsets = iter((1200, -1200, 0))

    def set_it():
        aws.offset_s = next(offsets)
    roll_out(aws, lab, set_it)
    aws.wrong.clear()
