/* SPDX-License-Identifier: BSD-2-Clause */
/* The roles that members of one record set play in a rollout, and the weights that a shift means
 * for each of them. Members are indexes into plain arrays of weights, in the configuration's
 * order. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "control/rollout.h"

/* The stable member: the one with the largest weight as set; of equal ones the first. Since roles
 * turn with the weights, nothing else remembers them. count > 0. */
size_t roles_stable(const uint8_t *weights, size_t count);

/* The member that a rollout moves to when nobody names one: the other of two. SIZE_MAX when there
 * are fewer or more, so that a candidate has to be named. */
size_t roles_other(size_t count, size_t stable);

struct roles {
    size_t count;
    size_t stable;
    size_t candidate;      /* another one than stable */
    const uint8_t *before; /* count weights, as they were before the rollout */
};

/* Writes the weights after the effect's shift, from the weights as set now; out may be current
 * itself. The stable side is every member but the candidate that had weight before (the stable
 * member alone, if none had).
 *
 * SHIFT_WEIGHT: the candidate has that share in a hundred, the stable side the rest, in the
 * proportions of before. Weights are whole numbers: the least total from 100 on that meets every
 * share exactly is taken (100 itself with one stable member), else one of at most ROLES_MOST_TOTAL
 * that comes closest; no share is off by more than 1 in that total, nor by more than 1 in 100.
 * SHIFT_FALL_BACK: the candidate has 0; one stable member has 100, several have what they had
 * before. SHIFT_RESTORE gives each member what it had before; SHIFT_NONE copies. */
#define ROLES_MOST_TOTAL 1000
void roles_shift(const struct roles *roles, const struct rollout_effect *effect,
                 const uint8_t *current, uint8_t *out);
