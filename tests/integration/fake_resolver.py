# SPDX-License-Identifier: BSD-2-Clause
"""A recursive resolver on loopback whose answers a test changes while it runs."""
import socket
import threading

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

import harness


class FakeResolver:
    """UDP on a port of its own. `hosts` maps (name, type) to a list of addresses; others are
    NXDOMAIN. `broken` makes every answer SERVFAIL, `silent` makes there none."""

    def __init__(self, ttl=1):
        self.port = harness.free_port()
        self.hosts = {}
        self.ttl = ttl
        self.cname = None  # on the way to every answer
        self.broken = False
        self.silent = False
        self.asked = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", self.port))
        self.socket.settimeout(0.05)
        self.is_open = True
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    @property
    def address(self):
        return f"127.0.0.1@{self.port}"

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
            if not self.silent:
                self.socket.sendto(self.reply(query).to_wire(), source)

    def close(self):
        self.is_open = False
        self.thread.join()
        self.socket.close()
