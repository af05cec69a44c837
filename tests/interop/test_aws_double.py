# SPDX-License-Identifier: BSD-2-Clause
"""The double of AWS (tests/aws): what boto3 and the AWS CLI send is taken, what AWS refuses is refused
as AWS does it, and its state behaves as AWS's."""
import datetime
import http.client
import json
import os
import socket
import subprocess
import sys
import time
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.exceptions
import pytest

from aws import shapes
from aws.accounts import ACCESS_KEY, GLOBAL, SECRET_KEY, Key
from aws.control import Remote
from aws.fixtures import client
from harness import TOP, wait_for

ZONE, NAME = "Z1EXAMPLE", "www.catsndogs.lol."
FORM = "application/x-www-form-urlencoded; charset=utf-8"
XML = "https://route53.amazonaws.com/doc/2013-04-01/"


# --- requests by hand ---


def signed(aws, service, method="POST", target="/", body=b"", headers=None, key=None, at=None,
           region=None, name=None, drop=(), change=None):
    """A request signed by botocore. at: seconds from now; drop: headers left out after signing; change:
    of headers after signing."""
    key = key or Key(ACCESS_KEY, SECRET_KEY)
    headers = {"Host": f"127.0.0.1:{aws.port}", **(headers or {})}
    request = botocore.awsrequest.AWSRequest(method, f"http://127.0.0.1:{aws.port}{target}",
                                             headers, body)
    signer = botocore.auth.SigV4Auth(
        botocore.credentials.Credentials(key.access_key, key.secret, key.token),
        name or shapes.signing_name(service),
        region or GLOBAL.get(service, aws.accounts.region))
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() + (at or 0)))
    request.context["timestamp"] = stamp
    request.headers["X-Amz-Date"] = stamp
    if key.token:
        request.headers["X-Amz-Security-Token"] = key.token
    signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)),
                                 request)
    signer._inject_signature_to_request(request, signature)
    found = dict(request.headers.items())
    for header in drop:
        del found[header]
    found.update(change or {})
    return send(aws, method, target, body, found)


def send(aws, method, target, body, headers):
    """(status, headers, body)."""
    connection = http.client.HTTPConnection("127.0.0.1", aws.port, timeout=10)
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for header, value in {**headers, "Content-Length": str(len(body))}.items():
            connection.putheader(header, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


def ask_json(aws, service, operation, document, **more):
    prefix, version = {"sqs": ("AmazonSQS", "1.0"),
                       "ecs": ("AmazonEC2ContainerServiceV20141113", "1.1")}[service]
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    status, headers, text = signed(aws, service, body=body, headers={
        "X-Amz-Target": f"{prefix}.{operation}",
        "Content-Type": f"application/x-amz-json-{version}"}, **more)
    answer = json.loads(text)
    return status, answer.get("__type", "").rpartition("#")[2], answer, headers


def ask_form(aws, service, operation, form, target="/", **more):
    body = urllib.parse.urlencode({"Action": operation, "Version": shapes.VERSIONS[service],
                                   **form}).encode()
    status, _, text = signed(aws, service, target=target, body=body,
                             headers={"Content-Type": FORM}, **more)
    return status, between(text, "Code"), text


def ask_xml(aws, target, inner="", method="POST", **more):
    """(status, code, body) of Route 53."""
    body = f'<ChangeResourceRecordSetsRequest xmlns="{XML}">{inner}' \
           "</ChangeResourceRecordSetsRequest>" if inner else ""
    status, _, text = signed(aws, "route53", method, f"/2013-04-01{target}", body.encode(), **more)
    return status, between(text, "Code"), text


def between(text, tag):
    return text.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]


def change_xml(inner, action="UPSERT"):
    return f"<ChangeBatch><Changes><Change><Action>{action}</Action><ResourceRecordSet>{inner}" \
           "</ResourceRecordSet></Change></Changes></ChangeBatch>"


def wrong(aws):
    """How many requests the double calls wrong since last asked."""
    count = len(aws.wrong)
    aws.wrong.clear()
    return count


def code_of(call, *arguments, **named):
    """The error code that boto3 gets, and its text."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(*arguments, **named)
    error = caught.value.response["Error"]
    return error["Code"], error.get("Message", "")


# --- the signature and the keys ---


def test_a_signature_that_is_botocores_is_taken(aws):
    assert ask_form(aws, "sts", "GetCallerIdentity", {})[0] == 200
    assert ask_xml(aws, "/hostedzone?maxitems=5&marker=", method="GET")[0] == 200
    assert ask_json(aws, "ecs", "ListTasks", {"cluster": "none"})[1] == "ClusterNotFoundException"


@pytest.mark.parametrize("change", [
    {"Authorization": "AWS4-HMAC-SHA256 nonsense"}, {"Authorization": "Basic eA=="}])
def test_an_authorization_of_another_form_is_refused(aws, change):
    assert ask_form(aws, "sts", "GetCallerIdentity", {}, change=change)[:2] == \
        (403, "IncompleteSignature")
    assert wrong(aws) == 1


def test_no_authorization_is_refused(aws):
    assert ask_form(aws, "sts", "GetCallerIdentity", {}, drop=["Authorization"])[:2] == \
        (403, "MissingAuthenticationToken")
    assert ask_json(aws, "ecs", "ListTasks", {}, drop=["Authorization"])[1] == \
        "MissingAuthenticationTokenException"
    assert wrong(aws) == 2


@pytest.mark.parametrize("more", [
    {"key": Key(ACCESS_KEY, "another secret")}, {"change": {"Content-Type": "application/"
                                                            "x-www-form-urlencoded"}},
    {"region": "us-west-1"}, {"name": "s3"}, {"change": {"X-Amz-More": "1"}},
    {"change": {"X-Amz-Content-SHA256": "0" * 64}}, {"drop": ["Content-Type"]},
    {"headers_unsigned": True}])
def test_what_does_not_fit_the_signature_is_refused(aws, more):
    if more.pop("headers_unsigned", False):
        more["change"] = {"X-Amz-Date": time.strftime("%Y%m%dT%H%M%SZ",
                                                      time.gmtime(time.time() - 1))}
    status, code, _ = ask_form(aws, "elbv2", "DescribeLoadBalancers", {}, **more)
    if "drop" in more:  # a form without its type is no form
        assert (status, code) == (404, "UnknownOperationException")
    else:
        assert (status, code) == (403, "SignatureDoesNotMatch")
    assert wrong(aws) == 1


def test_a_body_that_is_not_the_signed_one_is_refused(aws):
    body = b"Action=DescribeLoadBalancers&Version=2015-12-01"
    status, headers, _ = signed(aws, "elbv2", body=body, headers={"Content-Type": FORM})
    assert status == 200
    request = aws.requests[-1].request
    status, _, text = send(aws, "POST", "/", body + b"&PageSize=1", dict(request.headers.items()))
    assert (status, between(text, "Code")) == (403, "SignatureDoesNotMatch")
    assert wrong(aws) == 1


def test_a_query_string_is_signed_in_its_encoded_and_sorted_form(aws):
    aws.route53.add_zone("catsndogs.lol", ZONE)
    target = f"/hostedzone/{ZONE}/rrset?name=%5C052.catsndogs.lol.&type=A&identifier=a%20b%2Fc"
    assert ask_xml(aws, target, method="GET")[0] == 200
    status, _, text = signed(aws, "route53", "GET", f"/2013-04-01/hostedzone/{ZONE}/rrset?name=a")
    request = aws.requests[-1].request
    status, _, text = send(aws, "GET", request.target + "b", b"", dict(request.headers.items()))
    assert (status, between(text, "Code")) == (403, "SignatureDoesNotMatch")
    assert wrong(aws) == 1


@pytest.mark.parametrize("at,words", [(-901, "Signature expired: "),
                                      (905, "Signature not yet current: ")])
def test_a_date_more_than_15_minutes_off_is_refused_with_ours(aws, at, words):
    status, code, text = ask_form(aws, "sts", "GetCallerIdentity", {}, at=at)
    assert (status, code) == (403, "SignatureDoesNotMatch")
    assert between(text, "Message").startswith(words)
    status, code, answer, headers = ask_json(aws, "sqs", "ReceiveMessage", {}, at=at)
    assert (status, code) == (403, "InvalidSignatureException")
    assert answer["message"].startswith(words)
    then = datetime.datetime.strptime(headers["Date"], "%a, %d %b %Y %H:%M:%S GMT")
    assert abs(then.replace(tzinfo=datetime.timezone.utc).timestamp() - time.time()) < 5
    aws.accounts.skew_code = "RequestTimeTooSkewed"
    assert ask_form(aws, "sts", "GetCallerIdentity", {}, at=at)[1] == "RequestTimeTooSkewed"
    assert wrong(aws) == 0  # a clock is nobody's mistake
    assert ask_form(aws, "sts", "GetCallerIdentity", {}, at=at - at // abs(at) * 60)[0] == 200


def test_the_doubles_clock_can_be_off(aws):
    aws.offset_s = 1200
    status, code, text = ask_form(aws, "sts", "GetCallerIdentity", {})
    assert (status, code) == (403, "SignatureDoesNotMatch")
    assert ask_form(aws, "sts", "GetCallerIdentity", {}, at=1200)[0] == 200


def test_a_day_that_is_not_the_dates_is_refused(aws):
    ask_form(aws, "sts", "GetCallerIdentity", {})
    headers = dict(aws.requests[-1].request.headers.items())
    headers["Authorization"] = headers["Authorization"].replace(headers["X-Amz-Date"][:8],
                                                                "20200101")
    status, _, text = send(aws, "POST", "/", aws.requests[-1].request.body, headers)
    assert (status, between(text, "Code")) == (403, "SignatureDoesNotMatch")
    assert "Date in Credential scope" in text
    assert wrong(aws) == 1


def test_keys_that_are_not_known_are_refused(aws):
    key = Key("AKIDNOBODY", SECRET_KEY)
    assert ask_form(aws, "sts", "GetCallerIdentity", {}, key=key)[:2] == \
        (403, "InvalidClientTokenId")
    assert ask_json(aws, "ecs", "ListTasks", {}, key=key)[1] == "UnrecognizedClientException"


def test_session_tokens_are_looked_at_and_end(aws):
    key = aws.accounts.session(3600)
    assert ask_form(aws, "sts", "GetCallerIdentity", {}, key=key)[0] == 200
    assert ask_form(aws, "sts", "GetCallerIdentity", {}, key=Key(
        key.access_key, key.secret))[:2] == (403, "InvalidClientTokenId")
    assert ask_form(aws, "sts", "GetCallerIdentity", {}, key=Key(
        key.access_key, key.secret, "another"))[:2] == (403, "InvalidClientTokenId")
    assert ask_form(aws, "sts", "GetCallerIdentity", {}, key=Key(
        ACCESS_KEY, SECRET_KEY, "one too many"))[:2] == (403, "InvalidClientTokenId")
    key.ends = time.time() - 1
    assert ask_form(aws, "sts", "GetCallerIdentity", {}, key=key)[:2] == (403, "ExpiredToken")
    assert ask_json(aws, "ecs", "ListTasks", {}, key=key)[1] == "ExpiredTokenException"


def test_actions_that_are_not_allowed_are_refused(aws):
    key = aws.accounts.add(Key("AKIDREADER", "secret", allow=["route53:Get*", "sqs:DeleteMessage",
                                                              "elasticloadbalancing:Describe*"]))
    aws.route53.add_zone("catsndogs.lol", ZONE)
    assert ask_xml(aws, f"/hostedzone/{ZONE}", method="GET", key=key)[0] == 200
    assert ask_xml(aws, f"/hostedzone/{ZONE}/rrset", method="GET", key=key)[:2] == \
        (403, "AccessDenied")
    assert ask_form(aws, "elbv2", "DescribeLoadBalancers", {}, key=key)[0] == 200
    # Batches have no actions of their own.
    aws.sqs.add_queue("q")
    entry = {"QueueUrl": aws.sqs.url("q"), "Entries": [{"Id": "1", "ReceiptHandle": "x"}]}
    assert ask_json(aws, "sqs", "DeleteMessageBatch", entry, key=key)[0] == 200
    status, code, answer, _ = ask_json(aws, "sqs", "ReceiveMessage",
                                       {"QueueUrl": aws.sqs.url("q")}, key=key)
    assert (status, code) == (400, "AccessDeniedException")
    assert "not authorized to perform: sqs:ReceiveMessage" in answer["message"]
    assert ask_form(aws, "sts", "GetCallerIdentity", {}, key=key)[0] == 200
    wrong(aws)


# --- what the models say ---


@pytest.mark.parametrize("document,code,words", [
    ({"cluster": "c", "services": ["s"], "clusters": 1}, "SerializationException", "unknown member"),
    ({"cluster": "c"}, "InvalidParameterException", "Value null at 'services'"),
    ({"cluster": 1, "services": ["s"]}, "SerializationException", "no string"),
    ({"cluster": "c", "services": "s"}, "SerializationException", "no list"),
    ({"cluster": "c", "services": ["s"], "include": ["NONE"]}, "InvalidParameterException",
     "enum value set: [TAGS]"),
    ({"cluster": "c", "services": []}, "InvalidParameterException", "cannot be empty"),
    ({"cluster": "c", "services": ["s"] * 11}, "InvalidParameterException", "more than 10"),
    (b"{", "SerializationException", ""), (b"[]", "SerializationException", ""),
])
def test_json_that_the_model_does_not_have_is_refused(aws, document, code, words):
    aws.ecs.add_service("c", "s")
    status, found, answer, _ = ask_json(aws, "ecs", "DescribeServices", document)
    assert (status, found) == (400, code)
    assert words in answer["message"]
    assert wrong(aws) == 1


@pytest.mark.parametrize("form,code", [
    ({"PageSize": "x"}, "MalformedInput"), ({"PageSize": "401"}, "ValidationError"),
    ({"PageSize": "0"}, "ValidationError"), ({"Pages": "1"}, "MalformedInput"),
    ({"Names.member.2": "x"}, "MalformedInput"), ({"Names.1": "x"}, "MalformedInput"),
    ({"Names": "x"}, "MalformedInput"), ({"Names.member.1.Name": "x"}, "MalformedInput"),
])
def test_forms_that_the_model_does_not_have_are_refused(aws, form, code):
    assert ask_form(aws, "elbv2", "DescribeLoadBalancers", form)[:2] == (400, code)
    assert wrong(aws) == 1


@pytest.mark.parametrize("inner,words", [
    (change_xml("<Name>www.catsndogs.lol</Name><Kind>A</Kind>"), "cvc-complex-type.2.4.a"),
    (change_xml("<Name>www.catsndogs.lol</Name>"), "&#39;changeBatch"),
    (change_xml("<Name>x</Name><Name>y</Name>"), "cvc-complex-type.2.4.d"),
    (change_xml("<Name>x</Name><Type>A</Type><TTL>soon</TTL>"), "no long"),
    (change_xml("<Name>x</Name><Type>A</Type><TTL>1</TTL><ResourceRecords/>"),
     "cvc-complex-type.2.4.b"),
    (change_xml("<Name>x</Name><Type>B</Type>"), "enum value set"),
    (change_xml("<Name>x</Name><Type>A</Type><SetIdentifier>b</SetIdentifier><Weight>256</Weight>"),
     "less than or equal to 255"),
    (change_xml("<Name>x</Name><Type>A</Type><SetIdentifier></SetIdentifier>"),
     "greater than or equal to 1"),
    (change_xml("<Name>x</Name><Type>A</Type>", "REPLACE"), "enum value set"),
    ("<ChangeBatch><Changes/></ChangeBatch>", "cvc-complex-type.2.4.b"), ("<", "XMLStreamException"),
    ("<ChangeBatch>text</ChangeBatch>", "cvc-complex-type.2.3"),
])
def test_xml_that_the_model_does_not_have_is_refused(aws, inner, words):
    aws.route53.add_zone("catsndogs.lol", ZONE)
    status, code, text = ask_xml(aws, f"/hostedzone/{ZONE}/rrset", inner)
    assert (status, code) == (400, "InvalidInput")
    assert words in text.replace("'", "&#39;") or words in text
    assert wrong(aws) == 1


def test_xml_of_another_namespace_is_refused(aws):
    aws.route53.add_zone("catsndogs.lol", ZONE)
    body = b"<ChangeResourceRecordSetsRequest/>"
    status, _, text = signed(aws, "route53", "POST", f"/2013-04-01/hostedzone/{ZONE}/rrset", body)
    assert (status, between(text, "Code")) == (400, "InvalidInput")
    assert wrong(aws) == 1


@pytest.mark.parametrize("headers,status", [
    ({"X-Amz-Target": "AmazonSQS.ReceiveMessage", "Content-Type": "application/json"}, 400),
    ({"X-Amz-Target": "AmazonSQS.Receive", "Content-Type": "application/x-amz-json-1.0"}, 400),
    ({"X-Amz-Target": "Other.ReceiveMessage", "Content-Type": "application/x-amz-json-1.0"}, 400),
    ({"Content-Type": "application/json"}, 404),
])
def test_requests_to_nobody_are_refused(aws, headers, status):
    found, _, text = signed(aws, "sqs", body=b"{}", headers=headers)
    assert (found, "UnknownOperationException" in text) == (status, True)
    assert wrong(aws) == 1


def test_actions_that_are_not_there_are_refused(aws):
    assert ask_form(aws, "sts", "GetCaller", {})[:2] == (400, "InvalidAction")
    assert signed(aws, "route53", "GET", "/2013-04-01/zones")[0] == 404
    assert wrong(aws) == 2


# --- Route 53 ---


def record(identifier=None, weight=None, ttl=60, values=("192.0.2.1",), name=NAME, kind="A", **more):
    found = {"Name": name, "Type": kind, "TTL": ttl,
             "ResourceRecords": [{"Value": value} for value in values]}
    if identifier is not None:
        found.update(SetIdentifier=identifier, Weight=weight)
    return {**found, **more}


def alias(identifier, weight, target="blue.elb.example.net.", zone="Z32O12XQLNTSW2", **more):
    return {"Name": NAME, "Type": "A", "SetIdentifier": identifier, "Weight": weight,
            "AliasTarget": {"HostedZoneId": zone, "DNSName": target,
                            "EvaluateTargetHealth": False}, **more}


@pytest.fixture
def route53(aws, boto):
    """change(action, record, …) applies a batch to the zone by boto3."""
    aws.route53.add_zone("catsndogs.lol", ZONE)
    ask = boto("route53")

    def change(*pairs, comment="test"):
        return ask.change_resource_record_sets(HostedZoneId=ZONE, ChangeBatch={
            "Comment": comment, "Changes": [
                {"Action": action, "ResourceRecordSet": what}
                for action, what in zip(pairs[::2], pairs[1::2])]})["ChangeInfo"]

    change.ask = ask
    return change


def test_a_group_is_changed_as_one_batch_and_goes_in_sync(aws, route53):
    aws.route53.hold()
    change = route53("UPSERT", alias("blue", 90), "UPSERT", alias("green", 10))
    assert change["Status"] == "PENDING"
    assert route53.ask.get_change(Id=change["Id"])["ChangeInfo"]["Status"] == "PENDING"
    assert aws.route53.weights(ZONE, NAME) == {"blue": 90, "green": 10}
    aws.route53.release()
    assert route53.ask.get_change(Id=change["Id"])["ChangeInfo"]["Status"] == "INSYNC"
    batch, = aws.route53.batches
    assert (batch["zone"], batch["comment"]) == (ZONE, "test")
    assert [one["ResourceRecordSet"]["Weight"] for one in batch["changes"]] == [90, 10]


def test_a_change_is_in_sync_after_its_time(aws, route53):
    aws.route53.insync_s = 0.3
    began = time.monotonic()
    change = route53("CREATE", record())
    wait_for(lambda: route53.ask.get_change(Id=change["Id"])["ChangeInfo"]["Status"] == "INSYNC",
             "INSYNC")
    assert time.monotonic() - began >= 0.3
    assert code_of(route53.ask.get_change, Id="C0")[0] == "NoSuchChange"


NAMED = f"[name='{NAME}', type='A'"
REFUSALS = [
    ([], ["CREATE", record(), "CREATE", record(name="www.dogs.lol.")],
     "RRSet with DNS name www.dogs.lol. is not permitted in zone catsndogs.lol."),
    ([record()], ["CREATE", record()],
     f"Tried to create resource record set {NAMED}] but it already exists"),
    ([record("blue", 1)], ["CREATE", record("blue", 1)],
     f"Tried to create resource record set {NAMED}, set-identifier='blue'] but it already exists"),
    ([], ["DELETE", record()], f"Tried to delete resource record set {NAMED}] but it was not found"),
    ([record()], ["DELETE", record(ttl=61)], f"Tried to delete resource record set {NAMED}] but the "
     "values provided do not match the current values"),
    ([record("blue", 1)], ["DELETE", record("blue", 2)], "Tried to delete resource record set "
     f"{NAMED}, set-identifier='blue'] but the values provided do not match the current values"),
    ([record()], ["UPSERT", record("blue", 1)], f"RRSet with DNS name {NAME}, type A, SetIdentifier "
     "blue cannot be created as a non-weighted set exists with the same name and type."),
    ([record("blue", 1)], ["UPSERT", record()], f"RRSet with DNS name {NAME}, type A cannot be "
     "created as other RRSets exist with the same name and type."),
    ([record("blue", 1)], ["UPSERT", {**record(), "SetIdentifier": "eu", "Region": "eu-west-1"}],
     f"RRSet with DNS name {NAME}, type A, SetIdentifier eu cannot be created as a non-latency set "
     "exists with the same name and type."),
    ([record("blue", 1)], ["UPSERT", record("green", 1, ttl=61)], f"RRSet with DNS name {NAME} and "
     "type A, SetIdentifier green cannot be created as weighted sets must contain the same TTL."),
    ([], ["UPSERT", record(values=["192.0.2.1"] * 2)], "Duplicate Resource Record: '192.0.2.1'"),
    ([], ["UPSERT", record(values=["192.0.2.256"])], "Invalid Resource Record: 'FATAL problem: "
     "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with "
     "'192.0.2.256''"),
    ([], ["UPSERT", record(), "UPSERT", record()], "The request contains an invalid set of changes "
     f"for a resource record set 'A {NAME}'"),
    ([record()], ["UPSERT", record(kind="CNAME", values=["a.example.net"])],
     f"RRSet of type CNAME with DNS name {NAME} is not permitted as it conflicts with other records "
     "with the same DNS name in zone catsndogs.lol."),
    ([], ["UPSERT", record(name="catsndogs.lol", kind="CNAME", values=["a.example.net"])],
     "RRSet of type CNAME with DNS name catsndogs.lol. is not permitted at apex in zone "
     "catsndogs.lol."),
    ([], ["UPSERT", alias("blue", 1, "nowhere.catsndogs.lol.", ZONE)], "Tried to create an alias "
     f"that targets nowhere.catsndogs.lol., type A in zone {ZONE}, but that target was not found"),
    ([], ["UPSERT", alias("blue", 1, "x.example.net.", ZONE)], "Tried to create an alias that "
     f"targets x.example.net., type A in zone {ZONE}, but the alias target name does not lie within "
     "the target zone"),
    ([], ["UPSERT", record(values=[f"192.0.{number // 256}.{number % 256}"
                                   for number in range(401)])],
     "Cannot have more than 400 records in a RRSet."),
]


@pytest.mark.parametrize("before,changes,text", REFUSALS, ids=range(len(REFUSALS)))
def test_what_the_zone_does_not_allow_is_an_invalid_batch(aws, route53, before, changes, text):
    for one in before:
        aws.route53.put(ZONE, one)
    records = aws.route53.records(ZONE)
    # A change beside it that is fine is not made either.
    code, found = code_of(route53, "CREATE", record(name="fine.catsndogs.lol."), *changes)
    assert code == "InvalidChangeBatch"
    assert text in found and found[0] + found[-1] == "[]"
    assert aws.route53.records(ZONE) == records
    assert not aws.route53.batches


def test_the_zones_own_records_stay(aws, route53):
    for one in aws.route53.records(ZONE):
        code, text = code_of(route53, "DELETE", one)
        assert code == "InvalidChangeBatch" and "A HostedZone must contain" in text


def test_more_than_a_hundred_of_a_group_are_refused(aws, route53):
    for number in range(100):
        aws.route53.put(ZONE, record(f"m{number}", 1))
    assert code_of(route53, "CREATE", record("m100", 1)) == (
        "InvalidChangeBatch", "[Cannot have more than 100 records in a RRSet.]")
    route53("UPSERT", record("m99", 2))


@pytest.mark.parametrize("one", [
    record("blue", 1, Region="eu-west-1"), {**record(), "SetIdentifier": "blue"},
    {**record(), "Weight": 1}, {key: value for key, value in record().items() if key != "TTL"},
    {key: value for key, value in record().items() if key != "ResourceRecords"},
    alias("blue", 1, TTL=60), {"Name": NAME, "Type": "A"},
])
def test_what_makes_no_record_set_is_invalid_input(aws, route53, one):
    code, text = code_of(route53, "UPSERT", one)
    assert code == "InvalidInput" and text.startswith("Invalid request: ")
    assert wrong(aws) == 1


def test_a_simple_record_becomes_weighted_in_one_batch(aws, route53):
    route53("CREATE", record())
    route53("DELETE", record(), "CREATE", record("blue", 1), "CREATE", record("green", 0))
    assert aws.route53.weights(ZONE, NAME) == {"blue": 1, "green": 0}
    assert len(aws.route53.batches) == 2


def test_aliases_have_no_ttl_and_fit_any(aws, route53):
    route53("CREATE", alias("blue", 1), "CREATE", record("green", 1, ttl=300))
    assert code_of(route53, "CREATE", record("red", 1, ttl=60))[0] == "InvalidChangeBatch"
    # The whole group at once may have another.
    route53("UPSERT", record("green", 1, ttl=60), "CREATE", record("red", 1, ttl=60))


def test_the_size_of_a_batch_counts_upserts_twice(aws, route53):
    def sets(count, length=1):
        return [record(name=f"n{number}.catsndogs.lol.", kind="TXT",
                       values=['"' + "x" * (length - 2) + '"' if length > 2 else '""'])
                for number in range(count)]

    def changes(action, records):
        return [part for one in records for part in (action, one)]
    assert code_of(route53, *changes("UPSERT", sets(501))) == (
        "InvalidChangeBatch", "[Number of records limit of 1000 exceeded.]")
    assert code_of(route53, *changes("CREATE", sets(1001)))[0] == "InvalidChangeBatch"
    route53(*changes("UPSERT", sets(500)))
    assert code_of(route53, *changes("UPSERT", sets(65, 250))) == (
        "InvalidChangeBatch", "[RDATA character limit of 32000 exceeded.]")
    route53(*changes("UPSERT", sets(64, 250)))


def test_an_upsert_replaces_the_whole_record(aws, route53):
    check = aws.route53.add_health_check({"Type": "TCP", "IPAddress": "192.0.2.1", "Port": 80})
    route53("CREATE", record("blue", 1, HealthCheckId=check["Id"]))
    assert aws.route53.records(ZONE, NAME)[0]["HealthCheckId"] == check["Id"]
    route53("UPSERT", record("blue", 1))
    assert "HealthCheckId" not in aws.route53.records(ZONE, NAME)[0]
    assert code_of(route53, "UPSERT", record("blue", 1, HealthCheckId="none"))[0] == \
        "NoSuchHealthCheck"


def test_one_change_at_a_time(aws, route53):
    aws.route53.processing_s = 30
    aws.route53.add_zone("dogs.lol", "Z2")
    route53("CREATE", record())
    assert code_of(route53, "UPSERT", record(ttl=61))[0] == "PriorRequestNotComplete"
    route53.ask.change_resource_record_sets(HostedZoneId="Z2", ChangeBatch={"Changes": [
        {"Action": "CREATE", "ResourceRecordSet": record(name="www.dogs.lol")}]})
    with aws.lock:
        aws.route53.zones[ZONE].busy_until = 0
    route53("UPSERT", record(ttl=61))


def test_requests_over_the_rate_are_throttled(aws, route53):
    with aws.lock:
        aws.route53.rate, aws.route53.tokens = 0.0, 2.0
    for _ in range(2):
        route53.ask.get_hosted_zone(Id=ZONE)
    assert code_of(route53.ask.get_hosted_zone, Id=ZONE) == ("Throttling", "Rate exceeded")


def test_record_sets_are_listed_in_order_and_in_pages(aws, route53):
    names = ["b.catsndogs.lol.", "a.b.catsndogs.lol.", "a-b.catsndogs.lol.", "\\052.catsndogs.lol."]
    for name in names:
        aws.route53.put(ZONE, record(name=name))
    for identifier in ("m1", "m2", "m3"):
        aws.route53.put(ZONE, record(identifier, 1))
    found = route53.ask.list_resource_record_sets(HostedZoneId=ZONE)
    assert not found["IsTruncated"] and found["MaxItems"] == "300"
    listed = [(one["Name"], one["Type"], one.get("SetIdentifier"))
              for one in found["ResourceRecordSets"]]
    assert listed == [("catsndogs.lol.", "NS", None), ("catsndogs.lol.", "SOA", None),
                      ("\\052.catsndogs.lol.", "A", None), ("a-b.catsndogs.lol.", "A", None),
                      ("b.catsndogs.lol.", "A", None), ("a.b.catsndogs.lol.", "A", None),
                      (NAME, "A", "m1"), (NAME, "A", "m2"), (NAME, "A", "m3")]
    for size in range(1, 10):
        pages = route53.ask.get_paginator("list_resource_record_sets").paginate(
            HostedZoneId=ZONE, PaginationConfig={"PageSize": size})
        assert [(one["Name"], one["Type"], one.get("SetIdentifier"))
                for page in pages for one in page["ResourceRecordSets"]] == listed
    assert code_of(route53.ask.list_resource_record_sets, HostedZoneId="Z9")[0] == \
        "NoSuchHostedZone"
    assert code_of(route53.ask.list_resource_record_sets, HostedZoneId=ZONE,
                   StartRecordType="A")[0] == "InvalidInput"
    assert wrong(aws) == 1


def test_zones_are_found_by_name(aws, route53):
    aws.route53.add_zone("dogs.lol", "Z2")
    found = route53.ask.list_hosted_zones_by_name(DNSName="dogs.lol", MaxItems="1")
    assert [zone["Id"] for zone in found["HostedZones"]] == ["/hostedzone/Z2"]
    assert len(route53.ask.list_hosted_zones()["HostedZones"]) == 2
    zone = route53.ask.get_hosted_zone(Id="Z2")
    assert zone["HostedZone"]["Name"] == "dogs.lol." and len(zone["DelegationSet"]["NameServers"]) == 4
    limit = route53.ask.get_account_limit(Type="MAX_HOSTED_ZONES_BY_OWNER")
    assert (limit["Limit"]["Value"], limit["Count"]) == (500, 2)


def test_the_older_form_of_an_invalid_batch(aws, route53):
    aws.route53.old_error_form = True
    inner = change_xml(f"<Name>{NAME}</Name><Type>A</Type><TTL>1</TTL><ResourceRecords>"
                       "<ResourceRecord><Value>x</Value></ResourceRecord></ResourceRecords>")
    status, _, text = ask_xml(aws, f"/hostedzone/{ZONE}/rrset", inner)
    assert status == 400 and "<InvalidChangeBatch" in text and "<Messages><Message>Invalid " in text


def test_health_checks_are_kept(aws, route53):
    config = {"Type": "HTTP", "IPAddress": "192.0.2.1", "ResourcePath": "/health"}
    made = route53.ask.create_health_check(CallerReference="1", HealthCheckConfig=config)
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert made["Location"].endswith(made["HealthCheck"]["Id"])
    again = route53.ask.create_health_check(CallerReference="1", HealthCheckConfig=config)
    assert again["HealthCheck"] == made["HealthCheck"]
    assert code_of(route53.ask.create_health_check, CallerReference="1", HealthCheckConfig={
        **config, "Port": 81})[0] == "HealthCheckAlreadyExists"
    name = made["HealthCheck"]["Id"]
    assert made["HealthCheck"]["HealthCheckConfig"]["Port"] == 80
    changed = route53.ask.update_health_check(HealthCheckId=name, HealthCheckVersion=1, Port=8080)
    assert changed["HealthCheck"]["HealthCheckVersion"] == 2
    assert code_of(route53.ask.update_health_check, HealthCheckId=name,
                   HealthCheckVersion=1)[0] == "HealthCheckVersionMismatch"
    assert route53.ask.get_health_check(HealthCheckId=name)["HealthCheck"] == changed["HealthCheck"]
    assert [one["Id"] for one in route53.ask.list_health_checks()["HealthChecks"]] == [name]
    assert route53.ask.get_health_check_count()["HealthCheckCount"] == 1
    route53.ask.delete_health_check(HealthCheckId=name)
    assert aws.route53.deleted_in_use == []
    assert code_of(route53.ask.get_health_check, HealthCheckId=name)[0] == "NoSuchHealthCheck"
    assert code_of(route53.ask.delete_health_check, HealthCheckId=name)[0] == "NoSuchHealthCheck"
    assert code_of(route53.ask.create_health_check, CallerReference="1",
                   HealthCheckConfig=config)[0] == "HealthCheckAlreadyExists"
    aws.route53.most_checks = 0
    assert code_of(route53.ask.create_health_check, CallerReference="2",
                   HealthCheckConfig=config)[0] == "TooManyHealthChecks"


def test_a_health_check_in_use_can_be_deleted_and_one_of_a_calculated_one_cannot(aws, route53):
    def make(reference, **config):
        return route53.ask.create_health_check(
            CallerReference=reference, HealthCheckConfig=config)["HealthCheck"]["Id"]
    child = make("1", Type="TCP", IPAddress="192.0.2.1", Port=80)
    whole = make("2", Type="CALCULATED", HealthThreshold=1, ChildHealthChecks=[child])
    assert code_of(route53.ask.delete_health_check, HealthCheckId=child)[0] == "HealthCheckInUse"
    route53("CREATE", record("blue", 1, HealthCheckId=whole))
    route53.ask.delete_health_check(HealthCheckId=whole)
    assert aws.route53.deleted_in_use == [whole]
    route53.ask.delete_health_check(HealthCheckId=child)
    assert aws.route53.deleted_in_use == [whole]


@pytest.mark.parametrize("config", [
    {"Type": "TCP", "IPAddress": "192.0.2.1"},
    {"Type": "TCP", "IPAddress": "192.0.2.1", "Port": 80, "FullyQualifiedDomainName": "a.example"},
    {"Type": "HTTP", "IPAddress": "10.0.0.1"}, {"Type": "HTTP", "IPAddress": "127.0.0.1"},
    {"Type": "HTTP", "IPAddress": "100.64.0.1"}, {"Type": "HTTP", "IPAddress": "224.0.0.1"},
    {"Type": "HTTP", "IPAddress": "fd00::1"}, {"Type": "HTTP", "IPAddress": "fe80::1"},
    {"Type": "HTTP", "IPAddress": "192.0.2.1", "EnableSNI": True},
    {"Type": "HTTP", "IPAddress": "192.0.2.1", "HealthThreshold": 1},
    {"Type": "HTTP", "IPAddress": "192.0.2.1", "RequestInterval": 20},
    {"Type": "CALCULATED", "HealthThreshold": 1, "ChildHealthChecks": ["none"]},
    {"Type": "CALCULATED", "ChildHealthChecks": []},
    {"Type": "CALCULATED", "HealthThreshold": 1, "ChildHealthChecks": [], "Port": 80},
], ids=str)
def test_a_health_check_that_route_53_would_not_take(aws, route53, config):
    assert code_of(route53.ask.create_health_check, CallerReference="1",
                   HealthCheckConfig=config)[0] == "InvalidInput"
    assert wrong(aws) == 1 and not aws.route53.health_checks


# --- SQS ---


class Query:
    """SQS by boto3, which speaks the query protocol here."""

    def __init__(self, aws):
        self.client = client(aws, "sqs")

    def ask(self, operation, **parameters):
        name = "".join(("_" if letter.isupper() and index else "") + letter.lower()
                       for index, letter in enumerate(operation))
        try:
            answer = getattr(self.client, name)(**parameters)
        except botocore.exceptions.ClientError as error:
            raise Refusal(error.response["Error"]["Code"]) from None
        answer.pop("ResponseMetadata")
        return answer


class Json:
    """SQS by its JSON protocol."""

    def __init__(self, aws):
        self.aws = aws

    def ask(self, operation, **parameters):
        status, _, answer, headers = ask_json(self.aws, "sqs", operation, parameters)
        if status != 200:
            raise Refusal(headers["x-amzn-query-error"].partition(";")[0])
        return answer


class Refusal(Exception):
    pass


@pytest.fixture(params=[Query, Json])
def sqs(aws, request):
    return request.param(aws)


def refusal(call, *arguments, **named):
    with pytest.raises(Refusal) as caught:
        call(*arguments, **named)
    return str(caught.value)


def receive(sqs, url, **more):
    return sqs.ask("ReceiveMessage", QueueUrl=url, **more).get("Messages", [])


def test_messages_come_go_and_come_back(aws, sqs):
    aws.sqs.add_queue("q")
    url = sqs.ask("GetQueueUrl", QueueName="q")["QueueUrl"]
    sent = sqs.ask("SendMessage", QueueUrl=url, MessageBody='{"a": "<&> é"}')
    message, = receive(sqs, url, AttributeNames=["All"], VisibilityTimeout=30)
    assert (message["Body"], message["MessageId"]) == ('{"a": "<&> é"}', sent["MessageId"])
    assert message["MD5OfBody"] == sent["MD5OfMessageBody"]
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert not receive(sqs, url)
    assert aws.sqs.counts("q")["ApproximateNumberOfMessagesNotVisible"] == 1
    sqs.ask("ChangeMessageVisibility", QueueUrl=url, ReceiptHandle=message["ReceiptHandle"],
            VisibilityTimeout=0)
    again, = receive(sqs, url, AttributeNames=["ApproximateReceiveCount"])
    assert again["Attributes"] == {"ApproximateReceiveCount": "2"}
    assert again["ReceiptHandle"] != message["ReceiptHandle"]
    # The older handle deletes nothing.
    sqs.ask("DeleteMessage", QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert not aws.sqs.is_empty("q")
    sqs.ask("DeleteMessage", QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])
    assert aws.sqs.is_empty("q") and aws.sqs.queues["q"].deleted == ['{"a": "<&> é"}']
    assert refusal(sqs.ask, "ChangeMessageVisibility", QueueUrl=url, VisibilityTimeout=1,
                   ReceiptHandle=again["ReceiptHandle"]) == \
        "AWS.SimpleQueueService.MessageNotInflight"
    assert "Attributes" not in sqs.ask("GetQueueAttributes", QueueUrl=url)
    found = sqs.ask("GetQueueAttributes", QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    assert found == {"QueueArn": "arn:aws:sqs:eu-west-1:123456789012:q"}


def test_a_message_in_flight_comes_back_by_itself(aws, sqs):
    aws.sqs.add_queue("q", VisibilityTimeout=1)
    aws.sqs.send("q", "x")
    assert receive(sqs, aws.sqs.url("q"))
    began = time.monotonic()
    assert receive(sqs, aws.sqs.url("q"), WaitTimeSeconds=10)
    assert 0.5 < time.monotonic() - began < 5


def test_a_long_poll_ends_with_the_message_or_with_its_time(aws, sqs):
    aws.sqs.add_queue("q", ReceiveMessageWaitTimeSeconds=1)
    began = time.monotonic()
    assert not receive(sqs, aws.sqs.url("q"))
    assert time.monotonic() - began >= 1
    aws.sqs.send("q", "x", delay_s=0.3)
    began = time.monotonic()
    assert receive(sqs, aws.sqs.url("q"), WaitTimeSeconds=20)
    assert 0.3 <= time.monotonic() - began < 10


def test_what_was_received_too_often_goes_to_the_dead_letters(aws, sqs):
    aws.sqs.add_queue("dead")
    aws.sqs.add_queue("q", "dead", 2, VisibilityTimeout=0)
    aws.sqs.send("q", "poison")
    for count in ("1", "2"):
        message, = receive(sqs, aws.sqs.url("q"), AttributeNames=["All"])
        assert message["Attributes"]["ApproximateReceiveCount"] == count
    assert not receive(sqs, aws.sqs.url("q"))
    message, = receive(sqs, aws.sqs.url("dead"), AttributeNames=["All"])
    assert message["Body"] == "poison"
    assert message["Attributes"]["DeadLetterQueueSourceArn"].endswith(":q")


def test_duplicates_come_while_the_first_is_in_flight(aws, sqs):
    aws.sqs.add_queue("q")
    aws.sqs.send("q", "x")
    aws.sqs.duplicate("q")
    first, = receive(sqs, aws.sqs.url("q"))
    second, = receive(sqs, aws.sqs.url("q"))
    assert first["MessageId"] == second["MessageId"]
    assert not receive(sqs, aws.sqs.url("q"))


def test_batches_say_what_went_wrong_with_each(aws, sqs):
    aws.sqs.add_queue("q")
    url = aws.sqs.url("q")
    sqs.ask("SendMessageBatch", QueueUrl=url, Entries=[
        {"Id": str(number), "MessageBody": f"m{number}"} for number in range(10)])
    messages = receive(sqs, url, MaxNumberOfMessages=10)
    assert len(messages) == 10
    entries = [{"Id": f"e{number}", "ReceiptHandle": message["ReceiptHandle"]}
               for number, message in enumerate(messages)]
    longer = sqs.ask("ChangeMessageVisibilityBatch", QueueUrl=url, Entries=[
        {**entry, "VisibilityTimeout": 60} for entry in entries])
    assert len(longer["Successful"]) == 10 and not longer.get("Failed")
    found = sqs.ask("DeleteMessageBatch", QueueUrl=url,
                    Entries=entries[:2] + [{"Id": "bad", "ReceiptHandle": "x"}])
    assert [one["Id"] for one in found["Successful"]] == ["e0", "e1"]
    failed, = found["Failed"]
    assert (failed["Id"], failed["Code"], failed["SenderFault"]) == \
        ("bad", "ReceiptHandleIsInvalid", True)
    assert wrong(aws) == 1


@pytest.mark.parametrize("operation,parameters,code", [
    ("ReceiveMessage", {"MaxNumberOfMessages": 11}, "InvalidParameterValue"),
    ("ReceiveMessage", {"MaxNumberOfMessages": 0}, "InvalidParameterValue"),
    ("ReceiveMessage", {"WaitTimeSeconds": 21}, "InvalidParameterValue"),
    ("ReceiveMessage", {"VisibilityTimeout": 43201}, "InvalidParameterValue"),
    ("ReceiveMessage", {"AttributeNames": ["Nothing"]}, "InvalidAttributeName"),
    ("DeleteMessage", {"ReceiptHandle": "x"}, "ReceiptHandleIsInvalid"),
    ("DeleteMessageBatch", {"Entries": [{"Id": "1", "ReceiptHandle": "x"}] * 2},
     "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"),
    ("DeleteMessageBatch", {"Entries": [{"Id": str(n), "ReceiptHandle": "x"} for n in range(11)]},
     "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"),
    ("DeleteMessageBatch", {"Entries": [{"Id": "a.b", "ReceiptHandle": "x"}]},
     "AWS.SimpleQueueService.InvalidBatchEntryId"),
    ("SendMessage", {"MessageBody": "x" * 262145}, "InvalidParameterValue"),
    ("SendMessage", {"MessageBody": "\x01"}, "InvalidMessageContents"),
])
def test_what_sqs_does_not_take(aws, sqs, operation, parameters, code):
    aws.sqs.add_queue("q")
    assert refusal(sqs.ask, operation, QueueUrl=aws.sqs.url("q"), **parameters) == code
    assert wrong(aws) == 1


def test_a_queue_that_is_not_there(aws, sqs):
    code = "AWS.SimpleQueueService.NonExistentQueue"
    assert refusal(sqs.ask, "ReceiveMessage", QueueUrl=aws.sqs.url("q")) == code
    assert refusal(sqs.ask, "GetQueueUrl", QueueName="q") == code


def test_sqs_json_names_errors_twice(aws):
    status, kind, answer, headers = ask_json(aws, "sqs", "GetQueueUrl", {"QueueName": "q"})
    assert (status, answer["__type"]) == (400, "com.amazonaws.sqs#QueueDoesNotExist")
    assert headers["x-amzn-query-error"] == "AWS.SimpleQueueService.NonExistentQueue;Sender"


@pytest.mark.parametrize("document,code", [
    ({"QueueUrl": "u", "MaxMessages": 1}, "SerializationException"),
    ({"MaxNumberOfMessages": 1}, "MissingParameter"),
    ({"QueueUrl": "u", "MaxNumberOfMessages": "1"}, "SerializationException"),
    ({"QueueUrl": "u", "AttributeNames": "All"}, "SerializationException"),
])
def test_sqs_json_is_held_against_the_model(aws, document, code):
    assert ask_json(aws, "sqs", "ReceiveMessage", document)[:2] == (400, code)
    assert wrong(aws) == 1


def test_the_query_protocol_asks_the_queues_path_too(aws):
    aws.sqs.add_queue("q")
    aws.sqs.send("q", "x")
    status, _, text = ask_form(aws, "sqs", "ReceiveMessage", {}, "/123456789012/q")
    assert status == 200 and "<Body>x</Body>" in text
    assert ask_form(aws, "sqs", "ReceiveMessage", {})[:2] == (400, "MissingParameter")
    assert wrong(aws) == 1


# --- ECS, ELBv2, CloudWatch, STS ---


def test_ecs_says_what_is(aws, boto):
    ecs = boto("ecs")
    assert code_of(ecs.describe_services, cluster="c", services=["s"])[0] == \
        "ClusterNotFoundException"
    aws.ecs.add_service("c", "s", "cats:1", desired=2)
    found = ecs.describe_services(cluster="c", services=["s", "none"])
    service, = found["services"]
    assert (service["desiredCount"], service["runningCount"]) == (2, 2)
    assert found["failures"][0]["reason"] == "MISSING"
    deployment = aws.ecs.deploy("c", "s", "cats:2", desired=3, running=0)
    task = aws.ecs.add_task("c", "s", health="HEALTHY")
    service, = ecs.describe_services(cluster=service["clusterArn"],
                                     services=[service["serviceArn"]])["services"]
    primary, active = service["deployments"]
    assert (primary["id"], primary["status"], primary["desiredCount"], primary["runningCount"],
            primary["rolloutState"]) == (deployment, "PRIMARY", 3, 1, "IN_PROGRESS")
    assert (active["status"], active["runningCount"]) == ("ACTIVE", 2)
    pages = ecs.get_paginator("list_tasks").paginate(cluster="c", serviceName="s",
                                                     PaginationConfig={"PageSize": 2})
    arns = [arn for page in pages for arn in page["taskArns"]]
    assert len(arns) == 3 and task["taskArn"] in arns
    shown, = ecs.describe_tasks(cluster="c", tasks=[task["taskArn"]])["tasks"]
    assert (shown["healthStatus"], shown["startedBy"]) == ("HEALTHY", deployment)
    aws.ecs.stop_task(task["taskArn"])
    assert task["taskArn"] in ecs.list_tasks(cluster="c", desiredStatus="STOPPED")["taskArns"]
    aws.ecs.settle("c", "s")
    service, = ecs.describe_services(cluster="c", services=["s"])["services"]
    assert [one["id"] for one in service["deployments"]] == [deployment]
    assert service["deployments"][0]["rolloutState"] == "COMPLETED"


def test_a_paused_deployment_goes_on_once(aws):
    arn, hook = aws.ecs.pause("c", "s")
    given = {"serviceDeploymentArn": arn, "hookId": hook, "action": "ROLLBACK"}
    assert ask_json(aws, "ecs", "ContinueServiceDeployment", {**given, "action": "STOP"})[1] == \
        "InvalidParameterException"
    assert ask_json(aws, "ecs", "ContinueServiceDeployment", {"hookId": hook})[1] == \
        "InvalidParameterException"
    assert wrong(aws) == 2
    assert ask_json(aws, "ecs", "ContinueServiceDeployment", {**given, "hookId": "x"})[1] == \
        "ClientException"
    assert ask_json(aws, "ecs", "ContinueServiceDeployment", {
        **given, "serviceDeploymentArn": "x"})[1] == "ServiceDeploymentNotFoundException"
    status, _, answer, _ = ask_json(aws, "ecs", "ContinueServiceDeployment", given)
    assert (status, answer) == (200, {"serviceDeploymentArn": arn})
    assert ask_json(aws, "ecs", "ContinueServiceDeployment", given)[1] == "ClientException"
    assert [(one["hookId"], one["action"]) for one in aws.ecs.continued] == [(hook, "ROLLBACK")]


def test_elbv2_says_what_targets_are(aws, boto):
    elbv2 = boto("elbv2")
    balancer = aws.elbv2.add_load_balancer("lb")
    group = aws.elbv2.add_target_group("cats", {"10.0.0.1": "healthy", ("10.0.0.2", 81): "initial"},
                                       balancer)
    found = elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert [(one["Target"]["Id"], one["Target"]["Port"], one["TargetHealth"]["State"])
            for one in found] == [("10.0.0.1", 80, "healthy"), ("10.0.0.2", 81, "initial")]
    assert found[1]["TargetHealth"]["Reason"] == "Elb.RegistrationInProgress"
    aws.elbv2.set_targets(group, {"10.0.0.1": ("unhealthy", "Target.Timeout", "Request timed out")})
    one, = elbv2.describe_target_health(TargetGroupArn=group, Targets=[{"Id": "10.0.0.1"}])[
        "TargetHealthDescriptions"]
    assert one["TargetHealth"] == {"State": "unhealthy", "Reason": "Target.Timeout",
                                   "Description": "Request timed out"}
    assert code_of(elbv2.describe_target_health, TargetGroupArn=group + "0")[0] == \
        "TargetGroupNotFound"
    by_balancer = elbv2.describe_target_groups(LoadBalancerArn=balancer)["TargetGroups"]
    assert [one["TargetGroupName"] for one in by_balancer] == ["cats"]
    assert elbv2.describe_load_balancers(Names=["lb"])["LoadBalancers"][0]["LoadBalancerArn"] == \
        balancer
    for number in range(4):
        aws.elbv2.add_target_group(f"g{number}")
    pages = list(elbv2.get_paginator("describe_target_groups").paginate(
        PaginationConfig={"PageSize": 2}))
    assert [len(page["TargetGroups"]) for page in pages] == [2, 2, 1]
    assert code_of(elbv2.describe_target_groups, Names=["none"])[0] == "TargetGroupNotFound"


def test_cloudwatch_gives_statistics_in_pages(aws, boto):
    cloudwatch = boto("cloudwatch")
    end = int(time.time()) // 60 * 60
    dimensions = {"LoadBalancer": "app/lb/1"}
    aws.cloudwatch.set_series("AWS/ApplicationELB", "RequestCount", dimensions,
                              [(end - 120, 10), (end - 90, 20), (end - 60, 40)])
    aws.cloudwatch.set_series("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", dimensions,
                              [(end - 60, 2)])

    def stat(name, metric, statistic):
        return {"Id": name, "ReturnData": name != "hidden", "MetricStat": {
            "Period": 60, "Stat": statistic, "Metric": {
                "Namespace": "AWS/ApplicationELB", "MetricName": metric, "Dimensions": [
                    {"Name": "LoadBalancer", "Value": "app/lb/1"}]}}}
    queries = [stat("count", "RequestCount", "Sum"), stat("mean", "RequestCount", "Average"),
               stat("p50", "RequestCount", "p50"), stat("n", "RequestCount", "SampleCount"),
               stat("hidden", "HTTPCode_Target_5XX_Count", "Sum"),
               {"Id": "rate", "Expression": "100 * FILL(hidden, 0) / count"}]

    def ask(**more):
        return cloudwatch.get_metric_data(StartTime=end - 600, EndTime=end,
                                          MetricDataQueries=queries,
                                          ScanBy="TimestampAscending", **more)
    found = {one["Id"]: one["Values"] for one in ask()["MetricDataResults"]}
    assert found == {"count": [30, 40], "mean": [15, 40], "p50": [10, 40], "n": [2, 1],
                     "rate": [0, 5]}
    aws.cloudwatch.page = 3
    first = ask()
    assert [(one["Id"], one["StatusCode"], one["Values"]) for one in first["MetricDataResults"]] == \
        [("count", "Complete", [30, 40]), ("mean", "PartialData", [15])]
    second = ask(NextToken=first["NextToken"])
    assert [(one["Id"], one["Values"]) for one in second["MetricDataResults"]][:1] == [("mean", [40])]
    aws.cloudwatch.page, aws.cloudwatch.partial = 1000, {"count"}
    aws.cloudwatch.messages = [{"Code": "ArithmeticError", "Value": "One or more data-points have "
                                "been dropped"}]
    found = ask()
    assert found["MetricDataResults"][0]["StatusCode"] == "PartialData"
    assert found["Messages"][0]["Code"] == "ArithmeticError"
    queries[0]["MetricStat"]["Stat"] = "Mode"
    assert code_of(ask)[0] == "ValidationError"
    assert wrong(aws) == 1


def test_sts_gives_keys_that_work_until_they_end(aws, boto):
    sts = boto("sts")
    role = "arn:aws:iam::123456789012:role/reader"
    aws.sts.roles[role] = ["sqs:*"]
    given = sts.assume_role(RoleArn=role, RoleSessionName="test", DurationSeconds=900)["Credentials"]
    key = Key(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    assert client(aws, "sts", key).get_caller_identity()["Arn"].endswith(":assumed-role/reader/test")
    aws.sqs.add_queue("q")
    assert client(aws, "sqs", key).get_queue_url(QueueName="q")
    assert code_of(client(aws, "ecs", key).list_tasks)[0] == "AccessDeniedException"
    assert 880 < given["Expiration"].timestamp() - time.time() < 905
    aws.offset_s = 800  # 901 of them would be too many for the signature's date
    aws.accounts.keys[key.access_key].ends -= 200
    assert code_of(client(aws, "sqs", key).get_queue_url, QueueName="q")[0] == "ExpiredToken"
    given = {"RoleArn": role, "RoleSessionName": "test"}
    aws.offset_s = 0
    assert code_of(sts.assume_role, **{**given, "RoleArn": role + "x"})[0] == "AccessDenied"
    for change in {"DurationSeconds": "899"}, {"RoleSessionName": "t"}, {"RoleSessionName": "a b"}:
        assert ask_form(aws, "sts", "AssumeRole", {**given, **change})[:2] == \
            (400, "ValidationError")
    assert wrong(aws) == 3


def test_sts_takes_web_identities_without_a_signature(aws):
    def ask(token):
        body = urllib.parse.urlencode({
            "Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "RoleSessionName": "test",
            "RoleArn": "arn:aws:iam::123456789012:role/ballast", "WebIdentityToken": token}).encode()
        status, _, text = send(aws, "POST", "/", body, {"Host": "x", "Content-Type": FORM})
        return status, between(text, "Code") or between(text, "AccessKeyId")
    status, name = ask("web-identity-token")
    assert status == 200 and aws.accounts.keys[name].token
    aws.sts.expired_web_tokens.add("old token")
    assert ask("old token") == (400, "ExpiredTokenException")
    assert ask("forged") == (400, "InvalidIdentityToken")


# --- where credentials come from ---


def test_instance_metadata_wants_a_token(aws):
    path = "/latest/meta-data/iam/security-credentials/"
    header = "X-aws-ec2-metadata-token"

    def ask(method, target, **headers):
        status, _, text = send(aws, method, target, b"", {"Host": "x", **{
            name.replace("_", "-"): value for name, value in headers.items()}})
        return status, text
    assert ask("GET", path)[0] == 401
    assert ask("PUT", "/latest/api/token")[0] == 400
    assert ask("PUT", "/latest/api/token", **{header + "-ttl-seconds": "21601"})[0] == 400
    assert ask("GET", "/latest/api/token", **{header + "-ttl-seconds": "60"})[0] == 405
    assert ask("PUT", "/latest/api/token", **{header + "-ttl-seconds": "60",
                                              "X-Forwarded-For": "192.0.2.1"})[0] == 403
    status, token = ask("PUT", "/latest/api/token", **{header + "-ttl-seconds": "60"})
    assert status == 200
    assert ask("GET", path, **{header: token}) == (200, "ballast-role")
    given = json.loads(ask("GET", path + "ballast-role", **{header: token})[1])
    assert aws.accounts.keys[given["AccessKeyId"]].token == given["Token"]
    assert ask("GET", "/latest/meta-data/placement/region", **{header: token}) == \
        (200, "eu-west-1")
    aws.metadata.forget_tokens()
    assert ask("GET", path, **{header: token})[0] == 401


def test_botocore_finds_credentials_at_the_double(aws, tmp_path):
    program = "import boto3; print(boto3.client('sts', endpoint_url='%s').get_caller_identity()" \
              "['Arn'])" % aws.url
    aws.metadata.container_token = "secret"
    for more in ({"AWS_EC2_METADATA_SERVICE_ENDPOINT": aws.url},
                 {"AWS_CONTAINER_CREDENTIALS_FULL_URI": aws.metadata.container_url,
                  "AWS_CONTAINER_AUTHORIZATION_TOKEN": "secret"}):
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path),
                       "AWS_DEFAULT_REGION": "eu-west-1", **more}
        done = subprocess.run([sys.executable, "-c", program], env=environment, text=True,
                              capture_output=True, timeout=60)
        assert done.stdout.startswith("arn:aws:"), done.stderr
    assert ("GET", "/v2/credentials/11111111-2222-3333-4444-555555555555", 200) in aws.metadata.log


# --- faults ---


def test_faults_are_for_whom_they_are_for_and_end(aws):
    aws.faults.add("status", "sts", "GetCallerIdentity", 2, status=503, body=b"",
                   headers={"Retry-After": "1"})
    for _ in range(2):
        status, headers, text = signed(aws, "sts", body=b"Action=GetCallerIdentity&Version="
                                       b"2011-06-15", headers={"Content-Type": FORM})
        assert (status, text, headers["Retry-After"]) == (503, "", "1")
        assert ask_form(aws, "elbv2", "DescribeLoadBalancers", {})[0] == 200
    assert ask_form(aws, "sts", "GetCallerIdentity", {})[0] == 200
    fault = aws.faults.add("status", status=500)
    assert ask_form(aws, "sts", "GetCallerIdentity", {})[:2] == (500, "InternalFailure")
    assert ask_json(aws, "ecs", "ListTasks", {})[:2] == (500, "InternalFailure")
    fault.lift()
    assert ask_form(aws, "sts", "GetCallerIdentity", {})[0] == 200
    aws.faults.throttle("route53")
    assert ask_xml(aws, "/hostedzone", method="GET")[:2] == (400, "Throttling")
    aws.faults.add("error", "sqs", code="ExpiredToken", status=403)
    assert ask_form(aws, "sqs", "GetQueueUrl", {"QueueName": "q"})[:2] == (403, "ExpiredToken")
    aws.faults.lift()
    assert ask_xml(aws, "/hostedzone", method="GET")[0] == 200


def test_an_answer_is_cut_after_any_octet_and_the_request_has_happened(aws, route53):
    inner = change_xml(f"<Name>{NAME}</Name><Type>A</Type><TTL>1</TTL><ResourceRecords>"
                       "<ResourceRecord><Value>192.0.2.1</Value></ResourceRecord>"
                       "</ResourceRecords>")
    aws.route53.rate = None
    assert ask_xml(aws, f"/hostedzone/{ZONE}/rrset", inner)[0] == 200
    request = aws.requests[-1].request
    octets_sent = f"POST {request.target} HTTP/1.1\r\n" + "".join(
        f"{name}: {value}\r\n" for name, value in request.headers.items())
    for octets in range(0, 400, 7):
        count = len(aws.route53.batches)
        aws.faults.add("cut", "route53", count=1, octets=octets)
        with socket.create_connection(("127.0.0.1", aws.port), timeout=5) as connection:
            connection.sendall(octets_sent.encode() + b"\r\n" + request.body)
            received = b"".join(iter(lambda: connection.recv(4096), b""))
        assert (len(received), len(aws.route53.batches)) == (octets, count + 1)


def test_a_dropped_request_has_not_happened(aws):
    aws.sqs.add_queue("q")
    aws.faults.add("drop", "sqs", "SendMessage", 1)
    given = {"QueueUrl": aws.sqs.url("q"), "MessageBody": "x"}
    with pytest.raises((http.client.HTTPException, OSError)):
        ask_json(aws, "sqs", "SendMessage", given)
    assert aws.sqs.is_empty("q")
    assert ask_json(aws, "sqs", "SendMessage", given)[0] == 200


def test_answers_can_be_slow_and_nonsense(aws):
    aws.faults.add("delay", "sts", count=1, seconds=0.3)
    began = time.monotonic()
    assert ask_form(aws, "sts", "GetCallerIdentity", {})[0] == 200
    assert time.monotonic() - began >= 0.3
    aws.faults.add("drip", "sts", count=1, octets=50, seconds=0.05)
    began = time.monotonic()
    assert ask_form(aws, "sts", "GetCallerIdentity", {})[0] == 200
    assert time.monotonic() - began >= 0.3
    aws.faults.add("garbage", "sts", count=1, body=b"<html>", content_type="text/html")
    status, _, text = ask_form(aws, "sts", "GetCallerIdentity", {})
    assert (status, text) == (200, "<html>")
    with pytest.raises(TypeError):
        aws.faults.add("cut", octet=1)


def test_connections_are_refused_for_a_while(aws):
    port = aws.port
    kept = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    kept.request("GET", "/latest/")
    kept.getresponse().read()
    aws.refuse()
    with pytest.raises(ConnectionRefusedError):
        ask_form(aws, "sts", "GetCallerIdentity", {})
    with pytest.raises((http.client.HTTPException, OSError)):
        kept.request("GET", "/latest/")
        kept.getresponse()
    kept.close()
    aws.accept()
    assert aws.port == port and ask_form(aws, "sts", "GetCallerIdentity", {})[0] == 200


# --- other processes ---


def test_the_double_as_a_program(aws):
    process = subprocess.Popen([sys.executable, TOP / "tests/aws/double.py"], text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        remote = Remote(process.stdout.readline().strip())
        assert remote.call("route53.add_zone", "catsndogs.lol", ZONE, [record("blue", 1)])
        assert remote.call("route53.weights", ZONE, NAME) == {"blue": 1}
        remote.set("route53.insync_s", 5)
        assert remote.get("route53.insync_s") == 5
        remote.call("faults.throttle", "route53")
        port = int(remote.url.rpartition(":")[2])
        assert ask_xml(type("At", (), {"port": port, "accounts": aws.accounts}), "/hostedzone",
                       method="GET")[1] == "Throttling"
        call, = remote.get("requests")
        assert (call["operation"], call["code"]) == ("ListHostedZones", "Throttling")
        for path in ("close", "accounts.__class__", "route53.none"):
            with pytest.raises(RuntimeError):
                remote.call(path)
    finally:
        process.stdin.close()
        assert process.wait(10) == 0
        process.stdout.close()


def cli(aws, tmp_path, *arguments, region="eu-west-1"):
    """The AWS CLI's answer."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "AWS_PAGER": "",
                   **{name: value for name, value in aws.environment().items()
                      if "REGION" not in name}}
    done = subprocess.run(["/usr/bin/aws", "--endpoint-url", aws.url, "--region", region, "--output",
                           "json", *arguments], env=environment, text=True, capture_output=True,
                          timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else None


@pytest.mark.skipif(not os.access("/usr/bin/aws", os.X_OK), reason="no AWS CLI here")
def test_the_aws_cli_is_understood(aws, tmp_path):
    aws.route53.add_zone("catsndogs.lol", ZONE)
    batch = {"Comment": "cli", "Changes": [{"Action": "UPSERT", "ResourceRecordSet": one}
                                           for one in (alias("blue", 90), alias("green", 10))]}
    change = cli(aws, tmp_path, "route53", "change-resource-record-sets", "--hosted-zone-id", ZONE,
                 "--change-batch", json.dumps(batch), region="us-east-1")
    assert change["ChangeInfo"]["Status"] == "PENDING"
    listed = cli(aws, tmp_path, "route53", "list-resource-record-sets", "--hosted-zone-id", ZONE,
                 region="us-east-1")
    assert {one["SetIdentifier"]: one["Weight"] for one in listed["ResourceRecordSets"]
            if "Weight" in one} == {"blue": 90, "green": 10}
    aws.sqs.add_queue("q")
    cli(aws, tmp_path, "sqs", "send-message", "--queue-url", aws.sqs.url("q"), "--message-body", "x")
    received = cli(aws, tmp_path, "sqs", "receive-message", "--queue-url", aws.sqs.url("q"))
    assert received["Messages"][0]["Body"] == "x"
    aws.ecs.add_service("c", "s")
    found = cli(aws, tmp_path, "ecs", "describe-services", "--cluster", "c", "--services", "s")
    assert found["services"][0]["serviceName"] == "s"
    group = aws.elbv2.add_target_group("g", {"10.0.0.1": "healthy"})
    found = cli(aws, tmp_path, "elbv2", "describe-target-health", "--target-group-arn", group)
    assert found["TargetHealthDescriptions"][0]["TargetHealth"]["State"] == "healthy"
    assert cli(aws, tmp_path, "sts", "get-caller-identity")["Account"] == "123456789012"
