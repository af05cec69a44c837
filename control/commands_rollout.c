/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/call.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/duration.h"
#include "control/describe.h"
#include "control/ecs_level.h"
#include "control/freeze.h"
#include "control/rule.h"

#define MOST_HISTORY 1000

void command_rollout_list(const struct call *call)
{
    json_t *rules = json_array();
    for (size_t i = 0; i < call->control->config->rollout_count; i++) {
        json_array_append_new(rules, describe_rule(&call->control->rules[i]));
    }
    admin_request_succeed(call->request, json_pack("{s:o}", "rules", rules));
}

/* The record sets whose weights the line changed, with the weights before and after. */
static json_t *describe_changes(struct control *control, const struct history_entry *entry,
                                struct error *err)
{
    struct history_weights *changes = NULL;
    size_t count = 0;
    if (!store_list_history_weights(control->store, entry->id, &changes, &count, err)) {
        return NULL;
    }
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *before = json_loads(changes[i].before, 0, NULL);
        json_t *after = json_loads(changes[i].after, 0, NULL);
        json_array_append_new(list, json_pack("{s:o, s:o*, s:o*}", "record_set",
                                              describe_text(changes[i].record_set), "before",
                                              before, "after", after));
    }
    store_free_history_weights(changes, count);
    return list;
}

/* The shares of record sets when the line was written; none with most lines. */
static json_t *describe_kept_shares(struct control *control, const struct history_entry *entry,
                                    struct error *err)
{
    struct history_shares *kept = NULL;
    size_t count = 0;
    if (!store_list_history_shares(control->store, entry->id, &kept, &count, err)) {
        return NULL;
    }
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *shares = json_loads(kept[i].shares, 0, NULL);
        if (json_is_object(shares)) {
            json_object_set_new(shares, "record_set", describe_text(kept[i].record_set));
            json_array_append(list, shares);
        }
        json_decref(shares);
    }
    store_free_history_shares(kept, count);
    return list;
}

static json_t *describe_line(struct control *control, const struct history_entry *entry,
                             struct error *err)
{
    json_t *changes = describe_changes(control, entry, err);
    json_t *shares = changes == NULL ? NULL : describe_kept_shares(control, entry, err);
    if (shares == NULL) {
        json_decref(changes);
        return NULL;
    }
    json_t *line = describe_history_entry(entry);
    json_object_set_new(line, "weights", changes);
    json_object_set_new(line, "shares", shares);
    return line;
}

static json_t *list_history(struct control *control, const struct history_wanted *wanted,
                            struct error *err)
{
    struct history_entry *entries = NULL;
    size_t count = 0;
    if (!store_list_history(control->store, wanted, &entries, &count, err)) {
        return NULL;
    }
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *line = describe_line(control, &entries[i], err);
        if (line == NULL) {
            json_decref(list);
            list = NULL;
            break;
        }
        json_array_append_new(list, line);
    }
    free(entries);
    return list;
}

static json_t *history(struct control *control, int64_t rollout, struct error *err)
{
    const struct history_wanted wanted = {.rollout = rollout, .most = MOST_HISTORY};
    return list_history(control, &wanted, err);
}

/* "1h30m" ago, or "2026-11-26T04:00:00Z". */
static bool parse_since(const char *text, int64_t *since_ms, struct error *err)
{
    struct tm tm = {0};
    int64_t ago_ms;
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    if (end != NULL && *end == '\0') {
        *since_ms = (int64_t)timegm(&tm) * 1000;
        return true;
    }
    if (!duration_parse(text, &ago_ms, err)) {
        return error_set(err,
                         "--since %s: expected a duration (90m) or a time "
                         "(2026-11-26T04:00:00Z)",
                         text);
    }
    *since_ms = clock_now_ms() - ago_ms;
    return true;
}

/* A rollout by its number, or the last one of the rule of that name. */
static bool find_rollout(const struct call *call, const char *which, struct rollout *rollout,
                         struct error *err)
{
    char *end = NULL;
    long long id = strtoll(which, &end, 10);
    bool found = false;
    if (*end == '\0' && id > 0) {
        return store_load_rollout(call->control->store, id, &found, rollout, err) &&
               (found || error_set(err, "there is no rollout %lld", id));
    }
    const struct rule_state *rule = model_find_rule(call->control, which, err);
    if (rule == NULL) {
        return false;
    }
    if (!rule->has_rollout) {
        return error_set(err, "rule %s has had no rollout yet", which);
    }
    *rollout = rule->rollout;
    return true;
}

/* A rule that has had no rollout yet is shown too: whoever watches it waits for the first. */
void command_rollout_show(const struct call *call)
{
    struct error err;
    struct rollout rollout = {.id = 0};
    const char *which = call_argument(call, 0);
    const struct rule_state *rule = model_find_rule(call->control, which, NULL);
    bool is_fresh = rule != NULL && !rule->has_rollout;
    if (!is_fresh && !find_rollout(call, which, &rollout, &err)) {
        admin_request_fail(call->request, "%s", err.text);
        return;
    }
    if (rule == NULL) {
        rule = model_find_rule(call->control, rollout.rule, NULL);
    }
    json_t *entries = is_fresh ? json_array() : history(call->control, rollout.id, &err);
    json_t *sets = json_array();
    for (size_t i = 0; rule != NULL && i < rule->record_set_count; i++) {
        json_array_append_new(sets, describe_record_set(call->control, rule->record_sets[i]));
    }
    if (entries == NULL) {
        json_decref(sets);
    }
    call_answer(call,
                entries == NULL ? NULL
                                : json_pack("{s:o, s:o, s:o, s:o}", "rollout",
                                            is_fresh ? json_null() : describe_rollout(&rollout),
                                            "record_sets", sets, "services",
                                            rule == NULL ? json_array()
                                                         : ecs_level_describe(call->control, rule),
                                            "history", entries),
                &err);
}

/* What happened in a rollout's plan, as Step Functions' GetExecutionHistory has it. */
static json_t *plan_events(const struct call *call, struct error *err)
{
    struct rollout rollout = {.id = 0};
    json_t *events = NULL;
    if (call_argument_count(call) < 2) {
        error_set(err, "expected the name or number of a rollout before --events");
    } else if (find_rollout(call, call_argument(call, 0), &rollout, err)) {
        events = store_list_execution_events(call->control->store, rollout.id, err);
    }
    return events == NULL
               ? NULL
               : json_pack("{s:o, s:o}", "rollout", describe_rollout(&rollout), "events", events);
}

void command_rollout_history(const struct call *call)
{
    struct error err;
    struct rollout rollout = {.id = 0};
    json_t *entries = NULL;
    if (call_flag(call, "--events")) {
        call_answer(call, plan_events(call, &err), &err);
        return;
    }
    if (call_argument_count(call) == 0 ||
        find_rollout(call, call_argument(call, 0), &rollout, &err)) {
        entries = history(call->control, rollout.id, &err);
    }
    call_answer(call, entries == NULL ? NULL : json_pack("{s:o}", "history", entries), &err);
}

void command_history(const struct call *call)
{
    struct error err;
    struct history_wanted wanted = {.most = MOST_HISTORY};
    const char *since = call_option(call, "--since");
    const char *key = call_option(call, "--record");
    const struct record_set_state *set =
        key == NULL ? NULL : model_find_key(call->control, key, &err);
    json_t *entries = NULL;
    if (set != NULL) {
        wanted.record_set = set->key;
        wanted.rule = set->rule == NULL ? NULL : set->rule->config->name;
    }
    if ((key == NULL || set != NULL) &&
        (since == NULL || parse_since(since, &wanted.since_ms, &err))) {
        entries = list_history(call->control, &wanted, &err);
    }
    call_answer(call, entries == NULL ? NULL : json_pack("{s:o}", "history", entries), &err);
}

static void set_freeze(const struct call *call, bool is_on)
{
    struct error err;
    if (freeze_set(call->control, is_on, call->who, call_argument(call, 0), &err)) {
        call_answer_when_seen(call, json_pack("{s:o}", "frozen", freeze_describe(call->control)));
    } else {
        admin_request_fail(call->request, "%s", err.text);
    }
}

void command_rollout_freeze(const struct call *call)
{
    set_freeze(call, true);
}

void command_rollout_thaw(const struct call *call)
{
    set_freeze(call, false);
}

static void answer_rollout(const struct call *call, const struct rule_state *rule,
                           const char *message)
{
    call_answer_when_seen(call,
                          json_pack("{s:o, s:o}", "rollout",
                                    rule->has_rollout ? describe_last_rollout(rule) : json_null(),
                                    "message", describe_text(message)));
}

void command_rollout_start(const struct call *call)
{
    struct error err;
    struct rule_move move = {0};
    struct rule_state *rule = model_find_rule(call->control, call_argument(call, 0), &err);
    char at[CLOCK_TEXT_SIZE];
    clock_format(clock_now_ms(), at);
    CLEANUP(alloc_freep) char *deployment = alloc_printf("by hand at %s", at);
    struct rule_start start = {
        .candidate = call_option(call, "--candidate"),
        .deployment = deployment,
        .who = call->who,
    };
    bool is_done =
        rule != NULL && rule_plan_start(rule, &start, &move, &err) && rule_commit(&move, &err);
    if (is_done) {
        rule_act(&move);
        answer_rollout(call, rule, move.effect.history);
    } else {
        admin_request_fail(call->request, "%s", err.text);
    }
    rule_move_done(&move);
}

static void rollout_input(const struct call *call, enum rollout_input_kind kind)
{
    struct error err;
    struct rule_state *rule = model_find_rule(call->control, call_argument(call, 0), &err);
    if (rule != NULL && kind == INPUT_ABORT && !rule_is_running(rule)) {
        admin_request_succeed(call->request, json_pack("{s:n, s:s}", "rollout", "message",
                                                       "nothing is running: nothing to abort"));
    } else if (rule != NULL && rule_do(rule, kind, call->who, &err)) {
        answer_rollout(call, rule, rule->rollout.reason);
    } else {
        admin_request_fail(call->request, "%s", err.text);
    }
}

/* NAME and, of a rejection always, why. */
static void rollout_answer(const struct call *call, bool is_approved)
{
    struct error err;
    const char *reason = call_argument_count(call) > 1 ? call_argument(call, 1) : NULL;
    struct rule_state *rule = model_find_rule(call->control, call_argument(call, 0), &err);
    if (rule != NULL && rule_answer(rule, is_approved, reason, call->who, &err)) {
        answer_rollout(call, rule, is_approved ? "approved" : "rejected");
    } else {
        admin_request_fail(call->request, "%s", err.text);
    }
}

void command_rollout_approve(const struct call *call)
{
    rollout_answer(call, true);
}

void command_rollout_reject(const struct call *call)
{
    rollout_answer(call, false);
}

void command_rollout_pause(const struct call *call)
{
    rollout_input(call, INPUT_PAUSE);
}

void command_rollout_resume(const struct call *call)
{
    rollout_input(call, INPUT_RESUME);
}

void command_rollout_promote(const struct call *call)
{
    rollout_input(call, INPUT_PROMOTE);
}

void command_rollout_abort(const struct call *call)
{
    rollout_input(call, INPUT_ABORT);
}
