/* SPDX-License-Identifier: BSD-2-Clause */
/* The immutable whole that a query is answered from: zones, the weights in force, the
 * secrets of cookies. A worker
 * takes one snapshot for a packet, so that one answer never mixes two states.
 *
 * A shift makes a new snapshot that shares everything with the last but one page of pointers and
 * the changed weights, so that its cost depends neither on the zones' size nor on the number of
 * record sets. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "zones/cookie_secrets.h"
#include "zones/record_set.h"
#include "zones/zone.h"

/* The 32-bit range is cut into parts as large as the members' shares. A number x picks the first
 * member with weight > 0 and x <= upper; the last one that takes part has upper = UINT32_MAX, so
 * there always is one (unless total is 0). */
struct weighted_member {
    uint32_t upper;  /* end (inclusive) of its part of the range; means nothing with weight 0 */
    uint16_t weight; /* effective: 0 takes no part */
    bool is_stale;   /* an alias target's addresses that are too old, for want of better ones */
    const struct member_records *records; /* the record set's own, or an alias target's latest */
};

#define WEIGHTS_TTL_ENCODED UINT32_MAX

/* One record set's effective weights. At least one member takes part, unless total is 0: that is
 * the case as long as no member has any record (alias targets that were never resolved), and there
 * is no answer then (SERVFAIL). */
struct weights {
    const struct record_set *record_set;
    uint32_t total;
    uint32_t
        ttl_s; /* that of answers, where it is less than the one encoded; or WEIGHTS_TTL_ENCODED */
    /* Whichever member answers, its records are the answer as they are: there are some, none is
     * stale, and their TTL is the one encoded. */
    bool is_plain;
    size_t member_count;
    struct weighted_member members[];
};

#define SNAPSHOT_PAGE_SETS 256

struct weights_page {
    const struct weights *sets[SNAPSHOT_PAGE_SETS];
};

struct snapshot {
    uint64_t generation; /* 1 for the first, then one more each */
    const struct zone_table *zones;
    size_t set_count;
    const struct weights_page *const *pages;
    struct cookie_secrets cookies;
    struct retired *retired; /* what the next snapshot replaced; freed with this one */
};

/* Any thread that holds the snapshot. id < set_count. */
static inline const struct weights *snapshot_weights(const struct snapshot *snapshot, uint32_t id)
{
    return snapshot->pages[id / SNAPSHOT_PAGE_SETS]->sets[id % SNAPSHOT_PAGE_SETS];
}
