# SPDX-License-Identifier: BSD-2-Clause
"""Other nameservers, as Debian has them, on loopback with all their files in a folder of their own: the base
of all, and NSD, Knot DNS and BIND set up to answer as comparably as they can."""
import shutil
import subprocess
import time

import dns.exception
import dns.message
import dns.query

import harness


class Server:
    """One nameserver. Subclasses have command(), which writes the files and returns the words."""

    programs = ()
    prefix = ()  # words before the command: what it runs under
    ready_zone = "example.test"

    def __init__(self):
        self.folder = harness.make_folder()
        self.port = harness.free_port()
        self.log_path = self.folder / "log"
        self.process = None

    @classmethod
    def is_installed(cls):
        return all(shutil.which(one, path="/usr/sbin:/usr/bin:/sbin:/bin") for one in cls.programs)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def run(self, *words, check=True):
        return subprocess.run([str(one) for one in words], check=check, capture_output=True,
                              text=True, timeout=60 * harness.PATIENCE)

    def launch(self):
        """Starts the process without waiting for anything."""
        words = [*self.prefix, *(str(one) for one in self.command())]
        self.launched = time.monotonic()
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            cwd=self.folder, start_new_session=True)
        return self

    def start(self):
        self.launch()
        harness.wait_for(self.is_ready, f"{type(self).__name__} answers", 30)
        return self

    def is_ready(self):
        assert self.process.poll() is None, self.log_path.read_text(errors="replace")[-3000:]
        query = dns.message.make_query(self.ready_zone, "SOA")
        try:
            return dns.query.udp(query, "127.0.0.1", port=self.port, timeout=0.3).answer
        except (dns.exception.DNSException, OSError):
            return False

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()  # each ends its children
            try:
                self.process.wait(10 * harness.PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Comparable(Server):
    """Serves {origin: text} with minimal answers and nothing that depends on the time or the client."""

    def __init__(self, zones):
        super().__init__()
        self.zones = zones
        self.ready_zone = next(iter(zones))
        for index, text in enumerate(zones.values()):
            self.write(f"{index}.zone", text)

    def files(self):
        return [(origin, f"{index}.zone") for index, origin in enumerate(self.zones)]


class Nsd(Comparable):
    programs = ("nsd",)

    def command(self):
        lines = ["server:", "  server-count: 1", f"  ip-address: 127.0.0.1@{self.port}",
                 '  username: ""', '  chroot: ""', f'  zonesdir: "{self.folder}"', '  database: ""',
                 f'  pidfile: "{self.folder}/nsd.pid"', f'  xfrdfile: "{self.folder}/xfrd.state"',
                 f'  zonelistfile: "{self.folder}/zone.list"', f'  xfrdir: "{self.folder}"',
                 "  minimal-responses: yes", "  refuse-any: no", "  round-robin: no",
                 "  rrl-ratelimit: 0", "  rrl-whitelist-ratelimit: 0", "  answer-cookie: yes",
                 "  tcp-timeout: 60", '  version: "compared"', '  identity: "compared"',
                 '  nsid: "ascii_compared"',
                 "remote-control:", "  control-enable: no"]
        for origin, file in self.files():
            lines += ["zone:", f'  name: "{origin}"', f'  zonefile: "{file}"']
        return ["/usr/sbin/nsd", "-d", "-c", self.write("nsd.conf", "\n".join(lines) + "\n")]


class Knot(Comparable):
    programs = ("knotd",)

    def command(self):
        for folder in ("run", "db"):
            (self.folder / folder).mkdir()
        lines = ["server:", f"  listen: 127.0.0.1@{self.port}", f"  rundir: {self.folder}/run",
                 "  version: compared", "  identity: compared", "  nsid: compared", "  udp-workers: 1",
                 "  tcp-workers: 1", "  tcp-idle-timeout: 60",
                 "database:", f"  storage: {self.folder}/db",
                 "control:", f"  listen: {self.folder}/knot.sock",
                 "log:", "  - target: stderr", "    any: warning",
                 "mod-cookies:", "  - id: default", "    secret: 0x000102030405060708090a0b0c0d0e0f",
                 "template:", "  - id: default", f"    storage: {self.folder}",
                 "    zonefile-load: whole", "    journal-content: none", "    zonefile-sync: -1",
                 "    semantic-checks: off", "    global-module: mod-cookies/default", "zone:"]
        for origin, file in self.files():
            lines += [f'  - domain: "{origin}"', f"    file: {file}"]
        return ["/usr/sbin/knotd", "-c", self.write("knot.conf", "\n".join(lines) + "\n")]


class Bind(Comparable):
    programs = ("named",)

    def command(self):
        lines = ["options {", f'directory "{self.folder}";', f'pid-file "{self.folder}/pid";',
                 f'session-keyfile "{self.folder}/session.key";',
                 f'managed-keys-directory "{self.folder}";',
                 f"listen-on port {self.port} {{ 127.0.0.1; }};", "listen-on-v6 { none; };",
                 "recursion no;", "minimal-responses yes;", "minimal-any no;",
                 'version "compared";', 'server-id "compared";', "dnssec-validation no;",
                 "notify no;", "empty-zones-enable no;", "allow-transfer { none; };",
                 "max-udp-size 1232;", "edns-udp-size 1232;", "check-names primary ignore;",
                 "zero-no-soa-ttl no;",
                 "tcp-idle-timeout 600;", "};", "controls { };"]
        for origin, file in self.files():
            lines.append(f'zone "{origin}" {{ type primary; file "{file}"; check-integrity no; '
                         "check-mx ignore; check-srv-cname ignore; check-wildcard no; };")
        return ["/usr/sbin/named", "-g", "-n", "1", "-c",
                self.write("named.conf", "\n".join(lines) + "\n")]
