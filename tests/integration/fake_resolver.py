# SPDX-License-Identifier: BSD-2-Clause
"""A recursive resolver on loopback whose answers a test changes while it runs."""
import contextlib
import socket
import threading

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset

import harness


class FakeResolver:
    """UDP, and TCP for what is too long, on a port of its own if none is given. `hosts` maps (name, type) to a list of addresses; others are
    NXDOMAIN. `broken` makes every answer SERVFAIL, `silent` makes there none."""

    def __init__(self, ttl=1, host="127.0.0.1", port=None):
        self.host = host
        self.port = port or harness.free_port()
        self.hosts = {}
        self.ttl = ttl
        self.cname = None  # on the way to every answer
        self.broken = False
        self.silent = False
        self.asked = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, self.port))
        self.socket.settimeout(0.05)
        self.listener = socket.create_server((host, self.port))
        self.listener.settimeout(0.05)
        self.is_open = True
        self.threads = [threading.Thread(target=run, daemon=True)
                        for run in (self.run, self.run_tcp)]
        for thread in self.threads:
            thread.start()

    @property
    def address(self):
        return f"{self.host}@{self.port}"

    def set(self, name, *addresses, kind="A"):
        self.hosts[name, kind] = list(addresses)

    def reply(self, query):
        reply = dns.message.make_response(query, recursion_available=True)
        question = query.question[0]
        name = question.name.to_text().rstrip(".").lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        if self.broken:
            reply.set_rcode(dns.rcode.SERVFAIL)
            return reply
        addresses = self.hosts.get((name, kind))
        if addresses is None:
            reply.set_rcode(dns.rcode.NXDOMAIN)
            return reply
        owner = question.name
        if self.cname:
            reply.answer.append(dns.rrset.from_text(owner, self.ttl, "IN", "CNAME", self.cname))
            owner = dns.name.from_text(self.cname)
        if addresses:
            reply.answer.append(dns.rrset.from_text_list(owner, self.ttl, "IN", kind, addresses))
        return reply

    def run(self):
        while self.is_open:
            try:
                octets, source = self.socket.recvfrom(4096)
                query = dns.message.from_wire(octets)
            except (socket.timeout, dns.exception.DNSException):
                continue
            except OSError:
                return
            reply = self.reply(query)
            if self.silent:
                continue
            try:
                octets = reply.to_wire(max_size=1232)
            except dns.exception.TooBig:
                reply.answer.clear()
                reply.flags |= dns.flags.TC
                octets = reply.to_wire()
            self.socket.sendto(octets, source)

    def run_tcp(self):
        """One query a connection."""
        while self.is_open:
            try:
                connection, _ = self.listener.accept()
            except socket.timeout:
                continue
            with connection:
                connection.settimeout(2)
                with contextlib.suppress(OSError, EOFError, dns.exception.DNSException):
                    query, _ = dns.query.receive_tcp(connection)
                    dns.query.send_tcp(connection, self.reply(query).to_wire(max_size=65535))

    def close(self):
        self.is_open = False
        for thread in self.threads:
            thread.join()
        self.socket.close()
        self.listener.close()
