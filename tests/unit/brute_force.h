/* SPDX-License-Identifier: BSD-2-Clause */
/* Resolvers played query by query, in the order of time: what the arithmetic of control/forecast is
 * held against. Written from what resolvers do, not from the formulas. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "control/forecast/cache_age.h"
#include "control/forecast/population.h"

struct brute_force {
    const struct population *population;
    size_t resolvers;
    double ttl_ms;
    const struct weight_history *history; /* of two members, the candidate is the first */
    uint64_t seed;
    double begin_ms; /* caches are empty then; each resolver begins within its first cycle */
    double from_ms, bin_ms;
    size_t bin_count;
};

/* Writes the candidate's part of the queries in each bin. Returns how many queries were played. */
uint64_t brute_force_play(const struct brute_force *play, double *shares);
