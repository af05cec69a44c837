/* SPDX-License-Identifier: BSD-2-Clause */
/* The plan that a rollout executes, and where in it it is: a document of the Amazon States Language
 * and its execution (control/plan), with what the rollout needs to know beside. Only rollout.c
 * moves it; others make, keep and read it. Pure; control thread. */
#pragma once

#include <jansson.h>

#include "control/plan/asl_data.h"
#include "control/plan/asl_execution.h"
#include "control/plan/asl_steps.h"

struct rollout_run {
    struct asl_document *document;   /* one of its owners */
    struct asl_execution *execution; /* NULL: not begun: the old TTL is being waited out */
    json_t *events;                  /* of the execution's history, since they were last stored */
    bool has_shifted;                /* the candidate has had weight from it */
    int64_t settle_ms;               /* how long after a shift its hold begins */
    int64_t settled_ms;              /* when the last shift will have taken effect; 0: it has */
    int64_t fall_back_ms;   /* how long one takes at caches that keep to the TTL; 0: not said */
    int64_t shifted_ms;     /* of the last shift; 0: there was none */
    int64_t still_since_ms; /* since when the plan's clock stands still; 0: it runs */
    bool goes_outward;      /* others have to take a shift over: the clock stands still from it on,
                               until a tick says that they have. The caller sets it; not saved */
    json_t *beside;         /* an object: what the caller keeps with it */
};

/* Of a plan that has not begun. settle_ms: how long after a shift, at the latest, it has taken
 * effect everywhere: a hold is counted from then; 0 counts it from the shift. The caller owns it.
 */
struct rollout_run *rollout_run_new(struct asl_document *document, int64_t settle_ms);
/* NULL is fine; of NULL it is NULL. */
struct rollout_run *rollout_run_copy(const struct rollout_run *run);
void rollout_run_free(struct rollout_run *run);

/* Everything but the document and the events, as JSON text; the caller frees it. */
char *rollout_run_save(const struct rollout_run *run);
/* What was saved of a run of this document. NULL and err: it is none; the text may be anything. */
MUST_CHECK struct rollout_run *rollout_run_load(struct asl_document *document, const char *text,
                                                struct error *err);
