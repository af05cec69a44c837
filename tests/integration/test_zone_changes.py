# SPDX-License-Identifier: BSD-2-Clause
"""Zones added, removed and replaced at run time: serials, nested zones, and what is left of it
after a kill."""
import os

import dns.rcode
import pytest

import harness
from test_dnssec import ECDSA, put_keys


def zone_text(origin, address="192.0.2.10", serial=1, more=""):
    return (f"$ORIGIN {origin}.\n$TTL 60\n@ SOA ns h {serial} 1 1 1 1\n@ NS ns\n"
            f"ns A 127.0.0.1\nwww A {address}\n{more}")


def write(daemon, name, text):
    """As an editor saves: a new file in the place of the old. Returns its path."""
    fresh = daemon.folder / "fresh"
    fresh.write_text(text)
    os.replace(fresh, daemon.folder / name)
    return daemon.folder / name


def restart(daemon):
    daemon.kill()
    return daemon.start()


def listed(daemon):
    return {zone["name"]: zone for zone in daemon.call("zone list")["zones"]}


def history(daemon):
    return [one["text"] for one in daemon.json("history")["history"] if one["kind"] == "zone"]


@pytest.fixture
def daemon(make_daemon):
    return make_daemon()


@pytest.fixture
def nested(make_daemon):
    """Record sets at www.sub.two.test and at www.two.test, in the zone two.test."""
    return make_daemon(
        {"zones": [{"name": "two.test", "file": "two.zone"}],
         "record_sets": [
             harness.record_set(harness.two_members(), name="www.sub.two.test"),
             harness.record_set(harness.two_members(), name="set.two.test")]},
        {"two.zone": zone_text("two.test", more="static.sub A 192.0.2.77\n")})


# --- serials ---

def test_a_serial_that_goes_backwards_has_to_be_forced(make_daemon):
    daemon = make_daemon({"zones": [{"name": "two.test", "file": "two.zone"}]},
                         {"two.zone": zone_text("two.test", serial=10)})
    path = write(daemon, "two.zone", zone_text("two.test", "192.0.2.11", serial=9))
    for command in (("zone", "reload"), ("zone", "reload", "two.test")):
        said = daemon.ctl(*command, status=1).stderr
        assert "two.test" in said and "from 10 to 9" in said and str(path.name) in said
    assert daemon.addresses("www.two.test") == ["192.0.2.10"]
    assert "from 10 to 9" in listed(daemon)["two.test"]["error"]
    assert "from 10 to 9" in daemon.ctl("zone", "list").stdout
    daemon.process.send_signal(1)
    harness.wait_for(lambda: daemon.log().count("from 10 to 9") >= 3, "SIGHUP never forces")
    assert daemon.addresses("www.two.test") == ["192.0.2.10"]
    done = daemon.ctl("zone", "reload", "--force", "two.test")
    assert "warning: zone two.test: the serial went backwards, from 10 to 9" in done.stdout
    assert daemon.addresses("www.two.test") == ["192.0.2.11"]
    assert listed(daemon)["two.test"]["error"] is None
    assert any(text.endswith("reloaded (forced)") for text in history(daemon))


def test_one_serial_that_goes_backwards_stops_every_zone(make_daemon):
    daemon = make_daemon({"zones": [{"name": f"{one}.test", "file": f"{one}.zone"}
                                    for one in ("one", "two")]},
                         {f"{one}.zone": zone_text(f"{one}.test", serial=10)
                          for one in ("one", "two")})
    write(daemon, "one.zone", zone_text("one.test", "192.0.2.11", serial=11))
    write(daemon, "two.zone", zone_text("two.test", serial=9))
    daemon.ctl("zone", "reload", status=1)
    assert daemon.addresses("www.one.test") == ["192.0.2.10"]
    assert {name: zone["serial"] for name, zone in listed(daemon).items()} == \
        {"one.test": 10, "two.test": 10}
    daemon.ctl("zone", "reload", "--force")
    assert daemon.addresses("www.one.test") == ["192.0.2.11"]


def test_records_that_change_under_the_same_serial_are_warned_of(make_daemon):
    daemon = make_daemon({"zones": [{"name": "two.test", "file": "two.zone"}]},
                         {"two.zone": zone_text("two.test")})
    write(daemon, "two.zone", "; only a comment\n" + zone_text("two.test"))
    assert daemon.json("zone", "reload")["zones"][0]["warning"] is None
    write(daemon, "two.zone", zone_text("two.test", "192.0.2.11"))
    zone, = daemon.json("zone", "reload")["zones"]
    assert "the serial 1 has not" in zone["warning"]
    assert daemon.addresses("www.two.test") == ["192.0.2.11"]
    assert "the serial 1 has not" in daemon.log()
    write(daemon, "two.zone", zone_text("two.test", "192.0.2.12", serial=2))
    assert daemon.json("zone", "reload")["zones"][0]["warning"] is None


def test_signing_anew_is_no_change(make_daemon, keep):
    daemon = keep(harness.Daemon(
        {"zones": [{"name": "example.test", "file": "a.zone", "dnssec": {"keys": "keys"}}]},
        {"a.zone": zone_text("example.test")}))
    put_keys(daemon, ECDSA)
    daemon.start()
    assert daemon.json("zone", "reload")["zones"][0]["warning"] is None
    assert listed(daemon)["example.test"]["signed"] == "here"


def test_check_looks_at_another_file_and_publishes_nothing(daemon):
    write(daemon, "new.zone", harness.ZONE.replace("hostmaster 1 ", "hostmaster 0 "))
    checked = daemon.json("zone", "check", "catsndogs.lol", daemon.folder / "new.zone")
    assert checked["zones"] == 1 and "from 1 to 0" in checked["warnings"][0]
    said = daemon.ctl("zone", "check", "catsndogs.lol", daemon.folder / "new.zone").stdout
    assert said.startswith("warning: zone catsndogs.lol: ") and "no error" in said
    write(daemon, "new.zone", harness.ZONE + "broken A nonsense\n")
    said = daemon.ctl("zone", "check", "catsndogs.lol", daemon.folder / "new.zone", status=1).stderr
    assert "new.zone:" in said
    write(daemon, "catsndogs.lol.zone", harness.ZONE.replace("hostmaster 1 ", "hostmaster 2 "))
    assert daemon.json("zone", "check", "catsndogs.lol")["warnings"] == []
    assert listed(daemon)["catsndogs.lol"]["serial"] == 1


@pytest.mark.parametrize("is_included", [False, True])
def test_a_pipe_that_nobody_writes_to_is_refused_at_once(daemon, is_included):
    os.mkfifo(daemon.folder / "pipe")
    text = harness.ZONE + "$INCLUDE pipe\n" if is_included else None
    path = write(daemon, "new.zone", text) if is_included else daemon.folder / "pipe"
    said = daemon.ctl("zone", "check", "catsndogs.lol", path, status=1).stderr
    assert "pipe: is a pipe, expected a file" in said
    daemon.ctl("zone", "reload")


# --- add ---

def test_an_added_zone_is_answered_and_is_there_after_a_kill(daemon):
    path = write(daemon, "two.zone", zone_text("two.test"))
    zone, = daemon.json("zone", "add", "Two.Test.", path)["zones"]
    assert zone["name"] == "two.test" and zone["source"] == "run time" and zone["served"]
    assert daemon.addresses("www.two.test") == ["192.0.2.10"]
    assert listed(daemon)["catsndogs.lol"]["source"] == "configuration"
    assert history(daemon) == [f"Two.Test.: added from {path}"]
    restart(daemon)
    assert daemon.addresses("www.two.test") == ["192.0.2.10"]
    assert listed(daemon)["two.test"]["source"] == "run time"
    write(daemon, "two.zone", zone_text("two.test", "192.0.2.11", serial=2))
    daemon.ctl("zone", "reload", "two.test")
    assert daemon.addresses("www.two.test") == ["192.0.2.11"]


def test_paths_begin_where_ballastctl_runs_or_at_the_configuration(daemon):
    write(daemon, "two.zone", zone_text("two.test"))
    here = os.getcwd()
    os.chdir(daemon.folder)
    try:
        zone, = daemon.json("zone", "add", "two.test", "two.zone")["zones"]
    finally:
        os.chdir(here)
    assert zone["file"] == str(daemon.folder.resolve() / "two.zone")
    write(daemon, "three.zone", zone_text("three.test"))
    daemon.call("zone add", "three.test", "three.zone")  # no ballastctl
    assert daemon.addresses("www.three.test") == ["192.0.2.10"]


def test_an_added_zone_can_be_signed(daemon):
    put_keys(daemon, ECDSA)
    path = write(daemon, "signed.zone", zone_text("example.test"))
    daemon.ctl("zone", "add", "example.test", path, f"keys={daemon.folder / 'keys'}",
               "denial=nsec3")
    for _ in range(2):
        reply = daemon.ask("nope.example.test", want_dnssec=True, use_edns=0)
        assert any("NSEC3" in rrset.to_text() for rrset in reply.authority)
        assert listed(daemon)["example.test"]["signed"] == "here"
        assert len(daemon.json("key", "list", "example.test")["keys"]) == len(ECDSA)
        restart(daemon)


@pytest.mark.parametrize("arguments, text", [
    (["catsndogs.lol", "{two}"], "zone catsndogs.lol is there already, in the configuration"),
    (["CATSNDOGS.lol.", "{two}"], "is there already"),
    (["two.test", "{folder}/nope.zone"], "nope.zone"),
    (["other.test", "{two}"], "two.zone:"),
    (["two..test", "{two}"], "two..test"),
    (["two.test", "{two}", "keys={folder}/nokeys", "first_keys=none"],
     "zone two.test: {folder}/nokeys"),
    (["two.test", "{two}", "keys={folder}", "denial=x"], "expected one of: nsec, nsec3"),
    (["two.test", "{two}", "denial=nsec"], "keys is missing"),
    (["two.test", "{two}", "colour=red"], "colour"),
    (["two.test", "{two}", "keys"], "KEY=VALUE"),
    (["two.test", "{two}", "keys=a", "keys=b"], "a second time"),
])
def test_what_cannot_be_added_changes_nothing(daemon, arguments, text):
    two = write(daemon, "two.zone", zone_text("two.test"))
    arguments = [one.format(two=two, folder=daemon.folder) for one in arguments]
    done = daemon.ctl("zone", "add", *arguments, status=1)
    assert text.format(folder=daemon.folder) in done.stderr, done
    assert list(listed(daemon)) == ["catsndogs.lol"]
    restart(daemon)
    assert list(listed(daemon)) == ["catsndogs.lol"]


def test_the_configuration_wins_over_an_added_zone(daemon):
    two = write(daemon, "two.zone", zone_text("two.test"))
    daemon.ctl("zone", "add", "two.test", two)
    assert "added at run time" in daemon.ctl("zone", "add", "two.test", two, status=1).stderr
    daemon.kill()
    write(daemon, "config.zone", zone_text("two.test", "192.0.2.99"))
    daemon.config["zones"].append({"name": "two.test", "file": "config.zone"})
    daemon.start()
    assert daemon.addresses("www.two.test") == ["192.0.2.99"]
    assert "what was added is forgotten" in daemon.log()
    daemon.kill()
    daemon.config["zones"].pop()
    daemon.start()
    assert list(listed(daemon)) == ["catsndogs.lol"]


def test_a_start_goes_on_without_an_added_zone_that_is_broken(daemon):
    two = write(daemon, "two.zone", zone_text("two.test"))
    three = write(daemon, "three.zone", zone_text("three.test"))
    daemon.ctl("zone", "add", "two.test", two)
    daemon.ctl("zone", "add", "three.test", three)
    write(daemon, "two.zone", "rubbish")
    restart(daemon)
    assert daemon.addresses("www.three.test") == ["192.0.2.10"]
    assert daemon.ask("www.two.test").rcode() == dns.rcode.SERVFAIL
    zone = listed(daemon)["two.test"]
    assert not zone["served"] and "two.zone:1" in zone["error"]
    assert "NOT SERVED" in daemon.log() and daemon.call("status")["zones"] == 2
    shown = daemon.ctl("zone", "list").stdout
    assert "not served" in shown and "error: " in shown
    daemon.ctl("zone", "reload")  # the others
    assert "not served" in daemon.ctl("zone", "export", "two.test", status=1).stderr
    assert "two.zone:1" in daemon.ctl("zone", "reload", "two.test", status=1).stderr
    write(daemon, "two.zone", zone_text("two.test", "192.0.2.11"))
    assert daemon.json("zone", "reload", "two.test")["zones"][0]["served"]
    assert daemon.addresses("www.two.test") == ["192.0.2.11"]


# --- remove ---

def test_a_removed_zone_is_forgotten(daemon):
    two = write(daemon, "two.zone", zone_text("two.test"))
    daemon.ctl("zone", "add", "two.test", two)
    done = daemon.ctl("zone", "remove", "two.test")
    assert done.stdout == "zone two.test is removed\n"
    assert daemon.ask("www.two.test").rcode() == dns.rcode.REFUSED
    assert "there is no zone two.test" in daemon.ctl("zone", "remove", "two.test", status=1).stderr
    restart(daemon)
    assert list(listed(daemon)) == ["catsndogs.lol"]
    assert "two.test: removed" in history(daemon)
    daemon.ctl("zone", "add", "two.test", two)
    assert daemon.addresses("www.two.test") == ["192.0.2.10"]


def test_a_configured_zone_is_removed_until_the_next_start(daemon):
    done = daemon.ctl("zone", "remove", "catsndogs.lol")
    assert "until the next start" in done.stdout
    assert daemon.ask("static.catsndogs.lol").rcode() == dns.rcode.REFUSED
    assert listed(daemon) == {} and daemon.call("status")["zones"] == 0
    daemon.ctl("zone", "reload")
    daemon.process.send_signal(1)
    assert daemon.ask("static.catsndogs.lol").rcode() == dns.rcode.REFUSED
    daemon.ctl("zone", "add", "catsndogs.lol", daemon.zone_path)
    assert daemon.addresses("static.catsndogs.lol")
    restart(daemon)
    assert listed(daemon)["catsndogs.lol"]["source"] == "configuration"


def test_a_broken_zone_can_be_removed(daemon):
    two = write(daemon, "two.zone", zone_text("two.test"))
    daemon.ctl("zone", "add", "two.test", two)
    two.unlink()
    restart(daemon)
    daemon.ctl("zone", "remove", "two.test")
    restart(daemon)
    assert list(listed(daemon)) == ["catsndogs.lol"]


def test_a_zone_with_record_sets_is_not_removed(nested):
    said = nested.ctl("zone", "remove", "two.test", status=1).stderr
    assert "www.sub.two.test/A lies in it" in said
    assert nested.addresses("set.two.test") == ["127.0.0.2"]


# --- nested ---

def test_record_sets_move_into_an_added_zone_and_back(nested):
    def zone_of(name):
        return nested.call("record show", name, "A")["record_set"]["zone"]

    nested.set_weights("www.sub.two.test", "A", "blue=0", "green=1")
    assert nested.addresses("static.sub.two.test") == ["192.0.2.77"]
    sub = write(nested, "sub.zone", zone_text("sub.two.test").replace("www A", "host A"))
    nested.ctl("zone", "add", "sub.two.test", sub)
    for _ in range(2):
        assert zone_of("www.sub.two.test") == "sub.two.test"
        assert zone_of("set.two.test") == "two.test"
        assert nested.addresses("www.sub.two.test") == ["127.0.0.3"]
        assert nested.addresses("host.sub.two.test") == ["192.0.2.10"]
        assert nested.addresses("static.sub.two.test") == []  # the nested zone does not have it
        assert nested.addresses("set.two.test") == ["127.0.0.2"]
        assert "record set www.sub" not in nested.ctl("zone", "export", "two.test").stdout
        restart(nested)
    nested.ctl("zone", "reload")
    nested.ctl("zone", "remove", "sub.two.test")
    assert zone_of("www.sub.two.test") == "two.test"
    assert nested.addresses("www.sub.two.test") == ["127.0.0.3"]
    assert nested.addresses("static.sub.two.test") == ["192.0.2.77"]


def test_a_nested_zone_that_contradicts_a_record_set_is_refused(nested):
    sub = write(nested, "sub.zone", zone_text("sub.two.test"))  # www is a record set
    said = nested.ctl("zone", "add", "sub.two.test", sub, status=1).stderr
    assert "sub.zone:" in said and "record set" in said
    assert list(listed(nested)) == ["two.test"]
    assert nested.addresses("static.sub.two.test") == ["192.0.2.77"]


def test_the_zone_around_has_to_load_as_well(nested):
    sub = write(nested, "sub.zone", zone_text("sub.two.test").replace("www A", "host A"))
    write(nested, "two.zone", "rubbish")
    assert "two.zone:1" in nested.ctl("zone", "add", "sub.two.test", sub, status=1).stderr
    assert list(listed(nested)) == ["two.test"]
    assert nested.addresses("www.sub.two.test") == ["127.0.0.2"]


def test_a_broken_nested_zone_leaves_its_record_sets_to_the_zone_around_it(nested):
    sub = write(nested, "sub.zone", zone_text("sub.two.test").replace("www A", "host A"))
    nested.ctl("zone", "add", "sub.two.test", sub)
    write(nested, "sub.zone", "rubbish")
    restart(nested)
    assert nested.addresses("www.sub.two.test") == ["127.0.0.2"]
    assert nested.call("record show", "www.sub.two.test", "A")["record_set"]["zone"] == "two.test"
    # The zone around does not know what else there is: no NXDOMAIN, and nothing of its own.
    for name, kind in (("static.sub.two.test", "A"), ("host.sub.two.test", "A"),
                       ("sub.two.test", "SOA"), ("www.sub.two.test", "AAAA")):
        assert nested.ask(name, kind).rcode() == dns.rcode.SERVFAIL, name
    assert nested.ask("sub.two.test", "DS").rcode() == dns.rcode.NOERROR
    assert nested.ask("nope.two.test").rcode() == dns.rcode.NXDOMAIN
    write(nested, "sub.zone", zone_text("sub.two.test").replace("www A", "host A"))
    nested.ctl("zone", "reload", "sub.two.test")
    assert nested.addresses("host.sub.two.test") == ["192.0.2.10"]
    assert nested.ask("static.sub.two.test").rcode() == dns.rcode.NXDOMAIN
    assert nested.call("record show", "www.sub.two.test", "A")["record_set"]["zone"] == \
        "sub.two.test"


def test_a_zone_can_be_added_around_another(daemon):
    lol = write(daemon, "lol.zone", zone_text("lol", more="catsndogs NS ns1.catsndogs\n"
                                                          "ns1.catsndogs A 127.0.0.1\n"))
    daemon.ctl("zone", "add", "lol", lol)
    assert daemon.addresses("www.lol") == ["192.0.2.10"]
    assert daemon.addresses("static.catsndogs.lol")
    daemon.ctl("zone", "remove", "lol")
    assert daemon.addresses("static.catsndogs.lol")
    assert daemon.ask("www.lol").rcode() == dns.rcode.REFUSED
