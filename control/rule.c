/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/rule_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/log.h"
#include "control/fleet.h"
#include "control/freeze.h"
#include "control/journal.h"
#include "control/notify.h"
#include "control/roles.h"
#include "control/rollout_run.h"
#include "control/route53.h"
#include "control/rule_held.h"
#include "control/rule_ttl.h"
#include "control/share_watch.h"

void rule_move_done(struct rule_move *move)
{
    free(move->shifts);
    free(move->before);
    rollout_run_free(STEAL(move->next.run));
    rollout_run_free(STEAL(move->superseded.run));
    move->shifts = NULL;
    move->before = NULL;
    move->shift_count = 0;
}

bool rule_is_running(const struct rule_state *rule)
{
    return rule->has_rollout && !rollout_state_is_final(rule->rollout.state);
}

size_t rule_member_index(const struct record_set_state *set, const char *id)
{
    for (size_t i = 0; i < set->member_count; i++) {
        if (strcmp(set->members[i].config->id, id) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

const char *rule_live(const struct rule_state *rule)
{
    if (rule_is_running(rule)) {
        return rule->rollout.stable;
    }
    const struct record_set_state *set = rule->record_sets[0];
    uint8_t weights[MAX_MEMBERS];
    for (size_t i = 0; i < set->member_count; i++) {
        weights[i] = set->members[i].weight;
    }
    return set->members[roles_stable(weights, set->member_count)].config->id;
}

/* The candidate's gate over every record set of the rule: the worst of them. */
static enum gate_verdict rule_gate(const struct rule_state *rule, char *text, size_t size)
{
    enum gate_verdict worst = GATE_PASS;
    for (size_t i = 0; i < rule->record_set_count; i++) {
        const struct record_set_state *set = rule->record_sets[i];
        char seen[ROLLOUT_TEXT_SIZE];
        size_t candidate = rule_member_index(set, rule->rollout.candidate);
        enum gate_verdict gate =
            member_gate(&set->members[candidate], rule->config->health.minimum, seen, sizeof(seen));
        if (i == 0 || gate > worst) {
            snprintf(text, size, "%s", seen);
            worst = gate;
        }
    }
    return worst;
}

/* The rollout as it is, with a run of its own: what is planned is not what is. */
static struct rollout rollout_of(const struct rule_state *rule)
{
    struct rollout rollout = rule->rollout;
    rollout.run = rollout_run_copy(rule->rollout.run);
    return rollout;
}

/* One record set's part of the move: the shift holds the weights as set when called. Nothing is
 * read: a fall-back has to succeed when the state file cannot be. */
static void plan_shift(struct rule_move *move, size_t index)
{
    struct shift *shift = &move->shifts[index], *before = &move->before[index];
    const struct rule_state *rule = move->rule;
    /* What was before the first of a chain of rollouts was before each of them. */
    if (!move->is_start || move->supersedes) {
        memcpy(before->weights, rule->before[index].weights, sizeof(before->weights));
    }
    if (move->supersedes) {
        memcpy(shift->weights, before->weights, sizeof(shift->weights));
    }
    struct roles roles = {.count = shift->set->member_count,
                          .stable = rule_member_index(shift->set, move->next.stable),
                          .candidate = rule_member_index(shift->set, move->next.candidate),
                          .before = before->weights};
    roles_shift(&roles, &move->effect, shift->weights, shift->weights);
}

static void plan_shifts(struct rule_move *move)
{
    struct rule_state *rule = move->rule;
    /* A start keeps what was before even when its first shift comes later, and ends what the
     * rollout that it supersedes has shifted. */
    if (move->effect.shift == SHIFT_NONE && !move->is_start) {
        return;
    }
    move->shifts = alloc_zeroed(rule->record_set_count, sizeof(*move->shifts));
    move->before = alloc_zeroed(rule->record_set_count, sizeof(*move->before));
    move->shift_count = rule->record_set_count;
    for (size_t i = 0; i < rule->record_set_count; i++) {
        shift_init(&move->shifts[i], rule->record_sets[i]);
        shift_init(&move->before[i], rule->record_sets[i]);
        plan_shift(move, i);
    }
}

static const char *choose_candidate(const struct rule_state *rule, const char *asked,
                                    const char *stable, struct error *err)
{
    struct record_set_state *set = rule->record_sets[0];
    if (asked != NULL) {
        return model_find_member(set, asked, err) == NULL ? NULL : asked;
    }
    size_t other = roles_other(set->member_count, rule_member_index(set, stable));
    if (other == SIZE_MAX) {
        error_set(err, "record set %s has %zu members: say which one with --candidate ID", set->key,
                  set->member_count);
        return NULL;
    }
    return set->members[other].config->id;
}

bool rule_plan_start(struct rule_state *rule, const struct rule_start *start,
                     struct rule_move *move, struct error *err)
{
    memset(move, 0, sizeof(*move));
    move->rule = rule;
    move->is_start = true;
    snprintf(move->who, sizeof(move->who), "%s", start->who);
    move->created_ms = start->created_ms;
    const char *stable = rule_live(rule);
    const char *candidate = choose_candidate(rule, start->candidate, stable, err);
    if (candidate == NULL) {
        return false;
    }
    if (rule->control->freeze.is_on) {
        char text[ROLLOUT_TEXT_SIZE * 3];
        freeze_print(rule->control, text, sizeof(text));
        return error_set(err, "%s", text);
    }
    if (strcmp(candidate, stable) == 0) {
        return error_set(err, "%s is live already: nothing to roll out", candidate);
    }
    int64_t now_ms = clock_now_ms();
    if (rule_is_running(rule)) {
        if (!start->may_supersede) {
            return error_set(err,
                             "rollout %lld of %s is running (%s at weight %u): abort or promote "
                             "it first",
                             (long long)rule->rollout.id, rule->config->name,
                             rule->rollout.candidate, (unsigned)rollout_weight(&rule->rollout));
        }
        struct rollout_input input = {
            .kind = INPUT_SUPERSEDE, .now_ms = now_ms, .gate_text = "", .who = start->who};
        move->supersedes = true;
        move->superseded = rollout_of(rule);
        if (!rollout_apply(&move->superseded, &input, &move->superseded_effect, err)) {
            return false;
        }
    }
    struct rollout *next = &move->next;
    snprintf(next->rule, sizeof(next->rule), "%s", rule->config->name);
    snprintf(next->deployment, sizeof(next->deployment), "%s", start->deployment);
    snprintf(next->who, sizeof(next->who), "%s", start->who);
    snprintf(next->stable, sizeof(next->stable), "%s", stable);
    snprintf(next->candidate, sizeof(next->candidate), "%s", candidate);
    next->plan = rule->plan.plan;
    char held[ROLLOUT_TEXT_SIZE * 3];
    bool is_held = rule_is_held(rule, now_ms, held, sizeof(held)) ||
                   route53_is_pending(rule, held, sizeof(held));
    rollout_begin(next, rule_ttl_plan(move, now_ms), is_held ? held : NULL, now_ms, &move->effect);
    plan_shifts(move);
    return true;
}

/* How long the plan's clock stands already, since others do not have the shift yet. */
static int64_t stood_ms(const struct rollout *rollout, int64_t now_ms)
{
    const struct rollout_run *run = rollout->run;
    bool stands = run != NULL && run->still_since_ms != 0 && run->still_since_ms < now_ms;
    return stands ? now_ms - run->still_since_ms : 0;
}

/* ECS says RUNNING before a health check passes: a candidate that was unhealthy when its rollout
 * began has the first hold to become healthy. It is answered to nobody meanwhile, as long as
 * another member is healthy. However long others take for the shift, it has no longer than that. */
static enum gate_verdict watch(struct rule_state *rule, enum gate_verdict gate, int64_t now_ms)
{
    const struct config_health_gate *config = &rule->config->health;
    bool is_hold = rollout_hold_left_ms(&rule->rollout, now_ms) > stood_ms(&rule->rollout, now_ms);
    bool has_time =
        rule->rollout.state == ROLLOUT_PREPARING || (rule->rollout.step == 0 && is_hold);
    rule->is_late = rule->is_late && gate == GATE_FAIL;
    if (is_hold ? !config->is_in_holds : !config->is_at_step) {
        return is_hold && gate == GATE_FAIL ? GATE_WAIT : GATE_PASS;
    }
    return rule->is_late && has_time ? GATE_WAIT : gate;
}

/* What the engine makes of an input. */
static bool plan_move(struct rule_state *rule, const struct rollout_input *input,
                      struct rule_move *move, struct error *err)
{
    *move = (struct rule_move){.rule = rule, .next = rollout_of(rule)};
    if (move->next.run != NULL) {
        move->next.run->goes_outward = route53_is_of(rule);
    }
    snprintf(move->who, sizeof(move->who), "%s", input->who);
    if (!rollout_apply(&move->next, input, &move->effect, err)) {
        return false;
    }
    plan_shifts(move);
    return true;
}

bool rule_plan_input(struct rule_state *rule, enum rollout_input_kind kind, const char *who,
                     struct rule_move *move, struct error *err)
{
    *move = (struct rule_move){.rule = rule};
    if (!rule->has_rollout) {
        return error_set(err, "rule %s has had no rollout yet", rule->config->name);
    }
    char seen[ROLLOUT_TEXT_SIZE] = "", held[ROLLOUT_TEXT_SIZE * 3];
    struct rollout_input input = {
        .kind = kind,
        .now_ms = clock_now_ms(),
        .gate = rule_is_running(rule) ? rule_gate(rule, seen, sizeof(seen)) : GATE_PASS,
        .gate_text = seen,
        .who = who,
    };
    if (kind == INPUT_TICK) {
        input.gate = watch(rule, input.gate, input.now_ms);
        input.is_outward_pending = route53_is_pending(rule, NULL, 0);
    }
    if (rule_is_held(rule, input.now_ms, held, sizeof(held))) {
        input.held = held;
    }
    if (kind == INPUT_PROMOTE && input.held != NULL) {
        return error_set(err, "%s", held);
    }
    return plan_move(rule, &input, move, err);
}

bool rule_plan_fail(struct rule_state *rule, const char *text, const char *who,
                    struct rule_move *move, struct error *err)
{
    *move = (struct rule_move){.rule = rule};
    if (!rule_is_running(rule)) {
        return error_set(err, "no rollout of %s is running", rule->config->name);
    }
    struct rollout_input input = {
        .kind = INPUT_FAIL, .now_ms = clock_now_ms(), .gate_text = text, .who = who};
    return plan_move(rule, &input, move, err);
}

/* The line for the history about a rollout that the move changes. */
static struct history_entry entry_of(const struct rule_move *move, const struct rollout *rollout,
                                     const struct rollout_effect *effect)
{
    struct history_entry entry = {.at_ms = clock_now_ms(), .rollout = rollout->id};
    snprintf(entry.kind, sizeof(entry.kind), "%s", effect->kind);
    snprintf(entry.who, sizeof(entry.who), "%s", move->who);
    snprintf(entry.text, sizeof(entry.text), "%s", effect->history);
    return entry;
}

/* The line, and the shifts that it tells of. */
static bool journal_history(struct rule_move *move, const struct rollout *rollout,
                            const struct rollout_effect *effect, size_t shift_count,
                            struct error *err)
{
    struct control *control = move->rule->control;
    struct history_entry entry = entry_of(move, rollout, effect);
    return effect->kind[0] == '\0' ||
           (store_add_history(control->store, &entry, err) &&
            notify_journal(control, &entry, rollout, err) &&
            share_watch_journal(move->rule, entry.id, err) &&
            shift_journal(control, move->shifts, shift_count, entry.id, err));
}

static bool journal_start(struct rule_move *move, struct error *err)
{
    struct store *store = move->rule->control->store;
    if (move->supersedes &&
        (!store_save_rollout(store, &move->superseded, err) ||
         !journal_history(move, &move->superseded, &move->superseded_effect, 0, err))) {
        return false;
    }
    for (size_t i = 0; i < move->shift_count; i++) {
        const struct record_set_state *set = move->before[i].set;
        for (size_t m = 0; m < set->member_count; m++) {
            if (!store_save_before(store, move->next.id, set->key, set->members[m].config->id,
                                   move->before[i].weights[m], err)) {
                return false;
            }
        }
    }
    return true;
}

bool rule_journal(struct rule_move *move, struct error *err)
{
    struct control *control = move->rule->control;
    return store_save_rollout(control->store, &move->next, err) &&
           (!move->is_start || (journal_start(move, err) && rule_ttl_journal(move, err))) &&
           journal_history(move, &move->next, &move->effect, move->shift_count, err);
}

static void start_watching(struct rule_state *rule, int64_t created_ms)
{
    char seen[ROLLOUT_TEXT_SIZE];
    if (created_ms > rule->newest_created_ms) {
        rule->newest_created_ms = created_ms;
    }
    rule->is_late = rule_gate(rule, seen, sizeof(seen)) == GATE_FAIL;
    if (rule->is_late) {
        log_warning("rollout %s #%lld: %s is unhealthy now, it has the first hold to become "
                    "healthy: %s",
                    rule->config->name, (long long)rule->rollout.id, rule->rollout.candidate, seen);
    }
}

void rule_take_over(struct rule_move *move)
{
    struct rule_state *rule = move->rule;
    rollout_run_free(rule->rollout.run);
    rule->rollout = move->next;
    move->next.run = NULL;
    if (!rule->is_behind) {
        json_array_clear(rule->rollout.run->events);
    }
}

void rule_act(struct rule_move *move)
{
    struct rule_state *rule = move->rule;
    struct log_scope scope = log_scope_enter(rule->config->name, move->superseded.id);
    if (move->supersedes) {
        log_info("rollout %s #%lld: %s", rule->config->name, (long long)move->superseded.id,
                 move->superseded_effect.history);
    }
    (void)log_scope_enter(rule->config->name, move->next.id);
    rule_take_over(move);
    rule->has_rollout = true;
    if (move->is_start) {
        free(rule->before);
        rule->before = STEAL(move->before);
        start_watching(rule, move->created_ms);
        rule_ttl_apply(rule);
    }
    shift_apply(rule->control, move->shifts, move->shift_count);
    shift_publish(rule->control);
    if (move->effect.kind[0] != '\0') {
        log_info("rollout %s #%lld: %s", rule->config->name, (long long)rule->rollout.id,
                 move->effect.history);
    }
    if (!rule->control->is_stopping) {
        rule_tick_soon(rule); /* there may be more to do at once */
    }
    log_scope_leave(scope);
}

bool rule_commit(struct rule_move *move, struct error *err)
{
    struct control *control = move->rule->control;
    return (journal_begin(control, err) && journal_end(control, rule_journal(move, err), err)) ||
           error_add_context(err, "nothing was changed");
}

/* Journals the move in a transaction of its own, and acts; a fall-back does not wait for a disk. */
static bool carry_out(struct rule_move *move, bool is_planned, struct error *err)
{
    bool is_done = is_planned && (rule_commit(move, err) || rule_leave_behind(move));
    if (is_done) {
        rule_act(move);
    }
    rule_move_done(move);
    return is_done;
}

bool rule_do(struct rule_state *rule, enum rollout_input_kind kind, const char *who,
             struct error *err)
{
    struct rule_move move;
    return carry_out(&move, rule_plan_input(rule, kind, who, &move, err), err);
}

bool rule_fail(struct rule_state *rule, const char *text, const char *who, struct error *err)
{
    struct rule_move move;
    return carry_out(&move, rule_plan_fail(rule, text, who, &move, err), err);
}

bool rule_answer(struct rule_state *rule, bool is_approved, const char *reason, const char *who,
                 struct error *err)
{
    if (!rule->has_rollout) {
        return error_set(err, "rule %s has had no rollout yet", rule->config->name);
    }
    struct rule_move move;
    struct rollout_input input = {.kind = is_approved ? INPUT_APPROVE : INPUT_REJECT,
                                  .now_ms = clock_now_ms(),
                                  .gate_text = reason,
                                  .who = who};
    return carry_out(&move, plan_move(rule, &input, &move, err), err);
}

bool rule_take_result(struct rule_state *rule, const struct rollout_result *result, const char *who,
                      struct error *err)
{
    struct rule_move move;
    struct rollout_input input = {
        .kind = INPUT_RESULT, .now_ms = clock_now_ms(), .who = who, .result = *result};
    return carry_out(&move, plan_move(rule, &input, &move, err), err);
}

bool rule_leave_behind(struct rule_move *move)
{
    if (move->effect.shift != SHIFT_FALL_BACK || !fleet_drives(move->rule->control)) {
        return false;
    }
    /* Safety does not wait for a disk. */
    struct history_entry entry = entry_of(move, &move->next, &move->effect);
    journal_leave_behind(move->rule, &entry, move->shifts);
    return true;
}
