/* SPDX-License-Identifier: BSD-2-Clause */
/* From probes to a verdict: so many successes or failures in a row. Pure. */
#pragma once

#include <stdbool.h>

enum health_verdict {
    HEALTH_UNKNOWN, /* before the first verdict: counts as healthy for answers, passes no gate */
    HEALTH_HEALTHY,
    HEALTH_UNHEALTHY,
};
const char *health_verdict_name(enum health_verdict verdict);

struct health {
    unsigned rise, fall; /* 1 to 10 */
    unsigned streak;     /* probes in a row with the last result; stops counting at UINT_MAX */
    bool last_succeeded; /* means nothing while streak is 0 */
    enum health_verdict verdict;
};

void health_init(struct health *health, unsigned rise, unsigned fall);
/* True when the verdict changed. The first verdict too takes `rise` successes or `fall` failures
 * in a row. */
bool health_record(struct health *health, bool succeeded);
