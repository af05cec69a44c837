# SPDX-License-Identifier: BSD-2-Clause
"""Zones from the root down, all signed by ballastd, as validators see them that start from the
root's key: unbound and named as resolvers, delv and dnsviz; and as kdig reads them. Then answers
that are changed on their way, which every validator has to refuse."""
import collections
import re
import subprocess
import threading
import time

import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype
import pytest

import harness
import validators
from fake_resolver import FakeResolver
from validators import BOGUS, ELB, INSECURE, SECURE

pytestmark = pytest.mark.timeout(120)

ALGORITHMS = ("ECDSAP256SHA256", "ED25519", "RSASHA256")
DENIALS = ("nsec", "nsec3")
RESOLVERS = (validators.Unbound, validators.Named)

# name, type, RCODE, verdict, what the answer ends with (None: anything).
CASES = [
    # positive
    (".", "SOA", "NOERROR", SECURE, None), (".", "DNSKEY", "NOERROR", SECURE, None),
    ("test", "NS", "NOERROR", SECURE, {"ns.test."}), ("test", "DS", "NOERROR", SECURE, None),
    ("example.test", "SOA", "NOERROR", SECURE, None),
    ("example.test", "NS", "NOERROR", SECURE, {"ns1.example.test."}),
    ("example.test", "DNSKEY", "NOERROR", SECURE, None),
    ("example.test", "A", "NOERROR", SECURE, {"192.0.2.2"}),
    ("two.example.test", "A", "NOERROR", SECURE, {"192.0.2.10", "192.0.2.11"}),
    ("TWO.example.TEST", "MX", "NOERROR", SECURE, {"10 ns1.example.test."}),
    ("a.b.ent.example.test", "A", "NOERROR", SECURE, {"192.0.2.30"}),
    ("long.example.test", "TXT", "NOERROR", SECURE, None),
    # NODATA, of an empty non-terminal too
    ("two.example.test", "AAAA", "NOERROR", SECURE, set()),
    ("test", "A", "NOERROR", SECURE, set()), (".", "A", "NOERROR", SECURE, set()),
    ("b.ent.example.test", "A", "NOERROR", SECURE, set()),
    ("ent.example.test", "TXT", "NOERROR", SECURE, set()),
    # NXDOMAIN
    ("nope", "A", "NXDOMAIN", SECURE, set()), ("nope.test", "A", "NXDOMAIN", SECURE, set()),
    ("nope.example.test", "A", "NXDOMAIN", SECURE, set()),
    ("a.b.nope.example.test", "MX", "NXDOMAIN", SECURE, set()),
    ("x.two.example.test", "A", "NXDOMAIN", SECURE, set()),
    ("y.exists.wild.example.test", "A", "NXDOMAIN", SECURE, set()),
    # wildcards: expanded, asked for itself, of another type
    ("z.wild.example.test", "A", "NOERROR", SECURE, {"192.0.2.40"}),
    ("y.z.wild.example.test", "MX", "NOERROR", SECURE, {"10 mail.wild.example.test."}),
    ("*.wild.example.test", "A", "NOERROR", SECURE, {"192.0.2.40"}),
    ("z.wild.example.test", "TXT", "NOERROR", SECURE, set()),
    ("y.z.wild.example.test", "AAAA", "NOERROR", SECURE, set()),
    ("*.wild.example.test", "AAAA", "NOERROR", SECURE, set()),
    # a signed child
    ("sub.example.test", "DS", "NOERROR", SECURE, None),
    ("sub.example.test", "DNSKEY", "NOERROR", SECURE, None),
    ("www.sub.example.test", "A", "NOERROR", SECURE, {"192.0.2.60"}),
    ("q.w.sub.example.test", "A", "NOERROR", SECURE, {"192.0.2.61"}),
    ("www.sub.example.test", "AAAA", "NOERROR", SECURE, set()),
    ("nope.sub.example.test", "A", "NXDOMAIN", SECURE, set()),
    # a child without DS: that there is none is secure, what is in it is not
    ("unsub.example.test", "DS", "NOERROR", SECURE, set()),
    ("unsub.example.test", "SOA", "NOERROR", INSECURE, None),
    ("www.unsub.example.test", "A", "NOERROR", INSECURE, {"192.0.2.70"}),
    ("q.w.unsub.example.test", "A", "NOERROR", INSECURE, {"192.0.2.71"}),
    ("www.unsub.example.test", "AAAA", "NOERROR", INSECURE, set()),
    ("nope.unsub.example.test", "A", "NXDOMAIN", INSECURE, set()),
    # DNAME
    ("d.example.test", "DNAME", "NOERROR", SECURE, {"t.example.test."}),
    ("d.example.test", "A", "NOERROR", SECURE, {"192.0.2.51"}),
    ("x.d.example.test", "A", "NOERROR", SECURE, {"192.0.2.50"}),
    ("w.d.example.test", "A", "NOERROR", SECURE, {"192.0.2.10", "192.0.2.11"}),
    ("x.d.example.test", "AAAA", "NOERROR", SECURE, set()),
    ("q.d.example.test", "A", "NXDOMAIN", SECURE, set()),
    ("www.dsub.example.test", "A", "NOERROR", SECURE, {"192.0.2.60"}),
    ("www.dunsub.example.test", "A", "NOERROR", INSECURE, {"192.0.2.70"}),
    # CNAMEs: within the zone, into it, out of it, by a wildcard, to nothing
    ("alias.example.test", "A", "NOERROR", SECURE, {"192.0.2.10", "192.0.2.11"}),
    ("alias2.example.test", "MX", "NOERROR", SECURE, {"10 ns1.example.test."}),
    ("alias.example.test", "TXT", "NOERROR", SECURE, set()),
    ("tonx.example.test", "A", "NXDOMAIN", SECURE, set()),
    ("towild.example.test", "A", "NOERROR", SECURE, {"192.0.2.40"}),
    ("tociwld.example.test", "A", "NOERROR", SECURE, {"192.0.2.10", "192.0.2.11"}),
    ("q.wcn.example.test", "A", "NOERROR", SECURE, {"192.0.2.10", "192.0.2.11"}),
    ("q.wcn.example.test", "TXT", "NOERROR", SECURE, set()),
    ("tosub.example.test", "A", "NOERROR", SECURE, {"192.0.2.60"}),
    ("tounsub.example.test", "A", "NOERROR", INSECURE, {"192.0.2.70"}),
    ("into.test", "A", "NOERROR", SECURE, {"192.0.2.10", "192.0.2.11"}),
    ("intonx.test", "A", "NXDOMAIN", SECURE, set()),
    ("intowild.test", "A", "NOERROR", SECURE, {"192.0.2.40"}),
    # alias targets
    ("example.test", "AAAA", "NOERROR", SECURE, {"2001:db8::1"}),
    ("a.b.walias.example.test", "A", "NOERROR", SECURE, {"192.0.2.150"}),
    ("a.b.walias.example.test", "AAAA", "NOERROR", SECURE, set()),
]

# What each member answers. The {} of a name below a wildcard is replaced by another one each time.
MEMBERS = {
    "blue": [("www.example.test", "A", {"192.0.2.101", "192.0.2.102"}),
             ("{}.wwild.example.test", "MX", {"10 mail.wild.example.test."}),
             ("{}.wcname.example.test", "A", {"192.0.2.10", "192.0.2.11"}),
             ("mixed.example.test", "A", {"192.0.2.103"})],
    "green": [("www.example.test", "A", {"192.0.2.201"}),
              ("{}.wwild.example.test", "MX", {"20 two.example.test."}),
              ("{}.wcname.example.test", "A", {"192.0.2.60"}),
              ("mixed.example.test", "A", {"192.0.2.150"})],
}
WEIGHTED = [("www", "A"), ("*.wwild", "MX"), ("*.wcname", "CNAME"), ("mixed", "A")]
# Of no member.
OF_NONE = [("www.example.test", "AAAA", "NOERROR", SECURE, set()),
           ("x.wwild.example.test", "A", "NOERROR", SECURE, set())]


@pytest.fixture
def network():
    with validators.own_network():
        yield


@pytest.fixture
def make_chain(network, keep):
    def make(*arguments, **more):
        resolver = keep(FakeResolver())
        resolver.set(ELB, "192.0.2.150")
        resolver.set(ELB, "2001:db8::1", kind="AAAA")
        chain = validators.Chain(keep, resolver, *arguments, **more)
        harness.wait_for(lambda: {"2001:db8::1", "192.0.2.150"} <= values_of(
            [chain.ask("example.test", "AAAA"), chain.ask("x.walias.example.test", "A")]),
            "the alias target is resolved")
        return chain
    return make


def values_of(responses):
    return {one.to_text() for response in responses for rrset in response.answer for one in rrset}


def ends_with(response, kind):
    found = [one for one in response.answer if one.rdtype == dns.rdatatype.from_text(kind)]
    return {one.to_text().lower() for one in found[-1]} if found else set()


def check(resolver, name, kind, rcode, verdict, values):
    got, response = resolver.verdict(name, kind)
    what = (type(resolver).__name__, name, kind, got, response.to_text())
    assert got == verdict and dns.rcode.to_text(response.rcode()) == rcode, what
    ending = ends_with(response, kind)
    assert ending == values if values is not None else ending, what


def check_delv(delv, name, kind, verdict):
    got, text = delv.verdict(name, kind)
    assert got == verdict, (name, kind, text)


def shift_all(chain, member):
    for name, kind in WEIGHTED:
        chain.shift(name, kind, 100 if member == "blue" else 0)


@pytest.mark.parametrize("first_keys", ["csk", "ksk+zsk"])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("denial", DENIALS)
def test_resolvers_validate_from_the_root_down(make_chain, keep, denial, algorithm, first_keys):
    """unbound and named know the root's address and the digest of its key. With one daemon each
    answer is that of the zone itself; with one for each zone there are referrals, with DS and with
    the proof that there is none."""
    is_together = (first_keys == "csk") == (denial == "nsec")
    chain = make_chain(is_together, denial, algorithm=algorithm, first_keys=first_keys)
    assert {key["algorithm"] for zone in validators.SIGNED_ZONES for key in chain.keys(zone)} == {
        algorithm}
    resolvers = [keep(make(chain)).start() for make in RESOLVERS]
    for resolver in resolvers:
        for case in CASES + OF_NONE:
            check(resolver, *case)
    for number, member in enumerate(("blue", "green", "blue")):
        shift_all(chain, member)
        for resolver in resolvers:
            for name, kind, values in MEMBERS[member]:
                check(resolver, name.format(f"n{number}"), kind, "NOERROR", SECURE, values)


@pytest.mark.parametrize("denial, is_together", [("nsec", True), ("nsec3", True), ("nsec3", False)])
def test_delv_validates_from_the_root_down(make_chain, keep, denial, is_together):
    """delv asks the daemon that has all zones; where each has its own it cannot follow the
    referrals, and asks by way of unbound, with CD, so that it is still delv that validates."""
    chain = make_chain(is_together, denial)
    server = ("127.0.0.1", 53)
    if not is_together:
        server = ("127.0.0.1", keep(validators.Unbound(chain)).start().port)
    delv = keep(validators.Delv(chain, server))
    for name, kind, _, verdict, _ in CASES + OF_NONE:
        check_delv(delv, name, kind, verdict)
    for number, member in enumerate(("blue", "green")):
        shift_all(chain, member)
        for name, kind, values in MEMBERS[member]:
            got, text = delv.verdict(name.format(f"d{number}"), kind)
            assert got == SECURE and all(one in text.lower() for one in values), text


# The options of kdig, and whether the answer has to be whole.
KDIG = [
    ("+bufsize=1232", True),  # what is longer comes over TCP
    ("+bufsize=512", True),
    ("+bufsize=4096", True),
    ("+ignore +bufsize=512", False),
    ("+tcp", True),
    ("+bufsize=1232 +multiline", True),
]


def kdig(chain, zone, name, kind, options):
    """(RCODE, flags, section: records) of what kdig prints, which has to say nothing else."""
    done = subprocess.run(
        ["kdig", f"@{chain.addresses[zone]}", "-p", str(chain.daemons[zone].port), "+dnssec",
         "+norecurse", "+timeout=5", *options.split(), name, kind],
        capture_output=True, text=True, timeout=60 * harness.PATIENCE)
    text = done.stdout
    said = re.sub(r"^;; WARNING: truncated reply from \S+, retrying over TCP$", "", done.stderr,
                  flags=re.M)
    assert done.returncode == 0 and not said.strip() and ";; WARNING" not in text, done
    status = re.search(r"^;; ->>HEADER<<- opcode: QUERY; status: (\w+); id: \d+$", text, re.M)[1]
    flags = re.search(r"^;; Flags: ([a-z ]+);", text, re.M)[1]
    assert re.search(r"^;; Version: 0; flags: do; UDP size: \d+ B; ext-rcode: NOERROR$", text, re.M)
    sections = {}
    for section in ("ANSWER", "AUTHORITY", "ADDITIONAL"):
        part = re.search(rf"^;; {section} SECTION:\n(.*?)\n(?:\n|;; )", text, re.M | re.S)
        records = as_read(part[1]) if part else set()
        announced = int(re.search(rf"{section}: (\d+)", text)[1])
        assert announced - (section == "ADDITIONAL") == len(records), (section, text)
        sections[section] = records
    return status, flags, sections


def as_read(text):
    """The records of text, in which one may have several lines and comments, as +multiline prints
    it."""
    text = re.sub(r";.*", "", text)
    text = re.sub(r"\(([^)]*)\)", lambda found: " ".join(found[1].split()), text)
    records = set()
    for name, ttl, _, kind, data in (line.split(None, 4) for line in text.splitlines() if line):
        rdata = dns.rdata.from_text("IN", kind, data)
        records.add((dns.name.from_text(name), int(ttl), rdata.rdtype, rdata))
    return records


def as_set(rrsets):
    return {(rrset.name, rrset.ttl, rrset.rdtype, one) for rrset in rrsets for one in rrset}


@pytest.mark.parametrize("denial, first_keys", [("nsec", "ksk+zsk"), ("nsec3", "csk")])
def test_kdig_reads_every_record(make_chain, denial, first_keys):
    """kdig of Debian 12 does not validate. What is checked with it: it exits with 0 and has no
    complaint; RCODE, AA and DO; the counts of the header are those of the records; every RRset of
    an answer has its RRSIG, but in the zone that is not signed; and the records, as it reads
    them, are those that dnspython reads. Over UDP with several buffers, from UDP to TCP for what
    is too long, and over TCP."""
    chain = make_chain(True, denial, first_keys=first_keys)
    truncated = 0
    for name, kind, _, verdict, _ in CASES + OF_NONE:
        expected = chain.ask(name, kind)
        for options, is_whole in KDIG:
            status, flags, sections = kdig(chain, "example.test.", name, kind, options)
            what = (name, kind, options, status, flags, sections)
            assert (status, "tc" in flags.split()) == (
                dns.rcode.to_text(expected.rcode()), not is_whole and "tc" in flags.split()), what
            assert {"qr", "aa"} <= set(flags.split()) and "ad" not in flags.split(), what
            if "tc" in flags.split():
                truncated += 1
                continue
            for section, rrsets in (("ANSWER", expected.answer), ("AUTHORITY", expected.authority)):
                assert sections[section] == as_set(rrsets), what
            signed = {(one[0], one[3].type_covered) for one in sections["ANSWER"]
                      if one[2] == dns.rdatatype.RRSIG}
            unsigned = {(one[0], one[2]) for one in sections["ANSWER"]} - signed
            allowed = {dns.rdatatype.RRSIG}
            if any(one[2] == dns.rdatatype.DNAME for one in sections["ANSWER"]):
                allowed.add(dns.rdatatype.CNAME)  # which follows from the DNAME
            assert verdict == INSECURE or {kind for _, kind in unsigned} <= allowed, what
    assert truncated > 0


# What dnsviz says of any zone on loopback, as here.
OF_LOOPBACK = {"GLUE_PRIVATE_IP", "NS_NAME_PRIVATE_IP"}


def complaints_of(node, path=()):
    """All errors and warnings in what grok says, but for those of loopback."""
    if isinstance(node, list):
        return [found for one in node for found in complaints_of(one, path)]
    if not isinstance(node, dict):
        return []
    own = [(*path, one["code"], one["description"]) for key in ("errors", "warnings")
           for one in node.get(key, []) if one["code"] not in OF_LOOPBACK]
    return own + [found for key, one in node.items() if key not in ("errors", "warnings")
                  for found in complaints_of(one, (*path, key))]


def statuses_of(node):
    """All the statuses of records, proofs and signatures in what grok says."""
    if isinstance(node, list):
        return [status for one in node for status in statuses_of(one)]
    if not isinstance(node, dict):
        return []
    own = [node["status"]] if isinstance(node.get("status"), str) else []
    return own + [status for one in node.values() for status in statuses_of(one)]


@pytest.mark.parametrize("denial, algorithm, first_keys", [
    ("nsec", "ED25519", "csk"), ("nsec3", "RSASHA256", "ksk+zsk")])
def test_dnsviz_has_no_complaint(make_chain, keep, denial, algorithm, first_keys):
    """dnsviz asks each zone's servers, EDNS of the future too, and compares zones with their
    parents. It has no error and no warning but that we are on loopback, and all that is below a
    DS is SECURE."""
    chain = make_chain(False, denial, algorithm=algorithm, first_keys=first_keys)
    dnsviz = keep(validators.Dnsviz(chain))
    names = {verdict: list(dict.fromkeys(case[0] for case in CASES + OF_NONE if case[3] == verdict))
             for verdict in (SECURE, INSECURE)}
    names[SECURE] = [name for name in names[SECURE] if name not in names[INSECURE]]
    judged = collections.Counter()
    for member in ("blue", "green"):
        shift_all(chain, member)
        weighted = [name.format("v") for name, _, _ in MEMBERS[member]]
        dnsviz.probe(weighted if member == "green" else names[SECURE] + weighted)
        said = dnsviz.grok("info")
        assert complaints_of(said) == []
        judged.update(statuses_of(said))
    assert judged["SECURE"] > 100 and judged["VALID"] > 100
    assert set(judged) == {"SECURE", "VALID", "NOERROR", "NXDOMAIN"}, judged
    # Its `grok` falls over the SOA of a zone without DS when it is to tell all: `print` does not.
    dnsviz.probe(names[INSECURE])
    assert complaints_of(dnsviz.grok("warning")) == []
    text = dnsviz.text()
    assert re.search(r"^unsub.example.test \[-\] \[-\]$", text, re.M), text
    assert re.search(r"^ +\[-\] +A: 192.0.2.70$", text, re.M) and "[!]" not in text, text
    print(f"dnsviz: {dict(judged)}")


@pytest.mark.parametrize("make_resolver", RESOLVERS)
def test_every_answer_validates_in_a_resolver_while_weights_shift(make_chain, keep, make_resolver):
    """More than a hundred shifts a second. No answer comes from a cache: the TTL is 0, or the
    name is another one each time."""
    chain = make_chain(True, "nsec3")
    resolver = keep(make_resolver(chain)).start()
    stop = threading.Event()
    shifts = []

    def shift():
        client = chain.example.client()
        while not stop.is_set():
            name, kind = WEIGHTED[len(shifts) % len(WEIGHTED)]
            blue = 100 * (len(shifts) // len(WEIGHTED) % 2)
            client.call("weight set", f"{name}.example.test", kind, f"blue={blue}",
                        f"green={100 - blue}")
            shifts.append(blue)
        client.close()

    thread = threading.Thread(target=shift)
    begun = time.monotonic()
    thread.start()
    seen = collections.Counter()
    answers = 0
    try:
        while time.monotonic() < begun + 4 or answers < 400:
            for name, kind, _ in MEMBERS["blue"]:
                got, response = resolver.verdict(name.format(f"s{answers}"), kind)
                assert got == SECURE and response.rcode() == dns.rcode.NOERROR, response
                seen[name, kind, frozenset(ends_with(response, kind))] += 1
                answers += 1
    finally:
        stop.set()
        thread.join()
    took_s = time.monotonic() - begun
    assert set(seen) == {(name, kind, frozenset(values)) for members in MEMBERS.values()
                         for name, kind, values in members}
    assert min(seen.values()) > 10, seen
    assert len(shifts) > 100 * took_s / harness.PATIENCE, f"{len(shifts)} shifts in {took_s:.1f} s"
    print(f"{answers} answers, all secure, during {len(shifts)} shifts in {took_s:.1f} s")


# --- answers that are changed on their way ---

def is_proof(rrset):
    kind = rrset.covers if rrset.rdtype == dns.rdatatype.RRSIG else rrset.rdtype
    return kind in (dns.rdatatype.NSEC, dns.rdatatype.NSEC3)


def keep_only(response, wanted):
    """Takes the RRsets away of which `wanted` says no; whether there was one."""
    count = len(response.answer) + len(response.authority)
    response.answer[:] = [one for one in response.answer if wanted(one)]
    response.authority[:] = [one for one in response.authority if wanted(one)]
    return len(response.answer) + len(response.authority) < count


def no_signature(kind):
    covered = dns.rdatatype.from_text(kind)
    return lambda response, _: keep_only(
        response, lambda one: one.rdtype != dns.rdatatype.RRSIG or one.covers != covered)


def no_signatures(response, _):
    return keep_only(response, lambda one: one.rdtype != dns.rdatatype.RRSIG)


def unsigned(response, _):
    """As if the zone were not signed."""
    return keep_only(response,
                     lambda one: one.rdtype != dns.rdatatype.RRSIG and not is_proof(one))


def no_proof(response, _):
    return keep_only(response, lambda one: not is_proof(one))


def no_proof_number(number):
    """Takes away one of several NSEC or NSEC3, with its signature."""
    def change(response, _):
        names = list(dict.fromkeys(one.name for one in response.authority if is_proof(one)))
        return number < len(names) and keep_only(
            response, lambda one: not is_proof(one) or one.name != names[number])
    return change


def find(response, kind, covers="TYPE0"):
    kind, covers = dns.rdatatype.from_text(kind), dns.rdatatype.from_text(covers)
    return next((one for one in response.answer + response.authority
                 if one.rdtype == kind and one.covers == covers), None)


def replaced(kind, *values):
    """Other values, under the same signature."""
    def change(response, _):
        rrset = find(response, kind)
        if rrset is None:
            return False
        ttl = rrset.ttl
        rrset.clear()
        for value in values:
            rrset.add(dns.rdata.from_text("IN", kind, value), ttl)
        return True
    return change


def signature_with(kind, **fields):
    """A field of the signature is changed, and not signed anew."""
    def change(response, _):
        rrset = find(response, "RRSIG", kind)
        if rrset is None:
            return False
        old, ttl = list(rrset), rrset.ttl
        rrset.clear()
        for one in old:
            rrset.add(one.replace(**{key: value(getattr(one, key)) for key, value in
                                     fields.items()}), ttl)
        return True
    return change


def rcode(code):
    def change(response, _):
        response.set_rcode(code)
        return True
    return change


def answer_of(name, kind):
    """The genuine answer to another question, its owner renamed to the name that is asked."""
    def change(response, chain):
        other = chain.ask(name, kind)
        asked = response.question[0].name
        response.set_rcode(other.rcode())
        for section in ("answer", "authority"):
            rrsets = getattr(other, section)
            for one in rrsets:
                if one.name == other.question[0].name:
                    one.name = asked
            setattr(response, section, rrsets)
        return True
    return change


def signature_of_the_other_member(response, chain):
    """The records are of one member, the signature that of the other: both are the zone's own."""
    chain.shift("www", "A", 0)
    other = find(chain.ask("www.example.test", "A"), "RRSIG", "A")
    chain.shift("www", "A", 100)
    mine = find(response, "RRSIG", "A")
    assert mine != other
    response.answer[response.answer.index(mine)] = other
    return True


def records_of_both_members(response, _):
    rrset = find(response, "A")
    rrset.add(dns.rdata.from_text("IN", "A", "192.0.2.201"), rrset.ttl)
    return True


def one_record_less(response, _):
    rrset = find(response, "A")
    assert len(rrset) == 2
    rrset.remove(rrset[0])
    return True


def answer(name, kind, change, verdict=SECURE):
    return name, kind, verdict, name, kind, change


def nothing_left(response, _):
    return keep_only(response, lambda one: False)


LATER, EARLIER = (lambda when: when + 86400), (lambda when: when - 30 * 86400)
TWO, WWW, NOPE, WILD = (f"{one}.example.test" for one in ("two", "www", "nope", "z.wild"))
ALIAS, DNAME, LB = (f"{one}.example.test" for one in ("alias", "x.d", "q.walias"))
IN_SUB, IN_UNSUB = ("www.sub.example.test", "A", SECURE), ("www.unsub.example.test", "A", INSECURE)
SUB_DS, UNSUB_DS = ("sub.example.test", "DS"), ("unsub.example.test", "DS")

# What it is: (name, type and verdict of what is asked; name and type of what is changed; how).
TAMPERINGS = {
    "another address": answer(TWO, "A", replaced("A", "192.0.2.10", "192.0.2.12")),
    "one address less": answer(TWO, "A", one_record_less),
    "no signature": answer(TWO, "A", no_signature("A")),
    "an answer as if unsigned": answer(WILD, "A", unsigned),
    "a longer original TTL": answer(TWO, "A", signature_with("A", original_ttl=LATER)),
    "a signature that is prolonged": answer(TWO, "A", signature_with("A", expiration=LATER)),
    "a signature of long ago": answer(
        TWO, "A", signature_with("A", expiration=EARLIER, inception=EARLIER)),
    "another key's tag": answer(TWO, "A", signature_with("A", key_tag=lambda tag: tag ^ 1)),
    "the signature of the other member": answer(WWW, "A", signature_of_the_other_member),
    "the records of both members": answer(WWW, "A", records_of_both_members),
    "an alias target's other address": answer(LB, "A", replaced("A", "192.0.2.151")),
    "NODATA without proof": answer(TWO, "AAAA", no_proof),
    "NODATA without signatures": answer(TWO, "AAAA", no_signatures),
    "NODATA with another name's proof": answer(TWO, "A", answer_of(WWW, "AAAA")),
    "NODATA turned into NXDOMAIN": answer(TWO, "AAAA", rcode(dns.rcode.NXDOMAIN)),
    "NXDOMAIN without proof": answer(NOPE, "A", no_proof),
    "NXDOMAIN without its first proof": answer(NOPE, "A", no_proof_number(0)),
    "NXDOMAIN without its second proof": answer(NOPE, "A", no_proof_number(1)),
    "NXDOMAIN without its third proof": answer(NOPE, "A", no_proof_number(2)),
    "NXDOMAIN without signatures": answer(NOPE, "A", no_signatures),
    "NXDOMAIN with another name's proof": answer(TWO, "A", answer_of(NOPE, "A")),
    "NXDOMAIN turned into NOERROR": answer(NOPE, "A", rcode(dns.rcode.NOERROR)),
    "a wildcard without proof": answer(WILD, "A", no_proof),
    "a wildcard for a name that exists": answer(
        "x.exists.wild.example.test", "A", answer_of(WILD, "A")),
    "a wildcard's NODATA without its first proof": answer(WILD, "TXT", no_proof_number(0)),
    "a wildcard's NODATA without its second proof": answer(WILD, "TXT", no_proof_number(1)),
    "a wildcard's NODATA without its third proof": answer(WILD, "TXT", no_proof_number(2)),
    "a CNAME to elsewhere": answer(ALIAS, "A", replaced("CNAME", "www.example.test.")),
    "a DNAME to elsewhere": answer(DNAME, "A", replaced("DNAME", "wild.example.test.")),
    "a DNAME without signature": answer(DNAME, "A", no_signature("DNAME")),
    "another DS": (*IN_SUB, *SUB_DS, replaced("DS", "1 13 2 " + "00" * 32)),
    "DS without signature": (*IN_SUB, *SUB_DS, no_signature("DS")),
    "no DS and no proof": (*IN_SUB, *SUB_DS, nothing_left),
    "no DS with another child's proof": (*IN_SUB, *SUB_DS, answer_of(*UNSUB_DS)),
    "no DS at the root": (TWO, "A", SECURE, "test", "DS", nothing_left),
    "no proof that there is no DS": (*IN_UNSUB, *UNSUB_DS, no_proof),
    "an unsigned proof that there is no DS": (*IN_UNSUB, *UNSUB_DS, no_signatures),
    "keys without signature": (TWO, "A", SECURE, "example.test", "DNSKEY", no_signature("DNSKEY")),
    "another key": (TWO, "A", SECURE, "example.test", "DNSKEY", replaced(
        "DNSKEY", "257 3 15 GKHjAOD4LzZnL4hNy+jzUOyfs4L7VY7Uyt6vr6bd5bE=")),
}
# There is no such proof to take away: NSEC needs two.
ONLY_WITH_NSEC3 = {one for one in TAMPERINGS if "third proof" in one}
# unbound does not refuse this: it puts the RCODE right, by the proof.
MENDED = {("Unbound", "NODATA turned into NXDOMAIN"): dns.rcode.NOERROR}


@pytest.fixture(params=DENIALS)
def tampered(request, make_chain, keep):
    """A chain behind a proxy, and three validators."""
    port = harness.free_port()
    proxy = keep(validators.Proxy(port))
    chain = make_chain(True, request.param, port=port)
    return chain, proxy, [keep(validators.Unbound(chain)).start(),
                          keep(validators.Named(chain)).start(),
                          keep(validators.Delv(chain))]


def at(owner, kind, change, chain):
    """Makes `change` happen to answers to one question only."""
    owner, kind = dns.name.from_text(owner), dns.rdatatype.from_text(kind)

    def on_the_way(response):
        question = response.question[0]
        return question.name == owner and question.rdtype == kind and change(response, chain)
    return on_the_way


def test_what_is_changed_on_its_way_is_refused(tampered):
    """unbound, named and delv accept each answer, and refuse it when one thing in it is changed."""
    chain, proxy, resolvers = tampered
    is_nsec = chain.dnssec["denial"] == "nsec"
    wrong, refused, accepted = [], 0, set()
    for what, (name, kind, verdict, owner, owner_kind, change) in TAMPERINGS.items():
        if is_nsec and what in ONLY_WITH_NSEC3:
            continue
        for resolver in resolvers:
            who = type(resolver).__name__
            if (who, name, kind) not in accepted:
                resolver.flush()
                got, said = resolver.verdict(name, kind)
                assert got == verdict, (who, name, kind, got, str(said))
                accepted.add((who, name, kind))
            resolver.flush()
            changed = proxy.changed
            proxy.change = at(owner, owner_kind, change, chain)
            got, said = resolver.verdict(name, kind)
            proxy.change = None
            if (who, what) in MENDED and got == SECURE:
                got = BOGUS if said.rcode() == MENDED[who, what] and not said.answer else got
            if got != BOGUS or proxy.changed == changed:
                wrong.append((who, what, got, proxy.changed - changed, str(said)))
            refused += 1
    assert not wrong, (len(wrong), [one[:4] for one in wrong], wrong[0])
    print(f"{refused} changes refused")


def test_a_raised_ttl_is_cut_to_the_signed_one(tampered):
    """A TTL is no part of what is signed, the original one is: RFC 4035 section 5.3.3. (Debian's
    unbound accepts the answer as well, and leaves the TTL as it is.)"""
    chain, proxy, (_, named, _) = tampered

    def raise_ttl(response, _):
        for one in response.answer:
            one.ttl = 86400
        return True
    proxy.change = at(TWO, "A", raise_ttl, chain)
    got, response = named.verdict(TWO, "A")
    assert got == SECURE and proxy.changed > 0
    assert find(response, "A").ttl <= 300, response


@pytest.mark.parametrize("what, is_seen", [
    ("NXDOMAIN without its second proof", True), ("the records of both members", True),
    ("another DS", True), (None, False)])
def test_dnsviz_sees_what_is_changed(make_chain, keep, what, is_seen):
    port = harness.free_port()
    proxy = keep(validators.Proxy(port))
    chain = make_chain(True, "nsec3", port=port)
    dnsviz = keep(validators.Dnsviz(chain))
    name = TWO
    if what:
        name, _, _, owner, kind, change = TAMPERINGS[what]
        proxy.change = at(owner, kind, change, chain)
    dnsviz.probe([name])
    assert (proxy.changed > 0) == is_seen
    assert (complaints_of(dnsviz.grok("warning")) != []) == is_seen
