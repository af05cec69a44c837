# SPDX-License-Identifier: BSD-2-Clause
"""The same zones served by NSD, Knot DNS, BIND and Ballast, tens of thousands of generated queries sent
to all: header bits, RCODE, EDNS and sections have to be equal. Each difference that is accepted is a
row of differences.py with its reason. A row that nothing needs fails the test too, and so does being
alone against the three where the row does not say so."""
import os
import random
import struct

import dns.name
import dns.rdataclass
import pytest

import zone_maker
from answers import Case, parse
from comparison import Comparison, Servers, ordinary_cases
from differences import DIFFERENCES

DEFAULT_SEED = 20261123
SEED = int(os.environ.get("BALLAST_SEED", DEFAULT_SEED))
ROUNDS = int(os.environ.get("BALLAST_ROUNDS", "2"))  # each with other zones
COMPARISON = Comparison(DIFFERENCES)


def odd_cases(rng):
    """Headers, classes, sections and lengths that a resolver does not send."""

    def message(flags=0x0100, counts=(1, 0, 0, 0), name="www.example.test.", kind=1, klass=1,
                rest=b""):
        question = dns.name.from_text(name).to_wire() + struct.pack("!HH", kind, klass)
        return (struct.pack("!6H", rng.randrange(1, 65536), flags, *counts) +
                question * counts[0] + rest)

    opt = b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0)

    def add(text, wire, tcp=False):
        cases.append(Case(wire, tcp, text, True))

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


@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", range(ROUNDS))
def test_names_and_types(number):
    rng = random.Random(f"{SEED}/{number}")
    with Servers(zone_maker.make_zones(rng)) as servers:
        COMPARISON.compare_all(ordinary_cases(rng, servers.made), servers, SEED)


@pytest.mark.timeout(300)
def test_the_root_and_a_top_level_zone():
    rng = random.Random(SEED)
    with Servers(zone_maker.make_root_zones(rng)) as servers:
        COMPARISON.compare_all(ordinary_cases(rng, servers.made), servers, SEED)


@pytest.mark.timeout(300)
def test_class_any_is_class_in_without_authority():
    """RFC 1035 section 6.2. No other server is asked: none does all of it."""
    rng = random.Random(SEED)
    with Servers(zone_maker.make_zones(rng), with_peers=False) as servers:
        for number, case in enumerate(ordinary_cases(rng, servers.made, (dns.rdataclass.IN,))):
            if number % 5 != 0:
                continue
            at = len(case.wire) - (11 if case.wire[11] else 0) - 2
            other = case.wire[:at] + b"\0\xff" + case.wire[at + 2:]
            ours, any_class = (parse(servers.askers[0].ask(case._replace(wire=wire)))
                               for wire in (case.wire, other))
            flags = [flag for flag in ours.flags.split() if flag != "AA"]
            assert any_class[1:-1] == ours._replace(flags=" ".join(flags), question=(
                (*ours.question[0][:2], 255),))[1:-1], (case.text, ours, any_class)


@pytest.mark.timeout(300)
def test_odd_packets():
    rng = random.Random(SEED)
    with Servers(zone_maker.make_zones(rng)) as servers:
        COMPARISON.compare_all(odd_cases(rng), servers, SEED)


def test_all_of_it_was_needed():
    """After the others: tens of thousands of cases, and no row that explains nothing. (Not every seed has
    something for each row.)"""
    if COMPARISON.counted < 1000:
        pytest.skip("the comparisons did not run")
    unneeded = COMPARISON.unneeded()
    print(f"seed {SEED}; rows that nothing needs: {unneeded}")
    assert COMPARISON.counted >= 15000 * ROUNDS
    assert not unneeded or SEED != DEFAULT_SEED or ROUNDS < 2
