/* SPDX-License-Identifier: BSD-2-Clause */
#include "zones/zone.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/arena.h"

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
    uint32_t hash = name_key_suffix_hash(key, labels);
    for (uint32_t i = hash & zone->bucket_mask;; i = (i + 1) & zone->bucket_mask) {
        const struct zone_bucket *bucket = &zone->buckets[i];
        if (bucket->node == 0) {
            return NULL;
        }
        if (bucket->hash != hash) {
            continue;
        }
        const struct node *node = &zone->nodes[bucket->node - 1];
        size_t len = name_key_suffix_len(key, labels);
        if (node->name_len == len && octets_equal(node->name, name_key_suffix(key, labels), len)) {
            return node;
        }
    }
}

/* For a name that is no node: its deepest ancestor that is one, with at most `labels` labels. All
 * ancestors of a node are nodes, so that halving finds it: junk below junk costs no more. */
static const struct node *find_encloser(const struct zone *zone, const struct name_key *key,
                                        unsigned labels)
{
    const struct node *encloser = zone->apex;
    unsigned there = encloser->label_count;
    while (there < labels) {
        unsigned middle = (there + labels + 1) / 2;
        const struct node *node = find_node(zone, key, middle);
        if (node == NULL) {
            labels = middle - 1;
        } else {
            encloser = node;
            there = middle;
        }
    }
    return encloser;
}

static struct zone_result lookup_encloser(const struct zone *zone, const struct name_key *key,
                                          unsigned labels)
{
    const struct node *encloser = find_encloser(zone, key, labels);
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
    return (struct zone_result){node->is_delegation ? ZONE_DELEGATION : ZONE_EXACT, node};
}

/* A zone's number of labels, in descending order, once. */
static void add_depth(struct zone_table *table, uint8_t labels)
{
    size_t at = 0;
    while (at < table->depth_count && table->depths[at] > labels) {
        at++;
    }
    if (at < table->depth_count && table->depths[at] == labels) {
        return;
    }
    memmove(&table->depths[at + 1], &table->depths[at], table->depth_count - at);
    table->depths[at] = labels;
    table->depth_count++;
}

struct zone_table *zone_table_new(struct zone *const *zones, size_t count)
{
    struct zone_table *table = alloc_zeroed(1, sizeof(*table));
    uint32_t size = 4;
    while (size < 4 * count) {
        size *= 2;
    }
    table->count = count;
    table->zones = alloc_zeroed(count, sizeof(struct zone *));
    table->buckets = alloc_zeroed(size, sizeof(struct zone_table_bucket));
    table->bucket_mask = size - 1;
    for (size_t i = 0; i < count; i++) {
        struct name_key key;
        size_t len = name_key_parse(&key, zones[i]->origin.octets, zones[i]->origin.len);
        assert(len > 0);
        uint32_t at = key.hash & table->bucket_mask;
        while (table->buckets[at].zone != NULL) {
            at = (at + 1) & table->bucket_mask;
        }
        table->buckets[at] = (struct zone_table_bucket){.zone = zones[i], .hash = key.hash};
        table->zones[i] = zones[i];
        zones[i]->references++;
        add_depth(table, key.label_count);
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
    uint32_t hash = name_key_suffix_hash(key, labels);
    for (uint32_t i = hash & table->bucket_mask;; i = (i + 1) & table->bucket_mask) {
        const struct zone_table_bucket *bucket = &table->buckets[i];
        if (bucket->zone == NULL) {
            return NULL;
        }
        if (bucket->hash != hash) {
            continue;
        }
        const struct name *origin = &bucket->zone->origin;
        size_t len = name_key_suffix_len(key, labels);
        if (origin->len == len && octets_equal(origin->octets, name_key_suffix(key, labels), len)) {
            return bucket->zone;
        }
    }
}

const struct zone *zone_table_find(const struct zone_table *table, const struct name_key *key,
                                   unsigned max_labels)
{
    for (size_t i = 0; i < table->depth_count; i++) {
        unsigned labels = table->depths[i];
        const struct zone *zone = NULL;
        if (labels <= max_labels && labels <= key->label_count) {
            zone = find_zone(table, key, labels);
        }
        if (zone != NULL) {
            return zone;
        }
    }
    return NULL;
}
