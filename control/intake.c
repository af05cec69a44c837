/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/intake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/log.h"
#include "control/describe.h"
#include "control/ecs_level.h"
#include "control/event_pattern.h"
#include "control/hook.h"
#include "control/journal.h"
#include "control/ledger.h"
#include "control/rule.h"

/* Events that start nothing share a transaction, so that a file of thousands is not as many waits
 * for the disk. */
#define EVENTS_PER_TRANSACTION 256

struct intake {
    struct control *control;
    char *who;
    json_t *events;
    size_t received;
    size_t in_transaction;
    bool has_failed;
    bool is_again; /* nothing new is said: judged by what is known */
    struct error err;
};

static bool begin(struct intake *intake)
{
    return intake->in_transaction > 0 || journal_begin(intake->control, &intake->err);
}

/* Commits the events since begin, or rolls them back when one of them could not be written. */
static bool end(struct intake *intake, bool is_written)
{
    size_t events = intake->in_transaction;
    intake->in_transaction = 0;
    return events == 0 || journal_end(intake->control, is_written, &intake->err);
}

static bool fail(struct intake *intake, size_t first_lost)
{
    intake->has_failed = true;
    return error_add_context(&intake->err, "event %zu and those after it were not taken in",
                             first_lost);
}

static unsigned desired(const void *argument, const char *cluster_arn, const char *service,
                        const char *deployment)
{
    return ecs_level_desired(argument, cluster_arn, service, deployment);
}

static bool judge(struct intake *intake, struct store *store, const struct ecs_event *event,
                  struct judgement *judgement)
{
    struct control *control = intake->control;
    size_t count = control->config->rollout_count;
    struct ledger_rule *rules = alloc_zeroed(count, sizeof(*rules));
    for (size_t i = 0; i < count; i++) {
        const struct rule_state *rule = &control->rules[i];
        rules[i].config = rule->config;
        rules[i].whole = control->config;
        rules[i].live = rule_live(rule);
        rules[i].is_running = rule_is_running(rule);
        rules[i].running_candidate = rule_is_running(rule) ? rule->rollout.candidate : NULL;
        rules[i].running_deployment = rule_is_running(rule) ? rule->rollout.deployment : NULL;
        rules[i].newest_created_ms = rule->newest_created_ms;
        rules[i].desired = desired;
        rules[i].desired_argument = control;
    }
    bool is_judged = (intake->is_again ? ledger_judge_again : ledger_judge)(
        store, rules, count, event, clock_now_ms(), judgement, &intake->err);
    free(rules);
    return is_judged;
}

struct event_who {
    char text[ROLLOUT_TEXT_SIZE * 2];
};

static struct event_who who_of(const struct intake *intake, const struct ecs_event *event)
{
    struct event_who who;
    snprintf(who.text, sizeof(who.text), "event %s from %s",
             event->id[0] == '\0' ? "without id" : event->id, intake->who);
    return who;
}

/* Journals the rollout that the event starts; a refusal becomes the event's fate. */
static bool prepare_start(struct intake *intake, const struct ecs_event *event,
                          struct judgement *judgement, struct rule_move *move)
{
    struct rule_state *rule = &intake->control->rules[judgement->rule];
    struct event_who who = who_of(intake, event);
    struct rule_start start = {
        .candidate = judgement->candidate,
        .deployment = event->deployment,
        .created_ms = judgement->created_ms,
        .who = who.text,
        .may_supersede = true,
    };
    struct error refusal;
    if (!rule_plan_start(rule, &start, move, &refusal)) {
        judgement->fate = FATE_REFUSED;
        snprintf(judgement->reason, sizeof(judgement->reason), "%s", refusal.text);
        return true;
    }
    return rule_journal(move, &intake->err) &&
           store_save_deployment(intake->control->store, rule->config->name, event->cluster_arn,
                                 event->deployment, judgement->created_ms, move->next.id, "started",
                                 &intake->err);
}

static bool is_start(const struct judgement *judgement)
{
    return judgement->fate == FATE_STARTED || judgement->fate == FATE_SUPERSEDED_ONE;
}

/* Plans and journals what the event makes its rule do. False: the store failed; a fall-back, whose
 * move is planned then, does not wait for it. */
static bool prepare_move(struct intake *intake, const struct ecs_event *event,
                         struct judgement *judgement, struct rule_move *move)
{
    bool is_judged = judge(intake, intake->control->store, event, judgement);
    if (judgement->fate == FATE_FELL_BACK) {
        struct rule_state *rule = &intake->control->rules[judgement->rule];
        return rule_plan_fail(rule, judgement->reason, who_of(intake, event).text, move,
                              &intake->err) &&
               is_judged && rule_journal(move, &intake->err);
    }
    return is_judged && (!is_start(judgement) || prepare_start(intake, event, judgement, move));
}

/* The store takes no events, and they come again. A deployment that FAILED does not wait for that.
 */
static void look_at(struct intake *intake, const struct ecs_event *event)
{
    struct judgement judgement;
    struct rule_move move = {0};
    struct error err;
    bool is_judged = judge(intake, NULL, event, &judgement);
    (void)is_judged; /* it never is, without a store */
    if (judgement.fate == FATE_FELL_BACK &&
        rule_plan_fail(&intake->control->rules[judgement.rule], judgement.reason,
                       who_of(intake, event).text, &move, &err) &&
        rule_leave_behind(&move)) {
        rule_act(&move);
    }
    rule_move_done(&move);
}

/* Every event is counted for the rule that it concerns, if there is one. */
static bool add_to_stats(struct intake *intake, const struct ecs_event *event,
                         const struct judgement *judgement)
{
    bool is_ours = judgement->candidate[0] != '\0';
    const struct config_rollout *rule =
        is_ours ? &intake->control->config->rollouts[judgement->rule] : NULL;
    return store_count_stat(intake->control->store, is_ours ? rule->name : "",
                            is_ours ? event->deployment : "", event_fate_name(judgement->fate),
                            event_pattern_filter(rule, event, judgement->fate), &intake->err);
}

/* One event (not judged yet when is_parsed) in the open transaction; a move ends it, since later
 * events depend on it. */
static bool take_in(struct intake *intake, const struct ecs_event *event, bool is_parsed,
                    struct judgement *judgement, struct event_entry *entry)
{
    struct rule_move move = {0};
    size_t first_lost = intake->received - intake->in_transaction;
    bool is_open = begin(intake);
    bool is_good = is_open;
    intake->in_transaction += is_open ? 1 : 0;
    if (is_good && is_parsed) {
        is_good = prepare_move(intake, event, judgement, &move);
    }
    bool moves = move.rule != NULL && judgement->fate != FATE_REFUSED;
    snprintf(entry->fate, sizeof(entry->fate), "%s", event_fate_name(judgement->fate));
    snprintf(entry->reason, sizeof(entry->reason), "%s", judgement->reason);
    entry->rollout = moves ? move.next.id : 0;
    is_good = is_good && ((intake->is_again && !moves) ||
                          (store_add_event(intake->control->store, entry, &intake->err) &&
                           add_to_stats(intake, event, judgement)));
    if (!is_good || moves || intake->in_transaction >= EVENTS_PER_TRANSACTION) {
        is_good = end(intake, is_good) && is_good;
    }
    if (!is_good) {
        fail(intake, first_lost);
    }
    if (!is_open && is_parsed && !intake->is_again) {
        look_at(intake, event);
    }
    if (judgement->candidate[0] != '\0') {
        ecs_level_ask(intake->control, event->service);
    }
    if (moves && (is_good || rule_leave_behind(&move))) {
        rule_act(&move);
    }
    rule_move_done(&move);
    return is_good;
}

struct intake *intake_new(struct control *control, const char *who)
{
    struct intake *intake = alloc_zeroed(1, sizeof(*intake));
    intake->control = control;
    intake->who = alloc_string(who);
    intake->events = json_array();
    return intake;
}

static struct event_entry entry_of(const struct ecs_event *event)
{
    struct event_entry entry = {.at_ms = clock_now_ms(), .version = event->version};
    snprintf(entry.event_id, sizeof(entry.event_id), "%s", event->id);
    snprintf(entry.task_arn, sizeof(entry.task_arn), "%s", event->task_arn);
    snprintf(entry.service, sizeof(entry.service), "%s", event->service);
    snprintf(entry.deployment, sizeof(entry.deployment), "%s", event->deployment);
    return entry;
}

bool intake_look_again(struct control *control, const struct ecs_event *event, const char *who,
                       struct error *err)
{
    struct intake *intake = intake_new(control, who);
    struct judgement judgement;
    struct event_entry entry = entry_of(event);
    intake->is_again = true;
    intake->received++;
    bool is_taken = take_in(intake, event, true, &judgement, &entry);
    (void)is_taken; /* intake_finish says so */
    json_t *result = intake_finish(intake, err);
    json_decref(result);
    return result != NULL;
}

/* The caller's transaction has the event with its fate, and the hook, if it is to be answered. */
static bool write_hook(struct intake *intake, const struct ecs_hook *hook,
                       const struct judgement *judgement, struct event_entry *entry)
{
    snprintf(entry->fate, sizeof(entry->fate), "%s", event_fate_name(judgement->fate));
    snprintf(entry->reason, sizeof(entry->reason), "%s", judgement->reason);
    snprintf(entry->event_id, sizeof(entry->event_id), "%s", hook->event_id);
    snprintf(entry->service, sizeof(entry->service), "%s", hook->service);
    return store_add_event(intake->control->store, entry, &intake->err) &&
           store_count_stat(intake->control->store, "", "", entry->fate, "", &intake->err);
}

static bool take_hook(struct intake *intake, const json_t *json)
{
    struct ecs_hook hook;
    struct error text;
    struct judgement judgement = {.fate = FATE_MALFORMED};
    struct event_entry entry = {.at_ms = clock_now_ms()};
    size_t first_lost = ++intake->received - intake->in_transaction;
    enum ecs_parse parsed = ecs_hook_parse(json, &hook, &text);
    bool is_open = begin(intake);
    bool is_good = is_open;
    intake->in_transaction += is_open ? 1 : 0;
    if (parsed == ECS_PARSED) {
        is_good = is_good && hook_judge(intake->control, &hook, &judgement.fate, judgement.reason,
                                        sizeof(judgement.reason), &intake->err);
    } else {
        judgement.fate = parsed == ECS_MALFORMED ? FATE_MALFORMED : FATE_OTHER_EVENT;
        snprintf(judgement.reason, sizeof(judgement.reason), "%s", text.text);
    }
    is_good = is_good && write_hook(intake, &hook, &judgement, &entry);
    is_good = end(intake, is_good) && is_good;
    if (!is_good) {
        return fail(intake, first_lost);
    }
    if (judgement.fate == FATE_NOTED) {
        hook_begin(intake->control, &hook);
    }
    json_array_append_new(intake->events, describe_event(&entry));
    return true;
}

bool intake_take(struct intake *intake, const json_t *json, const char *malformed)
{
    if (ecs_hook_is(json)) {
        return !intake->has_failed && take_hook(intake, json);
    }
    struct ecs_event event = {0};
    struct judgement judgement = {.fate = FATE_MALFORMED};
    struct error text = {.text = ""};
    enum ecs_parse parsed = ECS_MALFORMED;
    if (json == NULL) {
        error_set(&text, "%s", malformed);
    } else {
        parsed = ecs_event_parse(json, &event, &text);
    }
    if (intake->has_failed) {
        if (parsed == ECS_PARSED) {
            look_at(intake, &event);
        }
        return false;
    }
    intake->received++;
    if (parsed != ECS_PARSED) {
        judgement.fate = parsed == ECS_MALFORMED ? FATE_MALFORMED : FATE_OTHER_EVENT;
        snprintf(judgement.reason, sizeof(judgement.reason), "%s", text.text);
    }
    struct event_entry entry = entry_of(&event);
    if (take_in(intake, &event, parsed == ECS_PARSED, &judgement, &entry)) {
        json_array_append_new(intake->events, describe_event(&entry));
        log_debug("event %s: %s (%s)", entry.event_id, entry.fate, entry.reason);
    }
    return !intake->has_failed;
}

bool intake_commit(struct intake *intake)
{
    size_t first_lost = intake->received + 1 - intake->in_transaction;
    return end(intake, true) || fail(intake, first_lost);
}

json_t *intake_finish(struct intake *intake, struct error *err)
{
    json_t *result = NULL;
    if (intake->has_failed || !intake_commit(intake)) {
        *err = intake->err;
        json_decref(intake->events);
    } else {
        result = json_pack("{s:I, s:o}", "received", (json_int_t)intake->received, "events",
                           intake->events);
    }
    free(intake->who);
    free(intake);
    return result;
}

size_t intake_received(const struct intake *intake)
{
    return intake->received;
}

static void on_event(void *argument, const json_t *json, const char *malformed)
{
    bool is_taken = intake_take(argument, json, malformed);
    (void)is_taken; /* intake_finish says so */
}

json_t *intake_push(struct control *control, const char *text, size_t len, const char *who,
                    struct error *err)
{
    struct intake *intake = intake_new(control, who);
    ecs_event_split(text, len, on_event, intake);
    return intake_finish(intake, err);
}
