/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <arpa/inet.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "zones/exchange.h"

#define STRESS 1000000

static const uint64_t key[2] = {UINT64_C(0x243F6A8885A308D3), UINT64_C(0x93198A2E03707344)};

static uint64_t client_of(const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
        return visit_client((const struct sockaddr *)&v4);
    }
    assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return visit_client((const struct sockaddr *)&v6);
}

static const char *print(const char *text)
{
    static char out[VISIT_CLIENT_TEXT_SIZE];
    visit_client_print(client_of(text), out);
    return out;
}

static void a_client_is_an_address_or_a_64(void **state)
{
    (void)state;
    assert_string_equal(print("192.0.2.1"), "192.0.2.1");
    assert_string_equal(print("::ffff:192.0.2.1"), "192.0.2.1");
    assert_string_equal(print("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
    assert_string_equal(print("::1"), "::/64");
    assert_string_equal(print("1111:2222:3333:4444:5555:6666:7777:8888"),
                        "1111:2222:3333:4444::/64");
    assert_true(client_of("2001:db8::1") == client_of("2001:db8::2"));
    assert_false(client_of("2001:db8::1") == client_of("2001:db8:0:1::1"));
    assert_false(client_of("192.0.2.1") == client_of("192.0.2.2"));
}

static struct visit_ring *make_ring(struct exchange **exchange)
{
    *exchange = exchange_new(2, 0);
    assert_null((*exchange)->slots[0].visits);
    exchange_follow(*exchange, key, 5);
    assert_int_equal(atomic_load(&(*exchange)->slots[1].visits->limit), 5);
    assert_memory_equal((*exchange)->slots[1].visits->key, key, sizeof(key));
    return (*exchange)->slots[0].visits;
}

static void a_full_ring_counts_what_it_loses(void **state)
{
    (void)state;
    struct exchange *exchange;
    struct visit_ring *ring = make_ring(&exchange);
    struct visit out[VISIT_RING_SIZE];
    for (uint32_t i = 0; i < VISIT_RING_SIZE + 3; i++) {
        visit_ring_put(ring, &(struct visit){.client = i});
    }
    assert_int_equal(counter_read(&ring->lost), 3);
    assert_int_equal(visit_ring_count(ring), VISIT_RING_SIZE);
    visit_ring_take(ring, out, 2);
    assert_int_equal(out[1].client, 1);
    visit_ring_put(ring, &(struct visit){.client = 7777});
    visit_ring_take(ring, out, visit_ring_count(ring));
    assert_int_equal(out[0].client, 2);
    assert_int_equal(out[VISIT_RING_SIZE - 2].client, 7777);
    assert_int_equal(visit_ring_count(ring), 0);
    assert_int_equal(counter_read(&ring->lost), 3);
    exchange_free(exchange);
}

/* One in so many is what is asked for, whatever the addresses have in common. */
static void clients_that_lie_together_are_sampled_evenly(void **state)
{
    (void)state;
    for (uint32_t set = 0; set < 4; set++) {
        unsigned neighbours = 0, networks = 0, prefixes = 0;
        for (uint32_t i = 0; i < 65536; i++) {
            neighbours +=
                visit_hash(key, VISIT_V4 | htonl(0x0A000000 | i), set) < UINT64_MAX / 16 ? 1 : 0;
            networks +=
                visit_hash(key, VISIT_V4 | htonl(i << 16 | 1), set) < UINT64_MAX / 16 ? 1 : 0;
            prefixes +=
                visit_hash(key, UINT64_C(0x20010DB8) << 32 | i, set) < UINT64_MAX / 16 ? 1 : 0;
        }
        /* Expected 4096; more than five standard deviations (62) to each side. */
        assert_in_range(neighbours, 3770, 4420);
        assert_in_range(networks, 3770, 4420);
        assert_in_range(prefixes, 3770, 4420);
    }
}

static void *put_many(void *argument)
{
    struct visit_ring *ring = argument;
    for (uint32_t i = 1; i <= STRESS; i++) {
        struct visit visit = {.client = i, .at_ms = i, .set = ~i, .ttl_s = i};
        visit_ring_put(ring, &visit);
        if (i % 1024 == 0) {
            sched_yield();
        }
    }
    return NULL;
}

/* Whole, in order, and none is missing that was not counted as lost. */
static void control_takes_while_a_worker_puts(void **state)
{
    (void)state;
    struct exchange *exchange;
    struct visit_ring *ring = make_ring(&exchange);
    static struct visit out[VISIT_RING_SIZE];
    pthread_t worker;
    uint64_t taken = 0, last = 0;
    bool is_whole = true;
    pthread_create(&worker, NULL, put_many, ring);
    while (taken + counter_read(&ring->lost) < STRESS) {
        uint32_t count = visit_ring_count(ring);
        visit_ring_take(ring, out, count);
        for (uint32_t i = 0; i < count; i++) {
            is_whole &= out[i].client > last && out[i].set == ~(uint32_t)out[i].client &&
                        out[i].at_ms == out[i].client && out[i].ttl_s == out[i].client;
            last = out[i].client;
        }
        taken += count;
        sched_yield();
    }
    pthread_join(worker, NULL);
    assert_true(is_whole);
    assert_true(taken > 0);
    assert_int_equal(taken + counter_read(&ring->lost), STRESS);
    exchange_free(exchange);
}

static void the_memory_of_a_worker_is_as_stated(void **state)
{
    (void)state;
    assert_int_equal(sizeof(struct visit_ring), 49280);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_is_an_address_or_a_64),
        cmocka_unit_test(a_full_ring_counts_what_it_loses),
        cmocka_unit_test(clients_that_lie_together_are_sampled_evenly),
        cmocka_unit_test(control_takes_while_a_worker_puts),
        cmocka_unit_test(the_memory_of_a_worker_is_as_stated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
