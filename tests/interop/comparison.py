# SPDX-License-Identifier: BSD-2-Clause
"""The same zones served by NSD, Knot DNS, BIND and Ballast, queries sent to all, and what their answers
differ in: each difference is one that a row accepts, or is told with all that belongs to it."""
import collections

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rdataclass

import differences
import harness
import peers
import zone_maker
from answers import Answer, Asker, Case, equal, parse
from differences import BIND, KNOT, NSD, Pair

PEERS = {NSD: peers.Nsd, KNOT: peers.Knot, BIND: peers.Bind}
SHOWN = 40
# Of queries with an ordinary name: ANY and those that nobody serves.
CLASSES = [0, 2, 3, 4, 254, 255, 255, 255, 65535]
WAYS = ["udp", "udp", "edns512", "edns1232", "edns4096", "do", "tcp", "tcp-do"]


def ordinary_cases(rng, zones, classes=CLASSES, ways=WAYS):
    """Each name and type over one of the ways to ask."""
    kinds = zone_maker.types_by_name(zones)
    for name in zone_maker.names_to_ask(rng, zones):
        for kind in zone_maker.types_for(rng, kinds, name):
            way = rng.choice(ways)
            klass = rng.choice(classes) if rng.random() < 0.02 else dns.rdataclass.IN
            query = dns.message.make_query(name, kind, klass, id=rng.randrange(1, 65536))
            if way.startswith("edns"):
                query.use_edns(0, payload=int(way[4:]))
            elif way.endswith("do"):
                query.use_edns(0, dns.flags.DO, payload=rng.choice([512, 1232, 4096]))
            yield Case(query.to_wire(), way.startswith("tcp"), f"{name} {kind} class {klass} {way}",
                       klass != dns.rdataclass.IN)


class Zones(dict):
    """{origin: rows}, with the names that are not a wildcard's doing."""

    def __init__(self, made):
        super().__init__({origin: rows for origin, (rows, _) in made.items()})
        self.texts = {origin: text for origin, (_, text) in made.items()}
        self.texts_without_occluded = {}
        for origin, (rows, _) in made.items():
            occluded = set(zone_maker.below_dnames(origin, rows))
            self.texts_without_occluded[origin] = zone_maker.text_of(
                origin, [row for row in rows if row not in occluded]) if occluded else self.texts[origin]
        self.owners = {
            origin: {dns.name.from_text(owner, dns.name.from_text(origin)).canonicalize().to_text()
                     for owner, *_ in rows if owner != "@"} for origin, rows in self.items()}
        self.explicit = set().union(*self.owners.values())
        self.links = {"CNAME": {}, "DNAME": {}}  # {kind: {owner: target}}
        for origin, rows in self.items():
            base = dns.name.from_text(origin)
            for owner, _, kind, rdata in rows:
                if kind in self.links:
                    name = base if owner == "@" else dns.name.from_text(owner, base)
                    target = base if rdata == "@" else dns.name.from_text(rdata, base)
                    self.links[kind][name.canonicalize()] = target.canonicalize()


def has_zone(port, origin):
    query = dns.message.make_query(origin, "SOA")
    try:
        return bool(dns.query.udp(query, "127.0.0.1", port=port, timeout=1).answer)
    except (dns.exception.DNSException, OSError):
        return False


class Servers:
    """All of them with one set of zones."""

    def __init__(self, made, with_peers=True):
        self.zones = Zones(made)
        self.made = made
        self.peers = {name: make(self.zones.texts if name == BIND else
                                 self.zones.texts_without_occluded)
                      for name, make in PEERS.items() if with_peers}
        self.daemon = harness.Daemon(
            {"server": {"workers": 1, "version": "compared", "identity": "compared",
                        "nsid": "compared"},
             "zones": [{"name": origin, "file": f"{index}.zone"}
                       for index, origin in enumerate(self.zones)]},
            {f"{index}.zone": text for index, text in enumerate(self.zones.texts.values())})
        self.askers = []

    def __enter__(self):
        try:
            self.daemon.start()
            for name, peer in self.peers.items():
                peer.start()
                harness.wait_for(lambda: all(has_zone(peer.port, zone) for zone in self.zones),
                                 f"{name} has all zones", 30)
            zone = next(iter(self.zones))
            self.askers = [Asker(self.daemon.port, zone)] + [
                Asker(peer.port, zone) for peer in self.peers.values()]
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for closed in [*self.askers, *self.peers.values(), self.daemon]:
            closed.close()


def read_query(wire):
    try:
        return dns.message.from_wire(wire)
    except (dns.exception.DNSException, ValueError):
        return None


def describe(case, peer, pair, zones):
    lines = [f"{case.text} ({'TCP' if case.tcp else 'UDP'}) {case.wire.hex()}"]
    for field in Answer._fields[:-1]:
        one, other = getattr(pair.ours, field), getattr(pair.theirs, field)
        if one != other:
            lines.append(f"  {field}\n    ours: {str(one)[:800]}\n    {peer}: {str(other)[:800]}")
    return "\n".join(lines + [snippet(zones, pair.query)])


def snippet(zones, query):
    """The zones' lines that have to do with a query's name."""
    if query is None or not query.question:
        return ""
    name, lines = query.question[0].name, []
    for origin, rows in zones.items():
        base = dns.name.from_text(origin)
        for owner, ttl, kind, rdata in rows if name.is_subdomain(base) else []:
            whole = dns.name.from_text(owner, base) if owner != "@" else base
            if whole != base and (name.is_subdomain(whole) or whole.is_subdomain(name) or
                                  (whole.is_wild() and name.is_subdomain(whole.parent()))):
                lines.append(f"    {whole} {ttl} {kind} {rdata[:100]}")
    return "\n".join(lines[:20])


class Comparison:
    """Counts the cases, and how often each row was needed."""

    def __init__(self, rows):
        self.rows = rows
        self.used, self.counted = collections.Counter(), 0

    def look_at(self, case, servers, answers):
        """The answers as they are to be compared, ours first, and what is wrong with ours alone."""
        return answers, []

    def compare(self, case, servers):
        """What is wrong, as texts."""
        answers = [parse(asker.ask(case)) for asker in servers.askers]
        (ours, *others), wrong = self.look_at(case, servers, answers)
        query, reasons = None, []
        self.counted += 1
        for peer, theirs in zip(PEERS, others):
            if equal(ours, theirs):
                continue
            query = query or read_query(case.wire)
            pair = Pair(case, query, ours, theirs, servers.zones, peer)
            reason = differences.explain(pair, self.rows)
            if reason is None:
                wrong.append(describe(case, peer, pair, servers.zones))
            else:
                self.used[reason.what, peer] += 1
                reasons.append(reason)
        is_alone = len(reasons) == len(PEERS) and all(equal(others[0], one) for one in others)
        if is_alone and not all(one.alone for one in reasons):
            wrong.append(f"{case.text}: all peers agree, we do not; {reasons[0].what!r} allows no such thing")
        return wrong

    def compare_all(self, cases, servers, seed):
        wrong = [text for case in cases for text in self.compare(case, servers)]
        shown = "\n".join(wrong[:SHOWN])
        assert not wrong, f"seed {seed}: {len(wrong)} answers differ\n{shown}"

    def unneeded(self):
        """After all cases, which are printed."""
        print(f"{self.counted} cases of {len(PEERS)} comparisons each; differences:")
        for (what, peer), count in sorted(self.used.items()):
            print(f"{count:6} {peer:9} {what}")
        return [(one.what, peer) for one in self.rows for peer in one.peers
                if not self.used[one.what, peer]]
