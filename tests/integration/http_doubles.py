# SPDX-License-Identifier: BSD-2-Clause
"""Web servers on loopback that stand for others: what is probed, what is told, what is asked."""
import http.server
import json
import ssl
import threading


class Double:
    """One of them, on a thread of its own from the beginning until close(). What it answers is its subclass's."""

    def __init__(self, address="127.0.0.1", port=0, certificate=None):
        double = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                answer = double.respond(self)
                if answer is not None:
                    status, octets = answer
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(octets)))
                    self.end_headers()
                    self.wfile.write(octets)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_):
                pass  # whoever asked was killed, or did not like the certificate

        self.server = Server((address, port), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                     do_handshake_on_connect=False)
        self.port = self.server.server_port
        self.url = f"{'https' if certificate else 'http'}://{address}:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def respond(self, request):
        """(status, octets), or None for no answer. The request has command, path, headers and body. On a thread of its
        own."""
        raise NotImplementedError

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Backend(Double):
    """Plays one load balancer."""

    def __init__(self, address, port, page):
        self.healthy = True
        self.requests = 0
        self.page = page
        super().__init__(address, port)

    def respond(self, request):
        self.requests += 1
        return (200, self.page.encode()) if self.healthy else (503, b"out of order\n")


class Receiver(Double):
    """Takes POSTs of JSON; answers `status` and, where there is one, `answer` as JSON. A status of None never answers."""

    def __init__(self, port=0, status=200, answer=None):
        self.status = status
        self.answer = answer
        self.told = []      # the bodies
        self.requests = []  # headers, and the body's octets
        self.release = threading.Event()
        super().__init__(port=port)
        self.url += "/told"

    def respond(self, request):
        self.requests.append((request.headers, request.body))
        self.told.append(json.loads(request.body))
        if self.status is None:
            self.release.wait()
            return None
        return self.status, b"" if self.answer is None else json.dumps(self.answer).encode()

    def events(self):
        return [one["event"] for one in self.told]

    def close(self):
        self.release.set()
        super().close()
