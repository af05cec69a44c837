# SPDX-License-Identifier: BSD-2-Clause
"""What the daemon does against clients that take too much."""
import contextlib
import socket
import struct

import dns.flags
import dns.message
import pytest

import harness


@pytest.fixture
def make(request):
    def start(**server):
        one = harness.Daemon({"server": server})
        request.addfinalizer(one.close)
        request.node.daemons = [one]
        return one.start()
    return start


def counter(daemon, name):
    return daemon.call("stats")["counters"][name]


def ask_often(daemon, count, name="static.catsndogs.lol"):
    """From one port, so that one worker counts; returns the answers."""
    answers = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5 * harness.PATIENCE)
        client.connect(("127.0.0.1", daemon.port))
        for _ in range(count):
            client.send(dns.message.make_query(name, "A").to_wire())
            answers.append(dns.message.from_wire(client.recv(4096)))
    return answers


def test_answers_over_the_rate_are_truncated_and_tcp_answers(make):
    daemon = make(rate_limit={"responses_per_second": 5, "window": "1h", "slip": 1})
    answers = ask_often(daemon, 100)
    truncated = [one for one in answers if one.flags & dns.flags.TC]
    assert len(truncated) > 50 and not any(one.answer for one in truncated)
    assert all(one.answer for one in answers if one not in truncated)
    assert counter(daemon, "rate_slipped") == len(truncated)
    assert counter(daemon, "rate_dropped") == 0
    assert daemon.ask("static.catsndogs.lol", transport="tcp").answer


def test_answers_over_the_rate_are_dropped(make):
    daemon = make(rate_limit={"responses_per_second": 5, "window": "1h", "slip": 0})
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", daemon.port))
        for _ in range(100):
            client.send(dns.message.make_query("static.catsndogs.lol", "A").to_wire())
        harness.wait_for(lambda: counter(daemon, "rate_dropped") > 50, "answers are dropped")


def test_an_exempt_client_is_not_limited(make):
    daemon = make(rate_limit={"responses_per_second": 1, "exempt": ["127.0.0.0/8"]})
    assert all(one.answer for one in ask_often(daemon, 50))


def proxied(address, query, transport):
    """The header that a load balancer puts before a query of this client."""
    kind = {"udp": 0x12, "tcp": 0x11}[transport]
    addresses = socket.inet_aton(address) + socket.inet_aton("192.0.2.53")
    header = b"\r\n\r\n\0\r\nQUIT\n" + struct.pack(">BBH", 0x21, kind, 12)
    return header + addresses + struct.pack(">HH", 4096, 53) + query


STICKY = [harness.record_set(harness.two_members(blue=50, green=50), choice="sticky")]


def sticky_daemon(request, **server):
    daemon = harness.Daemon({"server": server, "record_sets": STICKY})
    request.addfinalizer(daemon.close)
    request.node.daemons = [daemon]
    return daemon.start()


def ask_by_udp(daemon, message):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5 * harness.PATIENCE)
        client.sendto(message, ("127.0.0.1", daemon.port))
        return dns.message.from_wire(client.recv(4096))


def ask_by_tcp(daemon, header, query, step=1000):
    with socket.create_connection(("127.0.0.1", daemon.port), 5 * harness.PATIENCE) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        message = header + struct.pack(">H", len(query)) + query
        for start in range(0, len(message), step):
            client.sendall(message[start:start + step])
        stream = client.makefile("rb")
        size = stream.read(2)
        return size and dns.message.from_wire(stream.read(struct.unpack(">H", size)[0]))


def test_the_client_behind_a_proxy_is_the_one_that_is_named(request):
    """Seen by `sticky`: each client network has its member, the same by UDP and TCP."""
    daemon = sticky_daemon(request, proxy=["127.0.0.0/8"])
    query = dns.message.make_query("www.catsndogs.lol", "A").to_wire()
    by_udp = [ask_by_udp(daemon, proxied(f"198.51.{i}.1", query, "udp")).answer[0][0].to_text()
              for i in range(40)]
    by_tcp = [ask_by_tcp(daemon, proxied(f"198.51.{i}.1", b"", "tcp"), query,
                         1 + i * 3).answer[0][0].to_text() for i in range(40)]
    assert by_udp == by_tcp and set(by_udp) == {"127.0.0.2", "127.0.0.3"}


def test_a_proxy_without_a_header_is_refused(request):
    daemon = sticky_daemon(request, proxy=["127.0.0.0/8"])
    query = dns.message.make_query("www.catsndogs.lol", "A").to_wire()
    with contextlib.suppress(ConnectionError):
        assert not ask_by_tcp(daemon, b"", query)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(query, ("127.0.0.1", daemon.port))
        harness.wait_for(lambda: counter(daemon, "proxy_refused") == 2, "both are counted")


def test_a_header_from_elsewhere_is_not_believed(request):
    daemon = sticky_daemon(request, proxy=["192.0.2.0/24"])
    query = dns.message.make_query("www.catsndogs.lol", "A").to_wire()
    answers = {ask_by_udp(daemon, query).answer[0][0].to_text() for _ in range(10)}
    assert len(answers) == 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5 * harness.PATIENCE)
        client.connect(("127.0.0.1", daemon.port))
        client.send(proxied("198.51.100.1", query, "udp"))
        # A malformed query: its id is the begin of the signature, its opcode is not QUERY.
        answer = client.recv(4096)
        assert answer[:2] == b"\r\n" and answer[6:12] == bytes(6)
