# SPDX-License-Identifier: BSD-2-Clause
"""A thousand zones in one daemon, some of them within others."""
import dns.rcode
import pytest

import harness
from test_zone_changes import listed, write, zone_text

COUNT = 1000
SETS = 100


def name_of(number):
    """Every fourth lies within the one before it."""
    return f"z{number}.test" if number % 4 != 3 else f"inner.z{number - 1}.test"


def address_of(number):
    return f"10.1.{number >> 8}.{number & 255}"


@pytest.fixture(scope="module")
def daemon():
    """A record set in each tenth zone."""
    made = harness.Daemon(
        {"zones": [{"name": name_of(one), "file": f"{one}.zone"} for one in range(COUNT)],
         "record_sets": [harness.record_set(harness.two_members(), name=f"set.{name_of(one)}")
                         for one in range(0, COUNT, COUNT // SETS)]},
        {f"{one}.zone": zone_text(name_of(one), address_of(one)) for one in range(COUNT)})
    try:
        yield made.start()
    finally:
        made.close()


@pytest.fixture(autouse=True)
def show_log(request, daemon):
    request.node.daemons = [daemon]


def test_each_zone_is_answered(daemon):
    for one in range(COUNT):
        assert daemon.addresses(f"www.{name_of(one)}") == [address_of(one)]
    for one in range(0, COUNT, COUNT // SETS):
        assert daemon.addresses(f"set.{name_of(one)}") == ["127.0.0.2"]
    assert daemon.ask("www.z1000.test").rcode() == dns.rcode.REFUSED


def test_all_are_listed_and_checked(daemon):
    zones = daemon.json("zone", "list")["zones"]
    assert [zone["name"] for zone in zones] == [name_of(one) for one in range(COUNT)]
    assert all(zone["served"] and zone["serial"] == 1 for zone in zones)
    assert daemon.ctl("zone", "list").stdout.count("\n") == COUNT + 1
    assert daemon.json("zone", "check")["zones"] == COUNT
    assert len(daemon.json("zone", "reload")["zones"]) == COUNT


def test_zones_come_and_go_among_them(daemon):
    """Below, above and beside others; what is not concerned is not loaded again."""
    before = listed(daemon)
    memory = daemon.resident_kib()
    paths = {}
    for one in range(0, 200, 4):
        for name in (f"deep.z{one}.test", f"new{one}.test"):
            paths[name] = write(daemon, f"{name}.zone", zone_text(name, "10.2.0.1"))
            daemon.call("zone add", name, paths[name])
    around = write(daemon, "test.zone", zone_text("test", "10.3.0.1"))
    daemon.call("zone add", "test", around)
    assert daemon.addresses("www.test") == ["10.3.0.1"]
    for name in paths:
        assert daemon.addresses(f"www.{name}") == ["10.2.0.1"]
    for one in range(0, COUNT, 7):
        assert daemon.addresses(f"www.{name_of(one)}") == [address_of(one)]
    assert len(listed(daemon)) == COUNT + len(paths) + 1
    for name in paths:
        daemon.call("zone remove", name)
    daemon.call("zone remove", "test")
    assert listed(daemon) == before  # loaded_at, too
    assert daemon.ask("www.new0.test").rcode() == dns.rcode.REFUSED
    # Two hundred publishes: had each kept a copy of the zones, this would be many times more. (A
    # sanitizer keeps freed memory on purpose.)
    if harness.PATIENCE == 1:
        assert daemon.resident_kib() < memory + 30_000
