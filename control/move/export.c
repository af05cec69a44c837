/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/move/export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/aws/route53_text.h"
#include "zones/name.h"
#include "zones/rdata_print.h"
#include "zones/record_type.h"

#define UPSERT_FACTOR  2
#define VALUES_MAX     400  /* of one record set */
#define CHARACTERS_MAX 4000 /* of one value */

struct work {
    const struct export_wanted *wanted;
    struct export *out;
    struct name zone;
    struct route53_record_sets sets;
    struct rdata *rdata; /* scratch */
    char **keys;         /* of the weighted ones, ascending */
    size_t signed_count; /* records of DNSSEC, which are left out */
};

static void work_done(struct work *work)
{
    for (size_t i = 0; work->keys != NULL && i < work->wanted->set_count; i++) {
        free(work->keys[i]);
    }
    free(work->keys);
    route53_record_sets_done(&work->sets);
    free(work->rdata);
}

static bool is_of_route53(const char *type)
{
    static const char *const types[] = {"SOA",   "A",    "TXT",   "NS",   "CNAME", "MX",
                                        "NAPTR", "PTR",  "SRV",   "AAAA", "SPF",   "DS",
                                        "CAA",   "TLSA", "SSHFP", "SVCB", "HTTPS"};
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (strcmp(types[i], type) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_of_signing(const char *type)
{
    static const char *const types[] = {"RRSIG",  "NSEC", "NSEC3",  "NSEC3PARAM",
                                        "DNSKEY", "CDS",  "CDNSKEY"};
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (strcmp(types[i], type) == 0) {
            return true;
        }
    }
    return false;
}

static void lose(struct work *work, const char *name, const char *type, const char *why)
{
    size_t len = strlen(name);
    bool has_dot = len > 1 && name[len - 1] == '.';
    char *text = alloc_printf("%.*s %s: %s", (int)(has_dot ? len - 1 : len), name, type, why);
    move_remark_add(&work->out->remarks, true, text);
}

/* ---- the zone file ---- */

/* One record of the text; the fields are in a copy of its line. */
struct line {
    char *owner, *type, *data;
    uint32_t ttl_s;
    size_t number;
    char *copy;
};

struct lines {
    struct line *lines;
    size_t count, room;
};

static void lines_done(struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        free(lines->lines[i].copy);
        free(lines->lines[i].owner);
    }
    free(lines->lines);
}

/* "owner TTL IN type data", tabs between them. */
static bool line_split(char *copy, struct line *line)
{
    char *rest = copy;
    char *owner = strsep(&rest, "\t");
    char *ttl = strsep(&rest, "\t");
    char *class = strsep(&rest, "\t");
    line->type = strsep(&rest, "\t");
    line->data = rest;
    if (rest == NULL || strcmp(class, "IN") != 0) {
        return false;
    }
    line->copy = copy;
    line->owner = route53_name_fold(owner);
    line->ttl_s = (uint32_t)strtoul(ttl, NULL, 10);
    return true;
}

static void lines_read(const char *text, struct lines *lines)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        char *copy = alloc_printf("%.*s", (int)len, text);
        if (lines->count == lines->room) {
            lines->room = lines->room * 2 + 256;
            lines->lines = alloc_resize(lines->lines, lines->room, sizeof(*lines->lines));
        }
        struct line *line = &lines->lines[lines->count];
        line->number = lines->count;
        if (text[0] != ';' && line_split(copy, line)) {
            lines->count++;
        } else {
            free(copy);
        }
        text += len + (text[len] == '\n');
    }
}

static int compare_lines(const void *left, const void *right)
{
    const struct line *a = left, *b = right;
    int order = strcmp(a->owner, b->owner);
    order = order != 0 ? order : strcmp(a->type, b->type);
    return order != 0 ? order : a->number < b->number ? -1 : a->number > b->number;
}

/* "name. TYPE", as what is compared. */
static char *make_key(const char *name, const char *type)
{
    CLEANUP(alloc_freep) char *folded = route53_name_fold(name);
    char *key = alloc_printf("%s %s", folded, type);
    for (char *at = strrchr(key, ' '); *at != '\0'; at++) {
        *at = (char)(*at >= 'a' && *at <= 'z' ? *at - ('a' - 'A') : *at);
    }
    return key;
}

static int compare_keys(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static void make_keys(struct work *work)
{
    size_t count = work->wanted->set_count;
    work->keys = alloc_zeroed(count + 1, sizeof(*work->keys));
    for (size_t i = 0; i < count; i++) {
        work->keys[i] = make_key(work->wanted->sets[i].name, work->wanted->sets[i].type);
    }
    qsort(work->keys, count, sizeof(*work->keys), compare_keys);
}

static bool is_weighted(const struct work *work, const struct line *line)
{
    CLEANUP(alloc_freep) char *key = make_key(line->owner, line->type);
    return bsearch(&key, work->keys, work->wanted->set_count, sizeof(*work->keys), compare_keys) !=
           NULL;
}

static bool is_of_apex(const struct work *work, const struct line *line)
{
    struct name name;
    bool is_own = strcmp(line->type, "SOA") == 0 || strcmp(line->type, "NS") == 0;
    return is_own && name_parse(&name, line->owner, NULL) && name.len == work->zone.len &&
           memcmp(name.octets, work->zone.octets, name.len) == 0;
}

/* What hinders that it is written; NULL: nothing. */
static const char *find_fault(const struct route53_record_set *set)
{
    if (!is_of_route53(set->type)) {
        return "Route 53 has no records of this type";
    }
    if (set->value_count > VALUES_MAX) {
        return "more than 400 values, which Route 53 does not take";
    }
    size_t characters = 0;
    for (size_t i = 0; i < set->value_count; i++) {
        CLEANUP(alloc_freep) char *sent = route53_value_print(set->type, set->values[i]);
        size_t len = strlen(sent);
        characters += len;
        if (strncmp(set->values[i], "\\#", 2) == 0) {
            return "its data can only be written in the form of RFC 3597, which Route 53 does not "
                   "take";
        }
        if (len > CHARACTERS_MAX) {
            return "a value of more than 4000 characters, which Route 53 does not take";
        }
    }
    return characters * UPSERT_FACTOR > EXPORT_BATCH_CHARACTERS
               ? "more characters than one change of Route 53 may have"
               : NULL;
}

/* Takes the set. */
static void add_set(struct work *work, struct route53_record_set *set)
{
    const char *fault = find_fault(set);
    if (fault != NULL) {
        lose(work, set->name, set->type, fault);
        route53_record_set_done(set);
        return;
    }
    route53_record_sets_add(&work->sets, set);
}

/* Lines of one name and type. */
static void add_lines(struct work *work, const struct line *lines, size_t count)
{
    if (is_of_signing(lines[0].type)) {
        work->signed_count += count;
        return;
    }
    if (is_of_apex(work, &lines[0]) || is_weighted(work, &lines[0])) {
        return;
    }
    struct route53_record_set set = {.name = alloc_string(lines[0].owner),
                                     .type = alloc_string(lines[0].type),
                                     .weight = -1,
                                     .ttl_s = lines[0].ttl_s};
    for (size_t i = 0; i < count; i++) {
        route53_record_set_add_value(&set, alloc_string(lines[i].data));
    }
    add_set(work, &set);
}

static void add_zone(struct work *work)
{
    CLEANUP(lines_done) struct lines lines = {.count = 0};
    lines_read(work->wanted->text, &lines);
    if (lines.count > 0) {
        qsort(lines.lines, lines.count, sizeof(*lines.lines), compare_lines);
    }
    for (size_t first = 0; first < lines.count;) {
        size_t end = first + 1;
        while (end < lines.count && strcmp(lines.lines[end].owner, lines.lines[first].owner) == 0 &&
               strcmp(lines.lines[end].type, lines.lines[first].type) == 0) {
            end++;
        }
        add_lines(work, &lines.lines[first], end - first);
        first = end;
    }
    if (work->signed_count > 0) {
        char *text = alloc_printf("%zu records of DNSSEC are left out: Route 53 signs by itself",
                                  work->signed_count);
        move_remark_add(&work->out->remarks, false, text);
    }
}

/* ---- weighted record sets ---- */

static const char *find_alias_zone(const struct work *work, const char *host)
{
    CLEANUP(alloc_freep) char *wanted = route53_name_fold(host);
    for (size_t i = 0; i < work->wanted->alias_zone_count; i++) {
        const struct export_alias_zone *zone = &work->wanted->alias_zones[i];
        CLEANUP(alloc_freep) char *name = route53_name_fold(zone->host);
        if (strcmp(name, wanted) == 0) {
            return zone->zone_id;
        }
    }
    return NULL;
}

/* False: it was lost. */
static bool add_alias(struct work *work, const struct export_set *from,
                      const struct export_member *member, struct route53_record_set *set)
{
    const char *host = member->alias;
    const char *zone_id =
        member->alias_zone_id != NULL ? member->alias_zone_id : find_alias_zone(work, host);
    if (zone_id == NULL) {
        CLEANUP(alloc_freep)
        char *why = alloc_printf("Route 53 wants the id of the hosted zone that %s is in: give it "
                                 "with --alias-zone %s=ID (CanonicalHostedZoneId of aws elbv2 "
                                 "describe-load-balancers)",
                                 host, host);
        lose(work, from->name, from->type, why);
        return false;
    }
    set->ttl_s = -1;
    set->alias.zone_id = alloc_string(zone_id);
    set->alias.dns_name = route53_name_fold(host);
    set->alias.evaluate_target_health = member->evaluates_health;
    return true;
}

/* False: it was lost. */
static bool add_values(struct work *work, const struct export_set *from,
                       const struct export_member *member, struct route53_record_set *set)
{
    static const struct name root = {.len = 1};
    uint16_t type;
    struct error err;
    for (size_t i = 0; i < member->value_count; i++) {
        if (!record_type_parse(from->type, &type) ||
            !rdata_parse(work->rdata, type, member->values[i], &root, &err)) {
            lose(work, from->name, from->type, "a value of it is none");
            return false;
        }
        CLEANUP(alloc_freep) uint8_t *octets = alloc_copy(work->rdata->octets, work->rdata->len);
        route53_record_set_add_value(set, rdata_print(work->rdata, type, octets, work->rdata->len));
    }
    return true;
}

static bool is_simple(const struct export_set *from)
{
    return from->member_count == 1 && from->members[0].alias != NULL &&
           strcmp(from->members[0].id, "alias") == 0;
}

/* All members or none: without one of them the shares would be others. */
static void add_weighted(struct work *work, const struct export_set *from)
{
    struct route53_record_sets sets = {.count = 0};
    bool is_whole = true;
    for (size_t i = 0; i < from->member_count && is_whole; i++) {
        const struct export_member *member = &from->members[i];
        struct route53_record_set set = {.name = route53_name_fold(from->name),
                                         .type = alloc_string(from->type),
                                         .weight = is_simple(from) ? -1 : member->weight,
                                         .ttl_s = from->ttl_s};
        set.set_identifier = is_simple(from) ? NULL : alloc_string(member->id);
        set.health_check_id =
            member->health_check_id == NULL ? NULL : alloc_string(member->health_check_id);
        is_whole = member->alias != NULL ? add_alias(work, from, member, &set)
                                         : add_values(work, from, member, &set);
        const char *fault = is_whole ? find_fault(&set) : NULL;
        if (fault != NULL) {
            lose(work, from->name, from->type, fault);
            is_whole = false;
        }
        route53_record_sets_add(&sets, &set);
    }
    for (size_t i = 0; i < sets.count && is_whole; i++) {
        route53_record_sets_add(&work->sets, &sets.sets[i]);
    }
    route53_record_sets_done(&sets);
}

/* ---- batches ---- */

struct size {
    size_t values, characters;
};

static struct size size_of(const struct route53_record_set *sets, size_t count)
{
    struct size size = {0, 0};
    for (size_t i = 0; i < count; i++) {
        const struct route53_record_set *set = &sets[i];
        size.values += UPSERT_FACTOR * (set->value_count > 0 ? set->value_count : 1);
        for (size_t j = 0; j < set->value_count; j++) {
            /* Counted as they are sent: an octet may be written as four characters. */
            CLEANUP(alloc_freep) char *sent = route53_value_print(set->type, set->values[j]);
            size.characters += UPSERT_FACTOR * strlen(sent);
        }
    }
    return size;
}

static bool fits(struct size a, struct size b)
{
    return a.values + b.values <= EXPORT_BATCH_VALUES &&
           a.characters + b.characters <= EXPORT_BATCH_CHARACTERS;
}

static struct route53_batch *add_batch(struct export *out)
{
    out->batches = alloc_resize(out->batches, out->count + 1, sizeof(*out->batches));
    out->batches[out->count] = (struct route53_batch){.count = 0};
    return &out->batches[out->count++];
}

/* The sets with the name and type of the first. */
static size_t group_len(const struct route53_record_set *sets, size_t count)
{
    size_t len = 1;
    while (len < count && strcmp(sets[len].name, sets[0].name) == 0 &&
           strcmp(sets[len].type, sets[0].type) == 0) {
        len++;
    }
    return len;
}

static void put_sets(struct work *work, struct size *used, struct route53_record_set *sets,
                     size_t count)
{
    struct size size = size_of(sets, count);
    if (count > 1 && !fits((struct size){0, 0}, size)) {
        for (size_t i = 0; i < count; i++) {
            put_sets(work, used, &sets[i], 1);
        }
        return;
    }
    bool is_new = work->out->count == 0 || !fits(*used, size);
    struct route53_batch *batch =
        is_new ? add_batch(work->out) : &work->out->batches[work->out->count - 1];
    *used = is_new ? (struct size){0, 0} : *used;
    used->values += size.values;
    used->characters += size.characters;
    for (size_t i = 0; i < count; i++) {
        route53_batch_add(batch, ROUTE53_UPSERT, &sets[i]);
    }
}

static void make_batches(struct work *work)
{
    struct size used = {0, 0};
    for (size_t i = 0; i < work->sets.count;) {
        size_t len = group_len(&work->sets.sets[i], work->sets.count - i);
        put_sets(work, &used, &work->sets.sets[i], len);
        i += len;
    }
    for (size_t i = 0; i < work->out->count; i++) {
        work->out->batches[i].comment = alloc_printf("%s from Ballast, %zu of %zu",
                                                     work->wanted->zone, i + 1, work->out->count);
    }
}

bool export_make(const struct export_wanted *wanted, struct export *out, struct error *err)
{
    CLEANUP(work_done) struct work work = {.wanted = wanted, .out = out};
    *out = (struct export){.count = 0};
    if (!name_parse(&work.zone, wanted->zone, err)) {
        return false;
    }
    work.rdata = alloc_zeroed(1, sizeof(*work.rdata));
    make_keys(&work);
    add_zone(&work);
    for (size_t i = 0; i < wanted->set_count; i++) {
        add_weighted(&work, &wanted->sets[i]);
    }
    make_batches(&work);
    return true;
}

void export_done(struct export *export)
{
    for (size_t i = 0; i < export->count; i++) {
        route53_batch_done(&export->batches[i]);
    }
    free(export->batches);
    move_remarks_done(&export->remarks);
    *export = (struct export){.count = 0};
}
