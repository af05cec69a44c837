/* SPDX-License-Identifier: BSD-2-Clause */
/* Retry, Catch, and how an execution ends (the specification, "Errors"). */
#include <math.h>
#include <string.h>

#include "control/plan/asl_data.h"
#include "control/plan/asl_execution_private.h"

static bool name_matches(const char *name, const char *error)
{
    if (strcmp(error, ASL_ERROR_RUNTIME) == 0) {
        return false;
    }
    if (strcmp(name, error) == 0) {
        return true;
    }
    bool is_timeout = strcmp(error, ASL_ERROR_TIMEOUT) == 0;
    return strcmp(error, ASL_ERROR_DATA_LIMIT) != 0 &&
           (strcmp(name, ASL_ERROR_ALL) == 0 ||
            (strcmp(name, ASL_ERROR_TASK_FAILED) == 0 && !is_timeout));
}

/* The first entry of Retry or Catch that the error fits; its size when there is none. */
static size_t entry_find(const json_t *entries, const char *error)
{
    size_t i = 0;
    for (; i < json_array_size(entries); i++) {
        const json_t *names = json_object_get(json_array_get(entries, i), "ErrorEquals");
        for (size_t j = 0; j < json_array_size(names); j++) {
            if (name_matches(json_string_value(json_array_get(names, j)), error)) {
                return i;
            }
        }
    }
    return i;
}

static double number_of(const json_t *retrier, const char *name, double otherwise)
{
    const json_t *value = json_object_get(retrier, name);
    return value == NULL ? otherwise : json_number_value(value);
}

static int64_t retry_delay_ms(struct asl_execution *execution, const json_t *retrier,
                              json_int_t attempts)
{
    double most_s = number_of(retrier, "MaxDelaySeconds", ASL_MAX_SECONDS);
    double delay_s = number_of(retrier, "IntervalSeconds", 1) *
                     pow(number_of(retrier, "BackoffRate", 2), (double)attempts);
    int64_t delay_ms = (int64_t)(fmin(delay_s, most_s) * 1000);
    const char *jitter = json_string_value(json_object_get(retrier, "JitterStrategy"));
    if (jitter != NULL && strcmp(jitter, "FULL") == 0) {
        delay_ms = (int64_t)(asl_random_next(&execution->random) % (uint64_t)(delay_ms + 1));
    }
    return delay_ms;
}

static bool retry(struct asl_execution *execution, const char *error)
{
    const json_t *retriers = json_object_get(execution->state->body, "Retry");
    size_t index = entry_find(retriers, error);
    if (index == json_array_size(retriers)) {
        return false;
    }
    const json_t *retrier = json_array_get(retriers, index);
    const json_t *most = json_object_get(retrier, "MaxAttempts");
    if (execution->attempts[index] >= (most == NULL ? 3 : json_integer_value(most))) {
        return false;
    }
    int64_t delay_ms = retry_delay_ms(execution, retrier, execution->attempts[index]);
    execution->attempts[index]++;
    execution->retry_count++;
    execution->phase = ASL_RETRYING;
    execution->is_timestamp = false;
    execution->until_ms = execution->now_ms + delay_ms;
    return true;
}

/* The error output within the raw input. */
static json_t *caught_output(const struct asl_execution *execution, const json_t *catcher,
                             const char *error, const char *cause, struct asl_fault *fault)
{
    struct error why = {""};
    const json_t *path = json_object_get(catcher, "ResultPath");
    if (path != NULL && json_is_null(path)) {
        return json_incref(execution->input);
    }
    json_t *said = json_pack("{s:o, s:o}", "Error", asl_data_string(error, SIZE_MAX - 1), "Cause",
                             asl_data_string(cause == NULL ? "" : cause, SIZE_MAX - 1));
    const char *where = path == NULL ? "$" : json_string_value(path);
    json_t *output = asl_path_put(where, execution->input, said, &why);
    json_decref(said);
    if (output == NULL) {
        asl_fault_set(fault, ASL_ERROR_RESULT_PATH, "Catch: %s", why.text);
    } else if (!asl_data_fits(output)) {
        asl_fault_set(fault, ASL_ERROR_DATA_LIMIT,
                      "the input with the error that was caught is larger than 256 KiB");
        json_decref(output);
        output = NULL;
    }
    return output;
}

static bool catch_error(struct asl_execution *execution, const char *error, const char *cause)
{
    struct asl_fault fault;
    const json_t *catchers = json_object_get(execution->state->body, "Catch");
    size_t index = entry_find(catchers, error);
    if (index == json_array_size(catchers)) {
        return false;
    }
    const json_t *catcher = json_array_get(catchers, index);
    json_t *output = caught_output(execution, catcher, error, cause, &fault);
    if (output == NULL) {
        asl_end(execution, ASL_FAILED, fault.name, fault.cause.text);
    } else {
        asl_leave(execution, output, json_string_value(json_object_get(catcher, "Next")));
    }
    return true;
}

void asl_state_failed(struct asl_execution *execution, const char *error, const char *cause)
{
    if (!retry(execution, error) && !catch_error(execution, error, cause)) {
        asl_end(execution, ASL_FAILED, error, cause);
    }
}

void asl_end(struct asl_execution *execution, enum asl_phase phase, const char *error,
             const char *cause)
{
    const char *type = phase == ASL_ABORTED     ? "ExecutionAborted"
                       : phase == ASL_TIMED_OUT ? "ExecutionTimedOut"
                                                : "ExecutionFailed";
    json_t *details = json_object();
    asl_history_error(details, error, cause);
    execution->phase = phase;
    execution->error = json_incref(json_object_get(details, "error"));
    execution->cause = json_incref(json_object_get(details, "cause"));
    if (execution->cause == NULL) {
        execution->cause = json_string("");
    }
    asl_history_add(execution, type, details);
}
