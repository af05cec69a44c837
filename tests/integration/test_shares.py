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


def test_the_history_of_a_rollout_has_the_shares_of_each_moment(make_lab):
    lab = make_lab(hold="60s", steps=(10, 100))
    daemon = lab.daemon
    daemon.push(harness.task_event())
    lab.wait_step(1)
    for _ in range(50):
        daemon.ask(NAME)
    answered = [one["answered"] / 50 for one in shown(daemon)["members"]]
    daemon.ctl("rollout", "promote", "cats")
    lab.wait_state("succeeded")
    daemon.kill()
    daemon.start()
    lines = daemon.json("rollout", "history", "cats")["history"]
    start, promoted = lines[0], lines[-1]
    shares, = start["shares"]  # as they were until the first shift
    assert shares["record_set"] == f"{NAME}/{TYPE}"
    assert [one["id"] for one in shares["members"]] == ["blue", "green"]
    assert [one["share_configured"] for one in shares["members"]] == [1, 0]
    assert [one["share_answered"] for one in shares["members"]] == [None, None]
    shares, = promoted["shares"]  # what became of the step before
    blue, green = shares["members"]
    assert shares["answers_since_shift"]["answers"] == 50
    assert (blue["share_configured"], green["share_configured"]) == (0.9, 0.1)
    assert [blue["share_answered"], green["share_answered"]] == pytest.approx(answered)
    assert 0 < green["share_expected"] < 0.1 and green["share_traffic"] is None
    assert daemon.json("history")["history"][-1] == promoted
    assert f"blue {100 * answered[0]:.1f}/" in daemon.ctl("rollout", "history", "cats").stdout


def test_the_line_that_ends_a_rollout_has_its_last_shares(make_lab):
    lab = make_lab(hold="300ms", steps=(100,))
    lab.daemon.push(harness.task_event())
    lab.wait_state("succeeded")
    end = lab.daemon.json("rollout", "history", "cats")["history"][-1]
    assert end["kind"] == "succeeded" and end["weights"] == []
    assert [one["share_configured"] for one in end["shares"][0]["members"]] == [0, 1]


def test_other_lines_of_the_history_have_no_shares(daemon):
    daemon.set_weights(NAME, TYPE, "blue=1")
    assert daemon.json("history")["history"][-1]["shares"] == []
