/* SPDX-License-Identifier: BSD-2-Clause */
/* A rule over time: its timer, its ticks, and where it goes on after a restart. */
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/log.h"
#include "control/fleet.h"
#include "control/journal.h"
#include "control/rollout_run.h"
#include "control/rule_gates.h"
#include "control/rule_private.h"
#include "control/rule_ttl.h"
#include "control/shift.h"

/* How soon a rollout that waits for a freeze to end, or for the store, looks again. */
#define RETRY_MS 1000

static void on_timer(uv_timer_t *timer)
{
    rule_tick(timer->data);
}

static void start_timer(struct rule_state *rule, int64_t in_ms)
{
    uv_update_time(&rule->control->loop);
    uv_timer_start(&rule->timer, on_timer, (uint64_t)in_ms, 0);
}

/* When time alone moves the rollout on, or when it is worth to look again. */
void rule_arm_timer(struct rule_state *rule)
{
    int64_t now_ms = clock_now_ms();
    int64_t next_ms = rule->has_rollout ? rollout_next_ms(&rule->rollout, now_ms) : INT64_MAX;
    int64_t gates_ms = rule_gates_next_ms(rule);
    next_ms = gates_ms < next_ms ? gates_ms : next_ms;
    if (!fleet_drives(rule->control)) {
        next_ms = INT64_MAX; /* looks again */
    }
    bool is_wanted =
        rule_is_running(rule) || next_ms != INT64_MAX || rule->is_behind || rule_ttl_is_due(rule);
    if (rule->control->is_stopping || !is_wanted) {
        uv_timer_stop(&rule->timer);
    } else {
        bool is_ahead = next_ms > now_ms && next_ms != INT64_MAX;
        start_timer(rule, is_ahead ? next_ms - now_ms : RETRY_MS);
    }
}

void rule_tick_soon(struct rule_state *rule)
{
    start_timer(rule, 0);
}

/* One tick of the engine. True when it moved: there may be more to do at once. */
static bool tick_once(struct rule_state *rule)
{
    struct rule_move move;
    struct error err;
    if (!rule_plan_input(rule, INPUT_TICK, "rollout", &move, &err)) {
        log_error("rollout %s: %s", rule->config->name, err.text);
        rule_move_done(&move);
        return false;
    }
    bool was_still = rule->rollout.run->still_since_ms != 0;
    bool is_silent = json_array_size(move.next.run->events) == 0 &&
                     was_still == (move.next.run->still_since_ms != 0);
    if (move.effect.kind[0] == '\0' && is_silent) {
        rule_take_over(&move);
        rule_move_done(&move);
        return false;
    }
    bool is_journaled = rule_commit(&move, &err);
    if (is_journaled || rule_leave_behind(&move)) {
        rule_act(&move);
    }
    rule_move_done(&move);
    return is_journaled;
}

void rule_tick(struct rule_state *rule)
{
    struct log_scope scope = log_scope_enter(rule->config->name, rule->rollout.id);
    struct error err;
    if (!fleet_drives(rule->control)) {
        rule_arm_timer(rule);
        log_scope_leave(scope);
        return;
    }
    if (rule->is_behind && journal_catch_up(rule->control, &err)) {
        log_info("rollout %s #%lld: its fall-back is in the state file now", rule->config->name,
                 (long long)rule->rollout.id);
    }
    while (rule_is_running(rule) && tick_once(rule)) {
    }
    rule_ttl_raise(rule);
    rule_gates_follow(rule);
    rule_arm_timer(rule);
    log_scope_leave(scope);
}

/* Where the rollout is in its plan, or was when it ended. */
static bool restore_run(struct rule_state *rule, struct error *err)
{
    struct store_execution stored;
    struct rollout *rollout = &rule->rollout;
    if (!store_load_execution(rule->control->store, rollout->id, &stored, err)) {
        return false;
    }
    CLEANUP(asl_document_freep) struct asl_document *document = NULL;
    if (stored.plan == NULL && !rule_is_running(rule)) {
        return true;
    }
    if (stored.plan == NULL) {
        document = plan_source_compile(&rollout->plan);
        rollout_rebuild_run(rollout, document);
    } else {
        document = asl_document_parse(stored.plan, strlen(stored.plan), "plan", NULL, 0, err);
        rollout->run = document == NULL ? NULL : rollout_run_load(document, stored.run, err);
    }
    store_execution_done(&stored);
    return rollout->run != NULL;
}

/* The weights of before the rollout; a member that the store has none of has its weight as set. */
static bool restore_before(struct rule_state *rule, struct error *err)
{
    rule->before = alloc_zeroed(rule->record_set_count, sizeof(*rule->before));
    for (size_t i = 0; i < rule->record_set_count; i++) {
        struct shift *before = &rule->before[i];
        shift_init(before, rule->record_sets[i]);
        for (size_t m = 0; m < before->set->member_count; m++) {
            bool found = false;
            uint8_t weight = 0;
            if (!store_load_before(rule->control->store, rule->rollout.id, before->set->key,
                                   before->set->members[m].config->id, &found, &weight, err)) {
                return false;
            }
            before->weights[m] = found ? weight : before->weights[m];
        }
    }
    return true;
}

bool rule_restore(struct rule_state *rule, struct error *err)
{
    struct rollout *last = NULL;
    size_t count = 0;
    if (!store_list_rollouts(rule->control->store, rule->config->name, 1, &last, &count, err)) {
        return false;
    }
    if (count > 0) {
        rule->rollout = last[0];
        rule->has_rollout = true;
    }
    free(last);
    if (rule->has_rollout && !rollout_check(&rule->rollout, err)) {
        return error_add_context(err, "%s: rollout %lld", rule->control->config->control.state,
                                 (long long)rule->rollout.id);
    }
    if (rule->has_rollout && !restore_run(rule, err)) {
        return error_add_context(err, "%s: the plan of rollout %lld",
                                 rule->control->config->control.state, (long long)rule->rollout.id);
    }
    for (size_t i = 0; rule_is_running(rule) && i < rule->record_set_count; i++) {
        const struct record_set_state *set = rule->record_sets[i];
        if (rule_member_index(set, rule->rollout.stable) == SIZE_MAX ||
            rule_member_index(set, rule->rollout.candidate) == SIZE_MAX) {
            return error_set(
                err,
                "%s:%u: rollout %lld of %s is running from %s to %s, but record set "
                "%s has no such members now: put them back, or abort the rollout first",
                rule->control->config->path, rule->config->line, (long long)rule->rollout.id,
                rule->config->name, rule->rollout.stable, rule->rollout.candidate, set->key);
        }
    }
    if (rule_is_running(rule) && !restore_before(rule, err)) {
        return false;
    }
    return store_load_newest_deployment(rule->control->store, rule->config->name,
                                        &rule->newest_created_ms, err);
}

void rule_stop(struct rule_state *rule)
{
    uv_timer_stop(&rule->timer);
    rule_gates_stop(rule);
}

static void forget(struct rule_state *rule)
{
    rollout_run_free(rule->rollout.run);
    free(STEAL(rule->before));
    rule->rollout = (struct rollout){.id = 0};
    rule->has_rollout = rule->is_late = false;
    rule->newest_created_ms = 0;
}

bool rule_check(struct rule_state *rule, struct error *err)
{
    struct rule_state probe = {.control = rule->control,
                               .config = rule->config,
                               .record_sets = rule->record_sets,
                               .record_set_count = rule->record_set_count,
                               .plan = rule->plan};
    bool ok = rule_restore(&probe, err);
    forget(&probe);
    return ok;
}

bool rule_reload(struct rule_state *rule, struct error *err)
{
    rule_stop(rule);
    forget(rule);
    if (!rule_restore(rule, err)) {
        forget(rule);
        return false;
    }
    return true;
}

void rule_open(struct rule_state *rule)
{
    uv_timer_init(&rule->control->loop, &rule->timer);
    rule->timer.data = rule;
}

void rule_watch(struct rule_state *rule)
{
    if (rule_is_running(rule) && fleet_drives(rule->control)) {
        log_info("rollout %s #%lld: goes on at weight %u, %s, %lld ms of the hold left",
                 rule->config->name, (long long)rule->rollout.id,
                 (unsigned)rollout_weight(&rule->rollout), rollout_state_name(rule->rollout.state),
                 (long long)rollout_hold_left_ms(&rule->rollout, clock_now_ms()));
    }
    rule_tick(rule);
}
