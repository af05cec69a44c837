/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/intake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/log.h"
#include "control/describe.h"
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

static bool judge(struct intake *intake, const struct ecs_event *event, struct judgement *judgement)
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
        rules[i].newest_created_ms = rule->newest_created_ms;
    }
    bool is_judged =
        ledger_judge(control->store, rules, count, event, clock_now_ms(), judgement, &intake->err);
    free(rules);
    return is_judged;
}

/* Journals the rollout that the event starts; a refusal becomes the event's fate. */
static bool prepare_start(struct intake *intake, const struct ecs_event *event,
                          struct judgement *judgement, struct rule_move *move)
{
    struct rule_state *rule = &intake->control->rules[judgement->rule];
    char who[ROLLOUT_TEXT_SIZE * 2];
    snprintf(who, sizeof(who), "event %s from %s", event->id[0] == '\0' ? "without id" : event->id,
             intake->who);
    struct rule_start start = {
        .candidate = judgement->candidate,
        .deployment = event->deployment,
        .created_ms = judgement->created_ms,
        .who = who,
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

/* One event in the open transaction; a start ends it, since later events depend on it. */
static bool take_in(struct intake *intake, const struct ecs_event *event,
                    struct judgement *judgement, struct event_entry *entry)
{
    struct rule_move move = {0};
    size_t first_lost = intake->received - intake->in_transaction;
    bool is_open = begin(intake);
    bool is_good = is_open;
    intake->in_transaction += is_open ? 1 : 0;
    if (is_good && event != NULL) {
        is_good = judge(intake, event, judgement);
    }
    if (is_good && is_start(judgement)) {
        is_good = prepare_start(intake, event, judgement, &move);
    }
    snprintf(entry->fate, sizeof(entry->fate), "%s", event_fate_name(judgement->fate));
    snprintf(entry->reason, sizeof(entry->reason), "%s", judgement->reason);
    entry->rollout = is_start(judgement) ? move.next.id : 0;
    is_good = is_good && store_add_event(intake->control->store, entry, &intake->err);
    if (!is_good || is_start(judgement) || intake->in_transaction >= EVENTS_PER_TRANSACTION) {
        is_good = end(intake, is_good) && is_good;
    }
    if (!is_good) {
        fail(intake, first_lost);
    } else if (is_start(judgement)) {
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

bool intake_take(struct intake *intake, const json_t *json, const char *malformed)
{
    if (intake->has_failed) {
        return false;
    }
    intake->received++;
    struct ecs_event event = {0};
    struct judgement judgement = {.fate = FATE_MALFORMED};
    struct error text = {.text = ""};
    enum ecs_parse parsed = ECS_MALFORMED;
    if (json == NULL) {
        error_set(&text, "%s", malformed);
    } else {
        parsed = ecs_event_parse(json, &event, &text);
    }
    if (parsed != ECS_PARSED) {
        judgement.fate = parsed == ECS_MALFORMED ? FATE_MALFORMED : FATE_NOT_TASK_EVENT;
        snprintf(judgement.reason, sizeof(judgement.reason), "%s", text.text);
    }
    struct event_entry entry = {.at_ms = clock_now_ms(), .version = event.version};
    snprintf(entry.event_id, sizeof(entry.event_id), "%s", event.id);
    snprintf(entry.task_arn, sizeof(entry.task_arn), "%s", event.task_arn);
    snprintf(entry.service, sizeof(entry.service), "%s", event.service);
    snprintf(entry.deployment, sizeof(entry.deployment), "%s", event.deployment);
    if (take_in(intake, parsed == ECS_PARSED ? &event : NULL, &judgement, &entry)) {
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
