# SPDX-License-Identifier: BSD-2-Clause
"""The double's own API for other processes: POST /_double/call {"path": "route53.add_zone", "arguments":
[…], "named": {…}} calls that method of the Double, /_double/set {"path", "value"} sets an attribute,
/_double/get {"path"} reads one. A path is names with dots from the Double; results are JSON, of what has
none its text. `Remote` is the other end."""
import json
import urllib.error
import urllib.request

from aws.server import Answer

# refuse() from within would wait for itself.
FORBIDDEN = {"refuse", "close", "accept"}


def respond(double, request):
    try:
        given = json.loads(request.body)
        *parents, last = given["path"].split(".")
        if any(name.startswith("_") for name in parents + [last]) or last in FORBIDDEN:
            raise ValueError(f"{given['path']} is not for others")
        with double.lock:
            thing = double
            for name in parents:
                thing = thing[name] if isinstance(thing, dict) else getattr(thing, name)
            if request.path == "/_double/set":
                if not hasattr(thing, last):
                    raise ValueError(f"there is no {given['path']}")
                setattr(thing, last, given["value"])
                result = None
            elif request.path == "/_double/get":
                result = thing[last] if isinstance(thing, dict) else getattr(thing, last)
            elif request.path == "/_double/call":
                result = getattr(thing, last)(*given.get("arguments", []),
                                              **given.get("named", {}))
            else:
                raise ValueError(f"no {request.path}")
            body = json.dumps({"result": result}, default=plain)
    except Exception as error:  # the caller's fault; Remote raises it there
        return Answer(400, json.dumps({"error": f"{type(error).__name__}: {error}"}).encode(),
                      "application/json")
    return Answer(200, body.encode(), "application/json")


def plain(thing):
    if isinstance(thing, (set, frozenset)):
        return sorted(thing)
    if isinstance(thing, bytes):
        return thing.decode("latin-1")
    if hasattr(thing, "operation"):
        return {name: getattr(thing, name) for name in ("service", "operation", "input", "status",
                                                        "code")}
    if hasattr(thing, "__dict__"):
        return {name: value for name, value in vars(thing).items()
                if name not in ("double", "lock", "messages", "records")}
    return str(thing)


class Remote:
    """A Double in another process: Remote(url).call("route53.add_zone", "example.net")."""

    def __init__(self, url):
        self.url = url

    def post(self, verb, **document):
        request = urllib.request.Request(f"{self.url}/_double/{verb}",
                                         json.dumps(document).encode())
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)["result"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)["error"]) from None

    def call(self, path, *arguments, **named):
        return self.post("call", path=path, arguments=arguments, named=named)

    def get(self, path):
        return self.post("get", path=path)

    def set(self, path, value):
        self.post("set", path=path, value=value)
