# SPDX-License-Identifier: BSD-2-Clause
"""The event pattern brings what rollouts need and nothing that a pattern can tell apart, and the
statistics say of each other event which field would have kept it away."""
import itertools
import json
import random

import pytest

import harness
from event_pattern import matches
from harness import CLUSTER, deployment_event, task_event

OTHER_CLUSTER = CLUSTER.replace("catsndogs", "other")
STATUSES = ["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "DEACTIVATING", "STOPPING",
            "DEPROVISIONING", "STOPPED"]


BACK = "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/0."


def lab_of(keep, container=None, **rule):
    more = {} if container is None else {"ecs_container": container}
    members = [
        harness.member("blue", 100, "127.0.0.2", health_check="cats", ecs_service="cats"),
        harness.member("green", 0, "127.0.0.3", health_check="cats", ecs_service="cats-green",
                       **more),
    ]
    return keep(harness.Lab(members=members, hold="60s", **rule)).start().daemon


def describe(daemon, *rule):
    result = daemon.json("event", "pattern", *rule)
    if result["pattern"] is not None:
        assert result["characters"] == len(json.dumps(result["pattern"], separators=(",", ":")))
    return result


def life(task, deployment, service="cats-green", dies=False, container=None):
    """What a task goes through: each change is a version."""
    ups = ["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING"]
    downs = ["STOPPED"] if dies else STATUSES[3:]
    states = [(one, "RUNNING") for one in ups] + [(one, "STOPPED") for one in downs]
    return [task_event(service, deployment, task, version, last=last, desired=desired,
                       container=container)
            for version, (last, desired) in enumerate(states, 1)]


def merge(chance, *streams):
    """The streams' events in a random order that keeps each stream's own."""
    streams = [list(one) for one in streams if one]
    while streams:
        one = chance.choice(streams)
        yield one.pop(0)
        if not one:
            streams.remove(one)


def story(chance):
    """Some deployments of the candidate, one after the other, among events of others."""
    events = []
    for number in range(1, 4):
        deployment = f"ecs-svc/{number}"
        tasks = [life(10 * number + one, deployment, dies=chance.random() < 0.5)
                 for one in range(3)]
        running = [one[:4] for one in tasks]
        said = [deployment_event("IN_PROGRESS", deployment=deployment, number=number)]
        events += merge(chance, *running, said)
        fate = chance.choice(["COMPLETED", "FAILED", None])
        if fate:
            events.append(deployment_event(fate, deployment=deployment, number=100 + number))
        if fate == "FAILED":
            back = life(50 + number, f"ecs-svc/{number}0")
            events += [deployment_event("IN_PROGRESS", deployment=f"ecs-svc/{number}0",
                                        number=200 + number, reason=BACK)] + back
        events += merge(chance, *[one[4:] for one in tasks])
    others = [
        life(91, "ecs-svc/91", service="dogs"),
        [dict(one, source="aws.ec2") for one in life(92, "ecs-svc/92")],
        [task_event(task=93, cluster=OTHER_CLUSTER, version=one) for one in (1, 2)],
        [task_event(task=94, deployment="me"), deployment_event(cluster=OTHER_CLUSTER, number=900),
         deployment_event("FAILED", service="dogs", number=901)],
        [{"source": "aws.ecs", "detail-type": "ECS Service Action", "resources": [], "detail": {}}],
    ]
    return list(merge(chance, events, *others))


def what_happened(daemon):
    return [(one["kind"], one["text"], one["who"]) for one in daemon.json("history")["history"]]


@pytest.mark.parametrize("trigger, min_running, seed", [
    ("tasks", 2, 1), ("tasks", 3, 2), ("deployment", 2, 3), ("both", 2, 4), ("both", 3, 5),
    ("deployment", 1, 6)])
def test_what_passes_the_pattern_is_enough(keep, trigger, min_running, seed):
    """With the events that match alone, rollouts start and fall back as with all of them; and what
    makes them do so matches."""
    print("seed", seed)
    daemon = lab_of(keep, trigger=trigger, min_running=min_running)
    filtered = lab_of(keep, trigger=trigger, min_running=min_running)
    pattern = describe(daemon)["pattern"]
    parts = describe(daemon)["patterns"]
    events = story(random.Random(seed))
    moves, acted = {}, ("started", "superseded one", "fell back")
    for number, fate in enumerate(daemon.push(*events)):
        if fate in acted:
            moves[events[number]["id"]] = fate
            assert matches(pattern, events[number]), events[number]
    passed = [one for one in events if matches(pattern, one)]
    assert passed == [one for one in events if any(matches(part["pattern"], one) for part in parts)]
    assert len(passed) < len(events)
    fates = filtered.push(*passed)
    assert {one["id"]: fate for one, fate in zip(passed, fates) if fate in acted} == moves
    assert moves
    assert what_happened(filtered) == what_happened(daemon)


@pytest.mark.parametrize("cluster", ["catsndogsECScluster", CLUSTER])
@pytest.mark.parametrize("trigger", ["tasks", "deployment", "both"])
def test_the_statistics_and_the_pattern_agree_about_every_event(keep, trigger, cluster):
    """An event matches if and only if the statistics name no field that keeps it away."""
    daemon = lab_of(keep, trigger=trigger, cluster=cluster, container="cats-green")
    pattern = describe(daemon)["pattern"]
    task = itertools.count(1)
    events = [
        task_event(service, deployment, next(task), cluster=where, last=last, desired=desired,
                   container=container)
        for service, deployment, where, (last, desired), container in itertools.product(
            ["cats", "cats-green", "cats-greenish", "dogs"], ["ecs-svc/1", "other"],
            [CLUSTER, OTHER_CLUSTER, CLUSTER + "2"],
            [(one, "RUNNING") for one in STATUSES] + [("RUNNING", "PENDING"), ("RUNNING", "STOPPED"),
                                                      ("STOPPED", "STOPPED")],
            ["cats-green", "sidecar"])]
    events += [
        deployment_event(state, service, deployment, where, number=next(task))
        for state, service, deployment, where in itertools.product(
            ["IN_PROGRESS", "COMPLETED", "FAILED", "PAUSED"], ["cats", "cats-green", "dogs"],
            ["ecs-svc/7", "other"], [CLUSTER, OTHER_CLUSTER, CLUSTER + "2"])]
    events += [deployment_event("IN_PROGRESS", service, number=next(task), reason=BACK)
               for service in ("cats", "cats-green", "dogs")]
    events += [dict(events[0], **{"detail-type": "ECS Service Action"})]
    random.Random(7).shuffle(events)
    daemon.push(*events)
    stats = daemon.json("event", "stats")
    sums = [stats["others"]] + stats["rules"]
    assert sum(one["received"] for one in sums) == len(events)
    filtered = {}
    for one in sums:
        assert sum(one["fates"].values()) == one["received"]
        for field, count in one["filters"].items():
            filtered[field] = filtered.get(field, 0) + count
    passed = [one for one in events if matches(pattern, one)]
    assert len(events) - sum(filtered.values()) == len(passed)
    assert set(filtered) == {
        "resources", "detail-type", "detail.eventName", "detail.deploymentId", "detail.clusterArn",
        "detail.group", "detail.startedBy", "detail.containers.name", "detail.lastStatus",
        "detail.desiredStatus"}


def test_rules_share_one_pattern_or_have_one_each(make_daemon):
    members = {name: [harness.member("blue", 100, "192.0.2.1", ecs_service=name),
                      harness.member("green", 0, "192.0.2.2", ecs_service=f"{name}-green")]
               for name in ("cats", "dogs")}
    daemon = make_daemon({
        "record_sets": [harness.record_set(members[one], name=f"{one}.catsndogs.lol")
                        for one in members],
        "rollouts": [{"name": one, "record_set": f"{one}.catsndogs.lol/A",
                      "cluster": "catsndogsECScluster"} for one in members]})
    whole, cats = describe(daemon), describe(daemon, "cats")
    assert [one["rule"] for one in whole["patterns"]] == ["cats", "cats", "dogs", "dogs"]
    assert [one["for"] for one in cats["patterns"]] == ["tasks", "deployments"]
    for service, of_whole, of_cats in [("cats-green", True, True), ("dogs", True, False),
                                       ("birds", False, False)]:
        for event in (task_event(service), deployment_event("FAILED", service)):
            assert matches(whole["pattern"], event) == of_whole, event
            assert matches(cats["pattern"], event) == of_cats, event
    assert "birds" in daemon.ctl("event", "pattern", "birds", status=1).stderr


def test_the_pattern_is_printed_to_be_handed_on(keep):
    daemon = lab_of(keep)
    printed = daemon.ctl("event", "pattern").stdout
    text, _, notes = printed.partition("\n#")
    assert json.loads(text) == describe(daemon)["pattern"]
    assert "of 2048 characters" in notes and "end of its ARN" in notes
    assert all(one.startswith(" ") or one.startswith("# ") for one in notes.splitlines())


def test_the_lab_s_question_is_answered(keep):
    """Why does the rule fire more often than there are deployments?"""
    daemon = lab_of(keep, min_running=2)
    for number in (1, 2):
        daemon.push(*itertools.chain(
            *[life(10 * number + one, f"ecs-svc/{number}")[:4] for one in range(2)]))
    daemon.push(*[task_event("dogs", task=one) for one in range(80, 85)])
    stats = daemon.json("event", "stats")
    rule, = stats["rules"]
    assert rule["rule"] == "cats" and rule["deployments_seen"] == 2
    assert [one["deployment"] for one in rule["deployments"]] == ["ecs-svc/2", "ecs-svc/1"]
    assert rule["deployments"][1] == {
        "deployment": "ecs-svc/1", "received": 8, "filters": {"detail.lastStatus": 6},
        "fates": {"not running": 6, "started": 1, "waiting for more tasks": 1}}
    assert stats["others"] == {"received": 5, "fates": {"other service": 5},
                               "filters": {"detail.group": 5}}
    shown = daemon.ctl("event", "stats").stdout
    assert "6 detail.lastStatus" in shown and "5 detail.group" in shown, shown
    daemon.kill()
    daemon.start()
    assert daemon.json("event", "stats") == stats
