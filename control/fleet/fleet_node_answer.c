/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of a node with each answer of the table. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/fleet/fleet_node_private.h"

/* Somebody else has the lease, or it was given up: what was not written is not so. */
static void fall_behind(struct fleet_node *node, int64_t now_ms)
{
    fleet_node_forget_takeover(node);
    node->role = FLEET_FOLLOWS;
    node->is_querying = false;
    node->seen_ms = now_ms;
    node->next_read_ms = now_ms;
    node->stuck_ms = 0;
    fleet_node_say_driving(node, now_ms);
    if (node->memory.forget_dirty(node->memory.argument)) {
        node->applied = 0;
        node->has_synced = false;
    }
}

/* ---- what came of it ---- */

/* Of a take of ours whose answer never came: nobody has driven since our own fence. */
static bool is_own_take(const struct fleet_node *node, const struct fleet_head *head)
{
    return head->exists && node->kept_fence > 0 && head->fence == node->kept_fence + 1 &&
           strcmp(head->owner, node->name) == 0;
}

static void saw_head(struct fleet_node *node, const struct fleet_head *head, int64_t now_ms)
{
    bool is_same = node->has_head && head->exists == node->head.exists &&
                   head->fence == node->head.fence && head->beat == node->head.beat;
    if (!is_same) {
        node->seen_ms = now_ms;
    }
    bool is_other = head->exists && strcmp(head->origin, node->head.origin) != 0;
    if (is_other || (head->exists && head->sequence < node->applied)) {
        node->applied = 0;
        node->has_synced = node->is_querying = false;
    }
    node->head = *head;
    node->has_head = true;
    node->next_read_ms = now_ms + node->interval_ms;
    if (!is_other && is_own_take(node, head)) {
        node->kept_fence = head->fence;
        node->memory.keep_fence(node->memory.argument, node->kept_fence);
    }
    /* What this node changed while it drove counts as long as nobody has driven since. */
    if (is_other || (head->exists && head->fence != node->kept_fence)) {
        node->kept_fence = 0;
        if (node->memory.forget_dirty(node->memory.argument)) {
            node->applied = 0;
            node->has_synced = node->is_querying = false;
        }
    }
}

static void add_seal(struct fleet_node *node, const char *item)
{
    for (size_t i = 0; i < node->seal_count; i++) {
        if (strcmp(node->seals[i], item) == 0) {
            return;
        }
    }
    node->seals = alloc_resize(node->seals, node->seal_count + 1, sizeof(*node->seals));
    node->seals[node->seal_count++] = alloc_string(item);
}

static void took(struct fleet_node *node, const struct fleet_request *request, int64_t sent_ms,
                 int64_t now_ms)
{
    char item[FLEET_ITEM_SIZE];
    node->keeps_dirty = request->expected.exists && node->kept_fence == request->expected.fence;
    if (!node->keeps_dirty && node->memory.forget_dirty(node->memory.argument)) {
        node->applied = 0;
    }
    if (request->expected.sequence == 0) {
        node->memory.mark_dirty(node->memory.argument, NULL);
    }
    if (node->keeps_dirty) {
        node->kept_fence = request->head.fence;
        node->memory.keep_fence(node->memory.argument, node->kept_fence);
    }
    node->role = FLEET_SEALS;
    node->head = request->head;
    node->beat = request->head.beat;
    node->counter = node->confirmed = request->head.sequence;
    node->lease_until_ms = sent_ms + node->lease_ms - node->margin_ms;
    node->renew_ms = sent_ms + node->lease_ms / 3;
    node->told_ms = sent_ms;
    node->progress_ms = now_ms;
    fleet_node_start_query(node);
    node->is_querying = request->expected.exists;
    for (size_t i = 0; node->memory.sealed_item(node->memory.argument, i, item); i++) {
        add_seal(node, item);
    }
}

static bool is_valid(const struct fleet_node *node, const struct fleet_item *item)
{
    return item->fence >= node->head.fence || item->sequence <= node->head.sealed;
}

/* A page of what is newer than what we have. What a driver of before wrote and did not announce is
 * nobody's for followers; who takes over seals it like the rest. */
static void got_page(struct fleet_node *node, const struct fleet_answer *answer, int64_t now_ms)
{
    CLEANUP(alloc_freep)
    struct fleet_item *items = alloc_zeroed(answer->item_count + 1, sizeof(*items));
    size_t count = 0;
    for (size_t i = 0; i < answer->item_count; i++) {
        if (is_valid(node, &answer->items[i])) {
            bool is_ours = node->memory.is_dirty(node->memory.argument, answer->items[i].item);
            items[count] = answer->items[i];
            count += is_ours || items[count].body == NULL ? 0 : 1;
        } else if (node->role == FLEET_SEALS) {
            add_seal(node, answer->items[i].item);
        }
    }
    bool is_last = !answer->has_more;
    bool is_shown = is_last && node->role == FLEET_FOLLOWS;
    if (!node->memory.import(node->memory.argument, items, count, is_shown, node->query_until)) {
        node->is_querying = false;
        node->may_take_ms = now_ms + 10 * node->lease_ms;
        node->may_query_ms = now_ms + node->interval_ms;
        if (node->role == FLEET_SEALS) {
            fall_behind(node, now_ms);
        }
        return;
    }
    node->has_paged = true;
    node->progress_ms = now_ms;
    if (is_last) {
        node->is_querying = false;
        node->applied = node->query_until;
        node->has_synced = true;
    }
}

static void adopt(struct fleet_node *node, int64_t now_ms)
{
    struct fleet_memory *memory = &node->memory;
    if (!memory->import(memory->argument, node->adopted, node->adopted_count, true,
                        node->head.sequence)) {
        node->may_take_ms = now_ms + 10 * node->lease_ms;
        fall_behind(node, now_ms);
        return;
    }
    fleet_node_forget_takeover(node);
    node->applied = node->head.sequence;
    node->kept_fence = node->head.fence;
    node->has_synced = true;
    memory->keep_fence(memory->argument, node->head.fence);
    node->role = FLEET_DRIVES;
}

static void sealed(struct fleet_node *node, const struct fleet_request *request,
                   const struct fleet_answer *answer, int64_t now_ms)
{
    struct fleet_memory *memory = &node->memory;
    const struct fleet_item *was = answer->item_count > 0 ? &answer->items[0] : NULL;
    bool is_ours = memory->is_dirty(memory->argument, request->item);
    if (was == NULL || was->body == NULL) {
        memory->mark_dirty(memory->argument, request->item);
    } else if (!is_ours) {
        node->adopted =
            alloc_resize(node->adopted, node->adopted_count + 1, sizeof(*node->adopted));
        node->adopted[node->adopted_count++] =
            (struct fleet_item){.item = alloc_string(request->item),
                                .body = alloc_string(was->body),
                                .fence = request->fence,
                                .sequence = request->sequence};
    }
    node->confirmed = request->sequence;
    node->progress_ms = now_ms;
    free(node->seals[--node->seal_count]);
    if (node->seal_count == 0) {
        adopt(node, now_ms);
    }
}

/* It holds the lease and could not take over, although the table answers: others may be able. */
static void give_up(struct fleet_node *node, int64_t now_ms)
{
    node->given_up++;
    node->given_up_until_ms = node->may_take_ms = now_ms + 10 * node->lease_ms;
    fall_behind(node, now_ms);
}

static void renewed(struct fleet_node *node, const struct fleet_request *request, int64_t sent_ms,
                    int64_t now_ms)
{
    bool has_slept = !fleet_node_has_lease(node, now_ms);
    node->head.beat = request->head.beat;
    node->head.sequence = request->head.sequence;
    node->told_ms = sent_ms;
    node->applied = node->role == FLEET_DRIVES ? node->head.sequence : node->applied;
    node->lease_until_ms = sent_ms + node->lease_ms - node->margin_ms;
    node->renew_ms = sent_ms + node->lease_ms / 3;
    node->progress_ms = has_slept ? now_ms : node->progress_ms;
    if (node->role == FLEET_SEALS && now_ms - node->progress_ms >= 2 * node->lease_ms) {
        give_up(node, now_ms);
    }
}

static void written(struct fleet_node *node, const struct fleet_request *request, int64_t now_ms)
{
    node->confirmed = request->sequence;
    if (!node->memory.clean(node->memory.argument, request->item, request->change)) {
        node->may_put_ms = now_ms + node->interval_ms;
    }
}

static void done(struct fleet_node *node, const struct fleet_request *request, int64_t sent_ms,
                 const struct fleet_answer *answer, int64_t now_ms)
{
    switch (request->kind) {
    case FLEET_READ:
        saw_head(node, &answer->head, now_ms);
        break;
    case FLEET_TAKE:
        took(node, request, sent_ms, now_ms);
        break;
    case FLEET_RENEW:
        renewed(node, request, sent_ms, now_ms);
        break;
    case FLEET_SEAL:
        sealed(node, request, answer, now_ms);
        break;
    case FLEET_PUT:
    case FLEET_REMOVE:
        written(node, request, now_ms);
        break;
    case FLEET_QUERY:
        got_page(node, answer, now_ms);
        break;
    case FLEET_SAY:
        node->said = request->sequence;
        node->next_say_ms = now_ms + node->lease_ms / 3;
        break;
    case FLEET_ASK_NODES:
        node->next_ask_ms = now_ms + node->lease_ms / 3;
        break;
    case FLEET_RELEASE:
        break;
    }
}

/* What its role needs; head alone, and what is for people, does not get it further. */
static bool is_work(enum fleet_kind kind)
{
    return kind == FLEET_TAKE || kind == FLEET_SEAL || kind == FLEET_PUT || kind == FLEET_REMOVE ||
           kind == FLEET_QUERY;
}

static void failed(struct fleet_node *node, const struct fleet_request *request,
                   const struct fleet_answer *answer, int64_t now_ms)
{
    snprintf(node->why, sizeof(node->why), "%s", answer->text);
    if (is_work(request->kind)) {
        node->stuck_ms = node->stuck_ms == 0 ? now_ms : node->stuck_ms;
        snprintf(node->stuck_why, sizeof(node->stuck_why), "%s: %s", fleet_kind_name(request->kind),
                 answer->text);
    }
    node->next_read_ms =
        now_ms + (fleet_node_has_lease(node, now_ms) ? RETRY_MS : node->interval_ms);
    node->renew_ms = node->role == FLEET_FOLLOWS ? 0 : now_ms;
    fleet_node_say_driving(node, now_ms);
}

void fleet_node_answered(struct fleet_node *node, const struct fleet_request *request,
                         int64_t sent_ms, const struct fleet_answer *answer, int64_t now_ms)
{
    node->is_failing = answer->outcome == FLEET_UNREACHABLE;
    if (request->kind == FLEET_RELEASE) { /* or somebody else has it: as good */
        node->is_releasing = false;
        node->head = answer->outcome == FLEET_DONE ? request->head : node->head;
        return;
    }
    if (node->is_failing) {
        failed(node, request, answer, now_ms);
        return;
    }
    node->reached_ms = now_ms;
    if (is_work(request->kind)) {
        node->stuck_ms = 0;
    }
    if (answer->outcome == FLEET_UNFIT) {
        bool is_noted = node->memory.refuse(node->memory.argument, request->item, request->change,
                                            answer->text);
        node->may_put_ms = is_noted ? node->may_put_ms : now_ms + node->interval_ms;
    } else if (answer->outcome == FLEET_REFUSED && request->kind == FLEET_TAKE) {
        node->next_read_ms = now_ms;
        node->seen_ms = now_ms;
    } else if (answer->outcome == FLEET_REFUSED) {
        fall_behind(node, now_ms);
    } else {
        done(node, request, sent_ms, answer, now_ms);
    }
    if (fleet_node_is_in_step(node)) {
        node->in_step_ms = now_ms;
        node->stuck_ms = node->role == FLEET_FOLLOWS ? 0 : node->stuck_ms;
    }
    if (node->said != fleet_node_sequence(node) && node->next_say_ms > now_ms + node->interval_ms) {
        node->next_say_ms = now_ms + node->interval_ms;
    }
    fleet_node_say_driving(node, now_ms);
}
