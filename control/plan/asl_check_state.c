/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a state is one: its type, its resource, where it goes, what must be there together. */
#include <stdlib.h>
#include <string.h>

#include "control/plan/asl_choice.h"
#include "control/plan/asl_data.h"
#include "control/plan/asl_document_private.h"

static bool fail_at(struct asl_check *check, const char *field, const char *text)
{
    asl_place_key(&check->place, field);
    return error_set(check->err, "%s", text);
}

static bool check_type(struct asl_check *check, struct asl_state *state)
{
    const json_t *json = json_object_get(state->body, "Type");
    const char *name = json_string_value(json);
    for (size_t i = 0; name != NULL && i < ASL_STATE_TYPE_COUNT; i++) {
        if (strcmp(name, asl_state_type_name((enum asl_state_type)i)) == 0) {
            state->type = (enum asl_state_type)i;
            return true;
        }
    }
    if (json != NULL) {
        asl_place_key(&check->place, "Type");
    }
    bool is_known = name != NULL && (strcmp(name, "Parallel") == 0 || strcmp(name, "Map") == 0);
    return error_set(
        check->err, "Type is %.100s%s, expected Pass, Task, Wait, Choice, Succeed or Fail",
        name != NULL ? name : asl_type_name(json), is_known ? ", which no plan can have" : "");
}

/* That a state which is no end says where it goes, once. */
static bool check_way_out(struct asl_check *check, const struct asl_state *state)
{
    const json_t *next = json_object_get(state->body, "Next");
    const json_t *end = json_object_get(state->body, "End");
    if (state->type == ASL_CHOICE && (next != NULL || end != NULL)) {
        return fail_at(check, next != NULL ? "Next" : "End",
                       "found Next or End in a Choice, expected Next in each of its Choices");
    }
    if (state->type == ASL_CHOICE || state->type == ASL_SUCCEED || state->type == ASL_FAIL) {
        return true;
    }
    if (next != NULL && end != NULL) {
        return fail_at(check, "End", "found both Next and End, expected one of them");
    }
    if (next == NULL && end == NULL) {
        return error_set(check->err, "found neither Next nor End, expected one of them");
    }
    if (end != NULL && !json_is_true(end)) {
        asl_place_key(&check->place, "End");
        return error_set(check->err, "End is %s, expected true, or Next instead",
                         asl_type_name(end));
    }
    return true;
}

static bool check_resource(struct asl_check *check, struct asl_state *state)
{
    const json_t *json = json_object_get(state->body, "Resource");
    const char *name = json_string_value(json);
    if (name == NULL) {
        return error_set(check->err, "Resource is %s, expected a string", asl_type_name(json));
    }
    for (size_t i = 0; i < check->mapping_count; i++) {
        if (strcmp(check->mappings[i].from, name) == 0) {
            state->resource = check->mappings[i].to;
            return true;
        }
    }
    if (strncmp(name, "ballast:", 8) == 0 && asl_resource_parse(name, &state->resource)) {
        return true;
    }
    asl_place_key(&check->place, "Resource");
    return error_set(
        check->err,
        "unknown Resource \"%.200s\", expected ballast:changeWeight, "
        "ballast:checkHealth, ballast:approve, ballast:metric, ballast:webhook, or one "
        "that is mapped to one of these",
        name);
}

/* Of fields of which there may be one only. */
static bool check_either(struct asl_check *check, const struct asl_state *state, const char *one,
                         const char *other)
{
    if (json_object_get(state->body, one) == NULL || json_object_get(state->body, other) == NULL) {
        return true;
    }
    asl_place_key(&check->place, other);
    return error_set(check->err, "found both %s and %s, expected one of them", one, other);
}

static bool check_task(struct asl_check *check, struct asl_state *state)
{
    const json_t *timeout = json_object_get(state->body, "TimeoutSeconds");
    const json_t *heartbeat = json_object_get(state->body, "HeartbeatSeconds");
    if (!check_resource(check, state) ||
        !check_either(check, state, "TimeoutSeconds", "TimeoutSecondsPath") ||
        !check_either(check, state, "HeartbeatSeconds", "HeartbeatSecondsPath")) {
        return false;
    }
    if (heartbeat != NULL && timeout != NULL &&
        json_integer_value(heartbeat) >= json_integer_value(timeout)) {
        asl_place_key(&check->place, "HeartbeatSeconds");
        return error_set(check->err,
                         "HeartbeatSeconds is %" JSON_INTEGER_FORMAT
                         ", expected less than TimeoutSeconds, which is %" JSON_INTEGER_FORMAT,
                         json_integer_value(heartbeat), json_integer_value(timeout));
    }
    return true;
}

static bool check_wait(struct asl_check *check, const struct asl_state *state)
{
    static const char *const ways[] = {"Seconds", "SecondsPath", "Timestamp", "TimestampPath"};
    size_t found = 0;
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        found += json_object_get(state->body, ways[i]) != NULL;
    }
    return found == 1 || error_set(check->err,
                                   "found %zu of Seconds, SecondsPath, Timestamp and "
                                   "TimestampPath, expected one of them",
                                   found);
}

static bool check_choices(struct asl_check *check, const struct asl_state *state)
{
    const json_t *choices = json_object_get(state->body, "Choices");
    if (!json_is_array(choices) || json_array_size(choices) == 0) {
        return error_set(check->err, "Choices is %s, expected an array of rules",
                         json_is_array(choices) ? "empty" : asl_type_name(choices));
    }
    size_t mark = asl_place_key(&check->place, "Choices");
    for (size_t i = 0; i < json_array_size(choices); i++) {
        size_t inner = asl_place_index(&check->place, i);
        if (!asl_choice_check(json_array_get(choices, i), &check->place, check->err)) {
            return false;
        }
        asl_place_back(&check->place, inner);
    }
    asl_place_back(&check->place, mark);
    return true;
}

static bool check_by_type(struct asl_check *check, struct asl_state *state)
{
    switch (state->type) {
    case ASL_TASK:
        return check_task(check, state);
    case ASL_WAIT:
        return check_wait(check, state);
    case ASL_CHOICE:
        return check_choices(check, state);
    case ASL_FAIL:
        return check_either(check, state, "Error", "ErrorPath") &&
               check_either(check, state, "Cause", "CausePath");
    case ASL_PASS:
    case ASL_SUCCEED:
    default:
        return true;
    }
}

bool asl_check_state(struct asl_check *check, struct asl_state *state)
{
    if (asl_text_length(state->name) > ASL_MAX_STATE_NAME || state->name[0] == '\0') {
        return error_set(check->err, "found a name of %zu characters, expected 1 to %d",
                         asl_text_length(state->name), ASL_MAX_STATE_NAME);
    }
    if (!json_is_object(state->body)) {
        return error_set(check->err, "found %s, expected an object", asl_type_name(state->body));
    }
    return check_type(check, state) && check_way_out(check, state) &&
           asl_check_fields(check, state) && check_by_type(check, state);
}
