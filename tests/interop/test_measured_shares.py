# SPDX-License-Identifier: BSD-2-Clause
"""A rollout as clients of a real resolver see it: ballastd behind unbound, a thousand names that unbound
caches each by itself, asked twice a second. What is measured has to agree with what `rollout simulate`
says of such resolvers, and with the expected share that the daemon shows meanwhile. (unbound counts TTLs in
whole seconds, so that answers live half a second more or less: hence a TTL that is not too short.)"""
import contextlib
import json
import socket
import struct
import subprocess
import time

import dns.message

import harness
import peers

NAMES = 1000
TTL_S = HOLD_S = 60
ASKED_PER_S = 2
STEPS = [50, 100]
TOLERANCE = 0.02
BLUE, GREEN = "192.0.2.1", "192.0.2.2"
POPULATION = f"""\
resolvers: {NAMES}
groups:
- {{name: unbound, resolvers: 100%, queries_per_s: {ASKED_PER_S}, behaviour: honest}}
"""


class Unbound(peers.Server):
    """Resolves catsndogs.lol by asking the daemon, and nothing else."""
    programs = ("unbound",)
    ready_zone = "catsndogs.lol"

    def __init__(self, daemon_port, *settings):
        super().__init__()
        self.daemon_port = daemon_port
        self.settings = settings

    def command(self):
        lines = ["server:", "  interface: 127.0.0.1", f"  port: {self.port}", "  do-ip6: no",
                 "  do-not-query-localhost: no", "  access-control: 127.0.0.0/8 allow",
                 '  username: ""', '  chroot: ""', f'  directory: "{self.folder}"', '  pidfile: ""',
                 "  use-syslog: no", "  do-daemonize: no", "  num-threads: 1",
                 '  module-config: "iterator"', "  prefetch: no", "  serve-expired: no",
                 *(f"  {one}" for one in self.settings),
                 "stub-zone:", "  name: catsndogs.lol", f"  stub-addr: 127.0.0.1@{self.daemon_port}"]
        return ["/usr/sbin/unbound", "-d", "-c", self.write("conf", "\n".join(lines) + "\n")]


class Clients:
    """Asks for each name ASKED_PER_S times a second, and counts in each turn the answers that are green."""

    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setblocking(False)
        self.queries = [dns.message.make_query(f"n{i}.pool.catsndogs.lol", "A", id=i).to_wire()[2:]
                        for i in range(NAMES)]

    def read(self, counts):
        while True:
            try:
                answer = self.socket.recv(4096)
            except BlockingIOError:
                return
            assert answer[3] & 15 == 0, dns.message.from_wire(answer)
            counts[socket.inet_ntoa(answer[-4:])] += 1

    def ask(self, seconds, first=lambda at: NAMES):
        """Yields (middle of a turn, share of green) from now on. first: how many of the names are in use
        so long after the start."""
        start = time.monotonic()
        for turn in range(seconds * ASKED_PER_S):
            counts = {BLUE: 0, GREEN: 0}
            for i in range(NAMES):
                at = (turn + i / NAMES) / ASKED_PER_S
                while time.monotonic() < start + at:
                    self.read(counts)
                    time.sleep(0.0005)
                if i < first(at):
                    self.socket.send(struct.pack("!H", i) + self.queries[i])
            self.read(counts)
            answered = sum(counts.values())
            yield (turn + 0.5) / ASKED_PER_S, counts[GREEN] / answered if answered else None


def simulated(folder):
    (folder / "population.yaml").write_text(POPULATION)
    done = subprocess.run(
        [harness.BALLASTCTL, "--json", "rollout", "simulate", "--plan",
         "steps=" + ",".join(map(str, STEPS)), f"hold={HOLD_S}s", "--ttl", str(TTL_S),
         "--population", str(folder / "population.yaml")],
        capture_output=True, text=True, timeout=60, check=True)
    shares = json.loads(done.stdout)["shares"]
    curve = shares["members"]["candidate"]["expected"]

    def at(seconds):
        index = (seconds * 1000 - shares["from_ms"]) / shares["sample_ms"]
        return curve[min(round(index), len(curve) - 1)]
    return at


def green_expected(daemon):
    members = daemon.json("record", "show", "*.pool.catsndogs.lol", "A")["record_set"]["members"]
    return next(one["share_expected"] for one in members if one["id"] == "green")


def test_resolvers_follow_a_rollout_as_it_is_simulated(make_daemon):
    daemon = make_daemon({
        "record_sets": [harness.record_set([harness.member("blue", 100, BLUE),
                                            harness.member("green", 0, GREEN)],
                                           name="*.pool.catsndogs.lol", ttl=TTL_S)],
        "rollouts": [{"name": "cats", "record_set": "*.pool.catsndogs.lol/A", "cluster": "c",
                      "plan": {"steps": STEPS, "hold": f"{HOLD_S}s"}}]})
    expect = simulated(daemon.folder)
    with contextlib.closing(Unbound(daemon.port)) as unbound:
        unbound.start()
        clients = Clients(unbound.port)
        # Names come into use evenly over one TTL, so that their ends are spread as evenly.
        for _, share in clients.ask(TTL_S + 2, lambda at: NAMES * at / TTL_S):
            assert not share
        daemon.ctl("rollout", "start", "cats")
        rows = []
        for at, share in clients.ask(len(STEPS) * HOLD_S + 5):
            rows.append((at, share, expect(at), green_expected(daemon)))
    for row in rows:
        print("%5.1f s  measured %.3f  simulated %.3f  shown %.3f" % row)
    print("largest difference: simulated %.3f, shown %.3f" % tuple(
        max(abs(row[1] - row[i]) for row in rows) for i in (2, 3)))
    assert all(abs(row[1] - row[2]) <= TOLERANCE for row in rows)
    assert rows[-1][1] == 1 and daemon.rollout()["state"] == "succeeded"
