/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/lookup.h"

#include <string.h>

#include "server/dns.h"
#include "server/dnssec_data.h"

static bool is_of_dnssec(uint16_t type)
{
    return type == DNS_TYPE_RRSIG || type == DNS_TYPE_NSEC || type == DNS_TYPE_NSEC3;
}

/* RFC 8482 section 4.1: one RRset is answer enough; a CNAME has nothing of use beside it. */
static const struct rrset *any_rrset(const struct node *node)
{
    const struct rrset *cname = node_find(node, DNS_TYPE_CNAME);
    if (cname != NULL) {
        return cname;
    }
    for (uint16_t i = 0; i < node->rrset_count; i++) {
        if (!is_of_dnssec(node->rrsets[i].type)) {
            return &node->rrsets[i];
        }
    }
    return NULL;
}

const struct zone *lookup_ds_zone(const struct zone_table *table, const struct name_key *name,
                                  const struct zone *zone)
{
    if (name->label_count == 0 || zone->origin.label_count < name->label_count) {
        return zone;
    }
    const struct zone *parent = zone_table_find(table, name, name->label_count - 1u);
    return parent != NULL ? parent : zone;
}

/* The node has no such type. */
static void choose_other(struct lookup *found, uint16_t type)
{
    bool is_any = type == DNS_TYPE_ANY;
    if (dnssec_data_is_there(found->zone, found->node, type)) {
        found->outcome = LOOKUP_DNSSEC_DATA;
        return;
    }
    found->rrset = is_any ? any_rrset(found->node) : node_find(found->node, DNS_TYPE_CNAME);
    found->outcome = LOOKUP_NODATA;
    if (found->rrset != NULL) {
        found->outcome = is_any ? LOOKUP_ANSWER : LOOKUP_CNAME;
    }
}

struct lookup lookup_other(const struct zone *zone, struct zone_result result,
                           const struct name_key *name, uint16_t type)
{
    struct lookup found = {.zone = zone, .node = result.node};
    switch (result.match) {
    case ZONE_EXACT:
    case ZONE_WILDCARD:
        choose_other(&found, type);
        break;
    case ZONE_DELEGATION:
        /* DS lies on this side of the cut. */
        if (type == DNS_TYPE_DS && found.node->label_count == name->label_count) {
            found.rrset = node_find(found.node, DNS_TYPE_DS);
            found.outcome = found.rrset != NULL ? LOOKUP_ANSWER : LOOKUP_NODATA;
        } else {
            found.outcome = LOOKUP_REFERRAL;
        }
        break;
    case ZONE_DNAME:
        found.rrset = node_find(found.node, DNS_TYPE_DNAME);
        found.outcome = LOOKUP_DNAME;
        break;
    case ZONE_NXDOMAIN:
        found.outcome = LOOKUP_NXDOMAIN;
        break;
    }
    return found;
}

static bool is_within(const struct node *node, const struct name *origin)
{
    return node->name_len >= origin->len && node->label_count >= origin->label_count &&
           memcmp(node->name + node->name_len - origin->len, origin->octets, origin->len) == 0;
}

struct lookup lookup_beside_absent(const struct snapshot *snapshot, const struct name_key *name,
                                   uint16_t type)
{
    const struct zone_table *table = snapshot->zones;
    const struct lookup found = lookup_in_zones(snapshot, name, type);
    for (size_t i = 0; i < table->absent_count; i++) {
        const struct name *origin = &table->absent[i];
        bool is_there = origin->label_count <= name->label_count &&
                        name_key_suffix_is(name, origin->label_count, origin);
        /* DS lies in the zone above. */
        is_there = is_there && (type != DNS_TYPE_DS || origin->label_count < name->label_count);
        if (!is_there ||
            (found.zone != NULL && found.zone->origin.label_count > origin->label_count)) {
            continue;
        }
        bool is_record_set = found.rrset != NULL && found.rrset->record_set != RRSET_STATIC &&
                             is_within(found.node, origin);
        if (!is_record_set) {
            return (struct lookup){.outcome = LOOKUP_NOT_LOADED};
        }
    }
    return found;
}
