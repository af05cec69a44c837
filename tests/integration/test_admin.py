# SPDX-License-Identifier: BSD-2-Clause
"""The admin socket from outside: modes, rights, and clients that misbehave."""
import json
import os
import pathlib
import shutil
import signal
import socket
import stat
import subprocess
import time

import pytest

import harness

NOBODY = 65534


@pytest.fixture
def daemon(make_daemon):
    return make_daemon({"record_sets": [harness.record_set(harness.two_members())]})


def test_the_socket_has_mode_0660_and_goes_with_the_daemon(daemon):
    mode = os.stat(daemon.socket_path).st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o660
    daemon.stop()
    assert not daemon.socket_path.exists()


def test_a_dead_socket_file_is_replaced(daemon):
    daemon.kill()
    assert daemon.socket_path.exists()
    daemon.start()
    assert daemon.call("status")


def as_nobody(daemon, *arguments):
    """ballastctl as user nobody, from a folder that nobody can read."""
    ctl = daemon.folder / "ballastctl"
    if not ctl.exists():
        shutil.copy(harness.BALLASTCTL, ctl)
        ctl.chmod(0o755)
    return subprocess.run(
        [str(ctl), "-s", str(daemon.socket_path), *arguments],
        user=NOBODY, group=NOBODY, extra_groups=[], cwd="/",
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60,
        stdin=subprocess.DEVNULL)


needs_root = pytest.mark.skipif(os.getuid() != 0, reason="needs root to become somebody else")


@needs_root
def test_somebody_outside_the_group_cannot_connect(daemon):
    daemon.folder.chmod(0o755)
    done = as_nobody(daemon, "status")
    assert done.returncode == 3, done


@needs_root
def test_reading_and_changing_are_separate_rights(keep):
    daemon = harness.Daemon({"record_sets": [harness.record_set(harness.two_members())]})
    daemon.folder.chmod(0o755)
    keep(daemon).start()
    os.chown(daemon.socket_path, 0, NOBODY)  # as an administrator lends it to a group
    assert as_nobody(daemon, "record", "list").returncode == 0
    done = as_nobody(daemon, "weight", "set", "www.catsndogs.lol", "A", "blue=1")
    assert done.returncode == 1 and "may not" in done.stderr.lower() or "right" in done.stderr
    assert daemon.weights() == {"blue": 100, "green": 0}
    assert as_nobody(daemon, "stop").returncode == 1
    assert daemon.call("status")


@needs_root
def test_rights_as_configured(keep):
    daemon = harness.Daemon({"record_sets": [harness.record_set(harness.two_members())],
                             "control": {"rights": {"read": ["root"], "change": [str(NOBODY)]}}})
    daemon.folder.chmod(0o755)
    keep(daemon).start()
    os.chown(daemon.socket_path, 0, NOBODY)
    done = as_nobody(daemon, "weight", "set", "www.catsndogs.lol", "A", "blue=1")
    assert done.returncode == 0, done
    assert daemon.weights() == {"blue": 1, "green": 0}
    assert any("65534" in one["who"] for one in daemon.call("history")["history"])


def raw(daemon, octets, timeout=20):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(timeout * harness.PATIENCE)
        client.connect(str(daemon.socket_path))
        try:
            client.sendall(octets)
            client.shutdown(socket.SHUT_WR)
            answer = b""
            while True:
                more = client.recv(65536)
                if not more:
                    return answer
                answer += more
        except (ConnectionError, BrokenPipeError):
            return None


@pytest.mark.parametrize("octets", [
    b"rubbish\n", b"\n", b"[]\n", b"{}\n", b'{"version": 2, "command": "status"}\n',
    b'{"version": 1, "command": "nope", "arguments": []}\n',
    b'{"version": 1, "command": "status", "arguments": [1]}\n',
    b'{"version": 1, "command": "record show", "arguments": []}\n',
    b'\xff\xfe\x00\n', b'{"version": 1, "command": "sta\x00tus", "arguments": []}\n',
    b"[" * 100000 + b"\n"], ids=range(11))
def test_a_bad_line_gets_an_error(daemon, octets):
    answer = raw(daemon, octets)
    if answer:
        assert json.loads(answer.splitlines()[0])["ok"] is False
    assert daemon.call("status")


def test_half_a_line_and_far_too_much_are_dropped(daemon):
    raw(daemon, b'{"version": 1, "comm')
    before = daemon.resident_kib()
    raw(daemon, b"x" * (40 << 20))
    assert daemon.call("status")
    if harness.PATIENCE == 1:
        assert daemon.resident_kib() - before < 24 << 10
    assert daemon.addresses() == ["127.0.0.2"]


def test_clients_that_never_read_or_vanish_cost_nothing(daemon):
    line = json.dumps({"version": 1, "command": "record list", "arguments": []}).encode() + b"\n"
    greedy = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    greedy.connect(str(daemon.socket_path))
    greedy.settimeout(1)
    try:
        for _ in range(20000):
            greedy.send(line)  # and never reads
    except (TimeoutError, socket.timeout, ConnectionError):
        pass
    for _ in range(50):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as gone:
            gone.connect(str(daemon.socket_path))
            gone.sendall(line)
    assert daemon.call("status")
    assert daemon.addresses() == ["127.0.0.2"]
    greedy.close()
    count = daemon.descriptors()
    harness.wait_for(lambda: daemon.descriptors() <= count, "their descriptors are closed")


def test_requests_on_one_connection_are_answered_in_order(daemon):
    client = daemon.client()
    for weight in range(50):
        client.send("weight set", "www.catsndogs.lol", "A", f"blue={weight}")
    for weight in range(50):
        changed = client.receive()["result"]["record_sets"][0]["members"][0]
        assert changed["weight"] == weight
    client.close()


def test_the_daemon_that_is_not_there_is_exit_3(daemon):
    done = subprocess.run([harness.BALLASTCTL, "-s", str(daemon.folder / "none.sock"), "status"],
                          stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 3 and "none.sock" in done.stderr


@pytest.mark.parametrize("arguments", [["nope"], ["record"], ["record", "nope"], [],
                                       ["status", "too", "many"], ["record", "show", "one"]])
def test_a_wrong_command_is_exit_2_with_usage(daemon, arguments):
    done = daemon.ctl(*arguments, status=2)
    assert "usage" in done.stderr.lower()


@pytest.mark.parametrize("arguments", [
    ["status"], ["record", "list"], ["record", "show", "www.catsndogs.lol", "A"],
    ["health", "list"], ["rollout", "list"], ["rollout", "history"], ["event", "log"],
    ["event", "pattern"], ["zone", "list"], ["zone", "check"], ["stats"], ["log", "level"],
    ["history"]])
def test_each_command_prints_one_document_and_a_text(daemon, arguments):
    assert isinstance(daemon.json(*arguments), dict)
    assert daemon.ctl(*arguments).stderr == ""


def test_log_level_changes(daemon):
    assert daemon.json("log", "level", "debug") == {"level": "debug"}
    assert daemon.json("log", "level") == {"level": "debug"}
    assert daemon.ctl("log", "level", "shouting", status=1).stderr


def test_stop_ends_the_daemon(daemon):
    daemon.ctl("stop")
    assert daemon.process.wait(20 * harness.PATIENCE) == 0
    daemon.process = None


def test_a_signal_while_it_stops_does_not_cut_it_short(make_daemon):
    """An operator stops it, and so does the service manager, more than once."""
    for _ in range(10):
        daemon = make_daemon({})
        daemon.ctl("stop")
        while daemon.process.poll() is None:
            daemon.process.send_signal(signal.SIGTERM)
            time.sleep(0.005)
        assert daemon.process.returncode == 0, daemon.log()
        daemon.process = None


def test_no_thread_or_descriptor_is_left_over_many_clients(daemon):
    daemon.call("status")
    before = daemon.descriptors(), len(list(pathlib.Path(
        f"/proc/{daemon.process.pid}/task").iterdir()))
    for _ in range(300):
        daemon.call("status")
    harness.wait_for(lambda: daemon.descriptors() <= before[0], "descriptors are closed")
    assert len(list(pathlib.Path(f"/proc/{daemon.process.pid}/task").iterdir())) == before[1]
