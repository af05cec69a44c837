# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of validators stand on: a network of their own, so that port 53 is free; a chain
of signed zones from the root down, each secured by the DS that its parent has; validators that
know nothing but the root's address and key; and a proxy that changes answers on their way."""
import contextlib
import ctypes
import fcntl
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import threading

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

import harness
import peers

CLONE_NEWNET = 0x40000000
SECURE, INSECURE, BOGUS = "secure", "insecure", "bogus"
ELB = "lb.elsewhere.example"
# unsub.example.test. is not: a delegation without DS.
SIGNED_ZONES = (".", "test.", "example.test.", "sub.example.test.")

ZONES = {
    ".": """\
$ORIGIN .
$TTL 300
. SOA ns. host. {serial} 3600 600 86400 60
. NS ns.
ns. A {root}
test. NS ns.test.
ns.test. A {test}
""",
    "test.": """\
$ORIGIN test.
$TTL 300
@ SOA ns host {serial} 3600 600 86400 60
  NS ns
ns A {test}
example NS ns1.example
ns1.example A {example}
into CNAME two.example
intonx CNAME nope.example
intowild CNAME z.wild.example
""",
    "example.test.": """\
$ORIGIN example.test.
$TTL 300
@ SOA ns1 host {serial} 3600 600 86400 60
  NS ns1
  A 192.0.2.2
ns1 A {example}
two A 192.0.2.10
    A 192.0.2.11
    MX 10 ns1
alias CNAME two
alias2 CNAME alias
tonx CNAME nope
tosub CNAME www.sub
tounsub CNAME www.unsub
towild CNAME z.wild
tociwld CNAME q.wcn
sub NS ns.sub
ns.sub A {sub}
unsub NS ns.unsub
ns.unsub A {unsub}
a.b.ent A 192.0.2.30
*.wild A 192.0.2.40
       MX 10 mail.wild
x.exists.wild A 192.0.2.41
*.wcn CNAME two
d DNAME t
  A 192.0.2.51
x.t A 192.0.2.50
w.t CNAME two
dsub DNAME sub
dunsub DNAME unsub
long TXT "{text}" "{text}" "{text}" "{text}" "{text}" "{text}"
""",
    "sub.example.test.": """\
$ORIGIN sub.example.test.
$TTL 300
@ SOA ns host {serial} 3600 600 86400 60
  NS ns
ns A {sub}
www A 192.0.2.60
*.w A 192.0.2.61
""",
    "unsub.example.test.": """\
$ORIGIN unsub.example.test.
$TTL 300
@ SOA ns host {serial} 3600 600 86400 60
  NS ns
ns A {unsub}
www A 192.0.2.70
*.w A 192.0.2.71
""",
}

# A TTL of 0, so that resolvers ask again after each shift. (unbound uses a CNAME for the rest of
# its second all the same; below a wildcard there are names enough.)
RECORD_SETS = [
    harness.record_set([harness.member("blue", 100, "192.0.2.101", "192.0.2.102"),
                        harness.member("green", 0, "192.0.2.201")],
                       name="www.example.test", ttl=0),
    harness.record_set([harness.member("blue", 100, "10 mail.wild.example.test"),
                        harness.member("green", 0, "20 TWO.example.test")],
                       name="*.wwild.example.test", kind="MX", ttl=0),
    harness.record_set([harness.member("blue", 100, "two.example.test"),
                        harness.member("green", 0, "www.sub.example.test")],
                       name="*.wcname.example.test", kind="CNAME", ttl=0),
    harness.record_set([harness.member("blue", 100, "192.0.2.103"),
                        dict(id="green", weight=0, alias=ELB)],
                       name="mixed.example.test", ttl=0),
    harness.record_set([dict(id="lb", weight=1, alias=ELB)], name="example.test", kind="AAAA"),
    harness.record_set([dict(id="lb", weight=1, alias=ELB)], name="*.walias.example.test"),
]


@contextlib.contextmanager
def own_network():
    """A network namespace for this thread, its later threads and their processes: nothing is in it
    but loopback, and every port is free. It ends with the last of them."""
    libc = ctypes.CDLL(None, use_errno=True)
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        if libc.unshare(CLONE_NEWNET) != 0:
            pytest.skip("a network namespace cannot be made: "
                        f"{os.strerror(ctypes.get_errno())} (it takes root)")
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
                is_up_and_runs = 0x1 | 0x40
                fcntl.ioctl(one, 0x8914, struct.pack("16sH14x", b"lo", is_up_and_runs))
            yield
        finally:
            assert libc.setns(before, CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
    finally:
        os.close(before)


class Chain:
    """The zones, served by one daemon (`is_together`) or each by its own, so that there are
    referrals. With `port` the daemon is not at the port that resolvers ask: a proxy is."""

    def __init__(self, keep, resolver, is_together=True, denial="nsec", port=53, **dnssec):
        self.serial = 1
        self.dnssec = dict(keys="keys", denial=denial, **dnssec)
        self.addresses = {zone: "127.0.0.1" if is_together else f"127.0.0.{number}"
                          for number, zone in enumerate(ZONES, 1)}
        groups = [tuple(ZONES)] if is_together else [(zone,) for zone in ZONES]
        self.ds = {}  # zone: the DS that its parent has
        self.daemons = {}  # zone: its daemon
        for group in groups:
            daemon = keep(self.make_daemon(group, resolver, port))
            for zone in group:
                self.daemons[zone] = daemon
            daemon.start()
        self.publish_ds()

    def make_daemon(self, group, resolver, port):
        address = self.addresses[group[0]]
        zones = [dict(name=zone, file=self.file(zone),
                      **({"dnssec": self.dnssec} if zone in SIGNED_ZONES else {}))
                 for zone in group]
        one = harness.Daemon(
            {"server": {"listen": [f"{address}@{port}"], "workers": 2},
             "control": {"socket": "ballast.sock", "state": "ballast.db",
                         "resolvers": [resolver.address]},
             "zones": zones,
             "record_sets": RECORD_SETS if "example.test." in group else []},
            {self.file(zone): self.text(zone) for zone in group})
        one.port = port
        return one

    @staticmethod
    def file(zone):
        return f"{zone}zone" if zone != "." else "root.zone"

    def text(self, zone):
        short = {name.split(".")[0] or "root": address for name, address in self.addresses.items()}
        ds = "".join(f"{child} DS {one}\n" for child, ones in self.ds.items() for one in ones
                     if zone == parent_of(child))
        return ZONES[zone].format(serial=self.serial, text="x" * 250, **short) + ds

    def keys(self, zone):
        return self.daemons[zone].json("key", "list", zone)["keys"]

    def publish_ds(self):
        """Each parent gets the DS of what its child's daemon says, and is loaded again."""
        self.ds = {zone: [one["ds"] for one in self.keys(zone) if one["ds"]]
                   for zone in SIGNED_ZONES}
        self.serial += 1
        for zone, daemon in self.daemons.items():
            (daemon.folder / self.file(zone)).write_text(self.text(zone))
        for daemon in dict.fromkeys(self.daemons.values()):
            daemon.ctl("zone", "reload")

    @property
    def example(self):
        return self.daemons["example.test."]

    def shift(self, name, kind, blue):
        self.example.set_weights(f"{name}.example.test", kind, f"blue={blue}",
                                 f"green={100 - blue}")

    def ask(self, name, kind, zone="example.test."):
        """The zone's daemon itself, over TCP."""
        query = dns.message.make_query(name, kind, want_dnssec=True)
        return dns.query.tcp(query, self.addresses[zone], port=self.daemons[zone].port,
                             timeout=5 * harness.PATIENCE)

    def root_key(self):
        """The keys that a validator has to trust, as DNSKEY records."""
        response = self.ask(".", "DNSKEY", ".")
        keys = next(one for one in response.answer if one.rdtype == dns.rdatatype.DNSKEY)
        return [key for key in keys if key.flags & 1]


def parent_of(zone):
    return None if zone == "." else zone.split(".", 1)[1] or "."


class Resolver(peers.Server):
    """A validating resolver that knows where the root is and which key it has, and nothing else."""

    def __init__(self, chain):
        super().__init__()
        self.chain = chain
        self.write("hints", f". 3600000 NS ns.\nns. 3600000 A {chain.addresses['.']}\n")

    def is_ready(self):
        assert self.process.poll() is None, self.log_path.read_text(errors="replace")[-3000:]
        try:
            return self.ask(".", "SOA", timeout=0.1)
        except (dns.exception.DNSException, OSError):
            return False

    def ask(self, name, kind, timeout=20):
        """Its response, with AD when all of it is secure."""
        query = dns.message.make_query(name, kind, want_dnssec=True, payload=1232)
        query.flags |= dns.flags.AD
        return dns.query.udp_with_fallback(query, "127.0.0.1", port=self.port,
                                           timeout=timeout * harness.PATIENCE)[0]

    def verdict(self, name, kind):
        response = self.ask(name, kind)
        if response.rcode() == dns.rcode.SERVFAIL:
            return BOGUS, response
        return SECURE if response.flags & dns.flags.AD else INSECURE, response


class Unbound(Resolver):
    programs = ("unbound", "unbound-control")

    def command(self):
        anchors = self.write("anchors", "".join(f". DS {one}\n" for one in self.chain.ds["."]))
        lines = ["server:", "  interface: 127.0.0.1", f"  port: {self.port}", "  do-ip6: no",
                 "  do-not-query-localhost: no",
                 "  access-control: 127.0.0.0/8 allow", '  username: ""', '  chroot: ""',
                 f'  directory: "{self.folder}"', '  pidfile: ""', "  use-syslog: no",
                 "  do-daemonize: no", "  num-threads: 1", '  local-zone: "test." nodefault',
                 f'  root-hints: "{self.folder}/hints"', f'  trust-anchor-file: "{anchors}"',
                 '  module-config: "validator iterator"', "  val-log-level: 2",
                 "  aggressive-nsec: no"]
        lines += ["remote-control:", "  control-enable: yes", "  control-use-cert: no",
                  f"  control-interface: {self.folder}/control"]
        return ["/usr/sbin/unbound", "-d", "-c", self.write("conf", "\n".join(lines) + "\n")]

    def flush(self):
        for words in (["flush_zone", "."], ["flush_infra", "all"]):
            self.run("/usr/sbin/unbound-control", "-c", self.folder / "conf", *words)


class Named(Resolver):
    programs = ("named", "rndc")

    def __init__(self, chain):
        super().__init__(chain)
        self.control_port = harness.free_port()

    def command(self):
        anchors = "".join('. static-ds {} {} {} "{}";'.format(*one.split())
                          for one in self.chain.ds["."])
        lines = ["options {", f'directory "{self.folder}";', f'pid-file "{self.folder}/pid";',
                 f'session-keyfile "{self.folder}/session.key";',
                 f'managed-keys-directory "{self.folder}";',
                 f"listen-on port {self.port} {{ 127.0.0.1; }};", "listen-on-v6 { none; };",
                 "recursion yes;", "allow-recursion { 127.0.0.0/8; };",
                 "dnssec-validation yes;", "notify no;", "empty-zones-enable no;",
                 "synth-from-dnssec no;", "servfail-ttl 0;"]
        self.write("rndc.key", 'key "flush" { algorithm hmac-sha256; secret "Zmx1c2g="; };\n')
        lines += ["};", f'include "{self.folder}/rndc.key";',
                  f"controls {{ inet 127.0.0.1 port {self.control_port} "
                  'allow { 127.0.0.1; } keys { "flush"; }; };', f"trust-anchors {{ {anchors} }};",
                  f'zone "." {{ type hint; file "{self.folder}/hints"; }};']
        return ["/usr/sbin/named", "-g", "-4", "-n", "1", "-c",
                self.write("conf", "\n".join(lines) + "\n")]

    def flush(self):
        self.run("/usr/sbin/rndc", "-k", self.folder / "rndc.key", "-s", "127.0.0.1", "-p",
                 self.control_port, "flush")


class Delv:
    """delv is no server: it asks one for all that it needs, and validates from the root's key down.
    Nothing that it keeps outlives it. `server` is an address and a port: of an authoritative server
    that has the whole chain, or of a resolver."""

    VERDICTS = re.compile(r"^; (fully validated|negative response, fully validated|unsigned answer|"
                          r"negative response, unsigned answer)", re.M)

    def __init__(self, chain, server=("127.0.0.1", 53)):
        self.folder = harness.make_folder()
        self.server = server
        keys = "".join(f'. static-key {key.flags} {key.protocol} {int(key.algorithm)} '
                       f'"{key.to_text().split(" ", 3)[3]}";\n' for key in chain.root_key())
        (self.folder / "anchors").write_text("trust-anchors {\n" + keys + "};\n")

    def verdict(self, name, kind):
        """(SECURE, INSECURE or BOGUS; what delv said)"""
        done = subprocess.run(
            ["delv", "-a", str(self.folder / "anchors"), "+root=.", f"@{self.server[0]}", "-p",
             str(self.server[1]), "-4", name, kind],
            capture_output=True, text=True, timeout=60 * harness.PATIENCE)
        found = set(self.VERDICTS.findall(done.stdout))
        text = done.stdout + done.stderr
        failures = re.findall(r"resolution failed: (?!ncache)", text)
        if failures or not found:
            return BOGUS, text
        return INSECURE if any("unsigned" in one for one in found) else SECURE, text

    def flush(self):
        pass

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Dnsviz:
    """dnsviz asks the authoritative servers from the root down, by glue and referrals, and judges
    what they said: in it are NXDOMAIN, NODATA, EDNS options and versions of its own choice."""

    # Debian 12's dnsviz asks pygraphviz for its version where it has been no longer since 1.7.
    GROK = ("import sys, types, pygraphviz as one; "
            "one.release = types.SimpleNamespace(version=one.__version__); "
            "from dnsviz.commands import grok; grok.main(sys.argv)")

    def __init__(self, chain):
        self.folder = harness.make_folder()
        self.root = chain.addresses["."]
        (self.folder / "anchors").write_text(
            "".join(f". IN DNSKEY {key.to_text()}\n" for key in chain.root_key()))

    def run(self, *words):
        done = subprocess.run([str(one) for one in words], capture_output=True, text=True,
                              cwd=self.folder, timeout=120 * harness.PATIENCE)
        assert done.returncode == 0, done
        return done.stdout

    def probe(self, names):
        self.run("dnsviz", "probe", "-A", "-E", "-4", "-d", "1", "-a", ".", "-x",
                 f".:ns.={self.root}", "-o", "probe.json", *names)

    def grok(self, level):
        """What there is of this level and above, as JSON; None when there is nothing."""
        out = self.run("/usr/bin/python3", "-c", self.GROK, "-P", "-l", level, "-t", "anchors",
                       "-r", "probe.json")
        return json.loads(out) if out.strip() else None

    def text(self):
        return self.run("dnsviz", "print", "-P", "-t", "anchors", "-r", "probe.json")

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Proxy:
    """Hands queries on to a server, UDP and TCP, and its replies back. `change`, when there is
    one, is given each reply and may change it; it returns whether it did, which is counted."""

    def __init__(self, port, host="127.0.0.1", server_port=53):
        self.server = (host, port)
        self.change = None
        self.changed = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, server_port))
        self.listener = socket.create_server((host, server_port))
        self.is_open = True
        self.threads = [threading.Thread(target=run, daemon=True)
                        for run in (self.run_udp, self.run_tcp)]
        for one in (self.socket, self.listener):
            one.settimeout(0.05)
        for thread in self.threads:
            thread.start()

    def reply(self, wire, over_tcp):
        query = dns.message.from_wire(wire)
        ask = dns.query.tcp if over_tcp else dns.query.udp
        response = ask(query, self.server[0], port=self.server[1], timeout=5 * harness.PATIENCE)
        change = self.change
        if change is not None and not response.flags & dns.flags.TC and change(response):
            self.changed += 1
        return response.to_wire(max_size=65535)

    def run_udp(self):
        while self.is_open:
            with contextlib.suppress(TimeoutError, dns.exception.Timeout):
                wire, client = self.socket.recvfrom(65535)
                self.socket.sendto(self.reply(wire, False), client)

    def run_tcp(self):
        while self.is_open:
            with contextlib.suppress(TimeoutError):
                connection, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection, connection.makefile("rb") as stream:
            while length := stream.read(2):
                wire = self.reply(stream.read(int.from_bytes(length, "big")), True)
                connection.sendall(len(wire).to_bytes(2, "big") + wire)

    def close(self):
        self.is_open = False
        for thread in self.threads:
            thread.join()
        self.socket.close()
        self.listener.close()
