/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/health.h"

#include <assert.h>
#include <limits.h>

const char *health_verdict_name(enum health_verdict verdict)
{
    switch (verdict) {
    case HEALTH_UNKNOWN:
        return "unknown";
    case HEALTH_HEALTHY:
        return "healthy";
    case HEALTH_UNHEALTHY:
        return "unhealthy";
    }
    assert(!"a verdict without a name");
    return "";
}

void health_init(struct health *health, unsigned rise, unsigned fall)
{
    assert(rise > 0 && fall > 0);
    *health = (struct health){.rise = rise, .fall = fall, .verdict = HEALTH_UNKNOWN};
}

bool health_record(struct health *health, bool succeeded)
{
    if (succeeded != health->last_succeeded) {
        health->streak = 0;
    }
    health->last_succeeded = succeeded;
    if (health->streak < UINT_MAX) {
        health->streak++;
    }
    if (health->streak < (succeeded ? health->rise : health->fall)) {
        return false;
    }
    enum health_verdict before = health->verdict;
    health->verdict = succeeded ? HEALTH_HEALTHY : HEALTH_UNHEALTHY;
    return health->verdict != before;
}
