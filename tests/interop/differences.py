# SPDX-License-Identifier: BSD-2-Clause
"""The differences between Ballast and NSD, Knot DNS and BIND that are accepted, each with the paragraph
that decides. Where none of the three does what we do, the row says so (alone).

usage: differences.py     prints them as a table"""
import collections

import dns.edns
import dns.flags
import dns.name
import dns.rdataclass
import dns.rdatatype

from answers import Answer

Difference = collections.namedtuple("Difference", "what why peers alone accepts")
# What a predicate is asked about: the query as octets and read (or None), both answers, the zones.
Pair = collections.namedtuple("Pair", "case query ours theirs zones")

ADDRESSES = {"A", "AAAA"}


def same_but(pair, *fields):
    return all(getattr(pair.ours, field) == getattr(pair.theirs, field)
               for field in Answer._fields[:-1] if field not in fields)


def qtype_of(pair):
    query = pair.query
    return query.question[0].rdtype if query is not None and len(query.question) == 1 else None


def qname_of(pair):
    query = pair.query
    return (query.question[0].name.canonicalize().to_text()
            if query is not None and len(query.question) == 1 else "")


def types(section):
    return {one[3] for one in section}


def flags_but(answer, *without):
    return [flag for flag in answer.flags.split() if flag not in without]


def is_truncated(answer):
    return "TC" in answer.flags.split()


def zone_of(pair, name):
    """The origin of the zone that a name lies in, or None."""
    name = dns.name.from_text(name)
    found = [origin for origin in pair.zones if name.is_subdomain(dns.name.from_text(origin))]
    return max(found, key=lambda origin: len(dns.name.from_text(origin)), default=None)


def truncated_contents(pair):
    return (is_truncated(pair.ours) and is_truncated(pair.theirs) and
            same_but(pair, "answer", "authority", "additional", "rcode", "flags") and
            flags_but(pair.ours, "AA") == flags_but(pair.theirs, "AA"))


def larger_messages(pair):
    """One of the two just fits: what is compressed is up to the server."""
    if is_truncated(pair.ours) == is_truncated(pair.theirs) or pair.case.tcp:
        return False
    whole = pair.theirs if is_truncated(pair.ours) else pair.ours
    is_long = len(pair.case.wire) > 200  # QNAME fills most of what there is
    return ((is_long or "dnamelong" in qname_of(pair) or "loop" in qname_of(pair)) and
            whole.size > 200 and (is_long or bool(types(whole.answer) & {"CNAME", "DNAME"})) and
            same_but(pair, "flags", "answer", "authority", "additional", "rcode", "edns"))


def other_rrset_for_any(pair):
    """That the RRset is right is compared by the query for its own type."""
    def kinds(answer):
        return {one[3] for one in answer.answer if one[3] != "CNAME" or len(answer.answer) == 1}

    return (qtype_of(pair) == dns.rdatatype.ANY and len(kinds(pair.ours)) == 1 and
            not is_truncated(pair.ours) and same_but(pair, "answer", "flags", "additional") and
            (is_truncated(pair.theirs) or kinds(pair.ours) <= kinds(pair.theirs) or
             len(kinds(pair.theirs)) == 1))


def any_below_a_dname(pair):
    return (qtype_of(pair) == dns.rdatatype.ANY and "DNAME" in types(pair.theirs.answer) and
            set(pair.theirs.answer) <= set(pair.ours.answer) and
            same_but(pair, "rcode", "answer", "authority", "additional"))


def extended_error(pair):
    ours, theirs = pair.ours.edns, pair.theirs.edns
    return (ours is not None and theirs is not None and same_but(pair, "edns") and
            ours[:2] == theirs[:2] and set(ours[2]) ^ set(theirs[2]) == {dns.edns.EDE})


def glue_is_not_optional(pair):
    return (is_truncated(pair.ours) and not is_truncated(pair.theirs) and
            "AA" not in pair.theirs.flags and pair.ours.answer == () and
            same_but(pair, "flags", "authority", "additional") and
            flags_but(pair.ours, "TC") == flags_but(pair.theirs) and
            "NS" in types(pair.theirs.authority))


def is_referral(answer):
    """Also one at the end of a chain."""
    return "NS" in types(answer.authority)


def addresses_in_referrals(pair):
    """Those of nameservers that are not below the cut: ours has what the zone itself has."""
    if not is_referral(pair.ours) or not same_but(pair, "additional"):
        return False
    cut = dns.name.from_text(next(one[0] for one in pair.ours.authority if one[3] == "NS"))
    other = set(pair.ours.additional) ^ set(pair.theirs.additional)
    return types(other) <= ADDRESSES and not any(
        dns.name.from_text(one[0]).is_subdomain(cut) for one in other)


def optional_addresses(pair):
    extra = set(pair.theirs.additional) - set(pair.ours.additional)
    return (not is_referral(pair.ours) and bool(extra) and same_but(pair, "additional") and
            set(pair.ours.additional) <= set(pair.theirs.additional) and
            types(extra) <= ADDRESSES and
            bool(types(pair.ours.answer) & {"NS", "MX", "SRV", "SVCB", "HTTPS", "CNAME", "KX",
                                            "AFSDB", "RT"}))


def is_loop(pair):
    """One of the loops that zone_maker has made, or a chain that ends in its own tail."""
    owners = {one[0] for one in pair.ours.answer if one[3] == "CNAME"}
    targets = {one[4] for one in pair.ours.answer if one[3] == "CNAME"}
    return "loop" in qname_of(pair) or any("loop" in owner for owner in owners) or (
        bool(owners) and all(dns.name.from_wire(bytes.fromhex(target), 0)[0].to_text() in owners
                             for target in targets))


def ends_of_loops(pair):
    """Each server stops at a limit, and with an RCODE, of its own."""
    ours, theirs = set(pair.ours.answer), set(pair.theirs.answer)
    is_cut = is_truncated(pair.ours) or is_truncated(pair.theirs)
    return (is_loop(pair) and (is_cut or bool(types(ours) & {"CNAME", "DNAME"})) and
            (is_cut or ours <= theirs or theirs <= ours) and pair.ours.rcode == "NOERROR" and
            pair.theirs.rcode in ("NOERROR", "SERVFAIL") and
            same_but(pair, "rcode", "answer", "authority", "edns", "flags"))


def long_chains(pair):
    links = sum(one[3] == "CNAME" for one in pair.ours.answer)
    return (links >= 6 and set(pair.theirs.answer) <= set(pair.ours.answer) and
            pair.theirs.rcode in ("NOERROR", "SERVFAIL") and
            same_but(pair, "rcode", "answer", "authority", "additional", "edns"))


def other_zones(pair):
    """They stop where the chain leaves the zone of QNAME, or refer to its child."""
    start = zone_of(pair, qname_of(pair))
    extra = set(pair.ours.answer) - set(pair.theirs.answer)
    return (bool(pair.theirs.answer) and set(pair.theirs.answer) <= set(pair.ours.answer) and
            bool(types(pair.theirs.answer) & {"CNAME", "DNAME"}) and
            any(zone_of(pair, one[0]) != start for one in extra | set(pair.ours.authority)) and
            same_but(pair, "rcode", "answer", "authority", "additional", "flags") and
            flags_but(pair.ours, "TC") == flags_but(pair.theirs, "TC"))


def long_name_of_dname(pair):
    return pair.ours.rcode == "YXDOMAIN" and pair.theirs.rcode == "NXDOMAIN" and \
        same_but(pair, "rcode", "authority") and "DNAME" in types(pair.ours.answer)


def glue_name_in_child(pair):
    """At or below a name that only the parent zone has."""
    zone, name = zone_of(pair, qname_of(pair)), dns.name.from_text(qname_of(pair))
    while zone is not None and name != dns.name.from_text(zone) and name != dns.name.root:
        if name.to_text() in pair.zones.explicit and name.to_text() not in pair.zones.owners[zone]:
            return {pair.ours.rcode, pair.theirs.rcode} <= {"NXDOMAIN", "NOERROR"} and \
                same_but(pair, "rcode", "answer", "authority")
        name = name.parent()
    return False


def notify(pair):
    return (pair.ours.opcode == 4 and pair.ours.rcode == "NOTIMP" and
            same_but(pair, "rcode", "question", "flags", "edns"))


def update(pair):
    return (pair.ours.opcode == 5 and pair.ours.rcode == "NOTIMP" and
            same_but(pair, "rcode", "question", "flags", "edns"))


def question_in_error(pair):
    return (pair.ours.rcode in ("FORMERR", "REFUSED", "NOTIMP", "BADVERS") and
            (pair.theirs.question == () or pair.ours.opcode != 0) and
            same_but(pair, "question", "edns", "flags"))


def small_size(pair):
    return "EDNS size" in pair.case.text and pair.theirs.rcode == "FORMERR" and \
        pair.ours.rcode == "NOERROR"


def subnet_echoed(pair):
    return "client subnet" in pair.case.text and same_but(pair, "edns") and \
        pair.ours.edns[:2] == pair.theirs.edns[:2] and pair.theirs.edns[2] == (dns.edns.ECS,)


def first_cookie(pair):
    return "option cookie" in pair.case.text and pair.theirs.rcode == "BADCOOKIE" and \
        pair.ours.rcode == "NOERROR" and same_but(pair, "rcode", "answer", "flags")


def checking_disabled(pair):
    return "CD" in pair.theirs.flags.split() and same_but(pair, "flags") and \
        flags_but(pair.ours) == flags_but(pair.theirs, "CD")


def opt_in_error(pair):
    return (pair.ours.rcode in ("FORMERR", "NOTIMP") and pair.ours.edns is not None and
            pair.theirs.edns is None and same_but(pair, "edns", "question", "flags"))


def do_in_badvers(pair):
    return (pair.ours.rcode == "BADVERS" and same_but(pair, "edns") and
            pair.ours.edns[1] == pair.theirs.edns[1] | dns.flags.DO)


def class_any(pair):
    return (pair.query is not None and len(pair.query.question) == 1 and
            pair.query.question[0].rdclass == dns.rdataclass.ANY and
            same_but(pair, "authority", "rcode", "answer", "flags", "edns"))


def transfers(pair):
    return (qtype_of(pair) in (dns.rdatatype.AXFR, dns.rdatatype.IXFR) and
            pair.ours.rcode == "REFUSED" and
            pair.theirs.rcode in ("REFUSED", "NOTIMP", "NOTAUTH", "FORMERR", "NOERROR") and
            same_but(pair, "rcode", "edns", "answer", "authority", "flags"))


def other_classes(pair):
    """BIND also limits how often it is asked for its identity, and is silent then."""
    return (pair.query is not None and len(pair.query.question) == 1 and
            pair.query.question[0].rdclass not in (dns.rdataclass.IN, dns.rdataclass.ANY) and
            (pair.theirs.silent or
             (pair.theirs.rcode in ("REFUSED", "FORMERR", "NOTIMP", "NOERROR", "NXDOMAIN") and
              same_but(pair, "rcode", "answer", "authority", "flags", "edns", "question"))))


def silence(pair):
    """What is no query at all: dropping it and FORMERR are both left open."""
    return pair.ours.silent != pair.theirs.silent and \
        (pair.ours.silent or pair.ours.rcode in ("FORMERR", "NOTIMP")) and \
        (pair.theirs.silent or pair.theirs.rcode in ("FORMERR", "NOTIMP", "NOERROR"))


def meta_types(pair):
    return (pair.query is not None and len(pair.query.question) == 1 and
            (qtype_of(pair) in (0, 41) or 128 <= qtype_of(pair) <= 254) and
            pair.theirs.rcode in ("FORMERR", "NOTIMP", "REFUSED", "NOERROR", "NXDOMAIN") and
            same_but(pair, "rcode", "answer", "authority", "flags", "edns", "question"))


def strictness(pair):
    """Records, counts and octets that a query does not have: FORMERR, or looked over."""
    text = pair.case.text
    return (any(mark in text for mark in ("counts", "a record in", "two OPT", "OPT in", "OPT with",
                                          "octets behind", "cut at", "QNAME with", "EDNS option",
                                          "half an option", "bit ", "RCODE", "EDNS flags")) and
            "FORMERR" in (pair.ours.rcode, pair.theirs.rcode))


NSD, KNOT, BIND = "NSD", "Knot DNS", "BIND"
ALL = (NSD, KNOT, BIND)

DIFFERENCES = [
    Difference("what a truncated response still holds",
               "RFC 2181 section 9: whoever sees TC ignores the rest and asks again over TCP; ours "
               "holds nothing", ALL, True, truncated_contents),
    Difference("an answer that just fits, or just does not",
               "RFC 1035 section 4.1.4: compressing is optional; ours never points into RDATA of "
               "types that RFC 3597 section 4 leaves uncompressed", ALL, True, larger_messages),
    Difference("which RRset answers ANY",
               "RFC 8482 section 4.1: a responder selects one RRset", ALL, True, other_rrset_for_any),
    Difference("ANY below a DNAME",
               "RFC 6672 section 3.2 step 3C: the DNAME is followed whatever QTYPE is", (BIND,), False,
               any_below_a_dname),
    Difference("who gives an extended error",
               "RFC 8914 section 2: a responder may", (NSD, BIND), False, extended_error),
    Difference("a referral whose glue does not fit",
               "RFC 9471 section 3.1: in-domain glue that does not fit means TC", (NSD, BIND), False,
               glue_is_not_optional),
    Difference("addresses in a referral that are not below the cut",
               "RFC 9471 section 3.2: what is not in-domain glue is optional", ALL, True,
               addresses_in_referrals),
    Difference("addresses beside an answer",
               "RFC 1034 section 4.3.2 step 6: what may be useful; a client that wants them asks",
               ALL, True, optional_addresses),
    Difference("where a loop ends, and with which RCODE",
               "RFC 1034 section 3.6.2: loops are errors; each server stops at a limit of its own",
               ALL, True, ends_of_loops),
    Difference("how long a chain may be",
               "RFC 1034 section 3.6.2: chains should be followed; the limit is a server's own",
               (KNOT, BIND), False, long_chains),
    Difference("a chain into another zone of the server",
               "RFC 1034 section 4.3.2 step 3a: back to step 1, which looks for the zone anew",
               (KNOT, BIND), False, other_zones),
    Difference("a DNAME that makes a name too long",
               "RFC 6672 section 2.2: YXDOMAIN", (KNOT,), False, long_name_of_dname),
    Difference("a name of the child zone that is glue in the parent zone",
               "RFC 8020: the child zone has no such name; NSD keeps the names of all zones in one "
               "tree and takes the parent's glue for an empty non-terminal", (NSD,), False,
               glue_name_in_child),
    Difference("NOTIFY", "RFC 1035 section 4.1.1: NOTIMP for a kind of query that a server does not "
               "support; there are no secondary zones here", ALL, True, notify),
    Difference("UPDATE", "RFC 2136 section 3: the same; there are no updates here", (KNOT, BIND), False, update),
    Difference("the question in an error",
               "RFC 1035 section 4.1: a response has the question that it answers", ALL, True,
               question_in_error),
    Difference("a UDP size below 512", "RFC 6891 section 6.2.3: it is taken for 512", (KNOT,), False,
               small_size),
    Difference("a client subnet that steers nothing", "RFC 7871 section 7.2.1: an option that was not "
               "used need not be in the response", (BIND,), False, subnet_echoed),
    Difference("a first cookie", "RFC 7873 section 5.2.3: a client that shows none of ours yet may be "
               "answered", (KNOT,), False, first_cookie),
    Difference("CD in a response", "RFC 4035 section 3.1.6: an authoritative server clears it",
               (BIND,), False, checking_disabled),
    Difference("OPT in an error", "RFC 6891 section 6.1.1: a response to a query with OPT has one",
               (KNOT, BIND), False, opt_in_error),
    Difference("DO in BADVERS", "RFC 3225 section 3: DO is copied into the response", (NSD,), False,
               do_in_badvers),
    Difference("class ANY", "RFC 1035 sections 3.2.5 and 6.2: answered from class IN, not "
               "authoritative, with the SOA of RFC 2308 section 3", ALL, True, class_any),
    Difference("zone transfers",
               "RFC 5936 section 2.2.1, RFC 1995 section 4: there are none here, by policy", ALL,
               True, transfers),
    Difference("classes without zones", "RFC 1035 section 4.1.1: REFUSED by policy; RFC 4892: what is "
               "answered of class CH beside the server's identity is local", (KNOT, BIND), False,
               other_classes),
    Difference("types that are no data", "RFC 6895 section 3.1: meta and Q types that nobody serves "
               "are types that are not there", (KNOT, BIND), False, meta_types),
    Difference("what is no query", "RFC 1035 section 4.1.1: FORMERR to what has a header; silence to "
               "less, and to responses", (KNOT,), False, silence),
    Difference("what a query should not have", "RFC 1035 section 4.1, RFC 6891 section 6.1.1: FORMERR, "
               "or looked over", (KNOT, BIND), False, strictness),
]


def table():
    """As Markdown."""
    rows = ["| difference | with | what decides |", "| --- | --- | --- |"]
    rows += [f"| {one.what} | {', '.join(one.peers)} | {one.why} |" for one in DIFFERENCES]
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    print(table(), end="")
