/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of asl_execution share. */
#pragma once

#include "control/plan/asl_execution.h"
#include "control/plan/asl_fault.h"
#include "control/plan/asl_path.h"

enum asl_phase {
    ASL_ENTERING, /* only within a step */
    ASL_IN_TASK,
    ASL_WAITING,
    ASL_RETRYING, /* waits to schedule its task again */
    ASL_SUCCEEDED,
    ASL_FAILED,
    ASL_ABORTED,
    ASL_TIMED_OUT,
};
#define ASL_PHASE_COUNT (ASL_TIMED_OUT + 1)

struct asl_execution {
    const struct asl_document *document;
    enum asl_phase phase;
    uint64_t random;
    json_t *about;       /* $$.Execution */
    json_t *machine;     /* $$.StateMachine */
    int64_t deadline_ms; /* of the document; INT64_MAX: none */
    const struct asl_state *state;
    json_t *input; /* of the state, raw */
    int64_t entered_ms;
    json_int_t retry_count;                /* $$.State.RetryCount */
    json_int_t attempts[ASL_MAX_RETRIERS]; /* of each retrier of the state, so far */
    int64_t until_ms;                      /* IN_TASK, WAITING, RETRYING */
    bool is_timestamp;                     /* until_ms is a time of day, not the end of a span */
    int64_t task;                          /* IN_TASK: the attempt */
    json_t *task_input;
    json_t *output; /* SUCCEEDED */
    json_t *error;  /* FAILED, ABORTED, TIMED_OUT: strings */
    json_t *cause;
    int64_t last_event; /* its id */
    int64_t now_ms;     /* of the last step */

    json_t *history; /* of the step that is being done; borrowed */
};

bool asl_is_over(const struct asl_execution *execution);

/* asl_execution_state.c: enters the state that is set, with the input that is set. */
void asl_enter(struct asl_execution *execution);
/* Schedules the task of the state; the first time, or once more. */
void asl_schedule(struct asl_execution *execution);
/* The Wait is over. */
void asl_wait_over(struct asl_execution *execution);
/* The task's result; shared. */
void asl_task_result(struct asl_execution *execution, json_t *result);
/* Leaves the state: output is stolen; next NULL ends the execution. */
void asl_leave(struct asl_execution *execution, json_t *output, const char *next);

/* asl_execution_error.c: the state has failed, which is retried, caught, or the end. */
void asl_state_failed(struct asl_execution *execution, const char *error, const char *cause);
/* Ends the execution with an error, in a phase that is over. */
void asl_end(struct asl_execution *execution, enum asl_phase phase, const char *error,
             const char *cause);

/* asl_history.c: adds an event; details (stolen, or NULL) stand under the name that Step Functions
 * has for them. */
void asl_history_add(struct asl_execution *execution, const char *type, json_t *details);
/* "PassStateEntered" and the like. */
void asl_history_state(struct asl_execution *execution, const char *what, json_t *value);
/* Details of a task's event: resourceType and resource. */
json_t *asl_history_task(const struct asl_execution *execution);
/* The JSON of a value that fits, as a string; "" of one that does not. */
json_t *asl_history_text(json_t *value);
/* Sets name to the value's JSON as a string, and nameDetails. */
void asl_history_value(json_t *details, const char *name, json_t *value);
/* Sets error and cause; an empty cause is left out. */
void asl_history_error(json_t *details, const char *error, const char *cause);
