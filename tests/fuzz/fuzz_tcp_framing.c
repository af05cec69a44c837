/* SPDX-License-Identifier: BSD-2-Clause */
/* Any octets as what a client sends on a TCP connection, cut anywhere: what comes back is what the
 * whole queries among them are answered with, each once and in order.
 *
 * Input: HOW, 8 octets with the lengths of the pieces (0: all that is left), and the stream. */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "server/proxy.h"
#include "server/tcp.h"
#include "server/tcp_places.h"
#include "server/wire.h"
#include "tests/unit/answer_fixture.h"

#define SEED        UINT64_C(20261123)
#define NEVER_MS    (3600 * 1000)
#define GIVE_UP_MS  10000
#define PIECE_COUNT 8
#define HOW_PROXY   0x01 /* the connection is a proxy's, and begins with its header */
#define HOW_LATE    0x02 /* the client reads nothing until it has sent everything */
#define HOW_REPEAT  0x3C /* how often the stream is sent again */
#define FROM_CLIENT 0x7F000001
#define FROM_PROXY  0x7F000002

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct octets {
    uint8_t *octets;
    size_t len, size;
};

/* The service and its client are on one thread and one loop. */
static struct {
    uv_loop_t loop;
    uv_tcp_t listener;
    struct tcp_service service;
    struct fixture *fixture;
    struct answer_context model; /* answers beside the service */
    struct sockaddr_in address;
    struct prefix proxy;
} world;

static uint8_t *make_room(struct octets *to, size_t len)
{
    if (to->len + len >= to->size) {
        to->size = 2 * (to->len + len) + 1;
        to->octets = alloc_resize(to->octets, to->size, 1);
    }
    return to->octets + to->len;
}

static int open_listener(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t len = sizeof(world.address);
    world.address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int failed = bind(fd, (const struct sockaddr *)&world.address, len);
    failed |= getsockname(fd, (struct sockaddr *)&world.address, &len);
    assert(fd >= 0 && failed == 0);
    return fd;
}

static void open_world(void)
{
    world.fixture = fixture_new(2);
    struct config_server *config = &world.fixture->config.server;
    world.proxy = (struct prefix){.family = AF_INET, .bits = 32, .octets = {127, 0, 0, 2}};
    config->proxies = &world.proxy;
    config->proxy_count = 1;
    config->tcp_idle_timeout_ms = NEVER_MS;
    uv_loop_init(&world.loop);
    world.service = (struct tcp_service){
        .loop = &world.loop,
        .config = config,
        .context = &world.fixture->context,
        .exchange = world.fixture->exchange,
        .places = tcp_places_new(1000, 1000, 1),
    };
    tcp_service_init(&world.service);
    uv_tcp_init(&world.loop, &world.listener);
    int failed = tcp_service_listen(&world.service, &world.listener, open_listener());
    assert(failed == 0);
}

/* Both answer as if they had just been started: each has counters of its own, by which the records
 * of an answer take turns. */
static void reset_contexts(void)
{
    struct fixture *fixture = world.fixture;
    struct answer_context *contexts[] = {&fixture->context, &world.model};
    for (size_t i = 0; i < ARRAY_LEN(contexts); i++) {
        struct worker_slot *slot = &fixture->exchange->slots[i];
        if (contexts[i]->config != NULL) {
            answer_context_done(contexts[i]);
        }
        for (size_t j = 0; j < fixture->exchange->tally_len; j++) {
            atomic_store(&slot->tally[j], 0);
        }
        answer_context_init(contexts[i], &fixture->config.server, slot,
                            fixture->snapshot->set_count, SEED);
    }
}

/* What the answers are, without a connection. */
static void expect(struct octets *expected, const struct octets *stream, bool is_proxy)
{
    struct address peer = {.len = sizeof(peer.v4)};
    size_t at = 0;
    peer.v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(FROM_CLIENT)};
    if (is_proxy) {
        struct proxy_header header;
        if (proxy_parse(&header, stream->octets, stream->len) != PROXY_OK) {
            return;
        }
        at = header.len;
        peer.v4.sin_addr.s_addr = htonl(FROM_PROXY);
        if (header.has_source) {
            peer = header.source;
        }
    }
    answer_context_set_time(&world.model, clock_wall_s(), 0);
    while (stream->len - at >= 2) {
        size_t len = wire_load_u16(stream->octets + at);
        if (stream->len - at - 2 < len) {
            return;
        }
        uint8_t *frame = make_room(expected, 2 + UINT16_MAX);
        struct answer_task task = {
            .snapshot = world.fixture->snapshot,
            .source = {.address = &peer.any, .is_tcp = true},
            .query = stream->octets + at + 2,
            .query_len = len,
            .out = frame + 2,
            .out_size = UINT16_MAX,
        };
        size_t answer_len = answer_query(&world.model, &task);
        if (answer_len > 0) {
            wire_store_u16(frame, (uint16_t)answer_len);
            expected->len += 2 + answer_len;
        }
        at += 2 + len;
    }
}

static int connect_client(bool is_proxy, bool is_late)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int small = 4096;
    struct sockaddr_in from = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(is_proxy ? FROM_PROXY : FROM_CLIENT)};
    int on = 1;
    /* Else the ports are all taken after thousands of connections. */
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    if (is_late) {
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    }
    if (fd < 0 || bind(fd, (const struct sockaddr *)&from, sizeof(from)) != 0 ||
        connect(fd, (const struct sockaddr *)&world.address, sizeof(world.address)) != 0) {
        abort();
    }
    return fd;
}

/* False: the service has closed. */
static bool receive(int fd, struct octets *received, bool *is_moving)
{
    uint8_t *to = make_room(received, UINT16_MAX);
    ssize_t len = recv(fd, to, UINT16_MAX, MSG_DONTWAIT);
    received->len += len > 0 ? (size_t)len : 0;
    *is_moving = len > 0;
    return len > 0 || (len < 0 && errno == EAGAIN);
}

/* The next piece, or what the sockets take of it. */
static size_t send_piece(int fd, const struct octets *stream, size_t at, size_t most)
{
    size_t left = stream->len - at;
    size_t len = most == 0 || most > left ? left : most;
    ssize_t sent = send(fd, stream->octets + at, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
        return left; /* it has closed */
    }
    return sent < 0 ? 0 : (size_t)sent;
}

static void converse(int fd, const uint8_t pieces[PIECE_COUNT], const struct octets *stream,
                     bool is_late, struct octets *received)
{
    size_t at = 0;
    size_t count = 0;
    bool is_ended = false;
    bool is_open = true;
    uv_update_time(&world.loop);
    uint64_t give_up_ms = uv_now(&world.loop) + GIVE_UP_MS;
    while (is_open) {
        bool is_moving = false;
        size_t sent = 0;
        if (at < stream->len) {
            sent = send_piece(fd, stream, at, pieces[count++ % PIECE_COUNT]);
            at += sent;
        } else if (!is_ended) {
            is_ended = shutdown(fd, SHUT_WR) == 0 || errno == ENOTCONN;
        }
        uv_run(&world.loop, UV_RUN_NOWAIT);
        if (!is_late || at == stream->len || sent == 0) {
            is_open = receive(fd, received, &is_moving);
        }
        if (is_open && sent == 0 && !is_moving) {
            poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 1);
        }
        assert(uv_now(&world.loop) < give_up_ms);
    }
}

static void run(const uint8_t *data, const struct octets *stream)
{
    bool is_proxy = (data[0] & HOW_PROXY) != 0;
    bool is_late = (data[0] & HOW_LATE) != 0;
    struct octets expected = {NULL, 0, 0};
    struct octets received = {NULL, 0, 0};
    bool is_same_second = false;
    while (!is_same_second) {
        /* Cookies have the time in them. */
        uint32_t second = clock_wall_s();
        expected.len = received.len = 0;
        reset_contexts();
        expect(&expected, stream, is_proxy);
        int fd = connect_client(is_proxy, is_late);
        converse(fd, data + 1, stream, is_late, &received);
        close(fd);
        while (world.service.oldest != NULL) {
            uv_run(&world.loop, UV_RUN_NOWAIT);
        }
        is_same_second = clock_wall_s() == second;
    }
    assert(received.len == expected.len);
    assert(received.len == 0 || memcmp(received.octets, expected.octets, received.len) == 0);
    free(expected.octets);
    free(received.octets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct octets stream = {NULL, 0, 0};
    if (size < 1 + PIECE_COUNT) {
        return 0;
    }
    if (world.fixture == NULL) {
        open_world();
    }
    unsigned repeat = 1 + ((data[0] & HOW_REPEAT) >> 2);
    for (unsigned i = 0; i < repeat; i++) {
        size_t len = size - 1 - PIECE_COUNT;
        memcpy(make_room(&stream, len), data + 1 + PIECE_COUNT, len);
        stream.len += len;
    }
    run(data, &stream);
    free(stream.octets);
    return 0;
}
