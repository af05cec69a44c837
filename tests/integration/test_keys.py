# SPDX-License-Identifier: BSD-2-Clause
"""The life of keys in the real daemon, with TTLs of a second: the first ones, rollovers, what the parent
zone is asked for (CDS, CDNSKEY), restarts on the way. tests/unit/test_key_rollover.c and test_zone_keys.c
have the months and the validators."""
import subprocess
import threading

import dns.dnssec
import dns.name
import dns.rdatatype
import pytest

import harness
from harness import wait_for

ORIGIN = dns.name.from_text("example.test")
ZONE = """\
$ORIGIN example.test.
$TTL 1
@   SOA ns1 hostmaster 1 3600 600 86400 1
    NS ns1
ns1 A 127.0.0.1
"""
QUICK = {"keys": "keys", "propagation": "0s", "parent_ds_ttl": "1s"}


@pytest.fixture
def make(keep):
    def make_one(**dnssec):
        return keep(harness.Daemon(
            {"zones": [{"name": "example.test", "file": "example.zone",
                        "dnssec": {**QUICK, **dnssec}}],
             "record_sets": [harness.record_set(
                 [harness.member("blue", 1, "192.0.2.1"), harness.member("green", 1, "192.0.2.2")],
                 name="www.example.test", ttl=1)]},
            {"example.zone": ZONE}))
    return make_one


def keys(daemon):
    return {one["tag"]: one for one in daemon.json("key", "list", "example.test")["keys"]}


def rrset(daemon, kind):
    answer = daemon.ask("example.test", kind, transport="tcp").answer
    return next((one for one in answer if one.rdtype == dns.rdatatype.from_text(kind)), None)


def tags(daemon):
    return {dns.dnssec.key_id(one) for one in rrset(daemon, "DNSKEY")}


def validate(daemon, *cases):
    trusted = {ORIGIN: rrset(daemon, "DNSKEY")}
    for name, kind in cases or (("www.example.test", "A"), ("example.test", "SOA")):
        answer = {one.rdtype: one for one in
                  daemon.ask(name, kind, want_dnssec=True, transport="tcp").answer}
        dns.dnssec.validate(answer[dns.rdatatype.from_text(kind)], answer[dns.rdatatype.RRSIG],
                            trusted)


def roll(daemon, role):
    before = set(keys(daemon))
    daemon.ctl("key", "roll", "example.test", role)
    new, = set(keys(daemon)) - before
    return new


@pytest.mark.parametrize("first, roles", [(None, ["csk"]), ("ksk+zsk", ["ksk", "zsk"])])
@pytest.mark.parametrize("algorithm", [None, "ED25519", "RSASHA256"])
def test_the_first_start_makes_the_first_keys(make, first, roles, algorithm):
    more = dict(**({"first_keys": first} if first else {}),
                **({"algorithm": algorithm} if algorithm else {}))
    daemon = make(**more)
    checked = subprocess.run([harness.BALLASTD, "-c", str(daemon.write_config()), "--check"],
                             capture_output=True, text=True, timeout=60)
    assert checked.returncode == 0 and not (daemon.folder / "keys").exists(), checked
    daemon.start()
    assert sorted(one["role"] for one in keys(daemon).values()) == roles
    for one in keys(daemon).values():
        assert one["publish_at"] == one["activate_at"] == one["created_at"] and one["created_at"]
        assert one["inactive_at"] is one["delete_at"] is one["ds_seen_at"] is None
        assert (one["sync_publish_at"] is None) == (one["role"] == "zsk")
    assert {one["algorithm"] for one in keys(daemon).values()} == {algorithm or "ECDSAP256SHA256"}
    assert (daemon.folder / "keys").stat().st_mode & 0o777 == 0o700
    validate(daemon)
    made = set(keys(daemon))
    daemon.kill()
    daemon.start()
    assert set(keys(daemon)) == made


def test_without_first_keys_an_empty_folder_is_refused(make):
    daemon = make(first_keys="none")
    (daemon.folder / "keys").mkdir()
    done = subprocess.run([harness.BALLASTD, "-c", str(daemon.write_config())],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "has no key of zone example.test that signs now" in done.stderr


def test_a_zsk_is_rolled_and_every_answer_validates(make):
    daemon = make(first_keys="ksk+zsk").start()
    old, = (tag for tag, one in keys(daemon).items() if one["role"] == "zsk")
    is_over, wrong, count = threading.Event(), [], [0]

    def watch():
        while not is_over.is_set():
            try:
                validate(daemon)
                count[0] += 1
            except Exception as error:
                wrong.append(repr(error))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        new = roll(daemon, "zsk")
        assert keys(daemon)[new]["state"] in ("published", "active")
        assert "a rollover goes on" in daemon.ctl("key", "roll", "example.test", "zsk",
                                                  status=1).stderr
        wait_for(lambda: keys(daemon)[old]["state"] == "removed", "the old key is removed", 30)
    finally:
        is_over.set()
        watcher.join()
    # A validator that keeps no TTLs may meet the moment between its two questions; no other.
    assert count[0] > 20 and len(wrong) <= 2, wrong
    assert keys(daemon)[new]["state"] == "active"
    wait_for(lambda: old not in tags(daemon), "the old DNSKEY is gone")
    validate(daemon)
    daemon.ctl("key", "forget", "example.test", str(old))
    assert old not in keys(daemon)


@pytest.mark.parametrize("role, first", [("ksk", "ksk+zsk"), ("csk", "csk")])
def test_the_parent_is_asked_and_waited_for_over_restarts(make, role, first):
    daemon = make(first_keys=first).start()
    old, = (tag for tag, one in keys(daemon).items() if one["role"] == role)
    assert rrset(daemon, "CDS") is None
    new = roll(daemon, role)
    assert rrset(daemon, "CDS") is None and "CDS asks for its DS" in keys(daemon)[new]["waits_for"]
    for tag in (old, new):  # a day later
        subprocess.run(["dnssec-settime", "-P", "sync", "20200101000000", keys(daemon)[tag]["file"]],
                       check=True, capture_output=True, timeout=60)
    daemon.ctl("zone", "reload", "example.test")
    cds = {one.key_tag for one in rrset(daemon, "CDS")}
    assert cds == {old, new} == {dns.dnssec.key_id(one) for one in rrset(daemon, "CDNSKEY")}
    validate(daemon, ("example.test", "CDS"), ("example.test", "CDNSKEY"))
    listed = keys(daemon)[new]
    assert listed["ds_state"] == "submitted" and "key ds-seen" in listed["waits_for"]
    assert (new in tags(daemon)) == (role == "csk")
    daemon.kill()
    daemon.start()
    assert keys(daemon)[new]["ds_state"] == "submitted" and keys(daemon)[old]["state"] == "active"
    daemon.ctl("key", "ds-seen", "example.test", str(new))
    assert "was seen already" in daemon.ctl("key", "ds-seen", "example.test", str(new),
                                            status=1).stderr
    daemon.kill()
    daemon.start()
    wait_for(lambda: keys(daemon)[new]["state"] == "active", "the new key signs", 30)
    validate(daemon)
    wait_for(lambda: keys(daemon)[old]["ds_state"] == "withdrawn", "the old DS is not wanted", 30)
    wait_for(lambda: {one.key_tag for one in rrset(daemon, "CDS")} == {new}, "CDS has the new key")
    assert tags(daemon) & {old, new} == {new}
    validate(daemon)


def test_a_rollover_that_cannot_be_signed_leaves_nothing_behind(make):
    daemon = make().start()
    before = set(keys(daemon))
    (daemon.folder / "example.zone").write_text("rubbish\n")
    refused = daemon.ctl("key", "roll", "example.test", "csk", status=1).stderr
    assert "no key was made" in refused and "example.zone" in refused
    assert set(keys(daemon)) == before
    validate(daemon)


def test_wrong_requests_are_refused(make):
    daemon = make().start()
    tag, = keys(daemon)
    for arguments, text in [
            (("roll", "example.test", "zsk"), "there is no zsk that signs"),
            (("roll", "example.test", "key"), "expected ksk, zsk or csk"),
            (("roll", "nope.test", "csk"), "there is no zone nope.test"),
            (("ds-seen", "example.test", "x"), "expected a key's tag"),
            (("ds-seen", "example.test", "70000"), "expected a key's tag"),
            (("ds-seen", "example.test", str((tag + 1) % 65536)), "has no key"),
            (("forget", "example.test", str(tag)), "is active, expected one that is removed")]:
        assert text in daemon.ctl("key", *arguments, status=1).stderr


def test_a_lifetime_begins_a_rollover(make):
    """Of an hour at least: the key is made old by its times."""
    daemon = make(first_keys="ksk+zsk", zsk_lifetime="1h").start()
    old, = (tag for tag, one in keys(daemon).items() if one["role"] == "zsk")
    path = keys(daemon)[old]["file"]
    subprocess.run(["dnssec-settime", "-P", "20200101000000", "-A", "20200101000000", path],
                   check=True, capture_output=True, timeout=60)
    daemon.ctl("zone", "reload", "example.test")
    wait_for(lambda: keys(daemon)[old]["state"] == "removed", "the old key is removed", 30)
    assert sorted(one["state"] for one in keys(daemon).values()) == ["active", "active", "removed"]
    validate(daemon)


def test_keys_that_cannot_be_written_stop_no_answer(make):
    """A folder that is gone: the zone is served on with what it has, and says why it cannot go on."""
    daemon = make(first_keys="ksk+zsk").start()
    (daemon.folder / "keys").rename(daemon.folder / "away")
    (daemon.folder / "keys").write_text("")
    assert "cannot be opened" in daemon.ctl("key", "roll", "example.test", "zsk", status=1).stderr
    validate(daemon)
    (daemon.folder / "keys").unlink()
    (daemon.folder / "away").rename(daemon.folder / "keys")
    roll(daemon, "zsk")
    validate(daemon)
