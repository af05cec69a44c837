/* SPDX-License-Identifier: BSD-2-Clause */
/* From a name and a type to what is to be answered: RFC 1034 section 4.3.2 steps 2 and 3 for one
 * name, with DNAME (RFC 6672), DS (RFC 4035 section 3.1.4.1) and minimal ANY (RFC 8482). Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/attributes.h"
#include "server/dns.h"
#include "zones/snapshot.h"

enum lookup_outcome {
    LOOKUP_NO_ZONE,
    LOOKUP_ANSWER,      /* rrset of node */
    LOOKUP_DNSSEC_DATA, /* of node: dnssec_data.h */
    LOOKUP_CNAME,       /* rrset is the CNAME to follow */
    LOOKUP_DNAME,       /* rrset is the DNAME, node its owner above the name */
    LOOKUP_REFERRAL,    /* node->referral */
    LOOKUP_NODATA,
    LOOKUP_NXDOMAIN,
    LOOKUP_NOT_LOADED, /* it lies in a zone of ours that cannot be loaded */
};

/* An answer that is put together record by record, perhaps of several names: chain.h. */
static inline bool lookup_is_assembled(enum lookup_outcome outcome)
{
    return outcome == LOOKUP_CNAME || outcome == LOOKUP_DNAME || outcome == LOOKUP_DNSSEC_DATA;
}

struct lookup {
    enum lookup_outcome outcome;
    const struct zone *zone;
    const struct node *node; /* of a wildcard: the source of synthesis */
    const struct rrset *rrset;
};

/* The zone for DS, which belongs to the parent side of `zone`'s apex, if we have that too. */
RARELY const struct zone *lookup_ds_zone(const struct zone_table *table,
                                         const struct name_key *name, const struct zone *zone);
/* What is neither a record set of the type nor NXDOMAIN. */
struct lookup lookup_other(const struct zone *zone, struct zone_result result,
                           const struct name_key *name, uint16_t type);

/* The same while some zone could not be loaded: hides what lies in it, since the zone around it
 * must not say that there is no such name. Record sets of the configuration are answered as long as
 * another zone has them. */
RARELY struct lookup lookup_beside_absent(const struct snapshot *snapshot,
                                          const struct name_key *name, uint16_t type);

static inline struct lookup lookup_in_zones(const struct snapshot *snapshot,
                                            const struct name_key *name, uint16_t type)
{
    const struct zone *zone = zone_table_find(snapshot->zones, name, name->label_count);
    if (zone == NULL) {
        return (struct lookup){.outcome = LOOKUP_NO_ZONE};
    }
    if (type == DNS_TYPE_DS) {
        zone = lookup_ds_zone(snapshot->zones, name, zone);
    }
    struct zone_result result = zone_lookup(zone, name);
    if (result.match == ZONE_EXACT || result.match == ZONE_WILDCARD) {
        const struct rrset *rrset = node_find(result.node, type);
        if (rrset != NULL) {
            return (struct lookup){LOOKUP_ANSWER, zone, result.node, rrset};
        }
    } else if (result.match == ZONE_NXDOMAIN) {
        return (struct lookup){LOOKUP_NXDOMAIN, zone, result.node, NULL};
    }
    return lookup_other(zone, result, name, type);
}

static inline struct lookup lookup_name(const struct snapshot *snapshot,
                                        const struct name_key *name, uint16_t type)
{
    if (snapshot->zones->absent_count > 0) {
        return lookup_beside_absent(snapshot, name, type);
    }
    return lookup_in_zones(snapshot, name, type);
}
