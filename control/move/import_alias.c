/* SPDX-License-Identifier: BSD-2-Clause */
/* Aliases of Route 53: to a record set of the same zone they become what that is, to a load
 * balancer a member with its addresses. */
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/move/host.h"
#include "control/move/import_private.h"

static void resolve(struct import_work *work, struct import_group *group);

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static bool is_simple_alias(const struct import_group *group)
{
    return group->count == 1 && !group->items[0].is_weighted &&
           group->items[0].set->alias.zone_id != NULL;
}

/* Of AWS, outside of the zone. What answers by where the client is, or by the Host header alone,
 * has no addresses of its own. */
static void resolve_host(struct import_group *group, struct import_item *item, const char *host)
{
    if (ends_with(host, ".cloudfront.net") || strstr(host, "s3-website") != NULL) {
        bool is_s3 = strstr(host, "s3-website") != NULL;
        import_lose(group, alloc_printf("an alias of %s: its addresses depend on who asks; a CNAME "
                                        "to %s does the same, where the name has nothing else and "
                                        "is not the zone's own",
                                        is_s3 ? "an S3 website" : "CloudFront", host));
        return;
    }
    if (group->type != TYPE_A && group->type != TYPE_AAAA) {
        import_lose(group, alloc_printf("an alias of %s, and only A and AAAA can be: write its "
                                        "records into the zone file",
                                        host));
        return;
    }
    if (!move_is_host(host)) {
        import_lose(group, alloc_printf("an alias of \"%s\", which is no name of a host", host));
        return;
    }
    item->host = alloc_string(host);
}

static void take_values(struct import_item *item, const struct import_item *from)
{
    item->values = from->values;
    item->value_count = from->value_count;
    item->ttl_s = from->ttl_s;
}

/* The target is a record set of the zone that was judged. */
static void resolve_inside(struct import_group *group, struct import_item *item,
                           const struct import_group *target, const char *target_name)
{
    const struct import_item *first = &target->items[0];
    if (target->fate == FATE_STATIC) {
        take_values(item, first);
    } else if (target->fate != FATE_WEIGHTED) {
        import_lose(group, alloc_printf("its alias target %s could not be moved", target_name));
    } else if (target->count == 1 && target->target == NULL && !first->is_weighted) {
        item->host = alloc_string(first->host);
    } else if (!item->is_weighted) {
        group->target = target->target != NULL ? target->target : target;
    } else {
        import_lose(group, alloc_printf("its member \"%s\" is an alias of %s, which is weighted "
                                        "itself, and Ballast has no trees of record sets: put the "
                                        "members of both into one",
                                        item->set->set_identifier, target_name));
    }
}

static void resolve_item(struct import_work *work, struct import_group *group,
                         struct import_item *item)
{
    struct name name;
    struct error err;
    char host[NAME_TEXT_SIZE];
    if (!name_parse(&name, item->set->alias.dns_name, &err)) {
        import_lose(group, alloc_printf("its alias target is none: %s", err.text));
        return;
    }
    name_print(name.octets, host);
    if (!name_is_within(&name, &work->zone)) {
        resolve_host(group, item, host);
        return;
    }
    struct import_group *target = import_find(work, &name, group->type);
    if (target == NULL) {
        import_lose(group, alloc_printf("its alias target %s has no records of this type", host));
        return;
    }
    resolve(work, target);
    if (target->fate == FATE_UNKNOWN) {
        import_lose(group, alloc_printf("it is an alias of itself by way of %s", host));
        return;
    }
    resolve_inside(group, item, target, host);
}

static void resolve(struct import_work *work, struct import_group *group)
{
    if (group->fate != FATE_UNKNOWN || group->is_resolving) {
        return;
    }
    group->is_resolving = true;
    bool has_host = false;
    for (size_t i = 0; i < group->count && group->fate == FATE_UNKNOWN; i++) {
        struct import_item *item = &group->items[i];
        if (item->set->alias.zone_id != NULL) {
            resolve_item(work, group, item);
        }
        has_host = has_host || item->host != NULL;
    }
    if (group->fate == FATE_UNKNOWN) {
        bool is_static = !group->items[0].is_weighted && !has_host && group->target == NULL;
        group->fate = is_static ? FATE_STATIC : FATE_WEIGHTED;
    }
    group->is_resolving = false;
}

/* ---- a CNAME for aliases of what is weighted ---- */

/* Whether every record set at the name is such an alias of the same one, and that one's name has no
 * other types: then a CNAME says the same, and shares its weights. */
static bool may_be_cname(const struct import_work *work, const struct import_group *group)
{
    size_t count, target_count;
    size_t first = import_find_name(work, &group->name, &count);
    size_t target_first = import_find_name(work, &group->target->name, &target_count);
    if (group->name.label_count == work->zone.label_count || count != target_count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct import_group *one = &work->groups[first + i];
        const struct import_group *same = &work->groups[target_first + i];
        if (!is_simple_alias(one) || one->target != same || one->type == TYPE_CNAME) {
            return false;
        }
    }
    return true;
}

static void settle_copy(struct import_work *work, struct import_group *group)
{
    char text[NAME_TEXT_SIZE];
    size_t count;
    size_t first = import_find_name(work, &group->name, &count);
    if (may_be_cname(work, group)) {
        for (size_t i = 0; i < count; i++) {
            work->groups[first + i].fate = i == 0 ? FATE_CNAME : FATE_COVERED;
        }
        return;
    }
    name_print(group->target->name.octets, text);
    CLEANUP(alloc_freep)
    char *remark = alloc_printf("an alias of %s, whose members it has now, with weights of its "
                                "own: put both into one rollout, or shift both",
                                text);
    import_remark(work, group, NULL, false, remark);
}

void import_resolve(struct import_work *work)
{
    for (size_t i = 0; i < work->group_count; i++) {
        resolve(work, &work->groups[i]);
    }
    for (size_t i = 0; i < work->group_count; i++) {
        struct import_group *group = &work->groups[i];
        if (group->fate == FATE_WEIGHTED && group->target != NULL) {
            settle_copy(work, group);
        }
    }
}
