# SPDX-License-Identifier: BSD-2-Clause
"""The same zones served by NSD, Knot DNS, BIND and Ballast, tens of thousands of generated queries sent
to all: header bits, RCODE, EDNS and sections have to be equal. Each difference that is accepted is a
row of differences.py with its reason. A row that nothing needs fails the test too, and so does being
alone against the three where the row does not say so."""
import collections
import os
import random
import struct

import dns.exception
import dns.flags
import dns.message
import dns.name
import pytest

import harness
import peers
import zone_maker
from answers import Answer, Asker, Case, equal, parse
from differences import BIND, DIFFERENCES, KNOT, NSD, Pair

SEED = int(os.environ.get("BALLAST_SEED", "20261123"))
ROUNDS = int(os.environ.get("BALLAST_ROUNDS", "4"))  # each with other zones
PEERS = {NSD: peers.Nsd, KNOT: peers.Knot, BIND: peers.Bind}
SHOWN = 40


# --- queries ---

def ordinary_cases(rng, zones):
    """Each name and type over one of the ways to ask."""
    for name in zone_maker.names_to_ask(rng, zones):
        for kind in zone_maker.types_for(rng, zones, name):
            way = rng.choice(["udp", "udp", "edns512", "edns1232", "edns4096", "do", "tcp", "tcp-do"])
            query = dns.message.make_query(name, kind, id=rng.randrange(1, 65536))
            if way.startswith("edns"):
                query.use_edns(0, payload=int(way[4:]))
            elif way.endswith("do"):
                query.use_edns(0, dns.flags.DO, payload=rng.choice([512, 1232, 4096]))
            yield Case(query.to_wire(), way.startswith("tcp"), f"{name} {kind} {way}")


def odd_cases(rng):
    """Headers, classes, sections and lengths that a resolver does not send."""

    def message(flags=0x0100, counts=(1, 0, 0, 0), name="www.example.test.", kind=1, klass=1,
                rest=b""):
        question = dns.name.from_text(name).to_wire() + struct.pack("!HH", kind, klass)
        return (struct.pack("!6H", rng.randrange(1, 65536), flags, *counts) +
                question * counts[0] + rest)

    opt = b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0)

    def add(text, wire, tcp=False):
        cases.append(Case(wire, tcp, text))

    cases = []
    for bit, what in [(0x8000, "QR"), (0x0400, "AA"), (0x0200, "TC"), (0x0100, "RD"), (0x0080, "RA"),
                      (0x0040, "Z"), (0x0020, "AD"), (0x0010, "CD")]:
        for tcp in (False, True):
            if bit != 0x8000 or not tcp:
                add(f"bit {what}", message(bit), tcp)
                add(f"bit {what} with OPT", message(bit, (1, 0, 0, 1), rest=opt), tcp)
        add(f"bit {what}, no such name", message(bit & 0x7fff, name="nx.example.test."))
    for code in range(1, 16):
        add(f"opcode {code}", message(code << 11 | 0x0100))
        add(f"opcode {code}, no such zone", message(code << 11, name="example.net."))
    for code in range(1, 16):
        add(f"RCODE {code} in a query", message(0x0100 | code))
    for klass in (0, 2, 3, 4, 254, 255, 65535):
        for kind in (1, 6, 16, 255):
            add(f"class {klass} type {kind}", message(klass=klass, kind=kind))
    for name in ("version.bind.", "VERSION.bind.", "version.server.", "id.server.",
                 "hostname.bind.", "authors.bind.", "bind.", "x.version.bind."):
        for kind in (1, 16, 255):
            add(f"CH {name} {kind}", message(name=name, kind=kind, klass=3))
    for kind in (0, 41, 128, 249, 250, 251, 252, 253, 254, 65535):
        add(f"type {kind}", message(kind=kind))
        add(f"type {kind}, no such name", message(kind=kind, name="nx.example.test."))
        if kind not in (251, 252):
            add(f"type {kind}", message(kind=kind), True)
    for counts in ((0, 0, 0, 0), (2, 0, 0, 0), (1, 1, 0, 0), (1, 0, 1, 0), (1, 0, 0, 1),
                   (1, 0, 0, 2), (65535, 0, 0, 0)):
        wire = message(counts=(min(counts[0], 2),) + counts[1:])
        add(f"counts {counts}", wire[:4] + struct.pack("!4H", *counts) + wire[12:])
    record = dns.name.from_text("www.example.test.").to_wire() + struct.pack("!HHIH", 1, 1, 9, 4)
    for place in ((1, 1, 0, 0), (1, 0, 1, 0), (1, 0, 0, 1)):
        add(f"a record in {place}", message(counts=place, rest=record + b"\x7f\0\0\1"))
    add("two OPT", message(counts=(1, 0, 0, 2), rest=opt + opt))
    add("OPT in the authority", message(counts=(1, 0, 1, 0), rest=opt))
    add("OPT with a name", message(counts=(1, 0, 0, 1), rest=b"\1x" + opt))
    for version in (1, 2, 255):
        add(f"EDNS version {version}",
            message(counts=(1, 0, 0, 1), rest=b"\0" + struct.pack("!HHIH", 41, 1232, version << 16, 0)))
        add(f"EDNS version {version} with DO",
            message(counts=(1, 0, 0, 1),
                    rest=b"\0" + struct.pack("!HHIH", 41, 1232, version << 16 | 0x8000, 0)))
    for size in (0, 1, 511, 512, 513, 65535):
        for name in ("a31.example.test.", "big1300.example.test."):
            kind = 16 if "big" in name else 1
            add(f"EDNS size {size}", message(counts=(1, 0, 0, 1), name=name, kind=kind,
                                             rest=b"\0" + struct.pack("!HHIH", 41, size, 0, 0)))
    for flags in (0x0001, 0x4000, 0x7fff, 0xffff):
        add(f"EDNS flags {flags:04x}",
            message(counts=(1, 0, 0, 1), rest=b"\0" + struct.pack("!HHIH", 41, 1232, flags, 0)))
    for options, what in [(struct.pack("!HH", 3, 0), "NSID"), (struct.pack("!HH", 65001, 3) + b"abc",
                                                              "unknown"),
                          (struct.pack("!HHHBB", 8, 7, 1, 24, 0) + b"\xc0\0\2", "client subnet"),
                          (struct.pack("!HH", 10, 8) + b"cookie!!", "cookie"),
                          (struct.pack("!HH", 12, 20) + bytes(20), "padding"),
                          (struct.pack("!HH", 65001, 9) + b"abc", "option longer than OPT"),
                          (b"\0\3\0", "half an option")]:
        add(f"EDNS option {what}",
            message(counts=(1, 0, 0, 1),
                    rest=b"\0" + struct.pack("!HHIH", 41, 1232, 0, len(options)) + options))
    whole = message(counts=(1, 0, 0, 1), rest=opt)
    for size in range(0, len(whole)):
        add(f"cut at {size} octets", whole[:size])
    for rest in (b"\0", b"\0" * 11, b"trailing", bytes(200)):
        add(f"{len(rest)} octets behind", message(rest=rest))
        add(f"{len(rest)} octets behind OPT", message(counts=(1, 0, 0, 1), rest=opt + rest))
    header = struct.pack("!6H", 7, 0x0100, 1, 0, 0, 0)
    for name, what in [(b"\xc0\x0c", "a pointer to itself"), (b"\3www\xc0\x0c", "a pointer back"),
                       (b"\x40abc\0", "label type 01"), (b"\x80abc\0", "label type 10"),
                       (b"\x3f" + b"x" * 63 + b"\x3f" + b"x" * 63 + b"\x3f" + b"x" * 63 + b"\x3e" +
                        b"x" * 62 + b"\0", "256 octets"), (b"\3www", "no end")]:
        add(f"QNAME with {what}", header + name + struct.pack("!HH", 1, 1))
    return cases


# --- servers ---

class Zones(dict):
    """{origin: rows}, with the names that are not a wildcard's doing."""

    def __init__(self, made):
        super().__init__({origin: rows for origin, (rows, _) in made.items()})
        self.texts = {origin: text for origin, (_, text) in made.items()}
        self.owners = {
            origin: {dns.name.from_text(owner, dns.name.from_text(origin)).canonicalize().to_text()
                     for owner, *_ in rows if owner != "@"} for origin, rows in self.items()}
        self.explicit = set().union(*self.owners.values())


class Servers:
    """All of them with one set of zones."""

    def __init__(self, made):
        self.zones = Zones(made)
        self.made = made
        self.peers = {name: make(self.zones.texts) for name, make in PEERS.items()}
        self.daemon = harness.Daemon(
            {"server": {"workers": 1, "version": "compared", "identity": "compared",
                        "nsid": "compared"},
             "zones": [{"name": origin, "file": f"{index}.zone"}
                       for index, origin in enumerate(self.zones)]},
            {f"{index}.zone": text for index, text in enumerate(self.zones.texts.values())})
        self.askers = []

    def __enter__(self):
        try:
            self.daemon.start()
            for peer in self.peers.values():
                peer.start()
            zone = next(iter(self.zones))
            self.askers = [Asker(self.daemon.port, zone)] + [
                Asker(peer.port, zone) for peer in self.peers.values()]
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for closed in [*self.askers, *self.peers.values(), self.daemon]:
            closed.close()


# --- the comparison ---

used, counted = collections.Counter(), collections.Counter()


def read_query(wire):
    try:
        return dns.message.from_wire(wire)
    except (dns.exception.DNSException, ValueError):
        return None


def explain(pair, peer):
    for one in DIFFERENCES:
        if peer in one.peers and one.accepts(pair):
            return one
    return None


def describe(case, peer, pair, zones):
    lines = [f"{case.text} ({'TCP' if case.tcp else 'UDP'}) {case.wire.hex()}"]
    for field in Answer._fields[:-1]:
        one, other = getattr(pair.ours, field), getattr(pair.theirs, field)
        if one != other:
            lines.append(f"  {field}\n    ours: {str(one)[:800]}\n    {peer}: {str(other)[:800]}")
    return "\n".join(lines + [snippet(zones, pair.query)])


def snippet(zones, query):
    """The zones' lines that have to do with a query's name."""
    if query is None or not query.question:
        return ""
    name, lines = query.question[0].name, []
    for origin, rows in zones.items():
        base = dns.name.from_text(origin)
        for owner, ttl, kind, rdata in rows if name.is_subdomain(base) else []:
            whole = dns.name.from_text(owner, base) if owner != "@" else base
            if whole != base and (name.is_subdomain(whole) or whole.is_subdomain(name) or
                                  (whole.is_wild() and name.is_subdomain(whole.parent()))):
                lines.append(f"    {whole} {ttl} {kind} {rdata[:100]}")
    return "\n".join(lines[:20])


def compare(case, servers, may_be_silent):
    """What is wrong, as texts."""
    ours, *others = (parse(asker.ask(case, may_be_silent)) for asker in servers.askers)
    query, wrong, reasons = None, [], []
    for peer, theirs in zip(PEERS, others):
        if equal(ours, theirs):
            continue
        query = query or read_query(case.wire)
        pair = Pair(case, query, ours, theirs, servers.zones)
        reason = explain(pair, peer)
        if reason is None:
            wrong.append(describe(case, peer, pair, servers.zones))
        else:
            used[reason.what, peer] += 1
            reasons.append(reason)
    is_alone = len(reasons) == len(PEERS) and all(equal(others[0], one) for one in others)
    if is_alone and not all(one.alone for one in reasons):
        wrong.append(f"{case.text}: all peers agree, we do not; {reasons[0].what!r} allows no such thing")
    return wrong


def compare_all(cases, servers, may_be_silent):
    wrong = []
    for case in cases:
        counted["cases"] += 1
        wrong += compare(case, servers, may_be_silent)
    shown = "\n".join(wrong[:SHOWN])
    assert not wrong, f"seed {SEED}: {len(wrong)} answers differ\n{shown}"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", range(ROUNDS))
def test_names_and_types(number):
    rng = random.Random(SEED + number)
    with Servers(zone_maker.make_zones(rng)) as servers:
        compare_all(ordinary_cases(rng, servers.made), servers, False)


@pytest.mark.timeout(300)
def test_the_root_and_a_top_level_zone():
    rng = random.Random(SEED)
    with Servers(zone_maker.make_root_zones(rng)) as servers:
        compare_all(ordinary_cases(rng, servers.made), servers, False)


@pytest.mark.timeout(300)
def test_odd_packets():
    rng = random.Random(SEED)
    with Servers(zone_maker.make_zones(rng)) as servers:
        compare_all(odd_cases(rng), servers, True)


def test_all_of_it_was_needed():
    """After the others: tens of thousands of cases, and no row that explains nothing."""
    if counted["cases"] < 1000:
        pytest.skip("the comparisons did not run")
    print(f"{counted['cases']} cases of {len(PEERS)} comparisons each; differences:")
    for (what, peer), count in sorted(used.items()):
        print(f"{count:6} {peer:9} {what}")
    assert counted["cases"] >= 5000 * ROUNDS
    unused = [(one.what, peer) for one in DIFFERENCES for peer in one.peers
              if not used[one.what, peer]]
    assert not unused, f"rows that nothing needs: {unused}"
