# SPDX-License-Identifier: BSD-2-Clause
"""DynamoDB and SQS from the npm registry: that they do what tests of a fleet and of queues lean on."""
import json
import time
import urllib.request

import pytest

import dynamodb

@pytest.fixture
def table(dynalite):
    return dynamodb.Dynamo(dynalite).client


def put(client, name, sequence, fence):
    client.put_item(
        TableName="ns-state", ConditionExpression="attribute_not_exists(fence) OR fence <= :fence",
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
    found = table.query(TableName="ns-state", IndexName="by-sequence", ConsistentRead=True,
                        KeyConditionExpression="fleet = :f AND #s > :s",
                        ExpressionAttributeNames={"#s": "sequence"},
                        ExpressionAttributeValues={":f": {"S": "f"}, ":s": {"N": "2"}})
    assert [item["item"]["S"] for item in found["Items"]] == ["set#3", "set#4"]


def test_messages_come_back_until_they_are_deleted(fauxqs):
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
