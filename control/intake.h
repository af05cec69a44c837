/* SPDX-License-Identifier: BSD-2-Clause */
/* Takes in ECS events, from wherever they come: judges each, logs it with its fate, starts what it
 * starts. Control thread only. */
#pragma once

#include <jansson.h>

#include "control/model.h"

/* text: one event, an array, or one a line. Returns {"received": n, "events": [each with its
 * fate]}, which the caller owns; NULL and err when the store would not take them: then the events
 * from the one named in err on are not taken in, and may be sent again. */
MUST_CHECK json_t *intake_push(struct control *control, const char *text, size_t len,
                               const char *who, struct error *err);
