# SPDX-License-Identifier: BSD-2-Clause
"""A daemon that says what a test tells it to, on a socket of its own, and a small terminal."""
import json
import pathlib
import re
import socket
import tempfile
import threading


class Refusal(Exception):
    """The daemon's answer is an error of this text."""


class FakeDaemon:
    """answers: command -> result, or a function of the arguments that returns one."""

    def __init__(self, answers=None):
        self.answers = answers or {}
        self.requests = []
        self.folder = tempfile.TemporaryDirectory(prefix="ballast-ctl-")
        self.path = str(pathlib.Path(self.folder.name, "ballast.sock"))
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.path)
        self.listener.listen(8)
        self.connections = []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection):
        try:
            with connection.makefile("rb") as lines:
                for line in lines:
                    connection.sendall(self.answer(line))
        except (OSError, ValueError):
            pass

    def answer(self, line):
        request = json.loads(line)
        self.requests.append((request["command"], request["arguments"]))
        given = self.answers[request["command"]]
        try:
            result = given(*request["arguments"]) if callable(given) else given
        except Refusal as refusal:
            return json.dumps({"version": 1, "ok": False, "error": str(refusal)}).encode() + b"\n"
        if isinstance(result, bytes):
            return result
        return json.dumps({"version": 1, "ok": True, "result": result}).encode() + b"\n"

    def vanish(self):
        # close() alone would leave a thread that waits in accept or recv waiting.
        for one in [self.listener, *self.connections]:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()

    def close(self):
        self.vanish()
        self.thread.join(5)
        self.folder.cleanup()


class Screen:
    """As much of a terminal as ballastctl uses; anything else is an error."""

    SEQUENCE = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])")

    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.lines = [""] * rows
        self.row = self.column = 0
        self.has_cursor = True
        self.colours = set()
        self.rest = ""

    def put(self, character):
        assert self.column < self.columns, f"line wraps: {self.lines[self.row]!r}"
        line = self.lines[self.row].ljust(self.column)
        self.lines[self.row] = line[: self.column] + character + line[self.column + 1:]
        self.column += 1

    def sequence(self, parameters, letter):
        if letter == "A":
            self.row = max(0, self.row - int(parameters or 1))
        elif letter == "K":
            self.lines[self.row] = self.lines[self.row][: self.column]
        elif letter == "J" and parameters == "2":
            self.lines = [""] * self.rows
        elif letter == "J":
            self.lines[self.row] = self.lines[self.row][: self.column]
            self.lines[self.row + 1:] = [""] * (self.rows - self.row - 1)
        elif letter == "H":
            self.row = self.column = 0
        elif (parameters, letter) in (("?25", "h"), ("?25", "l")):
            self.has_cursor = letter == "h"
        else:
            assert letter == "m", f"unknown sequence {parameters}{letter}"
            self.colours.add(parameters)

    def feed(self, text):
        text, at = self.rest + text, 0
        self.rest = ""
        while at < len(text):
            found = self.SEQUENCE.match(text, at)
            if found:
                self.sequence(*found.groups())
                at = found.end()
                continue
            if text[at] == "\x1b":  # the sequence goes on in what is read next
                self.rest = text[at:]
                return
            if text[at] == "\r":
                self.column = 0
            elif text[at] == "\n" and self.row + 1 < self.rows:
                self.row += 1
            elif text[at] == "\n":
                self.lines = self.lines[1:] + [""]
            else:
                assert text[at] >= " ", f"control character {text[at]!r}"
                self.put(text[at])
            at += 1

    def text(self):
        return "\n".join(line.rstrip() for line in self.lines).rstrip()
