/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/sketch.h"

#include <stdlib.h>

#include "common/alloc.h"

void sketch_sampler_init(struct sketch_sampler *sampler, struct visit_ring *ring)
{
    *sampler = (struct sketch_sampler){.limit = 0};
    if (ring != NULL) {
        sampler->sketch = alloc_zeroed_apart(1, sizeof(*sampler->sketch));
        sampler->sketch->ring = ring;
        memcpy(sampler->key, ring->key, sizeof(sampler->key));
        sketch_sampler_refresh(sampler);
    }
}

void sketch_sampler_done(struct sketch_sampler *sampler)
{
    free(sampler->sketch);
    *sampler = (struct sketch_sampler){.limit = 0};
}

void sketch_note(struct sketch *sketch, const struct visit *visit, uint64_t hash)
{
    struct sketch_recent *recent = &sketch->recent[hash % SKETCH_FILTER_SIZE];
    uint32_t tag = (uint32_t)(hash >> 8) | 1;
    bool is_burst =
        recent->tag == tag && visit->at_ms - recent->at_ms < visit_burst_ms(visit->ttl_s);
    /* Of TTL 0 nothing can be said. */
    if (visit->ttl_s == 0 || is_burst) {
        return;
    }
    *recent = (struct sketch_recent){tag, visit->at_ms};
    visit_ring_put(sketch->ring, visit);
}
