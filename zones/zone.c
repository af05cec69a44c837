/* SPDX-License-Identifier: BSD-2-Clause */
#include "zones/zone.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/arena.h"

static uint64_t load_word(const uint8_t *from)
{
    uint64_t word;
    memcpy(&word, from, sizeof(word));
    return word;
}

/* Names are short and the hashes were equal: cheaper here than a call of memcmp. */
static inline bool octets_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
    if (len < 8) {
        return memcmp(a, b, len) == 0;
    }
    uint64_t difference = load_word(a + len - 8) ^ load_word(b + len - 8);
    for (size_t i = 0; i + 8 < len; i += 8) {
        difference |= load_word(a + i) ^ load_word(b + i);
    }
    return difference == 0;
}

void zone_free(struct zone *zone)
{
    if (zone != NULL) {
        arena_free(zone->arena); /* the zone itself lies in it */
    }
}

void zone_freep(struct zone **zone)
{
    zone_free(*zone);
    *zone = NULL;
}

/* The node with the name's last `labels` labels, or NULL. */
static inline const struct node *find_node(const struct zone *zone, const struct name_key *key,
                                           unsigned labels)
{
    uint32_t hash = key->suffix_hash[labels];
    size_t len = name_key_suffix_len(key, labels);
    for (uint32_t i = hash & zone->bucket_mask;; i = (i + 1) & zone->bucket_mask) {
        const struct zone_bucket *bucket = &zone->buckets[i];
        if (bucket->node == 0) {
            return NULL;
        }
        if (bucket->hash != hash) {
            continue;
        }
        const struct node *node = &zone->nodes[bucket->node - 1];
        if (node->name_len == len &&
            octets_equal(node->name, key->lower + key->suffix_start[labels], len)) {
            return node;
        }
    }
}

static struct zone_result cut_result(const struct node *cut)
{
    return (struct zone_result){
        .match = cut->referral != NULL ? ZONE_DELEGATION : ZONE_DNAME,
        .node = cut,
    };
}

/* For a name that is no node: labels is the most that its closest encloser may have. */
static struct zone_result lookup_encloser(const struct zone *zone, const struct name_key *key,
                                          unsigned labels)
{
    const struct node *encloser = find_node(zone, key, labels);
    while (encloser == NULL) {
        /* Ends at the apex, which is a node: the caller has found the zone by it. */
        encloser = find_node(zone, key, --labels);
    }
    if (encloser->cut != NULL) {
        return cut_result(encloser->cut);
    }
    if (encloser->has_dname) {
        return cut_result(encloser);
    }
    if (encloser->wildcard != NULL) {
        return (struct zone_result){ZONE_WILDCARD, encloser->wildcard};
    }
    return (struct zone_result){ZONE_NXDOMAIN, encloser};
}

struct zone_result zone_lookup(const struct zone *zone, const struct name_key *key)
{
    unsigned labels = key->label_count;
    if (labels > zone->max_labels) {
        return lookup_encloser(zone, key, zone->max_labels);
    }
    const struct node *node = find_node(zone, key, labels);
    if (node == NULL) {
        return lookup_encloser(zone, key, labels - 1);
    }
    if (node->cut != NULL) {
        return cut_result(node->cut);
    }
    return (struct zone_result){ZONE_EXACT, node};
}

const struct rrset *node_find(const struct node *node, uint16_t type)
{
    for (size_t i = 0; i < node->rrset_count && node->rrsets[i].type <= type; i++) {
        if (node->rrsets[i].type == type) {
            return &node->rrsets[i];
        }
    }
    return NULL;
}

struct zone_table *zone_table_new(struct zone *const *zones, size_t count)
{
    struct zone_table *table = alloc_zeroed(1, sizeof(*table));
    uint32_t size = 4;
    while (size < 2 * count) {
        size *= 2;
    }
    table->count = count;
    table->zones = alloc_zeroed(count, sizeof(struct zone *));
    table->buckets = alloc_zeroed(size, sizeof(struct zone *));
    table->bucket_mask = size - 1;
    for (size_t i = 0; i < count; i++) {
        struct name_key key;
        size_t len = name_key_parse(&key, zones[i]->origin.octets, zones[i]->origin.len);
        assert(len > 0);
        uint32_t at = key.suffix_hash[key.label_count] & table->bucket_mask;
        while (table->buckets[at] != NULL) {
            at = (at + 1) & table->bucket_mask;
        }
        table->buckets[at] = zones[i];
        table->zones[i] = zones[i];
        zones[i]->references++;
        if (key.label_count > table->max_labels) {
            table->max_labels = key.label_count;
        }
    }
    return table;
}

void zone_table_free(struct zone_table *table)
{
    if (table == NULL) {
        return;
    }
    for (size_t i = 0; i < table->count; i++) {
        if (--table->zones[i]->references == 0) {
            zone_free(table->zones[i]);
        }
    }
    free(table->zones);
    free(table->buckets);
    free(table);
}

static inline const struct zone *find_zone(const struct zone_table *table,
                                           const struct name_key *key, unsigned labels)
{
    size_t len = name_key_suffix_len(key, labels);
    const uint8_t *suffix = key->lower + key->suffix_start[labels];
    uint32_t at = key->suffix_hash[labels] & table->bucket_mask;
    for (; table->buckets[at] != NULL; at = (at + 1) & table->bucket_mask) {
        const struct name *origin = &table->buckets[at]->origin;
        if (origin->len == len && octets_equal(origin->octets, suffix, len)) {
            return table->buckets[at];
        }
    }
    return NULL;
}

const struct zone *zone_table_find(const struct zone_table *table, const struct name_key *key,
                                   unsigned max_labels)
{
    unsigned labels = max_labels < key->label_count ? max_labels : key->label_count;
    if (labels > table->max_labels) {
        labels = table->max_labels;
    }
    for (;; labels--) {
        const struct zone *zone = find_zone(table, key, labels);
        if (zone != NULL || labels == 0) {
            return zone;
        }
    }
}
