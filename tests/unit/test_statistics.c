/* SPDX-License-Identifier: BSD-2-Clause */
/* Published values are named with their source; the rest is enumerated or follows from symmetry. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/attributes.h"
#include "control/forecast/statistics.h"
#include "tests/unit/near.h"

/* Hollander and Wolfe, "Nonparametric Statistical Methods" (1973), page 69: permeability of the
 * human chorioamnion at term and at 12 to 26 weeks; R's help page of wilcox.test has it as well,
 * with W = 35 and p = 0.1272. */
static void permeability_constants_of_hollander_and_wolfe(void **state)
{
    (void)state;
    static const double term[] = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
    static const double weeks[] = {1.15, 0.88, 0.90, 0.74, 1.21};
    struct rank_test test;
    rank_test(term, 10, weeks, 5, &test);
    assert_true(test.is_exact);
    assert_near(test.u, 35, 0);
    assert_near(test.p_greater, 0.1272, 0.00005);
    assert_near(test.p_two_sided, 0.2544, 0.0001);
    assert_near(test.a, 0.7, 1e-12);
    assert_near(test.delta, 0.4, 1e-12);
}

/* Ages at which diabetes was diagnosed, men and women: the example in scipy's documentation of
 * mannwhitneyu, with U = 17 and an exact p of 0.1111. */
static void ages_of_diagnosis_of_scipy(void **state)
{
    (void)state;
    static const double men[] = {19, 22, 16, 29, 24};
    static const double women[] = {20, 11, 17, 12};
    struct rank_test test;
    rank_test(men, 5, women, 4, &test);
    assert_near(test.u, 17, 0);
    assert_near(test.p_two_sided, 1.0 / 9, 1e-12);
}

/* Daily ozone in New York, May and August 1973 (Chambers and others, "Graphical Methods for Data
 * Analysis", 1983; R's `airquality`), with missing days and many ties: wilcox.test has W = 127.5,
 * p = 0.0001208. */
static void ozone_of_may_and_august_has_ties(void **state)
{
    (void)state;
    static const double may[] = {41, 36, 12,  18,  NAN, 28, 23, 19,  8,  NAN, 7,
                                 16, 11, 14,  18,  14,  34, 6,  30,  11, 1,   11,
                                 4,  32, NAN, NAN, NAN, 23, 45, 115, 37};
    static const double august[] = {39,  9,  16,  78,  35,  66, 122, 89, 110, NAN, NAN,
                                    44,  28, 65,  NAN, 22,  59, 23,  31, 44,  21,  9,
                                    NAN, 45, 168, 73,  NAN, 76, 118, 84, 85};
    struct rank_test test;
    rank_test(may, ARRAY_LEN(may), august, ARRAY_LEN(august), &test);
    assert_false(test.is_exact);
    assert_int_equal(test.x_count, 26);
    assert_int_equal(test.y_count, 26);
    assert_int_equal(test.left_out, 10);
    assert_near(test.u, 127.5, 0);
    assert_near(test.p_two_sided, 0.0001208, 0.00000005);
}

/* Mann and Whitney (1947), table I, and every textbook's table of critical values since. */
static void probabilities_of_the_table_of_1947(void **state)
{
    (void)state;
    static const double low[] = {1, 2, 3};
    static const double high[] = {4, 5, 6};
    struct rank_test test;
    rank_test(low, 3, high, 3, &test);
    assert_near(test.u, 0, 0);
    assert_near(test.p_less, 0.050, 1e-12);
    assert_near(test.p_greater, 1, 1e-12);
    /* Of the 252 orders of 5 and 5, 1, 1, 2, 3 and 5 have a U of 0, 1, 2, 3 and 4. */
    static const double five[] = {1, 2, 3, 6, 7};
    static const double other[] = {4, 5, 8, 9, 10};
    rank_test(five, 5, other, 5, &test);
    assert_near(test.u, 4, 0);
    assert_near(test.p_less, 12.0 / 252, 1e-12);
}

/* All orders of x_count + y_count different values, each as likely: how many have at least u? */
static double enumerate(size_t x_count, size_t y_count, double u)
{
    size_t all = 0;
    size_t reached = 0;
    for (unsigned mask = 0; mask < 1U << (x_count + y_count); mask++) {
        if ((size_t)__builtin_popcount(mask) != x_count) {
            continue;
        }
        size_t larger = 0;
        for (size_t i = 0; i < x_count + y_count; i++) {
            if ((mask >> i & 1) != 0) {
                larger += i - (size_t)__builtin_popcount(mask & ((1U << i) - 1));
            }
        }
        all++;
        reached += (double)larger >= u;
    }
    return (double)reached / (double)all;
}

static void exact_chances_equal_an_enumeration(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 6; n++) {
        for (size_t m = 1; m <= 6; m++) {
            for (unsigned mask = 0; mask < 1U << (n + m); mask += 7) {
                double x[16];
                double y[16];
                size_t of_x = 0;
                size_t of_y = 0;
                for (size_t i = 0; i < n + m; i++) {
                    if ((mask >> i & 1) != 0 && of_x < n) {
                        x[of_x++] = (double)i;
                    } else if (of_y < m) {
                        y[of_y++] = (double)i;
                    } else {
                        x[of_x++] = (double)i;
                    }
                }
                struct rank_test test;
                rank_test(x, n, y, m, &test);
                assert_true(test.is_exact);
                assert_near(test.p_greater, enumerate(n, m, test.u), 1e-12);
            }
        }
    }
}

static void fill(double *values, size_t count, uint64_t seed, unsigned steps)
{
    for (size_t i = 0; i < count; i++) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        values[i] = (double)(seed >> 33) / (double)(UINT64_C(1) << 31);
        values[i] = steps == 0 ? values[i] : floor(values[i] * steps);
    }
}

static void exchanged_samples_exchange_the_results(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        double x[70];
        double y[70];
        size_t n = 1 + seed % 70;
        size_t m = 1 + seed * 7 % 70;
        fill(x, n, seed, seed % 3 == 0 ? 9 : 0);
        fill(y, m, seed + 1000, seed % 3 == 0 ? 9 : 0);
        struct rank_test one;
        struct rank_test other;
        rank_test(x, n, y, m, &one);
        rank_test(y, m, x, n, &other);
        assert_near(one.u + other.u, (double)(n * m), 1e-9);
        assert_near(one.delta, -other.delta, 1e-12);
        assert_near(one.a + other.a, 1, 1e-12);
        assert_near(one.p_greater, other.p_less, 1e-12);
        assert_near(one.p_two_sided, other.p_two_sided, 1e-12);
        /* Turned upside down as well, they are as before. */
        for (size_t i = 0; i < n; i++) {
            x[i] = -x[i];
        }
        for (size_t i = 0; i < m; i++) {
            y[i] = -y[i];
        }
        struct rank_test negative;
        rank_test(x, n, y, m, &negative);
        assert_near(negative.p_greater, one.p_less, 1e-12);
        assert_near(negative.u, other.u, 1e-9);
    }
}

static void approximation_meets_the_exact_chances(void **state)
{
    (void)state;
    double x[50];
    double y[50];
    fill(x, 50, 3, 0);
    fill(y, 50, 4, 0);
    struct rank_test exact;
    struct rank_test approximate;
    rank_test(x, 49, y, 49, &exact);
    rank_test(x, 50, y, 49, &approximate);
    assert_true(exact.is_exact);
    assert_false(approximate.is_exact);
    x[48] = y[48]; /* one tie */
    rank_test(x, 49, y, 49, &approximate);
    assert_false(approximate.is_exact);
    assert_near(exact.p_greater, approximate.p_greater, 0.01);
}

static void chances_of_all_outcomes_sum_to_one(void **state)
{
    (void)state;
    /* P(U >= 0) is that sum; 49 and 49 have 2.5e28 orders. */
    double x[49];
    double y[49];
    for (size_t i = 0; i < 49; i++) {
        x[i] = (double)i;
        y[i] = 100 + (double)i;
    }
    struct rank_test test;
    rank_test(x, 49, y, 49, &test);
    assert_near(test.p_greater, 1, 1e-12);
    assert_near(test.p_less / rank_test_least_p(49, 49), 1, 1e-9);
}

static void degenerate_samples_have_no_evidence(void **state)
{
    (void)state;
    static const double same[] = {5, 5, 5, 5};
    static const double nothing[] = {NAN, NAN};
    struct rank_test test;
    rank_test(same, 4, same, 4, &test);
    assert_near(test.p_two_sided, 1, 0);
    assert_near(test.p_greater, 1, 0);
    assert_near(test.delta, 0, 0);
    rank_test(same, 4, nothing, 2, &test);
    assert_int_equal(test.left_out, 2);
    assert_near(test.p_less, 1, 0);
    assert_near(test.a, 0.5, 0);
    rank_test(NULL, 0, NULL, 0, &test);
    assert_near(test.p_two_sided, 1, 0);
    static const double slow[] = {1, INFINITY, INFINITY};
    static const double fast[] = {1, 2, -INFINITY};
    rank_test(slow, 3, fast, 3, &test);
    assert_near(test.u, 7.5, 0);
}

static struct comparison judge(const struct comparison_rule *rule, const double *x, size_t n,
                               const double *y, size_t m)
{
    struct comparison comparison;
    compare_samples(rule, x, n, y, m, &comparison);
    assert_true(comparison.reason[0] != '\0');
    return comparison;
}

static void verdicts_follow_the_table(void **state)
{
    (void)state;
    struct comparison_rule rule = {.alpha = 0.05, .min_effect = 0.3, .min_samples = 5};
    double low[200];
    double high[200];
    double slightly[200];
    for (size_t i = 0; i < 200; i++) {
        low[i] = (double)i;
        high[i] = (double)i + 150;
        slightly[i] = (double)i + 25.5;
    }
    assert_int_equal(judge(&rule, high, 200, low, 200).verdict, COMPARISON_FAIL);
    assert_int_equal(judge(&rule, low, 200, high, 200).verdict, COMPARISON_PASS);
    assert_int_equal(judge(&rule, low, 200, low, 200).verdict, COMPARISON_PASS);
    /* Significant, but too little to matter. */
    struct comparison one = judge(&rule, slightly, 200, low, 200);
    assert_true(one.p_worse < 0.05 && one.worse_by < 0.3);
    assert_int_equal(one.verdict, COMPARISON_PASS);
    /* Enough to matter, but perhaps chance. */
    static const double six[] = {10, 11, 3, 12, 13, 9};
    static const double five[] = {2, 4, 5, 14, 6};
    one = judge(&rule, six, 6, five, 5);
    assert_true(one.p_worse > 0.05 && one.worse_by >= 0.3);
    assert_int_equal(one.verdict, COMPARISON_INCONCLUSIVE);
    assert_string_equal(comparison_verdict_name(one.verdict), "inconclusive");
    rule.direction = LOWER_IS_WORSE;
    assert_int_equal(judge(&rule, high, 200, low, 200).verdict, COMPARISON_PASS);
    assert_int_equal(judge(&rule, low, 200, high, 200).verdict, COMPARISON_FAIL);
}

static void too_few_samples_are_inconclusive(void **state)
{
    (void)state;
    struct comparison_rule rule = {.alpha = 0.05, .min_effect = 0, .min_samples = 5};
    static const double bad[] = {11, 12, 13, 14, NAN};
    static const double good[] = {1, 2, 3, 4, 5};
    struct comparison one = judge(&rule, bad, 5, good, 5);
    assert_int_equal(one.verdict, COMPARISON_INCONCLUSIVE);
    assert_non_null(strstr(one.reason, "4 and 5 values"));
    rule.min_samples = 4;
    assert_int_equal(judge(&rule, bad, 5, good, 5).verdict, COMPARISON_FAIL);
    /* 4 and 5 values cannot be more significant than 1 / 126. */
    rule.alpha = 0.001;
    one = judge(&rule, bad, 5, good, 5);
    assert_int_equal(one.verdict, COMPARISON_INCONCLUSIVE);
    assert_non_null(strstr(one.reason, "cannot reach alpha"));
    assert_near(rank_test_least_p(4, 5), 1.0 / 126, 1e-15);
}

static void rules_out_of_range_are_refused(void **state)
{
    (void)state;
    static const struct comparison_rule wrong[] = {
        {.alpha = 0, .min_samples = 1},
        {.alpha = 1, .min_samples = 1},
        {.alpha = NAN, .min_samples = 1},
        {.alpha = 0.05, .min_effect = -0.1, .min_samples = 1},
        {.alpha = 0.05, .min_effect = 1.1, .min_samples = 1},
        {.alpha = 0.05, .min_effect = NAN, .min_samples = 1},
        {.alpha = 0.05, .min_samples = 0},
    };
    struct error err = {""};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_false(comparison_rule_check(&wrong[i], &err));
        assert_non_null(strstr(err.text, "expected"));
    }
    assert_true(comparison_rule_check(
        &(struct comparison_rule){.alpha = 0.05, .min_effect = 0.147, .min_samples = 10}, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(permeability_constants_of_hollander_and_wolfe),
        cmocka_unit_test(ages_of_diagnosis_of_scipy),
        cmocka_unit_test(ozone_of_may_and_august_has_ties),
        cmocka_unit_test(probabilities_of_the_table_of_1947),
        cmocka_unit_test(exact_chances_equal_an_enumeration),
        cmocka_unit_test(exchanged_samples_exchange_the_results),
        cmocka_unit_test(approximation_meets_the_exact_chances),
        cmocka_unit_test(chances_of_all_outcomes_sum_to_one),
        cmocka_unit_test(degenerate_samples_have_no_evidence),
        cmocka_unit_test(verdicts_follow_the_table),
        cmocka_unit_test(too_few_samples_are_inconclusive),
        cmocka_unit_test(rules_out_of_range_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
