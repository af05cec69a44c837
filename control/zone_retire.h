/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of zones. To free a large one takes longer than the control thread should be away, so a
 * thread of uv's pool does it. Control thread only. */
#pragma once

#include <uv.h>

#include "control/model.h"

/* Frees a zone that nobody holds. NULL is fine. */
void zone_discard(uv_loop_t *loop, struct zone *zone);
/* Drops one reference, and discards the zone when it was the last. */
void zone_let_go(uv_loop_t *loop, struct zone *zone);
/* A zone that the current snapshot has no more: the caller's reference is let go when every worker
 * answers from that snapshot, after those that have the zone were freed. */
void zone_retire(struct control *control, struct zone *zone);
/* Discards what was loaded and not taken, and ends the view. */
void zone_view_discard(uv_loop_t *loop, struct zone_view *view);
