/* SPDX-License-Identifier: BSD-2-Clause */
/* Takes in ECS events, from wherever they come: judges each, logs it with its fate, starts what it
 * starts. Control thread only. */
#pragma once

#include <jansson.h>

#include "control/ecs_event.h"
#include "control/model.h"

/* text: one event, an array, or one a line. Returns {"received": n, "events": [each with its
 * fate]}, which the caller owns; NULL and err when the store would not take them: then the events
 * from the one named in err on are not taken in, and may be sent again. */
MUST_CHECK json_t *intake_push(struct control *control, const char *text, size_t len,
                               const char *who, struct error *err);

/* The same in pieces, for whoever lets the loop turn in between. Events share transactions:
 * intake_commit before the loop turns. After a false nothing more is taken in, and intake_finish
 * says why; what may have to fall back is seen all the same, so give it the rest, too. */
struct intake;
struct intake *intake_new(struct control *control, const char *who);
/* One event, or NULL and why it is none. */
MUST_CHECK bool intake_take(struct intake *intake, const json_t *json, const char *malformed);
MUST_CHECK bool intake_commit(struct intake *intake);
size_t intake_received(const struct intake *intake);
/* Commits, frees it, and returns what intake_push returns. */
MUST_CHECK json_t *intake_finish(struct intake *intake, struct error *err);

/* Judges a deployment (cluster, service and deployment of event) once more by what is known by now.
 * It is logged like an event when it starts a rollout, and otherwise not at all. False and err: the
 * store failed. */
MUST_CHECK bool intake_look_again(struct control *control, const struct ecs_event *event,
                                  const char *who, struct error *err);
