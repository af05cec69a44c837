/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/publisher.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

void publisher_init(struct publisher *publisher, struct exchange *exchange)
{
    memset(publisher, 0, sizeof(*publisher));
    publisher->exchange = exchange;
}

static void free_old(struct publisher *publisher, uint64_t oldest)
{
    size_t gone = 0;
    while (gone < publisher->old_count && publisher->old[gone]->generation < oldest) {
        snapshot_free(publisher->old[gone]);
        gone++;
    }
    if (gone == 0) {
        return;
    }
    publisher->old_count -= gone;
    memmove(publisher->old, publisher->old + gone,
            publisher->old_count * sizeof(struct snapshot *));
}

static void call_waits(struct publisher *publisher, uint64_t oldest)
{
    size_t due = 0;
    while (due < publisher->wait_count && publisher->waits[due].generation <= oldest) {
        due++;
    }
    if (due == 0) {
        return;
    }
    /* A callback may publish and wait again: the list must be in order before it is called. */
    struct publisher_wait *called = alloc_copy(publisher->waits, due * sizeof(*called));
    publisher->wait_count -= due;
    memmove(publisher->waits, publisher->waits + due, publisher->wait_count * sizeof(*called));
    for (size_t i = 0; i < due; i++) {
        called[i].seen(called[i].argument);
    }
    free(called);
}

/* A worker that has skipped a snapshot counts with the later one that it took. */
static void note_times(struct publisher *publisher, uint64_t oldest)
{
    uint64_t seen_ns = exchange_seen_ns(publisher->exchange);
    size_t due = 0;
    for (; due < publisher->start_count && publisher->starts[due].generation <= oldest; due++) {
        uint64_t begun_ns = publisher->starts[due].begun_ns;
        if (seen_ns >= begun_ns) { /* else no worker runs */
            publish_times_add(&publisher->times, seen_ns - begun_ns);
        }
    }
    if (due > 0) {
        publisher->start_count -= due;
        memmove(publisher->starts, publisher->starts + due,
                publisher->start_count * sizeof(*publisher->starts));
    }
}

static void collect(struct publisher *publisher)
{
    uint64_t oldest = exchange_oldest(publisher->exchange);
    note_times(publisher, oldest);
    free_old(publisher, oldest);
    call_waits(publisher, oldest);
}

static void on_async(uv_async_t *async)
{
    collect(async->data);
}

static void wake_control(void *argument)
{
    uv_async_send(argument);
}

void publisher_watch(struct publisher *publisher, uv_loop_t *loop)
{
    uv_async_init(loop, &publisher->async, on_async);
    publisher->async.data = publisher;
    publisher->has_async = true;
    publisher->exchange->wake_control_argument = &publisher->async;
    publisher->exchange->wake_control = wake_control;
}

struct snapshot_builder *publisher_begin(struct publisher *publisher,
                                         const struct record_sets *sets)
{
    publisher->begun_ns = publisher->exchange->now_ns();
    return snapshot_builder_new(publisher->current, sets);
}

static void note_start(struct publisher *publisher, uint64_t generation)
{
    if (publisher->start_count == publisher->start_room) {
        publisher->start_room = publisher->start_room * 2 + 8;
        publisher->starts =
            alloc_resize(publisher->starts, publisher->start_room, sizeof(*publisher->starts));
    }
    publisher->starts[publisher->start_count++] =
        (struct publisher_start){generation, publisher->begun_ns};
}

void publisher_publish(struct publisher *publisher, struct snapshot *next)
{
    /* Those before end now, as far as they have: not with what is offered from here on. */
    note_times(publisher, exchange_oldest(publisher->exchange));
    if (publisher->current != NULL) { /* else no worker is there yet */
        note_start(publisher, next->generation);
    }
    if (publisher->current != NULL) {
        if (publisher->old_count == publisher->old_room) {
            publisher->old_room = publisher->old_room * 2 + 8;
            publisher->old =
                alloc_resize(publisher->old, publisher->old_room, sizeof(struct snapshot *));
        }
        publisher->old[publisher->old_count++] = publisher->current;
    }
    publisher->current = next;
    exchange_offer(publisher->exchange, next);
}

void publisher_when_seen(struct publisher *publisher, publisher_seen seen, void *argument)
{
    if (publisher->wait_count == publisher->wait_room) {
        publisher->wait_room = publisher->wait_room * 2 + 8;
        publisher->waits =
            alloc_resize(publisher->waits, publisher->wait_room, sizeof(*publisher->waits));
    }
    publisher->waits[publisher->wait_count++] =
        (struct publisher_wait){publisher->current->generation, seen, argument};
    collect(publisher);
}

void publisher_close(struct publisher *publisher)
{
    call_waits(publisher, UINT64_MAX);
    if (publisher->has_async) {
        /* The workers run on for a moment and may still call: the handle stays until they end. */
        uv_unref((uv_handle_t *)&publisher->async);
    }
}

void publisher_done(struct publisher *publisher)
{
    free_old(publisher, UINT64_MAX);
    if (publisher->current != NULL) {
        snapshot_free_last(publisher->current);
    }
    free(publisher->old);
    free(publisher->waits);
    free(publisher->starts);
}
