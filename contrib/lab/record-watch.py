#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Records `ballastctl rollout watch` as an animated SVG: the lab's daemon and its two web servers, a
deployment's events, and clients that keep answers as long as the TTL says. What Prometheus would
have measured of their requests is counted here. Takes about a minute.

    contrib/lab/record-watch.py --build build --output docs/rollout-watch.svg
"""
import argparse
import fcntl
import heapq
import html
import http.server
import json
import os
import pathlib
import pty
import random
import re
import select
import shutil
import socket
import struct
import subprocess
import tempfile
import termios
import threading
import time
import urllib.parse

import lab

COLUMNS, ROWS = 80, 18
TTL_S, HOLD_S, WINDOW_S = 8, 12, 4
CLIENTS = 400
ADDRESSES = {lab.BLUE: "blue", lab.GREEN: "green"}


class Clients:
    """Each asks again when its answer's TTL is over, and sends one request a second to where the
    answer points. They begin spread over one TTL."""

    def __init__(self):
        self.server = None
        self.at = [None] * CLIENTS
        self.samples = []  # (time, {member: clients})
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.live, daemon=True)

    def start(self, port):
        self.server = ("127.0.0.1", port)
        self.thread.start()

    def ask(self, udp):
        name = b"".join(bytes([len(label)]) + label.encode() for label in lab.NAME.split("."))
        udp.sendto(b"\0\7\1\0\0\1\0\0\0\0\0\0" + name + b"\0\0\1\0\1", self.server)
        answer = udp.recv(512)  # its one record is its end: TTL, length, address
        return socket.inet_ntoa(answer[-4:]), struct.unpack("!I", answer[-10:-6])[0]

    def live(self):
        now = time.monotonic()
        due = [(now + random.uniform(0, TTL_S), client) for client in range(CLIENTS)]
        heapq.heapify(due)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.settimeout(2)
            for client in range(CLIENTS):  # what they have from before
                self.at[client], _ = self.ask(udp)
            while not self.is_over.wait(0.02):
                now = time.monotonic()
                while due[0][0] <= now:
                    at, client = heapq.heappop(due)
                    self.at[client], ttl_s = self.ask(udp)
                    heapq.heappush(due, (max(at + ttl_s, now), client))
                counts = {member: self.at.count(address) for address, member in ADDRESSES.items()}
                self.samples = [one for one in self.samples if one[0] > now - WINDOW_S] + [(now, counts)]

    def rate(self, member):
        samples = list(self.samples)
        return sum(counts[member] for _, counts in samples) / max(1, len(samples))

    def close(self):
        self.is_over.set()
        if self.server is not None:
            self.thread.join()


class Prometheus:
    """Answers a query for the requests per second of a member."""

    def __init__(self, clients):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                member = re.search(r'lb="(\w+)"', form["query"][0]).group(1)
                value = [time.time(), str(clients.rate(member))]
                body = json.dumps({"status": "success", "data": {
                    "resultType": "vector", "result": [{"metric": {}, "value": value}]}}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.1,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def configuration(port, web_port, url):
    """The lab's, with a source of traffic, and times that fit into a recording."""
    text = (lab.HERE / "ballast.yaml").read_text()
    traffic = f'traffic: {{ type: prometheus, url: "{url}", interval: 1s, window: {WINDOW_S}s }}'
    changes = [("127.0.0.1@5300", f"127.0.0.1@{port}"), ("port: 8080", f"port: {web_port}"),
               ("ttl: 60", f"ttl: {TTL_S}\n    {traffic}"), ("hold: 6s", f"hold: {HOLD_S}s")]
    for member in ADDRESSES.values():
        query = f"traffic_query: sum(rate(requests_total{{lb=\"{member}\"}}[{WINDOW_S}s]))"
        changes.append((f"- id: {member}\n", f"- id: {member}\n        {query}\n"))
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


class Screen:
    """As much of a terminal as ballastctl uses: rows of (character, style)."""

    SEQUENCE = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])")

    def __init__(self):
        self.rows = [[] for _ in range(ROWS)]
        self.row = self.column = 0
        self.style = ""
        self.rest = b""

    def sequence(self, parameters, letter):
        if letter == "A":
            self.row = max(0, self.row - int(parameters or 1))
        elif letter == "K":
            del self.rows[self.row][self.column:]
        elif letter == "J":
            del self.rows[self.row][self.column:]
            for row in self.rows[self.row + 1:]:
                row.clear()
        elif letter == "m":
            self.style = "" if parameters in ("", "0") else parameters
        else:
            assert parameters == "?25", (parameters, letter)

    def put(self, character):
        row = self.rows[self.row]
        row.extend([(" ", "")] * (self.column - len(row)))
        row[self.column:self.column + 1] = [(character, self.style)]
        self.column += 1

    def feed(self, octets):
        octets = self.rest + octets
        cut = max(octets.rfind(b"\n") + 1, 0)
        self.rest, octets = octets[cut:], octets[:cut]
        text, at = octets.decode(), 0
        while at < len(text):
            found = self.SEQUENCE.match(text, at)
            if found:
                self.sequence(*found.groups())
                at = found.end()
                continue
            if text[at] == "\r":
                self.column = 0
            elif text[at] == "\n":
                self.row, self.column = self.row + 1, 0
            else:
                self.put(text[at])
            at += 1

    def snapshot(self):
        return [tuple(row) for row in self.rows]


# ---- the picture ----

CELL, LINE, TOP, LEFT = 8.4, 19, 46, 16
INKS = {"": "#d8dee9", "1": "#ffffff", "2": "#7b8794", "32": "#7ec699", "31": "#f08d8d", "33": "#e8c07d"}
TRACK = "#2c3440"  # what of a bar is not full
EIGHTHS = " ▏▎▍▌▋▊▉█"


def runs_of(row):
    """(column, text, style) of what is next to each other and alike."""
    at = 0
    while at < len(row):
        character, style = row[at]
        is_bar = character in EIGHTHS[1:] or character == "░"
        end = at + 1
        while end < len(row) and row[end][1] == style and (
                row[end][0] == character if is_bar else row[end][0] not in EIGHTHS[1:] + "░"):
            end += 1
        yield at, "".join(one for one, _ in row[at:end]), style
        at = end


def bar_svg(x, y, width, fill):
    return f'<rect x="{x:.1f}" y="{y - 11}" width="{width:.1f}" height="12" fill="{fill}"/>'


def run_svg(column, text, style, y):
    x = LEFT + column * CELL
    ink = INKS[style]
    if text[0] in EIGHTHS[1:] or text[0] == "░":
        part = 1 if text[0] == "░" else EIGHTHS.index(text[0]) / 8
        width = (len(text) - 1 + part) * CELL
        bar = bar_svg(x, y, len(text) * CELL, TRACK) if 0 < part < 1 or text[0] == "░" else ""
        return bar if text[0] == "░" else bar + bar_svg(x, y, width, ink)
    stripped = text.strip()
    if not stripped:
        return ""
    x += (len(text) - len(text.lstrip())) * CELL
    weight = ' font-weight="bold"' if style == "1" else ""
    return (f'<text x="{x:.1f}" y="{y}" fill="{ink}"{weight} textLength="{len(stripped) * CELL:.1f}"'
            f' xml:space="preserve">{html.escape(stripped)}</text>')


def row_svg(row, number):
    return "".join(run_svg(*run, TOP + number * LINE) for run in runs_of(row))


def shown(parts, begin, end, total, poster):
    """A group that is there from begin to end; what shows no animation has it at the poster's time."""
    first = "visible" if begin <= poster < end else "hidden"
    times, values = [0.0], ["visible" if begin <= 0 else "hidden"]
    for at, value in ((begin, "visible"), (end, "hidden")):
        if 0 < at < total:
            times.append(at / total)
            values.append(value)
    animation = "" if len(times) == 1 else (
        f'<animate attributeName="visibility" dur="{total:.1f}s" calcMode="discrete"'
        f' repeatCount="indefinite" values="{";".join(values)}"'
        f' keyTimes="{";".join(f"{one:.4f}" for one in times)}"/>')
    return f'<g visibility="{first}">{animation}{parts}</g>\n'


def picture(frames, command, rest_s, poster_s):
    """frames: (seconds, rows). A row is written once for each time that it is alike."""
    total = frames[-1][0] + rest_s
    width, height = LEFT * 2 + COLUMNS * CELL, TOP + ROWS * LINE
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}"'
           f' width="{width:.0f}" height="{height}" role="img"'
           ' font-family="ui-monospace, \'DejaVu Sans Mono\', Menlo, Consolas, monospace" font-size="14">\n',
           f"<title>{html.escape(command)}, recorded</title>\n",
           f"<desc>Made by contrib/lab/record-watch.py, which runs the lab.</desc>\n",
           f'<rect width="{width:.0f}" height="{height}" rx="8" fill="#161b22"/>\n']
    for index, ink in enumerate(("#f08d8d", "#e8c07d", "#7ec699")):
        out.append(f'<circle cx="{18 + index * 18}" cy="16" r="5.5" fill="{ink}"/>')
    out.append(f'<text x="{width / 2:.0f}" y="21" fill="#7b8794" text-anchor="middle">'
               f"$ {html.escape(command)}</text>\n")
    for number in range(ROWS):
        begin, row = 0.0, frames[0][1][number]
        for at, rows in frames[1:] + [(total, None)]:
            if rows is None or rows[number] != row:
                parts = row_svg(row, number)
                out.append(shown(parts, begin, at, total, poster_s) if parts else "")
                begin, row = at, None if rows is None else rows[number]
    out.append("</svg>\n")
    return "".join(out)


# ---- the recording ----

def free_port(kind, address="127.0.0.1"):
    with socket.socket(socket.AF_INET, kind) as one:
        one.bind((address, 0))
        return one.getsockname()[1]


def follow(ctl, screen, frames, push):
    """Runs the watch on a terminal of its own until it ends."""
    main, other = pty.openpty()
    fcntl.ioctl(main, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    environment = {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8"}
    environment.pop("NO_COLOR", None)
    watch = subprocess.Popen(ctl + ["rollout", "watch", "cats"], stdin=other, stdout=other,
                             stderr=other, env=environment)
    os.close(other)
    began, has_pushed, taken = time.monotonic(), False, -1.0
    while True:
        now = time.monotonic() - began
        if now > 2 and not has_pushed:
            push()
            has_pushed = True
        if select.select([main], [], [], 0.05)[0]:
            try:
                octets = os.read(main, 65536)
            except OSError:  # it has ended
                break
            screen.feed(octets)
        if now - taken >= 1:
            frames.append((now, screen.snapshot()))
            taken = now
    frames.append((time.monotonic() - began, screen.snapshot()))
    os.close(main)
    return watch.wait(10)


def record(build, folder):
    port, web_port = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_STREAM)
    shutil.copy(lab.ZONE, folder / "catsndogs.lol.zone")
    ctl = [str(build / "ballastctl"), "-s", str(folder / "ballast.sock")]
    closing, daemon, clients = [], None, Clients()
    try:
        for color, address, version in (("blue", lab.BLUE, "v2"), ("green", lab.GREEN, "v3")):
            closing.append(lab.Balancer(color, address, web_port, version))
        closing.append(Prometheus(clients))
        (folder / "ballast.yaml").write_text(configuration(port, web_port, closing[-1].url))
        daemon = subprocess.Popen(lab.WITH_US + [str(build / "ballastd"), "-c", str(folder / "ballast.yaml")])
        deadline = time.monotonic() + 20
        while b"2 healthy" not in subprocess.run(ctl + ["status"], capture_output=True, check=False).stdout:
            assert time.monotonic() < deadline and daemon.poll() is None, "ballastd did not start"
            time.sleep(0.1)
        clients.start(port)
        time.sleep(WINDOW_S + 1)  # until traffic is measured over a whole window
        events = subprocess.run([str(lab.HERE / "ecs-events.py"), "--service", "cats-green", "--start", "now"],
                                capture_output=True, check=True).stdout
        frames = []
        code = follow(ctl, Screen(), frames, lambda: subprocess.run(
            ctl + ["event", "push", "-"], input=events, stdout=subprocess.DEVNULL, check=True))
        assert code == 0, f"the watch ended with {code}"
        return frames
    finally:
        clients.close()
        if daemon is not None:
            daemon.terminate()
            daemon.wait(20)
        for one in reversed(closing):
            one.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--build", default="build", help="where ballastd and ballastctl are")
    parser.add_argument("--output", default="docs/rollout-watch.svg")
    parser.add_argument("--speed", type=float, default=2, help="how much faster it plays")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        frames = record(pathlib.Path(options.build).resolve(), pathlib.Path(folder))
    frames = [(at / options.speed, rows) for at, rows in frames]
    text = picture(frames, "ballastctl rollout watch cats", 4, frames[-1][0] * 0.6)
    pathlib.Path(options.output).write_text(text)
    print(f"{options.output}: {len(frames)} screens, {len(text) // 1024} KiB")


if __name__ == "__main__":
    main()
