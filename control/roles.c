/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/roles.h"

#include <assert.h>
#include <string.h>

size_t roles_stable(const uint8_t *weights, size_t count)
{
    assert(count > 0);
    size_t stable = 0;
    for (size_t i = 1; i < count; i++) {
        if (weights[i] > weights[stable]) {
            stable = i;
        }
    }
    return stable;
}

size_t roles_other(size_t count, size_t stable)
{
    return count == 2 ? 1 - stable : SIZE_MAX;
}

static void check_roles(const struct roles *roles)
{
    assert(roles->stable < roles->count && roles->candidate < roles->count);
    assert(roles->stable != roles->candidate);
}

static void set_candidate(const struct roles *roles, uint8_t weight, uint8_t *out)
{
    assert(weight <= ROLLOUT_FULL);
    out[roles->candidate] = weight;
    out[roles->stable] = (uint8_t)(ROLLOUT_FULL - weight);
}

void roles_shift(const struct roles *roles, const struct rollout_effect *effect,
                 const uint8_t *current, uint8_t *out)
{
    check_roles(roles);
    memmove(out, current, roles->count);
    switch (effect->shift) {
    case SHIFT_NONE:
        break;
    case SHIFT_WEIGHT:
        set_candidate(roles, effect->weight, out);
        break;
    case SHIFT_FALL_BACK:
        set_candidate(roles, 0, out);
        break;
    case SHIFT_RESTORE:
        memmove(out, roles->before, roles->count);
        break;
    }
}

void roles_supersede(const struct roles *superseded, const uint8_t *current, uint8_t *out)
{
    check_roles(superseded);
    memmove(out, current, superseded->count);
    out[superseded->stable] = superseded->before[superseded->stable];
    out[superseded->candidate] = superseded->before[superseded->candidate];
}
