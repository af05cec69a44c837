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

from answers import Answer, equal

Difference = collections.namedtuple("Difference", "what why peers alone accepts")
# What a predicate is asked about: the query as octets and read (or None), both answers, the zones, and
# whose answer the other one is.
Pair = collections.namedtuple("Pair", "case query ours theirs zones peer")

NSD, KNOT, BIND = "NSD", "Knot DNS", "BIND"
ALL = (NSD, KNOT, BIND)

ADDRESSES = {"A", "AAAA"}


def same_but(pair, *fields):
    return all(getattr(pair.ours, field) == getattr(pair.theirs, field)
               for field in Answer._fields[:-1] if field not in fields)


def qtype_of(pair):
    query = pair.query
    return query.question[0].rdtype if query is not None and len(query.question) == 1 else None


def qclass_of(pair):
    query = pair.query
    return query.question[0].rdclass if query is not None and len(query.question) == 1 else None


def is_bare(answer, *rcodes):
    """An error and nothing else."""
    return (answer.rcode in rcodes and flags_but(answer, "RD") == ["QR"] and
            (answer.answer, answer.authority, answer.additional) == ((), (), ()))


def same_edns_but_error(pair):
    """RFC 8914: an extended error is said or not."""
    ours, theirs = pair.ours.edns, pair.theirs.edns
    if ours is None or theirs is None:
        return ours == theirs
    return ours[:2] == theirs[:2] and set(ours[2]) ^ set(theirs[2]) <= {dns.edns.EDE}


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
            same_but(pair, "answer", "authority", "additional", "rcode", "flags", "edns") and
            same_edns_but_error(pair) and
            flags_but(pair.ours, "AA") == flags_but(pair.theirs, "AA"))


def size_limit(pair):
    """Of a UDP response; all are set up with 1232."""
    size = pair.query.payload if pair.query is not None and pair.query.edns >= 0 else 512
    return min(max(size, 512), 1232)


def written_out(answer):
    """Octets that a response gets longer by when none of its names is compressed."""
    names = set()
    for owner, _, _, kind, rdata in answer.answer + answer.authority + answer.additional:
        names.add(dns.name.from_text(owner).to_wire())
        if kind in ("CNAME", "DNAME", "NS", "PTR"):
            names.add(bytes.fromhex(rdata))
    return sum(len(name) for name in names)


def larger_messages(pair):
    """One of the two just fits: what is compressed is up to the server, BIND's names are when their
    letter case is the same. What is cut has nothing that is not in the other."""
    if is_truncated(pair.ours) == is_truncated(pair.theirs) or pair.case.tcp:
        return False
    cut, whole = pair.ours, pair.theirs
    if is_truncated(pair.theirs):
        cut, whole = whole, cut
    return (whole.size + written_out(whole) > size_limit(pair) and
            set(cut.answer) <= set(whole.answer) and set(cut.authority) <= set(whole.authority) and
            set(cut.additional) <= set(whole.additional) and cut.rcode in (whole.rcode, "NOERROR") and
            flags_but(cut, "TC", "AA") == flags_but(whole, "AA") and
            same_but(pair, "flags", "answer", "authority", "additional", "rcode", "edns"))


def other_rrset_for_any(pair):
    """At the end of the same chain. That the RRset is right is compared by the query for its own type."""
    if qtype_of(pair) != dns.rdatatype.ANY or is_truncated(pair.ours):
        return False
    links = {one for one in set(pair.ours.answer) & set(pair.theirs.answer)
             if one[3] in ("CNAME", "DNAME")}
    ours, theirs = set(pair.ours.answer) - links, set(pair.theirs.answer) - links
    if not ours and len(links) == 1:  # of several RRsets ours is one that may be a link
        ours, theirs = links, theirs | links
    is_one_of_theirs = (len({one[:4:3] for one in theirs}) == 1 or ours <= theirs or
                        is_truncated(pair.theirs))
    return (len({one[:4:3] for one in ours}) == 1 and is_one_of_theirs and
            len({one[0] for one in ours | theirs}) == 1 and
            same_but(pair, "answer", "flags", "additional"))


def any_below_a_dname(pair):
    """Theirs ends with the first DNAME and its CNAME; ours may be too long for UDP then."""
    is_first = (collections.Counter(one[3] for one in pair.theirs.answer if one[3] != "RRSIG") ==
                {"DNAME": 1, "CNAME": 1} and walk(pair.theirs, qname_of(pair)) is not None)
    return (qtype_of(pair) == dns.rdatatype.ANY and is_first and
            (set(pair.theirs.answer) <= set(pair.ours.answer) or is_truncated(pair.ours)) and
            flags_but(pair.ours, "TC") == flags_but(pair.theirs) and
            same_but(pair, "rcode", "answer", "authority", "additional", "flags"))


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
            types(extra) <= ADDRESSES | (types(pair.ours.answer) & {"SVCB", "HTTPS"}) and
            bool(types(pair.ours.answer) & {"NS", "MX", "SRV", "SVCB", "HTTPS", "CNAME", "KX",
                                            "AFSDB", "RT"}))


LINKS_MAX = 17  # CNAMEs in an answer of ours


def walk(answer, start):
    """The names that a chain of CNAMEs passes, the last one perhaps for the second time. None: the
    answer has something else than one such chain with the DNAMEs that made it."""
    targets = {}
    for owner, _, _, kind, rdata in answer.answer:
        if kind == "RRSIG":
            continue
        target = dns.name.from_wire(bytes.fromhex(rdata), 0)[0].to_text() if kind == "CNAME" else None
        if kind not in ("CNAME", "DNAME") or (target and targets.setdefault(owner, target) != target):
            return None
    names = [start]
    while names[-1] in targets and names[-1] not in names[:-1]:
        names.append(targets[names[-1]])
    return names if set(targets) <= set(names) else None


def end_of_chain(answer, name):
    """The name that an answer is about in the end."""
    targets = {one[0]: one[4] for one in answer.answer if one[3] == "CNAME"}
    while name in targets:
        name = dns.name.from_wire(bytes.fromhex(targets.pop(name)), 0)[0].to_text()
    return name


def is_endless(pair, name):
    """Whether the zones' CNAMEs and DNAMEs lead on and on, wildcards aside."""
    cnames, dnames = pair.zones.links["CNAME"], pair.zones.links["DNAME"]
    name = dns.name.from_text(name)
    for _ in range(LINKS_MAX + 1):
        above = [dns.name.Name(name.labels[at:]) for at in range(1, len(name.labels))]
        owner = next((one for one in reversed(above) if one in dnames), None)
        if owner is None and name not in cnames:
            return False
        try:
            name = cnames[name] if owner is None else name.relativize(owner).concatenate(dnames[owner])
        except dns.name.NameTooLong:
            return True
    return True


def ends_of_loops(pair):
    """Ours ends where a name comes back, after LINKS_MAX, or where a name gets too long. Theirs is the same
    way, shorter or longer, or SERVFAIL; either may be too long for UDP."""
    start = qname_of(pair)
    ours, theirs = walk(pair.ours, start), walk(pair.theirs, start)
    if ours is None or theirs is None or not start:
        return False
    longest = ours if len(ours) >= len(theirs) else theirs
    is_loop = longest[-1] in longest[:-1] or len(longest) > LINKS_MAX or is_endless(pair, longest[-1])
    is_whole = (is_truncated(pair.ours) or ours[-1] in ours[:-1] or len(ours) == LINKS_MAX + 1 or
                pair.ours.rcode == "YXDOMAIN")
    is_same_way = longest[:len(ours)] == ours and longest[:len(theirs)] == theirs
    return (is_loop and is_whole and is_same_way and pair.ours.rcode in ("NOERROR", "YXDOMAIN") and
            pair.theirs.rcode in ("NOERROR", "SERVFAIL", "YXDOMAIN") and
            pair.ours.authority == () and pair.theirs.authority == () and
            flags_but(pair.ours, "TC", "AA") == flags_but(pair.theirs, "TC", "AA") and
            same_edns_but_error(pair) and same_but(pair, "rcode", "answer", "edns", "flags"))


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


def parent_instead_of_child(pair):
    """The chain goes on in the zone where it began, with what lies there below another zone's apex."""
    start = zone_of(pair, qname_of(pair))
    common = set(pair.ours.answer) & set(pair.theirs.answer)
    extra = set(pair.theirs.answer) - common
    return (bool(types(common) & {"CNAME", "DNAME"}) and same_but(pair, "rcode", "answer", "authority") and
            all(zone_of(pair, one[0]) != start and one[0] in pair.zones.owners[start] for one in extra) and
            any(zone_of(pair, one[0]) != start for one in extra | set(pair.ours.authority)))


def letter_case(pair):
    """Of the names in RDATA that is compared octet for octet."""
    kinds = {"NAPTR", "SVCB", "HTTPS"} if pair.peer == NSD else {"NAPTR"}

    def lower(answer):
        return [(*one[:4], bytes.fromhex(one[4]).lower()) for one in answer.answer if one[3] in kinds]

    def rest(answer):
        return [one for one in answer.answer if one[3] not in kinds]

    return (bool(lower(pair.ours)) and sorted(lower(pair.ours)) == sorted(lower(pair.theirs)) and
            rest(pair.ours) == rest(pair.theirs) and same_but(pair, "answer"))


def long_name_of_dname(pair):
    """Knot DNS ends with what lies at the DNAME's target, or with the SOA that says that nothing does."""
    targets = {dns.name.from_wire(bytes.fromhex(one[4]), 0)[0].to_text()
               for one in pair.ours.answer if one[3] == "DNAME"}
    extra = set(pair.theirs.answer) - set(pair.ours.answer)
    return (pair.ours.rcode == "YXDOMAIN" and pair.theirs.rcode in ("NXDOMAIN", "YXDOMAIN") and
            bool(targets) and set(pair.ours.answer) <= set(pair.theirs.answer) and
            {one[0] for one in extra} <= targets and pair.ours.authority == () and
            types(pair.theirs.authority) <= {"SOA"} and same_but(pair, "rcode", "answer", "authority"))


def name_in_other_zone(pair):
    """Where the chain ends: at or below a name, or beside a wildcard, that only a zone around this one has;
    or above a zone that this one does not delegate."""
    last = end_of_chain(pair.ours, qname_of(pair))
    if not last or zone_of(pair, last) is None:
        return False
    if not {pair.ours.rcode, pair.theirs.rcode} <= {"NXDOMAIN", "NOERROR"} or \
            not same_but(pair, "rcode", "answer", "authority"):
        return False
    zone, name = zone_of(pair, last), dns.name.from_text(last)
    if any(dns.name.from_text(one).is_subdomain(name) for one in pair.zones):
        return pair.ours.rcode == "NXDOMAIN" and same_but(pair, "rcode")

    def has(names, text):
        return any(one == text or one.endswith("." + text) for one in names)

    own = pair.zones.owners[zone]
    while name != dns.name.root:
        is_apex = name == dns.name.from_text(zone)
        for text in ["*." + name.to_text()] + ([] if is_apex else [name.to_text()]):
            if has(pair.zones.explicit, text) and not has(own, text):
                return True
        if is_apex:
            break
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
    """What ours is beside class IN has a test of its own. NSD leaves the SOA out and says AA below a DNAME,
    Knot DNS says AA, BIND says FORMERR; the rest is equal, or different for a reason of its own."""
    if qclass_of(pair) != dns.rdataclass.ANY or "AA" in pair.ours.flags:
        return False
    if pair.peer == BIND:
        return (is_bare(pair.theirs, "FORMERR") and same_edns_but_error(pair) and
                same_but(pair, "flags", "rcode", "answer", "authority", "additional", "edns"))
    theirs = pair.theirs
    if pair.peer == NSD and theirs.authority == () and types(pair.ours.authority) == {"SOA"}:
        theirs = theirs._replace(authority=pair.ours.authority)
    if pair.peer == KNOT or "DNAME" in types(theirs.answer):
        theirs = theirs._replace(flags=" ".join(flags_but(theirs, "AA")))
    rest = pair._replace(theirs=theirs)
    return equal(pair.ours, theirs) or (theirs != pair.theirs and explain(rest, DIFFERENCES) is not None)


def transfers(pair):
    return (qtype_of(pair) in (dns.rdatatype.AXFR, dns.rdatatype.IXFR) and
            is_bare(pair.ours, "REFUSED") and is_bare(pair.theirs, "NOTIMP", "NOTAUTH") and
            same_edns_but_error(pair) and same_but(pair, "rcode", "edns"))


def other_classes(pair):
    """Ours refuses what is not its identity. BIND has zones of class CH, below bind. and server., and
    limits how often it is asked, by silence."""
    if qclass_of(pair) in (None, dns.rdataclass.IN, dns.rdataclass.ANY):
        return False
    name, is_chaos = qname_of(pair), qclass_of(pair) == dns.rdataclass.CH
    identity = ((name, 0, "CH", "TXT", b"\x08compared".hex()),)
    if not is_bare(pair.ours, "REFUSED") and pair.ours.answer != identity:
        return False
    if pair.peer == KNOT:
        return is_bare(pair.theirs, "REFUSED") and same_but(pair, "rcode", "answer")
    if is_bare(pair.theirs, "FORMERR", "NOTIMP", "REFUSED"):
        return same_edns_but_error(pair) and same_but(pair, "rcode", "answer", "edns")
    return is_chaos and (pair.theirs.silent or (
        name.endswith(("bind.", "server.")) and pair.theirs.rcode in ("NOERROR", "NXDOMAIN") and
        same_but(pair, "rcode", "answer", "authority", "flags")))


def silence(pair):
    """What is no query at all: dropping it and FORMERR are both left open."""
    return pair.ours.silent != pair.theirs.silent and \
        (pair.ours.silent or pair.ours.rcode in ("FORMERR", "NOTIMP")) and \
        (pair.theirs.silent or pair.theirs.rcode in ("FORMERR", "NOTIMP", "NOERROR"))


def meta_types(pair):
    """Ours is what any type is answered with that the name does not have."""
    kind = qtype_of(pair)
    return (kind is not None and (kind == 0 if pair.peer == KNOT else kind == 41 or 128 <= kind <= 254) and
            is_bare(pair.theirs, "FORMERR", "NOTIMP") and pair.ours.rcode in ("NOERROR", "NXDOMAIN") and
            types(pair.ours.answer) <= {"CNAME", "DNAME"} and types(pair.ours.authority) <= {"SOA", "NS"} and
            same_edns_but_error(pair) and
            same_but(pair, "rcode", "answer", "authority", "additional", "flags", "edns"))


def is_address_of_www(answer):
    return (answer.rcode == "NOERROR" and answer.flags.split() == ["QR", "AA", "RD"] and
            answer.answer == (("www.example.test.", 300, "IN", "A", "c0000201"),) and
            (answer.authority, answer.additional) == ((), ()))


def more_than_a_question(pair):
    """Ours is FORMERR and theirs the answer as if nothing were."""
    return (pair.case.text.startswith(("RCODE ", "a record in ")) and is_bare(pair.ours, "FORMERR") and
            is_address_of_www(pair.theirs) and same_but(pair, "flags", "rcode", "answer"))


def opt_with_a_name(pair):
    return (pair.case.text == "OPT with a name" and is_bare(pair.ours, "FORMERR") and
            is_address_of_www(pair.theirs) and same_but(pair, "flags", "rcode", "answer", "edns"))


def octets_behind(pair):
    """Theirs is FORMERR and ours the answer as if nothing were."""
    return ("octets behind" in pair.case.text and is_bare(pair.theirs, "FORMERR") and
            is_address_of_www(pair.ours) and same_but(pair, "flags", "rcode", "answer", "edns"))


DIFFERENCES = [
    Difference("what a truncated response still holds",
               "RFC 2181 section 9: whoever sees TC ignores the rest and asks again over TCP; ours "
               "holds nothing", ALL, True, truncated_contents),
    Difference("a referral whose glue does not fit",
               "RFC 9471 section 3.1: in-domain glue that does not fit means TC", (NSD, BIND), False,
               glue_is_not_optional),
    Difference("an answer that just fits, or just does not",
               "RFC 1035 section 4.1.4: compressing is optional; ours never points into RDATA of "
               "types that RFC 3597 section 4 leaves uncompressed", (KNOT, BIND), False, larger_messages),
    Difference("which RRset answers ANY",
               "RFC 8482 section 4.1: a responder selects one RRset", ALL, True, other_rrset_for_any),
    Difference("ANY below a DNAME",
               "RFC 6672 section 3.2 step 3C: the DNAME is followed whatever QTYPE is", (BIND,), False,
               any_below_a_dname),
    Difference("who gives an extended error",
               "RFC 8914 section 2: a responder may", ALL, True, extended_error),
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
    Difference("a chain that meets a zone inside of its own",
               "RFC 1034 section 4.3.2 step 2: the zone that is the nearest ancestor of the name",
               (KNOT,), False, parent_instead_of_child),
    Difference("the letter case of names in RDATA",
               "RFC 4343 section 4: it is no part of a name; ours keeps what the file has", (NSD, KNOT),
               False, letter_case),
    Difference("a DNAME that makes a name too long",
               "RFC 6672 section 2.2: YXDOMAIN", (KNOT,), False, long_name_of_dname),
    Difference("a name that only another zone of the server has",
               "RFC 8020: the zone that is asked has no such name, nor one below it; NSD keeps the names "
               "of all zones in one tree and takes it for an empty non-terminal", (NSD,), False,
               name_in_other_zone),
    Difference("NOTIFY", "RFC 1035 section 4.1.1: NOTIMP for a kind of query that a server does not "
               "support; there are no secondary zones here", ALL, True, notify),
    Difference("UPDATE", "RFC 2136 section 3: the same; there are no updates here", (KNOT, BIND), False,
               update),
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
    Difference("an RCODE or a record in a query", "RFC 1035 section 4.1: a query has its question, and what "
               "an extension put there", (KNOT, BIND), False, more_than_a_question),
    Difference("OPT with a name", "RFC 6891 section 6.1.2: NAME must be the root", (KNOT,), False,
               opt_with_a_name),
    Difference("octets behind a query", "RFC 1035 section 4.1 ends a message where its counts do; what "
               "lies behind is looked over", (KNOT,), False, octets_behind),
]


def explain(pair, rows):
    """The row that accepts a difference, or None."""
    return next((one for one in rows if pair.peer in one.peers and one.accepts(pair)), None)


def table():
    """As Markdown."""
    rows = ["| difference | with | what decides |", "| --- | --- | --- |"]
    rows += [f"| {one.what} | {', '.join(one.peers)} | {one.why} |" for one in DIFFERENCES]
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    print(table(), end="")
