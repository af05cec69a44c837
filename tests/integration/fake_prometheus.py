# SPDX-License-Identifier: BSD-2-Clause
"""A strict small double of Prometheus: /api/v1/query and /api/v1/query_range over POST on loopback. What a
Prometheus would refuse is refused with its status and its JSON, and noted in `faults`."""
import http.server
import json
import math
import threading
import time
import urllib.parse

NEEDED = {"/api/v1/query": {"query"}, "/api/v1/query_range": {"query", "start", "end", "step"}}
ALLOWED = {"/api/v1/query": {"query", "time", "timeout"},
           "/api/v1/query_range": {"query", "start", "end", "step", "timeout"}}
MOST_POINTS = 11000


class Refused(Exception):
    """A request that Prometheus answers with an error."""

    def __init__(self, status, kind, text):
        super().__init__(text)
        self.answer = status, {"status": "error", "errorType": kind, "error": text}


def number(text):
    """As Prometheus writes it."""
    if math.isnan(text):
        return "NaN"
    if math.isinf(text):
        return "+Inf" if text > 0 else "-Inf"
    return repr(float(text))


def seconds(form, name):
    try:
        return float(form[name])
    except ValueError:
        raise Refused(400, "bad_data", f'invalid parameter "{name}": cannot parse "{form[name]}"') \
            from None


class FakePrometheus:
    """`series` maps a query, exactly as it comes, to a list of series. A series is a number, or a function of
    the time that returns one or None (no sample then). Queries that are not in it have no series. `broken`
    makes every answer a 503, `silent` makes there none for as long as it is set. With `token` requests
    without it are refused. `asked` lists (path, form)."""

    def __init__(self, token=None, port=0):
        self.series = {}
        self.token = token
        self.broken = False
        self.silent = False
        self.asked = []
        self.faults = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                status, answer = outer.take(self)
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # whoever asked has gone

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def take(self, request):
        try:
            return 200, {"status": "success", "data": self.answer(request)}
        except Refused as refused:
            self.faults.append(str(refused))
            return refused.answer

    def read_form(self, request):
        path = request.path
        length = int(request.headers["Content-Length"])
        body = request.rfile.read(length).decode()
        kind = request.headers["Content-Type"]
        if path not in NEEDED:
            raise Refused(404, "not_found", f"no such path: {path}")
        if kind != "application/x-www-form-urlencoded":
            raise Refused(400, "bad_data", f"Content-Type {kind}")
        pairs = urllib.parse.parse_qsl(body, strict_parsing=True, keep_blank_values=True)
        form = dict(pairs)
        if len(form) != len(pairs) or not NEEDED[path] <= set(form) <= ALLOWED[path]:
            raise Refused(400, "bad_data", f"parameters {sorted(form)}")
        return path, form

    def answer(self, request):
        path, form = self.read_form(request)
        if self.token and request.headers["Authorization"] != f"Bearer {self.token}":
            raise Refused(401, "unauthorized", "no token")
        self.asked.append((path, form))
        while self.silent:
            time.sleep(0.02)
        if self.broken:
            raise Refused(503, "unavailable", "broken")
        series = self.series.get(form["query"], [])
        series = series if isinstance(series, list) else [series]
        if path == "/api/v1/query":
            return self.vector(series, seconds(form, "time") if "time" in form else time.time())
        return self.matrix(series, seconds(form, "start"), seconds(form, "end"),
                           seconds(form, "step"))

    @staticmethod
    def value(series, at):
        return series(at) if callable(series) else series

    def vector(self, series, at):
        values = [(index, self.value(one, at)) for index, one in enumerate(series)]
        return {"resultType": "vector",
                "result": [{"metric": {"series": str(index)}, "value": [at, number(value)]}
                           for index, value in values if value is not None]}

    def matrix(self, series, start, end, step):
        if end < start or step <= 0:
            raise Refused(400, "bad_data", "end timestamp must not be before start time")
        if (end - start) / step > MOST_POINTS:
            raise Refused(400, "bad_data", "exceeded maximum resolution of 11,000 points")
        times = [round(start + index * step, 3) for index in range(int((end - start) / step) + 1)]
        result = []
        for index, one in enumerate(series):
            samples = [(at, self.value(one, at)) for at in times]
            samples = [[at, number(value)] for at, value in samples if value is not None]
            if samples:
                result.append({"metric": {"series": str(index)}, "values": samples})
        return {"resultType": "matrix", "result": result}

    def close(self):
        self.silent = False
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
