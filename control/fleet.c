/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config.h"

#include "common/alloc.h"
#include "common/clock.h"
#include "common/log.h"
#include "control/fleet_private.h"
#include "control/http/outside_text.h"
#include "control/journal.h"
#include "control/store_fleet.h"

/* How long a stop may take for the sake of those who would wait for the lease. */
#define LEAVE_MS 3000

int64_t fleet_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- requests ---- */

static void step(struct fleet *fleet);
static void wake_in(struct fleet *fleet, int64_t in_ms);
static void serve_waiters(struct fleet *fleet);

static void on_timer(uv_timer_t *timer)
{
    struct fleet *fleet = timer->data;
    int64_t left_ms = fleet->leave_until_ms - fleet_now_ms();
    if (fleet->left == NULL) {
        step(fleet);
    } else if (left_ms <= 0) {
        fleet_leave_now(fleet->control);
    } else { /* it came a little early, by another clock */
        wake_in(fleet, left_ms);
        step(fleet);
    }
}

static void wake_in(struct fleet *fleet, int64_t in_ms)
{
    uv_update_time(&fleet->control->loop);
    uv_timer_start(&fleet->timer, on_timer, in_ms > 0 ? (uint64_t)in_ms : 0, 0);
}

static bool is_everything_healthy(const struct control *control)
{
    for (size_t i = 0; i < control->config->record_set_count; i++) {
        const struct record_set_state *set = &control->record_sets[i];
        for (size_t m = 0; m < set->member_count; m++) {
            if (!member_is_healthy(&set->members[m])) {
                return false;
            }
        }
    }
    return true;
}

/* Whose beat is as it was is as old as before. */
static void take_peers(struct fleet *fleet, const json_t *document, int64_t now_ms)
{
    size_t count;
    struct fleet_peer *peers = fleet_peers_read(document, clock_now_ms() / 1000, &count);
    for (size_t i = 0; i < count; i++) {
        peers[i].seen_ms = now_ms;
        for (size_t k = 0; k < fleet->peer_count; k++) {
            if (strcmp(peers[i].name, fleet->peers[k].name) == 0 &&
                peers[i].beat == fleet->peers[k].beat) {
                peers[i].seen_ms = fleet->peers[k].seen_ms;
            }
        }
    }
    free(fleet->peers);
    fleet->peers = peers;
    fleet->peer_count = count;
}

static bool is_condition(const struct aws_answer *answer)
{
    return answer->outcome == AWS_REFUSED &&
           strcmp(answer->code, "ConditionalCheckFailedException") == 0;
}

/* Who may write head, and not this item: it is too large, or has a name that is none. */
static bool is_unfit(const struct fleet *fleet, const struct aws_answer *answer)
{
    return fleet->request.kind == FLEET_PUT && answer->outcome == AWS_REFUSED &&
           strcmp(answer->code, "ValidationException") == 0;
}

static void read_answer(struct fleet *fleet, const struct aws_answer *answer,
                        struct fleet_answer *read, struct error *err)
{
    *read = (struct fleet_answer){.outcome = FLEET_UNREACHABLE, .text = answer->text};
    if (is_condition(answer)) {
        read->outcome = FLEET_REFUSED;
    } else if (is_unfit(fleet, answer)) {
        read->outcome = FLEET_UNFIT;
    } else if (answer->outcome == AWS_DONE &&
               !fleet_answer_read(&fleet->request, answer->document, read, err)) {
        *read = (struct fleet_answer){.outcome = FLEET_UNREACHABLE, .text = err->text};
    }
}

static void say_cut_off(struct fleet *fleet, int64_t now_ms)
{
    bool is_cut_off = fleet_node_is_cut_off(&fleet->node, now_ms);
    if (is_cut_off && !fleet->was_cut_off) {
        log_warning("fleet: cut off from table %s: %s; what is served stays", fleet->config->table,
                    fleet->node.why);
    } else if (!is_cut_off && fleet->was_cut_off) {
        log_info("fleet: table %s answers again", fleet->config->table);
    }
    fleet->was_cut_off = is_cut_off;
}

/* A table that is not as it has to be, or permissions: it is not there for long without somebody
 * who mends it. */
static void say_refused(struct fleet *fleet, const struct aws_answer *answer)
{
    bool is_refused =
        answer->outcome == AWS_REFUSED && !is_condition(answer) && !is_unfit(fleet, answer);
    if (is_refused && strcmp(fleet->refused, answer->text) != 0) {
        log_error("fleet: %s of %s: %s", fleet_kind_name(fleet->request.kind),
                  fleet->request.item[0] == '\0' ? fleet->config->table : fleet->request.item,
                  answer->text);
        snprintf(fleet->refused, sizeof(fleet->refused), "%s", answer->text);
    }
}

static void say_given_up(struct fleet *fleet, unsigned before)
{
    if (fleet->node.given_up != before) {
        log_error("fleet: %s had the lease, could not take over what table %s has, and gave it up "
                  "for others: %s",
                  fleet->name, fleet->config->table, fleet->node.stuck_why);
    }
}

static void on_answer(void *argument, const struct aws_answer *answer)
{
    struct fleet *fleet = argument;
    struct fleet_request request = fleet->request;
    struct fleet_answer read;
    struct error err = {""};
    int64_t now_ms = fleet_now_ms();
    fleet->call = NULL;
    read_answer(fleet, answer, &read, &err);
    say_refused(fleet, answer);
    if (read.outcome == FLEET_UNREACHABLE) {
        fleet->failures++;
    } else if (request.kind == FLEET_QUERY) {
        json_decref(fleet->start_key);
        fleet->start_key = json_incref(json_object_get(answer->document, "LastEvaluatedKey"));
    } else if (request.kind == FLEET_ASK_NODES) {
        take_peers(fleet, answer->document, now_ms);
    }
    fleet->request.body = NULL;
    unsigned given_up = fleet->node.given_up;
    fleet_node_answered(&fleet->node, &request, fleet->sent_ms, &read, now_ms);
    fleet_answer_done(&read);
    free(request.body);
    say_cut_off(fleet, now_ms);
    say_given_up(fleet, given_up);
    step(fleet);
}

static void ask(struct fleet *fleet, int64_t now_ms)
{
    const struct fleet_request *request = &fleet->request;
    const char *operation = NULL;
    struct fleet_place place = {.table = fleet->config->table,
                                .fleet = fleet->config->name,
                                .node = fleet->name,
                                .version = PACKAGE_VERSION,
                                .address = fleet->address,
                                .pid = getpid(),
                                .beat = ++fleet->beat,
                                .now_s = clock_now_ms() / 1000,
                                .lag_ms = fleet_node_lag_ms(&fleet->node, now_ms),
                                .is_healthy =
                                    fleet->left == NULL && is_everything_healthy(fleet->control)};
    bool goes_on = request->kind == FLEET_QUERY && !request->is_first;
    json_t *input =
        fleet_request_print(request, &place, goes_on ? fleet->start_key : NULL, &operation);
    /* A write that arrived twice would fail its own condition the second time. */
    bool is_read = request->kind == FLEET_READ || request->kind == FLEET_QUERY ||
                   request->kind == FLEET_ASK_NODES;
    fleet->sent_ms = now_ms;
    fleet->call =
        aws_call_start(fleet->control->aws,
                       &(struct aws_request){.service = AWS_DYNAMODB,
                                             .operation = operation,
                                             .input = input,
                                             .timeout_ms = fleet_node_timeout_ms(&fleet->node),
                                             .attempts = 1,
                                             .is_sent_once = !is_read},
                       on_answer, fleet);
    json_decref(input);
}

/* What is left of a stop; the timer ends it, since this may be in the middle of an answer. */
static void step_out(struct fleet *fleet, int64_t now_ms)
{
    int64_t next_ms = 0;
    if (now_ms >= fleet->leave_until_ms || fleet_node_has_left(&fleet->node, now_ms) ||
        !fleet_node_next(&fleet->node, now_ms, &fleet->request, &next_ms)) {
        fleet->leave_until_ms = now_ms;
        wake_in(fleet, 0);
    } else {
        ask(fleet, now_ms);
    }
}

static void step(struct fleet *fleet)
{
    int64_t now_ms = fleet_now_ms(), next_ms = 0;
    if (fleet->left != NULL && fleet->call == NULL) {
        step_out(fleet, now_ms);
    }
    if (fleet->call != NULL || fleet->control->is_stopping) {
        return;
    }
    say_cut_off(fleet, now_ms);
    serve_waiters(fleet);
    if (fleet_node_next(&fleet->node, now_ms, &fleet->request, &next_ms)) {
        uv_timer_stop(&fleet->timer);
        ask(fleet, now_ms);
    } else {
        wake_in(fleet, next_ms - now_ms);
    }
}

void fleet_kick(struct control *control)
{
    struct fleet *fleet = control->fleet;
    if (fleet != NULL && fleet->has_started && fleet->call == NULL && !control->is_stopping) {
        wake_in(fleet, 0);
    }
}

/* ---- whoever waits ---- */

static void drop_waiter(struct fleet *fleet, size_t at)
{
    fleet->waiter_count--;
    memmove(&fleet->waiters[at], &fleet->waiters[at + 1],
            (fleet->waiter_count - at) * sizeof(*fleet->waiters));
}

/* As many as wait now; who is called may ask anew, or make others forgotten. */
static void serve_waiters(struct fleet *fleet)
{
    for (size_t left = fleet->waiter_count; left > 0 && fleet->waiter_count > 0; left--) {
        bool is_saved = fleet_is_saved(fleet->control);
        if (!is_saved && fleet_drives(fleet->control)) {
            return;
        }
        struct fleet_waiter waiter = fleet->waiters[0];
        drop_waiter(fleet, 0);
        waiter.saved(waiter.argument, is_saved);
    }
}

void fleet_when_saved(struct control *control, void (*saved)(void *argument, bool is_saved),
                      void *argument)
{
    struct fleet *fleet = control->fleet;
    if (fleet == NULL || !fleet->has_started || fleet->left != NULL) {
        saved(argument, fleet == NULL);
        return;
    }
    fleet->waiters = alloc_resize(fleet->waiters, fleet->waiter_count + 1, sizeof(*fleet->waiters));
    fleet->waiters[fleet->waiter_count++] = (struct fleet_waiter){saved, argument};
    if (fleet->call == NULL) {
        wake_in(fleet, 0);
    }
}

void fleet_forget_saved(struct control *control, const void *argument)
{
    struct fleet *fleet = control->fleet;
    for (size_t i = fleet == NULL ? 0 : fleet->waiter_count; i > 0; i--) {
        if (fleet->waiters[i - 1].argument == argument) {
            drop_waiter(fleet, i - 1);
        }
    }
}

/* ---- life ---- */

static bool set_homes(struct control *control, struct error *err)
{
    for (size_t i = 0; i < control->config->record_set_count; i++) {
        const struct record_set_state *set = &control->record_sets[i];
        CLEANUP(alloc_freep)
        char *item = set->rule == NULL ? alloc_printf("set#%s", set->key)
                                       : alloc_printf("rule#%s", set->rule->config->name);
        if (!store_fleet_set_home(control->store, set->key, item, err)) {
            return false;
        }
    }
    return true;
}

/* The host's name, as far as it can be part of a key. */
static void find_name(char name[FLEET_NAME_SIZE])
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
    if (gethostname(name, FLEET_NAME_SIZE) != 0 || name[0] == '\0') {
        snprintf(name, FLEET_NAME_SIZE, "node");
    }
    name[FLEET_NAME_SIZE - 1] = '\0';
    for (size_t at = strspn(name, good); name[at] != '\0'; at += strspn(name + at, good)) {
        name[at] = '-';
    }
}

bool fleet_new(struct control *control, struct error *err)
{
    const struct config_fleet *config = &control->config->control.fleet;
    struct store_fleet_memory memory;
    if (config->table == NULL) {
        return true;
    }
    if (!store_fleet_open(control->store, err) || !set_homes(control, err) ||
        !store_fleet_load_memory(control->store, &memory, err)) {
        return false;
    }
    struct fleet *fleet = alloc_zeroed(1, sizeof(*fleet));
    control->fleet = fleet;
    fleet->control = control;
    fleet->config = config;
    if (config->node == NULL) {
        find_name(fleet->name);
    } else {
        snprintf(fleet->name, sizeof(fleet->name), "%s", config->node);
    }
    address_print(&control->config->server.listen[0], fleet->address);
    struct fleet_settings settings = {.name = fleet->name,
                                      .lease_ms = config->lease_ms,
                                      .interval_ms = config->interval_ms,
                                      .memory = fleet_memory_of(fleet),
                                      .applied = memory.applied,
                                      .origin = memory.origin,
                                      .kept_fence = memory.fence};
    fleet_node_init(&fleet->node, &settings, fleet_now_ms());
    return true;
}

void fleet_start(struct control *control)
{
    struct fleet *fleet = control->fleet;
    if (fleet != NULL) {
        uv_timer_init(&control->loop, &fleet->timer);
        fleet->timer.data = fleet;
        fleet->has_started = true;
        step(fleet);
    }
}

void fleet_leave(struct control *control, void (*left)(struct control *control))
{
    struct fleet *fleet = control->fleet;
    if (fleet == NULL || !fleet->has_started) {
        left(control);
        return;
    }
    int64_t now_ms = fleet_now_ms();
    fleet->left = left;
    fleet_node_leave(&fleet->node);
    if (fleet_node_has_left(&fleet->node, now_ms)) {
        fleet_leave_now(control);
        return;
    }
    fleet->leave_until_ms = now_ms + LEAVE_MS;
    wake_in(fleet, LEAVE_MS);
    step(fleet);
}

void fleet_leave_now(struct control *control)
{
    struct fleet *fleet = control->fleet;
    if (fleet == NULL || fleet->left == NULL) {
        return;
    }
    if (fleet->node.head.has_ended) {
        log_info("fleet: %s has handed over: another node may drive at once", fleet->name);
    }
    void (*left)(struct control * control) = fleet->left;
    fleet->left = NULL;
    left(control);
}

void fleet_stop(struct control *control)
{
    struct fleet *fleet = control->fleet;
    if (fleet != NULL && fleet->has_started) {
        aws_call_cancel(STEAL(fleet->call));
        uv_close((uv_handle_t *)&fleet->timer, NULL);
        fleet->has_started = false;
        free(STEAL(fleet->waiters));
        fleet->waiter_count = 0;
    }
}

void fleet_free(struct fleet *fleet)
{
    if (fleet != NULL) {
        fleet_node_done(&fleet->node);
        free(fleet->request.body);
        json_decref(fleet->start_key);
        free(fleet->peers);
        free(fleet);
    }
}

/* ---- questions ---- */

bool fleet_drives(const struct control *control)
{
    return control->fleet == NULL || fleet_node_drives(&control->fleet->node, fleet_now_ms());
}

bool fleet_may_change(const struct control *control, struct error *err)
{
    const struct fleet *fleet = control->fleet;
    if (fleet_drives(control)) {
        return true;
    }
    char owner[FLEET_NAME_SIZE];
    outside_text_copy(fleet->node.head.owner, owner, sizeof(owner));
    if (fleet_node_is_cut_off(&fleet->node, fleet_now_ms())) {
        return error_set(err,
                         "%s is cut off from the fleet's table, so nothing is changed here: %s",
                         fleet->name, fleet->node.why);
    }
    if (fleet->node.role == FLEET_FOLLOWS && fleet->node.head.exists &&
        !fleet->node.head.has_ended && strcmp(owner, fleet->name) != 0) {
        return error_set(err, "%s drives: ask there", owner);
    }
    return error_set(err, "no node of the fleet drives just now: try again in a moment");
}

bool fleet_is_saved(const struct control *control)
{
    const struct fleet *fleet = control->fleet;
    struct error err;
    bool is_dirty = false;
    return fleet == NULL ||
           (fleet_drives(control) && store_fleet_is_dirty(control->store, NULL, &is_dirty, &err) &&
            !is_dirty && !journal_is_behind(control) &&
            fleet->node.confirmed <= fleet->node.head.sequence);
}

bool fleet_is_decided(const struct control *control)
{
    struct error err;
    bool is_undecided = false;
    return control->fleet == NULL ||
           (store_fleet_is_undecided(control->store, &is_undecided, &err) && !is_undecided);
}
