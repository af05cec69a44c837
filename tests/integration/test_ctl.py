# SPDX-License-Identifier: BSD-2-Clause
"""ballastctl against a daemon that says what the test tells it to."""
import codecs
import copy
import fcntl
import json
import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import pytest

from fake_daemon import FakeDaemon, Refusal, Screen

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BALLAST_BUILD") or os.environ.get("top_builddir") or SOURCE)
BALLASTCTL = os.environ.get("BALLASTCTL") or str(BUILD / "ballastctl")

MEMBERS = [
    {"id": "blue", "weight": 90, "effective_weight": 90, "share_configured": 0.9,
     "share_effective": 0.9, "share_expected": 0.95, "share_answered": 0.897, "share_traffic": 0.96,
     "share_answered_lately": 0.892, "answered": 90000, "answered_since_shift": 9000,
     "answered_lately": 900, "health": "healthy",
     "forced": "auto", "addresses_healthy": 2, "addresses": 2,
     "values": ["192.0.2.10", "192.0.2.11"], "health_check": "cats", "ecs_service": "cats"},
    {"id": "green", "weight": 10, "effective_weight": 10, "share_configured": 0.1,
     "share_effective": 0.1, "share_expected": 0.05, "share_answered": 0.103, "share_traffic": None,
     "share_answered_lately": 0.108, "answered": 10000, "answered_since_shift": 1000,
     "answered_lately": 100, "health": "healthy",
     "forced": "auto", "addresses_healthy": 1, "addresses": 1, "values": ["192.0.2.30"],
     "health_check": "cats", "ecs_service": "cats-green"},
]
RECORD_SET = {"name": "www.catsndogs.lol", "type": "A", "ttl_s": 60, "ttl_configured_s": 60, "choice": "exact",
              "zone": "catsndogs.lol", "rollout": 7, "members": MEMBERS, "traffic": {},
              "answers_since_shift": {"since": "2026-11-23T15:51:01Z", "window_ms": 64900,
                                      "answers": 10000},
              "answers_lately": {"since": "2026-11-23T15:51:05Z", "window_ms": 60900,
                                 "answers": 1000}}
RESOLVERS = {"name": "www.catsndogs.lol", "type": "A",
             "followed": {"one_in": 16, "visits": 12, "discarded": 0, "evicted": 0, "clients": 2,
                          "clients_max": 8192},
             "gaps": {"much_sooner": 2, "sooner": 1, "on_time": 5, "later": 1, "much_later": 1},
             "sooner": [{"client": "192.0.2.77", "ttl_s": 60, "median_gap_s": 30.6,
                         "median_gap_ttls": 0.51, "pattern": "steady", "seen_ms_ago": 1200,
                         "much_sooner": 2, "sooner": 1, "on_time": 1, "later": 0,
                         "much_later": 0}],
             "later": []}
ROLLOUT = {"id": 7, "rule": "cats", "deployment": "ecs-svc/1234", "who": "event e-1",
           "state": "holding", "step": 2, "steps": [10, 50, 100], "weight": 50, "hold_ms": 60000,
           "hold_left_ms": 41200, "stable": "blue", "candidate": "green",
           "started_at": "2026-11-23T15:50:01Z", "ended_at": None, "reason": ""}
HISTORY = [{"id": 1, "at": "2026-11-23T15:50:01Z", "rollout": 7, "kind": "start",
            "who": "event e-1", "text": "green gets weight 10", "weights": [
                {"record_set": "www.catsndogs.lol/A", "before": {"blue": 100, "green": 0},
                 "after": {"blue": 90, "green": 10}}],
            "shares": [{"record_set": "www.catsndogs.lol/A", "members": [
                {"id": "blue", "share_answered": 0.901, "share_expected": 1, "share_traffic": None},
                {"id": "green", "share_answered": 0.099, "share_expected": 0, "share_traffic": 0.04}]}]}]
PATTERN = {"source": ["aws.ecs"]}
SUMS = {"received": 5, "fates": {"started": 1, "duplicate": 3, "not running": 1},
        "filters": {"detail.lastStatus": 2}}
EVENT = {"seq": 3, "at": "2026-11-23T15:50:01Z", "event_id": "e-1", "task_arn": "arn:x/task/t1",
         "version": 4, "service": "cats-green", "deployment": "ecs-svc/1234", "fate": "started",
         "reason": "1 of 1 tasks run", "rollout": 7}
ZONE = {"name": "catsndogs.lol", "file": "catsndogs.lol.zone", "serial": 2026112301, "names": 12,
        "records": 20, "memory_octets": 20480, "loaded_at": "2026-11-23T15:50:01Z",
        "source": "configuration", "signed": "here", "served": True, "error": None,
        "warning": "the serial has not"}
ENVIRONMENT = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "xterm"}


def shown(**changes):
    rollout = {**copy.deepcopy(ROLLOUT), **changes}
    return {"rollout": rollout, "record_sets": [copy.deepcopy(RECORD_SET)], "history": HISTORY}


KEY = {"zone": "example.test", "tag": 12345, "algorithm": "ECDSAP256SHA256", "role": "csk",
       "state": "active", "ds_state": "submitted", "waits_for": "its DS in the parent zone",
       "file": "Kexample.test.+013+12345", "ds": "12345 13 2 ABCD"}

FROZEN = {"since": "2026-11-23T15:50:01Z", "who": "uid 0 (root)", "reason": "sale"}

FLEET = {"node": "n2", "table": "ns-state", "fleet": "ballast", "role": "follows", "drives": False, "driver": "n1",
         "fence": 3, "lease_left_s": 0.0, "sequence": 19, "applied": 17, "behind": 2, "lag_s": 1.5, "saved": None,
         "cut_off": {"since": "2026-11-23T15:50:01Z", "reason": "timed out"}, "problem": "item x fits no rows",
         "nodes": [{"name": "n2", "drives": False, "applied": 17, "behind": 2, "lag_s": 1.5, "seen_s": 0.0,
                    "version": "0.1.0", "address": "192.0.2.1@53", "pid": 7, "healthy": True}]}

ANSWERS = {
    "status": {"version": "0.1.0", "started_at": "2026-11-23T15:50:01Z", "uptime_s": 192,
               "workers": 2, "generation": 12, "zones": 1, "record_sets": 1,
               "health": {"healthy": 3, "unhealthy": 0, "unknown": 0}, "rollouts": [ROLLOUT],
               "events": {"received": 5}, "store": "ok", "frozen": FROZEN, "fleet": FLEET, "queues": [
                   {"url": "https://sqs.example/1/q", "connected": False, "protocol": "json",
                    "received": 7, "deleted": 5, "poison": 2, "last_receive_at": None,
                    "error": "sqs ReceiveMessage: AccessDenied"}], "services": [
                   {"service": "cats-green", "cluster": "c1", "described_at": None, "desired": 3,
                    "running": 2, "pending": 1, "healthy": 1, "unhealthy": 1, "unknown": 0,
                    "error": "MISSING", "deployments": [
                        {"id": "ecs-svc/1", "status": "PRIMARY", "state": "IN_PROGRESS",
                         "desired": 3, "running": 2, "pending": 1}]}]},
    "record list": {"record_sets": [RECORD_SET]},
    "record show": {"record_set": RECORD_SET},
    "record ttl": {"record_set": {**RECORD_SET, "ttl_s": 5}},
    "record resolvers": {"resolvers": RESOLVERS},
    "weight set": {"record_sets": [RECORD_SET]},
    "health list": {"targets": [
        {"member": "www.catsndogs.lol/A/green", "health_check": "cats", "address": "192.0.2.30",
         "verdict": "unhealthy", "streak": 2, "last_result": "HTTP 503, expected 200-299",
         "latency_ms": 3, "last_probe_at": None, "forced": "auto"}]},
    "health force": {"member": "www.catsndogs.lol/A/green", "forced": "down"},
    "rollout list": {"rules": [
        {"name": "cats", "record_sets": ["www.catsndogs.lol/A"], "cluster": "c1", "min_running": 1, "trigger": "both",
         "plan": {"steps": [10, 50, 100], "hold_ms": 60000, "asl": None,
                  "fall_back_ms": 60000}, "running": ROLLOUT, "last": None}]},
    "rollout show": shown(),
    "rollout start": {"rollout": ROLLOUT, "message": "started rollout 7"},
    "rollout pause": {"rollout": ROLLOUT, "message": "paused"},
    "rollout resume": {"rollout": ROLLOUT, "message": "goes on"},
    "rollout promote": {"rollout": ROLLOUT, "message": "promoted"},
    "rollout abort": {"rollout": None, "message": "nothing runs; nothing was changed"},
    "route53 status": {"batches": 3, "errors": 1, "record_sets": [
        {"record_set": "www.catsndogs.lol/A", "zone_id": "Z1", "state": "pending", "change_id": "C1",
         "pending_since": "2026-11-23T15:50:01Z", "error": "Rate exceeded"}]},
    "route53 diff": {"differences": []},
    "route53 sync": {"differences": [
        {"record_set": "www.catsndogs.lol/A", "set_identifier": "ballast-blue", "what": "weight",
         "route53": "7", "ballast": "100"}], "batch": {"Changes": [{"Action": "UPSERT"}]}},
    "rollout freeze": {"frozen": FROZEN},
    "rollout thaw": {"frozen": None},
    "notify list": {"notices": [{"id": 3, "receiver": "ops", "event": "failed", "state": "dead",
                                 "attempts": 9, "next_at": None, "error": "HTTP 500",
                                 "notice": {"text": "fell back"}}]},
    "notify retry": {"message": "it is told again"},
    "notify drop": {"message": "dropped"},
    "rollout approve": {"rollout": ROLLOUT, "message": "approved"},
    "rollout reject": {"rollout": ROLLOUT, "message": "rejected"},
    "rollout history": {"history": HISTORY},
    "event push": {"received": 1, "events": [EVENT]},
    "event log": {"events": [EVENT], "counters": {"started": 1, "duplicate": 4, "stale": 0},
                  "received": 5},
    "event pattern": {"pattern": PATTERN, "characters": 22, "limit": 2048, "notes": ["the end"],
                      "patterns": [{"rule": "cats", "for": "tasks", "pattern": PATTERN,
                                    "characters": 22}]},
    "event stats": {"others": {**SUMS, "filters": {}}, "rules": [
        {"rule": "cats", **SUMS, "deployments_seen": 21,
         "deployments": [{"deployment": "ecs-svc/1234", **SUMS}]}]},
    "zone list": {"zones": [ZONE]},
    "zone add": {"zones": [{**ZONE, "source": "run time"}]},
    "zone remove": {"zone": "catsndogs.lol", "until_restart": True, "message": "it is removed"},
    "zone reload": {"zones": [ZONE]},
    "zone check": {"ok": True, "zones": 1, "warnings": ["the serial goes backwards"]},
    "zone export": {"zone": ZONE, "text": ""},
    "key list": {"keys": [KEY]},
    "key generate": {"keys": [KEY]},
    "key roll": {"keys": [KEY]},
    "key ds-seen": {"keys": [KEY]},
    "key forget": {"keys": [KEY]},
    "stats": {"workers": 2, "counters": {"udp_queries": 10000}, "publishes": {
        "count": 12, "median_us": 50.0, "p99_us": 250.0, "worst_us": 812.5}, "record_sets": [
        {"name": "www.catsndogs.lol", "type": "A", "members": [{"id": "blue", "answered": 9000}]}]},
    "log level": {"level": "info"},
    "history": {"history": HISTORY},
    "stop": {"stopping": True},
}
# What to call each with, and what of its result a person must see.
CALLS = {
    "status": ([], ["0.1.0", "3m12s", "3 healthy", "5 received", "cats: holding at weight 50", "frozen       sale"]),
    "record list": ([], ["www.catsndogs.lol A", "TTL 60 s", "192.0.2.10, 192.0.2.11",
                         "CONFIGURED  ANSWERED  LATELY  EXPECTED  TRAFFIC",
                         "90.0 %    89.7 %  89.2 %    95.0 %   96.0 %  healthy 2/2",
                         "10.0 %    10.3 %  10.8 %     5.0 %        -  healthy"]),
    "record show": (["www.catsndogs.lol", "A"], ["healthy 2/2", "answered 10000 since 2026-11-23T15:51:01Z (1m4s), lately 1000 in 1m\n"]),
    "record ttl": (["www.catsndogs.lol", "A", "5"], ["TTL 5 s (configured 60 s), choice exact"]),
    "record resolvers": (["www.catsndogs.lol", "A"], [
        "www.catsndogs.lol A, one client in 16 is followed\n", "less than 0.5 TTL      2  20.0 %",
        "192.0.2.77                3        1      0      30.6 s  60 s     0.51  steady"]),
    "weight set": (["www.catsndogs.lol", "A", "blue=90"], ["blue"]),
    "health list": ([], ["unhealthy", "HTTP 503, expected 200-299", "192.0.2.30"]),
    "health force": (["www.catsndogs.lol/A/green", "down"], ["www.catsndogs.lol/A/green: health down"]),
    "rollout list": ([], ["cluster c1, starts by both, 1 running\n", "10, 50, 100; hold 1m; a fall-back takes up to 1m", "step 2 of 3"]),
    "rollout show": (["cats"], ["ecs-svc/1234", "event e-1", "green gets weight 10", "41s"]),
    "rollout start": (["cats"], ["started rollout 7"]),
    "rollout pause": (["cats"], ["paused"]),
    "rollout resume": (["cats"], ["goes on"]),
    "rollout promote": (["cats"], ["promoted"]),
    "rollout abort": (["cats"], ["nothing runs; nothing was changed"]),
    "route53 status": ([], ["www.catsndogs.lol/A  Z1    pending  2026-11-23T15:50:01Z  C1      Rate exceeded"]),
    "route53 diff": ([], ["in step\n"]),
    "route53 sync": (["www.catsndogs.lol/A", "--dry-run"],
                     ["www.catsndogs.lol/A  ballast-blue    weight  7         100", '"Action": "UPSERT"']),
    "rollout freeze": (["sale"], ["frozen       sale (since 2026-11-23T15:50:01Z, uid 0 (root))\n"]),
    "rollout thaw": (["sale"], ["rollouts go on\n"]),
    "notify list": ([], ["ops", "dead", "HTTP 500", "fell back"]),
    "notify retry": (["3"], ["it is told again"]),
    "notify drop": (["3"], ["dropped"]),
    "rollout approve": (["cats"], ["approved"]),
    "rollout reject": (["cats", "no"], ["rejected"]),
    "rollout history": ([], ["green gets weight 10", "blue=100 green=0 -> blue=90 green=10",
                            "blue 90.1/100.0/- green 9.9/0.0/4.0"]),
    "event push": (["-"], ["started", "1 of 1 tasks run", "1 received"]),
    "event log": ([], ["5 received: 1 started, 4 duplicate\n"]),
    "event pattern": ([], ["aws.ecs", "# 22 of 2048 characters\n", "# the end\n"]),
    "event stats": ([], ["cats", "21 in all", "1234", "3 duplicate", "2 detail.lastStatus"]),
    "zone list": ([], ["2026112301", "20 KiB", "catsndogs.lol.zone", "configuration", "here",
                       "warning: the serial has not\n"]),
    "zone add": (["catsndogs.lol", "/file"], ["2026112301", "run time"]),
    "zone remove": (["catsndogs.lol"], ["it is removed\n"]),
    "zone reload": ([], ["2026112301"]),
    "zone check": ([], ["no error", "warning: the serial goes backwards\n"]),
    "zone export": (["catsndogs.lol"], [""]),
    "key list": ([], ["example.test", "12345", "ECDSAP256SHA256", "csk", "active", "ABCD"]),
    "key generate": (["example.test", "csk"], ["12345"]),
    "key roll": (["example.test", "csk"], ["12345", "its DS in the parent zone"]),
    "key ds-seen": (["example.test", "12345"], ["submitted"]),
    "key forget": (["example.test", "12345"], ["12345"]),
    "stats": ([], ["udp_queries", "10000", "9000"]),
    "log level": (["info"], ["info"]),
    "history": (["--record", "www.catsndogs.lol/A"], ["event e-1"]),
    "stop": ([], ["stopping"]),
}


def ctl(*arguments, status=0, stdin="", **environment):
    done = subprocess.run([BALLASTCTL, *arguments], input=stdin, capture_output=True, timeout=60,
                          text=isinstance(stdin, str), env={**ENVIRONMENT, **environment})
    assert done.returncode == status, (done.stdout, done.stderr)
    return done


@pytest.fixture(name="daemon")
def fixture_daemon():
    daemon = FakeDaemon(dict(ANSWERS))
    yield daemon
    daemon.close()


def table_rows():
    return [line.split("  ")[1] for line in ctl("help").stdout.splitlines()
            if re.match(r"  [a-z]", line)]


@pytest.mark.parametrize("command", ANSWERS)
def test_a_result_is_printed_for_a_person(daemon, command):
    arguments, expected = CALLS[command]
    done = ctl("-s", daemon.path, *command.split(), *arguments)
    for text in expected:
        assert text in done.stdout
    assert "\x1b" not in done.stdout
    assert done.stderr == ""
    assert [one[0] for one in daemon.requests] == [command]


@pytest.mark.parametrize("command", ANSWERS)
def test_json_prints_the_result_as_one_document(daemon, command):
    done = ctl("-s", daemon.path, *command.split(), *CALLS[command][0], "--json")
    assert json.loads(done.stdout) == ANSWERS[command]


def test_every_row_of_the_table_is_tried_here():
    rows = {" ".join(re.findall(r"^[a-z0-9 -]+?(?= [A-Z\[-]|$| bash)", row)) for row in table_rows()}
    local = {"aws policy", "aws doctor", "rollout simulate", "rollout watch", "plan check", "plan show", "plan graph",
             "help", "completion", "route53 import", "route53 export", "import canary-table"}
    assert rows - local == set(ANSWERS)


def test_a_refusal_goes_to_standard_error_and_exits_1(daemon):
    def refuse(*_):
        raise Refusal("record set nope/A is not configured")

    daemon.answers["record show"] = refuse
    done = ctl("-s", daemon.path, "record", "show", "nope", "A", status=1)
    assert done.stderr == "ballastctl: record set nope/A is not configured\n"
    assert done.stdout == ""


def test_the_socket_is_named_by_option_or_environment(daemon):
    ctl("status", BALLAST_SOCKET=daemon.path)
    ctl("status", "--socket", daemon.path)
    ctl(f"--socket={daemon.path}", "status", BALLAST_SOCKET="/nowhere")
    assert len(daemon.requests) == 3


@pytest.mark.parametrize("path", ["/nowhere/ballast.sock", "x" * 200, ""])
def test_no_daemon_is_3(path):
    assert "ballastctl: " in ctl("-s", path, "status", status=3).stderr


def test_a_daemon_that_goes_away_is_3(daemon):
    def vanish():
        daemon.vanish()
        raise OSError

    daemon.answers["status"] = vanish
    assert "has gone away" in ctl("-s", daemon.path, "status", status=3).stderr


@pytest.mark.parametrize("line", [b"\n", b"hello\n", b'{"version": 2, "ok": true, "result": {}}\n'])
def test_an_answer_that_is_none_is_1(daemon, line):
    daemon.answers["status"] = line
    assert ctl("-s", daemon.path, "status", status=1).stderr.startswith("ballastctl: ")


@pytest.mark.parametrize("words,expected", [
    ([], "usage: ballastctl"),
    (["rolout"], 'Did you mean "rollout"?'),
    (["dance"], "there are: status, record, weight, health, rollout, event, notify, aws, zone"),
    (["rollout"], "list, show, start, pause, resume, promote, abort, freeze, thaw, approve, reject, history, watch"),
    (["rollout", "strat", "cats"], 'Did you mean "rollout start"?'),
    (["record", "show", "www"], "usage: record show NAME TYPE"),
    (["status", "now"], "too many arguments"),
    (["weight", "set", "www", "A"], "usage: weight set NAME TYPE ID=W"),
    (["rollout", "start", "cats", "--candidate"], "takes one value"),
    (["rollout", "start", "cats", "--record", "x"], "unknown option --record"),
    (["history", "--record"], "takes one value"),
    (["-x", "status"], "unknown option -x"),
    (["status", "-s"], "needs the path"),
    (["help", "dance"], "there is no command"),
    (["completion", "zsh"], "only bash"),
    (["plan"], "one of these must follow: check, show, graph"),
    (["plan", "check"], "usage: plan check FILE"),
    (["plan", "check", "--dot", "x"], "unknown option --dot"),
    (["plan", "check", "x", "checkHealth"], "expected RESOURCE=KIND"),
    (["plan", "check", "x", "arn:x=other"], "expected changeWeight, checkHealth"),
    (["plan", "show", "--hold", "60s"], "either a file, or --steps"),
    (["plan", "show", "x", "--steps", "10"], "either a file, or --steps"),
    (["plan", "show", "--steps"], "unknown option --steps, or without its value"),
    (["plan", "graph", "--dot"], "expected the file of a plan"),
    (["route53"], "one of these must follow: status, diff, sync, import, export"),
    (["route53", "import", "--strict"], "expected the name of a zone"),
    (["route53", "export", "--strict"], "expected the name of a zone"),
    (["route53", "export", "x", "--alias-zone", "y"], "found --alias-zone y, expected HOST=ID"),
    (["import", "canary-table", "--strict"], "expected either --from FILE or --table NAME"),
])
def test_usage_errors_are_2_before_the_daemon_is_asked(daemon, words, expected):
    done = ctl(*words, status=2, BALLAST_SOCKET=daemon.path)
    assert expected in done.stderr
    assert done.stdout == ""
    assert daemon.requests == []


def test_options_may_stand_anywhere(daemon):
    ctl("--json", "rollout", "start", "--candidate=green", "cats", "-s", daemon.path)
    ctl("-s", daemon.path, "rollout", "start", "--candidate", "green", "cats")
    assert daemon.requests == [("rollout start", ["cats", "--candidate", "green"])] * 2


def test_arguments_arrive_as_they_were_given(daemon):
    words = ["www.käse.lol", "A", "blue=-1", 'a"b=\\', "=1=2"]
    ctl("-s", daemon.path, "weight", "set", *words)
    assert daemon.requests == [("weight set", words)]


def test_an_argument_that_is_no_utf8_is_refused(daemon):
    done = ctl("-s", daemon.path, "record", "show", b"\xff", "A", status=1)
    assert "no UTF-8" in done.stderr
    assert daemon.requests == []


def test_help_and_version():
    assert "weight set NAME TYPE ID=W" in ctl("--help").stdout
    assert ctl("--version").stdout.startswith("ballastctl ")
    one = ctl("help", "rollout", "start").stdout
    assert "--candidate" in one and "pause" not in one
    assert ctl("help", "zone").stdout.count("  zone ") == 6


def test_the_manual_names_every_command():
    page = (SOURCE / "docs" / "ballastctl.1").read_text().replace("\\-", "-")
    for row in table_rows():
        assert row in page, f"{row} is not in ballastctl.1"


def test_the_completion_is_what_the_program_prints():
    stored = (SOURCE / "contrib" / "completion" / "ballastctl.bash").read_text()
    assert ctl("completion", "bash").stdout == stored


@pytest.mark.parametrize("words,expected", [
    (["rol"], ["rollout"]),
    (["rollout", "p"], ["pause", "promote"]),
    (["-s", "/run/x", "zone", ""], ["list", "add", "remove", "reload", "check", "export"]),
    (["log", "level", "d"], ["debug"]),
    (["h"], ["health", "history", "help"]),
    (["plan", ""], ["check", "show", "graph"]),
    (["plan", "show", "--s"], ["--steps"]),
])
def test_bash_completes(words, expected):
    script = (f". {SOURCE}/contrib/completion/ballastctl.bash; COMP_WORDS=(ballastctl \"$@\");"
              "COMP_CWORD=$#; _ballastctl; printf '%s\\n' \"${COMPREPLY[@]}\"")
    done = subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True, text=True,
                          check=True, timeout=30)
    assert done.stdout.split() == expected


def test_events_come_from_a_file_or_standard_input(daemon, tmp_path):
    text = '{"a": 1}\nhällo\n'
    (tmp_path / "events").write_text(text)
    ctl("-s", daemon.path, "event", "push", str(tmp_path / "events"))
    ctl("-s", daemon.path, "event", "push", "-", stdin=text)
    assert daemon.requests == [("event push", [text])] * 2


def test_a_malformed_event_is_1_after_all_fates_are_printed(daemon):
    bad = {**EVENT, "seq": 4, "fate": "malformed", "reason": "line 2: not JSON", "rollout": None}
    last = {**EVENT, "seq": 5, "fate": "duplicate", "reason": "seen before"}
    daemon.answers["event push"] = {"received": 3, "events": [EVENT, bad, last]}
    done = ctl("-s", daemon.path, "event", "push", "-", stdin="x", status=1)
    assert "line 2: not JSON" in done.stdout and "seen before" in done.stdout


def test_what_is_no_utf8_spoils_only_its_line(daemon):
    ctl("-s", daemon.path, "event", "push", "-", stdin='fine ä\nbad ä \udcff\nnul \0\nlast'.encode(
        "utf-8", "surrogateescape"))
    assert daemon.requests == [
        ("event push", ["fine ä\nbad \x1a\x1a \x1a\nnul \x1a\nlast"])]


def test_a_file_that_cannot_be_read_is_1(daemon, tmp_path):
    done = ctl("-s", daemon.path, "event", "push", str(tmp_path / "none"), status=1)
    assert "No such file" in done.stderr
    assert ctl("-s", daemon.path, "event", "push", str(tmp_path), status=1).stderr
    assert daemon.requests == []


def test_a_file_that_is_too_big_is_refused_before_it_is_sent(daemon):
    done = ctl("-s", daemon.path, "event", "push", "-", stdin="x" * (17 << 20), status=1)
    assert "16 MiB" in done.stderr
    # Smaller than the limit, but not once it is escaped.
    done = ctl("-s", daemon.path, "event", "push", "-", stdin='"' * (9 << 20), status=1)
    assert "16 MiB" in done.stderr
    assert daemon.requests == []


def test_text_of_the_daemon_cannot_steer_the_terminal(daemon):
    evil = {**EVENT, "service": "\x1b[2J\x07evil\u009b", "reason": "tab\tnew\nline"}
    daemon.answers["event log"] = {"events": [evil], "counters": {"\x1b]0;x": 1}, "received": 1}
    out = ctl("-s", daemon.path, "event", "log").stdout
    assert "?[2J?evil?" in out and "tab?new?line" in out
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", out)


def test_a_locale_without_utf8_gets_ascii(daemon):
    daemon.answers["log level"] = {"level": "grün"}
    assert ctl("-s", daemon.path, "log", "level", LC_ALL="C").stdout == "gr?n\n"
    assert ctl("-s", daemon.path, "log", "level").stdout == "grün\n"


def test_results_that_lack_everything_are_printed(daemon):
    for empty in ({}, {"record_sets": [{}], "targets": [{}], "rules": [{}], "events": [{}],
                       "zones": [{}], "history": [{}], "rollout": {}, "rollouts": [{}]}):
        for command in ANSWERS:
            daemon.answers[command] = empty
            ctl("-s", daemon.path, *command.split(), *CALLS[command][0])


def test_a_full_disk_is_not_taken_for_success(daemon):
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([BALLASTCTL, "-s", daemon.path, "status"], stdout=full, timeout=60,
                              stderr=subprocess.PIPE, env=ENVIRONMENT, check=False)
    assert done.returncode == 1
    assert b"standard output" in done.stderr


# ---- rollout watch, without a terminal ----

def script_of(*results):
    """Each call gets the next result; the last one stays."""
    left = list(results)

    def answer(*_):
        return left.pop(0) if len(left) > 1 else left[0]

    return answer


def with_answers(result, blue, green, weight=None):
    result = copy.deepcopy(result)
    members = result["record_sets"][0]["members"]
    for member, answers in zip(members, (blue, green)):
        member["answered_since_shift"] = answers
        member["share_answered"] = answers / (blue + green) if blue + green else None
    result["record_sets"][0]["answers_since_shift"]["answers"] = blue + green
    if weight is not None:
        members[0]["weight"], members[1]["weight"] = 100 - weight, weight
    return result


def test_watch_prints_a_line_for_each_change(daemon):
    begin = with_answers(shown(step=1, weight=10), 0, 0, 10)
    same = with_answers(shown(step=1, weight=10, hold_left_ms=3), 90, 10, 10)
    middle = with_answers(shown(), 150, 150, 50)
    sick = copy.deepcopy(middle)
    sick["record_sets"][0]["members"][1]["health"] = "unhealthy"
    end = with_answers(shown(state="succeeded", step=3, weight=100,
                             ended_at="2026-11-23T15:53:01Z"), 60, 140, 100)
    daemon.answers["rollout show"] = script_of(begin, same, middle, sick, end)
    lines = ctl("-s", daemon.path, "rollout", "watch", "cats").stdout.splitlines()
    assert len(lines) == 4
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ cats rollout 7: ", line) for line in lines)
    assert "holding at weight 10 (step 1 of 3); www.catsndogs.lol/A blue=90 healthy" in lines[0]
    assert "answered" not in lines[0]
    assert lines[1].endswith("green=50 healthy; answered blue 50.0 %, green 50.0 %; "
                             "expected blue 95.0 %, green 5.0 %; traffic blue 96.0 %")
    assert "green=50 unhealthy" in lines[2]
    assert "succeeded" in lines[3] and "blue 30.0 %, green 70.0 %" in lines[3]
    assert all(one == ("rollout show", ["cats"]) for one in daemon.requests)


@pytest.mark.parametrize("state", ["failed", "aborted", "superseded"])
def test_watch_exits_1_when_the_rollout_ends_badly(daemon, state):
    daemon.answers["rollout show"] = shown(state=state, ended_at="2026-11-23T15:53:01Z",
                                           reason="New ECS service is not healthy!")
    out = ctl("-s", daemon.path, "rollout", "watch", "7", status=1).stdout
    assert state in out and "New ECS service is not healthy!" in out


def test_watch_waits_for_the_first_rollout(daemon):
    nothing = {"rollout": None, "record_sets": [RECORD_SET], "history": []}
    daemon.answers["rollout show"] = script_of(
        nothing, nothing, shown(state="succeeded", ended_at="2026-11-23T15:53:01Z"))
    lines = ctl("-s", daemon.path, "rollout", "watch", "cats").stdout.splitlines()
    assert lines[0] == "cats: no rollout yet; waiting for one"
    assert len(lines) == 2


def test_watch_as_json_prints_a_document_a_line(daemon):
    end = shown(state="succeeded", ended_at="2026-11-23T15:53:01Z")
    daemon.answers["rollout show"] = script_of(shown(), shown(), end)
    lines = ctl("-s", daemon.path, "--json", "rollout", "watch", "cats").stdout.splitlines()
    assert [json.loads(line) for line in lines] == [shown(), end]


def test_watch_of_something_unknown_is_1(daemon):
    def refuse(*_):
        raise Refusal("no rollout is called dogs")

    daemon.answers["rollout show"] = refuse
    done = ctl("-s", daemon.path, "rollout", "watch", "dogs", status=1)
    assert done.stderr == "ballastctl: no rollout is called dogs\n"


# ---- rollout watch, on a terminal ----

class Terminal:
    """ballastctl on a pseudo terminal whose screen is looked at."""

    def __init__(self, daemon, columns=80, rows=24, **environment):
        self.screen = Screen(columns, rows)
        self.decoder = codecs.getincrementaldecoder("utf-8")()
        self.main, self.other = pty.openpty()
        self.set_size(columns, rows)
        self.process = subprocess.Popen(
            [BALLASTCTL, "-s", daemon.path, "rollout", "watch", "cats"],
            stdin=self.other, stdout=self.other, stderr=self.other, start_new_session=True,
            env={**ENVIRONMENT, **environment}, preexec_fn=self.take_terminal)
        os.close(self.other)

    @staticmethod
    def take_terminal():
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def set_size(self, columns, rows):
        fcntl.ioctl(self.main, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, columns, rows):
        self.screen = Screen(columns, rows)
        self.set_size(columns, rows)

    def read(self, seconds):
        """False at the end of what is drawn."""
        if not select.select([self.main], [], [], seconds)[0]:
            return True
        try:
            octets = os.read(self.main, 65536)
        except OSError:
            return False
        self.screen.feed(self.decoder.decode(octets))
        return bool(octets)

    def wait(self, *texts):
        limit = time.monotonic() + 20
        while not all(text in self.screen.text() for text in texts):
            assert time.monotonic() < limit, self.screen.text()
            assert self.read(1), self.screen.text()
        return self.screen.text()

    def end(self):
        while self.read(20):
            pass
        return self.process.wait(20)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(20)
        os.close(self.main)


@pytest.fixture(name="terminal")
def fixture_terminal(daemon):
    opened = []

    def start(*arguments, **more):
        opened.append(Terminal(daemon, *arguments, **more))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


SUCCEEDED = shown(state="succeeded", step=3, weight=100, hold_left_ms=0,
                  ended_at="2026-11-23T15:53:01Z")


def test_the_view_is_drawn(daemon, terminal):
    daemon.answers["rollout show"] = script_of(
        with_answers(shown(), 9000, 1000, 50), with_answers(shown(), 500, 1500, 50))
    drawn = terminal()
    text = drawn.wait("25.0 %", "75.0 %", "green gets weight 10")
    lines = text.splitlines()
    assert lines[0] == "cats  ecs-svc/1234  rollout 7"
    assert lines[1] == "● holding  blue → green  by event e-1"
    assert lines[3] == "steps  10 ▸ [50] ▸ 100   weight 50"
    assert re.fullmatch(r"hold   █+[▏▎▍▌▋▊▉]?░+ +00:42 left of 01:00", lines[4])
    bar = lines[4].split()[1]
    assert len(bar) in (39, 40) and 11 <= bar.count("█") <= 13  # 18.8 of 60 seconds have passed
    assert lines[6] == "www.catsndogs.lol A  2000 answered in 1m4s since the shift"
    assert lines[7].split() == ["MEMBER", "WEIGHT", "SHARE", "CONFIGURED", "ANSWERED", "EXPECTED",
                                "TRAFFIC", "HEALTH"]
    assert re.fullmatch(r"blue +50 █+[▏▎▍▌▋▊▉]?░+ +90\.0 % +25\.0 % +95\.0 % +96\.0 % healthy 2/2", lines[8])
    assert re.fullmatch(r"green +50 █+[▏▎▍▌▋▊▉]?░+ +10\.0 % +75\.0 % +5\.0 % +- healthy", lines[9])
    assert "15:50:01  green gets weight 10" in text
    assert not drawn.screen.has_cursor
    assert drawn.screen.colours > {"0"}


def test_the_view_is_redrawn_in_place_until_the_end(daemon, terminal):
    daemon.answers["rollout show"] = script_of(
        shown(step=1, weight=10, reason="waits for a first verdict"), shown(), SUCCEEDED)
    drawn = terminal()
    drawn.wait("[10] ▸ 50 ▸ 100", "waits for a first verdict")
    drawn.wait("10 ▸ [50] ▸ 100")
    assert drawn.end() == 0
    text = drawn.screen.text()
    assert "10 ▸ 50 ▸ 100   weight 100" in text and "● succeeded" in text
    assert "ended  2026-11-23T15:53:01Z" in text
    assert "waits" not in text and "Ctrl-C" not in text
    assert text.count("cats  ecs-svc/1234") == 1
    assert drawn.screen.has_cursor


def test_a_failed_rollout_is_shown_with_its_reason_and_exits_1(daemon, terminal):
    daemon.answers["rollout show"] = shown(state="failed", ended_at="2026-11-23T15:53:01Z",
                                           reason="New ECS service is not healthy!")
    drawn = terminal()
    assert drawn.end() == 1
    assert "New ECS service is not healthy!" in drawn.screen.text()


@pytest.mark.parametrize("columns", [40, 41, 59, 60, 67, 68, 77, 78, 95, 96, 200])
def test_no_line_is_wider_than_the_terminal(daemon, terminal, columns):
    drawn = terminal(columns)
    text = drawn.wait("Ctrl-C")
    assert re.search(r"^green .* 10 █", text, re.M)
    assert re.search(r"^blue .* 90 █+.* 89.7 % .*healthy" + (" 2/2$" if columns >= 60 else "$"), text, re.M)


def test_a_low_terminal_shows_the_top(daemon, terminal):
    drawn = terminal(80, 6)
    text = drawn.wait("00:42 left")
    assert text.startswith("cats  ecs-svc/1234")
    assert "MEMBER" not in text


def test_a_pause_is_shown(daemon, terminal):
    daemon.answers["rollout show"] = shown(state="paused")
    terminal().wait("● paused", "left of 01:00, paused")


def test_a_resize_draws_anew(daemon, terminal):
    drawn = terminal(120, 30)
    drawn.wait("Ctrl-C")
    drawn.resize(44, 20)
    text = drawn.wait("Ctrl-C")
    assert text.startswith("cats  ecs-svc/1234")


def test_without_utf8_the_view_is_ascii(daemon, terminal):
    drawn = terminal(LC_ALL="C")
    text = drawn.wait("Ctrl-C")
    assert text.isascii()
    assert "* holding  blue -> green" in text
    assert "10 > [50] > 100" in text
    assert re.search(r"hold   #+\.+ 00:42", text)


def test_no_color_means_none(daemon, terminal):
    drawn = terminal(NO_COLOR="1")
    drawn.wait("Ctrl-C")
    assert drawn.screen.colours == set()


def test_a_dumb_terminal_gets_lines(daemon, terminal):
    daemon.answers["rollout show"] = SUCCEEDED
    drawn = terminal(300, TERM="dumb")
    assert drawn.end() == 0
    assert "rollout 7: succeeded" in drawn.screen.text()


def test_ctrl_c_gives_the_cursor_back(daemon, terminal):
    drawn = terminal()
    drawn.wait("Ctrl-C")
    assert not drawn.screen.has_cursor
    os.write(drawn.main, b"\x03")
    assert drawn.end() == -signal.SIGINT
    assert drawn.screen.has_cursor


def test_a_daemon_that_goes_away_ends_the_view_with_3(daemon, terminal):
    drawn = terminal(120)
    drawn.wait("Ctrl-C")
    daemon.vanish()
    assert drawn.end() == 3
    text = drawn.screen.text()
    assert "has gone away" in text and "cats  ecs-svc/1234" in text
    assert drawn.screen.has_cursor


def test_names_of_the_daemon_cannot_steer_the_view(daemon, terminal):
    result = shown(deployment="\x1b[2J\nevil", reason="a\x1b]0;b")
    result["record_sets"][0]["members"][0]["id"] = "b\x1b[5A" + "x" * 300
    daemon.answers["rollout show"] = result
    text = terminal(50).wait("Ctrl-C")
    assert "cats  ?[2J?evil" in text and "a?]0;b" in text and "b?[5Axxx" in text


LAB = str(SOURCE / "tests" / "data" / "asl" / "lab.json")
FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:"
MAPPINGS = [f"{FUNCTION}ChangeWeight=changeWeight", f"{FUNCTION}CheckHealth=ballast:checkHealth"]


def test_a_plan_is_checked_without_a_daemon():
    done = ctl("-s", "/nowhere", "plan", "check", LAB, *MAPPINGS)
    assert done.stdout == f"{LAB}: 11 states, the first is weight-10; nothing is wrong with it\n"
    done = ctl("plan", "check", "--json", LAB, *MAPPINGS)
    assert json.loads(done.stdout) == {"file": LAB, "states": 11, "start_at": "weight-10"}
    text = pathlib.Path(LAB).read_text()
    assert "standard input: 11 states" in ctl("plan", "check", "-", *MAPPINGS, stdin=text).stdout


def test_what_is_wrong_with_a_plan_is_1(tmp_path):
    done = ctl("plan", "check", LAB, status=1)
    assert done.stderr.startswith(
        f"ballastctl: {LAB}:13: state shift-10: unknown Resource \"{FUNCTION}ChangeWeight\"")
    assert done.stdout == ""
    assert "cannot be opened" in ctl("plan", "show", "/nowhere", status=1).stderr
    assert "is a directory" in ctl("plan", "show", str(tmp_path), status=1).stderr
    assert "step 2 is 5" in ctl("plan", "show", "--steps", "10,5", status=1).stderr
    assert "60" in ctl("plan", "show", "--steps", "10", "--hold", "60", status=1).stderr


def test_a_short_form_becomes_a_document_that_is_taken():
    shown = ctl("plan", "show", "--steps", "10,50,100", "--hold", "60s", "--asl").stdout
    states = json.loads(shown)["States"]
    assert states["weight-50"] == {"Type": "Pass", "Result": 50, "ResultPath": "$.weight",
                                   "Next": "shift-50"}
    assert states["hold-100"]["Seconds"] == 60
    assert ": 20 states" in ctl("plan", "check", "-", stdin=shown).stdout
    text = ctl("plan", "show", "--steps", "10", "--hold", "60s").stdout
    assert "10 states, the first is weight-10\n" in text
    assert "  -> fall-back  after States.ALL\n" in text
    assert ctl("plan", "show", "-", "--asl", stdin=shown).stdout == shown


def test_a_plan_is_drawn():
    text = ctl("plan", "graph", LAB, *MAPPINGS).stdout
    assert "choice-10  Choice\n  -> weight-100  if $.health.State StringEquals \"healthy\"\n" in text
    dot = ctl("plan", "graph", "--dot", LAB, *MAPPINGS).stdout
    assert dot.startswith("digraph plan {") and '"choice-10" -> "fall-back"' in dot
    drawn = json.loads(ctl("plan", "graph", LAB, *MAPPINGS, "--json").stdout)
    assert drawn["start_at"] == "weight-10"
    assert drawn["states"][1]["does"] == "ballast:changeWeight"


def test_a_plan_cannot_write_to_the_terminal():
    plan = {"StartAt": "a", "Comment": "\x1b[2Jx", "States": {"a": {"Type": "Fail", "Cause": "\x1b]0;"}}}
    for command in ["show", "graph"]:
        assert "\x1b" not in ctl("plan", command, "-", stdin=json.dumps(plan)).stdout
    assert "\x1b" not in ctl("plan", "graph", "-", "--dot", stdin=json.dumps(plan)).stdout
