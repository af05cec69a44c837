# SPDX-License-Identifier: BSD-2-Clause
"""Gates as the configuration has them, asked once each, against doubles that check what comes to them: a
webhook whose signature Python checks, and a strict double of Prometheus."""
import hashlib
import hmac
import json
import random
import re
import shlex
import shutil
import subprocess
import time

import pytest

import fake_prometheus
import harness
import http_doubles
from fake_resolver import FakeResolver

GATE_ONCE = str(harness.BUILD / "tests/integration/gate_once")
TOKEN = "0123456789abcdef"
GOES_ON, FALLS_BACK, ASKS_AGAIN = 0, 1, 3

CONFIG = """\
server: {{ listen: [127.0.0.1@5300] }}
control: {{ socket: s, state: t }}
zones: [{{ name: catsndogs.lol, file: z }}]
record_sets:
  - name: www.catsndogs.lol
    type: A
    members: [{{ id: blue, weight: 100, values: [192.0.2.1] }},
              {{ id: green, weight: 0, values: [192.0.2.2] }}]
rollouts:
  - name: cats
    cluster: c
    record_set: www.catsndogs.lol/A
    gates: [{{ name: g, {keys} }}]
"""


def ask(folder, keys, phase="step"):
    """(what the gate decides, its numbers)."""
    path = folder / "ballast.yaml"
    path.write_text(CONFIG.format(keys=keys))
    done = subprocess.run([GATE_ONCE, str(path), "cats", "g", phase], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=60 * harness.PATIENCE)
    assert done.returncode in (GOES_ON, FALLS_BACK, ASKS_AGAIN) and not done.stderr, done
    return done.returncode, json.loads(done.stdout)


@pytest.fixture
def folder():
    path = harness.make_folder()
    yield path
    shutil.rmtree(path)


@pytest.fixture
def prometheus():
    double = fake_prometheus.FakePrometheus()
    yield double
    double.close()


def threshold(double, query="up", more="max: 1"):
    return f"type: metric, url: '{double.url}', query: '{query}', {more}"


def comparison(double, more=""):
    return (f"type: metric, url: '{double.url}', candidate_query: 'latency{{m=\"{{candidate}}\"}}', "
            f"stable_query: 'latency{{m=\"{{stable}}\"}}', worse: higher{more}")


def rising(base):
    return lambda at: base + at % 60


def test_a_value_within_its_limits_passes(folder, prometheus):
    prometheus.series["errors{m=\"green\", of=\"www.catsndogs.lol/A\"}"] = [0.01]
    before = time.time()
    decided, numbers = ask(folder, threshold(
        prometheus, "errors{m=\"{candidate}\", of=\"{record_set}\"}", "max: 0.01"))
    assert decided == GOES_ON
    assert numbers == {"Gate": "g", "Type": "metric", "State": "pass", "Decision": "go_on",
                       "Text": "0.01", "Attempts": 1, "Questions": 1, "TimedOut": False,
                       "Value": 0.01, "Max": 0.01}
    (path, form), = prometheus.asked
    assert path == "/api/v1/query" and abs(float(form["time"]) - before) < 30
    assert not prometheus.faults


def test_a_value_beyond_its_limits_fails(folder, prometheus):
    prometheus.series["up"] = [2]
    decided, numbers = ask(folder, threshold(prometheus))
    assert decided == FALLS_BACK
    assert numbers["State"] == "fail" and numbers["Text"] == "2, expected at most 1"


def test_no_value_waits_until_there_is_one(folder, prometheus):
    asked = []

    def later(at):
        asked.append(at)
        return None if len(asked) == 1 else float("nan") if len(asked) == 2 else 0.5

    prometheus.series["up"] = [later]
    decided, numbers = ask(folder, threshold(prometheus, more="max: 1, interval: 100ms"))
    assert decided == GOES_ON and numbers["Questions"] == 3 and numbers["Value"] == 0.5
    asked.clear()
    decided, numbers = ask(folder, threshold(prometheus, more="max: 1, when: both"), "hold")
    assert decided == ASKS_AGAIN and numbers["State"] == "inconclusive"


def test_several_series_and_errors_are_told(folder, prometheus):
    prometheus.series["up"] = [1, 2]
    decided, numbers = ask(folder, threshold(prometheus, more="max: 1, retries: 0"))
    assert decided == FALLS_BACK and numbers["State"] == "error"
    assert numbers["Text"] == "found 2 series, expected one (sum or avg make one of them)"
    prometheus.broken = True
    decided, numbers = ask(folder, threshold(
        prometheus, more="max: 1, retries: 1, on_error: continue"))
    assert decided == GOES_ON and numbers["Text"] == "unavailable: broken"
    assert numbers["Attempts"] == 2


def test_a_slow_candidate_fails_and_a_like_one_passes(folder, prometheus):
    prometheus.series['latency{m="green"}'] = [rising(100)]
    prometheus.series['latency{m="blue"}'] = [rising(0)]
    decided, numbers = ask(folder, comparison(prometheus))
    assert decided == FALLS_BACK and numbers["State"] == "fail"
    assert numbers["CandidateSamples"] == numbers["StableSamples"] == 61
    assert numbers["Effect"] == 1 and numbers["P"] < 1e-9 and numbers["U"] == 61 * 61
    ranges = [form for path, form in prometheus.asked if path == "/api/v1/query_range"]
    assert len(ranges) == 2
    for form in ranges:
        assert float(form["end"]) - float(form["start"]) == pytest.approx(300, abs=0.002)
        assert float(form["step"]) == 5
    prometheus.series['latency{m="green"}'] = [rising(0)]
    decided, numbers = ask(folder, comparison(prometheus))
    assert decided == GOES_ON and numbers["Effect"] == pytest.approx(0)
    assert not prometheus.faults


def test_too_few_samples_are_inconclusive(folder, prometheus):
    prometheus.series['latency{m="blue"}'] = [rising(0)]
    decided, numbers = ask(folder, comparison(prometheus, ", on_inconclusive: fall_back"))
    assert decided == FALLS_BACK and numbers["State"] == "inconclusive"
    assert numbers["CandidateSamples"] == 0 and numbers["StableSamples"] == 61


def test_the_token_is_sent(folder):
    double = fake_prometheus.FakePrometheus(token=TOKEN)
    double.series["up"] = [1]
    (folder / "token").write_text(TOKEN + "\n")
    try:
        decided, _ = ask(folder, threshold(double, more="max: 1, token_file: token"))
        assert decided == GOES_ON and not double.faults
        decided, numbers = ask(folder, threshold(double, more="max: 1, retries: 0"))
        assert decided == FALLS_BACK and numbers["Text"] == "unauthorized: no token"
    finally:
        double.close()


def test_a_prometheus_that_is_silent_holds_nobody_up(folder, prometheus):
    prometheus.silent = True
    began = time.monotonic()
    decided, numbers = ask(folder, threshold(
        prometheus, more="max: 1, timeout: 200ms, retries: 1, interval: 100ms"))
    assert decided == FALLS_BACK and numbers["Text"] == "timed out after 200 ms"
    assert numbers["Attempts"] == 2 and time.monotonic() - began < 20 * harness.PATIENCE


class Hook(http_doubles.Double):
    """A webhook that checks signatures as its documentation tells receivers to."""

    def __init__(self, secret, answers, certificate=None):
        self.asked = []
        self.secret = secret.encode()
        self.answers = list(answers)
        super().__init__(certificate=certificate)

    def is_signed(self, request):
        found = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", request.headers.get("Ballast-Signature", ""))
        digest = found and hmac.new(self.secret, found[1].encode() + b"." + request.body,
                                    hashlib.sha256).hexdigest()
        return bool(found) and hmac.compare_digest(digest, found[2]) and abs(time.time() - int(found[1])) < 60

    def respond(self, request):
        self.asked.append((request.path, json.loads(request.body)))
        is_signed = self.is_signed(request)
        answer = self.answers.pop(0) if is_signed else {"state": "fail", "reason": "not signed"}
        return 200, json.dumps(answer).encode()


def test_a_receiver_can_check_who_asks(folder):
    hook = Hook(TOKEN, [{"state": "wait"}, {"state": "pass", "reason": "all 214 tests"}])
    try:
        (folder / "secret").write_text(TOKEN + "\n")
        keys = f"type: webhook, url: '{hook.url}/{{candidate}}', interval: 100ms"
        decided, numbers = ask(folder, keys + ", secret_file: secret")
        assert decided == GOES_ON and numbers["Text"] == "pass: all 214 tests"
        assert numbers["Questions"] == 2 and numbers["Status"] == 200
        path, told = hook.asked[0]
        assert path == "/green"
        assert told == {"gate": "g", "rollout": "cats", "id": 1, "deployment": "ecs-svc/1",
                        "record_sets": ["www.catsndogs.lol/A"], "stable": "blue",
                        "candidate": "green", "weight": 10, "step": 0, "steps": 3,
                        "phase": "step", "attempt": 1}
        (folder / "secret").write_text("another secret that nobody knows\n".replace(" ", "-"))
        decided, numbers = ask(folder, keys + ", secret_file: secret")
        assert decided == FALLS_BACK and numbers["Text"] == "fail: not signed"
        decided, numbers = ask(folder, keys)
        assert decided == FALLS_BACK and numbers["Text"] == "fail: not signed"
    finally:
        hook.close()


def test_a_certificate_is_verified(folder):
    if not shutil.which("openssl"):
        pytest.skip("no openssl to make a certificate with")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=hook",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(folder / "key"), "-out",
                    str(folder / "ca.pem")], check=True, capture_output=True, timeout=60)
    (folder / "both.pem").write_text((folder / "key").read_text() +
                                     (folder / "ca.pem").read_text())
    (folder / "secret").write_text(TOKEN + "\n")
    hook = Hook(TOKEN, [{"state": "pass"}], folder / "both.pem")
    try:
        keys = f"type: webhook, url: '{hook.url}', secret_file: secret, retries: 0"
        decided, numbers = ask(folder, keys)
        assert decided == FALLS_BACK and numbers["Text"].startswith("certificate: "), numbers
        assert not hook.asked
        decided, numbers = ask(folder, keys + ", ca_file: ca.pem")
        assert decided == GOES_ON and numbers["Text"] == "pass", numbers
    finally:
        hook.close()


def test_a_name_that_is_not_found_in_time_holds_nobody_up(folder, tmp_path, monkeypatch):
    """libc asks the system's resolver, which is silent, for twenty seconds."""
    mounted = subprocess.run(["unshare", "-m", "mount", "--bind", "/dev/null", "/etc/resolv.conf"],
                             capture_output=True, timeout=30)
    if mounted.returncode != 0:
        pytest.skip("a mount namespace cannot be made")
    try:  # the port cannot be said in such a file
        resolver = FakeResolver(host=f"127.{random.randint(1, 250)}.{random.randint(0, 250)}.1",
                                port=53)
    except PermissionError:
        pytest.skip("port 53 cannot be had")
    resolver.silent = True
    (tmp_path / "resolv.conf").write_text(
        f"options timeout:10 attempts:2\nnameserver {resolver.host}\n")
    inner = f'mount --bind {tmp_path}/resolv.conf /etc/resolv.conf && exec {GATE_ONCE} "$@"'
    (tmp_path / "gate_once").write_text(
        f"#!/bin/sh\nexec unshare -m sh -c {shlex.quote(inner)} sh \"$@\"\n")
    (tmp_path / "gate_once").chmod(0o755)
    monkeypatch.setitem(globals(), "GATE_ONCE", str(tmp_path / "gate_once"))
    began = time.monotonic()
    try:
        decided, numbers = ask(folder, "type: webhook, url: 'http://ci.example.com/', retries: 0, "
                                       "timeout: 300ms")
    finally:
        resolver.close()
    assert decided == FALLS_BACK and numbers["Text"] == "timed out after 300 ms", numbers
    assert resolver.asked and time.monotonic() - began < 9
