/* SPDX-License-Identifier: BSD-2-Clause */
/* Several nodes that share weights, rollouts and freeze in a table of DynamoDB: one drives, the
 * others follow. fleet/fleet_node.h decides; here are the loop, AWS, the store and what is served.
 * Without a fleet (control->fleet is NULL) this node drives. Control thread only. */
#pragma once

#include <jansson.h>

#include "control/model.h"

/* The store is open and the record sets are known; what changes from here on goes to the table.
 * Nobody is asked yet. True without a fleet in the configuration. */
MUST_CHECK bool fleet_new(struct control *control, struct error *err);
/* Begins to ask; control->aws is there. */
void fleet_start(struct control *control);
/* The daemon stops, and decides nothing any more (control->is_stopping). A node that drives hands
 * its lease over; left is called when that is done, or cannot be, or takes longer than a short
 * limit: at once or from the loop. control->aws stays until then. */
void fleet_leave(struct control *control, void (*left)(struct control *control));
/* Calls left now, if it is still to be called. */
void fleet_leave_now(struct control *control);
/* Ends it, and closes its handles on the loop. */
void fleet_stop(struct control *control);
void fleet_free(struct fleet *fleet);

/* Whether this node decides anything now: steps, starts, weights, what goes outward. Asks the clock
 * each time, so that a process which was stopped knows. */
bool fleet_drives(const struct control *control);
/* The same; err says whom to ask, or why nobody can be asked. */
MUST_CHECK bool fleet_may_change(const struct control *control, struct error *err);
/* Everything that this node has changed is in the table, and followers can see it. */
bool fleet_is_saved(const struct control *control);
/* What has been decided (weights, rollouts) is in the table: no other driver would go back behind
 * it. */
bool fleet_is_decided(const struct control *control);
/* Calls when fleet_is_saved: at once, or later from the loop; with false as soon as this node does
 * not drive any more, or at once when it is stopping. Not at all after fleet_forget_saved with the
 * same argument, or fleet_stop. */
void fleet_when_saved(struct control *control, void (*saved)(void *argument, bool is_saved),
                      void *argument);
void fleet_forget_saved(struct control *control, const void *argument);
/* Something has been written: it goes to the table. */
void fleet_kick(struct control *control);

/* For status; null without a fleet. */
json_t *fleet_describe(const struct control *control);
/* For metrics. */
struct fleet_figures {
    bool drives, is_cut_off;
    int64_t fence, sequence, applied, lag_ms, lease_left_ms;
    uint64_t failures;
};
struct fleet_figures fleet_figures(const struct control *control);
