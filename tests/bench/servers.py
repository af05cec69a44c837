# SPDX-License-Identifier: BSD-2-Clause
"""The servers of the bench, each with one thread that answers, and the zones and questions that they
are all given."""
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "integration"), str(TESTS / "interop")]

import harness  # noqa: E402  (found by the line above)
import peers  # noqa: E402

START_SECONDS = 180
APEX = """\
$TTL 300
@ SOA ns1 hostmaster 1 3600 600 86400 60
@ NS ns1
ns1 A 127.0.0.1
"""
WEIGHTED = "www.weighted.test"
MEMBERS = (("192.0.2.10", 90), ("192.0.2.20", 10))
STATIC_NAMES = 100
MISSING_NAMES = 4096
SCENARIOS = ("weighted", "static", "nxdomain", "mixed", "many")


def address_of(number):
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def zones(names):
    """{origin: text}, but for the weighted zone, which each server has in its own words. All names that
    are asked in one scenario are of one length."""
    return {
        "bench.test": APEX + "".join(f"one{i:03} A {address_of(i)}\n" for i in range(STATIC_NAMES)),
        "many.test": many_zone(names),
    }


def many_zone(names):
    return APEX + "".join(f"host{i:07} A {address_of(i)}\n" for i in range(names))


# Each is larger than the one before, around (RFC 1982), the first than that of many_zone.
CHANGED_SERIALS = (2**32 // 3 + 1, 2**32 // 3 * 2 + 1, 2**32 - 1)


def changed_zone(names, which):
    """many_zone with another serial, and a name whose address tells which one it is."""
    return (many_zone(names).replace(" 1 3600 ", f" {CHANGED_SERIALS[which]} 3600 ", 1)
            + f"turn A {address_of(which)}\n")


SIGNERS = ("dnssec-keygen", "dnssec-signzone")  # of BIND


def can_sign():
    return all(shutil.which(one, path="/usr/bin:/usr/sbin") for one in SIGNERS)


def signed_zone(names, folder):
    """many_zone, signed with NSEC and one key."""
    def run(*words):
        return subprocess.run(words, cwd=folder, check=True, capture_output=True, text=True,
                              timeout=600 * harness.PATIENCE).stdout

    key = run("dnssec-keygen", "-a", "ECDSAP256SHA256", "-f", "KSK", "many.test").strip()
    (folder / "unsigned").write_text(many_zone(names) + (folder / f"{key}.key").read_text())
    run("dnssec-signzone", "-P", "-z", "-o", "many.test", "-f", "signed", "unsigned", key)
    return (folder / "signed").read_text()


def question(name, address=None, count=1):
    return f"{name} 1 {0 if address else 3} {count if address else 0} {address or '-'}\n"


def questions(scenario, names, weighted_count, seed=1):
    """The text of a file for tests/bench/load."""
    chance = random.Random(seed)
    both = ",".join(address for address, _ in MEMBERS)
    weighted = question(WEIGHTED, both, weighted_count)
    static = [question(f"one{i:03}.bench.test", address_of(i)) for i in range(STATIC_NAMES)]
    missing = [question(f"no{i:04}.bench.test") for i in range(MISSING_NAMES)]
    if scenario == "weighted":
        return weighted
    if scenario == "static":
        return "".join(static)
    if scenario == "nxdomain":
        return "".join(missing)
    if scenario == "mixed":  # half of them static, a quarter weighted, a quarter not there
        return "".join(chance.choice(static) + weighted + chance.choice(static) + one
                       for one in missing)
    order = list(range(names))
    chance.shuffle(order)
    return "".join(question(f"host{i:07}.many.test", address_of(i)) for i in order)


def wire(name):
    labels = b"".join(bytes([len(one)]) + one.encode() for one in name.split("."))
    return struct.pack("!6H", 1, 0, 1, 0, 0, 0) + labels + struct.pack("!B2H", 0, 1, 1)


class Bench:
    """What is common to them, mixed into peers.Server."""

    weighted_count = 2  # records in the answer for WEIGHTED: a set of two, or one by weight
    has_tcp = True
    serves_signed = True
    reloads = False  # by SIGHUP, in the process that serves

    def prepare(self, names, only_many=False):
        self.ready_names = [f"host{names - 1:07}.many.test"]
        self.texts = {"many.test": many_zone(names)} if only_many else zones(names)
        if not only_many:
            self.ready_names += ["one000.bench.test", WEIGHTED]
            self.texts["weighted.test"] = APEX + self.weighted_lines()
        return self

    def weighted_lines(self):
        return "".join(f"www 60 A {address}\n" for address, _ in MEMBERS)

    def write_zones(self):
        for origin, text in self.texts.items():
            self.write(f"{origin}.zone", text)

    def start(self):
        """Returns the seconds until it answers the last name of the largest zone."""
        self.launch()
        for name in self.ready_names:
            self.wait_for(name)
        return time.monotonic() - self.launched

    def prepare_reloads(self, names):
        """The files that reload() puts in place: to make them is no work beside a measurement."""
        for which in range(len(CHANGED_SERIALS)):
            self.write(f"many.test.{which}", changed_zone(names, which))

    def reload(self, turn):
        """Returns when it answers by the zone that was changed; turn: one more each time, from 0."""
        which = turn % len(CHANGED_SERIALS)
        path = self.folder / f"many.test.{which}"
        os.utime(path)  # some read what is newer
        new = self.folder / "many.test.new"
        new.hardlink_to(path)
        new.replace(self.folder / "many.test.zone")
        self.process.send_signal(signal.SIGHUP)
        self.wait_for("turn.many.test", socket.inet_aton(address_of(which)))

    def wait_for(self, name, address=b""):
        query = wire(name)
        deadline = time.monotonic() + START_SECONDS
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("127.0.0.1", self.port))
            probe.settimeout(0.005)
            while True:
                try:
                    probe.send(query)
                    reply = probe.recv(4096)
                    if reply[3] & 15 == 0 and reply[7] > 0 and reply.endswith(address):
                        return
                except OSError:  # a refusal, or nobody there
                    pass
                time.sleep(0.001)
                if self.process.poll() is not None or time.monotonic() > deadline:
                    text = self.log_path.read_text(errors="replace")[-3000:]
                    raise RuntimeError(f"{type(self).__name__} does not answer {name}:\n{text}")

    # --- the process from outside ---

    def processes(self):
        found, new = [], [self.process.pid]
        while new:
            found += new
            children = []
            for one in new:
                for task in pathlib.Path(f"/proc/{one}/task").glob("*/children"):
                    children += [int(child) for child in task.read_text().split()]
            new = children
        return found

    def cpu(self):
        """(ns on a core, ticks in user mode, ticks in the kernel) so far, of threads that ended too."""
        total = user = system = 0
        for process in self.processes():
            fields = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
            total += time.clock_gettime_ns(~process << 3 | 2)  # as clock_getcpuclockid(3) makes it
            user, system = user + int(fields[11]), system + int(fields[12])
        return total, user, system

    def resident_mib(self):
        """Pages that several of its processes share count once; when it has come to rest."""
        def now():
            return sum(int(line.split()[1]) for process in self.processes()
                       for line in pathlib.Path(f"/proc/{process}/smaps_rollup").read_text()
                       .splitlines() if line.startswith("Pss:")) / 1024

        before, deadline = now(), time.monotonic() + 5
        while True:
            time.sleep(0.3)
            after = now()
            if abs(after - before) < 0.005 * before or time.monotonic() > deadline:
                return after
            before = after


    def forget_peak(self):
        for process in self.processes():
            pathlib.Path(f"/proc/{process}/clear_refs").write_text("5")

    def peak_mib(self):
        """The most that was resident since then."""
        return sum(int(line.split()[1]) for process in self.processes()
                   for line in pathlib.Path(f"/proc/{process}/status").read_text().splitlines()
                   if line.startswith("VmHWM:")) / 1024


class Floor(Bench, peers.Server):
    """tests/bench/floor: it is given the questions."""

    weighted_count = 1
    has_tcp = False

    @classmethod
    def is_installed(cls):
        return os.access(harness.BUILD / "tests" / "bench" / "floor", os.X_OK)

    def command(self):
        names = self.texts["many.test"].count("\nhost")
        paths = [self.write(f"{one}.questions", questions(one, names, 1))
                 for one in (SCENARIOS if "bench.test" in self.texts else ("many",))]
        return [harness.BUILD.resolve() / "tests" / "bench" / "floor", self.port, *paths]


class Ballast(Bench, peers.Server):
    weighted_count = 1
    workers = 1
    reloads = True

    @classmethod
    def is_installed(cls):
        return os.access(harness.BALLASTD, os.X_OK)

    def weighted_lines(self):
        return ""

    def command(self):
        self.write_zones()
        members = [harness.member(f"m{i}", weight, address)
                   for i, (address, weight) in enumerate(MEMBERS)]
        config = {"server": {"listen": [f"127.0.0.1@{self.port}"], "workers": self.workers},
                  "control": {"socket": "ballast.sock", "state": "ballast.db"},
                  "zones": [{"name": one, "file": f"{one}.zone"} for one in self.texts]}
        if "weighted.test" in self.texts:
            config["record_sets"] = [harness.record_set(members, name=WEIGHTED)]
        return [pathlib.Path(harness.BALLASTD).resolve(), "-c",
                self.write("ballast.yaml", json.dumps(config))]


class Nsd(Bench, peers.Server):
    programs = ("nsd",)

    def command(self):
        self.write_zones()
        lines = ["server:", "  server-count: 1", f"  ip-address: 127.0.0.1@{self.port}",
                 '  username: ""', '  chroot: ""', f'  zonesdir: "{self.folder}"', '  database: ""',
                 f'  pidfile: "{self.folder}/nsd.pid"', f'  xfrdfile: "{self.folder}/xfrd.state"',
                 f'  zonelistfile: "{self.folder}/zone.list"', f'  xfrdir: "{self.folder}"',
                 "  minimal-responses: yes", "  rrl-ratelimit: 0", "  tcp-count: 200",
                 "remote-control:", "  control-enable: no"]
        for one in self.texts:
            lines += ["zone:", f'  name: "{one}"', f'  zonefile: "{one}.zone"']
        return ["/usr/sbin/nsd", "-d", "-c", self.write("nsd.conf", "\n".join(lines) + "\n")]


class Knot(Bench, peers.Server):
    """The weights are those of its geoip module, in the one zone that has some."""

    programs = ("knotd",)
    weighted_count = 1
    reloads = True

    def command(self):
        self.write_zones()
        for folder in ("run", "db"):
            (self.folder / folder).mkdir()
        self.write("geo", f"{WEIGHTED}:\n" + "".join(
            f"  - weight: {weight}\n    A: {address}\n" for address, weight in MEMBERS))
        lines = ["server:", f"  listen: 127.0.0.1@{self.port}", f"  rundir: {self.folder}/run",
                 "  udp-workers: 1", "  tcp-workers: 1",
                 "database:", f"  storage: {self.folder}/db",
                 "control:", f"  listen: {self.folder}/knot.sock",
                 "log:", "  - target: stderr", "    any: warning",
                 "mod-geoip:", "  - id: www", f"    config-file: {self.folder}/geo",
                 "    mode: weighted", "    ttl: 60",
                 "template:", "  - id: default", f"    storage: {self.folder}",
                 "    zonefile-load: whole", "    journal-content: none", "    zonefile-sync: -1",
                 "zone:"]
        for one in self.texts:
            lines += [f"  - domain: {one}", f"    file: {one}.zone"]
            if one == "weighted.test":
                lines.append("    module: mod-geoip/www")
        return ["/usr/sbin/knotd", "-c", self.write("knot.conf", "\n".join(lines) + "\n")]


class Gdnsd(Bench, peers.Server):
    programs = ("gdnsd",)
    weighted_count = 1
    serves_signed = False

    def weighted_lines(self):
        return "www 60 DYNA weighted!www\n"

    def command(self):
        for origin, text in self.texts.items():
            self.write(f"zones/{origin}", text)
        for folder in ("run", "state"):
            (self.folder / folder).mkdir()
        members = "\n".join(f"m{i} = [ {address}, {weight} ]"
                            for i, (address, weight) in enumerate(MEMBERS))
        self.write("config", f"""\
options => {{
    listen => {{ 127.0.0.1:{self.port} => {{ udp_threads = 1, tcp_threads = 1 }} }}
    run_dir => "{self.folder}/run"
    state_dir => "{self.folder}/state"
    lock_mem => false
}}
plugins => {{ weighted => {{ www => {{
{members}
}} }} }}
""")
        return ["/usr/sbin/gdnsd", "-c", self.folder, "start"]


class Bind(Bench, peers.Server):
    programs = ("named",)
    reloads = True

    def command(self):
        self.write_zones()
        lines = ["options {", f'directory "{self.folder}";', f'pid-file "{self.folder}/pid";',
                 f'session-keyfile "{self.folder}/session.key";',
                 f'managed-keys-directory "{self.folder}";',
                 f"listen-on port {self.port} {{ 127.0.0.1; }};", "listen-on-v6 { none; };",
                 "recursion no;", "minimal-responses yes;", "dnssec-validation no;", "notify no;",
                 "empty-zones-enable no;", "allow-transfer { none; };", "};", "controls { };"]
        lines += [f'zone "{one}" {{ type primary; file "{one}.zone"; }};' for one in self.texts]
        return ["/usr/sbin/named", "-g", "-n", "1", "-c",
                self.write("named.conf", "\n".join(lines) + "\n")]


class PowerDns(Bench, peers.Server):
    """With its packet cache, as it comes; weights are Lua's pickwrandom, in one state for all queries."""

    programs = ("pdns_server", "pdnsutil")
    weighted_count = 1
    serves_signed = False

    def weighted_lines(self):
        weighted = ", ".join(f"{{{weight}, '{address}'}}" for address, weight in MEMBERS)
        return f'www 60 LUA A "pickwrandom({{{weighted}}})"\n'

    def command(self):
        self.write_zones()
        self.write("named.conf", "".join(
            f'zone "{one}" {{ type master; file "{self.folder}/{one}.zone"; }};\n'
            for one in self.texts))
        self.write("pdns.conf", "\n".join([
            "launch=bind", f"bind-config={self.folder}/named.conf", "local-address=127.0.0.1",
            f"local-port={self.port}", f"socket-dir={self.folder}", "enable-lua-records=shared",
            "receiver-threads=1", "distributor-threads=1", "zone-cache-refresh-interval=0",
            "consistent-backends=no", "security-poll-suffix=", "max-tcp-connections=200",
            "daemon=no", "guardian=no", "disable-syslog=yes"]) + "\n")
        return ["/usr/sbin/pdns_server", f"--config-dir={self.folder}"]


ALL = {"floor": Floor, "ballast": Ballast, "gdnsd": Gdnsd, "nsd": Nsd, "knot": Knot, "bind": Bind,
       "pdns": PowerDns}
