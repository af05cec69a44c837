# SPDX-License-Identifier: BSD-2-Clause
"""What is in contrib/ for AWS, as far as it can be looked at without AWS: the template's references
lead somewhere, its resources are what AWS's own models take, its roles allow what `ballastctl aws
policy` says and no more, its rules are narrow; and an image has every library that is linked."""
import fnmatch
import json
import os
import pathlib
import re
import subprocess

import botocore.session
import botocore.validate
import pytest
import yaml

SOURCE = pathlib.Path(__file__).resolve().parents[2]
TEMPLATE = SOURCE / "contrib" / "cloudformation" / "ballast.yaml"
BUILD = pathlib.Path(os.environ.get("BALLAST_BUILD") or SOURCE)
BALLASTCTL = os.environ.get("BALLASTCTL") or str(BUILD / "ballastctl")
BALLASTD = os.environ.get("BALLASTD") or str(BUILD / "ballastd")

# What stands for a value that only AWS knows.
PARAMETERS = {"VpcId": "vpc-1", "PublicSubnetA": "subnet-a", "PublicSubnetB": "subnet-b",
              "Image": "ballast", "Cluster": "CLUSTER", "HostedZoneId": "ZONE",
              "TableName": "TABLE",
              "Services": ["arn:aws:ecs:REGION:ACCOUNT:service/CLUSTER/SERVICE"],
              "ServiceGroups": ["service:SERVICE"]}
PSEUDO = {"AWS::Region": "REGION", "AWS::AccountId": "ACCOUNT", "AWS::Partition": "aws"}
ATTRIBUTES = {("Queue", "Arn"): "arn:aws:sqs:REGION:ACCOUNT:QUEUE",
              ("Table", "Arn"): "arn:aws:dynamodb:REGION:ACCOUNT:table/TABLE"}
# Of each type those that the template may ask for.
RETURNS = {"AWS::SQS::Queue": {"Arn"}, "AWS::Events::Rule": {"Arn"}, "AWS::IAM::Role": {"Arn"},
           "AWS::DynamoDB::Table": {"Arn"}, "AWS::EC2::EIP": {"AllocationId"}}


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short functions, as what they are short for."""


def function(name):
    def make(loader, node):
        if isinstance(node, yaml.SequenceNode):
            return {name: loader.construct_sequence(node, deep=True)}
        if isinstance(node, yaml.MappingNode):
            return {name: loader.construct_mapping(node, deep=True)}
        value = loader.construct_scalar(node)
        return {name: value.split(".", 1) if name == "Fn::GetAtt" else value}
    return make


for short, whole in (("Ref", "Ref"), ("Sub", "Fn::Sub"), ("GetAtt", "Fn::GetAtt"),
                     ("Not", "Fn::Not"), ("Equals", "Fn::Equals")):
    Loader.add_constructor("!" + short, function(whole))


@pytest.fixture(scope="module")
def template():
    return yaml.load(TEMPLATE.read_text(), Loader)


def resolve(template, value):
    """The value with its functions worked out; fails where one leads nowhere."""
    if isinstance(value, list):
        return [resolve(template, item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Ref"}:
        return reference(template, value["Ref"])
    if set(value) == {"Fn::GetAtt"}:
        return attribute(template, *value["Fn::GetAtt"])
    if set(value) == {"Fn::Sub"}:
        return re.sub(r"\$\{([^}]+)\}", lambda match: (
            attribute(template, *match[1].split(".", 1)) if "." in match[1]
            else reference(template, match[1])), value["Fn::Sub"])
    return {key: resolve(template, item) for key, item in value.items()}


def reference(template, name):
    if name in PSEUDO:
        return PSEUDO[name]
    if name in template["Parameters"]:
        return PARAMETERS[name]
    assert name in template["Resources"], f"!Ref {name} leads nowhere"
    return f"ref-{name}"


def attribute(template, name, key):
    assert name in template["Resources"], f"!GetAtt {name}.{key} leads nowhere"
    kind = template["Resources"][name]["Type"]
    assert key in RETURNS.get(kind, ()), f"{kind} has no {key}"
    return ATTRIBUTES.get((name, key), f"arn:aws:x:REGION:ACCOUNT:{name}")


def properties(template, name):
    return resolve(template, template["Resources"][name]["Properties"])


def test_every_reference_leads_somewhere(template):
    for name, resource in template["Resources"].items():
        resolve(template, resource.get("Properties", {}))
        for needed in [resource.get("DependsOn")] if "DependsOn" in resource else []:
            assert needed in template["Resources"]
        assert resource.get("Condition") in {None, *template["Conditions"]}, name
    for output in template["Outputs"].values():
        resolve(template, output["Value"])
        assert output["Description"]
    for parameter in template["Parameters"].values():
        assert parameter["Description"]


def test_every_parameter_is_used(template):
    text = TEMPLATE.read_text()
    for name in template["Parameters"]:
        assert re.search(rf"!Ref {name}\b|\$\{{{name}\}}", text), name


def model(service, operation):
    session = botocore.session.get_session()
    return session.get_service_model(service).operation_model(operation).input_shape


def camel(value):
    """As the API of ECS names what CloudFormation writes with capitals; names of a user's stay."""
    if isinstance(value, list):
        return [camel(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key[0].lower() + key[1:]: item if key == "Options" else camel(item)
            for key, item in value.items()}


def accepted(service, operation, parameters):
    shape = model(service, operation)
    report = botocore.validate.ParamValidator().validate(parameters, shape)
    assert not report.has_errors(), report.generate_report()


def without(values, *keys):
    return {key: value for key, value in values.items() if key not in keys}


def test_the_table_is_one_that_dynamodb_takes(template):
    table = properties(template, "Table")
    # DynamoDB's own names for what CloudFormation has beside them, and calls of their own.
    accepted("dynamodb", "CreateTable",
             without(table, "PointInTimeRecoverySpecification", "DeletionProtectionEnabled",
                     "TimeToLiveSpecification"))
    accepted("dynamodb", "UpdateTimeToLive",
             {"TableName": "ns-state", "TimeToLiveSpecification": table["TimeToLiveSpecification"]})
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]] == [
        ("fleet", "HASH"), ("item", "RANGE")]
    assert table["LocalSecondaryIndexes"][0]["IndexName"] == "by-sequence"
    assert template["Resources"]["Table"]["DeletionPolicy"] == "Retain"


def test_the_queue_is_one_that_sqs_takes(template):
    queue = properties(template, "Queue")
    attributes = {key: json.dumps(value) if isinstance(value, dict) else str(value).lower()
                  for key, value in queue.items()}
    accepted("sqs", "CreateQueue", {"QueueName": "events", "Attributes": attributes})
    assert queue["RedrivePolicy"]["deadLetterTargetArn"].endswith("DeadLetters")
    assert queue["VisibilityTimeout"] > queue["ReceiveMessageWaitTimeSeconds"]


def test_only_the_rules_may_fill_the_queue(template):
    statement, = properties(template, "QueuePolicy")["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": [
        "arn:aws:x:REGION:ACCOUNT:DeploymentRule", "arn:aws:x:REGION:ACCOUNT:TaskRule"]}}


@pytest.mark.parametrize("rule", ["DeploymentRule", "TaskRule"])
def test_a_rule_is_one_that_eventbridge_takes(template, rule):
    values = properties(template, rule)
    accepted("events", "PutRule", {"Name": rule, "Description": values["Description"],
                                   "EventPattern": json.dumps(values["EventPattern"])})
    accepted("events", "PutTargets", {"Rule": rule, "Targets": values["Targets"]})


def test_the_rules_let_through_what_is_needed_and_nothing_else(template):
    pattern = properties(template, "TaskRule")["EventPattern"]
    assert pattern["detail"]["clusterArn"] == ["arn:aws:ecs:REGION:ACCOUNT:cluster/CLUSTER"]
    assert pattern["detail"]["group"] == ["service:SERVICE"]
    pattern = properties(template, "DeploymentRule")["EventPattern"]
    assert pattern["resources"] == PARAMETERS["Services"]


def test_the_tasks_are_such_as_ecs_takes(template):
    task = camel(properties(template, "TaskDefinition"))
    accepted("ecs", "RegisterTaskDefinition", task)
    ports = {(port["containerPort"], port["protocol"])
             for port in task["containerDefinitions"][0]["portMappings"]}
    assert ports == {(5300, "udp"), (5300, "tcp")}
    for name in ("ServiceA", "ServiceB"):
        accepted("ecs", "CreateService",
                 {"serviceName": name, **camel(properties(template, name))})


def test_the_load_balancer_is_one_that_elbv2_takes(template):
    accepted("elbv2", "CreateLoadBalancer", {
        "Name": "ballast", **without(properties(template, "LoadBalancer"),
                                     "LoadBalancerAttributes")})
    accepted("elbv2", "CreateTargetGroup", {
        "Name": "ballast", **without(properties(template, "TargetGroup"),
                                     "TargetGroupAttributes")})
    accepted("elbv2", "CreateListener", properties(template, "Listener"))
    for name, key, call in (("LoadBalancer", "LoadBalancerAttributes",
                             "ModifyLoadBalancerAttributes"),
                            ("TargetGroup", "TargetGroupAttributes",
                             "ModifyTargetGroupAttributes")):
        arn = "LoadBalancerArn" if name == "LoadBalancer" else "TargetGroupArn"
        accepted("elbv2", call, {arn: "arn", "Attributes": properties(template, name)[key]})
    assert properties(template, "Listener")["Port"] == 53
    assert properties(template, "TargetGroup")["Protocol"] == "TCP_UDP"


def printed_policy(*features):
    done = subprocess.run([BALLASTCTL, "aws", "policy", *features], capture_output=True, text=True,
                          check=True)
    return {statement["Sid"]: statement for statement in json.loads(done.stdout)["Statement"]}


def by_name(document):
    return {statement["Sid"]: statement for statement in document["Statement"]}


def test_the_roles_allow_what_is_needed_and_nothing_else(template):
    policies = properties(template, "TaskRole")["Policies"]
    assert by_name(policies[0]["PolicyDocument"]) == printed_policy(
        "sqs", "ecs", "hooks", "elbv2", "cloudwatch", "dynamodb")
    assert by_name(properties(template, "ZonePolicy")["PolicyDocument"]) == printed_policy("route53")
    assert by_name(properties(template, "HealthCheckPolicy")["PolicyDocument"]) == printed_policy(
        "healthchecks")


def test_only_tasks_have_the_roles(template):
    for role in ("TaskRole", "ExecutionRole"):
        statement, = properties(template, role)["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}


def packages(section):
    text = (SOURCE / "contrib" / "packages").read_text()
    lines = re.search(rf"^\[{section}\]\n(.*?)(?=^\[|\Z)", text, re.S | re.M)[1].splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def test_an_image_has_every_library_that_is_linked():
    """Each that the programs name themselves; what those need, the package manager knows. The image is built
    without --enable-xdp, what is tested here may be built with it."""
    listed = packages("run") | packages("run-xdp")
    for program in (BALLASTD, BALLASTCTL):
        needed = re.findall(r"\(NEEDED\).*\[(.*)\]", subprocess.run(
            ["readelf", "-d", program], capture_output=True, text=True, check=True).stdout)
        paths = dict(re.findall(r"(\S+) => (\S+)", subprocess.run(
            ["ldd", program], capture_output=True, text=True, check=True).stdout))
        assert needed
        for library in needed:
            if fnmatch.fnmatch(library, "lib[cm].so.6") or library.startswith(("libasan",
                                                                              "libubsan")):
                continue
            owners = subprocess.run(["dpkg", "-S", "*/" + library], capture_output=True, text=True,
                                    check=False).stdout
            found = {line.split(":")[0] for line in owners.splitlines()}
            assert found & listed, (program, library, paths.get(library), found)


def test_the_image_is_built_from_what_there_is():
    text = (SOURCE / "contrib" / "container" / "Dockerfile").read_text()
    for line in re.findall(r"^COPY ((?!--from).*) \S+$", text, re.M):
        for name in line.split():
            assert (SOURCE / name).exists(), name
    for section in re.findall(r"^RUN .*install-packages (\w+)", text, re.M):
        assert packages(section)
