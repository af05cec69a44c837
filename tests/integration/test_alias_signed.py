# SPDX-License-Identifier: BSD-2-Clause
"""Alias targets in zones that are signed here: new addresses are answered with signatures of their
own, and nothing else is signed for them."""
import subprocess
import threading

import dns.dnssec
import dns.flags
import dns.name
import dns.rcode
import dns.rdatatype
import pytest

import harness
from fake_resolver import FakeResolver
from harness import wait_for
from test_dnssec import check_with_delv, check_with_unbound

ELB = "green.elb.example.com"
LIMITS = {"min_ttl": "1s", "max_ttl": "1s", "stale_after": "1h"}
ORIGIN = dns.name.from_text("example.test")
ZONE = """\
$ORIGIN example.test.
$TTL 300
@   SOA ns1 hostmaster 1 3600 600 86400 60
    NS ns1
    MX 10 www
ns1 A 127.0.0.1
cn  CNAME cn2
cn2 CNAME www
top CNAME @
*.c CNAME x.wild
dn  DNAME wild
sub NS ns.sub
ns.sub A 127.0.0.1
"""
SUB = "$ORIGIN sub.example.test.\n$TTL 300\n@ SOA ns hm 1 3600 600 86400 60\n NS ns\nns A 127.0.0.1\n"
SETS = [
    harness.record_set([harness.member("blue", 100, "192.0.2.101"),
                        dict(id="green", weight=0, alias=ELB)], name="www.example.test"),
    harness.record_set([dict(id="lb", weight=1, alias=ELB)], name="example.test"),
    harness.record_set([dict(id="lb", weight=1, alias=ELB)], name="example.test", kind="AAAA"),
    harness.record_set([dict(id="lb", weight=1, alias=ELB)], name="*.wild.example.test"),
]


def keygen(daemon, *options):
    (daemon.folder / "keys").mkdir(exist_ok=True)
    done = subprocess.run(["dnssec-keygen", "-q", "-K", str(daemon.folder / "keys"), *options,
                           "example.test"], capture_output=True, text=True, check=True, timeout=60)
    return daemon.folder / "keys" / done.stdout.strip()


@pytest.fixture
def resolver(keep):
    return keep(FakeResolver())


@pytest.fixture(params=["nsec", "nsec3"])
def daemon(request, keep, resolver):
    one = keep(harness.Daemon(
        {"control": {"resolvers": [resolver.address], "alias": LIMITS},
         "zones": [{"name": "example.test", "file": "example.zone",
                    "dnssec": {"keys": "keys", "denial": request.param}}],
         "record_sets": SETS},
        {"example.zone": ZONE}))
    keygen(one, "-a", "ECDSAP256SHA256", "-f", "KSK")
    resolver.set(ELB, "192.0.2.1")
    resolver.set(ELB, "2001:db8::1", kind="AAAA")
    return one.start()


def dnskeys(daemon):
    answer = daemon.ask("example.test", "DNSKEY", transport="tcp").answer
    return {ORIGIN: next(one for one in answer if one.rdtype == dns.rdatatype.DNSKEY)}


def ask(daemon, name, kind="A", keys=None):
    """The addresses and the signature of a valid answer."""
    response = daemon.ask(name, kind, want_dnssec=True)
    found = {one.rdtype: one for one in response.answer}
    assert dns.rdatatype.RRSIG in found, response
    rrset = found[dns.rdatatype.from_text(kind)]
    dns.dnssec.validate(rrset, found[dns.rdatatype.RRSIG], keys or dnskeys(daemon))
    return {one.to_text() for one in rrset}, found[dns.rdatatype.RRSIG].to_text()


def wait_for_addresses(daemon, name, *addresses, kind="A"):
    wait_for(lambda: set(daemon.addresses(name, kind)) == set(addresses),
             f"{name} has {addresses}")


def test_new_addresses_are_signed_and_nothing_else_is(daemon, resolver):
    wait_for_addresses(daemon, "example.test", "192.0.2.1")
    wait_for_addresses(daemon, "example.test", "2001:db8::1", kind="AAAA")
    soa = daemon.ask("example.test", "SOA", want_dnssec=True).answer
    _, blue = ask(daemon, "www.example.test")
    _, six = ask(daemon, "example.test", "AAAA")
    resolver.set(ELB, "192.0.2.2", "192.0.2.3")
    wait_for_addresses(daemon, "example.test", "192.0.2.2", "192.0.2.3")
    assert ask(daemon, "example.test")[0] == {"192.0.2.2", "192.0.2.3"}
    assert ask(daemon, "x.y.wild.example.test")[0] == {"192.0.2.2", "192.0.2.3"}
    assert ask(daemon, "www.example.test")[1] == blue
    assert ask(daemon, "example.test", "AAAA")[1] == six
    assert daemon.ask("example.test", "SOA", want_dnssec=True).answer == soa
    daemon.set_weights("www.example.test", "A", "blue=0", "green=1")
    assert ask(daemon, "www.example.test")[0] == {"192.0.2.2", "192.0.2.3"}


def test_every_answer_validates_while_addresses_weights_and_the_zone_change(daemon, resolver):
    """The answers are asked for all the time; each has records and signatures of one moment."""
    wait_for_addresses(daemon, "example.test", "192.0.2.1")
    keys = dnskeys(daemon)
    is_over, wrong, seen = threading.Event(), [], set()

    def watch():
        while not is_over.is_set():
            try:
                for name in ("www.example.test", "example.test", "q.wild.example.test"):
                    seen.update(ask(daemon, name, keys=keys)[0])
            except Exception as error:
                wrong.append(repr(error))

    watchers = [threading.Thread(target=watch) for _ in range(2)]
    for watcher in watchers:
        watcher.start()
    try:
        client = daemon.client()
        for i in range(2, 6):
            resolver.set(ELB, f"192.0.2.{i}")
            def move():
                for weight in (0, 100):
                    client.call("weight set", "www.example.test", "A", f"blue={weight}",
                                f"green={100 - weight}")
                client.call("zone reload", "example.test")
                return f"192.0.2.{i}" in seen
            wait_for(move, f"192.0.2.{i} is answered", 20)
        client.close()
    finally:
        is_over.set()
        for watcher in watchers:
            watcher.join()
    assert not wrong, wrong[:3]
    assert seen == {"192.0.2.101"} | {f"192.0.2.{i}" for i in range(1, 6)}


LEADING = [("example.test", "A", 0), ("example.test", "AAAA", 0), ("www", "A", 0), ("cn", "A", 0),
           ("top", "A", 0), ("top", "AAAA", 0), ("q.wild", "A", 0), ("a.b.wild", "A", 0),
           ("x.c", "A", 0), ("x.dn", "A", 0), ("example.test", "MX", 0)]
DENIED = [("www", "AAAA", 0), ("q.wild", "AAAA", 0), ("example.test", "TXT", 0), ("x.c", "MX", 0)]


def test_validators_accept_all_that_leads_to_an_alias_target(daemon, resolver):
    daemon.set_weights("www.example.test", "A", "blue=0", "green=1")
    for addresses in (["192.0.2.1"], [f"192.0.2.{i}" for i in range(10, 22)]):
        resolver.set(ELB, *addresses)
        wait_for_addresses(daemon, "example.test", *addresses)
        wait_for_addresses(daemon, "example.test", "2001:db8::1", kind="AAAA")
        check_with_unbound(daemon, LEADING + DENIED)
        check_with_delv(daemon, LEADING + DENIED)
    for kind in ("ANY", "A", "AAAA"):
        response = daemon.ask("example.test", kind, want_dnssec=True, transport="tcp")
        covered = {one.covers for one in response.answer if one.rdtype == dns.rdatatype.RRSIG}
        for rrset in response.answer:
            if rrset.rdtype != dns.rdatatype.RRSIG:
                assert rrset.rdtype in covered
                dns.dnssec.validate(rrset, response.get_rrset(
                    response.answer, rrset.name, rrset.rdclass, dns.rdatatype.RRSIG, rrset.rdtype),
                    dnskeys(daemon))


def test_more_addresses_than_a_datagram_holds_are_signed(daemon, resolver):
    many = [f"2001:db8::{i:x}" for i in range(1, 201)]
    resolver.set(ELB, *many, kind="AAAA")  # nor does the one that we are sent

    def all_there():
        answer = daemon.ask("example.test", "AAAA", transport="tcp").answer
        return {one.to_text() for rrset in answer for one in rrset} == set(many)

    wait_for(all_there, "all addresses are answered")
    response = daemon.ask("example.test", "AAAA", want_dnssec=True)
    assert response.flags & dns.flags.TC and not response.answer
    response = daemon.ask("example.test", "AAAA", want_dnssec=True, transport="tcp")
    found = {one.rdtype: one for one in response.answer}
    dns.dnssec.validate(found[dns.rdatatype.AAAA], found[dns.rdatatype.RRSIG], dnskeys(daemon))


def test_a_record_set_that_moves_between_zones_is_signed_where_its_zone_is(keep, resolver):
    """A zone that comes takes those below it, and gives them back when it goes."""
    one = keep(harness.Daemon(
        {"control": {"resolvers": [resolver.address], "alias": LIMITS},
         "zones": [{"name": "example.test", "file": "example.zone", "dnssec": {"keys": "keys"}}],
         "record_sets": [harness.record_set([dict(id="lb", weight=1, alias=ELB)],
                                            name="www.below.example.test")]},
        {"example.zone": ZONE, "below.zone": SUB.replace("sub.", "below.")}))
    keygen(one, "-a", "ECDSAP256SHA256", "-f", "KSK")
    resolver.set(ELB, "192.0.2.1")
    one.start()
    name = "www.below.example.test"
    wait_for_addresses(one, name, "192.0.2.1")
    ask(one, name)
    one.call("zone add", "below.example.test", str(one.folder / "below.zone"))
    response = one.ask(name, "A", want_dnssec=True)
    assert [rrset.rdtype for rrset in response.answer] == [dns.rdatatype.A]
    resolver.set(ELB, "192.0.2.2")
    wait_for_addresses(one, name, "192.0.2.2")
    one.call("zone remove", "below.example.test")
    assert ask(one, name)[0] == {"192.0.2.2"}
    resolver.set(ELB, "192.0.2.3")
    wait_for_addresses(one, name, "192.0.2.3")
    assert ask(one, name)[0] == {"192.0.2.3"}


def test_new_keys_sign_alias_targets_with_the_zone(daemon, resolver):
    wait_for_addresses(daemon, "example.test", "192.0.2.1")
    before = dnskeys(daemon)
    _, old = ask(daemon, "example.test")
    for path in (daemon.folder / "keys").iterdir():
        path.unlink()
    keygen(daemon, "-a", "ED25519", "-f", "KSK")
    daemon.call("zone reload", "example.test")
    assert dnskeys(daemon) != before
    addresses, new = ask(daemon, "example.test")
    assert addresses == {"192.0.2.1"} and new != old
    assert ask(daemon, "www.example.test")[0] == {"192.0.2.101"}
    resolver.set(ELB, "192.0.2.9")
    wait_for_addresses(daemon, "example.test", "192.0.2.9")
    assert ask(daemon, "example.test")[0] == {"192.0.2.9"}


def test_what_was_known_before_a_restart_is_signed_at_once(daemon, resolver):
    wait_for_addresses(daemon, "example.test", "192.0.2.1")
    wait_for(lambda: daemon.call("record show", "example.test", "A"), "the source is shown")
    resolver.silent = True
    daemon.kill()
    daemon.start()
    assert ask(daemon, "example.test")[0] == {"192.0.2.1"}


def test_without_an_address_it_is_no_lie(daemon, resolver):
    """Neither NODATA, which would be signed and would stay, nor an unsigned answer."""
    daemon.kill()
    daemon.state_path.unlink()
    resolver.broken = True
    daemon.start()
    for name in ("example.test", "top.example.test", "q.wild.example.test", "x.c.example.test"):
        response = daemon.ask(name, "A", want_dnssec=True)
        assert response.rcode() == dns.rcode.SERVFAIL, response
        assert dns.rdatatype.A not in {rrset.rdtype for rrset in response.answer}, response
    # the proofs of other types say that these are there
    check_with_delv(daemon, DENIED)
    denied = daemon.ask("example.test", "TXT", want_dnssec=True)
    bitmaps = [one.to_text().split() for rrset in denied.authority
               if rrset.rdtype in (dns.rdatatype.NSEC, dns.rdatatype.NSEC3) for one in rrset]
    assert any({"A", "AAAA", "SOA"} <= set(types) for types in bitmaps), denied
    assert ask(daemon, "www.example.test")[0] == {"192.0.2.101"}


def test_stale_addresses_are_answered_with_their_signature(keep, resolver):
    one = keep(harness.Daemon(
        {"control": {"resolvers": [resolver.address],
                     "alias": {"min_ttl": "1s", "max_ttl": "1s", "stale_after": "2s"}},
         "zones": [{"name": "example.test", "file": "example.zone", "dnssec": {"keys": "keys"}}],
         "record_sets": SETS}, {"example.zone": ZONE}))
    keygen(one, "-a", "ECDSAP256SHA256", "-f", "KSK")
    resolver.set(ELB, "192.0.2.1")
    one.start()
    wait_for_addresses(one, "example.test", "192.0.2.1")
    resolver.broken = True

    def is_stale():
        response = one.ask("example.test", "A", want_dnssec=True)
        return any(option.otype == 15 for option in response.options)

    wait_for(is_stale, "the answer says that it is stale", 20)
    assert ask(one, "example.test")[0] == {"192.0.2.1"}


def test_an_export_has_the_addresses_and_signatures_of_now(daemon):
    wait_for_addresses(daemon, "example.test", "192.0.2.1")
    text = daemon.ctl("zone", "export", "example.test").stdout
    path = daemon.folder / "exported.zone"
    path.write_text(text)
    checked = subprocess.run(["ldns-verify-zone", str(path)], capture_output=True, text=True,
                             timeout=60)
    assert checked.returncode == 0, checked
    assert "192.0.2.1" in text


def test_signatures_follow_a_record_set_into_another_zone(keep, resolver):
    """Into a nested zone that is not signed, back, and into the same zone signed by its own key."""
    name = "www.deep.example.test"
    daemon = keep(harness.Daemon(
        {"control": {"resolvers": [resolver.address], "alias": LIMITS},
         "zones": [{"name": "example.test", "file": "example.zone", "dnssec": {"keys": "keys"}}],
         "record_sets": [harness.record_set([{"id": "elb", "weight": 1, "alias": ELB}],
                                            name=name)]},
        {"example.zone": ZONE}))
    keygen(daemon, "-a", "ECDSAP256SHA256", "-f", "KSK")
    resolver.set(ELB, "192.0.2.1")
    deep = daemon.folder / "deep.zone"
    deep.write_text("$ORIGIN deep.example.test.\n$TTL 60\n@ SOA ns h 1 1 1 1 1\n@ NS ns\n"
                    "ns A 127.0.0.1\n")
    daemon.start()
    wait_for_addresses(daemon, name, "192.0.2.1")

    def signers():
        answer = daemon.ask(name, want_dnssec=True).answer
        assert {one.to_text() for one in answer[0]} == {"192.0.2.1"}
        return [one[0].signer.to_text() for one in answer if one.rdtype == dns.rdatatype.RRSIG]

    for _ in range(2):
        assert signers() == ["example.test."] and ask(daemon, name)[0] == {"192.0.2.1"}
        daemon.ctl("zone", "add", "deep.example.test", deep)
        assert signers() == []
        daemon.ctl("zone", "remove", "deep.example.test")
    keys = daemon.folder / "deep-keys"
    keys.mkdir()
    subprocess.run(["dnssec-keygen", "-K", str(keys), "-a", "ECDSAP256SHA256", "-f", "KSK",
                    "deep.example.test"], capture_output=True, check=True, timeout=60)
    daemon.ctl("zone", "add", "deep.example.test", deep, f"keys={keys}")
    assert signers() == ["deep.example.test."]
    daemon.ctl("zone", "remove", "deep.example.test")
    assert signers() == ["example.test."]
