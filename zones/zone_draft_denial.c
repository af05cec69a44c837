/* SPDX-License-Identifier: BSD-2-Clause */
/* The chain of NSEC or NSEC3 records of a signed zone, sorted, and what it says of each node. */
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "zones/zone_draft_finish.h"

#define HASH_LABEL_LEN  32 /* 20 octets in base32hex */
#define PARAMETERS_LEN  5  /* algorithm, flags, iterations, length of the salt */
#define ALGORITHM_SHA1  1
#define ITERATIONS_MAX  50 /* validators refuse more sooner or later: RFC 9276 section 3.2 */
#define WILDCARD_OCTETS 2  /* "*" and its length */
#define NODE_KEY_SIZE   (NAME_MAX_OCTETS + WILDCARD_OCTETS)

/* A record of the chain before they are sorted. */
struct link {
    uint64_t prefix;
    const uint8_t *key;
    uint16_t key_len;
    struct draft_node *owner;
};

/* RFC 4648 section 7, letter case aside; -1: no digit of it. */
static int base32hex_value(uint8_t octet)
{
    if (octet >= '0' && octet <= '9') {
        return octet - '0';
    }
    octet |= 0x20;
    return octet >= 'a' && octet <= 'v' ? octet - 'a' + 10 : -1;
}

/* False: the first label is no hash. */
static bool decode_hash(const struct draft_node *node, uint8_t hash[DENIAL_HASH_LEN])
{
    uint64_t bits = 0;
    if (node->name[0] != HASH_LABEL_LEN) {
        return false;
    }
    for (size_t i = 0; i < HASH_LABEL_LEN; i++) {
        int value = base32hex_value(node->name[1 + i]);
        if (value < 0) {
            return false;
        }
        bits = bits << 5 | (unsigned)value;
        if (i % 8 == 7) {
            for (size_t j = 0; j < 5; j++) {
                hash[i / 8 * 5 + j] = (uint8_t)(bits >> (32 - 8 * j));
            }
        }
    }
    return true;
}

/* Nothing but an NSEC3 and its signatures. */
static bool has_only_hash_data(const struct draft_node *node)
{
    for (const struct draft_rrset *rrset = node->rrsets; rrset != NULL; rrset = rrset->next) {
        if (rrset->type == TYPE_NSEC3) {
            continue;
        }
        if (rrset->type != TYPE_RRSIG) {
            return false;
        }
        for (const struct draft_record *i = rrset->first; i != NULL; i = i->next) {
            if (i->covered != TYPE_NSEC3) {
                return false;
            }
        }
    }
    return node->rrsets != NULL;
}

void draft_denial_mark_hashes(const struct zone_draft *draft)
{
    for (size_t i = draft->node_count; i > 1; i--) {
        struct draft_node *node = draft->nodes[i - 1];
        node->is_hash_owner = !node->has_children && has_only_hash_data(node);
        node->parent->has_children |= !node->is_hash_owner;
    }
}

/* The parameters that the zone's chain of NSEC3 has, or NULL. */
static const struct draft_record *find_parameters(const struct draft_rrset *rrset)
{
    const struct draft_record *i = rrset != NULL ? rrset->first : NULL;
    for (; i != NULL; i = i->next) {
        /* RFC 5155 section 4.1.2: records with other flags are to be ignored. */
        if (i->rdata_len >= PARAMETERS_LEN && i->rdata_len == PARAMETERS_LEN + i->rdata[4] &&
            i->rdata[0] == ALGORITHM_SHA1 && i->rdata[1] == 0) {
            return i;
        }
    }
    return NULL;
}

/* An NSEC3 of the chain that the parameters are of; flags (opt-out) aside. */
static bool is_of_chain(const struct denial *denial, const struct draft_record *nsec3)
{
    const uint8_t *rdata = nsec3->rdata;
    return nsec3->rdata_len >= PARAMETERS_LEN + denial->salt_len && rdata[0] == ALGORITHM_SHA1 &&
           (rdata[2] << 8 | rdata[3]) == denial->iterations && rdata[4] == denial->salt_len &&
           memcmp(rdata + PARAMETERS_LEN, denial->salt, denial->salt_len) == 0;
}

static bool choose_kind(const struct finisher *finisher, struct denial *denial, struct error *err)
{
    const struct draft_node *apex = finisher->draft->nodes[0];
    const struct draft_rrset *rrset = draft_find_rrset(apex, TYPE_NSEC3PARAM);
    const struct draft_record *parameters = find_parameters(rrset);
    if (parameters == NULL) {
        bool has_nsec = draft_find_rrset(apex, TYPE_NSEC) != NULL;
        denial->kind = has_nsec ? DENIAL_NSEC : DENIAL_ABSENT;
        return true;
    }
    denial->kind = DENIAL_NSEC3;
    denial->iterations = (uint16_t)(parameters->rdata[2] << 8 | parameters->rdata[3]);
    denial->salt_len = parameters->rdata[4];
    denial->salt = arena_copy_octets(finisher->zone->arena, parameters->rdata + PARAMETERS_LEN,
                                     denial->salt_len);
    if (denial->iterations > ITERATIONS_MAX) {
        struct draft_place place = draft_place_of(rrset);
        return error_set(err, "%s:%u: NSEC3 with %u iterations, expected at most %u (RFC 9276)",
                         place.path, place.line, denial->iterations, ITERATIONS_MAX);
    }
    return true;
}

/* The key of a node, or of the "*" below it. */
static size_t make_key(const struct denial *denial, const struct draft_node *node, bool wildcard,
                       uint8_t out[DENIAL_KEY_SIZE])
{
    uint8_t name[NODE_KEY_SIZE] = {1, '*'};
    memcpy(name + WILDCARD_OCTETS, node->name, node->name_len);
    const uint8_t *start = wildcard ? name : name + WILDCARD_OCTETS;
    size_t len = (size_t)node->name_len + (wildcard ? WILDCARD_OCTETS : 0);
    if (denial->kind == DENIAL_NSEC3) {
        denial_hash(denial, start, len, out);
        return DENIAL_HASH_LEN;
    }
    struct name_key key;
    if (name_key_parse(&key, start, len) == 0) {
        /* "*" would make it longer than a name may be: nobody can ask below it. */
        return make_key(denial, node, false, out);
    }
    return denial_key_of_name(&key, denial->origin_labels, key.label_count, out);
}

/* The node's place in the chain; false: it has none. */
static bool make_link(const struct denial *denial, const struct draft_node *node,
                      uint8_t key[DENIAL_KEY_SIZE], size_t *key_len)
{
    if (denial->kind == DENIAL_NSEC3) {
        const struct draft_rrset *rrset = draft_find_rrset(node, TYPE_NSEC3);
        *key_len = DENIAL_HASH_LEN;
        return rrset != NULL && node->is_hash_owner && is_of_chain(denial, rrset->first) &&
               decode_hash(node, key);
    }
    if (denial->kind == DENIAL_ABSENT || !finisher_keeps(node) ||
        draft_find_rrset(node, TYPE_NSEC) == NULL) {
        return false;
    }
    *key_len = make_key(denial, node, false, key);
    return true;
}

static int compare_links(const void *left, const void *right)
{
    const struct link *a = left, *b = right;
    if (a->prefix != b->prefix) {
        return a->prefix < b->prefix ? -1 : 1;
    }
    return denial_key_compare(a->key, a->key_len, b->key, b->key_len);
}

/* The chain in its order; the memory is the caller's. */
static struct link *collect_links(const struct finisher *finisher, const struct denial *denial,
                                  size_t *count)
{
    const struct zone_draft *draft = finisher->draft;
    struct link *links = alloc_zeroed(draft->node_count, sizeof(*links));
    for (size_t i = 0; i < draft->node_count; i++) {
        uint8_t key[DENIAL_KEY_SIZE];
        size_t len = 0;
        draft->nodes[i]->entry = DENIAL_NONE;
        if (make_link(denial, draft->nodes[i], key, &len)) {
            links[(*count)++] = (struct link){
                .prefix = denial_key_prefix(key, len),
                .key = arena_copy_octets(finisher->zone->arena, key, len),
                .key_len = (uint16_t)len,
                .owner = draft->nodes[i],
            };
        }
    }
    qsort(links, *count, sizeof(*links), compare_links);
    return links;
}

static bool refuse_size(const struct draft_rrset *rrset, struct error *err)
{
    struct draft_place place = draft_place_of(rrset);
    return error_set(err, "%s:%u: the NSEC or NSEC3 and its RRSIGs are too large for a DNS message",
                     place.path, place.line);
}

/* The record of one entry, with its signatures. */
static bool add_entry(const struct finisher *finisher, enum encoder_section section,
                      const struct draft_node *owner, uint16_t type)
{
    return finisher_add_rrset(finisher, section, owner, draft_find_rrset(owner, type)) &&
           finisher_add_signatures(finisher, section, owner, type, UINT32_MAX);
}

static uint16_t entry_type(const struct denial *denial)
{
    return denial->kind == DENIAL_NSEC3 ? TYPE_NSEC3 : TYPE_NSEC;
}

static void make_entries(const struct finisher *finisher, struct draft_denial *chain)
{
    struct denial *denial = chain->denial;
    struct arena *arena = finisher->zone->arena;
    size_t count = 0;
    CLEANUP(alloc_freep) struct link *links = collect_links(finisher, denial, &count);
    uint64_t *prefixes = arena_alloc(arena, count * sizeof(*prefixes));
    chain->entries = arena_alloc(arena, count * sizeof(*chain->entries));
    chain->owners = alloc_zeroed(count, sizeof(struct draft_node *));
    for (size_t i = 0; i < count; i++) {
        struct draft_node *owner = links[i].owner;
        chain->entries[i] = (struct denial_entry){
            .key = links[i].key,
            .key_len = links[i].key_len,
            .owner = finisher_keeps(owner) ? owner->index : DENIAL_NONE,
        };
        prefixes[i] = links[i].prefix;
        chain->owners[i] = owner;
        owner->entry = (uint32_t)i;
    }
    denial->count = count;
    denial->entries = chain->entries;
    denial->prefixes = prefixes;
}

bool draft_denial_encode(const struct finisher *finisher, const struct draft_node *node,
                         struct error *err)
{
    if (node->entry == DENIAL_NONE) {
        return true;
    }
    const struct draft_denial *chain = finisher->denial;
    uint16_t type = entry_type(chain->denial);
    /* Apart, since a response puts them together in any order. */
    encoder_start(finisher->encoder, &chain->origin,
                  ENCODER_BASE_IS_ABOVE | ENCODER_RECORDS_ARE_APART);
    if (!add_entry(finisher, ENCODER_AUTHORITY, node, type)) {
        return refuse_size(draft_find_rrset(node, type), err);
    }
    encoder_finish(finisher->encoder, finisher->zone->arena, &chain->entries[node->entry].record);
    return true;
}

static uint32_t find_cover(const struct denial *denial, const struct draft_node *node,
                           bool wildcard)
{
    uint8_t key[DENIAL_KEY_SIZE];
    size_t len = make_key(denial, node, wildcard, key);
    return denial_find(denial, key, len);
}

/* parent: what is known of the node above, NULL at the apex. */
static void describe_node(const struct denial *denial, const struct draft_node *node,
                          const struct denial_node *parent, struct denial_node *out)
{
    out->label_count = node->label_count;
    out->next_closer = DENIAL_NONE;
    out->match = find_cover(denial, node, false);
    if (denial->kind == DENIAL_NSEC3 && parent != NULL && out->match != DENIAL_NONE) {
        uint8_t key[DENIAL_KEY_SIZE];
        size_t len = make_key(denial, node, false, key);
        const struct denial_entry *entry = &denial->entries[out->match];
        if (denial_key_compare(entry->key, entry->key_len, key, len) != 0) {
            /* Opted out: its closest provable encloser is its parent's. */
            out->next_closer =
                parent->next_closer == DENIAL_NONE ? out->match : parent->next_closer;
            out->match = parent->match;
            out->wildcard = parent->wildcard;
            return;
        }
    }
    out->wildcard = find_cover(denial, node, true);
}

static void describe_nodes(const struct finisher *finisher, struct denial *denial)
{
    const struct zone_draft *draft = finisher->draft;
    struct zone *zone = finisher->zone;
    struct denial_node *nodes = arena_alloc(zone->arena, zone->node_count * sizeof(*nodes));
    for (size_t i = 0; i < draft->node_count; i++) {
        const struct draft_node *node = draft->nodes[i];
        if (!finisher_keeps(node)) {
            continue;
        }
        struct denial_node *out = &nodes[node->index];
        if (node->parent != NULL) {
            out->parent = node->parent->index;
        }
        describe_node(denial, node, node->parent != NULL ? &nodes[out->parent] : NULL, out);
    }
    denial->nodes = nodes;
}

bool draft_denial_make(struct finisher *finisher, struct error *err)
{
    const struct zone_draft *draft = finisher->draft;
    struct denial *denial = arena_alloc(finisher->zone->arena, sizeof(*denial));
    denial->origin_labels = draft->origin.label_count;
    finisher->denial = arena_alloc(draft->arena, sizeof(*finisher->denial));
    finisher->denial->denial = denial;
    finisher_make_key(draft->nodes[0], &finisher->denial->origin);
    if (!choose_kind(finisher, denial, err)) {
        return false;
    }
    make_entries(finisher, finisher->denial);
    describe_nodes(finisher, denial);
    finisher->zone->denial = denial;
    return true;
}

bool draft_denial_add_to_referral(const struct finisher *finisher, const struct draft_node *cut)
{
    const struct denial *denial = finisher->denial->denial;
    const struct denial_node *node = &denial->nodes[cut->index];
    const uint32_t entries[] = {node->match, node->next_closer};
    for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
        if (entries[i] != DENIAL_NONE && (i == 0 || entries[i] != entries[0]) &&
            !add_entry(finisher, ENCODER_AUTHORITY, finisher->denial->owners[entries[i]],
                       entry_type(denial))) {
            return false;
        }
    }
    return true;
}
