/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/plan/asl_execution.h"

#include <stdlib.h>

#include "common/alloc.h"
#include "control/plan/asl_data.h"
#include "control/plan/asl_execution_private.h"
#include "control/plan/asl_time.h"

bool asl_is_over(const struct asl_execution *execution)
{
    return execution->phase >= ASL_SUCCEEDED;
}

/* Enters states until one wants something. No way leads twice through a state without waiting
 * (asl_check_graph.c), so that a bound is never met; it is an error, not a hang, if it is. */
static void run(struct asl_execution *execution)
{
    size_t most = asl_document_state_count(execution->document) + 1;
    for (size_t i = 0; execution->phase == ASL_ENTERING; i++) {
        if (i > most) {
            asl_end(execution, ASL_FAILED, ASL_ERROR_RUNTIME,
                    "states follow each other without end");
        } else if (execution->last_event >= ASL_MAX_EVENTS) {
            asl_end(execution, ASL_FAILED, ASL_ERROR_RUNTIME,
                    "the execution has reached the maximum of 25000 events");
        } else {
            asl_enter(execution);
        }
    }
}

static int64_t clock_in_range(int64_t now_ms)
{
    return now_ms < 0 ? 0 : now_ms > ASL_TIME_MAX_MS ? ASL_TIME_MAX_MS : now_ms;
}

static json_t *about_new(const struct asl_beginning *beginning, int64_t now_ms)
{
    char started[ASL_TIME_SIZE];
    asl_time_print(now_ms, started);
    json_t *about = json_pack("{s:O, s:s}", "Input", beginning->input, "StartTime", started);
    json_object_set_new(about, "Id", asl_data_string(beginning->id, ASL_DATA_MAX_OCTETS));
    json_object_set_new(about, "Name", asl_data_string(beginning->name, ASL_DATA_MAX_OCTETS));
    return about;
}

struct asl_execution *asl_execution_start(const struct asl_document *document,
                                          const struct asl_beginning *beginning, int64_t now_ms,
                                          json_t *history, struct error *err)
{
    if (!asl_data_fits(beginning->input)) {
        error_set(err, "the input is larger than 256 KiB, or nested more than %d levels deep",
                  ASL_DATA_MAX_DEPTH);
        return NULL;
    }
    struct asl_execution *execution = alloc_zeroed(1, sizeof(*execution));
    int64_t timeout_s = asl_document_timeout_s(document);
    now_ms = clock_in_range(now_ms);
    *execution = (struct asl_execution){
        .document = document,
        .phase = ASL_ENTERING,
        .random = beginning->seed,
        .about = about_new(beginning, now_ms),
        .machine =
            json_pack("{s:o}", "Name", asl_data_string(beginning->machine, ASL_DATA_MAX_OCTETS)),
        .deadline_ms = timeout_s == 0 ? INT64_MAX : now_ms + timeout_s * 1000,
        .state = asl_document_start(document),
        .input = json_incref(beginning->input),
        .now_ms = now_ms,
        .history = history,
    };
    json_t *details = json_object();
    asl_history_value(details, "input", beginning->input);
    asl_history_add(execution, "ExecutionStarted", details);
    run(execution);
    execution->history = NULL;
    return execution;
}

void asl_execution_freep(struct asl_execution **execution)
{
    if (*execution != NULL) {
        json_decref((*execution)->about);
        json_decref((*execution)->machine);
        json_decref((*execution)->input);
        json_decref((*execution)->task_input);
        json_decref((*execution)->output);
        json_decref((*execution)->error);
        json_decref((*execution)->cause);
        free(*execution);
        *execution = NULL;
    }
}

/* ---- steps ---- */

static bool event_fits(const struct asl_execution *execution, const struct asl_event *event,
                       struct error *err)
{
    bool is_result = event->kind == ASL_TASK_SUCCEEDED || event->kind == ASL_TASK_FAILED;
    if (event->kind == ASL_ABORT && asl_is_over(execution)) {
        return error_set(err, "the execution is over");
    }
    if (is_result && (execution->phase != ASL_IN_TASK || execution->task != event->task)) {
        return error_set(err, "task %lld does not run", (long long)event->task);
    }
    return true;
}

/* Time never runs backwards for what is waited for: what was left is left. */
static void set_clock(struct asl_execution *execution, int64_t now_ms)
{
    now_ms = clock_in_range(now_ms);
    if (now_ms < execution->now_ms) {
        int64_t back_ms = execution->now_ms - now_ms;
        execution->until_ms -= execution->is_timestamp ? 0 : back_ms;
        execution->deadline_ms -= execution->deadline_ms == INT64_MAX ? 0 : back_ms;
    }
    execution->now_ms = now_ms;
}

static void task_failed(struct asl_execution *execution, const char *type, const char *error,
                        const char *cause)
{
    json_t *details = asl_history_task(execution);
    asl_history_error(details, error, cause);
    json_incref(details);
    asl_history_add(execution, type, details);
    const char *said = json_string_value(json_object_get(details, "cause"));
    asl_state_failed(execution, json_string_value(json_object_get(details, "error")),
                     said == NULL ? "" : said);
    json_decref(details);
}

/* What time alone does: the deadlines, and what was waited for. */
static void pass_time(struct asl_execution *execution)
{
    if (execution->now_ms >= execution->deadline_ms) {
        asl_end(execution, ASL_TIMED_OUT, ASL_ERROR_TIMEOUT,
                "the execution has run longer than its TimeoutSeconds");
        return;
    }
    if (execution->now_ms < execution->until_ms) {
        return;
    }
    switch (execution->phase) {
    case ASL_IN_TASK:
        task_failed(execution, "TaskTimedOut", ASL_ERROR_TIMEOUT,
                    "the task has not answered within its TimeoutSeconds or HeartbeatSeconds");
        break;
    case ASL_WAITING:
        asl_wait_over(execution);
        break;
    case ASL_RETRYING:
        if (execution->last_event >= ASL_MAX_EVENTS) {
            asl_end(execution, ASL_FAILED, ASL_ERROR_RUNTIME,
                    "the execution has reached the maximum of 25000 events");
        } else {
            asl_schedule(execution);
        }
        break;
    case ASL_ENTERING:
    case ASL_SUCCEEDED:
    case ASL_FAILED:
    case ASL_ABORTED:
    case ASL_TIMED_OUT:
    default:
        break;
    }
}

static void take(struct asl_execution *execution, const struct asl_event *event)
{
    bool is_late =
        execution->now_ms >= execution->until_ms || execution->now_ms >= execution->deadline_ms;
    bool has_error = event->error != NULL && event->error[0] != '\0';
    if (event->kind == ASL_ABORT) {
        asl_end(execution, ASL_ABORTED, has_error ? event->error : "Aborted", event->cause);
    } else if (event->kind == ASL_TICK || is_late) {
        pass_time(execution);
    } else if (event->kind == ASL_TASK_SUCCEEDED) {
        asl_task_result(execution, event->output);
    } else {
        task_failed(execution, "TaskFailed", has_error ? event->error : ASL_ERROR_TASK_FAILED,
                    event->cause);
    }
}

bool asl_execution_step(struct asl_execution *execution, const struct asl_event *event,
                        int64_t now_ms, json_t *history, struct error *err)
{
    if (!event_fits(execution, event, err)) {
        return false;
    }
    if (asl_is_over(execution)) {
        return true;
    }
    execution->history = history;
    set_clock(execution, now_ms);
    take(execution, event);
    run(execution);
    execution->history = NULL;
    return true;
}

void asl_execution_stood_still(struct asl_execution *execution, int64_t since_ms, int64_t now_ms)
{
    if (asl_is_over(execution)) {
        return;
    }
    set_clock(execution, since_ms);
    int64_t stood_ms = clock_in_range(now_ms) - execution->now_ms;
    execution->until_ms += execution->is_timestamp ? 0 : stood_ms;
    execution->deadline_ms += execution->deadline_ms == INT64_MAX ? 0 : stood_ms;
    execution->now_ms += stood_ms;
}

void asl_execution_wait_longer(struct asl_execution *execution, int64_t delay_ms)
{
    execution->until_ms += execution->phase == ASL_WAITING ? delay_ms : 0;
}

struct asl_want asl_execution_want(const struct asl_execution *execution)
{
    static const enum asl_want_kind kinds[ASL_PHASE_COUNT] = {
        [ASL_IN_TASK] = ASL_WANT_TASK,        [ASL_WAITING] = ASL_WANT_TICK,
        [ASL_RETRYING] = ASL_WANT_TICK,       [ASL_SUCCEEDED] = ASL_WANT_SUCCEEDED,
        [ASL_FAILED] = ASL_WANT_FAILED,       [ASL_ABORTED] = ASL_WANT_ABORTED,
        [ASL_TIMED_OUT] = ASL_WANT_TIMED_OUT,
    };
    struct asl_want want = {.kind = kinds[execution->phase]};
    if (asl_is_over(execution)) {
        want.output = execution->output;
        want.error = json_string_value(execution->error);
        want.cause = json_string_value(execution->cause);
        return want;
    }
    bool is_first = execution->until_ms < execution->deadline_ms;
    want.until_ms = is_first ? execution->until_ms : execution->deadline_ms;
    want.since_ms = execution->entered_ms;
    want.is_span = execution->phase == ASL_WAITING && !execution->is_timestamp;
    if (want.kind == ASL_WANT_TASK) {
        want.task = execution->task;
        want.resource = execution->state->resource;
        want.input = execution->task_input;
    }
    return want;
}

const char *asl_execution_state(const struct asl_execution *execution)
{
    return execution->state->name;
}
