# SPDX-License-Identifier: BSD-2-Clause
"""Full additional sections (server.additional: full) beside those of NSD, Knot DNS and BIND: whatever all
three add, we add, and nothing that none of them adds; but for EXPLAINED."""
import contextlib
import pathlib

import dns.flags
import dns.message
import dns.query
import dns.rdatatype

import harness
import peers

SIGNED = pathlib.Path(__file__).resolve().parents[1] / "unit" / "signed"

ZONE = """$ORIGIN example.test.
$TTL 300
@ 3600 SOA ns1 host 1 3600 600 86400 60
@ NS ns1
@ NS NS2
@ NS ns.other.test.
ns1 A 192.0.2.1
ns1 AAAA 2001:db8::1
ns2 A 192.0.2.2
mail MX 10 ns1
mail MX 20 two
mail MX 30 nowhere
mail MX 40 www.example.org.
mail MX 50 to
mail MX 60 x.sub
two A 192.0.2.10
two A 192.0.2.11
to CNAME two
tomail CNAME mail
viawild MX 10 any.wild
sub NS ns.sub
ns.sub A 192.0.2.20
x.sub A 192.0.2.21
*.wild A 192.0.2.30
*.wmx MX 10 two
_s._tcp SRV 1 1 80 two
_s._tcp SRV 1 1 80 ns1
_none._tcp SRV 0 0 0 .
afs AFSDB 1 two
rt RT 1 two
kx KX 1 two
nap NAPTR 10 10 "a" "X" "" two
own HTTPS 1 . alpn=h2
own A 192.0.2.40
svc SVCB 1 two
pool HTTPS 0 own
same MX 10 same
same A 192.0.2.50
"""
OTHER = """$ORIGIN other.test.
$TTL 300
@ 3600 SOA ns host 1 3600 600 86400 60
@ NS ns
ns A 192.0.2.60
"""
QUESTIONS = [(name, kind) for name, kind in [
    ("@", "NS"), ("mail", "MX"), ("tomail", "MX"), ("viawild", "MX"), ("x.wmx", "MX"), ("_s._tcp", "SRV"),
    ("_none._tcp", "SRV"), ("afs", "AFSDB"), ("rt", "RT"), ("kx", "KX"), ("nap", "NAPTR"), ("own", "HTTPS"),
    ("svc", "SVCB"), ("pool", "HTTPS"), ("same", "MX"), ("two", "A"), ("mail", "A"), ("nope", "MX")]]

EXPLAINED = {
    ("@", "NS"): "addresses of other zones served here are as good; the others look in the one zone only",
    ("viawild", "MX"): "a wildcard's addresses would need a proof in a signed zone, and are optional",
}


class FullNsd(peers.Nsd):
    def write(self, name, text):
        return super().write(name, text.replace("minimal-responses: yes", "minimal-responses: no"))


class FullBind(peers.Bind):
    def write(self, name, text):
        return super().write(name, text.replace("minimal-responses yes", "minimal-responses no"))


def additional(port, name, kind, want_dnssec=False):
    origin = "example.test."
    query = dns.message.make_query(origin if name == "@" else f"{name}.{origin}", kind, use_edns=0,
                                   want_dnssec=want_dnssec, payload=1232)
    answer = dns.query.udp(query, "127.0.0.1", port=port, timeout=5 * harness.PATIENCE)
    assert not answer.flags & dns.flags.TC
    return {f"{rrset.name.to_text().lower()} {rrset.ttl} {dns.rdatatype.to_text(one.rdtype)} {one.to_text()}"
            for rrset in answer.additional for one in rrset}


def compare(daemon, zones, questions, want_dnssec=False):
    """Counts what we added; needed is what EXPLAINED was used for."""
    wrong, needed, added = [], set(), 0
    with contextlib.ExitStack() as stack:
        others = [stack.enter_context(contextlib.closing(kind(zones)))
                  for kind in (FullNsd, peers.Knot, FullBind)]
        for other in others:
            other.start()
        for name, kind in questions:
            ours = additional(daemon.port, name, kind, want_dnssec)
            theirs = [additional(one.port, name, kind, want_dnssec) for one in others]
            added += len(ours)
            missing, extra = set.intersection(*theirs) - ours, ours - set.union(*theirs)
            if (missing or extra) and (name, kind) in EXPLAINED:
                needed.add((name, kind))
            elif missing or extra:
                wrong.append((name, kind, "missing", missing, "extra", extra))
    assert not wrong, wrong
    return added, needed


def test_full_additional_sections_are_those_of_others(make_daemon):
    daemon = make_daemon({"server": {"additional": "full"}, "zones": [
        {"name": "example.test", "file": "e.zone"}, {"name": "other.test", "file": "o.zone"}]},
        {"e.zone": ZONE, "o.zone": OTHER})
    assert compare(daemon, {"example.test.": ZONE, "other.test.": OTHER}, QUESTIONS) == \
        (32, set(EXPLAINED))


def test_full_additional_sections_of_a_signed_zone_are_those_of_others(make_daemon):
    text = (SIGNED / "nsec.zone").read_text()
    daemon = make_daemon({"server": {"additional": "full"},
                          "zones": [{"name": "example.test", "file": "z.zone"}]}, {"z.zone": text})
    questions = [("@", "NS"), ("two", "MX"), ("alias2", "MX")]
    assert compare(daemon, {"example.test.": text}, questions, want_dnssec=True) == (8, set())
