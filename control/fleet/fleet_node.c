/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/fleet/fleet_node_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

/* What is in the table is announced at the latest after this, while there is more to write. */
#define ANNOUNCE_MS 200

const char *fleet_kind_name(enum fleet_kind kind)
{
    static const char *const names[FLEET_KIND_COUNT] = {
        "read", "take", "renew", "seal", "put", "remove", "query", "say", "ask nodes", "release"};
    return names[kind];
}

void fleet_node_init(struct fleet_node *node, const struct fleet_settings *settings, int64_t now_ms)
{
    *node = (struct fleet_node){.lease_ms = settings->lease_ms,
                                .margin_ms = settings->lease_ms / 10,
                                .interval_ms = settings->interval_ms,
                                .memory = settings->memory,
                                .applied = settings->applied,
                                .kept_fence = settings->kept_fence,
                                .reached_ms = now_ms,
                                .in_step_ms = now_ms,
                                .next_read_ms = now_ms,
                                .next_say_ms = now_ms,
                                .next_ask_ms = now_ms,
                                .said = -1};
    snprintf(node->name, sizeof(node->name), "%s", settings->name);
    snprintf(node->head.origin, sizeof(node->head.origin), "%s",
             settings->origin == NULL ? "" : settings->origin);
    snprintf(node->why, sizeof(node->why), "it has not been read yet");
}

void fleet_node_forget_takeover(struct fleet_node *node)
{
    for (size_t i = 0; i < node->seal_count; i++) {
        free(node->seals[i]);
    }
    for (size_t i = 0; i < node->adopted_count; i++) {
        free((char *)node->adopted[i].item);
        free((char *)node->adopted[i].body);
    }
    free(STEAL(node->seals));
    free(STEAL(node->adopted));
    node->seal_count = node->adopted_count = 0;
}

void fleet_node_done(struct fleet_node *node)
{
    fleet_node_forget_takeover(node);
}

int64_t fleet_node_timeout_ms(const struct fleet_node *node)
{
    int64_t most_ms = node->lease_ms / 6;
    return most_ms < 2000 ? most_ms : 2000;
}

bool fleet_node_has_lease(const struct fleet_node *node, int64_t now_ms)
{
    return node->role != FLEET_FOLLOWS && now_ms < node->lease_until_ms;
}

bool fleet_node_drives(const struct fleet_node *node, int64_t now_ms)
{
    return node->role == FLEET_DRIVES && fleet_node_has_lease(node, now_ms);
}

int64_t fleet_node_lease_left_ms(const struct fleet_node *node, int64_t now_ms)
{
    return fleet_node_has_lease(node, now_ms) ? node->lease_until_ms - now_ms : 0;
}

bool fleet_node_is_cut_off(const struct fleet_node *node, int64_t now_ms)
{
    return (node->is_failing || !node->has_head) &&
           now_ms - node->reached_ms > 2 * node->interval_ms;
}

bool fleet_node_is_stuck(const struct fleet_node *node, int64_t now_ms)
{
    bool is_failing = node->stuck_ms != 0 && now_ms - node->stuck_ms >= node->lease_ms;
    return (is_failing || now_ms < node->given_up_until_ms) && !fleet_node_is_cut_off(node, now_ms);
}

bool fleet_node_is_in_step(const struct fleet_node *node)
{
    return node->role == FLEET_DRIVES || (node->has_synced && node->applied >= node->head.sequence);
}

int64_t fleet_node_lag_ms(const struct fleet_node *node, int64_t now_ms)
{
    bool is_sure = fleet_node_is_in_step(node) && !fleet_node_is_cut_off(node, now_ms);
    return is_sure ? 0 : now_ms - node->in_step_ms;
}

void fleet_node_say_driving(struct fleet_node *node, int64_t now_ms)
{
    bool drives = fleet_node_drives(node, now_ms);
    if (drives != node->was_driving) {
        node->was_driving = drives;
        node->memory.driving(node->memory.argument, drives);
    }
}

void fleet_node_leave(struct fleet_node *node)
{
    node->is_leaving = true;
}

bool fleet_node_has_left(const struct fleet_node *node, int64_t now_ms)
{
    return node->is_leaving && !node->is_releasing &&
           (node->is_failing || !fleet_node_drives(node, now_ms));
}

/* ---- what is to be asked next ---- */

static bool may_take(const struct fleet_node *node, int64_t now_ms)
{
    if (node->role != FLEET_FOLLOWS || !node->has_head || node->is_failing ||
        now_ms < node->may_take_ms) {
        return false;
    }
    /* Who cannot read what the table has could not drive either, and would only hold the lease. */
    bool has_all = fleet_node_is_in_step(node) && !node->is_querying;
    bool is_over = node->head.has_ended || now_ms - node->seen_ms >= node->lease_ms;
    return !node->head.exists || (has_all && is_over);
}

static void want_take(const struct fleet_node *node, int64_t now_ms, struct fleet_request *request)
{
    request->kind = FLEET_TAKE;
    request->expected = node->head;
    request->head = node->head;
    request->head.exists = true;
    request->head.has_ended = false;
    request->head.fence++;
    request->head.beat++;
    request->head.sealed = node->head.sequence;
    snprintf(request->head.owner, sizeof(request->head.owner), "%s", node->name);
    if (!node->head.exists) {
        request->head = (struct fleet_head){.exists = true, .fence = 1, .beat = 1};
        snprintf(request->head.owner, sizeof(request->head.owner), "%s", node->name);
        snprintf(request->head.origin, sizeof(request->head.origin), "%s %lld", node->name,
                 (long long)now_ms);
    }
}

static void want_renewal(struct fleet_node *node, struct fleet_request *request)
{
    request->kind = FLEET_RENEW;
    request->head = node->head;
    request->head.beat = ++node->beat;
    request->head.sequence = node->confirmed;
}

/* From here on it does not drive, whatever comes of it. */
static void want_release(struct fleet_node *node, int64_t now_ms, struct fleet_request *request)
{
    want_renewal(node, request);
    request->kind = FLEET_RELEASE;
    request->head.has_ended = true;
    node->is_releasing = true;
    node->role = FLEET_FOLLOWS;
    fleet_node_say_driving(node, now_ms);
}

void fleet_node_start_query(struct fleet_node *node)
{
    node->query_until = node->head.sequence;
    node->is_querying = true;
    node->has_paged = false;
}

static void want_page(const struct fleet_node *node, struct fleet_request *request)
{
    request->kind = FLEET_QUERY;
    request->after = node->applied;
    request->is_first = !node->has_paged;
}

static void stamp(struct fleet_node *node, enum fleet_kind kind, struct fleet_request *request)
{
    request->kind = kind;
    request->fence = node->head.fence;
    request->sequence = ++node->counter;
}

/* What the driver, or who is about to be, writes. */
static bool next_of_driver(struct fleet_node *node, int64_t now_ms, struct fleet_request *request)
{
    if (now_ms >= node->renew_ms) {
        want_renewal(node, request);
        return true;
    }
    if (!fleet_node_has_lease(node, now_ms)) {
        return false;
    }
    if (node->role == FLEET_SEALS && node->is_querying) {
        want_page(node, request);
        return true;
    }
    if (node->role == FLEET_SEALS) {
        stamp(node, FLEET_SEAL, request);
        snprintf(request->item, sizeof(request->item), "%s", node->seals[node->seal_count - 1]);
        return true;
    }
    bool has_news = node->confirmed > node->head.sequence;
    if (has_news && now_ms - node->told_ms >= ANNOUNCE_MS) {
        want_renewal(node, request);
        return true;
    }
    if (now_ms >= node->may_put_ms && node->memory.next_dirty(node->memory.argument, request->item,
                                                              &request->body, &request->change)) {
        stamp(node, request->body == NULL ? FLEET_REMOVE : FLEET_PUT, request);
        return true;
    }
    if (node->is_leaving) {
        want_release(node, now_ms, request);
    } else if (has_news) {
        want_renewal(node, request);
    }
    return has_news || node->is_leaving;
}

static bool next_of_follower(struct fleet_node *node, int64_t now_ms, struct fleet_request *request)
{
    if (now_ms >= node->next_read_ms) {
        request->kind = FLEET_READ;
        return true;
    }
    if (may_take(node, now_ms)) {
        want_take(node, now_ms, request);
        return true;
    }
    bool is_behind = node->has_head && node->head.exists && !fleet_node_is_in_step(node);
    if (!node->is_failing && now_ms >= node->may_query_ms && (is_behind || node->is_querying)) {
        if (!node->is_querying) {
            fleet_node_start_query(node);
        }
        want_page(node, request);
        return true;
    }
    return false;
}

int64_t fleet_node_sequence(const struct fleet_node *node)
{
    return node->role == FLEET_FOLLOWS ? node->applied : node->confirmed;
}

/* What is for people only; never before anything else, nor while the table is gone. */
static bool next_of_all(struct fleet_node *node, int64_t now_ms, struct fleet_request *request)
{
    if (node->is_failing || !node->has_head || !node->head.exists) {
        return false;
    }
    if (now_ms >= node->next_say_ms) {
        request->kind = FLEET_SAY;
        request->sequence = fleet_node_sequence(node);
        return true;
    }
    if (now_ms >= node->next_ask_ms) {
        request->kind = FLEET_ASK_NODES;
        return true;
    }
    return false;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

bool fleet_node_next(struct fleet_node *node, int64_t now_ms, struct fleet_request *request,
                     int64_t *next_ms)
{
    *request = (struct fleet_request){.kind = FLEET_READ};
    fleet_node_say_driving(node, now_ms);
    if (fleet_node_has_left(node, now_ms)) {
        *next_ms = INT64_MAX;
        return false;
    }
    if (node->is_failing && now_ms < node->next_read_ms) {
        *next_ms = node->next_read_ms;
        return false;
    }
    bool is_driver = node->role != FLEET_FOLLOWS;
    if (is_driver ? next_of_driver(node, now_ms, request)
                  : next_of_follower(node, now_ms, request)) {
        return true;
    }
    if (next_of_all(node, now_ms, request)) {
        return true;
    }
    *next_ms = is_driver ? node->renew_ms : node->next_read_ms;
    *next_ms = earlier(*next_ms, earlier(node->next_say_ms, node->next_ask_ms));
    if (node->role == FLEET_FOLLOWS && node->has_head && node->head.exists) {
        int64_t take_ms = node->head.has_ended ? now_ms : node->seen_ms + node->lease_ms;
        take_ms = take_ms > node->may_take_ms ? take_ms : node->may_take_ms;
        *next_ms = take_ms > now_ms ? earlier(*next_ms, take_ms) : *next_ms;
    }
    *next_ms = *next_ms > now_ms ? *next_ms : now_ms + RETRY_MS;
    return false;
}
