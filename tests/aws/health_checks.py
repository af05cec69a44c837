# SPDX-License-Identifier: BSD-2-Clause
"""Route 53's health checks: their definitions; nobody probes."""
import copy
import uuid

from aws.shapes import Refused

LIKE_A_URL = {"HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH"}


class HealthChecks:
    def __init__(self):
        self.health_checks = {}  # id: HealthCheck

    def add_health_check(self, config, reference=None):
        check = {"Id": str(uuid.uuid4()), "CallerReference": reference or str(uuid.uuid4()),
                 "HealthCheckConfig": config, "HealthCheckVersion": 1}
        self.health_checks[check["Id"]] = check
        return check

    def CreateHealthCheck(self, given):
        config = with_defaults(given["HealthCheckConfig"])
        check_config(config)
        for check in self.health_checks.values():
            if check["CallerReference"] == given["CallerReference"]:
                if check["HealthCheckConfig"] != config:
                    raise Refused("HealthCheckAlreadyExists", "The health check you're attempting "
                                  "to create already exists.", 409)
                break
        else:
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
        check_config(config)
        check["HealthCheckConfig"] = config
        check["HealthCheckVersion"] += 1
        return {"HealthCheck": copy.deepcopy(check)}

    def DeleteHealthCheck(self, given):
        name = self.health_check(given["HealthCheckId"])["Id"]
        for zone in self.zones.values():
            if any(record.get("HealthCheckId") == name for record in zone.records.values()):
                raise Refused("HealthCheckInUse", f"The health check {name} is in use.", 400)
        del self.health_checks[name]
        return {}


def with_defaults(config):
    """As Route 53 keeps it, so that what is read is more than what was written."""
    found = {"Inverted": False, "Disabled": False, **copy.deepcopy(config)}
    if found["Type"] in LIKE_A_URL | {"TCP"}:
        found = {"RequestInterval": 30, "FailureThreshold": 3, "MeasureLatency": False, **found}
        if found["Type"] != "TCP":
            found.setdefault("Port", 443 if found["Type"].startswith("HTTPS") else 80)
            found.setdefault("EnableSNI", found["Type"].startswith("HTTPS"))
    return found


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
    elif kind == "CALCULATED" and not {"HealthThreshold", "ChildHealthChecks"} <= set(config):
        problem = "CALCULATED needs HealthThreshold and ChildHealthChecks"
    if problem:
        raise Refused("InvalidInput", f"Invalid parameter : {problem}", malformed=True)
