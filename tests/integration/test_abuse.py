# SPDX-License-Identifier: BSD-2-Clause
"""What the daemon does against clients that take too much."""
import socket

import dns.edns
import dns.flags
import dns.message
import pytest

import harness


@pytest.fixture
def make(request):
    def start(**server):
        one = harness.Daemon({"server": server})
        request.addfinalizer(one.close)
        request.node.daemons = [one]
        return one.start()
    return start


def counter(daemon, name):
    return daemon.call("stats")["counters"][name]


def ask_often(daemon, count, name="static.catsndogs.lol"):
    """From one port, so that one worker counts; returns the answers."""
    answers = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5 * harness.PATIENCE)
        client.connect(("127.0.0.1", daemon.port))
        for _ in range(count):
            client.send(dns.message.make_query(name, "A").to_wire())
            answers.append(dns.message.from_wire(client.recv(4096)))
    return answers


def test_answers_over_the_rate_are_truncated_and_tcp_answers(make):
    daemon = make(rate_limit={"responses_per_second": 5, "window": "1h", "slip": 1})
    answers = ask_often(daemon, 100)
    truncated = [one for one in answers if one.flags & dns.flags.TC]
    assert len(truncated) > 50 and not any(one.answer for one in truncated)
    assert all(one.answer for one in answers if one not in truncated)
    assert counter(daemon, "rate_slipped") == len(truncated)
    assert counter(daemon, "rate_dropped") == 0
    assert daemon.ask("static.catsndogs.lol", transport="tcp").answer


def test_answers_over_the_rate_are_dropped(make):
    daemon = make(rate_limit={"responses_per_second": 5, "window": "1h", "slip": 0})
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", daemon.port))
        for _ in range(100):
            client.send(dns.message.make_query("static.catsndogs.lol", "A").to_wire())
        harness.wait_for(lambda: counter(daemon, "rate_dropped") > 50, "answers are dropped")


def test_an_exempt_client_is_not_limited(make):
    daemon = make(rate_limit={"responses_per_second": 1, "exempt": ["127.0.0.0/8"]})
    assert all(one.answer for one in ask_often(daemon, 50))


# --- rate limit: who and what ---

SLOW = {"responses_per_second": 1, "window": "1h"}


def count_answers(daemon, queries):
    """Sends all from one port; returns how many came whole, how many cut, and how many did not.
    Behind them goes a query that TCP answers when the worker has had them all."""
    counts = {"whole": 0, "cut": 0}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5 * harness.PATIENCE)
        client.connect(("127.0.0.1", daemon.port))
        for query in queries:
            before = counter(daemon, "udp_queries")
            client.send(query)
            harness.wait_for(lambda: counter(daemon, "udp_queries") > before, "it is read")
        daemon.stop()  # what was answered is there then
        client.setblocking(False)
        while True:
            try:
                answer = dns.message.from_wire(client.recv(4096))
            except BlockingIOError:
                break
            counts["cut" if answer.flags & dns.flags.TC else "whole"] += 1
    return counts["whole"], counts["cut"], len(queries) - sum(counts.values())


def many(count, name="static.catsndogs.lol", kind="A", **more):
    return [dns.message.make_query(name.format(i), kind, id=i + 1, **more).to_wire()
            for i in range(count)]


@pytest.mark.parametrize("slip", [0, 1, 2, 3, 10])
def test_each_nth_answer_over_the_limit_slips(make, slip):
    daemon = make(rate_limit={**SLOW, "slip": slip}, workers=1)
    whole, cut, dropped = count_answers(daemon, many(60))
    # A second's worth is one; while the test runs each second earns one, of those that are owed.
    assert 1 <= whole <= 5
    over = 60 - whole
    expected = over // slip if slip else 0
    assert cut <= expected and cut >= expected - whole  # the count begins anew after a whole one
    assert dropped == over - cut


@pytest.mark.parametrize("name,kind,one_subject", [
    ("nope{}.catsndogs.lol", "A", True),  # NXDOMAIN, by zone
    ("a{}.b{}.c.catsndogs.lol", "TXT", True),
    ("www{}.example.org", "A", True),  # errors, all together
    ("x{}.wild.catsndogs.lol", "TXT", True),  # all that one wildcard answers
    ("a{}.sub.catsndogs.lol", "A", True),  # a delegation
    ("n{}.many.catsndogs.lol", "A", False),  # names that there are, each by itself
])
def test_what_counts_as_the_same(request, name, kind, one_subject):
    zone = harness.ZONE + "".join(f"n{i}.many A 192.0.2.9\n" for i in range(40))
    daemon = harness.Daemon({"server": {"rate_limit": {**SLOW, "slip": 0}, "workers": 1}},
                            {"catsndogs.lol.zone": zone})
    request.addfinalizer(daemon.close)
    daemon.start()
    queries = [dns.message.make_query(name.replace("{}", str(i)), kind).to_wire()
               for i in range(40)]
    whole, _, dropped = count_answers(daemon, queries)
    assert dropped >= 35 if one_subject else whole == 40


def learn_cookie(daemon):
    option = dns.edns.GenericOption(dns.edns.COOKIE, b"abcdefgh")
    answer = daemon.ask("catsndogs.lol", "SOA", use_edns=0, options=[option])
    return answer.options[0].data


@pytest.mark.parametrize("is_good", [True, False])
def test_a_good_cookie_is_exempt_and_a_bad_one_is_not(make, is_good):
    daemon = make(rate_limit={**SLOW, "slip": 0}, workers=1)
    cookie = learn_cookie(daemon)
    if not is_good:
        cookie = cookie[:-1] + bytes([cookie[-1] ^ 1])
    option = dns.edns.GenericOption(dns.edns.COOKIE, cookie)
    whole, _, dropped = count_answers(daemon, many(40, use_edns=0, options=[option]))
    assert (whole, dropped) == (40, 0) if is_good else dropped >= 35


def test_a_client_cookie_alone_is_not_exempt(make):
    daemon = make(rate_limit={**SLOW, "slip": 0}, workers=1)
    option = dns.edns.GenericOption(dns.edns.COOKIE, b"abcdefgh")
    assert count_answers(daemon, many(40, use_edns=0, options=[option]))[2] >= 35


def test_tcp_is_never_limited(make):
    daemon = make(rate_limit={**SLOW, "slip": 0}, workers=1)
    for _ in range(60):
        assert daemon.ask("static.catsndogs.lol", transport="tcp").answer
    assert counter(daemon, "rate_dropped") == counter(daemon, "rate_slipped") == 0


def test_another_network_has_its_own_limit(make):
    """Loopback has many: 127.0.1.0/24 is none of 127.0.0.0/24."""
    daemon = make(rate_limit={**SLOW, "slip": 1}, workers=1)
    cut = {}
    for address in ("127.0.0.1", "127.0.0.9", "127.0.1.1"):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(5 * harness.PATIENCE)
            client.bind((address, 0))
            client.connect(("127.0.0.1", daemon.port))
            cut[address] = []
            for query in many(20):
                client.send(query)
                answer = dns.message.from_wire(client.recv(4096))
                cut[address].append(bool(answer.flags & dns.flags.TC))
    assert sum(cut["127.0.0.1"]) > 15 and all(cut["127.0.0.9"][:5])
    assert not cut["127.0.1.1"][0] and sum(cut["127.0.1.1"]) > 15


def test_who_asks_less_is_answered_again(make):
    """It is asked some 50 times a second, half of what is earned."""
    daemon = make(rate_limit={"responses_per_second": 100, "window": "1s", "slip": 1}, workers=1)
    assert any(one.flags & dns.flags.TC for one in ask_often(daemon, 500))
    harness.wait_for(lambda: not daemon.ask("static.catsndogs.lol").flags & dns.flags.TC,
                     "what was owed is paid", 20)
