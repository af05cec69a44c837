# SPDX-License-Identifier: BSD-2-Clause
"""The AF_XDP front, in network namespaces: a client and a server with one cable, a veth, between
them. What is ordinary is answered past the kernel's sockets, everything else by them."""
import os
import shutil
import socket
import struct
import subprocess

import dns.flags
import dns.message
import dns.query
import pytest

import harness
import networks

LINK, PEER = "va", "vb"
OURS = {4: "10.9.0.1", 6: "fd00:9::1"}
THEIRS = {4: "10.9.0.2", 6: "fd00:9::2"}
PORT = 5300
NAME = "static.catsndogs.lol"

pytestmark = pytest.mark.timeout(180)


def is_built_in(folder):
    """Whether this ballastd knows server.xdp."""
    path = folder / "try.yaml"
    path.write_text("server: {listen: [127.0.0.1@5300], xdp: [{interface: lo}]}\n"
                    "control: {socket: s, state: d}\nzones: [{name: a, file: a}]\n")
    done = subprocess.run([harness.BALLASTD, "-c", path, "--check"], capture_output=True, text=True,
                          check=False, timeout=60)
    return "--enable-xdp" not in done.stderr


class Pair(harness.Daemon):
    """A server and its client, on hosts of their own."""

    def __init__(self, config=None, queues=1):
        listen = {"listen": [f"0.0.0.0@{PORT}", f"::@{PORT}"], "xdp": [{"interface": LINK}]}
        config = dict(config or {})
        super().__init__({**config, "server": {**listen, **config.get("server", {})}})
        self.hosts = []
        try:
            self.connect(queues)
        except BaseException:
            self.close()
            raise

    def connect(self, queues):
        self.here, self.there = self.host("server"), self.host("client")
        count = ("numrxqueues", queues, "numtxqueues", queues)
        networks.ip("link", "add", LINK, *count, "netns", self.here.name, "type", "veth",
                    "peer", "name", PEER, *count, "netns", self.there.name)
        for host, link, addresses in ((self.here, LINK, OURS), (self.there, PEER, THEIRS)):
            host.ip("link", "set", link, "up")
            host.address(f"{addresses[4]}/24", link)
            host.address(f"{addresses[6]}/64", link)

    def host(self, name):
        self.hosts.append(networks.Host(name))
        return self.hosts[-1]

    def launch(self):
        with self.here.inside():
            return super().launch()

    def close(self):
        try:
            super().close()
        finally:
            for host in self.hosts:
                host.close()

    def open(self, family, kind=socket.SOCK_DGRAM):
        with self.there.inside():
            one = socket.socket(socket.AF_INET6 if family == 6 else socket.AF_INET, kind)
        one.settimeout(10 * harness.PATIENCE)
        return one

    def ask_from(self, one, address, name=NAME, kind="A", prefix=b"", **more):
        """Asks over a socket until there is an answer: a first packet may be lost while the hosts look for
        each other."""
        query = dns.message.make_query(name, kind, **more)
        for _ in range(3):
            one.sendto(prefix + query.to_wire(max_size=65535), (address, PORT))
            try:
                answer = dns.message.from_wire(one.recv(65535))
            except TimeoutError:
                continue
            assert query.is_response(answer)
            return answer
        raise AssertionError(f"no answer of {address}:\n{self.log()}")

    def ask_by(self, family, *arguments, **more):
        with self.open(family) as one:
            return self.ask_from(one, OURS[family], *arguments, **more)

    def counts(self):
        counters = self.call("stats")["counters"]
        return counters["xdp_queries"], counters["udp_queries"]

    def meet(self):
        """Each host knows the other's address on the link, so that from now on nothing is asked twice."""
        for family in (4, 6):
            self.ask_by(family)

    def mode(self):
        link = self.here.ip("-d", "link", "show", LINK)
        return "generic" if "xdpgeneric" in link else "native" if "prog/xdp" in link else None


@pytest.fixture(scope="module", autouse=True)
def need_xdp(tmp_path_factory):
    networks.need_namespaces()
    if not is_built_in(tmp_path_factory.mktemp("xdp")):
        pytest.skip("this ballastd was built without --enable-xdp")


@pytest.fixture
def pair(keep):
    """pair(config) is a pair that runs."""
    return lambda *arguments, **more: keep(Pair(*arguments, **more)).start()


def with_mode(mode, **more):
    return {"server": {"xdp": [{"interface": LINK, "mode": mode}], **more}}


def add_up(octets, total=0):
    """RFC 1071."""
    octets += b"\0" * (len(octets) % 2)
    for (word,) in struct.iter_unpack(">H", octets):
        total += word
        total = (total & 0xFFFF) + (total >> 16)
    return total


def check_frame(frame):
    """All checksums of a frame with UDP are right, as the octets stand there; returns the payload."""
    if frame[12:14] == b"\x08\x00":
        ip, udp, addresses = frame[14:34], frame[34:], frame[26:34]
        assert ip[0] == 0x45 and add_up(ip) == 0xFFFF
        assert struct.unpack(">H", ip[2:4])[0] == len(frame) - 14
    else:
        assert frame[12:14] == b"\x86\xdd" and frame[20] == socket.IPPROTO_UDP
        udp, addresses = frame[54:], frame[22:54]
        assert struct.unpack(">H", frame[18:20])[0] == len(udp)
    assert struct.unpack(">H", udp[4:6])[0] == len(udp)
    assert udp[6:8] != b"\0\0"
    assert add_up(udp, add_up(addresses + struct.pack(">HH", socket.IPPROTO_UDP, len(udp)))) == 0xFFFF
    return udp[8:]


@pytest.mark.parametrize("mode", ["native", "generic"])
def test_ordinary_queries_go_past_the_sockets(pair, mode):
    daemon = pair(with_mode(mode))
    assert daemon.mode() == mode and f"xdp: {LINK}: {mode} mode, queues: 1" in daemon.log()
    daemon.meet()
    before = daemon.counts()
    with daemon.there.inside(), \
            socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as wire:
        wire.bind((PEER, 0))
        wire.settimeout(10 * harness.PATIENCE)
        for family in (4, 6):
            for number in range(20):
                with daemon.open(family) as one:
                    query = dns.message.make_query(NAME, "A", id=family * 100 + number)
                    one.sendto(query.to_wire(), (OURS[family], PORT))
                    answer = dns.message.from_wire(one.recv(4096))
                    assert query.is_response(answer) and len(answer.answer[0]) == 2
        checked = 0
        while checked < 40:
            frame, place = wire.recvfrom(65535)
            protocol = {b"\x08\x00": 23, b"\x86\xdd": 20}.get(frame[12:14])
            if place[2] != socket.PACKET_OUTGOING and protocol and frame[protocol] == socket.IPPROTO_UDP:
                assert dns.message.from_wire(check_frame(frame)).flags & dns.flags.QR
                checked += 1
    after = daemon.counts()
    assert after[0] - before[0] == after[1] - before[1] == 40
    daemon.stop()
    assert daemon.mode() is None


def test_a_pair_that_cannot_be_made_leaves_nothing(monkeypatch):
    monkeypatch.setattr(networks.Host, "address", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        Pair()
    assert f"ballast-{os.getpid()}-" not in networks.ip("netns", "list").stdout


def test_native_is_chosen_where_it_can_be_had(pair):
    assert pair().mode() == "native"


def test_addresses_of_the_link(keep):
    """fe80::1 is an address of the link that is listed, and of another."""
    daemon = keep(Pair())
    daemon.here.ip("link", "add", "other", "type", "veth", "peer", "name", "end")
    for link in (LINK, "other"):
        daemon.here.address("fe80::1/64", link)
        daemon.here.ip("link", "set", link, "up")
    daemon.there.address("fe80::2/64", PEER)
    with daemon.there.inside():
        index = socket.if_nametoindex(PEER)
    for listed, is_past in ((LINK, True), ("other", False)):
        daemon.config["server"]["listen"] = [f"fe80::1%{listed}@{PORT}", f"0.0.0.0@{PORT}"]
        daemon.start()
        with daemon.open(6) as one:
            one.bind(("fe80::2", 0, 0, index))
            query = dns.message.make_query(NAME, "A").to_wire()
            if is_past:
                one.sendto(query, ("fe80::1", PORT, 0, index))
                assert dns.message.from_wire(one.recv(4096)).answer
            else:  # nobody listens there
                one.connect(("fe80::1", PORT, 0, index))
                one.send(query)
                with pytest.raises(ConnectionRefusedError):
                    one.recv(4096)
        assert daemon.counts()[0] == is_past
        daemon.stop()


def test_thousands_of_queries_in_flight(pair):
    """More than any ring has places for."""
    daemon = pair()
    daemon.meet()
    with daemon.open(4) as one:
        one.connect((OURS[4], PORT))
        query = bytearray(dns.message.make_query(NAME, "A").to_wire())
        waiting = set()
        for number in range(10000):
            query[0:2] = struct.pack(">H", number)
            one.send(query)
            waiting.add(number)
            while len(waiting) >= 50 or (number == 9999 and waiting):
                waiting.discard(struct.unpack(">H", one.recv(4096)[:2])[0])
    assert daemon.counts()[0] >= 10000
    assert daemon.call("stats")["counters"]["send_failed"] == 0


def test_weights_move_through_it(pair):
    members = harness.two_members()
    daemon = pair({"record_sets": [harness.record_set(members)]})
    for blue, green, expected in ((100, 0, "127.0.0.2"), (0, 100, "127.0.0.3")):
        daemon.set_weights("www.catsndogs.lol", "A", f"blue={blue}", f"green={green}")
        answer = daemon.ask_by(4, "www.catsndogs.lol")
        assert [one.to_text() for one in answer.answer[0]] == [expected]
    xdp, udp = daemon.counts()
    assert xdp == udp >= 2


def expect_kernel(daemon, ask):
    """What ask() asks is answered, not through the front."""
    before = daemon.counts()
    ask()
    after = daemon.counts()
    assert after[0] == before[0] and after[1] > before[1]


@pytest.mark.parametrize("mode", ["native", "generic"])
def test_what_is_unusual_is_left_to_the_kernel(pair, mode):
    daemon = pair(with_mode(mode))
    daemon.meet()
    for family, level, option, value in (
            (4, socket.IPPROTO_IP, socket.IP_OPTIONS, b"\x01" * 4),
            (6, socket.IPPROTO_IPV6, socket.IPV6_DSTOPTS, b"\0\0\x01\x04\0\0\0\0"),
            (6, socket.IPPROTO_IPV6, socket.IPV6_HOPOPTS, b"\0\0\x01\x04\0\0\0\0")):
        with daemon.open(family) as one:
            one.setsockopt(level, option, value)
            expect_kernel(daemon, lambda: daemon.ask_from(one, OURS[family]))
    # Fragments, of a query with much padding.
    daemon.there.ip("link", "set", PEER, "mtu", "1280")
    padding = [dns.edns.GenericOption(12, bytes(1400))]
    for family in (4, 6):
        expect_kernel(daemon, lambda: daemon.ask_by(family, use_edns=0, options=padding))
    # TCP.
    before = daemon.counts()
    with daemon.there.inside():
        query = dns.message.make_query(NAME, "A")
        assert dns.query.tcp(query, OURS[4], port=PORT, timeout=10 * harness.PATIENCE).answer
    assert daemon.counts() == before


def raw_query(daemon, source_port, destination, query):
    """(MAC addresses, packet) of a query over IPv4 from the client's host."""
    mac = {host: host.ip("-br", "link", "show", link).split()[2].replace(":", "")
           for host, link in ((daemon.here, LINK), (daemon.there, PEER))}
    udp = struct.pack(">HHHH", source_port, PORT, 8 + len(query), 0) + query
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0) + \
        socket.inet_aton(THEIRS[4]) + socket.inet_aton(destination)
    ip = ip[:10] + struct.pack(">H", 0xFFFF - add_up(ip)) + ip[12:]
    return bytes.fromhex(mac[daemon.here] + mac[daemon.there]), ip + udp


def test_who_listens_on_loopback_is_not_heard_from_the_wire(keep):
    """The kernel drops such packets as martians; the front must not have them either."""
    daemon = keep(Pair({"server": {"listen": [f"127.0.0.1@{PORT}", f"{OURS[4]}@{PORT}"]}})).start()
    daemon.ask_by(4)
    before = daemon.counts()
    with daemon.open(4) as one:
        one.bind((THEIRS[4], 0))
        query = dns.message.make_query(NAME, "A").to_wire()
        macs, packet = raw_query(daemon, one.getsockname()[1], "127.0.0.1", query)
        with daemon.there.inside():
            wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        with wire:
            wire.bind((PEER, 0))
            wire.send(macs + b"\x08\0" + packet)
        daemon.ask_by(4)  # comes behind it
    assert daemon.counts() == (before[0] + 1, before[1] + 1)


@pytest.mark.parametrize("mode", ["native", "generic"])
def test_tags_of_vlans_are_left_to_the_kernel(pair, mode):
    """The kernel gets the frame with the tag, and not that without."""
    daemon = pair(with_mode(mode))
    daemon.meet()
    before = daemon.counts()
    with daemon.open(4) as one:
        one.bind((THEIRS[4], 0))
        query = dns.message.make_query(NAME, "A").to_wire()
        macs, packet = raw_query(daemon, one.getsockname()[1], OURS[4], query)
        with daemon.here.inside():
            heard = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        with daemon.there.inside():
            wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        with heard, wire:
            heard.bind((LINK, 0))
            heard.settimeout(10 * harness.PATIENCE)
            wire.bind((PEER, 0))
            wire.send(macs + b"\x08\0" + packet)
            assert dns.message.from_wire(one.recv(4096)).answer
            packet = packet.replace(query, query[:-1] + b"\x03")  # of class CH
            wire.send(macs + b"\x81\0\0\x07" + b"\x08\0" + packet)
            while True:
                frame, place = heard.recvfrom(65535)
                if place[2] != socket.PACKET_OUTGOING and query[:-1] in frame:
                    break
            assert packet in frame
    assert daemon.counts() == (before[0] + 1, before[1] + 1)


def test_what_is_for_others_is_left_alone(pair):
    """Another port of ours, and another host's address, which a router would pass on."""
    daemon = pair()
    daemon.meet()
    before = daemon.counts()
    with daemon.here.inside():
        other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with other, daemon.open(4) as one:
        other.settimeout(10 * harness.PATIENCE)
        other.bind((OURS[4], PORT + 1))
        one.sendto(b"hello", (OURS[4], PORT + 1))
        assert other.recv(100) == b"hello"
    mac = daemon.here.ip("-br", "link", "show", LINK).split()[2]
    daemon.there.ip("neigh", "add", "10.9.0.77", "lladdr", mac, "dev", PEER)
    with daemon.open(4) as one:
        one.sendto(dns.message.make_query(NAME, "A").to_wire(), ("10.9.0.77", PORT))
        daemon.ask_from(one, OURS[4])  # comes behind it
    assert daemon.counts() == (before[0] + 1, before[1] + 1)


def test_addresses_come_and_go(keep):
    """With a wildcard those of the interface, and those of lo that are listed."""
    daemon = keep(Pair({"server": {"listen": [f"0.0.0.0@{PORT}", f"10.99.0.1@{PORT}"]}}))
    for address in ("10.99.0.1", "10.99.0.2"):
        daemon.there.ip("route", "add", address, "via", OURS[4])
        daemon.here.address(f"{address}/32", "lo")
    daemon.start()

    def is_past_the_sockets(address):
        before = daemon.counts()[0]
        with daemon.open(4) as one:
            daemon.ask_from(one, address)
        return daemon.counts()[0] > before

    daemon.here.address("10.9.0.3/24", LINK)
    harness.wait_for(lambda: is_past_the_sockets("10.9.0.3"), "the front has it")
    assert is_past_the_sockets("10.99.0.1") and not is_past_the_sockets("10.99.0.2")
    daemon.here.ip("address", "del", "10.9.0.3/24", "dev", LINK)
    daemon.here.address("10.9.0.3/32", "lo")
    harness.wait_for(lambda: not is_past_the_sockets("10.9.0.3"), "the kernel has it")


def test_changes_of_the_link_are_heard(pair):
    """Its address, and its MTU: larger, smaller, too small, and good again."""
    daemon = pair({"server": {"udp_payload_max": 4096}})
    daemon.meet()

    def is_whole():
        """Whether an answer of 1900 octets is; None: the kernel's sockets have given it."""
        before = daemon.counts()[0]
        answer = daemon.ask_by(4, "big.catsndogs.lol", "TXT", payload=4096)
        return not answer.flags & dns.flags.TC if daemon.counts()[0] > before else None

    def set_link(*words):
        for host, link in ((daemon.here, LINK), (daemon.there, PEER)):
            host.ip("link", "set", link, *words)

    assert is_whole() is False
    daemon.here.ip("link", "set", LINK, "address", "02:00:00:00:00:55")
    daemon.there.ip("neigh", "flush", "dev", PEER)
    harness.wait_for(lambda: is_whole() is False, "the front has the address")
    set_link("mtu", 3000)
    harness.wait_for(is_whole, "more fits")
    set_link("mtu", 1400)
    harness.wait_for(lambda: is_whole() is False, "less fits")
    set_link("mtu", 500)
    harness.wait_for(lambda: is_whole() is None, "the kernel has it")
    left = f"xdp: {LINK}: has an MTU of 500, expected at least 560; the kernel's sockets serve it"
    assert left in daemon.log()
    set_link("mtu", 3000)
    harness.wait_for(is_whole, "the front has it again")
    assert f"xdp: {LINK}: is served again" in daemon.log()


def test_answers_that_do_not_fit_the_link_are_truncated(pair):
    daemon = pair({"server": {"udp_payload_max": 4096}})
    answer = daemon.ask_by(4, "big.catsndogs.lol", "TXT", payload=4096)
    assert answer.flags & dns.flags.TC
    assert daemon.counts()[0] > 0


def test_limits_and_proxies_are_those_of_the_sockets(pair):
    daemon = pair({"server": {"rate_limit": {"responses_per_second": 1, "slip": 1},
                              "proxy": [THEIRS[6]]}})
    harness.wait_for(lambda: daemon.ask_by(4).flags & dns.flags.TC, "it is too many")
    assert daemon.call("stats")["counters"]["rate_slipped"] > 0
    header = b"\r\n\r\n\0\r\nQUIT\n\x21\x12\0\x0c" + bytes([192, 0, 2, 1, 192, 0, 2, 2, 1, 1, 0, 53])
    with daemon.open(6) as one:
        one.sendto(dns.message.make_query(NAME, "A").to_wire(), (OURS[6], PORT))
        assert daemon.ask_from(one, OURS[6], prefix=header).answer
    counters = daemon.call("stats")["counters"]
    assert counters["proxy_refused"] >= 1 and counters["xdp_queries"] == counters["udp_queries"]


def test_a_killed_daemon_leaves_nothing_behind(pair):
    daemon = pair()
    daemon.meet()
    for _ in range(3):
        daemon.kill()
        harness.wait_for(lambda: daemon.mode() is None, "the kernel has taken the filter off")
        daemon.start()
        assert daemon.mode() == "native"
        daemon.meet()
    daemon.kill()
    del daemon.config["server"]["xdp"]
    daemon.start()
    daemon.meet()
    assert daemon.counts()[0] == 0 and daemon.counts()[1] >= 2


def test_queues_without_a_socket_are_the_kernels(pair):
    daemon = pair({"server": {"xdp": [{"interface": LINK, "queues": 1}]}}, queues=2)
    assert "queues: 1" in daemon.log()
    for _ in range(100):
        daemon.ask_by(4)
    xdp, udp = daemon.counts()
    assert 0 < xdp < udp
    daemon.kill()
    daemon.config["server"]["xdp"] = [{"interface": LINK}]
    daemon.start()
    assert "queues: 2" in daemon.log()
    for _ in range(100):
        daemon.ask_by(4)
    xdp, udp = daemon.counts()
    assert xdp == udp >= 100


def expect_sockets(daemon, reason):
    daemon.meet()
    assert daemon.counts()[0] == 0 and daemon.counts()[1] >= 2
    assert f"{reason}; the kernel's sockets serve it" in daemon.log()


def test_an_interface_that_is_not_there(keep):
    daemon = keep(Pair({"server": {"xdp": [{"interface": "eth7"}]}}))
    checked = subprocess.run([harness.BALLASTD, "-c", daemon.write_config(), "--check"],
                             capture_output=True, text=True, check=False, timeout=60,
                             cwd=daemon.folder)
    assert checked.returncode == 1
    assert "server.xdp: eth7: there is no interface of that name" in checked.stderr
    daemon.start()
    expect_sockets(daemon, "xdp: eth7: there is no interface of that name")


@pytest.fixture
def limit_capabilities(monkeypatch, tmp_path):
    """limit_capabilities("+bpf"): a daemon started from now on has no others."""
    def limit(*kept):
        if shutil.which("setpriv") is None:
            pytest.skip("no program setpriv")
        script = tmp_path / "ballastd"
        script.write_text(f"#!/bin/sh\nexec setpriv --bounding-set={','.join(('-all', *kept))} --inh-caps=-all "
                          f'"{harness.BALLASTD}" "$@"\n')
        script.chmod(0o755)
        monkeypatch.setattr(harness, "BALLASTD", str(script))
    return limit


def test_where_it_is_not_permitted(keep, limit_capabilities):
    limit_capabilities()
    expect_sockets(keep(Pair()).start(), "Operation not permitted")


def test_the_capabilities_of_the_manual_are_enough(pair, limit_capabilities):
    limit_capabilities("+bpf", "+perfmon", "+net_admin", "+net_raw", "+ipc_lock")
    daemon = pair()
    daemon.meet()
    assert daemon.mode() == "native" and daemon.counts()[0] >= 2


def test_an_interface_with_another_program(keep):
    """Whose it is, is not known: it stays."""
    daemon = keep(Pair())
    other = keep(harness.Daemon())
    other.config["server"]["listen"] = ["127.0.0.1@5301"]
    other.config["server"]["xdp"] = [{"interface": LINK}]
    with daemon.here.inside():
        other.launch()
    harness.wait_for(other.is_ready, "the first daemon is ready")
    expect_sockets(daemon.start(), "Device or resource busy")


def test_an_interface_that_goes_away(pair):
    daemon = pair()
    daemon.meet()
    daemon.here.ip("link", "del", LINK)
    with daemon.here.inside():
        query = dns.message.make_query(NAME, "A")
        assert dns.query.udp(query, "127.0.0.1", port=PORT, timeout=10 * harness.PATIENCE).answer
    assert os.path.exists(f"/proc/{daemon.process.pid}")


def test_another_interface_of_the_same_name_is_not_served(pair):
    daemon = pair()
    daemon.meet()
    daemon.here.ip("link", "del", LINK)
    harness.wait_for(lambda: "is gone, or another interface" in daemon.log(),
                     "the front sees that it is gone")
    daemon.here.ip("link", "add", LINK, "type", "veth", "peer", "name", "peer0")
    daemon.here.ip("link", "set", LINK, "up")
    with daemon.here.inside():
        for _ in range(10):
            query = dns.message.make_query(NAME, "A")
            assert dns.query.udp(query, "127.0.0.1", port=PORT, timeout=10 * harness.PATIENCE).answer
    assert "is served again" not in daemon.log()
