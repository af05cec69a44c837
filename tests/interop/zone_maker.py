# SPDX-License-Identifier: BSD-2-Clause
"""Makes zones and queries for the comparison with other servers: crafted cases, one for each thing that can
go wrong, and a random tree around them. The same seed makes the same zones and queries."""
import collections

import dns.name

TYPES = ["A", "AAAA", "NS", "SOA", "CNAME", "MX", "TXT", "SRV", "PTR", "DS", "DNAME", "CAA", "LOC",
         "NAPTR", "SVCB", "HTTPS", "TYPE65280", "ANY"]

LONG = "l" * 63


def crafted(origin):
    """(owner, ttl, type, rdata) of the cases that have to be there whatever the seed."""
    rows = []

    def add(owner, kind, *rdatas, ttl=300):
        rows.extend((owner, ttl, kind, rdata) for rdata in rdatas)

    # CNAME chains: long, to a wildcard, to nothing, to an empty non-terminal, below a cut, out of
    # the zone; loops of one, two and three.
    for i in range(12):
        add(f"chain{i}", "CNAME", f"chain{i + 1}", ttl=100 + i)
    add("chain12", "A", "192.0.2.12")
    add("to-wild", "CNAME", "a.wild")
    add("to-wild-cname", "CNAME", "b.wildcname")
    add("to-nothing", "CNAME", "no.such.name.here")
    add("to-ent", "CNAME", "ent")
    add("to-below-cut", "CNAME", "host.cut")
    add("to-cut", "CNAME", "cut")
    add("to-outside", "CNAME", "www.example.net.")
    add("to-dname", "CNAME", "x.dname")
    add("to-apex", "CNAME", "@")
    add("loop1", "CNAME", "loop1")
    add("loop2a", "CNAME", "loop2b")
    add("loop2b", "CNAME", "loop2a")
    add("loop3a", "CNAME", "loop3b")
    add("loop3b", "CNAME", "loop3c")
    add("loop3c", "CNAME", "loop3a")

    # Wildcards: plain, a CNAME, an MX, at several depths, with an empty non-terminal between, with
    # explicit names beside it, a label "*" that is not the first.
    add("*.wild", "A", "192.0.2.30", "192.0.2.31")
    add("*.wild", "TXT", '"wild"')
    add("explicit.wild", "TXT", '"explicit"')
    add("under.ent.wild", "A", "192.0.2.32")
    add("*.deeper.wild", "A", "192.0.2.33")
    add("*.wildcname", "CNAME", "target.of.wild")
    add("target.of.wild", "A", "192.0.2.34")
    add("*.wildmx", "MX", "10 mail")
    add("x.*.star", "A", "192.0.2.35")
    add("*.wildloop", "CNAME", "y.wildloop")
    add("*.wildout", "CNAME", "www.example.net.")

    # Empty non-terminals, one below the other.
    add("leaf.three.two.ent", "A", "192.0.2.40")

    # Delegations: in-domain glue, sibling glue, no glue, outside, DS, names below (occluded), a
    # wildcard and a CNAME below, one cut below another, a cut with data of other types.
    add("cut", "NS", "ns1.cut", "ns2.cut")
    add("ns1.cut", "A", "192.0.2.50")
    add("ns2.cut", "AAAA", "2001:db8::50")
    add("cut", "DS", "12345 13 2 " + "ab" * 32)
    add("host.cut", "A", "192.0.2.51")
    add("*.w.cut", "A", "192.0.2.52")
    add("alias.cut", "CNAME", "www")
    add("sibling", "NS", "ns1.cut")
    add("cousin", "NS", "ns.in.sibling2")
    add("sibling2", "NS", "ns.in.sibling2")
    add("ns.in.sibling2", "A", "192.0.2.53")
    add("noglue", "NS", "ns.noglue")
    add("outside", "NS", "ns.example.net.", "ns.example.org.")
    add("authns", "NS", "www")
    add("wildns", "NS", "ns.any.wild")
    add("mixed", "NS", "ns.mixed", "www", "ns.example.net.", "ns1.cut")
    add("ns.mixed", "A", "192.0.2.54")
    add("lower.upper", "NS", "ns.lower.upper")
    add("ns.lower.upper", "A", "192.0.2.55")
    add("upper", "NS", "ns.example.net.")
    add("cutds", "NS", "ns.example.net.")
    add("cutds", "DS", "1 8 2 " + "cd" * 32, "2 8 2 " + "ef" * 32)
    add("occluding", "NS", "ns.example.net.")
    add("occluding", "TXT", '"occluded at the cut"')
    for i in range(13):
        add("manyns", "NS", f"ns{i:02}.manyns")
        add(f"ns{i:02}.manyns", "A", f"192.0.2.{100 + i}")
        add(f"ns{i:02}.manyns", "AAAA", f"2001:db8::{100 + i:x}")

    # DNAMEs.
    add("dname", "DNAME", "www")
    add("dname", "A", "192.0.2.60")
    add("dname2", "DNAME", "ent")
    add("dnameout", "DNAME", "example.net.")
    add("dnameloop", "DNAME", "x.dnameloop2")
    add("dnameloop2", "DNAME", "dnameloop")
    add("dnamelong", "DNAME", ".".join([LONG] * 3))

    # Types, among them unknown ones; letter case; escapes; long names.
    add("www", "A", "192.0.2.1")
    add("www", "AAAA", "2001:db8::1")
    add("*.two.two.ent", "TXT", '"wild below an empty non-terminal"')
    add("CaSe", "A", "192.0.2.2")
    add("case", "TXT", '"MiXed"')
    add("MAIL", "A", "192.0.2.3")
    add("types", "MX", "10 mail", "20 MAIL2", "30 mx.example.net.")
    add("types", "SRV", "1 2 3 www", "1 2 3 nowhere")
    add("types", "TXT", '"one" "two"', r'"\"quoted\" \255"', '""')
    add("types", "PTR", "www")
    add("types", "NAPTR", '10 20 "u" "E2U+sip" "!^.*$!sip:x@example.net!" .')
    add("types", "CAA", '0 issue "ca.example.net"')
    add("types", "TLSA", "3 1 1 " + "12" * 32)
    add("types", "SSHFP", "4 2 " + "34" * 32)
    add("types", "HINFO", '"cpu" "os"')
    add("types", "RP", "who txt")
    add("types", "LOC", "52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m")
    add("types", "TYPE65280", r"\# 4 0a000001", r"\# 0")
    add("types", "TYPE65281", r"\# 3 010203")
    add(r"dot\.in\.label", "A", "192.0.2.4")
    add(r"\000\255\032", "A", "192.0.2.5")
    add("_sip._tcp", "SRV", "0 0 5060 www")
    room = 255 - 1 - len(dns.name.from_text(origin).to_wire())
    labels = [LONG] * (room // 64)
    rest = room - 64 * len(labels)
    if rest >= 1:
        labels.append("r" * rest)
    add(".".join(labels), "A", "192.0.2.6")
    add(LONG, "TXT", '"63 octets"')

    # Sizes around each limit.
    add("a29", "A", *[f"198.51.100.{i}" for i in range(29)])
    add("a31", "A", *[f"198.51.100.{i}" for i in range(31)])
    add("a100", "A", *[f"198.51.100.{i}" for i in range(100)])
    add("big1300", "TXT", *[f'"{i:02}{"t" * 200}"' for i in range(6)])
    add("big5000", "TXT", *[f'"{i:02}{"t" * 200}"' for i in range(24)])
    add("to-big", "CNAME", "big5000")

    # Types with mnemonics, and with data of odd kinds; TTLs at both ends.
    add("svc", "SVCB", "1 www alpn=h2 port=8443", "0 mail")
    add("svc", "HTTPS", "1 . alpn=h2,h3 ipv4hint=192.0.2.1", "2 www")
    add("svc", "URI", '10 1 "https://example.test/"')
    add("svc", "CERT", "PKIX 1 8 MIIB")
    add("svc", "EUI48", "00-00-5e-00-53-2a")
    add("svc", "EUI64", "00-00-5e-ef-10-00-00-2a")
    add("svc", "OPENPGPKEY", "AQIDBA==")
    add("svc", "SMIMEA", "3 1 1 " + "56" * 32)
    add("svc", "APL", "1:192.0.2.0/24 !2:2001:db8::/32")
    add("svc", "DHCID", "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=")
    add("svc", "KX", "10 mail")
    add("svc", "AFSDB", "1 mail")
    add("ttl", "A", "192.0.2.7", ttl=0)
    add("ttl", "TXT", '"for ever"', ttl=2147483647)

    # Wildcards that lead to wildcards, DNAMEs beside wildcards, CNAMEs to a DNAME's owner and through
    # several of them, a CNAME with names below it.
    add("*.wildone", "CNAME", "a.b.wildtwo")
    add("*.wildtwo", "CNAME", "c.wild")
    add("deep.er.wildtwo", "TXT", '"a closer encloser"')
    add("*.beside", "A", "192.0.2.93")
    add("dname.beside", "DNAME", "wildone")
    add("*.dname3", "A", "192.0.2.94")
    add("x.dname3", "DNAME", "dname.beside")
    add("to-dname-owner", "CNAME", "dname")
    add("to-dnames", "CNAME", "y.x.dname3")
    add("*.wilddname", "CNAME", "z.dname")
    add("dname-to-cut", "DNAME", "cut")
    add("dname-to-wild-label", "DNAME", "*.wild")
    add("x.alias-with-names-below", "A", "192.0.2.95")
    add("alias-with-names-below", "CNAME", "www")

    # Occluded below a DNAME: data, a wildcard, a cut with glue, one more DNAME.
    add("x.dname", "A", "192.0.2.96")
    add("*.dname", "TXT", '"occluded"')
    add("cut.dname", "NS", "ns.cut.dname")
    add("ns.cut.dname", "A", "192.0.2.97")
    add("a.ent.dname", "DNAME", "cut")

    # Names that are there only because of what is occluded or delegated, or because of glue.
    add("x.cut.onlycut", "NS", "ns.y.x.cut.onlycut")
    add("ns.y.x.cut.onlycut", "A", "192.0.2.98")
    add("host.glueonly.noglue2", "A", "192.0.2.99")
    add("noglue2", "NS", "host.glueonly.noglue2")
    add("*.onlystar.ent2", "TXT", '"a wildcard below a name that is empty"')
    add("a.*.midstar.ent2", "TXT", '"the wildcard itself is empty"')

    # Wildcards at and below cuts, names that look like them.
    add("*.starcut", "TXT", '"beside"')
    add("x.starcut", "NS", "ns.x.starcut")
    add("ns.x.starcut", "A", "192.0.2.100")
    add("*.x.starcut", "A", "192.0.2.101")
    add("*.*.stars", "A", "192.0.2.102")
    add("*.stars", "TXT", '"stars"')

    # Octets that text has to escape, and letters whose case counts as the same, or does not.
    add(r"esc\000aped", "A", "192.0.2.103")
    add(r"esc\.aped", "A", "192.0.2.104")
    add(r"\032", "TXT", '"a space"')
    add(r"\200\228.eight", "A", "192.0.2.105")
    add(r"\192\196.eight", "A", "192.0.2.106")
    add(r"*.\000.eight", "CNAME", r"\200\228.eight")
    add(r"\@.eight", "A", "192.0.2.107")
    add(r"\064.EIGHT", "TXT", '"the same name"')
    add(r"\091\123.eight", "A", "192.0.2.108")
    add(r"\;\"\(\).eight", "A", "192.0.2.109")

    # Between the zones of the server: chains there and back, DNAMEs there, loops over both.
    add("xchain", "CNAME", "xchain.other.")
    add("xdname", "DNAME", "w.other.")
    add("xloopc", "CNAME", "xloopc.other.")
    add("xloopd", "DNAME", "xloopd.other.")
    add("to-grandchild", "CNAME", "www.g.child")
    add("dname-to-child", "DNAME", "child")

    # A wildcard that is a DNAME's target, one below a DNAME's owner's sibling, and cuts under wildcards.
    add("dnamewild", "DNAME", "wild")
    add("cut.undercut", "NS", "ns.cut.undercut")
    add("ns.cut.undercut", "A", "192.0.2.90")
    add("*.undercut", "TXT", '"beside a cut"')
    add("undercut", "NS", "ns.example.net.")
    add("deep.below.cutten", "NS", "ns.deep.below.cutten")
    add("ns.deep.below.cutten", "A", "192.0.2.91")
    add("*.cutten", "A", "192.0.2.92")
    return rows


def soa(origin, ttl=3600, minimum=120):
    """What an apex has. RFC 2308 section 3: a negative answer lives for the smaller of the two."""
    return [("@", ttl, "SOA", f"ns1 hostmaster 2026112301 3600 600 86400 {minimum}"),
            ("@", 3600, "NS", "ns1"), ("@", 3600, "NS", "ns2.example.net."),
            ("ns1", 3600, "A", "127.0.0.1"), ("@", 300, "MX", "10 mail"),
            ("@", 300, "TXT", '"apex of ' + origin + '"')]


WORDS = ["a", "b", "c", "dd", "Ee", "f-f", "g_g", "*", "x1", r"\000", r"\.", r"\032\255"]


def random_rdata(rng, kind, owner, target):
    return {
        "A": lambda: [f"203.0.113.{rng.randrange(256)}"],
        "AAAA": lambda: [f"2001:db8::{rng.randrange(65536):x}" for _ in range(2)],
        "TXT": lambda: ['"' + owner.replace("\\", "/") + '"'],
        "MX": lambda: [f"5 {target}"],
        "CNAME": lambda: [target],
        "DNAME": lambda: [target],
        "SRV": lambda: [f"0 {rng.randrange(65536)} 53 {target}"],
        "SVCB": lambda: [f"1 {target} port={rng.randrange(65536)}"],
        "NAPTR": lambda: [f'1 {rng.randrange(65536)} "s" "SIP+D2U" "" {target}'],
        "LOC": lambda: [f"{rng.randrange(90)} 0 0 N {rng.randrange(180)} 0 0 E 0m"],
        "TYPE65282": lambda: [r"\# 2 beef"],
        "NS": lambda: [f"ns{rng.randrange(3)}.{owner}", target, "ns.example.net."],
    }[kind]()


def random_tree(rng, count, base="rnd"):
    """Random names below `base` with random data. What no server would load is left out: nothing is
    beside a CNAME, no NS at a wildcard or beside a DNAME."""
    rows, used = [], {}
    kinds = ["A", "TXT", "MX", "CNAME", "NS", "DNAME", "TYPE65282", "AAAA", "SRV", "SVCB", "NAPTR", "LOC"]
    often = [8, 3, 2, 5, 2, 1, 1, 2, 1, 1, 1, 1]

    def add(labels, kind, rdatas, ttl):
        exists = used.setdefault(tuple(label.lower() for label in labels), set())
        if kind in exists or "CNAME" in exists or (kind == "CNAME" and exists):
            return False
        if {kind} | exists >= {"NS", "DNAME"}:
            return False
        exists.add(kind)
        rows.extend((".".join(labels + (base,)), ttl, kind, one) for one in sorted(set(rdatas)))
        return True

    for _ in range(count):
        depth = rng.choice([1, 2, 2, 3, 3, 4, 6])
        labels = tuple(rng.choice(WORDS) for _ in range(depth))
        owner = ".".join(labels + (base,))
        target = ".".join([rng.choice(WORDS[:7]) for _ in range(rng.choice([1, 2, 3]))] + [base])
        kind = rng.choices(kinds, often)[0]
        if (kind == "NS" and ("*" in labels or depth < 3)) or (kind == "DNAME" and labels[0] == "*"):
            continue
        ttl = rng.choice([0, 1, 60, 300, 86400, 2147483647])
        if add(labels, kind, random_rdata(rng, kind, owner, target), ttl) and kind == "NS":
            if rng.random() < 0.3:
                add(labels, "DS", [f"{rng.randrange(65536)} 13 2 " + "77" * 32], ttl)
            for i in range(3) if rng.random() < 0.7 else ():
                add((f"ns{i}",) + labels, "A", [f"203.0.113.{i}"], 300)
    return rows


def below_dnames(origin, rows):
    """The rows that a DNAME occludes. NSD and Knot DNS refuse a zone that has any."""
    base = dns.name.from_text(origin)
    owners = {owner: base if owner == "@" else dns.name.from_text(owner, base) for owner, *_ in rows}
    dnames = {owners[owner] for owner, _, kind, _ in rows if kind == "DNAME"}
    found = set()
    for owner, name in owners.items():
        while name != base and name != dns.name.root:
            name = name.parent()
            if name in dnames:
                found.add(owner)
                break
    return [row for row in rows if row[0] in found]


def text_of(origin, rows):
    lines = [f"$ORIGIN {origin}"]
    lines += [f"{owner} {ttl} IN {kind} {rdata}" for owner, ttl, kind, rdata in rows]
    return "\n".join(lines) + "\n"


def nested_zones(rng, zones, big):
    """Zones inside of the big one: at some of its random cuts, below one another, below a name that
    the big one has data for, where it has nothing, and below what it delegates."""
    below_dname = {owner for owner, *_ in below_dnames(big, zones[big])}
    cuts = sorted({owner.lower() for owner, _, kind, _ in zones[big]
                   if kind == "NS" and owner.endswith(".rnd") and "\\" not in owner and
                   owner not in below_dname})  # NSD keeps all zones in one tree, and refuses these
    for cut in rng.sample(cuts, min(3, len(cuts))):
        zones[f"{cut}.{big}"] = soa(cut, 60, rng.choice([0, 30, 60, 61])) + random_tree(rng, 30)
    zones["island." + big] = soa("island", 7, 2147483647) + random_tree(rng, 30)
    zones["deep.lagoon." + big] = soa("lagoon", 2147483647, 0) + [("*", 9, "TXT", '"lagoon"')]
    for above in ("occluding", "wild", "cut"):
        zones[f"z.{above}.{big}"] = soa(above, 0, 5) + [("www", 9, "A", "192.0.2.120"),
                                                       ("*.w", 9, "CNAME", "www")]
    return [("island", 300, "A", "192.0.2.110"), ("x.island", 300, "A", "192.0.2.111"),
            ("*.island", 300, "TXT", '"of the zone around"'),
            ("to-island", 300, "CNAME", "x.island"), ("to-lagoon", 300, "CNAME", "x.deep.lagoon")]


def make_zones(rng, count=500):
    """{origin: (rows, text)}: a big zone with `count` random owners, others in it, one with a wildcard and a
    CNAME at odd places, one at a top-level name, one with a DNAME at its apex."""
    zones = {}
    big = "example.test."
    rows = soa(big) + crafted(big) + random_tree(rng, count)
    rows += [("child", 300, "NS", "ns.child"), ("ns.child", 300, "A", "192.0.2.70"),
             ("child", 300, "DS", "9 8 2 " + "99" * 32), ("to-child", 300, "CNAME", "www.child"),
             ("to-other", 300, "CNAME", "www.other."), ("to-renamed", 300, "CNAME", "www.renamed.")]
    zones[big] = rows
    zones["child.example.test."] = soa("child", 10, 600) + [("www", 30, "A", "192.0.2.71"),
                                                           ("back", 30, "CNAME", "www.example.test."),
                                                           ("g", 30, "NS", "ns.g"),
                                                           ("ns.g", 30, "A", "192.0.2.72"),
                                                           ("*", 30, "TXT", '"child"')]
    zones["g.child.example.test."] = soa("grandchild") + [("www", 30, "A", "192.0.2.73"),
                                                         ("up", 30, "CNAME", "to-child.example.test.")]
    zones["other."] = soa("other.", 3600, 0) + [("*", 20, "A", "192.0.2.80"),
                                               ("www", 20, "A", "192.0.2.81"), ("*", 20, "MX", "10 mail"),
                                               ("ent.x", 20, "A", "192.0.2.82"),
                                               ("xchain", 20, "CNAME", "www.example.test."),
                                               ("*.w", 20, "CNAME", "ttl.example.test."),
                                               ("xloopc", 20, "CNAME", "xloopc.example.test."),
                                               ("xloopd", 20, "DNAME", "xloopd.example.test.")]
    zones["renamed."] = [("@", 3600, "SOA", "ns1.other. hostmaster.other. 1 3600 600 86400 60"),
                         ("@", 60, "NS", "ns1.other."), ("@", 60, "DNAME", "other."),
                         ("@", 60, "MX", "10 www"), ("@", 60, "A", "192.0.2.83"),
                         ("www", 60, "A", "192.0.2.84"), ("*", 60, "TXT", '"occluded"')]
    zones[big] = rows + nested_zones(rng, zones, big)
    return {origin: (rows, text_of(origin, rows)) for origin, rows in zones.items()}


def make_root_zones(rng):
    """The root itself, with a top-level zone that is served beside it and one that is not, and names of
    as many labels as there can be."""
    root = [("@", 3600, "SOA", "ns1.test. hostmaster.test. 2026112301 3600 600 86400 120"),
            ("@", 3600, "NS", "ns1.test."), ("@", 60, "TXT", '"root"'),
            ("test", 300, "NS", "ns1.test."), ("ns1.test", 300, "A", "192.0.2.1"),
            ("test", 300, "DS", "9 8 2 " + "99" * 32), ("away", 300, "NS", "ns.away", "ns1.test."),
            ("ns.away", 300, "A", "192.0.2.2"), ("short", 60, "A", "192.0.2.3"),
            ("*.star", 60, "A", "192.0.2.4"), ("d", 60, "DNAME", "test."), ("c", 60, "CNAME", "x.d"),
            ("up", 60, "DNAME", "."),
            (labels(127, "n"), 60, "A", "192.0.2.6"), (labels(126, "n"), 60, "TXT", '"126"'),
            ("*." + labels(126, "w"), 60, "A", "192.0.2.7"),
            ("to-labels", 60, "CNAME", labels(127, "n") + "."),
            ("to-wild-labels", 60, "CNAME", "x." + labels(126, "w") + "."),
            ("l", 60, "DNAME", labels(126, "n") + "."), ("*.to", 60, "CNAME", "n.l."),
            ("*.cname", 60, "CNAME", "x.y.l."), ("n.c." + labels(120, "c"), 60, "NS", "ns.away")]
    root = [(owner, ttl, kind, rdata) for owner, ttl, kind, *rdatas in root for rdata in rdatas]
    test = [("@", 3600, "SOA", "ns1 hostmaster 2026112301 3600 600 86400 120"),
            ("@", 3600, "NS", "ns1"), ("ns1", 300, "A", "192.0.2.1"), ("x", 60, "A", "192.0.2.5"),
            ("back", 60, "CNAME", "short."), ("*.w", 60, "CNAME", "y.star.")]
    zones = {".": root + random_tree(rng, 200), "test.": test + random_tree(rng, 100)}
    return {origin: (rows, text_of(origin, rows)) for origin, rows in zones.items()}


def labels(count, octet):
    return ".".join([octet] * count)


def names_to_ask(rng, zones):
    """In, beside, above and below everything, in mixed letter case."""
    names = set()
    for origin, (rows, _) in zones.items():
        base = dns.name.from_text(origin)
        for owner, _, _, _ in rows:
            name = dns.name.from_text(owner, base) if owner != "@" else base
            names.add(name)
            for parent in (name, name.parent() if name != dns.name.root else name):
                for prefix in ("nx", "*", "a.b", "*.x"):
                    try:
                        names.add(dns.name.from_text(prefix, parent))
                    except dns.name.NameTooLong:
                        pass
            while name != dns.name.root and name.is_subdomain(base):
                names.add(name)
                name = name.parent()
        names.add(base.parent() if base != dns.name.root else base)
    long = [("q" * 63,) * 3 + ("r" * rest,) for rest in (30, 40, 50)]
    for labels in long:
        for under in ("dname.example.test.", "dnamelong.example.test.", "other.", "wild.example.test."):
            try:
                names.add(dns.name.from_text(".".join(labels), dns.name.from_text(under)))
            except dns.name.NameTooLong:
                pass
    for origin in zones:
        for _ in range(60):
            prefix = ".".join(rng.choice(WORDS) for _ in range(rng.choice([1, 2, 3, 5])))
            name = dns.name.from_text(prefix + ".rnd", dns.name.from_text(origin))
            names.update((name, name.parent()))
    names.add(dns.name.from_text("x.dnamelong.example.test."))
    names.add(dns.name.from_text("www.example.net."))
    names.add(dns.name.root)
    ordered = sorted(names, key=lambda name: name.to_text())
    return [mixed_case(rng, name) if rng.random() < 0.3 else name for name in ordered]


def mixed_case(rng, name):
    def flip(label):
        return bytes(octet ^ 0x20 if chr(octet).isalpha() and octet < 128 and rng.random() < 0.5
                     else octet for octet in label)

    return dns.name.Name([flip(label) for label in name.labels])


def types_by_name(zones):
    """{name in lower case: the types that any of the zones has there}"""
    found = collections.defaultdict(set)
    for origin, (rows, _) in zones.items():
        base = dns.name.from_text(origin)
        for owner, _, kind, _ in rows:
            name = base if owner == "@" else dns.name.from_text(owner, base)
            found[name.canonicalize()].add(kind)
    return found


def types_for(rng, owned_types, name):
    """Every type that the name has, and some that it has not."""
    owned = owned_types.get(name.canonicalize(), set())
    types = {"A", rng.choice(TYPES), rng.choice(TYPES)}
    if rng.random() < 0.1:
        types.add(f"TYPE{rng.randrange(1, 65536)}")
    return sorted(types | owned | ({"ANY"} if len(owned) > 1 else set()))
