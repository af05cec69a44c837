# SPDX-License-Identifier: BSD-2-Clause
"""Every kind of request that Ballast makes to AWS, judged by botocore: the double (tests/aws)
recomputes each signature with botocore's signer and validates each input against botocore's
models. Then AWS's bad days: cut and slow answers, garbage, ended credentials, clocks that are off."""
import json
import os
import subprocess
import time

import botocore.exceptions
import botocore.session
import pytest

import harness

AWS_ONCE = str(harness.BUILD / "tests/interop/aws_once")
ZONE = "Z1EXAMPLE"
CHANGE = """<?xml version="1.0" encoding="UTF-8"?>
<ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/">
<ChangeBatch><Changes><Change><Action>UPSERT</Action><ResourceRecordSet><Name>www.example.org</Name>
<Type>A</Type><SetIdentifier>blue</SetIdentifier><Weight>10</Weight><TTL>60</TTL><ResourceRecords>
<ResourceRecord><Value>192.0.2.1</Value></ResourceRecord></ResourceRecords></ResourceRecordSet>
</Change></Changes></ChangeBatch></ChangeResourceRecordSetsRequest>"""

CHECK = """<?xml version="1.0" encoding="UTF-8"?>
<CreateHealthCheckRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/">
<CallerReference>ballast-1</CallerReference><HealthCheckConfig><IPAddress>192.0.2.1</IPAddress>
<Port>443</Port><Type>HTTPS</Type><ResourcePath>/</ResourcePath><RequestInterval>10</RequestInterval>
<FailureThreshold>2</FailureThreshold><EnableSNI>false</EnableSNI></HealthCheckConfig>
</CreateHealthCheckRequest>"""


class Once:
    """A client of ours that lives as long as the test."""

    def __init__(self, environment):
        self.process = subprocess.Popen([AWS_ONCE], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env=environment)

    def ask(self, service, operation, input=None, **more):
        line = {"service": service, "operation": operation, "input": input or {}, **more}
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(60) == 0


def clean(environment):
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    return {**kept, "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
            **environment}


@pytest.fixture
def make_once():
    made = []

    def make(environment):
        made.append(Once(clean(environment)))
        return made[-1]
    yield make
    for once in made:
        once.close()


@pytest.fixture
def once(aws, make_once):
    return make_once(aws.environment())


def requests(aws):
    """One of each operation that Ballast uses."""
    queue = aws.sqs.url("events")
    group = next(iter(aws.elbv2.groups))
    yield "sts", "GetCallerIdentity", {}, {}
    yield "sqs", "GetQueueAttributes", {"QueueUrl": queue, "AttributeNames": ["All"]}, {}
    yield "sqs", "ReceiveMessage", {"QueueUrl": queue, "MaxNumberOfMessages": 10}, {}
    yield "sqs", "ReceiveMessage", {"QueueUrl": queue, "MaxNumberOfMessages": 10,
                                    "AttributeName": ["All"]}, {"is_query": True, "url": queue}
    yield "ecs", "DescribeServices", {"cluster": "pets", "services": ["cats"]}, {}
    yield "ecs", "ListTasks", {"cluster": "pets", "serviceName": "cats"}, {}
    yield "elbv2", "DescribeTargetHealth", {"TargetGroupArn": group}, {}
    yield "cloudwatch", "GetMetricData", {
        "MetricDataQueries": [{"Id": "a", "MetricStat": {
            "Metric": {"Namespace": "AWS/ApplicationELB", "MetricName": "RequestCount"},
            "Period": 60, "Stat": "Sum"}}],
        "StartTime": "2026-01-01T00:00:00Z", "EndTime": "2026-01-01T01:00:00Z"}, {}
    yield "route53", "ListResourceRecordSets", {}, {
        "method": "GET", "path": f"/hostedzone/{ZONE}/rrset",
        "query": "name=www.example.org.&type=A&maxitems=100"}
    yield "route53", "ListHealthChecks", {}, {
        "method": "GET", "path": "/healthcheck", "query": "marker=a"}
    yield "route53", "CreateHealthCheck", {}, {
        "method": "POST", "path": "/healthcheck", "body": CHECK}
    yield "route53", "DeleteHealthCheck", {}, {
        "method": "DELETE", "path": f"/healthcheck/{next(iter(aws.route53.health_checks))}"}
    yield "route53", "ChangeResourceRecordSets", {}, {
        "method": "POST", "path": f"/hostedzone/{ZONE}/rrset/", "body": CHANGE}


@pytest.fixture
def world(aws):
    aws.route53.add_zone("example.org", ZONE)
    aws.route53.rate = None
    aws.route53.add_health_check({"Type": "TCP", "IPAddress": "192.0.2.1", "Port": 80})
    aws.sqs.add_queue("events")
    aws.ecs.add_service("pets", "cats")
    aws.elbv2.add_target_group("cats", {"192.0.2.1": "healthy"})
    return aws


def test_every_request_is_one_that_botocore_takes(world, once):
    for service, operation, input, more in requests(world):
        answer = once.ask(service, operation, input, **more)
        assert answer["outcome"] == "done", answer
        assert answer["attempts"] == 1


def test_a_session_token_is_signed(world, make_once):
    once = make_once(world.environment(world.accounts.session(3600)))
    for service, operation, input, more in requests(world):
        assert once.ask(service, operation, input, **more)["outcome"] == "done"


def test_a_wrong_secret_is_refused_for_what_it_is(world, make_once):
    once = make_once({**world.environment(), "AWS_SECRET_ACCESS_KEY": "wrong"})
    for service, operation, input, more in requests(world):
        answer = once.ask(service, operation, input, **more)
        assert answer["outcome"] == "refused"
        assert answer["code"] in {"SignatureDoesNotMatch", "InvalidSignatureException"}
        assert answer["attempts"] == 1
    world.wrong.clear()


def test_an_answer_may_be_cut_at_every_octet(world, once):
    """Whatever arrived of it, it is no answer, and the next one is. (Before the first line is whole
    libcurl itself may ask again, by a new connection.)"""
    for service, operation, input, more in requests(world):
        if operation in ("ChangeResourceRecordSets", "ReceiveMessage", "DeleteHealthCheck"):
            continue
        cut = []
        for octets in range(3000):
            fault = world.faults.add("cut", service, operation, 1, octets=octets)
            answer = once.ask(service, operation, input, attempts=2, **more)
            fault.lift()
            assert answer["outcome"] == "done", (service, operation, octets, answer)
            if answer["attempts"] == 2:
                cut.append(octets)
            elif octets > 40:
                break  # it is whole
        assert cut[-1] > 100, (service, operation)
        assert len(cut) > cut[-1] - 40


@pytest.mark.parametrize("body, content_type", [
    (b"", "application/json"), (b"<html>", "text/html"), (b"{\"a\":", "application/json"),
    (b"<a><b></a>", "text/xml"), (b"\xff\xfe", "text/plain"), (b"[1]", "application/json"),
])
def test_garbage_is_no_answer(world, once, body, content_type):
    for service, operation, input, more in requests(world):
        if operation == "DeleteHealthCheck":
            continue  # the second time it is not there
        world.faults.add("garbage", service, operation, 1, body=body, content_type=content_type)
        answer = once.ask(service, operation, input, **more)
        world.faults.lift()
        is_json = service in ("sqs", "ecs") and not more
        if is_json and body in (b"", b"[1]"):
            # JSON with nothing in it: an empty result, as that of an operation without one is.
            assert answer["outcome"] == "done"
        else:
            assert answer["outcome"] == "done" and answer["attempts"] == 2, answer


def test_what_fails_is_asked_again_and_not_for_ever(world, once):
    for service, operation, input, more in requests(world):
        world.faults.add("status", service, operation, status=500, body=b"")
        answer = once.ask(service, operation, input, attempts=3, **more)
        assert (answer["outcome"], answer["attempts"], answer["status"]) == ("unreachable", 3, 500)
        world.faults.lift()
        world.faults.throttle(service)
        answer = once.ask(service, operation, input, attempts=2, **more)
        assert (answer["outcome"], answer["attempts"]) == ("throttled", 2), answer
        world.faults.lift()
    assert once.ask("sts", "GetCallerIdentity")["outcome"] == "done"


def test_a_slow_answer_times_out(world, once):
    world.faults.add("delay", "ecs", None, seconds=20)
    begun = time.monotonic()
    answer = once.ask("ecs", "DescribeServices", {"services": ["cats"], "cluster": "pets"},
                      timeout_ms=200, attempts=2)
    assert answer["outcome"] == "unreachable"
    assert "timed out after 200 ms" in answer["text"]
    assert time.monotonic() - begun < 15
    world.faults.lift()


@pytest.mark.parametrize("offset_s", [1200, -1200])
def test_a_clock_that_is_off_is_corrected(world, once, offset_s):
    world.offset_s = offset_s
    for number, (service, operation, input, more) in enumerate(requests(world)):
        answer = once.ask(service, operation, input, **more)
        assert answer["outcome"] == "done", answer
        assert answer["attempts"] == (2 if number == 0 else 1)
        assert abs(answer["skew_ms"] - offset_s * 1000) < 60000
    world.wrong.clear()


def test_credentials_that_end_are_renewed(world, make_once):
    """From the containers' endpoint, which gives new ones each time."""
    environment = {key: value for key, value in world.environment().items()
                   if key not in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")}
    world.metadata.container_token = "Bearer us"
    once = make_once({**environment,
                      "AWS_CONTAINER_CREDENTIALS_FULL_URI": world.metadata.container_url,
                      "AWS_CONTAINER_AUTHORIZATION_TOKEN": "Bearer us"})
    assert once.ask("sts", "GetCallerIdentity")["outcome"] == "done"
    world.faults.add("error", "ecs", "DescribeServices", 1, code="ExpiredTokenException")
    answer = once.ask("ecs", "DescribeServices", {"cluster": "pets", "services": ["cats"]})
    assert (answer["outcome"], answer["attempts"]) == ("done", 2)


def test_nobody_there_is_unreachable(world, once):
    world.refuse()
    answer = once.ask("sts", "GetCallerIdentity", attempts=2)
    assert answer["outcome"] == "unreachable"
    assert answer["text"] == "sts GetCallerIdentity: connection refused"
    world.accept()


def test_requests_to_one_service_share_a_connection(world, once):
    for _ in range(10):
        assert once.ask("sts", "GetCallerIdentity")["outcome"] == "done"
    assert len(world.connections) == 1


SERVICES = ["sqs", "ecs", "elbv2", "cloudwatch", "route53", "dynamodb", "sts"]


def botocores_endpoints(fips, dualstack):
    """(service, region): its URL and signing region, of every region of the three partitions that
    anybody can have an account in."""
    session = botocore.session.get_session()
    resolver = session.get_component("endpoint_resolver")
    found = {}
    for service in SERVICES:
        prefix = session.get_service_model(service).endpoint_prefix
        for partition in ("aws", "aws-cn", "aws-us-gov"):
            for region in session.get_available_regions("ec2", partition):
                try:
                    made = resolver.construct_endpoint(
                        prefix, region, partition, use_fips_endpoint=fips,
                        use_dualstack_endpoint=dualstack)
                except botocore.exceptions.EndpointVariantError:
                    continue
                scope = made.get("credentialScope", {}).get("region", region)
                found[service, region] = ("https://" + made["hostname"], scope)
    return found


@pytest.mark.parametrize("fips, dualstack", [(False, False), (True, False), (False, True)])
def test_endpoints_are_those_of_botocore(make_once, fips, dualstack):
    once = make_once({"AWS_USE_FIPS_ENDPOINT": str(fips).lower(),
                      "AWS_USE_DUALSTACK_ENDPOINT": str(dualstack).lower()})
    expected = botocores_endpoints(fips, dualstack)
    assert len(expected) > 100
    differences = {}
    for (service, region), wanted in expected.items():
        once.process.stdin.write(json.dumps({"endpoint": service, "region": region}) + "\n")
        once.process.stdin.flush()
        answer = json.loads(once.process.stdout.readline())
        ours = (answer.get("url"), answer.get("signing_region"))
        if "-global." in wanted[0]:
            # botocore makes up a name that nobody has: Route 53 is nowhere there.
            assert service == "route53" and "Route 53 has no" in answer["error"]
        elif ours != wanted:
            differences[service, region] = (ours, wanted)
    assert not differences
