/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes snapshots current and frees them when no worker answers from them. Control thread only. */
#pragma once

#include <stdbool.h>
#include <uv.h>

#include "control/publish_times.h"
#include "zones/exchange.h"
#include "zones/snapshot.h"
#include "zones/snapshot_builder.h"

/* Every worker answers from the state that was current when the wait began, or a later one. */
typedef void (*publisher_seen)(void *argument);

struct publisher_wait {
    uint64_t generation;
    publisher_seen seen;
    void *argument;
};

/* A snapshot that not every worker is known to have. */
struct publisher_start {
    uint64_t generation, begun_ns;
};

struct publisher {
    struct exchange *exchange;
    struct snapshot *current;
    struct snapshot **old; /* oldest first, without the current one */
    size_t old_count, old_room;
    struct publisher_wait *waits; /* in the order of their generations */
    size_t wait_count, wait_room;
    struct publisher_start *starts; /* likewise */
    size_t start_count, start_room;
    uint64_t begun_ns; /* when the next snapshot's builder was made */
    struct publish_times times;
    uv_async_t async; /* a worker has seen something new */
    bool has_async;
};

void publisher_init(struct publisher *publisher, struct exchange *exchange);
/* From here on workers wake the loop when they have seen a snapshot. */
void publisher_watch(struct publisher *publisher, uv_loop_t *loop);
/* What the next snapshot is built with, from the current one; the caller owns it, finishes it and
 * publishes what it gets before it begins another. From here on time counts (publisher->times). */
struct snapshot_builder *publisher_begin(struct publisher *publisher,
                                         const struct record_sets *sets);
/* Takes ownership and offers it to every worker; returns at once. */
void publisher_publish(struct publisher *publisher, struct snapshot *next);
/* Calls back, perhaps before it returns. */
void publisher_when_seen(struct publisher *publisher, publisher_seen seen, void *argument);
/* Closes its handle on the loop; those who wait are called. */
void publisher_close(struct publisher *publisher);
/* After the workers have ended. */
void publisher_done(struct publisher *publisher);
