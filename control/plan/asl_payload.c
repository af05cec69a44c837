/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/plan/asl_payload.h"

#include <string.h>

#include "common/alloc.h"
#include "control/plan/asl_data.h"
#include "control/plan/asl_intrinsic.h"

/* Whether the key ends in ".$"; *len is that of what stands before it. */
static bool is_expression(const char *key, size_t *len)
{
    *len = strlen(key);
    if (*len < 2 || strcmp(key + *len - 2, ".$") != 0) {
        return false;
    }
    *len -= 2;
    return true;
}

static bool check_expression(const json_t *template, const char *key, size_t len, struct error *err)
{
    CLEANUP(alloc_freep) char *name = alloc_printf("%.*s", (int)len, key);
    const json_t *value = json_object_get(template, key);
    if (!json_is_string(value)) {
        return error_set(err, "%.100s is %s, expected a path or a function as a string", key,
                         asl_type_name(value));
    }
    if (json_object_get(template, name) != NULL) {
        return error_set(err, "found both %.100s and %.100s, expected one of them", name, key);
    }
    return asl_expression_check(json_string_value(value), err) ||
           error_add_context(err, "%.100s", key);
}

static bool check_value(const json_t *value, struct asl_place *place, unsigned depth,
                        struct error *err)
{
    const char *key;
    json_t *inner;
    size_t index, len;
    if (depth > ASL_PAYLOAD_MAX_DEPTH) {
        return error_set(err, "the template is nested too deeply, expected at most %d levels",
                         ASL_PAYLOAD_MAX_DEPTH);
    }
    json_object_foreach((json_t *)value, key, inner)
    {
        size_t mark = asl_place_key(place, key);
        if (!(is_expression(key, &len) ? check_expression(value, key, len, err)
                                       : check_value(inner, place, depth + 1, err))) {
            return false;
        }
        asl_place_back(place, mark);
    }
    json_array_foreach(value, index, inner)
    {
        size_t mark = asl_place_index(place, index);
        if (!check_value(inner, place, depth + 1, err)) {
            return false;
        }
        asl_place_back(place, mark);
    }
    return true;
}

bool asl_payload_check(const json_t *template, struct asl_place *place, struct error *err)
{
    if (!json_is_object(template)) {
        return error_set(err, "the template is %s, expected an object", asl_type_name(template));
    }
    return check_value(template, place, 1, err);
}

static json_t *build_object(json_t *template, const struct asl_scope *scope,
                            struct asl_fault *fault)
{
    const char *key;
    json_t *inner;
    size_t len;
    json_t *object = json_object();
    json_object_foreach(template, key, inner)
    {
        bool is_text = is_expression(key, &len);
        json_t *value = is_text ? asl_expression_value(json_string_value(inner), scope, fault)
                                : asl_payload_build(inner, scope, fault);
        if (value == NULL) {
            struct asl_fault why = *fault;
            asl_fault_set(fault, why.name, is_text ? "%.100s: %s" : "%.100s.%s", key,
                          why.cause.text);
            json_decref(object);
            return NULL;
        }
        json_object_setn_new(object, key, len, value);
    }
    return object;
}

static json_t *build_array(json_t *template, const struct asl_scope *scope, struct asl_fault *fault)
{
    json_t *array = json_array();
    for (size_t i = 0; i < json_array_size(template); i++) {
        json_t *value = asl_payload_build(json_array_get(template, i), scope, fault);
        if (value == NULL) {
            json_decref(array);
            return NULL;
        }
        json_array_append_new(array, value);
    }
    return array;
}

json_t *asl_payload_build(json_t *template, const struct asl_scope *scope, struct asl_fault *fault)
{
    if (json_is_object(template)) {
        return build_object(template, scope, fault);
    }
    if (json_is_array(template)) {
        return build_array(template, scope, fault);
    }
    return json_incref(template);
}
