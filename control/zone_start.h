/* SPDX-License-Identifier: BSD-2-Clause */
/* The zones that a daemon starts with: those of the configuration, all of which have to load, and
 * those that were added at run time, which may not. Control thread only. */
#pragma once

#include "control/model.h"

/* Loads the configuration's zones into the empty list. is_trial: nothing is going to be served, and
 * nothing is written. False and err: one cannot be served. */
MUST_CHECK bool zone_start_configured(struct zone_list *list, const struct config *config,
                                      const struct record_sets *sets, bool is_trial,
                                      struct error *err);
/* Adds what the store has. A zone that cannot be loaded stays in the list without being served, and
 * the log says so; one that the configuration has by now is forgotten. False and err: the store, or
 * a zone of the configuration that has to do without some record sets. */
MUST_CHECK bool zone_start_stored(struct control *control, struct error *err);
/* Tells the table which zones of the list are not loaded. */
void zone_start_add_absent(const struct zone_list *list, struct zone_table *table);
/* A table of the zones that are loaded. Caller owns. */
struct zone_table *zone_start_table(const struct zone_list *list);
