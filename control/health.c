/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/health.h"

#include "common/attributes.h"

#include <assert.h>
#include <limits.h>

const char *health_verdict_name(enum health_verdict verdict)
{
    static const char *const names[] = {
        [HEALTH_UNKNOWN] = "unknown",
        [HEALTH_HEALTHY] = "healthy",
        [HEALTH_UNHEALTHY] = "unhealthy",
    };
    assert((unsigned)verdict < ARRAY_LEN(names));
    return names[verdict];
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
