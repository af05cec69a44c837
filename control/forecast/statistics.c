/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/forecast/statistics.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

static const char *const verdict_names[COMPARISON_VERDICT_COUNT] = {
    [COMPARISON_PASS] = "pass",
    [COMPARISON_FAIL] = "fail",
    [COMPARISON_INCONCLUSIVE] = "inconclusive",
};

struct value {
    double number;
    bool is_x;
};

static int compare_values(const void *left, const void *right)
{
    const struct value *a = left;
    const struct value *b = right;
    return (a->number > b->number) - (a->number < b->number);
}

/* Appends what is a number; returns how many were. */
static size_t take_values(const double *numbers, size_t count, bool is_x, struct value *out)
{
    size_t taken = 0;
    for (size_t i = 0; i < count; i++) {
        if (!isnan(numbers[i])) {
            out[taken++] = (struct value){numbers[i], is_x};
        }
    }
    return taken;
}

/* The sum of the ranks (1 is the least) of x in sorted values, tied ones having their mean rank;
 * *ties becomes the sum of t^3 - t over the groups of t that are equal. */
static double rank_sum(const struct value *values, size_t count, double *ties)
{
    double sum = 0;
    *ties = 0;
    for (size_t first = 0; first < count;) {
        size_t end = first;
        size_t of_x = 0;
        while (end < count && values[end].number == values[first].number) {
            of_x += values[end++].is_x;
        }
        double equal = (double)(end - first);
        sum += (double)of_x * ((double)(first + 1 + end) / 2);
        *ties += equal * equal * equal - equal;
        first = end;
    }
    return sum;
}

/* One row of the table of P(U = u), for i values of x and each number j of y. */
struct row {
    double *chance; /* of j and u at j * width + u */
    size_t width;   /* x_count * y_count + 1 */
};

/* From i - 1 to i values of x, in place. The largest of all values is of x with chance i / (i + j),
 * and then it is larger than all j of y:
 * P(i, j, u) = i / (i + j) P(i - 1, j, u - j) + j / (i + j) P(i, j - 1, u). Only additions, so that
 * small chances keep their digits. */
static void row_advance(const struct row *row, size_t i, size_t y_count)
{
    for (size_t j = 1; j <= y_count; j++) {
        double *here = row->chance + j * row->width;
        const double *fewer_y = here - row->width;
        double of_x = (double)i / (double)(i + j);
        for (size_t u = i * j + 1; u-- > 0;) {
            double x_is_last = u >= j ? here[u - j] : 0;
            here[u] = of_x * x_is_last + (1 - of_x) * fewer_y[u];
        }
    }
}

/* P(U >= u), exactly, without ties; u is whole. */
static double exact_tail(size_t x_count, size_t y_count, double u)
{
    struct row row = {.width = x_count * y_count + 1};
    CLEANUP(alloc_freep)
    double *chance = alloc_zeroed((y_count + 1) * row.width, sizeof(*chance));
    row.chance = chance;
    for (size_t j = 0; j <= y_count; j++) {
        chance[j * row.width] = 1; /* without x, U is 0 */
    }
    for (size_t i = 1; i <= x_count; i++) {
        row_advance(&row, i, y_count);
    }
    double sum = 0;
    const double *last = chance + y_count * row.width;
    for (size_t k = row.width; k-- > 0 && (double)k >= u;) {
        sum += last[k];
    }
    return fmin(sum, 1);
}

/* P(U >= u) by the normal distribution. */
static double approximate_tail(double x_count, double y_count, double ties, double u)
{
    double all = x_count + y_count;
    double variance = x_count * y_count / 12 * (all + 1 - ties / (all * (all - 1)));
    if (!(variance > 0)) {
        return 1; /* all values are the same */
    }
    double z = (u - 0.5 - x_count * y_count / 2) / sqrt(variance);
    return 0.5 * erfc(z / M_SQRT2);
}

static void fill_chances(struct rank_test *test, double ties)
{
    double pairs = (double)test->x_count * (double)test->y_count;
    test->is_exact =
        ties == 0 && test->x_count < RANK_TEST_EXACT_BELOW && test->y_count < RANK_TEST_EXACT_BELOW;
    if (test->is_exact) {
        test->p_greater = exact_tail(test->x_count, test->y_count, test->u);
        test->p_less = exact_tail(test->x_count, test->y_count, pairs - test->u);
    } else {
        double x = (double)test->x_count;
        double y = (double)test->y_count;
        test->p_greater = approximate_tail(x, y, ties, test->u);
        test->p_less = approximate_tail(x, y, ties, pairs - test->u);
    }
    test->p_two_sided = fmin(1, 2 * fmin(test->p_greater, test->p_less));
}

void rank_test(const double *x, size_t x_count, const double *y, size_t y_count,
               struct rank_test *test)
{
    CLEANUP(alloc_freep)
    struct value *values = alloc_zeroed(x_count + y_count + 1, sizeof(*values));
    *test = (struct rank_test){.a = 0.5, .p_greater = 1, .p_less = 1, .p_two_sided = 1};
    test->x_count = take_values(x, x_count, true, values);
    test->y_count = take_values(y, y_count, false, values + test->x_count);
    size_t count = test->x_count + test->y_count;
    test->left_out = x_count + y_count - count;
    if (test->x_count == 0 || test->y_count == 0) {
        return;
    }
    qsort(values, count, sizeof(*values), compare_values);
    double ties;
    double of_x = (double)test->x_count;
    double pairs = of_x * (double)test->y_count;
    test->u = rank_sum(values, count, &ties) - of_x * (of_x + 1) / 2;
    test->a = test->u / pairs;
    test->delta = 2 * test->a - 1;
    fill_chances(test, ties);
}

double rank_test_least_p(size_t x_count, size_t y_count)
{
    double p = 1;
    for (size_t i = 1; i <= x_count; i++) {
        p *= (double)i / (double)(y_count + i);
    }
    return p;
}

bool comparison_rule_check(const struct comparison_rule *rule, struct error *err)
{
    if (!(rule->alpha > 0 && rule->alpha < 1)) {
        return error_set(err, "found alpha %g, expected more than 0 and less than 1", rule->alpha);
    }
    if (!(rule->min_effect >= 0 && rule->min_effect <= 1)) {
        return error_set(err, "found a least effect of %g, expected 0 to 1", rule->min_effect);
    }
    if (rule->min_samples < 1) {
        return error_set(err, "found a least number of samples of 0, expected at least 1");
    }
    return true;
}

const char *comparison_verdict_name(enum comparison_verdict verdict)
{
    assert((unsigned)verdict < COMPARISON_VERDICT_COUNT);
    return verdict_names[verdict];
}

/* Whether there are too few values to tell; the reason says why. */
static bool is_too_little(const struct comparison_rule *rule, struct comparison *comparison)
{
    size_t candidate = comparison->test.x_count;
    size_t stable = comparison->test.y_count;
    if (candidate < rule->min_samples || stable < rule->min_samples) {
        snprintf(comparison->reason, sizeof(comparison->reason),
                 "%zu and %zu values of candidate and stable, expected at least %zu of each",
                 candidate, stable, rule->min_samples);
        return true;
    }
    double least = rank_test_least_p(candidate, stable);
    if (least > rule->alpha) {
        snprintf(comparison->reason, sizeof(comparison->reason),
                 "of %zu and %zu values p is at least %.2g, which cannot reach alpha %g", candidate,
                 stable, least, rule->alpha);
        return true;
    }
    return false;
}

void compare_samples(const struct comparison_rule *rule, const double *candidate,
                     size_t candidate_count, const double *stable, size_t stable_count,
                     struct comparison *comparison)
{
    struct rank_test *test = &comparison->test;
    bool higher_is_worse = rule->direction == HIGHER_IS_WORSE;
    rank_test(candidate, candidate_count, stable, stable_count, test);
    comparison->p_worse = higher_is_worse ? test->p_greater : test->p_less;
    comparison->worse_by = higher_is_worse ? test->delta : -test->delta;
    if (is_too_little(rule, comparison)) {
        comparison->verdict = COMPARISON_INCONCLUSIVE;
        return;
    }
    bool is_significant = comparison->p_worse <= rule->alpha;
    bool is_large = comparison->worse_by >= rule->min_effect;
    if (is_large) {
        comparison->verdict = is_significant ? COMPARISON_FAIL : COMPARISON_INCONCLUSIVE;
    } else {
        comparison->verdict = COMPARISON_PASS;
    }
    snprintf(comparison->reason, sizeof(comparison->reason),
             "worse by %.3g (%s %g), p %.3g (%s alpha %g)", comparison->worse_by,
             is_large ? "at least" : "less than", rule->min_effect, comparison->p_worse,
             is_significant ? "at most" : "more than", rule->alpha);
}
