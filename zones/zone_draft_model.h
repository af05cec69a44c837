/* SPDX-License-Identifier: BSD-2-Clause */
/* What a draft consists of: written by zone_draft.c, turned into a zone by zone_draft_finish.c.
 * Private to those two. It is taken beside two zones when one is loaded again: each octet counts.
 */
#pragma once

#include "common/arena.h"
#include "zones/zone_draft.h"

struct draft_record {
    struct draft_record *next;
    uint32_t ttl_s;
    uint16_t rdata_len;
    uint16_t covered; /* of an RRSIG: the type that it covers; else 0 */
    uint8_t rdata[];
};

/* What only a record set has. */
struct draft_weighted {
    const struct record_set *record_set;
    const char *path;                 /* the configuration's */
    struct draft_record **signatures; /* of each of its members, in a zone signed here */
};

struct draft_rrset {
    struct draft_rrset *next;   /* by type, ascending */
    struct draft_record *first; /* NULL: a record set */
    union {
        const char *path; /* of the first record */
        struct draft_weighted *weighted;
    };
    uint32_t line; /* of the path */
    uint16_t type;
};

struct draft_node {
    struct draft_node *parent; /* NULL: the apex */
    struct draft_rrset *rrsets;
    struct draft_node *cut; /* topmost delegation or DNAME that names below it (for a delegation:
                               and itself) belong to; NULL: authoritative; set when finishing */
    uint32_t hash;
    uint32_t index; /* in zone.nodes, where it is kept; set when finishing */
    uint32_t entry; /* in denial.entries, of its NSEC or NSEC3, or DENIAL_NONE; set when finishing a
                       signed zone */
    uint8_t name_len, label_count;
    uint16_t part : 14;         /* of the draft's memory, where all of the node is */
    uint16_t has_children : 1;  /* other than owners of NSEC3; set when finishing a signed zone */
    uint16_t is_hash_owner : 1; /* of an NSEC3 and nothing else; set when finishing a signed zone */
    uint8_t name[];
};

/* Nodes that follow each other are one part, which is freed as soon as the zone has all that it
 * needs of them, so that it is not there beside all of the zone. */
#define DRAFT_PART_NODES ((size_t)1 << 14)
#define DRAFT_PARTS      ((size_t)1 << 14)

struct zone_draft {
    struct arena *arena; /* what belongs to no part */
    struct arena **parts;
    struct name origin;
    size_t record_count;
    uint64_t content; /* of these records: struct zone */
    size_t node_count, node_capacity;
    struct draft_node **nodes; /* parents before children; the apex first */
    uint32_t *buckets;         /* index into nodes plus 1; open addressing */
    uint32_t bucket_mask;
};

static inline size_t draft_part_count(const struct zone_draft *draft)
{
    return (draft->node_count + DRAFT_PART_NODES - 1) / DRAFT_PART_NODES;
}

/* NULL: the RRset has records. */
static inline const struct record_set *draft_record_set(const struct draft_rrset *rrset)
{
    return rrset->first == NULL ? rrset->weighted->record_set : NULL;
}

/* Of the record set, or of the first record. */
struct draft_place draft_place_of(const struct draft_rrset *rrset);
/* With a copy of its RDATA; belongs to nothing yet. */
struct draft_record *draft_new_record(struct arena *arena, const void *rdata, size_t len);

struct draft_rrset *draft_find_rrset(const struct draft_node *node, uint16_t type);
/* NULL when there is none of the name's last `labels` labels. */
struct draft_node *draft_find_node(const struct zone_draft *draft, const struct name_key *key,
                                   unsigned labels);
/* "file:line: the RRset … is too large". Returns false. */
bool draft_refuse_size(const struct draft_node *node, const struct draft_rrset *rrset,
                       struct error *err);
/* NS not at the apex. */
bool draft_is_delegation(const struct draft_node *node);
