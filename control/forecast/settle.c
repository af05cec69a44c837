/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/forecast/settle.h"

#include <math.h>

/* Cubes: fine at the beginning, where short TTLs are over, and far at the end. */
static double grid_age(unsigned i, double until_ms)
{
    double part = (double)i / SETTLE_GRID;
    return until_ms * part * part * part;
}

int64_t settle_age_ms(settle_distance distance, const void *context, double most, double until_ms)
{
    unsigned i = SETTLE_GRID;
    most += 1e-12; /* sums of shares are no more exact */
    while (distance(context, grid_age(i, until_ms)) <= most) {
        if (i == 0) {
            return 0;
        }
        i--;
    }
    if (i == SETTLE_GRID) {
        return SETTLE_NEVER;
    }
    double low = grid_age(i, until_ms);
    double high = grid_age(i + 1, until_ms);
    for (unsigned bisections = 0; bisections < 60 && high - low > 0.01; bisections++) {
        double middle = low + (high - low) / 2;
        if (distance(context, middle) <= most) {
            high = middle;
        } else {
            low = middle;
        }
    }
    return (int64_t)ceil(high - 0.02); /* what the bisection left is no millisecond more */
}
