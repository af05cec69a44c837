# SPDX-License-Identifier: BSD-2-Clause
"""Zones at run time: reload is all or nothing and loses no query."""
import json
import os
import signal
import subprocess

import pytest

import harness
from test_weights import DNSLOAD


@pytest.fixture
def daemon(make_daemon):
    return make_daemon({"record_sets": [harness.record_set(harness.two_members())]})


def change_zone(daemon, old, new):
    """As an editor saves: a new file in the place of the old."""
    text = daemon.zone_path.read_text()
    assert old in text
    fresh = daemon.folder / "new.zone"
    fresh.write_text(text.replace(old, new))
    os.replace(fresh, daemon.zone_path)


def test_reload_serves_the_new_zone(daemon):
    change_zone(daemon, "192.0.2.2", "192.0.2.222")
    assert "192.0.2.2" in daemon.addresses("static.catsndogs.lol")
    reloaded = daemon.json("zone", "reload", "catsndogs.lol")["zones"]
    assert [one["name"] for one in reloaded] == ["catsndogs.lol"]
    assert sorted(daemon.addresses("static.catsndogs.lol")) == ["192.0.2.1", "192.0.2.222"]


def test_sighup_reloads(daemon):
    change_zone(daemon, "192.0.2.2", "192.0.2.222")
    daemon.process.send_signal(signal.SIGHUP)
    harness.wait_for(lambda: "192.0.2.222" in daemon.addresses("static.catsndogs.lol"),
                     "the new zone is served")


@pytest.mark.parametrize("line, text", [
    ("broken A not-an-address", "catsndogs.lol.zone:"),
    ("outside.example.net. A 192.0.2.9", "catsndogs.lol.zone:"),
    ("static CNAME www", "catsndogs.lol.zone:"),
    ("www A 192.0.2.9", "catsndogs.lol.zone:"),
    ("@ SOA ns1 hostmaster 2 3600 600 86400 60", "catsndogs.lol.zone:"),
])
def test_a_zone_that_stops_parsing_leaves_the_old_one(daemon, line, text):
    number = daemon.zone_path.read_text().count("\n") + 1
    change_zone(daemon, "$ORIGIN", f"; 1\n$ORIGIN")
    with open(daemon.zone_path, "a", encoding="ascii") as zone:
        zone.write(line + "\n")
    done = daemon.ctl("zone", "reload", status=1)
    assert text in done.stderr and f":{number + 1}" in done.stderr, done
    assert sorted(daemon.addresses("static.catsndogs.lol")) == ["192.0.2.1", "192.0.2.2"]
    assert daemon.addresses() == ["127.0.0.2"]


def test_reload_on_sighup_of_a_broken_zone_is_logged_and_leaves_the_old_one(daemon):
    daemon.zone_path.write_text("rubbish")
    daemon.process.send_signal(signal.SIGHUP)
    harness.wait_for(lambda: "catsndogs.lol.zone:1" in daemon.log(), "the log names the line")
    assert daemon.addresses("static.catsndogs.lol")


def test_a_missing_zone_file_leaves_the_old_one(daemon):
    daemon.zone_path.unlink()
    assert "catsndogs.lol.zone" in daemon.ctl("zone", "reload", status=1).stderr
    assert daemon.addresses("static.catsndogs.lol")


def test_several_zones_are_reloaded_all_or_nothing(make_daemon):
    second = "$ORIGIN two.test.\n$TTL 60\n@ SOA ns h 1 1 1 1 1\n@ NS ns\nns A 127.0.0.1\n"
    daemon = make_daemon(
        {"zones": [{"name": "catsndogs.lol", "file": "catsndogs.lol.zone"},
                   {"name": "two.test", "file": "two.zone"}]},
        {"catsndogs.lol.zone": harness.ZONE, "two.zone": second})
    change_zone(daemon, "192.0.2.2", "192.0.2.222")
    (daemon.folder / "two.zone").write_text(second + "ns CNAME x\n")
    assert "two.zone:" in daemon.ctl("zone", "reload", status=1).stderr
    assert "192.0.2.222" not in daemon.addresses("static.catsndogs.lol")
    daemon.ctl("zone", "reload", "catsndogs.lol")
    assert "192.0.2.222" in daemon.addresses("static.catsndogs.lol")


def test_zone_check_and_unknown_zones(daemon):
    daemon.ctl("zone", "check")
    assert "nope.test" in daemon.ctl("zone", "reload", "nope.test", status=1).stderr
    change_zone(daemon, "192.0.2.2", "rubbish")
    assert "catsndogs.lol.zone:" in daemon.ctl("zone", "check", status=1).stderr


def test_zone_list_shows_what_is_served(daemon):
    zone, = daemon.json("zone", "list")["zones"]
    assert zone["name"] == "catsndogs.lol" and zone["serial"] == 1
    assert zone["records"] > 20 and zone["names"] > 10 and zone["memory_octets"] > 1000


def test_reloads_under_load_lose_no_query(daemon):
    process = subprocess.Popen(
        [DNSLOAD, str(daemon.port), "static.catsndogs.lol", "A", "64", "3s",
         "192.0.2.1,192.0.2.2", "192.0.2.1,192.0.2.222"],
        stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
    reloads = 0
    while process.poll() is None:
        old, new = ("192.0.2.2\n", "192.0.2.222\n")
        change_zone(daemon, *((old, new) if reloads % 2 == 0 else (new, old)))
        daemon.call("zone reload")
        reloads += 1
    result = json.loads(process.communicate()[0])
    assert result["lost"] == 0 and result["wrong"] == 0, result
    assert reloads > 5 and all(result["by_form"].values()), (reloads, result)


def test_a_reload_keeps_weights(daemon):
    daemon.set_weights("www.catsndogs.lol", "A", "blue=0", "green=50")
    daemon.ctl("zone", "reload")
    assert daemon.weights() == {"blue": 0, "green": 50}
    assert daemon.addresses() == ["127.0.0.3"]


def write_large_zone(daemon, names=40000):
    """One that takes a while to load."""
    lines = [f"host{one} A 192.0.{one >> 8}.{one & 255}\n" for one in range(names)]
    daemon.zone_path.write_text(harness.ZONE + "".join(lines))


def test_many_signals_are_one_reload_after_the_one_that_runs(daemon):
    """Each reload of signals has one line in the history, however many signals asked for it."""
    write_large_zone(daemon)
    for _ in range(50):
        daemon.process.send_signal(signal.SIGHUP)
        daemon.call("status")
    daemon.call("zone reload")  # after all that was asked for before, or together with the last
    lines = [one for one in daemon.json("history")["history"] if one["kind"] == "zone"]
    by_signal = [one for one in lines if one["who"] == "signal HUP"]
    assert 1 <= len(by_signal) <= daemon.log().count("zone catsndogs.lol: reloaded")


def test_whoever_waits_for_a_reload_is_told_that_the_daemon_stops(daemon):
    write_large_zone(daemon)
    first, second = daemon.client(), daemon.client()
    for client in (first, second):
        client.call("status")
        client.send("zone reload")
    daemon.call("stop")
    for client in (first, second):
        answer = client.receive()
        assert answer["ok"] or "the daemon stops" in answer["error"], answer
        client.close()
    assert daemon.process.wait(20 * harness.PATIENCE) == 0
    daemon.process = None
