/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/roles.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#define ROLES_MOST 100 /* members of a record set */

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

/* The shares that a shift means, as fractions of one denominator. */
struct apportionment {
    uint32_t parts[ROLES_MOST];
    uint32_t denominator;
};

static size_t stable_side(const struct roles *roles, uint32_t *sum)
{
    size_t members = 0;
    *sum = 0;
    for (size_t i = 0; i < roles->count; i++) {
        members += i != roles->candidate && roles->before[i] > 0;
        *sum += i != roles->candidate ? roles->before[i] : 0;
    }
    return members;
}

static void shares_of(const struct roles *roles, uint8_t weight, struct apportionment *shares)
{
    uint32_t sum;
    bool is_bare =
        stable_side(roles, &sum) == 0; /* nobody had weight: all is the stable member's */
    shares->denominator = ROLLOUT_FULL * (is_bare ? 1 : sum);
    for (size_t i = 0; i < roles->count; i++) {
        uint32_t before = is_bare ? i == roles->stable : roles->before[i];
        shares->parts[i] = before * (uint32_t)(ROLLOUT_FULL - weight);
    }
    shares->parts[roles->candidate] = shares->denominator / ROLLOUT_FULL * weight;
}

/* The weights of one total: the whole parts, and one more for the largest remainders. The error is
 * the sum of the remainders that were not met, in the total's and the denominator's units;
 * UINT64_MAX when a weight does not fit. */
static uint64_t apportion(const struct apportionment *shares, size_t count, uint32_t total,
                          uint8_t *out)
{
    uint32_t left = total;
    uint64_t rests[ROLES_MOST], error = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t exact = (uint64_t)shares->parts[i] * total;
        uint64_t whole = exact / shares->denominator;
        if (whole > UINT8_MAX) {
            return UINT64_MAX;
        }
        rests[i] = exact % shares->denominator;
        out[i] = (uint8_t)whole;
        left -= (uint32_t)whole;
    }
    for (; left > 0; left--) {
        size_t largest = 0;
        for (size_t i = 1; i < count; i++) {
            largest = rests[i] > rests[largest] ? i : largest;
        }
        if (out[largest] == UINT8_MAX) {
            return UINT64_MAX;
        }
        out[largest]++;
        rests[largest] = 0;
    }
    for (size_t i = 0; i < count; i++) {
        error += rests[i];
    }
    return error;
}

/* error / total is how far the shares are off: smaller of two, without division. */
static bool is_closer(uint64_t error, uint32_t total, uint64_t than, uint32_t than_total)
{
    return error != UINT64_MAX &&
           (than == UINT64_MAX || error * than_total < than * (uint64_t)total);
}

static void set_weight(const struct roles *roles, uint8_t weight, uint8_t *out)
{
    struct apportionment shares;
    uint64_t least = UINT64_MAX;
    uint32_t least_total = 1;
    assert(weight <= ROLLOUT_FULL && roles->count <= ROLES_MOST);
    shares_of(roles, weight, &shares);
    for (uint32_t total = ROLLOUT_FULL; total <= ROLES_MOST_TOTAL && least > 0; total++) {
        uint8_t weights[ROLES_MOST];
        uint64_t error = apportion(&shares, roles->count, total, weights);
        if (is_closer(error, total, least, least_total)) {
            least = error;
            least_total = total;
            memcpy(out, weights, roles->count);
        }
    }
    assert(least != UINT64_MAX); /* with a total of 100 every weight fits */
}

static void fall_back(const struct roles *roles, uint8_t *out)
{
    uint32_t sum;
    if (stable_side(roles, &sum) > 1) {
        memmove(out, roles->before, roles->count);
        out[roles->candidate] = 0;
    } else {
        set_weight(roles, 0, out);
    }
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
        set_weight(roles, effect->weight, out);
        break;
    case SHIFT_FALL_BACK:
        fall_back(roles, out);
        break;
    case SHIFT_RESTORE:
        memmove(out, roles->before, roles->count);
        break;
    }
}
