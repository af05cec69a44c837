/* SPDX-License-Identifier: BSD-2-Clause */
/* Effective weights: what the query path picks by, from the weights as set and health. Route 53's
 * rules (developer guide, "How Amazon Route 53 chooses records when health checking is
 * configured"). Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct member_condition {
    uint8_t weight;
    bool is_healthy;
};

/* Writes one effective weight a member; at least one is not 0. Non-zero healthy members keep their
 * weights; if none of those is left, zero-weight healthy ones share equally; if none at all is
 * healthy, all count as healthy; if all weights are zero, equal shares. count > 0. */
void effective_weights(const struct member_condition *members, size_t count, uint16_t *effective);
