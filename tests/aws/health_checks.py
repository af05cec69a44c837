# SPDX-License-Identifier: BSD-2-Clause
"""Route 53's health checks: their definitions; nobody probes."""
import copy
import ipaddress
import uuid

from aws.shapes import Refused

LIKE_A_URL = {"HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH"}


class HealthChecks:
    """deleted_in_use: those that a record set named when they were deleted, which Route 53 allows and
    calls unpredictable. most_checks: of the account."""

    def __init__(self):
        self.health_checks = {}  # id: HealthCheck
        self.spent_references = set()  # of those that were deleted
        self.deleted_in_use = []
        self.most_checks = 200

    def add_health_check(self, config, reference=None):
        check = {"Id": str(uuid.uuid4()), "CallerReference": reference or str(uuid.uuid4()),
                 "HealthCheckConfig": config, "HealthCheckVersion": 1}
        self.health_checks[check["Id"]] = check
        return check

    def CreateHealthCheck(self, given):
        config = with_defaults(given["HealthCheckConfig"])
        self.check_config(config)
        if given["CallerReference"] in self.spent_references:
            raise Refused("HealthCheckAlreadyExists", "A health check with this caller reference "
                          "was created and deleted.", 409)
        for check in self.health_checks.values():
            if check["CallerReference"] == given["CallerReference"]:
                if check["HealthCheckConfig"] != config:
                    raise Refused("HealthCheckAlreadyExists", "The health check you're attempting "
                                  "to create already exists.", 409)
                break
        else:
            if len(self.health_checks) >= self.most_checks:
                raise Refused("TooManyHealthChecks", f"Cannot create more than {self.most_checks} "
                              "health checks.", 400)
            check = self.add_health_check(config, given["CallerReference"])
        return {"HealthCheck": copy.deepcopy(check), "Location":
                f"https://route53.amazonaws.com/2013-04-01/healthcheck/{check['Id']}"}

    def health_check(self, name):
        if name not in self.health_checks:
            raise Refused("NoSuchHealthCheck", f"A health check with id {name} does not exist.", 404)
        return self.health_checks[name]

    def GetHealthCheck(self, given):
        return {"HealthCheck": copy.deepcopy(self.health_check(given["HealthCheckId"]))}

    def ListHealthChecks(self, given):
        found = sorted(name for name in self.health_checks if name >= given.get("Marker", ""))
        text = given.get("MaxItems", "100")
        if not text.isascii() or not text.isdigit() or int(text) < 1:
            raise Refused("InvalidInput", f"Invalid request: maxitems '{text}'", malformed=True)
        most = min(int(text), 100)
        result = {"HealthChecks": [copy.deepcopy(self.health_checks[name])
                                   for name in found[:most]],
                  "Marker": given.get("Marker", ""), "MaxItems": str(most),
                  "IsTruncated": len(found) > most}
        if len(found) > most:
            result["NextMarker"] = found[most]
        return result

    def UpdateHealthCheck(self, given):
        given = copy.deepcopy(given)
        check = self.health_check(given.pop("HealthCheckId"))
        version = given.pop("HealthCheckVersion", None)
        if version not in (None, check["HealthCheckVersion"]):
            raise Refused("HealthCheckVersionMismatch", f"The health check's version is "
                          f"{check['HealthCheckVersion']}, not {version}.", 409)
        config = copy.deepcopy(check["HealthCheckConfig"])
        for name in given.pop("ResetElements", []):
            config.pop(name, None)
        config.update(given)
        self.check_config(config)
        check["HealthCheckConfig"] = config
        check["HealthCheckVersion"] += 1
        return {"HealthCheck": copy.deepcopy(check)}

    def DeleteHealthCheck(self, given):
        name = self.health_check(given["HealthCheckId"])["Id"]
        if any(name in check["HealthCheckConfig"].get("ChildHealthChecks", ())
               for check in self.health_checks.values()):
            raise Refused("HealthCheckInUse", f"The health check {name} is in use by a calculated "
                          "health check.", 400)
        for zone in self.zones.values():
            if any(record.get("HealthCheckId") == name for record in zone.records.values()):
                self.deleted_in_use.append(name)
        self.spent_references.add(self.health_checks.pop(name)["CallerReference"])
        return {}

    def GetHealthCheckCount(self, _):
        return {"HealthCheckCount": len(self.health_checks)}

    def check_config(self, config):
        check_config(config)
        for child in config.get("ChildHealthChecks", ()):
            if child not in self.health_checks:
                raise Refused("InvalidInput", f"Invalid parameter : Health check {child} does not "
                              "exist", malformed=True)


def with_defaults(config):
    """As Route 53 keeps it, so that what is read is more than what was written."""
    found = {"Inverted": False, "Disabled": False, **copy.deepcopy(config)}
    if found["Type"] in LIKE_A_URL | {"TCP"}:
        found = {"RequestInterval": 30, "FailureThreshold": 3, "MeasureLatency": False, **found}
        if found["Type"] != "TCP":
            found.setdefault("Port", 443 if found["Type"].startswith("HTTPS") else 80)
            found.setdefault("EnableSNI", found["Type"].startswith("HTTPS"))
    return found


def is_reachable(address):
    """Not of local, private, non-routable or multicast ranges; those of examples are taken."""
    found = ipaddress.ip_address(address)
    examples = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
    return found.is_global and not found.is_multicast or \
        any(found in ipaddress.ip_network(one) for one in examples)


def check_config(config):
    kind = config["Type"]
    problem = None
    if kind in LIKE_A_URL | {"TCP"}:
        if not {"IPAddress", "FullyQualifiedDomainName"} & set(config):
            problem = "Either IPAddress or FullyQualifiedDomainName is required"
        elif kind == "TCP" and "Port" not in config:
            problem = "Port is required for TCP"
        elif config["RequestInterval"] not in (10, 30):
            problem = "RequestInterval has to be 10 or 30"
        elif kind.endswith("STR_MATCH") != ("SearchString" in config):
            problem = "SearchString is for types of STR_MATCH, which need it"
        elif kind == "TCP" and "ResourcePath" in config:
            problem = "ResourcePath is not for TCP"
        elif kind == "TCP" and {"IPAddress", "FullyQualifiedDomainName"} <= set(config):
            problem = "TCP health checks that have IP address must not have a fully qualified " \
                      "domain name specified"
        elif "IPAddress" in config and not is_reachable(config["IPAddress"]):
            problem = f"Invalid IPv4 or IPv6 address: {config['IPAddress']} is local, private, " \
                      "non-routable or multicast"
        elif {"HealthThreshold", "ChildHealthChecks"} & set(config):
            problem = "Basic health checks must not have child health checks"
        elif config.get("EnableSNI") and not kind.startswith("HTTPS"):
            problem = "SNI is for HTTPS"
    elif kind == "CALCULATED" and not {"HealthThreshold", "ChildHealthChecks"} <= set(config):
        problem = "Calculated health checks must have a health threshold specified"
    elif kind == "CALCULATED" and {"IPAddress", "Port", "ResourcePath", "RequestInterval",
                                   "FailureThreshold"} & set(config):
        problem = "Calculated health checks must not have an endpoint"
    if problem:
        raise Refused("InvalidInput", f"Invalid parameter : {problem}", malformed=True)
