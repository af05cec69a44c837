/* SPDX-License-Identifier: BSD-2-Clause */
/* A zone as it is answered from: immutable, one arena, every answer encoded. Loaded by zonefile.c,
 * const afterwards, read by every thread, freed by control when no snapshot holds it any more.
 *
 * Every owner name and every empty non-terminal is a node; one hash table finds it. Names below a
 * delegation or a DNAME (glue, occluded data) are no nodes: their answer is the cut's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/attributes.h"
#include "zones/denial.h"
#include "zones/encoded.h"
#include "zones/name.h"
#include "zones/record_set.h"

#define RRSET_STATIC UINT32_MAX

struct rrset {
    uint16_t type;
    uint32_t record_set; /* id of the weighted record set, or RRSET_STATIC */
    union {
        struct encoded answer; /* static: the answer section for a query of this name and type */
        /* weighted, in a signed zone, with RRSIGs: those of each member; see member_signatures */
        const struct encoded *signatures;
    };
};

struct node {
    const uint8_t *name;        /* lower-case wire form */
    const struct rrset *rrsets; /* ascending by type; at a delegation only DS. In a signed zone the
                                   same ones with RRSIGs follow, and there is neither an RRset of
                                   RRSIG nor, where it is the chain, of NSEC: zone->denial has it */
    union {
        /* Of a delegation: NS and glue, base name = this node. In a signed zone referral[1] has DS
         * or the proof of none too. */
        const struct encoded *referral;
        const struct node *wildcard; /* of any other node: the child "*", or NULL */
    };
    uint16_t rrset_count; /* 0: an empty non-terminal (or a delegation without DS) */
    uint8_t name_len;
    uint8_t label_count;
    bool is_delegation;
    bool has_dname;
};

/* The hash beside the index: a name that does not exist costs no look at any node. Of a free bucket
 * it is one that belongs into the next: no search for that comes here, so that whoever finds a
 * hash has found a node. */
struct zone_bucket {
    uint32_t hash; /* name_key_hash_below of the node's name */
    uint32_t node; /* index into nodes plus 1; 0: free */
};

struct zone {
    struct name origin;
    char *file;
    uint32_t serial;
    size_t node_count;
    size_t record_count;      /* of the file, without those of the configuration's record sets */
    uint64_t content;         /* a hash of these records in any order: other ones, other hash */
    const struct node *nodes; /* parents before children */
    const struct node *apex;
    struct encoded negative; /* the SOA for NODATA and NXDOMAIN (RFC 2308), base name = origin */
    const struct denial *denial; /* NULL: the zone is not signed */
    /* When to sign anew, seconds since the epoch; INT64_MAX: never. Control thread only. */
    int64_t refresh_at_s;
    bool has_own_sync;     /* CDS or CDNSKEY are the file's */
    struct signer *signer; /* NULL: the zone is not signed here. Control thread only */
    uint32_t soa_ttl_s;    /* that of DNSKEY, too, in a zone that is signed here */
    uint32_t ttl_max_s;    /* of all record sets */
    /* Until when caches may have DNSKEYs, and anything, of the zones that were served before, whose
     * TTLs may have been longer. 0: nothing is known of them. Control thread until it is served. */
    int64_t keys_cached_until_s, data_cached_until_s;
    const struct zone_bucket *buckets; /* open addressing, power of two, at most half full */
    uint32_t bucket_mask;
    unsigned max_labels; /* of any node: deeper names are not looked up one by one */
    struct arena *arena;
    unsigned references; /* zone tables and others that hold it; control thread only */
};

void zone_free(struct zone *zone);
void zone_freep(struct zone **zone);
/* Holds a zone beyond its table, and lets it go: the last one frees it. Control thread. */
void zone_ref(struct zone *zone);
void zone_unref(struct zone *zone);

/* The zone is served from now on, in the place of before. */
void zone_follow(struct zone *zone, const struct zone *before, int64_t now_s);

/* The zone's signer has signed what is answered beside the zone: refresh_at_s may come sooner, and
 * the signer rests. Control thread, or whoever loads the zone. */
void zone_has_signed(struct zone *zone);

enum zone_match {
    ZONE_EXACT,      /* node is QNAME's (perhaps an empty non-terminal) */
    ZONE_WILDCARD,   /* node is the source of synthesis (RFC 4592) */
    ZONE_DELEGATION, /* node is the cut at or above QNAME; node->referral */
    ZONE_DNAME,      /* node is the DNAME's owner, above QNAME (RFC 6672) */
    ZONE_NXDOMAIN,   /* no such name; node is the closest encloser */
};

struct zone_result {
    enum zone_match match;
    const struct node *node;
};

/* The search goes on behind bucket i, which has the name's hash and another name's node: chance
 * makes that of one pair of names in 2^32, more where long names repeat their labels. */
RARELY const struct node *zone_find_octets_behind(const struct zone *zone, const uint8_t *name,
                                                  size_t len, uint32_t i);

/* The node of these len octets of a name in lower case that ends as the zone's origin, or NULL;
 * read as in struct name_key. What equals a node's name is a name: nobody has to look at its labels
 * any more. Only what stands before the origin is hashed and compared. The loop looks at hashes
 * alone: with the names in it, the compiler prepares for every comparison first, 10 instructions of
 * each answer. */
static ALWAYS_INLINE const struct node *zone_find_octets(const struct zone *zone,
                                                         const uint8_t *name, size_t len)
{
    size_t before = len - zone->origin.len;
    uint32_t hash = (uint32_t)name_hash(name, name + before);
    uint32_t i = hash & zone->bucket_mask;
    while (zone->buckets[i].hash != hash) {
        if (zone->buckets[i].node == 0) {
            return NULL;
        }
        i = (i + 1) & zone->bucket_mask;
    }
    const struct node *node = &zone->nodes[zone->buckets[i].node - 1];
    if (node->name_len == len && octets_begin_equal(node->name, name, before, len)) {
        return node;
    }
    return zone_find_octets_behind(zone, name, len, i);
}

/* The node with the last `labels` labels of a name in the zone, or NULL. */
static inline const struct node *zone_find_node(const struct zone *zone, const struct name_key *key,
                                                unsigned labels)
{
    return zone_find_octets(zone, name_key_suffix(key, labels), name_key_suffix_len(key, labels));
}

/* The deepest node that the name lies below, with at most `labels` labels; encloser: one that is
 * known already. All ancestors of a node are nodes, so that halving finds it: junk below junk costs
 * no more. */
const struct node *zone_find_encloser(const struct zone *zone, const struct name_key *key,
                                      unsigned labels, const struct node *encloser);

/* What a name that is no node gets from its closest encloser. */
static inline struct zone_result zone_result_below(const struct node *encloser)
{
    if (encloser->is_delegation) {
        return (struct zone_result){ZONE_DELEGATION, encloser};
    }
    if (encloser->has_dname) {
        return (struct zone_result){ZONE_DNAME, encloser};
    }
    if (encloser->wildcard != NULL) {
        return (struct zone_result){ZONE_WILDCARD, encloser->wildcard};
    }
    return (struct zone_result){ZONE_NXDOMAIN, encloser};
}

/* Of a name below the origin that is no node, of which a node has at most `labels` labels. */
static inline struct zone_result zone_lookup_below(const struct zone *zone,
                                                   const struct name_key *key, unsigned labels)
{
    unsigned first = zone->origin.label_count + 1u;
    unsigned most = labels < zone->max_labels ? labels : zone->max_labels;
    /* Right below the apex first: most names that do not exist end there. */
    const struct node *encloser = most < first ? NULL : zone_find_node(zone, key, first);
    if (encloser == NULL) {
        encloser = zone->apex;
    } else if (most > first) {
        encloser = zone_find_encloser(zone, key, most, encloser);
    }
    return zone_result_below(encloser);
}

/* key's name is at or below the origin. At a cut itself the match is ZONE_DELEGATION too: whoever
 * answers DS, which belongs to the parent side (RFC 4035 section 3.1.4.1), looks at
 * node->label_count. Any thread; no allocation, no lock. */
static inline struct zone_result zone_lookup(const struct zone *zone, const struct name_key *key)
{
    unsigned labels = key->label_count;
    if (labels <= zone->max_labels) {
        const struct node *node = zone_find_node(zone, key, labels);
        if (node != NULL) {
            return (struct zone_result){node->is_delegation ? ZONE_DELEGATION : ZONE_EXACT, node};
        }
        labels--;
    }
    return zone_lookup_below(zone, key, labels);
}

/* NULL when the node has no such type. */
static inline const struct rrset *node_find(const struct node *node, uint16_t type)
{
    const struct rrset *rrset = node->rrsets;
    for (unsigned left = node->rrset_count; left > 0; left--, rrset++) {
        if (rrset->type == type) {
            return rrset;
        }
    }
    return NULL;
}

/* The RRSIGs of the records that a member is answered with, one of rrset's record set, in a signed
 * zone. Those of fixed values were made with the zone, those of an alias target with the records.
 */
static inline const struct encoded *member_signatures(const struct rrset *rrset, size_t member,
                                                      const struct member_records *records)
{
    return records->signatures != NULL ? records->signatures : &rrset->signatures[member];
}

struct zone_table_bucket {
    const struct zone *zone; /* NULL: free */
    uint32_t hash;           /* of the origin */
};

/* One of the node's RRsets as a query with DO is answered. The zone is signed. */
static inline const struct rrset *node_with_signatures(const struct node *node,
                                                       const struct rrset *rrset)
{
    return rrset + node->rrset_count;
}

static inline size_t zone_node_index(const struct zone *zone, const struct node *node)
{
    return (size_t)(node - zone->nodes);
}

/* What a name ends with that lies in a zone, so that one word of it rules most zones out. */
struct zone_end {
    uint64_t last, last_mask; /* of the origin's last 8 octets; with no bit of those in front */
    uint64_t first;           /* the origin's first 8 octets; of a shorter one means nothing */
    size_t len;               /* of the origin */
    const struct zone *zone;  /* NULL: what every name ends with, behind all zones */
};

/* All zones of a daemon, found by QNAME. */
struct zone_table {
    size_t count;
    struct zone **zones;               /* in the configuration's order */
    struct zone_table_bucket *buckets; /* open addressing, power of two, at most a quarter full */
    uint32_t bucket_mask;
    const struct zone **deepest_first; /* by the origins' labels */
    struct zone_end *ends;             /* of these, and one that has no zone */
    struct name *absent;               /* origins of zones that cannot be loaded */
    size_t absent_count;
    size_t slot_count; /* of the hash tables of all zones */
    bool is_simple;    /* few zones, and none absent: what the query path asks first, at once */
};

/* Takes a reference to each zone. Control thread. */
struct zone_table *zone_table_new(struct zone *const *zones, size_t count);
/* What lies in such a zone is not answered by one around it. Before the table is offered. */
void zone_table_add_absent(struct zone_table *table, const struct name *origin);
/* Drops the references; zones that nobody holds any more are freed. Control thread. */
void zone_table_free(struct zone_table *table);

/* The deepest zone whose origin the name of len octets in lower case ends with, octet by octet,
 * read as in struct name_key; NULL: none. It is the name's zone when the name is one of its nodes;
 * else labels decide. For few zones. */
static inline const struct zone *zone_table_find_end(const struct zone_table *table,
                                                     const uint8_t *name, size_t len)
{
    const uint8_t *name_end = name + len;
    uint64_t last = octets_load_word(name_end - 8);
    for (const struct zone_end *end = table->ends;; end++) {
        if ((last & end->last_mask) != end->last || end->len > len) {
            continue;
        }
        if (end->len <= 8 || (octets_load_word(name_end - end->len) == end->first &&
                              (end->len <= 16 || octets_equal(end->zone->origin.octets,
                                                              name_end - end->len, end->len)))) {
            return end->zone;
        }
    }
}

/* For more than ZONE_TABLE_FEW zones. */
const struct zone *zone_table_find_hashed(const struct zone_table *table,
                                          const struct name_key *key, unsigned most_labels);

/* Up to so many zones are compared one by one: most differ in length already, and a hash costs as
 * much as ten that do. */
#define ZONE_TABLE_FEW 8

/* The zone whose origin is the longest suffix of the name with at most max_labels labels (give
 * key->label_count; one less asks for the parent side of a zone's own apex), or NULL. Any thread.
 */
static inline const struct zone *zone_table_find(const struct zone_table *table,
                                                 const struct name_key *key, unsigned max_labels)
{
    unsigned most = max_labels < key->label_count ? max_labels : key->label_count;
    if (table->count > ZONE_TABLE_FEW) {
        return zone_table_find_hashed(table, key, most);
    }
    for (size_t i = 0; i < table->count; i++) {
        const struct name *origin = &table->deepest_first[i]->origin;
        if (origin->label_count <= most && name_key_suffix_is(key, origin->label_count, origin)) {
            return table->deepest_first[i];
        }
    }
    return NULL;
}
