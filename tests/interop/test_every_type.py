# SPDX-License-Identifier: BSD-2-Clause
"""Every type that ldns reads is served, with the octets that others make of the same text. Which
types these are is asked of the library itself, the one that the daemon has."""
import contextlib
import ctypes
import re
import shutil
import subprocess

import dns.dnssec
import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest

import harness
import peers
from answers import Asker, Case
from type_samples import META, OF_SIGNED_ZONES, SAMPLES, generic, make, rdata_of

ORIGIN = "types.test"
HEAD = f"$ORIGIN {ORIGIN}.\n$TTL 300\n@ NS ns1\nns1 A 192.0.2.53\n"

pytestmark = pytest.mark.timeout(240)


def owner(index):
    """Each sample has a name of its own; the SOA has no choice."""
    return "@" if SAMPLES[index].mnemonic == "SOA" else f"s{index}"


def lines(form):
    """form(sample) is type and data; None: not this one."""
    for index, sample in enumerate(SAMPLES):
        text = form(sample)
        if text is not None:
            yield f"{owner(index)} {text}"


def zone(form):
    return HEAD + "\n".join(lines(form)) + "\n"


def as_written(sample):
    return f"{sample.mnemonic} {sample.text}"


def as_octets(sample):
    return f"{sample.mnemonic} {generic(sample.octets)}"


def as_number_and_octets(sample):
    return f"TYPE{sample.number} {generic(sample.octets)}"


@contextlib.contextmanager
def asking(port):
    asker = Asker(port, ORIGIN)
    try:
        yield lambda qname, kind: asker.ask(
            Case(dns.message.make_query(qname, kind).to_wire(), True, ""))
    finally:
        asker.close()


def data_of(port):
    """What a server answers for each sample, by its index."""
    with asking(port) as ask:
        return {index: rdata_of(ask(ORIGIN if owner(index) == "@" else f"{owner(index)}.{ORIGIN}",
                                    sample.number), sample.number)
                for index, sample in enumerate(SAMPLES)}


def differing(found, skipped=()):
    return [f"{sample.mnemonic} {sample.text}: {[one.hex() for one in found[index]]},"
            f" expected {sample.octets.hex()}"
            for index, sample in enumerate(SAMPLES)
            if sample.mnemonic not in skipped and found[index] != [sample.octets]]


def daemon_of(text, **more):
    return harness.Daemon({"zones": [dict(name=ORIGIN, file="types.zone", **more)]},
                          {"types.zone": text})


@pytest.fixture(scope="module")
def daemon(request):
    one = daemon_of(zone(as_written))
    request.addfinalizer(one.close)
    return one.start()


# --- what ldns knows ---

def ldns():
    """The library that the daemon was linked with."""
    linked = subprocess.run(["ldd", harness.BALLASTD], stdout=subprocess.PIPE, text=True,
                            check=True)
    found = re.search(r"=> (\S*libldns\S*)", linked.stdout)
    assert found, linked.stdout
    library = ctypes.CDLL(found.group(1))
    library.ldns_rr_type2str.restype = ctypes.c_void_p
    library.ldns_rr_type2str.argtypes = [ctypes.c_int]
    library.ldns_get_rr_type_by_name.argtypes = [ctypes.c_char_p]
    return library


@pytest.fixture(scope="module")
def known():
    """number: name of all types that have a name."""
    library = ldns()
    names = {}
    for number in range(1, 65536):
        text = library.ldns_rr_type2str(number)
        names[number] = ctypes.string_at(text).decode()
        ctypes.CDLL(None).free(ctypes.c_void_p(text))
    return {number: name for number, name in names.items() if name != f"TYPE{number}"}


def test_every_type_that_ldns_knows_has_a_sample(known):
    assert len(known) > 60
    sampled = {one.number: one.mnemonic for one in SAMPLES}
    expected = {**sampled, **OF_SIGNED_ZONES, **META}
    assert {number: expected.get(number) for number in known} == known
    # The number says which type it is; the names must be those of the numbers.
    library = ldns()
    for number, name in known.items():
        assert library.ldns_get_rr_type_by_name(name.encode()) == number


# --- octets ---

def test_the_octets_are_those_of_the_text(daemon):
    assert not differing(data_of(daemon.port))


@pytest.mark.parametrize("form", [as_octets, as_number_and_octets])
def test_octets_by_number_are_the_same(make_daemon, form):
    daemon = make_daemon({"zones": [{"name": ORIGIN, "file": "types.zone"}]},
                         {"types.zone": zone(form)})
    assert not differing(data_of(daemon.port))


def test_an_exported_zone_is_the_same_zone(daemon, make_daemon):
    exported = daemon.ctl("zone", "export", ORIGIN).stdout
    again = make_daemon({"zones": [{"name": ORIGIN, "file": "types.zone"}]},
                        {"types.zone": exported})
    assert not differing(data_of(again.port))


# Types that a peer does not read by name; most of them as octets of a number.
KNOT_KNOWS_BY_NUMBER = {"MD", "MF", "MB", "MG", "MR", "NULL", "WKS", "X25", "ISDN", "NSAP",
                        "NSAP-PTR", "SIG", "PX", "GPOS", "NXT", "EID", "NIMLOC", "ATMA", "A6",
                        "SINK", "HIP", "TALINK", "DLV"}
BY_NUMBER = {
    peers.Nsd: {"NSAP-PTR", "GPOS", "EID", "NIMLOC", "ATMA", "A6", "SINK", "HIP", "TALINK"},
    peers.Knot: KNOT_KNOWS_BY_NUMBER,
    peers.Bind: set(),
}
# Obsolete since RFC 973, and refused by BIND in every form.
UNREAD = {peers.Nsd: set(), peers.Knot: set(), peers.Bind: {"MD", "MF"}}


@pytest.mark.parametrize("peer", UNREAD, ids=lambda one: one.__name__)
def test_other_servers_make_the_same_octets(keep, peer):
    if not peer.is_installed():
        pytest.skip(f"{peer.__name__} is not installed")

    def form(sample):
        if sample.mnemonic in UNREAD[peer]:
            return None
        return (as_number_and_octets if sample.mnemonic in BY_NUMBER[peer] else as_written)(sample)

    zones = {ORIGIN: zone(form)}
    # The lists have to be as short as they can: each type of them alone in a zone.
    alone = [one for one in SAMPLES if one.mnemonic in UNREAD[peer] | BY_NUMBER[peer]]
    for index, sample in enumerate(alone):
        zones[f"alone{index}.test"] = (
            HEAD.replace(ORIGIN, f"alone{index}.test")
            + f"@ SOA ns1 host 1 3600 600 86400 60\nx {as_written(sample)}\n")
    one = keep(peer(zones)).start()
    assert not differing(data_of(one.port), UNREAD[peer])
    with asking(one.port) as ask:
        for index, sample in enumerate(alone):
            answer = ask(f"x.alone{index}.test", sample.number)
            assert rdata_of(answer, sample.number) == [], f"{sample.mnemonic} is read"


# --- signed ---

@pytest.fixture(scope="module", params=["nsec", "nsec3"])
def signed(request):
    one = daemon_of(zone(as_written), dnssec={"keys": "keys", "denial": request.param})
    request.addfinalizer(one.close)
    return one.start()


def test_a_signed_zone_with_every_type_is_valid(signed):
    if shutil.which("ldns-verify-zone") is None:
        pytest.skip("ldns-verify-zone is not installed")
    exported = signed.folder / "exported"
    exported.write_text(signed.ctl("zone", "export", ORIGIN).stdout)
    done = subprocess.run(["ldns-verify-zone", "-V", "2", str(exported)], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    bogus = set(re.findall(r"^Error: Bogus DNSSEC signature for \S+\t(\S+)$", done.stdout, re.M))
    others = [line for line in done.stdout.splitlines() if "Bogus DNSSEC signature" not in line]
    # What ldns takes for other data (zones/rdata.h) is validated below, by who does not.
    assert bogus == {"NSAP-PTR", "SINK"}, done.stdout
    assert others == ["There were errors in the zone"], done.stdout


def test_every_signature_is_valid(signed):
    """By dnspython, which gets the octets: in types that it does not know it cannot read names that
    were compressed. All names in them are in lower case already."""
    apex = dns.name.from_text(ORIGIN)
    keys = {apex: next(one for one in signed.ask(ORIGIN, "DNSKEY", "tcp").answer)}
    for index, sample in enumerate(SAMPLES):
        if sample.mnemonic == "NS":
            continue  # a delegation is not signed
        name = apex if owner(index) == "@" else dns.name.from_text(owner(index), apex)
        answer = signed.ask(name, sample.number, "tcp", want_dnssec=True)
        data = dns.rdata.GenericRdata(dns.rdataclass.IN, sample.number, sample.octets)
        rrset = dns.rrset.from_rdata(name, 300, data)
        rrsig = answer.find_rrset(answer.answer, name, dns.rdataclass.IN, dns.rdatatype.RRSIG,
                                  sample.number)
        dns.dnssec.validate(rrset, rrsig, keys)


def test_the_zone_that_was_signed_is_served_as_it_is(signed, keep):
    """The types of signed zones, through a file: by us and by others."""
    exported = signed.ctl("zone", "export", ORIGIN).stdout
    servers = [keep(daemon_of(exported)).start()]
    wanted = [(ORIGIN, 48), (ORIGIN, 51), (ORIGIN, 46), (f"s1.{ORIGIN}", 43), (f"s0.{ORIGIN}", 46),
              (f"s0.{ORIGIN}", 47)]
    if peers.Bind.is_installed():
        readable = "".join(line for line in exported.splitlines(keepends=True)
                           if not re.search(r"\tM[DF]\t", line))
        servers.append(keep(peers.Bind({ORIGIN: readable})).start())
    found = []
    for one in (signed, *servers):
        with asking(one.port) as ask:
            found.append([rdata_of(ask(*one), one[1]) for one in wanted])
    assert found[0][0] and found[0][2]
    for other in found[1:]:
        assert other == found[0]


# --- refusals ---

@pytest.fixture
def check(tmp_path):
    """check(text) is what --check says of a zone with this record, its status first."""
    one = daemon_of("")
    path = one.write_config()

    def run(text):
        (one.folder / "types.zone").write_text(
            HEAD + f"@ SOA ns1 host 1 3600 600 86400 60\nx {text}\n")
        done = subprocess.run([harness.BALLASTD, "-c", str(path), "--check"], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout

    yield run
    one.close()


def refused(check, text):
    status, said = check(text)
    assert status == 1 and "types.zone:6: " in said, (text, said)
    return said.split("types.zone:6: ")[1].strip()


@pytest.mark.parametrize("number", META)
def test_a_type_that_is_no_data_is_refused(check, number):
    name = META[number]
    for text in (name, f"{name} 1", rf"TYPE{number} \# 0", rf"TYPE{number} \# 1 00"):
        assert refused(check, text) == (
            f"{text.split()[0]} is a type that is no data, expected one that is")


@pytest.mark.parametrize("name", ["NINFO", "RKEY", "AMTRELAY", "NOSUCH", "TYPE0", "TYPE65536",
                                  "TYPE", "TYPEA", "TYPE1x"])
def test_a_type_that_ldns_does_not_know_is_refused(check, known, name):
    if name in known.values():
        pytest.skip("this ldns knows it")
    assert refused(check, rf"{name} \# 0") == (
        f'"{name}" is no record type, expected one or TYPE and a number')


# Any text is a string, any name with a "!" a name.
NO_DATA_IS_DATA = {"APL"}
ANY_IS_MORE = {"TXT", "SPF", "HIP"}


def test_data_that_ends_early_or_late_is_refused(check):
    for sample in SAMPLES:
        if sample.mnemonic not in NO_DATA_IS_DATA:
            refused(check, sample.mnemonic)
        may_have_more = sample.mnemonic in ANY_IS_MORE or (
            sample.mnemonic == "ISDN" and sample.text.count('"') == 2)
        if not may_have_more:
            refused(check, f"{as_written(sample)} !")


@pytest.mark.parametrize("text", [
    "A 192.0.2.256", "AAAA 2001:db8::g", "MX 65536 a.", "MX a.", "LOC 91 0 0 N 0 0 0 E 0m",
    "LOC 1 2 3 N 4 5 6 E 0m 1m 1m 1m 1m", "LOC 1 2 3 N 4 5 6 E high",
    "WKS 192.0.2.1 tcp no-such-service", "NSEC a. A NOSUCH", "CSYNC 1 1 A NOSUCH",
    "NSEC3 1 0 1 - 00000000000000000000000000000000 A NOSUCH",
    "ATMA +", "ATMA +12a", "ATMA 123", "ATMA 12 34", "ATMA .", "ATMA g0", "NSAP-PTR a. b.",
    "SVCB 1 . port=x", "CAA 256 issue x", "EUI48 00-00-5e-00-53", "NID 10 0014:4fff:ff20",
    "TYPE65280 abc", "TYPE65280", r"TYPE65280 \# 2 00", r"TYPE65280 \# 1 0000", r"A \# 4 c000020g",
    r"A \# 3 c00002", r"A \# 5 c000020100", r"A \# 4 c0000201 00", r"A \# c0000201", r"A \#",
    r"LOC \# 15 003316138917c0ffee0000000098", r"LOC \# 17 0033161389172dd070be15f000988d2030",
    r"APL \# 5 0001150301", r"SVCB \# 4 00010000", r"SVCB \# 11 000000 0001 0000 0001 0000",
    r"CSYNC \# 9 000000010001 00 04 40", r"CSYNC \# 12 000000010001 00 01 40 00 01 40",
    r"NSEC \# 4 00 00 21 00", r"NSEC3 \# 5 0100000100",
])
def test_wrong_data_are_refused(check, text):
    assert re.search(rf"RDATA of type {text.split()[0]}\b", refused(check, text))
