/* SPDX-License-Identifier: BSD-2-Clause */
#include "zones/record_set.h"

#include <assert.h>
#include <string.h>

#include "common/alloc.h"
#include "common/arena.h"
#include "common/search_tree.h"
#include "zones/encoder.h"
#include "zones/rdata.h"

/* Behind a record's owner, which is a pointer. */
#define RECORD_TTL_AT      6
#define RECORD_RDLENGTH_AT 10

static const uint16_t refused_types[] = {
    TYPE_SOA, TYPE_NS, TYPE_DNAME, TYPE_DS, TYPE_RRSIG, TYPE_NSEC, TYPE_NSEC3, TYPE_NSEC3PARAM,
};

/* What the making of one record set needs. */
struct maker {
    const struct config *config;
    const struct config_record_set *from;
    struct record_set *set;
    struct arena *arena;
    struct encoder *encoder;
    struct rdata *rdata;
    struct search_tree by_name; /* the sets that are made */
};

/* FNV-1a, 64 bits: the same on every machine, since nodes of a fleet shall pick alike. */
static uint64_t hash_octets(const void *octets, size_t len)
{
    const uint8_t *from = octets;
    uint64_t hash = 0xcbf29ce484222325;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ from[i]) * 0x100000001b3;
    }
    return hash;
}

/* Puts "file:line: record set NAME/TYPE" in front. Returns false. */
static bool refuse_set(const struct maker *maker, struct error *err)
{
    return error_add_context(err, "%s:%u: record set %s/%s", maker->config->path, maker->from->line,
                             maker->from->name, maker->from->type);
}

static bool refuse_member(const struct maker *maker, const struct config_member *member,
                          struct error *err)
{
    return error_add_context(err, "%s:%u: record set %s/%s, member %s", maker->config->path,
                             member->line, maker->from->name, maker->from->type, member->id);
}

static bool parse_type(const char *text, uint16_t *type, struct error *err)
{
    if (!record_type_parse(text, type)) {
        return error_set(err, "\"%s\" is no record type, expected one or TYPE and a number", text);
    }
    for (size_t i = 0; i < ARRAY_LEN(refused_types); i++) {
        if (*type == refused_types[i]) {
            return error_set(err, "%s records cannot be weighted", text);
        }
    }
    if (record_type_is_meta(*type)) {
        return error_set(err, "%s is a type that is no data, expected one that is", text);
    }
    return true;
}

/* The values of one member in wire form. */
static bool parse_values(const struct maker *maker, const struct config_member *member,
                         struct encoder_record *records, struct error *err)
{
    /* Names without a final dot are absolute: a configuration has no $ORIGIN. */
    static const struct name root = {.len = 1};
    struct rdata *rdata = maker->rdata;
    uint16_t type = maker->set->type;
    for (size_t i = 0; i < member->value_count; i++) {
        if (!rdata_parse(rdata, type, member->values[i], &root, err)) {
            return error_add_context(err, "value \"%s\"", member->values[i]);
        }
        for (size_t j = 0; j < i; j++) {
            if (records[j].rdata_len == rdata->len &&
                encoder_rdata_is_equal(type, records[j].rdata, rdata->octets, rdata->len)) {
                return error_set(err, "value \"%s\" is there twice", member->values[i]);
            }
        }
        records[i] = (struct encoder_record){
            .owner = maker->set->name.octets,
            .type = type,
            .rdata_len = rdata->len,
            .ttl_s = maker->set->ttl_s,
            .rdata = arena_copy_octets(maker->arena, rdata->octets, rdata->len),
        };
    }
    return true;
}

static const uint8_t *copy_twice(struct arena *arena, const struct encoded *encoded)
{
    uint8_t *twice = arena_alloc(arena, 2 * (size_t)encoded->len);
    memcpy(twice, encoded->octets, encoded->len);
    memcpy(twice + encoded->len, encoded->octets, encoded->len);
    return twice;
}

static bool encode_values(const struct maker *maker, const struct encoder_record *values,
                          size_t count, struct member_records *out, struct error *err)
{
    const struct name *name = &maker->set->name;
    struct name_key key;
    size_t len = name_key_parse(&key, name->octets, name->len);
    assert(len == name->len);
    unsigned flags = ENCODER_RECORDS_ARE_APART;
    if (name->octets[0] == 1 && name->octets[1] == '*') {
        flags |= ENCODER_BASE_IS_WILDCARD;
    }
    encoder_start(maker->encoder, &key, flags);
    uint16_t *starts = arena_alloc(maker->arena, (count + 1) * sizeof(uint16_t));
    for (size_t i = 0; i < count; i++) {
        starts[i] = (uint16_t)encoder_len(maker->encoder);
        if (!encoder_add(maker->encoder, ENCODER_ANSWER, &values[i])) {
            return error_set(err, "too many values for a DNS message, expected at most %u octets",
                             ENCODED_MAX_OCTETS);
        }
    }
    starts[count] = (uint16_t)encoder_len(maker->encoder);
    struct encoded encoded;
    encoder_finish(maker->encoder, maker->arena, &encoded);
    uint16_t *pointers =
        arena_alloc(maker->arena, (size_t)encoded.pointer_count * sizeof(uint16_t));
    for (size_t i = 0; i < encoded.pointer_count; i++) {
        pointers[i] = encoded_pointer(&encoded, i);
    }
    *out = (struct member_records){
        .octets = count > 1 ? copy_twice(maker->arena, &encoded) : encoded.octets,
        .len = encoded.len,
        .count = (uint16_t)count,
        .counts = encoded_counts(&encoded),
        .starts = starts,
        .pointers = pointers,
        .pointer_count = encoded.pointer_count,
    };
    return true;
}

/* A member that named its own record set would be what it was, for ever. */
static bool check_alias(const struct maker *maker, const char *alias, struct error *err)
{
    struct name name;
    if (maker->set->type != TYPE_A && maker->set->type != TYPE_AAAA) {
        return error_set(err, "an alias target has addresses, so only A and AAAA members can have "
                              "one");
    }
    if (!name_parse(&name, alias, err)) {
        return error_add_context(err, "alias \"%s\"", alias);
    }
    if (name.len == maker->set->name.len &&
        memcmp(name.octets, maker->set->name.octets, name.len) == 0) {
        return error_set(err, "alias \"%s\" is the record set's own name, expected another host",
                         alias);
    }
    return true;
}

static bool make_member(const struct maker *maker, size_t index, struct error *err)
{
    static const uint16_t no_starts[1];
    const struct config_member *from = &maker->from->members[index];
    struct record_set_member *member = &maker->set->members[index];
    if (from->alias != NULL) {
        member->records.starts = no_starts;
        if (!check_alias(maker, from->alias, err)) {
            return refuse_member(maker, from, err);
        }
    } else if (maker->set->type == TYPE_CNAME && from->value_count != 1) {
        error_set(err, "%zu values, expected one: a CNAME stands alone", from->value_count);
        return refuse_member(maker, from, err);
    }
    member->id = arena_copy_octets(maker->arena, from->id, strlen(from->id) + 1);
    member->id_hash = hash_octets(from->id, strlen(from->id));
    if (from->alias != NULL) {
        return true;
    }
    CLEANUP(alloc_freep)
    struct encoder_record *values = alloc_zeroed(from->value_count, sizeof(*values));
    if (!parse_values(maker, from, values, err) ||
        !encode_values(maker, values, from->value_count, &member->records, err)) {
        return refuse_member(maker, from, err);
    }
    return true;
}

static bool make_set(const struct maker *maker, struct error *err)
{
    struct record_set *set = maker->set;
    if (!name_parse(&set->name, maker->from->name, err) ||
        !parse_type(maker->from->type, &set->type, err)) {
        return refuse_set(maker, err);
    }
    set->ttl_s = maker->from->ttl_s;
    set->choice = maker->from->choice;
    set->name_hash = hash_octets(set->name.octets, set->name.len);
    set->member_count = maker->from->member_count;
    for (size_t i = 0; i < set->member_count; i++) {
        if (!make_member(maker, i, err)) {
            return false;
        }
    }
    return true;
}

static int compare_sets(const void *one, const void *other)
{
    const struct record_set *a = one, *b = other;
    if (a->type != b->type || a->name.len != b->name.len) {
        return (a->type << 8 | a->name.len) - (b->type << 8 | b->name.len);
    }
    return memcmp(a->name.octets, b->name.octets, a->name.len);
}

/* Spellings that differ ("WWW.example." and "www.example", "A" and "TYPE1") are one record set. */
static bool check_twice(struct maker *maker, struct error *err)
{
    const struct record_set *first = search_tree_add(&maker->by_name, maker->set);
    if (first == maker->set) {
        return true;
    }
    error_set(err, "is there twice (first in line %u)", maker->config->record_sets[first->id].line);
    return refuse_set(maker, err);
}

static bool make_all(struct record_sets *sets, struct maker *maker, struct error *err)
{
    for (size_t i = 0; i < sets->count; i++) {
        maker->from = &maker->config->record_sets[i];
        size_t members = maker->from->member_count;
        maker->set = arena_alloc(sets->arena, sizeof(struct record_set) +
                                                  members * sizeof(struct record_set_member));
        maker->set->id = (uint32_t)i;
        maker->set->first_member = sets->member_count;
        sets->member_count += (uint32_t)members;
        sets->sets[i] = maker->set;
        if (!make_set(maker, err) || !check_twice(maker, err)) {
            return false;
        }
    }
    return true;
}

void member_records_lower_ttl(uint8_t *records, size_t len, uint32_t ttl_s)
{
    for (size_t at = 0; at < len;) {
        uint8_t *ttl = records + at + RECORD_TTL_AT;
        uint32_t encoded_s =
            (uint32_t)ttl[0] << 24 | (uint32_t)ttl[1] << 16 | (uint32_t)ttl[2] << 8 | ttl[3];
        if (encoded_s > ttl_s) {
            ttl[0] = (uint8_t)(ttl_s >> 24);
            ttl[1] = (uint8_t)(ttl_s >> 16);
            ttl[2] = (uint8_t)(ttl_s >> 8);
            ttl[3] = (uint8_t)ttl_s;
        }
        const uint8_t *rdata_len = records + at + RECORD_RDLENGTH_AT;
        at += RECORD_RDLENGTH_AT + 2 + ((size_t)rdata_len[0] << 8 | rdata_len[1]);
    }
}

struct record_sets *record_sets_new(const struct config *config, struct error *err)
{
    struct arena *arena = arena_new();
    CLEANUP(record_sets_freep) struct record_sets *sets = arena_alloc(arena, sizeof(*sets));
    sets->arena = arena;
    sets->count = config->record_set_count;
    sets->sets = arena_alloc(arena, sets->count * sizeof(struct record_set *));
    CLEANUP(encoder_freep) struct encoder *encoder = encoder_new();
    CLEANUP(alloc_freep) struct rdata *rdata = alloc_zeroed(1, sizeof(*rdata));
    struct maker maker = {.config = config,
                          .arena = arena,
                          .encoder = encoder,
                          .rdata = rdata,
                          .by_name = {.compare = compare_sets}};
    bool ok = make_all(sets, &maker, err);
    search_tree_free(&maker.by_name);
    if (!ok) {
        return NULL;
    }
    return STEAL(sets);
}

void record_sets_free(struct record_sets *sets)
{
    if (sets != NULL) {
        arena_free(sets->arena); /* the sets lie in it */
    }
}

void record_sets_freep(struct record_sets **sets)
{
    record_sets_free(*sets);
    *sets = NULL;
}
