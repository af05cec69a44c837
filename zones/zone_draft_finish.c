/* SPDX-License-Identifier: BSD-2-Clause */
/* From draft to zone: cuts, then nodes and the table that finds them, then their answers. */
#include "zones/zone_draft_finish.h"

#include <string.h>

#include "common/alloc.h"

#define SOA_NUMBERS_OCTETS 20 /* serial, refresh, retry, expire, minimum */

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
            if (draft_record_set(rrset) == NULL) {
                continue;
            }
            char name[NAME_TEXT_SIZE], cut[NAME_TEXT_SIZE], type[RECORD_TYPE_TEXT_SIZE];
            name_print(node->name, name);
            name_print(node->cut->name, cut);
            record_type_print(rrset->type, type);
            bool is_delegation = draft_is_delegation(node->cut);
            struct draft_place place = draft_place_of(rrset);
            const struct draft_rrset *by =
                draft_find_rrset(node->cut, is_delegation ? TYPE_NS : TYPE_DNAME);
            struct draft_place by_place = draft_place_of(by);
            return error_set(err,
                             "%s:%u: record set %s/%s is not in the zone's authority: %s is "
                             "%s in %s:%u",
                             place.path, place.line, name, type, cut,
                             is_delegation ? "delegated" : "a DNAME", by_place.path, by_place.line);
        }
    }
    return true;
}

/* Whoever signed the zone did it for all to validate: DNSKEY, and RRSIGs of the SOA. */
static bool is_signed(const struct zone_draft *draft)
{
    const struct draft_node *apex = draft->nodes[0];
    const struct draft_rrset *rrsigs = draft_find_rrset(apex, TYPE_RRSIG);
    if (draft_find_rrset(apex, TYPE_DNSKEY) == NULL || rrsigs == NULL) {
        return false;
    }
    for (const struct draft_record *i = rrsigs->first; i != NULL; i = i->next) {
        if (i->covered == TYPE_SOA) {
            return true;
        }
    }
    return false;
}

/* A member's records would need signatures that only the owner of the keys can make. */
static bool check_unsignable(const struct zone_draft *draft, struct error *err)
{
    for (size_t i = 0; i < draft->node_count; i++) {
        const struct draft_rrset *rrset = draft->nodes[i]->rrsets;
        for (; rrset != NULL; rrset = rrset->next) {
            if (draft_record_set(rrset) == NULL) {
                continue;
            }
            char name[NAME_TEXT_SIZE], origin[NAME_TEXT_SIZE], type[RECORD_TYPE_TEXT_SIZE];
            name_print(draft->nodes[i]->name, name);
            name_print(draft->origin.octets, origin);
            record_type_print(rrset->type, type);
            struct draft_place place = draft_place_of(rrset);
            struct draft_place key = draft_place_of(draft_find_rrset(draft->nodes[0], TYPE_DNSKEY));
            return error_set(err,
                             "%s:%u: record set %s/%s: its members cannot be signed: the file of "
                             "zone %s is signed already (DNSKEY in %s:%u), expected an unsigned "
                             "file",
                             place.path, place.line, name, type, origin, key.path, key.line);
        }
    }
    return true;
}

bool finisher_keeps(const struct draft_node *node)
{
    return (node->cut == NULL || node->cut == node) && !node->is_hash_owner;
}

bool finisher_serves(const struct draft_node *node, const struct draft_rrset *rrset)
{
    return node->cut == NULL || rrset->type == TYPE_DS || rrset->type == TYPE_RRSIG ||
           rrset->type == TYPE_NSEC;
}

void finisher_make_key(const struct draft_node *node, struct name_key *key)
{
    size_t len = name_key_parse(key, node->name, node->name_len);
    (void)len; /* was a name before */
}

/* What the nodes are to the zone, and to each other; they are made part by part. */
static void number_nodes(struct finisher *finisher)
{
    const struct zone_draft *draft = finisher->draft;
    struct zone *zone = finisher->zone;
    for (size_t i = 0; i < draft->node_count; i++) {
        if (finisher_keeps(draft->nodes[i])) {
            draft->nodes[i]->index = (uint32_t)zone->node_count++;
        }
    }
    finisher->nodes = arena_alloc(zone->arena, zone->node_count * sizeof(*finisher->nodes));
    for (size_t i = 0; i < draft->node_count; i++) {
        const struct draft_node *node = draft->nodes[i];
        if (finisher_keeps(node) && node->parent != NULL && node->name[0] == 1 &&
            node->name[1] == '*') {
            finisher->nodes[node->parent->index].wildcard = &finisher->nodes[node->index];
        }
    }
    zone->nodes = finisher->nodes;
    zone->apex = &zone->nodes[0];
}

/* All but its RRsets. */
static void make_node(const struct finisher *finisher, const struct draft_node *from)
{
    struct zone *zone = finisher->zone;
    struct node *node = &finisher->nodes[from->index];
    node->name = arena_copy_octets(zone->arena, from->name, from->name_len);
    node->name_len = from->name_len;
    node->label_count = from->label_count;
    node->has_dname = draft_find_rrset(from, TYPE_DNAME) != NULL;
    node->is_delegation = from->cut == from;
    if (from->label_count > zone->max_labels) {
        zone->max_labels = from->label_count;
    }
}

/* After the nodes, when the memory of the draft is free again. */
static void make_buckets(struct zone *zone)
{
    uint32_t size = 4;
    while (size < 2 * zone->node_count) {
        size *= 2;
    }
    struct zone_bucket *buckets = arena_alloc(zone->arena, size * sizeof(*buckets));
    for (uint32_t i = 0; i < size; i++) {
        buckets[i].hash = i + 1; /* see struct zone_bucket */
    }
    for (size_t i = 0; i < zone->node_count; i++) {
        const struct node *node = &zone->nodes[i];
        /* Before the first name there is the head of its block. */
        uint32_t hash =
            (uint32_t)name_hash(node->name, node->name + node->name_len - zone->origin.len);
        uint32_t at = hash & (size - 1);
        while (buckets[at].node != 0) {
            at = (at + 1) & (size - 1);
        }
        buckets[at] = (struct zone_bucket){.hash = hash, .node = (uint32_t)(i + 1)};
    }
    zone->buckets = buckets;
    zone->bucket_mask = size - 1;
}

bool finisher_add_rrset(const struct finisher *finisher, enum encoder_section section,
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

bool finisher_add_signatures(const struct finisher *finisher, enum encoder_section section,
                             const struct draft_node *node, uint16_t type, uint32_t ttl_max)
{
    const struct draft_rrset *rrsigs = draft_find_rrset(node, TYPE_RRSIG);
    const struct draft_record *from = rrsigs != NULL ? rrsigs->first : NULL;
    for (; from != NULL; from = from->next) {
        const struct encoder_record record = {
            .owner = node->name,
            .type = TYPE_RRSIG,
            .rdata_len = from->rdata_len,
            .ttl_s = from->ttl_s < ttl_max ? from->ttl_s : ttl_max,
            .rdata = from->rdata,
        };
        if (from->covered == type && !encoder_add(finisher->encoder, section, &record)) {
            return false;
        }
    }
    return true;
}

/* Begins the answer that an RRset is, without RRSIGs. */
static bool encode_rrset(const struct finisher *finisher, const struct draft_node *from,
                         const struct draft_rrset *rrset)
{
    struct name_key key;
    finisher_make_key(from, &key);
    unsigned flags = from->name[0] == 1 && from->name[1] == '*' ? ENCODER_BASE_IS_WILDCARD : 0;
    encoder_start(finisher->encoder, &key, flags);
    return finisher_add_rrset(finisher, ENCODER_ANSWER, from, rrset);
}

/* With the RRSIGs, and without. Without is the beginning of with, and shares its octets unless
 * there are pointers, which lie behind them. */
static bool make_signed_rrset(const struct finisher *finisher, const struct draft_node *from,
                              const struct draft_rrset *rrset, struct rrset *to)
{
    struct rrset *with = to + finisher->nodes[from->index].rrset_count;
    struct arena *arena = finisher->zone->arena;
    encoder_mark_required(finisher->encoder);
    if (!finisher_add_signatures(finisher, ENCODER_ANSWER, from, rrset->type, UINT32_MAX)) {
        return false;
    }
    *with = *to;
    encoder_finish(finisher->encoder, arena, &with->answer);
    to->answer = with->answer;
    with->answer.required_len = with->answer.len;
    if (to->answer.pointer_count > 0) {
        bool fits = encode_rrset(finisher, from, rrset);
        encoder_finish(finisher->encoder, arena, &to->answer);
        return fits;
    }
    to->answer.len = to->answer.required_len;
    to->answer.answer_count = 0;
    for (const struct draft_record *i = rrset->first; i != NULL; i = i->next) {
        to->answer.answer_count++;
    }
    return true;
}

static bool make_member_signatures(const struct finisher *finisher, const struct draft_node *from,
                                   const struct draft_rrset *rrset, struct rrset *to,
                                   struct error *err)
{
    const struct record_set *set = draft_record_set(rrset);
    struct arena *arena = finisher->zone->arena;
    struct encoded *signatures = arena_alloc(arena, set->member_count * sizeof(*signatures));
    struct rrset *with = to + finisher->nodes[from->index].rrset_count;
    struct name_key key;
    finisher_make_key(from, &key);
    for (size_t i = 0; i < set->member_count; i++) {
        encoder_start(finisher->encoder, &key, 0);
        for (const struct draft_record *j = rrset->weighted->signatures[i]; j != NULL;
             j = j->next) {
            const struct encoder_record record = {
                .owner = from->name,
                .type = TYPE_RRSIG,
                .rdata_len = j->rdata_len,
                .ttl_s = j->ttl_s,
                .rdata = j->rdata,
            };
            if (!encoder_add(finisher->encoder, ENCODER_ANSWER, &record)) {
                return draft_refuse_size(from, rrset, err);
            }
        }
        encoder_finish(finisher->encoder, arena, &signatures[i]);
    }
    *with = *to;
    with->signatures = signatures;
    return true;
}

static bool make_rrset(const struct finisher *finisher, const struct draft_node *from,
                       const struct draft_rrset *rrset, struct rrset *to, struct error *err)
{
    to->type = rrset->type;
    const struct record_set *set = draft_record_set(rrset);
    to->record_set = set != NULL ? set->id : RRSET_STATIC;
    if (set != NULL) {
        return finisher->denial == NULL || make_member_signatures(finisher, from, rrset, to, err);
    }
    if (!encode_rrset(finisher, from, rrset) ||
        (finisher->denial != NULL && !make_signed_rrset(finisher, from, rrset, to))) {
        return draft_refuse_size(from, rrset, err);
    }
    if (finisher->denial == NULL) {
        encoder_finish(finisher->encoder, finisher->zone->arena, &to->answer);
    }
    return true;
}

/* Is it an RRset of the zone's node? RRSIGs are behind what they cover, and the chain apart. */
static bool answers_with(const struct finisher *finisher, const struct draft_node *node,
                         const struct draft_rrset *rrset)
{
    if (finisher->denial != NULL &&
        (rrset->type == TYPE_RRSIG ||
         (rrset->type == TYPE_NSEC && finisher->denial->denial->kind == DENIAL_NSEC))) {
        return false;
    }
    return node->cut == NULL || rrset->type == TYPE_DS;
}

static bool make_rrsets(const struct finisher *finisher, const struct draft_node *from,
                        struct error *err)
{
    size_t count = 0;
    for (const struct draft_rrset *rrset = from->rrsets; rrset != NULL; rrset = rrset->next) {
        count += answers_with(finisher, from, rrset) ? 1 : 0;
    }
    size_t forms = finisher->denial != NULL ? 2 : 1;
    struct arena *arena = finisher->zone->arena;
    struct rrset *rrsets = count == 0 ? NULL : arena_alloc(arena, forms * count * sizeof(*rrsets));
    finisher->nodes[from->index].rrsets = rrsets;
    finisher->nodes[from->index].rrset_count = (uint16_t)count;
    size_t made = 0;
    for (const struct draft_rrset *rrset = from->rrsets; rrset != NULL; rrset = rrset->next) {
        if (answers_with(finisher, from, rrset) &&
            !make_rrset(finisher, from, rrset, &rrsets[made++], err)) {
            return false;
        }
    }
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
    finisher_make_key(apex, &key);
    encoder_start(finisher->encoder, &key, ENCODER_BASE_IS_ABOVE);
    if (!encoder_add(finisher->encoder, ENCODER_AUTHORITY, &record)) {
        return draft_refuse_size(apex, rrset, err);
    }
    encoder_finish(finisher->encoder, finisher->zone->arena, &finisher->zone->negative);
    finisher->zone->serial = read_32(numbers);
    if (finisher->denial == NULL) {
        return true;
    }
    if (!finisher_add_signatures(finisher, ENCODER_AUTHORITY, apex, TYPE_SOA, record.ttl_s)) {
        return draft_refuse_size(apex, rrset, err);
    }
    encoder_finish(finisher->encoder, finisher->zone->arena, &finisher->denial->denial->negative);
    return true;
}

static bool make_referrals(const struct finisher *finisher, struct error *err)
{
    for (size_t i = 0; i < finisher->draft->node_count; i++) {
        const struct draft_node *from = finisher->draft->nodes[i];
        if (from->cut == from && !draft_referral_make(finisher, from, err)) {
            return false;
        }
    }
    return true;
}

/* Nodes that are a part: what each has needs only its own records. */
static bool make_part(const struct finisher *finisher, struct draft_node *const *nodes,
                      size_t count, struct error *err)
{
    for (size_t i = 0; i < count; i++) { /* apart from the answers: names need no alignment */
        if (finisher_keeps(nodes[i])) {
            make_node(finisher, nodes[i]);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (finisher->denial != NULL && !draft_denial_encode(finisher, nodes[i], err)) {
            return false;
        }
        if (finisher_keeps(nodes[i]) && !make_rrsets(finisher, nodes[i], err)) {
            return false;
        }
    }
    return true;
}

/* As soon as something is not needed any more, its memory goes back. */
static bool make_answers(const struct finisher *finisher, struct zone_draft *draft,
                         struct error *err)
{
    bool has_succeeded = make_referrals(finisher, err) && make_negative(finisher, err);
    if (finisher->denial != NULL) {
        alloc_freep(&finisher->denial->owners);
    }
    alloc_freep(&draft->buckets);
    for (size_t i = 0; has_succeeded && i < draft_part_count(draft); i++) {
        size_t first = i * DRAFT_PART_NODES;
        size_t left = draft->node_count - first;
        has_succeeded = make_part(finisher, draft->nodes + first,
                                  left < DRAFT_PART_NODES ? left : DRAFT_PART_NODES, err);
        arena_freep(&draft->parts[i]);
    }
    alloc_freep(&draft->nodes);
    return has_succeeded;
}

static uint32_t find_ttl_max(const struct zone_draft *draft)
{
    uint32_t ttl_max_s = 0;
    for (size_t i = 0; i < draft->node_count; i++) {
        const struct draft_rrset *rrset = draft->nodes[i]->rrsets;
        for (; rrset != NULL; rrset = rrset->next) {
            const struct record_set *set = draft_record_set(rrset);
            uint32_t ttl_s = set != NULL ? set->ttl_s : rrset->first->ttl_s;
            ttl_max_s = ttl_s > ttl_max_s ? ttl_s : ttl_max_s;
        }
    }
    return ttl_max_s;
}

struct zone *zone_draft_finish(struct zone_draft *draft, struct draft_place end,
                               struct signer *signer, struct error *err)
{
    if (!check_apex(draft, end, err)) {
        return NULL;
    }
    find_cuts(draft);
    if (!check_record_sets(draft, err)) {
        return NULL;
    }
    size_t record_count = draft->record_count;
    uint64_t content = draft->content;
    bool has_dnssec = signer != NULL || is_signed(draft);
    bool has_own_sync = draft_find_rrset(draft->nodes[0], TYPE_CDS) != NULL ||
                        draft_find_rrset(draft->nodes[0], TYPE_CDNSKEY) != NULL;
    if (has_dnssec &&
        !(signer != NULL ? draft_sign(draft, signer, err) : check_unsignable(draft, err))) {
        return NULL;
    }
    if (has_dnssec) {
        draft_denial_mark_hashes(draft);
    }
    struct arena *arena = arena_new();
    CLEANUP(zone_freep) struct zone *zone = arena_alloc(arena, sizeof(*zone));
    zone->arena = arena;
    zone->origin = draft->origin;
    zone->record_count = record_count;
    zone->content = content;
    zone->has_own_sync = has_own_sync;
    zone->refresh_at_s = INT64_MAX;
    zone->soa_ttl_s = draft_find_rrset(draft->nodes[0], TYPE_SOA)->first->ttl_s;
    zone->ttl_max_s = find_ttl_max(draft);
    zone->file = arena_copy_octets(arena, end.path, strlen(end.path) + 1);
    CLEANUP(encoder_freep) struct encoder *encoder = encoder_new();
    struct finisher finisher = {.draft = draft, .zone = zone, .encoder = encoder};
    number_nodes(&finisher);
    if ((has_dnssec && !draft_denial_make(&finisher, err)) ||
        !make_answers(&finisher, draft, err)) {
        return NULL;
    }
    make_buckets(zone);
    return STEAL(zone);
}
