/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/plan/asl_function.h"

#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "control/plan/asl_data.h"

#define NO_LIMIT     SIZE_MAX
#define EXACT_DOUBLE 9007199254740992.0 /* 2^53 */

const char *asl_argument_text(const json_t *arguments, size_t index, struct asl_fault *fault)
{
    const json_t *argument = json_array_get(arguments, index);
    if (!json_is_string(argument)) {
        asl_fault_set(fault, ASL_ERROR_INTRINSIC, "argument %zu is %s, expected a string",
                      index + 1, asl_type_name(argument));
        return NULL;
    }
    return json_string_value(argument);
}

bool asl_argument_integer(const json_t *arguments, size_t index, json_int_t *number,
                          struct asl_fault *fault)
{
    const json_t *argument = json_array_get(arguments, index);
    if (json_is_integer(argument)) {
        *number = json_integer_value(argument);
        return true;
    }
    double real = json_real_value(argument);
    if (!json_is_real(argument) || fabs(real) > EXACT_DOUBLE) {
        return asl_fault_set(fault, ASL_ERROR_INTRINSIC,
                             "argument %zu is %s, expected a whole number", index + 1,
                             json_is_real(argument) ? "too large" : asl_type_name(argument));
    }
    *number = (json_int_t)llround(real);
    return true;
}

json_t *asl_argument_array(const json_t *arguments, size_t index, struct asl_fault *fault)
{
    json_t *argument = json_array_get(arguments, index);
    if (!json_is_array(argument)) {
        asl_fault_set(fault, ASL_ERROR_INTRINSIC, "argument %zu is %s, expected an array",
                      index + 1, asl_type_name(argument));
        return NULL;
    }
    return argument;
}

static json_t *json_merge(const json_t *arguments, const struct asl_scope *scope,
                          struct asl_fault *fault)
{
    (void)scope;
    for (size_t i = 0; i < 2; i++) {
        const json_t *argument = json_array_get(arguments, i);
        if (!json_is_object(argument)) {
            asl_fault_set(fault, ASL_ERROR_INTRINSIC, "argument %zu is %s, expected an object",
                          i + 1, asl_type_name(argument));
            return NULL;
        }
    }
    if (!json_is_false(json_array_get(arguments, 2))) {
        asl_fault_set(fault, ASL_ERROR_INTRINSIC,
                      "argument 3 is %s, expected false: only shallow merging is there",
                      asl_type_name(json_array_get(arguments, 2)));
        return NULL;
    }
    json_t *merged = json_copy(json_array_get(arguments, 0));
    json_object_update(merged, json_array_get(arguments, 1));
    return merged;
}

/* Whole numbers of 32 bits, as Step Functions has them here. */
static bool small_integer(const json_t *arguments, size_t index, json_int_t *number,
                          struct asl_fault *fault)
{
    if (!asl_argument_integer(arguments, index, number, fault)) {
        return false;
    }
    return (*number >= INT32_MIN && *number <= INT32_MAX) ||
           asl_fault_set(fault, ASL_ERROR_INTRINSIC,
                         "argument %zu is %" JSON_INTEGER_FORMAT
                         ", expected -2147483648 to 2147483647",
                         index + 1, *number);
}

/* From the first number up to, but not including, the second. */
static json_t *math_random(const json_t *arguments, const struct asl_scope *scope,
                           struct asl_fault *fault)
{
    json_int_t first, last, seed;
    uint64_t own = 0;
    if (!small_integer(arguments, 0, &first, fault) || !small_integer(arguments, 1, &last, fault)) {
        return NULL;
    }
    if (json_array_size(arguments) == 3) {
        if (!asl_argument_integer(arguments, 2, &seed, fault)) {
            return NULL;
        }
        own = (uint64_t)seed;
    }
    if (first >= last) {
        asl_fault_set(fault, ASL_ERROR_INTRINSIC, "argument 2 is not larger than argument 1");
        return NULL;
    }
    uint64_t drawn = asl_random_next(json_array_size(arguments) == 3 ? &own : scope->random);
    /* The bias of a modulus of 32 bits is not seen in 64. */
    return json_integer(first + (json_int_t)(drawn % (uint64_t)(last - first)));
}

static json_t *math_add(const json_t *arguments, const struct asl_scope *scope,
                        struct asl_fault *fault)
{
    (void)scope;
    json_int_t left, right;
    if (!small_integer(arguments, 0, &left, fault) || !small_integer(arguments, 1, &right, fault)) {
        return NULL;
    }
    return json_integer(left + right);
}

/* Version 4 of RFC 4122. */
static json_t *uuid(const json_t *arguments, const struct asl_scope *scope, struct asl_fault *fault)
{
    (void)arguments;
    (void)fault;
    uint64_t high = (asl_random_next(scope->random) & ~UINT64_C(0xf000)) | UINT64_C(0x4000);
    uint64_t low = asl_random_next(scope->random) >> 2 | UINT64_C(1) << 63;
    return json_sprintf("%08" PRIx64 "-%04" PRIx64 "-%04" PRIx64 "-%04" PRIx64 "-%012" PRIx64,
                        high >> 32, high >> 16 & 0xffff, high & 0xffff, low >> 48,
                        low & UINT64_C(0xffffffffffff));
}

static const struct asl_function functions[] = {
    {"Array", 0, NO_LIMIT, asl_array},
    {"ArrayContains", 2, 2, asl_array_contains},
    {"ArrayGetItem", 2, 2, asl_array_get_item},
    {"ArrayLength", 1, 1, asl_array_length},
    {"ArrayPartition", 2, 2, asl_array_partition},
    {"ArrayRange", 3, 3, asl_array_range},
    {"ArrayUnique", 1, 1, asl_array_unique},
    {"Base64Decode", 1, 1, asl_base64_decode},
    {"Base64Encode", 1, 1, asl_base64_encode},
    {"Format", 1, NO_LIMIT, asl_format},
    {"Hash", 2, 2, asl_hash},
    {"JsonMerge", 3, 3, json_merge},
    {"JsonToString", 1, 1, asl_json_to_string},
    {"MathAdd", 2, 2, math_add},
    {"MathRandom", 2, 3, math_random},
    {"StringSplit", 2, 2, asl_string_split},
    {"StringToJson", 1, 1, asl_string_to_json},
    {"UUID", 0, 0, uuid},
};

const struct asl_function *asl_function_find(const char *name, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
        if (strlen(functions[i].name) == len && memcmp(functions[i].name, name, len) == 0) {
            return &functions[i];
        }
    }
    return NULL;
}

const char *asl_function_names(void)
{
    return "one of States.Array, ArrayContains, ArrayGetItem, ArrayLength, ArrayPartition, "
           "ArrayRange, ArrayUnique, Base64Decode, Base64Encode, Format, Hash, JsonMerge, "
           "JsonToString, MathAdd, MathRandom, StringSplit, StringToJson and UUID";
}
