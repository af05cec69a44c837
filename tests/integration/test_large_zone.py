# SPDX-License-Identifier: BSD-2-Clause
"""A reload of a zone with 100,000 names, or of a signed one with 20,000, under load: answers go on,
and so does control."""
import json
import random
import subprocess
import time

import dns.dnssec
import dns.name
import pytest

import harness
from test_weights import DNSLOAD
from test_zone_changes import write

NAMES = 100_000
SLICE_S = 0.1


def address_of(number):
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def zone_text(serial, changed=None, names=NAMES):
    lines = [f"$ORIGIN big.test.\n$TTL 60\n@ SOA ns h {serial} 1 1 1 1\n@ NS ns\nns A 127.0.0.1\n"]
    lines += [f"host{one} A {address_of(one) if one != changed else '192.0.2.1'}\n"
              for one in range(names)]
    return "".join(lines)


def load(daemon, name, *forms):
    """Until it is terminated."""
    seconds = 100 * harness.PATIENCE
    return subprocess.Popen([DNSLOAD, str(daemon.port), name, "A", "32", f"{seconds}s", *forms],
                            stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)


def answered(client):
    """Queries so far; the load sends one only when the one before is answered."""
    return client.call("stats")["counters"]["udp_queries"]


def watch(client, is_over):
    """Answers in each slice of time until it is over, and how long `stats` took at most."""
    slices, slowest = [], 0.0
    count, since = answered(client), time.monotonic()
    while not is_over():
        asked = time.monotonic()
        now = answered(client)
        slowest = max(slowest, time.monotonic() - asked)
        if time.monotonic() - since >= SLICE_S:
            slices.append(now - count)
            count, since = now, time.monotonic()
    return slices, slowest


def check_signature(daemon, name):
    """Made for the records that are served now."""
    keys = daemon.ask("big.test", "DNSKEY", transport="tcp").answer[0]
    rrset, signature = daemon.ask(name, "A", want_dnssec=True, transport="tcp").answer
    dns.dnssec.validate(rrset, signature, {dns.name.from_text("big.test"): keys})


@pytest.mark.parametrize("names, more", [(NAMES, {}), (20_000, {"dnssec": {"keys": "keys"}})],
                         ids=["unsigned", "signed"])
def test_one_name_of_many_changes_and_nobody_waits(make_daemon, names, more):
    daemon = make_daemon({"zones": [dict(more, name="big.test", file="big.zone")]},
                         {"big.zone": zone_text(1, names=names)})
    changed, before, after = 7, address_of(7), "192.0.2.1"
    asking, watching = daemon.client(), daemon.client()
    name = f"host{changed}.big.test"
    write(daemon, "big.zone", zone_text(2, changed, names))
    loads = [load(daemon, "host500.big.test", address_of(500)), load(daemon, name, before, after)]
    harness.wait_for(lambda: answered(watching) > 1000, "the load runs")
    asking.send("zone reload", "big.test")
    asking.socket.setblocking(False)

    def is_over():
        try:
            asking.pending += asking.socket.recv(1 << 16)
        except BlockingIOError:
            pass
        return b"\n" in asking.pending

    slices, slowest = watch(watching, is_over)
    assert asking.receive()["ok"]
    for _ in range(20):  # of whichever worker
        assert daemon.addresses(name) == [after]
    enough = answered(watching) + 1000
    harness.wait_for(lambda: answered(watching) > enough, "the load goes on")
    for process in loads:
        process.terminate()
    # The machine has other things to do as well: no slice may be empty, control may be late.
    assert len(slices) >= 2 and min(slices) > 0, slices
    assert slowest < 1.0 * harness.PATIENCE, slowest
    results = [json.loads(process.communicate()[0]) for process in loads]
    assert all(one["lost"] == 0 and one["wrong"] == 0 for one in results), results
    assert all(results[1]["by_form"].values()), results
    chance = random.Random(7)
    for one in [0, names - 1, *chance.sample(range(names), 200)]:
        expected = after if one == changed else address_of(one)
        assert daemon.addresses(f"host{one}.big.test") == [expected]
    if more:
        for one in (0, changed, names - 1):
            check_signature(daemon, f"host{one}.big.test")
    asking.close()
    watching.close()


@pytest.mark.skipif(harness.PATIENCE > 1, reason="a sanitizer keeps freed memory on purpose")
def test_what_a_zone_is_read_into_takes_little_more_than_the_zone(make_daemon):
    """The most is taken when the file has been read; from then on it gives way to the zone."""
    daemon = make_daemon({"zones": [{"name": "big.test", "file": "big.zone"}]},
                         {"big.zone": zone_text(1)})
    zone, = daemon.call("zone list")["zones"]
    first = daemon.resident_kib()
    write(daemon, "big.zone", zone_text(2))
    daemon.call("zone reload")
    # The zone that is gone is freed beside, and what else the first reload leaves behind stays.
    harness.wait_for(lambda: daemon.resident_kib() < first + 4096, "one zone is there")
    before = daemon.resident_kib()
    daemon.forget_peak()
    write(daemon, "big.zone", zone_text(3))
    daemon.call("zone reload")
    assert daemon.peak_kib() - before < 1.4 * zone["memory_octets"] / 1024


@pytest.mark.skipif(harness.PATIENCE > 1, reason="a sanitizer keeps freed memory on purpose")
def test_memory_of_zones_that_are_gone_comes_back(make_daemon):
    """Freed on a thread of the pool, each of them."""
    daemon = make_daemon({"zones": [{"name": "big.test", "file": "big.zone"}]},
                         {"big.zone": zone_text(1)})
    for turn in range(2):
        write(daemon, "big.zone", zone_text(2 + turn))
        daemon.call("zone reload")
    before = daemon.resident_kib()
    for turn in range(6):
        write(daemon, "big.zone", zone_text(10 + turn))
        daemon.call("zone reload")
        daemon.call("zone check")
    assert daemon.resident_kib() < before + 40_000
