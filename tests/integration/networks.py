# SPDX-License-Identifier: BSD-2-Clause
"""Network namespaces that a test makes and removes: hosts with addresses and links of their own,
where nothing reaches the machine's network."""
import contextlib
import ctypes
import os
import pathlib
import subprocess

import pytest

CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def ip(*words, check=True):
    done = subprocess.run(["ip", *map(str, words)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=30)
    assert done.returncode == 0 or not check, (words, done.stderr)
    return done


def need_namespaces():
    """Skips the test where namespaces cannot be made."""
    if os.geteuid() != 0:
        pytest.skip("only root may make network namespaces")
    name = f"ballast-{os.getpid()}-try"
    try:
        done = ip("netns", "add", name, check=False)
    except FileNotFoundError:
        pytest.skip("no program ip: the package iproute2 is missing")
    if done.returncode != 0:
        pytest.skip(f"network namespaces cannot be made here: {done.stderr.strip()}")
    ip("netns", "del", name)


class Host:
    """A namespace with its loopback up. Packets may come in by any link and leave by any other."""

    def __init__(self, name):
        self.name = f"ballast-{os.getpid()}-{name}"
        ip("netns", "add", self.name)
        self.handle = os.open(f"/run/netns/{self.name}", os.O_RDONLY | os.O_CLOEXEC)
        for link in ("all", "default"):
            self.set(f"net/ipv4/conf/{link}/rp_filter", 0)
        self.ip("link", "set", "lo", "up")

    def ip(self, *words):
        return ip("-n", self.name, *words).stdout

    def set(self, path, value):
        with self.inside():
            pathlib.Path("/proc/sys", path).write_text(f"{value}\n")

    @contextlib.contextmanager
    def inside(self):
        """What this thread opens and starts meanwhile is on this host."""
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            enter(self.handle)
            yield
        finally:
            enter(before)
            os.close(before)

    def address(self, address, link):
        """Gives the link an address, at once: without looking for others that have it."""
        more = ["nodad"] if ":" in address else []
        self.ip("address", "add", address, "dev", link, *more)

    def close(self):
        os.close(self.handle)
        ip("netns", "del", self.name)


def enter(handle):
    if libc.setns(handle, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def connect(one, link, other, other_link):
    """A cable between two hosts."""
    ip("link", "add", link, "netns", one.name, "type", "veth",
       "peer", "name", other_link, "netns", other.name)
    one.ip("link", "set", link, "up")
    other.ip("link", "set", other_link, "up")
