# SPDX-License-Identifier: BSD-2-Clause
"""The checks of ISC's DNS and EDNS compliance tester, by their names, over UDP and TCP. Each row is
a query and what a server that follows the RFCs returns; sent as octets, so that no library mends
them."""
import socket
import struct
import signal
import subprocess

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import pytest

import harness

SOA, DNSKEY, TYPE_1000 = 6, 48, 1000
AA, TC, RD, RA, Z, AD, CD = 0x0400, 0x0200, 0x0100, 0x0080, 0x0040, 0x0020, 0x0010
DO = 0x8000
NSID, SUBNET, EXPIRE, COOKIE, UNKNOWN = 3, 8, 9, 10, 100
COOKIE_OPTION = (COOKIE, b"\x01\x02\x03\x04\x05\x06\x07\x08")
SUBNET_OPTION = (SUBNET, b"\0\1\0\0")

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def daemon(request):
    one = harness.Daemon({"server": {"nsid": "the-test"}})
    request.addfinalizer(one.close)
    return one.start()


def make_query(kind=SOA, flags=0, opcode=0, edns=None, size=4096, edns_flags=0, options=(),
               header_only=False):
    """edns: the version, or None for a query without OPT."""
    data = b"".join(struct.pack(">HH", code, len(octets)) + octets for code, octets in options)
    message = struct.pack(">6H", 0x1234, opcode << 11 | flags, 0 if header_only else 1, 0, 0,
                          0 if edns is None else 1)
    if not header_only:
        message += b"\x09catsndogs\x03lol\0" + struct.pack(">2H", kind, 1)
    if edns is not None:
        message += b"\0" + struct.pack(">HHBBHH", 41, size, 0, edns, edns_flags, len(data)) + data
    return message


def exchange(daemon, message, transport):
    if transport == "udp":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(5 * harness.PATIENCE)
            client.sendto(message, ("127.0.0.1", daemon.port))
            return client.recv(65535)
    with socket.create_connection(("127.0.0.1", daemon.port), 5 * harness.PATIENCE) as client:
        client.sendall(struct.pack(">H", len(message)) + message)
        stream = client.makefile("rb")
        return stream.read(struct.unpack(">H", stream.read(2))[0])


# name: (arguments of make_query, RCODE, has the SOA as answer, codes of options in the response)
CHECKS = {
    "dns": (dict(), "NOERROR", True, None),
    "aa": (dict(flags=AA), "NOERROR", True, None),
    "ad": (dict(flags=AD), "NOERROR", True, None),
    "cd": (dict(flags=CD), "NOERROR", True, None),
    "ra": (dict(flags=RA), "NOERROR", True, None),
    "rd": (dict(flags=RD), "NOERROR", True, None),
    "tc": (dict(flags=TC), "NOERROR", True, None),
    "zflag": (dict(flags=Z), "NOERROR", True, None),
    "type1000": (dict(kind=TYPE_1000), "NOERROR", False, None),
    "edns": (dict(edns=0), "NOERROR", True, []),
    "edns1": (dict(edns=1), "BADVERS", False, []),
    "edns@512": (dict(edns=0, size=512, edns_flags=DO, kind=DNSKEY), "NOERROR", False, []),
    "ednsopt": (dict(edns=0, options=[(UNKNOWN, b"")]), "NOERROR", True, []),
    "edns1opt": (dict(edns=1, options=[(UNKNOWN, b"")]), "BADVERS", False, []),
    "do": (dict(edns=0, edns_flags=DO), "NOERROR", True, []),
    "edns1do": (dict(edns=1, edns_flags=DO), "BADVERS", False, []),
    "docookie": (dict(edns=0, edns_flags=DO, options=[COOKIE_OPTION]), "NOERROR", True, [COOKIE]),
    "ednsflags": (dict(edns=0, edns_flags=0x0080), "NOERROR", True, []),
    "edns1flags": (dict(edns=1, edns_flags=0x0080), "BADVERS", False, []),
    "optlist": (dict(edns=0, options=[(NSID, b""), SUBNET_OPTION, (EXPIRE, b""), COOKIE_OPTION]),
                "NOERROR", True, [NSID, COOKIE]),
    "ednsnsid": (dict(edns=0, options=[(NSID, b"")]), "NOERROR", True, [NSID]),
    "ednscookie": (dict(edns=0, options=[COOKIE_OPTION]), "NOERROR", True, [COOKIE]),
    "ednsexpire": (dict(edns=0, options=[(EXPIRE, b"")]), "NOERROR", True, []),
    "ednssubnet": (dict(edns=0, options=[SUBNET_OPTION]), "NOERROR", True, []),
}


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("name", CHECKS)
def test_compliance(daemon, name, transport):
    arguments, rcode, has_soa, options = CHECKS[name]
    query = make_query(**arguments)
    octets = exchange(daemon, query, transport)
    response = dns.message.from_wire(octets)
    assert dns.rcode.to_text(response.rcode()) == rcode
    assert response.id == 0x1234 and response.flags & dns.flags.QR
    assert bool([one for one in response.answer if one.rdtype == SOA]) == has_soa
    check_flags(arguments, struct.unpack(">H", octets[2:4])[0], has_soa)
    if options is None:
        assert response.edns == -1, "an OPT that was not asked for"
    else:
        # A version that is not spoken is answered in the one that is.
        assert response.edns == 0
        assert response.ednsflags & 0xFFFF == arguments.get("edns_flags", 0) & DO
        assert [one.otype for one in response.options] == options
    if transport == "udp":
        assert len(octets) <= (512 if options is None else min(arguments.get("size", 4096), 1232))


@pytest.fixture(scope="module", params=["ECDSAP256SHA256", "RSASHA256"])
def signed(request):
    """A zone whose DNSKEY records and their signatures fit 512 octets, or do not."""
    one = harness.Daemon({"zones": [{
        "name": "catsndogs.lol", "file": "catsndogs.lol.zone",
        "dnssec": {"keys": "keys", "first_keys": "ksk+zsk", "algorithm": request.param}}]})
    request.addfinalizer(one.close)
    return one.start(), request.param == "ECDSAP256SHA256"


def test_the_keys_of_a_signed_zone_fit_512_octets_or_are_cut_off(signed):
    """Check edns@512 where there is something to cut."""
    daemon, fits = signed
    query = make_query(kind=DNSKEY, edns=0, size=512, edns_flags=DO)
    whole = dns.message.from_wire(exchange(daemon, query, "tcp"))
    assert len(whole.answer) == 2 and not whole.flags & dns.flags.TC
    assert (len(whole.to_wire()) <= 512) == fits
    octets = exchange(daemon, query, "udp")
    response = dns.message.from_wire(octets)
    assert len(octets) <= 512
    assert response.rcode() == dns.rcode.NOERROR and response.flags & dns.flags.AA
    assert bool(response.flags & dns.flags.TC) != fits
    assert response.answer == (whole.answer if fits else [])
    assert response.edns == 0 and response.ednsflags & 0xFFFF == DO and not response.options
    # Who has room gets all.
    query = make_query(kind=DNSKEY, edns=0, size=1232, edns_flags=DO)
    assert dns.message.from_wire(exchange(daemon, query, "udp")).answer == whole.answer


def check_flags(arguments, flags, has_soa):
    """No bit that only a resolver or a validator sets, none that must be zero, none just echoed."""
    assert flags & (RA | Z | AD | CD | TC) == 0
    assert flags & RD == arguments.get("flags", 0) & RD
    assert flags >> 11 & 15 == arguments.get("opcode", 0)
    if has_soa:
        assert flags & AA


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("flags", [0, AA | TC | RD | RA | Z | AD | CD], ids=["opcode", "opcodeflg"])
@pytest.mark.parametrize("opcode", range(1, 16))
def test_every_other_opcode_is_not_implemented(daemon, opcode, flags, transport):
    """Checks opcode and opcodeflg. As octets: dnspython knows no unassigned opcode."""
    response = exchange(daemon, make_query(opcode=opcode, flags=flags, header_only=True), transport)
    expected = 0x8000 | opcode << 11 | flags & RD | dns.rcode.NOTIMP
    assert response == struct.pack(">6H", 0x1234, expected, 0, 0, 0, 0)


@pytest.mark.parametrize("kind", [0, 54, 103, 254, 255, 256, 1000, 32767, 65280, 65534, 65535])
def test_every_type_is_answered(daemon, kind):
    response = dns.message.from_wire(exchange(daemon, make_query(kind=kind, edns=0), "udp"))
    assert response.rcode() == dns.rcode.NOERROR and response.flags & dns.flags.AA


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_nsid_is_the_configured_text(daemon, transport):
    query = make_query(edns=0, options=[(NSID, b"")])
    (option,) = dns.message.from_wire(exchange(daemon, query, transport)).options
    assert option.data == b"the-test"


def test_a_server_cookie_is_given_and_known_again(daemon):
    query = make_query(edns=0, options=[COOKIE_OPTION])
    (first,) = dns.message.from_wire(exchange(daemon, query, "udp")).options
    assert len(first.data) == 24 and first.data.startswith(COOKIE_OPTION[1] + b"\1\0\0\0")
    for _ in range(20):  # by both workers: each query is from a port of its own
        query = make_query(edns=0, options=[(COOKIE, first.data)])
        (again,) = dns.message.from_wire(exchange(daemon, query, "udp")).options
        assert again.data == first.data


def test_keepalive_over_tcp_is_told_in_units_of_100_ms(daemon):
    query = make_query(edns=0, options=[(11, b"")])
    (option,) = dns.message.from_wire(exchange(daemon, query, "tcp")).options
    assert (option.otype, option.data) == (11, struct.pack(">H", 100))
    assert not dns.message.from_wire(exchange(daemon, query, "udp")).options


def test_a_refusal_says_why(daemon):
    for name, kind, code in (("example.org", "SOA", 20), ("catsndogs.lol", "AXFR", 18)):
        query = dns.message.make_query(name, kind, use_edns=0)
        response = dns.message.from_wire(exchange(daemon, query.to_wire(), "tcp"))
        assert response.rcode() == dns.rcode.REFUSED
        (option,) = response.options
        assert (option.otype, option.code) == (dns.edns.EDE, code)


SECRETS = ["0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"]


@pytest.fixture
def make(request):
    def start(*secrets, **cookies):
        one = harness.Daemon({"server": {"cookies": dict(cookies, secret_file="cookie.secret")}})
        request.addfinalizer(one.close)
        (one.folder / "cookie.secret").write_text("".join(line + "\n" for line in secrets))
        return one.start()
    return start


def learn_cookie(daemon, cookie=COOKIE_OPTION[1]):
    query = make_query(edns=0, options=[(COOKIE, cookie)])
    response = dns.message.from_wire(exchange(daemon, query, "udp"))
    (option,) = response.options
    return dns.rcode.to_text(response.rcode()), option.data


def test_servers_with_one_secret_share_cookies(make):
    one, other, third = make(SECRETS[0]), make(SECRETS[0]), make(SECRETS[1])
    _, cookie = learn_cookie(one)
    assert learn_cookie(other, cookie) == ("NOERROR", cookie)
    assert learn_cookie(third, cookie)[1] != cookie


def test_a_secret_rolls_over_without_a_bad_cookie(make):
    before = make(SECRETS[0], require=True)
    during = make(SECRETS[1], SECRETS[0], require=True)
    after = make(SECRETS[1], require=True)
    rcode, old = learn_cookie(before)
    assert rcode == "BADCOOKIE"
    rcode, new = learn_cookie(during, old)
    assert rcode == "NOERROR" and new != old
    assert learn_cookie(after, new) == ("NOERROR", new)
    assert learn_cookie(after, old)[0] == "BADCOOKIE"


def give_secrets(daemon, text, said):
    before = daemon.log().count(said)
    (daemon.folder / "cookie.secret").write_text(text)
    daemon.process.send_signal(signal.SIGHUP)
    harness.wait_for(lambda: daemon.log().count(said) > before, said)


def test_a_secret_rolls_over_without_a_restart(make):
    """Two servers of one address, changed one after the other: no cookie is bad at any moment."""
    daemons = [make(SECRETS[0], require=True), make(SECRETS[0], require=True)]
    first = cookie = learn_cookie(daemons[0])[1]
    for secrets in (SECRETS, SECRETS[::-1], SECRETS[1:]):
        for changed in daemons:
            give_secrets(changed, "\n".join(secrets), "read again, cookie secrets: ")
            for daemon in daemons:
                rcode, cookie = learn_cookie(daemon, cookie)
                assert rcode == "NOERROR"
    assert learn_cookie(daemons[0], first)[0] == "BADCOOKIE"


def test_secrets_that_cannot_be_read_again_leave_those_that_are(make):
    daemon = make(SECRETS[0], require=True)
    cookie = learn_cookie(daemon)[1]
    give_secrets(daemon, SECRETS[1] + "\nabc\n",
                 "cookie.secret:2: expected a secret: 32 hexadecimal digits; "
                 "the cookie secrets stay as they are")
    assert learn_cookie(daemon, cookie) == ("NOERROR", cookie)


def test_dig_learns_the_cookie_that_is_required(make):
    daemon = make(SECRETS[0], require=True)
    done = subprocess.run(
        ["dig", "@127.0.0.1", "-p", str(daemon.port), "+cookie", "+tries=1", "+time=5",
         "static.catsndogs.lol", "A"],
        stdout=subprocess.PIPE, text=True, check=True, stdin=subprocess.DEVNULL)
    assert "status: NOERROR" in done.stdout and "(good)" in done.stdout, done.stdout
    assert daemon.call("stats")["counters"]["badcookie"] == 1


def test_a_cookie_is_asked_for_without_a_question(daemon):
    """RFC 7873 section 5.4."""
    query = make_query(edns=0, options=[COOKIE_OPTION], header_only=True)
    response = dns.message.from_wire(exchange(daemon, query, "udp"))
    assert response.rcode() == dns.rcode.NOERROR and not response.question
    assert response.options[0].data.startswith(COOKIE_OPTION[1])
