# SPDX-License-Identifier: BSD-2-Clause
"""Thousands of health checks against the real daemon: it answers and ends promptly, whatever the targets do."""
import contextlib
import resource
import socket
import time

import pytest

import harness

SETS = 4000
MEMBERS = 4

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def full_listener():
    """The port of a listener that accepts nobody and whose backlog is full, on every address of loopback: who connects
    hears nothing."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\0")
        listener.bind(("0.0.0.0", 0))
        listener.listen(0)
        for _ in range(4):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", listener.getsockname()[1]))
        yield listener.getsockname()[1]


def record_set(number):
    first = 256 + number * MEMBERS
    return harness.record_set(
        [harness.member(f"m{i}", 25, f"127.1.{(first + i) >> 8}.{(first + i) & 255}", health_check="all")
         for i in range(MEMBERS)],
        name=f"w{number}.catsndogs.lol")


@pytest.mark.parametrize("kind", ["tcp", "http"])
def test_thousands_of_hanging_probes_hold_nobody_up(make_daemon, full_listener, kind):
    """As many are on their way as may be, and all of them time out."""
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 16384:
        pytest.skip("each probe on its way needs an open file")
    check = {"name": "all", "type": kind, "port": full_listener, "interval": "4s", "timeout": "4s", "rise": 1}
    daemon = make_daemon({"health_checks": [check], "record_sets": [record_set(i) for i in range(SETS)]})
    with contextlib.closing(daemon.client()) as client:
        harness.wait_for(lambda: client.call("status")["health"]["unhealthy"] == SETS * MEMBERS, "all are unhealthy", 30)
        began = time.monotonic()
        client.call("status")
        assert time.monotonic() - began < 1 * harness.PATIENCE
    assert daemon.descriptors() > 5000
    began = time.monotonic()
    daemon.stop()
    assert time.monotonic() - began < 3 * harness.PATIENCE
