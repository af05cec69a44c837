# SPDX-License-Identifier: BSD-2-Clause
"""EDNS client subnet (RFC 7871): whom it steers, the scope that is told, and what is malformed. The
options are sent as octets, so that no library mends them."""
import ipaddress
import socket
import struct

import dns.message
import dns.rcode
import dns.rdatatype
import pytest

import harness

SUBNET, ERROR = 8, 15
ORIGIN = "catsndogs.lol"
ZONE = harness.ZONE + "tosticky CNAME sticky\n*.wildsticky CNAME sticky\n"


def members(count=50):
    return [harness.member(f"m{i}", 10, f"127.0.1.{i}") for i in range(1, count + 1)]


RECORD_SETS = [harness.record_set(members(), f"{choice}.{ORIGIN}", choice=choice)
               for choice in ("sticky", "exact", "random")]
RECORD_SETS.append(harness.record_set(members(), f"*.sticky.{ORIGIN}", choice="sticky"))


@pytest.fixture(scope="module")
def make(request):
    def start(signed=False, **server):
        zone = {"name": ORIGIN, "file": "catsndogs.lol.zone"}
        if signed:
            zone["dnssec"] = {"keys": "keys"}
        daemon = harness.Daemon({"server": server, "record_sets": RECORD_SETS, "zones": [zone]},
                                {"catsndogs.lol.zone": ZONE})
        request.addfinalizer(daemon.close)
        return daemon.start()
    return start


@pytest.fixture(scope="module")
def daemon(make):
    return make(client_subnet=["127.0.0.0/8"])


def option(address, bits, family=None, scope=0, octets=None):
    """octets: else those of the prefix, with zeros beyond it."""
    host = ipaddress.ip_address(address)
    if octets is None:
        network = ipaddress.ip_network((address, bits), strict=False)
        octets = network.network_address.packed[:(bits + 7) // 8]
    family = {4: 1, 6: 2}[host.version] if family is None else family
    return struct.pack(">HBB", family, bits, scope) + octets


def exchange(daemon, options, name=f"sticky.{ORIGIN}", kind="A", tcp=False, flags=0):
    """options: the data of client subnet options. Returns octets."""
    query = dns.message.make_query(name, kind).to_wire()
    data = b"".join(struct.pack(">HH", SUBNET, len(one)) + one for one in options)
    query = query[:10] + b"\0\1" + query[12:] + b"\0" + struct.pack(
        ">HHIH", 41, 1232, flags, len(data)) + data
    if tcp:
        with socket.create_connection(("127.0.0.1", daemon.port), 5 * harness.PATIENCE) as client:
            client.sendall(struct.pack(">H", len(query)) + query)
            stream = client.makefile("rb")
            return stream.read(struct.unpack(">H", stream.read(2))[0])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5 * harness.PATIENCE)
        client.connect(("127.0.0.1", daemon.port))
        client.send(query)
        return client.recv(65535)


def ask(*arguments, **more):
    return dns.message.from_wire(exchange(*arguments, **more))


def echo(message):
    """The data of the option in a response, or None. dnspython keeps what it reads of it."""
    found = [one.to_wire() for one in message.options if one.otype == SUBNET]
    assert len(found) <= 1
    return found[0] if found else None


def with_scope(octets, scope):
    return octets[:3] + bytes([scope]) + octets[4:]


def chosen(message):
    return message.answer[-1][0].to_text()


# --- scope ---

@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
@pytest.mark.parametrize("address,longest,scope_max", [("203.0.113.255", 32, 24),
                                                       ("2001:db8:ffff:ffff:ffff::1", 128, 56)])
def test_the_scope_of_sticky_is_the_source_prefix_up_to_a_limit(daemon, address, longest,
                                                                scope_max, tcp):
    for bits in range(longest + 1):
        octets = option(address, bits)
        message = ask(daemon, [octets], tcp=tcp)
        assert message.rcode() == dns.rcode.NOERROR and len(message.answer) == 1
        assert echo(message) == with_scope(octets, min(bits, scope_max)), bits


@pytest.mark.parametrize("name", ["sticky", "x.sticky", "tosticky", "a.wildsticky"])
@pytest.mark.parametrize("address,scope", [("203.0.113.0", 24), ("2001:db8::", 56)])
def test_the_scope_of_what_leads_to_sticky(daemon, name, address, scope):
    octets = option(address, scope)
    message = ask(daemon, [octets], f"{name}.{ORIGIN}")
    assert message.answer[-1].rdtype == 1
    assert echo(message) == with_scope(octets, scope)


@pytest.mark.parametrize("name,kind,rcode", [
    ("exact", "A", "NOERROR"), ("random", "A", "NOERROR"), ("static", "A", "NOERROR"),
    ("alias", "A", "NOERROR"), ("nope", "A", "NXDOMAIN"), ("sticky", "AAAA", "NOERROR"),
    ("x.sub", "A", "NOERROR"), ("x.wild", "TXT", "NOERROR"), ("big", "TXT", "NOERROR"),
])
@pytest.mark.parametrize("address,bits", [("203.0.113.0", 24), ("2001:db8::", 56), ("0.0.0.0", 0)])
def test_where_nothing_depends_on_the_client_the_scope_is_0(daemon, name, kind, rcode, address,
                                                            bits):
    octets = option(address, bits)
    message = ask(daemon, [octets], f"{name}.{ORIGIN}", kind)
    assert dns.rcode.to_text(message.rcode()) == rcode
    assert echo(message) == octets  # as it came, and so with scope 0


def test_a_refusal_has_the_option_too(daemon):
    """RFC 7871 section 7.2.1: in every response to a query that had it."""
    octets = option("203.0.113.0", 24)
    message = ask(daemon, [octets], "www.example.org")
    assert message.rcode() == dns.rcode.REFUSED and echo(message) == octets


def test_a_signed_answer_has_its_scope(make):
    daemon = make(signed=True, client_subnet=["127.0.0.0/8"])
    octets = option("203.0.113.0", 24)
    for name, scope in (("sticky", 24), ("x.sticky", 24), ("tosticky", 24), ("exact", 0),
                        ("static", 0), ("nope", 0)):
        message = ask(daemon, [octets], f"{name}.{ORIGIN}", tcp=True, flags=0x8000)
        records = message.answer + message.authority
        assert any(one.rdtype == dns.rdatatype.RRSIG for one in records), name
        assert echo(message) == with_scope(octets, scope), name


# --- whom it steers ---

def test_the_subnet_decides_and_not_the_resolver(daemon):
    for addresses, bits in (([f"203.0.{i}.0" for i in range(100)], 24),
                            ([f"2001:db8:{i:x}::" for i in range(100)], 56)):
        found = [chosen(ask(daemon, [option(one, bits)])) for one in addresses]
        assert len(set(found)) > 25
        assert [chosen(ask(daemon, [option(one, bits)])) for one in addresses] == found


def test_within_the_scope_all_clients_have_one_answer(daemon):
    """What a resolver that caches by the scope relies on."""
    for i in range(20):
        expected = chosen(ask(daemon, [option(f"203.0.{i}.0", 24)]))
        for host in (f"203.0.{i}.1", f"203.0.{i}.255"):
            assert chosen(ask(daemon, [option(host, 32)])) == expected
        expected = chosen(ask(daemon, [option(f"2001:db8:0:{i:x}00::", 56)]))
        for host in (f"2001:db8:0:{i:x}00::1", f"2001:db8:0:{i:x}ff:ffff::"):
            assert chosen(ask(daemon, [option(host, 128)])) == expected


@pytest.mark.parametrize("octets", [b"\0\0\0\0", b"\0\1\0\0", b"\0\2\0\0"])
def test_a_source_prefix_of_0_is_answered_for_the_resolver(daemon, octets):
    own = chosen(ask(daemon, []))
    response = exchange(daemon, [octets])
    assert response.endswith(struct.pack(">HH", SUBNET, 4) + octets)
    # dnspython does not read family 0: without the OPT.
    without_opt = response[:10] + b"\0\0" + response[12:]
    assert chosen(dns.message.from_wire(without_opt, ignore_trailing=True)) == own


def test_without_the_option_there_is_none_in_the_answer(daemon):
    assert echo(ask(daemon, [])) is None


# --- malformed ---

MALFORMED = {
    "a bit beyond /23": [option("203.0.113.0", 23, octets=b"\xcb\0\x71")],
    "a bit beyond /1": [option("203.0.113.0", 1, octets=b"\x81")],
    "the last bit beyond /31": [option("203.0.113.0", 31, octets=b"\xcb\0\x71\1")],
    "a bit beyond /55": [option("2001:db8::", 55, octets=b"\x20\1\x0d\xb8\0\0\1")],
    "a bit beyond /127": [option("2001:db8::", 127, octets=b"\x20" + bytes(14) + b"\1")],
    "33 bits of IPv4": [option("203.0.113.0", 33, octets=b"\xcb\0\x71\0\0")],
    "33 bits in 4 octets": [option("203.0.113.0", 33, octets=b"\xcb\0\x71\0")],
    "255 bits of IPv4": [option("203.0.113.0", 255, octets=bytes(32))],
    "129 bits of IPv6": [option("2001:db8::", 129, octets=bytes(17))],
    "129 bits in 16 octets": [option("2001:db8::", 129, octets=bytes(16))],
    "an octet missing": [option("203.0.113.0", 24, octets=b"\xcb\0")],
    "all octets missing": [option("203.0.113.0", 24, octets=b"")],
    "an octet too many": [option("203.0.113.0", 24, octets=b"\xcb\0\x71\0")],
    "an octet for /0": [option("203.0.113.0", 0, octets=b"\0")],
    "family 0 with a prefix": [option("203.0.113.0", 8, family=0, octets=b"\xcb")],
    "family 3": [option("203.0.113.0", 24, family=3)],
    "family 3 without a prefix": [option("203.0.113.0", 0, family=3)],
    "family 256": [option("203.0.113.0", 24, family=256)],
    "a scope": [option("203.0.113.0", 24, scope=24)],
    "a scope for /0": [option("203.0.113.0", 0, scope=1)],
    "no octets": [b""],
    "three octets": [b"\0\1\0"],
    "twice": [option("203.0.113.0", 24)] * 2,
    "twice, different": [option("203.0.113.0", 24), option("2001:db8::", 56)],
}


@pytest.fixture(scope="module", params=["listed", "ignore", "refuse"])
def anybody(request, make, daemon):
    """Who may steer, who is ignored, who is refused: malformed is malformed."""
    if request.param == "listed":
        return daemon
    return make(client_subnet=["192.0.2.0/24"], client_subnet_others=request.param)


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
@pytest.mark.parametrize("which", MALFORMED)
def test_a_malformed_option_is_a_formerr(anybody, which, tcp):
    message = ask(anybody, MALFORMED[which], tcp=tcp)
    assert message.rcode() == dns.rcode.FORMERR
    assert message.edns == 0 and not message.options and not message.answer


# --- others ---

OTHERS = [option("203.0.113.0", 24), option("2001:db8::", 56), option("203.0.113.0", 32),
          option("203.0.113.0", 1)]


def test_others_are_ignored(make):
    daemon = make(client_subnet=["192.0.2.0/24"])
    own = chosen(ask(daemon, []))
    for octets in OTHERS + [option(f"203.0.{i}.0", 24) for i in range(20)]:
        message = ask(daemon, [octets])
        assert chosen(message) == own and not message.options


def test_others_are_refused_where_that_is_configured(make):
    daemon = make(client_subnet=["192.0.2.0/24"], client_subnet_others="refuse")
    for octets in OTHERS:
        for name in (f"sticky.{ORIGIN}", f"static.{ORIGIN}", "www.example.org"):
            message = ask(daemon, [octets], name)
            assert message.rcode() == dns.rcode.REFUSED and not message.answer
            assert [(one.otype, one.code) for one in message.options] == [(ERROR, 18)]
    # A source prefix of 0 names nobody, and who sends no option does not either.
    own = chosen(ask(daemon, []))
    for octets in (b"\0\0\0\0", b"\0\1\0\0", b"\0\2\0\0"):
        message = ask(daemon, [octets])
        assert chosen(message) == own and not message.options


def test_who_is_listed_is_not_refused(make):
    daemon = make(client_subnet=["127.0.0.1/32"], client_subnet_others="refuse")
    octets = option("203.0.113.0", 24)
    assert echo(ask(daemon, [octets])) == with_scope(octets, 24)
