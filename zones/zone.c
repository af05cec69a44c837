/* SPDX-License-Identifier: BSD-2-Clause */
#include "zones/zone.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/arena.h"
#include "zones/signer.h"

void zone_free(struct zone *zone)
{
    if (zone != NULL) {
        signer_free(zone->signer);
        arena_free(zone->arena); /* the zone itself lies in it */
    }
}

void zone_freep(struct zone **zone)
{
    zone_free(*zone);
    *zone = NULL;
}

void zone_ref(struct zone *zone)
{
    zone->references++;
}

void zone_unref(struct zone *zone)
{
    if (--zone->references == 0) {
        zone_free(zone);
    }
}

void zone_follow(struct zone *zone, const struct zone *before, int64_t now_s)
{
    int64_t keys_s = now_s + before->soa_ttl_s;
    int64_t data_s = now_s + before->ttl_max_s;
    zone->keys_cached_until_s =
        keys_s > before->keys_cached_until_s ? keys_s : before->keys_cached_until_s;
    zone->data_cached_until_s =
        data_s > before->data_cached_until_s ? data_s : before->data_cached_until_s;
}

void zone_has_signed(struct zone *zone)
{
    int64_t at_s = signer_refresh_at_s(zone->signer);
    /* Never later: the time of a key that has come stays due until the zone is signed anew. */
    zone->refresh_at_s = at_s < zone->refresh_at_s ? at_s : zone->refresh_at_s;
    signer_rest(zone->signer);
}

const struct node *zone_find_octets_behind(const struct zone *zone, const uint8_t *name, size_t len,
                                           uint32_t i)
{
    uint32_t hash = zone->buckets[i].hash;
    while (true) {
        i = (i + 1) & zone->bucket_mask;
        const struct zone_bucket *bucket = &zone->buckets[i];
        if (bucket->node == 0) {
            return NULL;
        }
        const struct node *node = &zone->nodes[bucket->node - 1];
        if (bucket->hash == hash && node->name_len == len && octets_equal(node->name, name, len)) {
            return node;
        }
    }
}

const struct node *zone_find_encloser(const struct zone *zone, const struct name_key *key,
                                      unsigned labels, const struct node *encloser)
{
    unsigned there = encloser->label_count;
    while (there < labels) {
        unsigned middle = (there + labels + 1) / 2;
        const struct node *node = zone_find_node(zone, key, middle);
        if (node == NULL) {
            labels = middle - 1;
        } else {
            encloser = node;
            there = middle;
        }
    }
    return encloser;
}

/* Origins with more labels before those with fewer; else the order stays. */
static void order_zones(struct zone_table *table)
{
    size_t next[NAME_MAX_LABELS + 2] = {0}; /* where the next zone of so many labels goes */
    for (size_t i = 0; i < table->count; i++) {
        for (unsigned labels = 0; labels < table->zones[i]->origin.label_count; labels++) {
            next[labels]++;
        }
    }
    for (size_t i = 0; i < table->count; i++) {
        table->deepest_first[next[table->zones[i]->origin.label_count]++] = table->zones[i];
    }
}

static struct zone_end zone_end_of(const struct zone *zone)
{
    const struct name *origin = &zone->origin;
    struct zone_end end = {.len = origin->len, .zone = zone};
    uint8_t word[8] = {0}, mask[8] = {0};
    size_t count = origin->len < 8 ? origin->len : 8;
    memcpy(word + 8 - count, origin->octets + origin->len - count, count);
    memset(mask + 8 - count, 0xFF, count);
    end.last = octets_load_word(word);
    end.last_mask = octets_load_word(mask);
    end.first = octets_load_word(origin->octets);
    return end;
}

struct zone_table *zone_table_new(struct zone *const *zones, size_t count)
{
    struct zone_table *table = alloc_zeroed(1, sizeof(*table));
    uint32_t size = 4;
    while (size < 4 * count) {
        size *= 2;
    }
    table->zones = alloc_zeroed(count, sizeof(struct zone *));
    table->deepest_first = alloc_zeroed(count, sizeof(struct zone *));
    table->buckets = alloc_zeroed(size, sizeof(struct zone_table_bucket));
    table->bucket_mask = size - 1;
    for (size_t i = 0; i < count; i++) {
        struct name_key key;
        size_t len = name_key_parse(&key, zones[i]->origin.octets, zones[i]->origin.len);
        assert(len > 0);
        uint32_t hash = name_key_suffix_hash(&key, key.label_count);
        uint32_t at = hash & table->bucket_mask;
        while (table->buckets[at].zone != NULL) {
            at = (at + 1) & table->bucket_mask;
        }
        table->buckets[at] = (struct zone_table_bucket){.zone = zones[i], .hash = hash};
        table->zones[i] = zones[i];
        table->slot_count += (size_t)zones[i]->bucket_mask + 1;
        zone_ref(zones[i]);
    }
    table->count = count;
    table->is_simple = count <= ZONE_TABLE_FEW;
    order_zones(table);
    table->ends = alloc_zeroed(count + 1, sizeof(*table->ends));
    for (size_t i = 0; i < count; i++) {
        table->ends[i] = zone_end_of(table->deepest_first[i]);
    }
    return table;
}

void zone_table_add_absent(struct zone_table *table, const struct name *origin)
{
    table->absent = alloc_resize(table->absent, table->absent_count + 1, sizeof(*table->absent));
    table->absent[table->absent_count++] = *origin;
    table->is_simple = false;
}

void zone_table_free(struct zone_table *table)
{
    if (table == NULL) {
        return;
    }
    for (size_t i = 0; i < table->count; i++) {
        zone_unref(table->zones[i]);
    }
    free(table->zones);
    free(table->deepest_first);
    free(table->ends);
    free(table->buckets);
    free(table->absent);
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
        if (bucket->hash == hash && name_key_suffix_is(key, labels, &bucket->zone->origin)) {
            return bucket->zone;
        }
    }
}

const struct zone *zone_table_find_hashed(const struct zone_table *table,
                                          const struct name_key *key, unsigned most_labels)
{
    unsigned deepest = table->deepest_first[0]->origin.label_count;
    for (unsigned labels = most_labels < deepest ? most_labels : deepest;; labels--) {
        const struct zone *zone = find_zone(table, key, labels);
        if (zone != NULL || labels == 0) {
            return zone;
        }
    }
}
