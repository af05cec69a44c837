/* SPDX-License-Identifier: BSD-2-Clause */
/* Pause hooks: where a deployment of ECS waits, and the rule of its service says `pause_hook`, the
 * rule's health gate and its gates decide, and ECS is told CONTINUE or ROLLBACK.
 *
 * A hook is written down with its event, and once more when it is decided, before ECS is told; it
 * is told until it has taken the answer, after a restart too, and each hook has one answer. A
 * freeze and closed windows hold up CONTINUE. ROLLBACK follows from a candidate that is unhealthy,
 * a gate that fails, or a verdict that has been missing for five minutes without a break; it stays
 * decided while it cannot be written down. Control thread only. */
#pragma once

#include "control/ecs_hook.h"
#include "control/ledger.h"
#include "control/model.h"

struct hook;

/* Goes on with those that were not answered when the daemon ended; control->aws is there, if it is
 * configured. */
MUST_CHECK bool hooks_open(struct control *control, struct error *err);
/* Before control->aws and control->outgoing are closed; the loop must still turn. */
void hooks_close(struct control *control);

/* Judges a hook and, if it is to be answered, which is FATE_NOTED, writes it down in the caller's
 * transaction. reason gets why, for people. False and err: the store failed. */
MUST_CHECK bool hook_judge(struct control *control, const struct ecs_hook *hook,
                           enum event_fate *fate, char *reason, size_t size, struct error *err);
/* After the commit of one that is to be answered. */
void hook_begin(struct control *control, const struct ecs_hook *hook);
