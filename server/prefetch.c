/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/prefetch.h"

#include <assert.h>

#include "common/octets.h"
#include "server/cookie.h"
#include "server/dns.h"
#include "server/edns.h"
#include "server/wire.h"

#define QUERY_MIN      (DNS_HEADER_LEN + 1 + DNS_QUESTION_LEN)
#define OPT_COOKIE_LEN (EDNS_OPT_LEN + 4 + COOKIE_LEN) /* as in plain.c */

/* Where a packet's name leads. */
struct way {
    const struct zone *zone; /* NULL: nowhere */
    uint32_t hash;
    const struct node *node;
};

static bool has_opt_at_end(const struct prefetch_packet *packet, size_t opt_len)
{
    return packet->len >= QUERY_MIN + opt_len &&
           wire_load_u32(packet->octets + packet->len - opt_len) >> 8 == DNS_TYPE_OPT;
}

/* Of the one name of a plain query, 0: it is none. */
static size_t name_len_of(const struct prefetch_packet *packet)
{
    size_t len = packet->len;
    if (len < QUERY_MIN) {
        return 0;
    }
    if (packet->octets[DNS_HEADER_LEN - 1] != 0) { /* ARCOUNT */
        len -= has_opt_at_end(packet, EDNS_OPT_LEN)     ? EDNS_OPT_LEN
               : has_opt_at_end(packet, OPT_COOKIE_LEN) ? OPT_COOKIE_LEN
                                                        : 0;
    }
    len -= DNS_HEADER_LEN + DNS_QUESTION_LEN;
    return len <= NAME_MAX_OCTETS ? len : 0;
}

/* Of few zones one that the name ends like, of many the name's own. */
static const struct zone *find_zone(const struct zone_table *table, struct name_key *key,
                                    size_t len)
{
    static const struct name root = {.len = 1};
    if (table->count > ZONE_TABLE_FEW) {
        return name_key_find_labels_below(key, len, &root)
                   ? zone_table_find_hashed(table, key, key->label_count)
                   : NULL;
    }
    return zone_table_find_end(table, key->lower, len);
}

static struct way find_slot(const struct zone_table *table, struct name_key *key,
                            const struct prefetch_packet *packet)
{
    size_t len = name_len_of(packet);
    if (len == 0) {
        return (struct way){.zone = NULL};
    }
    name_key_copy_message(key, key->message, packet->octets,
                          DNS_HEADER_LEN + len + DNS_QUESTION_LEN);
    const struct zone *zone = find_zone(table, key, len);
    if (zone == NULL) {
        return (struct way){.zone = NULL};
    }
    uint32_t hash = (uint32_t)name_hash(key->lower, key->lower + len - zone->origin.len);
    __builtin_prefetch(&zone->buckets[hash & zone->bucket_mask]);
    return (struct way){.zone = zone, .hash = hash};
}

/* Of names with the same hash the first will do. */
static const struct node *find_node(const struct way *way)
{
    const struct zone *zone = way->zone;
    for (uint32_t i = way->hash & zone->bucket_mask;; i = (i + 1) & zone->bucket_mask) {
        const struct zone_bucket *bucket = &zone->buckets[i];
        if (bucket->node == 0) {
            return NULL;
        }
        if (bucket->hash == way->hash) {
            return &zone->nodes[bucket->node - 1];
        }
    }
}

size_t prefetch_nodes(const struct snapshot *snapshot, const struct prefetch_packet *packets,
                      size_t count)
{
    struct way ways[PREFETCH_MAX];
    struct name_key key;
    size_t found = 0;
    assert(count <= PREFETCH_MAX);
    memset(key.before, 0, sizeof(key.before)); /* hashes look at what is in front of a name */
    for (size_t i = 0; i < count; i++) {
        ways[i] = find_slot(snapshot->zones, &key, &packets[i]);
    }
    /* Each round finds there what the one before has asked for. */
    for (size_t i = 0; i < count; i++) {
        ways[i].node = ways[i].zone == NULL ? NULL : find_node(&ways[i]);
        if (ways[i].node != NULL) {
            __builtin_prefetch(ways[i].node);
            __builtin_prefetch((const uint8_t *)(ways[i].node + 1) - 1);
            found++;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (ways[i].node != NULL) {
            __builtin_prefetch(ways[i].node->name);
            __builtin_prefetch(ways[i].node->rrsets);
        }
    }
    return found;
}
