# SPDX-License-Identifier: BSD-2-Clause
"""SQS: standard queues with visibility time-outs, redelivery, receive counts, a dead-letter queue by
redrive policy, long polls, and duplicates on demand. By both protocols."""
import hashlib
import json
import re
import secrets
import time
import urllib.parse
import uuid

from aws import shapes
from aws.accounts import ACCOUNT
from aws.service import Service
from aws.shapes import Refused

MOST_OCTETS = 262144
DEFAULTS = {"VisibilityTimeout": "30", "ReceiveMessageWaitTimeSeconds": "0", "DelaySeconds": "0",
            "MessageRetentionPeriod": "345600", "MaximumMessageSize": str(MOST_OCTETS)}
COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible",
          "ApproximateNumberOfMessagesDelayed")
SYSTEM_ATTRIBUTES = {"All", "SenderId", "SentTimestamp", "ApproximateReceiveCount",
                     "ApproximateFirstReceiveTimestamp", "SequenceNumber",
                     "MessageDeduplicationId", "MessageGroupId", "AWSTraceHeader",
                     "DeadLetterQueueSourceArn"}
BATCHED = {"DeleteMessageBatch": "DeleteMessage", "SendMessageBatch": "SendMessage",
           "ChangeMessageVisibilityBatch": "ChangeMessageVisibility"}


class Message:
    def __init__(self, body, attributes, now, visible_at):
        self.id, self.body, self.attributes = str(uuid.uuid4()), body, attributes
        self.sent, self.visible_at = now, visible_at
        self.receipt, self.receipts = None, set()  # the newest; all that were given out
        self.count, self.first = 0, None
        self.again = False  # once more while it is in flight
        self.source = None  # the queue that gave it up


class Queue:
    """Tests may read and set everything under the double's lock; times are monotonic seconds."""

    def __init__(self, name, attributes):
        self.name = name
        self.arn = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:{name}"
        self.attributes = {**DEFAULTS, **attributes}
        self.messages = []
        self.receipts = {}  # every receipt handle that was given out: message id
        self.deleted = []   # bodies, in the order of their deletion
        self.duplicates = 0
        self.created = time.time()

    def number(self, name):
        return int(self.attributes[name])

    def visible(self, now):
        return [message for message in self.messages if message.visible_at <= now or message.again]

    def in_flight(self, now):
        return [message for message in self.messages if message.visible_at > now and message.count]

    def counts(self, now):
        delayed = [message for message in self.messages
                   if message.visible_at > now and not message.count]
        return dict(zip(COUNTS, (len(self.visible(now)), len(self.in_flight(now)), len(delayed))))


class Sqs(Service):
    name = "sqs"
    loose = ("QueueAttributeName",)  # lacks those of messages

    def __init__(self, double):
        super().__init__(double)
        self.queues = {}

    # --- for tests ---

    def add_queue(self, name, dead_letters=None, most_receives=3, **attributes):
        """attributes: VisibilityTimeout=…, as numbers or texts. dead_letters: the name of a queue."""
        with self.double.lock:
            found = {key: str(value) for key, value in attributes.items()}
            if dead_letters:
                found["RedrivePolicy"] = json.dumps({
                    "deadLetterTargetArn": self.queues[dead_letters].arn,
                    "maxReceiveCount": most_receives})
            self.queues[name] = Queue(name, found)
        return self.queues[name]

    def url(self, name):
        return f"{self.double.url}/{ACCOUNT}/{name}"

    def send(self, name, body, delay_s=0):
        """body: a text, or what becomes JSON."""
        with self.double.lock:
            return self.put(self.queues[name],
                            body if isinstance(body, str) else json.dumps(body), {}, delay_s)

    def duplicate(self, name, count=1):
        """The next so many messages that are received are there once more, in flight or not."""
        with self.double.lock:
            self.queues[name].duplicates += count

    def counts(self, name):
        """{ApproximateNumberOfMessages: …} and so on."""
        with self.double.lock:
            return self.queues[name].counts(time.monotonic())

    def is_empty(self, name):
        """Nothing left, not even in flight."""
        with self.double.lock:
            return not self.queues[name].messages

    # --- ---

    def permission(self, operation):
        return BATCHED.get(operation, operation)

    def json_code(self, code):
        """awsQueryCompatible: the shape's name in __type, the query protocol's code in a header."""
        model = shapes.model("sqs")
        for name in model.shape_names:
            shape = model.shape_for(name)
            if shape.metadata.get("exception"):
                query_code = shape.metadata.get("error", {}).get("code", name)
                if code in (name, query_code):
                    return "com.amazonaws.sqs#", name, query_code
        plain = code.removesuffix("Exception")
        return "com.amazon.coral.service#", code, plain

    def queue(self, given):
        path = urllib.parse.urlsplit(given["QueueUrl"]).path
        found = re.fullmatch(rf"/{ACCOUNT}/([A-Za-z0-9_-]{{1,80}})", path)
        if not found or found.group(1) not in self.queues:
            raise absent()
        return self.queues[found.group(1)]

    def GetQueueUrl(self, given):
        if given["QueueName"] not in self.queues or \
                given.get("QueueOwnerAWSAccountId", ACCOUNT) != ACCOUNT:
            raise absent()
        return {"QueueUrl": self.url(given["QueueName"])}

    def GetQueueAttributes(self, given):
        queue = self.queue(given)
        values = {**queue.attributes, "QueueArn": queue.arn,
                  "CreatedTimestamp": str(int(queue.created)),
                  "LastModifiedTimestamp": str(int(queue.created)),
                  **{name: str(count) for name, count in queue.counts(time.monotonic()).items()}}
        wanted = given.get("AttributeNames", [])
        known = set(shapes.model("sqs").shape_for("QueueAttributeName").enum)
        for name in wanted:
            if name not in known:
                raise Refused("InvalidAttributeName", f"Unknown Attribute {name}.", malformed=True)
        found = {name: value for name, value in values.items()
                 if "All" in wanted or name in wanted}
        return {"Attributes": found} if found else {}

    # --- sending ---

    def put(self, queue, body, attributes, delay_s=None):
        delay_s = queue.number("DelaySeconds") if delay_s is None else delay_s
        message = Message(body, attributes, self.double.now(), time.monotonic() + delay_s)
        queue.messages.append(message)
        self.double.changed.notify_all()
        return message

    def SendMessage(self, given):
        queue = self.queue(given)
        return self.send_one(queue, given)

    def send_one(self, queue, given):
        if not given["MessageBody"]:
            raise invalid("The request must contain the parameter MessageBody.",
                          "MissingParameter")
        if len(given["MessageBody"].encode()) > queue.number("MaximumMessageSize"):
            raise invalid("One or more parameters are invalid. Reason: Message must be shorter than "
                          f"{queue.attributes['MaximumMessageSize']} bytes.")
        if re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", given["MessageBody"]):
            raise Refused("InvalidMessageContents", "Invalid characters found.", malformed=True)
        delay = given.get("DelaySeconds")
        check_range("DelaySeconds", delay, 0, 900)
        message = self.put(queue, given["MessageBody"], given.get("MessageAttributes", {}), delay)
        return {"MessageId": message.id, "MD5OfMessageBody": md5(message.body)}

    def SendMessageBatch(self, given):
        queue = self.queue(given)
        return self.batch(given["Entries"], lambda entry: {
            "Id": entry["Id"], **self.send_one(queue, entry)})

    # --- receiving ---

    def ReceiveMessage(self, given):
        queue = self.queue(given)
        most = given.get("MaxNumberOfMessages", 1)
        check_range("MaxNumberOfMessages", most, 1, 10)
        wait = given.get("WaitTimeSeconds", queue.number("ReceiveMessageWaitTimeSeconds"))
        check_range("WaitTimeSeconds", wait, 0, 20)
        visibility = given.get("VisibilityTimeout", queue.number("VisibilityTimeout"))
        check_range("VisibilityTimeout", visibility, 0, 43200)
        for name in given.get("AttributeNames", []):
            if name not in SYSTEM_ATTRIBUTES:
                raise Refused("InvalidAttributeName", f"Unknown Attribute {name}.", malformed=True)
        end = time.monotonic() + wait
        while True:
            received = self.receive(queue, most, visibility)
            left = end - time.monotonic()
            if received or left <= 0 or self.double.closing.is_set():
                return {"Messages": [shown(message, given) for message in received]} \
                    if received else {}
            # A message in flight may become visible meanwhile.
            later = [message.visible_at - time.monotonic() for message in queue.messages]
            self.double.changed.wait(max(min([left] + later), 0.001))

    def receive(self, queue, most, visibility):
        now, received = time.monotonic(), []
        for message in queue.visible(now):
            if len(received) == most:
                break
            if self.give_up(queue, message):
                continue
            message.count += 1
            message.first = message.first or self.double.now()
            message.receipt = f"{queue.name}/{message.id}/{message.count}/" + \
                secrets.token_urlsafe(60)
            message.receipts.add(message.receipt)
            queue.receipts[message.receipt] = message.id
            message.visible_at = now + visibility
            message.again = queue.duplicates > 0
            queue.duplicates -= message.again
            received.append(message)
        return received

    def give_up(self, queue, message):
        """To the dead-letter queue with it, if it was received too often."""
        policy = json.loads(queue.attributes.get("RedrivePolicy", "null"))
        if not policy or message.count < int(policy["maxReceiveCount"]):
            return False
        target = next(other for other in self.queues.values()
                      if other.arn == policy["deadLetterTargetArn"])
        queue.messages.remove(message)
        message.visible_at, message.again = time.monotonic(), False
        message.count, message.first, message.source = 0, None, queue.arn
        target.messages.append(message)
        self.double.changed.notify_all()
        return True

    # --- receipts ---

    def handled(self, queue, receipt):
        """The message of a receipt handle; None: it is not there any more, or has a newer one."""
        if receipt not in queue.receipts:
            raise Refused("ReceiptHandleIsInvalid", f'The input receipt handle "{receipt}" is not '
                          "a valid receipt handle.", malformed=True)
        return next((message for message in queue.messages if message.receipt == receipt), None)

    def delete(self, queue, receipt):
        message = self.handled(queue, receipt)
        if message:
            queue.messages.remove(message)
            queue.deleted.append(message.body)
            self.double.changed.notify_all()

    def change_visibility(self, queue, given):
        check_range("VisibilityTimeout", given.get("VisibilityTimeout"), 0, 43200)
        message = self.handled(queue, given["ReceiptHandle"])
        now = time.monotonic()
        if message is None or message.visible_at <= now:
            raise Refused("AWS.SimpleQueueService.MessageNotInflight",
                          f"Value {given['ReceiptHandle']} for parameter ReceiptHandle is invalid. "
                          "Reason: Message does not exist or is not available for visibility timeout "
                          "change.")
        message.visible_at = now + given.get("VisibilityTimeout", 0)
        self.double.changed.notify_all()

    def DeleteMessage(self, given):
        self.delete(self.queue(given), given["ReceiptHandle"])

    def ChangeMessageVisibility(self, given):
        self.change_visibility(self.queue(given), given)

    def DeleteMessageBatch(self, given):
        queue = self.queue(given)

        def one(entry):
            self.delete(queue, entry["ReceiptHandle"])
            return {"Id": entry["Id"]}
        return self.batch(given["Entries"], one)

    def ChangeMessageVisibilityBatch(self, given):
        queue = self.queue(given)

        def one(entry):
            self.change_visibility(queue, entry)
            return {"Id": entry["Id"]}
        return self.batch(given["Entries"], one)

    def batch(self, entries, one):
        code = "AWS.SimpleQueueService."
        if not entries:
            raise Refused(code + "EmptyBatchRequest", "There should be at least one entry in the "
                          "request.", malformed=True)
        if len(entries) > 10:
            raise Refused(code + "TooManyEntriesInBatchRequest", "Maximum number of entries per "
                          f"request are 10. You have sent {len(entries)}.", malformed=True)
        ids = [entry["Id"] for entry in entries]
        for name in ids:
            if not re.fullmatch("[A-Za-z0-9_-]{1,80}", name):
                raise Refused(code + "InvalidBatchEntryId", "A batch entry id can only contain "
                              "alphanumeric characters, hyphens and underscores. It can be at most "
                              "80 letters long.", malformed=True)
            if ids.count(name) > 1:
                raise Refused(code + "BatchEntryIdsNotDistinct", f"Id {name} repeated.",
                              malformed=True)
        result = {"Successful": [], "Failed": []}
        for entry in entries:
            try:
                result["Successful"].append(one(entry))
            except Refused as refused:
                if refused.malformed:
                    self.double.wrong.append(f"sqs: entry {entry['Id']}: {refused}")
                result["Failed"].append({"Id": entry["Id"], "SenderFault": True,
                                         "Code": refused.code, "Message": refused.text})
        return result


def shown(message, given):
    found = {"MessageId": message.id, "ReceiptHandle": message.receipt, "Body": message.body,
             "MD5OfBody": md5(message.body)}
    wanted = given.get("AttributeNames", [])
    system = {"SenderId": "AIDAEXAMPLE", "SentTimestamp": str(int(message.sent * 1000)),
              "ApproximateReceiveCount": str(message.count),
              "ApproximateFirstReceiveTimestamp": str(int(message.first * 1000))}
    if message.source:
        system["DeadLetterQueueSourceArn"] = message.source
    system = {name: value for name, value in system.items() if "All" in wanted or name in wanted}
    if system:
        found["Attributes"] = system
    names = given.get("MessageAttributeNames", [])
    attributes = {name: value for name, value in message.attributes.items()
                  if {"All", ".*", name} & set(names)}
    if attributes:
        found["MessageAttributes"] = attributes
    return found


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


def absent():
    return Refused("AWS.SimpleQueueService.NonExistentQueue",
                   "The specified queue does not exist for this wsdl version.")


def invalid(text, code="InvalidParameterValue"):
    return Refused(code, text, malformed=True)


def check_range(name, value, least, most):
    if value is not None and not least <= value <= most:
        raise invalid(f"Value {value} for parameter {name} is invalid. Reason: Must be >= {least} "
                      f"and <= {most}, if provided.")
