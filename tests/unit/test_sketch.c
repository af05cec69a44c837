/* SPDX-License-Identifier: BSD-2-Clause */
/* Which queries the answer path writes down as visits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <arpa/inet.h>
#include <string.h>
#include <cmocka.h>

#include "server/dns.h"
#include "server/edns.h"
#include "tests/unit/answer_fixture.h"

#define TYPE_A    1
#define TYPE_AAAA 28
#define CLIENTS   4096
#define EVERYBODY UINT64_MAX
#define ONE_IN_16 (UINT64_MAX / 16)

static const uint64_t key[2] = {UINT64_C(0x243F6A8885A308D3), UINT64_C(0x93198A2E03707344)};
static struct fixture *fixture;
static struct visit_ring *ring;
static uint8_t query[600];

static int set_up(void **state)
{
    (void)state;
    fixture = fixture_new(2);
    exchange_follow(fixture->exchange, key, EVERYBODY);
    ring = fixture->exchange->slots[0].visits;
    sketch_sampler_init(&fixture->context.sampler, ring);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_free(fixture);
    return 0;
}

static void ask_at(uint64_t now_ms, const char *name, uint16_t type, bool is_tcp)
{
    answer_context_set_time(&fixture->context, 0, now_ms);
    size_t len = fixture_query(query, name, type);
    assert_true(fixture_ask(fixture, query, len, is_tcp) > 0);
}

/* Takes what is in the ring: it has to be one visit. */
static struct visit one(void)
{
    struct visit visit;
    assert_int_equal(visit_ring_count(ring), 1);
    visit_ring_take(ring, &visit, 1);
    return visit;
}

static void none(void)
{
    assert_int_equal(visit_ring_count(ring), 0);
}

static void an_answer_of_a_record_set_is_a_visit(void **state)
{
    (void)state;
    ask_at(5000, "www.example.test", TYPE_A, false);
    struct visit visit = one();
    assert_true(visit.client == visit_client((const struct sockaddr *)&fixture->source));
    assert_int_equal(visit.at_ms, 5000);
    assert_int_equal(visit.set, FIXTURE_SET_WWW_A);
    assert_int_equal(visit.ttl_s, fixture->sets->sets[FIXTURE_SET_WWW_A]->ttl_s);
    ask_at(5000, "www.example.test", TYPE_AAAA, true);
    assert_int_equal(one().set, FIXTURE_SET_WWW_AAAA);
    ask_at(60000, "toweighted.example.test", TYPE_A, false); /* at the end of a chain */
    assert_int_equal(one().set, FIXTURE_SET_WWW_A);
}

static void other_answers_are_none(void **state)
{
    (void)state;
    ask_at(0, "two.example.test", TYPE_A, false);
    ask_at(0, "nope.example.test", TYPE_A, false);
    ask_at(0, "www.example.test", 16, false);
    ask_at(0, "www.example.test", DNS_TYPE_ANY, false);
    ask_at(0, "www.example.org", TYPE_A, false);
    ask_at(0, "x.wwild.example.test", 15, false); /* a wildcard's names are cached apart */
    none();
}

static void a_burst_is_one_visit_and_a_flood_one_a_second(void **state)
{
    (void)state;
    ask_at(5000, "www.example.test", TYPE_A, false);
    ask_at(5999, "www.example.test", TYPE_A, false);
    assert_int_equal(one().at_ms, 5000);
    ask_at(6000, "www.example.test", TYPE_A, false);
    assert_int_equal(one().at_ms, 6000);
    for (uint64_t i = 0; i < 100000; i++) {
        ask_at(10000 + i / 10, "www.example.test", TYPE_A, false);
    }
    assert_int_equal(visit_ring_count(ring), 10);
    assert_int_equal(counter_read(&ring->lost), 0);
}

static void the_time_may_run_over(void **state)
{
    (void)state;
    ask_at(UINT32_MAX - 100, "www.example.test", TYPE_A, false);
    ask_at((uint64_t)UINT32_MAX + 200, "www.example.test", TYPE_A, false);
    assert_int_equal(one().at_ms, UINT32_MAX - 100);
    ask_at((uint64_t)UINT32_MAX + 2001, "www.example.test", TYPE_A, false);
    assert_int_equal(one().at_ms, 2000);
}

/* The same clients on every worker and at every time, one in 16, and by record set. */
static void keys_are_sampled_not_packets(void **state)
{
    (void)state;
    static bool was_seen[CLIENTS];
    unsigned count = 0, differences = 0;
    atomic_store(&ring->limit, ONE_IN_16);
    atomic_store(&fixture->exchange->slots[1].visits->limit, ONE_IN_16);
    for (unsigned round = 0; round < 3; round++) {
        if (round == 2) {
            sketch_sampler_done(&fixture->context.sampler);
            ring = fixture->exchange->slots[1].visits;
            sketch_sampler_init(&fixture->context.sampler, ring);
        }
        for (uint32_t i = 0; i < CLIENTS; i++) {
            fixture->source.sin_addr.s_addr = htonl(0x0A000000 + i * 7);
            ask_at(round * 60000, "www.example.test", TYPE_A, false);
            bool is_seen = visit_ring_count(ring) > 0;
            visit_ring_take(ring, NULL, visit_ring_count(ring));
            count += is_seen ? 1 : 0;
            differences += round > 0 && is_seen != was_seen[i] ? 1 : 0;
            was_seen[i] = is_seen;
        }
    }
    assert_int_equal(differences, 0);
    assert_in_range(count / 3, CLIENTS / 16 - 80, CLIENTS / 16 + 80);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        fixture->source.sin_addr.s_addr = htonl(0x0A000000 + i * 7);
        ask_at(0, "www.example.test", TYPE_AAAA, false);
        differences += (visit_ring_count(ring) > 0) != was_seen[i] ? 1 : 0;
        visit_ring_take(ring, NULL, visit_ring_count(ring));
    }
    assert_true(differences > CLIENTS / 16);
}

static void control_may_change_the_limit(void **state)
{
    (void)state;
    atomic_store(&ring->limit, 0);
    ask_at(0, "www.example.test", TYPE_A, false);
    none();
    atomic_store(&ring->limit, EVERYBODY);
    ask_at(0, "www.example.test", TYPE_A, false);
    (void)one();
}

static void nobody_is_followed_without_a_ring(void **state)
{
    (void)state;
    sketch_sampler_done(&fixture->context.sampler);
    sketch_sampler_init(&fixture->context.sampler, NULL);
    ask_at(0, "www.example.test", TYPE_A, false);
    none();
}

/* An answer for a subnet is kept for that subnet alone. */
static void who_names_a_subnet_is_not_followed(void **state)
{
    (void)state;
    static struct prefix everybody = {.family = AF_INET};
    static const uint8_t option[] = {0, 8, 0, 7, 0, 1, 24, 0, 192, 0, 2};
    fixture->config.server.client_subnet = &everybody;
    fixture->config.server.client_subnet_count = 1;
    size_t len = fixture_query(query, "sticky.example.test", TYPE_A);
    len = fixture_add_opt(query, len, 1232, option, sizeof(option));
    assert_true(fixture_ask(fixture, query, len, false) > 0);
    none();
    /* By `exact` the answer is for all. */
    len = fixture_query(query, "www.example.test", TYPE_A);
    len = fixture_add_opt(query, len, 1232, option, sizeof(option));
    assert_true(fixture_ask(fixture, query, len, false) > 0);
    (void)one();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_answer_of_a_record_set_is_a_visit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_answers_are_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_burst_is_one_visit_and_a_flood_one_a_second, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_time_may_run_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keys_are_sampled_not_packets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(control_may_change_the_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_is_followed_without_a_ring, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_names_a_subnet_is_not_followed, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
