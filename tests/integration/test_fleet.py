# SPDX-License-Identifier: BSD-2-Clause
"""Several nodes that share their state in a table of DynamoDB: one drives, the others follow."""
import json
import os
import resource
import signal
import subprocess
import time
import urllib.request

import dynamodb
import harness
import pytest
import test_plans
import test_store_failures
from aws import fixtures
from harness import task_event, wait_for

GREEN = "ecs-svc/2000000000000000002"
LEASE_S = 3 * harness.PATIENCE
RECORD = ("www.catsndogs.lol", "A")


class Fleet:
    """Nodes n1, n2, … in front of the same two web servers, each with a road of its own to the table."""

    def __init__(self, dynamo, count, hold="700ms", **more):
        self.dynamo = dynamo
        self.lab = harness.Lab(hold=hold, **more)
        self.nodes, self.roads = [], []
        for number in range(1, count + 1):
            road = dynamodb.Road(dynamo.port)
            config = json.loads(json.dumps(self.lab.daemon.config))
            del config["server"]
            config["control"] = {
                "store": "dynamodb",
                "dynamodb": {"table": "ns-state", "node": f"n{number}", "lease": f"{LEASE_S}s",
                             "interval": "500ms"}}
            config["aws"] = {"region": dynamodb.REGION, "endpoint_url": road.url}
            node = harness.Daemon(config)
            node.name, node.road = f"n{number}", road
            self.nodes.append(node)
            self.roads.append(road)

    def start(self):
        for node in self.nodes:
            node.start()
        self.wait_driver()
        wait_for(lambda: all(node.call("status")["health"]["healthy"] == 2 for node in self.nodes),
                 "all find both healthy")
        return self

    def running(self):
        return [node for node in self.nodes if node.process is not None and not node.stopped]

    def drivers(self):
        return [node for node in self.running() if state(node)["drives"]]

    def wait_driver(self, other_than=None):
        """The node that drives, once one does."""
        def found():
            drivers = [node for node in self.drivers() if node is not other_than]
            return drivers[0] if len(drivers) == 1 else None
        return wait_for(found, "one node drives", 10 * LEASE_S)

    def followers(self):
        driver = self.wait_driver()
        return driver, [node for node in self.running() if node is not driver]

    def wait_same(self, weights, seconds=2 + 8):
        for node in self.running():
            wait_for(lambda: node.weights() == weights, f"{node.name} has {weights}", seconds)

    def head(self):
        return self.dynamo.item("head")

    def close(self):
        errors = []
        for thing in [*self.nodes, *self.roads]:
            try:
                thing.close()
            except Exception as error:
                errors.append(error)
        self.lab.blue.close()
        self.lab.green.close()
        self.lab.daemon.close()
        if errors:
            raise errors[0]


harness.Daemon.stopped = False


def state(node):
    return node.call("status")["fleet"]


@pytest.fixture
def make_fleet(keep, monkeypatch, request, dynalite):
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in fixtures.keys(dynalite).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def make(count=3, **more):
        fleet = keep(Fleet(dynamodb.Dynamo(dynalite), count, **more))
        request.node.daemons.extend(fleet.nodes)
        return fleet
    return make


def test_an_operators_weights_are_everywhere_within_two_seconds(make_fleet):
    fleet = make_fleet().start()
    driver, followers = fleet.followers()
    driver.set_weights(*RECORD, "blue=70", "green=30")
    done = time.monotonic()
    fleet.wait_same({"blue": 70, "green": 30}, 2)
    assert time.monotonic() - done < 2 * harness.PATIENCE
    refused = followers[0].ctl("weight", "set", *RECORD, "blue=1", status=1).stderr
    assert f"{driver.name} drives: ask there" in refused
    assert followers[0].weights() == {"blue": 70, "green": 30}
    body = json.loads(fleet.dynamo.item("rule#cats")["body"]["S"])
    assert body["sets"]["www.catsndogs.lol/A"]["weights"] == {"blue": 70, "green": 30}


def wait_succeeded(fleet, seconds=60):
    for node in fleet.running():
        wait_for(lambda: (node.rollout() or {}).get("state") == "succeeded",
                 f"the rollout has succeeded at {node.name}", seconds)
    fleet.wait_same({"blue": 0, "green": 100})


def begin(fleet):
    driver, followers = fleet.followers()
    assert driver.push(task_event(deployment=GREEN)) == ["started"]
    wait_for(lambda: state(driver)["saved"], "the start is in the table")
    return driver, followers


@pytest.mark.parametrize("step", [1, 2, 3])
def test_another_goes_on_where_a_driver_was_killed(make_fleet, step):
    fleet = make_fleet(hold="1500ms").start()
    driver, _ = begin(fleet)
    wait_for(lambda: driver.rollout()["step"] >= step, f"step {step} of 3", 30)
    driver.kill()
    second = fleet.wait_driver()
    assert second is not driver
    wait_succeeded(fleet)
    driver.start()
    fleet.wait_same({"blue": 0, "green": 100})
    assert second.push(task_event(deployment=GREEN, version=4)) != ["started"]
    numbers = {node.rollout()["id"] for node in fleet.running()}
    assert numbers == {1}
    assert len(second.call("rollout list")["rules"]) == 1


def test_a_follower_has_rollout_and_history(make_fleet):
    fleet = make_fleet(2, hold="500ms").start()
    driver, (follower,) = begin(fleet)
    wait_succeeded(fleet)
    mine = [one["text"] for one in driver.json("history")["history"]]
    assert any("10" in one for one in mine)
    wait_for(lambda: [one["text"] for one in follower.json("history")["history"]] == mine,
             "the history has come over", 10)
    assert follower.ctl("rollout", "start", "cats", status=1).stderr.count("drives: ask there") == 1
    assert follower.ctl("rollout", "freeze", "why", status=1).stderr.count("ask there") == 1
    assert "ask there" in json.dumps(follower.ctl("event", "push", "-", status=1, stdin=json.dumps(
        task_event(deployment="ecs-svc/9"))).stderr)


def test_two_that_start_at_once_have_one_driver(make_fleet):
    fleet = make_fleet(3)
    for node in fleet.nodes:
        node.launch()
    for node in fleet.nodes:
        wait_for(node.is_ready, "it is ready", 15)
    driver = fleet.wait_driver()
    head = fleet.head()
    assert head["owner"]["S"] == driver.name and head["fence"]["N"] == "1"
    time.sleep(LEASE_S)  # as long as anybody could take it wrongly
    assert fleet.drivers() == [driver]
    assert fleet.head()["fence"]["N"] == "1"


def test_a_driver_that_stood_still_changes_nothing_afterwards(make_fleet):
    fleet = make_fleet(hold="1s").start()
    driver, _ = begin(fleet)
    driver.process.send_signal(signal.SIGSTOP)
    driver.stopped = True
    second = fleet.wait_driver()
    second.ctl("rollout", "freeze", "look at it")
    wait_for(lambda: fleet.dynamo.item("freeze")["body"]["S"] != "{}", "the freeze is in the table")
    before = fleet.dynamo.items("rule#"), fleet.dynamo.items("freeze"), second.weights()
    driver.stopped = False
    driver.process.send_signal(signal.SIGCONT)
    wait_for(lambda: state(driver)["driver"] == second.name, "it knows who drives", 20)
    assert not state(driver)["drives"]
    wait_for(lambda: driver.call("status")["frozen"], "it has the freeze", 20)
    assert (fleet.dynamo.items("rule#"), fleet.dynamo.items("freeze"), second.weights()) == before
    assert fleet.head()["fence"]["N"] == "2"
    second.ctl("rollout", "thaw", "fine")
    wait_succeeded(fleet)


def test_a_driver_that_stops_hands_over(make_fleet):
    """With what it changed. A machine that stalls just then makes it keep its lease: again, then."""
    fleet = make_fleet(2)
    for node in fleet.nodes:
        node.config["control"]["dynamodb"]["lease"] = "20s"
    fleet.start()
    for attempt in range(4):
        driver, (second,) = fleet.followers()
        driver.set_weights(*RECORD, f"blue={40 + attempt}", "green=60")
        driver.stop()
        if "has handed over" in driver.log():
            break
        driver.start()
    else:
        raise AssertionError("it never hands over")
    assert fleet.wait_driver() is second
    assert second.weights() == {"blue": 40 + attempt, "green": 60}
    driver.start()
    second.stop()
    assert fleet.wait_driver() is driver
    driver.stop()
    driver.start()
    assert fleet.wait_driver() is driver
    assert driver.weights() == {"blue": 40 + attempt, "green": 60}


def test_a_stop_does_not_wait_for_a_table_that_is_away(make_fleet):
    fleet = make_fleet(1).start()
    node = fleet.nodes[0]
    node.road.shut()
    wait_for(lambda: state(node)["cut_off"], "it knows", 10 * LEASE_S)
    node.stop()
    assert "handed over" not in node.log()
    assert "ended" not in fleet.head()


def test_the_table_is_gone_for_a_while(make_fleet):
    fleet = make_fleet(2, hold=f"{LEASE_S * 2}s").start()
    driver, _ = begin(fleet)
    fleet.wait_same({"blue": 90, "green": 10})
    for road in fleet.roads:
        road.shut()
    wait_for(lambda: not fleet.drivers(), "nobody drives", 10 * LEASE_S)
    for node in fleet.nodes:
        wait_for(lambda: state(node)["cut_off"], "it says that it is cut off", 10 * LEASE_S)
        assert node.addresses()
    assert "cut off" in driver.ctl("status").stdout
    assert "cut off" in driver.ctl("rollout", "promote", "cats", status=1).stderr
    # Health goes on to protect answers, whoever drives.
    fleet.lab.green.healthy = False
    for node in fleet.nodes:
        wait_for(lambda: set(node.addresses()) == {"127.0.0.2"} and
                 {tuple(node.addresses()) for _ in range(20)} == {("127.0.0.2",)},
                 "green is not answered", 20)
    time.sleep(LEASE_S)  # the hold would be over
    for node in fleet.nodes:
        assert (node.rollout()["step"], node.weights()) == (1, {"blue": 90, "green": 10})
    fleet.lab.green.healthy = True
    for node in fleet.nodes:
        wait_for(lambda: node.call("status")["health"]["healthy"] == 2, "both are healthy", 20)
    for road in fleet.roads:
        road.open()
    fleet.wait_driver()
    for node in fleet.nodes:
        wait_for(lambda: state(node)["cut_off"] is None, "it is not cut off any more", 20)
    wait_succeeded(fleet)


def test_a_driver_that_is_cut_off_is_replaced_and_follows(make_fleet):
    # It may go on for as long as it has its lease: that is over before the first hold is.
    fleet = make_fleet(3, hold=f"{LEASE_S + 1}s").start()
    driver, _ = begin(fleet)
    driver.road.shut()
    second = fleet.wait_driver(other_than=driver)
    assert not state(driver)["drives"]
    wait_for(lambda: second.rollout()["state"] == "succeeded", "the second ends it", 30 * LEASE_S)
    assert driver.rollout()["state"] != "succeeded"
    driver.road.open()
    wait_succeeded(fleet)
    assert fleet.head()["owner"]["S"] == second.name


def test_a_follower_that_was_cut_off_catches_up(make_fleet):
    fleet = make_fleet(3).start()
    driver, (one, other) = fleet.followers()
    one.road.shut()
    driver.set_weights(*RECORD, "blue=60", "green=40")
    wait_for(lambda: other.weights() == {"blue": 60, "green": 40}, "the other follows", 10)
    wait_for(lambda: state(one)["cut_off"], "it says so", 10 * LEASE_S)
    assert one.weights() == {"blue": 100, "green": 0}
    one.road.open()
    fleet.wait_same({"blue": 60, "green": 40}, 10)
    assert fleet.head()["fence"]["N"] == "1"


def test_a_node_with_an_old_or_no_state_file_takes_over_what_the_table_has(make_fleet):
    fleet = make_fleet(2).start()
    driver, (follower,) = fleet.followers()
    driver.set_weights(*RECORD, "blue=60", "green=40")
    fleet.wait_same({"blue": 60, "green": 40})
    follower.stop()
    driver.set_weights(*RECORD, "blue=55", "green=45")
    wait_for(lambda: state(driver)["saved"], "it is in the table")
    driver.stop()
    follower.start()  # an old one, and it has to drive
    assert fleet.wait_driver() is follower
    assert follower.weights() == {"blue": 55, "green": 45}
    for path in driver.folder.glob("ballast.db*"):
        path.unlink()
    driver.start()
    fleet.wait_same({"blue": 55, "green": 45})


def test_without_the_table_a_node_serves_and_drives_nothing(make_fleet):
    fleet = make_fleet(1)
    fleet.roads[0].shut()
    node = fleet.nodes[0].start()
    wait_for(lambda: state(node)["cut_off"], "it says that it is cut off", 10 * LEASE_S)
    assert node.addresses() == ["127.0.0.2"]
    assert "cut off" in node.ctl("weight", "set", *RECORD, "blue=1", status=1).stderr
    fleet.roads[0].open()
    assert fleet.wait_driver() is node
    node.set_weights(*RECORD, "blue=1", "green=1")


def test_what_was_decided_just_before_a_kill_is_not_lost(make_fleet):
    """The table does not hear of it, the daemon is killed, and nobody else has driven since."""
    fleet = make_fleet(1).start()
    node = fleet.nodes[0]
    wait_for(lambda: state(node)["saved"], "it is in the table")
    wait_for(lambda: state(node)["lease_left_s"] > LEASE_S / 2, "there is time")
    node.road.shut()
    node.set_weights(*RECORD, "blue=33", "green=67")
    node.kill()
    node.road.open()
    node.start()
    assert fleet.wait_driver() is node
    assert node.weights() == {"blue": 33, "green": 67}
    wait_for(lambda: '"green":67' in fleet.dynamo.item("rule#cats")["body"]["S"], "it is written")


def test_what_nobody_heard_of_is_dropped_when_another_has_driven(make_fleet):
    fleet = make_fleet(2).start()
    driver, (follower,) = fleet.followers()
    wait_for(lambda: state(driver)["lease_left_s"] > LEASE_S / 2, "there is time")
    driver.road.shut()
    driver.set_weights(*RECORD, "blue=33", "green=67")
    assert fleet.wait_driver(other_than=driver) is follower
    follower.set_weights(*RECORD, "blue=20", "green=80")
    driver.road.open()
    fleet.wait_same({"blue": 20, "green": 80}, 20)
    assert "is dropped" in driver.log()


def test_a_node_whose_configuration_does_not_fit_says_so_and_serves_on(make_fleet):
    fleet = make_fleet(3, hold="60s")
    odd = fleet.nodes[2]
    odd.config["record_sets"][0]["members"][1]["id"] = "teal"
    for node in fleet.nodes[:2]:
        node.start()
    driver = fleet.wait_driver()
    driver.push(task_event(deployment=GREEN))
    wait_for(lambda: state(driver)["saved"], "it is in the table")
    odd.start()
    problem = wait_for(lambda: state(odd)["problem"], "it says so", 20)
    assert "put them back, or abort the rollout first" in problem
    assert "not followed" in odd.ctl("status").stdout
    assert odd.weights() == {"blue": 100, "teal": 0} and odd.addresses() == ["127.0.0.2"]
    odd.stop()  # and starts again, since nothing of that is in its state file
    odd.start()
    assert odd.weights() == {"blue": 100, "teal": 0}
    driver.ctl("rollout", "abort", "cats")
    wait_for(lambda: state(odd)["problem"] is None, "it follows", 20)


def test_a_fall_back_that_no_disk_took_is_served_until_what_another_did_is_taken_over(make_fleet):
    fleet = make_fleet(2, hold="120s").start()
    driver, _ = begin(fleet)
    fleet.wait_same({"blue": 90, "green": 10})
    size = driver.state_path.with_name("ballast.db-wal").stat().st_size
    assert 4_000_000 > size > 50_000 > len(driver.log())  # it is not begun anew yet
    resource.prlimit(driver.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    fleet.lab.green.healthy = False
    wait_for(lambda: driver.weights() == {"blue": 100, "green": 0}, "it falls back", 20)
    assert not state(driver)["saved"]
    driver.road.shut()
    second = fleet.wait_driver(other_than=driver)
    wait_for(lambda: second.weights() == {"blue": 100, "green": 0}, "so does the second", 20)
    fleet.lab.green.healthy = True
    driver.road.open()
    problem = wait_for(lambda: state(driver)["problem"], "it says that it cannot follow", 20)
    assert "disk" in problem
    assert driver.weights() == {"blue": 100, "green": 0}
    test_store_failures.free_disk(driver)
    wait_for(lambda: state(driver)["problem"] is None, "it follows", 20)
    assert driver.weights() == {"blue": 100, "green": 0}
    assert driver.rollout()["state"] == second.rollout()["state"] == "failed"


def test_an_item_that_is_too_large_is_refused_alone(make_fleet, tmp_path):
    """DynamoDB takes 400 KB. A rule's item has the plan of its rollout."""
    document = dict(test_plans.APPROVED, Comment="x" * 500_000)
    fleet = make_fleet(2, plan={"asl": test_plans.write(tmp_path, document)}).start()
    driver, (follower,) = begin(fleet)
    wait_for(lambda: state(driver)["problem"], "it says so", 20)
    problem = state(driver)["problem"]
    assert problem.startswith("rule#cats: ") and "size" in problem
    assert "not written" in driver.ctl("status").stdout
    assert "fleet: rule#cats is not in the table, and others do not see it: " in driver.log()
    # It drives on, and what comes after goes out.
    driver.ctl("rollout", "freeze", "look at it")
    wait_for(lambda: follower.call("status")["frozen"], "the freeze comes through", 20)
    assert driver.weights() == {"blue": 80, "green": 20}
    assert follower.weights() == {"blue": 100, "green": 0}
    wait_for(lambda: state(driver)["saved"], "all else is in the table", 20)


def test_a_node_that_cannot_query_says_so_and_does_not_take_the_lease(make_fleet):
    """The index has another name: head can be read and written, what has changed cannot be asked for."""
    fleet = make_fleet(2, hold="60s")
    fleet.dynamo.make_table("odd", index="by-something")
    first, second = fleet.nodes
    for node in fleet.nodes:
        node.config["control"]["dynamodb"]["table"] = "odd"
    first.start()  # an empty table needs no query
    assert fleet.wait_driver() is first
    second.start()
    problem = wait_for(lambda: state(second)["problem"], "it says so", 10 * LEASE_S)
    assert problem.startswith("query: ") and "index" in problem
    wait_for(lambda: state(second)["cut_off"] is None, "it is not cut off")
    wait_for(lambda: "not followed" in second.ctl("status").stdout, "people see it")
    first.kill()
    time.sleep(2 * LEASE_S)  # as long as it could take it wrongly
    head = fleet.dynamo.item("head", table="odd")
    assert (head["owner"]["S"], head["fence"]["N"]) == ("n1", "1")
    assert "fleet: query of odd: " in second.log()


def test_status_and_metrics_show_every_node(make_fleet):
    fleet = make_fleet(3)
    fleet.nodes[0].with_http()
    fleet.start()
    driver, _ = fleet.followers()
    node = fleet.nodes[0]
    def all_in_step():
        nodes = state(node)["nodes"]
        return nodes if len(nodes) == 3 and all(one["behind"] == 0 for one in nodes) else None
    shown = wait_for(all_in_step, "it knows all, and all are in step", 30)
    assert [one["name"] for one in shown if one["drives"]] == [driver.name]
    assert {one["pid"] for one in shown} == {one.process.pid for one in fleet.nodes}
    assert {one["address"] for one in shown} == {f"127.0.0.1@{one.port}" for one in fleet.nodes}
    wait_for(lambda: all(one["healthy"] for one in state(node)["nodes"]), "all are healthy", 30)
    text = node.ctl("status").stdout
    for name in ("n1", "n2", "n3"):
        assert name in text
    page = urllib.request.urlopen(f"http://127.0.0.1:{node.http_port}/metrics").read().decode()
    assert f"ballast_fleet_drives {1 if driver is node else 0}" in page
    assert "ballast_fleet_fence 1" in page and "ballast_fleet_cut_off 0" in page


def test_what_a_queue_brings_is_driven_by_one_and_deleted_when_the_table_has_it(make_fleet, aws,
                                                                               monkeypatch):
    aws.sqs.add_queue("events", VisibilityTimeout=10)
    fleet = make_fleet(3, hold="1s")
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    for node in fleet.nodes:
        node.config["aws"] = {"queues": [{"url": aws.sqs.url("events"), "visibility": "6s"}]}
    for node in fleet.nodes:  # each has its own road to the table
        monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", aws.url)
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", node.road.url)
        node.start()
    driver = fleet.wait_driver()
    wait_for(lambda: driver.call("status")["queues"][0]["connected"], "the queue is polled", 30)
    followers = [node for node in fleet.nodes if node is not driver]
    assert not any(node.call("status")["queues"][0]["connected"] for node in followers)
    # Cut off, but still within its lease: it takes the event in, and keeps the message.
    wait_for(lambda: state(driver)["lease_left_s"] > LEASE_S / 2, "there is time")
    driver.road.shut()
    aws.sqs.send("events", json.dumps(task_event(deployment=GREEN)))
    wait_for(lambda: driver.rollout() or state(driver)["cut_off"], "it came", 10)
    second = fleet.wait_driver(other_than=driver)
    # Nobody was told, so the message is still there, and comes to the one that drives now.
    wait_for(lambda: (second.rollout() or {}).get("state") == "succeeded", "it ends", 90)
    driver.road.open()
    wait_succeeded(fleet)
    wait_for(lambda: aws.sqs.is_empty("events"), "the message is deleted", 60)
    assert [node.rollout()["id"] for node in fleet.nodes] == [1, 1, 1]


def test_route_53_has_one_batch_for_each_step_whoever_drives(make_fleet, aws, monkeypatch):
    aws.route53.add_zone("catsndogs.lol", "Z1EXAMPLE")
    fleet = make_fleet(3, hold="1500ms")
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.setenv("AWS_ENDPOINT_URL_ROUTE53", aws.url)
    monkeypatch.setenv("AWS_ENDPOINT_URL_ROUTE_53", aws.url)
    for node in fleet.nodes:
        del node.config["aws"]
        node.config["route53"] = {"poll": "100ms", "settle": "1s", "interval": "1s", "rate": 50}
        node.config["record_sets"][0]["route53"] = {"zone_id": "Z1EXAMPLE"}
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", node.road.url)
        node.start()
    driver = fleet.wait_driver()

    def sent():
        return [tuple(change["ResourceRecordSet"]["Weight"] for change in
                      sorted(batch["changes"], key=lambda one: one["ResourceRecordSet"]["SetIdentifier"]))
                for batch in aws.route53.batches]
    wait_for(lambda: sent() == [(100, 0)], "what is there at first goes out", 20)
    wait_for(lambda: driver.call("route53 status")["record_sets"][0]["state"] == "in step", "in step", 20)
    wait_for(lambda: driver.call("status")["health"]["healthy"] == 2, "both are healthy", 20)
    begin(fleet)
    wait_for(lambda: len(sent()) == 3 and state(driver)["saved"], "the second step is sent", 40)
    driver.kill()
    wait_succeeded(fleet)
    second = fleet.wait_driver()
    wait_for(lambda: second.call("route53 status")["record_sets"][0]["state"] == "in step", "in step", 20)
    assert sent() == [(100, 0), (90, 10), (50, 50), (0, 100)]


def test_the_doctor_looks_at_the_table(make_fleet, aws, tmp_path):
    fleet = make_fleet(1)
    environment = {**os.environ, **aws.environment(),
                   "AWS_ENDPOINT_URL_DYNAMODB": fleet.dynamo.url}
    del fleet.nodes[0].config["aws"]

    def look():
        path = fleet.nodes[0].write_config()
        done = subprocess.run([harness.BALLASTCTL, "aws", "doctor", "--config", str(path)],
                              capture_output=True, text=True, env=environment, timeout=120)
        return done.returncode, done.stdout
    status, text = look()
    assert status == 0 and "table ns-state" in text and "with the keys of a fleet" in text
    fleet.dynamo.client.create_table(
        TableName="other", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
    fleet.nodes[0].config["control"]["dynamodb"]["table"] = "other"
    status, text = look()
    assert status == 1 and "it has not the keys fleet and item" in text
    fleet.nodes[0].config["control"]["dynamodb"]["table"] = "missing"
    status, text = look()
    assert status == 1 and "make the table" in text
