/* SPDX-License-Identifier: BSD-2-Clause */
/* Which fields a state of each type may have, and what each of them is. */
#include <stdio.h>
#include <string.h>

#include "control/plan/asl_data.h"
#include "control/plan/asl_document_private.h"
#include "control/plan/asl_intrinsic.h"
#include "control/plan/asl_payload.h"
#include "control/plan/asl_time.h"

enum field_kind {
    FIELD_ANY, /* checked elsewhere, or never wrong */
    FIELD_STRING,
    FIELD_LANGUAGE,
    FIELD_PATH_OR_NULL,
    FIELD_PATH,
    FIELD_TARGET, /* a path where something is put, or null */
    FIELD_EXPRESSION,
    FIELD_TEMPLATE,
    FIELD_SECONDS,
    FIELD_SPAN, /* seconds, or a fraction of one */
    FIELD_TIMESTAMP,
    FIELD_RETRY,
    FIELD_CATCH,
};

#define IN(type) (1U << (type))
#define NAMED    (IN(ASL_PASS) | IN(ASL_TASK) | IN(ASL_WAIT))
#define FLOWS    (NAMED | IN(ASL_CHOICE) | IN(ASL_SUCCEED))
#define EVERY    (FLOWS | IN(ASL_FAIL))

static const struct field {
    const char *name;
    unsigned types;
    enum field_kind kind;
} fields[] = {
    {"Type", EVERY, FIELD_ANY},
    {"Comment", EVERY, FIELD_STRING},
    {"QueryLanguage", EVERY, FIELD_LANGUAGE},
    {"Next", NAMED, FIELD_STRING},
    {"End", NAMED, FIELD_ANY},
    {"InputPath", FLOWS, FIELD_PATH_OR_NULL},
    {"OutputPath", FLOWS, FIELD_PATH_OR_NULL},
    {"Parameters", IN(ASL_PASS) | IN(ASL_TASK), FIELD_TEMPLATE},
    {"Result", IN(ASL_PASS), FIELD_ANY},
    {"ResultSelector", IN(ASL_TASK), FIELD_TEMPLATE},
    {"ResultPath", IN(ASL_PASS) | IN(ASL_TASK), FIELD_TARGET},
    {"Resource", IN(ASL_TASK), FIELD_ANY},
    {"TimeoutSeconds", IN(ASL_TASK), FIELD_SECONDS},
    {"TimeoutSecondsPath", IN(ASL_TASK), FIELD_PATH},
    {"HeartbeatSeconds", IN(ASL_TASK), FIELD_SECONDS},
    {"HeartbeatSecondsPath", IN(ASL_TASK), FIELD_PATH},
    {"Retry", IN(ASL_TASK), FIELD_RETRY},
    {"Catch", IN(ASL_TASK), FIELD_CATCH},
    {"Seconds", IN(ASL_WAIT), FIELD_SPAN},
    {"SecondsPath", IN(ASL_WAIT), FIELD_PATH},
    {"Timestamp", IN(ASL_WAIT), FIELD_TIMESTAMP},
    {"TimestampPath", IN(ASL_WAIT), FIELD_PATH},
    {"Choices", IN(ASL_CHOICE), FIELD_ANY},
    {"Default", IN(ASL_CHOICE), FIELD_STRING},
    {"Error", IN(ASL_FAIL), FIELD_STRING},
    {"ErrorPath", IN(ASL_FAIL), FIELD_EXPRESSION},
    {"Cause", IN(ASL_FAIL), FIELD_STRING},
    {"CausePath", IN(ASL_FAIL), FIELD_EXPRESSION},
};

bool asl_check_seconds(struct asl_check *check, const char *name, const json_t *value)
{
    json_int_t seconds = json_integer_value(value);
    if (!json_is_integer(value)) {
        return error_set(check->err, "%s is %s, expected a whole number of seconds, 1 or more",
                         name, asl_type_name(value));
    }
    return (seconds >= 1 && seconds <= ASL_MAX_SECONDS) ||
           error_set(check->err, "%s is %" JSON_INTEGER_FORMAT ", expected 1 to %d seconds", name,
                     seconds, ASL_MAX_SECONDS);
}

/* Of a Wait. Step Functions takes whole seconds only. */
static bool check_span(struct asl_check *check, const char *name, const json_t *value)
{
    if (!json_is_real(value)) {
        return asl_check_seconds(check, name, value);
    }
    double seconds = json_real_value(value);
    return (seconds >= 0.001 && seconds <= ASL_MAX_SECONDS) ||
           error_set(check->err, "%s is %g, expected 0.001 to %d seconds", name, seconds,
                     ASL_MAX_SECONDS);
}

static bool check_language(struct asl_check *check, const json_t *value)
{
    const char *language = json_string_value(value);
    return (language != NULL && strcmp(language, "JSONPath") == 0) ||
           error_set(check->err, "QueryLanguage is %.50s, expected JSONPath",
                     language != NULL ? language : asl_type_name(value));
}

static bool check_path(struct asl_check *check, const struct field *field, const json_t *value)
{
    bool may_be_null = field->kind == FIELD_PATH_OR_NULL || field->kind == FIELD_TARGET;
    if (json_is_null(value) && may_be_null) {
        return true;
    }
    if (!json_is_string(value)) {
        return error_set(check->err, "%s is %s, expected a path as a string%s", field->name,
                         asl_type_name(value), may_be_null ? ", or null" : "");
    }
    enum asl_path_kind kind = field->kind == FIELD_TARGET ? ASL_PATH_TARGET : ASL_PATH_ANY;
    const char *text = json_string_value(value);
    return (field->kind == FIELD_EXPRESSION ? asl_expression_check(text, check->err)
                                            : asl_path_check(text, kind, check->err)) ||
           error_add_context(check->err, "%s", field->name);
}

static bool check_timestamp(struct asl_check *check, const json_t *value)
{
    int64_t time_ms;
    return (json_is_string(value) && asl_time_parse(json_string_value(value), &time_ms)) ||
           error_set(check->err,
                     "Timestamp is %s%.50s%s, expected one such as \"2026-11-23T15:50:01Z\"",
                     json_is_string(value) ? "\"" : "",
                     json_is_string(value) ? json_string_value(value) : asl_type_name(value),
                     json_is_string(value) ? "\"" : "");
}

static bool check_field(struct asl_check *check, const struct field *field, const json_t *value)
{
    switch (field->kind) {
    case FIELD_STRING:
        return json_is_string(value) || error_set(check->err, "%s is %s, expected a string",
                                                  field->name, asl_type_name(value));
    case FIELD_LANGUAGE:
        return check_language(check, value);
    case FIELD_PATH_OR_NULL:
    case FIELD_PATH:
    case FIELD_TARGET:
    case FIELD_EXPRESSION:
        return check_path(check, field, value);
    case FIELD_TEMPLATE:
        return asl_payload_check(value, &check->place, check->err) ||
               error_add_context(check->err, "%s", field->name);
    case FIELD_SECONDS:
        return asl_check_seconds(check, field->name, value);
    case FIELD_SPAN:
        return check_span(check, field->name, value);
    case FIELD_TIMESTAMP:
        return check_timestamp(check, value);
    case FIELD_RETRY:
        return asl_check_retry(check, value);
    case FIELD_CATCH:
        return asl_check_catch(check, value);
    case FIELD_ANY:
    default:
        return true;
    }
}

static bool unknown_field(struct asl_check *check, enum asl_state_type type, const char *key)
{
    char expected[512] = "";
    size_t used = 0;
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        if ((fields[i].types & IN(type)) != 0) {
            used += (size_t)snprintf(expected + used, sizeof(expected) - used, "%s%s",
                                     used == 0 ? "" : ", ", fields[i].name);
        }
    }
    return error_set(check->err, "unknown field %.100s of a %s, expected one of %s", key,
                     asl_state_type_name(type), expected);
}

bool asl_check_fields(struct asl_check *check, const struct asl_state *state)
{
    const char *key;
    json_t *value;
    json_object_foreach(state->body, key, value)
    {
        size_t mark = asl_place_key(&check->place, key);
        size_t i = 0;
        while (i < ARRAY_LEN(fields) &&
               ((fields[i].types & IN(state->type)) == 0 || strcmp(fields[i].name, key) != 0)) {
            i++;
        }
        if (i == ARRAY_LEN(fields)) {
            return unknown_field(check, state->type, key);
        }
        if (!check_field(check, &fields[i], value)) {
            return false;
        }
        asl_place_back(&check->place, mark);
    }
    return true;
}
