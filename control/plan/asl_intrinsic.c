/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/plan/asl_intrinsic.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/plan/asl_data.h"
#include "control/plan/asl_function.h"

/* One reader for both: without a scope it only checks, and every value is null. */
struct reader {
    const char *text;
    const char *at;
    const struct asl_scope *scope;
    struct asl_fault *fault;
    unsigned depth;
};

static bool refuse(const struct reader *reader, const char *expected)
{
    size_t character = 1;
    for (const char *at = reader->text; at < reader->at; at++) {
        character += ((unsigned char)*at & 0xc0) != 0x80;
    }
    return asl_fault_set(reader->fault, ASL_ERROR_INTRINSIC,
                         "\"%.200s\": found %s at character %zu, expected %s", reader->text,
                         *reader->at == '\0' ? "the end" : "something else", character, expected);
}

static void skip_space(struct reader *reader)
{
    reader->at += strspn(reader->at, " \t\r\n");
}

/* The text that *reader->at begins, without its quotes. That of a template keeps its other escapes:
 * States.Format tells an escaped brace from a {}. */
static bool read_text(struct reader *reader, bool is_template, json_t **value)
{
    CLEANUP(alloc_freep) char *text = alloc_zeroed(strlen(reader->at) + 1, 1);
    size_t used = 0;
    for (reader->at++; *reader->at != '\''; reader->at++) {
        if (*reader->at == '\0') {
            return refuse(reader, "the closing '");
        }
        if (*reader->at == '\\') {
            reader->at++;
            if (*reader->at == '\0' || strchr("'{}\\", *reader->at) == NULL) {
                return refuse(reader, "', {, } or \\ behind a backslash");
            }
            if (is_template && *reader->at != '\'') {
                text[used++] = '\\';
            }
        }
        text[used++] = *reader->at;
    }
    reader->at++;
    *value = json_stringn(text, used);
    return true;
}

static bool read_path(struct reader *reader, json_t **value)
{
    const char *end;
    struct error why;
    if (!asl_path_check_prefix(reader->at, &end, &why)) {
        return asl_fault_set(reader->fault, ASL_ERROR_INTRINSIC, "%s", why.text);
    }
    CLEANUP(alloc_freep) char *path = alloc_zeroed((size_t)(end - reader->at) + 1, 1);
    memcpy(path, reader->at, (size_t)(end - reader->at));
    reader->at = end;
    *value = reader->scope == NULL ? json_null() : json_incref(asl_path_get(path, reader->scope));
    return *value != NULL || asl_fault_set(reader->fault, ASL_ERROR_PARAMETER_PATH,
                                           "there is nothing at %.200s", path);
}

/* A number, true, false or null, as JSON has them. */
static bool read_literal(struct reader *reader, json_t **value)
{
    size_t len = strcspn(reader->at, " \t\r\n,()'");
    *value = len == 0 ? NULL : json_loadb(reader->at, len, JSON_DECODE_ANY, NULL);
    if (*value == NULL || json_is_string(*value) || json_is_object(*value) ||
        json_is_array(*value)) {
        json_decref(*value);
        *value = NULL;
        return refuse(reader, "a path, a 'text', a number, true, false, null or a function");
    }
    reader->at += len;
    return true;
}

static bool read_call(struct reader *reader, json_t **value);

static bool read_argument(struct reader *reader, bool is_template, json_t **value)
{
    skip_space(reader);
    if (*reader->at == '\'') {
        return read_text(reader, is_template, value);
    }
    if (*reader->at == '$') {
        return read_path(reader, value);
    }
    if (strncmp(reader->at, "States.", 7) == 0) {
        return read_call(reader, value);
    }
    return read_literal(reader, value);
}

/* What stands between the parentheses, and the closing one. */
static bool read_arguments(struct reader *reader, bool has_template, json_t *arguments)
{
    skip_space(reader);
    if (*reader->at == ')') {
        reader->at++;
        return true;
    }
    for (;;) {
        json_t *value = NULL;
        bool is_template = has_template && json_array_size(arguments) == 0;
        if (!read_argument(reader, is_template, &value)) {
            return false;
        }
        json_array_append_new(arguments, value);
        skip_space(reader);
        if (*reader->at == ')') {
            reader->at++;
            return true;
        }
        if (*reader->at != ',') {
            return refuse(reader, ", or )");
        }
        reader->at++;
    }
}

static bool run(const struct reader *reader, const struct asl_function *function,
                const json_t *arguments, json_t **value)
{
    size_t count = json_array_size(arguments);
    if (count < function->min_arguments || count > function->max_arguments) {
        return asl_fault_set(
            reader->fault, ASL_ERROR_INTRINSIC, "States.%s has %zu arguments, expected %s%zu",
            function->name, count, count < function->min_arguments ? "at least " : "at most ",
            count < function->min_arguments ? function->min_arguments : function->max_arguments);
    }
    if (reader->scope == NULL) {
        *value = json_null();
        return true;
    }
    if (!asl_data_fits(arguments)) {
        return asl_fault_set(reader->fault, ASL_ERROR_DATA_LIMIT,
                             "the arguments of States.%s have more than 256 KiB, or are nested too "
                             "deeply",
                             function->name);
    }
    *value = function->run(arguments, reader->scope, reader->fault);
    if (*value == NULL) {
        struct asl_fault why = *reader->fault;
        return asl_fault_set(reader->fault, why.name, "States.%s: %s", function->name,
                             why.cause.text);
    }
    return true;
}

static bool read_call(struct reader *reader, json_t **value)
{
    const char *name = reader->at + 7;
    size_t len = strcspn(name, "( \t\r\n");
    const struct asl_function *function = asl_function_find(name, len);
    if (function == NULL) {
        return asl_fault_set(reader->fault, ASL_ERROR_INTRINSIC,
                             "States.%.*s is an unknown function, expected %s",
                             len > 50 ? 50 : (int)len, name, asl_function_names());
    }
    if (reader->depth == ASL_INTRINSIC_MAX_DEPTH) {
        return refuse(reader, "at most 10 functions within each other");
    }
    reader->at = name + len;
    skip_space(reader);
    if (*reader->at != '(') {
        return refuse(reader, "(");
    }
    reader->at++;
    reader->depth++;
    json_t *arguments = json_array();
    bool is_run = read_arguments(reader, strcmp(function->name, "Format") == 0, arguments) &&
                  run(reader, function, arguments, value);
    json_decref(arguments);
    reader->depth--;
    return is_run;
}

static bool read_expression(struct reader *reader, json_t **value)
{
    *value = NULL;
    if (*reader->at != '$' && strncmp(reader->at, "States.", 7) != 0) {
        return asl_fault_set(reader->fault, ASL_ERROR_INTRINSIC,
                             "\"%.200s\" is neither a path, which begins with $, nor a function, "
                             "which begins with States.",
                             reader->text);
    }
    if (!(*reader->at == '$' ? read_path(reader, value) : read_call(reader, value))) {
        return false;
    }
    if (*reader->at != '\0') {
        json_decref(*value);
        *value = NULL;
        return refuse(reader, "the end");
    }
    return true;
}

bool asl_expression_check(const char *text, struct error *err)
{
    struct asl_fault fault;
    struct reader reader = {.text = text, .at = text, .fault = &fault};
    json_t *value;
    if (text[0] == '$') { /* of a path alone, what stands where */
        return asl_path_check(text, ASL_PATH_ANY, err);
    }
    bool is_right = read_expression(&reader, &value);
    json_decref(value);
    return is_right || error_set(err, "%s", fault.cause.text);
}

json_t *asl_expression_value(const char *text, const struct asl_scope *scope,
                             struct asl_fault *fault)
{
    struct reader reader = {.text = text, .at = text, .scope = scope, .fault = fault};
    json_t *value;
    return read_expression(&reader, &value) ? value : NULL;
}
