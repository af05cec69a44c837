/* SPDX-License-Identifier: BSD-2-Clause */
/* The whole data plane on loopback sockets: real threads, ports that were found free. Nothing here
 * sleeps; what must not take for ever has a timeout on the test's own socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "server/server.h"
#include "server/wire.h"
#include "tests/unit/answer_fixture.h"

#define WORKERS    2
#define PATIENCE_S 20
#define TYPE_A     1
#define TYPE_TXT   16
#define TCP_MAX    20
#define TIMEOUT_MS 300
#define NEVER_MS   (3600 * 1000)

struct running {
    struct fixture *fixture;
    struct server *server;
    struct address listen[2]; /* 127.0.0.1, ::1 */
};

/* A port that nobody uses for UDP or TCP at this moment. */
static uint16_t find_port(void)
{
    for (;;) {
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t len = sizeof(address);
        int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(udp, (struct sockaddr *)&address, len), 0);
        assert_int_equal(getsockname(udp, (struct sockaddr *)&address, &len), 0);
        bool is_free = bind(tcp, (struct sockaddr *)&address, len) == 0;
        close(udp);
        close(tcp);
        if (is_free) {
            return ntohs(address.sin_port);
        }
    }
}

static struct address make_address(const char *text, uint16_t port)
{
    struct address address;
    assert_true(address_parse(&address, text, port, NULL));
    return address;
}

static bool has_ipv6(void)
{
    struct address address = make_address("::1", 0);
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool works = fd >= 0 && bind(fd, &address.any, address.len) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return works;
}

static struct running start_with(int64_t timeout_ms, size_t worker_count, unsigned max_per_client)
{
    struct running running = {.fixture = fixture_new(worker_count)};
    struct error err;
    struct config_server *config = &running.fixture->config.server;
    config->listen = running.listen;
    config->listen_count = has_ipv6() ? 2 : 1;
    config->tcp_idle_timeout_ms = timeout_ms;
    config->tcp_max_connections = TCP_MAX;
    config->tcp_max_connections_per_client = max_per_client;
    /* Between finding a port and using it somebody else may take it. */
    for (unsigned attempt = 0; attempt < 20 && running.server == NULL; attempt++) {
        uint16_t port = find_port();
        running.listen[0] = make_address("127.0.0.1", port);
        running.listen[1] = make_address("::1", port);
        running.server = server_start(config, running.fixture->exchange, &err);
    }
    assert_non_null(running.server);
    return running;
}

static struct running start(int64_t timeout_ms)
{
    return start_with(timeout_ms, WORKERS, 1000);
}

static void stop(struct running *running)
{
    server_stop(running->server);
    fixture_free(running->fixture);
}

static int connect_to(const struct address *address, int type)
{
    int fd = socket(address->any.sa_family, type | SOCK_CLOEXEC, 0);
    struct timeval patience = {.tv_sec = PATIENCE_S};
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    assert_int_equal(connect(fd, &address->any, address->len), 0);
    return fd;
}

static uint64_t counted(const struct running *running, enum server_counter which)
{
    return exchange_count(running->fixture->exchange, which);
}

/* For what happens soon, but not in step with us. */
static void wait_for_count(const struct running *running, enum server_counter which, uint64_t least)
{
    for (unsigned i = 0; i < PATIENCE_S * 1000 && counted(running, which) < least; i++) {
        poll(NULL, 0, 1);
    }
    assert_true(counted(running, which) >= least);
}

/* One query in a TCP frame. */
static size_t frame_query(uint8_t out[602], const char *name, uint16_t type, uint16_t id)
{
    size_t len = fixture_query(out + 2, name, type);
    wire_store_u16(out, (uint16_t)len);
    wire_store_u16(out + 2, id);
    return len + 2;
}

static void send_all(int fd, const uint8_t *octets, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, octets, len, MSG_NOSIGNAL);
        assert_true(sent > 0);
        octets += sent;
        len -= (size_t)sent;
    }
}

static bool receive_all(int fd, uint8_t *octets, size_t len)
{
    return recv(fd, octets, len, MSG_WAITALL) == (ssize_t)len;
}

/* Length of the next response, 0 at the end. */
static size_t receive_frame(int fd, uint8_t *out)
{
    uint8_t header[2];
    if (!receive_all(fd, header, 2)) {
        return 0;
    }
    size_t len = wire_load_u16(header);
    assert_true(receive_all(fd, out, len));
    return len;
}

static bool is_closed_by_peer(int fd)
{
    uint8_t octet;
    ssize_t got = recv(fd, &octet, 1, 0);
    return got == 0 || (got < 0 && errno == ECONNRESET);
}

static void udp_is_answered_on_every_address(void **state)
{
    (void)state;
    struct running running = start(NEVER_MS);
    for (size_t i = 0; i < running.fixture->config.server.listen_count; i++) {
        uint8_t query[600], response[4096];
        int fd = connect_to(&running.listen[i], SOCK_DGRAM);
        size_t len = fixture_query(query, "two.example.test", TYPE_A);
        assert_int_equal(send(fd, query, len, 0), len);
        ssize_t got = recv(fd, response, sizeof(response), 0);
        assert_true(got > 0);
        assert_string_equal(fixture_print(response, (size_t)got),
                            "NOERROR aa | two.example.test. 300 IN A 192.0.2.10; "
                            "two.example.test. 300 IN A 192.0.2.11 | |");
        close(fd);
    }
    stop(&running);
}

static void a_wildcard_socket_answers_from_the_address_that_was_asked(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_new(1);
    struct error err;
    struct server *server = NULL;
    struct address any, asked;
    fixture->config.server.listen = &any;
    fixture->config.server.listen_count = 1;
    for (unsigned attempt = 0; attempt < 20 && server == NULL; attempt++) {
        uint16_t port = find_port();
        any = make_address("0.0.0.0", port);
        asked = make_address("127.0.0.77", port);
        server = server_start(&fixture->config.server, fixture->exchange, &err);
    }
    assert_non_null(server);
    uint8_t query[600], response[4096];
    int fd = connect_to(&asked, SOCK_DGRAM); /* takes packets from this address only */
    size_t len = fixture_query(query, "two.example.test", TYPE_A);
    assert_int_equal(send(fd, query, len, 0), len);
    assert_true(recv(fd, response, sizeof(response), 0) > 0);
    close(fd);
    server_stop(server);
    fixture_free(fixture);
}

static void an_address_in_use_is_named_and_nothing_runs(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_new(WORKERS);
    struct error err;
    uint16_t port = find_port();
    struct address address = make_address("127.0.0.1", port);
    int other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(other, &address.any, address.len), 0);
    fixture->config.server.listen = &address;
    fixture->config.server.listen_count = 1;
    assert_null(server_start(&fixture->config.server, fixture->exchange, &err));
    char *expected =
        alloc_printf("cannot listen on 127.0.0.1@%u (TCP): Address already in use", port);
    assert_string_equal(err.text, expected);
    free(expected);
    close(other);
    fixture_free(fixture);
}

static void a_second_server_does_not_share_the_port(void **state)
{
    (void)state;
    struct running running = start(NEVER_MS);
    struct fixture *second = fixture_new(WORKERS);
    struct error err;
    second->config.server.listen = running.listen;
    second->config.server.listen_count = 1;
    assert_null(server_start(&second->config.server, second->exchange, &err));
    assert_non_null(strstr(err.text, "(UDP): Address already in use"));
    fixture_free(second);
    stop(&running);
}

static void a_query_over_tcp_may_be_split_anywhere(void **state)
{
    (void)state;
    struct running running = start(NEVER_MS);
    uint8_t frame[602], response[65535];
    size_t len = frame_query(frame, "two.example.test", TYPE_A, 7);
    int fd = connect_to(&running.listen[0], SOCK_STREAM);
    for (size_t split = 1; split < len; split++) {
        /* The whole of another query in front tells when the first part has been read. */
        uint8_t first[1204];
        size_t whole = frame_query(first, "www.example.test", TYPE_A, 6);
        memcpy(first + whole, frame, split);
        send_all(fd, first, whole + split);
        assert_true(receive_frame(fd, response) > 12);
        assert_int_equal(wire_load_u16(response), 6);
        send_all(fd, frame + split, len - split);
        assert_true(receive_frame(fd, response) > 12);
        assert_int_equal(wire_load_u16(response), 7);
    }
    close(fd);
    stop(&running);
}

static void octets_one_by_one_make_a_query(void **state)
{
    (void)state;
    struct running running = start(NEVER_MS);
    uint8_t frame[602], response[65535];
    int fd = connect_to(&running.listen[0], SOCK_STREAM);
    for (uint16_t id = 0; id < 3; id++) {
        size_t len = frame_query(frame, "big.example.test", TYPE_TXT, id);
        for (size_t i = 0; i < len; i++) {
            send_all(fd, frame + i, 1);
        }
        assert_true(receive_frame(fd, response) > 512);
        assert_int_equal(wire_load_u16(response), id);
    }
    close(fd);
    stop(&running);
}

static void pipelined_queries_are_answered_in_order(void **state)
{
    (void)state;
    struct running running = start(NEVER_MS);
    enum { QUERIES = 2000 };
    uint8_t *frames = alloc_zeroed(QUERIES, 602);
    uint8_t response[65535];
    size_t len = 0;
    for (uint16_t id = 0; id < QUERIES; id++) {
        len += frame_query(frames + len, id % 2 == 0 ? "www.example.test" : "nope.example.test",
                           TYPE_A, id);
    }
    int fd = connect_to(&running.listen[0], SOCK_STREAM);
    send_all(fd, frames, len);
    /* All that will be sent: the answers still come, then the end. */
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    for (uint16_t id = 0; id < QUERIES; id++) {
        assert_true(receive_frame(fd, response) > 12);
        assert_int_equal(wire_load_u16(response), id);
        assert_int_equal(response[3] & 15, id % 2 == 0 ? 0 : 3);
    }
    assert_true(is_closed_by_peer(fd));
    assert_int_equal(counted(&running, COUNTER_TCP_QUERIES), QUERIES);
    close(fd);
    free(frames);
    stop(&running);
}

/* More answers than any buffer of the kernel holds, to a client that reads late. */
static void a_client_that_reads_late_gets_everything(void **state)
{
    (void)state;
    struct running running = start(NEVER_MS);
    enum { QUERIES = 12000 };
    uint8_t frame[602], response[65535];
    int fd = connect_to(&running.listen[0], SOCK_STREAM);
    unsigned received = 0;
    unsigned sent = 0;
    while (sent < QUERIES) {
        size_t len = frame_query(frame, "big.example.test", TYPE_TXT, (uint16_t)sent);
        struct pollfd writable = {.fd = fd, .events = POLLOUT};
        /* Reads only when the server does not take any more. */
        while (poll(&writable, 1, 20) == 0) {
            assert_true(receive_frame(fd, response) > 512);
            assert_int_equal(wire_load_u16(response), received++);
        }
        send_all(fd, frame, len);
        sent++;
    }
    while (received < QUERIES) {
        assert_true(receive_frame(fd, response) > 512);
        assert_int_equal(wire_load_u16(response), received++);
    }
    close(fd);
    stop(&running);
}

static void a_client_that_never_reads_is_dropped(void **state)
{
    (void)state;
    struct running running = start(TIMEOUT_MS);
    uint8_t frame[602];
    size_t len = frame_query(frame, "big.example.test", TYPE_TXT, 1);
    int fd = connect_to(&running.listen[0], SOCK_STREAM);
    unsigned sent = 0;
    /* It ends: with a reset, once the server has given up. */
    while (send(fd, frame, len, MSG_NOSIGNAL) > 0) {
        sent++;
    }
    assert_true(errno == ECONNRESET || errno == EPIPE);
    assert_true(sent > 0);
    wait_for_count(&running, COUNTER_TCP_TIMEOUTS, 1);
    close(fd);
    stop(&running);
}

static void idle_connections_are_closed(void **state)
{
    (void)state;
    struct running running = start(TIMEOUT_MS);
    uint8_t frame[602], response[65535];
    int silent = connect_to(&running.listen[0], SOCK_STREAM);
    int asked = connect_to(&running.listen[0], SOCK_STREAM);
    int half = connect_to(&running.listen[0], SOCK_STREAM);
    size_t len = frame_query(frame, "two.example.test", TYPE_A, 1);
    send_all(half, frame, len - 1);
    send_all(asked, frame, len);
    assert_true(receive_frame(asked, response) > 12);
    assert_true(is_closed_by_peer(silent));
    assert_true(is_closed_by_peer(half));
    assert_true(is_closed_by_peer(asked));
    assert_int_equal(counted(&running, COUNTER_TCP_TIMEOUTS), 3);
    close(silent);
    close(asked);
    close(half);
    stop(&running);
}

static void a_trickle_of_octets_does_not_keep_a_connection_open(void **state)
{
    (void)state;
    struct running running = start(TIMEOUT_MS);
    int fd = connect_to(&running.listen[0], SOCK_STREAM);
    /* A query of 65535 octets, one each 10 ms: eleven minutes, if it were let. */
    uint8_t octet = 0xFF;
    unsigned sent = 0;
    while (send(fd, &octet, 1, MSG_NOSIGNAL) > 0) {
        poll(NULL, 0, 10);
        assert_true(++sent < PATIENCE_S * 100);
    }
    assert_int_equal(counted(&running, COUNTER_TCP_TIMEOUTS), 1);
    close(fd);
    stop(&running);
}

/* A connection that has had its answer. */
static int open_connection(const struct running *running)
{
    uint8_t frame[602], response[65535];
    size_t len = frame_query(frame, "two.example.test", TYPE_A, 1);
    int fd = connect_to(&running->listen[0], SOCK_STREAM);
    send_all(fd, frame, len);
    assert_true(receive_frame(fd, response) > 12);
    return fd;
}

static bool is_open(int fd)
{
    uint8_t frame[602], response[65535];
    size_t len = frame_query(frame, "two.example.test", TYPE_A, 1);
    send_all(fd, frame, len);
    return receive_frame(fd, response) > 12;
}

static void connections_over_a_clients_limit_are_closed_at_once(void **state)
{
    (void)state;
    struct running running = start_with(NEVER_MS, WORKERS, TCP_MAX);
    int fds[TCP_MAX];
    for (size_t i = 0; i < TCP_MAX; i++) {
        fds[i] = open_connection(&running);
    }
    int over = connect_to(&running.listen[0], SOCK_STREAM);
    assert_true(is_closed_by_peer(over));
    close(over);
    assert_int_equal(counted(&running, COUNTER_TCP_REFUSED), 1);
    assert_int_equal(counted(&running, COUNTER_TCP_GAVE_WAY), 0);
    assert_int_equal(counted(&running, COUNTER_TCP_CONNECTIONS), TCP_MAX);
    /* A place that gets free is given again. */
    shutdown(fds[0], SHUT_WR);
    assert_true(is_closed_by_peer(fds[0]));
    close(fds[0]);
    fds[0] = open_connection(&running);
    for (size_t i = 0; i < TCP_MAX; i++) {
        assert_true(is_open(fds[i]));
        close(fds[i]);
    }
    stop(&running);
}

/* One worker, so that it is known which connection is the oldest. */
static void the_connection_that_is_idle_longest_gives_way(void **state)
{
    (void)state;
    struct running running = start_with(NEVER_MS, 1, 1000);
    int fds[TCP_MAX];
    for (size_t i = 0; i < TCP_MAX; i++) {
        fds[i] = open_connection(&running);
    }
    assert_true(is_open(fds[0])); /* the second is idle longest now */
    int newer = open_connection(&running);
    assert_true(is_closed_by_peer(fds[1]));
    assert_int_equal(counted(&running, COUNTER_TCP_GAVE_WAY), 1);
    assert_int_equal(counted(&running, COUNTER_TCP_REFUSED), 0);
    assert_true(is_open(newer));
    close(newer);
    for (size_t i = 0; i < TCP_MAX; i++) {
        assert_true(i == 1 || is_open(fds[i]));
        close(fds[i]);
    }
    stop(&running);
}

static void packets_without_an_answer_hurt_nobody(void **state)
{
    (void)state;
    struct running running = start(NEVER_MS);
    uint8_t frame[602] = {0, 0, 0, 3, 'a', 'b', 'c'}, response[65535];
    int udp = connect_to(&running.listen[0], SOCK_DGRAM);
    int tcp = connect_to(&running.listen[0], SOCK_STREAM);
    assert_int_equal(send(udp, "", 0, 0), 0);
    assert_int_equal(send(udp, "abc", 3, 0), 3);
    send_all(tcp, frame, 7);
    size_t len = frame_query(frame, "two.example.test", TYPE_A, 9);
    send_all(tcp, frame, len);
    assert_int_equal(send(udp, frame + 2, len - 2, 0), len - 2);
    assert_true(receive_frame(tcp, response) > 12);
    assert_true(recv(udp, response, sizeof(response), 0) > 12);
    assert_int_equal(counted(&running, COUNTER_DROPPED), 4);
    close(udp);
    close(tcp);
    stop(&running);
}

/* The server's own socket, which is in this process. */
static int find_udp_socket(const struct address *address)
{
    for (int fd = 3; fd < 1024; fd++) {
        int type = 0;
        socklen_t type_len = sizeof(type);
        struct address bound = {.len = sizeof(bound.v6)};
        if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len) == 0 && type == SOCK_DGRAM &&
            getsockname(fd, &bound.any, &bound.len) == 0 && bound.any.sa_family == AF_INET &&
            bound.v4.sin_port == address->v4.sin_port) {
            return fd;
        }
    }
    fail_msg("the server has no socket");
    return -1;
}

/* Kernels report few errors on such a socket unless asked to: so they are asked to. */
static void an_error_on_the_socket_does_not_end_its_service(void **state)
{
    (void)state;
    struct running running = start_with(NEVER_MS, 1, 1000);
    int reports = find_udp_socket(&running.listen[0]);
    uint8_t query[600], response[4096];
    size_t len = fixture_query(query, "two.example.test", TYPE_A);
    setsockopt(reports, IPPROTO_IP, IP_RECVERR, &(int){1}, sizeof(int));
    int gone = connect_to(&running.listen[0], SOCK_DGRAM);
    assert_int_equal(send(gone, query, len, 0), len);
    close(gone); /* nobody takes the answer: "port unreachable" */
    wait_for_count(&running, COUNTER_UDP_QUERIES, 1);
    int fd = connect_to(&running.listen[0], SOCK_DGRAM);
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(send(fd, query, len, 0), len);
        assert_true(recv(fd, response, sizeof(response), 0) > 12);
    }
    close(fd);
    stop(&running);
}

static void what_was_received_is_answered_before_the_end(void **state)
{
    (void)state;
    struct running running = start(NEVER_MS);
    enum { QUERIES = 100 };
    uint8_t query[600], response[4096];
    size_t len = fixture_query(query, "www.example.test", TYPE_A);
    int fd = connect_to(&running.listen[0], SOCK_DGRAM);
    for (unsigned i = 0; i < QUERIES; i++) {
        assert_int_equal(send(fd, query, len, 0), len);
    }
    stop(&running);
    for (unsigned i = 0; i < QUERIES; i++) {
        assert_true(recv(fd, response, sizeof(response), MSG_DONTWAIT) > 12);
    }
    close(fd);
}

/* A client that asks one query after the other and checks that the answer is one of the two. */
struct asker {
    struct address address;
    bool is_tcp;
    atomic_bool *is_over;
    atomic_uint *phase; /* 4 n + 1: only green may answer; 4 n + 3: only blue; even: both */
    unsigned long answered, lost, wrong, old;
    pthread_t thread;
};

static ssize_t exchange_once(const struct asker *asker, int fd, uint8_t *response, uint16_t id)
{
    uint8_t frame[602];
    size_t len = frame_query(frame, "www.example.test", TYPE_A, id);
    if (asker->is_tcp) {
        return send(fd, frame, len, MSG_NOSIGNAL) == (ssize_t)len
                   ? (ssize_t)receive_frame(fd, response)
                   : -1;
    }
    return send(fd, frame + 2, len - 2, 0) > 0 ? recv(fd, response, 4096, 0) : -1;
}

static void *ask_on(void *argument)
{
    struct asker *asker = argument;
    uint8_t *response = alloc_zeroed(65535, 1);
    int fd = connect_to(&asker->address, asker->is_tcp ? SOCK_STREAM : SOCK_DGRAM);
    for (uint16_t id = 0; !atomic_load(asker->is_over); id++) {
        unsigned phase = atomic_load(asker->phase);
        ssize_t len = exchange_once(asker, fd, response, id);
        if (len <= 0) {
            asker->lost++;
            break;
        }
        uint16_t count = wire_load_u16(response + 6);
        asker->answered++;
        /* Blue has three addresses, green has one. */
        asker->wrong += wire_load_u16(response) != id || (count != 3 && count != 1);
        if (phase == atomic_load(asker->phase)) {
            asker->old += (phase % 4 == 1 && count == 3) || (phase % 4 == 3 && count == 1);
        }
    }
    close(fd);
    free(response);
    return NULL;
}

static void wait_for_generation(struct running *running)
{
    struct fixture *fixture = running->fixture;
    for (unsigned i = 0; i < PATIENCE_S * 10000; i++) {
        if (exchange_oldest(fixture->exchange) >= fixture->snapshot->generation) {
            return;
        }
        poll(NULL, 0, 0);
        sched_yield();
    }
    fail_msg("generation %lu was never taken", (unsigned long)fixture->snapshot->generation);
}

static void no_answer_is_lost_wrong_or_old_while_weights_change(void **state)
{
    (void)state;
    enum { ASKERS = 6, SHIFTS = 1000 };
    struct running running = start(NEVER_MS);
    struct asker askers[ASKERS];
    atomic_bool is_over = false;
    atomic_uint phase = 0;
    for (size_t i = 0; i < ASKERS; i++) {
        askers[i] = (struct asker){.address = running.listen[0],
                                   .is_tcp = i % 3 == 2,
                                   .is_over = &is_over,
                                   .phase = &phase};
        assert_int_equal(pthread_create(&askers[i].thread, NULL, ask_on, &askers[i]), 0);
    }
    for (unsigned i = 0; i < SHIFTS; i++) {
        bool to_green = i % 2 == 0;
        atomic_store(&phase, 2 * i);
        struct snapshot *before = fixture_shift(running.fixture, FIXTURE_SET_WWW_A,
                                                to_green ? 0 : 100, to_green ? 100 : 0);
        wait_for_generation(&running);
        snapshot_free(before);
        /* From here on nobody may see the old weights, whoever asks now. */
        atomic_store(&phase, 2 * i + 1);
        uint64_t seen = counted(&running, COUNTER_NOERROR);
        while (counted(&running, COUNTER_NOERROR) < seen + 5) {
            sched_yield();
        }
    }
    atomic_store(&is_over, true);
    for (size_t i = 0; i < ASKERS; i++) {
        pthread_join(askers[i].thread, NULL);
        assert_true(askers[i].answered > 0);
        assert_int_equal(askers[i].lost, 0);
        assert_int_equal(askers[i].wrong, 0);
        assert_int_equal(askers[i].old, 0);
    }
    stop(&running);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(udp_is_answered_on_every_address),
        cmocka_unit_test(a_wildcard_socket_answers_from_the_address_that_was_asked),
        cmocka_unit_test(an_address_in_use_is_named_and_nothing_runs),
        cmocka_unit_test(a_second_server_does_not_share_the_port),
        cmocka_unit_test(a_query_over_tcp_may_be_split_anywhere),
        cmocka_unit_test(octets_one_by_one_make_a_query),
        cmocka_unit_test(pipelined_queries_are_answered_in_order),
        cmocka_unit_test(a_client_that_reads_late_gets_everything),
        cmocka_unit_test(a_client_that_never_reads_is_dropped),
        cmocka_unit_test(idle_connections_are_closed),
        cmocka_unit_test(a_trickle_of_octets_does_not_keep_a_connection_open),
        cmocka_unit_test(connections_over_a_clients_limit_are_closed_at_once),
        cmocka_unit_test(the_connection_that_is_idle_longest_gives_way),
        cmocka_unit_test(packets_without_an_answer_hurt_nobody),
        cmocka_unit_test(an_error_on_the_socket_does_not_end_its_service),
        cmocka_unit_test(what_was_received_is_answered_before_the_end),
        cmocka_unit_test(no_answer_is_lost_wrong_or_old_while_weights_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
