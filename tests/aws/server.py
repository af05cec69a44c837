# SPDX-License-Identifier: BSD-2-Clause
"""The HTTP of the double: connections that are kept, answers that are written as a whole or as a
fault wants them, and a listening socket that can be closed and opened again on its port."""
import contextlib
import http.server
import socket
import socketserver
import threading


class Request:
    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        self.path, _, self.query = target.partition("?")


class Answer:
    """cut: the connection ends after so many octets of it; drip: (octets, seconds)."""

    def __init__(self, status, body=b"", content_type=None, headers=None):
        self.status, self.body, self.content_type = status, body, content_type
        self.headers = dict(headers or {})
        self.cut = self.drip = None
        self.drop = False

    def octets(self, date, head_only):
        reason = http.client.responses.get(self.status, "Unknown")
        lines = [f"HTTP/1.1 {self.status} {reason}", f"Date: {date}"]
        if self.content_type:
            lines.append(f"Content-Type: {self.content_type}")
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join(lines + ["", ""]).encode() + (b"" if head_only else self.body)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 120
    wbufsize = -1

    def log_message(self, *arguments):
        pass

    def setup(self):
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.server.owner.connections.add(self.connection)

    def finish(self):
        with contextlib.suppress(OSError):
            super().finish()
        self.server.owner.connections.discard(self.connection)

    def handle(self):
        with contextlib.suppress(OSError):
            super().handle()

    def serve(self):
        owner = self.server.owner
        if "Transfer-Encoding" in self.headers:
            self.write(Answer(501))
            self.close_connection = True
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = owner.respond(Request(self.command, self.path, self.headers, body))
        self.write(answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = serve

    def write(self, answer):
        octets = answer.octets(self.server.owner.date(), self.command == "HEAD")
        if answer.drop:
            self.abort()
        elif answer.cut is not None:
            self.wfile.write(octets[:answer.cut])
            self.wfile.flush()
            self.close_connection = True
        elif answer.drip:
            size, seconds = answer.drip
            for start in range(0, len(octets), size):
                self.wfile.write(octets[start:start + size])
                self.wfile.flush()
                if self.server.owner.closing.wait(seconds):
                    return
        else:
            self.wfile.write(octets)
            self.wfile.flush()

    def abort(self):
        """The peer sees a reset, not an end."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                       b"\x01\x00\x00\x00\x00\x00\x00\x00")


class Listener(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128

    def server_bind(self):  # without HTTPServer's question for the host's name
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def get_request(self):
        connection, address = super().get_request()
        if self.owner.tls:  # the handshake is the first read's: no client holds up others
            connection = self.owner.tls.wrap_socket(connection, server_side=True,
                                                    do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, request, client_address):
        self.owner.failed()


class Server:
    """Subclasses have respond(request) and date(). address: where to listen; the port stays.
    tls: a server's ssl.SSLContext, to be set before start()."""

    def __init__(self, address="127.0.0.1", port=0):
        self.address, self.port = address, port
        self.tls = None
        self.connections = set()
        self.closing = threading.Event()
        self.listener = None

    def start(self):
        self.accept()
        return self

    def accept(self):
        """Connections are taken (again)."""
        if self.listener:
            return
        self.listener = Listener((self.address, self.port), Handler)
        self.listener.owner = self
        self.port = self.listener.server_port
        threading.Thread(target=self.listener.serve_forever, args=(0.02,), daemon=True).start()

    def refuse(self):
        """Connections are refused, those that are there are reset, until accept()."""
        if not self.listener:
            return
        self.listener.shutdown()
        self.listener.server_close()
        self.listener = None
        self.reset_connections()

    def reset_connections(self):
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                      b"\x01\x00\x00\x00\x00\x00\x00\x00")
                connection.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.closing.set()
        self.refuse()
