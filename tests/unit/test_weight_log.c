/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "control/weight_log.h"
#include "tests/unit/near.h"

#define TTL_MS 60000
#define NOW_MS INT64_C(1800000000000)

static void expect_share(const struct weight_log *log, int64_t now_ms, double green)
{
    double shares[2];
    weight_log_expect(log, 2, now_ms, shares);
    assert_near(shares[1], green, 0.0001);
    assert_near(shares[0], 1 - green, 0.0001);
}

static void a_shift_is_seen_over_one_ttl(void **state)
{
    (void)state;
    struct weight_log log = {0};
    weight_log_add(&log, (const uint16_t[]){100, 0}, 2, TTL_MS, NOW_MS);
    expect_share(&log, NOW_MS, 0);
    weight_log_add(&log, (const uint16_t[]){50, 50}, 2, TTL_MS, NOW_MS + 1000);
    expect_share(&log, NOW_MS + 1000, 0);
    expect_share(&log, NOW_MS + 1000 + TTL_MS / 2, 0.25);
    expect_share(&log, NOW_MS + 1000 + TTL_MS, 0.5);
    expect_share(&log, NOW_MS + 10 * TTL_MS, 0.5);
    weight_log_done(&log);
}

static void the_same_weights_are_no_change(void **state)
{
    (void)state;
    struct weight_log log = {0};
    for (int i = 0; i < 10; i++) {
        weight_log_add(&log, (const uint16_t[]){90, 10}, 2, TTL_MS, NOW_MS + i);
    }
    assert_int_equal(log.count, 1);
    weight_log_done(&log);
}

static void what_no_cache_has_any_more_is_forgotten(void **state)
{
    (void)state;
    struct weight_log log = {0};
    for (int i = 0; i < 100; i++) {
        uint16_t green = (uint16_t)(i % 2 == 0 ? 0 : 100);
        weight_log_add(&log, (const uint16_t[]){100, green}, 2, TTL_MS, NOW_MS + i * TTL_MS);
        assert_in_range(log.count, 1, 2);
    }
    weight_log_done(&log);
}

static void many_changes_take_bounded_memory(void **state)
{
    (void)state;
    struct weight_log log = {0};
    for (int i = 0; i < 10000; i++) {
        uint16_t green = (uint16_t)(i % 2 == 0 ? 0 : 100);
        weight_log_add(&log, (const uint16_t[]){100 - green, green}, 2, TTL_MS, NOW_MS + i);
        assert_in_range(log.count, 1, WEIGHT_LOG_MOST);
    }
    double shares[2];
    weight_log_expect(&log, 2, NOW_MS + 10000, shares);
    assert_near(shares[0] + shares[1], 1, 0.0001);
    weight_log_done(&log);
}

/* Answers with the long TTL are out there for as long as it was. */
static void a_lower_ttl_counts_when_the_old_one_is_over(void **state)
{
    (void)state;
    struct weight_log log = {0};
    weight_log_add(&log, (const uint16_t[]){100, 0}, 2, TTL_MS, NOW_MS);
    weight_log_add(&log, (const uint16_t[]){100, 0}, 2, 6000, NOW_MS + 1000);
    weight_log_add(&log, (const uint16_t[]){0, 100}, 2, 6000, NOW_MS + 2000);
    expect_share(&log, NOW_MS + 2000 + 6000, 0.1);
    expect_share(&log, NOW_MS + 1000 + TTL_MS, 1); /* from here on the new one counts */
    weight_log_add(&log, (const uint16_t[]){100, 0}, 2, 6000, NOW_MS + 2 * TTL_MS);
    expect_share(&log, NOW_MS + 2 * TTL_MS + 3000, 0.5);
    weight_log_done(&log);
}

static void a_window_has_the_mean_of_what_was_expected_in_it(void **state)
{
    (void)state;
    struct weight_log log = {.kept_ms = TTL_MS};
    double shares[2];
    int64_t shift_ms = NOW_MS + 10 * TTL_MS;
    weight_log_add(&log, (const uint16_t[]){100, 0}, 2, TTL_MS, NOW_MS);
    weight_log_add(&log, (const uint16_t[]){0, 100}, 2, TTL_MS, shift_ms);
    /* From 0 to 1 within a TTL: the first half of it has a quarter. */
    weight_log_expect_over(&log, 2, TTL_MS / 2, shift_ms + TTL_MS / 2, shares);
    assert_near(shares[1], 0.25, 0.001);
    assert_near(shares[0], 0.75, 0.001);
    /* Half before the shift, half of that rise. */
    weight_log_expect_over(&log, 2, TTL_MS, shift_ms + TTL_MS / 2, shares);
    assert_near(shares[1], 0.125, 0.001);
    /* The same weights once more, later, forget nothing that the window may need. */
    weight_log_add(&log, (const uint16_t[]){50, 50}, 2, TTL_MS, shift_ms + 2 * TTL_MS);
    weight_log_expect_over(&log, 2, TTL_MS, shift_ms + 2 * TTL_MS, shares);
    assert_near(shares[1], 1, 0.001);
    weight_log_expect_over(&log, 2, TTL_MS, shift_ms + 3 * TTL_MS, shares);
    assert_near(shares[1], 0.75, 0.001);
    weight_log_expect_over(&log, 2, 0, shift_ms + 3 * TTL_MS, shares);
    assert_near(shares[1], 0.5, 1e-9);
    weight_log_done(&log);
}

static void what_was_before_the_last_change_is_there(void **state)
{
    (void)state;
    struct weight_log log = {0};
    assert_true(weight_log_add(&log, (const uint16_t[]){100, 0}, 2, TTL_MS, NOW_MS));
    assert_null(log.before);
    assert_false(weight_log_add(&log, (const uint16_t[]){100, 0}, 2, TTL_MS, NOW_MS + 1));
    assert_null(log.before);
    assert_true(weight_log_add(&log, (const uint16_t[]){90, 10}, 2, TTL_MS, NOW_MS + 2));
    assert_true(weight_log_add(&log, (const uint16_t[]){50, 50}, 2, TTL_MS, NOW_MS + 2 * TTL_MS));
    assert_int_equal(log.before[0], 90);
    assert_int_equal(log.before[1], 10);
    weight_log_done(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shift_is_seen_over_one_ttl),
        cmocka_unit_test(the_same_weights_are_no_change),
        cmocka_unit_test(what_no_cache_has_any_more_is_forgotten),
        cmocka_unit_test(many_changes_take_bounded_memory),
        cmocka_unit_test(a_lower_ttl_counts_when_the_old_one_is_over),
        cmocka_unit_test(a_window_has_the_mean_of_what_was_expected_in_it),
        cmocka_unit_test(what_was_before_the_last_change_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
