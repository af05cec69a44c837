/* SPDX-License-Identifier: BSD-2-Clause */
/* What each type of state does with its input (the specification, "Input and Output Processing"
 * and "State Types"). */
#include <math.h>
#include <string.h>

#include "control/plan/asl_choice.h"
#include "control/plan/asl_data.h"
#include "control/plan/asl_execution_private.h"
#include "control/plan/asl_intrinsic.h"
#include "control/plan/asl_payload.h"
#include "control/plan/asl_time.h"

static json_t *context_new(const struct asl_execution *execution)
{
    char entered[ASL_TIME_SIZE];
    asl_time_print(execution->entered_ms, entered);
    return json_pack("{s:O, s:O, s:{s:s, s:s, s:I}}", "Execution", execution->about, "StateMachine",
                     execution->machine, "State", "Name", execution->state->name, "EnteredTime",
                     entered, "RetryCount", execution->retry_count);
}

static json_t *field(const struct asl_execution *execution, const char *name)
{
    return json_object_get(execution->state->body, name);
}

/* InputPath and OutputPath: no path is the value itself, null is {}. A new reference. */
static json_t *select_path(struct asl_execution *execution, const char *name, json_t *value,
                           json_t *context, struct asl_fault *fault)
{
    const json_t *path = field(execution, name);
    struct asl_scope scope = {value, context, &execution->random};
    if (path == NULL) {
        return json_incref(value);
    }
    if (json_is_null(path)) {
        return json_object();
    }
    json_t *selected = asl_path_get(json_string_value(path), &scope);
    if (selected == NULL) {
        asl_fault_set(fault, ASL_ERROR_RUNTIME, "%s %.200s: there is nothing", name,
                      json_string_value(path));
    }
    return json_incref(selected);
}

/* Parameters and ResultSelector. A new reference. */
static json_t *fill_template(struct asl_execution *execution, const char *name, json_t *value,
                             json_t *context, struct asl_fault *fault)
{
    json_t *template = field(execution, name);
    struct asl_scope scope = {value, context, &execution->random};
    if (template == NULL) {
        return json_incref(value);
    }
    json_t *filled = asl_payload_build(template, &scope, fault);
    if (filled == NULL) {
        struct asl_fault why = *fault;
        asl_fault_set(fault, why.name, "%s: %s", name, why.cause.text);
    }
    return filled;
}

/* What InputPath and Parameters make of the raw input. */
static json_t *effective_input(struct asl_execution *execution, json_t *context,
                               struct asl_fault *fault)
{
    json_t *input = select_path(execution, "InputPath", execution->input, context, fault);
    if (input == NULL) {
        return NULL;
    }
    json_t *filled = fill_template(execution, "Parameters", input, context, fault);
    json_decref(input);
    return filled;
}

/* ResultPath: the result within the raw input. */
static json_t *with_result(struct asl_execution *execution, json_t *result, struct asl_fault *fault)
{
    const json_t *path = field(execution, "ResultPath");
    if (path == NULL) {
        return json_incref(result);
    }
    if (json_is_null(path)) {
        return json_incref(execution->input);
    }
    struct error why;
    json_t *put = asl_path_put(json_string_value(path), execution->input, result, &why);
    if (put == NULL) {
        asl_fault_set(fault, ASL_ERROR_RESULT_PATH, "%s", why.text);
    }
    return put;
}

static bool fits(json_t *value, const char *what, struct asl_fault *fault)
{
    return asl_data_fits(value) ||
           asl_fault_set(fault, ASL_ERROR_DATA_LIMIT,
                         "%s is larger than 256 KiB, or nested more than %d levels deep", what,
                         ASL_DATA_MAX_DEPTH);
}

/* OutputPath, then on to the next state. */
static bool pass_on(struct asl_execution *execution, json_t *value, json_t *context,
                    const char *next, struct asl_fault *fault)
{
    json_t *output = select_path(execution, "OutputPath", value, context, fault);
    if (output == NULL) {
        return false;
    }
    if (!fits(output, "the output of the state", fault)) {
        json_decref(output);
        return false;
    }
    asl_leave(execution, output, next);
    return true;
}

void asl_leave(struct asl_execution *execution, json_t *output, const char *next)
{
    asl_history_state(execution, "Exited", output);
    if (next == NULL) {
        json_t *details = json_object();
        execution->phase = ASL_SUCCEEDED;
        execution->output = output;
        asl_history_value(details, "output", output);
        asl_history_add(execution, "ExecutionSucceeded", details);
        return;
    }
    json_decref(execution->input);
    execution->input = output;
    execution->state = asl_document_find(execution->document, next);
    execution->phase = ASL_ENTERING;
}

static const char *next_of(const struct asl_execution *execution)
{
    return json_string_value(field(execution, "Next"));
}

static bool enter_pass(struct asl_execution *execution, json_t *context, struct asl_fault *fault)
{
    json_t *input = effective_input(execution, context, fault);
    if (input == NULL) {
        return false;
    }
    json_t *fixed = field(execution, "Result");
    json_t *all = with_result(execution, fixed != NULL ? fixed : input, fault);
    json_decref(input);
    bool is_done = all != NULL && pass_on(execution, all, context, next_of(execution), fault);
    json_decref(all);
    return is_done;
}

/* A whole number of seconds from name, or from where namePath says; fallback when there is neither.
 */
static bool read_seconds(struct asl_execution *execution, const char *name, const char *path_name,
                         const struct asl_scope *scope, int64_t *seconds, struct asl_fault *fault)
{
    const json_t *path = field(execution, path_name);
    if (path == NULL) {
        const json_t *fixed = field(execution, name);
        *seconds = fixed != NULL ? json_integer_value(fixed) : *seconds;
        return true;
    }
    const json_t *value = asl_path_get(json_string_value(path), scope);
    double number = json_number_value(value);
    if (!json_is_number(value) || number < 1 || number > ASL_MAX_SECONDS ||
        floor(number) < number) {
        return asl_fault_set(
            fault, ASL_ERROR_RUNTIME, "%s %.200s: found %s, expected a whole number from 1 to %d",
            path_name, json_string_value(path),
            json_is_number(value) ? "another number" : asl_type_name(value), ASL_MAX_SECONDS);
    }
    *seconds = (int64_t)number;
    return true;
}

/* Of a Wait: Seconds may have a fraction. */
static bool read_span(struct asl_execution *execution, const struct asl_scope *scope,
                      int64_t *span_ms, struct asl_fault *fault)
{
    const json_t *fixed = field(execution, "Seconds");
    int64_t seconds = 0;
    if (fixed != NULL) {
        *span_ms = llround(json_number_value(fixed) * 1000);
        return true;
    }
    bool is_read = read_seconds(execution, "Seconds", "SecondsPath", scope, &seconds, fault);
    *span_ms = seconds * 1000;
    return is_read;
}

static bool read_timestamp(struct asl_execution *execution, const struct asl_scope *scope,
                           struct asl_fault *fault)
{
    const json_t *path = field(execution, "TimestampPath");
    const json_t *value =
        path == NULL ? field(execution, "Timestamp") : asl_path_get(json_string_value(path), scope);
    if (!json_is_string(value) || !asl_time_parse(json_string_value(value), &execution->until_ms)) {
        return asl_fault_set(
            fault, ASL_ERROR_RUNTIME, "TimestampPath %.200s: found %s, expected a timestamp",
            json_string_value(path), json_is_string(value) ? "another text" : asl_type_name(value));
    }
    execution->is_timestamp = true;
    return true;
}

static bool wait_done(struct asl_execution *execution, json_t *input, json_t *context,
                      struct asl_fault *fault)
{
    return pass_on(execution, input, context, next_of(execution), fault);
}

static bool enter_wait(struct asl_execution *execution, json_t *context, struct asl_fault *fault)
{
    json_t *input = select_path(execution, "InputPath", execution->input, context, fault);
    if (input == NULL) {
        return false;
    }
    int64_t span_ms = 0;
    struct asl_scope scope = {input, context, &execution->random};
    bool is_span =
        field(execution, "Timestamp") == NULL && field(execution, "TimestampPath") == NULL;
    execution->is_timestamp = false;
    bool is_right = is_span ? read_span(execution, &scope, &span_ms, fault)
                            : read_timestamp(execution, &scope, fault);
    if (is_right && is_span) {
        execution->until_ms = execution->now_ms + span_ms;
    }
    if (is_right && execution->until_ms <= execution->now_ms) {
        is_right = wait_done(execution, input, context, fault);
    } else if (is_right) {
        execution->phase = ASL_WAITING;
    }
    json_decref(input);
    return is_right;
}

static bool enter_choice(struct asl_execution *execution, json_t *context, struct asl_fault *fault)
{
    json_t *input = select_path(execution, "InputPath", execution->input, context, fault);
    if (input == NULL) {
        return false;
    }
    struct asl_scope scope = {input, context, &execution->random};
    const json_t *choices = field(execution, "Choices");
    const char *next = json_string_value(field(execution, "Default"));
    enum asl_choice choice = ASL_CHOICE_NO;
    for (size_t i = 0; i < json_array_size(choices) && choice == ASL_CHOICE_NO; i++) {
        const json_t *rule = json_array_get(choices, i);
        choice = asl_choice_test(rule, &scope, fault);
        next = choice == ASL_CHOICE_YES ? json_string_value(json_object_get(rule, "Next")) : next;
    }
    if (choice != ASL_CHOICE_FAULT && next == NULL) {
        asl_fault_set(fault, ASL_ERROR_NO_CHOICE, "no rule holds, and there is no Default");
    }
    bool is_done = choice != ASL_CHOICE_FAULT && next != NULL &&
                   pass_on(execution, input, context, next, fault);
    json_decref(input);
    return is_done;
}

static bool enter_succeed(struct asl_execution *execution, json_t *context, struct asl_fault *fault)
{
    json_t *input = select_path(execution, "InputPath", execution->input, context, fault);
    bool is_done = input != NULL && pass_on(execution, input, context, NULL, fault);
    json_decref(input);
    return is_done;
}

/* Error or Cause of a Fail, or what the path says. A new reference to a string. */
static json_t *fail_text(struct asl_execution *execution, const char *name, const char *path_name,
                         json_t *context, struct asl_fault *fault)
{
    json_t *fixed = field(execution, name);
    const json_t *path = field(execution, path_name);
    struct asl_scope scope = {execution->input, context, &execution->random};
    if (path == NULL) {
        return fixed != NULL ? json_incref(fixed) : json_string("");
    }
    json_t *value = asl_expression_value(json_string_value(path), &scope, fault);
    if (json_is_string(value)) {
        return value;
    }
    asl_fault_set(fault, ASL_ERROR_RUNTIME, "%s %.200s: found %s, expected a string", path_name,
                  json_string_value(path), asl_type_name(value));
    json_decref(value);
    return NULL;
}

static bool enter_fail(struct asl_execution *execution, json_t *context, struct asl_fault *fault)
{
    json_t *error = fail_text(execution, "Error", "ErrorPath", context, fault);
    json_t *cause =
        error == NULL ? NULL : fail_text(execution, "Cause", "CausePath", context, fault);
    if (cause != NULL) {
        asl_end(execution, ASL_FAILED, json_string_value(error), json_string_value(cause));
    }
    json_decref(error);
    json_decref(cause);
    return cause != NULL;
}

/* How long the task has, and how long between two heartbeats: as long when it says nothing. */
static bool task_limits(struct asl_execution *execution, json_t *context, int64_t *timeout_s,
                        int64_t *heartbeat_s, struct asl_fault *fault)
{
    json_t *input = select_path(execution, "InputPath", execution->input, context, fault);
    if (input == NULL) {
        return false;
    }
    struct asl_scope scope = {input, context, &execution->random};
    *timeout_s = asl_resource_timeout_s(execution->state->resource);
    bool is_read =
        read_seconds(execution, "TimeoutSeconds", "TimeoutSecondsPath", &scope, timeout_s, fault);
    *heartbeat_s = *timeout_s;
    is_read = is_read && read_seconds(execution, "HeartbeatSeconds", "HeartbeatSecondsPath", &scope,
                                      heartbeat_s, fault);
    json_decref(input);
    return is_read;
}

static bool schedule(struct asl_execution *execution, json_t *context, struct asl_fault *fault)
{
    int64_t timeout_s, heartbeat_s;
    if (!task_limits(execution, context, &timeout_s, &heartbeat_s, fault)) {
        return false;
    }
    json_t *input = effective_input(execution, context, fault);
    if (input == NULL || !fits(input, "the input of the task", fault)) {
        json_decref(input);
        return false;
    }
    json_t *details = asl_history_task(execution);
    json_object_set_new(details, "parameters", asl_history_text(input));
    json_object_set_new(details, "timeoutInSeconds", json_integer(timeout_s));
    if (heartbeat_s < timeout_s) {
        json_object_set_new(details, "heartbeatInSeconds", json_integer(heartbeat_s));
    }
    asl_history_add(execution, "TaskScheduled", details);
    execution->task = execution->last_event;
    asl_history_add(execution, "TaskStarted", asl_history_task(execution));
    json_decref(execution->task_input);
    execution->task_input = input;
    execution->phase = ASL_IN_TASK;
    execution->is_timestamp = false;
    execution->until_ms =
        execution->now_ms + (heartbeat_s < timeout_s ? heartbeat_s : timeout_s) * 1000;
    return true;
}

static bool task_done(struct asl_execution *execution, json_t *result, json_t *context,
                      struct asl_fault *fault)
{
    json_t *selected = fill_template(execution, "ResultSelector", result, context, fault);
    if (selected == NULL) {
        return false;
    }
    json_t *all = with_result(execution, selected, fault);
    json_decref(selected);
    bool is_done = all != NULL && pass_on(execution, all, context, next_of(execution), fault);
    json_decref(all);
    return is_done;
}

typedef bool (*state_action)(struct asl_execution *execution, json_t *context,
                             struct asl_fault *fault);

static void run_action(struct asl_execution *execution, state_action action)
{
    struct asl_fault fault;
    json_t *context = context_new(execution);
    bool is_done = action(execution, context, &fault);
    json_decref(context);
    if (!is_done) {
        asl_state_failed(execution, fault.name, fault.cause.text);
    }
}

void asl_enter(struct asl_execution *execution)
{
    static const state_action actions[ASL_STATE_TYPE_COUNT] = {
        [ASL_PASS] = enter_pass,     [ASL_TASK] = schedule,         [ASL_WAIT] = enter_wait,
        [ASL_CHOICE] = enter_choice, [ASL_SUCCEED] = enter_succeed, [ASL_FAIL] = enter_fail,
    };
    execution->entered_ms = execution->now_ms;
    execution->retry_count = 0;
    memset(execution->attempts, 0, sizeof(execution->attempts));
    asl_history_state(execution, "Entered", execution->input);
    run_action(execution, actions[execution->state->type]);
}

void asl_schedule(struct asl_execution *execution)
{
    run_action(execution, schedule);
}

static bool leave_wait(struct asl_execution *execution, json_t *context, struct asl_fault *fault)
{
    json_t *input = select_path(execution, "InputPath", execution->input, context, fault);
    bool is_done = input != NULL && wait_done(execution, input, context, fault);
    json_decref(input);
    return is_done;
}

void asl_wait_over(struct asl_execution *execution)
{
    run_action(execution, leave_wait);
}

void asl_task_result(struct asl_execution *execution, json_t *result)
{
    struct asl_fault fault;
    json_t *details = asl_history_task(execution);
    if (!fits(result, "the result of the task", &fault)) {
        asl_history_error(details, fault.name, fault.cause.text);
        asl_history_add(execution, "TaskFailed", details);
        asl_state_failed(execution, fault.name, fault.cause.text);
        return;
    }
    asl_history_value(details, "output", result);
    asl_history_add(execution, "TaskSucceeded", details);
    json_t *context = context_new(execution);
    bool is_done = task_done(execution, result, context, &fault);
    json_decref(context);
    if (!is_done) {
        asl_state_failed(execution, fault.name, fault.cause.text);
    }
}
