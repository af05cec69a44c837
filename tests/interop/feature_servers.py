# SPDX-License-Identifier: BSD-2-Clause
"""The servers of the table of features (features.py), each with everything switched on that it has:
what a server cannot do in its best configuration it cannot do. All of them serve the same zones but
for the words in which each wants its weighted records and aliases."""
import pathlib
import shutil

import harness
import peers

COOKIE_SECRET = "000102030405060708090a0b0c0d0e0f"
APEX = """\
$TTL 300
@ SOA ns1 hostmaster 1 3600 600 86400 60
@ NS ns1
ns1 A 127.0.0.1
"""
# Zones that are served by whoever can read them: one for each thing that some loader refuses.
ZONES = {
    "example.test": APEX + """\
www2 A 192.0.2.1
two A 192.0.2.3
two TXT "two"
two MX 10 ns1
across CNAME www.other.test.
chain CNAME two
*.wild CNAME two
big TXT "{0}1"
big TXT "{0}2"
big TXT "{0}3"
big TXT "{0}4"
big TXT "{0}5"
big TXT "{0}6"
big TXT "{0}7"
big TXT "{0}8"
""".format("x" * 200),
    "other.test": APEX + "www A 192.0.2.9\n",
    "dname.test": APEX + "d DNAME t\nx.t A 192.0.2.4\n",
    "svcb.test": APEX + "_x SVCB 1 ns1 alpn=h2\nh HTTPS 1 . alpn=h2,h3\n",
    "unknown.test": APEX + "u TYPE65280 \\# 2 beef\n",
    "ds.test": APEX + "sub NS ns.sub\nsub DS 12345 13 2 " + "ab" * 32 + "\nns.sub A 192.0.2.5\n",
}
WEIGHTED = "www.weighted.test"
SIGNED_WEIGHTED = "www.signed.test"
MEMBERS = (("192.0.2.10", 90), ("192.0.2.20", 10))
ALIAS = "alias.test"
ALIAS_TARGET, ALIAS_ADDRESS = "lb.elsewhere.test", "192.0.2.77"


class Server(peers.Server):
    """With what is common to all of them here."""

    refused = ()  # zones that its loader refuses: test_features.py shows that it does

    def __init__(self, resolver_port=0):
        super().__init__()
        self.proxy_port = harness.free_port()
        self.resolver_port = resolver_port

    def zones(self):
        return {name: text for name, text in ZONES.items() if name not in self.refused}

    def write_zones(self, zones):
        for name, text in zones.items():
            self.write(f"{name}.zone", text)


class Nsd(Server):
    programs = ("nsd", "nsd-checkzone")

    def command(self):
        self.write_zones(self.zones())
        lines = ["server:", f"  ip-address: 127.0.0.1@{self.port}", '  username: ""',
                 '  chroot: ""', f'  zonesdir: "{self.folder}"', '  database: ""',
                 f'  pidfile: "{self.folder}/nsd.pid"', f'  xfrdfile: "{self.folder}/xfrd.state"',
                 f'  zonelistfile: "{self.folder}/zone.list"', f'  xfrdir: "{self.folder}"',
                 '  nsid: "ascii_features"', "  answer-cookie: yes",
                 f'  cookie-secret: "{COOKIE_SECRET}"', "  refuse-any: yes",
                 "  minimal-responses: no", "  rrl-ratelimit: 10", "  rrl-slip: 2", "  rrl-whitelist-ratelimit: 10",
                 "remote-control:", "  control-enable: no"]
        for name in self.zones():
            lines += ["zone:", f'  name: "{name}"', f'  zonefile: "{name}.zone"',
                      "  provide-xfr: 127.0.0.1 NOKEY"]
        return ["/usr/sbin/nsd", "-d", "-c", self.write("nsd.conf", "\n".join(lines) + "\n")]


class Knot(Server):
    programs = ("knotd",)

    def command(self):
        zones = dict(self.zones())
        zones["weighted.test"] = APEX + "www A 192.0.2.10\n"
        zones["signed.test"] = APEX + "www A 192.0.2.10\n"
        self.write_zones(zones)
        for name in (WEIGHTED, SIGNED_WEIGHTED):
            self.write(f"{name}.geo", f"{name}:\n" + "".join(
                f"  - weight: {weight}\n    A: {address}\n" for address, weight in MEMBERS))
        lines = ["server:", f"  listen: 127.0.0.1@{self.port}",
                 f"  rundir: {self.folder}/run", "  nsid: features",
                 "  proxy-allowlist: 127.0.0.0/8",
                 "database:", f"  storage: {self.folder}/db",
                 "control:", f"  listen: {self.folder}/knot.sock",
                 "log:", "  - target: stderr", "    any: info",
                 "mod-cookies:", "  - id: on", f"    secret: 0x{COOKIE_SECRET}",
                 "mod-rrl:", "  - id: on", "    rate-limit: 10", "    slip: 2",
                 "    whitelist: 127.0.0.1",
                 "mod-geoip:"]
        for name in (WEIGHTED, SIGNED_WEIGHTED):
            lines += [f"  - id: {name}", f"    config-file: {self.folder}/{name}.geo",
                      "    mode: weighted", "    ttl: 60"]
        lines += ["policy:", "  - id: csk", "    single-type-signing: on", "    manual: on",
                  "acl:", "  - id: local", "    address: 127.0.0.1",
                  "    action: [transfer, update]",
                  "template:", "  - id: default", f"    storage: {self.folder}",
                  "    file: %s.zone", "    acl: local",
                  "    zonefile-load: difference-no-serial", "    journal-content: all",
                  "zone:"]
        for name in zones:
            lines += [f"  - domain: {name}"]
            modules = ["mod-rrl/on", "mod-cookies/on"]
            if name in ("weighted.test", "signed.test"):
                modules.append(f"mod-geoip/www.{name}")
            lines += [f"    module: [{', '.join(modules)}]"]
            if name == "signed.test":
                lines += ["    dnssec-signing: on", "    dnssec-policy: csk"]
        for folder in ("run", "db"):
            (self.folder / folder).mkdir()
        path = self.write("knot.conf", "\n".join(lines) + "\n")
        # The module signs at its start with the keys that are there then.
        self.run("/usr/sbin/keymgr", "-c", path, "signed.test", "generate",
                 "algorithm=ecdsap256sha256", "ksk=yes", "zsk=yes")
        return ["/usr/sbin/knotd", "-c", path]


class Bind(Server):
    programs = ("named",)

    def command(self):
        zones = dict(self.zones())
        zones["signed.test"] = APEX + "www A 192.0.2.10\n"
        self.write_zones(zones)
        (self.folder / "keys").mkdir()
        lines = ["options {", f'directory "{self.folder}";', f'pid-file "{self.folder}/pid";',
                 f'session-keyfile "{self.folder}/session.key";',
                 f"listen-on port {self.port} {{ 127.0.0.1; }};", "listen-on-v6 { none; };",
                 "recursion no;", "minimal-any yes;", "minimal-responses no;", 'server-id "features";',
                 f'key-directory "{self.folder}/keys";',
                 f'managed-keys-directory "{self.folder}";', "dnssec-validation no;",
                 f'cookie-algorithm siphash24; cookie-secret "{COOKIE_SECRET}";',
                 "notify no;", "empty-zones-enable no;",
                 "rate-limit { responses-per-second 10; slip 2; exempt-clients { 127.0.0.1; }; };",
                 "};", "controls { };",
                 'dnssec-policy "csk" { keys { csk lifetime unlimited algorithm ecdsap256sha256; }; };']
        for name in zones:
            more = 'dnssec-policy "csk"; ' if name == "signed.test" else ""
            lines.append(f'zone "{name}" {{ type primary; file "{name}.zone"; {more}'
                         "allow-transfer { any; }; allow-update { 127.0.0.1; }; };")
        return ["/usr/sbin/named", "-g", "-c", self.write("named.conf", "\n".join(lines) + "\n")]


class PowerDns(Server):
    programs = ("pdns_server", "pdnsutil")

    def command(self):
        zones = dict(self.zones())
        weighted = ", ".join(f"{{{weight}, '{address}'}}" for address, weight in MEMBERS)
        lua = f'www 60 LUA A "pickwrandom({{{weighted}}})"\n'
        zones["weighted.test"] = APEX + lua + f'sticky 60 LUA A "pickwhashed({{{weighted}}})"\n'
        zones["signed.test"] = APEX + lua
        zones[ALIAS] = APEX + f"@ ALIAS {ALIAS_TARGET}.\n"
        self.write_zones(zones)
        self.write("named.conf", "".join(
            f'zone "{name}" {{ type master; file "{self.folder}/{name}.zone"; }};\n'
            for name in zones))
        self.write("pdns.conf", "\n".join([
            "launch=bind", f"bind-config={self.folder}/named.conf",
            f"bind-dnssec-db={self.folder}/dnssec.db", "local-address=127.0.0.1",
            f"local-port={self.port}", f"socket-dir={self.folder}", "enable-lua-records=yes",
            "expand-alias=yes", f"resolver=127.0.0.1:{self.resolver_port}",
            "server-id=features", f"edns-cookie-secret={COOKIE_SECRET}",
            "edns-subnet-processing=yes", "any-to-tcp=yes", "dname-processing=yes",
            "dnsupdate=yes", "allow-dnsupdate-from=127.0.0.0/8",
            "allow-axfr-ips=127.0.0.0/8", "proxy-protocol-from=127.0.0.2",
            "proxy-protocol-maximum-size=512", "zone-cache-refresh-interval=0",
            "consistent-backends=no", "security-poll-suffix=", "daemon=no", "guardian=no",
            "disable-syslog=yes"]) + "\n")
        self.run("pdnsutil", "--config-dir", self.folder, "create-bind-db",
                 self.folder / "dnssec.db")
        self.run("pdnsutil", "--config-dir", self.folder, "secure-zone", "signed.test")
        return ["/usr/sbin/pdns_server", f"--config-dir={self.folder}"]


class Gdnsd(Server):
    programs = ("gdnsd",)
    refused = ("dname.test", "svcb.test", "ds.test")

    def config(self, zones):
        shutil.rmtree(self.folder / "zones", ignore_errors=True)
        for name, text in zones.items():
            self.write(f"zones/{name}", text)
        for folder in ("run", "state"):
            (self.folder / folder).mkdir(exist_ok=True)
        members = "\n".join(f"m{i} = [ {address}, {weight} ]"
                            for i, (address, weight) in enumerate(MEMBERS))
        self.write("config", f"""\
options => {{
    listen => {{
        127.0.0.1:{self.port} => {{}}
        127.0.0.1:{self.proxy_port} => {{ tcp_proxy => true }}
    }}
    run_dir => "{self.folder}/run"
    state_dir => "{self.folder}/state"
    nsid_ascii => "features"
    lock_mem => false
}}
plugins => {{ weighted => {{ www => {{
{members}
}} }} }}
""")

    def command(self):
        zones = dict(self.zones())
        zones["weighted.test"] = APEX + "www 60 DYNA weighted!www\n"
        self.config(zones)
        return ["/usr/sbin/gdnsd", "-c", self.folder, "start"]

    def refuses(self, name):
        """Whether its loader refuses the zone."""
        self.config({name: ZONES[name]})
        return self.run("/usr/sbin/gdnsd", "-c", self.folder, "checkconf",
                        check=False).returncode != 0


class Ballast(Server):
    def __init__(self, resolver_port=0):
        super().__init__(resolver_port)
        self.daemon = None

    @classmethod
    def is_installed(cls):
        return pathlib.Path(harness.BALLASTD).exists()

    def start(self):
        zones = dict(self.zones())
        zones.update({name: APEX for name in ("weighted.test", "signed.test", ALIAS)})
        members = [harness.member(f"m{i}", weight, address)
                   for i, (address, weight) in enumerate(MEMBERS)]
        sets = [harness.record_set(members, name=WEIGHTED),
                harness.record_set(members, name="sticky.weighted.test", choice="sticky"),
                harness.record_set(members, name=SIGNED_WEIGHTED),
                harness.record_set([{"id": "lb", "weight": 1, "alias": ALIAS_TARGET}], name=ALIAS)]
        self.write("cookies", COOKIE_SECRET + "\n").chmod(0o600)
        self.daemon = harness.Daemon(
            {"server": {"nsid": "features", "additional": "full", "client_subnet": ["127.0.0.0/8"],
                        "cookies": {"secret_file": str(self.folder / "cookies")},
                        "proxy": ["127.0.0.2"],
                        "rate_limit": {"responses_per_second": 10, "slip": 2,
                                       "exempt": ["127.0.0.1"]}},
             "control": {"resolvers": [f"127.0.0.1@{self.resolver_port}"]},
             "zones": [dict({"name": name, "file": f"{name}.zone"},
                            **({"dnssec": {"keys": str(self.folder / "keys")}}
                               if name == "signed.test" else {})) for name in zones],
             "record_sets": sets},
            {f"{name}.zone": text for name, text in zones.items()})
        self.port = self.daemon.port
        self.daemon.start()
        return self

    def close(self):
        if self.daemon is not None:
            self.daemon.close()
        shutil.rmtree(self.folder, ignore_errors=True)
