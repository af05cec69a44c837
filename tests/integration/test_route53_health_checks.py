# SPDX-License-Identifier: BSD-2-Clause
"""Health checks that Route 53 gets of members, against a double of AWS. Their addresses are none of
loopback's, so all of it happens on a host of its own."""
import subprocess

import pytest

import dynamodb
import harness
import networks
from aws import fixtures
from harness import member, task_event, wait_for

ZONE = "Z1EXAMPLE"
NAME = "www.catsndogs.lol"
BLUE, GREEN, MORE = "192.0.2.2", "192.0.2.3", "192.0.2.4"


@pytest.fixture(autouse=True)
def internet():
    networks.need_namespaces()
    host = networks.Host("internet")
    try:
        for address in (BLUE, GREEN, MORE):
            host.address(f"{address}/32", "lo")
        with host.inside():
            yield
    finally:
        host.close()


class Site(harness.Lab):
    """A lab whose members have addresses that Route 53 would check."""

    def __init__(self, blue=(BLUE,), green=(GREEN,), **more):
        super().__init__(members=[
            member("blue", 100, *blue, health_check="cats", ecs_service="cats"),
            member("green", 0, *green, health_check="cats", ecs_service="cats-green")], **more)
        self.servers = [harness.Backend(address, self.port, "cats\n")
                        for address in (BLUE, GREEN, MORE)]
        self.watched = len(blue) + len(green)

    @property
    def set(self):
        return self.daemon.config["record_sets"][0]

    def wait_healthy(self):
        wait_for(lambda: self.daemon.call("status")["health"]["healthy"] == self.watched,
                 "all are healthy")

    def close(self):
        try:
            super().close()
        finally:
            for server in self.servers:
                server.close()


@pytest.fixture(name="site_of")
def fixture_site_of(aws, keep, monkeypatch):
    """site_of(blue=…, green=…, route53={…}): a site, not started, whose checks go to the double."""
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    aws.route53.add_zone("catsndogs.lol", ZONE)
    aws.route53.rate = None

    def make(route53=None, roll=False, **more):
        site = keep(Site(roll=roll, **more))
        site.daemon.config["route53"] = {"poll": "100ms", "settle": "1s", "interval": "1s",
                                         "rate": 50, **(route53 or {})}
        site.set["route53"] = {"zone_id": ZONE, "health_checks": "mirror"}
        return site

    yield make
    assert aws.route53.deleted_in_use == []


def live(aws):
    """{member: id of its health check, or None}"""
    return {one["SetIdentifier"].removeprefix("ballast-"): one.get("HealthCheckId")
            for one in aws.route53.records(ZONE, NAME)}


def weights(aws):
    return tuple(aws.route53.weights(ZONE, NAME).get("ballast-" + name) for name in ("blue", "green"))


def checks(aws):
    with aws.lock:
        return dict(aws.route53.health_checks)


def config_of(aws, name):
    """Of the member's check, without what Route 53 adds."""
    config = dict(checks(aws)[live(aws)[name]]["HealthCheckConfig"])
    for key in ("Inverted", "Disabled", "MeasureLatency", "EnableSNI"):
        config.pop(key, None)
    return config


def state(daemon):
    return daemon.call("route53 status")["record_sets"][0]


def wait_mirrored(aws, daemon, count, seconds=20):
    """Every member's record set names a check that is there, and there are so many, and no more."""
    def found():
        said = state(daemon)
        there = checks(aws)
        return said["state"] == "in step" and len(there) == count and \
            said["health_checks"]["made"] == said["health_checks"]["members"] and \
            set(live(aws).values()) <= set(there)
    wait_for(found, f"{count} checks are mirrored", seconds)
    assert "error" not in state(daemon)["health_checks"]


def expected(site, address, **more):
    return {"Type": "HTTP", "IPAddress": address, "Port": site.port, "ResourcePath": "/cats/",
            "RequestInterval": 10, "FailureThreshold": 3, **more}


def test_each_member_has_a_check(aws, site_of):
    site = site_of().start()
    wait_mirrored(aws, site.daemon, 2)
    assert config_of(aws, "blue") == expected(site, BLUE)
    assert config_of(aws, "green") == expected(site, GREEN)
    for check in checks(aws).values():
        assert check["CallerReference"].startswith("ballast-")
    assert len(aws.calls("CreateHealthCheck")) == 2
    assert len(aws.route53.batches) <= 2  # what is not known is not waited for
    batches = len(aws.route53.batches)
    site.daemon.set_weights(NAME, "A", "blue=90", "green=10")
    wait_for(lambda: weights(aws) == (90, 10), "a shift is sent")
    wait_mirrored(aws, site.daemon, 2)
    assert len(aws.route53.batches) == batches + 1
    assert len(aws.calls("CreateHealthCheck")) == 2 and not aws.calls("DeleteHealthCheck")


def test_several_addresses_are_healthy_while_one_is(aws, site_of):
    site = site_of(green=(GREEN, MORE)).start()
    wait_mirrored(aws, site.daemon, 4)
    whole = config_of(aws, "green")
    assert whole["Type"] == "CALCULATED" and whole["HealthThreshold"] == 1
    children = {checks(aws)[name]["HealthCheckConfig"]["IPAddress"]
                for name in whole["ChildHealthChecks"]}
    assert children == {GREEN, MORE}


@pytest.mark.parametrize("fault", [
    ("cut", {"octets": 0}),  # it has happened, and the answer is lost
    ("cut", {"octets": 200}),
    ("garbage", {"body": "<a>", "content_type": "text/xml"}),
    ("garbage", {"body": "<a/>", "content_type": "text/xml"}),
    ("drop", {}),
    ("status", {"status": 500, "body": None}),
    ("error", {"code": "Throttling", "text": "Rate exceeded", "status": 400}),
], ids=lambda fault: "-".join([fault[0], *map(str, fault[1].values())]))
def test_what_fails_once_is_made_once(aws, site_of, fault):
    for operation in ("CreateHealthCheck", "ListHealthChecks", "DeleteHealthCheck"):
        aws.faults.add(fault[0], "route53", operation, 1, **fault[1])
    site = site_of().start()
    wait_mirrored(aws, site.daemon, 2)
    names = set(checks(aws))
    site.daemon.stop()
    site.daemon.config["health_checks"][0]["fall"] = 5
    site.start()
    wait_for(lambda: not names & set(checks(aws)), "the old ones are deleted", 20)
    wait_mirrored(aws, site.daemon, 2)


def test_a_kill_makes_no_second_one(aws, site_of):
    slow = aws.faults.add("delay", "route53", "CreateHealthCheck", 2, seconds=0.5)
    site = site_of().start()
    for made in (1, 2):
        wait_for(lambda: slow.used >= made or len(checks(aws)) >= made, "one is asked for")
        site.daemon.kill()
        site.start()
    wait_mirrored(aws, site.daemon, 2)
    names = set(checks(aws))
    site.daemon.kill()
    site.daemon.state_path.unlink()  # nor does a node that knows nothing
    for more in ("-wal", "-shm"):
        site.daemon.state_path.with_name(site.daemon.state_path.name + more).unlink(missing_ok=True)
    site.start()
    wait_mirrored(aws, site.daemon, 2)
    assert set(checks(aws)) == names


def test_a_check_that_changes_is_another_and_the_old_one_goes(aws, site_of):
    site = site_of(green=(GREEN, MORE)).start()
    wait_mirrored(aws, site.daemon, 4)
    first = checks(aws)
    check = site.daemon.config["health_checks"][0]
    for path in ("/", "/cats/"):
        site.daemon.stop()
        check["path"] = path
        site.start()
        wait_for(lambda: not set(checks(aws)) & set(first), "the old ones are gone", 30)
        wait_mirrored(aws, site.daemon, 4)
        assert config_of(aws, "blue") == expected(site, BLUE, ResourcePath=path)
        first = checks(aws)
    # What has been deleted cannot be had by its reference again: these are of the next generation.
    assert {one["CallerReference"].rpartition("-")[2] for one in first.values()} == {"1", "0"}


def test_an_address_more_is_a_check_more(aws, site_of):
    site = site_of().start()
    wait_mirrored(aws, site.daemon, 2)
    before = live(aws)
    site.daemon.stop()
    site.set["members"][1]["values"].append(MORE)
    site.watched += 1
    site.start()
    wait_mirrored(aws, site.daemon, 4)
    assert config_of(aws, "green")["Type"] == "CALCULATED"
    assert before["green"] in config_of(aws, "green")["ChildHealthChecks"]
    assert live(aws)["blue"] == before["blue"]
    site.daemon.stop()
    site.set["members"][1]["values"].pop()
    site.watched -= 1
    site.start()
    wait_mirrored(aws, site.daemon, 2)
    assert live(aws) == before


def test_a_fall_back_waits_for_no_check(aws, site_of):
    aws.faults.add("error", "route53", "CreateHealthCheck", code="Throttling", text="Rate exceeded",
                   status=400)
    site = site_of(roll=True, hold="60s").start()
    site.daemon.push(task_event())
    wait_for(lambda: weights(aws) == (90, 10), "the first step is sent")
    found = wait_for(lambda: state(site.daemon)["state"] == "in step" and
                     "error" in state(site.daemon)["health_checks"] and state(site.daemon),
                     "what is missing is said")
    assert (found["health_checks"]["members"], found["health_checks"]["made"]) == (2, 0)
    assert "Throttling: Rate exceeded" in found["health_checks"]["error"]
    assert "0 of 2 members have a health check: " in site.daemon.ctl("route53", "status").stdout
    slow = aws.faults.add("delay", "route53", "CreateHealthCheck", 1, seconds=12)
    wait_for(lambda: slow.used == 1, "one is being made", 60)
    site.daemon.ctl("rollout", "abort", "cats")
    assert site.daemon.weights() == {"blue": 100, "green": 0}
    wait_for(lambda: weights(aws) == (100, 0), "Route 53 has it")
    assert not checks(aws)
    aws.faults.lift()
    wait_mirrored(aws, site.daemon, 2, 90)


def test_one_that_route_53_does_not_take_keeps_the_other_from_nothing(aws, site_of):
    aws.faults.add("error", "route53", "CreateHealthCheck", 1, code="InvalidInput", text="no",
                   status=400)
    site = site_of(route53={"interval": "1h"}).start()
    found = wait_for(lambda: state(site.daemon)["state"] == "in step" and
                     state(site.daemon)["health_checks"]["made"] == 1 and state(site.daemon),
                     "the other is made")
    assert "InvalidInput: no" in found["health_checks"]["error"]
    wait_for(lambda: live(aws)["green"] in checks(aws), "it is named")
    assert live(aws)["blue"] is None


def test_members_without_a_check_or_with_one_of_route_53s_get_none(aws, site_of):
    theirs = aws.route53.add_health_check({"Type": "TCP", "IPAddress": "192.0.2.9", "Port": 1})["Id"]
    site = site_of()
    del site.set["members"][0]["health_check"]
    site.set["members"][1]["route53"] = {"health_check_id": theirs}
    site.watched -= 1
    site.start()
    wait_for(lambda: state(site.daemon)["state"] == "in step", "it is in step")
    assert live(aws) == {"blue": None, "green": theirs}
    assert "health_checks" not in state(site.daemon)
    assert not aws.calls("ListHealthChecks") and set(checks(aws)) == {theirs}


def test_what_is_mirrored_no_more_goes(aws, site_of):
    strange = aws.route53.add_health_check(
        {"Type": "TCP", "IPAddress": "192.0.2.9", "Port": 1},
        "ballast-0123456789abcdef-0123456789abcdef01234567-0")["Id"]
    site = site_of(blue=(BLUE, MORE)).start()
    wait_mirrored(aws, site.daemon, 5)
    site.daemon.stop()
    del site.set["route53"]["health_checks"]
    site.start()
    wait_for(lambda: set(checks(aws)) == {strange}, "all that were made are gone", 20)
    wait_for(lambda: site.daemon.log().count("is deleted") == 4, "it is known")
    assert live(aws) == {"blue": None, "green": None}
    site.daemon.stop()
    asked = len(aws.calls("ListHealthChecks"))
    site.start()
    wait_for(lambda: state(site.daemon)["state"] == "in step", "it is in step")
    assert len(aws.calls("ListHealthChecks")) == asked


def test_drift_of_a_check_is_shown_and_corrected(aws, site_of):
    site = site_of(route53={"drift": "report"}).start()
    wait_mirrored(aws, site.daemon, 2)
    mine = live(aws)["blue"]
    record = next(one for one in aws.route53.records(ZONE, NAME)
                  if one["SetIdentifier"] == "ballast-blue")
    aws.route53.put(ZONE, {key: value for key, value in record.items() if key != "HealthCheckId"})
    wait_for(lambda: state(site.daemon)["state"] == "drift", "it is drift")
    assert mine in site.daemon.ctl("route53", "diff").stdout
    site.daemon.kill()
    site.start()
    wait_for(lambda: state(site.daemon)["state"] == "drift", "it is still drift")
    assert live(aws)["blue"] is None
    site.daemon.ctl("route53", "sync", f"{NAME}/A")
    wait_for(lambda: live(aws)["blue"] == mine, "it is corrected")


def test_a_check_that_somebody_deletes_holds_up_no_batch(aws, boto, site_of):
    site = site_of(route53={"interval": "1h"}).start()
    wait_mirrored(aws, site.daemon, 2)
    boto("route53").delete_health_check(HealthCheckId=live(aws)["green"])
    site.daemon.set_weights(NAME, "A", "blue=90", "green=10")
    wait_for(lambda: weights(aws) == (90, 10), "it is sent without")
    assert live(aws)["green"] is None
    aws.route53.deleted_in_use.clear()


def test_a_check_that_somebody_deletes_is_made_again(aws, boto, site_of):
    site = site_of().start()
    wait_mirrored(aws, site.daemon, 2)
    old = live(aws)["green"]
    boto("route53").delete_health_check(HealthCheckId=old)
    wait_for(lambda: live(aws)["green"] not in (None, old), "there is another", 20)
    wait_mirrored(aws, site.daemon, 2)
    assert config_of(aws, "green") == expected(site, GREEN)
    aws.route53.deleted_in_use.clear()


@pytest.fixture(name="npm", scope="module")
def fixture_npm():
    """What dynalite needs is installed where there is a network."""
    done = subprocess.run([fixtures.HERE / "node" / "install", fixtures.node_folder()],
                          stdout=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, "tests/aws/node/install has failed, see above"


def test_the_next_node_to_drive_makes_no_second_one(npm, aws, site_of, dynalite, keep,
                                                    monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", dynalite)
    dynamodb.Dynamo(dynalite)
    site = site_of()
    nodes = []
    for number in range(2):
        config = {key: value for key, value in site.daemon.config.items() if key != "server"}
        config["control"] = {"store": "dynamodb", "dynamodb": {
            "table": "ns-state", "node": f"n{number}", "lease": f"{3 * harness.PATIENCE}s",
            "interval": "500ms"}}
        config["aws"] = {"region": "eu-west-1"}
        nodes.append(keep(harness.Daemon(config)))
    first, other = nodes
    first.start()
    wait_for(lambda: first.call("status")["fleet"]["drives"], "the first one drives", 40)
    wait_mirrored(aws, first, 2)
    other.start()
    named = live(aws)
    first.kill()
    wait_for(lambda: other.call("status")["fleet"]["drives"], "the other one drives", 60)
    wait_mirrored(aws, other, 2, 40)
    assert live(aws) == named
