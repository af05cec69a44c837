# SPDX-License-Identifier: BSD-2-Clause
"""Clients that take TCP connections and give nothing for them, against the real daemon: how many
there may be, who gives way, and that others are served meanwhile."""
import contextlib
import select
import socket
import struct
import threading

import dns.message
import pytest

import harness
import networks

QUERY = dns.message.make_query("static.catsndogs.lol", "A").to_wire()
LARGE = dns.message.make_query("big.catsndogs.lol", "TXT").to_wire()
MOST = 20

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def make(make_daemon):
    def start(workers=2, **tcp):
        settings = {"max_connections": MOST, "idle_timeout": "1h", **tcp}
        return make_daemon({"server": {"tcp": settings, "workers": workers}})
    return start


def frame(octets):
    return struct.pack(">H", len(octets)) + octets


def counter(daemon, name):
    return daemon.call("stats")["counters"][name]


class Client:
    def __init__(self, daemon, source="127.0.0.1"):
        self.socket = socket.create_connection(("127.0.0.1", daemon.port), 10 * harness.PATIENCE,
                                               source_address=(source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream = self.socket.makefile("rb")

    def ask(self):
        """False: it was closed."""
        with contextlib.suppress(ConnectionError):
            self.socket.sendall(frame(QUERY))
            size = self.stream.read(2)
            if size:
                self.stream.read(struct.unpack(">H", size)[0])
                return True
        return False

    def is_closed(self):
        """Waits for it."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True

    def is_open(self):
        return not select.select([self.socket], [], [], 0)[0]

    def close(self):
        self.stream.close()
        self.socket.close()


@pytest.fixture
def connect(request):
    def one(daemon, source="127.0.0.1"):
        client = Client(daemon, source)
        request.addfinalizer(client.close)
        return client
    return one


def open_connections(daemon):
    """Descriptors of the daemon that are connections of its DNS port."""
    count = 0
    with open("/proc/net/tcp", encoding="ascii") as table:
        for line in table:
            words = line.split()
            count += words[1].endswith(f":{daemon.port:04X}") and words[3] == "01"  # established
    return count


# --- how many ---

def test_one_client_has_its_limit(make, connect):
    daemon = make(max_connections_per_client=5)
    clients = [connect(daemon) for _ in range(5)]
    assert all(one.ask() for one in clients)
    for _ in range(10):
        assert connect(daemon).is_closed()
    assert counter(daemon, "tcp_refused") == 10 and counter(daemon, "tcp_gave_way") == 0
    # Others have places, and each the same number of them.
    others = [connect(daemon, "127.0.0.2") for _ in range(5)]
    assert all(one.ask() for one in others + clients)
    assert connect(daemon, "127.0.0.2").is_closed()
    # A place that is given back is given again.
    clients.pop().close()
    harness.wait_for(lambda: open_connections(daemon) == 9, "it is closed")
    again = connect(daemon)
    assert again.ask()
    assert connect(daemon).is_closed()


def test_an_ipv6_client_is_a_64_and_an_ipv4_client_an_address(request):
    networks.need_namespaces()
    host = networks.Host("limits")
    request.addfinalizer(host.close)
    for address in ("fd77:5::1/128", "fd77:5::2/128", "fd77:5:0:1::1/128", "10.77.5.1/32",
                    "10.77.5.2/32", "fd77:5::53/128", "10.77.5.53/32"):
        host.address(address, "lo")
    daemon = harness.Daemon({"server": {"listen": ["0.0.0.0@53", "::@53"],
                                        "tcp": {"max_connections_per_client": 2}}})
    request.addfinalizer(daemon.close)

    def connected(source, count):
        server = "fd77:5::53" if ":" in source else "10.77.5.53"
        good = 0
        for _ in range(count):
            one = socket.create_connection((server, 53), 10 * harness.PATIENCE,
                                           source_address=(source, 0))
            request.addfinalizer(one.close)
            with contextlib.suppress(ConnectionError):
                one.sendall(frame(QUERY))
                good += bool(one.recv(2))
        return good

    with host.inside():
        daemon.start()
        assert connected("fd77:5::1", 1) == 1
        assert connected("fd77:5::2", 3) == 1  # of the same /64
        assert connected("fd77:5:0:1::1", 3) == 2
        assert connected("10.77.5.1", 3) == 2
        assert connected("10.77.5.2", 3) == 2


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_all_together_are_never_more_than_the_limit(make, connect, workers):
    """But for one of each worker that has none."""
    daemon = make(workers)
    clients = []
    for i in range(4 * MOST):
        clients.append(connect(daemon, f"127.0.0.{1 + i % 50}"))
        assert clients[-1].ask()  # a new one is always served
        assert counter(daemon, "tcp_connections") - counter(daemon, "tcp_gave_way") <= (
            MOST + workers)
    harness.wait_for(lambda: counter(daemon, "tcp_gave_way") == 4 * MOST - open_connections(daemon),
                     "those that gave way are closed")
    assert MOST <= open_connections(daemon) <= MOST + workers
    assert counter(daemon, "tcp_refused") == 0


def test_the_one_that_is_idle_longest_gives_way(make, connect):
    daemon = make(workers=1)
    clients = [connect(daemon) for _ in range(MOST)]
    for one in clients:
        assert one.ask()
    order = [clients[i] for i in (7, 3, 12, 0, 19)]  # these have asked last
    for one in order:
        assert one.ask()
    first = [one for one in clients if one not in order]
    for expected in first + order:
        assert expected.is_open()
        assert connect(daemon, "127.0.0.2").ask()
        assert expected.is_closed()
    assert counter(daemon, "tcp_gave_way") == MOST


def test_octets_without_a_query_do_not_make_a_connection_younger(make, connect):
    """Slow clients are the oldest, whatever they send."""
    daemon = make(workers=1)
    slow = connect(daemon)
    slow.socket.sendall(b"\0")
    harness.wait_for(lambda: counter(daemon, "tcp_connections") == 1, "it is accepted")
    asked = [connect(daemon) for _ in range(MOST - 1)]
    for one in asked:
        assert one.ask()
    slow.socket.sendall(b"\xFF")
    assert connect(daemon).ask()
    assert slow.is_closed() and all(one.ask() for one in asked)


# --- slow clients ---

def trickle(clients, is_over):
    """One octet of a query that never ends to each, again and again, until all are closed."""
    left = list(clients)
    while left and not is_over.is_set():
        for one in list(left):
            try:
                one.socket.sendall(b"\x7F")
            except OSError:
                left.remove(one)
        is_over.wait(0.01)


@contextlib.contextmanager
def running(target, *arguments):
    is_over = threading.Event()
    thread = threading.Thread(target=target, args=(*arguments, is_over))
    thread.start()
    try:
        yield thread
    finally:
        is_over.set()
        thread.join()


def test_slow_clients_are_closed_after_the_idle_timeout(make, connect):
    daemon = make(idle_timeout="500ms")
    slow = [connect(daemon) for _ in range(MOST)]
    with running(trickle, slow) as thread:
        harness.wait_for(lambda: counter(daemon, "tcp_timeouts") == MOST, "all are closed")
        harness.wait_for(lambda: not thread.is_alive(), "and they notice it")
    assert open_connections(daemon) == 0


def test_others_are_served_while_slow_clients_have_all_places(make, connect):
    daemon = make()
    slow = [connect(daemon) for _ in range(MOST)]
    with running(trickle, slow):
        harness.wait_for(lambda: counter(daemon, "tcp_connections") >= MOST, "all are accepted")
        for _ in range(3 * MOST):
            assert daemon.ask("static.catsndogs.lol", transport="tcp").answer
            assert daemon.ask("static.catsndogs.lol").answer
    assert counter(daemon, "tcp_refused") == 0


def test_who_asks_slowly_but_asks_is_not_closed(make, connect):
    """Octet by octet: five queries, which take longer than the idle timeout together."""
    daemon = make(idle_timeout="1s")
    one = connect(daemon)
    pause = threading.Event()
    for _ in range(5):
        for octet in frame(QUERY):
            one.socket.sendall(bytes([octet]))
            pause.wait(0.3 / len(frame(QUERY)))
        size = one.stream.read(2)
        assert one.stream.read(struct.unpack(">H", size)[0])
    assert counter(daemon, "tcp_timeouts") == 0


# --- clients that never read ---

def flood(one):
    """Large answers are asked for until the daemon reads no more. Returns octets sent."""
    one.socket.setblocking(False)
    sent, octets = 0, frame(LARGE) * 100
    while select.select([], [one.socket], [], 0.5 * harness.PATIENCE)[1]:
        try:
            sent += one.socket.send(octets)
        except BlockingIOError:
            continue
    return sent


def test_clients_that_never_read_hold_little_and_hurt_nobody(make, connect):
    daemon = make()
    before = daemon.resident_kib()
    greedy = [connect(daemon, f"127.0.0.{2 + i}") for i in range(8)]
    answered = []
    for one in greedy:
        flood(one)
        assert daemon.ask("static.catsndogs.lol", transport="tcp").answer
        assert daemon.ask("static.catsndogs.lol").answer
        answered.append(counter(daemon, "tcp_queries"))
    # Some 200 octets of answers wait for each octet of a query: what is kept is bounded.
    assert daemon.resident_kib() - before < 8 * 1024 * harness.PATIENCE
    # They stand still: nothing more is answered.
    assert counter(daemon, "tcp_queries") - answered[-1] == 0
    # And who begins to read gets all that was answered, whole.
    greedy[0].socket.setblocking(True)
    greedy[0].socket.settimeout(10 * harness.PATIENCE)
    for _ in range(2000):
        size = struct.unpack(">H", greedy[0].stream.read(2))[0]
        assert len(greedy[0].stream.read(size)) == size > 1800


def test_clients_that_never_read_are_closed_after_the_idle_timeout(make, connect):
    daemon = make(idle_timeout="500ms")
    greedy = [connect(daemon, f"127.0.0.{2 + i}") for i in range(4)]
    for one in greedy:
        with contextlib.suppress(ConnectionError):
            flood(one)
    harness.wait_for(lambda: counter(daemon, "tcp_timeouts") == 4, "all are closed")
    assert daemon.ask("static.catsndogs.lol", transport="tcp").answer


def test_clients_that_never_read_give_way(make, connect):
    daemon = make(workers=1)
    greedy = [connect(daemon, f"127.0.0.{2 + i}") for i in range(4)]
    for one in greedy:
        flood(one)
    others = [connect(daemon) for _ in range(MOST)]
    assert all(one.ask() for one in others)
    assert counter(daemon, "tcp_gave_way") == 4 and all(one.ask() for one in others)
