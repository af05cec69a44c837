# SPDX-License-Identifier: BSD-2-Clause
"""What the daemon does against clients that take too much."""
import socket

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
