# SPDX-License-Identifier: BSD-2-Clause
"""zone export writes what is served: it loads in ballastd, NSD and BIND and is answered the same,
and ldns-verify-zone finds every signature in it, whichever member was chosen."""
import json
import shutil
import socket
import subprocess

import dns.message
import dns.query
import dns.rdatatype
import pytest

import harness
from test_dnssec import (CASES, RECORD_SETS, SIGNED, WEIGHTED, full, make_presigned,
                         make_signed)

__all__ = ["make_presigned", "make_signed"]  # fixtures

NSD_CHECKZONE = shutil.which("nsd-checkzone", path="/usr/sbin:/usr/bin")
NAMED_CHECKZONE = shutil.which("named-checkzone", path="/usr/sbin:/usr/bin")
LDNS_VERIFY = shutil.which("ldns-verify-zone")


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60 * harness.PATIENCE)
    assert done.returncode == 0, done
    return done


def export(daemon, zone, *members):
    """The path of the file."""
    path = daemon.folder / "exported.zone"
    daemon.ctl("zone", "export", zone, *members, "--output", path)
    return path


def others_read(path, zone):
    run(NSD_CHECKZONE, zone, path)
    run(NAMED_CHECKZONE, "-i", "none", "-k", "ignore", "-q", zone, path)


def sections(daemon, name, kind, **more):
    reply = dns.query.tcp(dns.message.make_query(name, kind, **more), "127.0.0.1",
                          port=daemon.port, timeout=5 * harness.PATIENCE)
    return reply.rcode(), [sorted(rrset.to_text().lower() for rrset in section)
                           for section in (reply.answer, reply.authority, reply.additional)]


def test_a_zone_and_what_was_exported_of_it_are_answered_the_same(make_daemon):
    daemon = make_daemon({"record_sets": [harness.record_set(harness.two_members())]})
    path = export(daemon, "catsndogs.lol")
    text = path.read_text()
    assert "; record set www.catsndogs.lol/A: blue; effective weights: blue=100, green=0" in text
    others_read(path, "catsndogs.lol")
    copy = make_daemon(zones={"catsndogs.lol.zone": text})
    for name in ("", "ns1.", "ns2.", "static.", "alias.", "chain.", "aliased.", "x.wild.", "www.",
                 "deep.empty.nonterminal.", "nonterminal.", "sub.", "a.sub.", "ns.sub.", "big.",
                 "nope.", "*.wild."):
        for kind in ("A", "AAAA", "TXT", "NS", "SOA", "DS", "CNAME"):
            asked = f"{name}catsndogs.lol."
            assert sections(daemon, asked, kind) == sections(copy, asked, kind), (asked, kind)
    again = export(copy, "catsndogs.lol").read_text()
    assert [line for line in text.splitlines() if not line.startswith("; record set")] == \
        again.splitlines()


@pytest.mark.parametrize("denial", ["nsec", "nsec3"])
@pytest.mark.parametrize("member", ["blue", "green"])
def test_a_signed_zone_verifies_with_each_member(make_signed, make_daemon, denial, member):
    daemon = make_signed(denial)
    chosen = [f"{one['name']}/{one['type']}={member}" for one in RECORD_SETS]
    path = export(daemon, "example.test", *chosen)
    run(LDNS_VERIFY, path)
    others_read(path, "example.test")
    text = path.read_text()
    assert ("\tNSEC3\t" in text) == (denial == "nsec3") and "\tDNSKEY\t" in text
    assert ("192.0.2.201" in text) == (member == "green")
    copy = make_daemon({"zones": [{"name": "example.test", "file": "example.zone"}]},
                       {"example.zone": text})
    if member == "blue":  # which has all the weight
        for name, kind, _ in CASES + WEIGHTED:
            more = {"use_edns": 0, "want_dnssec": True}
            assert sections(daemon, full(name), kind, **more) == \
                sections(copy, full(name), kind, **more), (name, kind)


@pytest.mark.parametrize("variant", ["nsec", "nsec3", "optout"])
def test_a_presigned_zone_is_exported_as_it_was_signed(make_presigned, variant):
    daemon = make_presigned(variant)
    path = export(daemon, "example.test")
    run(LDNS_VERIFY, path)
    others_read(path, "example.test")


def test_the_largest_weight_is_written_unless_a_member_is_named(make_daemon):
    daemon = make_daemon({"record_sets": [harness.record_set(harness.two_members(10, 90))]})
    text = daemon.ctl("zone", "export", "catsndogs.lol").stdout
    assert "\nwww.catsndogs.lol.\t60\tIN\tA\t127.0.0.3\n" in text and "127.0.0.2\n" not in text
    text = daemon.ctl("zone", "export", "catsndogs.lol", "www.catsndogs.lol/A=blue").stdout
    assert "\nwww.catsndogs.lol.\t60\tIN\tA\t127.0.0.2\n" in text and "127.0.0.3\n" not in text
    document = daemon.json("zone", "export", "catsndogs.lol", "www.catsndogs.lol/A=blue")
    assert document["text"] == text and document["zone"]["serial"] == 1


@pytest.mark.parametrize("arguments, text", [
    (["nope.test"], "no zone nope.test"),
    (["catsndogs.lol", "www.catsndogs.lol/A"], "NAME/TYPE=ID"),
    (["catsndogs.lol", "nope.catsndogs.lol/A=blue"], "no weighted record set nope"),
    (["catsndogs.lol", "www.catsndogs.lol/A=red"], "has no member red"),
    (["two.test", "www.catsndogs.lol/A=blue"], "lies in another zone (catsndogs.lol)"),
])
def test_what_is_not_there_is_named(make_daemon, arguments, text):
    two = "$ORIGIN two.test.\n$TTL 60\n@ SOA ns h 1 1 1 1 1\n@ NS ns\nns A 127.0.0.1\n"
    daemon = make_daemon(
        {"record_sets": [harness.record_set(harness.two_members())],
         "zones": [{"name": "catsndogs.lol", "file": "catsndogs.lol.zone"},
                   {"name": "two.test", "file": "two.zone"}]},
        {"catsndogs.lol.zone": harness.ZONE, "two.zone": two})
    path = daemon.folder / "out.zone"
    path.write_text("what was there")
    done = daemon.ctl("zone", "export", *arguments, "--output", path, status=1)
    assert text in done.stderr, done
    assert path.read_text() == "what was there"
    assert not (daemon.folder / "out.zone.part").exists()


@pytest.fixture
def large(make_daemon):
    lines = [f"host{one} A 192.0.{one >> 8 & 255}.{one & 255}\n" for one in range(100_000)]
    return make_daemon(zones={"catsndogs.lol.zone": harness.ZONE + "".join(lines)})


def test_a_large_zone_streams_while_the_daemon_answers(large):
    client = large.client()
    client.send("zone export", "catsndogs.lol")
    text, parts = [], 0
    while True:
        reply = client.receive()
        assert reply["ok"], reply
        if not reply.get("more"):
            break
        text.append(reply["result"]["text"])
        parts += 1
        if parts % 8 == 0:
            assert large.call("status")["zones"] == 1  # between two parts the loop is free
    assert client.call("status")["zones"] == 1  # the connection goes on
    client.close()
    lines = "".join(text).splitlines()
    assert parts > 50 and sum(line.startswith("host") for line in lines) == 100_000
    assert reply["result"]["zone"]["names"] > 100_000


def test_a_client_that_goes_away_or_does_not_read_holds_up_nothing(large):
    silent = large.client()
    silent.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    silent.send("zone export", "catsndogs.lol")
    gone = large.client()
    gone.send("zone export", "catsndogs.lol")
    assert json.dumps(gone.receive())
    gone.close()
    large.ctl("zone", "reload")  # the zone that is being exported stays until the end
    assert len(large.call("zone list")["zones"]) == 1
    assert silent.receive()["more"]
    large.stop()
    silent.close()
