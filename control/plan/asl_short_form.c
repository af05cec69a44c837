/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/plan/asl_short_form.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "control/plan/asl_document.h"

#define NAME_SIZE 64
#define FULL      100

/* The fall-back is what must not fail: it is tried for about half an hour. */
#define RETRY_SHIFT     5
#define RETRY_FALL_BACK 60

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
    return (form->hold_s >= 0 && form->hold_s <= ASL_MAX_SECONDS) ||
           error_set(err, "the hold is %" PRId64 " s, expected 0 to %d s", form->hold_s,
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

static void add_state(json_t *states, const char *name, json_t *state)
{
    json_object_set_new(states, name, state);
}

static json_t *set_weight(int64_t weight, const char *next)
{
    return json_pack("{s:s, s:I, s:s, s:s}", "Type", "Pass", "Result", (json_int_t)weight,
                     "ResultPath", "$.weight", "Next", next);
}

/* result: the path for ResultPath, or NULL to drop it. */
static json_t *task(const char *resource, const char *result, int attempts)
{
    json_t *task = json_pack("{s:s, s:s, s:i, s:s?}", "Type", "Task", "Resource", resource,
                             "TimeoutSeconds", 60, "ResultPath", result);
    json_object_set_new(task, "Retry", retry_of(attempts));
    return task;
}

/* A task that leads to the fall-back when it fails for good. */
static json_t *task_or_fall_back(const char *resource, const char *result, const char *next)
{
    json_t *state = task(resource, result, RETRY_SHIFT);
    json_object_set_new(state, "Catch",
                        json_pack("[{s:[s], s:s, s:s}]", "ErrorEquals", "States.ALL", "ResultPath",
                                  "$.error", "Next", "fall-back"));
    json_object_set_new(state, "Next", json_string(next));
    return state;
}

/* The names of one step's states. */
struct names {
    char weight[NAME_SIZE], shift[NAME_SIZE], hold[NAME_SIZE], check[NAME_SIZE], choice[NAME_SIZE];
};

/* A weight that was there before has its number behind it: "weight-50", "weight-50-2". */
static struct names names_of(const struct asl_short_form *form, size_t index)
{
    struct names names;
    char step[NAME_SIZE / 2];
    size_t number = 1;
    for (size_t i = 0; i < index; i++) {
        number += form->steps[i] == form->steps[index];
    }
    int len = snprintf(step, sizeof(step), "%" PRId64, form->steps[index]);
    if (number > 1) {
        snprintf(step + len, sizeof(step) - (size_t)len, "-%zu", number);
    }
    snprintf(names.weight, NAME_SIZE, "weight-%s", step);
    snprintf(names.shift, NAME_SIZE, "shift-%s", step);
    snprintf(names.hold, NAME_SIZE, "hold-%s", step);
    snprintf(names.check, NAME_SIZE, "check-%s", step);
    snprintf(names.choice, NAME_SIZE, "is-healthy-%s", step);
    return names;
}

static void add_step(json_t *states, const struct asl_short_form *form, size_t index)
{
    struct names names = names_of(form, index);
    bool is_last = index + 1 == form->step_count;
    struct names following = names_of(form, is_last ? index : index + 1);
    add_state(states, names.weight, set_weight(form->steps[index], names.shift));
    add_state(states, names.shift,
              task_or_fall_back("ballast:changeWeight", NULL,
                                form->hold_s > 0 ? names.hold : names.check));
    if (form->hold_s > 0) {
        add_state(states, names.hold,
                  json_pack("{s:s, s:I, s:s}", "Type", "Wait", "Seconds", (json_int_t)form->hold_s,
                            "Next", names.check));
    }
    add_state(states, names.check,
              task_or_fall_back("ballast:checkHealth", "$.health", names.choice));
    add_state(states, names.choice,
              json_pack("{s:s, s:[{s:s, s:s, s:s}], s:s}", "Type", "Choice", "Choices", "Variable",
                        "$.health.State", "StringEquals", "healthy", "Next",
                        is_last ? "done" : following.weight, "Default", "unhealthy"));
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
