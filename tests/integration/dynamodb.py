# SPDX-License-Identifier: BSD-2-Clause
"""The table of a fleet, and a road to it for each node that can be closed."""
import socket
import threading
import time

import harness
from aws import fixtures

REGION = "eu-west-1"


class Dynamo:
    """The table of a fleet in the DynamoDB at this URL, and a client of our own that looks into it."""

    def __init__(self, url):
        self.url = url
        self.port = int(url.rsplit(":", 1)[1].rstrip("/"))
        self.client = fixtures.boto_of(url, "dynamodb")
        self.make_table()

    def make_table(self, name="ns-state", index="by-sequence"):
        self.client.create_table(
            TableName=name, BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "fleet", "AttributeType": "S"},
                                  {"AttributeName": "item", "AttributeType": "S"},
                                  {"AttributeName": "sequence", "AttributeType": "N"}],
            KeySchema=[{"AttributeName": "fleet", "KeyType": "HASH"},
                       {"AttributeName": "item", "KeyType": "RANGE"}],
            LocalSecondaryIndexes=[{
                "IndexName": index, "Projection": {"ProjectionType": "ALL"},
                "KeySchema": [{"AttributeName": "fleet", "KeyType": "HASH"},
                              {"AttributeName": "sequence", "KeyType": "RANGE"}]}])
        harness.wait_for(lambda: self.client.describe_table(TableName=name)["Table"]["TableStatus"]
                         == "ACTIVE", "the table is there")

    def item(self, item, fleet="ballast", table="ns-state"):
        found = self.client.get_item(TableName=table, ConsistentRead=True,
                                     Key={"fleet": {"S": fleet}, "item": {"S": item}})
        return found.get("Item")

    def items(self, prefix="", fleet="ballast"):
        pages = self.client.get_paginator("query").paginate(
            TableName="ns-state", ConsistentRead=True, KeyConditionExpression="#f = :f",
            ExpressionAttributeNames={"#f": "fleet"}, ExpressionAttributeValues={":f": {"S": fleet}})
        return {one["item"]["S"]: one for page in pages for one in page["Items"]
                if one["item"]["S"].startswith(prefix)}


class Road:
    """A port in front of another. Closed: nothing goes through, and nobody hears why."""

    def __init__(self, port):
        self.to = port
        self.is_open = True
        self.pairs = []
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            if not self.is_open:
                with self.lock:
                    self.pairs.append((near, None))
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self.to), 5)
            except OSError:
                near.close()
                continue
            with self.lock:
                self.pairs.append((near, far))
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    def _pump(self, one, other):
        try:
            while octets := one.recv(65536):
                if not self.is_open:
                    time.sleep(3600)  # on its way for ever
                other.sendall(octets)
        except OSError:
            pass
        for end in (one, other):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def shut(self):
        self.is_open = False

    def open(self):
        """Whatever hung is cut; new connections go through."""
        self.is_open = True
        with self.lock:
            pairs, self.pairs = self.pairs, []
        for pair in pairs:
            for end in pair:
                if end is not None:
                    end.close()

    def close(self):
        self.listener.close()
        self.open()
