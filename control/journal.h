/* SPDX-License-Identifier: BSD-2-Clause */
/* The transactions in which control writes what it is about to do; it acts after journal_end. One
 * that begins first writes what an earlier failure left unwritten (a fall-back does not wait for
 * the disk), so that the store never has the later of two changes without the earlier. Control
 * thread only. */
#pragma once

#include "control/model.h"

/* False and err: nothing is open. In a fleet only on the node that drives: what is written is
 * shared. */
MUST_CHECK bool journal_begin(struct control *control, struct error *err);
/* The same for what each node has of its own: zones, alias targets, notices, which
 * health checks Route 53 has of us. */
MUST_CHECK bool journal_begin_own(struct control *control, struct error *err);
/* Commits when is_written, else rolls back, with err as the write that failed left it. False and
 * err: nothing of the transaction is in the store. */
MUST_CHECK bool journal_end(struct control *control, bool is_written, struct error *err);

struct shift;
/* A rollout's new state and weights (one shift for each record set of the rule, not applied yet)
 * are about to be published without having been written: remembers that, and the line for the
 * history, until a transaction takes it along. */
void journal_leave_behind(struct rule_state *rule, const struct history_entry *entry,
                          const struct shift *shifts);
/* Something was left behind and is not written yet. */
bool journal_is_behind(const struct control *control);
/* Forgets what was never written; what is in memory, and served, stays as it is. */
void journal_close(struct control *control);
/* Writes what was left behind, in a transaction of its own. */
MUST_CHECK bool journal_catch_up(struct control *control, struct error *err);

/* Keeps the text of a failed access for `status`, and logs it once. Returns false. */
bool journal_failed(struct control *control, const struct error *err);
