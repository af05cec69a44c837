#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs the lab with programs that are built: see contrib/lab/run."""
import argparse
import http.client
import http.server
import json
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ZONE = HERE.parents[1] / "zones/examples/catsndogs.lol.zone"
NAME = "www.catsndogs.lol"
BLUE, GREEN = "127.0.0.2", "127.0.0.3"

PAGE = """<!DOCTYPE html>
<title>Cats {version}</title>
<h1 style="color: {color}">Cats, site {version}</h1>
<p>{text}</p>
"""
TEXTS = {
    "v2": "Cats sleep for thirteen to sixteen hours of a day.",
    "v3": "Cats sleep for thirteen to sixteen hours of a day, and now they purr as well.",
}


class Failed(Exception):
    """What the user is told before the lab ends."""


class Ended(Exception):
    """By Ctrl-C or a signal."""


def say(text=""):
    print(text, flush=True)


def heading(text):
    say(f"\n=== {text} ===\n")


# A child is not left running if this program is killed. (Not by preexec_fn: Python code between
# fork and exec may wait for ever for what another thread held.)
WITH_US = ["setpriv", "--pdeathsig", "TERM", "--"]


class Balancer:
    """A web server on loopback that plays a load balancer with the cats service behind it."""

    def __init__(self, color, address, port, version):
        self.color, self.address, self.healthy = color, address, True
        outer = self
        body = PAGE.format(version=version, color=color, text=TEXTS[version]).encode()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200 if outer.healthy else 503)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(body if outer.healthy else b"<h1>503: no cats today</h1>\n")

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # a probe that ended with its daemon

        try:
            self.server = Server((address, port), Handler)
        except OSError as error:
            raise Failed(f"The {color} web server cannot listen on {address} port {port}: "
                         f"{error.strerror}.\nEnd what uses it, or choose another port with "
                         "--web-port.") from None
        threading.Thread(target=self.server.serve_forever, args=(0.1,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Visitors:
    """Fifty queries a second, so that there are answers to count."""

    def __init__(self, port):
        self.is_over = threading.Event()
        self.address = ("127.0.0.1", port)
        self.thread = threading.Thread(target=self.visit, daemon=True)
        self.thread.start()

    def visit(self):
        name = b"".join(bytes([len(label)]) + label.encode() for label in NAME.split("."))
        query = b"\0\7\1\0\0\1\0\0\0\0\0\0" + name + b"\0\0\1\0\1"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.setblocking(False)
            while not self.is_over.wait(0.02):
                try:
                    udp.sendto(query, self.address)
                    udp.recv(512)
                except OSError:
                    pass  # no answer yet, or no daemon between the two runs

    def close(self):
        self.is_over.set()
        self.thread.join()


class Lab:
    def __init__(self, options):
        self.options = options
        self.build = pathlib.Path(options.build)
        self.folder = pathlib.Path(options.folder)
        self.daemon = None
        self.child = None  # what runs in the foreground
        self.closing = []

    # --- parts ---

    def check_port(self):
        for kind, what in ((socket.SOCK_DGRAM, "UDP"), (socket.SOCK_STREAM, "TCP")):
            with socket.socket(socket.AF_INET, kind) as probe:
                if kind == socket.SOCK_STREAM:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", self.options.port))
                except OSError as error:
                    raise Failed(f"Port {self.options.port} on 127.0.0.1 ({what}) cannot be used: "
                                 f"{error.strerror}.\nEnd what uses it (another lab?), or choose "
                                 "another one with --port.") from None

    def write_files(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        shutil.copy(ZONE, self.folder / "catsndogs.lol.zone")
        changes = [("127.0.0.1@5300", f"127.0.0.1@{self.options.port}"),
                   ("port: 8080", f"port: {self.options.web_port}")]
        if self.options.fast:
            changes += [("hold: 6s", "hold: 1500ms"), ("500ms  ", "250ms  "),
                        ("timeout: 500ms", "timeout: 250ms")]
        text = (HERE / "ballast.yaml").read_text()
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        (self.folder / "ballast.yaml").write_text(text)

    def start_daemon(self):
        log = open(self.folder / "ballastd.log", "ab")
        self.daemon = subprocess.Popen(
            WITH_US + [str(self.build / "ballastd"), "-c", str(self.folder / "ballast.yaml")],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        deadline = time.monotonic() + 20
        while self.ctl_json("status", quiet=True).get("health", {}).get("healthy") != 2:
            if self.daemon.poll() is not None or time.monotonic() > deadline:
                text = (self.folder / "ballastd.log").read_text(errors="replace")
                raise Failed(f"ballastd did not start:\n{text[-3000:]}")
            time.sleep(0.05)

    def stop_daemon(self):
        if self.daemon is None:
            return
        self.daemon.terminate()
        try:
            self.daemon.wait(10)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            self.daemon.wait()
        self.daemon = None

    def close(self):
        if self.child is not None and self.child.poll() is None:
            self.child.terminate()
            self.child.wait()
        self.stop_daemon()
        for part in self.closing:
            part.close()

    # --- what a user does ---

    def ctl_words(self, *words):
        return WITH_US + [str(self.build / "ballastctl"), "-s", str(self.folder / "ballast.sock"),
                          *words]

    def ctl_json(self, *words, quiet=False):
        done = subprocess.run(self.ctl_words("--json", *words), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL if quiet else None, check=False)
        return json.loads(done.stdout) if done.returncode == 0 else {}

    def show(self, *words, stdin=None, shown=None):
        """Runs ballastctl as a user would, with its output on the terminal."""
        say(f"$ ballastctl {shown or ' '.join(words)}")
        self.child = subprocess.Popen(self.ctl_words(*words),
                                      stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE)
        if stdin is not None:
            self.child.communicate(stdin)
        status = self.child.wait()
        self.child = None
        say()
        return status

    def visit(self):
        """Asks for the address, as a browser would, and fetches the page behind it."""
        done = subprocess.run(WITH_US + ["dig", "+short", "+tries=1", "@127.0.0.1", "-p",
                               str(self.options.port), NAME, "A"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True, check=True)
        address = done.stdout.split()[0]
        connection = http.client.HTTPConnection(address, self.options.web_port, timeout=10)
        connection.request("GET", "/cats/", headers={"Host": NAME})
        text = connection.getresponse().read().decode()
        connection.close()
        say(f"{NAME} is {address}; the page there says:")
        say("".join(f"    {line}\n" for line in text.splitlines()[1:]))
        return "v3" if "v3" in text else "v2"

    def replay(self, deployment):
        """ECS starts the three tasks of a new deployment of cats-green."""
        done = subprocess.run(
            WITH_US + ["/usr/bin/python3", str(HERE / "ecs-events.py"), "--service", "cats-green",
             "--deployment", deployment, "--tasks", "3"], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, check=True)
        self.show("event", "push", "-", stdin=done.stdout,
                  shown="event push -     (the replay of ECS events is its input)")

    def watch(self):
        return self.show("rollout", "watch", "cats")

    def last_rollout(self):
        rule, = self.ctl_json("rollout", "list")["rules"]
        return rule["running"] or rule["last"]

    def expect(self, is_right, what):
        if not is_right:
            raise Failed(f"The lab did not go as it should: {what}. The daemon's log is "
                         f"{self.folder / 'ballastd.log'}.")

    # --- the two runs ---

    def first_run(self):
        heading("1. A deployment that goes well")
        port = self.options.port
        say("ballastd serves catsndogs.lol. Try it from another terminal while this runs:\n\n"
            f"    dig @127.0.0.1 -p {port} {NAME}\n"
            f"    dig @127.0.0.1 -p {port} +tcp {NAME}\n"
            f"    nslookup -port={port} {NAME} 127.0.0.1\n"
            f"    {self.build / 'ballastctl'} -s {self.folder / 'ballast.sock'} record list\n")
        say(f"blue is {BLUE} (site v2), green is {GREEN} (site v3). Blue has all of the traffic.\n")
        self.expect(self.visit() == "v2", "the page before is not v2")
        say("Now ECS deploys the service cats-green with three tasks. The third that runs starts "
            "the\nrollout: green gets 10, then 50, then 100 of 100. Between the shifts it is held "
            f"for\n{'1.5' if self.options.fast else '6'} s here, so that you need not wait; the "
            "default, and the workshop's, is 60 s.\n")
        self.replay("ecs-svc/1000000000000000001")
        self.watch()
        self.expect(self.last_rollout()["state"] == "succeeded", "the rollout has not succeeded")
        self.expect(self.visit() == "v3", "the page after is not v3")
        self.show("record", "show", NAME, "A")
        say("ECS delivers events at least once. The same ones again change nothing:\n")
        self.replay("ecs-svc/1000000000000000001")

    def second_run(self, green):
        heading("2. A deployment that goes wrong")
        say("The same from the start, with a state of its own: blue (v2) has all of the traffic "
            "again.\nThis time green breaks down while it has half of the traffic.\n")
        self.stop_daemon()
        self.write_files()
        self.start_daemon()
        self.expect(self.visit() == "v2", "the page before is not v2")
        self.replay("ecs-svc/2000000000000000002")
        breaker = threading.Thread(target=self.break_at_half, args=(green,), daemon=True)
        breaker.start()
        self.watch()
        breaker.join()
        self.expect(self.last_rollout()["state"] == "failed", "the rollout has not failed")
        self.show("record", "show", NAME, "A")
        self.expect(self.visit() == "v2", "the traffic has not fallen back to v2")
        self.show("rollout", "history", "cats")

    def break_at_half(self, green):
        while True:
            rollout = self.last_rollout() if self.daemon is not None else None
            if rollout is None or rollout["ended_at"] is not None:
                return
            if rollout["weight"] == 50:
                green.healthy = False
                return
            time.sleep(0.1)

    def run(self):
        self.check_port()
        self.write_files()
        self.closing.append(Balancer("blue", BLUE, self.options.web_port, "v2"))
        green = Balancer("green", GREEN, self.options.web_port, "v3")
        self.closing.append(green)
        self.start_daemon()
        self.closing.append(Visitors(self.options.port))
        self.first_run()
        self.second_run(green)
        heading("Done")
        say("A good deployment got all of the traffic in three steps; a bad one lost what it had "
            "at once,\nand the traffic fell back. Nothing is left running. Logs and state: "
            f"{self.folder}")


def end(number, _frame):
    raise Ended(signal.Signals(number).name)


def main():
    parser = argparse.ArgumentParser(prog="contrib/lab/run", allow_abbrev=False)
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--folder", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--fast", action="store_true", help="even shorter holds")
    parser.add_argument("--port", type=int, default=5300, help="of the nameserver; 5300")
    parser.add_argument("--web-port", type=int, default=8080, help="of the web servers; 8080")
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    lab = Lab(options)
    status = 0
    try:
        lab.run()
    except Failed as error:
        print(f"\n{error}", file=sys.stderr)
        status = 1
    except Ended as error:
        print(f"\nEnded by {error}; nothing is left running.", file=sys.stderr)
        status = 130
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        lab.close()
    return status


if __name__ == "__main__":
    sys.exit(main())
