# SPDX-License-Identifier: BSD-2-Clause
"""A DynamoDB on loopback for tests (dynalite of npm), and a road to it for each node that can be closed."""
import os
import pathlib
import shutil
import socket
import subprocess
import threading
import time

import boto3
import botocore.config
import pytest

import harness

REGION = "eu-west-1"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}


def find_dynalite():
    """BALLAST_DYNALITE, else on PATH, else where `npm install --prefix tests/aws` puts it."""
    told = os.environ.get("BALLAST_DYNALITE") or shutil.which("dynalite")
    beside = pathlib.Path(__file__).resolve().parents[1] / "aws/node_modules/.bin/dynalite"
    return told or (str(beside) if beside.exists() else None)


class Dynamo:
    def __init__(self):
        program = find_dynalite()
        if program is None:
            pytest.skip("dynalite is not there: npm install --prefix tests/aws dynalite@4")
        self.port = harness.free_port()
        self.process = subprocess.Popen(
            [program, "--host", "127.0.0.1", "--port", str(self.port), "--createTableMs", "0"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.client = boto3.client(
            "dynamodb", region_name=REGION, endpoint_url=f"http://127.0.0.1:{self.port}",
            aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
            config=botocore.config.Config(connect_timeout=5, read_timeout=10,
                                          retries={"max_attempts": 2}))
        harness.wait_for(self.is_up, "dynalite answers", 20)
        self.make_table()

    def is_up(self):
        assert self.process.poll() is None, "dynalite ended"
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def make_table(self, name="ns-state"):
        self.client.create_table(
            TableName=name, BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "fleet", "AttributeType": "S"},
                                  {"AttributeName": "item", "AttributeType": "S"},
                                  {"AttributeName": "sequence", "AttributeType": "N"}],
            KeySchema=[{"AttributeName": "fleet", "KeyType": "HASH"},
                       {"AttributeName": "item", "KeyType": "RANGE"}],
            LocalSecondaryIndexes=[{
                "IndexName": "by-sequence", "Projection": {"ProjectionType": "ALL"},
                "KeySchema": [{"AttributeName": "fleet", "KeyType": "HASH"},
                              {"AttributeName": "sequence", "KeyType": "RANGE"}]}])
        harness.wait_for(lambda: self.client.describe_table(TableName=name)["Table"]["TableStatus"]
                         == "ACTIVE", "the table is there")

    def item(self, item, fleet="ballast"):
        found = self.client.get_item(TableName="ns-state", ConsistentRead=True,
                                     Key={"fleet": {"S": fleet}, "item": {"S": item}})
        return found.get("Item")

    def items(self, prefix="", fleet="ballast"):
        pages = self.client.get_paginator("query").paginate(
            TableName="ns-state", ConsistentRead=True, KeyConditionExpression="#f = :f",
            ExpressionAttributeNames={"#f": "fleet"}, ExpressionAttributeValues={":f": {"S": fleet}})
        return {one["item"]["S"]: one for page in pages for one in page["Items"]
                if one["item"]["S"].startswith(prefix)}

    def close(self):
        self.process.terminate()
        self.process.wait(20)


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
