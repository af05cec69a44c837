# SPDX-License-Identifier: BSD-2-Clause
"""The lab as a user runs it, but for the build: what it shows, and that it leaves nothing."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

import pytest

import harness

LAB = harness.TOP / "contrib/lab/lab.py"


class Run:
    def __init__(self):
        self.folder = harness.make_folder()
        self.port = harness.free_port()
        self.web_port = harness.free_port(("127.0.0.2", "127.0.0.3"))
        self.output = self.folder / "output"
        with open(self.output, "wb") as out:
            self.process = subprocess.Popen(
                ["/usr/bin/python3", str(LAB), "--build", str(harness.BUILD), "--folder",
                 str(self.folder / "run"), "--fast", "--port", str(self.port), "--web-port",
                 str(self.web_port)], stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd="/")

    def text(self):
        return self.output.read_text(errors="replace")

    def wait_for_text(self, text):
        harness.wait_for(lambda: text in self.text() or self.process.poll() is not None, text, 60)
        assert text in self.text(), self.text()

    def left_running(self):
        """Processes that have the lab's folder in their command line."""
        found = []
        for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = path.read_bytes()
            except OSError:
                continue
            if str(self.folder).encode() in line:
                found.append(line)
        return found

    def check_nothing_is_left(self):
        harness.wait_for(lambda: not self.left_running(), "nothing is left running")
        assert sorted(path.name for path in self.folder.iterdir()) in (["output"],
                                                                      ["output", "run"])

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture
def lab(request):
    run = Run()
    request.addfinalizer(run.close)
    return run


def test_the_lab_rolls_out_and_falls_back(lab):
    assert lab.process.wait(120 * harness.PATIENCE) == 0, lab.text()
    text = lab.text()
    good, bad = text.split("=== 2.")
    for words in (f"dig @127.0.0.1 -p {lab.port}", f"nslookup -port={lab.port}",
                  "Cats, site v2", "blue=90", "green=10", "blue=50", "green=50", "blue=0",
                  "green=100", "succeeded", "Cats, site v3", "duplicate"):
        assert words in good, (words, text)
    assert good.index("Cats, site v2") < good.index("green=10") < good.index("green=50") < good.index(
        "green=100") < good.index("Cats, site v3")
    for words in ("green=50", "failed", "New ECS service is not healthy!", "blue=100", "green=0"):
        assert words in bad, (words, text)
    assert "Cats, site v3" not in bad and bad.count("Cats, site v2") == 2
    lab.check_nothing_is_left()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("moment", ["holding at weight 50", "=== 1."])
def test_the_lab_ends_cleanly_in_the_middle(lab, number, moment):
    lab.wait_for_text(moment)
    started = time.monotonic()
    lab.process.send_signal(number)
    assert lab.process.wait(20 * harness.PATIENCE) == 130, lab.text()
    assert time.monotonic() - started < 10 * harness.PATIENCE
    assert "nothing is left running" in lab.text() and "Traceback" not in lab.text()
    lab.check_nothing_is_left()


def test_a_killed_lab_takes_its_children_along(lab):
    lab.wait_for_text("holding at weight 10")
    lab.process.kill()
    lab.process.wait()
    lab.check_nothing_is_left()


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_busy_port_is_explained(kind):
    with socket.socket(socket.AF_INET, kind) as busy:
        busy.bind(("127.0.0.1", 0))
        port = busy.getsockname()[1]
        folder = harness.make_folder()
        done = subprocess.run(
            ["/usr/bin/python3", str(LAB), "--build", str(harness.BUILD), "--folder",
             str(folder / "run"), "--port", str(port)], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        shutil.rmtree(folder)
    assert done.returncode == 1 and f"Port {port}" in done.stderr and "--port" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_lab_s_configuration_passes_its_check(tmp_path):
    shutil.copy(harness.TOP / "contrib/lab/ballast.yaml", tmp_path)
    shutil.copy(harness.TOP / "zones/examples/catsndogs.lol.zone", tmp_path)
    done = subprocess.run([harness.BALLASTD, "--check", "-c", str(tmp_path / "ballast.yaml")],
                          stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stderr
    assert os.listdir(tmp_path) and "db" not in " ".join(os.listdir(tmp_path))
