# SPDX-License-Identifier: BSD-2-Clause
"""What Ballast can do beside NSD, Knot DNS, BIND, PowerDNS and gdnsd. A row of FEATURES is probed:
the same packets are sent to every server. A row of MANUALS cannot be probed in seconds and says
what the manual of each server says. Each row names the test that shows it of Ballast.

usage: features.py     prints the table as docs/guide.md has it"""
import collections
import socket
import struct
import sys

import dns.dnssec
import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.update
import dns.zone

import feature_servers as servers
from fake_resolver import FakeResolver

SERVERS = {"Ballast": servers.Ballast, "NSD": servers.Nsd, "Knot DNS": servers.Knot,
           "BIND": servers.Bind, "PowerDNS": servers.PowerDns, "gdnsd": servers.Gdnsd}
YES, NO = "yes", "no"
TIMEOUT_S = 2
LIMITED_CLIENT, PROXY = "127.0.0.3", "127.0.0.2"
CLIENT_COOKIE = b"\1\2\3\4\5\6\7\x08"
PROXY_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"

Feature = collections.namedtuple("Feature", "name probe test")
Manual = collections.namedtuple("Manual", "name cells test")


def ask(server, name, kind="A", options=(), source=None, want_dnssec=False, payload=1232, tcp=False):
    query = dns.message.make_query(name, kind, use_edns=0, payload=payload,
                                   want_dnssec=want_dnssec, options=list(options))
    if tcp:
        return dns.query.tcp(query, "127.0.0.1", port=server.port, timeout=TIMEOUT_S)
    return dns.query.udp(query, "127.0.0.1", port=server.port, timeout=TIMEOUT_S, source=source)


def has_zone(server, name):
    return ask(server, name, "SOA").rcode() == dns.rcode.NOERROR


def records(message, kind):
    wanted = dns.rdatatype.from_text(kind)
    return [rdata.to_text() for rrset in message.answer if rrset.rdtype == wanted
            for rdata in rrset]


def option(message, code):
    return next((one for one in message.options if one.otype == code), None)


def probe_dname(server):
    answer = ask(server, "x.d.dname.test")
    return bool(records(answer, "DNAME") and records(answer, "A"))


def probe_across(server):
    return records(ask(server, "across.example.test"), "A") == ["192.0.2.9"]


def probe_wildcard_cname(server):
    answer = ask(server, "any.wild.example.test")
    return records(answer, "CNAME") == ["two.example.test."]


def probe_chain(server):
    return records(ask(server, "chain.example.test"), "A") == ["192.0.2.3"]


def probe_any(server):
    query = dns.message.make_query("two.example.test", "ANY").to_wire()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(TIMEOUT_S)
        client.sendto(query, ("127.0.0.1", server.port))
        answer = dns.message.from_wire(client.recv(65535))
    if answer.flags & dns.flags.TC:
        return "whole, over TCP only"
    return len({rrset.rdtype for rrset in answer.answer}) == 1


def probe_svcb(server):
    return len(records(ask(server, "h.svcb.test", "HTTPS"), "HTTPS")) == 1


def probe_unknown(server):
    return len(records(ask(server, "u.unknown.test", "TYPE65280"), "TYPE65280")) == 1


def probe_truncation(server):
    answer = ask(server, "big.example.test", "TXT", payload=4096)
    return bool(answer.flags & dns.flags.TC)


def probe_additional(server):
    answer = ask(server, "two.example.test", "MX")
    return any(rrset.rdtype == dns.rdatatype.A for rrset in answer.additional)


def probe_nsid(server):
    answer = ask(server, "example.test", "SOA", [dns.edns.GenericOption(dns.edns.NSID, b"")])
    return option(answer, dns.edns.NSID) is not None


def cookie_of(server):
    answer = ask(server, "example.test", "SOA", [dns.edns.GenericOption(10, CLIENT_COOKIE)])
    cookie = option(answer, 10)
    return b"" if cookie is None else cookie.data if hasattr(cookie, "data") else cookie.server


def probe_cookie(server):
    cookie = cookie_of(server)
    return len(cookie) == 24 and cookie[8] == 1 or ("own form" if cookie else False)


def probe_keepalive(server):
    query = dns.message.make_query("example.test", "SOA", use_edns=0,
                                   options=[dns.edns.GenericOption(11, b"")])
    answer = dns.query.tcp(query, "127.0.0.1", port=server.port, timeout=TIMEOUT_S)
    return option(answer, 11) is not None


def probe_extended_error(server):
    answer = ask(server, "nobody.invalid")
    return answer.rcode() == dns.rcode.REFUSED and option(answer, dns.edns.EDE) is not None


def probe_rate_limit(server):
    """Many queries of one client at once: some come back truncated, some not at all."""
    query = dns.message.make_query("two.example.test", "A", use_edns=0).to_wire()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind((LIMITED_CLIENT, 0))
        client.connect(("127.0.0.1", server.port))
        client.settimeout(0.5)
        for i in range(400):
            client.send(struct.pack("!H", i) + query[2:])
        truncated = answered = 0
        try:
            while True:
                octets = client.recv(65535)
                answered += 1
                truncated += octets[2] >> 1 & 1
        except socket.timeout:
            pass
    return answered < 400 and truncated > 0


def proxied(wire, kind):
    """PROXY protocol, version 2: a client 192.0.2.99 that asks 192.0.2.53."""
    addresses = socket.inet_aton("192.0.2.99") + socket.inet_aton("192.0.2.53")
    block = addresses + struct.pack("!HH", 4000, 53)
    return PROXY_SIGNATURE + bytes([0x21, 0x11 if kind == "tcp" else 0x12]) + \
        struct.pack("!H", len(block)) + block + wire


def probe_proxy_udp(server):
    query = dns.message.make_query("two.example.test", "A")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind((PROXY, 0))
        client.settimeout(TIMEOUT_S)
        client.sendto(proxied(query.to_wire(), "udp"), ("127.0.0.1", server.port))
        try:
            return bool(dns.message.from_wire(client.recv(65535)).answer)
        except (socket.timeout, dns.exception.DNSException):
            return False


def probe_proxy_tcp(server):
    wire = dns.message.make_query("two.example.test", "A").to_wire()
    for port in (server.port, server.proxy_port):
        try:
            with socket.create_connection(("127.0.0.1", port), TIMEOUT_S, (PROXY, 0)) as client:
                client.settimeout(TIMEOUT_S)
                client.sendall(proxied(struct.pack("!H", len(wire)) + wire, "tcp"))
                stream = client.makefile("rb")
                size = stream.read(2)
                octets = stream.read(struct.unpack("!H", size)[0]) if len(size) == 2 else b""
                if octets and dns.message.from_wire(octets).answer:
                    return True
        except (OSError, dns.exception.DNSException):
            continue
    return False


def probe_signing(server):
    return bool(records(ask(server, "signed.test", "SOA", want_dnssec=True), "RRSIG"))


def shares(server, name, count=1000, options=()):
    """How often each address was answered. Without EDNS the answer's last octets are it."""
    query = dns.message.make_query(name, "A", use_edns=0 if options else -1, options=list(options))
    wire = query.to_wire()
    seen = collections.Counter()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(TIMEOUT_S)
        client.connect(("127.0.0.1", server.port))
        for _ in range(count):
            client.send(wire)
            octets = client.recv(65535)
            if options:
                seen.update(records(dns.message.from_wire(octets), "A"))
            else:
                seen[socket.inet_ntoa(octets[-4:])] += 1
    return seen


def is_weighted(seen, count):
    return len(seen) == 2 and 0.83 * count < seen["192.0.2.10"] < 0.97 * count


def probe_weighted(server):
    return has_zone(server, "weighted.test") and \
        is_weighted(shares(server, servers.WEIGHTED), 1000)


def probe_exact(server):
    return has_zone(server, "weighted.test") and \
        all(abs(shares(server, servers.WEIGHTED, 500)["192.0.2.10"] - 450) <= 4 for _ in range(20))


def probe_sticky(server):
    if not has_zone(server, "weighted.test"):
        return False
    name = "sticky.weighted.test"
    first = set()
    for i in range(40):
        subnet = dns.edns.ECSOption(f"198.51.{i}.0", 24)
        seen = shares(server, name, 5, [subnet])
        if len(seen) != 1:
            return False
        first |= set(seen)
    return len(first) == 2


def probe_subnet(server):
    """Whether the answer says that it was made for the client's network."""
    for name in ("sticky.weighted.test", "two.example.test"):
        answer = ask(server, name, options=[dns.edns.ECSOption("198.51.100.0", 24)])
        echoed = option(answer, dns.edns.ECS)
        if echoed is not None and echoed.scopelen > 0:
            return True
    return False


def probe_weighted_signed(server):
    """Every member validates with the zone's keys."""
    if not has_zone(server, "signed.test"):
        return False
    zone = dns.name.from_text("signed.test")
    keys = ask(server, zone, "DNSKEY", want_dnssec=True, tcp=True)
    trusted = {zone: next((one for one in keys.answer
                           if one.rdtype == dns.rdatatype.DNSKEY), None)}
    seen = set()
    for _ in range(200):
        answer = ask(server, servers.SIGNED_WEIGHTED, want_dnssec=True)
        found = {one.rdtype: one for one in answer.answer}
        if trusted[zone] is None or dns.rdatatype.RRSIG not in found:
            return False
        try:
            dns.dnssec.validate(found[dns.rdatatype.A], found[dns.rdatatype.RRSIG], trusted)
        except dns.dnssec.ValidationFailure:
            return False
        seen |= {one.address for one in found[dns.rdatatype.A]}
    return len(seen) == 2


def probe_alias(server):
    """Addresses of another host at the zone's apex."""
    return has_zone(server, servers.ALIAS) and \
        records(ask(server, servers.ALIAS), "A") == [servers.ALIAS_ADDRESS]


def probe_transfer(server):
    try:
        zone = dns.zone.from_xfr(dns.query.xfr("127.0.0.1", "example.test", port=server.port,
                                               timeout=TIMEOUT_S, lifetime=TIMEOUT_S))
        return len(zone.nodes) > 3
    except (dns.exception.DNSException, OSError, EOFError):
        return False


def probe_update(server):
    update = dns.update.UpdateMessage("other.test")
    update.add("added", 60, "A", "192.0.2.88")
    try:
        answer = dns.query.udp(update, "127.0.0.1", port=server.port, timeout=TIMEOUT_S)
    except (dns.exception.DNSException, OSError):
        return False
    return answer.rcode() == dns.rcode.NOERROR


FEATURES = [
    Feature("DNAME (RFC 6672)", probe_dname, "tests/interop/test_differential.py"),
    Feature("a CNAME into another zone of the same server is followed", probe_across,
            "tests/answers/aliases.case"),
    Feature("a wildcard CNAME", probe_wildcard_cname,
            "tests/answers/names.case"),
    Feature("a CNAME is followed within the zone", probe_chain,
            "tests/answers/aliases.case"),
    Feature("ANY answered with one record set (RFC 8482)", probe_any,
            "tests/answers/cuts.case"),
    Feature("SVCB and HTTPS by name in zone files", probe_svcb,
            "tests/interop/test_differential.py"),
    Feature("types without a name, TYPE65280 (RFC 3597)", probe_unknown,
            "tests/interop/test_differential.py"),
    Feature("answers over 1232 octets are truncated by default", probe_truncation,
            "tests/interop/test_edns_compliance.py::test_compliance"),
    Feature("an answer of MX or SRV can come with the hosts' addresses", probe_additional,
            "tests/interop/test_additional.py::test_full_additional_sections_are_those_of_others"),
    Feature("NSID (RFC 5001)", probe_nsid,
            "tests/interop/test_edns_compliance.py::test_nsid_is_the_configured_text"),
    Feature("DNS cookies that servers can share (RFC 9018)", probe_cookie,
            "tests/interop/test_edns_compliance.py::test_servers_with_one_secret_share_cookies"),
    Feature("TCP keepalive (RFC 7828)", probe_keepalive,
            "tests/interop/test_edns_compliance.py::test_keepalive_over_tcp_is_told_in_units_of_100_ms"),
    Feature("an extended error says why a query is refused (RFC 8914)", probe_extended_error,
            "tests/integration/test_extended_errors.py"),
    Feature("EDNS client subnet steers answers (RFC 7871)", probe_subnet,
            "tests/unit/test_answer.c::an_honoured_client_subnet_is_echoed_with_its_scope"),
    Feature("response rate limit with slip", probe_rate_limit,
            "tests/integration/test_abuse.py::test_answers_over_the_rate_are_truncated_and_tcp_answers"),
    Feature("PROXY protocol v2 over UDP", probe_proxy_udp,
            "tests/integration/test_proxy.py::test_the_client_is_the_one_that_is_named"),
    Feature("PROXY protocol v2 over TCP", probe_proxy_tcp,
            "tests/integration/test_proxy.py::test_the_client_is_the_one_that_is_named"),
    Feature("signs zones itself", probe_signing,
            "tests/integration/test_dnssec.py::test_validators_accept_a_zone_signed_here"),
    Feature("weighted answers", probe_weighted,
            "tests/integration/test_weights.py::test_exact_keeps_any_share"),
    Feature("weights exact: 500 answers within 4 of the share, 20 times", probe_exact,
            "tests/integration/test_weights.py::test_90_to_10_is_exact_over_all_workers"),
    Feature("weighted answers that stay with the client's network", probe_sticky,
            "tests/integration/test_weights.py::test_sticky_gives_one_client_one_member_and_moves_only_towards_the_candidate"),
    Feature("weighted answers with DNSSEC", probe_weighted_signed,
            "tests/integration/test_dnssec.py::test_every_answer_validates_while_weights_shift"),
    Feature("another host's addresses at the zone's apex", probe_alias,
            "tests/integration/test_alias_signed.py::test_new_addresses_are_signed_and_nothing_else_is"),
    Feature("zone transfers (AXFR) to secondaries", probe_transfer, ""),
    Feature("dynamic update (RFC 2136)", probe_update, ""),
]


# What would take a day, or a parent zone, to probe. From the manuals of the versions in Debian 12.
MANUALS = [
    Manual("serves zones that are signed already, NSEC and NSEC3",
           {"NSD": YES, "Knot DNS": YES, "BIND": YES, "PowerDNS": YES, "gdnsd": NO},
           "tests/interop/test_differential_signed.py"),
    Manual("keys are rolled without a hand", {
        "NSD": NO, "Knot DNS": "yes (policy)", "BIND": "yes (dnssec-policy)",
        "PowerDNS": "by hand (pdnsutil)", "gdnsd": NO},
           "tests/unit/test_zone_keys.c::every_state_of_a_csk_rollover_validates"),
    Manual("CDS and CDNSKEY are published", {
        "NSD": NO, "Knot DNS": YES, "BIND": YES, "PowerDNS": "yes, by hand", "gdnsd": NO},
           "tests/integration/test_keys.py::test_the_parent_is_asked_and_waited_for_over_restarts"),
    Manual("a shift of weights signs nothing", {
        "NSD": "-", "Knot DNS": "yes, weights need a reload", "BIND": "-",
        "PowerDNS": "no, signed when asked for", "gdnsd": "-"},
           "tests/unit/test_signer.c::a_shift_signs_nothing"),
    Manual("weights change at run time, without a reload", {
        "NSD": "-", "Knot DNS": "no (reload)", "BIND": "-", "PowerDNS": "yes (the record's text)",
        "gdnsd": "no (gdnsdctl replace)"},
           "tests/integration/test_weights.py::test_no_answer_is_old_once_weight_set_has_returned"),
    Manual("health checks decide who is answered", {
        "NSD": NO, "Knot DNS": NO, "BIND": NO, "PowerDNS": "yes (ifurlup, ifportup)",
        "gdnsd": "yes (http_status, tcp_connect)"},
           "tests/integration/test_rollout.py::test_an_unhealthy_candidate_falls_back_at_once_in_each_hold"),
    Manual("rollouts: steps, holds, gates, fall-back", {
        "NSD": NO, "Knot DNS": NO, "BIND": NO, "PowerDNS": NO, "gdnsd": NO},
           "tests/integration/test_rollout.py::test_an_event_starts_a_rollout_that_succeeds"),
    Manual("zones come and go at run time", {
        "NSD": "yes (nsd-control)", "Knot DNS": "yes (knotc)", "BIND": "yes (rndc)",
        "PowerDNS": "yes (pdnsutil, API)", "gdnsd": "yes (reload-zones)"},
           "tests/integration/test_zone_changes.py::test_an_added_zone_is_answered_and_is_there_after_a_kill"),
    Manual("queries over TLS", {
        "NSD": YES, "Knot DNS": "no (QUIC with XDP)", "BIND": YES, "PowerDNS": NO, "gdnsd": "by a proxy"}, NO),
]


def measure(server):
    cells = {}
    for feature in FEATURES:
        found = feature.probe(server)
        cells[feature.name] = found if isinstance(found, str) else YES if found else NO
    return cells


def measure_all():
    """{server: {feature: cell}}"""
    resolver = FakeResolver(ttl=60)
    resolver.set(servers.ALIAS_TARGET, servers.ALIAS_ADDRESS)
    columns = {}
    try:
        for name, make in SERVERS.items():
            server = make(resolver.port)
            try:
                columns[name] = measure(server.start())
            finally:
                server.close()
    finally:
        resolver.close()
    return columns


def table(columns):
    """The rows as Markdown."""
    rows = [["feature", *SERVERS, "shown by"], ["---"] * (len(SERVERS) + 2)]
    for feature in FEATURES:
        rows.append([feature.name, *(columns[one][feature.name] for one in SERVERS),
                     f"`{feature.test}`" if feature.test else ""])
    for manual in MANUALS:
        ours = NO if manual.test == NO else YES
        cells = {"Ballast": ours, **manual.cells}
        rows.append([manual.name + " ¹", *(cells[one] for one in SERVERS),
                     f"`{manual.test}`" if ours == YES else ""])
    return "".join("| " + " | ".join(row) + " |\n" for row in rows)


if __name__ == "__main__":
    sys.stdout.write(table(measure_all()))
