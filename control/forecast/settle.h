/* SPDX-License-Identifier: BSD-2-Clause */
/* When shares that change over time have come close to where they go. Pure; any thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SETTLE_NEVER INT64_C(-1)

/* How far the shares are from their goal, age_ms after the last change. Continuous, and in the end
 * it only falls. */
typedef double (*settle_distance)(const void *context, double age_ms);

/* The age in milliseconds, rounded up, from which on the distance is at most `most`, for good as
 * far as until_ms; SETTLE_NEVER when it is more than that then. Calls distance SETTLE_CALLS times
 * at most. A bump that is shorter than the 64th part of the way in a scale of cubes is not seen. */
#define SETTLE_GRID  64
#define SETTLE_CALLS (SETTLE_GRID + 64)
int64_t settle_age_ms(settle_distance distance, const void *context, double most, double until_ms);
