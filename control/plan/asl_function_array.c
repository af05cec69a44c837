/* SPDX-License-Identifier: BSD-2-Clause */
/* The intrinsic functions for arrays. */
#include "control/plan/asl_function.h"

#include <stddef.h>

#define RANGE_MAX 1000 /* entries, as in Step Functions */
/* Ours: each entry is compared with each. */
#define UNIQUE_MAX 5000

json_t *asl_array(const json_t *arguments, const struct asl_scope *scope, struct asl_fault *fault)
{
    (void)scope;
    (void)fault;
    return json_copy((json_t *)arguments);
}

json_t *asl_array_partition(const json_t *arguments, const struct asl_scope *scope,
                            struct asl_fault *fault)
{
    (void)scope;
    json_int_t size;
    const json_t *array = asl_argument_array(arguments, 0, fault);
    if (array == NULL || !asl_argument_integer(arguments, 1, &size, fault)) {
        return NULL;
    }
    if (size < 1) {
        asl_fault_set(fault, ASL_ERROR_INTRINSIC,
                      "argument 2 is %" JSON_INTEGER_FORMAT ", expected 1 or more", size);
        return NULL;
    }
    json_t *parts = json_array();
    json_t *part = NULL;
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (i % (size_t)size == 0) {
            part = json_array();
            json_array_append_new(parts, part);
        }
        json_array_append(part, json_array_get(array, i));
    }
    return parts;
}

static bool contains(const json_t *array, json_t *value)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (json_equal(json_array_get(array, i), value)) {
            return true;
        }
    }
    return false;
}

json_t *asl_array_contains(const json_t *arguments, const struct asl_scope *scope,
                           struct asl_fault *fault)
{
    (void)scope;
    const json_t *array = asl_argument_array(arguments, 0, fault);
    return array == NULL ? NULL : json_boolean(contains(array, json_array_get(arguments, 1)));
}

/* Both ends are part of it. */
json_t *asl_array_range(const json_t *arguments, const struct asl_scope *scope,
                        struct asl_fault *fault)
{
    (void)scope;
    json_int_t first, last, step;
    if (!asl_argument_integer(arguments, 0, &first, fault) ||
        !asl_argument_integer(arguments, 1, &last, fault) ||
        !asl_argument_integer(arguments, 2, &step, fault)) {
        return NULL;
    }
    if (step == 0) {
        asl_fault_set(fault, ASL_ERROR_INTRINSIC, "argument 3 is 0, expected another step");
        return NULL;
    }
    json_t *range = json_array();
    for (json_int_t at = first; step > 0 ? at <= last : at >= last;) {
        if (json_array_size(range) == RANGE_MAX) {
            json_decref(range);
            asl_fault_set(fault, ASL_ERROR_INTRINSIC, "more than %d entries", RANGE_MAX);
            return NULL;
        }
        json_array_append_new(range, json_integer(at));
        if (__builtin_add_overflow(at, step, &at)) {
            break;
        }
    }
    return range;
}

json_t *asl_array_get_item(const json_t *arguments, const struct asl_scope *scope,
                           struct asl_fault *fault)
{
    (void)scope;
    json_int_t index;
    const json_t *array = asl_argument_array(arguments, 0, fault);
    if (array == NULL || !asl_argument_integer(arguments, 1, &index, fault)) {
        return NULL;
    }
    if (index < 0 || (size_t)index >= json_array_size(array)) {
        asl_fault_set(fault, ASL_ERROR_INTRINSIC,
                      "entry %" JSON_INTEGER_FORMAT " of an array of %zu", index,
                      json_array_size(array));
        return NULL;
    }
    return json_incref(json_array_get(array, (size_t)index));
}

json_t *asl_array_length(const json_t *arguments, const struct asl_scope *scope,
                         struct asl_fault *fault)
{
    (void)scope;
    const json_t *array = asl_argument_array(arguments, 0, fault);
    return array == NULL ? NULL : json_integer((json_int_t)json_array_size(array));
}

json_t *asl_array_unique(const json_t *arguments, const struct asl_scope *scope,
                         struct asl_fault *fault)
{
    (void)scope;
    const json_t *array = asl_argument_array(arguments, 0, fault);
    if (array == NULL) {
        return NULL;
    }
    if (json_array_size(array) > UNIQUE_MAX) {
        asl_fault_set(fault, ASL_ERROR_INTRINSIC, "an array of %zu entries, expected at most %d",
                      json_array_size(array), UNIQUE_MAX);
        return NULL;
    }
    json_t *unique = json_array();
    for (size_t i = 0; i < json_array_size(array); i++) {
        json_t *entry = json_array_get(array, i);
        if (!contains(unique, entry)) {
            json_array_append(unique, entry);
        }
    }
    return unique;
}
