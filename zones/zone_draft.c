/* SPDX-License-Identifier: BSD-2-Clause */
#include "zones/zone_draft.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "zones/encoder.h"
#include "zones/zone_draft_model.h"

struct draft_place draft_place_of(const struct draft_rrset *rrset)
{
    bool is_weighted = draft_record_set(rrset) != NULL;
    return (struct draft_place){is_weighted ? rrset->weighted->path : rrset->path, rrset->line};
}

struct draft_record *draft_new_record(struct arena *arena, const void *rdata, size_t len)
{
    struct draft_record *record = arena_alloc(arena, offsetof(struct draft_record, rdata) + len);
    memcpy(record->rdata, rdata, len);
    record->rdata_len = (uint16_t)len;
    return record;
}

struct draft_rrset *draft_find_rrset(const struct draft_node *node, uint16_t type)
{
    for (struct draft_rrset *rrset = node->rrsets; rrset != NULL; rrset = rrset->next) {
        if (rrset->type == type) {
            return rrset;
        }
    }
    return NULL;
}

struct draft_node *draft_find_node(const struct zone_draft *draft, const struct name_key *key,
                                   unsigned labels)
{
    size_t len = name_key_suffix_len(key, labels);
    if (len < draft->origin.len) {
        return NULL; /* above the zone */
    }
    uint32_t hash = name_key_hash_below(key, labels, draft->origin.len);
    uint32_t at = hash & draft->bucket_mask;
    for (; draft->buckets[at] != 0; at = (at + 1) & draft->bucket_mask) {
        struct draft_node *node = draft->nodes[draft->buckets[at] - 1];
        if (node->hash == hash && node->name_len == len &&
            memcmp(node->name, name_key_suffix(key, labels), len) == 0) {
            return node;
        }
    }
    return NULL;
}

bool draft_refuse_size(const struct draft_node *node, const struct draft_rrset *rrset,
                       struct error *err)
{
    char name[NAME_TEXT_SIZE], type[RECORD_TYPE_TEXT_SIZE];
    name_print(node->name, name);
    record_type_print(rrset->type, type);
    struct draft_place place = draft_place_of(rrset);
    return error_set(err,
                     "%s:%u: the RRset %s %s is too large for a DNS message, expected at most "
                     "%u octets",
                     place.path, place.line, name, type, ENCODED_MAX_OCTETS);
}

bool draft_is_delegation(const struct draft_node *node)
{
    return node->parent != NULL && draft_find_rrset(node, TYPE_NS) != NULL;
}

static void put_bucket(struct zone_draft *draft, size_t index)
{
    uint32_t at = draft->nodes[index]->hash & draft->bucket_mask;
    while (draft->buckets[at] != 0) {
        at = (at + 1) & draft->bucket_mask;
    }
    draft->buckets[at] = (uint32_t)(index + 1);
}

static void grow(struct zone_draft *draft)
{
    draft->node_capacity = draft->node_capacity == 0 ? 64 : 2 * draft->node_capacity;
    draft->nodes = alloc_resize(draft->nodes, draft->node_capacity, sizeof(struct draft_node *));
    free(draft->buckets);
    draft->buckets = alloc_zeroed(2 * draft->node_capacity, sizeof(uint32_t));
    draft->bucket_mask = (uint32_t)(2 * draft->node_capacity - 1);
    for (size_t i = 0; i < draft->node_count; i++) {
        put_bucket(draft, i);
    }
}

/* The part that the next node belongs to. Small zones are one small part. */
static size_t add_part(struct zone_draft *draft)
{
    size_t part = draft->node_count / DRAFT_PART_NODES;
    assert(part < DRAFT_PARTS);
    if (draft->node_count % DRAFT_PART_NODES == 0) {
        draft->parts = alloc_resize(draft->parts, part + 1, sizeof(struct arena *));
        draft->parts[part] = part == 0 ? arena_new() : arena_new_large();
    }
    return part;
}

static struct draft_node *add_node(struct zone_draft *draft, const struct name_key *key,
                                   unsigned labels, struct draft_node *parent)
{
    if (draft->node_count == draft->node_capacity) {
        grow(draft);
    }
    size_t part = add_part(draft);
    size_t len = name_key_suffix_len(key, labels);
    struct draft_node *node =
        arena_alloc(draft->parts[part], offsetof(struct draft_node, name) + len);
    node->part = part & (DRAFT_PARTS - 1);
    memcpy(node->name, name_key_suffix(key, labels), len);
    node->name_len = (uint8_t)len;
    node->label_count = (uint8_t)labels;
    node->hash = name_key_hash_below(key, labels, draft->origin.len);
    node->parent = parent;
    draft->nodes[draft->node_count] = node;
    put_bucket(draft, draft->node_count++);
    return node;
}

/* The node of a name within the zone; with it come those between it and the next ancestor that is
 * there (empty non-terminals, RFC 4592 section 2.2.2). */
static struct draft_node *find_or_add_node(struct zone_draft *draft, const struct name *name)
{
    struct name_key key;
    size_t len = name_key_parse(&key, name->octets, name->len);
    assert(len == name->len);
    unsigned labels = key.label_count;
    struct draft_node *node = draft_find_node(draft, &key, labels);
    while (node == NULL) {
        node = draft_find_node(draft, &key, --labels);
    }
    while (labels < key.label_count) {
        node = add_node(draft, &key, ++labels, node);
    }
    return node;
}

struct zone_draft *zone_draft_new(const struct name *origin)
{
    struct zone_draft *draft = alloc_zeroed(1, sizeof(*draft));
    struct name_key key;
    size_t len = name_key_parse(&key, origin->octets, origin->len);
    assert(len == origin->len);
    draft->arena = arena_new();
    draft->origin = *origin;
    add_node(draft, &key, key.label_count, NULL);
    return draft;
}

void zone_draft_free(struct zone_draft *draft)
{
    if (draft == NULL) {
        return;
    }
    arena_free(draft->arena);
    for (size_t i = 0; i < draft_part_count(draft); i++) {
        arena_free(draft->parts[i]);
    }
    free(draft->parts);
    free(draft->nodes);
    free(draft->buckets);
    free(draft);
}

void zone_draft_freep(struct zone_draft **draft)
{
    zone_draft_free(*draft);
    *draft = NULL;
}

const char *zone_draft_keep_path(struct zone_draft *draft, const char *path)
{
    return arena_copy_octets(draft->arena, path, strlen(path) + 1);
}

/* A record or a record set that is about to be added, for checks and their texts. */
struct candidate {
    const struct draft_node *node;
    struct draft_place place;
    uint16_t type;
};

/* "file:12: www.example. CNAME: <what> (<other> in file:10)". Returns false. */
static bool refuse(const struct candidate *new, const char *what, const struct draft_rrset *other,
                   struct error *err)
{
    char name[NAME_TEXT_SIZE], type[RECORD_TYPE_TEXT_SIZE], other_type[RECORD_TYPE_TEXT_SIZE];
    name_print(new->node->name, name);
    record_type_print(new->type, type);
    if (other == NULL) {
        return error_set(err, "%s:%u: %s %s: %s", new->place.path, new->place.line, name, type,
                         what);
    }
    struct draft_place place = draft_place_of(other);
    record_type_print(other->type, other_type);
    return error_set(err, "%s:%u: %s %s: %s (%s%s in %s:%u)", new->place.path, new->place.line,
                     name, type, what, draft_record_set(other) != NULL ? "record set " : "",
                     other_type, place.path, place.line);
}

static bool may_stand_beside_cname(uint16_t type)
{
    return type == TYPE_RRSIG || type == TYPE_NSEC;
}

/* Rules about one name's types. */
static bool check_neighbours(const struct candidate *new, struct error *err)
{
    for (const struct draft_rrset *other = new->node->rrsets; other != NULL; other = other->next) {
        if (other->type == new->type) {
            continue;
        }
        if ((new->type == TYPE_CNAME && !may_stand_beside_cname(other->type)) ||
            (other->type == TYPE_CNAME && !may_stand_beside_cname(new->type))) {
            return refuse(new, "a CNAME beside other data, expected only one of them", other, err);
        }
        if (new->node->parent != NULL && ((new->type == TYPE_DNAME && other->type == TYPE_NS) ||
                                          (new->type == TYPE_NS && other->type == TYPE_DNAME))) {
            return refuse(new, "a DNAME beside the NS of a delegation, expected only one of them",
                          other, err);
        }
    }
    return true;
}

static bool check_type(const struct candidate *new, struct error *err)
{
    if (record_type_is_meta(new->type)) {
        return refuse(new, "a type that is no data, expected one that is", NULL, err);
    }
    if (new->type == TYPE_SOA &&new->node->parent != NULL) {
        return refuse(new, "a SOA that is not at the origin of the zone", NULL, err);
    }
    if (new->type == TYPE_NS &&new->node->parent != NULL &&new->node->name[0] == 1 &&
        new->node->name[1] == '*') {
        return refuse(new, "a wildcard cannot be delegated (RFC 4592 section 4.2)", NULL, err);
    }
    return true;
}

/* Type of an RRSIG's records: each type covered is an RRset of its own. */
static uint16_t covered_type(uint16_t type, const uint8_t *rdata, size_t len)
{
    return (uint16_t)(type == TYPE_RRSIG && len >= 2 ? rdata[0] << 8 | rdata[1] : 0);
}

/* Rules about one RRset. end: where the record goes, or NULL: it is there already. Whoever comes
 * when no message can hold it any more is refused here, so that few records are compared. */
static bool check_rrset(const struct candidate *new, const struct draft_input *input,
                        struct draft_rrset *rrset, struct draft_record ***end, struct error *err)
{
    if (draft_record_set(rrset) != NULL) {
        return refuse(new, "the configuration has a record set of this name and type", rrset, err);
    }
    if (input->type == TYPE_SOA) {
        return refuse(new, "a second SOA, expected one", rrset, err);
    }
    uint16_t covered = covered_type(input->type, input->rdata, input->rdata_len);
    size_t octets = encoder_least_octets(input->type, input->rdata_len);
    struct draft_record **link = &rrset->first;
    for (; *link != NULL; link = &(*link)->next) {
        const struct draft_record *other = *link;
        if (other->covered == covered && other->ttl_s != input->ttl_s) {
            return refuse(new, "a TTL that differs within the RRset (RFC 2181 section 5.2)", rrset,
                          err);
        }
        if (other->rdata_len == input->rdata_len &&
            encoder_rdata_is_equal(input->type, other->rdata, input->rdata, input->rdata_len)) {
            *end = NULL;
            return true;
        }
        octets += encoder_least_octets(input->type, other->rdata_len);
    }
    if (octets > ENCODED_MAX_OCTETS) {
        return draft_refuse_size(new->node, rrset, err);
    }
    if (input->type == TYPE_CNAME || input->type == TYPE_DNAME) {
        return refuse(new, "a second one at the same name, expected one", rrset, err);
    }
    *end = link;
    return true;
}

static struct draft_rrset *add_rrset(struct zone_draft *draft, struct draft_node *node,
                                     const struct candidate *new)
{
    struct draft_rrset **link = &node->rrsets;
    while (*link != NULL && (*link)->type < new->type) {
        link = &(*link)->next;
    }
    struct draft_rrset *rrset = arena_alloc(draft->parts[node->part], sizeof(*rrset));
    rrset->type = new->type;
    rrset->path = new->place.path;
    rrset->line = new->place.line;
    rrset->next = *link;
    *link = rrset;
    return rrset;
}

static uint64_t hash_word(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

/* Over one more part of a record. */
static uint64_t hash_part(uint64_t hash, const uint8_t *octets, size_t len)
{
    for (; len >= sizeof(uint64_t); len -= sizeof(uint64_t), octets += sizeof(uint64_t)) {
        hash = hash_word(hash, octets_load_word(octets));
    }
    uint64_t last = 0;
    memcpy(&last, octets, len);
    return hash_word(hash, last);
}

/* Of one record, so well mixed that the hashes of all may be added up. */
static uint64_t hash_record(const struct draft_input *input)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    hash = hash_part(hash, input->owner.octets, input->owner.len);
    hash = hash_word(hash,
                     (uint64_t)input->rdata_len << 48 | (uint64_t)input->type << 32 | input->ttl_s);
    hash = hash_part(hash, input->rdata, input->rdata_len);
    hash = (hash ^ hash >> 33) * UINT64_C(0xff51afd7ed558ccd);
    return hash ^ hash >> 33;
}

static struct draft_record *make_record(struct arena *arena, const struct draft_input *input)
{
    struct draft_record *record = draft_new_record(arena, input->rdata, input->rdata_len);
    record->covered = covered_type(input->type, input->rdata, input->rdata_len);
    record->ttl_s = input->ttl_s;
    return record;
}

bool zone_draft_add(struct zone_draft *draft, const struct draft_input *input, struct error *err)
{
    if (!name_is_within(&input->owner, &draft->origin)) {
        char name[NAME_TEXT_SIZE], origin[NAME_TEXT_SIZE];
        name_print(input->owner.octets, name);
        name_print(draft->origin.octets, origin);
        return error_set(err, "%s:%u: %s is outside of the zone, expected a name below %s",
                         input->place.path, input->place.line, name, origin);
    }
    struct draft_node *node = find_or_add_node(draft, &input->owner);
    const struct candidate new = {node, input->place, input->type};
    if (!check_type(&new, err) || !check_neighbours(&new, err)) {
        return false;
    }
    struct draft_rrset *rrset = draft_find_rrset(node, input->type);
    struct draft_record **end = NULL;
    if (rrset == NULL) {
        end = &add_rrset(draft, node, &new)->first;
    } else if (!check_rrset(&new, input, rrset, &end, err)) {
        return false;
    }
    if (end != NULL) {
        *end = make_record(draft->parts[node->part], input);
        draft->record_count++;
        draft->content += hash_record(input);
    }
    return true;
}

bool zone_draft_add_record_set(struct zone_draft *draft, const struct record_set *set,
                               struct draft_place place, struct error *err)
{
    assert(name_is_within(&set->name, &draft->origin));
    struct draft_node *node = find_or_add_node(draft, &set->name);
    const struct candidate new = {node, place, set->type};
    if (!check_neighbours(&new, err)) {
        return false;
    }
    const struct draft_rrset *other = draft_find_rrset(node, set->type);
    if (other != NULL) {
        return refuse(&new, "a second record set of this name and type", other, err);
    }
    struct draft_rrset *rrset = add_rrset(draft, node, &new);
    rrset->weighted = arena_alloc(draft->arena, sizeof(*rrset->weighted));
    rrset->weighted->record_set = set;
    rrset->weighted->path = place.path;
    return true;
}
