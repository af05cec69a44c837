/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/move/import.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/http/outside_text.h"
#include "control/move/import_private.h"
#include "zones/rdata_print.h"

#define MEMBERS_MAX    100
#define OCTETS_MAX     60000 /* of one RRset: it has to fit into a message */
#define RECORD_OCTETS  12    /* of each record beside its data, its name compressed */
#define DEFAULT_TTL_S  60
#define IDENTIFIER_MAX 128

void import_lose(struct import_group *group, char *reason)
{
    if (group->fate == FATE_LOST) {
        free(reason);
        return;
    }
    group->fate = FATE_LOST;
    group->reason = reason;
}

void import_remark(struct import_work *work, const struct import_group *group,
                   const struct import_item *item, bool is_lost, const char *text)
{
    char name[NAME_TEXT_SIZE], type[RECORD_TYPE_TEXT_SIZE], clean[256] = "";
    name_print(group->name.octets, name);
    record_type_print(group->type, type);
    const struct route53_record_set *set = item == NULL ? NULL : item->set;
    const char *policy = set == NULL                 ? NULL
                         : set->other_policy != NULL ? set->other_policy
                         : set->weight >= 0          ? "weighted"
                                                     : NULL;
    if (set != NULL && set->set_identifier != NULL) {
        outside_text_copy(set->set_identifier, clean, sizeof(clean));
    }
    char *line = alloc_printf("%s %s%s%s%s%s%s: %s", name, type, policy == NULL ? "" : ", ",
                              policy == NULL ? "" : policy, clean[0] == '\0' ? "" : ", \"", clean,
                              clean[0] == '\0' ? "" : "\"", text);
    move_remark_add(&work->out->remarks, is_lost, line);
}

/* ---- order ---- */

/* By labels from the right, so that what is above comes first. */
static int compare_names(const struct name *left, const struct name *right)
{
    const uint8_t *labels[2][NAME_MAX_LABELS + 1];
    const struct name *names[] = {left, right};
    for (size_t i = 0; i < 2; i++) {
        const uint8_t *at = names[i]->octets;
        for (size_t j = names[i]->label_count; j > 0; j--) {
            labels[i][j - 1] = at;
            at += at[0] + 1;
        }
    }
    for (size_t i = 0; i < left->label_count && i < right->label_count; i++) {
        const uint8_t *a = labels[0][i], *b = labels[1][i];
        size_t len = a[0] < b[0] ? a[0] : b[0];
        int order = memcmp(a + 1, b + 1, len);
        if (order != 0 || a[0] != b[0]) {
            return order != 0 ? order : (int)a[0] - (int)b[0];
        }
    }
    return (int)left->label_count - (int)right->label_count;
}

static int compare_items(const void *left, const void *right)
{
    const struct import_item *a = left, *b = right;
    int order = compare_names(&a->name, &b->name);
    if (order != 0 || a->type != b->type) {
        return order != 0 ? order : (int)a->type - (int)b->type;
    }
    return a->set < b->set ? -1 : a->set > b->set;
}

/* The first group that is not before the name and type. */
static size_t lower_bound(const struct import_work *work, const struct name *name, uint16_t type)
{
    size_t low = 0, high = work->group_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct import_group *group = &work->groups[middle];
        int order = compare_names(&group->name, name);
        if (order < 0 || (order == 0 && group->type < type)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct import_group *import_find(const struct import_work *work, const struct name *name,
                                 uint16_t type)
{
    size_t at = lower_bound(work, name, type);
    if (at == work->group_count || work->groups[at].type != type ||
        compare_names(&work->groups[at].name, name) != 0) {
        return NULL;
    }
    return &work->groups[at];
}

size_t import_find_name(const struct import_work *work, const struct name *name, size_t *count)
{
    size_t first = lower_bound(work, name, 0);
    size_t at = first;
    while (at < work->group_count && compare_names(&work->groups[at].name, name) == 0) {
        at++;
    }
    *count = at - first;
    return at == first ? SIZE_MAX : first;
}

const struct import_group *import_find_cut(const struct import_work *work, const struct name *name)
{
    struct name above = *name;
    while (above.label_count > work->zone.label_count) {
        const struct import_group *cut = import_find(work, &above, TYPE_NS);
        if (cut != NULL) {
            return cut;
        }
        size_t label = (size_t)above.octets[0] + 1;
        memmove(above.octets, above.octets + label, above.len - label);
        above.len = (uint8_t)(above.len - label);
        above.label_count--;
    }
    return NULL;
}

/* ---- reading ---- */

bool import_value(struct import_work *work, uint16_t type, const char *text, char **printed,
                  struct error *err)
{
    static const struct name root = {.len = 1}; /* Route 53's names are absolute */
    if (!rdata_parse(work->rdata, type, text, &root, err)) {
        return false;
    }
    CLEANUP(alloc_freep) uint8_t *octets = alloc_copy(work->rdata->octets, work->rdata->len);
    *printed = rdata_print(work->rdata, type, octets, work->rdata->len);
    return true;
}

static bool has_value(const struct import_item *item, const char *text)
{
    for (size_t i = 0; i < item->value_count; i++) {
        if (strcmp(item->values[i], text) == 0) {
            return true;
        }
    }
    return false;
}

static bool read_values(struct import_work *work, struct import_item *item, struct error *err)
{
    const struct route53_record_set *set = item->set;
    size_t octets = 0;
    item->values = alloc_zeroed(set->value_count + 1, sizeof(*item->values));
    item->has_own_values = true;
    for (size_t i = 0; i < set->value_count; i++) {
        CLEANUP(alloc_freep) char *text = NULL;
        if (!import_value(work, item->type, set->values[i], &text, err)) {
            return false;
        }
        octets += work->rdata->len + RECORD_OCTETS;
        if (!has_value(item, text)) {
            item->values[item->value_count++] = STEAL(text);
        }
    }
    bool is_single = item->type == TYPE_CNAME || item->type == TYPE_DNAME;
    if (is_single && item->value_count != 1) {
        return error_set(err, "%zu values, and it can have one", item->value_count);
    }
    return octets <= OCTETS_MAX || error_set(err, "its values are more than a DNS message holds");
}

/* A group of its own, for what cannot be put into one. */
static void refuse_set(struct import_work *work, const struct route53_record_set *set,
                       const char *why)
{
    char name[512], type[64];
    outside_text_copy(set->name, name, sizeof(name));
    outside_text_copy(set->type, type, sizeof(type));
    move_remark_add(&work->out->remarks, true, alloc_printf("%s %s: %s", name, type, why));
}

/* What Route 53 makes itself, or does not have: no hosted zone lists them. */
static bool is_foreign_type(uint16_t type)
{
    static const uint16_t types[] = {TYPE_DNAME, TYPE_RRSIG,      TYPE_NSEC, TYPE_DNSKEY,
                                     TYPE_NSEC3, TYPE_NSEC3PARAM, TYPE_CDS,  TYPE_CDNSKEY};
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (type == types[i]) {
            return true;
        }
    }
    return record_type_is_meta(type);
}

static void read_items(struct import_work *work, const struct route53_record_sets *sets)
{
    work->items = alloc_zeroed(sets->count + 1, sizeof(*work->items));
    for (size_t i = 0; i < sets->count; i++) {
        struct error err;
        const struct route53_record_set *set = &sets->sets[i];
        struct import_item *item = &work->items[work->item_count];
        item->set = set;
        item->is_weighted = set->weight >= 0;
        item->ttl_s = set->ttl_s < 0 ? DEFAULT_TTL_S : (uint32_t)set->ttl_s;
        if (!name_parse(&item->name, set->name, &err)) {
            refuse_set(work, set, err.text);
        } else if (!record_type_parse(set->type, &item->type)) {
            refuse_set(work, set, "Ballast does not know this type");
        } else if (is_foreign_type(item->type)) {
            refuse_set(work, set, "Route 53 has no records of this type");
        } else if (!name_is_within(&item->name, &work->zone)) {
            refuse_set(work, set, "it lies outside of the zone");
        } else {
            work->item_count++;
        }
    }
    memset(&work->items[work->item_count], 0, sizeof(*work->items));
    qsort(work->items, work->item_count, sizeof(*work->items), compare_items);
}

static void make_groups(struct import_work *work)
{
    work->groups = alloc_zeroed(work->item_count + 1, sizeof(*work->groups));
    for (size_t i = 0; i < work->item_count; i++) {
        struct import_item *item = &work->items[i];
        struct import_group *last = &work->groups[work->group_count - (work->group_count > 0)];
        if (work->group_count == 0 || last->type != item->type ||
            compare_names(&last->name, &item->name) != 0) {
            last = &work->groups[work->group_count++];
            *last = (struct import_group){.name = item->name, .type = item->type, .items = item};
        }
        last->count++;
    }
}

/* ---- what becomes of a group, but for aliases ---- */

static const char *advice(const char *policy)
{
    if (strcmp(policy, "latency") == 0 || strncmp(policy, "geo", 3) == 0 ||
        strncmp(policy, "IP", 2) == 0 || strncmp(policy, "cidr", 4) == 0) {
        return "Ballast does not answer by where a client is: write one record set for all, or "
               "delegate the name to who does";
    }
    if (strcmp(policy, "failover") == 0) {
        return "Ballast has no primary and secondary: a record set with weights 1 and 0 and health "
               "checks answers with the second member when the first is unhealthy";
    }
    if (strncmp(policy, "multi", 5) == 0) {
        return "Ballast answers with all values of a member: write one record set with all the "
               "values, or members of equal weight with health checks";
    }
    return "Ballast has nothing like it: write what it should answer";
}

/* Members: a policy that is none of ours loses the whole group, whose shares would be wrong. */
static void judge_kind(struct import_group *group)
{
    for (size_t i = 0; i < group->count; i++) {
        const struct import_item *item = &group->items[i];
        if (item->set->other_policy != NULL) {
            import_lose(group, alloc_string(advice(item->set->other_policy)));
        } else if (group->count > 1 && !item->is_weighted) {
            import_lose(group, alloc_string("name and type are there more than once and not "
                                            "weighted: keep one of them"));
        }
    }
    if (group->count > MEMBERS_MAX) {
        import_lose(group,
                    alloc_printf("%zu members, Ballast has at most %u", group->count, MEMBERS_MAX));
    }
}

static void judge_values(struct import_work *work, struct import_group *group)
{
    for (size_t i = 0; i < group->count && group->fate != FATE_LOST; i++) {
        struct error err;
        struct import_item *item = &group->items[i];
        if (item->set->alias.zone_id == NULL && !read_values(work, item, &err)) {
            import_lose(group, alloc_printf("%s: write it anew", err.text));
        }
    }
}

static bool may_be_weighted(uint16_t type)
{
    return type != TYPE_NS && type != TYPE_SOA && type != TYPE_DS && type != TYPE_DNAME;
}

/* Whether it may be a record set of the configuration. */
static void judge_weighted(struct import_work *work, struct import_group *group)
{
    if (group->fate != FATE_WEIGHTED) {
        return;
    }
    if (!may_be_weighted(group->type)) {
        import_lose(group, alloc_string("records of this type cannot be weighted: write one of "
                                        "them into the zone file"));
    } else if (import_find_cut(work, &group->name) != NULL) {
        import_lose(group, alloc_string("it lies at or below a delegation, so that nobody is "
                                        "answered with it: leave it out"));
    }
}

static void judge_cname(struct import_work *work, struct import_group *group)
{
    size_t count;
    import_find_name(work, &group->name, &count);
    bool is_apex = group->name.label_count == work->zone.label_count; /* it has an SOA */
    bool has_cname = import_find(work, &group->name, TYPE_CNAME) != NULL;
    if (has_cname && (count > 1 || is_apex)) {
        import_lose(group, alloc_string("a CNAME stands beside other types: keep one of both"));
    }
}

static void judge_place(struct import_group *group)
{
    bool is_wildcard = group->name.octets[0] == 1 && group->name.octets[1] == '*';
    if (group->type == TYPE_SOA) {
        import_lose(group, alloc_string("only the zone's own name can have an SOA"));
    } else if (group->type == TYPE_NS && is_wildcard) {
        import_lose(group, alloc_string("a wildcard cannot be delegated (RFC 4592 section 4.2)"));
    }
}

static void judge_groups(struct import_work *work)
{
    for (size_t i = 0; i < work->group_count; i++) {
        struct import_group *group = &work->groups[i];
        bool is_apex = group->name.label_count == work->zone.label_count;
        if (is_apex && (group->type == TYPE_SOA || group->type == TYPE_NS)) {
            judge_values(work, group);
            free(group->reason);
            group->reason = NULL;
            group->fate = FATE_REPLACED;
            continue;
        }
        judge_place(group);
        judge_kind(group);
        judge_values(work, group);
        judge_cname(work, group);
    }
    import_resolve(work);
    for (size_t i = 0; i < work->group_count; i++) {
        judge_weighted(work, &work->groups[i]);
    }
}

/* ---- members ---- */

static bool is_id_taken(const struct import_group *group, const char *id, size_t before)
{
    for (size_t i = 0; i < before; i++) {
        if (strcmp(group->items[i].id, id) == 0) {
            return true;
        }
    }
    return false;
}

/* What identifiers of a configuration cannot have becomes '-'. */
static void name_member(struct import_work *work, struct import_group *group, size_t index)
{
    struct import_item *item = &group->items[index];
    const char *given = item->set->set_identifier;
    char id[IDENTIFIER_MAX - 8] = "alias";
    if (given != NULL) {
        size_t len = strlen(given) < sizeof(id) - 1 ? strlen(given) : sizeof(id) - 1;
        for (size_t i = 0; i < len; i++) {
            unsigned char octet = (unsigned char)given[i];
            bool is_fine = octet > ' ' && octet < 0x7f && octet != '/' && octet != '=';
            id[i] = is_fine ? (char)octet : '-';
        }
        id[len] = '\0';
    }
    item->id = alloc_string(id);
    for (unsigned number = 2; is_id_taken(group, item->id, index); number++) {
        free(item->id);
        item->id = alloc_printf("%s-%u", id, number);
    }
    if (given != NULL && strcmp(given, item->id) != 0) {
        CLEANUP(alloc_freep)
        char *text = alloc_printf("the member is called \"%s\" here: an identifier has no spaces, "
                                  "no / and no =",
                                  item->id);
        import_remark(work, group, item, false, text);
    }
}

static void level_ttls(struct import_work *work, struct import_group *group)
{
    uint32_t least = group->items[0].ttl_s;
    bool is_same = true;
    for (size_t i = 1; i < group->count; i++) {
        is_same = is_same && group->items[i].ttl_s == least;
        least = group->items[i].ttl_s < least ? group->items[i].ttl_s : least;
    }
    if (!is_same) {
        CLEANUP(alloc_freep)
        char *text = alloc_printf("its members have several TTLs; it has the least, %u", least);
        import_remark(work, group, NULL, false, text);
    }
    group->items[0].ttl_s = least;
}

static void finish_groups(struct import_work *work)
{
    for (size_t i = 0; i < work->group_count; i++) {
        struct import_group *group = &work->groups[i];
        bool is_copy = group->target != NULL;
        if (group->fate == FATE_WEIGHTED && !is_copy) {
            for (size_t j = 0; j < group->count; j++) {
                name_member(work, group, j);
            }
            level_ttls(work, group);
        }
    }
    for (size_t i = 0; i < work->group_count; i++) {
        struct import_group *group = &work->groups[i];
        work->out->static_count += group->fate == FATE_STATIC || group->fate == FATE_CNAME;
        work->out->record_count += group->fate == FATE_WEIGHTED;
        for (size_t j = 0; j < group->count && group->fate == FATE_LOST; j++) {
            import_remark(work, group, &group->items[j], true, group->reason);
        }
    }
}

static void work_done(struct import_work *work)
{
    for (size_t i = 0; i < work->item_count; i++) {
        struct import_item *item = &work->items[i];
        for (size_t j = 0; j < item->value_count && item->has_own_values; j++) {
            free(item->values[j]);
        }
        if (item->has_own_values) {
            free(item->values);
        }
        free(item->host);
        free(item->id);
    }
    for (size_t i = 0; i < work->group_count; i++) {
        free(work->groups[i].reason);
    }
    free(work->items);
    free(work->groups);
    free(work->rdata);
}

bool import_make(const struct import_wanted *wanted, const struct route53_record_sets *sets,
                 struct import *out, struct error *err)
{
    CLEANUP(work_done)
    struct import_work work = {.wanted = wanted, .out = out};
    *out = (struct import){.zone_text = NULL};
    if (!name_parse(&work.zone, wanted->zone, err)) {
        return false;
    }
    name_print(work.zone.octets, work.zone_text);
    work.rdata = alloc_zeroed(1, sizeof(*work.rdata));
    read_items(&work, sets);
    if (work.item_count == 0 && sets->count > 0) {
        return error_set(err, "none of the %zu record sets lies in the zone %s", sets->count,
                         work.zone_text);
    }
    make_groups(&work);
    judge_groups(&work);
    if (!import_check_nameservers(&work, err)) {
        return false;
    }
    finish_groups(&work);
    out->zone_text = import_print_zone(&work);
    out->config_text = import_print_config(&work);
    return true;
}

void import_done(struct import *import)
{
    move_remarks_done(&import->remarks);
    free(import->zone_text);
    free(import->config_text);
    *import = (struct import){.zone_text = NULL};
}
