/* SPDX-License-Identifier: BSD-2-Clause */
/* Tells people, and other programs, what becomes of rollouts: a POST of JSON, one that Slack takes,
 * or a command. What is to be told is written in the transaction that has the event
 * (notify_journal), so that it outlives a kill; it is delivered afterwards, at least once, in order
 * for each receiver, each at its own pace. After its last try a notice is dead: it is kept, and
 * shown. Nothing waits for a receiver. Control thread only. */
#pragma once

#include <jansson.h>

#include "control/model.h"

/* Inside the caller's transaction: a notice for each receiver that wants to know. rollout NULL: the
 * entry is of none (a freeze). */
MUST_CHECK bool notify_journal(struct control *control, const struct history_entry *entry,
                               const struct rollout *rollout, struct error *err);
/* Something may have been journaled, or it is time: deliveries begin from the loop. */
void notify_kick(struct control *control);

/* When the loop runs, and before it ends. What was not delivered is delivered after the next start.
 */
void notify_open(struct control *control);
void notify_close(struct control *control);

/* How long to wait before the attempt after so many: from about 1 s doubling to 5 minutes, of which
 * chance (0 to 99) takes up to a half. */
int64_t notify_delay_ms(int64_t attempts, unsigned chance);
/* What Slack is told: {"text": …}. A new reference. */
json_t *notify_slack(const json_t *body);
