/* SPDX-License-Identifier: BSD-2-Clause */
/* The share of each member expected at resolvers whose caches honour the TTL and are asked all the
 * time: control/forecast/cache_age.h says how the model comes about. An answer that was fetched is
 * used for one TTL, and fetches are spread evenly over it, so the expected share at a time is the
 * mean of the configured shares over the TTL before. Pure; any thread.
 *
 * The TTL is the one that answers had during the last TTL of the history. Caches that are asked
 * less often are earlier, those that do not keep to the TTL later (control/forecast/simulate.h). */
#pragma once

#include <stdint.h>

#include "control/forecast/cache_age.h"

/* One share for each member; they sum to 1. ttl_ms >= 0; at_ms may lie before the first change. */
void expected_share(const struct weight_history *history, int64_t ttl_ms, int64_t at_ms,
                    double *shares);

/* The part of a shift that has taken effect age_ms after it: of the caches, those that have asked
 * again. 0 to 1. */
double expected_effect(int64_t ttl_ms, int64_t age_ms);
/* The age at which that part (0 to 1) has: 0.95 of a TTL for 0.95. Rounded up. */
int64_t expected_effect_ms(int64_t ttl_ms, double part);

/* A fall-back at a time: how long until it has taken effect. */
struct fall_back_forecast {
    int64_t bound_ms; /* no cache that honours the TTL has an old answer then: the TTL */
    /* Until no member's share is farther from its goal than 5 % (1 %) of the largest way that one
     * has to go. Not more than 0.95 (0.99) of the TTL after a shift that has taken effect; a step
     * that had just begun has its few answers expire late, up to the bound. */
    int64_t to_95_ms, to_99_ms;
};
/* What if the weights became `weights` (one for each member) at at_ms, which is not before the last
 * change? */
void expected_fall_back(const struct weight_history *history, int64_t ttl_ms, int64_t at_ms,
                        const uint16_t *weights, struct fall_back_forecast *forecast);
