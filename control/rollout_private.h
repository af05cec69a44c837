/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the rollout engine share: rollout.c (states and inputs), rollout_advance.c (the
 * plan's wants), rollout_text.c (words). */
#pragma once

#include "common/attributes.h"
#include "control/rollout.h"
#include "control/rollout_run.h"

/* ---- rollout_text.c ---- */

struct step_text {
    char text[ROLLOUT_TEXT_SIZE];
};
struct seen {
    char text[ROLLOUT_TEXT_SIZE];
};

void rollout_set_history(struct rollout_effect *effect, const char *kind, const char *format, ...)
    PRINTF_LIKE(3, 4);
void rollout_set_reason(struct rollout *rollout, const char *format, ...) PRINTF_LIKE(2, 3);
/* Who asks, or "somebody". */
const char *rollout_who(const struct rollout_input *input);
/* What was seen of the candidate's health, with what separates it from the text before it. */
struct seen rollout_seen(const struct rollout_input *input, const char *separator);
/* For "%.10gs": holds read in seconds all over the history, "60s" and "0.3s" alike. */
double rollout_seconds(int64_t duration_ms);
/* "shifted green to 10 (step 1 of 3), hold 60s" */
struct step_text rollout_shift_text(const struct rollout *rollout);
/* "step 1 of 3", or "before step 1 of 3". */
struct step_text rollout_step_text(const struct rollout *rollout);

/* ---- rollout.c ---- */

/* Ends the rollout; what its plan's execution says of it goes to its history. */
void rollout_end(struct rollout *rollout, enum rollout_state state, const char *error,
                 int64_t now_ms);
/* The caller has set the reason. */
void rollout_fall_back(struct rollout *rollout, const char *error,
                       const struct rollout_input *input, struct rollout_effect *effect);

/* ---- rollout_advance.c ---- */

/* Runs the plan on until there is something to publish or to wait for; says what it is in the
 * effect and the rollout's reason. */
void rollout_advance(struct rollout *rollout, const struct rollout_input *input,
                     struct rollout_effect *effect);
/* Starts the plan's execution. */
void rollout_execute(struct rollout *rollout, int64_t now_ms);
/* Steps it; false and err when the event does not fit. */
MUST_CHECK bool rollout_step(struct rollout *rollout, const struct asl_event *event, int64_t now_ms,
                             struct error *err);
/* The plan's clock stands still from now on, or runs again. */
void rollout_stand_still(struct rollout *rollout, int64_t now_ms);
void rollout_go_on(struct rollout *rollout, int64_t now_ms);
