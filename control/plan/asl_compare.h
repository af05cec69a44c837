/* SPDX-License-Identifier: BSD-2-Clause */
/* The comparison operators of Choice rules (the specification, "Data-test expression"). Only for
 * asl_choice.c. One thread. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "control/plan/asl_fault.h"
#include "control/plan/asl_path.h"

/* Whether there is an operator of this name, and its operand is of its type. */
MUST_CHECK bool asl_compare_check(const char *name, const json_t *operand, struct error *err);

/* An operator that was checked, but for IsPresent. A value of another type than the operator's
 * compares as false. False and fault: the operand's path leads nowhere. */
MUST_CHECK bool asl_compare(const char *name, const json_t *value, json_t *operand,
                            const struct asl_scope *scope, bool *is_true, struct asl_fault *fault);
