/* SPDX-License-Identifier: BSD-2-Clause */
/* What comes next for each unit: look, send, ask whether it is in sync, rest. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/duration.h"
#include "common/log.h"
#include "control/http/outside_text.h"
#include "control/route53_private.h"
#include "control/rule_private.h"

#define BACK_OFF_MS     500 /* after the first failure; twice as long after each further one */
#define BACK_OFF_MAX_MS 30000

uint64_t route53_now_ms(const struct route53 *all)
{
    return uv_now(&all->control->loop);
}

/* ---- what is wanted ---- */

static uint32_t ttl_of(const struct record_set_state *set)
{
    uint32_t configured_s = set->config->route53->ttl_s;
    return set->ttl_s < configured_s ? set->ttl_s : configured_s;
}

bool route53_is_as_planned(const struct record_set_state *set, const struct route53_wanted *wanted)
{
    for (size_t m = 0; m < set->member_count; m++) {
        if (set->members[m].weight != wanted->weights[m]) {
            return false;
        }
    }
    return ttl_of(set) == wanted->ttl_s;
}

void route53_take_wanted(struct route53_unit *unit)
{
    for (size_t i = 0; i < unit->set_count; i++) {
        const struct record_set_state *set = unit->sets[i];
        for (size_t m = 0; m < set->member_count; m++) {
            unit->wanted[i].weights[m] = set->members[m].weight;
        }
        unit->wanted[i].ttl_s = unit->groups[i].ttl_s = ttl_of(set);
    }
    unit->is_new = false;
}

/* ---- ends of a look or a batch ---- */

static void note_error(struct route53_unit *unit, const char *text)
{
    char cleaned[ROUTE53_TEXT_SIZE];
    outside_text_copy(text, cleaned, sizeof(cleaned));
    if (strcmp(cleaned, unit->error) != 0) {
        log_warning("route53: %s: %s", unit->sets[0]->key, cleaned);
    }
    memcpy(unit->error, cleaned, sizeof(cleaned));
}

uint64_t route53_back_off_ms(unsigned failures)
{
    unsigned shift = failures < 7 ? failures : 7;
    uint64_t wait_ms = (uint64_t)BACK_OFF_MS << (shift > 0 ? shift - 1 : 0);
    return wait_ms < BACK_OFF_MAX_MS ? wait_ms : BACK_OFF_MAX_MS;
}

void route53_come_next(struct route53_unit *unit, enum route53_stage stage, uint64_t in_ms)
{
    unit->stage = stage;
    unit->due_ms = route53_now_ms(unit->all) + in_ms;
}

void route53_set_pending(struct route53_unit *unit)
{
    if (!unit->is_pending) {
        unit->is_pending = true;
        unit->pending_since_ms = clock_now_ms();
    }
}

/* Something stands in the way; it is looked at again when something changes here, and now and then.
 */
static void stop(struct route53_unit *unit, const char *text)
{
    route53_set_pending(unit);
    note_error(unit, text);
    unit->is_planned_anew = false;
    unit->is_forced = false;
    uint64_t interval_ms = (uint64_t)unit->all->config->interval_ms;
    uint64_t wait_ms = unit->failures == 0 ? interval_ms : route53_back_off_ms(unit->failures);
    route53_come_next(unit, ROUTE53_REST, wait_ms < interval_ms ? wait_ms : interval_ms);
}

static void be_in_step(struct route53_unit *unit)
{
    bool was_pending = unit->is_pending;
    if (unit->plan.refused_count > 0) {
        stop(unit, unit->plan.text);
        return;
    }
    unit->is_pending = unit->is_planned_anew = unit->is_forced = false;
    route53_plan_done(&unit->plan); /* what differed has been sent: it is no drift */
    unit->failures = 0;
    unit->error[0] = '\0';
    route53_come_next(unit, ROUTE53_REST, (uint64_t)unit->all->config->interval_ms);
    route53_mirrors_consider(unit->all->mirrors);
    if (!was_pending) {
        return;
    }
    unit->sent_ms = 0;
    route53_journal(unit, "in step");
    log_info("route53: %s is in step%s%s", unit->sets[0]->key,
             unit->change_id[0] == '\0' ? "" : ", change ", unit->change_id);
    if (unit->rule != NULL && !unit->all->control->is_stopping) {
        rule_tick_soon(unit->rule);
    }
}

void route53_tell_waiters(struct route53_unit *unit, const struct route53_plan *plan,
                          const char *error)
{
    struct route53_waiter *waiter = unit->waiters;
    unit->waiters = NULL;
    while (waiter != NULL) {
        struct route53_waiter *next = waiter->next;
        waiter->looked(waiter->argument, plan, error);
        free(waiter);
        waiter = next;
    }
}

/* Route 53 has what is wanted. It may not be in sync yet: then the change is followed, or, when
 * nobody knows which it was, as long waited for as changes take. */
static void follow(struct route53_unit *unit)
{
    int64_t over_ms = unit->sent_ms + unit->all->config->settle_ms - clock_now_ms();
    if (unit->sent_ms == 0 || (unit->change_id[0] == '\0' && over_ms <= 0)) {
        be_in_step(unit);
    } else if (unit->change_id[0] != '\0') {
        route53_come_next(unit, ROUTE53_POLL, 0);
    } else {
        int64_t most_ms = unit->all->config->settle_ms;
        unit->failures = 0; /* this wait is for nothing that failed: what is published ends it */
        route53_come_next(unit, ROUTE53_LOOK, (uint64_t)(over_ms < most_ms ? over_ms : most_ms));
    }
}

static void make_plan(struct route53_unit *unit)
{
    route53_plan_done(&unit->plan);
    for (size_t i = 0; i < unit->set_count; i++) {
        route53_plan_add(&unit->plan, &unit->groups[i], &unit->live);
    }
    route53_plan_close(&unit->plan);
}

static void report_drift(struct route53_unit *unit)
{
    char text[ROUTE53_TEXT_SIZE];
    const struct route53_difference *first = &unit->plan.differences[0];
    snprintf(text, sizeof(text), "Route 53 has %s of %s otherwise: %.150s, expected %.150s",
             first->what, first->identifier, first->live, first->wanted);
    unit->is_pending = false;
    note_error(unit, text);
    route53_come_next(unit, ROUTE53_REST, (uint64_t)unit->all->config->interval_ms);
    if (unit->rule != NULL) {
        rule_tick_soon(unit->rule);
    }
}

static void decide(struct route53_unit *unit)
{
    bool is_drift = unit->was_in_step && !unit->is_forced;
    if (unit->plan.batch.count == 0) {
        follow(unit);
    } else if (is_drift && !unit->all->config->corrects_drift) {
        report_drift(unit);
    } else {
        if (is_drift) {
            log_warning("route53: %s: %s of %s is not as it was left, and is corrected",
                        unit->sets[0]->key, unit->plan.differences[0].what,
                        unit->plan.differences[0].identifier);
        }
        route53_set_pending(unit);
        route53_come_next(unit, ROUTE53_SEND, 0);
    }
}

void route53_looked(struct route53_unit *unit)
{
    if (unit->is_look_only) {
        struct route53_plan kept = unit->plan;
        unit->plan = (struct route53_plan){0};
        bool is_new = unit->is_new;
        route53_take_wanted(unit);
        unit->is_new = is_new;
        make_plan(unit);
        unit->is_look_only = false;
        unit->stage = unit->stage_before;
        route53_tell_waiters(unit, &unit->plan, NULL);
        route53_plan_done(&unit->plan);
        unit->plan = kept;
        route53_go_on(unit);
    } else {
        unit->was_in_step = unit->was_in_step && !unit->is_new;
        route53_take_wanted(unit);
        make_plan(unit);
        route53_tell_waiters(unit, &unit->plan, NULL);
        decide(unit);
    }
    route53_pump(unit->all);
}

void route53_sent(struct route53_unit *unit, const char *change_id, bool is_in_sync)
{
    snprintf(unit->change_id, sizeof(unit->change_id), "%s", change_id);
    unit->failures = 0;
    route53_journal(unit, "pending");
    route53_polled(unit, is_in_sync);
}

void route53_polled(struct route53_unit *unit, bool is_in_sync)
{
    unit->failures = 0;
    if (unit->is_new) {
        route53_come_next(unit, ROUTE53_LOOK, 0);
    } else if (is_in_sync) {
        be_in_step(unit);
    } else {
        unit->error[0] = '\0';
        route53_come_next(unit, ROUTE53_POLL, (uint64_t)unit->all->config->poll_ms);
    }
    route53_pump(unit->all);
}

void route53_note_sending(struct route53_unit *unit)
{
    unit->before.sent_ms = unit->sent_ms;
    memcpy(unit->before.change_id, unit->change_id, sizeof(unit->change_id));
    unit->sent_ms = clock_now_ms();
    unit->change_id[0] = '\0';
    route53_journal(unit, "sending");
}

/* ---- failures ---- */

static bool is_code(const struct aws_answer *answer, const char *code)
{
    return strcmp(answer->code, code) == 0;
}

static void fail_look_only(struct route53_unit *unit, const struct aws_answer *answer)
{
    unit->is_look_only = unit->is_looking = false;
    unit->stage = unit->stage_before;
    route53_tell_waiters(unit, NULL, answer->text);
    route53_go_on(unit);
}

/* What was sent was not taken: what was under way before it is again. */
static void take_back(struct route53_unit *unit)
{
    unit->sent_ms = unit->before.sent_ms;
    memcpy(unit->change_id, unit->before.change_id, sizeof(unit->change_id));
}

/* Whoever may not ask GetChange waits for as long as changes take. */
static bool is_blind(struct route53_unit *unit, const struct aws_answer *answer,
                     enum route53_stage stage)
{
    char text[AWS_TEXT_SIZE * 2], settle[DURATION_TEXT_SIZE];
    if (stage != ROUTE53_POLL ||
        !(is_code(answer, "AccessDenied") || is_code(answer, "AccessDeniedException"))) {
        return false;
    }
    duration_print(unit->all->config->settle_ms, settle);
    snprintf(text, sizeof(text),
             "expected route53:GetChange to be allowed, each change counts as in sync after %s: %s",
             settle, answer->text);
    note_error(unit, text);
    unit->change_id[0] = '\0';
    route53_come_next(unit, ROUTE53_LOOK, 0);
    return true;
}

static void be_refused(struct route53_unit *unit, const struct aws_answer *answer,
                       enum route53_stage stage)
{
    if (stage == ROUTE53_POLL && is_code(answer, "NoSuchChange")) {
        unit->change_id[0] = '\0';
        route53_come_next(unit, ROUTE53_LOOK, 0);
        return;
    }
    if (stage == ROUTE53_SEND && is_code(answer, "NoSuchHealthCheck") &&
        route53_mirrors_leave_out(unit)) {
        note_error(unit, answer->text);
        route53_come_next(unit, ROUTE53_LOOK, 0);
        return;
    }
    if (is_blind(unit, answer, stage)) {
        return;
    }
    bool is_of_batch = is_code(answer, "InvalidChangeBatch") || is_code(answer, "InvalidInput");
    if (stage == ROUTE53_SEND && is_of_batch && !unit->is_planned_anew) {
        unit->is_planned_anew = true;
        note_error(unit, answer->text);
        route53_come_next(unit, ROUTE53_LOOK, 0);
        return;
    }
    CLEANUP(alloc_freep) char *messages = route53_read_messages(answer->document);
    char text[AWS_TEXT_SIZE * 2];
    bool is_said = messages[0] == '\0' || strstr(answer->text, messages) != NULL;
    snprintf(text, sizeof(text), "%s%s%s", answer->text, is_said ? "" : ": ",
             is_said ? "" : messages);
    unit->failures += is_of_batch ? 0 : 1;
    stop(unit, text);
}

void route53_failed(struct route53_unit *unit, const struct aws_answer *answer)
{
    struct route53 *all = unit->all;
    all->errors++;
    if (unit->is_look_only) {
        fail_look_only(unit, answer);
        route53_pump(all);
        return;
    }
    enum route53_stage stage = unit->stage;
    bool is_prior = is_code(answer, "PriorRequestNotComplete");
    if (stage == ROUTE53_SEND && (answer->outcome != AWS_UNREACHABLE || is_prior)) {
        take_back(unit);
    }
    if (stage == ROUTE53_LOOK) {
        route53_tell_waiters(unit, NULL, answer->text);
    }
    if (answer->outcome == AWS_REFUSED && !is_prior) {
        unit->is_looking = false;
        be_refused(unit, answer, stage);
        route53_pump(all);
        return;
    }
    unit->failures++;
    note_error(unit, answer->text);
    bool is_throttled = answer->outcome == AWS_THROTTLED && !is_prior;
    unit->is_looking = unit->is_looking && is_throttled; /* … and goes on where it was */
    if (is_throttled) {
        all->tokens = 0;
        all->quiet_until_ms = route53_now_ms(all) + route53_back_off_ms(unit->failures);
    }
    /* A batch that was asked for too often did not happen, and is still what is wanted. */
    bool is_again =
        stage == ROUTE53_POLL || (stage == ROUTE53_SEND && is_throttled && !unit->is_new);
    route53_come_next(unit, is_again ? stage : ROUTE53_LOOK, route53_back_off_ms(unit->failures));
    route53_pump(all);
}
