/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/publish_times.h"

#include <stddef.h>

const uint32_t publish_bounds_us[PUBLISH_BOUNDS] = {10,   25,   50,   100,   250,   500,
                                                    1000, 2500, 5000, 10000, 25000, 100000};

void publish_times_add(struct publish_times *times, uint64_t took_ns)
{
    size_t bucket = 0;
    while (bucket < PUBLISH_BOUNDS && took_ns > (uint64_t)publish_bounds_us[bucket] * 1000) {
        bucket++;
    }
    times->counts[bucket]++;
    times->count++;
    times->sum_ns += took_ns;
    times->worst_ns = took_ns > times->worst_ns ? took_ns : times->worst_ns;
}

double publish_times_quantile_us(const struct publish_times *times, unsigned permille)
{
    double worst_us = (double)times->worst_ns / 1000;
    uint64_t below = 0;
    for (size_t i = 0; i < PUBLISH_BOUNDS; i++) {
        below += times->counts[i];
        if (below * 1000 >= times->count * permille) {
            return worst_us < publish_bounds_us[i] ? worst_us : publish_bounds_us[i];
        }
    }
    return worst_us;
}
