# SPDX-License-Identifier: BSD-2-Clause
"""Route 53 in step, against a double of AWS: one batch for each step, whatever fails."""
import contextlib
import json
import resource
import sqlite3
import time

import pytest

import dynamodb
import harness
from harness import task_event, wait_for

ZONE = "Z1EXAMPLE"
NAME = "www.catsndogs.lol"


@pytest.fixture(name="lab_of")
def fixture_lab_of(aws, keep, monkeypatch):
    """lab_of(hold=…, route53={…}, of_set={…}): a lab whose record set goes to the double."""
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    aws.route53.add_zone("catsndogs.lol", ZONE)

    def make(hold="600ms", route53=None, of_set=None, **more):
        lab = harness.Lab(hold=hold, **more)
        lab.daemon.config["route53"] = {"poll": "100ms", "settle": "1s", "interval": "1s",
                                        "rate": 50, **(route53 or {})}
        lab.daemon.config["record_sets"][0]["route53"] = {"zone_id": ZONE, **(of_set or {})}
        return keep(lab).start()

    return make


def live(aws):
    return tuple(aws.route53.weights(ZONE, NAME).get("ballast-" + name) for name in ("blue", "green"))


def sent(aws):
    """The weights of each batch, in order."""
    found = []
    for batch in aws.route53.batches:
        sets = [change["ResourceRecordSet"] for change in batch["changes"]]
        found.append(tuple(one["Weight"] for one in sorted(sets, key=lambda one: one["SetIdentifier"])))
    return found


def state(lab):
    return lab.daemon.call("route53 status")["record_sets"][0]


def wait_in_step(lab, seconds=10):
    return wait_for(lambda: state(lab)["state"] == "in step" and state(lab), "it is in step", seconds)


def test_a_rollout_is_one_batch_for_each_step(aws, lab_of):
    lab = lab_of()
    wait_in_step(lab)
    assert sent(aws) == [(100, 0)]
    lab.daemon.push(task_event())
    lab.wait_state("succeeded")
    wait_in_step(lab)
    assert sent(aws) == [(100, 0), (90, 10), (50, 50), (0, 100)]
    assert live(aws) == (0, 100)
    for record in aws.route53.records(ZONE, NAME):
        assert record["TTL"] == 60


def test_the_hold_begins_when_route_53_is_in_sync(aws, lab_of):
    lab = lab_of(hold="300ms")
    wait_in_step(lab)
    aws.route53.hold()
    lab.daemon.push(task_event())
    wait_for(lambda: live(aws) == (90, 10), "the first step is sent")
    polls = len(aws.calls("GetChange"))
    began = time.monotonic()
    wait_for(lambda: len(aws.calls("GetChange")) >= polls + 8, "it is asked for again and again")
    assert time.monotonic() - began > 0.6 and lab.daemon.rollout()["step"] == 1
    assert state(lab)["state"] == "pending" and sent(aws)[-1] == (90, 10)
    aws.route53.release()
    lab.wait_state("succeeded")
    assert sent(aws) == [(100, 0), (90, 10), (50, 50), (0, 100)]


def test_a_kill_at_each_step_repeats_no_batch(aws, lab_of):
    lab = lab_of(hold="500ms")
    wait_in_step(lab)
    lab.daemon.push(task_event())
    for weights in ((90, 10), (50, 50), (0, 100)):
        wait_for(lambda: live(aws) == weights, f"Route 53 has {weights}", 20)
        lab.daemon.kill()
        lab.start()
    lab.wait_state("succeeded")
    wait_in_step(lab)
    assert sent(aws) == [(100, 0), (90, 10), (50, 50), (0, 100)]


@pytest.mark.parametrize("fault", [
    ("cut", {"octets": 0}),  # it has happened, and the answer is lost
    ("cut", {"octets": 40}),
    ("garbage", {"body": "<a>", "content_type": "text/xml"}),
    ("drop", {}),
    ("status", {"status": 500, "body": None}),
    ("error", {"code": "PriorRequestNotComplete", "text": "x", "status": 400}),
    ("error", {"code": "Throttling", "text": "Rate exceeded", "status": 400}),
    ("error", {"code": "InvalidChangeBatch", "text": "[x]", "status": 400}),
], ids=lambda fault: "-".join([fault[0], str(fault[1].get("code", fault[1].get("octets", "")))]))
def test_a_batch_that_fails_once_goes_out_once(aws, lab_of, fault):
    lab = lab_of(hold="200ms")
    wait_in_step(lab)
    aws.faults.add(fault[0], "route53", "ChangeResourceRecordSets", 1, **fault[1])
    lab.daemon.push(task_event())
    lab.wait_state("succeeded", 30)
    wait_in_step(lab)
    assert sent(aws) == [(100, 0), (90, 10), (50, 50), (0, 100)]


@pytest.mark.parametrize("operation", ["ListResourceRecordSets", "GetChange"])
def test_questions_that_fail_are_asked_again(aws, lab_of, operation):
    lab = lab_of(hold="200ms")
    wait_in_step(lab)
    for kind, arguments in (("drop", {}), ("status", {"status": 503, "body": None}),
                            ("cut", {"octets": 60})):
        aws.faults.add(kind, "route53", operation, 1, **arguments)
    lab.daemon.push(task_event())
    lab.wait_state("succeeded", 40)
    assert sent(aws) == [(100, 0), (90, 10), (50, 50), (0, 100)]


def test_a_fall_back_does_not_wait_for_route_53(aws, lab_of):
    lab = lab_of(hold="60s")
    wait_in_step(lab)
    lab.daemon.push(task_event())
    wait_for(lambda: live(aws) == (90, 10), "the first step is sent")
    wait_in_step(lab)
    away = aws.faults.add("drop", "route53")
    lab.daemon.ctl("rollout", "abort", "cats")
    assert lab.daemon.weights() == {"blue": 100, "green": 0}
    assert set(lab.daemon.addresses()) == {"127.0.0.2"}
    found = wait_for(lambda: state(lab).get("error") and state(lab), "it is said to be pending")
    assert found["state"] == "pending" and "pending_since" in found and live(aws) == (90, 10)
    away.lift()
    wait_in_step(lab, 20)
    assert live(aws) == (100, 0) and sent(aws) == [(100, 0), (90, 10), (100, 0)]


def test_only_the_newest_state_goes_out(aws, lab_of):
    lab = lab_of(roll=False)
    wait_in_step(lab)
    slow = aws.faults.add("delay", "route53", "ChangeResourceRecordSets", 1, seconds=1)
    lab.daemon.set_weights(NAME, "A", "blue=90", "green=10")
    wait_for(lambda: slow.used == 1, "the batch is under way")
    for green in range(11, 20):
        lab.daemon.set_weights(NAME, "A", f"green={green}")
    wait_for(lambda: live(aws) == (90, 19), "Route 53 has the newest")
    wait_in_step(lab)
    assert sent(aws) == [(100, 0), (90, 10), (90, 19)]


def foreign():
    return {"Name": NAME, "Type": "A", "SetIdentifier": "canary", "Weight": 5, "TTL": 60,
            "ResourceRecords": [{"Value": "192.0.2.9"}]}


def test_strangers_are_refused_and_rollouts_wait(aws, lab_of):
    lab = lab_of()
    wait_in_step(lab)
    aws.route53.put(ZONE, foreign())
    found = wait_for(lambda: state(lab).get("error") and state(lab), "it is noticed")
    assert "canary is not Ballast's" in found["error"] and found["state"] == "pending"
    lab.daemon.push(task_event())
    wait_for(lab.daemon.rollout, "it is begun")
    assert lab.daemon.rollout()["state"] == "preparing"
    assert lab.daemon.weights() == {"blue": 100, "green": 0} and sent(aws) == [(100, 0)]
    aws.route53.remove(ZONE, NAME, "A", "canary")
    lab.wait_state("succeeded")
    assert sent(aws) == [(100, 0), (90, 10), (50, 50), (0, 100)]


def test_strangers_are_adopted_and_left_as_they_are(aws, lab_of):
    lab = lab_of(roll=False, of_set={"foreign": "adopt"})
    wait_in_step(lab)
    aws.route53.put(ZONE, foreign())
    lab.daemon.set_weights(NAME, "A", "blue=90", "green=10")
    wait_for(lambda: live(aws) == (90, 10), "it is sent")
    assert aws.route53.weights(ZONE, NAME)["canary"] == 5


@pytest.mark.parametrize("drift", ["correct", "report"])
def test_drift_is_corrected_or_reported(aws, lab_of, drift):
    lab = lab_of(roll=False, route53={"drift": drift})
    wait_in_step(lab)
    record = next(one for one in aws.route53.records(ZONE, NAME)
                  if one["SetIdentifier"] == "ballast-blue")
    aws.route53.put(ZONE, {**record, "Weight": 7})
    if drift == "correct":
        wait_for(lambda: live(aws) == (100, 0), "it is corrected")
        assert len(sent(aws)) == 2
        return
    found = wait_for(lambda: state(lab)["state"] == "drift" and state(lab), "it is reported")
    assert "weight of ballast-blue otherwise: 7, expected 100" in found["error"]
    assert live(aws) == (7, 0) and len(sent(aws)) == 1
    assert "ballast-blue    weight  7         100" in lab.daemon.ctl("route53", "diff").stdout
    dry = lab.daemon.json("route53", "sync", f"{NAME}/A", "--dry-run")
    changes = dry["result"]["batch"]["Changes"] if "result" in dry else dry["batch"]["Changes"]
    assert [one["Action"] for one in changes] == ["UPSERT", "UPSERT"] and len(sent(aws)) == 1
    lab.daemon.ctl("route53", "sync", f"{NAME}/A")
    wait_for(lambda: live(aws) == (100, 0), "it is sent")
    wait_in_step(lab)


def test_a_restart_in_step_sends_nothing(aws, lab_of):
    lab = lab_of(roll=False, route53={"drift": "report"})
    wait_in_step(lab)
    lab.daemon.kill()
    record = aws.route53.records(ZONE, NAME)[0]
    aws.route53.put(ZONE, {**record, "Weight": 7})
    lab.start()
    wait_for(lambda: state(lab)["state"] == "drift", "it is drift")
    assert sent(aws) == [(100, 0)]


def change_state(lab, setting, *values):
    """What the state file of a daemon that does not run has of the record set."""
    with contextlib.closing(sqlite3.connect(lab.daemon.state_path)) as state_file, state_file:
        assert state_file.execute(f"UPDATE route53 SET {setting}", values).rowcount == 1


def test_a_clock_that_is_set_back_over_a_restart_keeps_nothing_pending(aws, lab_of):
    lab = lab_of(roll=False)
    wait_in_step(lab)
    lab.daemon.kill()
    change_state(lab, "state = 'sending', change_id = '', sent_ms = ?",
                 (time.time_ns() // 1000000) + 86400000)
    lab.start()
    wait_in_step(lab)
    assert sent(aws) == [(100, 0)]


def test_a_batch_that_was_not_written_down_is_waited_for_in_full(aws, lab_of):
    """The disk took neither that it is sent nor that it was; Route 53 has it, and may be PENDING."""
    lab = lab_of(roll=False, route53={"settle": "3s"})
    wait_in_step(lab)
    lab.daemon.kill()
    change_state(lab, "wanted = 'ttl 60: 90 10'")
    began = time.monotonic()
    lab.start()
    wait_in_step(lab)
    assert time.monotonic() - began >= 3
    assert sent(aws) == [(100, 0)]


def test_without_permission_for_get_change_each_change_is_waited_for(aws, lab_of):
    lab = lab_of(hold="200ms")
    wait_in_step(lab)
    aws.faults.add("error", "route53", "GetChange", code="AccessDenied", text="not you", status=403)
    began = time.monotonic()
    lab.daemon.push(task_event())
    shown = wait_for(lambda: state(lab).get("error") and state(lab), "it is said")
    assert shown["state"] == "pending" and "expected route53:GetChange to be allowed, each change " \
        "counts as in sync after 1s: route53 GetChange: AccessDenied: not you" in shown["error"]
    lab.wait_state("succeeded", 30)
    wait_in_step(lab)
    assert sent(aws) == [(100, 0), (90, 10), (50, 50), (0, 100)]
    assert time.monotonic() - began >= 3  # "settle" for each of three
    assert "warning route53: www.catsndogs.lol/A: expected route53:GetChange" in lab.daemon.log()


@pytest.mark.parametrize("operation", ["ListResourceRecordSets", "ChangeResourceRecordSets"])
def test_without_permission_rollouts_wait_and_it_is_said(aws, lab_of, operation):
    lab = lab_of(hold="200ms")
    wait_in_step(lab)
    fault = aws.faults.add("error", "route53", operation, code="AccessDenied", text="not you",
                           status=403)
    lab.daemon.push(task_event())
    shown = wait_for(lambda: state(lab).get("error") and state(lab), "it is said")
    assert shown["state"] == "pending"
    assert f"route53 {operation}: AccessDenied: not you" in shown["error"]
    wait_for(lambda: fault.used >= 2, "it is asked again")
    assert sent(aws) == [(100, 0)] and live(aws) == (100, 0)
    fault.lift()
    lab.wait_state("succeeded", 40)
    wait_in_step(lab)
    assert sent(aws) == [(100, 0), (90, 10), (50, 50), (0, 100)]


def many_sets(aws, keep, monkeypatch, count, **route53):
    """A daemon with record sets of one rule, which go out together."""
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    aws.route53.add_zone("catsndogs.lol", ZONE)
    names = [f"s{number}.catsndogs.lol" for number in range(count)]
    members = harness.two_members()
    for one in members:
        one["ecs_service"] = one["id"]
    sets = [{**harness.record_set(members, name=name), "route53": {"zone_id": ZONE}} for name in names]
    return keep(harness.Daemon({
        "record_sets": sets, "route53": {"poll": "1s", "settle": "1s", "interval": "60s", **route53},
        "rollouts": [{"name": "all", "record_sets": [f"{name}/A" for name in names],
                      "cluster": "c", "plan": {"hold": "60s"}}]})).start()


def all_in_step(daemon, seconds):
    wait_for(lambda: {one["state"] for one in daemon.call("route53 status")["record_sets"]} ==
             {"in step"}, "all are in step", seconds)


def test_a_look_over_many_record_sets_keeps_to_the_rate(aws, keep, monkeypatch):
    aws.route53.rate, aws.route53.burst, aws.route53.tokens = 8, 8, 8
    daemon = many_sets(aws, keep, monkeypatch, 20, rate=4)
    all_in_step(daemon, 40)
    assert [call.code for call in aws.calls(service="route53") if call.code] == []
    assert len(aws.calls("ListResourceRecordSets")) == 20
    assert len(aws.route53.batches) == 1


def test_a_look_that_is_throttled_goes_on_where_it_was(aws, keep, monkeypatch):
    """Others ask so much that a look is never through at once."""
    aws.route53.rate, aws.route53.burst, aws.route53.tokens = 3, 6, 6
    daemon = many_sets(aws, keep, monkeypatch, 20, rate=50)
    all_in_step(daemon, 60)
    calls = aws.calls("ListResourceRecordSets")
    assert len([call for call in calls if call.code == "Throttling"]) > 0
    assert len([call for call in calls if not call.code]) == 20
    assert len(aws.route53.batches) == 1


def test_a_longer_ttl_there_is_waited_for(aws, lab_of):
    """Route 53 answers with 3 s, this server with 1 s; the plan lowers both to 1 s."""
    lab = lab_of(ttl=1, of_set={"ttl": 3}, plan={
        "steps": [100], "hold": "200ms", "allow_short_hold": True, "ttl": 1})
    wait_in_step(lab)
    began = time.monotonic()
    lab.daemon.push(task_event())
    lab.wait_state("succeeded", 40)
    wait_in_step(lab)
    ttls = [batch["changes"][0]["ResourceRecordSet"]["TTL"] for batch in aws.route53.batches]
    assert sent(aws)[:3] == [(100, 0), (100, 0), (0, 100)] and ttls[:3] == [3, 1, 1]
    assert aws.route53.batches[2]["at"] - began >= 3


def test_a_fall_back_takes_as_long_as_route_53_says(aws, lab_of):
    lab = lab_of(hold="60s", of_set={"ttl": 300})
    wait_in_step(lab)
    lab.daemon.push(task_event())
    lab.wait_step(1)
    assert "a fall-back takes up to 300s" in lab.daemon.log()


def test_a_zone_that_is_not_there_is_said(aws, lab_of):
    lab = lab_of(roll=False, of_set={"zone_id": "ZGONE"})
    found = wait_for(lambda: state(lab).get("error") and state(lab), "it is said")
    assert found["state"] == "pending" and "NoSuchHostedZone" in found["error"]
    assert json.loads(lab.daemon.ctl("--json", "route53", "status").stdout)


def test_record_sets_of_a_rule_go_out_together_with_its_ttl(aws, keep, monkeypatch):
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    aws.route53.add_zone("catsndogs.lol", ZONE)
    lab = keep(harness.Lab(hold="200ms"))
    config = lab.daemon.config
    config["route53"] = {"poll": "100ms", "rate": 50}
    config["record_sets"].append({
        "name": NAME, "type": "AAAA", "ttl": 60, "members": [
            {"id": "blue", "weight": 100, "values": ["2001:db8::2"]},
            {"id": "green", "weight": 0, "values": ["2001:db8::3"]}]})
    for one in config["record_sets"]:
        one["route53"] = {"zone_id": ZONE, "ttl": 30}
    del config["rollouts"][0]["record_set"]
    config["rollouts"][0]["record_sets"] = [f"{NAME}/A", f"{NAME}/AAAA"]
    lab.start()
    wait_in_step(lab)
    lab.daemon.push(task_event())
    lab.wait_state("succeeded")
    assert [len(batch["changes"]) for batch in aws.route53.batches] == [4, 4, 4, 4]
    for kind in ("A", "AAAA"):
        assert aws.route53.weights(ZONE, NAME, kind) == {"ballast-blue": 0, "ballast-green": 100}
    assert {one["TTL"] for one in aws.route53.records(ZONE, NAME)} == {30}


class Nodes:
    """A fleet whose table is dynalite's, and whose Route 53 is the double's."""

    def __init__(self, count, hold):
        self.lab = harness.Lab(hold=hold)
        self.nodes = []
        for number in range(count):
            config = json.loads(json.dumps(self.lab.daemon.config))
            del config["server"]
            config["control"] = {"store": "dynamodb", "dynamodb": {
                "table": "ns-state", "node": f"n{number}", "lease": f"{3 * harness.PATIENCE}s",
                "interval": "500ms"}}
            config["aws"] = {"region": "eu-west-1"}
            config["route53"] = {"poll": "100ms", "settle": "1s", "interval": "1s", "rate": 50}
            config["record_sets"][0]["route53"] = {"zone_id": ZONE}
            self.nodes.append(harness.Daemon(config))

    def driver(self):
        def found():
            drivers = [node for node in self.nodes if node.process is not None
                       and node.call("status")["fleet"]["drives"]]
            return drivers[0] if len(drivers) == 1 else None
        return wait_for(found, "one node drives", 40)

    def close(self):
        for node in self.nodes:
            node.close()
        self.lab.close()


def test_a_fleet_sends_each_step_once_though_its_driver_dies(aws, dynalite, keep, monkeypatch, request):
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", dynalite)
    aws.route53.add_zone("catsndogs.lol", ZONE)
    dynamodb.Dynamo(dynalite)
    fleet = keep(Nodes(2, "1500ms"))
    request.node.daemons.extend(fleet.nodes)
    for node in fleet.nodes:
        node.start()
    first = fleet.driver()
    other = next(node for node in fleet.nodes if node is not first)
    wait_for(lambda: live(aws) == (100, 0), "Route 53 has the first weights")
    wait_for(lambda: first.call("status")["health"]["healthy"] == 2 and
             other.call("status")["health"]["healthy"] == 2, "all is healthy")
    assert other.call("route53 status")["record_sets"][0]["state"] == "follows"
    first.push(task_event())
    wait_for(lambda: live(aws) == (90, 10), "the first step is sent", 20)
    first.kill()
    wait_for(lambda: other.rollout() and other.rollout()["state"] == "succeeded", "it has succeeded", 60)
    wait_for(lambda: other.call("route53 status")["record_sets"][0]["state"] == "in step", "in step")
    assert sent(aws) == [(100, 0), (90, 10), (50, 50), (0, 100)]
    assert live(aws) == (0, 100) and other.weights() == {"blue": 0, "green": 100}


def test_route_53_alone_serves_and_ballast_drives_it(aws, lab_of, keep):
    """No zone, no port: nobody is answered here."""
    lab = harness.Lab(hold="300ms")
    config = lab.daemon.config
    del config["zones"]
    config["server"] = {"answers": False}
    config["route53"] = {"poll": "100ms", "settle": "1s", "interval": "1s", "rate": 50}
    config["record_sets"][0]["route53"] = {"zone_id": ZONE}
    before, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, hard), hard))
    try:
        keep(lab).start()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, hard))
    wait_in_step(lab)
    assert lab.daemon.call("status")["workers"] == 0
    assert resource.prlimit(lab.daemon.process.pid, resource.RLIMIT_NOFILE) == (hard, hard)  # for health checks
    lab.daemon.push(task_event())
    lab.wait_state("succeeded")
    wait_in_step(lab)
    assert sent(aws) == [(100, 0), (90, 10), (50, 50), (0, 100)]
    assert live(aws) == (0, 100)
    lab.daemon.set_weights(NAME, "A", "blue=1", "green=3")
    wait_for(lambda: live(aws) == (1, 3), "Route 53 has them")
    assert "ready: 0 zones" in lab.daemon.log()
    text = lab.daemon.ctl("status").stdout + lab.daemon.ctl("record", "list").stdout
    assert NAME in text
    lab.daemon.stop()
    lab.start()
    assert lab.daemon.weights() == {"blue": 1, "green": 3}


def test_a_candidate_that_never_becomes_healthy_falls_back_while_route_53_is_pending(aws, lab_of):
    """It has the first hold to become healthy, however long others take for the shift."""
    lab = lab_of(hold="1s")
    wait_in_step(lab)
    lab.green.healthy = False
    wait_for(lambda: lab.daemon.call("status")["health"]["unhealthy"] == 1, "green is unhealthy")
    aws.route53.hold()
    lab.daemon.push(task_event())
    wait_for(lambda: live(aws) == (90, 10), "the first step is sent")
    assert state(lab)["state"] == "pending"
    lab.wait_state("failed", 30)
    assert lab.daemon.weights() == {"blue": 100, "green": 0}
    aws.route53.release()
    wait_for(lambda: live(aws) == (100, 0), "Route 53 has the fall-back", 30)
