/* SPDX-License-Identifier: BSD-2-Clause */
/* What the plan's execution wants, done: time passes, weights shift, health is looked at. */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "control/rollout_private.h"

/* Two shifts have at least a task between them; a plan without holds comes to its next shift, or to
 * its end, long before this. */
#define MOST_WANTS 600

/* ---- the execution ---- */

void rollout_execute(struct rollout *rollout, int64_t now_ms)
{
    struct error err;
    char id[32];
    struct rollout_run *run = rollout->run;
    snprintf(id, sizeof(id), "%" PRId64, rollout->started_ms);
    json_t *input = json_object();
    const struct {
        const char *name, *text;
    } texts[] = {
        {"target", rollout->candidate},      {"rollout", rollout->rule},
        {"stable", rollout->stable},         {"candidate", rollout->candidate},
        {"deployment", rollout->deployment},
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        json_object_set_new(input, texts[i].name,
                            asl_data_string(texts[i].text, MEMBER_ID_SIZE * 2));
    }
    struct asl_beginning beginning = {.id = id,
                                      .name = rollout->rule,
                                      .machine = rollout->rule,
                                      .input = input,
                                      .seed = (uint64_t)rollout->started_ms};
    run->execution = asl_execution_start(run->document, &beginning, now_ms, run->events, &err);
    json_decref(input);
    assert(run->execution != NULL);
}

bool rollout_step(struct rollout *rollout, const struct asl_event *event, int64_t now_ms,
                  struct error *err)
{
    return asl_execution_step(rollout->run->execution, event, now_ms, rollout->run->events, err);
}

static void pass_time(struct rollout *rollout, int64_t now_ms)
{
    struct error err;
    struct asl_event tick = {.kind = ASL_TICK};
    bool is_taken = rollout_step(rollout, &tick, now_ms, &err);
    assert(is_taken);
}

void rollout_stand_still(struct rollout *rollout, int64_t now_ms)
{
    if (rollout->run->still_since_ms == 0) {
        rollout->run->still_since_ms = now_ms > 0 ? now_ms : 1;
    }
}

void rollout_go_on(struct rollout *rollout, int64_t now_ms)
{
    struct rollout_run *run = rollout->run;
    if (run->still_since_ms != 0 && run->execution != NULL) {
        asl_execution_stood_still(run->execution, run->still_since_ms, now_ms);
    }
    run->still_since_ms = 0;
}

/* ---- the hold, as it is shown ---- */

/* The rollout's hold follows the Wait that the plan is in; a hold after a shift is counted from
 * when the shift has taken effect. */
static void follow_hold(struct rollout *rollout, int64_t now_ms)
{
    struct rollout_run *run = rollout->run;
    struct asl_want want = asl_execution_want(run->execution);
    if (want.kind != ASL_WANT_TICK || !want.is_span) {
        return;
    }
    if (run->settled_ms > now_ms) {
        asl_execution_wait_longer(run->execution, run->settled_ms - now_ms);
        want = asl_execution_want(run->execution);
    }
    run->settled_ms = 0;
    int64_t left_ms = want.until_ms > now_ms ? want.until_ms - now_ms : 0;
    if (want.since_ms == now_ms) {
        rollout->plan.hold_ms = left_ms;
    }
    if (left_ms > rollout->plan.hold_ms) {
        rollout->plan.hold_ms = left_ms;
    }
    if (rollout_hold_left_ms(rollout, now_ms) != left_ms) {
        rollout->hold_since_ms = now_ms;
        rollout->hold_passed_ms = rollout->plan.hold_ms - left_ms;
    }
}

static void end_hold(struct rollout *rollout, int64_t now_ms)
{
    rollout->plan.hold_ms = 0;
    rollout->hold_since_ms = now_ms;
    rollout->hold_passed_ms = 0;
}

/* ---- tasks ---- */

static void succeed_task(struct rollout *rollout, int64_t task, json_t *output, int64_t now_ms)
{
    struct error err;
    struct asl_event event = {.kind = ASL_TASK_SUCCEEDED, .task = task, .output = output};
    bool is_taken = rollout_step(rollout, &event, now_ms, &err);
    assert(is_taken);
    json_decref(output);
}

/* The step that has this weight, from the one that the rollout is at; of a weight that no step was
 * expected to have the one before it, which then has it. */
static size_t step_of(struct plan *plan, size_t from, uint8_t weight)
{
    for (size_t i = from; i < plan->step_count; i++) {
        if (plan->steps[i] == weight) {
            return i;
        }
    }
    size_t step = 0;
    while (step + 1 < plan->step_count && plan->steps[step + 1] <= weight) {
        step++;
    }
    plan->steps[step] = weight;
    return step;
}

static void shift(struct rollout *rollout, uint8_t weight, const struct rollout_input *input,
                  struct rollout_effect *effect)
{
    struct rollout_run *run = rollout->run;
    size_t from = run->has_shifted ? rollout->step + 1 : 0;
    rollout->step = step_of(&rollout->plan, from, weight);
    rollout->state = ROLLOUT_HOLDING;
    rollout->reason[0] = '\0';
    run->has_shifted = true;
    run->shifted_ms = input->now_ms > 0 ? input->now_ms : 0;
    run->settled_ms = run->settle_ms == 0 ? 0 : input->now_ms + run->settle_ms;
    effect->shift = SHIFT_WEIGHT;
    effect->weight = weight;
}

/* The plan itself takes everything back; what it says at its end follows. */
static void shift_back(struct rollout *rollout, struct rollout_effect *effect)
{
    rollout->run->has_shifted = false;
    rollout->reason[0] = '\0';
    effect->shift = SHIFT_FALL_BACK;
    effect->weight = 0;
    rollout_set_history(effect, "shifted", "shifted %s back to 0, %s to %d (state %s)",
                        rollout->candidate, rollout->stable, ROLLOUT_FULL,
                        asl_execution_state(rollout->run->execution));
}

static bool read_weight(const struct asl_want *want, int64_t *weight)
{
    const json_t *value = json_object_get(want->input, "weight");
    *weight = json_integer_value(value);
    return json_is_integer(value) && *weight >= 0 && *weight <= ROLLOUT_FULL;
}

/* Once for each reason to wait. */
static void wait(struct rollout *rollout, struct rollout_effect *effect)
{
    rollout_set_history(effect, "waiting", "waiting at %d (%s): %s", rollout_weight(rollout),
                        rollout_step_text(rollout).text, rollout->reason);
}

enum progress { GO_ON, STOP };

/* A step may have the weight of the one before it. */
static bool is_step(const struct rollout *rollout, int64_t weight)
{
    const struct plan *plan = &rollout->plan;
    return weight != rollout_weight(rollout) ||
           (rollout->run->has_shifted && rollout->step + 1 < plan->step_count &&
            plan->steps[rollout->step + 1] == weight);
}

static enum progress change_weight(struct rollout *rollout, const struct asl_want *want,
                                   const struct rollout_input *input, struct rollout_effect *effect)
{
    int64_t weight;
    if (!read_weight(want, &weight)) {
        struct error err;
        struct asl_event event = {.kind = ASL_TASK_FAILED,
                                  .task = want->task,
                                  .error = "Ballast.Weight",
                                  .cause = "the input has no weight of 0 to 100"};
        bool is_taken = rollout_step(rollout, &event, input->now_ms, &err);
        assert(is_taken);
        return GO_ON;
    }
    bool is_shift = is_step(rollout, weight);
    if (weight > rollout_weight(rollout) && input->held != NULL) {
        bool is_new = rollout->reason[0] == '\0';
        rollout_stand_still(rollout, input->now_ms);
        rollout_set_reason(rollout, "%s", input->held);
        if (is_new) {
            wait(rollout, effect);
        }
        return STOP;
    }
    if (is_shift && weight == 0) {
        shift_back(rollout, effect);
    } else if (is_shift) {
        shift(rollout, (uint8_t)weight, input, effect);
    }
    succeed_task(rollout, want->task, json_pack("{s:I}", "weight", (json_int_t)weight),
                 input->now_ms);
    if (is_shift) {
        end_hold(rollout, input->now_ms);
        follow_hold(rollout, input->now_ms);
        if (rollout->run->goes_outward) {
            rollout_stand_still(rollout, input->now_ms);
        }
    }
    if (is_shift && weight != 0) {
        rollout_set_history(effect, "shifted", "%s", rollout_shift_text(rollout).text);
    }
    return is_shift ? STOP : GO_ON;
}

/* Waits for a task to end, until its time is over. */
static enum progress await(struct rollout *rollout, const struct asl_want *want,
                           const struct rollout_input *input, struct rollout_effect *effect)
{
    pass_time(rollout, input->now_ms);
    struct asl_want now = asl_execution_want(rollout->run->execution);
    if (now.kind != ASL_WANT_TASK || now.task != want->task) {
        rollout->reason[0] = '\0';
        return GO_ON;
    }
    bool is_new = rollout->reason[0] == '\0';
    if (want->resource == ASL_CHECK_HEALTH) {
        rollout_set_reason(rollout, "the hold is over, %s has no health verdict yet%s",
                           rollout->candidate, rollout_seen(input, ": ").text);
    } else {
        const char *gate = json_string_value(json_object_get(want->input, "gate"));
        rollout_set_reason(rollout, "%s: waits for %s%s",
                           asl_execution_state(rollout->run->execution),
                           want->resource == ASL_APPROVE ? "an approval"
                           : gate == NULL                ? "a gate"
                                                         : "gate ",
                           want->resource == ASL_APPROVE || gate == NULL ? "" : gate);
    }
    if (is_new) {
        wait(rollout, effect);
    }
    return STOP;
}

static enum progress check_health(struct rollout *rollout, const struct asl_want *want,
                                  const struct rollout_input *input, struct rollout_effect *effect)
{
    if (input->gate == GATE_WAIT) {
        return await(rollout, want, input, effect);
    }
    const char *seen = input->gate_text == NULL ? "" : input->gate_text;
    succeed_task(rollout, want->task,
                 json_pack("{s:s, s:o}", "State",
                           input->gate == GATE_PASS ? "healthy" : "unhealthy", "Text",
                           asl_data_string(seen, ROLLOUT_TEXT_SIZE)),
                 input->now_ms);
    rollout->reason[0] = '\0';
    return GO_ON;
}

static enum progress do_task(struct rollout *rollout, const struct asl_want *want,
                             const struct rollout_input *input, struct rollout_effect *effect)
{
    switch (want->resource) {
    case ASL_CHANGE_WEIGHT:
        return change_weight(rollout, want, input, effect);
    case ASL_CHECK_HEALTH:
        return check_health(rollout, want, input, effect);
    case ASL_APPROVE:
    case ASL_METRIC:
    case ASL_WEBHOOK:
        break;
    }
    return await(rollout, want, input, effect);
}

/* ---- ends ---- */

static void succeed(struct rollout *rollout, const struct rollout_input *input,
                    struct rollout_effect *effect)
{
    rollout_end(rollout, ROLLOUT_SUCCEEDED, NULL, input->now_ms);
    rollout_set_reason(rollout, "%s is healthy after the last hold", rollout->candidate);
    rollout_set_history(effect, "succeeded", "succeeded: %s has %d after step %zu of %zu",
                        rollout->candidate, rollout_weight(rollout), rollout->step + 1,
                        rollout->plan.step_count);
}

/* The plan has ended, and the candidate is to have nothing. */
static void fail(struct rollout *rollout, const char *error, const char *cause,
                 const struct rollout_input *input, struct rollout_effect *effect)
{
    bool is_shifted = rollout->run->has_shifted;
    rollout_set_reason(rollout, "%s", cause != NULL && cause[0] != '\0' ? cause : error);
    if (is_shifted) {
        rollout_fall_back(rollout, NULL, input, effect);
        return;
    }
    rollout_end(rollout, ROLLOUT_FAILED, NULL, input->now_ms);
    rollout_set_history(effect, "failed", "failed: %s", rollout->reason);
}

static void finish(struct rollout *rollout, const struct asl_want *want,
                   const struct rollout_input *input, struct rollout_effect *effect)
{
    if (want->kind != ASL_WANT_SUCCEEDED) {
        fail(rollout, want->error, want->cause, input, effect);
    } else if (!rollout->run->has_shifted) {
        fail(rollout, "the plan has ended without weight on the candidate", NULL, input, effect);
    } else {
        succeed(rollout, input, effect);
    }
}

void rollout_advance(struct rollout *rollout, const struct rollout_input *input,
                     struct rollout_effect *effect)
{
    rollout_go_on(rollout, input->now_ms);
    for (size_t i = 0; i < MOST_WANTS; i++) {
        struct asl_want want = asl_execution_want(rollout->run->execution);
        if (want.kind == ASL_WANT_TASK) {
            if (do_task(rollout, &want, input, effect) == STOP) {
                return;
            }
            continue;
        }
        if (want.kind != ASL_WANT_TICK) {
            finish(rollout, &want, input, effect);
            return;
        }
        pass_time(rollout, input->now_ms);
        struct asl_want now = asl_execution_want(rollout->run->execution);
        if (now.kind == ASL_WANT_TICK && now.until_ms > input->now_ms) {
            follow_hold(rollout, input->now_ms);
            return;
        }
    }
}

void rollout_rebuild_run(struct rollout *rollout, struct asl_document *document)
{
    struct rollout shadow = *rollout;
    int64_t hold_ms = rollout->plan.hold_ms;
    int64_t passed_ms = rollout->hold_passed_ms < hold_ms ? rollout->hold_passed_ms : hold_ms;
    int64_t since_ms = rollout->hold_since_ms < 0                 ? 0
                       : rollout->hold_since_ms > ASL_TIME_MAX_MS ? ASL_TIME_MAX_MS
                                                                  : rollout->hold_since_ms;
    int64_t now_ms = since_ms - passed_ms - hold_ms * (int64_t)rollout->step;
    struct rollout_effect effect;
    shadow.run = rollout_run_new(document, 0);
    rollout_begin(&shadow, 0, NULL, now_ms, &effect);
    for (size_t i = 0; i < rollout->step; i++) {
        now_ms += hold_ms;
        struct rollout_input tick = {.kind = INPUT_TICK, .now_ms = now_ms, .gate = GATE_PASS};
        rollout_advance(&shadow, &tick, &effect);
    }
    rollout->run = shadow.run;
    json_array_clear(rollout->run->events);
    if (rollout->state == ROLLOUT_PAUSED) {
        rollout_stand_still(rollout, since_ms);
    }
}
