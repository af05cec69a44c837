/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "control/forecast/simulate.h"
#include "tests/unit/brute_force.h"
#include "tests/unit/near.h"

#define MINUTE_MS 60000

static const struct simulate_plan lab = {
    .step_count = 3, .weights = {10, 50, 100}, .holds_ms = {MINUTE_MS, MINUTE_MS, MINUTE_MS}};

static struct simulation *run(const struct simulate_plan *plan, const struct population *population,
                              uint64_t resolvers, uint64_t seed)
{
    struct error err = {""};
    struct simulate_settings settings = {*plan, MINUTE_MS, population, resolvers, seed};
    if (!population_check(population, &err) || !simulate_plan_check(plan, &err)) {
        fail_msg("%s", err.text);
    }
    return simulate(&settings);
}

/* ---- the arithmetic against resolvers that are played one by one ---- */

static const uint16_t weights[][2] = {{0, 100}, {10, 90}, {50, 50}, {100, 0}, {0, 100}};
static const struct weight_change changes[] = {{0, weights[0]},
                                               {0, weights[1]},
                                               {60000, weights[2]},
                                               {120000, weights[3]},
                                               {240000, weights[4]}};
static const struct weight_history history = {changes, 5, 2};

#define BINS   20
#define BIN_MS 20000

/* The mean of the expected share over a bin. */
static double expected_in_bin(struct crowd *crowd, double from_ms)
{
    double sum = 0;
    for (unsigned i = 0; i < 40; i++) {
        double shares[2];
        crowd_shares(crowd, &history, from_ms + (i + 0.5) * BIN_MS / 40, shares);
        assert_near(shares[0] + shares[1], 1, 1e-9);
        sum += shares[0];
    }
    return sum / 40;
}

/* Several plays, since few queries in a bin differ by chance alone. */
static void hold_against_brute_force(const struct population *population, const char *what,
                                     double begin_ms, unsigned plays)
{
    CLEANUP(crowd_freep) struct crowd *crowd = crowd_new(population, 10000, MINUTE_MS);
    struct brute_force play = {
        .population = population,
        .resolvers = 10000,
        .ttl_ms = MINUTE_MS,
        .history = &history,
        .begin_ms = begin_ms,
        .from_ms = -20000,
        .bin_ms = BIN_MS,
        .bin_count = BINS,
    };
    double sums[BINS] = {0};
    uint64_t queries = 0;
    for (play.seed = 1; play.seed <= plays; play.seed++) {
        double shares[BINS];
        queries += brute_force_play(&play, shares);
        for (size_t i = 0; i < BINS; i++) {
            sums[i] += shares[i] / plays;
        }
    }
    double worst = 0;
    for (size_t i = 0; i < BINS; i++) {
        double expected = expected_in_bin(crowd, play.from_ms + (double)i * BIN_MS);
        worst = fmax(worst, fabs(sums[i] - expected));
    }
    print_message("%s: %llu queries played, largest difference %.2f points\n", what,
                  (unsigned long long)queries, worst * 100);
    assert_true(queries > 1000000);
    assert_true(worst < 0.01);
}

static void each_behaviour_agrees_with_brute_force(void **state)
{
    (void)state;
    static const struct population_group groups[] = {
        {"honest", 1, 0.3, 0, TTL_HONEST, 0},
        {"honest, seldom asked", 1, 0.1, 0, TTL_HONEST, 0},
        {"minimum", 1, 0.1, 0, TTL_MINIMUM, 180000},
        {"maximum", 1, 0.3, 0, TTL_MAXIMUM, 10000},
        {"keep", 1, 0.1, 0, TTL_KEEP, 300000},
        {"keep for ever", 1, 0.3, 0, TTL_KEEP, POPULATION_FOR_EVER},
        {"prefetch", 1, 0.3, 0, TTL_PREFETCH, 0},
        {"stale", 1, 0.1, 0, TTL_STALE, 30000},
        {"zipf", 1, 0.3, 0.4, TTL_HONEST, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
        struct population population = {.groups = {groups[i]}, .group_count = 1};
        bool is_long = groups[i].time_ms >= 180000 && groups[i].time_ms != POPULATION_FOR_EVER;
        hold_against_brute_force(&population, groups[i].name, is_long ? -900000 : -200000, 4);
    }
}

static void a_mixed_population_agrees_with_brute_force(void **state)
{
    (void)state;
    static const struct population population = {
        .group_count = 6,
        .groups = {{"busy", 0.1, 1, 0.3, TTL_PREFETCH, 0},
                   {"honest", 0.5, 0.2, 0.3, TTL_HONEST, 0},
                   {"extending", 0.2, 0.1, 0, TTL_MINIMUM, 180000},
                   {"shortening", 0.05, 0.3, 0, TTL_MAXIMUM, 5000},
                   {"stale", 0.1, 0.02, 0, TTL_STALE, 600000},
                   {"pinned", 0.05, 0.3, 0, TTL_KEEP, POPULATION_FOR_EVER}},
    };
    hold_against_brute_force(&population, "mixed", -900000, 4);
}

/* ---- the crowd ---- */

static void a_thousand_courses_are_on_average_as_expected(void **state)
{
    (void)state;
    static const struct population population = {
        .group_count = 2,
        .groups = {{"heavy", 0.5, 5, 1.2, TTL_HONEST, 0}, {"kept", 0.5, 1, 0, TTL_KEEP, 200000}},
    };
    CLEANUP(crowd_freep) struct crowd *crowd = crowd_new(&population, 200, MINUTE_MS);
    struct crowd_samples samples = {-10000, 8000, 40};
    double sums[40] = {0};
    for (uint64_t seed = 1; seed <= 1000; seed++) {
        double rows[80];
        crowd_play(crowd, &history, &samples, seed, rows);
        for (size_t i = 0; i < 40; i++) {
            assert_near(rows[2 * i] + rows[2 * i + 1], 1, 1e-9);
            sums[i] += rows[2 * i];
        }
    }
    for (size_t i = 0; i < 40; i++) {
        double shares[2];
        crowd_shares(crowd, &history, samples.from_ms + (double)i * samples.step_ms, shares);
        assert_near(sums[i] / 1000, shares[0], 0.02);
    }
}

static void zipf_is_summed_as_it_is(void **state)
{
    (void)state;
    for (double zipf = 0; zipf <= 3; zipf += 0.5) {
        struct population population = {.group_count = 1,
                                        .groups = {{"zipf", 1, 1, zipf, TTL_HONEST, 0}}};
        CLEANUP(crowd_freep) struct crowd *crowd = crowd_new(&population, 20000, MINUTE_MS);
        double terms = 0;
        for (double rank = 1; rank <= 20000; rank++) {
            terms += pow(rank, -zipf);
        }
        double traffic = 0;
        double resolvers = 0;
        for (size_t i = 0; i < crowd->class_count; i++) {
            traffic += crowd->classes[i].traffic;
            resolvers += crowd->classes[i].resolvers;
        }
        assert_near(traffic, 1, 1e-9);
        assert_near(resolvers, 20000, 0);
        assert_near(crowd->queries_per_s, 20000, 1e-6);
        if (zipf > 0) {
            assert_near(crowd->classes[0].traffic, 1 / terms, 1e-6);
            assert_near(
                crowd->classes[crowd->class_count - 1].traffic,
                crowd->classes[crowd->class_count - 1].resolvers * pow(19000, -zipf) / terms, 0.02);
        }
        assert_true(crowd->heavy_count <= 1000);
    }
}

static void a_crowd_has_somebody(void **state)
{
    (void)state;
    CLEANUP(crowd_freep) struct crowd *one = crowd_new(population_preset("mixed"), 1, 0);
    assert_near(one->resolvers, 1, 0);
    assert_near(one->fetches_per_s, one->queries_per_s, 1e-12); /* TTL 0: each query is a fetch */
    assert_int_equal(one->heavy_count, 1);
    CLEANUP(crowd_freep)
    struct crowd *many = crowd_new(population_preset("mixed"), POPULATION_MAX_RESOLVERS, MINUTE_MS);
    assert_near(many->resolvers, 1e10, 8);
    assert_true(many->fetches_per_s < many->queries_per_s / 5);
}

/* ---- whole simulations ---- */

static void honest_caches_need_a_ttl(void **state)
{
    (void)state;
    static const struct population busy = {.group_count = 1,
                                           .groups = {{"busy", 1, 1000, 0, TTL_HONEST, 0}}};
    CLEANUP(simulation_freep) struct simulation *simulation = run(&lab, &busy, 10000, 1);
    for (size_t i = 0; i < 3; i++) {
        const struct simulated_step *step = &simulation->steps[i];
        assert_int_equal(step->shift.at_ms, (int64_t)i * MINUTE_MS);
        assert_near((double)step->shift.to_95_ms, 57000, 2);
        assert_near((double)step->shift.to_99_ms, 59400, 2);
        assert_near((double)step->fall_back.to_95_ms, 57000, 2);
        assert_near(step->fall_back.from, (double)step->weight / 100, 1e-4);
        assert_near(step->fall_back_curve[SIMULATE_SAMPLES - 1], 0, 1e-9);
        assert_near(step->shift.settles_at, (double)step->weight / 100, 2e-6);
    }
    assert_near(simulation->configured[0], 0, 0);
    assert_near(simulation->expected[0], 0, 0);
    assert_near(simulation->expected[SIMULATE_SAMPLES - 1], 1, 1e-9);
}

static void who_keeps_for_ever_is_never_shifted(void **state)
{
    (void)state;
    static const struct population pinned = {
        .group_count = 2,
        .groups = {{"honest", 0.9, 10, 0, TTL_HONEST, 0},
                   {"pinned", 0.1, 10, 0, TTL_KEEP, POPULATION_FOR_EVER}},
    };
    CLEANUP(simulation_freep) struct simulation *simulation = run(&lab, &pinned, 10000, 1);
    assert_int_equal(simulation->steps[2].shift.to_95_ms, SETTLE_NEVER);
    assert_near(simulation->steps[2].shift.settles_at, 0.9, 1e-6);
    /* They never had the candidate, so a fall-back does not need them. */
    assert_near((double)simulation->steps[2].fall_back.to_95_ms, 57000, 20);
    assert_near(simulation->steps[2].fall_back.from, 0.9, 1e-3);
}

static void who_extends_the_ttl_is_waited_for(void **state)
{
    (void)state;
    static const struct population extending = {
        .group_count = 1, .groups = {{"extending", 1, 1000, 0, TTL_MINIMUM, 600000}}};
    CLEANUP(simulation_freep) struct simulation *simulation = run(&lab, &extending, 10000, 1);
    /* Three steps of a minute in ten: (60 * 0.1 + 60 * 0.5 + 60 * 1) / 600 = 16 %, the rest
     * follows. */
    assert_near(simulation->steps[2].fall_back.from, 0.16, 1e-4);
    assert_near((double)simulation->steps[0].shift.to_95_ms, 570000, 5);
    /* The answers that have most of the candidate are the youngest, and expire last. */
    assert_true(simulation->steps[2].fall_back.to_95_ms > 590000);
}

static void the_seed_decides_what_is_played(void **state)
{
    (void)state;
    const struct population *mixed = population_preset("mixed");
    CLEANUP(simulation_freep) struct simulation *one = run(&lab, mixed, 100000, 1);
    CLEANUP(simulation_freep) struct simulation *same = run(&lab, mixed, 100000, 1);
    CLEANUP(simulation_freep) struct simulation *other = run(&lab, mixed, 100000, 2);
    assert_memory_equal(one->played, same->played, sizeof(one->played));
    assert_memory_not_equal(one->played, other->played, sizeof(one->played));
    assert_memory_equal(one->expected, other->expected, sizeof(one->expected));
    assert_true(one->heavy_count > 0 && one->largest_deviation > 0);
    assert_true(one->largest_deviation < one->heavy_traffic);
}

/* What is counted, not timed: ten million resolvers cost no more than three times what ten
 * thousand do, since there are more classes of ranks, and little altogether. */
static void ten_million_resolvers_cost_little_more(void **state)
{
    (void)state;
    static const char *const presets[] = {"honest", "mixed", "bad"};
    for (size_t i = 0; i < ARRAY_LEN(presets); i++) {
        const struct population *population = population_preset(presets[i]);
        CLEANUP(simulation_freep) struct simulation *few = run(&lab, population, 10000, 1);
        CLEANUP(simulation_freep) struct simulation *many = run(&lab, population, 10000000, 1);
        print_message("%s: work %llu for 10^4 resolvers, %llu for 10^7\n", presets[i],
                      (unsigned long long)few->work, (unsigned long long)many->work);
        assert_near(many->resolvers, 1e7, 10);
        assert_true(many->work < 3 * few->work);
        assert_true(many->work < 5000000);
    }
}

static void curves_stay_between_nothing_and_all(void **state)
{
    (void)state;
    static const struct simulate_plan odd = {
        .step_count = 4, .weights = {1, 2, 99, 100}, .holds_ms = {0, 86400000, 1, 0}};
    static const char *const presets[] = {"honest", "mixed", "bad"};
    for (size_t i = 0; i < ARRAY_LEN(presets); i++) {
        CLEANUP(simulation_freep)
        struct simulation *simulation = run(&odd, population_preset(presets[i]), 5, i);
        for (size_t k = 0; k < SIMULATE_SAMPLES; k++) {
            assert_true(simulation->expected[k] >= -1e-9 && simulation->expected[k] <= 1 + 1e-9);
            assert_true(simulation->played[k] >= -1e-9 && simulation->played[k] <= 1 + 1e-9);
            for (size_t step = 0; step < 4; step++) {
                double share = simulation->steps[step].fall_back_curve[k];
                assert_true(share >= -1e-9 && share <= 1 + 1e-9);
            }
        }
    }
}

static void plans_out_of_range_are_refused(void **state)
{
    (void)state;
    static const struct simulate_plan wrong[] = {
        {.step_count = 0},
        {.step_count = SIMULATE_MAX_STEPS + 1},
        {.step_count = 1, .weights = {0}},
        {.step_count = 1, .weights = {101}},
        {.step_count = 2, .weights = {50, 50}},
        {.step_count = 2, .weights = {50, 10}},
        {.step_count = 1, .weights = {50}, .holds_ms = {-1}},
        {.step_count = 1, .weights = {50}, .holds_ms = {SIMULATE_MAX_HOLD_MS + 1}},
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct error err = {""};
        assert_false(simulate_plan_check(&wrong[i], &err));
        assert_non_null(strstr(err.text, "expected"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_behaviour_agrees_with_brute_force),
        cmocka_unit_test(a_mixed_population_agrees_with_brute_force),
        cmocka_unit_test(a_thousand_courses_are_on_average_as_expected),
        cmocka_unit_test(zipf_is_summed_as_it_is),
        cmocka_unit_test(a_crowd_has_somebody),
        cmocka_unit_test(honest_caches_need_a_ttl),
        cmocka_unit_test(who_keeps_for_ever_is_never_shifted),
        cmocka_unit_test(who_extends_the_ttl_is_waited_for),
        cmocka_unit_test(the_seed_decides_what_is_played),
        cmocka_unit_test(ten_million_resolvers_cost_little_more),
        cmocka_unit_test(curves_stay_between_nothing_and_all),
        cmocka_unit_test(plans_out_of_range_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
