/* SPDX-License-Identifier: BSD-2-Clause */
/* Payload templates (Parameters and ResultSelector; the specification, "Payload Template"): JSON in
 * which the value of each field "x.$" is a path or a function, whose value becomes that of "x".
 * Pure; one thread. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "control/plan/asl_fault.h"
#include "control/plan/asl_line.h"
#include "control/plan/asl_path.h"

#define ASL_PAYLOAD_MAX_DEPTH 32

/* Whether it is a template. False: err says what is wrong, place where. */
MUST_CHECK bool asl_payload_check(const json_t *template, struct asl_place *place,
                                  struct error *err);

/* What a template that was checked makes of the scope: a new reference, which shares with both.
 * NULL and fault, see asl_expression_value. */
json_t *asl_payload_build(json_t *template, const struct asl_scope *scope, struct asl_fault *fault);
