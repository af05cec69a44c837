# SPDX-License-Identifier: BSD-2-Clause
"""Answers over UDP and TCP, by dnspython and by dig."""
import re
import socket
import struct
import subprocess

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

import harness


@pytest.fixture(scope="module")
def daemon(request):
    one = harness.Daemon({
        "server": {"version": "Ballast under test", "identity": "the-test"},
        "record_sets": [harness.record_set(harness.two_members())],
    })
    request.addfinalizer(one.close)
    return one.start()


@pytest.fixture(autouse=True)
def log_of_the_daemon(request, daemon):
    request.node.daemons = [daemon]


def dig(daemon, *arguments):
    return subprocess.run(
        ["dig", "@127.0.0.1", "-p", str(daemon.port), "+tries=1", "+time=5", *arguments],
        stdout=subprocess.PIPE, text=True, check=True, stdin=subprocess.DEVNULL).stdout


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_an_answer_is_authoritative_and_whole(daemon, transport):
    answer = daemon.ask("static.catsndogs.lol", transport=transport)
    assert answer.rcode() == dns.rcode.NOERROR
    assert answer.flags & dns.flags.AA and not answer.flags & (dns.flags.TC | dns.flags.RA)
    assert sorted(one.to_text() for one in answer.answer[0]) == ["192.0.2.1", "192.0.2.2"]
    assert answer.answer[0].ttl == 300
    assert answer.authority == [] and answer.additional == []


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_weighted_answer_is_one_member(daemon, transport):
    answer = daemon.ask("www.catsndogs.lol", transport=transport)
    assert [one.to_text() for one in answer.answer[0]] == ["127.0.0.2"]
    assert answer.answer[0].ttl == 60


def test_the_letter_case_of_the_query_comes_back(daemon):
    name = dns.name.from_text("WwW.CatsNDogs.LOL")
    answer = daemon.ask(name)
    assert answer.question[0].name.labels == name.labels
    assert answer.answer[0].name.labels == name.labels


def test_dig_and_nslookup_get_an_answer(daemon):
    assert dig(daemon, "+short", "www.catsndogs.lol", "A").split() == ["127.0.0.2"]
    assert dig(daemon, "+short", "+tcp", "www.catsndogs.lol", "A").split() == ["127.0.0.2"]
    shown = subprocess.run(["nslookup", f"-port={daemon.port}", "www.catsndogs.lol", "127.0.0.1"],
                           stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL).stdout
    assert "Address: 127.0.0.2" in shown


def test_dig_sees_its_edns_answered(daemon):
    shown = dig(daemon, "static.catsndogs.lol", "A")
    assert re.search(r"EDNS: version: 0, flags:; udp: \d+", shown)


def test_edns_is_answered_only_when_asked(daemon):
    assert daemon.ask("static.catsndogs.lol").edns == -1
    answer = daemon.ask("static.catsndogs.lol", use_edns=0, payload=4096)
    assert answer.edns == 0 and answer.payload == 1232


def test_an_unknown_edns_version_is_badvers(daemon):
    query = dns.message.make_query("static.catsndogs.lol", "A")
    query.use_edns(1)
    answer = dns.query.udp(query, "127.0.0.1", port=daemon.port, timeout=5)
    assert answer.rcode() == dns.rcode.BADVERS and answer.edns == 0 and answer.answer == []


def test_a_large_answer_is_truncated_and_whole_by_tcp(daemon):
    # The last client has more room than we use, unless we are configured to.
    for more in ({}, {"use_edns": 0, "payload": 512}, {"use_edns": 0, "payload": 1232},
                 {"use_edns": 0, "payload": 4096}):
        answer = daemon.ask("big.catsndogs.lol", "TXT", **more)
        assert answer.flags & dns.flags.TC and not answer.answer, more
    whole = daemon.ask("big.catsndogs.lol", "TXT", transport="tcp")
    assert not whole.flags & dns.flags.TC and len(whole.answer[0]) == 9
    assert 1232 < len(whole.to_wire()) < 4096
    assert dig(daemon, "+short", "big.catsndogs.lol", "TXT").count("xxx\"\n") == 9


def test_any_is_answered_minimally(daemon):
    answer = daemon.ask("ns2.catsndogs.lol", "ANY")
    assert answer.rcode() == dns.rcode.NOERROR and len(answer.answer) == 1


@pytest.mark.parametrize("name, text", [
    ("version.bind", "Ballast under test"), ("version.server", "Ballast under test"),
    ("id.server", "the-test"), ("hostname.bind", "the-test")])
def test_the_server_names_itself_as_configured(daemon, name, text):
    answer = daemon.ask(name, "TXT", rdclass="CH")
    assert [one.to_text() for one in answer.answer[0]] == [f'"{text}"']


def test_the_server_keeps_to_itself_what_is_not_configured(make_daemon):
    quiet = make_daemon()
    for name in ("version.bind", "id.server"):
        assert quiet.ask(name, "TXT", rdclass="CH").rcode() == dns.rcode.REFUSED


@pytest.mark.parametrize("name, rcode", [
    ("nx.catsndogs.lol", dns.rcode.NXDOMAIN), ("static.catsndogs.lol", dns.rcode.NOERROR),
    ("empty.nonterminal.catsndogs.lol", dns.rcode.NOERROR),
    ("nx.www.catsndogs.lol", dns.rcode.NXDOMAIN)])
def test_a_negative_answer_has_the_soa_with_the_lower_ttl(daemon, name, rcode):
    answer = daemon.ask(name, "MX")
    assert answer.rcode() == rcode and answer.answer == [] and answer.flags & dns.flags.AA
    assert answer.authority[0].rdtype == dns.rdatatype.SOA
    assert answer.authority[0].ttl == 60


def test_a_delegation_is_referred_with_glue(daemon):
    answer = daemon.ask("host.sub.catsndogs.lol")
    assert not answer.flags & dns.flags.AA and answer.answer == []
    assert [one.to_text() for one in answer.authority[0]] == ["ns.sub.catsndogs.lol."]
    assert [one.to_text() for one in answer.additional[0]] == ["192.0.2.53"]


def test_a_wildcard_answers_in_the_name_asked_for(daemon):
    answer = daemon.ask("any.thing.wild.catsndogs.lol", "TXT")
    assert answer.answer[0].name.to_text() == "any.thing.wild.catsndogs.lol."
    assert answer.answer[0][0].to_text() == '"from the wildcard"'


def test_a_cname_chain_is_followed(daemon):
    answer = daemon.ask("alias.catsndogs.lol")
    assert [one.rdtype for one in answer.answer] == [dns.rdatatype.CNAME, dns.rdatatype.CNAME,
                                                     dns.rdatatype.A]
    assert answer.answer[-1].name.to_text() == "static.catsndogs.lol."


def test_a_cname_to_a_weighted_name_is_followed(daemon):
    assert daemon.addresses("aliased.catsndogs.lol") == ["127.0.0.2"]


def test_other_zones_are_refused(daemon):
    answer = daemon.ask("www.example.net")
    assert answer.rcode() == dns.rcode.REFUSED and not answer.flags & dns.flags.AA


def test_other_opcodes_are_not_implemented(daemon):
    for opcode in (1, 2, 5):
        query = struct.pack("!6H", 7, opcode << 11, 0, 0, 0, 0)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.settimeout(5)
            udp.sendto(query, ("127.0.0.1", daemon.port))
            assert udp.recv(512)[3] & 15 == dns.rcode.NOTIMP


def test_a_response_gets_no_response(daemon):
    """Two servers must not talk to each other for ever."""
    query = dns.message.make_query("static.catsndogs.lol", "A", id=1)
    reflected = dns.message.make_response(query)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(5)
        udp.connect(("127.0.0.1", daemon.port))
        udp.send(reflected.to_wire())
        udp.send(dns.message.make_query("static.catsndogs.lol", "A", id=2).to_wire())
        assert udp.recv(512)[:2] == b"\0\2"  # the same socket, the same worker, in order


def test_several_queries_share_a_tcp_connection_however_they_are_cut(daemon):
    stream = b""
    for number in range(1, 21):
        wire = dns.message.make_query("static.catsndogs.lol", "A", id=number).to_wire()
        stream += struct.pack("!H", len(wire)) + wire
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=10) as tcp:
        tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(stream), 7):
            tcp.sendall(stream[at:at + 7])
        seen, octets = set(), b""
        while len(seen) < 20:
            more = tcp.recv(65536)
            assert more, "closed early"
            octets += more
            while len(octets) >= 2 and len(octets) >= 2 + struct.unpack("!H", octets[:2])[0]:
                size, = struct.unpack("!H", octets[:2])
                seen.add(dns.message.from_wire(octets[2:2 + size]).id)
                octets = octets[2 + size:]
    assert seen == set(range(1, 21))


def test_an_idle_tcp_connection_is_closed_and_the_limit_holds(make_daemon):
    small = make_daemon({"server": {"tcp": {"idle_timeout": "300ms", "max_connections": 4}}})
    held = [socket.create_connection(("127.0.0.1", small.port), timeout=10) for _ in range(4)]
    over = socket.create_connection(("127.0.0.1", small.port), timeout=10)
    assert over.recv(1) == b""
    for connection in held:
        assert connection.recv(1) == b""
        connection.close()
    over.close()
    assert small.ask("static.catsndogs.lol", transport="tcp").answer


def test_both_families_are_served(keep):
    daemon = harness.Daemon()
    daemon.config["server"]["listen"].append(f"::1@{daemon.port}")
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("no IPv6 on this machine")
    keep(daemon).start()
    query = dns.message.make_query("static.catsndogs.lol", "A")
    for function in (dns.query.udp, dns.query.tcp):
        assert function(query, "::1", port=daemon.port, timeout=5).answer
