/* SPDX-License-Identifier: BSD-2-Clause */
/* One run of a plan: a pure function of its document, what happens to it, and time. It says what it
 * wants (a task to be run, a time to be waited for) and is told what came of it; control journals
 * the saved execution with the new events first, then does what is wanted.
 *
 * States fail as the specification says ("Errors"). States.Runtime is neither retried nor caught;
 * States.DataLimitExceeded only by its own name. Nothing that a Task of ours does sends heartbeats,
 * so HeartbeatSeconds, which is less than TimeoutSeconds, is the time that it has. One thread. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "control/plan/asl_document.h"

/* As in Step Functions; a run that would have more fails with States.Runtime, so that a loop with
 * a Wait ends too. */
#define ASL_MAX_EVENTS 25000

struct asl_execution;

/* Times are from 1970 to then. */
#define ASL_TIME_MAX_MS INT64_C(253402300799999) /* the end of the year 9999 */

struct asl_beginning {
    const char *id;      /* $$.Execution.Id */
    const char *name;    /* $$.Execution.Name */
    const char *machine; /* $$.StateMachine.Name */
    json_t *input;       /* borrowed, shared; not changed by anybody from now on */
    uint64_t seed;       /* of jitter, States.MathRandom and States.UUID */
};

/* What it wants next. Pointers are the execution's, until the next step. */
enum asl_want_kind {
    ASL_WANT_TASK,      /* run a task, and step with its result or, from until_ms on, with a tick */
    ASL_WANT_TICK,      /* step with a tick from until_ms on: a Wait, or before another try */
    ASL_WANT_SUCCEEDED, /* it is over: output */
    ASL_WANT_FAILED,    /* … error and cause */
    ASL_WANT_ABORTED,
    ASL_WANT_TIMED_OUT, /* TimeoutSeconds of the document */
};
struct asl_want {
    enum asl_want_kind kind;
    int64_t until_ms;
    int64_t since_ms; /* when the state was entered */
    bool is_span;     /* a Wait of some time, not until a time of day */
    int64_t task;     /* names this attempt: the id of its event TaskScheduled */
    enum asl_resource resource;
    json_t *input; /* of the task */
    json_t *output;
    const char *error;
    const char *cause;
};

enum asl_event_kind {
    ASL_TICK, /* time has passed; never refused */
    ASL_TASK_SUCCEEDED,
    ASL_TASK_FAILED,
    ASL_ABORT,
};
struct asl_event {
    enum asl_event_kind kind;
    int64_t task;      /* the attempt whose result it is */
    json_t *output;    /* of one that succeeded; shared, not changed by anybody from now on */
    const char *error; /* of one that failed, or of an abort; NULL or "" is States.TaskFailed */
    const char *cause; /* NULL or "": none is said */
};

/* Starts, and runs to the first want. New events are appended to the array history, each an object
 * as GetExecutionHistory of Step Functions has it. The document must outlive the execution, which
 * the caller owns. NULL and err when the input is larger than ASL_DATA_MAX_OCTETS. */
MUST_CHECK struct asl_execution *asl_execution_start(const struct asl_document *document,
                                                     const struct asl_beginning *beginning,
                                                     int64_t now_ms, json_t *history,
                                                     struct error *err);
void asl_execution_freep(struct asl_execution **execution);

/* Takes one event and runs to the next want. A result that comes when its deadline or that of the
 * document is over is too late. False and err, and nothing has changed: the event is the result of
 * no task that runs, or of another attempt, or an abort of what is over. A clock that goes
 * backwards lets what is waited for wait on for as long as it had to, but for a Timestamp. */
MUST_CHECK bool asl_execution_step(struct asl_execution *execution, const struct asl_event *event,
                                   int64_t now_ms, json_t *history, struct error *err);

struct asl_want asl_execution_want(const struct asl_execution *execution);
/* Its clock stood still from since_ms to now_ms: what was left of a Wait, of a task's time and of
 * the document's is left. Not of a Wait until a time of day. */
void asl_execution_stood_still(struct asl_execution *execution, int64_t since_ms, int64_t now_ms);
/* The Wait that it is in (want.is_span) takes so much longer. */
void asl_execution_wait_longer(struct asl_execution *execution, int64_t delay_ms);
/* Another execution that is where this one is; the caller owns it. */
struct asl_execution *asl_execution_copy(const struct asl_execution *execution);

/* The name of the state it is in, or was in when it ended. */
const char *asl_execution_state(const struct asl_execution *execution);

/* The whole of it as JSON: a new reference. */
json_t *asl_execution_save(const struct asl_execution *execution);
/* An execution that goes on exactly where the saved one was. NULL and err when it is none of this
 * document; what comes from a file may be anything. */
MUST_CHECK struct asl_execution *asl_execution_load(const struct asl_document *document,
                                                    const json_t *saved, struct error *err);
