/* SPDX-License-Identifier: BSD-2-Clause */
/* How long snapshots took to be what every worker answers from. Pure; control thread. */
#pragma once

#include <stdint.h>

#define PUBLISH_BOUNDS 12

/* Upper bounds of the buckets, rising. */
extern const uint32_t publish_bounds_us[PUBLISH_BOUNDS];

struct publish_times {
    uint64_t count, sum_ns, worst_ns;
    uint64_t counts[PUBLISH_BOUNDS + 1]; /* the last: over all bounds */
};

void publish_times_add(struct publish_times *times, uint64_t took_ns);
/* The bound below which at least so many of a thousand are; the worst where that is less, or where
 * there is no such bound. 0: there are none. */
double publish_times_quantile_us(const struct publish_times *times, unsigned permille);
