/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/call.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "control/describe.h"
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

/* Takes ownership of the entries. */
static json_t *describe_entries(struct history_entry *entries, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(list, describe_history_entry(&entries[i]));
    }
    free(entries);
    return list;
}

static json_t *history(struct control *control, int64_t rollout, struct error *err)
{
    struct history_entry *entries = NULL;
    size_t count = 0;
    return store_list_history(control->store, rollout, MOST_HISTORY, &entries, &count, err)
               ? describe_entries(entries, count)
               : NULL;
}

static json_t *history_of_record_set(struct control *control, const char *key, struct error *err)
{
    struct history_entry *entries = NULL;
    size_t count = 0;
    const struct record_set_state *set = model_find_key(control, key, err);
    if (set == NULL) {
        return NULL;
    }
    const char *rule = set->rule == NULL ? NULL : set->rule->config->name;
    return store_list_history_of_record_set(control->store, set->key, rule, MOST_HISTORY, &entries,
                                            &count, err)
               ? describe_entries(entries, count)
               : NULL;
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
                                : json_pack("{s:o, s:o, s:o}", "rollout",
                                            is_fresh ? json_null() : describe_rollout(&rollout),
                                            "record_sets", sets, "history", entries),
                &err);
}

void command_rollout_history(const struct call *call)
{
    struct error err;
    struct rollout rollout = {.id = 0};
    json_t *entries = NULL;
    if (call_argument_count(call) == 0 ||
        find_rollout(call, call_argument(call, 0), &rollout, &err)) {
        entries = history(call->control, rollout.id, &err);
    }
    call_answer(call, entries == NULL ? NULL : json_pack("{s:o}", "history", entries), &err);
}

void command_history(const struct call *call)
{
    struct error err;
    /* The protocol lets nothing pass but --record with its value. */
    const char *key = call_argument(call, 1);
    json_t *entries = key == NULL ? history(call->control, 0, &err)
                                  : history_of_record_set(call->control, key, &err);
    call_answer(call, entries == NULL ? NULL : json_pack("{s:o}", "history", entries), &err);
}

static void answer_rollout(const struct call *call, const struct rule_state *rule,
                           const char *message)
{
    call_answer_when_seen(
        call, json_pack("{s:o, s:o}", "rollout",
                        rule->has_rollout ? describe_rollout(&rule->rollout) : json_null(),
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
        .candidate = call_argument(call, 2), /* after --candidate */
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
