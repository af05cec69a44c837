# SPDX-License-Identifier: BSD-2-Clause
"""The whole of it: a rollout that a message in a queue started runs through three nodes and Route 53,
whatever happens to the one that drives and to the table they share."""
import concurrent.futures
import json
import os

import pytest

from aws import fixtures
import dynamodb
from harness import task_event, wait_for
from test_fleet import GREEN, LEASE_S, Fleet, state

ZONE = "Z1EXAMPLE"
NAME = "www.catsndogs.lol"
SHIFTS = [(100, 0), (90, 10), (50, 50), (0, 100)]


@pytest.fixture
def fleet(keep, monkeypatch, request, dynalite, aws):
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        monkeypatch.delenv(name)
    aws.route53.add_zone("catsndogs.lol", ZONE)
    aws.route53.rate = None
    aws.sqs.add_queue("events", VisibilityTimeout=10)
    nodes = keep(Fleet(dynamodb.Dynamo(dynalite), 3, hold="1500ms"))
    request.node.daemons.extend(nodes.nodes)
    for name, value in {**fixtures.keys(dynalite), **aws.environment()}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    for node in nodes.nodes:
        # Each has its own road to the table; the double has the rest.
        node.config["aws"] = {"queues": [{"url": aws.sqs.url("events"), "visibility": "6s"}]}
        node.config["route53"] = {"poll": "100ms", "settle": "1s", "interval": "1s", "rate": 50}
        node.config["record_sets"][0]["route53"] = {"zone_id": ZONE}
        for service in ("SQS", "ROUTE_53"):
            node.environment[f"AWS_ENDPOINT_URL_{service}"] = aws.url
        node.environment["AWS_ENDPOINT_URL_DYNAMODB"] = node.road.url
    return nodes


def live(aws):
    weights = aws.route53.weights(ZONE, NAME)
    return tuple(weights.get("ballast-" + name) for name in ("blue", "green"))


def sent(aws):
    """The weights of each batch, in order."""
    return [tuple(one["ResourceRecordSet"]["Weight"] for one in sorted(
        batch["changes"], key=lambda one: one["ResourceRecordSet"]["SetIdentifier"]))
        for batch in aws.route53.batches]


def the_end(fleet, aws):
    """Everybody has the same weights, and Route 53 one batch for each step."""
    for node in fleet.running():
        wait_for(lambda: (node.rollout() or {}).get("state") == "succeeded",
                 f"the rollout has succeeded at {node.name}", 90)
        assert node.rollout()["id"] == 1
    fleet.wait_same({"blue": 0, "green": 100})
    wait_for(lambda: live(aws) == SHIFTS[-1], "Route 53 has the last weights", 30)
    wait_for(lambda: aws.sqs.is_empty("events"), "the message is deleted", 60)
    assert sent(aws) == SHIFTS


def begin(fleet, aws):
    fleet.start()
    wait_for(lambda: live(aws) == SHIFTS[0], "Route 53 has the first weights", 30)
    aws.sqs.send("events", json.dumps(task_event(deployment=GREEN)))


def test_a_driver_that_is_killed_at_each_step(fleet, aws):
    begin(fleet, aws)
    for weights in SHIFTS[1:]:
        wait_for(lambda: live(aws) == weights, f"Route 53 has {weights}", 60)
        driver = fleet.wait_driver()
        driver.kill()
        assert fleet.wait_driver() is not driver
        driver.start()
    the_end(fleet, aws)


def test_a_table_that_is_gone_in_the_middle(fleet, aws):
    begin(fleet, aws)
    wait_for(lambda: live(aws) == SHIFTS[1], "Route 53 has the first step", 60)
    for road in fleet.roads:
        road.shut()
    wait_for(lambda: not fleet.drivers(), "nobody drives", 10 * LEASE_S)
    for node in fleet.nodes:
        assert node.addresses()
        wait_for(lambda: state(node)["cut_off"], "it says that it is cut off", 10 * LEASE_S)
    for road in fleet.roads:
        road.open()
    the_end(fleet, aws)


def test_kills_and_a_table_that_comes_and_goes(fleet, aws):
    begin(fleet, aws)
    for weights in SHIFTS[1:]:
        wait_for(lambda: live(aws) == weights, f"Route 53 has {weights}", 60)
        for road in fleet.roads:
            road.shut()
        driver = fleet.nodes[0]
        driver.kill()
        for road in fleet.roads:
            road.open()
        driver.start()
        fleet.wait_driver()
    the_end(fleet, aws)


@pytest.fixture
def node(fleet):
    """One node, which looks at Route 53 only when something makes it."""
    del fleet.nodes[1:], fleet.roads[1:]
    fleet.nodes[0].config["route53"]["interval"] = "1h"
    return fleet.nodes[0]


def lose_lease(fleet):
    fleet.roads[0].shut()
    wait_for(lambda: not fleet.drivers(), "nobody drives", 10 * LEASE_S)


def test_who_waits_for_a_look_is_told_when_the_node_drives_no_more(fleet, aws, node):
    fleet.start()
    wait_for(lambda: live(aws) == SHIFTS[0], "Route 53 has the first weights", 30)
    fault = aws.faults.throttle("route53")
    node.set_weights(NAME, "A", "blue=50", "green=50")
    # The pauses double: those that come are longer than the lease.
    wait_for(lambda: fault.used >= 6, "it was asked in vain", 120)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        asked = pool.submit(node.ctl, "route53", "diff", status=1)
        lose_lease(fleet)
        assert "does not drive" in asked.result().stderr
    aws.faults.lift()
    fleet.roads[0].open()
    wait_for(lambda: live(aws) == (50, 50), "Route 53 has the weights", 120)


def test_what_was_read_before_another_drove_is_not_believed(fleet, aws, node):
    fleet.start()
    wait_for(lambda: live(aws) == SHIFTS[0], "Route 53 has the first weights", 30)
    node.stop()
    # The answer is there at once, and comes within twelve seconds.
    slow = aws.faults.add("drip", "route53", "ListResourceRecordSets", count=1, octets=20, seconds=0.2)
    node.start()
    wait_for(lambda: slow.used == 1, "it looks", 30)
    lose_lease(fleet)
    [blue] = [one for one in aws.route53.records(ZONE, NAME, "A") if one["SetIdentifier"] == "ballast-blue"]
    aws.route53.put(ZONE, {**blue, "Weight": 7})
    fleet.roads[0].open()
    fleet.wait_driver()
    wait_for(lambda: live(aws) == SHIFTS[0], "Route 53 has what it shall have", 60)
