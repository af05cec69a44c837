# SPDX-License-Identifier: BSD-2-Clause
"""Shares, and that a change is complete when `weight set` returns."""
import json
import os
import socket
import subprocess

import dns.edns
import dns.message
import pytest

import harness

DNSLOAD = str(harness.BUILD / "tests/integration/dnsload")


def load(daemon, sockets, limit, forms, name="www.catsndogs.lol", kind="A"):
    done = subprocess.run(
        [DNSLOAD, str(daemon.port), name, kind, str(sockets), str(limit), *forms],
        stdout=subprocess.PIPE, text=True, timeout=120, stdin=subprocess.DEVNULL)
    return json.loads(done.stdout)


def test_90_to_10_is_exact_over_all_workers(make_daemon):
    daemon = make_daemon({"record_sets": [harness.record_set(harness.two_members(90, 10))]})
    result = load(daemon, 100, 10000, ["127.0.0.2", "127.0.0.3"])
    assert result["lost"] == 0 and result["wrong"] == 0 and result["answered"] == 10000, result
    assert abs(result["by_form"]["127.0.0.2"] - 9000) <= 8, result
    assert abs(result["by_form"]["127.0.0.3"] - 1000) <= 8, result
    # the daemon's own count is the same
    shown = daemon.json("record", "show", "www.catsndogs.lol", "A")["record_set"]["members"]
    assert {one["id"]: one["answered"] for one in shown} == {
        "blue": result["by_form"]["127.0.0.2"], "green": result["by_form"]["127.0.0.3"]}


def test_both_workers_take_part(make_daemon):
    """Else the test above would say nothing about several workers: each has an own random start,
    and with both at work the sequence of one client port is not the sequence of all."""
    daemon = make_daemon({"record_sets": [harness.record_set(harness.two_members(50, 50))]})
    assert daemon.call("status")["workers"] == 2
    assert daemon.call("stats")["workers"] == 2
    tids = {}
    path = f"/proc/{daemon.process.pid}/task"
    load(daemon, 100, 20000, ["127.0.0.2", "127.0.0.3"])
    for tid in os.listdir(path):
        with open(f"{path}/{tid}/stat", encoding="ascii", errors="replace") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
            tids[tid] = int(fields[11]) + int(fields[12])
    assert sum(1 for ticks in tids.values() if ticks > 0) >= 2, tids


@pytest.mark.parametrize("weights", [(1, 0), (1, 1), (255, 1), (3, 5), (33, 67)])
def test_exact_keeps_any_share(make_daemon, weights):
    daemon = make_daemon({"record_sets": [harness.record_set(harness.two_members(*weights))]})
    result = load(daemon, 50, 5000, ["127.0.0.2", "127.0.0.3"])
    expected = 5000 * weights[0] / sum(weights)
    assert result["wrong"] == 0 and abs(result["by_form"]["127.0.0.2"] - expected) <= 8, result


def test_all_zero_is_equal_shares(make_daemon):
    daemon = make_daemon({"record_sets": [harness.record_set(harness.two_members(0, 0))]})
    result = load(daemon, 50, 2000, ["127.0.0.2", "127.0.0.3"])
    assert abs(result["by_form"]["127.0.0.2"] - 1000) <= 8, result


def test_random_is_near_its_share(make_daemon):
    daemon = make_daemon({"record_sets": [
        harness.record_set(harness.two_members(90, 10), choice="random")]})
    result = load(daemon, 50, 10000, ["127.0.0.2", "127.0.0.3"])
    # six standard deviations of a binomial with p = 0.1: 6 * sqrt(10000 * 0.09) = 180
    assert abs(result["by_form"]["127.0.0.3"] - 1000) < 180, result
    assert result["by_form"]["127.0.0.3"] != 0


def test_sticky_gives_one_client_one_member_and_moves_only_towards_the_candidate(make_daemon):
    sets = [harness.record_set(harness.two_members(50, 50), choice="sticky"),
            harness.record_set([harness.member("blue", 50, "2001:db8::2"),
                                harness.member("green", 50, "2001:db8::3")],
                               kind="AAAA", choice="sticky")]
    daemon = make_daemon({"server": {"client_subnet": ["127.0.0.0/8"]}, "record_sets": sets})

    def member_of(client, kind):
        option = dns.edns.ECSOption(f"10.{client // 250}.{client % 250}.0", 24)
        answer = daemon.ask("www.catsndogs.lol", kind, use_edns=0, options=[option])
        return answer.answer[0][0].to_text()[-1]

    before = [member_of(client, "A") for client in range(200)]
    assert 60 < before.count("3") < 140
    assert before == [member_of(client, "A") for client in range(200)]
    assert before == [member_of(client, "AAAA") for client in range(200)]
    daemon.set_weights("www.catsndogs.lol", "A", "blue=20", "green=80")
    after = [member_of(client, "A") for client in range(200)]
    assert all(new == "3" for old, new in zip(before, after) if old == "3")
    assert 130 < after.count("3") < 190


def test_no_answer_is_old_once_weight_set_has_returned(make_daemon):
    daemon = make_daemon({"record_sets": [harness.record_set(harness.two_members())]})
    client = daemon.client()
    wire = dns.message.make_query("www.catsndogs.lol", "A").to_wire()
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(16)]
    for udp in sockets:
        udp.settimeout(5)
        udp.connect(("127.0.0.1", daemon.port))
    for turn in range(500):
        green = turn % 2 == 0
        client.call("weight set", "www.catsndogs.lol", "A", f"blue={0 if green else 100}",
                    f"green={100 if green else 0}")
        # several ports, so that each worker is asked
        for udp in sockets[turn % 4::4]:
            udp.send(wire)
        for udp in sockets[turn % 4::4]:
            assert udp.recv(512)[-4:] == (b"\x7f\0\0\3" if green else b"\x7f\0\0\2"), turn
    for udp in sockets:
        udp.close()
    client.close()


def chain_sets():
    """An answer to hop.catsndogs.lol passes two weighted record sets."""
    return [
        harness.record_set([harness.member("one", 100, "t1.catsndogs.lol"),
                            harness.member("two", 0, "t2.catsndogs.lol")],
                           name="hop.catsndogs.lol", kind="CNAME"),
        harness.record_set([harness.member("a", 100, "192.0.2.1"),
                            harness.member("b", 0, "192.0.2.2")], name="t1.catsndogs.lol"),
        harness.record_set([harness.member("a", 0, "192.0.2.3"),
                            harness.member("b", 100, "192.0.2.4")], name="t2.catsndogs.lol"),
    ]


def test_several_record_sets_change_whole_or_not_at_all(make_daemon):
    """Either hop -> t1 -> .1 or hop -> t2 -> .3; .2 and .4 would be halves of two states."""
    daemon = make_daemon({"record_sets": chain_sets()})
    states = [
        ["hop.catsndogs.lol", "CNAME", "one=100", "two=0", "t1.catsndogs.lol", "A", "a=100", "b=0",
         "t2.catsndogs.lol", "A", "a=0", "b=100"],
        ["hop.catsndogs.lol", "CNAME", "one=0", "two=100", "t1.catsndogs.lol", "A", "a=0", "b=100",
         "t2.catsndogs.lol", "A", "a=100", "b=0"],
    ]
    seconds = 3
    process = subprocess.Popen(
        [DNSLOAD, str(daemon.port), "hop.catsndogs.lol", "A", "32", f"{seconds}s", "192.0.2.1",
         "192.0.2.3"], stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
    client = daemon.client()
    changes = 0
    while process.poll() is None:
        client.call("weight set", *states[(changes + 1) % 2])
        changes += 1
    client.close()
    result = json.loads(process.communicate()[0])
    assert result["wrong"] == 0 and result["lost"] == 0, result
    assert changes > 20 and all(result["by_form"].values()), (changes, result)


def test_ballastctl_sets_weights_and_says_so(make_daemon):
    daemon = make_daemon({"record_sets": [harness.record_set(harness.two_members())]})
    daemon.ctl("weight", "set", "www.catsndogs.lol", "A", "blue=1", "green=3")
    assert daemon.weights() == {"blue": 1, "green": 3}
    shown = daemon.json("record", "show", "WWW.catsndogs.lol.", "a")["record_set"]
    assert [one["share_configured"] for one in shown["members"]] == [0.25, 0.75]
    history = daemon.json("history")["history"]
    assert any(one["kind"] == "weights" and "uid" in one["who"] for one in history), history


@pytest.mark.parametrize("ttl, ends", [(600, False), (2, True)])
def test_the_share_expected_at_resolvers_follows_within_one_ttl(make_daemon, ttl, ends):
    daemon = make_daemon({"record_sets": [harness.record_set(harness.two_members(), ttl=ttl)]})

    def green():
        members = daemon.json("record", "show", "www.catsndogs.lol", "A")["record_set"]["members"]
        assert sum(one["share_expected"] for one in members) == pytest.approx(1)
        return members[1]

    assert green()["share_expected"] == 0
    daemon.set_weights("www.catsndogs.lol", "A", "blue=0", "green=100")
    assert green()["share_effective"] == 1
    assert 0 <= green()["share_expected"] < (1 if ends else 0.5)
    if ends:
        harness.wait_for(lambda: green()["share_expected"] == 1, "no cache has the old answer")


def test_weights_as_set_survive_a_restart(make_daemon):
    daemon = make_daemon({"record_sets": [harness.record_set(harness.two_members())]})
    daemon.set_weights("www.catsndogs.lol", "A", "blue=7", "green=9")
    daemon.stop()
    daemon.start()
    assert daemon.weights() == {"blue": 7, "green": 9}


@pytest.mark.parametrize("arguments, text", [
    (["www.catsndogs.lol", "A", "blue=256"], "255"),
    (["www.catsndogs.lol", "A", "blue=-1"], "255"),
    (["www.catsndogs.lol", "A", "blue=1.5"], "255"),
    (["www.catsndogs.lol", "A", "blue="], "255"),
    (["www.catsndogs.lol", "A", "blue=0x10"], "255"),
    (["www.catsndogs.lol", "A", "blue=1 "], "255"),
    (["www.catsndogs.lol", "A", "blue=99999999999999999999"], "255"),
    (["www.catsndogs.lol", "A", "red=1"], "red"),
    (["www.catsndogs.lol", "A", "red=1", "pink=2"], "red"),
    (["www.catsndogs.lol", "A", "blue=1", "red=2"], "red"),
    (["www.catsndogs.lol", "A", "blue=1", "blue=2"], "blue"),
    (["www.catsndogs.lol", "A", "blue"], "blue"),
    (["nope.catsndogs.lol", "A", "blue=1"], "nope.catsndogs.lol"),
    (["www.catsndogs.lol", "AAAA", "blue=1"], "AAAA"),
    (["www.catsndogs.lol", "NOTYPE", "blue=1"], "NOTYPE"),
    (["static.catsndogs.lol", "A", "blue=1"], "static.catsndogs.lol"),
    (["www.catsndogs.lol", "A", "blue=1", "nope.catsndogs.lol", "A", "blue=1"], "nope"),
    (["www.catsndogs.lol", "A"], ""),
    (["www.catsndogs.lol"], ""),
    ([], "usage"),
])
def test_a_wrong_weight_is_refused_and_changes_nothing(wrong_daemon, arguments, text):
    done = wrong_daemon.ctl("weight", "set", *arguments, status=None)
    assert done.returncode in (1, 2), done
    assert text.lower() in done.stderr.lower() and done.stderr.strip(), done
    assert wrong_daemon.weights() == {"blue": 100, "green": 0}
    assert wrong_daemon.addresses() == ["127.0.0.2"]


@pytest.fixture(scope="module")
def wrong_daemon(request):
    daemon = harness.Daemon({"record_sets": [harness.record_set(harness.two_members())]})
    request.addfinalizer(daemon.close)
    return daemon.start()
