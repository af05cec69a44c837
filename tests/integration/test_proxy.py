# SPDX-License-Identifier: BSD-2-Clause
"""The PROXY protocol, version 2: clients behind a load balancer are themselves for all purposes."""
import contextlib
import ipaddress
import socket
import struct

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import pytest

import harness

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LOCAL, PROXY = 0x20, 0x21
NAME = "www.catsndogs.lol"
LOOPBACK = "127.0.0.1"
# One member for each client network, which so tells whom the daemon takes the client for.
STICKY = [harness.record_set([harness.member(f"m{i}", 10, f"127.0.1.{i}") for i in range(1, 101)],
                             choice="sticky")]


def header(source, transport="udp", tlvs=b"", command=PROXY):
    address = ipaddress.ip_address(source)
    kind = (0x10 if address.version == 4 else 0x20) | (2 if transport == "udp" else 1)
    other = ipaddress.ip_address("192.0.2.53" if address.version == 4 else "2001:db8::53")
    return raw(command, kind, address.packed + other.packed + struct.pack(">HH", 4096, 53) + tlvs)


def raw(command, kind, rest):
    return SIGNATURE + struct.pack(">BBH", command, kind, len(rest)) + rest


def tlv(kind, data):
    return struct.pack(">BH", kind, len(data)) + data


@pytest.fixture
def make(make_daemon):
    """A daemon that takes headers from all of loopback."""
    def start(**server):
        settings = {"proxy": ["127.0.0.0/8", "::1"], "workers": 1}
        return make_daemon({"server": {**settings, **server}, "record_sets": STICKY})
    return start


@pytest.fixture
def daemon(make):
    return make()


def query(name=NAME, kind="A", **more):
    return dns.message.make_query(name, kind, **more).to_wire()


def open_udp(daemon):
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.settimeout(5 * harness.PATIENCE)
    client.connect((LOOPBACK, daemon.port))
    return client


def ask_udp(daemon, octets):
    with open_udp(daemon) as client:
        client.send(octets)
        return dns.message.from_wire(client.recv(65535))


def open_tcp(daemon):
    client = socket.create_connection((LOOPBACK, daemon.port), 5 * harness.PATIENCE)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


def frame(octets):
    return struct.pack(">H", len(octets)) + octets


def receive(stream):
    """The next message; None at the end."""
    size = stream.read(2)
    return dns.message.from_wire(stream.read(struct.unpack(">H", size)[0])) if size else None


def ask_tcp(daemon, *parts):
    """Each part is sent when the daemon has read what was before it."""
    with open_tcp(daemon) as client:
        for part in parts:
            client.sendall(part)
            harness.wait_for(lambda: not unread(daemon, client), "the daemon reads", 5)
        return receive(client.makefile("rb"))


def unread(daemon, client):
    """Octets of this client that wait in the daemon's socket, or on their way there."""
    ports = (f":{daemon.port:04X}", f":{client.getsockname()[1]:04X}")
    with open("/proc/net/tcp", encoding="ascii") as table:
        for line in table:
            words = line.split()
            if words[1].endswith(ports[0]) and words[2].endswith(ports[1]):
                return int(words[4].split(":")[1], 16)
            if words[1].endswith(ports[1]) and words[2].endswith(ports[0]):
                if int(words[4].split(":")[0], 16):
                    return 1
    return 1  # not accepted yet


def member(message):
    return message.answer[0][0].to_text()


def member_of(daemon, source):
    return member(ask_udp(daemon, header(source) + query()))


def counter(daemon, name):
    return daemon.call("stats")["counters"][name]


# --- whom a header names ---

def test_the_client_is_the_one_that_is_named(daemon):
    """The same by UDP and TCP; an IPv4 client by its /24, an IPv6 client by its /56."""
    sources = [f"198.51.{i}.1" for i in range(40)] + [f"2001:db8:{i:x}00::1" for i in range(40)]
    by_udp = [member_of(daemon, one) for one in sources]
    by_tcp = [member(ask_tcp(daemon, header(one, "tcp") + frame(query()))) for one in sources]
    assert by_udp == by_tcp and len(set(by_udp[:40])) > 10 and len(set(by_udp[40:])) > 10
    neighbours = [f"198.51.{i}.200" for i in range(40)]
    neighbours += [f"2001:db8:{i:x}00:ff:1::2" for i in range(40)]
    assert [member_of(daemon, one) for one in neighbours] == by_udp


def test_a_mapped_address_is_the_ipv4_client(daemon):
    """What a load balancer with one socket for both families sends."""
    sources = [f"198.51.{i}.1" for i in range(20)]
    expected = [member_of(daemon, one) for one in sources]
    assert len(set(expected)) > 5
    assert [member_of(daemon, f"::ffff:{one}") for one in sources] == expected


WITHOUT_SOURCE = {
    "LOCAL": raw(LOCAL, 0x00, b""),
    "LOCAL with addresses": header("198.51.100.1", command=LOCAL),
    "LOCAL with an odd family": raw(LOCAL, 0xFF, b"x" * 5),
    "LOCAL with extensions": raw(LOCAL, 0x00, tlv(4, b"x" * 40)),
    "UNSPEC": raw(PROXY, 0x00, b""),
    "UNSPEC with octets": raw(PROXY, 0x00, b"\0" * 40),
    "UNIX stream": raw(PROXY, 0x31, b"/client".ljust(108, b"\0") + b"/server".ljust(108, b"\0")),
    "UNIX datagram with extensions": raw(PROXY, 0x32, b"\0" * 216 + tlv(4, b"")),
}


@pytest.mark.parametrize("which", WITHOUT_SOURCE)
def test_without_a_source_the_proxy_itself_is_the_client(daemon, which):
    own = member_of(daemon, LOOPBACK)
    octets = WITHOUT_SOURCE[which]
    assert member(ask_udp(daemon, octets + query())) == own
    assert member(ask_tcp(daemon, octets + frame(query()))) == own
    others = {member_of(daemon, f"198.51.{i}.1") for i in range(5)}
    assert others != {own}


TLVS = {
    "one": tlv(0x04, b""),
    "each of the specification": b"".join(tlv(kind, b"value") for kind in (1, 2, 3, 4, 5, 0x30)),
    "TLS with parts": tlv(0x20, b"\1\0\0\0\0" + tlv(0x21, b"TLSv1.3") + tlv(0x22, b"client")),
    "of clouds": tlv(0xEA, b"\1vpce-08d2bf15fac5001c9") + tlv(0xEE, b"\1\0\0\0\1"),
    "up to 2048 octets": tlv(0x04, b"n" * (2048 - 16 - 12 - 3)),
}


@pytest.mark.parametrize("which", TLVS)
@pytest.mark.parametrize("source", ["198.51.100.1", "2001:db8::1"])
def test_extensions_are_skipped(daemon, which, source):
    expected = member_of(daemon, source)
    tlvs = TLVS[which][:2048 - len(header(source))]
    assert member(ask_udp(daemon, header(source, tlvs=tlvs) + query())) == expected
    assert member(ask_tcp(daemon, header(source, "tcp", tlvs) + frame(query()))) == expected


# --- headers in pieces ---

@pytest.mark.parametrize("source", ["198.51.100.1", "2001:db8::1"])
def test_a_header_may_be_split_at_every_octet(daemon, source):
    whole = header(source, "tcp", tlv(4, b"abc")) + frame(query())
    expected = member_of(daemon, source)
    for at in range(1, len(whole)):
        assert member(ask_tcp(daemon, whole[:at], whole[at:])) == expected, at


def test_a_header_may_come_octet_by_octet(daemon):
    whole = header("198.51.100.1", "tcp") + frame(query())
    parts = [whole[at:at + 1] for at in range(len(whole))]
    assert member(ask_tcp(daemon, *parts)) == member_of(daemon, "198.51.100.1")


def test_one_header_is_for_all_queries_of_its_connection(daemon):
    expected = member_of(daemon, "198.51.100.1")
    with open_tcp(daemon) as client:
        stream = client.makefile("rb")
        client.sendall(header("198.51.100.1", "tcp") + b"".join(
            frame(query(id=i)) for i in range(50)))
        for i in range(50):
            answer = receive(stream)
            assert (answer.id, member(answer)) == (i, expected)
        for i in range(50):  # and each by itself
            client.sendall(frame(query(id=i)))
            answer = receive(stream)
            assert (answer.id, member(answer)) == (i, expected)


def test_each_datagram_has_its_own_header(daemon):
    """In one batch, from one port, with headers of different lengths."""
    sources = [f"198.51.{i}.1" if i % 2 else f"2001:db8:{i:x}00::1" for i in range(60)]
    expected = [member_of(daemon, one) for one in sources]
    with open_udp(daemon) as client:
        for number, source in enumerate(sources):
            client.send(header(source, tlvs=b"x" * number) + query(id=number))
        answers = {}
        for _ in sources:
            answer = dns.message.from_wire(client.recv(4096))
            answers[answer.id] = member(answer)
    assert answers == dict(enumerate(expected))


# --- what is no header ---

BAD = {
    "none": b"",
    "version 1, the text": b"PROXY UDP4 198.51.100.1 192.0.2.53 4096 53\r\n",
    "version 1 in binary": raw(0x11, 0x12, b"\0" * 12),
    "command 2": raw(0x22, 0x12, b"\0" * 12),
    "family 4": raw(PROXY, 0x41, b"\0" * 12),
    "protocol 3": raw(PROXY, 0x13, b"\0" * 12),
    "IPv4 in 11 octets": raw(PROXY, 0x12, b"\0" * 11),
    "IPv6 in 35 octets": raw(PROXY, 0x22, b"\0" * 35),
    "UNIX in 215 octets": raw(PROXY, 0x31, b"\0" * 215),
    "2049 octets": header("198.51.100.1", tlvs=b"\0" * (2049 - 28)),
    "another signature": b"\r\n\r\n\0\r\nQUIT\r" + header("198.51.100.1")[12:],
}


@pytest.mark.parametrize("which", BAD)
def test_what_has_no_good_header_is_dropped(daemon, which):
    octets = BAD[which]
    with open_udp(daemon) as client:
        client.send(octets + query(id=1))
        client.send(header("198.51.100.1") + query(id=2))
        assert dns.message.from_wire(client.recv(4096)).id == 2  # there was no answer to 1
    assert counter(daemon, "proxy_refused") == 1
    with open_tcp(daemon) as client, contextlib.suppress(ConnectionError):
        client.sendall(octets + frame(query()))
        assert receive(client.makefile("rb")) is None
    harness.wait_for(lambda: counter(daemon, "proxy_refused") == 2, "it is counted")


@pytest.mark.parametrize("size", [1, 11, 12, 15, 16, 27])
def test_a_datagram_that_ends_in_its_header_is_dropped(daemon, size):
    with open_udp(daemon) as client:
        client.send(header("198.51.100.1")[:size])
        client.send(header("198.51.100.1") + query(id=2))
        assert dns.message.from_wire(client.recv(4096)).id == 2
    assert counter(daemon, "proxy_refused") == 1


def test_a_header_that_does_not_come_ends_with_the_idle_timeout(make):
    daemon = make(tcp={"idle_timeout": "300ms"})
    for begin in (b"", header("198.51.100.1", "tcp")[:-1]):
        with open_tcp(daemon) as client:
            client.sendall(begin)
            assert client.recv(1) == b""
    assert counter(daemon, "tcp_timeouts") == 2


# --- from elsewhere ---

def test_a_header_from_an_unlisted_source_is_not_believed(make):
    """It is a query that no one understands; over TCP the begin of a message of 3338 octets."""
    daemon = make(proxy=["192.0.2.0/24"], tcp={"idle_timeout": "300ms"})
    own = member(ask_udp(daemon, query()))
    with open_udp(daemon) as client:
        for i in range(20):
            client.send(header(f"198.51.{i}.1") + query())
            answer = client.recv(4096)
            # Its id is the begin of the signature, its opcode is not QUERY.
            assert answer[:2] == SIGNATURE[:2] and answer[6:12] == bytes(6)
            assert answer[3] & 15 == dns.rcode.NOTIMP
            client.send(query())
            assert member(dns.message.from_wire(client.recv(4096))) == own
    with open_tcp(daemon) as client:
        client.sendall(header("198.51.100.1", "tcp") + frame(query()))
        assert client.recv(1) == b""
    assert counter(daemon, "tcp_timeouts") == 1 and counter(daemon, "proxy_refused") == 0


def test_listed_by_ipv6(keep):
    daemon = keep(harness.Daemon({"server": {"proxy": ["::1"]}, "record_sets": STICKY}))
    daemon.config["server"]["listen"].append(f"::1@{daemon.port}")
    daemon.start()
    own = member(ask_udp(daemon, query()))  # 127.0.0.1 is not listed
    found = set()
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as client:
        client.settimeout(5 * harness.PATIENCE)
        client.connect(("::1", daemon.port))
        for i in range(20):
            client.send(header(f"198.51.{i}.1") + query())
            found.add(member(dns.message.from_wire(client.recv(4096))))
    assert len(found) > 5 and own


# --- for all purposes ---

def truncated(client, source, count):
    """How many of so many answers to one client were cut by the rate limit."""
    cut = 0
    for _ in range(count):
        client.send(header(source) + query("static.catsndogs.lol"))
        cut += bool(dns.message.from_wire(client.recv(4096)).flags & dns.flags.TC)
    return cut


def test_the_rate_limit_is_for_the_client_that_is_named(make):
    daemon = make(rate_limit={"responses_per_second": 5, "window": "1h", "slip": 1,
                              "exempt": ["203.0.113.0/24"]})
    with open_udp(daemon) as client:
        assert truncated(client, "198.51.100.1", 100) > 50
        assert truncated(client, "198.51.101.1", 5) == 0  # another network begins anew
        assert truncated(client, "198.51.100.9", 5) == 5  # the same one does not
        assert truncated(client, "::ffff:198.51.100.9", 5) == 5
        assert truncated(client, "203.0.113.1", 100) == 0
        assert truncated(client, "::ffff:203.0.113.1", 100) == 0


SUBNET = dns.edns.ECSOption("192.0.2.0", 24)


def echoed(daemon, source):
    answer = ask_udp(daemon, header(source) + query(use_edns=0, options=[SUBNET]))
    return [one for one in answer.options if isinstance(one, dns.edns.ECSOption)]


def test_who_may_name_subnets_is_the_client_that_is_named(make):
    daemon = make(client_subnet=["198.51.100.0/24", "2001:db8::/32"])
    for source in ("198.51.100.1", "::ffff:198.51.100.1", "2001:db8::1"):
        assert echoed(daemon, source), source
    for source in ("198.51.101.1", "2001:db9::1", LOOPBACK):
        assert not echoed(daemon, source), source


def test_the_proxy_itself_does_not_lend_its_rights(make):
    daemon = make(client_subnet=["127.0.0.0/8"])
    assert echoed(daemon, LOOPBACK)
    assert not echoed(daemon, "198.51.100.1")


def cookie_answer(daemon, source, cookie):
    option = dns.edns.GenericOption(dns.edns.COOKIE, cookie)
    answer = ask_udp(daemon, header(source) + query(use_edns=0, options=[option]))
    return dns.rcode.to_text(answer.rcode()), answer.options[0].data


def test_a_cookie_is_for_the_client_that_is_named(make):
    daemon = make(cookies={"require": True})
    rcode, cookie = cookie_answer(daemon, "198.51.100.1", b"abcdefgh")
    assert rcode == "BADCOOKIE"
    assert cookie_answer(daemon, "198.51.100.1", cookie) == ("NOERROR", cookie)
    assert cookie_answer(daemon, "::ffff:198.51.100.1", cookie) == ("NOERROR", cookie)
    assert cookie_answer(daemon, "198.51.100.2", cookie)[0] == "BADCOOKIE"


def test_a_proxys_connections_are_not_those_of_one_client(make):
    daemon = make(tcp={"max_connections_per_client": 2})
    with contextlib.ExitStack() as stack:
        for i in range(6):
            client = stack.enter_context(open_tcp(daemon))
            client.sendall(header(f"198.51.100.{i}", "tcp") + frame(query()))
            assert receive(client.makefile("rb")).answer
    assert counter(daemon, "tcp_refused") == 0


def test_a_clients_connections_behind_a_proxy_are_limited(make):
    daemon = make(tcp={"max_connections_per_client": 2})

    def connect(stack, source="198.51.100.1"):
        client = stack.enter_context(open_tcp(daemon))
        client.sendall(header(source, "tcp") + frame(query()))
        return client

    with contextlib.ExitStack() as stack:
        for _ in range(2):
            assert receive(connect(stack).makefile("rb")).answer
        assert connect(stack).recv(1) == b""
        assert counter(daemon, "tcp_refused") == 1
        assert receive(connect(stack, "198.51.100.2").makefile("rb")).answer
    # All are closed: the client has room again.
    with contextlib.ExitStack() as stack:
        def is_answered():
            with open_tcp(daemon) as client:
                client.sendall(header("198.51.100.1", "tcp") + frame(query()))
                return client.recv(1) != b""
        harness.wait_for(is_answered, "the client has a place again")
