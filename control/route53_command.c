/* SPDX-License-Identifier: BSD-2-Clause */
/* `route53 status`, `route53 diff`, `route53 sync`. */
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "control/route53_private.h"

static const char *state_of(const struct route53_unit *unit)
{
    return !route53_may_send(unit->all->control) ? "follows"
           : unit->is_pending                    ? "pending"
           : unit->plan.difference_count > 0     ? "drift"
                                                 : "in step";
}

static json_t *json_of_differences(const struct route53_plan *plan)
{
    json_t *list = json_array();
    for (size_t i = 0; i < plan->difference_count; i++) {
        const struct route53_difference *difference = &plan->differences[i];
        const struct route53_group *group = difference->group;
        CLEANUP(alloc_freep)
        char *key = alloc_printf("%.*s/%s", (int)strlen(group->name) - 1, group->name, group->type);
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s}", "record_set", key,
                                              "set_identifier", difference->identifier, "what",
                                              difference->what, "route53", difference->live,
                                              "ballast", difference->wanted));
    }
    return list;
}

json_t *route53_describe(const struct record_set_state *set)
{
    const struct route53_unit *unit = route53_unit_of(set);
    if (unit == NULL) {
        return NULL;
    }
    json_t *json = json_pack("{s:s, s:s, s:s}", "record_set", set->key, "zone_id", unit->zone_id,
                             "state", state_of(unit));
    if (unit->is_pending && route53_may_send(unit->all->control)) {
        char since[CLOCK_TEXT_SIZE];
        clock_format(unit->pending_since_ms, since);
        json_object_set_new(json, "pending_since", json_string(since));
    }
    if (unit->change_id[0] != '\0') {
        json_object_set_new(json, "change_id", json_string(unit->change_id));
    }
    if (unit->error[0] != '\0') {
        json_object_set_new(json, "error", json_string(unit->error));
    }
    for (size_t s = 0; s < unit->set_count; s++) {
        json_t *checks = unit->sets[s] == set && route53_may_send(unit->all->control)
                             ? route53_mirrors_describe(unit, s)
                             : NULL;
        if (checks != NULL) {
            json_object_set_new(json, "health_checks", checks);
        }
    }
    return json;
}

void command_route53_status(const struct call *call)
{
    const struct control *control = call->control;
    json_t *list = json_array();
    for (size_t i = 0; i < control->config->record_set_count; i++) {
        json_t *set = route53_describe(&control->record_sets[i]);
        if (set != NULL) {
            json_array_append_new(list, set);
        }
    }
    const struct route53 *all = control->route53;
    call_answer(call,
                json_pack("{s:o, s:I, s:I}", "record_sets", list, "batches",
                          (json_int_t)(all == NULL ? 0 : all->batches), "errors",
                          (json_int_t)(all == NULL ? 0 : all->errors)),
                NULL);
}

/* A request that waits for the looks of so many units. */
struct asked {
    struct call call;
    size_t left;
    bool wants_batch;
    json_t *answer;
    struct error err; /* of the first that failed; "" */
};

static void finish(struct asked *asked)
{
    if (asked->err.text[0] != '\0') {
        json_decref(asked->answer);
        call_answer(&asked->call, NULL, &asked->err);
    } else {
        call_answer(&asked->call, asked->answer, NULL);
    }
    free(asked);
}

static void on_looked(void *argument, const struct route53_plan *plan, const char *error)
{
    struct asked *asked = argument;
    asked->left--;
    if (error != NULL || plan->text[0] != '\0') {
        if (asked->err.text[0] == '\0') {
            error_set(&asked->err, "%s", error != NULL ? error : plan->text);
        }
    } else {
        json_t *list = json_of_differences(plan);
        json_array_extend(json_object_get(asked->answer, "differences"), list);
        json_decref(list);
        if (asked->wants_batch) {
            json_object_set_new(asked->answer, "batch", route53_batch_json(&plan->batch));
        }
    }
    if (asked->left == 0) {
        finish(asked);
    }
}

static void look(struct asked *asked, struct route53_unit *unit, bool is_forced)
{
    struct route53_waiter *waiter = alloc_zeroed(1, sizeof(*waiter));
    *waiter = (struct route53_waiter){.looked = on_looked, .argument = asked};
    route53_want_look(unit, waiter, is_forced);
}

static struct asked *ask(const struct call *call, size_t count)
{
    struct asked *asked = alloc_zeroed(1, sizeof(*asked));
    asked->call = *call;
    asked->call.arguments = NULL;
    asked->call.who = NULL;
    asked->left = count;
    asked->answer = json_pack("{s:[]}", "differences");
    return asked;
}

/* The unit of the record set that the first argument names, or NULL and err. */
static struct route53_unit *find(const struct call *call, struct error *err)
{
    const struct record_set_state *set = model_find_key(call->control, call_argument(call, 0), err);
    struct route53_unit *unit = set == NULL ? NULL : route53_unit_of(set);
    if (set != NULL && unit == NULL) {
        error_set(err, "record set %s does not go to Route 53: it has no route53 in %s", set->key,
                  call->control->config->path);
    }
    return unit;
}

void command_route53_diff(const struct call *call)
{
    struct error err;
    struct route53 *all = call->control->route53;
    if (call_argument_count(call) > 0) {
        struct route53_unit *unit = find(call, &err);
        if (unit == NULL) {
            call_answer(call, NULL, &err);
        } else {
            look(ask(call, 1), unit, false);
        }
        return;
    }
    size_t count = all == NULL ? 0 : all->unit_count;
    struct asked *asked = ask(call, count);
    if (count == 0) {
        finish(asked);
    }
    for (size_t i = 0; i < count; i++) {
        look(asked, &all->units[i], false);
    }
}

void command_route53_sync(const struct call *call)
{
    struct error err;
    bool is_dry = call_flag(call, "--dry-run");
    struct route53_unit *unit = find(call, &err);
    if (unit == NULL) {
        call_answer(call, NULL, &err);
        return;
    }
    struct asked *asked = ask(call, 1);
    asked->wants_batch = true;
    look(asked, unit, !is_dry);
}
