/* SPDX-License-Identifier: BSD-2-Clause */
/* Signs zones anew before their signatures end, and when the time of a key comes: as a change of
 * zones (ZONE_SIGN), so that it runs on a thread of uv's pool and publishes as a reload does, but
 * of what is served: no file is read. Control thread only. */
#pragma once

#include "control/model.h"

void zone_refresh_open(struct control *control);
void zone_refresh_close(struct control *control);
/* Other zones are served now. */
void zone_refresh_arm(struct control *control);

/* Milliseconds until the first zone is due; 0: now. At most a day, since the clock may be set in
 * the meantime. Pure. */
uint64_t zone_refresh_delay_ms(const struct zone_table *zones, int64_t now_ms);
