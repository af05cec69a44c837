# SPDX-License-Identifier: BSD-2-Clause
"""ballastd --check: exit 0, or 1 with file:line: message; and the daemon refuses the same."""
import json
import shutil
import subprocess

import pytest

import harness

GOOD = """\
server:
  listen: [127.0.0.1@5300]
  workers: 1
control:
  socket: ballast.sock
  state: ballast.db
zones:
  - name: catsndogs.lol
    file: catsndogs.lol.zone
health_checks:
  - { name: cats, type: http, interval: 10s, timeout: 5s }
record_sets:
  - name: www.catsndogs.lol
    type: A
    members:
      - { id: blue, weight: 100, values: [192.0.2.10], health_check: cats, ecs_service: cats }
      - { id: green, weight: 0, values: [192.0.2.20], health_check: cats, ecs_service: cats-green }
rollouts:
  - name: cats
    record_set: www.catsndogs.lol/A
    cluster: catsndogsECScluster
    plan: { steps: [10, 50, 100], hold: 60s }
"""


@pytest.fixture
def folder():
    path = harness.make_folder()
    (path / "catsndogs.lol.zone").write_text(harness.ZONE)
    yield path
    shutil.rmtree(path)


def check(folder, text=GOOD, *more):
    path = folder / "ballast.yaml"
    path.write_text(text)
    return subprocess.run([harness.BALLASTD, "--check", "-c", str(path), *more],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60,
                          stdin=subprocess.DEVNULL)


def test_a_good_configuration_passes_and_nothing_is_made(folder):
    done = check(folder)
    assert done.returncode == 0, done
    assert sorted(path.name for path in folder.iterdir()) == ["ballast.yaml", "catsndogs.lol.zone"]


def test_it_passes_from_another_folder(folder):
    done = subprocess.run([harness.BALLASTD, "--check", "-c", str(folder / "ballast.yaml")],
                          cwd="/", stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 1 and "ballast.yaml" in done.stderr  # not written yet
    assert check(folder).returncode == 0


@pytest.mark.parametrize("old, new, line", [
    ("workers: 1", "wrokers: 1", 3),
    ("workers: 1", "workers: many", 3),
    ("127.0.0.1@5300", "localhost@5300", 2),
    ("127.0.0.1@5300", "127.0.0.1@70000", 2),
    ("interval: 10s", "interval: 10", 11),
    ("type: http", "type: ping", 11),
    ("timeout: 5s", "timeout: 20s", 11),
    ("weight: 100", "weight: 256", 16),
    ("weight: 100", "weight: -1", 16),
    ("weight: 100", "weight: 1.5", 16),
    ("192.0.2.10", "192.0.2.999", 16),
    ("192.0.2.10", "2001:db8::1", 16),
    ("id: green", "id: blue", 17),
    ("health_check: cats, ecs_service: cats-green", "health_check: dogs", 17),
    ("type: A", "type: SOA", 13),
    ("type: A", "type: NONSENSE", 13),
    ("www.catsndogs.lol\n", "www.example.net\n", 13),
    ("www.catsndogs.lol\n", "static.catsndogs.lol\n", None),
    ("www.catsndogs.lol\n", "below.sub.catsndogs.lol\n", None),
    ("record_set: www.catsndogs.lol/A", "record_set: www.catsndogs.lol/AAAA", 19),
    ("steps: [10, 50, 100]", "steps: [50, 10]", 19),
    ("steps: [10, 50, 100]", "steps: [10, 300]", 19),
    ("hold: 60s", "hold: 1s", 19),
    ("hold: 60s", "hold: soon", 19),
    ("file: catsndogs.lol.zone", "file: missing.zone", None),
    ("rollouts:", "rollouts: [", None),
])
def test_a_bad_configuration_names_file_and_line(folder, old, new, line):
    assert old in GOOD
    text = GOOD.replace(old, new)
    if line == 13:  # the rollout must not complain first that its record set is gone
        text = text[:text.index("rollouts:")]
    done = check(folder, text)
    assert done.returncode == 1, done
    if line is None:
        assert "ballast.yaml:" in done.stderr or ".zone:" in done.stderr, done.stderr
    else:
        numbers = [int(part.split(":")[1]) for part in done.stderr.split()
                   if part.count(":") >= 2 and "ballast.yaml" in part]
        # the item's own line, or the line that the item starts on
        assert numbers and line <= numbers[0] <= line + 4, done.stderr


@pytest.mark.parametrize("line", [
    "bad A 1.2.3", "out.example.net. A 192.0.2.1", "static CNAME www", "static 5 A 192.0.2.9",
    "@ SOA ns1 h 1 1 1 1 1", "www A 192.0.2.9", "www CNAME static", "bad NOTYPE x"])
def test_a_bad_zone_names_file_and_line(folder, line):
    text = harness.ZONE + line + "\n"
    (folder / "catsndogs.lol.zone").write_text(text)
    done = check(folder)
    assert done.returncode == 1, done
    assert f"catsndogs.lol.zone:{text.count(chr(10))}" in done.stderr, done.stderr


def test_a_zone_without_soa_is_refused(folder):
    (folder / "catsndogs.lol.zone").write_text(
        "$ORIGIN catsndogs.lol.\n$TTL 1\n@ NS ns1\nns1 A 127.0.0.1\n")
    done = check(folder)
    assert done.returncode == 1 and "SOA" in done.stderr and "catsndogs.lol.zone" in done.stderr


def test_the_daemon_refuses_the_same(folder):
    (folder / "ballast.yaml").write_text(GOOD.replace("weight: 100", "weight: 256"))
    done = subprocess.run([harness.BALLASTD, "-c", str(folder / "ballast.yaml")],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=30,
                          stdin=subprocess.DEVNULL)
    assert done.returncode == 1 and "ballast.yaml:16" in done.stderr
    assert not (folder / "ballast.db").exists()


@pytest.mark.parametrize("arguments", [["--nonsense"], [], ["-c"], ["--check"]])
def test_a_wrong_command_line_shows_the_usage(arguments):
    done = subprocess.run([harness.BALLASTD, *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=30, stdin=subprocess.DEVNULL)
    assert done.returncode in (1, 2) and "usage" in done.stderr.lower()


def test_json_is_yaml_too(folder):
    config = {"server": {"listen": ["127.0.0.1@5300"]},
              "control": {"socket": "s", "state": "d"},
              "zones": [{"name": "catsndogs.lol", "file": "catsndogs.lol.zone"}]}
    done = check(folder, json.dumps(config))
    assert done.returncode == 0, done


@pytest.mark.parametrize("old, new, error", [
    ("socket: ballast.sock", "socket: nowhere/b.sock", ":5: control.socket: directory "),
    ("state: ballast.db", "state: nowhere/b.db", ":6: control.state: directory "),
    ("state: ballast.db", "state: catsndogs.lol.zone/b.db", ":6: control.state: "),
    ("state: ballast.db", "state: .", ":6: control.state: "),
    ("state: ballast.db", "state: ballast.db\n  http: 127.0.0.1:8053\n  http_token_file: nowhere",
     ":8: control.http_token_file: "),
    ("state: ballast.db", "state: ballast.db\n  rights:\n    change: [\"@no-such-group\"]",
     ":7: control.rights.change: "),
    ("type: http, interval", "type: https, ca_file: nowhere.pem, interval", ":11: "),
    ("plan:", "gates: [{ name: g, type: webhook, url: http://x, secret_file: nowhere }]\n    plan:",
     ":22: gate g: secret file "),
    ("plan:", "gates: [{ name: g, type: metric, url: http://x, query: up, max: 1, "
     "token_file: catsndogs.lol.zone }]\n    plan:", ":22: gate g: token file "),
    ("plan:", "gates: [{ name: g, type: webhook, url: https://x, ca_file: nowhere }]\n    plan:",
     ":22: gate g: ca_file "),
])
def test_what_the_configuration_names_has_to_be_there(folder, old, new, error):
    assert old in GOOD
    done = check(folder, GOOD.replace(old, new))
    assert done.returncode == 1 and error in done.stderr, done
    started = subprocess.run([harness.BALLASTD, "-c", str(folder / "ballast.yaml")],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60,
                             stdin=subprocess.DEVNULL)
    assert started.returncode == 1 and error in started.stderr, started
    assert not (folder / "ballast.db").exists()


def test_a_cookie_secret_is_checked(folder):
    text = GOOD.replace("  workers: 1\n", "  workers: 1\n  cookies: { secret_file: secret }\n")
    done = check(folder, text)
    assert done.returncode == 1
    assert done.stderr == f"{folder}/secret: cannot be opened: No such file or directory\n"
    (folder / "secret").write_text("0123456789abcdef0123456789abcde\n")
    done = check(folder, text)
    assert done.returncode == 1
    assert done.stderr == f"{folder}/secret:1: expected a secret: 32 hexadecimal digits\n"
    (folder / "secret").write_text("0123456789abcdef0123456789abcdef\n" * 2)
    assert check(folder, text).returncode == 0
