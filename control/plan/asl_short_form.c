/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/plan/asl_short_form.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SIZE      64
#define GATE_NAME_SIZE 128
#define FULL           100

/* The fall-back is what must not fail: it is tried for about half an hour. */
#define RETRY_SHIFT     5
#define RETRY_FALL_BACK 60
/* How long health may be unknown at the end of a hold. */
#define VERDICT_S 300

static bool check_steps(const struct asl_short_form *form, struct error *err)
{
    int64_t least = 1;
    if (form->step_count < 1 || form->step_count > ASL_SHORT_MAX_STEPS) {
        return error_set(err, "found %zu steps, expected 1 to %d", form->step_count,
                         ASL_SHORT_MAX_STEPS);
    }
    for (size_t i = 0; i < form->step_count; i++) {
        if (form->steps[i] < least || form->steps[i] > FULL) {
            return error_set(err, "step %zu is %" PRId64 ", expected %" PRId64 " to %d", i + 1,
                             form->steps[i], least, FULL);
        }
        least = form->steps[i];
    }
    return true;
}

static bool check_hold(const struct asl_short_form *form, struct error *err)
{
    return (form->hold_ms >= 0 && form->hold_ms <= ASL_MAX_SECONDS * INT64_C(1000)) ||
           error_set(err, "the hold is %" PRId64 " ms, expected 0 to %d s", form->hold_ms,
                     ASL_MAX_SECONDS);
}

bool asl_short_form_steps(const char *text, struct asl_short_form *form, struct error *err)
{
    form->step_count = 0;
    for (const char *at = text;; at++) {
        char *end;
        errno = 0;
        long weight = strtol(at, &end, 10);
        if (*at < '0' || *at > '9' || errno != 0 || (*end != ',' && *end != '\0')) {
            return error_set(err, "steps are \"%.100s\", expected weights such as 10,50,100", text);
        }
        if (form->step_count == ASL_SHORT_MAX_STEPS) {
            return error_set(err, "found more than %d steps", ASL_SHORT_MAX_STEPS);
        }
        form->steps[form->step_count++] = weight;
        if (*end == '\0') {
            return check_steps(form, err);
        }
        at = end;
    }
}

static json_t *retry_of(int attempts)
{
    return json_pack("[{s:[s], s:i, s:i, s:f, s:i}]", "ErrorEquals", "States.ALL",
                     "IntervalSeconds", 1, "MaxAttempts", attempts, "BackoffRate", 2.0,
                     "MaxDelaySeconds", 30);
}

/* "ask-errors-10"; of a long name the beginning, and its number among the gates. */
static void gate_state(char out[GATE_NAME_SIZE], const char *what,
                       const struct asl_short_form *form, size_t gate, const char *step)
{
    const char *name = form->gates[gate].name;
    const char *dash = step[0] == '\0' ? "" : "-";
    if (strlen(name) <= 32) {
        snprintf(out, GATE_NAME_SIZE, "%s-%s%s%.30s", what, name, dash, step);
    } else {
        snprintf(out, GATE_NAME_SIZE, "%s-%.26s~%zu%s%.30s", what, name, gate + 1, dash, step);
    }
}

static void add_state(json_t *states, const char *name, json_t *state)
{
    json_object_set_new(states, name, state);
}

static json_t *set_weight(int64_t weight, const char *next)
{
    return json_pack("{s:s, s:I, s:s, s:s}", "Type", "Pass", "Result", (json_int_t)weight,
                     "ResultPath", "$.weight", "Next", next);
}

/* A task that is tried again. result: the path for ResultPath, or NULL to drop it. */
static json_t *task(const char *resource, const char *result, int attempts)
{
    json_t *task =
        json_pack("{s:s, s:s, s:i, s:s?}", "Type", "Task", "Resource", resource, "TimeoutSeconds",
                  attempts == 0 ? VERDICT_S : 60, "ResultPath", result);
    if (attempts > 0) {
        json_object_set_new(task, "Retry", retry_of(attempts));
    }
    return task;
}

/* A task that leads to the fall-back when it fails for good. */
static json_t *task_or_fall_back(const char *resource, const char *result, int attempts,
                                 const char *next)
{
    json_t *state = task(resource, result, attempts);
    json_object_set_new(state, "Catch",
                        json_pack("[{s:[s], s:s, s:s}]", "ErrorEquals", "States.ALL", "ResultPath",
                                  "$.error", "Next", "fall-back"));
    json_object_set_new(state, "Next", json_string(next));
    return state;
}

/* The names of one step's states. */
struct names {
    char step[NAME_SIZE];
    char weight[NAME_SIZE], shift[NAME_SIZE], hold[NAME_SIZE], check[NAME_SIZE], choice[NAME_SIZE];
};

/* A weight that was there before has its number behind it: "weight-50", "weight-50-2". */
static struct names names_of(const struct asl_short_form *form, size_t index)
{
    struct names names;
    char *step = names.step;
    size_t number = 1;
    for (size_t i = 0; i < index; i++) {
        number += form->steps[i] == form->steps[index];
    }
    int len = snprintf(step, NAME_SIZE / 2, "%" PRId64, form->steps[index]);
    if (number > 1) {
        snprintf(step + len, NAME_SIZE / 2 - (size_t)len, "-%zu", number);
    }
    snprintf(names.weight, NAME_SIZE, "weight-%.30s", step);
    snprintf(names.shift, NAME_SIZE, "shift-%.30s", step);
    snprintf(names.hold, NAME_SIZE, "hold-%.30s", step);
    snprintf(names.check, NAME_SIZE, "check-%.30s", step);
    snprintf(names.choice, NAME_SIZE, "is-healthy-%.30s", step);
    return names;
}

/* A whole number of seconds where it is one, as Step Functions has it. */
static json_t *seconds_of(int64_t duration_ms)
{
    return duration_ms % 1000 == 0 ? json_integer(duration_ms / 1000)
                                   : json_real((double)duration_ms / 1000);
}

/* What is a yes: an operator's, or what the gate itself decides of its answer. */
static json_t *choices_of(const struct asl_short_gate *gate, const char *next)
{
    bool is_approval = gate->resource == ASL_APPROVE;
    return json_pack("[{s:s, s:s, s:s}]", "Variable",
                     is_approval ? "$.gate.State" : "$.gate.Decision", "StringEquals",
                     is_approval ? "approved" : "go_on", "Next", next);
}

static json_t *ask_gate(const struct asl_short_gate *gate, const char *choice, const char *next)
{
    json_t *catches = json_array();
    if (gate->is_passed_by_silence) {
        json_array_append_new(catches,
                              json_pack("{s:[s], s:s, s:s}", "ErrorEquals", "States.Timeout",
                                        "ResultPath", "$.error", "Next", next));
    }
    json_array_append_new(catches, json_pack("{s:[s], s:s, s:s}", "ErrorEquals", "States.ALL",
                                             "ResultPath", "$.error", "Next", "fall-back"));
    json_t *task =
        json_pack("{s:s, s:o, s:{s:s}, s:I, s:s, s:o, s:s}", "Type", "Task", "Resource",
                  json_sprintf("ballast:%s", asl_resource_name(gate->resource)), "Parameters",
                  "gate", gate->name, "TimeoutSeconds", (json_int_t)gate->timeout_s, "ResultPath",
                  "$.gate", "Catch", catches, "Next", choice);
    return task;
}

/* The states of one gate: it is asked, it agrees, or it does not. */
static void add_gate(json_t *states, const struct asl_short_form *form, size_t index,
                     const char *step, const char *next)
{
    const struct asl_short_gate *gate = &form->gates[index];
    char ask[GATE_NAME_SIZE], choice[GATE_NAME_SIZE], no[GATE_NAME_SIZE];
    gate_state(ask, "ask", form, index, step);
    gate_state(choice, "agrees", form, index, step);
    gate_state(no, "refused-by", form, index, "");
    add_state(states, ask, ask_gate(gate, choice, next));
    add_state(states, choice,
              json_pack("{s:s, s:o, s:s}", "Type", "Choice", "Choices", choices_of(gate, next),
                        "Default", no));
    json_t *parameters = json_pack("{s:s, s:s}", "Error", "GateFailed", "Cause.$", "$.gate.Text");
    add_state(states, no,
              json_pack("{s:s, s:o, s:s, s:s}", "Type", "Pass", "Parameters", parameters,
                        "ResultPath", "$.error", "Next", "fall-back"));
}

static void add_gates(json_t *states, const struct asl_short_form *form, const char *step,
                      const char *next)
{
    for (size_t i = 0; i < form->gate_count; i++) {
        char following[GATE_NAME_SIZE];
        bool is_last = i + 1 == form->gate_count;
        if (!is_last) {
            gate_state(following, "ask", form, i + 1, step);
        }
        add_gate(states, form, i, step, is_last ? next : following);
    }
}

static void add_step(json_t *states, const struct asl_short_form *form, size_t index)
{
    struct names names = names_of(form, index);
    bool is_last = index + 1 == form->step_count;
    struct names following = names_of(form, is_last ? index : index + 1);
    const char *next = is_last ? "done" : following.weight;
    char first_gate[GATE_NAME_SIZE] = "";
    if (form->gate_count > 0) {
        gate_state(first_gate, "ask", form, 0, names.step);
    }
    add_state(states, names.weight, set_weight(form->steps[index], names.shift));
    add_state(states, names.shift,
              task_or_fall_back("ballast:changeWeight", NULL, RETRY_SHIFT,
                                form->hold_ms > 0 ? names.hold : names.check));
    if (form->hold_ms > 0) {
        add_state(states, names.hold,
                  json_pack("{s:s, s:o, s:s}", "Type", "Wait", "Seconds", seconds_of(form->hold_ms),
                            "Next", names.check));
    }
    add_state(states, names.check,
              task_or_fall_back("ballast:checkHealth", "$.health", 0, names.choice));
    add_state(states, names.choice,
              json_pack("{s:s, s:[{s:s, s:s, s:s}], s:s}", "Type", "Choice", "Choices", "Variable",
                        "$.health.State", "StringEquals", "healthy", "Next",
                        form->gate_count > 0 ? first_gate : next, "Default", "unhealthy"));
    add_gates(states, form, names.step, next);
}

static void add_ends(json_t *states)
{
    add_state(states, "done", json_pack("{s:s}", "Type", "Succeed"));
    add_state(states, "unhealthy",
              json_pack("{s:s, s:{s:s, s:s}, s:s, s:s}", "Type", "Pass", "Result", "Error",
                        "Unhealthy", "Cause", "New ECS service is not healthy!", "ResultPath",
                        "$.error", "Next", "fall-back"));
    add_state(states, "fall-back", set_weight(0, "shift-back"));
    json_t *back = task("ballast:changeWeight", NULL, RETRY_FALL_BACK);
    json_object_set_new(back, "Next", json_string("failed"));
    add_state(states, "shift-back", back);
    add_state(states, "failed",
              json_pack("{s:s, s:s, s:s}", "Type", "Fail", "ErrorPath", "$.error.Error",
                        "CausePath", "$.error.Cause"));
}

json_t *asl_short_form_compile(const struct asl_short_form *form, struct error *err)
{
    if (!check_steps(form, err) || !check_hold(form, err)) {
        return NULL;
    }
    json_t *states = json_object();
    for (size_t i = 0; i < form->step_count; i++) {
        add_step(states, form, i);
    }
    add_ends(states);
    return json_pack("{s:s, s:s, s:o}", "Comment",
                     "Shifts weight to the candidate step by step; falls back when it is not "
                     "healthy, or when a task fails for good",
                     "StartAt", names_of(form, 0).weight, "States", states);
}
