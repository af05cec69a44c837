/* SPDX-License-Identifier: BSD-2-Clause */
/* Changes of the zones in the state file. Control thread only. */
#pragma once

#include "control/zone_change.h"

/* In one transaction: the line of history, and what a restart has to know. failure: why nothing was
 * changed, or NULL. False and err: nothing is written. */
MUST_CHECK bool zone_journal(struct control *control, const struct zone_change *change,
                             const char *who, const struct error *failure, struct error *err);
