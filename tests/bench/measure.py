# SPDX-License-Identifier: BSD-2-Clause
"""Runs the servers and the load of the bench, and reads what they took."""
import contextlib
import json
import os
import pathlib
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import figures
import servers
from servers import harness

LOAD = harness.BUILD.resolve() / "tests" / "bench" / "load"
SHIFTS = LOAD.parent / "shifts"
# Scenario: (how the load asks, whose questions). The last two are of TCP.
SCENARIOS = {one: ("udp", one) for one in servers.SCENARIOS}
SCENARIOS.update({"tcp-pipelined": ("tcp", "static"), "tcp-one-each": ("connect", "static")})
CPU_FIGURES = ("cpu_ns", "user_ns", "system_ns")
LATENCIES = ("p50_us", "p99_us", "p999_us")
QUIET_PROBE_SECONDS = 0.3
SHIFT_NAME = (servers.WEIGHTED, "A")
# {how the load is beside the workers: (words before it, its options)}. One takes what they leave of the processors and
# sleeps when nothing has come, as if it were on another machine; the other takes as much as each of them does.
SHIFT_LOADS = {"gives way": (["nice", "-n", "19"], ["sockets=16", "rest=100"]),
               "contends": ([], ["sockets=16"])}


class Failure(Exception):
    """The run is worth nothing: what it timed was wrong, or did not run."""


class Ended(Exception):
    """Somebody ended the run."""


# Looked at between loads: an exception out of a signal handler could come while a process is being
# started, which nobody would end then.
END = threading.Event()


def go_on():
    if END.is_set():
        raise Ended


def say(text):
    print(time.strftime("%H:%M:%S"), text, file=sys.stderr, flush=True)


class Repeated(threading.Thread):
    """Does it with 0, 1, 2, … on a thread, once at least, for as long as the block runs."""

    def __init__(self, action):
        super().__init__()
        self.action, self.count, self.failure, self.over = action, 0, None, threading.Event()

    def run(self):
        try:
            while self.count == 0 or not self.over.is_set():
                self.action(self.count)
                self.count += 1
        except Exception as failure:  # whatever it is, for the thread that waits
            self.failure = failure

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()
        if self.failure is not None:
            raise self.failure


def pins():
    """Words that put the server on one core and the generator on another; none on a single core."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return [], []
    return [["taskset", "-c", str(one)] for one in cores[:2]]


def ticks():
    return [int(one) for one in pathlib.Path("/proc/stat").read_text().split("\n")[0].split()[1:]]


def admin(path):
    """A connection to the admin socket, which opens a moment after the first answers."""
    def connect():
        try:
            return harness.AdminClient(path)
        except OSError:
            return None
    return harness.wait_for(connect, f"{path} takes connections", 30)


class Bench:
    """A run: settings, and what was seen of the machine on the way."""

    def __init__(self, settings):
        self.settings = settings
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ballast-bench-"))
        self.server_pin, self.load_pin = pins()
        self.steal, self.others = [], []
        self.lost = {}
        self.checked = 0  # answers
        self.patience = settings.wait_quiet  # seconds that are left to wait for quiet moments

    def make(self, name, names=None, only_many=False, prefix=()):
        server = servers.ALL[name]().prepare(names or self.settings.names, only_many)
        server.prefix = [*self.server_pin, *prefix]
        return server

    def questions(self, scenario, weighted_count):
        path = self.folder / f"{scenario}-{weighted_count}"
        if not path.exists():
            path.write_text(servers.questions(scenario, self.settings.names, weighted_count))
        return path

    def load(self, server, scenario, *options):
        """Asks, and returns what came of it: every answer was right."""
        way, whose = SCENARIOS[scenario]
        words = [*self.load_pin, LOAD, way, server.port,
                 self.questions(whose, server.weighted_count), *options]
        return self.asked(f"{type(server).__name__}, {scenario}", words)

    def asked(self, what, words):
        go_on()
        done = subprocess.run([str(one) for one in words], stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, timeout=700)
        if done.returncode not in (0, 1):
            raise Failure(f"{what}: {done.stderr}")
        found = json.loads(done.stdout)
        if found["wrong"] > 0:
            raise Failure(f"{what}: {found['wrong']} of {found['answered']} answers are "
                          f"wrong, first {found['first_wrong']}")
        if found["answered"] == 0:
            raise Failure(f"{what}: no answer to {found['sent']} queries")
        self.checked += found["answered"]
        return found

    def wait_for_quiet(self):
        """Until other processes take less than a fifth of a core; not longer than is left."""
        while self.patience > 0:
            before = ticks()
            time.sleep(QUIET_PROBE_SECONDS)
            self.patience -= QUIET_PROBE_SECONDS
            _, busy = figures.shares_of_cpu(before, ticks())
            if busy < 0.2 * QUIET_PROBE_SECONDS:
                return

    def measured(self, server, scenario, *options):
        """What came of the load, with the server's CPU a query."""
        self.wait_for_quiet()
        machine, began = ticks(), time.monotonic()
        before, own = server.cpu(), resource.getrusage(resource.RUSAGE_CHILDREN)
        found = self.load(server, scenario, *options)
        after, own_after = server.cpu(), resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = time.monotonic() - began
        steal, busy = figures.shares_of_cpu(machine, ticks())
        took = [late - early for early, late in zip(before, after)]
        known = took[0] / 1e9 + own_after.ru_utime + own_after.ru_stime - own.ru_utime - own.ru_stime
        self.steal.append(steal)
        self.others.append(max(0.0, busy - known) / seconds)
        found["cpu"] = figures.split(*took, found["answered"])
        found["busy"] = took[0] / 1e9 / found["seconds"]
        return found

    def one_round(self, server, scenario):
        """{figure: value}: as fast as it answers, then at half of that."""
        settings = self.settings
        way = SCENARIOS[scenario][0]
        fast = self.measured(server, scenario, f"seconds={settings.seconds}",
                             *(["sockets=16"] if way != "udp" else []))
        found = dict(zip(CPU_FIGURES, fast["cpu"]), qps=fast["answered"] / fast["seconds"],
                     busy=fast["busy"])
        half = fast
        if way == "udp":
            half = self.measured(server, scenario, f"seconds={settings.seconds}",
                                 f"rate={found['qps'] / 2}")
        found.update((one, half[one]) for one in LATENCIES)
        name = next(name for name, kind in servers.ALL.items() if type(server) is kind)
        key = f"{scenario} {name}"
        self.lost[key] = self.lost.get(key, 0) + fast["lost"] + (half["lost"] if half is not fast else 0)
        return found

    def scenarios(self, names):
        """{scenario: {server: {figure: [of each round]}}}: rounds go round the servers."""
        found = {}
        with contextlib.ExitStack() as stack:
            running = {}
            for name in names:
                server = self.make(name)
                stack.callback(server.close)
                server.start()
                running[name] = server
            for scenario in self.settings.scenarios:
                takes_part = {name: server for name, server in running.items()
                              if SCENARIOS[scenario][0] == "udp" or server.has_tcp}
                table = found[scenario] = {name: {} for name in takes_part}
                for turn in range(self.settings.rounds):
                    say(f"{scenario}, round {turn + 1} of {self.settings.rounds}")
                    for name, server in takes_part.items():
                        for figure, value in self.one_round(server, scenario).items():
                            table[name].setdefault(figure, []).append(value)
        return found

    def size(self, name, names, text=None):
        """(MiB, seconds) of a server with one zone of so many names; text: that zone, signed."""
        go_on()
        self.wait_for_quiet()
        server = self.make(name, names, only_many=True)
        server.texts["many.test"] = text or server.texts["many.test"]
        try:
            seconds = server.start()
            return server.resident_mib(), seconds
        finally:
            server.close()

    def sizes(self, names, counts, is_signed=False):
        found = {}
        names = [name for name in names if servers.ALL[name].serves_signed or not is_signed]
        for count in counts:
            table = found[str(count)] = {}
            text = self.signed(count) if is_signed else None
            for turn in range(min(self.settings.rounds, 3 if count <= 100_000 else 1)):
                for name in names:
                    if name == "floor":
                        continue
                    say(f"{count:,} {'signed ' if is_signed else ''}names, {name}, round {turn + 1}")
                    resident, seconds = self.size(name, count, text)
                    table.setdefault(name, {"resident_mib": [], "load_s": []})
                    table[name]["resident_mib"].append(resident)
                    table[name]["load_s"].append(seconds)
        return found

    def signed(self, count):
        say(f"signs {count:,} names")
        folder = self.folder / f"signed-{count}"
        folder.mkdir()
        return servers.signed_zone(count, folder)

    def reload(self, name, count):
        """{figure: value}: memory and latency while one zone is read again and again, and without."""
        server = self.make(name, count, only_many=True)
        server.prefix = []
        questions = self.folder / "first-names"  # there are so many at every size
        questions.write_text(servers.questions("many", min(count, 1000), 1))
        words = [*self.load_pin, LOAD, "udp", server.port, questions, f"seconds={self.settings.seconds}"]
        try:
            server.start()
            server.prepare_reloads(count)
            server.reload(0)  # what the first one leaves behind is there from now on
            self.wait_for_quiet()
            server.resident_mib()  # comes to rest
            server.forget_peak()
            found = {"resident_mib": server.peak_mib()}  # as the peak is: shared pages count
            rate = self.asked(name, words)
            words.append(f"rate={rate['answered'] / rate['seconds'] / 4}")
            found["p99_us"] = self.asked(name, words)["p99_us"]
            server.forget_peak()
            with Repeated(lambda turn: server.reload(turn + 1)) as reloads:
                found["p99_reload_us"] = self.asked(name, words)["p99_us"]
            found.update(peak_mib=server.peak_mib(), reloads=reloads.count)
        finally:
            server.close()
        return dict(found, peak=found["peak_mib"] / found["resident_mib"],
                    p99_times=found["p99_reload_us"] / found["p99_us"])

    def reloads(self, names):
        found = {}
        for count in self.settings.sizes:
            table = found[str(count)] = {}
            for name in names:
                if servers.ALL[name].reloads:
                    say(f"{count:,} names, {name}, read again")
                    for figure, value in self.reload(name, count).items():
                        table.setdefault(name, {}).setdefault(figure, []).append(value)
        return found

    def collected(self, name, scenario, count):
        """Instructions in user space from start to end, with so many queries between."""
        logs = self.folder / f"callgrind-{name}-{scenario}-{count}"
        logs.mkdir()
        server = self.make(name, names=1000, prefix=[
            "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
            f"--log-file={logs}/%p"])
        try:
            server.start()
            self.load(server, scenario, f"count={count}", "sockets=1", "window=64", "seconds=120")
        finally:
            server.close()
        return sum(int(one) for log in logs.iterdir()
                   for one in re.findall(r"Collected : (\d+)", log.read_text(errors="replace")))

    def instructions(self, names):
        """{scenario: {server: instructions a query}}: the difference of two run lengths."""
        found = {}
        short, long = self.settings.callgrind
        for name in names:
            say(f"instructions: {name}")
            try:
                for scenario in ("weighted", "static", "nxdomain", "mixed"):
                    difference = (self.collected(name, scenario, long) -
                                  self.collected(name, scenario, short))
                    found.setdefault(scenario, {})[name] = difference / (long - short)
            except (RuntimeError, Failure) as error:
                say(f"{name} does not work under valgrind: {error}")
        return found

    def shifts_of(self, names, sets, rate, load):
        """What shifts took beside so many names and record sets, while two workers answer one of SHIFT_LOADS as fast as
        they are asked."""
        go_on()
        self.wait_for_quiet()
        seconds = max(1, round(self.settings.seconds))
        port = harness.free_port()
        before, options = SHIFT_LOADS[load]
        words = [SHIFTS, port, names, sets, rate, seconds]
        with subprocess.Popen([str(one) for one in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True) as process:
            try:
                if process.stdout.readline() != "ready\n":
                    raise Failure(f"shifts: it ended with {process.wait()}")
                asked = subprocess.run([str(one) for one in (
                    *before, LOAD, "udp", port, self.questions("weighted", 1), f"seconds={seconds + 0.5}", *options)],
                    stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=700)
                found = json.loads(process.stdout.readline())
            finally:
                process.stdin.close()  # so it ends
        if asked.returncode not in (0, 1):
            raise Failure(f"shifts: {asked.stderr}")
        tally = json.loads(asked.stdout)
        if tally["wrong"] > 0 or tally["answered"] == 0:
            raise Failure(f"shifts: {tally['wrong']} wrong answers of {tally['answered']}")
        self.checked += tally["answered"]
        return {**found, "names": names, "sets": sets, "asked_rate": rate, "load": load, "lost": tally["lost"],
                "qps": tally["answered"] / tally["seconds"]}

    def shifts(self):
        found = []
        for names, sets, rate in self.settings.beside:
            for load in SHIFT_LOADS:
                say(f"shifts: {rate} a second, {names:,} names, {sets:,} record sets, the load {load}")
                found.append(self.shifts_of(names, sets, rate, load))
        return found

    def publish(self):
        """µs from `weight set` on the admin socket to its answer, which comes when all of two workers
        answer by the new weights; under load."""
        server = self.make("ballast")
        server.workers = 2
        server.prefix = []
        took, load = [], None
        try:
            server.start()
            words = [LOAD, "udp", server.port, self.questions("weighted", 1), "seconds=120", "window=4"]
            with open(os.devnull, "wb") as nowhere:
                load = subprocess.Popen([str(one) for one in words], stdout=nowhere)
            with contextlib.closing(admin(server.folder / "ballast.sock")) as client:
                for turn in range(self.settings.shifts):
                    go_on()
                    before = time.perf_counter()
                    client.call("weight set", *SHIFT_NAME, f"m0={turn % 2 * 100}",
                                f"m1={100 - turn % 2 * 100}")
                    took.append((time.perf_counter() - before) * 1e6)
        finally:
            if load is not None:
                load.terminate()
                load.wait()
            server.close()
        took.sort()
        return {"median": statistics.median(took), "low": took[0], "high": took[-1],
                "p99": took[int(len(took) * 0.99)], "shifts": len(took)}
