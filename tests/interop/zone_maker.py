# SPDX-License-Identifier: BSD-2-Clause
"""Makes zones and queries for the comparison with other servers: crafted cases, one for each thing that can
go wrong, and a random tree around them. The same seed makes the same zones and queries."""
import dns.name
import dns.rdatatype

TYPES = ["A", "AAAA", "NS", "SOA", "CNAME", "MX", "TXT", "SRV", "PTR", "DS", "DNAME", "CAA",
         "TYPE65280", "ANY"]

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


def soa(origin):
    return [("@", 3600, "SOA", "ns1 hostmaster 2026112301 3600 600 86400 120"),
            ("@", 3600, "NS", "ns1"), ("@", 3600, "NS", "ns2.example.net."),
            ("ns1", 3600, "A", "127.0.0.1"), ("@", 300, "MX", "10 mail"),
            ("@", 300, "TXT", '"apex of ' + origin + '"')]


def random_tree(rng, count):
    """Random names with random data. Every name has a reason to be legal: a CNAME is alone, a TTL
    belongs to a name and type, a DNAME has nothing below."""
    rows = []
    words = ["a", "b", "c", "dd", "Ee", "f-f", "g_g", "*", "x1"]
    closed = set()  # owners of a CNAME or DNAME: nothing may be added, or below
    used = {}

    def below_closed(labels):
        return any(labels[i:] in closed for i in range(len(labels)))

    for _ in range(count):
        depth = rng.choice([1, 2, 2, 3, 3, 4, 6])
        labels = tuple(rng.choice(words) for _ in range(depth)) + ("rnd",)
        key = tuple(label.lower() for label in labels)
        owner = ".".join(labels)
        if below_closed(key):
            continue
        target = ".".join(rng.choice(words[:7]) for _ in range(rng.choice([1, 2, 3]))) + ".rnd"
        ttl = rng.choice([0, 1, 60, 300, 86400])
        kind = rng.choices(["A", "TXT", "MX", "CNAME", "NS", "DNAME", "TYPE65282"],
                           [8, 3, 2, 5, 2, 1, 1])[0]
        exists = used.setdefault(key, set())
        if kind in ("CNAME", "DNAME"):
            has_below = any(other != key and other[-len(key):] == key for other in used)
            if exists or has_below or (kind == "DNAME" and "*" in key):
                continue
            closed.add(key)
        if kind in exists or (kind == "NS" and ("*" in key or depth < 3)):
            continue
        exists.add(kind)
        rdatas = {
            "A": [f"203.0.113.{rng.randrange(256)}"], "TXT": [f'"{owner}"'], "MX": [f"5 {target}"],
            "CNAME": [target], "DNAME": [target], "TYPE65282": [r"\# 2 beef"],
            "NS": sorted({f"ns{rng.randrange(3)}.{owner}", target, "ns.example.net."}),
        }[kind]
        rows += [(owner, ttl, kind, rdata) for rdata in rdatas]
        if kind == "NS" and rng.random() < 0.7:
            for i in range(3):
                glue = (f"ns{i}",) + key
                if not below_closed(glue) and "A" not in used.setdefault(glue, set()):
                    used[glue].add("A")
                    rows.append((f"ns{i}.{owner}", 300, "A", f"203.0.113.{i}"))
    # A CNAME that later got a name below it is legal; a DNAME is not.
    return rows


def text_of(origin, rows):
    lines = [f"$ORIGIN {origin}"]
    lines += [f"{owner} {ttl} IN {kind} {rdata}" for owner, ttl, kind, rdata in rows]
    return "\n".join(lines) + "\n"


def make_zones(rng):
    """{origin: (rows, text)}: two zones of which one lies in the other, one with a wildcard and a
    CNAME at odd places, one at a top-level name."""
    zones = {}
    big = "example.test."
    rows = soa(big) + crafted(big) + random_tree(rng, 500)
    rows += [("child", 300, "NS", "ns.child"), ("ns.child", 300, "A", "192.0.2.70"),
             ("child", 300, "DS", "9 8 2 " + "99" * 32), ("to-child", 300, "CNAME", "www.child"),
             ("to-other", 300, "CNAME", "www.other.")]
    zones[big] = rows
    zones["child.example.test."] = soa("child") + [("www", 30, "A", "192.0.2.71"),
                                                  ("back", 30, "CNAME", "www.example.test."),
                                                  ("g", 30, "NS", "ns.g"),
                                                  ("ns.g", 30, "A", "192.0.2.72"),
                                                  ("*", 30, "TXT", '"child"')]
    zones["g.child.example.test."] = soa("grandchild") + [("www", 30, "A", "192.0.2.73"),
                                                         ("up", 30, "CNAME", "to-child.example.test.")]
    zones["other."] = soa("other.") + [("*", 20, "A", "192.0.2.80"), ("www", 20, "A", "192.0.2.81"),
                                      ("*", 20, "MX", "10 mail"), ("ent.x", 20, "A", "192.0.2.82"),
                                      ("xchain", 20, "CNAME", "www.example.test."),
                                      ("*.w", 20, "CNAME", "ttl.example.test."),
                                      ("xloopc", 20, "CNAME", "xloopc.example.test."),
                                      ("xloopd", 20, "DNAME", "xloopd.example.test.")]
    return {origin: (rows, text_of(origin, rows)) for origin, rows in zones.items()}


def make_root_zones(rng):
    """The root itself, with a top-level zone that is served beside it and one that is not."""
    root = [("@", 3600, "SOA", "ns1.test. hostmaster.test. 2026112301 3600 600 86400 120"),
            ("@", 3600, "NS", "ns1.test."), ("@", 60, "TXT", '"root"'),
            ("test", 300, "NS", "ns1.test."), ("ns1.test", 300, "A", "192.0.2.1"),
            ("test", 300, "DS", "9 8 2 " + "99" * 32), ("away", 300, "NS", "ns.away", "ns1.test."),
            ("ns.away", 300, "A", "192.0.2.2"), ("short", 60, "A", "192.0.2.3"),
            ("*.star", 60, "A", "192.0.2.4"), ("d", 60, "DNAME", "test."), ("c", 60, "CNAME", "x.d"),
            ("up", 60, "DNAME", ".")]
    root = [(owner, ttl, kind, rdata) for owner, ttl, kind, *rdatas in root for rdata in rdatas]
    test = [("@", 3600, "SOA", "ns1 hostmaster 2026112301 3600 600 86400 120"),
            ("@", 3600, "NS", "ns1"), ("ns1", 300, "A", "192.0.2.1"), ("x", 60, "A", "192.0.2.5"),
            ("back", 60, "CNAME", "short."), ("*.w", 60, "CNAME", "y.star.")]
    zones = {".": root + random_tree(rng, 200), "test.": test + random_tree(rng, 100)}
    return {origin: (rows, text_of(origin, rows)) for origin, rows in zones.items()}


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


def types_for(rng, zones, name):
    """Every type that the name has, and some that it has not."""
    types, owned = {"A", rng.choice(TYPES), rng.choice(TYPES)}, set()
    for origin, (rows, _) in zones.items():
        base = dns.name.from_text(origin)
        if name.is_subdomain(base):
            relative = name.relativize(base).to_text().lower()
            owned |= {kind for owner, _, kind, _ in rows if owner.lower() == relative}
    return sorted(types | owned | ({"ANY"} if len(owned) > 1 else set()))
