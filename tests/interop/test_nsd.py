# SPDX-License-Identifier: BSD-2-Clause
"""The same zones served by NSD and by Ballast, thousands of generated queries sent to both: header
bits, RCODE, EDNS and sections have to be equal. The order within an RRset and the octets of name
compression are aside. Each difference that is accepted is a row of RULES with its reason; a row
that nothing needs any more fails the test too."""
import collections
import os
import random
import shutil
import socket
import struct
import subprocess

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import pytest

import harness
import zone_maker

SEED = int(os.environ.get("BALLAST_SEED", "20261123"))
NSD = shutil.which("nsd") or "/usr/sbin/nsd"

Case = collections.namedtuple("Case", "wire tcp text")


class Nsd:
    """NSD as the current user, with all its files in one folder."""

    def __init__(self, zones):
        self.folder = harness.make_folder()
        self.port = harness.free_port()
        lines = [
            "server:", "  server-count: 1", f"  ip-address: 127.0.0.1@{self.port}",
            '  username: ""', '  chroot: ""', f'  zonesdir: "{self.folder}"', '  database: ""',
            f'  pidfile: "{self.folder}/nsd.pid"', f'  xfrdfile: "{self.folder}/xfrd.state"',
            f'  zonelistfile: "{self.folder}/zone.list"', f'  xfrdir: "{self.folder}"',
            "  minimal-responses: yes", "  refuse-any: no", "  round-robin: no",
            "  rrl-ratelimit: 0", "  rrl-whitelist-ratelimit: 0",
            "  answer-cookie: yes", "  tcp-timeout: 60",
            '  version: "compared"', '  identity: "compared"',
            "remote-control:", "  control-enable: no",
        ]
        for origin, (_, text) in zones.items():
            (self.folder / f"{origin}zone").write_text(text)
            lines += ["zone:", f'  name: "{origin}"', f'  zonefile: "{origin}zone"']
        (self.folder / "nsd.conf").write_text("\n".join(lines) + "\n")
        self.out = open(self.folder / "log", "wb")
        self.process = subprocess.Popen(
            [NSD, "-d", "-c", str(self.folder / "nsd.conf")],
            stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.out, start_new_session=True)

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def is_ready(self):
        assert self.process.poll() is None, f"NSD ended at its start:\n{self.log()}"
        query = dns.message.make_query("example.test.", "SOA")
        try:
            return dns.query.udp(query, "127.0.0.1", port=self.port, timeout=0.2).answer
        except dns.exception.Timeout:
            return False

    def close(self):
        self.process.terminate()  # NSD's parent ends its children
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.out.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Asker:
    """Sends raw queries to one server over UDP and TCP. What UDP does not answer is known at once,
    by a second query behind it on the same socket, which one worker serves in order."""

    MARKER = dns.message.make_query("example.test.", "SOA", id=0).to_wire()

    def __init__(self, port):
        self.address = ("127.0.0.1", port)
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.connect(self.address)
        self.udp.settimeout(5 * harness.PATIENCE)
        self.tcp = None

    def ask(self, case, may_be_silent):
        if case.tcp:
            return self.ask_tcp(case.wire)
        self.udp.send(case.wire)
        if not may_be_silent:
            return self.udp.recv(65535)
        self.udp.send(self.MARKER)
        first = self.udp.recv(65535)
        if first[:2] == self.MARKER[:2]:
            return None
        self.udp.recv(65535)
        return first

    def ask_tcp(self, wire):
        for attempt in (1, 2):  # a server may close a connection; not twice
            try:
                if self.tcp is None:
                    self.tcp = socket.create_connection(self.address, timeout=5 * harness.PATIENCE)
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


def section(rrsets):
    """A section as a sorted list of records: owner, TTL, class, type, data; letter case aside."""
    records = []
    for rrset in rrsets:
        for rdata in rrset:
            records.append((rrset.name.canonicalize().to_text(), rrset.ttl,
                            dns.rdataclass.to_text(rrset.rdclass),
                            dns.rdatatype.to_text(rrset.rdtype),
                            rdata.to_digestable(dns.name.root).hex()))
    return tuple(sorted(records))


def parse(wire):
    if wire is None:
        return SILENT
    flags, = struct.unpack("!H", wire[2:4])
    opcode = flags >> 11 & 15
    # dnspython knows neither every opcode nor what else they would have in their sections
    as_query = wire[:2] + struct.pack("!H", flags & 0x87ff) + wire[4:]
    message = dns.message.from_wire(as_query, one_rr_per_rrset=True)
    edns = None
    if message.edns >= 0:
        edns = (message.edns, message.ednsflags, tuple(int(one.otype) for one in message.options))
    question = tuple((one.name.to_text(), one.rdclass, one.rdtype) for one in message.question)
    return Answer(False, dns.flags.to_text(message.flags), opcode,
                  dns.rcode.to_text(message.rcode()), question, section(message.answer),
                  section(message.authority), section(message.additional), edns, len(wire))


def equal(ours, theirs):
    return ours[:-1] == theirs[:-1]


# --- the differences that are accepted: (what, why, predicate(case, query, ours, theirs)) ---

def same_but(ours, theirs, *fields):
    return all(getattr(ours, field) == getattr(theirs, field)
               for field in Answer._fields[:-1] if field not in fields)


def qtype_of(query):
    return query.question[0].rdtype if query is not None and len(query.question) == 1 else None


def rcode_of_cut_chain(case, query, ours, theirs):
    return ("TC" in ours.flags and "TC" in theirs.flags and ours.answer == () and
            any(one[3] in ("CNAME", "DNAME") for one in theirs.answer) and
            same_but(ours, theirs, "rcode", "answer", "authority"))


def other_rrset_for_any(case, query, ours, theirs):
    """That the RRset is right is compared by the query for its own type."""
    def types(answer):
        return {one[3] for one in answer.answer if one[3] != "CNAME" or len(answer.answer) == 1}

    return (qtype_of(query) == dns.rdatatype.ANY and same_but(ours, theirs, "answer", "flags") and
            len(types(ours)) == 1 and "TC" not in ours.flags)


def extended_error(case, query, ours, theirs):
    return (ours.edns is not None and theirs.edns is not None and same_but(ours, theirs, "edns") and
            ours.edns[:2] == theirs.edns[:2] and ours.edns[2] == () and
            theirs.edns[2] == (dns.edns.EDE,))


def glue_is_not_optional(case, query, ours, theirs):
    return ("TC" in ours.flags and "AA" not in theirs.flags and bool(theirs.additional) and
            same_but(ours, theirs, "flags", "authority", "additional") and
            ours.flags.replace(" TC", "") == theirs.flags and ours.answer == ())


EXPLICIT = set()  # the owner names of all zones, filled in with the zones


def address_from_wildcard(case, query, ours, theirs):
    extra = set(theirs.additional) - set(ours.additional)
    return ("AA" not in ours.flags and set(ours.additional) <= set(theirs.additional) and
            same_but(ours, theirs, "additional") and {one[3] for one in extra} <= {"A", "AAAA"} and
            not any(one[0] in EXPLICIT for one in extra))


def loop_of_dnames(case, query, ours, theirs):
    def follows_a_loop(answer):
        return sum("dnameloop" in one[0] for one in answer.answer if one[3] == "DNAME") >= 2

    return (query is not None and len(query.question) == 1 and
            "dnameloop" in query.question[0].name.canonicalize().to_text() and
            follows_a_loop(ours) and
            (follows_a_loop(theirs) or "TC" in theirs.flags) and
            same_but(ours, theirs, "answer", "flags", "authority") and
            (set(ours.answer) <= set(theirs.answer) or set(theirs.answer) <= set(ours.answer)))


def addresses_beside_ns(case, query, ours, theirs):
    return (qtype_of(query) == dns.rdatatype.NS and same_but(ours, theirs, "additional") and
            "AA" in ours.flags and ours.additional == () and
            {one[3] for one in theirs.additional} <= {"A", "AAAA"})


def glue_name_in_child(case, query, ours, theirs):
    return (same_but(ours, theirs, "rcode") and (ours.rcode, theirs.rcode) == ("NXDOMAIN", "NOERROR")
            and query.question[0].name == dns.name.from_text("ns.child.example.test."))


def notify(case, query, ours, theirs):
    return (ours.opcode == 4 and ours.rcode == "NOTIMP" and
            same_but(ours, theirs, "rcode", "question"))


def question_in_error(case, query, ours, theirs):
    return (ours.rcode in ("FORMERR", "REFUSED") and theirs.question == () and
            len(ours.question) == 1 and same_but(ours, theirs, "question"))


def opt_in_formerr(case, query, ours, theirs):
    return (ours.rcode == "FORMERR" and ours.edns == (0, 0, ()) and theirs.edns is None and
            same_but(ours, theirs, "edns", "question"))


def rd_in_formerr(case, query, ours, theirs):
    return (ours.rcode == "FORMERR" and ours.flags.split() == theirs.flags.split() + ["RD"] and
            case.wire[2] & 1 == 1 and same_but(ours, theirs, "flags"))


def do_in_badvers(case, query, ours, theirs):
    return (ours.rcode == "BADVERS" and same_but(ours, theirs, "edns") and
            ours.edns[1] == theirs.edns[1] | dns.flags.DO)


def soa_for_class_any(case, query, ours, theirs):
    return (query is not None and query.question[0].rdclass == dns.rdataclass.ANY and
            same_but(ours, theirs, "authority") and theirs.authority == () and
            [one[3] for one in ours.authority] == ["SOA"])


def transfers(case, query, ours, theirs):
    return (qtype_of(query) in (dns.rdatatype.AXFR, dns.rdatatype.IXFR) and
            ours.rcode in ("REFUSED", "NOTIMP") and theirs.rcode in ("REFUSED", "NOTIMP", "NOTAUTH")
            and same_but(ours, theirs, "rcode"))


RULES = [
    ("NSD gives an extended DNS error",
     "RFC 8914 section 2: a responder may", extended_error),
    ("a referral whose glue does not fit",
     "RFC 9471 section 3.1: in-domain glue that does not fit means TC; NSD leaves it away",
     glue_is_not_optional),
    ("an address of a nameserver that only a wildcard has",
     "RFC 9471 section 3.2: what is not in-domain glue is optional in a referral; NSD synthesizes",
     address_from_wildcard),
    ("how often a loop of DNAMEs is followed",
     "RFC 1034 section 3.6.2: loops are errors; each server stops at a limit of its own",
     loop_of_dnames),
    ("which RRset answers ANY",
     "RFC 8482 section 4.1: a responder selects one RRset; each server has its own order",
     other_rrset_for_any),
    ("addresses beside an answer to a query for NS",
     "RFC 1034 section 4.3.2 step 6: what may be useful; a client that wants them asks",
     addresses_beside_ns),
    ("a name of the child zone that is glue in the parent zone",
     "RFC 8020: the child zone has no such name, which is NXDOMAIN; NSD keeps the names of all "
     "zones in one tree and takes the parent's glue for an empty non-terminal",
     glue_name_in_child),
    ("NOTIFY",
     "RFC 1035 section 4.1.1: NOTIMP for a kind of query that a server does not support; there are "
     "no secondary zones here", notify),
    ("the question in an error",
     "RFC 1035 section 4.1: a response has the question that it answers; NSD leaves it away",
     question_in_error),
    ("OPT in a FORMERR about EDNS",
     "RFC 6891 section 6.1.1: a response to a query with OPT has one", opt_in_formerr),
    ("RD in a FORMERR about the number of questions",
     "RFC 1035 section 4.1.1: RD is copied into the response", rd_in_formerr),
    ("DO in BADVERS",
     "RFC 3225 section 3: DO is copied into the response", do_in_badvers),
    ("class ANY",
     "RFC 1035 section 3.2.5, RFC 2308 section 3: NODATA has the SOA; NSD leaves it away when the "
     "class was ANY", soa_for_class_any),
    ("zone transfers",
     "RFC 5936 section 2.2.1, RFC 1995 section 4: there are none here, by policy", transfers),
    ("the RCODE of a chain that is cut off",
     "RFC 6604 section 3: the RCODE is that of the chain's end, which is not in the answer; the "
     "client asks again by TCP (RFC 2181 section 9)", rcode_of_cut_chain),
]


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


@pytest.fixture(scope="module")
def servers(request):
    if not os.access(NSD, os.X_OK):
        pytest.fail("NSD is not installed (Debian package nsd)")
    rng = random.Random(SEED)
    print(f"seed {SEED} (BALLAST_SEED)")
    zones = zone_maker.make_zones(rng)
    for origin, (rows, _) in zones.items():
        base = dns.name.from_text(origin)
        EXPLICIT.update(dns.name.from_text(owner, base).canonicalize().to_text()
                        for owner, _, _, _ in rows if owner != "@")
    nsd = Nsd(zones)
    request.addfinalizer(nsd.close)
    daemon = harness.Daemon(
        {"server": {"workers": 1, "version": "compared", "identity": "compared"},
         "zones": [{"name": origin, "file": f"{origin}zone"} for origin in zones]},
        {f"{origin}zone": text for origin, (_, text) in zones.items()})
    request.addfinalizer(daemon.close)
    daemon.start()
    harness.wait_for(nsd.is_ready, "NSD answers")
    askers = Asker(daemon.port), Asker(nsd.port)
    for asker in askers:
        request.addfinalizer(asker.close)
    return rng, zones, askers, collections.Counter()


def snippet(zones, query):
    """The zone's lines that have to do with a query's name."""
    if query is None or not query.question:
        return ""
    name = query.question[0].name
    lines = []
    for origin, (rows, _) in zones.items():
        base = dns.name.from_text(origin)
        if not name.is_subdomain(base):
            continue
        for owner, ttl, kind, rdata in rows:
            whole = dns.name.from_text(owner, base) if owner != "@" else base
            if whole != base and (name.is_subdomain(whole) or whole.is_subdomain(name) or
                                  (whole.is_wild() and name.is_subdomain(whole.parent()))):
                lines.append(f"    {whole} {ttl} {kind} {rdata[:100]}")
    return "\n".join(lines[:30])


def compare(case, servers, may_be_silent):
    """None when the answers agree or a rule accepts the difference; else a text."""
    _, zones, askers, used = servers
    ours_wire, theirs_wire = (asker.ask(case, may_be_silent) for asker in askers)
    if ours_wire == theirs_wire:
        return None
    try:
        query = dns.message.from_wire(case.wire)
    except dns.exception.DNSException:
        query = None
    ours, theirs = parse(ours_wire), parse(theirs_wire)
    if ours_wire is not None and ours_wire[:2] != case.wire[:2]:
        return f"{case.text}: another query's id"
    if equal(ours, theirs):
        return None
    for what, _, accepts in RULES:
        if accepts(case, query, ours, theirs):
            used[what] += 1
            return None
    lines = [f"{case.text} ({'TCP' if case.tcp else 'UDP'}) {case.wire.hex()}"]
    for field in Answer._fields:
        one, other = getattr(ours, field), getattr(theirs, field)
        if one != other and field != "size":
            lines.append(f"  {field}\n    ours: {one}\n    NSD:  {other}")
    return "\n".join(lines + [snippet(zones, query)])


def compare_all(cases, servers, may_be_silent):
    wrong, count = [], 0
    for case in cases:
        count += 1
        difference = compare(case, servers, may_be_silent)
        if difference:
            wrong.append(difference)
    shown = "\n".join(wrong[:40])
    assert not wrong, f"seed {SEED}: {len(wrong)} of {count} answers differ\n{shown}"
    return count


def test_names_and_types(servers):
    rng, zones, _, _ = servers
    assert compare_all(ordinary_cases(rng, zones), servers, False) >= 5000


def test_odd_packets(servers):
    assert compare_all(odd_cases(servers[0]), servers, True) >= 200


def test_no_accepted_difference_is_out_of_use(servers):
    used = servers[3]
    assert [what for what, _, _ in RULES if not used[what]] == []
