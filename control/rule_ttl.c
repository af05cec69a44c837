/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/rule_ttl.h"

#include <stdio.h>

#include "common/clock.h"
#include "common/log.h"
#include "control/journal.h"
#include "control/rollout_run.h"
#include "control/route53.h"
#include "control/shift.h"

#define LOWERED                                                                                    \
    "ttls"       /* beside the run: record sets to the TTL they had, -1 the configuration's        \
                  */
#define TO "ttl" /* beside the run: what they are lowered to, in seconds */

/* The TTL that a record set is answered with. */
static uint32_t ttl_of(const struct record_set_state *set)
{
    uint32_t configured_s = set->record_set->ttl_s;
    return set->ttl_s < configured_s ? set->ttl_s : configured_s;
}

/* The longest that anybody is told: of caches that ask Route 53 that of its records, too. */
static uint32_t longest_ttl_of(const struct record_set_state *set)
{
    const struct config_route53_set *route53 = set->config->route53;
    uint32_t own_s = ttl_of(set);
    uint32_t outside_s = route53 == NULL               ? 0
                         : set->ttl_s < route53->ttl_s ? set->ttl_s
                                                       : route53->ttl_s;
    return own_s > outside_s ? own_s : outside_s;
}

/* How long caches may have answers with a longer TTL of before: our own, or, since the last change
 * of that, Route 53's. */
static int64_t old_ttl_left_ms(const struct record_set_state *set, int64_t now_ms)
{
    int64_t left_ms = weight_log_old_ttl_left_ms(&set->log, now_ms);
    bool is_lowered = set->config->route53 != NULL && set->ttl_s < set->config->route53->ttl_s;
    if (is_lowered && set->log.ttl_changed_ms != 0) {
        int64_t outside_ms =
            set->log.ttl_changed_ms + (int64_t)set->config->route53->ttl_s * 1000 - now_ms;
        left_ms = left_ms > outside_ms ? left_ms : outside_ms;
    }
    return left_ms;
}

static bool is_to_be_lowered(const struct rule_state *rule, const struct record_set_state *set)
{
    return config_plan_ttl_s(&rule->config->plan, longest_ttl_of(set)) < longest_ttl_of(set);
}

int64_t rule_fall_back_ms(const struct rule_state *rule)
{
    int64_t most_ms = 0;
    for (size_t i = 0; i < rule->record_set_count; i++) {
        uint32_t ttl_s =
            config_plan_ttl_s(&rule->config->plan, longest_ttl_of(rule->record_sets[i]));
        most_ms = most_ms > (int64_t)ttl_s * 1000 ? most_ms : (int64_t)ttl_s * 1000;
    }
    return most_ms;
}

static json_t *lowered(const struct rollout_run *run)
{
    return run == NULL ? NULL : json_object_get(run->beside, LOWERED);
}

int64_t rule_ttl_plan(struct rule_move *move, int64_t now_ms)
{
    struct rule_state *rule = move->rule;
    const struct config_plan *plan = &rule->config->plan;
    int64_t wait_ms = 0;
    int64_t settle_ms = plan->ttl_s == 0 ? 0 : rule_fall_back_ms(rule);
    move->next.run = rollout_run_new(rule->plan.document, settle_ms);
    move->next.run->goes_outward = route53_is_of(rule);
    move->next.run->fall_back_ms = rule_fall_back_ms(rule);
    json_t *earlier = move->supersedes ? lowered(move->superseded.run) : NULL;
    json_t *ttls = earlier == NULL ? json_object() : json_copy(earlier);
    for (size_t i = 0; i < rule->record_set_count; i++) {
        const struct record_set_state *set = rule->record_sets[i];
        int64_t left_ms = plan->ttl_s == 0 ? 0 : old_ttl_left_ms(set, now_ms);
        if (is_to_be_lowered(rule, set)) {
            int64_t ttl_ms = (int64_t)longest_ttl_of(set) * 1000;
            left_ms = left_ms > ttl_ms ? left_ms : ttl_ms;
            json_int_t before_s = set->ttl_s == TTL_AS_CONFIGURED ? -1 : (json_int_t)set->ttl_s;
            json_object_set_new(ttls, set->key, json_integer(before_s));
        }
        wait_ms = wait_ms > left_ms ? wait_ms : left_ms;
    }
    if (json_object_size(ttls) > 0) {
        json_object_set(move->next.run->beside, LOWERED, ttls);
        json_object_set_new(move->next.run->beside, TO, json_integer(plan->ttl_s));
    }
    json_decref(ttls);
    return wait_ms;
}

bool rule_ttl_is_lowered(const struct rule_state *rule, const struct record_set_state *set)
{
    return json_object_get(lowered(rule->rollout.run), set->key) != NULL;
}

/* What the record set has during the rollout; TTL_AS_CONFIGURED of one that is not lowered. */
static uint32_t lowered_to(const struct rollout_run *run, const struct record_set_state *set)
{
    bool is_lowered = json_object_get(lowered(run), set->key) != NULL;
    return is_lowered ? (uint32_t)json_integer_value(json_object_get(run->beside, TO))
                      : TTL_AS_CONFIGURED;
}

bool rule_ttl_journal(struct rule_move *move, struct error *err)
{
    struct rule_state *rule = move->rule;
    for (size_t i = 0; i < rule->record_set_count; i++) {
        const struct record_set_state *set = rule->record_sets[i];
        uint32_t ttl_s = lowered_to(move->next.run, set);
        if (ttl_s != TTL_AS_CONFIGURED &&
            !store_save_ttl(rule->control->store, set->key, ttl_s, err)) {
            return false;
        }
    }
    return true;
}

void rule_ttl_apply(struct rule_state *rule)
{
    for (size_t i = 0; i < rule->record_set_count; i++) {
        struct record_set_state *set = rule->record_sets[i];
        uint32_t ttl_s = lowered_to(rule->rollout.run, set);
        if (ttl_s != TTL_AS_CONFIGURED && ttl_s != set->ttl_s) {
            set->ttl_s = ttl_s;
            shift_mark(rule->control, set);
        }
    }
}

/* The TTL that the record set had before. */
static uint32_t before(const struct rule_state *rule, const struct record_set_state *set)
{
    json_int_t ttl_s = json_integer_value(json_object_get(lowered(rule->rollout.run), set->key));
    return ttl_s < 0 || ttl_s >= TTL_AS_CONFIGURED ? TTL_AS_CONFIGURED : (uint32_t)ttl_s;
}

/* The record sets, and a run that remembers nothing more. */
static bool write_raise(struct rule_state *rule, struct rollout *next, struct error *err)
{
    struct store *store = rule->control->store;
    for (size_t i = 0; i < rule->record_set_count; i++) {
        const struct record_set_state *set = rule->record_sets[i];
        if (!rule_ttl_is_lowered(rule, set)) {
            continue;
        }
        struct history_entry entry = {
            .at_ms = clock_now_ms(), .rollout = next->id, .kind = "ttl", .who = "rollout"};
        uint32_t ttl_s = before(rule, set), configured_s = set->record_set->ttl_s;
        snprintf(entry.text, sizeof(entry.text), "%s: TTL %u to %u again", set->key,
                 (unsigned)ttl_of(set), (unsigned)(ttl_s < configured_s ? ttl_s : configured_s));
        if (!store_save_ttl(store, set->key, ttl_s, err) ||
            !store_add_history(store, &entry, err)) {
            return false;
        }
    }
    json_object_del(next->run->beside, LOWERED);
    return store_save_rollout(store, next, err);
}

bool rule_ttl_is_due(const struct rule_state *rule)
{
    return rule->has_rollout && rollout_state_is_final(rule->rollout.state) &&
           lowered(rule->rollout.run) != NULL;
}

void rule_ttl_raise(struct rule_state *rule)
{
    struct error err;
    if (!rule_ttl_is_due(rule)) {
        return;
    }
    struct rollout next = rule->rollout;
    next.run = rollout_run_copy(rule->rollout.run);
    if (!journal_begin(rule->control, &err) ||
        !journal_end(rule->control, write_raise(rule, &next, &err), &err)) {
        rollout_run_free(next.run);
        return;
    }
    for (size_t i = 0; i < rule->record_set_count; i++) {
        struct record_set_state *set = rule->record_sets[i];
        if (rule_ttl_is_lowered(rule, set)) {
            set->ttl_s = before(rule, set);
            shift_mark(rule->control, set);
        }
    }
    rollout_run_free(rule->rollout.run);
    rule->rollout = next;
    json_array_clear(next.run->events);
    shift_publish(rule->control);
    log_info("rollout %s #%lld: the TTL is what it was before", rule->config->name,
             (long long)rule->rollout.id);
}
