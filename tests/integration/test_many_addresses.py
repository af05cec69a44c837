# SPDX-License-Identifier: BSD-2-Clause
"""Many addresses and many connections at once, also where a process may open few files to begin
with, as most systems have it."""
import contextlib
import socket
import struct

import dns.message
import pytest

import harness

NAME = "static.catsndogs.lol"

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def limited(monkeypatch, tmp_path):
    """limited(256, "S"): a shell with this limit of open files starts the daemon."""
    real = harness.BALLASTD

    def limit(count, kinds):
        script = tmp_path / "ballastd"
        limits = "".join(f"ulimit -{kind} -n {count} || exit 99\n" for kind in kinds)
        script.write_text(f'#!/bin/sh\n{limits}exec "{real}" "$@"\n')
        script.chmod(0o755)
        monkeypatch.setattr(harness, "BALLASTD", str(script))

    return limit


def listening(keep, addresses, ports=1, **server):
    daemon = keep(harness.Daemon({"server": server}))
    first = harness.free_port()
    daemon.places = [(address, first + i) for address in addresses for i in range(ports)]
    daemon.config["server"]["listen"] = [f"{address}@{port}" for address, port in daemon.places]
    return daemon.start()


def query(number):
    return dns.message.make_query(NAME, "A", id=number).to_wire()


def check(octets, number):
    message = dns.message.from_wire(octets)
    assert message.id == number and len(message.answer[0]) == 2


def make_socket(stack, place, kind):
    family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
    one = stack.enter_context(socket.socket(family, kind))
    one.settimeout(10 * harness.PATIENCE)
    one.connect(place)
    return one


def ask_all_by_udp(places):
    """All are asked before the first answer is read."""
    with contextlib.ExitStack() as stack:
        sockets = [make_socket(stack, one, socket.SOCK_DGRAM) for one in places]
        for number, one in enumerate(sockets):
            one.send(query(number))
        for number, one in enumerate(sockets):
            check(one.recv(4096), number)


def ask_all_by_tcp(places):
    with contextlib.ExitStack() as stack:
        sockets = [make_socket(stack, one, socket.SOCK_STREAM) for one in places]
        for _ in range(2):
            for number, one in enumerate(sockets):
                one.sendall(struct.pack(">H", len(query(0))) + query(number))
            for number, one in enumerate(sockets):
                stream = one.makefile("rb", buffering=0)
                size = struct.unpack(">H", stream.read(2))[0]
                check(stream.read(size), number)


def loopback(count):
    return [f"127.0.{1 + i // 200}.{1 + i % 200}" for i in range(count)]


@pytest.mark.parametrize("workers", [1, 4])
def test_fifty_addresses_and_ports_answer_at_once(keep, workers):
    daemon = listening(keep, loopback(48) + ["::1", "127.0.0.1"], workers=workers)
    assert len(daemon.places) == 50
    for _ in range(5):
        ask_all_by_udp(daemon.places)
        ask_all_by_tcp(daemon.places)
    counters = daemon.call("stats")["counters"]
    assert counters["udp_queries"] == 5 * 50 and counters["tcp_queries"] == 5 * 100
    assert counters["tcp_connections"] == 5 * 50
    assert counters["send_failed"] == counters["tcp_refused"] == 0


def test_ports_of_one_address(keep):
    daemon = listening(keep, ["127.0.0.1", "::1"], ports=25, workers=2)
    ask_all_by_udp(daemon.places)
    ask_all_by_tcp(daemon.places)


def test_an_address_that_is_taken_ends_the_start(keep):
    """The last of many: nothing is served, and the message names it."""
    daemon = listening(keep, loopback(20), workers=2)
    second = keep(harness.Daemon())
    free = [f"127.0.5.{i}@{second.port}" for i in range(1, 20)]
    second.config["server"]["listen"] = free + daemon.config["server"]["listen"][-1:]
    second.launch()
    assert second.process.wait(20 * harness.PATIENCE) == 1
    second.process = None
    taken = daemon.config["server"]["listen"][-1]
    assert f"cannot listen on {taken} (UDP): Address already in use" in second.log()
    ask_all_by_udp(daemon.places)


# --- open files ---

def test_more_addresses_than_files_may_be_open_at_first(keep, limited):
    limited(256, "S")
    daemon = listening(keep, loopback(60), workers=4)
    assert daemon.descriptors() > 480
    ask_all_by_udp(daemon.places)
    ask_all_by_tcp(daemon.places)


def test_connections_leave_files_for_everything_else(keep, limited):
    """Else health checks, alias targets and ballastctl fail when clients take all they may."""
    limited(256, "S")
    backend_port = harness.free_port(("127.0.0.2",))
    backend = keep(harness.Backend("127.0.0.2", backend_port, "cats\n"))
    checked = harness.member("blue", 1, "127.0.0.2", health_check="cats")
    daemon = keep(harness.Daemon({
        "server": {"tcp": {"max_connections": 400, "max_connections_per_client": 400}},
        "health_checks": [{"name": "cats", "type": "http", "port": backend_port, "path": "/",
                           "interval": "250ms", "timeout": "250ms", "rise": 1, "fall": 2}],
        "record_sets": [harness.record_set([checked])]})).start()
    places = [("127.0.0.1", daemon.port)] * 400
    with contextlib.ExitStack() as stack:
        for place in places:
            one = make_socket(stack, place, socket.SOCK_STREAM)
            one.sendall(struct.pack(">H", len(query(7))) + query(7))
            assert one.recv(2)
        before = backend.requests
        assert daemon.call("status")
        harness.wait_for(lambda: backend.requests > before + 2, "health checks go on", 5)
        assert daemon.call("stats")["counters"]["tcp_connections"] == 400
        assert daemon.call("stats")["counters"]["tcp_gave_way"] == 0


def test_too_few_files_are_told(keep, limited):
    limited(300, "S")
    assert "open files" not in keep(harness.Daemon()).start().log()
    limited(300, "SH")
    daemon = keep(harness.Daemon({"server": {"workers": 2, "tcp": {"max_connections": 500}}}))
    daemon.start()
    assert ("the limit of open files is 300, and 500 TCP connections, 1 addresses and the rest may "
            "need 762: raise it") in daemon.log()
    daemon = keep(harness.Daemon({"server": {"workers": 2, "tcp": {"max_connections": 38}}}))
    assert "limit of open files" not in daemon.start().log()
