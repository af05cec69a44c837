# SPDX-License-Identifier: BSD-2-Clause
"""Route 53: hosted zones whose change batches are applied as a whole or not at all, by AWS's rules and
with its words; PENDING, then INSYNC; one change at a time per zone; a bucket of requests."""
import copy
import random
import string
import time
import xml.etree.ElementTree

from aws import batch, names
from aws.health_checks import HealthChecks
from aws.service import Service
from aws.shapes import Refused

NAMESPACE = "https://route53.amazonaws.com/doc/2013-04-01/"
MOST_RECORDS = 10000
PAGE = 300


def new_id(prefix, length=20):
    return prefix + "".join(random.choices(string.ascii_uppercase + string.digits, k=length))


class Zone:
    def __init__(self, name, zone_id, comment=None):
        self.name, self.id, self.comment = names.normal(name), zone_id, comment
        self.reference = new_id("ref-")
        self.records = {}  # (name, type, set identifier or None): ResourceRecordSet
        self.busy_until = 0.0
        servers = [f"ns-{number}.awsdns-00.{end}." for number, end in
                   ((1, "com"), (2, "net"), (3, "org"), (4, "co.uk"))]
        self.put({"Name": self.name, "Type": "NS", "TTL": 172800,
                  "ResourceRecords": [{"Value": server} for server in servers]})
        self.put({"Name": self.name, "Type": "SOA", "TTL": 900, "ResourceRecords": [{
            "Value": f"{servers[0]} awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"}]})

    def put(self, record):
        self.records[batch.key_of(record)] = record

    def sorted(self):
        return [self.records[key] for key in sorted(self.records, key=order)]

    def summary(self):
        config = {"PrivateZone": False}
        if self.comment:
            config["Comment"] = self.comment
        return {"Id": f"/hostedzone/{self.id}", "Name": names.escaped(self.name),
                "CallerReference": self.reference, "Config": config,
                "ResourceRecordSetCount": len(self.records)}


def order(key):
    return names.order(key[0]), key[1], key[2] or ""


class Route53(Service, HealthChecks):
    """insync_s: how long a change is PENDING. processing_s: how long after a change the zone refuses
    the next with PriorRequestNotComplete. rate, burst: of the account's bucket; rate None: no limit.
    batches: all that were applied, in order: {zone, id, comment, changes, at}."""
    name = "route53"

    def __init__(self, double):
        super().__init__(double)
        HealthChecks.__init__(self)
        self.zones = {}
        self.batches = []
        self.changes = {}
        self.insync_s = 0.2
        self.processing_s = 0.0
        self.held = False
        self.old_error_form = False
        self.rate, self.burst = 10.0, 50.0
        self.tokens, self.filled_at = self.burst, time.monotonic()

    # --- for tests ---

    def add_zone(self, name, zone_id=None, records=(), comment=None):
        """records: as ListResourceRecordSets has them."""
        with self.double.lock:
            zone = Zone(name, zone_id or new_id("Z"), comment)
            for record in records:
                record = copy.deepcopy(record)
                record["Name"] = names.normal(record["Name"])
                zone.put(record)
            self.zones[zone.id] = zone
            return zone

    def records(self, zone_id, name=None, kind=None):
        """What the zone has, sorted as Route 53 lists it."""
        with self.double.lock:
            return [copy.deepcopy(record) for record in self.zones[zone_id].sorted()
                    if name in (None, record["Name"], record["Name"].rstrip("."))
                    and kind in (None, record["Type"])]

    def weights(self, zone_id, name, kind="A"):
        """{set identifier: weight} of a group."""
        return {record.get("SetIdentifier"): record.get("Weight")
                for record in self.records(zone_id, name, kind)}

    def put(self, zone_id, record):
        """Somebody else changes the zone; no batch of ours, no rules."""
        with self.double.lock:
            record = copy.deepcopy(record)
            record["Name"] = names.normal(record["Name"])
            self.zones[zone_id].put(record)

    def remove(self, zone_id, name, kind, identifier=None):
        with self.double.lock:
            del self.zones[zone_id].records[(names.normal(name), kind, identifier)]

    def hold(self):
        """Changes stay PENDING until release()."""
        with self.double.lock:
            self.held = True

    def release(self):
        with self.double.lock:
            self.held = False
            for change in self.changes.values():
                change["insync_at"] = min(change["insync_at"], time.monotonic())

    # --- rates ---

    def before(self, call):
        with self.double.lock:
            if self.rate is None:
                return
            now = time.monotonic()
            self.tokens = min(self.burst, self.tokens + (now - self.filled_at) * self.rate)
            self.filled_at = now
            if self.tokens < 1:
                raise Refused("Throttling", "Rate exceeded")
            self.tokens -= 1

    # --- operations ---

    def zone(self, given):
        zone = self.zones.get(given.rpartition("/")[2])
        if zone is None:
            raise Refused("NoSuchHostedZone", f"No hosted zone found with ID: {given}", 404)
        return zone

    def GetHostedZone(self, given):
        zone = self.zone(given["Id"])
        servers = [value["Value"].rstrip(".") for value in
                   zone.records[(zone.name, "NS", None)]["ResourceRecords"]]
        return {"HostedZone": zone.summary(), "DelegationSet": {"NameServers": servers}}

    def ListHostedZones(self, given):
        zones = sorted(self.zones.values(), key=lambda zone: zone.id)
        start = [zone for zone in zones if zone.id >= given.get("Marker", "")]
        most = page_size(given, 100)
        result = {"HostedZones": [zone.summary() for zone in start[:most]],
                  "Marker": given.get("Marker", ""), "MaxItems": str(most),
                  "IsTruncated": len(start) > most}
        if len(start) > most:
            result["NextMarker"] = start[most].id
        return result

    def ListHostedZonesByName(self, given):
        zones = sorted(self.zones.values(), key=lambda zone: (names.order(zone.name), zone.id))
        if "HostedZoneId" in given and "DNSName" not in given:
            raise Refused("InvalidInput", "Invalid request: hostedZoneId without dnsName",
                          malformed=True)
        if "DNSName" in given:
            first = (names.order(names.normal(given["DNSName"])),
                     given.get("HostedZoneId", "").rpartition("/")[2])
            zones = [zone for zone in zones if (names.order(zone.name), zone.id) >= first]
        most = page_size(given, 100)
        result = {"HostedZones": [zone.summary() for zone in zones[:most]], "MaxItems": str(most),
                  "IsTruncated": len(zones) > most}
        for name in ("DNSName", "HostedZoneId"):
            if name in given:
                result[name] = given[name]
        if len(zones) > most:
            result["NextDNSName"] = names.escaped(zones[most].name)
            result["NextHostedZoneId"] = zones[most].id
        return result

    def ListResourceRecordSets(self, given):
        zone = self.zone(given["HostedZoneId"])
        if "StartRecordType" in given and "StartRecordName" not in given or \
                "StartRecordIdentifier" in given and "StartRecordType" not in given:
            raise Refused("InvalidInput", "Invalid request: a type needs a name, an identifier a "
                          "type", malformed=True)
        keys = sorted(zone.records, key=order)
        if "StartRecordName" in given:
            first = order((names.normal(given["StartRecordName"]),
                           given.get("StartRecordType", ""),
                           given.get("StartRecordIdentifier")))
            keys = [key for key in keys if order(key) >= first]
        most = page_size(given, PAGE)
        result = {"ResourceRecordSets": [{**zone.records[key], "Name": names.escaped(key[0])}
                                         for key in keys[:most]],
                  "IsTruncated": len(keys) > most, "MaxItems": str(most)}
        if len(keys) > most:
            name, kind, identifier = keys[most]
            result.update(NextRecordName=names.escaped(name), NextRecordType=kind)
            if identifier is not None:
                result["NextRecordIdentifier"] = identifier
        return result

    def ChangeResourceRecordSets(self, given):
        zone = self.zone(given["HostedZoneId"])
        if time.monotonic() < zone.busy_until:
            raise Refused("PriorRequestNotComplete", "The request was rejected because Route 53 "
                          "was still processing a prior request.")
        changes = copy.deepcopy(given["ChangeBatch"]["Changes"])
        zone.records = batch.apply(zone, changes, self.health_checks, self.zones)
        comment = given["ChangeBatch"].get("Comment")
        change = self.new_change(comment)
        zone.busy_until = time.monotonic() + self.processing_s
        self.batches.append({"zone": zone.id, "id": change["id"], "comment": comment,
                             "changes": changes, "at": time.monotonic()})
        self.double.changed.notify_all()
        return {"ChangeInfo": self.change_info(change)}

    def new_change(self, comment):
        change = {"id": new_id("C"), "comment": comment, "submitted": self.double.now(),
                  "insync_at": float("inf") if self.held else time.monotonic() + self.insync_s}
        self.changes[change["id"]] = change
        return change

    def change_info(self, change):
        status = "INSYNC" if time.monotonic() >= change["insync_at"] else "PENDING"
        info = {"Id": f"/change/{change['id']}", "Status": status,
                "SubmittedAt": change["submitted"]}
        if change["comment"] is not None:
            info["Comment"] = change["comment"]
        return info

    def GetChange(self, given):
        change = self.changes.get(given["Id"].rpartition("/")[2])
        if change is None:
            raise Refused("NoSuchChange", f"Could not find resource with ID: {given['Id']}", 404)
        return {"ChangeInfo": self.change_info(change)}

    def GetAccountLimit(self, given):
        values = {"MAX_HEALTH_CHECKS_BY_OWNER": (self.most_checks, len(self.health_checks)),
                  "MAX_HOSTED_ZONES_BY_OWNER": (500, len(self.zones))}
        most, count = values.get(given["Type"], (50, 0))
        return {"Limit": {"Type": given["Type"], "Value": most}, "Count": count}

    def GetHostedZoneLimit(self, given):
        zone = self.zone(given["HostedZoneId"])
        if given["Type"] == "MAX_RRSETS_BY_ZONE":
            return {"Limit": {"Type": given["Type"], "Value": MOST_RECORDS},
                    "Count": len(zone.records)}
        return {"Limit": {"Type": given["Type"], "Value": 100}, "Count": 0}

    @staticmethod
    def old_error(refused):
        """<InvalidChangeBatch><Messages>, as older answers and the API's documents have it."""
        root = xml.etree.ElementTree.Element("InvalidChangeBatch", xmlns=NAMESPACE)
        messages = xml.etree.ElementTree.SubElement(root, "Messages")
        for text in refused.details["messages"]:
            xml.etree.ElementTree.SubElement(messages, "Message").text = text
        return root


def page_size(given, most):
    text = given.get("MaxItems", str(most))
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise Refused("InvalidInput", f"Invalid request: maxitems '{text}'", malformed=True)
    return min(int(text), most)
