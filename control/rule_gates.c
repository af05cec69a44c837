/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/rule_gates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/log.h"
#include "control/gate.h"
#include "control/journal.h"
#include "control/rollout_run.h"
#include "control/share_watch.h"

/* A gate of the rule, and what becomes of it in the running rollout. */
struct rule_gate {
    struct rule_state *rule;
    const struct config_gate *config;
    struct gate_run *task_run; /* asked by the plan … */
    int64_t task;              /* … in this attempt */
    struct gate_run *hold_run; /* asked during a hold */
    int64_t next_ms;           /* when it is asked again in this hold */
    enum gate_state said;      /* in this hold, to the history */
    bool has_said;
    json_t *last; /* what it said last; or NULL */
};

static enum gate_state judge_traffic(void *argument, double tolerance, char *text, size_t size,
                                     json_t **numbers)
{
    static const enum gate_state states[] = {[SHARES_FOLLOW] = GATE_RESULT_PASS,
                                             [SHARES_DIFFER] = GATE_RESULT_FAIL,
                                             [SHARES_UNKNOWN] = GATE_RESULT_INCONCLUSIVE};
    return states[share_watch_judge(argument, tolerance, text, size, numbers)];
}

static struct gate_context context_of(struct rule_state *rule, const char *keys[], bool is_in_hold)
{
    const struct rollout *rollout = &rule->rollout;
    for (size_t i = 0; i < rule->record_set_count; i++) {
        keys[i] = rule->record_sets[i]->key;
    }
    return (struct gate_context){
        .rollout_id = rollout->id,
        .rule = rollout->rule,
        .deployment = rollout->deployment,
        .record_sets = keys,
        .record_set_count = rule->record_set_count,
        .stable = rollout->stable,
        .candidate = rollout->candidate,
        .weight = rollout_weight(rollout),
        .step = rollout->step,
        .step_count = rollout->plan.step_count,
        .is_in_hold = is_in_hold,
        .now_ms = clock_now_ms(),
        .since_ms = rollout->run->has_shifted ? rollout->run->shifted_ms : 0,
        .aws = rule->control->aws,
        .judge_traffic = judge_traffic,
        .judge_argument = rule,
    };
}

struct gate_context rule_gates_context(struct rule_state *rule, const char *keys[])
{
    if (rule_is_running(rule)) {
        return context_of(rule, keys, false);
    }
    for (size_t i = 0; i < rule->record_set_count; i++) {
        keys[i] = rule->record_sets[i]->key;
    }
    return (struct gate_context){
        .rule = rule->config->name,
        .deployment = "",
        .record_sets = keys,
        .record_set_count = rule->record_set_count,
        .step_count = rule->plan.plan.step_count,
        .now_ms = clock_now_ms(),
        .aws = rule->control->aws,
        .judge_traffic = judge_traffic,
        .judge_argument = rule,
    };
}

static struct gate_run *ask(struct rule_gate *gate, bool is_in_hold, gate_done done)
{
    struct rule_state *rule = gate->rule;
    CLEANUP(alloc_freep)
    const char **keys = alloc_zeroed(rule->record_set_count, sizeof(*keys));
    struct gate_context context = context_of(rule, keys, is_in_hold);
    return gate_ask(rule->control->outgoing, &rule->control->loop, gate->config, &context, done,
                    gate);
}

static void keep(struct rule_gate *gate, const struct gate_result *result)
{
    json_decref(gate->last);
    gate->last = json_incref(result->numbers);
}

/* ---- asked by the plan ---- */

static void on_task_done(void *argument, const struct gate_result *result)
{
    struct rule_gate *gate = argument;
    struct log_scope scope = log_scope_enter(gate->rule->config->name, gate->rule->rollout.id);
    struct error err;
    char text[GATE_TEXT_SIZE + ROLLOUT_TEXT_SIZE], who[ROLLOUT_TEXT_SIZE];
    bool has_failed = result->state == GATE_RESULT_ERROR && result->decision == GATE_FALLS_BACK;
    gate->task_run = NULL;
    keep(gate, result);
    snprintf(text, sizeof(text), "gate %.64s: %s", gate->config->name, result->text);
    snprintf(who, sizeof(who), "gate %.64s", gate->config->name);
    struct rollout_result taken = {.task = gate->task,
                                   .output = has_failed ? NULL : result->numbers,
                                   .error = "Ballast.Gate",
                                   .text = text};
    if (!rule_take_result(gate->rule, &taken, who, &err)) {
        log_info("rollout %s #%lld: %s: %s", gate->rule->config->name,
                 (long long)gate->rule->rollout.id, text, err.text);
    }
    log_scope_leave(scope);
}

static struct rule_gate *find(const struct rule_state *rule, const struct asl_want *want)
{
    const char *name = json_string_value(json_object_get(want->input, "gate"));
    struct rule_gate *only = NULL;
    size_t count = 0;
    for (size_t i = 0; i < rule->config->gate_count; i++) {
        struct rule_gate *gate = &rule->gates[i];
        bool is_kind = plan_source_resource(gate->config) == want->resource;
        if (is_kind && name != NULL && strcmp(gate->config->name, name) == 0) {
            return gate;
        }
        count += is_kind ? 1 : 0;
        only = is_kind ? gate : only;
    }
    return name == NULL && count == 1 ? only : NULL;
}

/* The plan asks a gate that the configuration does not have (any more). */
static void fail_unknown(struct rule_state *rule, const struct asl_want *want)
{
    struct error err;
    const char *name = json_string_value(json_object_get(want->input, "gate"));
    char text[ROLLOUT_TEXT_SIZE];
    snprintf(text, sizeof(text), "no gate %.64s of the kind %s is configured",
             name == NULL ? "(the input has no gate)" : name, asl_resource_name(want->resource));
    struct rollout_result taken = {.task = want->task, .error = "Ballast.Gate", .text = text};
    if (!rule_take_result(rule, &taken, "rollout", &err)) {
        log_error("rollout %s: %s", rule->config->name, err.text);
    }
}

static void follow_task(struct rule_state *rule)
{
    struct asl_want want;
    bool is_wanted = rule_is_running(rule) && rollout_task(&rule->rollout, &want) &&
                     want.resource != ASL_APPROVE;
    struct rule_gate *wanted = is_wanted ? find(rule, &want) : NULL;
    for (size_t i = 0; i < rule->config->gate_count; i++) {
        struct rule_gate *gate = &rule->gates[i];
        if (gate->task_run != NULL && (gate != wanted || gate->task != want.task)) {
            gate_cancel(STEAL(gate->task_run));
        }
    }
    if (is_wanted && wanted == NULL) {
        fail_unknown(rule, &want);
    } else if (is_wanted && wanted->task_run == NULL) {
        wanted->task = want.task;
        wanted->task_run = ask(wanted, false, on_task_done);
    }
}

/* ---- asked during holds ---- */

/* The first answer of a hold is told, and one that is another than before. */
static void tell(struct rule_gate *gate, const struct gate_result *result)
{
    struct rule_state *rule = gate->rule;
    struct error err;
    if (gate->has_said && gate->said == result->state) {
        return;
    }
    gate->has_said = true;
    gate->said = result->state;
    struct history_entry entry = {
        .at_ms = clock_now_ms(), .rollout = rule->rollout.id, .kind = "asked"};
    snprintf(entry.who, sizeof(entry.who), "gate %.64s", gate->config->name);
    snprintf(entry.text, sizeof(entry.text), "gate %.64s in the hold at %u: %s", gate->config->name,
             (unsigned)rollout_weight(&rule->rollout), result->text);
    if (journal_begin(rule->control, &err)) {
        (void)!journal_end(rule->control, store_add_history(rule->control->store, &entry, &err),
                           &err);
    }
    log_info("rollout %s #%lld: %s", rule->config->name, (long long)rule->rollout.id, entry.text);
}

static void on_hold_done(void *argument, const struct gate_result *result)
{
    struct rule_gate *gate = argument;
    struct log_scope scope = log_scope_enter(gate->rule->config->name, gate->rule->rollout.id);
    struct error err;
    gate->hold_run = NULL;
    gate->next_ms = clock_now_ms() + gate->config->interval_ms;
    keep(gate, result);
    tell(gate, result);
    if (result->decision == GATE_FALLS_BACK) {
        char text[ROLLOUT_TEXT_SIZE], who[ROLLOUT_TEXT_SIZE];
        snprintf(text, sizeof(text), "gate %.64s: %.180s", gate->config->name, result->text);
        snprintf(who, sizeof(who), "gate %.64s", gate->config->name);
        if (!rule_fail(gate->rule, text, who, &err)) {
            log_error("rollout %s: %s: %s", gate->rule->config->name, text, err.text);
        }
    }
    rule_tick(gate->rule);
    log_scope_leave(scope);
}

static bool is_in_hold(const struct rule_state *rule)
{
    return rule->has_rollout && rule->rollout.state == ROLLOUT_HOLDING &&
           rollout_hold_left_ms(&rule->rollout, clock_now_ms()) > 0;
}

static void follow_holds(struct rule_state *rule)
{
    int64_t now_ms = clock_now_ms();
    bool is_hold = is_in_hold(rule);
    for (size_t i = 0; i < rule->config->gate_count; i++) {
        struct rule_gate *gate = &rule->gates[i];
        if (!is_hold) {
            gate_cancel(STEAL(gate->hold_run));
            gate->has_said = false;
            gate->next_ms = 0;
        } else if (gate->config->is_in_holds && gate->hold_run == NULL && gate->next_ms <= now_ms) {
            gate->hold_run = ask(gate, true, on_hold_done);
        }
    }
}

/* ---- all ---- */

void rule_gates_follow(struct rule_state *rule)
{
    if (rule->gates == NULL && rule->config->gate_count > 0) {
        rule->gates = alloc_zeroed(rule->config->gate_count, sizeof(*rule->gates));
        for (size_t i = 0; i < rule->config->gate_count; i++) {
            rule->gates[i] = (struct rule_gate){.rule = rule, .config = &rule->config->gates[i]};
        }
    }
    if (rule->control->is_stopping || rule->control->outgoing == NULL) {
        return;
    }
    follow_holds(rule);
    follow_task(rule);
}

int64_t rule_gates_next_ms(const struct rule_state *rule)
{
    int64_t next_ms = INT64_MAX;
    bool is_hold = rule->gates != NULL && is_in_hold(rule);
    for (size_t i = 0; is_hold && i < rule->config->gate_count; i++) {
        const struct rule_gate *gate = &rule->gates[i];
        bool is_due = gate->config->is_in_holds && gate->hold_run == NULL;
        next_ms = is_due && gate->next_ms < next_ms ? gate->next_ms : next_ms;
    }
    return next_ms;
}

void rule_gates_stop(struct rule_state *rule)
{
    for (size_t i = 0; rule->gates != NULL && i < rule->config->gate_count; i++) {
        gate_cancel(rule->gates[i].task_run);
        gate_cancel(rule->gates[i].hold_run);
        json_decref(rule->gates[i].last);
    }
    free(STEAL(rule->gates));
}

json_t *rule_gates_describe(const struct rule_state *rule)
{
    json_t *gates = json_object();
    for (size_t i = 0; rule->gates != NULL && i < rule->config->gate_count; i++) {
        if (rule->gates[i].last != NULL) {
            json_object_set(gates, rule->config->gates[i].name, rule->gates[i].last);
        }
    }
    return gates;
}
