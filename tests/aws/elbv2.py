# SPDX-License-Identifier: BSD-2-Clause
"""ELBv2 as far as it is read: load balancers, target groups, and the health of their targets, which is
the tests' to set."""
import secrets

from aws.accounts import ACCOUNT
from aws.service import Service
from aws.shapes import Refused

PAGE = 400
REASONS = {"healthy": (None, None), "unhealthy": ("Target.ResponseCodeMismatch",
                                                  "Health checks failed with these codes: [503]"),
           "initial": ("Elb.RegistrationInProgress", "Target registration is in progress"),
           "draining": ("Target.DeregistrationInProgress", "Target deregistration is in progress"),
           "unused": ("Target.NotInUse", "Target is in an Availability Zone that is not enabled"),
           "unavailable": ("Target.HealthCheckDisabled", "Health checks are not enabled")}


class Elbv2(Service):
    name = "elbv2"

    def __init__(self, double):
        super().__init__(double)
        self.groups = {}     # ARN: {document, targets: {(id, port): (state, reason, text)}}
        self.balancers = {}  # ARN: document

    def arn(self, path):
        return f"arn:aws:elasticloadbalancing:{self.double.accounts.region}:{ACCOUNT}:{path}"

    # --- for tests ---

    def add_load_balancer(self, name, kind="application", host=None, zone_id="Z32O12XQLNTSW2"):
        with self.double.lock:
            prefix = {"application": "app", "network": "net", "gateway": "gwy"}[kind]
            arn = self.arn(f"loadbalancer/{prefix}/{name}/{secrets.token_hex(8)}")
            self.balancers[arn] = {
                "LoadBalancerArn": arn, "LoadBalancerName": name, "Type": kind,
                "DNSName": host or f"{name}-1234567890.{self.double.accounts.region}"
                                   ".elb.amazonaws.com",
                "CanonicalHostedZoneId": zone_id, "CreatedTime": self.double.now(),
                "Scheme": "internet-facing", "VpcId": "vpc-1", "State": {"Code": "active"},
                "IpAddressType": "ipv4"}
            return arn

    def add_target_group(self, name, targets=None, load_balancer=None, port=80):
        """targets: {address: state} or {(address, port): state}. Returns its ARN."""
        with self.double.lock:
            arn = self.arn(f"targetgroup/{name}/{secrets.token_hex(8)}")
            self.groups[arn] = {"targets": {}, "document": {
                "TargetGroupArn": arn, "TargetGroupName": name, "Protocol": "HTTP", "Port": port,
                "VpcId": "vpc-1", "HealthCheckProtocol": "HTTP", "HealthCheckPort": "traffic-port",
                "HealthCheckEnabled": True, "HealthCheckIntervalSeconds": 30,
                "HealthCheckTimeoutSeconds": 5, "HealthyThresholdCount": 5,
                "UnhealthyThresholdCount": 2, "HealthCheckPath": "/", "TargetType": "ip",
                "Matcher": {"HttpCode": "200"}, "IpAddressType": "ipv4",
                "LoadBalancerArns": [load_balancer] if load_balancer else []}}
            self.set_targets(arn, targets or {})
            return arn

    def set_targets(self, arn, targets):
        """All of a group's: {address or (address, port): state or (state, reason, text)}."""
        with self.double.lock:
            group = self.groups[arn]
            group["targets"] = {}
            for target, state in targets.items():
                key = target if isinstance(target, tuple) else (target, group["document"]["Port"])
                group["targets"][key] = state if isinstance(state, tuple) else \
                    (state, *REASONS[state])

    # --- operations ---

    def group(self, arn):
        if arn not in self.groups:
            if not arn.startswith("arn:"):
                raise Refused("ValidationError", f"'{arn}' is not a valid target group ARN",
                              malformed=True)
            raise Refused("TargetGroupNotFound", "One or more target groups not found")
        return self.groups[arn]

    def DescribeTargetHealth(self, given):
        group = self.group(given["TargetGroupArn"])
        wanted = [(target["Id"], target.get("Port", group["document"]["Port"]))
                  for target in given.get("Targets", [])] or list(group["targets"])
        found = []
        for key in wanted:
            state, reason, text = group["targets"].get(
                key, ("unused", "Target.NotRegistered",
                      "Target is not registered to the target group"))
            health = {"State": state}
            if reason:
                health.update(Reason=reason, Description=text)
            found.append({"Target": {"Id": key[0], "Port": key[1]}, "TargetHealth": health,
                          "HealthCheckPort": str(key[1])})
        return {"TargetHealthDescriptions": found}

    def DescribeTargetGroups(self, given):
        ways = [name for name in ("TargetGroupArns", "Names", "LoadBalancerArn") if name in given]
        if len(ways) > 1:
            raise Refused("ValidationError", f"{' and '.join(ways)} cannot be specified together",
                          malformed=True)
        for arn in given.get("TargetGroupArns", []):
            self.group(arn)
        documents = [group["document"] for group in self.groups.values()]
        if "LoadBalancerArn" in given and given["LoadBalancerArn"] not in self.balancers:
            raise Refused("LoadBalancerNotFound", "One or more load balancers not found")
        missing = set(given.get("Names", [])) - {group["TargetGroupName"] for group in documents}
        if missing:
            raise Refused("TargetGroupNotFound", "One or more target groups not found")
        documents = [group for group in documents
                     if group["TargetGroupArn"] in given.get("TargetGroupArns",
                                                             [group["TargetGroupArn"]])
                     and group["TargetGroupName"] in given.get("Names", [group["TargetGroupName"]])
                     and ("LoadBalancerArn" not in given
                          or given["LoadBalancerArn"] in group["LoadBalancerArns"])]
        return page(documents, given, "TargetGroups")

    def DescribeLoadBalancers(self, given):
        if "LoadBalancerArns" in given and "Names" in given:
            raise Refused("ValidationError", "Load balancer names and load balancer ARNs cannot be "
                          "specified at the same time", malformed=True)
        documents = list(self.balancers.values())
        for key, member in (("LoadBalancerArns", "LoadBalancerArn"), ("Names",
                                                                      "LoadBalancerName")):
            if key in given:
                if set(given[key]) - {document[member] for document in documents}:
                    raise Refused("LoadBalancerNotFound", f"Load balancers '{given[key]}' not found")
                documents = [document for document in documents if document[member] in given[key]]
        return page(documents, given, "LoadBalancers")


def page(documents, given, name):
    most = given.get("PageSize", PAGE)
    start = 0
    if "Marker" in given:
        if not given["Marker"].startswith("marker-"):
            raise Refused("ValidationError", "Invalid marker", malformed=True)
        start = int(given["Marker"].removeprefix("marker-"))
    result = {name: documents[start:start + most]}
    if len(documents) > start + most:
        result["NextMarker"] = f"marker-{start + most}"
    return result
