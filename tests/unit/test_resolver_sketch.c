/* SPDX-License-Identifier: BSD-2-Clause */
/* Resolvers that are simulated query by query in virtual time, and what is counted of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/attributes.h"
#include "control/resolver_sketch.h"

#define TICK_MS    50
#define CACHES_MAX 8
#define HOUR_MS    3600000
#define START_MS   ((int64_t)UINT32_MAX - HOUR_MS) /* what is 32 bits of it runs over on the way */

static const uint64_t key[2] = {UINT64_C(0x243F6A8885A308D3), UINT64_C(0x93198A2E03707344)};

static struct resolver_sketch *sketch;
static uint64_t chance;
static int64_t now_ms;
static struct visit pending[RESOLVER_SKETCH_VISITS];
static size_t pending_count;

static int set_up(void **state)
{
    (void)state;
    sketch = resolver_sketch_new(2, key, 1);
    chance = 1;
    now_ms = START_MS;
    pending_count = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    resolver_sketch_free(sketch);
    return 0;
}

static uint32_t draw(uint32_t below)
{
    chance = chance * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)((chance >> 33) % below);
}

/* As the workers do: those whose hash is within the limit. */
static void visit_at(uint64_t client, uint32_t set, uint32_t ttl_s, int64_t at_ms)
{
    if (visit_hash(key, client, set) < resolver_sketch_limit(sketch)) {
        assert_true(pending_count < ARRAY_LEN(pending));
        pending[pending_count++] =
            (struct visit){.client = client, .at_ms = (uint32_t)at_ms, .set = set, .ttl_s = ttl_s};
    }
}

static void take(void)
{
    resolver_sketch_take(sketch, pending, pending_count, now_ms);
    pending_count = 0;
}

/* A client that is asked by its own clients every so often and keeps answers for
 * between least_s and most_s in each of its caches. */
struct resolver {
    uint64_t client;
    uint32_t mean_ms;
    uint32_t least_s, most_s;
    unsigned caches;
    int64_t expires_ms[CACHES_MAX];
};

static void ask(struct resolver *resolver, uint32_t ttl_s)
{
    int64_t *expires_ms = &resolver->expires_ms[draw(resolver->caches)];
    if (now_ms < *expires_ms) {
        return;
    }
    uint32_t kept_s = ttl_s < resolver->least_s ? resolver->least_s : ttl_s;
    kept_s = kept_s > resolver->most_s ? resolver->most_s : kept_s;
    *expires_ms = now_ms + kept_s * INT64_C(1000);
    visit_at(resolver->client, 0, ttl_s, now_ms);
}

static void play(struct resolver *resolvers, size_t count, uint32_t ttl_s, int64_t for_ms)
{
    for (int64_t end_ms = now_ms + for_ms; now_ms < end_ms; now_ms += TICK_MS) {
        for (size_t i = 0; i < count; i++) {
            if (draw(resolvers[i].mean_ms) < TICK_MS) {
                ask(&resolvers[i], ttl_s);
            }
        }
        if (now_ms / 1000 != (now_ms + TICK_MS) / 1000) {
            take();
        }
    }
}

static uint64_t total(const uint64_t gaps[GAP_CLASS_COUNT])
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < GAP_CLASS_COUNT; i++) {
        sum += gaps[i];
    }
    return sum;
}

/* Plays one resolver for two hours with a TTL of 60 s; most of its gaps have to be of the class. */
static uint64_t play_one(struct resolver resolver, enum gap_class class, unsigned least_percent)
{
    uint64_t gaps[GAP_CLASS_COUNT];
    play(&resolver, 1, 60, 2 * HOUR_MS);
    resolver_sketch_count(sketch, 0, gaps);
    assert_true(total(gaps) > 10);
    if (gaps[class] * 100 < total(gaps) * least_percent) {
        fail_msg("%s: %u of %u", gap_class_name(class), (unsigned)gaps[class],
                 (unsigned)total(gaps));
    }
    return total(gaps);
}

static size_t top(enum resolver_order order, struct resolver_client clients[10])
{
    return resolver_sketch_top(sketch, 0, order, clients, 10);
}

static void who_keeps_to_the_ttl_is_on_time(void **state)
{
    (void)state;
    struct resolver_client clients[10];
    uint64_t count =
        play_one((struct resolver){.client = 1, .mean_ms = 2000, .most_s = 86400, .caches = 1},
                 GAP_ON_TIME, 100);
    assert_in_range(count, 110, 120); /* 7200 s in steps of 60 s and a wait of 2 s */
    assert_int_equal(top(RESOLVER_SOONER, clients), 0);
    assert_int_equal(top(RESOLVER_LATER, clients), 0);
}

static void who_clamps_to_30_s_is_steadily_sooner(void **state)
{
    (void)state;
    struct resolver_client clients[10];
    uint64_t count = play_one(
        (struct resolver){.client = 7, .mean_ms = 500, .most_s = 30, .caches = 1}, GAP_SOONER, 60);
    assert_in_range(count, 225, 240);
    assert_int_equal(top(RESOLVER_SOONER, clients), 1);
    assert_true(clients[0].client == 7);
    assert_int_equal(clients[0].ttl_s, 60);
    assert_in_range(clients[0].median_percent, 50, 53);
    assert_int_equal(clients[0].pattern, PATTERN_STEADY);
    assert_int_equal(top(RESOLVER_LATER, clients), 0);
}

static void who_keeps_answers_300_s_is_steadily_later(void **state)
{
    (void)state;
    struct resolver_client clients[10];
    play_one(
        (struct resolver){
            .client = 7, .mean_ms = 2000, .least_s = 300, .most_s = 86400, .caches = 1},
        GAP_MUCH_LATER, 100);
    assert_int_equal(top(RESOLVER_SOONER, clients), 0);
    assert_int_equal(top(RESOLVER_LATER, clients), 1);
    assert_true(clients[0].client == 7);
    assert_in_range(clients[0].median_percent, 500, 510);
    assert_int_equal(clients[0].pattern, PATTERN_STEADY);
}

static void several_behind_one_address_are_sooner_and_scattered(void **state)
{
    (void)state;
    struct resolver_client clients[10];
    play_one((struct resolver){.client = 7, .mean_ms = 400, .most_s = 86400, .caches = 8},
             GAP_MUCH_SOONER, 90);
    assert_int_equal(top(RESOLVER_SOONER, clients), 1);
    assert_int_equal(clients[0].pattern, PATTERN_SCATTERED);
}

/* It keeps to the TTL. That it is late proves nothing, and it is not named. */
static void who_is_hardly_asked_is_later_and_not_named(void **state)
{
    (void)state;
    struct resolver_client clients[10];
    uint64_t gaps[GAP_CLASS_COUNT];
    struct resolver quiet = {.client = 7, .mean_ms = 200000, .most_s = 86400, .caches = 1};
    play(&quiet, 1, 60, 5 * HOUR_MS);
    resolver_sketch_count(sketch, 0, gaps);
    assert_int_equal(gaps[GAP_SOONER] + gaps[GAP_MUCH_SOONER], 0);
    assert_true(gaps[GAP_LATER] + gaps[GAP_MUCH_LATER] > gaps[GAP_ON_TIME]);
    assert_int_equal(top(RESOLVER_LATER, clients), 0);
}

/* Caches with an answer of 300 s come back when that is over, whatever is answered since. */
static void a_gap_is_measured_by_the_ttl_answered_before(void **state)
{
    (void)state;
    uint64_t gaps[GAP_CLASS_COUNT];
    struct resolver honest = {.client = 7, .mean_ms = 100, .most_s = 86400, .caches = 1};
    play(&honest, 1, 300, 10000);
    play(&honest, 1, 10, 400000);
    play(&honest, 1, 300, 400000);
    resolver_sketch_count(sketch, 0, gaps);
    assert_true(gaps[GAP_ON_TIME] > 10);
    assert_int_equal(total(gaps), gaps[GAP_ON_TIME]);
}

static void bursts_over_several_workers_are_one_visit(void **state)
{
    (void)state;
    uint64_t gaps[GAP_CLASS_COUNT];
    for (unsigned i = 0; i < 20; i++) {
        visit_at(7, 0, 60, now_ms + 300);
        visit_at(7, 0, 60, now_ms); /* by a worker whose ring is emptied later */
        visit_at(7, 0, 60, now_ms + 999);
        now_ms += 61000;
        take();
    }
    resolver_sketch_count(sketch, 0, gaps);
    assert_int_equal(gaps[GAP_ON_TIME], 19);
    assert_int_equal(total(gaps), 19);
}

static void classes_have_their_bounds(void **state)
{
    (void)state;
    static const struct {
        uint32_t ttl_s;
        int64_t gap_ms;
        enum gap_class class;
    } cases[] = {
        {100, 49999, GAP_MUCH_SOONER},
        {100, 50000, GAP_SOONER},
        {100, 94999, GAP_SOONER},
        {100, 95000, GAP_ON_TIME},
        {100, 149999, GAP_ON_TIME},
        {100, 150000, GAP_LATER},
        {100, 299999, GAP_LATER},
        {100, 300000, GAP_MUCH_LATER},
        /* Whole seconds of a resolver's clock: 5 s may be 4 s. */
        {5, 3999, GAP_SOONER},
        {5, 4000, GAP_ON_TIME},
        {1, 499, GAP_MUCH_SOONER},
        {1, 500, GAP_ON_TIME},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t gaps[GAP_CLASS_COUNT];
        tear_down(state);
        set_up(state);
        visit_at(9, 1, cases[i].ttl_s, now_ms);
        visit_at(9, 1, 7, now_ms + cases[i].gap_ms);
        now_ms += cases[i].gap_ms;
        take();
        resolver_sketch_count(sketch, 1, gaps);
        if (gaps[cases[i].class] != 1) {
            fail_msg("%d ms of %u s is not %s", (int)cases[i].gap_ms, (unsigned)cases[i].ttl_s,
                     gap_class_name(cases[i].class));
        }
        resolver_sketch_count(sketch, 0, gaps);
        assert_int_equal(total(gaps), 0);
    }
}

#define REGULAR 400

/* How many of the regular resolvers are followed still; each of them has to have all its gaps. */
static size_t count_regular(unsigned least_gaps)
{
    static struct resolver_client clients[REGULAR + 1];
    size_t expected = 0;
    for (uint64_t i = 0; i < REGULAR; i++) {
        expected += visit_hash(key, 1000 + i, 0) < resolver_sketch_limit(sketch) ? 1 : 0;
    }
    assert_int_equal(resolver_sketch_top(sketch, 0, RESOLVER_SOONER, clients, ARRAY_LEN(clients)),
                     expected);
    for (size_t i = 0; i < expected; i++) {
        assert_in_range(clients[i].client, 1000, 1000 + REGULAR - 1);
        assert_true(clients[i].gaps[GAP_MUCH_SOONER] >= least_gaps);
    }
    return expected;
}

/* A million addresses that come once, five thousand a second, beside resolvers that come back:
 * these stay, their gaps are right, and what is kept does not grow. */
static void a_million_clients_push_nobody_out_who_comes_back(void **state)
{
    (void)state;
    static struct resolver regular[REGULAR];
    struct resolver_sketch_totals totals;
    uint64_t gaps[GAP_CLASS_COUNT];
    for (size_t i = 0; i < REGULAR; i++) {
        regular[i] =
            (struct resolver){.client = 1000 + i, .mean_ms = 500, .most_s = 20, .caches = 1};
    }
    play(regular, REGULAR, 60, 200000);
    assert_int_equal(count_regular(9), REGULAR);
    for (uint64_t second = 0; second < 200; second++) {
        for (uint64_t i = 0; i < 5000; i++) {
            visit_at(UINT64_C(1) << 40 | (second * 5000 + i), 0, 60, now_ms);
        }
        play(regular, REGULAR, 60, 1000);
    }
    resolver_sketch_totals(sketch, &totals);
    resolver_sketch_count(sketch, 0, gaps);
    assert_true(totals.clients <= RESOLVER_SKETCH_CLIENTS);
    assert_true(totals.evicted > 0);
    assert_true(totals.one_in > 1); /* fewer are followed meanwhile */
    assert_int_equal(total(gaps), gaps[GAP_MUCH_SOONER]);
    assert_true(count_regular(18) > 0);
    /* Afterwards all are followed again. */
    play(regular, REGULAR, 60, HOUR_MS);
    resolver_sketch_totals(sketch, &totals);
    assert_int_equal(totals.one_in, 1);
    assert_int_equal(count_regular(9), REGULAR);
}

/* A table full of those that came back and went lets others in. */
static void who_has_gone_makes_room(void **state)
{
    (void)state;
    struct resolver_client clients[10];
    struct resolver_sketch_totals totals;
    for (unsigned round = 0; round < 3; round++) {
        for (uint64_t i = 0; i < 6000; i++) {
            visit_at(i << 8, 0, 10, now_ms);
        }
        take();
        now_ms += 10000;
    }
    resolver_sketch_totals(sketch, &totals);
    assert_true(totals.clients > 5500);
    now_ms += 100000;
    for (unsigned round = 0; round < 10; round++) {
        for (uint64_t i = 0; i < 6000; i++) {
            visit_at(i << 8 | 1, 0, 10, now_ms);
        }
        take();
        now_ms += 4000;
    }
    assert_int_equal(top(RESOLVER_SOONER, clients), 10);
    assert_true((clients[9].client & 0xFF) == 1);
    assert_int_equal(clients[9].gaps[GAP_MUCH_SOONER], 9);
    resolver_sketch_totals(sketch, &totals);
    assert_int_equal(totals.one_in, 1);
}

static void over_lost_visits_no_gap_is_counted(void **state)
{
    (void)state;
    uint64_t gaps[GAP_CLASS_COUNT];
    struct resolver_sketch_totals totals;
    uint64_t limit = resolver_sketch_limit(sketch);
    uint64_t client = 7;
    while (visit_hash(key, client, 0) >= limit / 2) {
        client++;
    }
    visit_at(client, 0, 60, now_ms);
    take();
    resolver_sketch_discard(sketch, 5, now_ms);
    assert_true(resolver_sketch_limit(sketch) == limit / 2);
    now_ms += 120000;
    visit_at(client, 0, 60, now_ms);
    take();
    resolver_sketch_count(sketch, 0, gaps);
    assert_int_equal(total(gaps), 0);
    now_ms += 61000;
    visit_at(client, 0, 60, now_ms);
    take();
    resolver_sketch_count(sketch, 0, gaps);
    assert_int_equal(gaps[GAP_ON_TIME], 1);
    resolver_sketch_totals(sketch, &totals);
    assert_int_equal(totals.discarded, 5);
    assert_int_equal(totals.visits, 3);
    /* However often: somebody is followed, and who is not has left the table. */
    for (unsigned i = 0; i < 100; i++) {
        resolver_sketch_discard(sketch, 1, now_ms);
    }
    assert_true(resolver_sketch_limit(sketch) > 0);
    resolver_sketch_totals(sketch, &totals);
    assert_int_equal(totals.clients, 0);
}

static void visits_of_nowhere_are_left_out(void **state)
{
    (void)state;
    struct resolver_sketch_totals totals;
    visit_at(7, 2, 60, now_ms);
    visit_at(7, 0, 0, now_ms);
    take();
    resolver_sketch_totals(sketch, &totals);
    assert_int_equal(totals.visits, 0);
}

static void the_most_gaps_come_first(void **state)
{
    (void)state;
    struct resolver_client clients[2];
    for (unsigned round = 0; round < 6; round++) {
        for (uint64_t client = 1; client <= 5; client++) {
            if (round < client + 1) {
                visit_at(client * 17, 0, 60, now_ms);
            }
        }
        now_ms += 10000;
        take();
    }
    assert_int_equal(resolver_sketch_top(sketch, 0, RESOLVER_SOONER, clients, 2), 2);
    assert_true(clients[0].client == 5 * 17 && clients[1].client == 4 * 17);
    assert_int_equal(clients[0].gaps[GAP_MUCH_SOONER], 5);
    assert_int_equal(clients[1].gaps[GAP_MUCH_SOONER], 4);
    assert_int_equal(clients[0].median_percent, 16);
    assert_int_equal(resolver_sketch_top(sketch, 1, RESOLVER_SOONER, clients, 2), 0);
}

/* 16 bits of counters: proportions are kept. */
static void counters_of_a_client_do_not_run_over(void **state)
{
    (void)state;
    struct resolver_client clients[10];
    uint64_t gaps[GAP_CLASS_COUNT];
    for (uint32_t i = 0; i < 150000; i++) {
        visit_at(7, 0, 60, now_ms);
        now_ms += i % 3 == 0 ? 60000 : 6000;
        take();
    }
    assert_int_equal(top(RESOLVER_SOONER, clients), 1);
    assert_in_range(clients[0].gaps[GAP_MUCH_SOONER], 32767, 65535);
    assert_in_range(clients[0].gaps[GAP_MUCH_SOONER] * 100 / clients[0].gaps[GAP_ON_TIME], 195,
                    205);
    resolver_sketch_count(sketch, 0, gaps);
    assert_int_equal(total(gaps), 149999);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_keeps_to_the_ttl_is_on_time),
        TEST(who_clamps_to_30_s_is_steadily_sooner),
        TEST(who_keeps_answers_300_s_is_steadily_later),
        TEST(several_behind_one_address_are_sooner_and_scattered),
        TEST(who_is_hardly_asked_is_later_and_not_named),
        TEST(a_gap_is_measured_by_the_ttl_answered_before),
        TEST(bursts_over_several_workers_are_one_visit),
        TEST(classes_have_their_bounds),
        TEST(a_million_clients_push_nobody_out_who_comes_back),
        TEST(who_has_gone_makes_room),
        TEST(over_lost_visits_no_gap_is_counted),
        TEST(visits_of_nowhere_are_left_out),
        TEST(the_most_gaps_come_first),
        TEST(counters_of_a_client_do_not_run_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
