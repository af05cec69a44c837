# SPDX-License-Identifier: BSD-2-Clause
"""Raw queries to a server, and what its answers say: header, question, EDNS and sections as plain
values, the order of records and the octets of name compression aside. Read by hand: dnspython knows
neither every opcode nor is it fast enough for a hundred thousand answers."""
import collections
import functools
import socket
import struct

import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype

import harness

ANSWER_S = 30  # a machine may stand still for some seconds

Case = collections.namedtuple("Case", "wire tcp text may_be_silent", defaults=(False,))


class Asker:
    """Sends raw queries to one server over UDP and TCP. What UDP does not answer is known at once,
    by a second query behind it on the same socket, which one worker serves in order."""


    def __init__(self, port, zone):
        self.marker = dns.message.make_query(zone, "SOA", id=0).to_wire()
        self.address = ("127.0.0.1", port)
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.connect(self.address)
        self.udp.settimeout(ANSWER_S * harness.PATIENCE)
        self.tcp = None

    def ask(self, case):
        if case.tcp:
            return self.ask_tcp(case.wire)
        self.udp.send(case.wire)
        if not case.may_be_silent:
            return self.udp.recv(65535)
        self.udp.send(self.marker)
        first = self.udp.recv(65535)
        if first[:2] == self.marker[:2]:
            return None
        self.udp.recv(65535)
        return first

    def ask_tcp(self, wire):
        for attempt in (1, 2):  # a server may close a connection; not twice
            try:
                if self.tcp is None:
                    self.tcp = socket.create_connection(self.address, timeout=ANSWER_S * harness.PATIENCE)
                self.tcp.sendall(struct.pack("!H", len(wire)) + wire)
                size = struct.unpack("!H", self.read(2))[0]
                return self.read(size)
            except ConnectionError:
                self.tcp.close()
                self.tcp = None
                if attempt == 2:
                    return None
        return None

    def read(self, size):
        octets = b""
        while len(octets) < size:
            more = self.tcp.recv(size - len(octets))
            if not more:
                raise ConnectionError
            octets += more
        return octets

    def close(self):
        self.udp.close()
        if self.tcp is not None:
            self.tcp.close()


Answer = collections.namedtuple(
    "Answer", "silent flags opcode rcode question answer authority additional edns size")
SILENT = Answer(True, "", None, None, None, (), (), (), None, 0)
FLAGS = [(0x8000, "QR"), (0x0400, "AA"), (0x0200, "TC"), (0x0100, "RD"), (0x0080, "RA"),
         (0x0040, "Z"), (0x0020, "AD"), (0x0010, "CD")]
OPT = 41
# Octets before the names in RDATA, and how many names; the rest is behind them. Types that may be
# compressed (RFC 3597 section 4), and those whose letter case does not matter (RFC 4034 section 6.2).
NAMES = {2: (0, 1), 3: (0, 1), 4: (0, 1), 5: (0, 1), 6: (0, 2), 7: (0, 1), 8: (0, 1), 9: (0, 1),
         12: (0, 1), 14: (0, 2), 15: (2, 1), 17: (0, 2), 18: (2, 1), 21: (2, 1), 26: (2, 2), 33: (6, 1),
         36: (2, 1), 39: (0, 1), 46: (18, 1), 47: (0, 1)}


def read_name(wire, at):
    """The name in lower case, uncompressed, and where it ends."""
    labels, end = [], None
    for _ in range(300):
        size = wire[at]
        if size >= 0xC0:
            end = at + 2 if end is None else end
            at = (size & 0x3F) << 8 | wire[at + 1]
        elif size == 0:
            return b"".join(labels) + b"\0", at + 1 if end is None else end
        else:
            labels.append(wire[at:at + size + 1].lower())
            at += size + 1
    raise ValueError("a name without an end")


@functools.lru_cache(maxsize=100000)
def text_of(name):
    return dns.name.from_wire(name, 0)[0].to_text()


class_text = functools.lru_cache(maxsize=None)(dns.rdataclass.to_text)
type_text = functools.lru_cache(maxsize=None)(dns.rdatatype.to_text)


def read_rdata(wire, kind, at, end):
    if kind not in NAMES:
        return wire[at:end]
    prefix, count = NAMES[kind]
    data = wire[at:at + prefix]
    at += prefix
    for _ in range(count):
        name, at = read_name(wire, at)
        data += name
    return data + wire[at:end]


def read_options(data):
    codes, at = [], 0
    while at < len(data):
        code, size = struct.unpack_from("!HH", data, at)
        codes.append(code)
        at += 4 + size
    return tuple(codes)


def parse(wire):
    """An Answer; None, for no response, is SILENT. Raises ValueError, IndexError or struct.error for
    what is no message."""
    if wire is None:
        return SILENT
    _, flags, *counts = struct.unpack_from("!6H", wire)
    at, question, sections, edns, high = 12, [], [], None, 0
    for _ in range(counts[0]):
        start = at
        _, at = read_name(wire, at)
        question.append((wire[start:at], *struct.unpack_from("!HH", wire, at)))
        at += 4
    for count in counts[1:]:
        records = []
        for _ in range(count):
            owner, at = read_name(wire, at)
            kind, klass, ttl, size = struct.unpack_from("!HHIH", wire, at)
            at += 10
            if at + size > len(wire):
                raise ValueError("RDATA beyond the message")
            if kind == OPT:
                edns = (ttl >> 16 & 0xFF, ttl & 0xFFFF, read_options(wire[at:at + size]))
                high = ttl >> 24 << 4
            else:
                records.append((text_of(owner), ttl, class_text(klass), type_text(kind),
                                read_rdata(wire, kind, at, at + size).hex()))
            at += size
        sections.append(tuple(sorted(records)))
    if at != len(wire):
        raise ValueError("octets behind the message")
    return Answer(False, " ".join(text for bit, text in FLAGS if flags & bit), flags >> 11 & 15,
                  dns.rcode.to_text(dns.rcode.Rcode(high | flags & 15)), tuple(question),
                  *sections, edns, len(wire))


def equal(ours, theirs):
    return ours[:-1] == theirs[:-1]
