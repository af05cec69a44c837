/* SPDX-License-Identifier: BSD-2-Clause */
/* Does the candidate do worse than the stable member? Two samples of a measurement are compared by
 * ranks, so that neither its distribution nor an outlier matters. Pure; any thread.
 *
 * The test is Mann and Whitney's ("On a test of whether one of two random variables is
 * stochastically larger than the other", 1947). p is exact without ties and with fewer than 50
 * values on each side, and else the normal approximation with corrections for ties and continuity
 * (Lehmann, "Nonparametrics", 1975; R's wilcox.test does the same). The effect's size is Cliff's
 * delta (1993), which equals the rank-biserial correlation, and Vargha and Delaney's A (2000). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

/* From so many values on one side on, p is approximated. */
#define RANK_TEST_EXACT_BELOW 50

/* What the ranks say; of x against y. NaN is no value: it is left out and counted. */
struct rank_test {
    size_t x_count, y_count; /* that were compared */
    size_t left_out;         /* NaN, on both sides */
    double u;                /* pairs in which x is the larger one, a tie counts one half */
    double delta;            /* Cliff's: P(x > y) - P(x < y), -1 to 1 */
    double a;                /* Vargha and Delaney's: P(x > y) + P(x = y) / 2, 0 to 1 */
    double p_greater;        /* one-sided: x tends to be larger */
    double p_less;           /* one-sided: x tends to be smaller */
    double p_two_sided;
    bool is_exact;
};

/* Without values on one side every p is 1, a is 0.5 and u and delta are 0. Infinities are values
 * (a request that timed out is slower than any other). */
void rank_test(const double *x, size_t x_count, const double *y, size_t y_count,
               struct rank_test *test);

/* The least one-sided p that samples of these sizes can have: 1 / C(x + y, x). */
double rank_test_least_p(size_t x_count, size_t y_count);

enum direction { HIGHER_IS_WORSE, LOWER_IS_WORSE };

struct comparison_rule {
    double alpha;       /* of the one-sided test; 0 < alpha < 1 */
    double min_effect;  /* |Cliff's delta| from which on a difference matters; 0 to 1 */
    size_t min_samples; /* of each side; at least 1 */
    enum direction direction;
};
MUST_CHECK bool comparison_rule_check(const struct comparison_rule *rule, struct error *err);

enum comparison_verdict { COMPARISON_PASS, COMPARISON_FAIL, COMPARISON_INCONCLUSIVE };
#define COMPARISON_VERDICT_COUNT (COMPARISON_INCONCLUSIVE + 1)
const char *comparison_verdict_name(enum comparison_verdict verdict); /* "pass", … */

#define COMPARISON_TEXT_SIZE 160
struct comparison {
    enum comparison_verdict verdict;
    struct rank_test test; /* x is the candidate */
    double p_worse;        /* one-sided: the candidate is worse */
    double worse_by;       /* Cliff's delta in the bad direction: positive is worse */
    char reason[COMPARISON_TEXT_SIZE];
};

/* The verdict, for a rule that comparison_rule_check has passed:
 *
 *                             p_worse <= alpha   p_worse > alpha
 *   worse_by >= min_effect    fail               inconclusive (too much to pass, perhaps chance)
 *   worse_by <  min_effect    pass (negligible)  pass
 *
 * and inconclusive before all that when a side has less than min_samples, or both together so few
 * that no values at all could make p_worse as small as alpha. */
void compare_samples(const struct comparison_rule *rule, const double *candidate,
                     size_t candidate_count, const double *stable, size_t stable_count,
                     struct comparison *comparison);
