/* SPDX-License-Identifier: BSD-2-Clause */
/* A freeze of all rollouts: none begins, none takes its next step or is promoted. What makes
 * answers safer goes through: a fall-back when health fails, an abort, an operator's weight set.
 * Kept over restarts. Control thread only. */
#pragma once

#include <jansson.h>

#include "control/model.h"

/* Freezes, or thaws, and writes the reason into the history; what had waited goes on then. False
 * and err: it is so already, the reason is too long, or the store fails. */
MUST_CHECK bool freeze_set(struct control *control, bool is_on, const char *who, const char *reason,
                           struct error *err);
MUST_CHECK bool freeze_restore(struct control *control, struct error *err);

/* "rollouts are frozen since … by …: …". */
void freeze_print(const struct control *control, char *out, size_t size);
/* Who, since when and why; null while nothing is frozen. */
json_t *freeze_describe(const struct control *control);
