/* SPDX-License-Identifier: BSD-2-Clause */
/* What a node of a fleet has: the store's rows, what is in memory, what is served. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/log.h"
#include "control/fleet_private.h"
#include "control/freeze.h"
#include "control/hook.h"
#include "control/journal.h"
#include "control/route53.h"
#include "control/rule.h"
#include "control/shift.h"
#include "control/store_fleet.h"

/* ---- what has changed ---- */

/* False: what could not be dropped is still there, and is nothing to be shown to anybody. */
static bool has_forgotten(struct fleet *fleet)
{
    struct error err;
    bool had;
    if (fleet->must_forget && store_fleet_forget(fleet->control->store, &had, &err)) {
        fleet->must_forget = false;
    }
    return !fleet->must_forget;
}

static bool next_dirty(void *argument, char item[FLEET_ITEM_SIZE], char **body, int64_t *change)
{
    struct fleet *fleet = argument;
    struct error err;
    bool found = false;
    *body = NULL;
    if (!has_forgotten(fleet)) {
        return false;
    }
    if (!store_fleet_next(fleet->control->store, &found, item, body, change, &err)) {
        return journal_failed(fleet->control, &err);
    }
    return found;
}

static bool clean(void *argument, const char *item, int64_t change)
{
    struct fleet *fleet = argument;
    struct error err;
    (void)item;
    return store_fleet_clean(fleet->control->store, change, &err) ||
           journal_failed(fleet->control, &err);
}

static bool refuse(void *argument, const char *item, int64_t change, const char *why)
{
    struct fleet *fleet = argument;
    struct error err;
    log_error("fleet: %s is not in the table, and others do not see it: %s", item, why);
    return store_fleet_refuse(fleet->control->store, change, why, &err) ||
           journal_failed(fleet->control, &err);
}

static bool is_dirty(void *argument, const char *item)
{
    struct fleet *fleet = argument;
    struct error err;
    bool is = false;
    if (has_forgotten(fleet) && !store_fleet_is_dirty(fleet->control->store, item, &is, &err)) {
        journal_failed(fleet->control, &err);
    }
    return is;
}

static void mark_dirty(void *argument, const char *item)
{
    struct fleet *fleet = argument;
    struct error err;
    if (item == NULL ? !store_fleet_mark_all(fleet->control->store, &err)
                     : !store_fleet_mark(fleet->control->store, item, &err)) {
        journal_failed(fleet->control, &err);
    }
}

static bool forget_dirty(void *argument)
{
    struct fleet *fleet = argument;
    struct error err;
    bool had = false, was_behind = journal_is_behind(fleet->control);
    if (!store_fleet_forget(fleet->control->store, &had, &err)) {
        journal_failed(fleet->control, &err);
        fleet->must_forget = had = true;
    }
    journal_close(fleet->control); /* nor what the store would not take */
    if (had || was_behind) {
        log_warning("fleet: what this node changed and the table does not have is dropped: another "
                    "node has driven since");
    }
    return had || was_behind;
}

/* The freeze, each rule, and each record set that no rule moves. */
static bool sealed_item(void *argument, size_t index, char item[FLEET_ITEM_SIZE])
{
    const struct fleet *fleet = argument;
    const struct control *control = fleet->control;
    if (index == 0) {
        snprintf(item, FLEET_ITEM_SIZE, "freeze");
        return true;
    }
    index--;
    if (index < control->config->rollout_count) {
        snprintf(item, FLEET_ITEM_SIZE, "rule#%s", control->rules[index].config->name);
        return true;
    }
    index -= control->config->rollout_count;
    for (size_t i = 0; i < control->config->record_set_count; i++) {
        if (control->record_sets[i].rule == NULL && index-- == 0) {
            snprintf(item, FLEET_ITEM_SIZE, "set#%s", control->record_sets[i].key);
            return true;
        }
    }
    return false;
}

/* ---- what the table has ---- */

static bool load_member(const struct member_state *member, const struct record_set_state *set,
                        uint8_t *weight, enum forced_health *health, struct error *err)
{
    struct store *store = set->control->store;
    bool found = false;
    char forced[8];
    if (!store_load_weight(store, set->key, member->config->id, &found, weight, err) ||
        !store_load_forced(store, set->key, member->config->id, forced, err)) {
        return false;
    }
    *weight = found ? *weight : member->config->weight;
    return forced_health_parse(forced, health) ||
           error_set(err, "%s: member %s is forced \"%s\", expected auto, up or down", set->key,
                     member->config->id, forced);
}

static bool reload_members(struct record_set_state *set, bool *is_changed, struct error *err)
{
    struct shift shift;
    shift_init(&shift, set);
    bool has_shifted = false;
    for (size_t m = 0; m < set->member_count; m++) {
        struct member_state *member = &set->members[m];
        enum forced_health health;
        if (!load_member(member, set, &shift.weights[m], &health, err)) {
            return false;
        }
        has_shifted |= shift.weights[m] != member->weight;
        *is_changed |= has_shifted || health != member->forced;
        member->forced = health;
    }
    if (has_shifted) {
        char text[ROLLOUT_TEXT_SIZE];
        shift_apply(set->control, &shift, 1);
        shift_print(&shift, text, sizeof(text));
        log_info("%s: weights %s (fleet)", set->key, text);
    }
    return true;
}

static bool reload_record_set(struct record_set_state *set, struct error *err)
{
    uint32_t ttl_s;
    bool is_changed = false;
    if (!store_load_ttl(set->control->store, set->key, &ttl_s, err) ||
        !reload_members(set, &is_changed, err)) {
        return false;
    }
    is_changed |= ttl_s != set->ttl_s;
    set->ttl_s = ttl_s;
    if (is_changed) {
        shift_mark(set->control, set);
    }
    return true;
}

static bool reload_freeze(struct control *control, struct error *err)
{
    struct freeze freeze;
    if (!store_load_freeze(control->store, &freeze, err)) {
        return false;
    }
    if (freeze.is_on != control->freeze.is_on) {
        log_info("all rollouts: %s (fleet)", freeze.is_on ? "frozen" : "thawed");
    }
    control->freeze = freeze;
    return true;
}

static bool check_record_set(struct record_set_state *set, struct error *err)
{
    uint32_t ttl_s;
    bool ok = store_load_ttl(set->control->store, set->key, &ttl_s, err);
    for (size_t m = 0; ok && m < set->member_count; m++) {
        uint8_t weight;
        enum forced_health health;
        ok = load_member(&set->members[m], set, &weight, &health, err);
    }
    return ok;
}

static bool check_freeze(struct control *control, struct error *err)
{
    struct freeze freeze;
    return store_load_freeze(control->store, &freeze, err);
}

/* What is done with what the store has of each thing. */
struct visitor {
    bool (*freeze)(struct control *control, struct error *err);
    bool (*record_set)(struct record_set_state *set, struct error *err);
    bool (*rule)(struct rule_state *rule, struct error *err);
};
/* Would it fit? Nothing changes. */
static const struct visitor check = {check_freeze, check_record_set, rule_check};
/* As a start does: what is in memory becomes what is in the store. */
static const struct visitor reload = {reload_freeze, reload_record_set, rule_reload};

static bool visit_all(struct control *control, const struct visitor *visitor, struct error *err)
{
    bool ok = visitor->freeze(control, err);
    for (size_t i = 0; ok && i < control->config->record_set_count; i++) {
        ok = visitor->record_set(&control->record_sets[i], err);
    }
    for (size_t i = 0; ok && i < control->config->rollout_count; i++) {
        ok = visitor->rule(&control->rules[i], err);
    }
    return ok;
}

/* What belongs to one item. */
static bool visit_item(struct control *control, const char *item, const struct visitor *visitor,
                       struct error *err)
{
    bool is_rule = strncmp(item, "rule#", 5) == 0, is_set = strncmp(item, "set#", 4) == 0;
    struct rule_state *rule = is_rule ? model_find_rule(control, item + 5, NULL) : NULL;
    struct record_set_state *set = is_set ? model_find_key(control, item + 4, NULL) : NULL;
    for (size_t i = 0; rule != NULL && i < rule->record_set_count; i++) {
        if (!visitor->record_set(rule->record_sets[i], err)) {
            return false;
        }
    }
    return (rule == NULL || visitor->rule(rule, err)) &&
           (set == NULL || visitor->record_set(set, err)) &&
           (strcmp(item, "freeze") != 0 || visitor->freeze(control, err));
}

/* All of it the first time: items of another configuration may have what ours do not. */
static bool visit(struct fleet *fleet, const struct fleet_item *items, size_t count,
                  const struct visitor *visitor, struct error *err)
{
    if (!fleet->node.has_synced) {
        return count == 0 || visit_all(fleet->control, visitor, err);
    }
    for (size_t i = 0; i < count; i++) {
        if (!visit_item(fleet->control, items[i].item, visitor, err)) {
            return false;
        }
    }
    return true;
}

static bool take_items(struct fleet *fleet, const struct fleet_item *items, size_t count,
                       struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!store_fleet_take(fleet->control->store, items[i].item, items[i].body, err)) {
            return false;
        }
    }
    return count == 0 || store_fleet_prune(fleet->control->store, clock_now_ms(), err);
}

static bool keep(struct fleet *fleet, int64_t fence, int64_t applied, struct error *err)
{
    struct store_fleet_memory memory = {.fence = fence, .applied = applied};
    snprintf(memory.origin, sizeof(memory.origin), "%s", fleet->node.head.origin);
    return store_fleet_save_memory(fleet->control->store, &memory, err);
}

static bool fail(struct fleet *fleet, const struct error *err)
{
    if (strcmp(fleet->problem.text, err->text) != 0) {
        log_error("fleet: what the table has cannot be taken over: %s", err->text);
    }
    fleet->problem = *err;
    return false;
}

static bool write_items(struct fleet *fleet, const struct fleet_item *items, size_t count,
                        bool is_last, int64_t sequence, struct error *err)
{
    struct store *store = fleet->control->store;
    if (!store_begin(store, err)) {
        return false;
    }
    if (take_items(fleet, items, count, err) &&
        (!is_last || keep(fleet, fleet->node.kept_fence, sequence, err)) &&
        visit(fleet, items, count, &check, err) && store_commit(store, err)) {
        return true;
    }
    store_rollback(store);
    return false;
}

/* What does not fit, or does not go into the store, changes nothing: neither there nor in memory,
 * which may be ahead of it by a fall-back that the store would not take. */
static bool import(void *argument, const struct fleet_item *items, size_t count, bool is_last,
                   int64_t sequence)
{
    struct fleet *fleet = argument;
    struct error err = {""};
    if (!has_forgotten(fleet)) {
        return fail(fleet, &fleet->control->store_error);
    }
    if (!write_items(fleet, items, count, is_last, sequence, &err) ||
        !visit(fleet, items, count, &reload, &err)) {
        return fail(fleet, &err);
    }
    if (fleet->problem.text[0] != '\0') {
        log_info("fleet: what the table has is taken over again");
        fleet->problem.text[0] = '\0';
    }
    shift_publish(fleet->control);
    return true;
}

static void keep_fence(void *argument, int64_t fence)
{
    struct fleet *fleet = argument;
    struct error err;
    if (!keep(fleet, fence, fleet->node.applied, &err)) {
        journal_failed(fleet->control, &err);
    }
}

static void driving(void *argument, bool drives)
{
    struct fleet *fleet = argument;
    struct control *control = fleet->control;
    struct error err;
    if (drives) {
        log_info("fleet: %s drives from here on (fence %lld)", fleet->name,
                 (long long)fleet->node.head.fence);
    } else if (!control->is_stopping) {
        log_warning("fleet: %s does not drive any more", fleet->name);
    }
    hooks_close(control);
    if (drives && !hooks_open(control, &err)) {
        journal_failed(control, &err);
    }
    if (drives) {
        route53_take_over(control);
    } else {
        route53_hand_over(control);
    }
    for (size_t i = 0; !control->is_stopping && i < control->config->rollout_count; i++) {
        if (drives) {
            rule_watch(&control->rules[i]);
        } else {
            rule_stop(&control->rules[i]);
        }
    }
}

struct fleet_memory fleet_memory_of(struct fleet *fleet)
{
    return (struct fleet_memory){fleet,    next_dirty, clean,        refuse,
                                 is_dirty, mark_dirty, forget_dirty, sealed_item,
                                 import,   keep_fence, driving};
}
