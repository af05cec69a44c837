/* SPDX-License-Identifier: BSD-2-Clause */
/* The queues of the configuration, and what becomes of their events here: intake, as with `event
 * push`. Control thread only. */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "control/model.h"
#include "control/queue.h"

struct event_queues;

/* Begins to poll them, once control->aws is there. */
void event_queues_open(struct control *control);
/* Before control->aws is closed; the loop must still turn. */
void event_queues_close(struct control *control);

/* One object for each queue, in the configuration's order. A new reference. */
json_t *event_queues_describe(const struct control *control);
void event_queues_put_metrics(const struct control *control, FILE *out);

/* Whether this daemon is the one that polls: whoever takes in events drives rollouts, in a fleet
 * one node. */
bool queue_may_poll(const struct control *control);
/* Calls, as queue_host.when_saved has it, when what was journaled so far is where it survives: the
 * state file has it when its transaction is over, so at once; in a fleet in its table. */
void queue_when_saved(struct control *control, queue_saved saved, void *argument);
