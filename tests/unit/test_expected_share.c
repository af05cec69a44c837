/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/attributes.h"
#include "control/forecast/expected_share.h"
#include "control/forecast/settle.h"
#include "tests/unit/near.h"

#define TTL_MS 60000

/* Candidate and stable member. */
static const uint16_t none[] = {0, 100};
static const uint16_t ten[] = {10, 90};
static const uint16_t half[] = {50, 50};
static const uint16_t all[] = {100, 0};

static const struct weight_change lab[] = {
    {0, none}, {1000000, ten}, {1060000, half}, {1090000, all}};

static struct weight_history until(size_t change)
{
    return (struct weight_history){lab, change + 1, 2};
}

static double candidate_at(const struct weight_history *history, int64_t at_ms)
{
    double shares[2];
    expected_share(history, TTL_MS, at_ms, shares);
    assert_near(shares[0] + shares[1], 1, 1e-12);
    return shares[0];
}

static void a_shift_takes_effect_linearly_over_one_ttl(void **state)
{
    (void)state;
    struct weight_history history = until(1);
    assert_near(candidate_at(&history, -5), 0, 0);
    assert_near(candidate_at(&history, 999999), 0, 0);
    assert_near(candidate_at(&history, 1000000), 0, 1e-12);
    assert_near(candidate_at(&history, 1015000), 0.025, 1e-12);
    assert_near(candidate_at(&history, 1030000), 0.05, 1e-12);
    assert_near(candidate_at(&history, 1060000), 0.1, 1e-12);
    assert_near(candidate_at(&history, INT64_MAX), 0.1, 1e-12);
}

static void shifts_within_one_ttl_overlap(void **state)
{
    (void)state;
    struct weight_history history = until(3);
    /* Of the minute before 1100000, 20 s had 10 %, 30 s half and 10 s all. */
    assert_near(candidate_at(&history, 1100000), (20 * 0.1 + 30 * 0.5 + 10) / 60, 1e-12);
    assert_near(candidate_at(&history, 1150000), 1, 1e-12);
}

/* The same by ten thousand caches, each with its own time of expiry. */
static void many_caches_agree(void **state)
{
    (void)state;
    struct weight_history history = until(3);
    for (int64_t at_ms = 990000; at_ms < 1160000; at_ms += 7000) {
        double sum = 0;
        for (int64_t phase = 0; phase < TTL_MS; phase += 6) {
            double shares[2];
            int64_t fetched_ms = at_ms - (at_ms + phase) % TTL_MS;
            weight_shares(&history, (double)fetched_ms, shares);
            sum += shares[0];
        }
        assert_near(candidate_at(&history, at_ms), sum / (TTL_MS / 6.0), 0.0002);
    }
}

static void three_members_keep_their_proportions(void **state)
{
    (void)state;
    static const uint16_t before[] = {0, 30, 70};
    static const uint16_t after[] = {100, 60, 40};
    static const uint16_t nobody[] = {0, 0, 0};
    const struct weight_change changes[] = {{0, before}, {0, after}, {90000, nobody}};
    struct weight_history history = {changes, 3, 3};
    double shares[3];
    expected_share(&history, TTL_MS, 30000, shares);
    assert_near(shares[0], 0.25, 1e-12);
    assert_near(shares[1], 0.3, 1e-12);
    assert_near(shares[2], 0.45, 1e-12);
    /* All weights 0 are equal shares, as answers are picked. */
    expected_share(&history, TTL_MS, 150000, shares);
    assert_near(shares[0], 1.0 / 3, 1e-12);
}

static void without_a_ttl_shares_are_as_configured(void **state)
{
    (void)state;
    struct weight_history history = until(2);
    double shares[2];
    expected_share(&history, 0, 1060000, shares);
    assert_near(shares[0], 0.5, 0);
    assert_near(expected_effect(0, 0), 1, 0);
    assert_int_equal(expected_effect_ms(0, 0.95), 0);
}

static void effects_are_parts_of_the_ttl(void **state)
{
    (void)state;
    assert_near(expected_effect(TTL_MS, -1), 0, 0);
    assert_near(expected_effect(TTL_MS, 15000), 0.25, 1e-12);
    assert_near(expected_effect(TTL_MS, 99999), 1, 0);
    assert_int_equal(expected_effect_ms(TTL_MS, 0.95), 57000);
    assert_int_equal(expected_effect_ms(TTL_MS, 0.99), 59400);
    assert_int_equal(expected_effect_ms(TTL_MS, 1), 60000);
    assert_int_equal(expected_effect_ms(3, 0.5), 2);
}

static void a_fall_back_takes_no_longer_than_the_ttl(void **state)
{
    (void)state;
    struct fall_back_forecast forecast;
    for (size_t change = 1; change <= 3; change++) {
        struct weight_history history = until(change);
        int64_t held_ms = lab[change].at_ms + TTL_MS;
        expected_fall_back(&history, TTL_MS, held_ms, none, &forecast);
        assert_int_equal(forecast.bound_ms, TTL_MS);
        assert_int_equal(forecast.to_95_ms, 57000);
        assert_int_equal(forecast.to_99_ms, 59400);
    }
    /* Nothing changes: nothing to wait for. */
    struct weight_history history = until(1);
    expected_fall_back(&history, TTL_MS, lab[1].at_ms + TTL_MS, ten, &forecast);
    assert_int_equal(forecast.to_99_ms, 0);
}

/* The few that have the candidate have just got it: they are the last to expire. */
static void a_fall_back_from_a_step_that_began_lasts_to_the_end(void **state)
{
    (void)state;
    struct weight_history history = until(1);
    struct fall_back_forecast forecast;
    expected_fall_back(&history, TTL_MS, lab[1].at_ms + 10000, none, &forecast);
    /* 10 s of answers expire between 50 s and 60 s from then. */
    assert_int_equal(forecast.to_95_ms, 59500);
    assert_int_equal(forecast.to_99_ms, 59900);
}

static void ages_of_caches_that_are_asked_now_and_then(void **state)
{
    (void)state;
    /* Jung, Berger, Balakrishnan (2003): hits are qT / (1 + qT) of the queries. */
    struct cache_age cache = {.refresh_ms = 60000, .limit_ms = 60000, .queries_per_ms = 0.0001};
    assert_near(cache_age_within(&cache, 0), 1 / (1 + 6.0), 1e-12);
    assert_near(cache_age_within(&cache, 30000), 4.0 / 7, 1e-12);
    assert_near(cache_age_fetches_per_ms(&cache), 1 / 70000.0, 1e-12);
    assert_near(cache_age_all_but(&cache, 0.05), 60000 - 0.05 * 70000, 1e-6);
    /* Prefetching: nobody's answer is too old when somebody asks in the last tenth. */
    struct cache_age prefetch = {.refresh_ms = 54000, .limit_ms = 60000, .queries_per_ms = 1};
    assert_near(cache_age_within(&prefetch, 0), 0, 1e-12);
    assert_near(cache_age_within(&prefetch, 54000), 1, 1e-4);
    /* Stale answers without an end are only as old as the time since somebody asked. */
    struct cache_age stale = {.refresh_ms = 0, .limit_ms = INFINITY, .queries_per_ms = 0.001};
    assert_near(cache_age_within(&stale, 1000), 1 - exp(-1), 1e-12);
    assert_near(cache_age_all_but(&stale, 0.01), 1000 * log(100), 1e-6);
    struct cache_age for_ever = {INFINITY, INFINITY, 1};
    assert_near(cache_age_within(&for_ever, 1e18), 0, 0);
    assert_true(isinf(cache_age_all_but(&for_ever, 0.01)));
}

static void distributions_of_ages_are_distributions(void **state)
{
    (void)state;
    static const double limits[] = {0, 1, 54000, 60000, 90000, INFINITY};
    static const double rates[] = {1e-9, 1e-4, 1, 1e6, INFINITY};
    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        for (size_t j = 0; j < ARRAY_LEN(limits); j++) {
            for (size_t k = 0; k < ARRAY_LEN(rates) && limits[j] >= limits[i]; k++) {
                struct cache_age cache = {limits[i], limits[j], rates[k]};
                double last = 0;
                for (double age = 0; age < 200000; age += 500) {
                    double within = cache_age_within(&cache, age);
                    assert_true(within >= last - 1e-12 && within <= 1 + 1e-12);
                    last = within;
                }
                assert_near(cache_age_within(&cache, -1), 0, 0);
            }
        }
    }
}

static double falling(const void *context, double age_ms)
{
    const double *end = context;
    return fmax(*end, 1 - age_ms / 1000);
}

static void settling_finds_the_moment_or_says_never(void **state)
{
    (void)state;
    double end = 0;
    assert_int_equal(settle_age_ms(falling, &end, 0.25, 5000), 750);
    assert_int_equal(settle_age_ms(falling, &end, 0.25, 86400000), 750);
    assert_int_equal(settle_age_ms(falling, &end, 1, 5000), 0);
    assert_int_equal(settle_age_ms(falling, &end, 0.25, 500), SETTLE_NEVER);
    end = 0.3;
    assert_int_equal(settle_age_ms(falling, &end, 0.25, 86400000), SETTLE_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shift_takes_effect_linearly_over_one_ttl),
        cmocka_unit_test(shifts_within_one_ttl_overlap),
        cmocka_unit_test(many_caches_agree),
        cmocka_unit_test(three_members_keep_their_proportions),
        cmocka_unit_test(without_a_ttl_shares_are_as_configured),
        cmocka_unit_test(effects_are_parts_of_the_ttl),
        cmocka_unit_test(a_fall_back_takes_no_longer_than_the_ttl),
        cmocka_unit_test(a_fall_back_from_a_step_that_began_lasts_to_the_end),
        cmocka_unit_test(ages_of_caches_that_are_asked_now_and_then),
        cmocka_unit_test(distributions_of_ages_are_distributions),
        cmocka_unit_test(settling_finds_the_moment_or_says_never),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
