/* SPDX-License-Identifier: BSD-2-Clause */
/* Changing weights: journal, then memory, then one publish. Control thread only. */
#pragma once

#include "control/model.h"
#include "zones/snapshot_builder.h"

/* One record set's weights as set, all of them. */
struct shift {
    struct record_set_state *set;
    uint8_t weights[MAX_MEMBERS];
};

/* The weights as they stand. */
void shift_init(struct shift *shift, struct record_set_state *set);
/* Writes the members that change, and for which line of the history, inside the caller's
 * transaction. */
MUST_CHECK bool shift_journal(struct control *control, const struct shift *shifts, size_t count,
                              int64_t history, struct error *err);
/* The same of a shift that was made, and published, before: from the weights in change->before. */
MUST_CHECK bool shift_journal_late(struct control *control, const struct record_set_state *set,
                                   const struct history_weights *change, int64_t history,
                                   struct error *err);
/* What the shift does to the weights as they stand; for shift_change_done. */
void shift_change(const struct shift *shift, struct history_weights *change);
void shift_change_done(struct history_weights *change);
/* After the commit. Nothing is answered differently before shift_publish. */
void shift_apply(struct control *control, const struct shift *shifts, size_t count);
/* The record set's effective weights, or a member's addresses, may have changed: the next publish
 * works them out. */
void shift_mark(struct control *control, struct record_set_state *set);
/* Publishes every record set that needs it (weights, health or addresses have changed) as one
 * snapshot. */
void shift_publish(struct control *control);
/* Puts a record set as it stands into a snapshot: effective weights, and alias targets' new
 * addresses. */
void shift_build(struct record_set_state *set, struct snapshot_builder *builder);
/* The effective weights of a record set as things stand; all 0 when no member has addresses. */
void shift_effective(const struct record_set_state *set, uint16_t effective[MAX_MEMBERS]);
/* "blue=50 green=50", for history and log. */
void shift_print(const struct shift *shift, char *out, size_t size);
