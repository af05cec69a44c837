/* SPDX-License-Identifier: BSD-2-Clause */
/* Any octets as what a client sends on a TCP connection, cut anywhere: what comes back is what the
 * whole queries among them are answered with, each once and in order.
 *
 * Input: HOW, 8 octets with the lengths of the pieces (0: all that is left), and the stream. */
#include <arpa/inet.h>
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "server/proxy.h"
#include "server/tcp.h"
#include "server/tcp_places.h"
#include "server/wire.h"
#include "tests/fuzz/conversation.h"
#include "tests/unit/answer_fixture.h"

#define SEED        UINT64_C(20261123)
#define NEVER_MS    (3600 * 1000)
#define HEAD_OCTETS (1 + CONVERSATION_PIECES)
#define HOW_PROXY   0x01 /* the connection is a proxy's, and begins with its header */
#define HOW_LATE    0x02 /* the client reads nothing until it has sent everything */
#define HOW_REPEAT  0x3C /* how often the stream is sent again */
#define ATTEMPTS    3    /* to have answers of the same second */
#define FROM_CLIENT 0x7F000001
#define FROM_PROXY  0x7F000002

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
    int failed =
        tcp_service_listen(&world.service, &world.listener, conversation_bind(&world.address));
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
        uint8_t *frame = octets_room(expected, 2 + ANSWER_OUT_MAX);
        struct answer_task task = {
            .snapshot = world.fixture->snapshot,
            .source = {.address = &peer.any, .is_tcp = true},
            .query = stream->octets + at + 2,
            .query_len = len,
            .out = frame + 2,
            .out_size = ANSWER_OUT_MAX,
        };
        size_t answer_len = answer_query(&world.model, &task);
        if (answer_len > 0) {
            wire_store_u16(frame, (uint16_t)answer_len);
            expected->len += 2 + answer_len;
        }
        at += 2 + len;
    }
}

static void run(const uint8_t *data, const struct octets *stream)
{
    bool is_proxy = (data[0] & HOW_PROXY) != 0;
    const struct conversation conversation = {
        .loop = &world.loop,
        .to = world.address,
        .from = is_proxy ? FROM_PROXY : FROM_CLIENT,
        .pieces = data + 1,
        .stream = stream,
        .is_late = (data[0] & HOW_LATE) != 0,
    };
    struct octets expected = {NULL, 0, 0};
    struct octets received = {NULL, 0, 0};
    bool is_same_second = false;
    for (unsigned i = 0; i < ATTEMPTS && !is_same_second; i++) {
        /* Cookies have the time in them. */
        uint32_t second = clock_wall_s();
        expected.len = received.len = 0;
        reset_contexts();
        expect(&expected, stream, is_proxy);
        conversation_run(&conversation, &received);
        while (world.service.oldest != NULL) {
            uv_run(&world.loop, UV_RUN_NOWAIT);
        }
        is_same_second = clock_wall_s() == second;
    }
    assert(received.len == expected.len);
    assert(!is_same_second || received.len == 0 ||
           memcmp(received.octets, expected.octets, received.len) == 0);
    free(expected.octets);
    free(received.octets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct octets stream = {NULL, 0, 0};
    if (size < HEAD_OCTETS) {
        return 0;
    }
    if (world.fixture == NULL) {
        open_world();
    }
    unsigned repeat = 1 + ((data[0] & HOW_REPEAT) >> 2);
    for (unsigned i = 0; i < repeat; i++) {
        octets_append(&stream, data + HEAD_OCTETS, size - HEAD_OCTETS);
    }
    run(data, &stream);
    free(stream.octets);
    return 0;
}
