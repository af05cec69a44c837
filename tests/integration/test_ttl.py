# SPDX-License-Identifier: BSD-2-Clause
"""A record set's TTL, lowered at run time."""
import pytest

import harness

NAME, TYPE = "www.catsndogs.lol", "A"


def ttl(daemon, transport="udp"):
    return daemon.ask(NAME, TYPE, transport=transport).answer[0].ttl


def shown(daemon):
    found = daemon.json("record", "show", NAME, TYPE)["record_set"]
    return found["ttl_s"], found["ttl_configured_s"]


@pytest.fixture
def daemon(make_daemon):
    return make_daemon({"record_sets": [harness.record_set(harness.two_members(), ttl=60)]})


def test_a_lower_ttl_is_answered_until_it_is_taken_back(daemon):
    assert ttl(daemon) == 60 and shown(daemon) == (60, 60)
    assert "TTL 5 s (configured 60 s)" in daemon.ctl("record", "ttl", NAME, TYPE, 5).stdout
    assert {ttl(daemon, one) for one in ("udp", "tcp")} == {5} and shown(daemon) == (5, 60)
    daemon.set_weights(NAME, TYPE, "blue=1", "green=99")  # a shift leaves it alone
    daemon.ctl("zone", "reload")
    assert {ttl(daemon) for _ in range(20)} == {5}
    daemon.ctl("record", "ttl", NAME, TYPE, 0)
    assert ttl(daemon) == 0
    daemon.ctl("record", "ttl", NAME, TYPE, "default")
    assert ttl(daemon) == 60 and shown(daemon) == (60, 60)
    texts = [one["text"] for one in daemon.json("history", "--record", f"{NAME}/{TYPE}")["history"]]
    assert f"{NAME}/{TYPE}: TTL 60 -> 5" in texts and f"{NAME}/{TYPE}: TTL 0 -> 60" in texts


def test_a_lower_ttl_is_kept_over_a_kill(daemon):
    daemon.ctl("record", "ttl", NAME, TYPE, 7)
    daemon.kill()
    daemon.start()
    assert ttl(daemon) == 7 and shown(daemon) == (7, 60)


def test_a_configuration_with_less_wins(daemon):
    daemon.ctl("record", "ttl", NAME, TYPE, 30)
    daemon.kill()
    daemon.config["record_sets"][0]["ttl"] = 10
    daemon.start()
    assert ttl(daemon) == 10 and shown(daemon) == (10, 10)


@pytest.mark.parametrize("value", ["61", "5s", "", "x", "99999999999999999999"])
def test_what_is_no_lower_ttl_is_refused(daemon, value):
    refused = daemon.ctl("record", "ttl", NAME, TYPE, value, status=1).stderr
    assert f"TTL {value}: expected seconds from 0 to 60" in refused
    assert ttl(daemon) == 60 and shown(daemon) == (60, 60)


def test_a_record_set_that_is_not_there_has_no_ttl(daemon):
    assert "nope" in daemon.ctl("record", "ttl", "nope", TYPE, 5, status=1).stderr
