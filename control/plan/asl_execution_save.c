/* SPDX-License-Identifier: BSD-2-Clause */
/* An execution as JSON, and back. What comes back may have been written by anybody: everything is
 * checked, nothing asserted. */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/plan/asl_data.h"
#include "control/plan/asl_execution_private.h"

#define SAVE_VERSION 1

static const char *const phase_names[ASL_PHASE_COUNT] = {
    [ASL_ENTERING] = "entering", [ASL_IN_TASK] = "task",        [ASL_WAITING] = "waiting",
    [ASL_RETRYING] = "retrying", [ASL_SUCCEEDED] = "succeeded", [ASL_FAILED] = "failed",
    [ASL_ABORTED] = "aborted",   [ASL_TIMED_OUT] = "timed out",
};

json_t *asl_execution_save(const struct asl_execution *execution)
{
    json_t *attempts = json_array();
    const json_t *retriers = json_object_get(execution->state->body, "Retry");
    for (size_t i = 0; i < json_array_size(retriers); i++) {
        json_array_append_new(attempts, json_integer(execution->attempts[i]));
    }
    json_t *saved = json_pack(
        "{s:i, s:s, s:O, s:O, s:s, s:O, s:I, s:I, s:o, s:I, s:b, s:I, s:I, s:I}", "version",
        SAVE_VERSION, "phase", phase_names[execution->phase], "execution", execution->about,
        "machine", execution->machine, "state", execution->state->name, "input", execution->input,
        "entered_ms", (json_int_t)execution->entered_ms, "retry_count", execution->retry_count,
        "attempts", attempts, "until_ms", (json_int_t)execution->until_ms, "is_timestamp",
        execution->is_timestamp, "last_event", (json_int_t)execution->last_event, "now_ms",
        (json_int_t)execution->now_ms, "task", (json_int_t)execution->task);
    json_object_set_new(saved, "random", json_sprintf("%016" PRIx64, execution->random));
    if (execution->deadline_ms != INT64_MAX) {
        json_object_set_new(saved, "deadline_ms", json_integer(execution->deadline_ms));
    }
    /* What is NULL is left out. */
    json_object_set(saved, "task_input", execution->task_input);
    json_object_set(saved, "output", execution->output);
    json_object_set(saved, "error", execution->error);
    json_object_set(saved, "cause", execution->cause);
    return saved;
}

static bool read_number(const json_t *saved, const char *name, int64_t least, int64_t most,
                        int64_t *number, struct error *err)
{
    const json_t *value = json_object_get(saved, name);
    *number = json_integer_value(value);
    return (json_is_integer(value) && *number >= least && *number <= most) ||
           error_set(err, "%s of the execution is %s, expected a whole number in range", name,
                     json_is_integer(value) ? "out of range" : asl_type_name(value));
}

static bool read_phase(const json_t *saved, struct asl_execution *execution, struct error *err)
{
    const char *name = json_string_value(json_object_get(saved, "phase"));
    for (size_t i = ASL_ENTERING + 1; name != NULL && i < ASL_PHASE_COUNT; i++) {
        if (strcmp(name, phase_names[i]) == 0) {
            execution->phase = (enum asl_phase)i;
            return true;
        }
    }
    return error_set(err, "phase of the execution is %.50s, expected another",
                     name == NULL ? "missing" : name);
}

/* Whether the phase is one that the state can be in. */
static bool phase_fits(const struct asl_execution *execution)
{
    switch (execution->phase) {
    case ASL_IN_TASK:
        return execution->state->type == ASL_TASK && execution->task_input != NULL;
    case ASL_RETRYING:
        return execution->state->type == ASL_TASK;
    case ASL_WAITING:
        return execution->state->type == ASL_WAIT;
    case ASL_SUCCEEDED:
        return execution->output != NULL;
    case ASL_FAILED:
    case ASL_ABORTED:
    case ASL_TIMED_OUT:
        return json_is_string(execution->error) && json_is_string(execution->cause);
    case ASL_ENTERING:
    default:
        return false;
    }
}

static bool read_state(const json_t *saved, struct asl_execution *execution, struct error *err)
{
    const char *name = json_string_value(json_object_get(saved, "state"));
    execution->state = name == NULL ? NULL : asl_document_find(execution->document, name);
    if (execution->state == NULL) {
        return error_set(err, "state of the execution is \"%.320s\", which the plan does not have",
                         name == NULL ? "" : name);
    }
    const json_t *attempts = json_object_get(saved, "attempts");
    size_t count = json_array_size(json_object_get(execution->state->body, "Retry"));
    if (!json_is_array(attempts) || json_array_size(attempts) != count) {
        return error_set(err, "attempts of the execution do not fit its state");
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(attempts, i);
        execution->attempts[i] = json_integer_value(value);
        if (!json_is_integer(value) || execution->attempts[i] < 0) {
            return error_set(err, "attempts of the execution are no whole numbers");
        }
    }
    return true;
}

static bool read_data(const json_t *saved, struct asl_execution *execution, struct error *err)
{
    const struct {
        const char *name;
        json_t **to;
    } values[] = {
        {"execution", &execution->about}, {"machine", &execution->machine},
        {"input", &execution->input},     {"task_input", &execution->task_input},
        {"output", &execution->output},   {"error", &execution->error},
        {"cause", &execution->cause},
    };
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        *values[i].to = json_incref(json_object_get(saved, values[i].name));
    }
    if (!json_is_object(execution->about) || !json_is_object(execution->machine)) {
        return error_set(err, "what the execution is called is missing");
    }
    return (execution->input != NULL && asl_data_fits(execution->input)) ||
           error_set(err, "input of the execution is missing or too large");
}

static bool read_numbers(const json_t *saved, struct asl_execution *execution, struct error *err)
{
    /* A span that began at the end of time, and one that was set back to its beginning. */
    const int64_t late_ms = ASL_TIME_MAX_MS + (int64_t)ASL_MAX_SECONDS * 1000;
    const int64_t early_ms = -ASL_TIME_MAX_MS;
    int64_t retry_count = 0;
    execution->deadline_ms = INT64_MAX;
    bool is_read =
        read_number(saved, "entered_ms", 0, ASL_TIME_MAX_MS, &execution->entered_ms, err) &&
        read_number(saved, "now_ms", 0, ASL_TIME_MAX_MS, &execution->now_ms, err) &&
        read_number(saved, "until_ms", early_ms, late_ms, &execution->until_ms, err) &&
        read_number(saved, "retry_count", 0, INT32_MAX, &retry_count, err) &&
        read_number(saved, "last_event", 1, 2 * ASL_MAX_EVENTS, &execution->last_event, err) &&
        read_number(saved, "task", 0, execution->last_event, &execution->task, err) &&
        (json_object_get(saved, "deadline_ms") == NULL ||
         read_number(saved, "deadline_ms", early_ms, late_ms, &execution->deadline_ms, err));
    execution->retry_count = retry_count;
    execution->is_timestamp = json_is_true(json_object_get(saved, "is_timestamp"));
    return is_read;
}

static bool read_random(const json_t *saved, struct asl_execution *execution, struct error *err)
{
    const char *text = json_string_value(json_object_get(saved, "random"));
    if (text == NULL || strlen(text) != 16 || strspn(text, "0123456789abcdef") != 16) {
        return error_set(err, "random of the execution is missing, expected 16 digits");
    }
    execution->random = strtoull(text, NULL, 16);
    return true;
}

struct asl_execution *asl_execution_copy(const struct asl_execution *execution)
{
    json_t *saved = asl_execution_save(execution);
    struct error err;
    struct asl_execution *copy = asl_execution_load(execution->document, saved, &err);
    json_decref(saved);
    assert(copy != NULL);
    return copy;
}

struct asl_execution *asl_execution_load(const struct asl_document *document, const json_t *saved,
                                         struct error *err)
{
    CLEANUP(asl_execution_freep)
    struct asl_execution *execution = alloc_zeroed(1, sizeof(*execution));
    int64_t version;
    execution->document = document;
    if (!read_number(saved, "version", SAVE_VERSION, SAVE_VERSION, &version, err) ||
        !read_phase(saved, execution, err) || !read_state(saved, execution, err) ||
        !read_data(saved, execution, err) || !read_numbers(saved, execution, err) ||
        !read_random(saved, execution, err)) {
        return NULL;
    }
    if (!phase_fits(execution)) {
        error_set(err, "the execution cannot be %s in its state \"%.320s\"",
                  phase_names[execution->phase], execution->state->name);
        return NULL;
    }
    return STEAL(execution);
}
