/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/plan/asl_steps.h"

#include <inttypes.h>
#include <jansson.h>

#include "common/alloc.h"
#include "control/plan/asl_execution.h"

struct walk {
    struct asl_execution *execution;
    json_t *history;
    int64_t now_ms;
    int64_t shifted_ms; /* when the last step began */
    struct asl_steps *steps;
    struct error *err;
};

static void walk_donep(struct walk *walk)
{
    asl_execution_freep(&walk->execution);
    json_decref(walk->history);
}

/* Until now the last step is held. */
static void end_hold(struct walk *walk)
{
    struct asl_steps *steps = walk->steps;
    if (steps->count > 0) {
        steps->holds_ms[steps->count - 1] = walk->now_ms - walk->shifted_ms;
    }
}

static bool add_step(struct walk *walk, const json_t *weight)
{
    struct asl_steps *steps = walk->steps;
    const char *state = asl_execution_state(walk->execution);
    json_int_t last = steps->count == 0 ? 0 : steps->weights[steps->count - 1];
    if (!json_is_integer(weight)) {
        return error_set(walk->err,
                         "state %s: its input has no weight, expected a number in "
                         "$.weight",
                         state);
    }
    json_int_t value = json_integer_value(weight);
    if (value < last || value > 100) {
        return error_set(walk->err,
                         "state %s sets the weight %" JSON_INTEGER_FORMAT
                         " after %" JSON_INTEGER_FORMAT ", expected ascending steps of 1 to 100",
                         state, value, last);
    }
    if (value == last) {
        return true; /* the same again is no shift */
    }
    if (steps->count == ASL_MAX_STEPS) {
        return error_set(walk->err, "state %s: found more steps, expected at most %d", state,
                         ASL_MAX_STEPS);
    }
    end_hold(walk);
    steps->weights[steps->count++] = (uint8_t)value;
    walk->shifted_ms = walk->now_ms;
    return true;
}

/* What a gate that passes says. */
static json_t *good_news(enum asl_resource resource)
{
    switch (resource) {
    case ASL_CHECK_HEALTH:
        return json_pack("{s:s}", "State", "healthy");
    case ASL_APPROVE:
        return json_pack("{s:s}", "State", "approved");
    case ASL_METRIC:
    case ASL_WEBHOOK:
        return json_pack("{s:s, s:s, s:s}", "State", "pass", "Decision", "go_on", "Text", "");
    case ASL_CHANGE_WEIGHT:
        break;
    }
    return json_object();
}

static bool run_task(struct walk *walk, const struct asl_want *want)
{
    if (want->resource == ASL_CHANGE_WEIGHT &&
        !add_step(walk, json_object_get(want->input, "weight"))) {
        return false;
    }
    struct asl_event event = {
        .kind = ASL_TASK_SUCCEEDED, .task = want->task, .output = good_news(want->resource)};
    bool is_taken =
        asl_execution_step(walk->execution, &event, walk->now_ms, walk->history, walk->err);
    json_decref(event.output);
    return is_taken;
}

/* Runs to the end; a run ends by itself after ASL_MAX_EVENTS. */
static bool walk_on(struct walk *walk)
{
    for (;;) {
        struct asl_want want = asl_execution_want(walk->execution);
        if (want.kind == ASL_WANT_TASK) {
            if (!run_task(walk, &want)) {
                return false;
            }
        } else if (want.kind == ASL_WANT_TICK) {
            struct asl_event tick = {.kind = ASL_TICK};
            walk->now_ms = want.until_ms;
            if (!asl_execution_step(walk->execution, &tick, walk->now_ms, walk->history,
                                    walk->err)) {
                return false;
            }
        } else if (want.kind == ASL_WANT_SUCCEEDED) {
            end_hold(walk);
            return true;
        } else {
            return error_set(
                walk->err, "the plan fails in state %s although every task succeeds: %s %s",
                asl_execution_state(walk->execution), want.error == NULL ? "" : want.error,
                want.cause == NULL ? "" : want.cause);
        }
    }
}

bool asl_steps_find(const struct asl_document *document, struct asl_steps *steps, struct error *err)
{
    CLEANUP(walk_donep) struct walk walk = {.history = json_array(), .steps = steps, .err = err};
    struct asl_beginning beginning = {
        .id = "simulated", .name = "simulated", .machine = "plan", .input = json_object()};
    *steps = (struct asl_steps){.count = 0};
    walk.execution = asl_execution_start(document, &beginning, walk.now_ms, walk.history, err);
    json_decref(beginning.input);
    if (walk.execution == NULL || !walk_on(&walk)) {
        return false;
    }
    return steps->count > 0 || error_set(err, "the plan never changes the weight");
}
