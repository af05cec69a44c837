/* SPDX-License-Identifier: BSD-2-Clause */
/* Loads zones, at the start and again at run time. A reload parses on a thread of uv's pool, so
 * that neither answers nor a fall-back wait for it, and is all or nothing: one zone that does not
 * load leaves every zone as it is. Control thread only. */
#pragma once

#include "control/model.h"
#include "zones/signer.h"

/* result: the reloaded zones' names are those asked for; err NULL when it went well. */
typedef void (*zone_reload_finished)(void *argument, const struct error *err);

/* As of now. Any thread. */
struct signing_time zone_signing_time(void);

/* All zones, now, on this thread. NULL and err. Caller owns the table. */
MUST_CHECK struct zone_table *zone_load_all(const struct config *config,
                                            const struct record_sets *sets, struct error *err);

/* zone_index SIZE_MAX: all. A reload that is asked for while one runs follows it; all that are
 * asked for meanwhile are one. finished (may be NULL) is called when every worker answers from the
 * new zones, or with what went wrong. who: for the history. */
void zone_reload_ask(struct control *control, size_t zone_index, const char *who,
                     zone_reload_finished finished, void *argument);
/* Loads every zone in the same way and throws it away. */
void zone_check_ask(struct control *control, zone_reload_finished finished, void *argument);
/* Index of the zone of that name, or SIZE_MAX and an err that says which there are. */
size_t zone_find(const struct config *config, const char *name, struct error *err);
/* Whoever waits is told that the daemon stops; the loop waits for a load that runs, which then is
 * thrown away. */
void zone_reload_stop(struct control *control);
