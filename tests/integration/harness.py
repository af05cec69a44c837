# SPDX-License-Identifier: BSD-2-Clause
"""Runs the real ballastd and ballastctl on loopback for the tests: free ports, a configuration and
zone files in a folder of its own, readiness by condition, fake web servers whose health can be
switched, ECS events, and a look at the daemon from outside (memory, descriptors)."""
import contextlib
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

from http_doubles import Backend, Receiver  # for all tests

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BALLAST_BUILD") or os.environ.get("top_builddir") or TOP)
BALLASTD = os.environ.get("BALLASTD") or str(BUILD / "ballastd")
BALLASTCTL = os.environ.get("BALLASTCTL") or str(BUILD / "ballastctl")
# A sanitizer's build is slower; only limits are stretched, never what is expected.
PATIENCE = 4 if os.environ.get("BALLAST_SLOW") else 1

CLUSTER = "arn:aws:ecs:eu-west-1:123456789012:cluster/catsndogsECScluster"

ZONE = """\
$ORIGIN catsndogs.lol.
$TTL 300
@        SOA   ns1 hostmaster 1 3600 600 86400 60
         NS    ns1
         NS    ns2
ns1      A     127.0.0.1
ns2      A     127.0.0.1
         AAAA  ::1
static   A     192.0.2.1
         A     192.0.2.2
alias    CNAME chain
chain    CNAME static
aliased  CNAME www
*.wild   TXT   "from the wildcard"
deep.empty.nonterminal A 192.0.2.3
sub      NS    ns.sub
ns.sub   A     192.0.2.53
big      TXT   "{text}"
         TXT   "1{text}"
         TXT   "2{text}"
         TXT   "3{text}"
         TXT   "4{text}"
         TXT   "5{text}"
         TXT   "6{text}"
         TXT   "7{text}"
         TXT   "8{text}"
""".format(text="x" * 200)


def wait_for(condition, what, seconds=10.0):
    """Calls condition until it returns something true, and returns that."""
    deadline = time.monotonic() + seconds * PATIENCE
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds * PATIENCE} s: {what}")
        time.sleep(0.02)


ports_given = set()


def free_port(addresses=("127.0.0.1",)):
    """A port that is free for UDP and TCP on all these addresses, below the range that the kernel
    hands out on its own, and given to nobody else: who asked for it may not have bound it yet, and
    nameservers share a port (SO_REUSEPORT) without a word. Those who test side by side have a range each."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    first = 20000 + worker % 4 * 3000
    for _ in range(200):
        port = random.randrange(first, first + 3000)
        if port in ports_given:
            continue
        with contextlib.ExitStack() as stack:
            try:
                for address in addresses:
                    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                        probe = stack.enter_context(socket.socket(socket.AF_INET, kind))
                        probe.bind((address, port))
                ports_given.add(port)
                return port
            except OSError:
                continue
    raise AssertionError("no free port")


def make_folder():
    """A folder with a short path: a unix socket's path has 107 octets at most."""
    base = os.environ.get("TMPDIR", "/tmp")
    return pathlib.Path(tempfile.mkdtemp(prefix="ballast-", dir=base if len(base) < 60 else "/tmp"))


def member(identifier, weight, *values, **more):
    return dict(id=identifier, weight=weight, values=list(values), **more)


def record_set(members, name="www.catsndogs.lol", kind="A", **more):
    return dict(dict(name=name, type=kind, ttl=60, members=members), **more)


def two_members(blue=100, green=0, **more):
    return [
        member("blue", blue, "127.0.0.2", **more),
        member("green", green, "127.0.0.3", **more),
    ]


class AdminClient:
    """One connection to the admin socket."""

    def __init__(self, path, timeout=30.0):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout * PATIENCE)
        self.socket.connect(str(path))
        self.pending = b""

    def send(self, command, *arguments):
        line = {"version": 1, "command": command, "arguments": [str(one) for one in arguments]}
        self.socket.sendall(json.dumps(line).encode() + b"\n")

    def receive(self):
        while b"\n" not in self.pending:
            more = self.socket.recv(1 << 16)
            if not more:
                raise ConnectionError("the daemon closed the admin connection")
            self.pending += more
        line, self.pending = self.pending.split(b"\n", 1)
        return json.loads(line)

    def call(self, command, *arguments):
        self.send(command, *arguments)
        answer = self.receive()
        assert answer["ok"], answer
        return answer["result"]

    def close(self):
        self.socket.close()


class Daemon:
    """ballastd with a configuration in its own folder. start() returns when it answers."""

    def __init__(self, config=None, zones=None):
        self.folder = make_folder()
        self.port = free_port()
        self.process = None
        self.logs = []
        self.http_port = None
        self.environment = {}  # beside our own
        self.config = {
            "server": {"listen": [f"127.0.0.1@{self.port}"], "workers": 2},
            "control": {"socket": "ballast.sock", "state": "ballast.db"},
            "zones": [{"name": "catsndogs.lol", "file": "catsndogs.lol.zone"}],
        }
        for section, value in (config or {}).items():
            if isinstance(value, dict):
                self.config.setdefault(section, {}).update(value)
            else:
                self.config[section] = value
        for name, text in (zones or {"catsndogs.lol.zone": ZONE}).items():
            (self.folder / name).write_text(text)

    @property
    def socket_path(self):
        return self.folder / "ballast.sock"

    @property
    def state_path(self):
        return self.folder / "ballast.db"

    @property
    def zone_path(self):
        return self.folder / "catsndogs.lol.zone"

    def with_http(self, token="0123456789abcdef0123456789abcdef"):
        self.http_port = free_port()
        self.config["control"]["http"] = f"127.0.0.1:{self.http_port}"
        if token:
            (self.folder / "token").write_text(token + "\n")
            (self.folder / "token").chmod(0o600)
            self.config["control"]["http_token_file"] = "token"
        return self

    def write_config(self):
        path = self.folder / "ballast.yaml"
        path.write_text(json.dumps(self.config, indent=1) + "\n")  # JSON is YAML too
        return path

    def launch(self):
        """Starts the process without waiting for anything."""
        path = self.write_config()
        log = self.folder / f"log.{len(self.logs)}"
        self.logs.append(log)
        with open(log, "wb") as out:
            self.process = subprocess.Popen(
                [BALLASTD, "-c", str(path)],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=self.folder,
                env={**os.environ, **self.environment},
            )
        return self

    def start(self):
        self.launch()
        wait_for(self.is_ready, "ballastd answers `status`", 15)
        return self

    def is_ready(self):
        assert self.process.poll() is None, f"ballastd ended at its start:\n{self.log()}"
        try:
            client = AdminClient(self.socket_path)
        except OSError:
            return False
        with contextlib.closing(client):
            return bool(client.call("status"))

    def stop(self):
        """Ends it as an operator does; it has to end well."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(20 * PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("ballastd does not end on SIGTERM") from None
        self.process = None
        assert status == 0, f"ballastd ended with {status}:\n{self.log()}"

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def log(self):
        return "".join(path.read_text(errors="replace") for path in self.logs)

    def close(self):
        """At a test's end: stop, look for a sanitizer's report, remove the folder."""
        try:
            self.stop()
            report = re.search(r"(ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:)"
                               r"[\s\S]*", self.log())
            assert not report, report.group(0)
        finally:
            self.kill()
            shutil.rmtree(self.folder, ignore_errors=True)

    # --- admin ---

    def ctl(self, *arguments, status=0, stdin=None):
        """Runs ballastctl and returns the finished process; its exit status has to be `status`
        (None: any)."""
        done = subprocess.run(
            [BALLASTCTL, "-s", str(self.socket_path), *map(str, arguments)],
            input=stdin, stdin=subprocess.DEVNULL if stdin is None else None,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60 * PATIENCE,
        )
        if status is not None:
            assert done.returncode == status, (arguments, done)
        return done

    def json(self, *arguments, **more):
        return json.loads(self.ctl("--json", *arguments, **more).stdout)

    def client(self):
        return AdminClient(self.socket_path)

    def call(self, command, *arguments):
        with contextlib.closing(self.client()) as client:
            return client.call(command, *arguments)

    def set_weights(self, *arguments):
        return self.call("weight set", *arguments)

    def weights(self, name="www.catsndogs.lol", kind="A"):
        shown = self.call("record show", name, kind)["record_set"]
        return {one["id"]: one["weight"] for one in shown["members"]}

    def rollout(self, name="cats"):
        """The rule's running rollout, or its last one, or None."""
        for rule in self.call("rollout list")["rules"]:
            if rule["name"] == name:
                return rule["running"] or rule["last"]
        raise AssertionError(f"no rule is called {name}")

    def push(self, *events):
        """Pushes events (each its JSON) and returns their fates in order."""
        text = json.dumps(list(events))
        return [one["fate"] for one in self.call("event push", text)["events"]]

    # --- DNS ---

    def ask(self, name, kind="A", transport="udp", timeout=3.0, **more):
        query = dns.message.make_query(name, kind, **more)
        function = dns.query.tcp if transport == "tcp" else dns.query.udp
        return function(query, "127.0.0.1", port=self.port, timeout=timeout * PATIENCE)

    def addresses(self, name="www.catsndogs.lol", kind="A"):
        """The addresses at the end of the answer."""
        found = []
        for rrset in self.ask(name, kind).answer:
            if rrset.rdtype == dns.rdatatype.from_text(kind):
                found += [one.to_text() for one in rrset]
        return found

    # --- the process from outside ---

    def resident_kib(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text).group(1))

    def forget_peak(self):
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def peak_kib(self):
        """The most that was resident since then."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", text).group(1))

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


class Lab:
    """Blue (v2) and green (v3) behind www.catsndogs.lol, and a daemon that watches them."""

    def __init__(self, hold="600ms", steps=(10, 50, 100), roll=True, ttl=60, members=None, **rule):
        self.port = free_port(("127.0.0.2", "127.0.0.3"))
        self.blue = Backend("127.0.0.2", self.port, "cats v2\n")
        self.green = Backend("127.0.0.3", self.port, "cats v3\n")
        members = members or [
            member("blue", 100, "127.0.0.2", health_check="cats", ecs_service="cats"),
            member("green", 0, "127.0.0.3", health_check="cats", ecs_service="cats-green"),
        ]
        config = {
            "health_checks": [{
                "name": "cats", "type": "http", "port": self.port, "path": "/cats/",
                # A busy machine may stall for some tenths of a second; three in a row it does not.
                "interval": "250ms", "timeout": "250ms", "rise": 1, "fall": 3,
            }],
            "record_sets": [record_set(members, ttl=ttl)],
        }
        if PATIENCE > 1:
            config["health_checks"][0].update(interval="800ms", timeout="800ms")
        if roll:
            config["rollouts"] = [dict({
                "name": "cats", "record_set": "www.catsndogs.lol/A",
                "cluster": "catsndogsECScluster", "min_running": 1,
                "plan": {"steps": list(steps), "hold": hold, "allow_short_hold": True},
            }, **rule)]
        self.daemon = Daemon(config)

    def start(self):
        self.daemon.start()
        self.wait_healthy()
        return self

    def wait_healthy(self):
        wait_for(lambda: self.daemon.call("status")["health"]["healthy"] == 2, "both are healthy")

    def page(self):
        """What a visitor gets: the page behind the answer."""
        address = self.daemon.addresses()[0]
        connection = http.client.HTTPConnection(address, self.port, timeout=5)
        with contextlib.closing(connection):
            connection.request("GET", "/cats/", headers={"Host": "www.catsndogs.lol"})
            return connection.getresponse().read().decode().strip()

    def wait_state(self, state, seconds=20):
        def reached():
            rollout = self.daemon.rollout()
            return rollout if rollout and rollout["state"] == state else None

        return wait_for(reached, f"the rollout is {state}", seconds)

    def wait_step(self, step, seconds=20):
        def reached():
            rollout = self.daemon.rollout()
            return rollout if rollout and rollout["step"] >= step else None

        return wait_for(reached, f"the rollout is at step {step}", seconds)

    def close(self):
        try:
            self.daemon.close()
        finally:
            self.blue.close()
            self.green.close()


def task_event(service="cats-green", deployment="ecs-svc/1000000000000000001", task=1, version=3,
               cluster=CLUSTER, last="RUNNING", desired="RUNNING", container=None,
               created="2026-11-23T15:00:00.000Z"):
    """An ECS task state change as EventBridge delivers it."""
    name = cluster.rsplit("/", 1)[-1]
    arn = f"arn:aws:ecs:eu-west-1:123456789012:task/{name}/{task:032x}"
    return {
        "version": "0", "id": f"00000000-0000-4000-8000-{task:08x}{version:04x}",
        "detail-type": "ECS Task State Change", "source": "aws.ecs", "account": "123456789012",
        "time": created, "region": "eu-west-1", "resources": [arn],
        "detail": {
            "taskArn": arn, "version": version, "clusterArn": cluster,
            "group": f"service:{service}", "startedBy": deployment,
            "taskDefinitionArn": "arn:aws:ecs:eu-west-1:123456789012:task-definition/cats:7",
            "lastStatus": last, "desiredStatus": desired, "createdAt": created,
            "launchType": "FARGATE", "connectivity": "CONNECTED",
            "containers": [{"name": container or service, "lastStatus": last}],
        },
    }


def deployment_event(state="COMPLETED", service="cats-green",
                     deployment="ecs-svc/1000000000000000001", cluster=CLUSTER, number=1,
                     reason=None, at="2026-11-23T15:10:00.000Z"):
    """An ECS deployment state change as EventBridge delivers it."""
    arn = f"{cluster.replace(':cluster/', ':service/')}/{service}"
    return {
        "version": "0", "id": f"00000000-0000-4000-9000-{number:012x}",
        "detail-type": "ECS Deployment State Change", "source": "aws.ecs",
        "account": "123456789012", "time": at, "region": "eu-west-1", "resources": [arn],
        "detail": {
            "eventType": "ERROR" if state == "FAILED" else "INFO",
            "eventName": f"SERVICE_DEPLOYMENT_{state}", "deploymentId": deployment,
            "updatedAt": at, "reason": reason or f"ECS deployment {deployment} {state.lower()}.",
        },
    }
