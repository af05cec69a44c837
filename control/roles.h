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

/* Writes the weights after the effect's shift, from the weights as set now: SHIFT_WEIGHT and
 * SHIFT_FALL_BACK set the two roles and leave other members theirs; SHIFT_RESTORE gives each
 * member what it had before; SHIFT_NONE copies. out may be current itself. */
void roles_shift(const struct roles *roles, const struct rollout_effect *effect,
                 const uint8_t *current, uint8_t *out);

/* What the first shift of a superseding rollout starts from: both roles of the superseded one at
 * their weights from before, other members as they are. The superseding rollout takes its stable
 * member and its own `before` from this, so that aborting it restores what was before the first.
 * out may be current itself. */
void roles_supersede(const struct roles *superseded, const uint8_t *current, uint8_t *out);
