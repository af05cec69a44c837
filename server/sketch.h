/* SPDX-License-Identifier: BSD-2-Clause */
/* Follows some clients of weighted record sets, for control to see who comes back sooner or later
 * than the TTL. The query path pays for a hash and a comparison; static answers pay nothing. What
 * is kept of those who are followed is a ring of visits (zones/visits.h) and this worker's filter,
 * both of a fixed size. One worker's thread. Time is an argument. */
#pragma once

#include <stdint.h>

#include "common/attributes.h"
#include "zones/visits.h"

#define SKETCH_FILTER_SIZE 256 /* a power of two */

/* Who was written down last, so that a burst, or a flood, is one visit. */
struct sketch_recent {
    uint32_t tag; /* 0: free */
    uint32_t at_ms;
};

struct sketch {
    struct visit_ring *ring;
    struct sketch_recent recent[SKETCH_FILTER_SIZE];
};

#define SKETCH_OCTETS 2056
_Static_assert(sizeof(struct sketch) == SKETCH_OCTETS, "as the documents state");

/* What the query path needs, in the answer context itself. limit 0: nobody is followed. */
struct sketch_sampler {
    uint64_t limit;
    uint64_t key[2];
    struct sketch *sketch;
};

/* Borrows the ring. NULL: nobody is followed. Allocates the filter. */
void sketch_sampler_init(struct sketch_sampler *sampler, struct visit_ring *ring);
void sketch_sampler_done(struct sketch_sampler *sampler);

/* Before a batch: control may have changed the limit. */
static inline void sketch_sampler_refresh(struct sketch_sampler *sampler)
{
    if (sampler->sketch != NULL) {
        /* Relaxed: a number, and whether it comes a batch later does not matter. */
        sampler->limit = atomic_load_explicit(&sampler->sketch->ring->limit, memory_order_relaxed);
    }
}

/* The client was answered with the record set's records and this TTL. */
RARELY void sketch_note(struct sketch *sketch, const struct visit *visit, uint64_t hash);
