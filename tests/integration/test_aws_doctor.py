# SPDX-License-Identifier: BSD-2-Clause
"""ballastctl aws doctor against a double of AWS: what is well, and each fault by its name."""
import json
import os
import subprocess

import pytest

from harness import BALLASTCTL

CONFIG = """
server: {{ listen: [127.0.0.1@5300] }}
control: {{ socket: s, state: t }}
zones: [{{ name: example.org, file: z }}]
aws:
  queues: [{{ url: "{queue}" }}]
health_checks:
  - {{ name: cats, type: elbv2, target_group: "{group}" }}
record_sets:
  - name: www.example.org
    type: A
    traffic: {{ type: cloudwatch }}
    route53: {{ zone_id: {zone}{mirror} }}
    members:
      - {{ id: blue, weight: 1, values: [192.0.2.1], {check}
           traffic_query: request_rate targetgroup/cats/01 app/front/02 }}
"""


@pytest.fixture
def world(aws):
    aws.sqs.add_queue("dead")
    aws.sqs.add_queue("events", dead_letters="dead")
    aws.elbv2.add_target_group("cats", {"192.0.2.1": "healthy"})
    aws.route53.add_zone("example.org", "Z1EXAMPLE")
    aws.route53.add_zone("example.net", "Z2EXAMPLE")
    return aws


@pytest.fixture
def doctor(world, tmp_path):
    def run(*, status, more=None, group=None, queue=None, zone="Z1EXAMPLE", mirrors=False):
        path = tmp_path / "b.yaml"
        path.write_text(CONFIG.format(queue=queue or world.sqs.url("events"), zone=zone,
                                      mirror=", health_checks: mirror" if mirrors else "",
                                      check="" if mirrors else "health_check: cats,",
                                      group=group or next(iter(world.elbv2.groups))))
        environment = {key: value for key, value in os.environ.items()
                       if not key.startswith("AWS_")}
        environment |= {"AWS_CONFIG_FILE": "/nonexistent",
                        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent", **world.environment(),
                        **(more or {})}
        environment = {key: value for key, value in environment.items() if value is not None}
        done = subprocess.run([BALLASTCTL, "aws", "doctor", "--config", str(path), "--json"],
                              capture_output=True, text=True, env=environment, timeout=120,
                              stdin=subprocess.DEVNULL)
        assert done.returncode == status, done
        assert "secret" not in done.stdout.lower() or "does the secret" in done.stdout
        return {check["subject"]: check for check in json.loads(done.stdout)["checks"]}
    return run


def test_what_is_well_is_said(doctor):
    checks = doctor(status=0)
    assert {check["state"] for check in checks.values()} == {"ok"}
    assert set(checks) == {"credentials", "queue events", "health check cats", "metrics", "clock",
                           "hosted zone Z1EXAMPLE"}
    assert checks["credentials"]["text"].endswith(", of environment")


def fault(checks, subject, text, mend):
    check = checks[subject]
    assert check["state"] == "fault"
    assert text in check["text"]
    assert mend in check["mend"]


def test_without_credentials_nothing_else_is_asked(doctor):
    checks = doctor(status=1, more={"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None,
                                    "AWS_EC2_METADATA_DISABLED": "true"})
    fault(checks, "credentials", "no credentials", "give it a role, a profile or keys")
    assert set(checks) == {"credentials"}


def test_a_wrong_secret(doctor, world):
    checks = doctor(status=1, more={"AWS_SECRET_ACCESS_KEY": "wrong"})
    fault(checks, "credentials", "SignatureDoesNotMatch",
          "does the secret belong to the access key id?")
    world.wrong.clear()


@pytest.mark.parametrize("action, subject", [
    ("sqs:GetQueueAttributes", "queue events"),
    ("elasticloadbalancing:DescribeTargetHealth", "health check cats"),
    ("cloudwatch:GetMetricData", "metrics"),
    ("route53:GetHostedZone", "hosted zone Z1EXAMPLE"),
])
def test_what_is_not_allowed_is_named(doctor, world, action, subject):
    every = ["sts:GetCallerIdentity", "sqs:GetQueueAttributes",
             "elasticloadbalancing:DescribeTargetHealth", "cloudwatch:GetMetricData",
             "route53:GetHostedZone"]
    key = world.accounts.session(3600, [one for one in every if one != action])
    checks = doctor(status=1, more=world.environment(key))
    fault(checks, subject, "AccessDenied", f"allow {action}: see ballastctl aws policy")
    assert [check["state"] for name, check in checks.items() if name != subject] == ["ok"] * 5
    world.wrong.clear()


def test_mirrored_health_checks_are_asked_for(doctor, world):
    checks = doctor(status=0, mirrors=True)
    assert checks["mirrored health checks"]["state"] == "ok"
    key = world.accounts.session(3600, ["sts:*", "sqs:*", "elasticloadbalancing:*", "cloudwatch:*",
                                        "route53:GetHostedZone"])
    checks = doctor(status=1, mirrors=True, more=world.environment(key))
    fault(checks, "mirrored health checks", "AccessDenied",
          "allow route53:ListHealthChecks: see ballastctl aws policy")
    world.wrong.clear()


def test_a_clock_that_is_off(doctor, world):
    world.offset_s = -1200
    checks = doctor(status=0)
    assert checks["clock"]["state"] == "warning"
    assert checks["clock"]["text"].endswith("s before AWS's")
    world.wrong.clear()


def test_a_queue_that_is_not_there(doctor, world):
    checks = doctor(status=1, queue=world.sqs.url("events") + "x")
    fault(checks, "queue eventsx", "NonExistentQueue" if "NonExistentQueue" in
          checks["queue eventsx"]["text"] else "QueueDoesNotExist", "make the queue")
    world.wrong.clear()


def test_a_queue_without_dead_letters(doctor, world):
    world.sqs.add_queue("plain")
    checks = doctor(status=0, queue=world.sqs.url("plain"))
    assert checks["queue plain"]["state"] == "warning"
    assert "dead-letter queue" in checks["queue plain"]["mend"]


def test_a_target_group_that_is_not_there(doctor, world):
    checks = doctor(status=1, group=next(iter(world.elbv2.groups))[:-1] + "f0")
    fault(checks, "health check cats", "TargetGroupNotFound", "mend the check's target_group")
    world.wrong.clear()


def test_a_zone_that_is_not_there_or_another_one(doctor, world):
    checks = doctor(status=1, zone="Z9EXAMPLE")
    fault(checks, "hosted zone Z9EXAMPLE", "NoSuchHostedZone", "mend the zone's id")
    world.wrong.clear()
    checks = doctor(status=1, zone="Z2EXAMPLE")
    fault(checks, "hosted zone Z2EXAMPLE", "it is example.net., in which www.example.org does not lie",
          "mend the record set's route53.zone_id")


def test_nobody_answers(doctor, world):
    world.refuse()
    checks = doctor(status=1)
    fault(checks, "credentials", "connection refused", "is the endpoint the right one?")
    world.accept()


def test_people_get_a_line_for_each(world, tmp_path):
    path = tmp_path / "b.yaml"
    path.write_text(CONFIG.format(queue=world.sqs.url("gone"), zone="Z1EXAMPLE", mirror="",
                                  check="health_check: cats,",
                                  group=next(iter(world.elbv2.groups))))
    done = subprocess.run([BALLASTCTL, "aws", "doctor", "--config", str(path)], capture_output=True,
                          text=True, env={**os.environ, **world.environment()}, timeout=120)
    assert done.returncode == 1
    assert "  fault  queue gone: sqs GetQueueAttributes: " in done.stdout
    assert "\n         -> make the queue, or mend its URL in aws.queues\n" in done.stdout
    assert "ballastctl: 1 fault is to be mended" in done.stderr
    world.wrong.clear()
