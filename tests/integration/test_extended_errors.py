# SPDX-License-Identifier: BSD-2-Clause
"""Extended errors (RFC 8914): why there is no answer, or not the one that should be. Which codes
there are is read from the code, and the guide has to list them."""
import re
import socket
import struct

import dns.edns
import dns.message
import dns.rcode
import pytest

import harness
from fake_resolver import FakeResolver
from harness import record_set, wait_for

STALE, NOT_READY, PROHIBITED, NOT_AUTHORITATIVE, NOT_SUPPORTED = 3, 14, 18, 20, 21
ZONE = harness.ZONE + "toweb CNAME web\ntosub CNAME www.sub.two.test.\n"
SUBNET = dns.edns.ECSOption("203.0.113.0", 24)


@pytest.fixture
def resolver(keep):
    return keep(FakeResolver())


def alias(name="web.catsndogs.lol"):
    return record_set([{"id": "only", "weight": 1, "alias": "elb.example.com"}], name)


@pytest.fixture
def make(keep, resolver):
    """make(signed, …) is a daemon with an alias target, not started."""
    def make_one(signed=False, limits=None, **server):
        zone = {"name": "catsndogs.lol", "file": "catsndogs.lol.zone"}
        if signed:
            zone["dnssec"] = {"keys": "keys"}
        control = {"resolvers": [resolver.address],
                   "alias": limits or {"min_ttl": "1s", "max_ttl": "2s", "stale_after": "1h"}}
        return keep(harness.Daemon(
            {"control": control, "server": server, "record_sets": [alias()], "zones": [zone]},
            {"catsndogs.lol.zone": ZONE}))
    return make_one


def exchange(daemon, query, transport):
    """As octets: of AXFR dnspython would make a transfer."""
    address, patience = ("127.0.0.1", daemon.port), 5 * harness.PATIENCE
    if transport == "udp":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(patience)
            client.connect(address)
            client.send(query)
            return client.recv(65535)
    with socket.create_connection(address, patience) as client:
        client.sendall(struct.pack(">H", len(query)) + query)
        stream = client.makefile("rb")
        return stream.read(struct.unpack(">H", stream.read(2))[0])


def ask(daemon, name, kind="A", klass="IN", transport="udp", **more):
    """RCODE and the codes of extended errors."""
    more = {"use_edns": 0, **more}
    query = dns.message.make_query(name, kind, klass, **more).to_wire()
    message = dns.message.from_wire(exchange(daemon, query, transport))
    codes = [one.code for one in message.options if one.otype == dns.edns.EDE]
    assert all(one.text is None for one in message.options if one.otype == dns.edns.EDE)
    return dns.rcode.to_text(message.rcode()), codes


REFUSED = {
    "no zone of ours": (("www.example.org",), NOT_AUTHORITATIVE),
    "the root": ((".", "NS"), NOT_AUTHORITATIVE),
    "a zone above ours": (("lol", "NS"), NOT_AUTHORITATIVE),
    "any type, no zone of ours": (("www.example.org", "ANY"), NOT_AUTHORITATIVE),
    "any class, no zone of ours": (("www.example.org", "A", "ANY"), NOT_AUTHORITATIVE),
    "AXFR": (("catsndogs.lol", "AXFR"), PROHIBITED),
    "AXFR of another's zone": (("example.org", "AXFR"), PROHIBITED),
    "IXFR": (("catsndogs.lol", "IXFR"), PROHIBITED),
    "class HS": (("static.catsndogs.lol", "A", "HS"), NOT_AUTHORITATIVE),
    "a name of class CH that there is not": (("authors.bind", "TXT", "CH"), NOT_AUTHORITATIVE),
    "version.bind that is not told": (("version.bind", "TXT", "CH"), PROHIBITED),
    "id.server of another type": (("id.server", "A", "CH"), NOT_SUPPORTED),
}


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("which", REFUSED)
def test_a_refusal_says_why(make, which, transport):
    arguments, code = REFUSED[which]
    daemon = make(identity="ns1").start()
    assert ask(daemon, *arguments, transport=transport) == ("REFUSED", [code])
    assert ask(daemon, *arguments, transport=transport, use_edns=False) == ("REFUSED", [])


def test_a_refused_subnet_says_why(make):
    daemon = make(client_subnet_others="refuse").start()
    assert ask(daemon, "static.catsndogs.lol", options=[SUBNET]) == ("REFUSED", [PROHIBITED])
    assert ask(daemon, "static.catsndogs.lol") == ("NOERROR", [])


@pytest.mark.parametrize("signed", [False, True])
def test_an_unresolved_alias_says_that_it_is_not_ready(make, resolver, signed):
    resolver.broken = True
    daemon = make(signed).start()
    for want_dnssec in (False, True):
        for name in ("web.catsndogs.lol", "toweb.catsndogs.lol"):
            for transport in ("udp", "tcp"):
                assert ask(daemon, name, transport=transport, want_dnssec=want_dnssec) == (
                    "SERVFAIL", [NOT_READY])
    assert ask(daemon, "web.catsndogs.lol", use_edns=False) == ("SERVFAIL", [])
    resolver.broken = False
    resolver.set("elb.example.com", "192.0.2.7")
    wait_for(lambda: ask(daemon, "web.catsndogs.lol") == ("NOERROR", []), "it is resolved", 15)
    assert ask(daemon, "toweb.catsndogs.lol") == ("NOERROR", [])


@pytest.mark.parametrize("signed", [False, True])
def test_a_stale_alias_is_a_stale_answer(make, resolver, signed):
    resolver.set("elb.example.com", "192.0.2.7")
    daemon = make(signed, {"min_ttl": "1s", "max_ttl": "1s", "stale_after": "2s"}).start()
    wait_for(lambda: ask(daemon, "web.catsndogs.lol") == ("NOERROR", []), "it is resolved", 15)
    resolver.silent = True
    wait_for(lambda: ask(daemon, "web.catsndogs.lol") == ("NOERROR", [STALE]), "it is stale", 15)
    for want_dnssec in (False, True):
        for name in ("web.catsndogs.lol", "toweb.catsndogs.lol"):
            for transport in ("udp", "tcp"):
                assert ask(daemon, name, transport=transport, want_dnssec=want_dnssec) == (
                    "NOERROR", [STALE])
    assert ask(daemon, "static.catsndogs.lol") == ("NOERROR", [])
    resolver.silent = False
    wait_for(lambda: ask(daemon, "web.catsndogs.lol") == ("NOERROR", []), "it is fresh again", 15)


def test_a_zone_that_cannot_be_loaded_is_not_ready(make):
    text = "$ORIGIN sub.two.test.\n$TTL 60\n@ SOA ns h 1 1 1 1 1\n@ NS ns\nns A 127.0.0.1\n"
    daemon = make().start()
    path = daemon.folder / "sub.zone"
    path.write_text(text + "www A 192.0.2.8\n")
    assert ask(daemon, "www.sub.two.test") == ("REFUSED", [NOT_AUTHORITATIVE])
    daemon.ctl("zone", "add", "sub.two.test", path)
    assert ask(daemon, "www.sub.two.test") == ask(daemon, "tosub.catsndogs.lol") == ("NOERROR", [])
    path.write_text("rubbish")
    daemon.stop()
    daemon.start()
    for name in ("www.sub.two.test", "sub.two.test", "a.b.sub.two.test", "tosub.catsndogs.lol"):
        for transport in ("udp", "tcp"):
            assert ask(daemon, name, transport=transport) == ("SERVFAIL", [NOT_READY]), name
    assert ask(daemon, "www.two.test") == ("REFUSED", [NOT_AUTHORITATIVE])
    assert ask(daemon, "static.catsndogs.lol") == ("NOERROR", [])
    path.write_text(text + "www A 192.0.2.8\n")
    daemon.ctl("zone", "reload", "sub.two.test")
    assert ask(daemon, "www.sub.two.test") == ask(daemon, "tosub.catsndogs.lol") == ("NOERROR", [])
    daemon.ctl("zone", "remove", "sub.two.test")
    assert ask(daemon, "www.sub.two.test") == ("REFUSED", [NOT_AUTHORITATIVE])


def test_an_absent_zone_that_is_removed_is_absent_no_more(make):
    daemon = make().start()
    path = daemon.folder / "sub.zone"
    path.write_text("@ 60 SOA ns h 1 1 1 1 1\n@ NS ns\nns A 127.0.0.1\n")
    daemon.ctl("zone", "add", "sub.catsndogs.lol", path)
    path.write_text("rubbish")
    daemon.stop()
    daemon.start()
    assert ask(daemon, "ns.sub.catsndogs.lol") == ("SERVFAIL", [NOT_READY])
    daemon.ctl("zone", "remove", "sub.catsndogs.lol")
    assert ask(daemon, "ns.sub.catsndogs.lol") == ("NOERROR", [])  # a delegation of the zone above


WITHOUT = {
    "an answer": ("static.catsndogs.lol", "A", "NOERROR"),
    "no data": ("static.catsndogs.lol", "AAAA", "NOERROR"),
    "no such name": ("nope.catsndogs.lol", "A", "NXDOMAIN"),
    "a delegation": ("www.sub.catsndogs.lol", "A", "NOERROR"),
    "a truncated answer": ("big.catsndogs.lol", "TXT", "NOERROR"),
}


def test_what_needs_no_excuse_has_none(make):
    daemon = make().start()
    for name, kind, rcode in WITHOUT.values():
        assert ask(daemon, name, kind) == (rcode, [])


def test_the_guide_lists_the_codes_that_are_given():
    header = (harness.TOP / "server" / "dns.h").read_text()
    in_code = {int(code) for code in re.findall(r"DNS_ERROR_\w+ = (\d+)", header)}
    guide = (harness.TOP / "docs" / "guide.md").read_text()
    table = guide.split("<!-- extended errors -->")[1].split("<!-- end -->")[0]
    listed = {int(code): rcode for code, rcode in re.findall(r"^\| (\d+) [^|]+ \| (\w+) \|", table,
                                                            re.M)}
    assert set(listed) == in_code
    shown = {code: "REFUSED" for _, code in REFUSED.values()}
    assert listed == {**shown, STALE: "NOERROR", NOT_READY: "SERVFAIL"}
