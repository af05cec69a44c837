/* SPDX-License-Identifier: BSD-2-Clause */
/* Looks after the key files of zones that are served, on a thread of uv's pool: what a rollover
 * waited for has come, so its next times are written. Control thread only. */
#pragma once

#include "control/model.h"

/* zone, signed here, is served from now on, and before was until now (NULL: unknown, the daemon has
 * just started). Both are held until it is done. What cannot be written is tried again later: the
 * zone is served as it is. */
void key_work_served(struct control *control, struct zone *zone, struct zone *before);
/* The same for every zone, at the start. */
void key_work_start(struct control *control);
/* The keys of the served zone want it to be loaded again then. */
void key_work_note_time(struct control *control, struct zone *zone, int64_t next_s);
