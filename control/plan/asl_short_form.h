/* SPDX-License-Identifier: BSD-2-Clause */
/* The short form of a plan, weights and a hold, as a document of the Amazon States Language. Its
 * states are those of the workshop that Ballast replaces: a Pass sets $.weight, a Task sets it, a
 * Wait holds, a Task looks at the health, a Choice decides. What that one lacked is here: each Task
 * is tried again, and what fails for good leads to the fall-back, so that no weight stays shifted.
 * Pure; one thread. */
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "control/plan/asl_document.h"

#define ASL_SHORT_MAX_STEPS 32

/* What has to agree after each hold, beside health. */
struct asl_short_gate {
    const char *name; /* of a gate of the rollout: Parameters of its Task name it */
    enum asl_resource resource;
    int64_t timeout_s;         /* until when it has to answer */
    bool is_passed_by_silence; /* a time-out is as good as an answer */
};

struct asl_short_form {
    size_t step_count;
    int64_t steps[ASL_SHORT_MAX_STEPS]; /* weights of the candidate, 1 to 100, not falling */
    int64_t hold_ms;                    /* 0: no hold */
    const struct asl_short_gate *gates; /* asked in this order; borrowed */
    size_t gate_count;
};

/* "10,50,100"; err says which step is wrong. */
MUST_CHECK bool asl_short_form_steps(const char *text, struct asl_short_form *form,
                                     struct error *err);

/* A new reference; NULL and err when the steps or the hold are out of range. The document passes
 * asl_document_parse. */
MUST_CHECK json_t *asl_short_form_compile(const struct asl_short_form *form, struct error *err);
