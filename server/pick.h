/* SPDX-License-Identifier: BSD-2-Clause */
/* Which member answers. State is an argument, chance a sequence in it; integers only. A state
 * belongs to one worker's thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "zones/snapshot.h"

#define PICK_LOG_STEPS 256

struct pick_state {
    uint64_t random;     /* splitmix64 */
    uint32_t *positions; /* `exact`: one a record set */
    size_t set_count;
    uint64_t log2[PICK_LOG_STEPS + 1]; /* log2(1 + i / 256), 32 fractional bits */
};

/* Starting points are drawn from the seed; allocates the positions. */
void pick_state_init(struct pick_state *state, size_t set_count, uint64_t seed);
void pick_state_done(struct pick_state *state);

/* Index of the member that answers next, never one of weight 0.
 *
 * exact: a low-discrepancy sequence, so that any run of answers is within a few of each member's
 * share. Each record set has its own position: A and AAAA asked in turns do not alias. */
size_t pick_exact(const struct weights *weights, uint32_t *position);
/* random: independent draws. */
size_t pick_random(const struct weights *weights, uint64_t *random);
/* sticky: the same client (see pick_client) gets the same member while weights stand. Raising one
 * member's weight moves clients only to that member. Members with the same ids agree over types. */
size_t pick_sticky(const struct pick_state *state, const struct weights *weights, uint64_t client);

/* What `sticky` knows of a client: 24 bits of an IPv4 address, 56 of an IPv6 one; an IPv4 address
 * mapped into IPv6 (RFC 4291 section 2.5.5.2) is the IPv4 address. */
uint64_t pick_client_v4(const uint8_t address[4]);
uint64_t pick_client_v6(const uint8_t address[16]);

uint64_t pick_next_random(uint64_t *random);
