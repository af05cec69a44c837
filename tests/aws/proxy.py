# SPDX-License-Identifier: BSD-2-Clause
"""A network that fails on demand, in front of whatever listens on loopback: connections are taken
and passed on octet by octet, or refused, cut, delayed; or the answer never comes back although the
request arrived."""
import contextlib
import socket
import threading
import time


class Proxy:
    """url is where to ask instead of target, "http://127.0.0.1:PORT". down(): connections are reset
    and refused until up(). swallow(): requests arrive, answers do not, until up(). delay_s: before
    each piece that is passed on."""

    def __init__(self, target):
        host, port = target.removeprefix("http://").rstrip("/").split(":")
        self.target = (host, int(port))
        self.delay_s = 0
        self.swallows = False
        self.lock = threading.Lock()
        self.pairs = set()
        self.port = 0
        self.listener = None
        self.up()
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.down()

    def up(self):
        self.swallows = False
        if self.listener:
            return
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def down(self):
        if self.listener:
            # A listener that another thread waits on is woken by this, not by close.
            with contextlib.suppress(OSError):
                self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None
        with self.lock:
            pairs, self.pairs = self.pairs, set()
        for pair in pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def swallow(self):
        self.swallows = True

    def _accept(self, listener):
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                try:
                    server = socket.create_connection(self.target, 5)
                except OSError:
                    client.close()
                    continue
                server.settimeout(None)
                pair = (client, server)
                with self.lock:
                    self.pairs.add(pair)
                for source, sink, is_answer in ((client, server, False), (server, client, True)):
                    threading.Thread(target=self._pass, args=(pair, source, sink, is_answer),
                                     daemon=True).start()

    def _pass(self, pair, source, sink, is_answer):
        with contextlib.suppress(OSError):
            while octets := source.recv(65536):
                time.sleep(self.delay_s)
                if not (is_answer and self.swallows):
                    sink.sendall(octets)
        for end in pair:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        with self.lock:
            self.pairs.discard(pair)
