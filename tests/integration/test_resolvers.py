# SPDX-License-Identifier: BSD-2-Clause
"""Resolvers that come back sooner or later than the TTL are seen and named. Each has an address of
127.0.0.0/8; its queries come from many ports, so that several workers answer them."""
import contextlib
import socket
import threading
import time
import urllib.request

import dns.message
import pytest

import harness

NAME, TYPE, TTL = "www.catsndogs.lol", "A", 2


class Resolver:
    """Asks for the name every so often, each time from another port."""

    def __init__(self, daemon, address, every_s):
        self.port, self.address, self.every_s = daemon.port, address, every_s
        self.asked = []
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        query = dns.message.make_query(NAME, TYPE).to_wire()
        while not self.stopped.is_set():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                client.settimeout(3 * harness.PATIENCE)
                client.bind((self.address, 0))
                client.sendto(query, ("127.0.0.1", self.port))
                client.recv(512)
                self.asked.append(time.monotonic())
            self.stopped.wait(self.every_s)

    def median_gap(self):
        gaps = sorted(b - a for a, b in zip(self.asked, self.asked[1:]))
        return gaps[len(gaps) // 2]

    def stop(self):
        self.stopped.set()
        self.thread.join()


@contextlib.contextmanager
def asking(daemon, **resolvers):
    running = {name: Resolver(daemon, *one) for name, one in resolvers.items()}
    try:
        yield running
    finally:
        for one in running.values():
            one.stop()


def start(make_daemon, ttl=TTL, sample=1, workers=4):
    return make_daemon({
        "server": {"resolver_sample": sample, "workers": workers},
        "record_sets": [harness.record_set(harness.two_members(), ttl=ttl)],
    })


def shown(daemon):
    return daemon.json("record", "resolvers", NAME, TYPE)["resolvers"]


def named(clients):
    return {one["client"]: one for one in clients}


def test_who_comes_back_sooner_and_who_later_is_named(make_daemon):
    daemon = start(make_daemon)
    with asking(daemon, sooner=("127.0.0.11", 0.5), honest=("127.0.0.12", 2.1),
                later=("127.0.0.13", 3.8)) as resolvers:
        def both_are_named():
            found = shown(daemon)
            later = named(found["later"])
            return "127.0.0.13" in later and found

        found = harness.wait_for(both_are_named, "the one that comes later is named", 60)
        sooner = named(found["sooner"])
        assert "127.0.0.12" not in sooner and list(named(found["later"])) == ["127.0.0.13"]
        early = sooner["127.0.0.11"]
        # Whichever worker was asked: every gap is there, and none is two of them.
        assert early["much_sooner"] + early["sooner"] >= len(resolvers["sooner"].asked) - 3
        assert early["median_gap_s"] == pytest.approx(resolvers["sooner"].median_gap(), abs=0.3)
        late = named(found["later"])["127.0.0.13"]
        assert late["pattern"] == "steady" and late["ttl_s"] == TTL
        assert late["median_gap_s"] == pytest.approx(resolvers["later"].median_gap(), abs=0.3)
        assert found["gaps"]["on_time"] >= 4 and found["gaps"]["later"] >= 4
    text = daemon.ctl("record", "resolvers", NAME, TYPE).stdout
    assert "one client in 1 is followed" in text
    assert "SOONER THAN THE TTL" in text and "127.0.0.11" in text
    assert "STEADILY LATER" in text and "127.0.0.13" in text and "steady" in text


def test_a_burst_over_all_workers_is_one_visit(make_daemon):
    daemon = start(make_daemon, ttl=60)
    with asking(daemon, busy=("127.0.0.21", 0.01)) as resolvers:
        began = time.monotonic()
        harness.wait_for(lambda: len(resolvers["busy"].asked) > 100, "a hundred queries")
        gaps = shown(daemon)["gaps"]
        assert sum(gaps.values()) <= time.monotonic() - began + 1


def test_the_ttl_is_the_one_that_was_answered(make_daemon):
    daemon = start(make_daemon, ttl=3600)
    daemon.ctl("record", "ttl", NAME, TYPE, 2)
    with asking(daemon, honest=("127.0.0.31", 2.1)):
        def came_back():
            found = shown(daemon)
            return found["gaps"]["on_time"] >= 2 and found

        found = harness.wait_for(came_back, "the resolver came back on time", 30)
        assert found["sooner"] == [] and found["gaps"]["much_sooner"] == 0


def test_metrics_have_the_gaps_and_no_address(keep):
    daemon = keep(harness.Daemon({
        "server": {"resolver_sample": 1},
        "record_sets": [harness.record_set(harness.two_members(), ttl=60)],
    }).with_http(token=None)).start()
    with asking(daemon, sooner=("127.0.0.41", 1.2)):
        def gaps():
            with urllib.request.urlopen(f"http://127.0.0.1:{daemon.http_port}/metrics") as answer:
                text = answer.read().decode()
            wanted = 'ballast_resolver_gaps_total{record_set="%s/%s",class="much_sooner"} ' % (
                NAME, TYPE)
            (line,) = [one for one in text.splitlines() if one.startswith(wanted)]
            return float(line[len(wanted):]) >= 2 and text

        text = harness.wait_for(gaps, "the metrics count gaps", 30)
    assert "ballast_resolvers_followed_one_in 1\n" in text and "127.0.0.41" not in text


def test_nobody_is_followed_when_it_is_switched_off(make_daemon):
    daemon = start(make_daemon, sample=0)
    daemon.addresses()
    refused = daemon.ctl("record", "resolvers", NAME, TYPE, status=1).stderr
    assert "no resolver is followed: server.resolver_sample is 0" in refused


def test_the_names_of_a_wildcard_are_not_one_name(make_daemon):
    daemon = make_daemon({"record_sets": [
        harness.record_set(harness.two_members(), name="*.pool.catsndogs.lol")]})
    refused = daemon.ctl("record", "resolvers", "*.pool.catsndogs.lol", TYPE, status=1).stderr
    assert "*.pool.catsndogs.lol is a wildcard" in refused


def test_too_many_make_it_follow_fewer_and_nobody_waits(make_daemon):
    """More than a worker's ring takes in a second: from then on fewer are followed, and answers do
    not care."""
    daemon = start(make_daemon, ttl=60, workers=1)
    query = dns.message.make_query(NAME, TYPE).to_wire()

    def flood():
        for i in range(6000):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                client.bind((f"127.{1 + i // 200}.1.{1 + i % 200}", 0))
                client.sendto(query, ("127.0.0.1", daemon.port))
        followed = shown(daemon)["followed"]
        return followed["discarded"] > 0 and followed

    followed = harness.wait_for(flood, "visits are too many", 30)
    assert followed["one_in"] > 1 and followed["clients"] <= followed["clients_max"]
    assert daemon.addresses()


def test_a_record_set_that_is_not_there_has_no_resolvers(make_daemon):
    daemon = start(make_daemon)
    assert "nope" in daemon.ctl("record", "resolvers", "nope", TYPE, status=1).stderr
    text = daemon.ctl("record", "resolvers", NAME, TYPE).stdout
    assert "nobody that is followed has come back yet" in text
