# SPDX-License-Identifier: BSD-2-Clause
"""Presigned zones served by NSD and by Ballast: with DO and without, header bits, RCODE and the
records of all sections are equal, but for the differences in EXPLAINED, each with its reason."""
import contextlib
import pathlib
import re
import shutil

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

import harness
import test_nsd

SIGNED = pathlib.Path(__file__).resolve().parents[1] / "unit" / "signed"

NAMES = r"""@ two TWO nope nope.two x.nope alias alias2 tonx tosub tounsub towild tociwld sub x.sub
 a.b.sub unsub x.unsub insec.deep.opt deep.opt opt x.opt x.deep.opt y.insec.deep.opt ent b.ent
 a.b.ent c.b.ent x.ent wild *.wild z.wild y.z.wild exists.wild x.exists.wild y.exists.wild wcn q.wcn
 a.q.wcn d x.d w.d q.d x.t t long odd \000.odd \001.odd \002.odd a.\000.odd a\000b.odd a\000.odd
 star *.star a.*.star *.*.star a.star x.a.star 0 zzz ns1 ns.sibling sibling ns.sub""".split()
TYPES = "A MX DS NSEC NSEC3 NSEC3PARAM RRSIG DNSKEY SOA NS CNAME DNAME TXT".split()


def is_explained(variant, name, kind, ours, theirs):
    """Why this difference is right; None when it is not known."""
    if name == "@" and kind == "NS":
        return "NSD adds addresses to an answer of NS; ours are minimal"
    if kind == "NSEC3":
        return "NSD follows no CNAME for NSEC3; RFC 1034 section 4.3.2 has no such exception"
    if name.startswith("*.") and variant != "nsec" and ours["authority"] < theirs["authority"]:
        return "the name exists: RFC 5155 section 7.2.3 wants the NSEC3 that matches, NSD adds more"
    if variant == "optout" and (name == "opt" or name.endswith((".opt", ".deep.opt"))):
        return ("below the closest provable encloser RFC 5155 sections 7.2.1 and 7.2.4 want its "
                "NSEC3 and that of the next closer name")
    return None


def facts(response):
    def records(section):
        return frozenset(
            f"{rrset.name.to_text().lower()} {rrset.ttl} {dns.rdatatype.to_text(rrset.rdtype)} "
            f"{one.to_text().lower()}" for rrset in section for one in rrset)
    return {
        "rcode": dns.rcode.to_text(response.rcode()), "flags": dns.flags.to_text(response.flags),
        "edns": response.edns, "edns flags": response.ednsflags,
        "answer": records(response.answer), "authority": records(response.authority),
        "additional": records(response.additional),
    }


def ask(port, name, kind, want_dnssec):
    origin = "example.test."
    query = dns.message.make_query(origin if name == "@" else f"{name}.{origin}", kind,
                                   use_edns=0, want_dnssec=want_dnssec, payload=4096)
    return facts(dns.query.tcp(query, "127.0.0.1", port=port, timeout=5 * harness.PATIENCE))


@pytest.mark.skipif(not shutil.which(test_nsd.NSD), reason="nsd is not installed")
@pytest.mark.parametrize("variant", ["nsec", "nsec3", "optout"])
def test_presigned_zones_are_answered_as_by_nsd(make_daemon, variant):
    text = (SIGNED / f"{variant}.zone").read_text()
    daemon = make_daemon({"zones": [{"name": "example.test", "file": "z.zone"}]}, {"z.zone": text})
    hashes = sorted(set(re.findall(r"^([0-9A-V]{32})\.", text, re.M)))[:2]
    compared, unexplained = 0, []
    with contextlib.closing(test_nsd.Nsd({"example.test.": (None, text)})) as nsd:
        harness.wait_for(nsd.is_ready, "NSD answers")
        for name in NAMES + hashes:
            for kind in TYPES:
                for want_dnssec in (False, True):
                    ours = ask(daemon.port, name, kind, want_dnssec)
                    theirs = ask(nsd.port, name, kind, want_dnssec)
                    compared += 1
                    if ours != theirs and is_explained(variant, name, kind, ours, theirs) is None:
                        unexplained.append((name, kind, want_dnssec, {
                            key: (ours[key], theirs[key]) for key in ours
                            if ours[key] != theirs[key]}))
    assert not unexplained, unexplained[:5]
    assert compared > 1500
