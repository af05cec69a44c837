# SPDX-License-Identifier: BSD-2-Clause
"""A double of AWS on loopback: Route 53, SQS, ECS, ELBv2, CloudWatch, STS and the places where
credentials come from, on one port. See README in this folder.

As a program it prints its URL and serves until its standard input ends:
    python3 tests/aws/double.py [--address ADDRESS] [--port PORT]"""
import argparse
import email.utils
import json
import pathlib
import sys
import threading
import time
import traceback
import urllib.parse
import uuid
import xml.etree.ElementTree

if not __package__:  # run as a program
    sys.path[0] = str(pathlib.Path(__file__).resolve().parents[1])

from aws import accounts, control, faults, shapes  # noqa: E402
from aws.cloudwatch import CloudWatch  # noqa: E402
from aws.ecs import Ecs  # noqa: E402
from aws.elbv2 import Elbv2  # noqa: E402
from aws.metadata import Metadata  # noqa: E402
from aws.route53 import Route53  # noqa: E402
from aws.server import Answer, Server  # noqa: E402
from aws.shapes import Malformed, Refused  # noqa: E402
from aws.sqs import Sqs  # noqa: E402
from aws.sts import Sts  # noqa: E402

FORM = "application/x-www-form-urlencoded"
UNSIGNED = {("sts", "AssumeRoleWithWebIdentity")}
# Codes for what the model's constraints do not allow.
CONSTRAINT_CODES = {"route53": "InvalidInput", "ecs": "InvalidParameterException",
                    "sqs": "InvalidParameterValue", "cloudwatch": "ValidationError",
                    "elbv2": "ValidationError", "sts": "ValidationError"}


class Call:
    """A request that was understood, as double.requests keeps it."""

    def __init__(self, service, operation, protocol, request):
        self.service, self.operation, self.protocol = service, operation, protocol
        self.request, self.input, self.key = request, None, None
        self.code = None  # of the error it was answered with
        self.status = None
        self.at = time.monotonic()

    def __repr__(self):
        return f"<{self.service}:{self.operation} {self.status} {self.code or ''} {self.input}>"


class Double(Server):
    """In-process: with Double() as aws: … aws.url …"""

    def __init__(self, address="127.0.0.1", port=0):
        super().__init__(address, port)
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.offset_s = 0.0  # of the clock
        self.accounts = accounts.Accounts(self.now)
        self.faults = faults.Faults()
        self.requests = []  # every Call, in order
        self.wrong = []     # texts: requests that no correct client makes
        self.broken = []    # texts: tracebacks of the double itself
        self.services = {"route53": Route53(self), "sqs": Sqs(self), "ecs": Ecs(self),
                         "elbv2": Elbv2(self), "cloudwatch": CloudWatch(self), "sts": Sts(self)}
        self.metadata = Metadata(self)
        self.route53, self.sqs, self.ecs = (self.services[name]
                                            for name in ("route53", "sqs", "ecs"))
        self.elbv2, self.cloudwatch, self.sts = (self.services[name]
                                                 for name in ("elbv2", "cloudwatch", "sts"))

    def __enter__(self):
        return self.start()

    def __exit__(self, *error):
        self.close()

    def close(self):
        super().close()
        with self.lock:
            self.changed.notify_all()

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://{self.address}:{self.port}"

    def now(self):
        return time.time() + self.offset_s

    def date(self):
        return email.utils.formatdate(self.now(), usegmt=True)

    def environment(self, key=None):
        """What an SDK or ballastd needs in its environment to ask this double."""
        key = key or self.accounts.keys[accounts.ACCESS_KEY]
        found = {"AWS_ACCESS_KEY_ID": key.access_key, "AWS_SECRET_ACCESS_KEY": key.secret,
                 "AWS_REGION": self.accounts.region, "AWS_DEFAULT_REGION": self.accounts.region,
                 "AWS_ENDPOINT_URL": self.url, "AWS_EC2_METADATA_DISABLED": "true"}
        if key.token:
            found["AWS_SESSION_TOKEN"] = key.token
        return found

    def calls(self, operation=None, service=None):
        """Those of double.requests that are of this operation and service."""
        with self.lock:
            return [call for call in self.requests
                    if operation in (None, call.operation) and service in (None, call.service)]

    def failed(self):
        self.broken.append(traceback.format_exc())

    # --- a request ---

    def respond(self, request):
        try:
            if request.path.startswith("/_double/"):
                return control.respond(self, request)
            if self.metadata.is_for(request):
                return self.metadata.respond(request)
            return self.ask(request)
        except Exception:  # a fault of the double's own; fixtures fail the test for it
            self.failed()
            return Answer(500, b"the double itself has failed")

    def ask(self, request):
        call = None
        try:
            call = self.recognize(request)
            with self.lock:
                self.requests.append(call)
            delay = self.faults.take({"delay"}, call.service, call.operation)
            if delay:
                self.closing.wait(delay.seconds)
            fault = self.faults.take(faults.BEFORE, call.service, call.operation)
            answer = self.fail(call, fault) if fault else self.carry_out(call)
            fault = self.faults.take(faults.AFTER, call.service, call.operation)
            if fault:
                self.spoil(answer, fault)
        except Refused as refused:
            if refused.malformed:
                self.wrong.append(f"{call or request.method + ' ' + request.target}: {refused}")
            call = call or Call(None, None, "json" if "X-Amz-Target" in request.headers else
                                "query", request)
            answer = self.refusal(call, refused)
        call.status = answer.status
        return answer

    def fail(self, call, fault):
        if fault.kind == "drop":
            answer = Answer(500)
            answer.drop = True
        elif fault.kind == "error":
            answer = self.refusal(call, Refused(fault.code, fault.text or fault.code,
                                                fault.status or 400))
        elif fault.body is None:
            code = {503: "ServiceUnavailable"}.get(fault.status, "InternalFailure")
            answer = self.refusal(call, Refused(code, "The request processing has failed because "
                                                "of an unknown error.", fault.status))
        else:
            answer = Answer(fault.status, fault.body, fault.content_type)
        answer.headers.update(fault.headers or {})
        return answer

    @staticmethod
    def spoil(answer, fault):
        if fault.kind == "cut":
            answer.cut = fault.octets or 0
        elif fault.kind == "drip":
            answer.drip = (fault.octets or 1, fault.seconds)
        else:
            answer.status = fault.status or answer.status
            answer.body = answer.body if fault.body is None else fault.body
            answer.content_type = fault.content_type or answer.content_type

    def recognize(self, request):
        """Which operation of which service is asked for, by its protocol."""
        target = request.headers.get("X-Amz-Target")
        if target is not None:
            return self.recognize_json(request, target)
        if request.path.startswith(f"/{shapes.VERSIONS['route53']}/"):
            return self.recognize_rest(request)
        if request.method != "POST" or request.headers.get_content_type() != FORM:
            raise Refused("UnknownOperationException", f"{request.method} {request.target} of "
                          f"{request.headers.get('Content-Type')} is no request", 404,
                          malformed=True)
        form = dict(self.form(request))
        for service in ("sqs", "elbv2", "cloudwatch", "sts"):
            if form.get("Version") == shapes.VERSIONS[service]:
                names = shapes.model(service).operation_names
                call = Call(service, form.get("Action"), "query", request)
                if call.operation not in names or \
                        not hasattr(self.services[service], call.operation):
                    raise Refused("InvalidAction", f"The action {call.operation} is not valid for "
                                  "this web service.", 400, malformed=True)
                return call
        raise Refused("InvalidAction", f"no service has version {form.get('Version')}", 400,
                      malformed=True)

    def recognize_json(self, request, target):
        prefix, _, operation = target.partition(".")
        service = {shapes.SQS_TARGET: "sqs",
                   shapes.model("ecs").metadata["targetPrefix"]: "ecs"}.get(prefix)
        version = {"sqs": "1.0"}.get(service, "1.1")
        if service is None or operation not in shapes.model(service).operation_names or \
                not hasattr(self.services[service], operation) or request.method != "POST" or \
                request.path != "/" or \
                request.headers.get("Content-Type") != f"application/x-amz-json-{version}":
            raise Refused("UnknownOperationException", f"{request.method} {request.path} {target} "
                          f"{request.headers.get('Content-Type')}", 400, malformed=True)
        return Call(service, operation, "json", request)

    def recognize_rest(self, request):
        operations = [shapes.model("route53").operation_model(name)
                      for name in shapes.model("route53").operation_names
                      if hasattr(self.route53, name)]
        for operation in operations:
            path = operation.http["requestUri"]
            depth = path.partition("?")[0].rstrip("/").split("/")
            asked = request.path.rstrip("/").split("/")
            if len(depth) == len(asked) and operation.http["method"] == request.method and \
                    all(part == other or part.startswith("{")
                        for part, other in zip(depth, asked)):
                return Call("route53", operation.name, "rest-xml", request)
        raise Refused("UnknownOperationException", f"{request.method} {request.target}", 404,
                      malformed=True)

    @staticmethod
    def form(request):
        try:
            return urllib.parse.parse_qsl(request.body.decode(), keep_blank_values=True,
                                          strict_parsing=True)
        except (ValueError, UnicodeDecodeError) as error:
            raise Refused("MalformedQueryString", str(error), 400, malformed=True) from None

    def carry_out(self, call):
        operation = shapes.model(call.service).operation_model(call.operation)
        if (call.service, call.operation) not in UNSIGNED:
            call.key = self.accounts.verify(call.request, call.service, call.protocol == "json")
        service = self.services[call.service]
        call.input = self.read(call, operation)
        self.authorize(call, service)
        found = shapes.violations(operation.input_shape, call.input, loose=service.loose) \
            if operation.input_shape else []
        if found:
            raise self.constraint(call, found)
        service.before(call)
        with self.lock:
            result = getattr(service, call.operation)(call.input)
        return self.success(call, operation, result or {})

    @staticmethod
    def constraint(call, found):
        code = CONSTRAINT_CODES[call.service]
        if call.service == "sqs" and "must not be null" in found[0]:
            code = "MissingParameter"
        count = f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected: "
        return Refused(code, count + "; ".join(found), 400, malformed=True)

    def read(self, call, operation):
        """What was sent as parameters by the operation's model."""
        request = call.request
        try:
            if call.protocol == "rest-xml":
                query = urllib.parse.parse_qsl(request.query, keep_blank_values=True)
                return shapes.rest_request(operation, request.method, request.path, query,
                                           request.body)
            if call.protocol == "json":
                return shapes.from_json(operation.input_shape,
                                        json.loads(request.body.decode()))
            pairs = [pair for pair in self.form(request) if pair[0] not in ("Action", "Version")]
            tree = shapes.form_tree(pairs)
            if call.service == "sqs" and request.path != "/" and "QueueUrl" not in tree and \
                    "QueueUrl" in operation.input_shape.members:
                tree["QueueUrl"] = f"http://{request.headers['Host']}{request.path}"
            return shapes.from_form(operation.input_shape, tree) if operation.input_shape else {}
        except Malformed as error:
            code = {"rest-xml": "InvalidInput", "json": "SerializationException",
                    "query": "MalformedInput"}[call.protocol]
            text = f"Invalid XML ; {error}" if call.protocol == "rest-xml" else str(error)
            raise Refused(code, text, 400, malformed=True) from None
        except (ValueError, UnicodeDecodeError) as error:
            raise Refused("SerializationException", str(error), 400, malformed=True) from None

    def authorize(self, call, service):
        if call.key is None or (call.service, call.operation) == ("sts", "GetCallerIdentity"):
            return
        action = shapes.action(call.service, service.permission(call.operation))
        if not call.key.may(action):
            code = "AccessDeniedException" if call.protocol == "json" else "AccessDenied"
            raise Refused(code, f"User: {call.key.arn} is not authorized to perform: {action} "
                          f"because no identity-based policy allows the {action} action",
                          400 if call.protocol == "json" else 403)

    # --- answers ---

    def success(self, call, operation, result):
        shape = operation.output_shape
        request_id = str(uuid.uuid4())
        if call.protocol == "json":
            version = call.request.headers["Content-Type"]
            body = json.dumps(shapes.to_json(shape, result) if shape else {}).encode()
            return Answer(200, body, version, {"x-amzn-RequestId": request_id})
        if call.protocol == "rest-xml":
            root = xml.etree.ElementTree.Element(
                shape.name, xmlns=shapes.model("route53").operation_model(
                    "ChangeResourceRecordSets").input_shape.serialization["xmlNamespace"]["uri"])
            shapes.fill_xml(root, shape, result)
            headers = {"x-amzn-RequestId": request_id}
            for name, member in shape.members.items():
                if member.serialization.get("location") == "header" and name in result:
                    headers[shapes.wire_name(member, name)] = result[name]
            return Answer(operation.http.get("responseCode", 200), shapes.document(root),
                          "text/xml", headers)
        space = shapes.model(call.service).metadata["xmlNamespace"]
        root = xml.etree.ElementTree.Element(f"{call.operation}Response", xmlns=space)
        if shape:
            wrapper = shape.serialization.get("resultWrapper", f"{call.operation}Result")
            shapes.fill_xml(xml.etree.ElementTree.SubElement(root, wrapper), shape, result)
        metadata = xml.etree.ElementTree.SubElement(root, "ResponseMetadata")
        xml.etree.ElementTree.SubElement(metadata, "RequestId").text = request_id
        return Answer(200, shapes.document(root), "text/xml", {"x-amzn-RequestId": request_id})

    def refusal(self, call, refused):
        call.code = refused.code
        request_id = str(uuid.uuid4())
        fault = "Sender" if refused.status < 500 else "Receiver"
        headers = {"x-amzn-RequestId": request_id}
        if call.protocol == "json":
            service = self.services.get(call.service)
            prefix, code, query_code = service.json_code(refused.code) if service else \
                ("com.amazon.coral.service#", refused.code, None)
            if query_code:
                headers["x-amzn-query-error"] = f"{query_code};{fault}"
            body = json.dumps({"__type": prefix + code, "message": refused.text,
                               **refused.details}).encode()
            kind = call.request.headers.get("Content-Type") or "application/x-amz-json-1.1"
            return Answer(refused.status, body, kind, headers)
        namespace = {"rest-xml": "https://route53.amazonaws.com/doc/2013-04-01/"}.get(
            call.protocol) or (shapes.model(call.service).metadata["xmlNamespace"]
                               if call.service else "http://webservices.amazon.com/AWSFault/2005-15-09")
        root = xml.etree.ElementTree.Element("ErrorResponse", xmlns=namespace)
        error = xml.etree.ElementTree.SubElement(root, "Error")
        for name, text in (("Type", fault), ("Code", refused.code), ("Message", refused.text)):
            xml.etree.ElementTree.SubElement(error, name).text = text
        if call.service == "route53" and refused.code == "InvalidChangeBatch" and \
                self.route53.old_error_form:
            root = self.route53.old_error(refused)
        xml.etree.ElementTree.SubElement(root, "RequestId").text = request_id
        return Answer(refused.status, shapes.document(root), "text/xml", headers)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    with Double(arguments.address, arguments.port) as double:
        print(double.url, flush=True)
        sys.stdin.buffer.read()
        for text in double.broken:
            print(text, file=sys.stderr)


if __name__ == "__main__":
    main()
