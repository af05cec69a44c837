# SPDX-License-Identifier: BSD-2-Clause
"""DynamoDB and SQS from the npm registry, and the network in front of them: that they do what tests
of a fleet and of queues lean on, with boto3 as the client."""
import time

import botocore.exceptions
import pytest

from aws.fixtures import boto_of
from aws.proxy import Proxy

KEYS = {"AttributeDefinitions": [{"AttributeName": "fleet", "AttributeType": "S"},
                                 {"AttributeName": "item", "AttributeType": "S"},
                                 {"AttributeName": "sequence", "AttributeType": "N"}],
        "KeySchema": [{"AttributeName": "fleet", "KeyType": "HASH"},
                      {"AttributeName": "item", "KeyType": "RANGE"}],
        "LocalSecondaryIndexes": [{"IndexName": "by-sequence", "KeySchema": [
            {"AttributeName": "fleet", "KeyType": "HASH"},
            {"AttributeName": "sequence", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "ALL"}}], "BillingMode": "PAY_PER_REQUEST"}


@pytest.fixture
def table(dynalite):
    client = boto_of(dynalite, "dynamodb")
    client.create_table(TableName="ballast", **KEYS)
    client.get_waiter("table_exists").wait(TableName="ballast", WaiterConfig={"Delay": 1})
    return client


def put(client, name, sequence, fence):
    client.put_item(
        TableName="ballast", ConditionExpression="attribute_not_exists(fence) OR fence <= :fence",
        ExpressionAttributeValues={":fence": {"N": str(fence)}},
        Item={"fleet": {"S": "f"}, "item": {"S": name}, "sequence": {"N": str(sequence)},
              "fence": {"N": str(fence)}})


def test_a_stale_fence_is_refused(table):
    put(table, "set#a", 1, 2)
    with pytest.raises(table.exceptions.ConditionalCheckFailedException):
        put(table, "set#a", 2, 1)
    put(table, "set#a", 2, 2)


def test_the_index_reads_what_is_new_consistently(table):
    for number in range(5):
        put(table, f"set#{number}", number, 1)
    found = table.query(TableName="ballast", IndexName="by-sequence", ConsistentRead=True,
                        KeyConditionExpression="fleet = :f AND #s > :s",
                        ExpressionAttributeNames={"#s": "sequence"},
                        ExpressionAttributeValues={":f": {"S": "f"}, ":s": {"N": "2"}})
    assert [item["item"]["S"] for item in found["Items"]] == ["set#3", "set#4"]


def test_a_network_can_be_away_and_come_back(dynalite):
    with Proxy(dynalite) as network:
        client = boto_of(network.url, "dynamodb")
        assert client.list_tables()["TableNames"] == []
        network.down()
        with pytest.raises(botocore.exceptions.ConnectionError):
            client.list_tables()
        network.up()
        assert client.list_tables()["TableNames"] == []


def test_a_request_can_arrive_although_no_answer_does(dynalite):
    client = boto_of(dynalite, "dynamodb")
    with Proxy(dynalite) as network:
        import boto3
        import botocore.config
        far = boto3.session.Session("AKIDEXAMPLE", "secret", region_name="eu-west-1").client(
            "dynamodb", endpoint_url=network.url, config=botocore.config.Config(
                read_timeout=1, retries={"total_max_attempts": 1}))
        network.swallow()
        with pytest.raises(botocore.exceptions.ReadTimeoutError):
            far.create_table(TableName="ballast", **KEYS)
        assert client.list_tables()["TableNames"] == ["ballast"]


def test_messages_come_back_until_they_are_deleted(fauxqs):
    import json
    import urllib.request

    def ask(operation, **parameters):
        request = urllib.request.Request(fauxqs + "/", json.dumps(parameters).encode(), {
            "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS." + operation,
            "Authorization": "AWS4-HMAC-SHA256 Credential=A/20260101/eu-west-1/sqs/aws4_request, "
                             "SignedHeaders=host, Signature=00"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"{}")

    url = ask("CreateQueue", QueueName="events", Attributes={"VisibilityTimeout": "1"})["QueueUrl"]
    ask("SendMessage", QueueUrl=url, MessageBody="one")
    first = ask("ReceiveMessage", QueueUrl=url, WaitTimeSeconds=5)["Messages"][0]
    assert not ask("ReceiveMessage", QueueUrl=url, WaitTimeSeconds=0).get("Messages")
    begun = time.monotonic()
    again = ask("ReceiveMessage", QueueUrl=url, WaitTimeSeconds=10)["Messages"][0]
    assert again["MessageId"] == first["MessageId"]
    assert time.monotonic() - begun < 10
    ask("DeleteMessage", QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])
    assert not ask("ReceiveMessage", QueueUrl=url, WaitTimeSeconds=2).get("Messages")
