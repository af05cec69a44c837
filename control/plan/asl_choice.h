/* SPDX-License-Identifier: BSD-2-Clause */
/* The rules of a Choice state (the specification, "Choice State"): And, Or, Not, and a Variable
 * with one comparison operator. Pure; one thread. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "control/plan/asl_fault.h"
#include "control/plan/asl_line.h"
#include "control/plan/asl_path.h"

#define ASL_CHOICE_MAX_DEPTH 32

/* Whether it is an entry of Choices, but for where its Next leads. False: err says what is wrong,
 * place where. */
MUST_CHECK bool asl_choice_check(const json_t *rule, struct asl_place *place, struct error *err);

enum asl_choice {
    ASL_CHOICE_NO,
    ASL_CHOICE_YES,
    ASL_CHOICE_FAULT, /* States.Runtime: a path leads nowhere; not so with IsPresent */
};
/* What a rule that was checked says of the scope. Values of another type than the operator's are a
 * NO. And and Or stop at the first that decides, so that IsPresent can stand before what needs it.
 */
enum asl_choice asl_choice_test(const json_t *rule, const struct asl_scope *scope,
                                struct asl_fault *fault);

/* "$.health.State StringEquals "healthy"", "… and …": for drawings. The caller frees it. */
char *asl_choice_text(const json_t *rule);
