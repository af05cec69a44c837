/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/hook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/log.h"
#include "control/aws/aws_client.h"
#include "control/event_queues.h"
#include "control/fleet.h"
#include "control/gate.h"
#include "control/hook_patience.h"
#include "control/journal.h"
#include "control/queue_request.h"
#include "control/rule.h"
#include "control/rule_gates.h"
#include "control/rule_held.h"

/* How soon what is waited for is looked at again. */
#define RETRY_MS 1000
/* … and whether the fleet's table has what was decided. */
#define SAVED_MS 50

/* One hook on its way to its answer. */
struct hook {
    struct hook *next;
    struct control *control;
    struct rule_state *rule;
    const char *candidate; /* member id */
    struct stored_hook stored;
    struct hook_patience patience;
    char rollback[ROLLOUT_TEXT_SIZE]; /* why it is ROLLBACK, whatever comes; "": it is not */
    bool is_unwritten; /* the disk did not take what was to be written down, and that was said */
    size_t gate_at;
    struct gate_run *gate;
    struct aws_call *call;
    unsigned failures; /* at telling ECS */
    uv_timer_t timer;
};

static void step(struct hook *hook);

static void on_timer(uv_timer_t *timer)
{
    step(timer->data);
}

static void step_in(struct hook *hook, int64_t wait_ms)
{
    uv_timer_start(&hook->timer, on_timer, (uint64_t)wait_ms, 0);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void drop(struct hook *hook)
{
    gate_cancel(STEAL(hook->gate));
    aws_call_cancel(STEAL(hook->call));
    uv_close((uv_handle_t *)&hook->timer, on_closed);
}

static void end(struct hook *hook)
{
    struct hook **link = &hook->control->hooks;
    while (*link != hook) {
        link = &(*link)->next;
    }
    *link = hook->next;
    drop(hook);
}

/* ---- what is written down ---- */

/* Said when it is new: the disk may stay full for a while. */
static void warn_unwritten(struct hook *hook, const char *text, const struct error *err)
{
    if (!hook->is_unwritten) {
        log_warning("hook of service %s: %s: not written down yet: %s", hook->stored.service, text,
                    err->text);
    }
    hook->is_unwritten = true;
}

/* False: it could not be, and is tried again in a while. */
static bool write_down(struct hook *hook, const struct stored_hook *next, const char *text)
{
    struct error err;
    struct control *control = hook->control;
    struct history_entry entry = {.at_ms = clock_now_ms(), .kind = "hook"};
    snprintf(entry.who, sizeof(entry.who), "hook of ECS");
    snprintf(entry.text, sizeof(entry.text), "rollout %.64s: hook of service %.64s%s%.64s: %s",
             next->rule, next->service, next->stage[0] == '\0' ? "" : " at ", next->stage, text);
    if (!journal_begin(control, &err) ||
        !journal_end(control,
                     store_save_hook(control->store, next, &err) &&
                         store_add_history(control->store, &entry, &err),
                     &err)) {
        warn_unwritten(hook, text, &err);
        step_in(hook, RETRY_MS);
        return false;
    }
    log_info("%s", entry.text);
    hook->is_unwritten = false;
    hook->stored = *next;
    return true;
}

static void finish(struct hook *hook, const char *text)
{
    struct stored_hook next = hook->stored;
    next.is_done = true;
    if (write_down(hook, &next, text)) {
        end(hook);
    }
}

/* ROLLBACK stays decided although it cannot be written down yet; CONTINUE is asked about again. */
static void decide(struct hook *hook, bool goes_on, const char *why)
{
    char text[ROLLOUT_TEXT_SIZE * 2];
    struct stored_hook next = hook->stored;
    if (!goes_on && hook->rollback[0] == '\0') {
        snprintf(hook->rollback, sizeof(hook->rollback), "%.255s", why);
    }
    snprintf(next.action, sizeof(next.action), "%s", goes_on ? "CONTINUE" : "ROLLBACK");
    snprintf(next.reason, sizeof(next.reason), "%.255s", why);
    snprintf(text, sizeof(text), "%s, since %s", next.action, next.reason);
    if (write_down(hook, &next, text)) {
        step_in(hook, 0);
    }
}

/* ---- ECS is told ---- */

/* It was told before, or has decided itself. */
static bool is_final(const struct aws_answer *answer)
{
    static const char *const codes[] = {"ClientException", "InvalidParameterException",
                                        "ServiceDeploymentNotFoundException",
                                        "UnsupportedFeatureException"};
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        if (answer->outcome == AWS_REFUSED && strcmp(answer->code, codes[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void on_told(void *argument, const struct aws_answer *answer)
{
    struct hook *hook = argument;
    char text[ROLLOUT_TEXT_SIZE * 2];
    hook->call = NULL;
    if (answer->outcome == AWS_DONE) {
        snprintf(text, sizeof(text), "ECS has taken %s", hook->stored.action);
        finish(hook, text);
        return;
    }
    if (is_final(answer)) {
        snprintf(text, sizeof(text), "ECS does not wait for %s any more (%.300s)",
                 hook->stored.action, answer->text);
        finish(hook, text);
        return;
    }
    if (hook->failures++ == 0) {
        log_warning("hook of service %s: %s is not taken yet: %s", hook->stored.service,
                    hook->stored.action, answer->text);
    }
    step_in(hook, queue_wait_ms(hook->failures, 0.5));
}

static void tell(struct hook *hook)
{
    json_t *input =
        json_pack("{s:s, s:s, s:s}", "serviceDeploymentArn", hook->stored.deployment_arn, "hookId",
                  hook->stored.id, "action", hook->stored.action);
    const struct aws_request request = {
        .service = AWS_ECS, .operation = "ContinueServiceDeployment", .input = input};
    hook->call = aws_call_start(hook->control->aws, &request, on_told, hook);
    json_decref(input);
}

/* ---- what decides ---- */

static const struct member_state *candidate_of(const struct hook *hook, size_t set)
{
    const struct record_set_state *state = hook->rule->record_sets[set];
    for (size_t m = 0; m < state->member_count; m++) {
        if (strcmp(state->members[m].config->id, hook->candidate) == 0) {
            return &state->members[m];
        }
    }
    return NULL;
}

/* The worst of all record sets. */
static enum gate_verdict health_of(const struct hook *hook, char *text, size_t size)
{
    enum gate_verdict worst = GATE_PASS;
    snprintf(text, size, "%s", "its candidate is healthy");
    for (size_t i = 0; i < hook->rule->record_set_count; i++) {
        char found[ROLLOUT_TEXT_SIZE] = "";
        const struct member_state *member = candidate_of(hook, i);
        enum gate_verdict verdict =
            member_gate(member, hook->rule->config->health.minimum, found, sizeof(found));
        if (verdict > worst) {
            worst = verdict;
            snprintf(text, size, "health of %.64s/%.64s: %.120s", hook->rule->record_sets[i]->key,
                     hook->candidate, found);
        }
    }
    return worst;
}

static void on_gate(void *argument, const struct gate_result *result)
{
    struct hook *hook = argument;
    char text[ROLLOUT_TEXT_SIZE * 2];
    hook->gate = NULL;
    if (result->decision == GATE_FALLS_BACK) {
        snprintf(text, sizeof(text), "gate %.64s: %s",
                 hook->rule->config->gates[hook->gate_at].name, result->text);
        decide(hook, false, text);
        return;
    }
    hook->gate_at++;
    step_in(hook, 0);
}

static void ask(struct hook *hook)
{
    struct rule_state *rule = hook->rule;
    CLEANUP(alloc_freep)
    const char **keys = alloc_zeroed(rule->record_set_count, sizeof(*keys));
    struct gate_context context = rule_gates_context(rule, keys);
    context.deployment = hook->stored.deployment_arn;
    context.candidate = hook->candidate;
    context.stable = rule_live(rule);
    context.weight = candidate_of(hook, 0)->weight;
    hook->gate = gate_ask(rule->control->outgoing, &rule->control->loop,
                          &rule->config->gates[hook->gate_at], &context, on_gate, hook);
}

/* Those that are asked at steps; approvals are refused with the configuration. */
static bool has_gate_left(struct hook *hook)
{
    const struct config_rollout *config = hook->rule->config;
    while (hook->gate_at < config->gate_count && !config->gates[hook->gate_at].is_at_step) {
        hook->gate_at++;
    }
    return hook->gate_at < config->gate_count;
}

static void judge(struct hook *hook)
{
    char text[ROLLOUT_TEXT_SIZE * 3];
    enum gate_verdict health = health_of(hook, text, sizeof(text));
    bool is_late =
        hook_patience_is_over(&hook->patience, health == GATE_WAIT, uv_now(&hook->control->loop));
    if (hook->rollback[0] != '\0') {
        decide(hook, false, hook->rollback);
    } else if (health == GATE_FAIL || (health == GATE_WAIT && is_late)) {
        decide(hook, false, text);
    } else if (health == GATE_WAIT) {
        step_in(hook, RETRY_MS);
    } else if (has_gate_left(hook)) {
        ask(hook);
    } else if (rule_is_held(hook->rule, clock_now_ms(), text, sizeof(text))) {
        step_in(hook, RETRY_MS);
    } else {
        decide(hook, true,
               hook->rule->config->gate_count > 0 ? "its candidate is healthy and its "
                                                    "gates pass"
                                                  : text);
    }
}

static void step(struct hook *hook)
{
    int64_t expires_ms = hook->stored.expires_ms;
    if (!queue_may_poll(hook->control)) {
        hook->patience = (struct hook_patience){.is_missing = false};
        step_in(hook, RETRY_MS);
    } else if (expires_ms != 0 && clock_now_ms() > expires_ms) {
        finish(hook, "it has expired, and ECS does what it does then");
    } else if (hook->stored.action[0] != '\0' && fleet_is_saved(hook->control)) {
        tell(hook);
    } else if (hook->stored.action[0] != '\0') {
        step_in(hook, SAVED_MS); /* another node may have to tell it */
    } else {
        judge(hook);
    }
}

/* ---- where they come from ---- */

static const char *find_member(const struct rule_state *rule, const char *service)
{
    for (size_t s = 0; s < rule->record_set_count; s++) {
        const struct config_record_set *set = rule->record_sets[s]->config;
        for (size_t m = 0; m < set->member_count; m++) {
            const char *of = set->members[m].ecs_service;
            if (of != NULL && strcmp(of, service) == 0) {
                return set->members[m].id; /* which every record set of the rule has */
            }
        }
    }
    return NULL;
}

static struct rule_state *find_rule(struct control *control, const struct ecs_hook *hook)
{
    for (size_t i = 0; i < control->config->rollout_count; i++) {
        struct rule_state *rule = &control->rules[i];
        const char *cluster = rule->config->cluster;
        bool is_cluster =
            strcmp(cluster, hook->cluster) == 0 || strcmp(cluster, hook->cluster_arn) == 0;
        if (rule->config->has_pause_hook && is_cluster &&
            find_member(rule, hook->service) != NULL) {
            return rule;
        }
    }
    return NULL;
}

static struct stored_hook stored_of(const struct ecs_hook *hook, const struct rule_state *rule)
{
    struct stored_hook stored = {.expires_ms = hook->expires_ms};
    strcpy(stored.id, hook->id);
    strcpy(stored.deployment_arn, hook->deployment_arn);
    snprintf(stored.rule, sizeof(stored.rule), "%s", rule->config->name);
    strcpy(stored.service, hook->service);
    strcpy(stored.stage, hook->stage);
    return stored;
}

bool hook_judge(struct control *control, const struct ecs_hook *hook, enum event_fate *fate,
                char *reason, size_t size, struct error *err)
{
    bool found;
    const struct rule_state *rule = find_rule(control, hook);
    if (rule == NULL) {
        *fate = FATE_OTHER_SERVICE;
        snprintf(reason, size, "no rollout with pause_hook is of service %s", hook->service);
        return true;
    }
    if (!store_has_hook(control->store, hook->id, &found, err)) {
        return false;
    }
    if (found) {
        *fate = FATE_DUPLICATE;
        snprintf(reason, size, "hook %s is known", hook->id);
        return true;
    }
    struct stored_hook stored = stored_of(hook, rule);
    *fate = FATE_NOTED;
    snprintf(reason, size, "hook %s waits%s%s: rollout %s decides", hook->id,
             hook->stage[0] == '\0' ? "" : " at ", hook->stage, rule->config->name);
    return store_save_hook(control->store, &stored, err);
}

static void begin(struct control *control, struct rule_state *rule,
                  const struct stored_hook *stored)
{
    struct hook *hook = alloc_zeroed(1, sizeof(*hook));
    hook->control = control;
    hook->rule = rule;
    hook->candidate = find_member(rule, stored->service);
    hook->stored = *stored;
    uv_timer_init(&control->loop, &hook->timer);
    hook->timer.data = hook;
    hook->next = control->hooks;
    control->hooks = hook;
    step_in(hook, 0);
}

void hook_begin(struct control *control, const struct ecs_hook *hook)
{
    struct rule_state *rule = find_rule(control, hook);
    struct stored_hook stored = stored_of(hook, rule);
    begin(control, rule, &stored);
}

bool hooks_open(struct control *control, struct error *err)
{
    struct stored_hook *hooks = NULL;
    size_t count = 0;
    if (!store_list_hooks(control->store, &hooks, &count, err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct rule_state *rule = model_find_rule(control, hooks[i].rule, NULL);
        if (rule == NULL || !rule->config->has_pause_hook ||
            find_member(rule, hooks[i].service) == NULL) {
            log_warning("hook of service %s: not answered, for no rollout with pause_hook is of "
                        "that service now",
                        hooks[i].service);
        } else {
            begin(control, rule, &hooks[i]);
        }
    }
    free(hooks);
    return true;
}

void hooks_close(struct control *control)
{
    struct hook *next = NULL;
    for (struct hook *hook = STEAL(control->hooks); hook != NULL; hook = next) {
        next = hook->next;
        drop(hook);
    }
}
