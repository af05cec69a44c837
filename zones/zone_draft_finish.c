/* SPDX-License-Identifier: BSD-2-Clause */
/* From draft to zone: cuts, then nodes and the table that finds them, then their answers. */
#include <string.h>

#include "common/alloc.h"
#include "zones/encoder.h"
#include "zones/zone_draft_model.h"

#define SOA_NUMBERS_OCTETS 20 /* serial, refresh, retry, expire, minimum */

struct finisher {
    const struct zone_draft *draft;
    struct zone *zone;
    struct encoder *encoder;
};

static uint32_t read_32(const uint8_t *octets)
{
    return (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 |
           octets[3];
}

static bool check_apex(const struct zone_draft *draft, struct draft_place end, struct error *err)
{
    char origin[NAME_TEXT_SIZE];
    name_print(draft->origin.octets, origin);
    const struct draft_node *apex = draft->nodes[0];
    if (draft_find_rrset(apex, TYPE_SOA) == NULL) {
        return error_set(err, "%s:%u: the file ends without a SOA, expected one of %s", end.path,
                         end.line, origin);
    }
    if (draft_find_rrset(apex, TYPE_NS) == NULL) {
        return error_set(err, "%s:%u: the file ends without an NS of %s, expected at least one",
                         end.path, end.line, origin);
    }
    return true;
}

/* Parents come before children, so that one pass tells the topmost cut of each. */
static void find_cuts(const struct zone_draft *draft)
{
    for (size_t i = 0; i < draft->node_count; i++) {
        struct draft_node *node = draft->nodes[i];
        struct draft_node *parent = node->parent;
        if (parent != NULL && parent->cut != NULL) {
            node->cut = parent->cut;
        } else if (parent != NULL && draft_find_rrset(parent, TYPE_DNAME) != NULL) {
            node->cut = parent;
        } else if (draft_is_delegation(node)) {
            node->cut = node;
        }
    }
}

static bool check_record_sets(const struct zone_draft *draft, struct error *err)
{
    for (size_t i = 0; i < draft->node_count; i++) {
        const struct draft_node *node = draft->nodes[i];
        const struct draft_rrset *rrset = node->cut != NULL ? node->rrsets : NULL;
        for (; rrset != NULL; rrset = rrset->next) {
            if (rrset->record_set == NULL) {
                continue;
            }
            char name[NAME_TEXT_SIZE], cut[NAME_TEXT_SIZE], type[RECORD_TYPE_TEXT_SIZE];
            name_print(node->name, name);
            name_print(node->cut->name, cut);
            record_type_print(rrset->type, type);
            bool is_delegation = draft_is_delegation(node->cut);
            const struct draft_rrset *by =
                draft_find_rrset(node->cut, is_delegation ? TYPE_NS : TYPE_DNAME);
            return error_set(err,
                             "%s:%u: record set %s/%s is not in the zone's authority: %s is "
                             "%s in %s:%u",
                             rrset->place.path, rrset->place.line, name, type, cut,
                             is_delegation ? "delegated" : "a DNAME", by->place.path,
                             by->place.line);
        }
    }
    return true;
}

/* Below a cut nothing is looked up: the cut answers. */
static bool is_kept(const struct draft_node *node)
{
    return node->cut == NULL || node->cut == node;
}

/* Data at a delegation that the parent side is authoritative for (RFC 4035 section 2.6). */
static bool is_served(const struct draft_node *node, const struct draft_rrset *rrset)
{
    return node->cut == NULL || rrset->type == TYPE_DS || rrset->type == TYPE_RRSIG ||
           rrset->type == TYPE_NSEC;
}

static void make_key(const struct draft_node *node, struct name_key *key)
{
    size_t len = name_key_parse(key, node->name, node->name_len);
    (void)len; /* was a name before */
}

static void put_bucket(struct zone_bucket *buckets, uint32_t mask, uint32_t hash, size_t index)
{
    uint32_t at = hash & mask;
    while (buckets[at].node != 0) {
        at = (at + 1) & mask;
    }
    buckets[at] = (struct zone_bucket){.hash = hash, .node = (uint32_t)(index + 1)};
}

static void make_node(const struct finisher *finisher, struct draft_node *from, struct node *node)
{
    struct zone *zone = finisher->zone;
    node->name = arena_copy_octets(zone->arena, from->name, from->name_len);
    node->name_len = from->name_len;
    node->label_count = from->label_count;
    node->has_dname = draft_find_rrset(from, TYPE_DNAME) != NULL;
    node->is_delegation = from->cut == from;
    from->node = node;
    if (from->parent != NULL && from->name[0] == 1 && from->name[1] == '*') {
        from->parent->node->wildcard = node;
    }
    if (from->label_count > zone->max_labels) {
        zone->max_labels = from->label_count;
    }
}

static void make_nodes(const struct finisher *finisher)
{
    const struct zone_draft *draft = finisher->draft;
    struct zone *zone = finisher->zone;
    for (size_t i = 0; i < draft->node_count; i++) {
        zone->node_count += is_kept(draft->nodes[i]) ? 1 : 0;
    }
    uint32_t size = 4;
    while (size < 2 * zone->node_count) {
        size *= 2;
    }
    struct node *nodes = arena_alloc(zone->arena, zone->node_count * sizeof(*nodes));
    struct zone_bucket *buckets = arena_alloc(zone->arena, size * sizeof(*buckets));
    size_t made = 0;
    for (size_t i = 0; i < draft->node_count; i++) {
        if (is_kept(draft->nodes[i])) {
            put_bucket(buckets, size - 1, draft->nodes[i]->hash, made);
            make_node(finisher, draft->nodes[i], &nodes[made++]);
        }
    }
    zone->nodes = nodes;
    zone->apex = &nodes[0];
    zone->buckets = buckets;
    zone->bucket_mask = size - 1;
}

/* Adds an RRset to the response that is being encoded. False when a message cannot hold it. */
static bool add_rrset(const struct finisher *finisher, enum encoder_section section,
                      const struct draft_node *node, const struct draft_rrset *rrset)
{
    for (const struct draft_record *from = rrset->first; from != NULL; from = from->next) {
        const struct encoder_record record = {
            .owner = node->name,
            .type = rrset->type,
            .rdata_len = from->rdata_len,
            .ttl_s = from->ttl_s,
            .rdata = from->rdata,
        };
        if (!encoder_add(finisher->encoder, section, &record)) {
            return false;
        }
    }
    return true;
}

static bool refuse_size(const struct draft_node *node, const struct draft_rrset *rrset,
                        struct error *err)
{
    char name[NAME_TEXT_SIZE], type[RECORD_TYPE_TEXT_SIZE];
    name_print(node->name, name);
    record_type_print(rrset->type, type);
    return error_set(err,
                     "%s:%u: the RRset %s %s is too large for a DNS message, expected at most "
                     "%u octets",
                     rrset->place.path, rrset->place.line, name, type, ENCODED_MAX_OCTETS);
}

static bool make_rrsets(const struct finisher *finisher, const struct draft_node *from,
                        struct error *err)
{
    size_t count = 0;
    for (const struct draft_rrset *rrset = from->rrsets; rrset != NULL; rrset = rrset->next) {
        count += is_served(from, rrset) ? 1 : 0;
    }
    struct arena *arena = finisher->zone->arena;
    struct rrset *rrsets = count == 0 ? NULL : arena_alloc(arena, count * sizeof(*rrsets));
    struct name_key key;
    make_key(from, &key);
    unsigned flags = from->name[0] == 1 && from->name[1] == '*' ? ENCODER_BASE_IS_WILDCARD : 0;
    size_t made = 0;
    for (const struct draft_rrset *rrset = from->rrsets; rrset != NULL; rrset = rrset->next) {
        if (!is_served(from, rrset)) {
            continue;
        }
        struct rrset *to = &rrsets[made++];
        to->type = rrset->type;
        to->record_set = rrset->record_set != NULL ? rrset->record_set->id : RRSET_STATIC;
        if (rrset->record_set != NULL) {
            continue;
        }
        encoder_start(finisher->encoder, &key, flags);
        if (!add_rrset(finisher, ENCODER_ANSWER, from, rrset)) {
            return refuse_size(from, rrset, err);
        }
        encoder_finish(finisher->encoder, arena, &to->answer);
    }
    from->node->rrsets = rrsets;
    from->node->rrset_count = (uint16_t)count;
    return true;
}

/* Addresses of the delegation's name servers that the zone knows. In-domain ones (below the cut,
 * or the cut itself) are required in a referral, others are a courtesy (RFC 9471 section 2). */
static bool add_glue(const struct finisher *finisher, const struct draft_node *cut,
                     const struct draft_record *ns, bool is_in_domain)
{
    static const uint16_t types[] = {TYPE_A, TYPE_AAAA};
    struct name_key key;
    if (name_key_parse(&key, ns->rdata, ns->rdata_len) == 0 ||
        key.label_count < finisher->draft->origin.label_count) {
        return true;
    }
    const struct draft_node *server = draft_find_node(finisher->draft, &key, key.label_count);
    if (server == NULL) {
        return true;
    }
    bool below = key.label_count >= cut->label_count &&
                 draft_find_node(finisher->draft, &key, cut->label_count) == cut;
    for (size_t i = 0; i < ARRAY_LEN(types) && below == is_in_domain; i++) {
        const struct draft_rrset *rrset = draft_find_rrset(server, types[i]);
        if (rrset != NULL && !add_rrset(finisher, ENCODER_ADDITIONAL, server, rrset)) {
            return false;
        }
    }
    return true;
}

static bool make_referral(const struct finisher *finisher, const struct draft_node *cut,
                          struct error *err)
{
    const struct draft_rrset *ns = draft_find_rrset(cut, TYPE_NS);
    struct name_key key;
    make_key(cut, &key);
    encoder_start(finisher->encoder, &key, ENCODER_BASE_IS_ABOVE);
    bool fits = add_rrset(finisher, ENCODER_AUTHORITY, cut, ns);
    for (const struct draft_record *i = ns->first; fits && i != NULL; i = i->next) {
        fits = add_glue(finisher, cut, i, true);
    }
    if (!fits) {
        return refuse_size(cut, ns, err);
    }
    encoder_mark_required(finisher->encoder);
    for (const struct draft_record *i = ns->first; fits && i != NULL; i = i->next) {
        fits = add_glue(finisher, cut, i, false);
    }
    struct arena *arena = finisher->zone->arena;
    struct encoded *referral = arena_alloc(arena, sizeof(*referral));
    encoder_finish(finisher->encoder, arena, referral);
    cut->node->referral = referral;
    return true;
}

/* RFC 2308 sections 3 and 5: with the lower of the SOA's TTL and its MINIMUM. */
static bool make_negative(const struct finisher *finisher, struct error *err)
{
    const struct draft_node *apex = finisher->draft->nodes[0];
    const struct draft_rrset *rrset = draft_find_rrset(apex, TYPE_SOA);
    const struct draft_record *soa = rrset->first;
    const uint8_t *numbers = soa->rdata + soa->rdata_len - SOA_NUMBERS_OCTETS;
    uint32_t minimum = read_32(numbers + SOA_NUMBERS_OCTETS - 4);
    const struct encoder_record record = {
        .owner = apex->name,
        .type = TYPE_SOA,
        .rdata_len = soa->rdata_len,
        .ttl_s = minimum < soa->ttl_s ? minimum : soa->ttl_s,
        .rdata = soa->rdata,
    };
    struct name_key key;
    make_key(apex, &key);
    encoder_start(finisher->encoder, &key, ENCODER_BASE_IS_ABOVE);
    if (!encoder_add(finisher->encoder, ENCODER_AUTHORITY, &record)) {
        return refuse_size(apex, rrset, err);
    }
    encoder_finish(finisher->encoder, finisher->zone->arena, &finisher->zone->negative);
    finisher->zone->serial = read_32(numbers);
    return true;
}

static bool make_answers(const struct finisher *finisher, struct error *err)
{
    for (size_t i = 0; i < finisher->draft->node_count; i++) {
        const struct draft_node *from = finisher->draft->nodes[i];
        if (!is_kept(from)) {
            continue;
        }
        if (!make_rrsets(finisher, from, err) ||
            (from->cut == from && !make_referral(finisher, from, err))) {
            return false;
        }
    }
    return make_negative(finisher, err);
}

struct zone *zone_draft_finish(struct zone_draft *draft, struct draft_place end, struct error *err)
{
    if (!check_apex(draft, end, err)) {
        return NULL;
    }
    find_cuts(draft);
    if (!check_record_sets(draft, err)) {
        return NULL;
    }
    struct arena *arena = arena_new();
    CLEANUP(zone_freep) struct zone *zone = arena_alloc(arena, sizeof(*zone));
    zone->arena = arena;
    zone->origin = draft->origin;
    zone->record_count = draft->record_count;
    zone->file = arena_copy_octets(arena, end.path, strlen(end.path) + 1);
    CLEANUP(encoder_freep) struct encoder *encoder = encoder_new();
    const struct finisher finisher = {.draft = draft, .zone = zone, .encoder = encoder};
    make_nodes(&finisher);
    if (!make_answers(&finisher, err)) {
        return NULL;
    }
    return STEAL(zone);
}
