# SPDX-License-Identifier: BSD-2-Clause
"""Where machines and containers get credentials: EC2 instance metadata (version 2 only) and the
containers' endpoint."""
import json
import secrets
import time

from aws.server import Answer

ROLE = "ballast-role"
CONTAINER_PATH = "/v2/credentials/11111111-2222-3333-4444-555555555555"
TOKEN = "/latest/api/token"
CREDENTIALS = "/latest/meta-data/iam/security-credentials/"
TOKEN_HEADER = "X-aws-ec2-metadata-token"


class Metadata:
    """container_token: what Authorization has to be for the containers' endpoint; None: nothing is
    asked for. life_s: of the keys that are given out. has_role: whether the instance has one.
    log: (method, path, status), in order."""

    def __init__(self, double):
        self.double = double
        self.container_token = None
        self.life_s = 3600
        self.allow = None
        self.has_role = True
        self.tokens = {}  # token: when it ends, monotonic
        self.status = None  # answer all with it
        self.log = []

    @property
    def container_url(self):
        return self.double.url + CONTAINER_PATH

    def is_for(self, request):
        return request.path.startswith("/latest/") or request.path == CONTAINER_PATH

    def respond(self, request):
        fault = self.double.faults.take({"drop", "delay"}, "metadata", None)
        if fault and fault.kind == "delay":
            self.double.closing.wait(fault.seconds)
        with self.double.lock:
            answer = Answer(self.status) if self.status else self.container(request) \
                if request.path == CONTAINER_PATH else self.instance(request)
            self.log.append((request.method, request.path, answer.status))
        answer.drop = bool(fault and fault.kind == "drop")
        spoilt = self.double.faults.take({"cut", "drip", "garbage"}, "metadata", None)
        if spoilt:
            self.double.spoil(answer, spoilt)
        return answer

    def forget_tokens(self):
        with self.double.lock:
            self.tokens.clear()

    def container(self, request):
        if request.method != "GET":
            return Answer(405)
        if request.headers.get("Authorization") != self.container_token:
            return Answer(401, b'{"code":"Unauthorized","message":"invalid token"}',
                          "application/json")
        key = self.double.accounts.session(self.life_s, self.allow)
        return in_json({"RoleArn": key.arn, "AccessKeyId": key.access_key,
                        "SecretAccessKey": key.secret, "Token": key.token,
                        "Expiration": iso(key.ends)})

    def instance(self, request):
        if request.path == TOKEN:
            return self.token(request)
        if request.method != "GET":
            return Answer(405)
        if self.tokens.get(request.headers.get(TOKEN_HEADER), 0) < time.monotonic():
            return Answer(401)
        region = self.double.accounts.region
        if request.path == CREDENTIALS or request.path == CREDENTIALS.rstrip("/"):
            return Answer(200, ROLE.encode(), "text/plain") if self.has_role else Answer(404)
        if request.path == CREDENTIALS + ROLE and self.has_role:
            key = self.double.accounts.session(self.life_s, self.allow)
            return in_json({"Code": "Success", "LastUpdated": iso(self.double.now()),
                            "Type": "AWS-HMAC", "AccessKeyId": key.access_key,
                            "SecretAccessKey": key.secret, "Token": key.token,
                            "Expiration": iso(key.ends)})
        if request.path == "/latest/meta-data/placement/region":
            return Answer(200, region.encode(), "text/plain")
        if request.path == "/latest/meta-data/placement/availability-zone":
            return Answer(200, f"{region}a".encode(), "text/plain")
        if request.path == "/latest/dynamic/instance-identity/document":
            return in_json({"region": region, "instanceId": "i-0123456789abcdef0"})
        return Answer(404)

    def token(self, request):
        """A PUT with a life from 1 s to 6 h; forwarded requests are refused."""
        if request.method != "PUT":
            return Answer(405)
        if "X-Forwarded-For" in request.headers:
            return Answer(403)
        life = request.headers.get(TOKEN_HEADER + "-ttl-seconds", "")
        if not (life.isascii() and life.isdigit() and 1 <= int(life) <= 21600):
            return Answer(400)
        token = secrets.token_urlsafe(40) + "=="
        self.tokens[token] = time.monotonic() + int(life)
        return Answer(200, token.encode(), "text/plain", {TOKEN_HEADER + "-ttl-seconds": life})


def in_json(document):
    return Answer(200, json.dumps(document, indent=2).encode(), "application/json")


def iso(when):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(when))
