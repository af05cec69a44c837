/* SPDX-License-Identifier: BSD-2-Clause */
/* The calls of Route 53: one of a unit at a time, one attempt each; what follows is route53.c's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/log.h"
#include "control/route53_private.h"

#define TIMEOUT_MS 15000
#define PAGE_ITEMS 101 /* one more than a group can have */

static void start(struct route53_unit *unit, struct aws_request *request, aws_done done)
{
    request->service = AWS_ROUTE53;
    request->timeout_ms = TIMEOUT_MS;
    request->attempts = 1;
    unit->call = aws_call_start(unit->all->control->aws, request, done, unit);
}

/* An answer that makes no sense is none. */
static void fail_text(struct route53_unit *unit, const char *what, const struct error *err)
{
    struct aws_answer answer = {.outcome = AWS_UNREACHABLE};
    snprintf(answer.text, sizeof(answer.text), "route53 %s: %.400s", what, err->text);
    route53_failed(unit, &answer);
}

/* ---- ListResourceRecordSets ---- */

/* Whether the next page may have more of the record set. */
static bool goes_on(const struct route53_unit *unit)
{
    if (unit->live.count == 0) {
        return false;
    }
    const struct route53_record_set *last = &unit->live.sets[unit->live.count - 1];
    const struct route53_group *group = &unit->groups[unit->looking_at];
    return strcmp(last->name, group->name) == 0 && strcmp(last->type, group->type) == 0;
}

static void on_listed(void *argument, const struct aws_answer *answer)
{
    struct route53_unit *unit = argument;
    struct error err;
    unit->call = NULL;
    if (answer->outcome != AWS_DONE) {
        route53_failed(unit, answer);
        return;
    }
    if (!route53_read_record_sets(answer->document, &unit->live, &err)) {
        unit->is_looking = false;
        fail_text(unit, "ListResourceRecordSets", &err);
        return;
    }
    unit->failures = unit->failures_before; /* of other pages, which is over */
    free(STEAL(unit->page));
    unit->page = goes_on(unit) ? route53_next_page(answer->document) : NULL;
    if (unit->page == NULL) {
        unit->looking_at++;
    }
    if (unit->looking_at < unit->set_count) {
        route53_pump_in(unit->all, 0); /* the next page, when there is a token for it */
    } else {
        unit->is_looking = false;
        unit->is_live_whole = true;
        route53_looked(unit);
    }
}

static void look(struct route53_unit *unit)
{
    const struct route53_group *group = &unit->groups[unit->looking_at];
    CLEANUP(alloc_freep)
    char *query = unit->page != NULL ? alloc_string(unit->page)
                                     : route53_page(group->name, group->type, PAGE_ITEMS);
    CLEANUP(alloc_freep) char *path = alloc_printf("/hostedzone/%s/rrset", unit->zone_id);
    struct aws_request request = {
        .operation = "ListResourceRecordSets", .method = "GET", .path = path, .query = query};
    unit->all->tokens -= 1;
    start(unit, &request, on_listed);
}

/* ---- ChangeResourceRecordSets ---- */

/* What both operations answer with. False: it is no such answer, and the unit has failed. */
static bool read_change(struct route53_unit *unit, const char *operation,
                        const struct aws_answer *answer, char **id, bool *is_in_sync)
{
    struct error err;
    unit->call = NULL;
    if (answer->outcome != AWS_DONE) {
        route53_failed(unit, answer);
        return false;
    }
    if (!route53_read_change(answer->document, id, is_in_sync, &err)) {
        fail_text(unit, operation, &err);
        return false;
    }
    return true;
}

static void on_changed(void *argument, const struct aws_answer *answer)
{
    CLEANUP(alloc_freep) char *id = NULL;
    bool is_in_sync = false;
    if (read_change(argument, "ChangeResourceRecordSets", answer, &id, &is_in_sync)) {
        route53_sent(argument, id, is_in_sync);
    }
}

static void change(struct route53_unit *unit)
{
    CLEANUP(alloc_freep) char *body = route53_batch_xml(&unit->plan.batch);
    CLEANUP(alloc_freep) char *path = alloc_printf("/hostedzone/%s/rrset/", unit->zone_id);
    struct aws_request request = {.operation = "ChangeResourceRecordSets",
                                  .method = "POST",
                                  .path = path,
                                  .is_sent_once = true,
                                  .body = body};
    unit->all->tokens -= 1;
    unit->all->batches++;
    start(unit, &request, on_changed);
}

/* ---- GetChange ---- */

static void on_got(void *argument, const struct aws_answer *answer)
{
    CLEANUP(alloc_freep) char *id = NULL;
    bool is_in_sync = false;
    if (read_change(argument, "GetChange", answer, &id, &is_in_sync)) {
        route53_polled(argument, is_in_sync);
    }
}

static void get_change(struct route53_unit *unit)
{
    CLEANUP(alloc_freep) char *path = alloc_printf("/change/%s", unit->change_id);
    struct aws_request request = {.operation = "GetChange", .method = "GET", .path = path};
    unit->all->tokens -= 1;
    start(unit, &request, on_got);
}

void route53_ask(struct route53_unit *unit)
{
    if (unit->stage == ROUTE53_SEND) {
        change(unit);
    } else if (unit->stage == ROUTE53_POLL) {
        get_change(unit);
    } else {
        if (!unit->is_looking) {
            unit->is_looking = true;
            unit->failures_before = unit->failures;
            unit->looking_at = 0;
            unit->is_live_whole = false;
            free(STEAL(unit->page));
            route53_record_sets_done(&unit->live);
        }
        look(unit);
    }
}
