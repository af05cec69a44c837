# SPDX-License-Identifier: BSD-2-Clause
"""Alias targets asked for at the system's resolvers, which may become others."""
import random
import shlex
import signal
import subprocess

import pytest

import harness
from fake_resolver import FakeResolver
from harness import record_set, wait_for
from test_alias import ELB, QUICK, alias, wait_for_addresses


@pytest.fixture
def system(keep, monkeypatch, tmp_path):
    """Makes ballastd's /etc/resolv.conf the file that it returns, with two resolvers for it."""
    mounted = subprocess.run(["unshare", "-m", "mount", "--bind", "/dev/null", "/etc/resolv.conf"],
                             capture_output=True, timeout=30)
    if mounted.returncode != 0:
        pytest.skip("a mount namespace cannot be made")
    try:  # the port cannot be said in such a file
        two = [keep(FakeResolver(host=f"127.{random.randint(1, 250)}.{random.randint(0, 250)}.{i}",
                                 port=53)) for i in (1, 2)]
    except PermissionError:
        pytest.skip("port 53 cannot be had")
    path, wrapper = tmp_path / "resolv.conf", tmp_path / "ballastd"
    inner = f'mount --bind {path} /etc/resolv.conf && exec {harness.BALLASTD} "$@"'
    wrapper.write_text(f"#!/bin/sh\nexec unshare -m sh -c {shlex.quote(inner)} sh \"$@\"\n")
    wrapper.chmod(0o755)
    monkeypatch.setattr(harness, "BALLASTD", str(wrapper))
    return path, *two


def start(keep, sets):
    return keep(harness.Daemon({"control": {"alias": QUICK}, "record_sets": sets})).start()


def test_a_signal_reads_the_systems_resolvers_again(keep, system):
    """The one asked so far still answers, so that nothing but the signal tells of the other."""
    path, first, second = system
    first.set(ELB, "127.0.0.2")
    second.set(ELB, "127.0.0.3")
    text = "search catsndogs.lol\noptions ndots:9 timeout:1\nnameserver "
    path.write_text(text + first.host + "\n")
    daemon = start(keep, [record_set([alias("green", 1)])])
    wait_for_addresses(daemon, "127.0.0.2")
    path.write_text(text + second.host + "\n")
    asked = len(first.asked)
    wait_for(lambda: len(first.asked) >= asked + 2, "the first one is asked on")
    daemon.process.send_signal(signal.SIGHUP)
    wait_for_addresses(daemon, "127.0.0.3")
    assert {name for name, _ in first.asked + second.asked} == {ELB}  # no search list


def test_many_failures_do_not_keep_the_old_resolvers(keep, system):
    """There is never a moment without a question on its way: new ones wait for it."""
    path, first, second = system
    first.silent = True
    path.write_text(f"nameserver {first.host}\n")
    sets = []
    for number in range(100):
        second.set(f"h{number}.example.com", f"127.1.0.{number + 1}")
        sets.append(record_set([alias("a", 1, f"h{number}.example.com")],
                               name=f"h{number}.catsndogs.lol"))
    daemon = start(keep, sets)
    wait_for(lambda: len(first.asked) >= 64, "the silent one is asked")
    path.write_text(f"nameserver {second.host}\n")
    wait_for(lambda: all(one["members"][0]["values"]
                         for one in daemon.call("record list")["record_sets"]),
             "all are resolved", 40)
