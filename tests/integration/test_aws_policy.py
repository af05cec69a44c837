# SPDX-License-Identifier: BSD-2-Clause
"""The IAM policies: those in contrib/iam are what ballastctl prints, and name what there is."""
import json
import pathlib
import subprocess

import botocore.session
import pytest

from harness import BALLASTCTL

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "contrib" / "iam"
FEATURES = ["sqs", "ecs", "hooks", "elbv2", "cloudwatch", "route53", "healthchecks",
            "dynamodb", "import"]
# By the prefix of its actions.
SERVICES = {"sqs": "sqs", "ecs": "ecs", "elasticloadbalancing": "elbv2", "cloudwatch": "cloudwatch",
            "route53": "route53", "dynamodb": "dynamodb"}
# Younger than Debian's botocore.
YOUNGER = {"ecs:ContinueServiceDeployment"}


def ctl(*arguments):
    return subprocess.run([BALLASTCTL, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=60)


def policy(*arguments):
    done = ctl("aws", "policy", *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def actions_of(document):
    return [action for statement in document["Statement"] for action in statement["Action"]]


def test_the_files_are_what_is_printed():
    assert sorted(path.stem for path in FOLDER.glob("*.json")) == sorted(FEATURES)
    for feature in FEATURES:
        assert json.loads((FOLDER / f"{feature}.json").read_text()) == policy(feature), feature


def test_every_action_is_one_of_aws():
    session = botocore.session.get_session()
    for action in actions_of(policy(*FEATURES)):
        service, operation = action.split(":")
        names = session.get_service_model(SERVICES[service]).operation_names
        assert operation in names or action in YOUNGER, action


def test_statements_have_names_of_their_own():
    names = [statement["Sid"] for statement in policy(*FEATURES)["Statement"]]
    assert len(names) == len(set(names))
    assert all(name.isalnum() for name in names)


CONFIG = """
server: { listen: [127.0.0.1@5300] }
control: { socket: s, state: t }
zones: [{ name: example.org, file: z }]
aws:
  region: eu-west-1
  queues: [{ url: "https://sqs.eu-west-1.amazonaws.com/123456789012/events" }]
health_checks:
  - name: cats
    type: elbv2
    target_group: "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/cats/01"
record_sets:
  - name: www.example.org
    type: A
    route53: { zone_id: Z1EXAMPLE }
    members:
      - { id: blue, weight: 1, values: [192.0.2.1], health_check: cats, ecs_service: cats }
      - { id: green, weight: 0, values: [192.0.2.2], ecs_service: cats-green }
rollouts:
  - name: cats
    record_set: www.example.org/A
    cluster: "arn:aws:ecs:eu-west-1:123456789012:cluster/pets"
    gates:
      - { name: errors, type: metric, source: cloudwatch, max: 0.01,
          query: 5xx_rate targetgroup/cats/01 app/front/02 }
"""


def test_a_configuration_switches_features_on(tmp_path):
    (tmp_path / "b.yaml").write_text(CONFIG)
    document = policy("--config", str(tmp_path / "b.yaml"))
    by_name = {statement["Sid"]: statement for statement in document["Statement"]}
    assert by_name["BallastSqs"]["Resource"] == ["arn:aws:sqs:eu-west-1:123456789012:events"]
    assert {"BallastElbv2", "BallastCloudwatch"} <= set(by_name)
    assert by_name["BallastRoute53"]["Resource"] == ["arn:aws:route53:::hostedzone/Z1EXAMPLE"]
    assert not any(action.startswith(("dynamodb:", "ecs:"))
                   for action in actions_of(document))


def test_ecs_is_asked_and_answered_where_the_configuration_says_so(tmp_path):
    for old, new, expected in (
            ("aws:\n", "aws:\n  ecs: {}\n",
             {"ecs:DescribeServices", "ecs:ListTasks", "ecs:DescribeTasks"}),
            ("  - name: cats\n    record_set", "  - name: cats\n    pause_hook: true\n    record_set",
             {"ecs:ContinueServiceDeployment"})):
        text = CONFIG.replace(old, new)
        assert text != CONFIG
        (tmp_path / "b.yaml").write_text(text)
        document = policy("--config", str(tmp_path / "b.yaml"))
        assert {one for one in actions_of(document) if one.startswith("ecs:")} == expected


def test_health_checks_are_made_where_they_are_mirrored(tmp_path):
    made = {"route53:CreateHealthCheck", "route53:ListHealthChecks", "route53:DeleteHealthCheck"}
    (tmp_path / "b.yaml").write_text(CONFIG)
    assert not made & set(actions_of(policy("--config", str(tmp_path / "b.yaml"))))
    text = CONFIG.replace("zone_id: Z1EXAMPLE", "zone_id: Z1EXAMPLE, health_checks: mirror")
    text = text.replace(", health_check: cats", "")
    (tmp_path / "b.yaml").write_text(text)
    document = policy("--config", str(tmp_path / "b.yaml"))
    assert made <= set(actions_of(document))
    statement, = [one for one in document["Statement"]
                  if "route53:DeleteHealthCheck" in one["Action"]]
    assert statement["Resource"] == ["arn:aws:route53:::healthcheck/*"]


def test_a_fleet_has_its_table(tmp_path):
    text = CONFIG.replace("control: {",
                          "control: { store: dynamodb, dynamodb: { table: ns-state }, ")
    (tmp_path / "b.yaml").write_text(text)
    document = policy("--config", str(tmp_path / "b.yaml"))
    statement, = [one for one in document["Statement"]
                  if any(action.startswith("dynamodb:") for action in one["Action"])]
    assert {"dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem",
            "dynamodb:DeleteItem"} <= set(statement["Action"])
    table = "arn:aws:dynamodb:eu-west-1:*:table/ns-state"
    assert statement["Resource"] == [table, table + "/index/*"]


def test_resources_are_those_of_the_configuration(tmp_path):
    (tmp_path / "b.yaml").write_text(CONFIG)
    document = policy("--config", str(tmp_path / "b.yaml"), "ecs")
    by_action = {action: statement for statement in document["Statement"]
                 for action in statement["Action"]}
    prefix = "arn:aws:ecs:eu-west-1:123456789012:"
    assert by_action["ecs:DescribeServices"]["Resource"] == [
        prefix + "service/pets/cats", prefix + "service/pets/cats-green"]
    assert by_action["ecs:DescribeTasks"]["Resource"] == [prefix + "task/pets/*"]
    assert by_action["ecs:ListTasks"]["Condition"] == {
        "ArnEquals": {"ecs:cluster": [prefix + "cluster/pets"]}}


def test_each_permission_is_explained():
    done = ctl("aws", "policy", "sqs", "--explain")
    assert done.returncode == 0
    assert "sqs:DeleteMessage" in done.stdout
    assert "takes an event off the queue once it is journaled" in done.stdout


@pytest.mark.parametrize("arguments, text", [
    ((), "found neither --config FILE nor a feature, expected one or the other"),
    (("s3",), "found s3, expected --config FILE, --explain, or of sqs, ecs, hooks, elbv2, "
              "cloudwatch, route53, healthchecks, dynamodb and import those that are used"),
])
def test_what_is_not_understood_is_a_matter_of_usage(arguments, text):
    done = ctl("aws", "policy", *arguments)
    assert done.returncode == 2
    assert text in done.stderr


def test_a_configuration_without_aws_has_no_policy(tmp_path):
    (tmp_path / "b.yaml").write_text("\n".join(CONFIG.splitlines()[:4]) + "\n")
    done = ctl("aws", "policy", "--config", str(tmp_path / "b.yaml"))
    assert done.returncode == 1
    assert "nothing in it asks AWS" in done.stderr
