# SPDX-License-Identifier: BSD-2-Clause
"""What ECS describes, with and without events: a lost one costs one interval."""
import pytest

import harness
from harness import task_event, wait_for

CLUSTER = "catsndogsECScluster"
INTERVAL_S = 1


@pytest.fixture(name="ecs")
def fixture_ecs(aws):
    aws.ecs.add_service(CLUSTER, "cats", "cats:1", desired=2)
    aws.ecs.add_service(CLUSTER, "cats-green", "cats:1", desired=2)
    return aws.ecs


@pytest.fixture(name="lab_of")
def fixture_lab_of(aws, keep, monkeypatch):
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)

    def make(**more):
        lab = harness.Lab(**{"hold": "60s", **more})
        lab.daemon.config["aws"] = {"ecs": {"interval": f"{INTERVAL_S}s"}}
        return keep(lab)

    return make


def services(lab):
    return {one["service"]: one for one in lab.daemon.call("status")["services"]}


def described(lab, aws, rounds=1):
    """So many rounds have begun and ended."""
    before = len(aws.calls("DescribeServices"))
    wait_for(lambda: len(aws.calls("DescribeServices")) > before + rounds, "ECS is described")
    return services(lab)


def events(lab):
    return [(one["fate"], one["event_id"]) for one in lab.daemon.call("event log")["events"]]


def test_what_was_there_before_starts_nothing_and_is_shown(aws, ecs, lab_of):
    ecs.add_task(CLUSTER, "cats-green", health="HEALTHY")
    lab = lab_of().start()
    shown = described(lab, aws, 2)["cats-green"]
    assert (shown["desired"], shown["running"], shown["pending"]) == (2, 3, 0)
    assert (shown["healthy"], shown["unhealthy"], shown["unknown"]) == (1, 0, 2)
    assert [one["state"] for one in shown["deployments"]] == ["COMPLETED"]
    assert shown["error"] is None and shown["described_at"]
    assert events(lab) == [] and lab.daemon.rollout() is None
    names = [one["service"] for one in lab.daemon.call("rollout show", "cats")["services"]]
    assert names == ["cats", "cats-green"]
    text = lab.daemon.ctl("rollout", "show", "cats").stdout
    assert "cats-green" in text and "PRIMARY COMPLETED" in text


def test_a_lost_event_starts_the_rollout_within_an_interval(aws, ecs, lab_of):
    lab = lab_of().start()
    described(lab, aws)
    deployment = ecs.deploy(CLUSTER, "cats-green", "cats:2")
    rollout = lab.wait_step(1, INTERVAL_S + 5)
    assert rollout["deployment"] == deployment
    described(lab, aws, 2)
    assert [fate for fate, _ in events(lab)].count("started") == 1
    count = len(events(lab))
    described(lab, aws, 2)
    assert len(events(lab)) == count  # what is no news is no event
    assert {one for _, one in events(lab)} == {"described"}


def test_events_and_descriptions_of_the_same_start_one_rollout(aws, ecs, lab_of):
    lab = lab_of().start()
    described(lab, aws)
    deployment = ecs.deploy(CLUSTER, "cats-green", "cats:2", running=0)
    with aws.lock:
        task = dict(ecs.add_task(CLUSTER, "cats-green"))
        number = int(task["taskArn"].rpartition("/")[2], 16)
        fates = lab.daemon.push(task_event(deployment=deployment, task=number, version=3))
    assert fates == ["started"]
    described(lab, aws, 3)
    assert [fate for fate, _ in events(lab) if fate != "noted"] == ["started"]


def test_what_was_missed_while_the_daemon_was_down_starts_a_rollout(aws, ecs, lab_of):
    lab = lab_of().start()
    described(lab, aws)
    lab.daemon.stop()
    deployment = ecs.deploy(CLUSTER, "cats-green", "cats:2")
    lab.daemon.start()
    assert lab.wait_step(1)["deployment"] == deployment
    lab.daemon.kill()
    lab.daemon.start()
    described(lab, aws, 2)
    assert lab.daemon.rollout()["id"] == 1


def test_a_rollback_of_the_circuit_breaker_falls_back(aws, ecs, lab_of):
    lab = lab_of().start()
    described(lab, aws)
    deployment = ecs.deploy(CLUSTER, "cats-green", "cats:2")
    assert lab.wait_step(1)["deployment"] == deployment
    with aws.lock:
        ecs.settle(CLUSTER, "cats-green", "FAILED")
        back = ecs.deploy(CLUSTER, "cats-green", "cats:1")
        primary = ecs.clusters[CLUSTER]["services"]["cats-green"]["deployments"][0]
        primary["rolloutStateReason"] = ("ECS deployment circuit breaker: rolling back to "
                                         "deploymentId ecs-svc/1.")
    rollout = lab.wait_state("failed")
    assert rollout["deployment"] == deployment and "FAILED" in rollout["reason"]
    assert lab.daemon.weights() == {"blue": 100, "green": 0}
    ecs.settle(CLUSTER, "cats-green")
    described(lab, aws, 3)
    assert lab.daemon.rollout()["id"] == rollout["id"], f"{back} starts nothing"


def test_tasks_that_are_lost_without_an_event_fall_back(aws, ecs, lab_of):
    lab = lab_of(min_running=2).start()
    described(lab, aws)
    deployment = ecs.deploy(CLUSTER, "cats-green", "cats:2")
    lab.wait_step(1)
    described(lab, aws, 2)
    with aws.lock:
        task = next(arn for arn, one in ecs.clusters[CLUSTER]["tasks"].items()
                    if one["startedBy"] == deployment)
        ecs.stop_task(task)
    assert "lost tasks" in lab.wait_state("failed")["reason"]


def test_all_running_waits_for_as_many_as_ecs_wants(aws, ecs, lab_of):
    lab = lab_of(min_running="all").start()
    described(lab, aws)
    ecs.deploy(CLUSTER, "cats-green", "cats:2", desired=3, running=2)
    wait_for(lambda: [fate for fate, _ in events(lab)].count("waiting for more tasks") == 2,
             "two tasks wait for the third")
    described(lab, aws, 2)
    assert lab.daemon.rollout() is None
    ecs.add_task(CLUSTER, "cats-green")
    lab.wait_step(1)
    assert lab.daemon.call("rollout list")["rules"][0]["min_running"] == "all"
    assert ", all running" in lab.daemon.ctl("rollout", "list").stdout


def test_fewer_that_are_wanted_start_it_without_news_of_a_task(aws, ecs, lab_of):
    lab = lab_of(min_running="all").start()
    described(lab, aws)
    ecs.deploy(CLUSTER, "cats-green", "cats:2", desired=3, running=2)
    wait_for(lambda: len(events(lab)) >= 2, "two tasks wait for the third")
    assert lab.daemon.rollout() is None
    with aws.lock:
        service = ecs.clusters[CLUSTER]["services"]["cats-green"]
        service["deployments"][0]["desiredCount"] = service["desiredCount"] = 2
    lab.wait_step(1)


def test_nothing_starts_before_it_is_described_how_many_are_wanted(aws, ecs, lab_of):
    fault = aws.faults.add("error", "ecs", "DescribeServices", code="AccessDeniedException",
                           text="User is not authorized", status=400)
    lab = lab_of(min_running="all").start()
    shown = wait_for(lambda: services(lab)["cats"]["error"] and services(lab), "it is refused")
    assert "AccessDeniedException" in shown["cats-green"]["error"]
    deployment = ecs.deploy(CLUSTER, "cats-green", "cats:2", running=0)
    for _ in range(2):
        task = dict(ecs.add_task(CLUSTER, "cats-green"))
        number = int(task["taskArn"].rpartition("/")[2], 16)
        assert lab.daemon.push(task_event(deployment=deployment, task=number, version=3)) == [
            "waiting for a description"]
    described(lab, aws, 2)
    assert lab.daemon.rollout() is None
    assert lab.daemon.log().count("are not described: ecs DescribeServices: AccessDenied") == 1
    fault.lift()
    assert lab.wait_step(1)["deployment"] == deployment
    wait_for(lambda: services(lab)["cats"]["error"] is None, "it is described again")


def test_a_start_that_a_freeze_refused_is_tried_again(aws, ecs, lab_of):
    lab = lab_of().start()
    described(lab, aws)
    lab.daemon.ctl("rollout", "freeze", "sale")
    deployment = ecs.deploy(CLUSTER, "cats-green", "cats:2")
    wait_for(lambda: "refused" in [fate for fate, _ in events(lab)], "it is refused")
    described(lab, aws, 2)
    assert [fate for fate, _ in events(lab)].count("refused") <= 2  # one for each task, no more
    lab.daemon.ctl("rollout", "thaw", "over")
    assert lab.wait_step(1)["deployment"] == deployment


def test_what_is_missing_is_said_once_and_changes_nothing(aws, lab_of):
    aws.ecs.add_service(CLUSTER, "cats-green", "cats:1", desired=2)
    lab = lab_of().start()
    assert described(lab, aws, 3)["cats"]["error"] == "MISSING"
    assert lab.daemon.log().count("ECS service cats of cluster catsndogsECScluster: MISSING") == 1
    aws.ecs.deploy(CLUSTER, "cats-green", "cats:2")
    lab.wait_step(1)
    aws.ecs.add_service(CLUSTER, "cats", "cats:1")
    wait_for(lambda: services(lab)["cats"]["error"] is None, "it is there")


def test_an_answer_that_names_no_service_is_said(aws, ecs, lab_of):
    lab = lab_of().start()
    described(lab, aws)
    nothing = aws.faults.add("garbage", operation="DescribeServices", body="{}",
                             content_type="application/x-amz-json-1.1")
    wait_for(lambda: services(lab)["cats"]["error"] == "DescribeServices answers without it",
             "it is said")
    nothing.lift()
    wait_for(lambda: services(lab)["cats"]["error"] is None, "it is described again")


@pytest.mark.parametrize("operation", ["DescribeServices", "ListTasks", "DescribeTasks"])
@pytest.mark.parametrize("kind, keys", [
    ("garbage", {"body": '{"services":{},"taskArns":7,"tasks":"x"}'}), ("cut", {"octets": 100})])
def test_wrong_answers_change_nothing(aws, ecs, lab_of, operation, kind, keys):
    lab = lab_of().start()
    described(lab, aws)
    aws.faults.add(kind, "ecs", operation, 4, **keys)
    deployment = ecs.deploy(CLUSTER, "cats-green", "cats:2")
    assert lab.wait_step(1, 30)["deployment"] == deployment
    assert [fate for fate, _ in events(lab)].count("started") == 1
    assert set(fate for fate, _ in events(lab)) <= {"started", "noted", "already rolled out"}


def test_many_services_and_tasks_are_asked_in_lots(aws, keep, monkeypatch):
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    sets, rollouts = [], []
    for number in range(12):
        name = f"s{number}"
        members = harness.two_members()
        members[0]["ecs_service"], members[1]["ecs_service"] = f"{name}-a", name
        sets.append(harness.record_set(members, name=f"{name}.catsndogs.lol"))
        rollouts.append({"name": name, "record_set": f"{name}.catsndogs.lol/A", "cluster": CLUSTER,
                         "min_running": "all", "plan": {"hold": "60s"}})
        for service in (name, f"{name}-a"):
            aws.ecs.add_service(CLUSTER, service, "cats:1", desired=1)
    daemon = keep(harness.Daemon({"record_sets": sets, "rollouts": rollouts,
                                  "aws": {"ecs": {"interval": "1s"}}})).start()
    wait_for(lambda: all(one["described_at"] for one in daemon.call("status")["services"]),
             "all are described")
    assert len(daemon.call("status")["services"]) == 24
    aws.ecs.deploy(CLUSTER, "s11", "cats:2", desired=130)
    rollout = wait_for(lambda: daemon.rollout("s11"), "it is started", 20)
    assert rollout["candidate"] == "green"
    assert max(len(call.input["services"]) for call in aws.calls("DescribeServices")) == 10
    assert max(len(call.input["tasks"]) for call in aws.calls("DescribeTasks")) == 100
