# SPDX-License-Identifier: BSD-2-Clause
"""Alias targets: members whose addresses are those that a host has at the time."""
import collections
import contextlib
import socket
import subprocess
import threading

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

import harness
from fake_resolver import FakeResolver
from harness import record_set, task_event, wait_for

ELB = "green.elb.example.com"
QUICK = {"min_ttl": "1s", "max_ttl": "2s", "stale_after": "1h"}


def alias(identifier, weight, target=ELB, **more):
    return dict(id=identifier, weight=weight, alias=target, **more)


@pytest.fixture
def resolver(keep):
    return keep(FakeResolver())


@pytest.fixture
def make(keep, resolver):
    """make(sets, …) is a daemon, not started yet, that asks the fake resolver."""
    def make_one(sets, limits=None, resolvers=None, **sections):
        control = {"resolvers": resolvers or [resolver.address], "alias": limits or QUICK}
        return keep(harness.Daemon({"control": control, "record_sets": sets, **sections}))

    return make_one


def shown(daemon, member="green", name="www.catsndogs.lol", kind="A"):
    members = daemon.call("record show", name, kind)["record_set"]["members"]
    return next(one for one in members if one["id"] == member)


def wait_for_addresses(daemon, *addresses, name="www.catsndogs.lol", kind="A"):
    wait_for(lambda: sorted(daemon.addresses(name, kind)) == sorted(addresses),
             f"{name} has {addresses}")


def extended_error(daemon, name="www.catsndogs.lol"):
    """The INFO-CODE (RFC 8914) of an answer, or None."""
    for option in daemon.ask(name, use_edns=0).options:
        if option.otype == 15:
            return int.from_bytes(option.to_wire()[:2], "big")
    return None


def generation(daemon):
    return daemon.call("status")["generation"]


def test_a_change_of_addresses_changes_the_answers_and_no_answer_is_wrong(make, resolver):
    old, new = {"127.0.0.2", "127.0.0.3"}, {"127.0.0.4", "127.0.0.5", "127.0.0.6"}
    resolver.set(ELB, *old)
    daemon = make([record_set([alias("green", 1)], ttl=7)]).start()
    wait_for_addresses(daemon, *old)
    before = generation(daemon)
    seen, wrong = [], []
    is_over = threading.Event()

    def watch():
        while not is_over.is_set():
            answer = daemon.ask("www.catsndogs.lol")
            addresses = {one.to_text() for rrset in answer.answer for one in rrset}
            seen.append(addresses)
            if answer.rcode() or answer.answer[0].ttl != 7 or addresses not in (old, new):
                wrong.append(answer)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        resolver.set(ELB, *new)
        # the TTL is 1 s, the floor too
        wait_for(lambda: seen[-1:] == [new], "the new addresses are answered", 3)
    finally:
        is_over.set()
        watcher.join()
    assert not wrong and old in seen
    assert generation(daemon) == before + 1  # one publish
    green = shown(daemon)
    assert set(green["values"]) == new
    assert green["alias"]["target"] == ELB and green["alias"]["source"] == "resolver"
    assert green["alias"]["ttl_s"] == 1 and green["alias"]["age_s"] < 5 * harness.PATIENCE
    assert green["alias"]["stale"] is False and green["alias"]["last_failure"] is None


def test_another_order_publishes_nothing(make, resolver):
    resolver.set(ELB, "127.0.0.2", "127.0.0.3")
    daemon = make([record_set([alias("green", 1)])]).start()
    wait_for_addresses(daemon, "127.0.0.2", "127.0.0.3")
    before = generation(daemon)
    resolver.set(ELB, "127.0.0.3", "127.0.0.2")
    asked = len(resolver.asked)
    wait_for(lambda: len(resolver.asked) >= asked + 2, "it is asked for twice more")
    assert generation(daemon) == before


def test_ipv6_and_cnames_on_the_way(make, resolver):
    resolver.cname = "real.elb.example.com."
    resolver.set(ELB, "2001:db8::2", kind="AAAA")
    resolver.set(ELB, "127.0.0.2")
    daemon = make([record_set([alias("green", 1)]),
                   record_set([alias("green", 1)], kind="AAAA")]).start()
    wait_for_addresses(daemon, "127.0.0.2")
    wait_for_addresses(daemon, "2001:db8::2", kind="AAAA")


def test_an_alias_at_the_apex_of_the_zone(make, resolver):
    """What a CNAME may not do: the whole name, beside SOA and NS."""
    resolver.set(ELB, "127.0.0.2")
    daemon = make([record_set([alias("only", 1)], name="catsndogs.lol")]).start()
    wait_for_addresses(daemon, "127.0.0.2", name="catsndogs.lol")
    answer = daemon.ask("catsndogs.lol")
    assert [rrset.rdtype for rrset in answer.answer] == [dns.rdatatype.A]
    assert answer.flags & dns.flags.AA
    assert daemon.ask("catsndogs.lol", "SOA").answer and daemon.ask("catsndogs.lol", "NS").answer
    resolver.set(ELB, "127.0.0.9")
    wait_for_addresses(daemon, "127.0.0.9", name="catsndogs.lol")


def test_an_alias_at_a_wildcard(make, resolver):
    resolver.set(ELB, "127.0.0.2", "127.0.0.3")
    daemon = make([record_set([alias("only", 1)], name="*.lb.catsndogs.lol")]).start()
    wait_for_addresses(daemon, "127.0.0.2", "127.0.0.3", name="some.lb.catsndogs.lol")
    answer = daemon.ask("some.lb.catsndogs.lol")
    assert answer.answer[0].name.to_text() == "some.lb.catsndogs.lol."


def test_record_sets_that_share_a_target_change_in_one_publish(make, resolver):
    resolver.set(ELB, "127.0.0.2")
    names = ["www.catsndogs.lol", "api.catsndogs.lol"]
    daemon = make([record_set([alias("green", 1, ELB.upper() + ".")], name=names[0]),
                   record_set([alias("green", 1)], name=names[1])]).start()
    for name in names:
        wait_for_addresses(daemon, "127.0.0.2", name=name)
    before = generation(daemon)
    asked = len(resolver.asked)
    resolver.set(ELB, "127.0.0.3")
    for name in names:
        wait_for_addresses(daemon, "127.0.0.3", name=name)
    assert generation(daemon) == before + 1
    assert len(resolver.asked) - asked <= 6 * harness.PATIENCE and set(resolver.asked) == {(ELB, "A")}


@pytest.mark.parametrize("how", ["broken", "silent", "gone", "empty"])
def test_when_resolution_fails_the_last_good_addresses_stay(make, resolver, how):
    resolver.set(ELB, "127.0.0.2")
    daemon = make([record_set([alias("green", 1)])]).start()
    wait_for_addresses(daemon, "127.0.0.2")
    before = generation(daemon)
    if how == "gone":
        del resolver.hosts[ELB, "A"]  # NXDOMAIN
    elif how == "empty":
        resolver.set(ELB)  # NODATA
    else:
        setattr(resolver, how, True)
    wait_for(lambda: shown(daemon)["alias"]["failures"] > 0, "a failure is shown", 15)
    green = shown(daemon)
    assert daemon.addresses() == ["127.0.0.2"] and green["values"] == ["127.0.0.2"]
    assert green["alias"]["source"] == "resolver" and green["alias"]["last_failure"]
    assert green["effective_weight"] == 1 and green["health"] == "unchecked"
    assert generation(daemon) == before
    text = daemon.ctl("record", "show", "www.catsndogs.lol", "A").stdout
    assert f"green is {ELB}: from the resolver, " in text and "failed: " in text
    # and it is found again
    resolver.broken = resolver.silent = False
    resolver.set(ELB, "127.0.0.3")
    wait_for_addresses(daemon, "127.0.0.3")


def test_past_the_bound_the_member_is_unhealthy_and_the_other_one_answers(make, resolver):
    resolver.set(ELB, "127.0.0.2")
    members = [alias("green", 100), harness.member("blue", 0, "127.0.0.7")]
    limits = {"min_ttl": "1s", "max_ttl": "1s", "stale_after": "3s"}
    daemon = make([record_set(members)], limits).start()
    wait_for_addresses(daemon, "127.0.0.2")
    resolver.broken = True
    wait_for(lambda: daemon.addresses() == ["127.0.0.7"], "blue answers")
    green = shown(daemon)
    assert green["health"] == "unhealthy" and green["effective_weight"] == 0
    assert green["alias"]["stale"] is True and green["alias"]["age_s"] >= 3
    assert green["values"] == ["127.0.0.2"] and green["weight"] == 100
    assert "stale" in daemon.ctl("record", "show", "www.catsndogs.lol", "A").stdout
    resolver.broken = False
    wait_for_addresses(daemon, "127.0.0.2")
    assert shown(daemon)["health"] == "unchecked"


def test_a_stale_member_alone_still_answers(make, resolver):
    """Fail open: old addresses are better than none."""
    resolver.set(ELB, "127.0.0.2")
    limits = {"min_ttl": "1s", "max_ttl": "1s", "stale_after": "2s"}
    daemon = make([record_set([alias("green", 1)])], limits).start()
    wait_for_addresses(daemon, "127.0.0.2")
    resolver.silent = True
    wait_for(lambda: shown(daemon)["alias"]["stale"], "it is stale")
    assert daemon.addresses() == ["127.0.0.2"] and shown(daemon)["effective_weight"] == 1
    assert extended_error(daemon) == 3  # Stale Answer
    resolver.silent = False
    wait_for(lambda: extended_error(daemon) is None, "the answer is not stale", 15)


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_restart_with_a_dead_resolver_serves_what_is_remembered(make, resolver, end):
    resolver.set(ELB, "127.0.0.2", "127.0.0.3")
    daemon = make([record_set([alias("green", 1)])]).start()
    wait_for_addresses(daemon, "127.0.0.2", "127.0.0.3")
    resolver.silent = True
    getattr(daemon, end)()
    daemon.start()
    assert sorted(daemon.addresses()) == ["127.0.0.2", "127.0.0.3"]  # from the first answer on
    green = shown(daemon)
    assert green["alias"]["source"] == "state file" and green["alias"]["resolved_at"]
    assert green["health"] == "unchecked"
    resolver.silent = False
    wait_for(lambda: shown(daemon)["alias"]["source"] == "resolver", "it is resolved", 15)


def test_what_is_remembered_for_too_long_is_unhealthy_from_the_start(make, resolver):
    resolver.set(ELB, "127.0.0.2")
    limits = {"min_ttl": "1s", "max_ttl": "1s", "stale_after": "2s"}
    members = [alias("green", 100), harness.member("blue", 0, "127.0.0.7")]
    daemon = make([record_set(members)], limits).start()
    wait_for_addresses(daemon, "127.0.0.2")
    resolver.silent = True
    wait_for(lambda: shown(daemon)["alias"]["stale"], "it is stale")
    daemon.stop()
    daemon.start()
    assert daemon.addresses() == ["127.0.0.7"]
    assert shown(daemon)["alias"]["stale"] is True


def test_with_nothing_known_the_answer_is_servfail_until_there_is_something(make, resolver):
    resolver.broken = True
    daemon = make([record_set([alias("green", 1)])]).start()
    answer = daemon.ask("www.catsndogs.lol")
    assert answer.rcode() == dns.rcode.SERVFAIL and not answer.answer and not answer.authority
    assert extended_error(daemon) == 14  # Not Ready
    assert daemon.ask("aliased.catsndogs.lol").rcode() == dns.rcode.SERVFAIL  # a CNAME to it
    assert daemon.ask("www.catsndogs.lol", "AAAA").rcode() == dns.rcode.NOERROR
    green = shown(daemon)
    assert green["effective_weight"] == 0 and green["health"] == "unhealthy"
    assert green["values"] == [] and green["alias"]["source"] == "none"
    assert green["alias"]["age_s"] is None
    text = daemon.ctl("record", "show", "www.catsndogs.lol", "A").stdout
    assert f"green is {ELB}: no addresses yet, takes no part" in text
    # forcing it up gives it no addresses
    daemon.call("health force", "www.catsndogs.lol/A/green", "up")
    assert daemon.ask("www.catsndogs.lol").rcode() == dns.rcode.SERVFAIL
    resolver.set(ELB, "127.0.0.2")
    resolver.broken = False
    wait_for(lambda: daemon.ask("www.catsndogs.lol").rcode() == dns.rcode.NOERROR, "it resolves")
    assert daemon.addresses() == ["127.0.0.2"]


def test_a_member_without_addresses_takes_no_part(make, resolver):
    resolver.broken = True
    members = [alias("green", 100), harness.member("blue", 0, "127.0.0.7")]
    daemon = make([record_set(members)]).start()
    assert [daemon.addresses() for _ in range(20)] == [["127.0.0.7"]] * 20
    daemon.call("health force", "www.catsndogs.lol/A/blue", "down")  # nobody is healthy
    assert [daemon.addresses() for _ in range(20)] == [["127.0.0.7"]] * 20


def test_health_checks_follow_the_addresses(make, resolver, keep):
    port = harness.free_port(("127.0.0.2", "127.0.0.3"))
    old = keep(harness.Backend("127.0.0.2", port, "old\n"))
    new = keep(harness.Backend("127.0.0.3", port, "new\n"))
    old.healthy = False
    resolver.set(ELB, "127.0.0.2")
    check = {"name": "cats", "type": "http", "port": port, "path": "/", "interval": "250ms",
             "timeout": "250ms", "rise": 1, "fall": 3}
    members = [alias("green", 100, health_check="cats"), harness.member("blue", 0, "127.0.0.7")]
    daemon = make([record_set(members)], health_checks=[check]).start()
    wait_for(lambda: shown(daemon)["health"] == "unhealthy", "the old address is unhealthy")
    assert daemon.addresses() == ["127.0.0.7"]
    new.healthy = True
    resolver.set(ELB, "127.0.0.3")
    wait_for(lambda: [one["address"] for one in daemon.call("health list")["targets"]]
             == ["127.0.0.3"], "the new address is the target")
    wait_for_addresses(daemon, "127.0.0.3")
    wait_for(lambda: shown(daemon)["health"] == "healthy", "the new address is healthy")
    assert daemon.call("status")["health"] == {"healthy": 1, "unhealthy": 0, "unknown": 0}
    before, count = old.requests, new.requests
    wait_for(lambda: new.requests >= count + 5, "the new address is probed on")
    assert old.requests <= before + 1
    # an address that stays keeps its verdict
    resolver.set(ELB, "127.0.0.3", "127.0.0.2")
    wait_for(lambda: len(daemon.call("health list")["targets"]) == 2, "there are two targets")
    wait_for(lambda: shown(daemon)["addresses_healthy"] == 1, "only the new one is healthy")


def lab(make, resolver, keep, limits=None, hold="600ms"):
    """Blue and green as two hosts, the usual rollout."""
    port = harness.free_port(("127.0.0.2", "127.0.0.3"))
    keep(harness.Backend("127.0.0.2", port, "v2\n"))
    keep(harness.Backend("127.0.0.3", port, "v3\n"))
    resolver.set("blue.elb.example.com", "127.0.0.2")
    resolver.set(ELB, "127.0.0.3")
    check = {"name": "cats", "type": "http", "port": port, "interval": "250ms",
             "timeout": "250ms", "rise": 1, "fall": 3}
    if harness.PATIENCE > 1:
        check.update(interval="400ms", timeout="400ms")
    members = [alias("blue", 100, "blue.elb.example.com", health_check="cats", ecs_service="cats"),
               alias("green", 0, health_check="cats", ecs_service="cats-green")]
    rule = {"name": "cats", "record_set": "www.catsndogs.lol/A", "cluster": "catsndogsECScluster",
            "plan": {"hold": hold, "allow_short_hold": True}}
    daemon = make([record_set(members)], limits, health_checks=[check], rollouts=[rule]).start()
    wait_for(lambda: daemon.call("status")["health"]["healthy"] == 2, "both are healthy")
    return daemon


def test_a_rollout_moves_between_alias_targets(make, resolver, keep):
    daemon = lab(make, resolver, keep)
    assert daemon.addresses() == ["127.0.0.2"]
    assert daemon.push(task_event()) == ["started"]
    wait_for(lambda: daemon.rollout()["state"] == "succeeded", "the rollout succeeds", 20)
    assert daemon.addresses() == ["127.0.0.3"]


def test_a_rollout_falls_back_when_the_candidate_becomes_stale(make, resolver, keep):
    limits = {"min_ttl": "1s", "max_ttl": "1s", "stale_after": "2s"}
    daemon = lab(make, resolver, keep, limits, hold="1h")
    assert daemon.push(task_event()) == ["started"]
    del resolver.hosts[ELB, "A"]
    wait_for(lambda: daemon.rollout()["state"] == "failed", "the rollout fails", 20)
    assert daemon.weights() == {"blue": 100, "green": 0}
    assert "stale" in daemon.rollout()["reason"], daemon.rollout()


HOSTS = ("blue", "green", "red")


def both_types(make, resolver, choice, weights, workers=2):
    """A and AAAA of one name, each member a host of its own."""
    for number, host in enumerate(HOSTS, 1):
        resolver.set(f"{host}.example.com", f"192.0.2.{number}")
        resolver.set(f"{host}.example.com", f"2001:db8::{number}", kind="AAAA")
    members = [alias(host, weight, f"{host}.example.com") for host, weight in weights.items()]
    sets = [record_set(members, choice=choice),
            record_set(members[::-1], kind="AAAA", choice=choice)]
    server = {"workers": workers, "client_subnet": ["127.0.0.0/8"]}
    return make(sets, server=server)


def choices(daemon, kind, clients):
    """The members that these clients' networks get; None: an error."""
    found = []
    for client in clients:
        option = dns.edns.ECSOption(f"10.{client // 250}.{client % 250}.0", 24)
        answer = daemon.ask("www.catsndogs.lol", kind, use_edns=0, options=[option])
        found.append(HOSTS[int(answer.answer[0][0].to_text()[-1]) - 1] if answer.answer else None)
    return found


def test_a_and_aaaa_choose_the_same_member_for_a_client(make, resolver):
    """`sticky`: where the chosen member has nothing for one type, only its own clients get another
    one there."""
    daemon = both_types(make, resolver, "sticky", dict.fromkeys(HOSTS, 50))
    del resolver.hosts["red.example.com", "AAAA"]
    daemon.start()
    for kind in ("A", "AAAA"):
        for member in HOSTS:
            if (member, kind) != ("red", "AAAA"):
                wait_for(lambda: shown(daemon, member, kind=kind)["values"], f"{member} {kind}")
    clients = range(150)
    four = choices(daemon, "A", clients)
    assert min(collections.Counter(four)[host] for host in HOSTS) > 20

    def differ():
        six = choices(daemon, "AAAA", clients)
        return {a for a, b in zip(four, six) if a != b}, six

    others, six = differ()
    assert others == {"red"} and set(six) == {"blue", "green"}
    resolver.set("red.example.com", "2001:db8::3", kind="AAAA")
    wait_for(lambda: shown(daemon, "red", kind="AAAA")["values"], "red has an IPv6 address", 20)
    wait_for(lambda: not differ()[0], "A and AAAA agree for every client")
    daemon.call("health force", "www.catsndogs.lol/AAAA/blue", "down")
    others, six = differ()
    assert others == {"blue"} and set(six) == {"green", "red"}
    # without the option it is the address of the client that counts
    assert len({tuple(daemon.addresses()) for _ in range(30)}) == 1
    mine = HOSTS[int(daemon.addresses()[0][-1]) - 1]
    if mine != "blue":
        assert HOSTS[int(daemon.addresses(kind="AAAA")[0][-1]) - 1] == mine


@pytest.mark.parametrize("ports", ["one", "many"])
def test_a_and_aaaa_asked_in_turns_do_not_alias(make, resolver, ports):
    """`exact`: a client that asks for A and then AAAA, as all do, finds the shares in each."""
    weights = {"blue": 50, "green": 25, "red": 25}
    daemon = both_types(make, resolver, "exact", weights).start()
    for kind in ("A", "AAAA"):
        wait_for(lambda: all(shown(daemon, host, kind=kind)["values"] for host in HOSTS), kind)
    seen = {"A": collections.Counter(), "AAAA": collections.Counter()}
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as one:
        for _ in range(200):
            for kind, counter in seen.items():
                more = {} if ports == "many" else {"sock": one}
                query = dns.message.make_query("www.catsndogs.lol", kind)
                answer = dns.query.udp(query, "127.0.0.1", port=daemon.port,
                                       timeout=3 * harness.PATIENCE, **more)
                counter[HOSTS[int(answer.answer[0][0].to_text()[-1]) - 1]] += 1
    for counter in seen.values():
        for host, weight in weights.items():
            # each of the two workers is within a few answers
            assert abs(counter[host] - 2 * weight) <= 8, seen


def test_loops_do_no_harm(make):
    """The resolver is the daemon itself, and the target a CNAME to the record set. Nothing is ever
    known of it; with another member the name stands for that one's addresses."""
    members = [alias("green", 1, "loop.catsndogs.lol")]
    daemon = make([record_set(members),
                   record_set([alias("a", 1, "pong.catsndogs.lol")], name="ping.catsndogs.lol"),
                   record_set([alias("a", 1, "ping.catsndogs.lol")], name="pong.catsndogs.lol"),
                   record_set([alias("a", 1, "static.catsndogs.lol")], name="own.catsndogs.lol")])
    daemon.config["control"]["resolvers"] = [f"127.0.0.1@{daemon.port}"]
    daemon.zone_path.write_text(harness.ZONE + "loop CNAME www\n")
    daemon.start()
    wait_for_addresses(daemon, "192.0.2.1", "192.0.2.2", name="own.catsndogs.lol")
    for name in ("www", "ping", "pong"):
        full = f"{name}.catsndogs.lol"
        wait_for(lambda: daemon.call("record show", full, "A")["record_set"]["members"][0]["alias"]
                 ["failures"] >= 1, f"{full} is asked for")
        assert daemon.ask(full).rcode() == dns.rcode.SERVFAIL
    asked = daemon.call("stats")["counters"]["udp_queries"]
    wait_for(lambda: shown(daemon)["alias"]["failures"] >= 2, "it is asked for again")
    # c-ares asks a few times for one answer; a storm would be thousands
    assert daemon.call("stats")["counters"]["udp_queries"] - asked < 100


@pytest.mark.parametrize("member, message", [
    ({"id": "a", "weight": 1, "alias": "WWW.catsndogs.lol."}, "is the record set's own name"),
    ({"id": "a", "weight": 1, "alias": "x.example", "values": ["192.0.2.1"]},
     "found beside values, expected one of the two"),
    ({"id": "a", "weight": 1, "alias": "192.0.2.1"}, "expected the name of a host"),
    ({"id": "a", "weight": 1}, "the key values is missing"),
])
def test_what_cannot_be_an_alias_is_refused(keep, member, message):
    daemon = keep(harness.Daemon({"record_sets": [record_set([member])]}))
    done = subprocess.run([harness.BALLASTD, "-c", str(daemon.write_config()), "--check"],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and message in done.stderr, done
    assert "ballast.yaml:" in done.stderr


def test_many_targets_are_resolved_at_the_start(make, resolver):
    sets = []
    for number in range(300):
        resolver.set(f"h{number}.example.com", f"127.1.{number // 250}.{number % 250 + 1}")
        sets.append(record_set([alias("a", 1, f"h{number}.example.com")],
                               name=f"h{number}.catsndogs.lol"))
    resolver.ttl = 60
    daemon = make(sets, {"min_ttl": "30s", "max_ttl": "60s"}).start()
    wait_for(lambda: all(
        one["members"][0]["alias"]["source"] == "resolver"
        for one in daemon.call("record list")["record_sets"]),
        "all are resolved", 30)
    assert daemon.addresses("h299.catsndogs.lol") == ["127.1.1.50"]
    assert len(resolver.asked) == 300
