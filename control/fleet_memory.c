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

static void clean(void *argument, const char *item, int64_t change)
{
    struct fleet *fleet = argument;
    struct error err;
    if (!store_fleet_clean(fleet->control->store, item, change, &err)) {
        journal_failed(fleet->control, &err); /* it is written once more */
    }
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
    bool had = false;
    if (!store_fleet_forget(fleet->control->store, &had, &err)) {
        journal_failed(fleet->control, &err);
        fleet->must_forget = had = true;
    }
    if (had) {
        journal_close(fleet->control); /* nor what the store would not take */
        log_warning("fleet: what this node changed and the table does not have is dropped: another "
                    "node has driven since");
    }
    return had;
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

static bool reload_members(struct record_set_state *set, bool *is_changed, struct error *err)
{
    struct store *store = set->control->store;
    struct shift shift;
    shift_init(&shift, set);
    bool has_shifted = false;
    for (size_t m = 0; m < set->member_count; m++) {
        struct member_state *member = &set->members[m];
        bool found = false;
        uint8_t weight = 0;
        char forced[8];
        enum forced_health health;
        if (!store_load_weight(store, set->key, member->config->id, &found, &weight, err) ||
            !store_load_forced(store, set->key, member->config->id, forced, err) ||
            !forced_health_parse(forced, &health)) {
            return false;
        }
        shift.weights[m] = found ? weight : member->config->weight;
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

/* As a start does: what is in memory becomes what is in the store. */
static bool reload_all(struct control *control, struct error *err)
{
    bool ok = reload_freeze(control, err);
    for (size_t i = 0; ok && i < control->config->record_set_count; i++) {
        ok = reload_record_set(&control->record_sets[i], err);
    }
    for (size_t i = 0; ok && i < control->config->rollout_count; i++) {
        ok = rule_reload(&control->rules[i], err);
    }
    return ok;
}

/* What belongs to one item. */
static bool reload_item(struct control *control, const char *item, struct error *err)
{
    bool is_rule = strncmp(item, "rule#", 5) == 0, is_set = strncmp(item, "set#", 4) == 0;
    struct rule_state *rule = is_rule ? model_find_rule(control, item + 5, NULL) : NULL;
    struct record_set_state *set = is_set ? model_find_key(control, item + 4, NULL) : NULL;
    for (size_t i = 0; rule != NULL && i < rule->record_set_count; i++) {
        if (!reload_record_set(rule->record_sets[i], err)) {
            return false;
        }
    }
    return (rule == NULL || rule_reload(rule, err)) &&
           (set == NULL || reload_record_set(set, err)) &&
           (strcmp(item, "freeze") != 0 || reload_freeze(control, err));
}

/* All of it the first time: items of another configuration may have what ours do not. */
static bool reload(struct fleet *fleet, const struct fleet_item *items, size_t count,
                   struct error *err)
{
    if (!fleet->node.has_synced) {
        return count == 0 || reload_all(fleet->control, err);
    }
    for (size_t i = 0; i < count; i++) {
        if (!reload_item(fleet->control, items[i].item, err)) {
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

/* What does not fit changes nothing: neither the store nor, in the end, what is in memory. */
static bool import(void *argument, const struct fleet_item *items, size_t count, bool is_last,
                   int64_t sequence)
{
    struct fleet *fleet = argument;
    struct control *control = fleet->control;
    struct error err = {""}, again;
    journal_close(control);
    if (!has_forgotten(fleet)) {
        return fail(fleet, &control->store_error);
    }
    if (!store_begin(control->store, &err)) {
        return fail(fleet, &err);
    }
    bool ok = take_items(fleet, items, count, &err) &&
              (!is_last || keep(fleet, fleet->node.kept_fence, sequence, &err)) &&
              reload(fleet, items, count, &err);
    if (!ok || !store_commit(control->store, &err)) {
        store_rollback(control->store);
        if (!reload_all(control, &again)) {
            log_error("fleet: %s", again.text);
        }
        ok = fail(fleet, &err);
    } else if (fleet->problem.text[0] != '\0') {
        log_info("fleet: what the table has is taken over again");
        fleet->problem.text[0] = '\0';
    }
    shift_publish(control);
    return ok;
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
    } else {
        log_warning("fleet: %s does not drive any more", fleet->name);
    }
    hooks_close(control);
    if (drives && !hooks_open(control, &err)) {
        journal_failed(control, &err);
    }
    if (drives) {
        route53_take_over(control);
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
    return (struct fleet_memory){fleet,        next_dirty,  clean,  is_dirty,   mark_dirty,
                                 forget_dirty, sealed_item, import, keep_fence, driving};
}
