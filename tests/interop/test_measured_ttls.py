# SPDX-License-Identifier: BSD-2-Clause
"""What `record resolvers` says of real caches: unbound as it is, unbound that keeps nothing for longer than
a second, and unbound that keeps everything for seven, each behind an address of its own and asked all the
time."""
import contextlib
import threading

import dns.exception
import dns.message
import dns.query

import harness
from test_measured_shares import Unbound

NAME, TYPE, TTL_S = "www.catsndogs.lol", "A", 4
HONEST, CLAMPING, EXTENDING = "127.0.0.51", "127.0.0.52", "127.0.0.53"


class Clients:
    """Asks a resolver ten times a second."""

    def __init__(self, port):
        self.port = port
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        query = dns.message.make_query(NAME, TYPE)
        while not self.stopped.wait(0.1):
            with contextlib.suppress(dns.exception.DNSException, OSError):
                dns.query.udp(query, "127.0.0.1", port=self.port, timeout=3)

    def close(self):
        self.stopped.set()
        self.thread.join()


def test_caches_that_clamp_ttls_are_told_from_one_that_does_not(make_daemon):
    daemon = make_daemon({
        "server": {"resolver_sample": 1},
        "record_sets": [harness.record_set(harness.two_members(), ttl=TTL_S)]})

    def shown():
        found = daemon.json("record", "resolvers", NAME, TYPE)["resolvers"]
        return {kind: {one["client"]: one for one in found[kind]} for kind in ("sooner", "later")
                } | {"gaps": found["gaps"]}

    with contextlib.ExitStack() as stack:
        for address, *settings in ((HONEST,), (CLAMPING, "cache-max-ttl: 1"),
                                   (EXTENDING, "cache-min-ttl: 7")):
            unbound = stack.enter_context(contextlib.closing(
                Unbound(daemon.port, f"outgoing-interface: {address}", *settings)))
            unbound.start()
            stack.enter_context(contextlib.closing(Clients(unbound.port)))

        def is_clear():
            found = shown()
            return EXTENDING in found["later"] and found["gaps"]["on_time"] >= 5 and found

        found = harness.wait_for(is_clear, "the one that extends is named", 120)
    print(found)
    assert list(found["sooner"]) == [CLAMPING] and list(found["later"]) == [EXTENDING]
    # unbound lets an answer live into the second in which its TTL ends.
    assert 0.25 <= found["sooner"][CLAMPING]["median_gap_ttls"] <= 0.55
    assert 1.75 <= found["later"][EXTENDING]["median_gap_ttls"] <= 2.1
