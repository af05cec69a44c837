/* SPDX-License-Identifier: BSD-2-Clause */
/* Retry and Catch (the specification, "Errors"). */
#include <string.h>

#include "control/plan/asl_data.h"
#include "control/plan/asl_document_private.h"
#include "control/plan/asl_fault.h"
#include "control/plan/asl_path.h"

typedef bool (*entry_check)(struct asl_check *check, const json_t *entry);

static bool check_error_names(struct asl_check *check, const json_t *names)
{
    for (size_t i = 0; i < json_array_size(names); i++) {
        const json_t *name = json_array_get(names, i);
        if (!json_is_string(name)) {
            return error_set(check->err, "ErrorEquals has %s, expected names of errors",
                             asl_type_name(name));
        }
        if (strcmp(json_string_value(name), ASL_ERROR_ALL) == 0 && json_array_size(names) > 1) {
            return error_set(check->err,
                             "States.ALL stands among others in ErrorEquals, expected it alone");
        }
    }
    return true;
}

/* ErrorEquals, and that States.ALL is in the last entry only. */
static bool check_errors(struct asl_check *check, const json_t *entry, bool is_last)
{
    const json_t *names = json_object_get(entry, "ErrorEquals");
    if (!json_is_array(names) || json_array_size(names) == 0) {
        return error_set(check->err, "ErrorEquals is %s, expected an array of names of errors",
                         json_is_array(names) ? "empty" : asl_type_name(names));
    }
    size_t mark = asl_place_key(&check->place, "ErrorEquals");
    if (!check_error_names(check, names)) {
        return false;
    }
    const char *first = json_string_value(json_array_get(names, 0));
    if (strcmp(first, ASL_ERROR_ALL) == 0 && !is_last) {
        return error_set(check->err, "States.ALL stands before other entries, expected it in the "
                                     "last one");
    }
    asl_place_back(&check->place, mark);
    return true;
}

static bool check_entries(struct asl_check *check, const char *what, const json_t *entries,
                          entry_check check_one)
{
    if (!json_is_array(entries) || json_array_size(entries) > ASL_MAX_RETRIERS) {
        return error_set(check->err, "%s is %s, expected an array of at most %d entries", what,
                         json_is_array(entries) ? "too long" : asl_type_name(entries),
                         ASL_MAX_RETRIERS);
    }
    for (size_t i = 0; i < json_array_size(entries); i++) {
        const json_t *entry = json_array_get(entries, i);
        size_t mark = asl_place_index(&check->place, i);
        if (!json_is_object(entry)) {
            return error_set(check->err, "an entry of %s is %s, expected an object", what,
                             asl_type_name(entry));
        }
        if (!check_errors(check, entry, i + 1 == json_array_size(entries)) ||
            !check_one(check, entry)) {
            return error_add_context(check->err, "%s", what);
        }
        asl_place_back(&check->place, mark);
    }
    return true;
}

static bool check_attempts(struct asl_check *check, const json_t *value)
{
    return (json_is_integer(value) && json_integer_value(value) >= 0 &&
            json_integer_value(value) <= ASL_MAX_SECONDS) ||
           error_set(check->err, "MaxAttempts is %s, expected a whole number from 0 to %d",
                     json_is_integer(value) ? "out of range" : asl_type_name(value),
                     ASL_MAX_SECONDS);
}

static bool check_backoff(struct asl_check *check, const json_t *value)
{
    return (json_is_number(value) && json_number_value(value) >= 1) ||
           error_set(check->err, "BackoffRate is %s, expected a number of 1.0 or more",
                     json_is_number(value) ? "less than 1" : asl_type_name(value));
}

static bool check_jitter(struct asl_check *check, const json_t *value)
{
    const char *name = json_string_value(value);
    return (name != NULL && (strcmp(name, "FULL") == 0 || strcmp(name, "NONE") == 0)) ||
           error_set(check->err, "JitterStrategy is %.50s, expected FULL or NONE",
                     name != NULL ? name : asl_type_name(value));
}

static bool check_retrier_field(struct asl_check *check, const char *key, const json_t *value)
{
    if (strcmp(key, "IntervalSeconds") == 0 || strcmp(key, "MaxDelaySeconds") == 0) {
        return asl_check_seconds(check, key, value);
    }
    if (strcmp(key, "MaxAttempts") == 0) {
        return check_attempts(check, value);
    }
    if (strcmp(key, "BackoffRate") == 0) {
        return check_backoff(check, value);
    }
    if (strcmp(key, "JitterStrategy") == 0) {
        return check_jitter(check, value);
    }
    return strcmp(key, "ErrorEquals") == 0 || strcmp(key, "Comment") == 0 ||
           error_set(check->err,
                     "unknown field %.100s, expected ErrorEquals, IntervalSeconds, MaxAttempts, "
                     "BackoffRate, MaxDelaySeconds, JitterStrategy or Comment",
                     key);
}

static bool check_retrier(struct asl_check *check, const json_t *retrier)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)retrier, key, value)
    {
        size_t mark = asl_place_key(&check->place, key);
        if (!check_retrier_field(check, key, value)) {
            return false;
        }
        asl_place_back(&check->place, mark);
    }
    return true;
}

static bool check_result_path(struct asl_check *check, const json_t *value)
{
    if (value == NULL || json_is_null(value)) {
        return true;
    }
    asl_place_key(&check->place, "ResultPath");
    if (!json_is_string(value)) {
        return error_set(check->err, "ResultPath is %s, expected a path as a string, or null",
                         asl_type_name(value));
    }
    return asl_path_check(json_string_value(value), ASL_PATH_TARGET, check->err) ||
           error_add_context(check->err, "ResultPath");
}

static bool check_catcher(struct asl_check *check, const json_t *catcher)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)catcher, key, value)
    {
        if (strcmp(key, "ErrorEquals") != 0 && strcmp(key, "Next") != 0 &&
            strcmp(key, "ResultPath") != 0 && strcmp(key, "Comment") != 0) {
            asl_place_key(&check->place, key);
            return error_set(check->err,
                             "unknown field %.100s, expected ErrorEquals, Next, ResultPath or "
                             "Comment",
                             key);
        }
    }
    if (!json_is_string(json_object_get(catcher, "Next"))) {
        return error_set(check->err, "Next is %s, expected the name of a state",
                         asl_type_name(json_object_get(catcher, "Next")));
    }
    size_t mark = strlen(check->place.pointer);
    if (!check_result_path(check, json_object_get(catcher, "ResultPath"))) {
        return false;
    }
    asl_place_back(&check->place, mark);
    return true;
}

bool asl_check_retry(struct asl_check *check, const json_t *retriers)
{
    return check_entries(check, "Retry", retriers, check_retrier);
}

bool asl_check_catch(struct asl_check *check, const json_t *catchers)
{
    return check_entries(check, "Catch", catchers, check_catcher);
}
