/* SPDX-License-Identifier: BSD-2-Clause */
/* The shares of record sets as control knows them: keeps the counters of answers at shifts and over
 * the last minute, and puts the shares together. Control thread only. */
#pragma once

#include "control/model.h"

/* The loop is there and the first snapshot is published. Answers are counted from here on. */
void share_watch_open(struct control *control);
/* How far back, beyond the TTL, weights are needed to say what was expected when traffic was
 * measured. NULL: none is. */
int64_t share_watch_kept_ms(const struct config_traffic *traffic);
/* Begins to measure the real traffic of record sets that have a source. */
void share_watch_start(struct control *control);
/* Ends that, and closes its handles on the loop. */
void share_watch_close(struct control *control);
/* A snapshot with the record set was published. After a shift answers are counted anew as soon as
 * no worker answers by the old weights. */
void share_watch_published(struct record_set_state *set);
/* All the shares as they are at now_ms. */
void share_watch_read(const struct record_set_state *set, int64_t now_ms, struct shares *shares);

/* The shares of a rule's record sets as they are now, for the history; one for each. Caller frees
 * with store_free_history_shares. */
struct history_shares *share_watch_keep(const struct rule_state *rule);
/* Writes them with a line of the history, inside the caller's transaction. */
MUST_CHECK bool share_watch_journal(const struct rule_state *rule, int64_t history,
                                    struct error *err);
/* The same of what was kept before. */
MUST_CHECK bool share_watch_journal_late(const struct rule_state *rule,
                                         const struct history_shares *shares, int64_t history,
                                         struct error *err);

/* Does the real traffic of the rule's record sets follow what is expected, within a tolerance in
 * percentage points? The worst of them: one that differs, else one that is not known; its text, and
 * the numbers of all, which the caller owns (numbers may be NULL):
 * [{"record_set", "verdict", "requests_per_s", "tolerance", "members": [{"id", "expected",
 * "traffic", "difference"}]}], shares from 0 to 1, difference in percentage points, null for what
 * is not known. Record sets without a source are left out; without any it is unknown. */
enum share_verdict share_watch_judge(const struct rule_state *rule, double tolerance, char *text,
                                     size_t size, json_t **numbers);
