# SPDX-License-Identifier: BSD-2-Clause
"""Change batches by Route 53's rules. What the model cannot say of a record set is InvalidInput; what
the zone does not allow is InvalidChangeBatch with all its messages, and nothing is changed."""
import ipaddress
import re

from aws import names
from aws.shapes import Refused

MOST_VALUES = 1000
MOST_CHARACTERS = 32000
MOST_WEIGHTED = 100
MOST_VALUES_OF_RECORD = 400
POLICIES = {"Weight": "weighted", "Region": "latency", "Failover": "failover",
            "GeoLocation": "geolocation", "MultiValueAnswer": "multivalue answer",
            "CidrRoutingConfig": "cidr"}
POLICY_FIELDS = "[Weight, Region, Failover, GeoLocation, MultiValueAnswer, or CidrRoutingConfig]"


def key_of(record):
    return record["Name"], record["Type"], record.get("SetIdentifier")


def policy_of(record):
    """weighted, …; simple."""
    return next((policy for field, policy in POLICIES.items() if field in record), "simple")


def described(record):
    text = f"[name='{record['Name']}', type='{record['Type']}'"
    if "SetIdentifier" in record:
        text += f", set-identifier='{record['SetIdentifier']}'"
    return text + "]"


def title(record):
    text = f"RRSet with DNS name {record['Name']}, type {record['Type']}"
    return text + (f", SetIdentifier {record['SetIdentifier']}" if "SetIdentifier" in record
                   else "")


def apply(zone, changes, health_checks, zones):
    """The zone's records after all changes; names in changes become normal."""
    for change in changes:
        check_form(change)
    for change in changes:
        record = change["ResourceRecordSet"]
        record["Name"] = names.normal(record["Name"])
        check = record.get("HealthCheckId")
        if check is not None and check not in health_checks:
            raise Refused("NoSuchHealthCheck", f"A health check with id {check} does not exist.",
                          404)
    messages = check_size(changes) + check_twice(changes)
    after = dict(zone.records)
    if not messages:
        # What is deleted makes place for what is created, wherever it stands in the batch.
        for change in changes:
            if change["Action"] == "DELETE":
                messages += delete(after, change["ResourceRecordSet"])
        for change in changes:
            if change["Action"] != "DELETE":
                messages += put(after, change, zone)
    if not messages:
        for change in changes:
            if change["Action"] != "DELETE":
                messages += check_group(after, change["ResourceRecordSet"], zone, zones)
        messages += check_apex(after, zone)
    if messages:
        messages = list(dict.fromkeys(messages))
        raise Refused("InvalidChangeBatch", f"[{', '.join(messages)}]", 400,
                      details={"messages": messages})
    return after


def check_form(change):
    """What has to be there, and what excludes what, whatever the zone has."""
    record = change["ResourceRecordSet"]
    place = (f"in Change with [Action={change['Action']}, Name={record['Name']}, "
             f"Type={record['Type']}, SetIdentifier={record.get('SetIdentifier', 'null')}]")
    complain = lambda text: Refused("InvalidInput", f"Invalid request: {text} {place}", 400,
                                    malformed=True)
    policies = [field for field in POLICIES if field in record]
    if "SetIdentifier" in record and len(policies) != 1:
        raise complain(f"Expected exactly one of {POLICY_FIELDS}, but found "
                       f"{'none' if not policies else 'more than one'}")
    if "SetIdentifier" not in record and policies:
        raise complain("Missing field 'SetIdentifier'")
    has_values = "TTL" in record and "ResourceRecords" in record
    kinds = [bool("AliasTarget" in record), has_values, "TrafficPolicyInstanceId" in record]
    if sum(kinds) != 1 or "AliasTarget" in record and {"TTL", "ResourceRecords"} & set(record):
        raise complain("Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], "
                       f"or TrafficPolicyInstanceId], but found "
                       f"{'none' if not any(kinds) else 'more than one'}")


def check_size(changes):
    """UPSERTs count twice."""
    values = characters = 0
    for change in changes:
        times = 2 if change["Action"] == "UPSERT" else 1
        found = change["ResourceRecordSet"].get("ResourceRecords", [])
        values += times * max(len(found), 1)
        characters += times * sum(len(value["Value"]) for value in found)
    messages = []
    if values > MOST_VALUES:
        messages.append(f"Number of records limit of {MOST_VALUES} exceeded.")
    if characters > MOST_CHARACTERS:
        messages.append(f"RDATA character limit of {MOST_CHARACTERS} exceeded.")
    return messages


def check_twice(changes):
    """One record set once; a DELETE and a CREATE of it are fine."""
    seen, messages = {}, []
    for change in changes:
        record = change["ResourceRecordSet"]
        actions = seen.setdefault(key_of(record), [])
        actions.append(change["Action"])
        if len(actions) > 1 and sorted(actions) != ["CREATE", "DELETE"]:
            messages.append("The request contains an invalid set of changes for a resource record "
                            f"set '{record['Type']} {record['Name']}'")
    return messages


def comparable(record):
    """What a DELETE has to state."""
    found = {key: value for key, value in record.items() if key != "ResourceRecords"}
    if "ResourceRecords" in record:
        found["ResourceRecords"] = sorted(value["Value"] for value in record["ResourceRecords"])
    if "AliasTarget" in record:
        found["AliasTarget"] = {**record["AliasTarget"],
                                "DNSName": names.normal(record["AliasTarget"]["DNSName"])}
    return found


def delete(after, record):
    there = after.get(key_of(record))
    if there is None:
        return [f"Tried to delete resource record set {described(record)} but it was not found"]
    if comparable(there) != comparable(record):
        return [f"Tried to delete resource record set {described(record)} but the values provided "
                "do not match the current values"]
    del after[key_of(record)]
    return []


def put(after, change, zone):
    record = change["ResourceRecordSet"]
    messages = check_record(record, zone)
    if change["Action"] == "CREATE" and key_of(record) in after:
        messages.append(f"Tried to create resource record set {described(record)} but it already "
                        "exists")
    if "AliasTarget" in record:
        target = record["AliasTarget"]
        target["DNSName"] = names.escaped(names.normal(target["DNSName"]))
    after[key_of(record)] = record
    return messages


def check_record(record, zone):
    name, kind = record["Name"], record["Type"]
    messages = []
    if not names.is_valid(name):
        messages.append(f"FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with "
                        f"'{name}'")
    elif not names.is_below(name, zone.name):
        messages.append(f"RRSet with DNS name {name} is not permitted in zone {zone.name}")
    if kind == "CNAME" and name == zone.name:
        messages.append(f"RRSet of type CNAME with DNS name {name} is not permitted at apex in zone "
                        f"{zone.name}")
    if "AliasTarget" in record and kind in ("NS", "SOA"):
        messages.append(f"RRSet of type {kind} with DNS name {name} is not permitted as alias")
    values = [value["Value"] for value in record.get("ResourceRecords", [])]
    if len(values) > MOST_VALUES_OF_RECORD:
        messages.append(f"Cannot have more than {MOST_VALUES_OF_RECORD} records in a RRSet.")
    for value in sorted({value for value in values if values.count(value) > 1}):
        messages.append(f"Duplicate Resource Record: '{value}'")
    for value in values:
        problem = value_problem(kind, value)
        if problem:
            messages.append(f"Invalid Resource Record: '{problem} encountered with '{value}''")
    if kind == "CNAME" and len(values) > 1:
        messages.append(f"RRSet of type CNAME with DNS name {name} has more than one value")
    return messages


def value_problem(kind, value):
    """Why the value cannot be one of this type; None: it can."""
    if kind in ("A", "AAAA"):
        want = ipaddress.IPv4Address if kind == "A" else ipaddress.IPv6Address
        version = "4" if kind == "A" else "6"
        try:
            want(value)
        except ValueError:
            return f"FATAL problem: {kind}RRDATAIllegalIPv{version}Address " \
                   f"(Value is not a valid IPv{version} address)"
    elif kind in ("CNAME", "NS", "PTR"):
        if not names.is_valid(value):
            return "FATAL problem: DomainLabelEmpty (Domain label is empty)"
    elif kind == "TXT":
        if not re.fullmatch(r'"(?:[^"\\]|\\.)*"(?:\s+"(?:[^"\\]|\\.)*")*', value):
            return "FATAL problem: InvalidCharacterString (Value should be enclosed in quotation " \
                   "marks)"
        if any(len(part) > 257 for part in re.findall(r'"(?:[^"\\]|\\.)*"', value)):
            return "FATAL problem: CharacterStringTooLong (Value is too long)"
    elif kind == "MX":
        if not re.fullmatch(r"[0-9]{1,5}\s+\S+", value):
            return "FATAL problem: MXRRDATANotTwoFields (MX record doesn't have 2 fields)"
    elif kind == "SRV":
        if not re.fullmatch(r"(?:[0-9]{1,5}\s+){3}\S+", value):
            return "FATAL problem: SRVRRDATANotFourFields (SRV record doesn't have 4 fields)"
    return None


def check_group(after, record, zone, zones):
    """A record set among those of its name, once the whole batch is in."""
    name, kind = record["Name"], record["Type"]
    others = [other for key, other in after.items() if key[0] == name]
    group = [other for other in others if other["Type"] == kind]
    policy, messages = policy_of(record), []
    if len(group) > 1:
        if policy == "simple":
            messages.append(f"{title(record)} cannot be created as other RRSets exist with the same "
                            "name and type.")
        elif any(policy_of(other) != policy for other in group):
            messages.append(f"{title(record)} cannot be created as a non-{policy} set exists with "
                            "the same name and type.")
    ttls = {other["TTL"] for other in group if "TTL" in other}
    if policy == "weighted" and len(ttls) > 1 and "TTL" in record:
        messages.append(f"RRSet with DNS name {name} and type {kind}, SetIdentifier "
                        f"{record['SetIdentifier']} cannot be created as weighted sets must contain "
                        "the same TTL.")
    if policy == "weighted" and len(group) > MOST_WEIGHTED:
        messages.append(f"Cannot have more than {MOST_WEIGHTED} records in a RRSet.")
    kinds = {other["Type"] for other in others}
    if "CNAME" in kinds and len(kinds) > 1:
        messages.append(f"RRSet of type {kind} with DNS name {name} is not permitted as it conflicts "
                        f"with other records with the same DNS name in zone {zone.name}")
    return messages + check_alias(after, record, zone, zones)


def check_alias(after, record, zone, zones):
    """An alias to a name of the same zone has to find it; one to a load balancer's is believed."""
    target = record.get("AliasTarget")
    if not target or target["HostedZoneId"] not in zones:
        return []
    name = names.normal(target["DNSName"])
    text = f"Tried to create an alias that targets {name}, type {record['Type']} in zone " \
           f"{target['HostedZoneId']}, but "
    if target["HostedZoneId"] != zone.id or not names.is_below(name, zone.name):
        return [text + "the alias target name does not lie within the target zone"]
    if not any(key[:2] == (name, record["Type"]) for key in after):
        return [text + "that target was not found"]
    return []


def check_apex(after, zone):
    messages = []
    for kind, text in (("NS", "at least one NS record"), ("SOA", "exactly one SOA record")):
        if not any(key[:2] == (zone.name, kind) for key in after):
            messages.append(f"A HostedZone must contain {text} for the zone itself.")
    return messages
