# SPDX-License-Identifier: BSD-2-Clause
"""A fleet of three nodes, each a host of its own (a network namespace) with one cable to the host
that has the table: every way in which they can be cut off from it."""
import itertools
import os
import subprocess

import pytest

import dynamodb
import harness
import networks
from aws import fixtures
from harness import two_members, wait_for

LEASE_S = 3 * harness.PATIENCE
RECORD = ("www.catsndogs.lol", "A")
NAMES = ("n1", "n2", "n3")


class Node(harness.Daemon):
    """On a host of its own; link is its cable's end at the hub."""

    def __init__(self, number, hub, config):
        super().__init__(config)
        self.name, self.link, self.hub = f"n{number}", f"h{number}", hub
        self.host = networks.Host(self.name)
        networks.connect(hub, self.link, self.host, "e0")
        hub.address(f"10.78.{number}.1/24", self.link)
        self.host.address(f"10.78.{number}.2/24", "e0")
        self.address = f"10.78.{number}.2"

    def launch(self):
        with self.host.inside():
            return super().launch()

    def fleet(self):
        return self.call("status")["fleet"]

    def answer(self):
        """What is answered to whoever asks on its host."""
        with self.host.inside():
            return subprocess.run(
                ["dig", "+short", "+time=2", "+tries=2", "@127.0.0.1", "-p", str(self.port),
                 *RECORD], capture_output=True, text=True, check=False, timeout=30).stdout.split()

    def unplug(self):
        self.hub.ip("link", "set", self.link, "down")

    def plug(self):
        self.hub.ip("link", "set", self.link, "up")
        self.hub.ip("route", "replace", self.address, "dev", self.link)

    def deafen(self):
        """What it sends arrives; no answer comes back."""
        self.hub.ip("route", "replace", "blackhole", self.address)

    def close(self):
        super().close()
        self.host.close()


@pytest.fixture
def fleet(request, keep, monkeypatch):
    networks.need_namespaces()
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        monkeypatch.delenv(name)
    hub = networks.Host("hub")
    request.addfinalizer(hub.close)
    with hub.inside():
        server = fixtures.node_server("dynalite.js", "0.0.0.0")
        url = server.__enter__()
        request.addfinalizer(lambda: server.__exit__(None, None, None))
        port = url.rsplit(":", 1)[1]
        dynamodb.Dynamo(f"http://127.0.0.1:{port}")
    for name, value in fixtures.keys("").items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    nodes = []
    for number, name in enumerate(NAMES, 1):
        node = Node(number, hub, {
            "control": {"store": "dynamodb", "dynamodb": {
                "table": "ns-state", "node": name, "lease": f"{LEASE_S}s", "interval": "500ms"}},
            "aws": {"endpoint_url": f"http://10.78.{number}.1:{port}"},
            "record_sets": [harness.record_set(two_members())]})
        request.addfinalizer(node.close)
        request.node.daemons.append(node)
        nodes.append(node.start())
    return nodes


def driver_of(nodes):
    def found():
        drivers = [node for node in nodes if node.fleet()["drives"]]
        return drivers[0] if len(drivers) == 1 else None
    return wait_for(found, "one drives", 10 * LEASE_S)


def have(nodes, weights, seconds=20 * harness.PATIENCE):
    for node in nodes:
        wait_for(lambda: node.weights() == weights, f"{node.name} has {weights}", seconds)


def nobody_drives_twice(nodes):
    assert len([node for node in nodes if node.fleet()["drives"]]) <= 1


SUBSETS = [set(some) for count in (1, 2, 3) for some in itertools.combinations(NAMES, count)]


@pytest.mark.timeout(600)
def test_every_way_to_be_cut_off(fleet):
    blue = 100
    for names in SUBSETS:
        cut = [node for node in fleet if node.name in names]
        rest = [node for node in fleet if node.name not in names]
        old = {"blue": blue, "green": 100 - blue}
        driver_of(fleet)
        have(fleet, old)
        for node in cut:
            node.unplug()
        for node in cut:
            wait_for(lambda: node.fleet()["cut_off"] and not node.fleet()["drives"],
                     f"{node.name} says that it is cut off and drives nothing", 10 * LEASE_S)
            assert "cut off" in node.ctl("weight", "set", *RECORD, "blue=1", status=1).stderr
            assert node.answer(), "it answers all the same"
        if rest:
            blue -= 10
            new = {"blue": blue, "green": 100 - blue}
            driver_of(rest).set_weights(*RECORD, f"blue={blue}", f"green={100 - blue}")
            have(rest, new)
        nobody_drives_twice(fleet)
        for node in cut:
            assert node.weights() == old
            node.plug()
        have(fleet, {"blue": blue, "green": 100 - blue})
        for node in fleet:
            wait_for(lambda: not node.fleet()["cut_off"], "it is not cut off any more", 30)
        nobody_drives_twice(fleet)


@pytest.mark.timeout(300)
def test_a_driver_that_is_heard_and_hears_nothing(fleet):
    driver = driver_of(fleet)
    others = [node for node in fleet if node is not driver]
    have(fleet, {"blue": 100, "green": 0})
    driver.deafen()
    # It goes on to write, without an answer: that is no lease.
    wait_for(lambda: not driver.fleet()["drives"], "it drives nothing", 10 * LEASE_S)
    second = driver_of(others)
    second.set_weights(*RECORD, "blue=30", "green=70")
    have(others, {"blue": 30, "green": 70})
    assert driver.weights() == {"blue": 100, "green": 0} and not driver.fleet()["drives"]
    driver.plug()
    have(fleet, {"blue": 30, "green": 70})
    nobody_drives_twice(fleet)
