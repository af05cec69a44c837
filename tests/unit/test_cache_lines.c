/* SPDX-License-Identifier: BSD-2-Clause */
/* What a worker writes while it answers shares no cache line with what another one writes: by the
 * addresses, for no clock shows it reliably. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <uv.h>

#include "common/alloc.h"
#include "server/answer.h"
#include "server/rate_limit.h"
#include "server/tcp.h"
#include "server/udp.h"
#include "server/worker.h"

#define WORKERS    5
#define BLOCKS_MAX 16
/* No multiples of what a line holds, so that nothing ends at the end of a line. */
#define TALLY_LEN 7
#define SET_COUNT 3

struct block {
    const char *name;
    uintptr_t begin, end;
};

/* As worker.c makes it. */
struct parts {
    uv_loop_t loop;
    struct answer_context context;
    struct tcp_service tcp;
    struct udp_buffers *buffers;
    struct worker *worker;
    struct block blocks[BLOCKS_MAX];
    size_t block_count;
};

/* Of what was allocated, to its end. */
static void add(struct parts *parts, const char *name, void *memory)
{
    assert_true(parts->block_count < BLOCKS_MAX);
    assert_non_null(memory);
    uintptr_t begin = (uintptr_t)memory;
    parts->blocks[parts->block_count++] =
        (struct block){name, begin, begin + malloc_usable_size(memory)};
}

static void make_worker(struct parts *parts, const struct config_server *config,
                        struct exchange *exchange, size_t index)
{
    struct error err;
    struct worker_setup setup = {.config = config, .exchange = exchange, .index = index};
    parts->worker = worker_new(&setup, &err);
    add(parts, "worker", parts->worker);
}

static void make_parts(struct parts *parts, const struct config_server *config,
                       struct worker_slot *slot)
{
    static const uint8_t key[RATE_LIMIT_KEY_OCTETS] = {1};
    uv_loop_init(&parts->loop);
    answer_context_init(&parts->context, config, slot, SET_COUNT, 1);
    parts->context.rate_limit = rate_limit_new(&config->rate_limit, key);
    parts->buffers = udp_buffers_new();
    parts->tcp = (struct tcp_service){.loop = &parts->loop};
    tcp_service_init(&parts->tcp);
    parts->blocks[parts->block_count++] =
        (struct block){"slot", (uintptr_t)&slot->seen, (uintptr_t)(slot + 1)};
    add(parts, "tally", slot->tally);
    add(parts, "visits", slot->visits);
    add(parts, "scratch", parts->context.scratch);
    add(parts, "positions", parts->context.pick.positions);
    add(parts, "sketch", parts->context.sampler.sketch);
    add(parts, "rate limit", parts->context.rate_limit);
    add(parts, "datagrams", parts->buffers);
    add(parts, "stream in", parts->tcp.read_buffer);
    add(parts, "stream out", parts->tcp.answer_buffer);
}

static void free_parts(struct parts *parts)
{
    worker_free(parts->worker);
    tcp_service_close(&parts->tcp);
    uv_run(&parts->loop, UV_RUN_DEFAULT);
    tcp_service_done(&parts->tcp);
    uv_loop_close(&parts->loop);
    udp_buffers_free(parts->buffers);
    rate_limit_free(parts->context.rate_limit);
    answer_context_done(&parts->context);
}

static bool share_a_line(const struct block *left, const struct block *right)
{
    return left->begin / ALLOC_CACHE_LINE <= (right->end - 1) / ALLOC_CACHE_LINE &&
           right->begin / ALLOC_CACHE_LINE <= (left->end - 1) / ALLOC_CACHE_LINE;
}

static void check_apart(const struct parts *left, const struct parts *right)
{
    for (size_t i = 0; i < left->block_count; i++) {
        for (size_t j = 0; j < right->block_count; j++) {
            if (share_a_line(&left->blocks[i], &right->blocks[j])) {
                fail_msg("%s at %#zx shares a line with another worker's %s at %#zx",
                         left->blocks[i].name, (size_t)left->blocks[i].begin, right->blocks[j].name,
                         (size_t)right->blocks[j].begin);
            }
        }
    }
}

static void check_all(unsigned bucket_count)
{
    struct config_server config = {
        .rate_limit = {.responses_per_second = 1, .window_s = 1, .size = bucket_count}};
    struct snapshot first = {.generation = 1, .set_count = SET_COUNT};
    struct exchange *exchange = exchange_new(WORKERS, TALLY_LEN);
    struct parts *parts = alloc_zeroed(WORKERS, sizeof(*parts));
    void *others[WORKERS];
    exchange_follow(exchange, (const uint64_t[2]){1, 2}, UINT64_MAX);
    exchange_offer(exchange, &first);
    for (size_t i = 0; i < WORKERS; i++) {
        make_worker(&parts[i], &config, exchange, i);
        others[i] = alloc_zeroed(1, 20); /* so that no allocator keeps everything in step */
        make_parts(&parts[i], &config, &exchange->slots[i]);
    }
    for (size_t i = 0; i < WORKERS; i++) {
        for (size_t j = 0; j < i; j++) {
            check_apart(&parts[i], &parts[j]);
        }
    }
    for (size_t i = 0; i < WORKERS; i++) {
        free_parts(&parts[i]);
        free(others[i]);
    }
    free(parts);
    exchange_free(exchange);
}

static void no_line_is_written_by_two_workers(void **state)
{
    (void)state;
    check_all(1024);
}

static void nor_when_tables_are_large(void **state)
{
    (void)state;
    check_all(1 << 16);
}

/* Or nothing would be shown above. */
static void neighbours_are_found_out(void **state)
{
    (void)state;
    struct block block = {"block", 0x1000, 0x1041};
    struct block last = {"last", 0x107F, 0x1080};
    struct block next = {"next", 0x1080, 0x1081};
    assert_true(share_a_line(&block, &last) && share_a_line(&last, &block));
    assert_false(share_a_line(&block, &next) || share_a_line(&next, &block));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_line_is_written_by_two_workers),
        cmocka_unit_test(nor_when_tables_are_large),
        cmocka_unit_test(neighbours_are_found_out),
    };
    alloc_give_back();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
