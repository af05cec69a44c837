/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps of a plan, known beforehand: the document is run in virtual time, every task succeeding
 * at once and every gate passing. Pure; one thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "control/plan/asl_document.h"

#define ASL_MAX_STEPS 32

struct asl_steps {
    size_t count;
    uint8_t weights[ASL_MAX_STEPS];  /* the candidate's, ascending */
    int64_t holds_ms[ASL_MAX_STEPS]; /* from this shift to the next, or to the end */
};

/* False and err when the document fails all the same, never changes the weight, lowers it on its
 * way, or has too many steps. */
MUST_CHECK bool asl_steps_find(const struct asl_document *document, struct asl_steps *steps,
                               struct error *err);
