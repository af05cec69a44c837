/* SPDX-License-Identifier: BSD-2-Clause */
/* The intrinsic functions of the Amazon States Language (its specification, "Intrinsic Functions",
 * and those that Step Functions adds), each a pure function of its arguments. Only for
 * asl_intrinsic.c and the function files. One thread. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "control/plan/asl_fault.h"
#include "control/plan/asl_path.h"

/* Gets its arguments as an array, as many as the row says. A new reference, or NULL and fault. */
typedef json_t *(*asl_function_run)(const json_t *arguments, const struct asl_scope *scope,
                                    struct asl_fault *fault);

struct asl_function {
    const char *name; /* without "States." */
    size_t min_arguments;
    size_t max_arguments;
    asl_function_run run;
};

/* The function of this name of len octets, or NULL. */
const struct asl_function *asl_function_find(const char *name, size_t len);
/* "States.Array, States.ArrayContains, …" */
const char *asl_function_names(void);

/* An argument as what the function needs; NULL or false and fault when it is something else. A
 * fraction is rounded to the nearest whole number, as Step Functions does. */
const char *asl_argument_text(const json_t *arguments, size_t index, struct asl_fault *fault);
MUST_CHECK bool asl_argument_integer(const json_t *arguments, size_t index, json_int_t *number,
                                     struct asl_fault *fault);
json_t *asl_argument_array(const json_t *arguments, size_t index, struct asl_fault *fault);

/* asl_function_array.c */
json_t *asl_array(const json_t *arguments, const struct asl_scope *scope, struct asl_fault *fault);
json_t *asl_array_partition(const json_t *arguments, const struct asl_scope *scope,
                            struct asl_fault *fault);
json_t *asl_array_contains(const json_t *arguments, const struct asl_scope *scope,
                           struct asl_fault *fault);
json_t *asl_array_range(const json_t *arguments, const struct asl_scope *scope,
                        struct asl_fault *fault);
json_t *asl_array_get_item(const json_t *arguments, const struct asl_scope *scope,
                           struct asl_fault *fault);
json_t *asl_array_length(const json_t *arguments, const struct asl_scope *scope,
                         struct asl_fault *fault);
json_t *asl_array_unique(const json_t *arguments, const struct asl_scope *scope,
                         struct asl_fault *fault);

/* asl_function_text.c */
json_t *asl_format(const json_t *arguments, const struct asl_scope *scope, struct asl_fault *fault);
json_t *asl_string_to_json(const json_t *arguments, const struct asl_scope *scope,
                           struct asl_fault *fault);
json_t *asl_json_to_string(const json_t *arguments, const struct asl_scope *scope,
                           struct asl_fault *fault);
json_t *asl_base64_encode(const json_t *arguments, const struct asl_scope *scope,
                          struct asl_fault *fault);
json_t *asl_base64_decode(const json_t *arguments, const struct asl_scope *scope,
                          struct asl_fault *fault);
json_t *asl_hash(const json_t *arguments, const struct asl_scope *scope, struct asl_fault *fault);
json_t *asl_string_split(const json_t *arguments, const struct asl_scope *scope,
                         struct asl_fault *fault);
