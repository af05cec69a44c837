/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/route53.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/aws/route53_text.h"
#include "control/fleet.h"
#include "control/route53_private.h"

#define NOT_DRIVING "this node does not drive: ask the one that does"

struct route53_unit *route53_unit_of(const struct record_set_state *set)
{
    const struct route53 *all = set->control->route53;
    return all == NULL ? NULL : set->route53_unit;
}

void route53_want_look(struct route53_unit *unit, struct route53_waiter *waiter, bool is_forced)
{
    if (!route53_may_send(unit->all->control)) {
        waiter->looked(waiter->argument, NULL, NOT_DRIVING);
        free(waiter);
        return;
    }
    waiter->next = unit->waiters;
    unit->waiters = waiter;
    if (is_forced) {
        unit->is_forced = true;
        if (unit->stage == ROUTE53_REST && unit->call == NULL) {
            unit->was_in_step = !unit->is_pending;
            route53_come_next(unit, ROUTE53_LOOK, 0);
        }
    }
    route53_pump_in(unit->all, 0);
}

void route53_go_on(struct route53_unit *unit)
{
    if (unit->call == NULL && !unit->is_look_only && (unit->is_new || unit->is_forced) &&
        (unit->stage == ROUTE53_REST || unit->stage == ROUTE53_SEND)) {
        route53_come_next(unit, ROUTE53_LOOK, 0);
    }
}

void route53_published(struct record_set_state *set)
{
    struct route53_unit *unit = route53_unit_of(set);
    if (unit == NULL) {
        return;
    }
    for (size_t s = 0; s < unit->set_count; s++) {
        if (unit->sets[s] == set && route53_is_as_planned(set, &unit->wanted[s])) {
            return;
        }
    }
    unit->is_new = true;
    unit->is_planned_anew = false;
    route53_set_pending(unit);
    if (unit->call == NULL && (unit->stage != ROUTE53_LOOK || unit->failures == 0)) {
        route53_come_next(unit, ROUTE53_LOOK, 0);
    }
    route53_pump_in(unit->all, 0);
}

bool route53_may_send(const struct control *control)
{
    return fleet_drives(control);
}

void route53_take_over(struct control *control)
{
    struct route53 *all = control->route53;
    if (all != NULL) {
        route53_mirrors_forget(all->mirrors);
    }
    for (size_t i = 0; all != NULL && i < all->unit_count; i++) {
        struct route53_unit *unit = &all->units[i];
        unit->is_new = true;
        if (unit->stage == ROUTE53_LOOK) {
            aws_call_cancel(STEAL(unit->call)); /* what it reads may be another driver's … */
        }
        unit->is_looking = false; /* … as what was read before */
        route53_set_pending(unit);
        if (unit->call == NULL) {
            unit->is_look_only = false;
            route53_come_next(unit, ROUTE53_LOOK, 0);
        }
    }
    if (all != NULL) {
        route53_pump_in(all, 0);
    }
}

void route53_hand_over(struct control *control)
{
    struct route53 *all = control->route53;
    for (size_t i = 0; all != NULL && i < all->unit_count; i++) {
        route53_tell_waiters(&all->units[i], NULL, NOT_DRIVING);
    }
}

bool route53_is_of(const struct rule_state *rule)
{
    for (size_t i = 0; i < rule->record_set_count; i++) {
        if (rule->record_sets[i]->config->route53 != NULL) {
            return true;
        }
    }
    return false;
}

bool route53_is_pending(const struct rule_state *rule, char *text, size_t size)
{
    for (size_t i = 0; i < rule->record_set_count && route53_may_send(rule->control); i++) {
        const struct record_set_state *set = rule->record_sets[i];
        const struct route53_unit *unit = route53_unit_of(set);
        /* One that has just begun to drive has not looked yet. */
        bool is_known = unit != NULL && unit->all->is_driver && !unit->is_pending;
        bool is_pending = set->config->route53 != NULL && !is_known;
        if (is_pending && text != NULL) {
            bool is_said = unit != NULL && unit->error[0] != '\0';
            snprintf(text, size, "Route 53 does not have %s yet%s%s", set->key, is_said ? ": " : "",
                     is_said ? unit->error : "");
        }
        if (is_pending) {
            return true;
        }
    }
    return false;
}

size_t route53_pending_count(const struct control *control)
{
    size_t count = 0;
    const struct route53 *all = control->route53;
    for (size_t i = 0; all != NULL && i < all->unit_count && route53_may_send(control); i++) {
        count += all->units[i].is_pending ? all->units[i].set_count : 0;
    }
    return count;
}

/* ---- beginning and end ---- */

/* The unit that a record set belongs to: its rule's of its zone. */
static struct route53_unit *find_unit(struct route53 *all, const struct record_set_state *set)
{
    for (size_t i = 0; set->rule != NULL && i < set->rule->record_set_count; i++) {
        struct route53_unit *unit = set->rule->record_sets[i]->route53_unit;
        if (unit != NULL && strcmp(unit->zone_id, set->config->route53->zone_id) == 0) {
            return unit;
        }
    }
    struct route53_unit *unit = &all->units[all->unit_count++];
    size_t most = set->rule == NULL ? 1 : set->rule->record_set_count;
    *unit = (struct route53_unit){
        .all = all,
        .zone_id = set->config->route53->zone_id,
        .rule = set->rule,
        .stage = ROUTE53_LOOK,
        .sets = alloc_zeroed(most, sizeof(*unit->sets)),
        .wanted = alloc_zeroed(most, sizeof(*unit->wanted)),
        .groups = alloc_zeroed(most, sizeof(*unit->groups)),
    };
    return unit;
}

static void add_set(struct route53 *all, struct record_set_state *set)
{
    struct route53_unit *unit = find_unit(all, set);
    size_t index = unit->set_count++;
    set->route53_unit = unit;
    unit->sets[index] = set;
    unit->wanted[index].name = route53_name_fold(set->name);
    unit->groups[index] = (struct route53_group){.name = unit->wanted[index].name,
                                                 .type = set->type,
                                                 .config = set->config,
                                                 .route53 = all->config,
                                                 .weights = unit->wanted[index].weights};
}

static void release(struct route53 *all)
{
    for (size_t i = 0; i < all->unit_count; i++) {
        struct route53_unit *unit = &all->units[i];
        for (size_t s = 0; s < unit->set_count; s++) {
            free(unit->wanted[s].name);
            free(unit->wanted[s].checks);
        }
        free(unit->sets);
        free(unit->wanted);
        free(unit->groups);
        free(unit->page);
        route53_record_sets_done(&unit->live);
        route53_plan_done(&unit->plan);
    }
    route53_mirrors_free(all->mirrors);
    free(all->units);
    free(all);
}

bool route53_open(struct control *control, struct error *err)
{
    struct stored_route53 *list = NULL;
    size_t stored = 0, count = 0;
    for (size_t i = 0; i < control->config->record_set_count; i++) {
        count += control->config->record_sets[i].route53 != NULL;
    }
    if (count == 0) {
        return true;
    }
    if (!store_list_route53(control->store, &list, &stored, err)) {
        return false;
    }
    struct route53 *all = alloc_zeroed(1, sizeof(*all));
    *all = (struct route53){.control = control,
                            .config = &control->config->route53,
                            .units = alloc_zeroed(count, sizeof(*all->units)),
                            .is_driver = true,
                            .tokens = control->config->route53.rate};
    for (size_t i = 0; i < control->config->record_set_count; i++) {
        if (control->config->record_sets[i].route53 != NULL) {
            add_set(all, &control->record_sets[i]);
        }
    }
    if (!route53_mirrors_open(all, err)) {
        free(list);
        release(all);
        return false;
    }
    for (size_t i = 0; i < all->unit_count; i++) {
        route53_take_wanted(&all->units[i]);
    }
    route53_restore_units(all, list, stored);
    for (size_t i = 0; i < all->unit_count; i++) {
        route53_set_pending(&all->units[i]);
    }
    free(list);
    uv_timer_init(&control->loop, &all->timer);
    all->timer.data = all;
    all->filled_ms = uv_now(&control->loop);
    control->route53 = all;
    route53_pump_in(all, 0);
    return true;
}

static void on_closed(uv_handle_t *handle)
{
    release(handle->data);
}

void route53_close(struct control *control)
{
    struct route53 *all = STEAL(control->route53);
    if (all == NULL) {
        return;
    }
    if (all->mirrors != NULL) {
        aws_call_cancel(STEAL(all->mirrors->call));
    }
    for (size_t i = 0; i < all->unit_count; i++) {
        aws_call_cancel(STEAL(all->units[i].call));
        route53_tell_waiters(&all->units[i], NULL, "the daemon is stopping");
    }
    uv_close((uv_handle_t *)&all->timer, on_closed);
}
