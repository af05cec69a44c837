# SPDX-License-Identifier: BSD-2-Clause
"""Faults on demand. A fault is for a service and an operation (or any), for the next `count` requests
or until it is lifted. Those of one kind are used up in the order in which they were added.

    status        HTTP status with a body (None: in the service's own form; b"": none), not executed
    error         a code of the service's, in its own form, not executed: Throttling, ExpiredToken, …
    drop          the connection is closed before anything happens
    cut           the request is executed, the connection is closed after `octets` of its answer (0:
                  the answer is lost)
    delay         waits `seconds`, then goes on as if nothing were
    drip          the answer comes `octets` at a time, `seconds` apart
    garbage       the request is executed, its answer has this body (and content_type) instead
"""
import threading

KINDS = {"status": {"status", "body", "headers", "content_type"},
         "error": {"code", "text", "status", "headers"}, "drop": set(), "cut": {"octets"},
         "delay": {"seconds"}, "drip": {"octets", "seconds"},
         "garbage": {"body", "content_type", "status"}}
BEFORE = {"status", "error", "drop"}
AFTER = {"cut", "drip", "garbage"}


class Fault:
    def __init__(self, kind, service, operation, count, arguments):
        self.kind, self.service, self.operation, self.count = kind, service, operation, count
        self.arguments = arguments
        self.used = 0
        self.lifted = False

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self.arguments.get(name)

    def lift(self):
        self.lifted = True

    def is_for(self, service, operation):
        return not self.lifted and (self.count is None or self.used < self.count) and \
            self.service in (None, service) and self.operation in (None, operation)


class Faults:
    def __init__(self):
        self.lock = threading.Lock()
        self.faults = []

    def add(self, kind, service=None, operation=None, count=None, **arguments):
        unknown = set(arguments) - KINDS[kind]
        if unknown:
            raise TypeError(f"a fault of kind {kind} has no {unknown}")
        for name in ("body",):
            if isinstance(arguments.get(name), str):
                arguments[name] = arguments[name].encode()
        fault = Fault(kind, service, operation, count, arguments)
        with self.lock:
            self.faults.append(fault)
        return fault

    def throttle(self, service=None, operation=None, count=None, **arguments):
        """As each service says it."""
        code = {"route53": "Throttling", "sqs": "RequestThrottled"}.get(service,
                                                                        "ThrottlingException")
        return self.add("error", service, operation, count,
                        **{"code": code, "text": "Rate exceeded", "status": 400, **arguments})

    def lift(self):
        """All of them."""
        with self.lock:
            for fault in self.faults:
                fault.lift()
            self.faults = []

    def take(self, kinds, service, operation):
        """The first that is for this request, counted as used; or None."""
        with self.lock:
            for fault in self.faults:
                if fault.kind in kinds and fault.is_for(service, operation):
                    fault.used += 1
                    return fault
        return None
