# SPDX-License-Identifier: BSD-2-Clause
"""Presigned zones served by NSD, Knot DNS, BIND and Ballast: with DO and without, header bits, RCODE and the
records of all sections are equal, but for the differences in EXPLAINED, each with its reason. Random zones
are signed too: which proofs ours have to have is worked out from the records (proofs.py), the rest is
compared as that of unsigned zones is."""
import contextlib
import os
import pathlib
import random
import re

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

import harness
import peers
import proofs
import zone_maker
import zone_signer
from comparison import Comparison, Servers, ordinary_cases, read_query
from differences import DIFFERENCES, KNOT, Difference, flags_but, qtype_of, same_but

PEERS = {"NSD": peers.Nsd, "Knot DNS": peers.Knot, "BIND": peers.Bind}
SEED = int(os.environ.get("BALLAST_SEED", "20261123"))
WAYS = ["tcp-do", "tcp-do", "tcp-do", "tcp"]  # what UDP has room for is compared without signatures
SIGNED = pathlib.Path(__file__).resolve().parents[1] / "unit" / "signed"

NAMES = r"""@ two TWO nope nope.two x.nope alias alias2 tonx tosub tounsub towild tociwld sub x.sub
 a.b.sub unsub x.unsub insec.deep.opt deep.opt opt x.opt x.deep.opt y.insec.deep.opt ent b.ent
 a.b.ent c.b.ent x.ent wild *.wild z.wild y.z.wild exists.wild x.exists.wild y.exists.wild wcn q.wcn
 a.q.wcn d x.d w.d q.d x.t t long odd \000.odd \001.odd \002.odd a.\000.odd a\000b.odd a\000.odd
 star *.star a.*.star *.*.star a.star x.a.star 0 zzz ns1 ns.sibling sibling ns.sub""".split()
TYPES = "A MX DS NSEC NSEC3 NSEC3PARAM RRSIG DNSKEY SOA NS CNAME DNAME TXT ANY".split()


def differs_in(ours, theirs, *fields):
    return all(ours[key] == theirs[key] for key in ours if key not in fields)


def is_one_rrset(answer):
    """Records of one type, and RRSIGs that cover it."""
    kinds = {kind if kind != "RRSIG" else rdata.split()[0].upper()
             for _, _, kind, rdata in (one.split(" ", 3) for one in answer)}
    return len(kinds) == 1


def is_explained(peer, variant, name, kind, ours, theirs):
    """Why this difference is right; None when it is not known."""
    if kind == "ANY" and differs_in(ours, theirs, "answer"):
        if peer == "BIND" and is_one_rrset(ours["answer"]) and ours["answer"] < theirs["answer"]:
            return "RFC 8482 section 4.1: one RRset is enough; over TCP BIND gives all"
        if name == "@" and is_one_rrset(ours["answer"]) and is_one_rrset(theirs["answer"]):
            return "RFC 8482 section 4.1: which RRset it is is free; others choose the SOA"
    if peer == "BIND" and kind == "ANY" and name.endswith(".d") and theirs["answer"] <= ours["answer"]:
        return "RFC 6672 section 3.2: a DNAME is followed whatever the type; BIND ends at its CNAME"
    if name == "@" and kind == "NS" and differs_in(ours, theirs, "additional"):
        return "others add addresses to an answer of NS; ours are minimal"
    if peer == "Knot DNS" and kind == "MX" and differs_in(ours, theirs, "additional") and \
            ours["additional"] < theirs["additional"]:
        return "Knot adds addresses to an answer of MX; ours are minimal"
    if peer == "Knot DNS" and kind == "RRSIG" and differs_in(ours, theirs, "answer") and \
            theirs["answer"] < ours["answer"]:
        return "RFC 8482 section 4: a query for RRSIG may be answered with some; ours with all"
    if peer == "BIND" and differs_in(ours, theirs, "additional") and \
            all("ns1.example.test." in one for one in ours["additional"] - theirs["additional"]) and \
            theirs["additional"] < ours["additional"]:
        return "RFC 9471 section 3.2: addresses that are not below the cut are optional in a referral"
    if kind == "NSEC3" or (kind == "NSEC" and variant != "nsec" and peer != "NSD"):
        return "they follow no CNAME for types of DNSSEC; RFC 1034 section 4.3.2 has no such exception"
    if peer == "BIND" and kind == "NSEC" and name in (
            "sub", "unsub", "sibling", "insec.deep.opt"):
        return "RFC 4035 section 3.1.4.1 answers DS alone from the parent side of a cut; BIND NSEC too"
    if peer == "Knot DNS" and kind == "NSEC" and name in ("q.wcn", "a.q.wcn", "a.*.star") and \
            theirs["authority"] < ours["authority"]:
        return "RFC 4035 section 3.1.3.3: what a wildcard answers comes with a proof, NSEC too"
    if peer != "NSD" and variant == "nsec" and name in ("a.star", "x.a.star") and \
            theirs["authority"] < ours["authority"]:
        return "RFC 4035 section 3.1.3.4: that the wildcard, an empty name, has no such type is proved too"
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


@pytest.mark.parametrize("variant", ["nsec", "nsec3", "optout"])
@pytest.mark.parametrize("peer", PEERS)
def test_presigned_zones_are_answered_as_by_others(make_daemon, peer, variant):
    text = (SIGNED / f"{variant}.zone").read_text()
    daemon = make_daemon({"zones": [{"name": "example.test", "file": "z.zone"}]}, {"z.zone": text})
    hashes = sorted(set(re.findall(r"^([0-9A-V]{32})\.", text, re.M)))[:2]
    compared, unexplained = 0, []
    with contextlib.closing(PEERS[peer]({"example.test.": text})) as other:
        other.start()
        for name in NAMES + hashes:
            for kind in TYPES:
                for want_dnssec in (False, True):
                    ours = ask(daemon.port, name, kind, want_dnssec)
                    theirs = ask(other.port, name, kind, want_dnssec)
                    compared += 1
                    if ours != theirs and is_explained(peer, variant, name, kind, ours, theirs) is None:
                        unexplained.append((name, kind, want_dnssec, {
                            key: (ours[key], theirs[key]) for key in ours
                            if ours[key] != theirs[key]}))
    assert not unexplained, (len(unexplained), unexplained[:5])
    assert compared > 1500


# --- random zones ---

PROOFS = ("NSEC", "NSEC3")
COVERED = {"0032": "NSEC3", "002f": "NSEC"}  # by an RRSIG


def without_proofs(answer):
    """Knot DNS has those of wildcards in the additional section, too."""
    return answer._replace(**{section: tuple(
        one for one in getattr(answer, section) if one[3] not in PROOFS and
        not (one[3] == "RRSIG" and one[4][:4] in COVERED)) for section in ("authority", "additional")})


def signatures(answer):
    """{owner and type: its RRSIGs}, as far as they are no proof's."""
    found = {}
    for one in answer.answer + answer.authority + answer.additional:
        if one[3] == "RRSIG":
            found.setdefault((one[0], int(one[4][:4], 16)), set()).add(one)
    return found


def without_signatures(answer):
    return answer._replace(**{
        section: tuple(one for one in getattr(answer, section) if one[3] != "RRSIG")
        for section in ("answer", "authority", "additional")})


def only_signatures_for_any(pair):
    """What is left of theirs when signatures are left out."""
    return (qtype_of(pair) == dns.rdatatype.ANY and pair.theirs.answer == () and
            len({one[3] for one in pair.ours.answer}) == 1 and same_but(pair, "answer"))


def without_authority(pair):
    return (flags_but(pair.ours, "AA") == flags_but(pair.theirs) and pair.theirs.authority == () and
            [one[3] for one in pair.ours.authority] == ["SOA"] and same_but(pair, "flags", "authority"))


ROWS = DIFFERENCES + [
    Difference("which RRset answers ANY",
               "RFC 8482 section 4.1: a responder selects one RRset; theirs is RRSIG",
               (KNOT,), False, only_signatures_for_any),
]
ROWS_OF_OPTOUT = ROWS + [
    Difference("at and below an empty name that opt-out leaves without NSEC3",
               "RFC 5155 section 7.2.3, RFC 2308 section 3: a negative answer of the zone, with its SOA",
               (KNOT,), False, without_authority),
]


class SignedComparison(Comparison):
    """Judges our proofs and compares signatures; then both are left out."""

    def __init__(self, made, rows):
        super().__init__(rows)
        self.proofs = proofs.Zones(made)
        self.proved = 0

    def look_at(self, case, servers, answers):
        query, ours, wrong = read_query(case.wire), answers[0], []
        question = query.question[0]
        kind = dns.rdatatype.to_text(question.rdtype)
        if query.ednsflags & dns.flags.DO and "TC" not in ours.flags and kind not in PROOFS + ("RRSIG",):
            wrong += self.judge(case, ours, question.name, kind)
        answers = [without_proofs(one) for one in answers]
        known = signatures(answers[0])
        for other in answers[1:]:
            for key, theirs in signatures(other).items():
                if known.get(key, theirs) != theirs:
                    wrong.append(f"{case.text}: RRSIGs of {key}: {known[key]} and {theirs}")
        return [without_signatures(one) for one in answers], wrong

    def judge(self, case, ours, name, kind):
        self.proved += 1
        found = {one[0] for one in ours.authority if one[3] in PROOFS}
        expected = self.proofs.expected(ours, name, kind)
        is_loop = ours.rcode == "YXDOMAIN" or (ours.authority == () and len(ours.answer) > 1)
        wrong = []
        if found != expected and not (is_loop and not found):
            wrong.append(f"{case.text}: proofs {sorted(found)}, expected {sorted(expected)}")
        for section in (ours.answer, ours.authority):
            signed = {(one[0], int(one[4][:4], 16)) for one in section if one[3] == "RRSIG"}
            bare = {(one[0], dns.rdatatype.from_text(one[3])) for one in section if one[3] != "RRSIG"}
            for owner, number in bare - signed - {(one, 2) for one, _ in bare}:
                is_made = number == 5 and any(one[3] == "DNAME" for one in section)
                if not is_made:
                    wrong.append(f"{case.text}: no RRSIG of {owner} {number}")
        return wrong


@pytest.mark.timeout(600)
@pytest.mark.parametrize("variant", zone_signer.ARGUMENTS)
def test_random_zones_are_proved_as_the_rfcs_want(variant):
    rng = random.Random(f"{SEED}/{variant}")
    made = zone_signer.sign(zone_maker.make_zones(rng, 100), variant)
    comparison = SignedComparison(made, ROWS_OF_OPTOUT if variant == "optout" else ROWS)
    with Servers(made) as servers:
        comparison.compare_all(ordinary_cases(rng, made, (1,), WAYS), servers, SEED)
    comparison.unneeded()
    print(f"{variant}: {comparison.proved} answers whose proofs were judged")
    assert comparison.proved > 3000
