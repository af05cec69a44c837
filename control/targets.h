/* SPDX-License-Identifier: BSD-2-Clause */
/* Which addresses are probed for which members: each value of a member with a health check, or each
 * address that its alias target has at the time. Control thread only. */
#pragma once

#include "control/model.h"

/* Starts the health checks of every member. */
MUST_CHECK bool targets_start(struct control *control, struct error *err);
/* The member's alias target has other addresses: what is gone is probed no more, unless another
 * member has it; what is new has no verdict yet. Call targets_index after the last one. */
void targets_follow(struct control *control, struct member_state *member);
/* Sorts control->target_users anew. */
void targets_index(struct control *control);
