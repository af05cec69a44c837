# SPDX-License-Identifier: BSD-2-Clause
"""The shares of a record set's members, as they are."""
import pytest

import harness

NAME, TYPE = "www.catsndogs.lol", "A"


def shown(daemon):
    return daemon.json("record", "show", NAME, TYPE)["record_set"]


def member(daemon, identifier):
    return next(one for one in shown(daemon)["members"] if one["id"] == identifier)


@pytest.fixture(name="daemon")
def fixture_daemon(make_daemon):
    return make_daemon({"record_sets": [harness.record_set(harness.two_members(75, 25), ttl=60)]})


def test_what_was_answered_is_counted_exactly_since_the_shift(daemon):
    assert member(daemon, "green")["share_answered"] is None
    for _ in range(40):
        daemon.ask(NAME)
    found = shown(daemon)
    assert found["answers_since_shift"]["answers"] == 40
    assert sum(one["answered_since_shift"] for one in found["members"]) == 40
    assert found["members"][1]["share_answered"] == found["members"][1]["answered"] / 40
    began = found["answers_since_shift"]["since"]

    daemon.set_weights(NAME, TYPE, "blue=0", "green=100")  # returns when no worker has the old weights
    found = shown(daemon)
    assert found["answers_since_shift"]["answers"] == 0
    assert found["answers_since_shift"]["since"] >= began
    for _ in range(7):
        daemon.ask(NAME, transport="tcp")
    found = shown(daemon)
    assert [one["answered_since_shift"] for one in found["members"]] == [0, 7]
    assert [one["share_answered"] for one in found["members"]] == [0, 1]
    # Since the start, and of the last minute, they are there still.
    assert sum(one["answered"] for one in found["members"]) == 47
    assert found["answers_lately"]["answers"] == 47
    assert sum(one["answered_lately"] for one in found["members"]) == 47
    assert sum(one["share_answered_lately"] for one in found["members"]) == pytest.approx(1)
    text = daemon.ctl("record", "show", NAME, TYPE).stdout
    assert "answered 7 since 20" in text and "lately 47 in " in text


def test_what_is_no_shift_does_not_begin_anew(daemon):
    for _ in range(5):
        daemon.ask(NAME)
    daemon.set_weights(NAME, TYPE, "blue=75", "green=25")  # as they are
    daemon.ctl("record", "ttl", NAME, TYPE, 5)
    daemon.ctl("zone", "reload")
    assert shown(daemon)["answers_since_shift"]["answers"] == 5


def test_members_of_no_weight_and_forced_ones_have_their_shares(daemon):
    daemon.ctl("health", "force", f"{NAME}/{TYPE}/green", "down")
    green = member(daemon, "green")
    assert green["share_configured"] == 0.25 and green["share_effective"] == 0
    assert green["share_traffic"] is None
