/* SPDX-License-Identifier: BSD-2-Clause */
/* Keeps Route 53's health checks of members: what is there is listed, what is missing is made, what
 * no record set names any more is deleted. Batches wait for none of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/log.h"
#include "control/http/outside_text.h"
#include "control/journal.h"
#include "control/route53_private.h"

static const struct config_member *config_of(const struct route53_mirror *mirror)
{
    return &mirror->unit->sets[mirror->set]->config->members[mirror->member];
}

static struct route53_member_check *check_of(const struct route53_mirror *mirror)
{
    return &mirror->unit->wanted[mirror->set].checks[mirror->member];
}

static void come_next(struct route53_mirrors *mirrors, enum route53_mirror_stage stage,
                      uint64_t in_ms)
{
    mirrors->stage = stage;
    mirrors->due_ms = route53_now_ms(mirrors->all) + in_ms;
}

static void note_error(struct route53_mirrors *mirrors, const char *text)
{
    char cleaned[ROUTE53_TEXT_SIZE];
    outside_text_copy(text, cleaned, sizeof(cleaned));
    if (strcmp(cleaned, mirrors->error) != 0) {
        log_warning("route53: health checks: %s", cleaned);
    }
    memcpy(mirrors->error, cleaned, sizeof(cleaned));
}

/* ---- what outlives a restart ---- */

/* Nothing waits for it: without it a restart only has to list them before it knows. */
static void save(const struct route53_mirrors *mirrors)
{
    const struct route53_found_checks *found = &mirrors->found;
    struct control *control = mirrors->all->control;
    struct stored_route53_check *list = alloc_zeroed(found->count + 1, sizeof(*list));
    struct error err;
    size_t count = 0;
    for (size_t i = 0; i < found->count; i++) {
        if (found->checks[i].id[0] != '\0') {
            memcpy(list[count].reference, found->checks[i].reference, sizeof(list->reference));
            memcpy(list[count++].id, found->checks[i].id, sizeof(list->id));
        }
    }
    (void)!(
        journal_begin_own(control, &err) &&
        journal_end(control, store_save_route53_checks(control->store, list, count, &err), &err));
    free(list);
}

/* ---- who has which ---- */

/* As when it is published: what is sent next has the new ones. */
static void tell_unit(struct route53_unit *unit)
{
    unit->is_new = true;
    unit->is_planned_anew = false;
    route53_set_pending(unit);
    if (unit->call == NULL && (unit->stage != ROUTE53_LOOK || unit->failures == 0)) {
        route53_come_next(unit, ROUTE53_LOOK, 0);
    }
}

static void tell_units(struct route53_mirrors *mirrors)
{
    for (size_t i = 0; i < mirrors->count; i++) {
        if (mirrors->list[i].is_news) {
            mirrors->list[i].is_news = false;
            tell_unit(mirrors->list[i].unit);
        }
    }
}

/* Finds every member's check, and the first that is missing. */
static void assign(struct route53_mirrors *mirrors)
{
    for (size_t i = 0; i < mirrors->found.count; i++) {
        mirrors->found.checks[i].is_wanted = false;
    }
    route53_missing_check_done(&mirrors->missing);
    for (size_t i = 0; i < mirrors->count; i++) {
        struct route53_mirror *mirror = &mirrors->list[i];
        struct route53_missing_check missing;
        char id[ROUTE53_CHECK_ID_SIZE] = "";
        mirror->is_there =
            route53_checks_find(config_of(mirror), mirror->owner, &mirrors->found, id, &missing);
        if (!mirror->is_there && mirrors->missing.config == NULL && !mirror->is_refused) {
            mirrors->missing = missing;
            mirrors->making = mirror;
        } else {
            route53_missing_check_done(&missing);
        }
        if (strcmp(check_of(mirror)->id, id) != 0) {
            memcpy(check_of(mirror)->id, id, sizeof(id));
            mirror->is_news = true;
        }
    }
}

static bool names(const struct route53_unit *unit, const char *id)
{
    for (size_t i = 0; i < unit->live.count; i++) {
        const char *found = unit->live.sets[i].health_check_id;
        if (found != NULL && strcmp(found, id) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether nobody needs it: the record set's members have theirs, Route 53 is in step, and no record
 * set that has been looked at since names it. */
static bool is_free(const struct route53_mirrors *mirrors, const struct route53_owned *owned,
                    const struct route53_found_check *check)
{
    const struct route53 *all = mirrors->all;
    const struct route53_unit *unit = owned->unit;
    if (unit->stage != ROUTE53_REST || unit->call != NULL || unit->is_pending || unit->is_new ||
        !unit->is_live_whole) {
        return false;
    }
    for (size_t i = 0; i < mirrors->count; i++) {
        if (strcmp(mirrors->list[i].owner, owned->owner) == 0 && !mirrors->list[i].is_there) {
            return false;
        }
    }
    for (size_t i = 0; i < all->unit_count; i++) {
        if (names(&all->units[i], check->id)) {
            return false;
        }
    }
    return true;
}

/* ---- what comes next ---- */

static bool find_free(struct route53_mirrors *mirrors)
{
    for (size_t i = 0; i < mirrors->owned_count; i++) {
        const struct route53_found_check *check =
            route53_checks_unwanted(&mirrors->found, mirrors->owned[i].owner);
        if (check != NULL && is_free(mirrors, &mirrors->owned[i], check)) {
            mirrors->deleting = *check;
            return true;
        }
    }
    return false;
}

/* Nothing is to be done. */
static void rest(struct route53_mirrors *mirrors)
{
    bool has_any = mirrors->count > 0;
    bool is_whole = !route53_checks_has_kept(&mirrors->found);
    for (size_t i = 0; i < mirrors->count; i++) {
        is_whole = is_whole && mirrors->list[i].is_there;
    }
    for (size_t i = 0; i < mirrors->owned_count; i++) {
        has_any = has_any || route53_checks_unwanted(&mirrors->found, mirrors->owned[i].owner);
    }
    if (is_whole) {
        mirrors->error[0] = '\0';
    }
    come_next(mirrors, ROUTE53_LIST_CHECKS, (uint64_t)mirrors->all->config->interval_ms);
    mirrors->due_ms = has_any ? mirrors->due_ms : UINT64_MAX;
}

static void choose(struct route53_mirrors *mirrors)
{
    assign(mirrors);
    if (mirrors->missing.config != NULL) {
        come_next(mirrors, ROUTE53_MAKE_CHECK, 0);
        return;
    }
    tell_units(mirrors); /* all at once: it is one batch */
    if (find_free(mirrors)) {
        come_next(mirrors, ROUTE53_DELETE_CHECK, 0);
    } else {
        rest(mirrors);
    }
}

void route53_mirrors_consider(struct route53_mirrors *mirrors)
{
    if (mirrors != NULL && mirrors->call == NULL && mirrors->is_listed && mirrors->page == NULL &&
        mirrors->stage == ROUTE53_LIST_CHECKS && find_free(mirrors)) {
        come_next(mirrors, ROUTE53_DELETE_CHECK, 0);
    }
}

void route53_mirrors_pump(struct route53_mirrors *mirrors)
{
    if (mirrors->call == NULL && mirrors->due_ms <= route53_now_ms(mirrors->all)) {
        route53_mirrors_ask(mirrors);
    }
}

/* ---- what came of it ---- */

static bool has_all(const struct route53_found_checks *some, const struct route53_found_checks *all)
{
    for (size_t i = 0; i < some->count; i++) {
        size_t k = 0;
        while (k < all->count && strcmp(all->checks[k].id, some->checks[i].id) != 0) {
            k++;
        }
        if (k == all->count && some->checks[i].id[0] != '\0') {
            return false;
        }
    }
    return true;
}

static bool is_owned(const struct route53_mirrors *mirrors, const char *reference)
{
    for (size_t i = 0; i < mirrors->owned_count; i++) {
        if (strncmp(reference, mirrors->owned[i].owner, strlen(mirrors->owned[i].owner)) == 0) {
            return true;
        }
    }
    return false;
}

/* What another Ballast has in the account is left alone. */
static void drop_strangers(const struct route53_mirrors *mirrors,
                           struct route53_found_checks *listed)
{
    size_t kept = 0;
    for (size_t i = 0; i < listed->count; i++) {
        if (is_owned(mirrors, listed->checks[i].reference)) {
            listed->checks[kept++] = listed->checks[i];
        }
    }
    listed->count = kept;
}

/* The list is whole: what it has is what there is. False: it was known. */
static bool take_list(struct route53_mirrors *mirrors)
{
    struct route53_found_checks before = mirrors->found;
    drop_strangers(mirrors, &mirrors->listed);
    bool is_news = !has_all(&before, &mirrors->listed) || !has_all(&mirrors->listed, &before);
    mirrors->found = mirrors->listed;
    mirrors->listed = (struct route53_found_checks){0};
    for (size_t i = 0; i < before.count; i++) {
        if (before.checks[i].id[0] == '\0') {
            route53_found_checks_add(&mirrors->found, &before.checks[i]);
        }
    }
    route53_found_checks_done(&before);
    mirrors->is_listed = true;
    for (size_t i = 0; i < mirrors->count; i++) {
        struct route53_mirror *mirror = &mirrors->list[i];
        mirror->is_refused = false;
        if (check_of(mirror)->is_left_out) {
            check_of(mirror)->is_left_out = false;
            mirror->is_news = true;
        }
    }
    return is_news;
}

void route53_mirrors_listed(struct route53_mirrors *mirrors)
{
    mirrors->failures = 0;
    if (mirrors->page != NULL) {
        come_next(mirrors, ROUTE53_LIST_CHECKS, 0);
    } else {
        bool is_news = take_list(mirrors);
        choose(mirrors);
        if (is_news) {
            save(mirrors);
        }
    }
    route53_pump(mirrors->all);
}

void route53_mirrors_made(struct route53_mirrors *mirrors, const struct route53_found_check *made)
{
    mirrors->failures = 0;
    log_info("route53: health check %s is %s's of %s", made->id, config_of(mirrors->making)->id,
             mirrors->making->unit->sets[mirrors->making->set]->key);
    struct route53_found_check check = *made;
    memcpy(check.reference, mirrors->missing.reference, sizeof(check.reference));
    route53_found_checks_add(&mirrors->found, &check);
    choose(mirrors);
    save(mirrors);
    route53_pump(mirrors->all);
}

void route53_mirrors_deleted(struct route53_mirrors *mirrors)
{
    mirrors->failures = 0;
    log_info("route53: health check %s is deleted: nothing names it", mirrors->deleting.id);
    route53_checks_spend(&mirrors->found, mirrors->deleting.reference);
    choose(mirrors);
    save(mirrors);
    route53_pump(mirrors->all);
}

/* Doing the same again helps nothing. */
static void be_refused(struct route53_mirrors *mirrors, const struct aws_answer *answer)
{
    if (mirrors->stage == ROUTE53_MAKE_CHECK &&
        strcmp(answer->code, "HealthCheckAlreadyExists") == 0) {
        route53_checks_spend(&mirrors->found, mirrors->missing.reference);
        mirrors->failures++;
        choose(mirrors);
        mirrors->due_ms += route53_back_off_ms(mirrors->failures);
        return;
    }
    note_error(mirrors, answer->text);
    if (mirrors->stage == ROUTE53_LIST_CHECKS) {
        come_next(mirrors, ROUTE53_LIST_CHECKS, (uint64_t)mirrors->all->config->interval_ms);
        return;
    }
    if (mirrors->stage == ROUTE53_MAKE_CHECK) { /* till they are listed again */
        mirrors->making->is_refused = true;
    } else {
        route53_checks_keep(&mirrors->found, mirrors->deleting.reference);
    }
    choose(mirrors);
}

void route53_mirrors_failed(struct route53_mirrors *mirrors, const struct aws_answer *answer)
{
    mirrors->all->errors++;
    free(STEAL(mirrors->page));
    route53_found_checks_done(&mirrors->listed);
    if (mirrors->stage == ROUTE53_DELETE_CHECK && strcmp(answer->code, "NoSuchHealthCheck") == 0) {
        route53_mirrors_deleted(mirrors);
        return;
    }
    if (answer->outcome == AWS_REFUSED) {
        be_refused(mirrors, answer);
    } else {
        mirrors->failures++;
        note_error(mirrors, answer->text);
        tell_units(mirrors);
        /* Whether one can still be deleted is looked at again. */
        bool is_making = mirrors->stage == ROUTE53_MAKE_CHECK;
        come_next(mirrors, is_making ? ROUTE53_MAKE_CHECK : ROUTE53_LIST_CHECKS,
                  route53_back_off_ms(mirrors->failures));
    }
    route53_pump(mirrors->all);
}

bool route53_mirrors_leave_out(struct route53_unit *unit)
{
    struct route53_mirrors *mirrors = unit->all->mirrors;
    bool has_any = false;
    for (size_t i = 0; mirrors != NULL && i < mirrors->count; i++) {
        if (mirrors->list[i].unit == unit && !check_of(&mirrors->list[i])->is_left_out) {
            check_of(&mirrors->list[i])->is_left_out = true;
            has_any = true;
        }
    }
    return has_any;
}

/* ---- beginning and end ---- */

static void add_set(struct route53_mirrors *mirrors, struct route53_unit *unit, size_t set)
{
    const struct config_record_set *config = unit->sets[set]->config;
    struct route53_owned *owned = &mirrors->owned[mirrors->owned_count++];
    owned->unit = unit;
    route53_owner_print(mirrors->all->config, unit->zone_id, unit->wanted[set].name,
                        unit->sets[set]->type, owned->owner);
    if (!config->route53->mirrors_checks) {
        return;
    }
    unit->wanted[set].checks =
        alloc_zeroed(config->member_count, sizeof(*unit->wanted[set].checks));
    unit->groups[set].checks = unit->wanted[set].checks;
    mirrors->list = alloc_resize(mirrors->list, mirrors->count + config->member_count + 1,
                                 sizeof(*mirrors->list));
    for (size_t m = 0; m < config->member_count; m++) {
        if (config_route53_mirrors(&config->members[m])) {
            unit->wanted[set].checks[m].is_mirrored = true;
            mirrors->list[mirrors->count++] = (struct route53_mirror){
                .unit = unit, .set = set, .member = m, .owner = owned->owner};
        }
    }
}

static bool restore(struct route53_mirrors *mirrors, struct error *err)
{
    struct stored_route53_check *list;
    size_t count;
    if (!store_list_route53_checks(mirrors->all->control->store, &list, &count, err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct route53_found_check check = {.is_wanted = false};
        memcpy(check.reference, list[i].reference, sizeof(check.reference));
        memcpy(check.id, list[i].id, sizeof(check.id));
        route53_found_checks_add(&mirrors->found, &check);
    }
    free(list);
    return true;
}

/* What is known is no news: units plan with it first. */
static void hear(struct route53_mirrors *mirrors)
{
    for (size_t i = 0; i < mirrors->count; i++) {
        mirrors->list[i].is_news = false;
    }
}

bool route53_mirrors_open(struct route53 *all, struct error *err)
{
    size_t sets = 0;
    for (size_t i = 0; i < all->unit_count; i++) {
        sets += all->units[i].set_count;
    }
    struct route53_mirrors *mirrors = alloc_zeroed(1, sizeof(*mirrors));
    mirrors->all = all;
    mirrors->owned = alloc_zeroed(sets, sizeof(*mirrors->owned));
    for (size_t i = 0; i < all->unit_count; i++) {
        for (size_t s = 0; s < all->units[i].set_count; s++) {
            add_set(mirrors, &all->units[i], s);
        }
    }
    if (!restore(mirrors, err)) {
        route53_mirrors_free(mirrors);
        return false;
    }
    if (mirrors->count == 0 && mirrors->found.count == 0) {
        route53_mirrors_free(mirrors);
        return true;
    }
    assign(mirrors);
    hear(mirrors);
    all->mirrors = mirrors;
    return true;
}

void route53_mirrors_forget(struct route53_mirrors *mirrors)
{
    if (mirrors == NULL) {
        return;
    }
    route53_found_checks_done(&mirrors->found);
    mirrors->is_listed = false;
    assign(mirrors);
    hear(mirrors);
    aws_call_cancel(STEAL(mirrors->call));
    free(STEAL(mirrors->page));
    route53_found_checks_done(&mirrors->listed);
    come_next(mirrors, ROUTE53_LIST_CHECKS, 0);
}

void route53_mirrors_free(struct route53_mirrors *mirrors)
{
    if (mirrors == NULL) {
        return;
    }
    route53_missing_check_done(&mirrors->missing);
    route53_found_checks_done(&mirrors->found);
    route53_found_checks_done(&mirrors->listed);
    free(mirrors->page);
    free(mirrors->list);
    free(mirrors->owned);
    free(mirrors);
}

json_t *route53_mirrors_describe(const struct route53_unit *unit, size_t set)
{
    const struct route53_mirrors *mirrors = unit->all->mirrors;
    json_int_t members = 0, made = 0;
    for (size_t i = 0; mirrors != NULL && i < mirrors->count; i++) {
        const struct route53_mirror *mirror = &mirrors->list[i];
        if (mirror->unit == unit && mirror->set == set) {
            members++;
            made += mirror->is_there;
        }
    }
    if (members == 0) {
        return NULL;
    }
    json_t *json = json_pack("{s:I, s:I}", "members", members, "made", made);
    if (mirrors->error[0] != '\0') {
        json_object_set_new(json, "error", json_string(mirrors->error));
    }
    return json;
}
