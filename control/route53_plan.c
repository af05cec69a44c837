/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/route53_plan.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "control/aws/route53_text.h"
#include "control/http/outside_text.h"

#define MEMBERS_MAX 100
/* Of a batch; an UPSERT counts twice. */
#define RECORDS_MAX    1000
#define CHARACTERS_MAX 32000
#define NONE           "none"
#define SHOWN_SIZE     200

void route53_plan_done(struct route53_plan *plan)
{
    route53_batch_done(&plan->batch);
    for (size_t i = 0; i < plan->difference_count; i++) {
        free(plan->differences[i].identifier);
        free(plan->differences[i].live);
        free(plan->differences[i].wanted);
    }
    free(plan->differences);
    *plan = (struct route53_plan){0};
}

/* ---- what is wanted ---- */

static const struct route53_member_check *mirrored_check(const struct route53_group *group,
                                                         size_t index)
{
    bool is_mirrored = group->checks != NULL && group->checks[index].is_mirrored;
    return is_mirrored ? &group->checks[index] : NULL;
}

static const char *check_id_of(const struct route53_group *group, size_t index)
{
    const struct route53_member_check *check = mirrored_check(group, index);
    if (check == NULL) {
        return group->config->members[index].route53->health_check_id;
    }
    return check->is_left_out || check->id[0] == '\0' ? NULL : check->id;
}

static struct route53_record_set print_member(const struct route53_group *group, size_t index)
{
    const struct config_member *member = &group->config->members[index];
    const struct config_route53_member *route53 = member->route53;
    struct route53_record_set set = {.name = alloc_string(group->name),
                                     .type = alloc_string(group->type),
                                     .set_identifier = alloc_string(route53->set_identifier),
                                     .weight = group->weights[index],
                                     .ttl_s = -1};
    const char *check_id = check_id_of(group, index);
    set.health_check_id = check_id == NULL ? NULL : alloc_string(check_id);
    if (route53->alias_zone_id != NULL) {
        set.alias.zone_id = alloc_string(route53->alias_zone_id);
        set.alias.dns_name = route53_name_fold(route53->alias_name);
        set.alias.evaluate_target_health = route53->evaluate_target_health;
        return set;
    }
    set.ttl_s = group->ttl_s;
    for (size_t i = 0; i < member->value_count; i++) {
        route53_record_set_add_value(&set, alloc_string(member->values[i]));
    }
    return set;
}

void route53_group_print(const struct route53_group *group, struct route53_record_sets *sets)
{
    for (size_t i = 0; i < group->config->member_count; i++) {
        struct route53_record_set set = print_member(group, i);
        route53_record_sets_add(sets, &set);
    }
}

/* ---- what differs ---- */

/* live and wanted are taken. */
static void differ(struct route53_plan *plan, const struct route53_group *group,
                   const char *identifier, const char *what, char *live, char *wanted)
{
    plan->differences =
        alloc_resize(plan->differences, plan->difference_count + 1, sizeof(*plan->differences));
    plan->differences[plan->difference_count++] =
        (struct route53_difference){.group = group,
                                    .identifier = alloc_string(identifier),
                                    .what = what,
                                    .live = live,
                                    .wanted = wanted};
}

static char *shown(char *text)
{
    char out[SHOWN_SIZE];
    outside_text_copy(text, out, sizeof(out));
    free(text);
    return alloc_string(out);
}

static char *print_number(int64_t number)
{
    return number < 0 ? alloc_string(NONE) : alloc_printf("%" PRId64, number);
}

static char *print_values(const struct route53_record_set *set)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    for (size_t i = 0; i < set->value_count; i++) {
        fprintf(out, "%s%s", i == 0 ? "" : ", ", set->values[i]);
    }
    fputs(set->value_count == 0 ? NONE : "", out);
    fclose(out);
    return shown(text);
}

static char *print_alias(const struct route53_alias *alias)
{
    return alias->zone_id == NULL
               ? alloc_string(NONE)
               : shown(alloc_printf("%s in %s%s", alias->dns_name, alias->zone_id,
                                    alias->evaluate_target_health ? ", target health" : ""));
}

static char *print_text(const char *text)
{
    return shown(alloc_string(text == NULL ? NONE : text));
}

/* "weight 10, 192.0.2.1" */
static char *print_whole(const struct route53_record_set *set)
{
    CLEANUP(alloc_freep)
    char *answer = set->alias.zone_id != NULL ? print_alias(&set->alias) : print_values(set);
    return shown(alloc_printf("weight %d, %s", set->weight, answer));
}

static bool is_same_answer(const struct route53_record_set *live,
                           const struct route53_record_set *wanted)
{
    struct route53_record_set a = *live, b = *wanted;
    a.weight = b.weight = -1;
    a.ttl_s = b.ttl_s = -1;
    a.health_check_id = b.health_check_id = NULL;
    return route53_record_set_equals(&a, &b);
}

/* Each field that differs. */
static void compare(struct route53_plan *plan, const struct route53_group *group,
                    const struct route53_record_set *live, const struct route53_record_set *wanted)
{
    const char *identifier = wanted->set_identifier;
    if (live->weight != wanted->weight) {
        differ(plan, group, identifier, "weight", print_number(live->weight),
               print_number(wanted->weight));
    }
    if (live->ttl_s != wanted->ttl_s) {
        differ(plan, group, identifier, "ttl", print_number(live->ttl_s),
               print_number(wanted->ttl_s));
    }
    bool is_alias = live->alias.zone_id != NULL || wanted->alias.zone_id != NULL;
    if (!is_same_answer(live, wanted)) {
        differ(plan, group, identifier, is_alias ? "alias" : "values",
               is_alias ? print_alias(&live->alias) : print_values(live),
               is_alias ? print_alias(&wanted->alias) : print_values(wanted));
    }
    bool has_other_check = live->health_check_id == NULL || wanted->health_check_id == NULL
                               ? live->health_check_id != wanted->health_check_id
                               : strcmp(live->health_check_id, wanted->health_check_id) != 0;
    if (has_other_check) {
        differ(plan, group, identifier, "health check", print_text(live->health_check_id),
               print_text(wanted->health_check_id));
    }
}

/* ---- whose they are ---- */

static const struct route53_record_set *find(const struct route53_record_sets *sets,
                                             const char *identifier)
{
    for (size_t i = 0; i < sets->count; i++) {
        if (strcmp(sets->sets[i].set_identifier, identifier) == 0) {
            return &sets->sets[i];
        }
    }
    return NULL;
}

static void refuse(struct route53_plan *plan, const struct route53_group *group, const char *format,
                   ...) PRINTF_LIKE(3, 4);
static void refuse(struct route53_plan *plan, const struct route53_group *group, const char *format,
                   ...)
{
    char text[ROUTE53_PLAN_TEXT_SIZE], whole[ROUTE53_PLAN_TEXT_SIZE * 2];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    plan->refused_count++;
    if (plan->text[0] == '\0') {
        snprintf(whole, sizeof(whole), "%s %s in zone %s: %s", group->name, group->type,
                 group->config->route53->zone_id, text);
        outside_text_copy(whole, plan->text, sizeof(plan->text));
    }
}

/* Lists that begin at different names overlap: what is there already is not taken again. */
static bool has_same(const struct route53_record_sets *picked, const struct route53_record_set *set)
{
    for (size_t i = 0; set->set_identifier != NULL && i < picked->count; i++) {
        const char *identifier = picked->sets[i].set_identifier;
        if (identifier != NULL && strcmp(identifier, set->set_identifier) == 0) {
            return true;
        }
    }
    return false;
}

/* The group's record sets that Route 53 has; borrowed, in an array that the caller frees. */
static struct route53_record_sets pick(const struct route53_group *group,
                                       const struct route53_record_sets *live)
{
    struct route53_record_sets picked = {0};
    picked.sets = alloc_zeroed(live->count + 1, sizeof(*picked.sets));
    for (size_t i = 0; i < live->count; i++) {
        if (strcmp(live->sets[i].name, group->name) == 0 &&
            strcmp(live->sets[i].type, group->type) == 0 && !has_same(&picked, &live->sets[i])) {
            picked.sets[picked.count++] = live->sets[i];
        }
    }
    return picked;
}

/* False: something stands in the way, and the plan says what. */
static bool check(struct route53_plan *plan, const struct route53_group *group,
                  const struct route53_record_sets *live)
{
    size_t foreign = 0;
    for (size_t i = 0; i < live->count; i++) {
        const struct route53_record_set *set = &live->sets[i];
        if (set->set_identifier == NULL) {
            refuse(plan, group,
                   "a simple record set is there, which a weighted one cannot stand beside: "
                   "delete it first");
            return false;
        }
        if (set->other_policy != NULL) {
            refuse(plan, group, "%s has another routing policy (%s)", set->set_identifier,
                   set->other_policy);
            return false;
        }
        if (config_route53_owns(group->route53, set->set_identifier)) {
            continue;
        }
        foreign++;
        if (!group->config->route53->adopts_foreign) {
            refuse(plan, group,
                   "%s is not Ballast's: delete it, or let it be adopted (route53.foreign)",
                   set->set_identifier);
            return false;
        }
    }
    if (group->config->member_count + foreign > MEMBERS_MAX) {
        refuse(plan, group, "it would have %zu members, Route 53 takes %d",
               group->config->member_count + foreign, MEMBERS_MAX);
        return false;
    }
    return true;
}

/* ---- the batch ---- */

/* What is there and is in no member of ours, or is a stranger's. */
static void plan_live(struct route53_plan *plan, const struct route53_group *group,
                      const struct route53_record_sets *live,
                      const struct route53_record_sets *wanted)
{
    for (size_t i = 0; i < live->count; i++) {
        const struct route53_record_set *set = &live->sets[i];
        bool is_ours = config_route53_owns(group->route53, set->set_identifier);
        struct route53_record_set copy = route53_record_set_copy(set);
        if (is_ours && find(wanted, set->set_identifier) == NULL) {
            differ(plan, group, set->set_identifier, "record set", print_whole(set),
                   alloc_string(NONE));
            route53_batch_add(&plan->batch, ROUTE53_DELETE, &copy);
        } else if (!is_ours && set->ttl_s >= 0 && set->ttl_s != group->ttl_s) {
            differ(plan, group, set->set_identifier, "ttl", print_number(set->ttl_s),
                   print_number(group->ttl_s));
            copy.ttl_s = group->ttl_s;
            route53_batch_add(&plan->batch, ROUTE53_UPSERT, &copy);
        }
        route53_record_set_done(&copy);
    }
}

/* Nobody knows yet which health check a member is to have: the one that is there. */
static void keep_check(const struct route53_group *group, size_t index,
                       const struct route53_record_sets *live, struct route53_record_set *wanted)
{
    const struct route53_member_check *check = mirrored_check(group, index);
    const struct route53_record_set *is = find(live, wanted->set_identifier);
    if (check != NULL && check->id[0] == '\0' && !check->is_left_out && is != NULL &&
        is->health_check_id != NULL) {
        wanted->health_check_id = alloc_string(is->health_check_id);
    }
}

void route53_plan_add(struct route53_plan *plan, const struct route53_group *group,
                      const struct route53_record_sets *all)
{
    struct route53_record_sets wanted = {0};
    struct route53_record_sets live = pick(group, all);
    size_t before = plan->difference_count;
    if (!check(plan, group, &live)) {
        free(live.sets);
        return;
    }
    route53_group_print(group, &wanted);
    plan_live(plan, group, &live, &wanted);
    for (size_t i = 0; i < wanted.count; i++) {
        keep_check(group, i, &live, &wanted.sets[i]);
        const struct route53_record_set *is = find(&live, wanted.sets[i].set_identifier);
        if (is == NULL) {
            differ(plan, group, wanted.sets[i].set_identifier, "record set", alloc_string(NONE),
                   print_whole(&wanted.sets[i]));
        } else {
            compare(plan, group, is, &wanted.sets[i]);
        }
    }
    for (size_t i = 0; plan->difference_count > before && i < wanted.count; i++) {
        route53_batch_add(&plan->batch, ROUTE53_UPSERT, &wanted.sets[i]);
    }
    route53_record_sets_done(&wanted);
    free(live.sets);
}

void route53_plan_close(struct route53_plan *plan)
{
    size_t records = 0, characters = 0;
    for (size_t i = 0; i < plan->batch.count; i++) {
        const struct route53_change *change = &plan->batch.changes[i];
        size_t factor = change->action == ROUTE53_UPSERT ? 2 : 1;
        records += factor * (change->set.value_count > 0 ? change->set.value_count : 1);
        for (size_t k = 0; k < change->set.value_count; k++) {
            characters += factor * strlen(change->set.values[k]);
        }
    }
    if (records <= RECORDS_MAX && characters <= CHARACTERS_MAX) {
        return;
    }
    plan->refused_count++;
    snprintf(plan->text, sizeof(plan->text),
             "the batch would count %zu records and %zu characters of values, Route 53 takes %d "
             "and %d",
             records, characters, RECORDS_MAX, CHARACTERS_MAX);
    route53_batch_done(&plan->batch);
}
