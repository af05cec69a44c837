# SPDX-License-Identifier: BSD-2-Clause
"""An answer leaves from the address that was asked, whichever of the host's it is and whichever way
leads back: a server with two links and many addresses, and a client whose own addresses it reaches
by the second link only."""
import json
import socket
import struct

import dns.message
import pytest

import harness
import networks

PORT = 53
LISTED_PORT, MIXED_PORT = 54, 55
# address: the server's link that has it. What is on lo is reached by way of the first link.
ADDRESSES = {
    "10.77.0.1": "s0",
    "10.77.0.2": "s0",
    "10.77.1.1": "s1",
    "10.77.9.1": "lo",
    "fd77:0::1": "s0",
    "fd77:0::2": "s0",
    "fd77:1::1": "s1",
    "fd77:9::1": "lo",
}
# The same on both links: only the link says which of them was asked.
LINK_LOCAL = "fe80::53"
LINK_LOCAL_CLIENT = "fe80::100"
LINKS = {"s0": "c0", "s1": "c1"}
# The client's own, on its lo: the server's default route to them is the second link.
CLIENT = {socket.AF_INET: "10.77.8.1", socket.AF_INET6: "fd77:8::1"}

QUERY = dns.message.make_query("static.catsndogs.lol", "A", id=0).to_wire()

pytestmark = pytest.mark.timeout(120)


def plug_in(server, client, number):
    """The link of this number, with the addresses that both hosts have there."""
    here, there = f"s{number}", f"c{number}"
    networks.connect(server, here, client, there)
    for host, link, last in ((server, here, "1"), (client, there, "100")):
        host.address(f"10.77.{number}.{last}/24", link)
        host.address(f"fd77:{number}::{last}/64", link)


@pytest.fixture(scope="module")
def network(request):
    networks.need_namespaces()
    hosts = []
    for name in ("server", "client"):
        hosts.append(networks.Host(name))
        request.addfinalizer(hosts[-1].close)
    server, client = hosts
    for number in (0, 1):
        plug_in(server, client, number)
        server.address(f"{LINK_LOCAL}/64", f"s{number}")
        client.address(f"{LINK_LOCAL_CLIENT}/64", f"c{number}")
    for address in ("10.77.0.2/24", "fd77:0::2/64"):
        server.address(address, "s0")
    for address in ("10.77.9.1/32", "fd77:9::1/128"):
        server.address(address, "lo")
    for address in ("10.77.8.1/32", "fd77:8::1/128"):
        client.address(address, "lo")
    # There by the first link, also to the second link's addresses; back by the second.
    for words in ("10.77.9.1 via 10.77.0.1", "fd77:9::1 via fd77:0::1"):
        client.ip("route", "add", *words.split(), "dev", "c0")
    for words in ("default via 10.77.1.100", "default via fd77:1::100"):
        server.ip("route", "add", *words.split(), "dev", "s1")
    for link in LINKS.values():
        client.set(f"net/ipv4/conf/{link}/rp_filter", 0)
    return server, client


def start(request, network, listen):
    daemon = harness.Daemon({"server": {"listen": listen}})
    request.addfinalizer(daemon.close)
    with network[0].inside():
        return daemon.start()


@pytest.fixture(scope="module")
def wildcard(request, network):
    return start(request, network, [f"0.0.0.0@{PORT}", f"::@{PORT}"])


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def destination(address, port=PORT):
    """The socket address of "fe80::1%c0", "fd77::1" or "10.0.0.1"; in the client's namespace."""
    return socket.getaddrinfo(address, port, flags=socket.AI_NUMERICHOST,
                              type=socket.SOCK_DGRAM)[0][4]


def open_client(address, kind, is_far=True):
    """is_far: with the source that the server reaches by the second link only."""
    one = socket.socket(family_of(address), kind)
    one.settimeout(5 * harness.PATIENCE)
    if is_far:
        one.bind((CLIENT[one.family], 0))
    return one


def receive_frame(stream):
    return stream.read(struct.unpack(">H", stream.read(2))[0])


def ask(network, address, transport, is_far=True, port=PORT):
    """Returns the source of the answer, as the kernel reports it."""
    with network[1].inside():
        asked = destination(address, port)
        kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        # Not connected: an answer from elsewhere would be received as well.
        with open_client(address, kind, is_far) as client:
            if transport == "udp":
                client.sendto(QUERY, asked)
                answer, source = client.recvfrom(4096)
            else:
                client.connect(asked)
                client.sendall(struct.pack(">H", len(QUERY)) + QUERY)
                answer, source = receive_frame(client.makefile("rb")), client.getpeername()
        assert len(dns.message.from_wire(answer).answer[0]) == 2
        assert source == asked
        return source


def received(network, link):
    """Packets that the client has had by this link."""
    shown = json.loads(network[1].ip("-j", "-s", "link", "show", "dev", link))
    return shown[0]["stats64"]["rx"]["packets"]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_a_wildcard_answers_from_the_address_asked(network, wildcard, address, transport):
    ask(network, address, transport)
    ask(network, address, transport, is_far=False)


@pytest.mark.parametrize("address", ["10.77.0.2", "10.77.9.1", "fd77:0::2", "fd77:9::1"])
def test_the_way_back_is_another_link(network, wildcard, address):
    """That the tests above ask what they are to ask: a hundred answers come by the second link."""
    before = {link: received(network, link) for link in LINKS.values()}
    for _ in range(100):
        ask(network, address, "udp")
    more = {link: received(network, link) - before[link] for link in LINKS.values()}
    assert more["c1"] >= 100 and more["c0"] < 50, more


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("link", LINKS.values())
def test_a_link_local_address_answers_on_its_link(network, wildcard, link, transport):
    """The same address is on both links; the scope is part of the source that is compared."""
    source = ask(network, f"{LINK_LOCAL}%{link}", transport, is_far=False)
    assert source[3] != 0


def test_a_link_local_client_is_answered_by_a_global_address(network, wildcard):
    with network[1].inside(), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as client:
        client.settimeout(5 * harness.PATIENCE)
        client.bind((LINK_LOCAL_CLIENT, 0, 0, socket.if_nametoindex("c0")))
        client.sendto(QUERY, destination("fd77:0::2"))
        assert client.recvfrom(4096)[1][0] == "fd77::2"


@pytest.mark.parametrize("address", ["10.77.0.2", "10.77.1.1", "10.77.9.1"])
def test_a_mapped_address_is_the_ipv4_address(network, wildcard, address):
    """A client whose one socket is for both families."""
    mapped = f"::ffff:{address}"
    with network[1].inside():
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            with socket.socket(socket.AF_INET6, kind) as client:
                client.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
                client.settimeout(5 * harness.PATIENCE)
                client.bind((f"::ffff:{CLIENT[socket.AF_INET]}", 0))
                if kind == socket.SOCK_DGRAM:
                    client.sendto(QUERY, (mapped, PORT))
                    assert client.recvfrom(4096)[1][:2] == (mapped, PORT)
                else:
                    client.connect((mapped, PORT))
                    client.sendall(struct.pack(">H", len(QUERY)) + QUERY)
                    assert dns.message.from_wire(receive_frame(client.makefile("rb"))).answer


def test_answers_of_one_batch_have_each_its_own_source(network, wildcard):
    """Queries to all addresses at once from one port, so that one worker reads them together."""
    for family in CLIENT:
        asked = [one for one in ADDRESSES if family_of(one) == family] * 16
        with network[1].inside(), open_client(asked[0], socket.SOCK_DGRAM) as client:
            for number, address in enumerate(asked):
                client.sendto(struct.pack(">H", number) + QUERY[2:], destination(address))
            sources = {}
            for _ in asked:
                answer, source = client.recvfrom(4096)
                sources[struct.unpack(">H", answer[:2])[0]] = source
            assert sources == {i: destination(one) for i, one in enumerate(asked)}


@pytest.mark.parametrize("address,link", [("10.77.0.9/24", "s0"), ("10.77.9.9/32", "lo"),
                                          ("fd77:0::9/64", "s0"), ("fd77:9::9/128", "lo")])
def test_an_address_that_came_after_the_start_is_answered_from(network, wildcard, address, link):
    server, client = network
    host = address.split("/")[0]
    server.address(address, link)
    if link == "lo":
        gateway = "fd77:0::1" if ":" in host else "10.77.0.1"
        client.ip("route", "add", host, "via", gateway, "dev", "c0")
    for transport in ("udp", "tcp"):
        ask(network, host, transport)
    server.ip("address", "del", address, "dev", link)
    # Gone again: the others stay.
    for transport in ("udp", "tcp"):
        ask(network, "10.77.0.1", transport)
        ask(network, "fd77:0::1", transport)


def test_a_link_that_came_after_the_start_is_answered_on(network, wildcard):
    plug_in(*network, 2)
    network[0].address(f"{LINK_LOCAL}/64", "s2")
    for transport in ("udp", "tcp"):
        for address in ("10.77.2.1", "fd77:2::1"):
            ask(network, address, transport)
        ask(network, f"{LINK_LOCAL}%c2", transport, is_far=False)
    network[0].ip("link", "del", "s2")
    ask(network, "10.77.0.1", "udp")


def test_listed_addresses_answer_each_from_itself(request, network):
    listen = [f"{address}@{LISTED_PORT}" for address in ADDRESSES]
    listen += [f"{LINK_LOCAL}%{link}@{LISTED_PORT}" for link in LINKS]
    daemon = start(request, network, listen)
    for transport in ("udp", "tcp"):
        for address in ADDRESSES:
            ask(network, address, transport, port=LISTED_PORT)
        for link in LINKS.values():
            ask(network, f"{LINK_LOCAL}%{link}", transport, is_far=False, port=LISTED_PORT)
    assert daemon.call("stats")["counters"]["send_failed"] == 0


def test_a_listed_address_and_the_wildcard_share_a_port(request, network):
    start(request, network, [f"{one}@{MIXED_PORT}" for one in ("10.77.0.2", "0.0.0.0", "::")])
    for transport in ("udp", "tcp"):
        for address in ADDRESSES:
            ask(network, address, transport, port=MIXED_PORT)
