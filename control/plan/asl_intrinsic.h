/* SPDX-License-Identifier: BSD-2-Clause */
/* What may stand behind a field whose name ends in ".$": a path, or the call of an intrinsic
 * function, whose arguments are paths, 'texts', numbers, true, false, null and calls. In a text
 * \', \{, \} and \\ stand for the second character. Pure; one thread. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "control/plan/asl_fault.h"
#include "control/plan/asl_path.h"

/* Calls within calls, as in Step Functions. */
#define ASL_INTRINSIC_MAX_DEPTH 10

/* Whether the text is a path or a call, and each function there with as many arguments. */
MUST_CHECK bool asl_expression_check(const char *text, struct error *err);

/* The value of a text that was checked: a new reference. NULL and fault: a path that leads nowhere
 * is States.ParameterPathFailure, what a function refuses States.IntrinsicFailure. */
json_t *asl_expression_value(const char *text, const struct asl_scope *scope,
                             struct asl_fault *fault);
