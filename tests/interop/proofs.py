# SPDX-License-Identifier: BSD-2-Clause
"""Which NSEC or NSEC3 records an answer with DO has to have, no more and no fewer, worked out from the zones'
records alone: RFC 4035 section 3.1.3, RFC 5155 section 7.2."""
import bisect
import re

import dns.dnssec
import dns.name

ROOT = dns.name.root


def wire_key(name):
    """RFC 4034 section 6.1."""
    return tuple(label.lower() for label in reversed(name.labels))


class Zone:
    """One zone: what is authoritative in it, and its chain."""

    def __init__(self, origin, rows, text):
        self.origin = dns.name.from_text(origin)
        kinds = {}
        for owner, _, kind, _ in rows:
            name = self.origin if owner == "@" else dns.name.from_text(owner, self.origin)
            kinds.setdefault(name.canonicalize(), set()).add(kind)
        self.cuts = {name for name, has in kinds.items() if "NS" in has and name != self.origin}
        self.dnames = {name for name, has in kinds.items() if "DNAME" in has}
        self.kinds = {}
        for name, has in kinds.items():
            if not any(one in self.cuts for one in self.above(name)):
                self.kinds[name] = has
        self.names = {one for name in self.kinds for one in (name, *self.above(name))}
        hashed = re.search(r"^\S+\s+\d+\s+IN\s+NSEC3PARAM\s+1\s+\d+\s+(\d+)\s+(\S+)", text, re.M)
        self.is_hashed = hashed is not None
        self.iterations, self.salt = (int(hashed[1]), hashed[2]) if hashed else (0, "-")
        kind = "NSEC3" if self.is_hashed else "NSEC"
        owners = {dns.name.from_text(one).canonicalize()
                  for one in re.findall(rf"^(\S+)\s+\d+\s+IN\s+{kind}\s", text, re.M)}
        self.chain = sorted(owners, key=wire_key)
        self.keys = [wire_key(one) for one in self.chain]

    def above(self, name):
        """The names between this one and the origin, which is the last."""
        while name != self.origin and name != ROOT:
            name = name.parent()
            yield name

    def hash(self, name):
        salt = None if self.salt == "-" else self.salt
        return dns.name.from_text(dns.dnssec.nsec3_hash(name, salt, self.iterations, 1),
                                  self.origin).canonicalize()

    def at(self, name):
        """The record that matches the name or covers it."""
        key = wire_key(self.hash(name) if self.is_hashed else name)
        return self.chain[bisect.bisect_right(self.keys, key) - 1]

    def matches(self, name):
        return self.at(name) == (self.hash(name) if self.is_hashed else name)

    def encloser(self, name):
        """The closest ancestor that can be proved, and the next closer name."""
        while name != self.origin:
            parent = name.parent()
            if self.matches(parent) if self.is_hashed else parent in self.names:
                return parent, name
            name = parent
        return name, name

    def nearest(self, name):
        """That exists, with the name below it."""
        below = name
        for one in self.above(name):
            if one in self.names:
                return one, below
            below = one
        return self.origin, below

    def no_type(self, name):
        if not self.is_hashed or self.matches(name):
            return {self.at(name)}
        encloser, closer = self.encloser(name)  # opt-out
        return {self.at(encloser), self.at(closer)}

    def expected(self, name, kind, is_end, has_answer):
        """Owners of the proofs about this name, which is the end of a chain or a link of it."""
        cut = next((one for one in (*reversed([name, *self.above(name)]),) if one in self.cuts), None)
        if cut is not None:
            if cut == name and kind == "DS":
                return set() if has_answer else self.no_type(name)
            return set() if "DS" in self.kinds[cut] else self.no_type(cut)
        if any(one in self.dnames for one in self.above(name)):
            return set()
        if name in self.names:
            return set() if has_answer or not is_end else self.no_type(name)
        parent, closer = self.nearest(name)
        wildcard = dns.name.from_text("*", parent)
        if wildcard in self.names:
            if has_answer or not is_end:
                return {self.at(closer if self.is_hashed else name)}
            if not self.is_hashed:
                return {self.at(name), self.at(wildcard)}
            return {self.at(parent), self.at(closer)} | self.no_type(wildcard)
        if not self.is_hashed:
            return {self.at(name), self.at(wildcard)}
        encloser, closer = self.encloser(name)
        return {self.at(encloser), self.at(closer), self.at(dns.name.from_text("*", encloser))}


class Zones:
    """All the zones of a server."""

    def __init__(self, made):
        self.zones = {zone.origin: zone for zone in
                      (Zone(origin, rows, text) for origin, (rows, text) in made.items())}

    def zone_of(self, name, kind):
        if kind == "DS" and name in self.zones:
            parent = self.zone_of(name.parent(), "") if name != ROOT else None
            if parent is not None:
                return parent
        while name not in self.zones and name != ROOT:
            name = name.parent()
        return self.zones.get(name)

    def expected(self, answer, name, kind):
        """For an answer, its CNAMEs taken as they are; texts."""
        targets = {dns.name.from_text(one[0]): dns.name.from_wire(bytes.fromhex(one[4]), 0)[0]
                   for one in answer.answer if one[3] == "CNAME"}
        links = set(targets) if kind not in ("CNAME", "ANY") else {
            one for one in targets if any(one != owner and one.is_subdomain(owner) for owner in {
                dns.name.from_text(record[0]) for record in answer.answer if record[3] == "DNAME"})}
        if kind == "CNAME":
            links = set()
        owners = {dns.name.from_text(one[0]) for one in answer.answer}
        found, name = set(), name.canonicalize()
        for _ in range(30):
            zone = self.zone_of(name, kind)
            if zone is None:
                break
            is_end = name not in links
            found |= zone.expected(name, kind, is_end, name in owners)
            if is_end:
                break
            links.discard(name)
            name = targets[name]
        return {one.to_text() for one in found}
