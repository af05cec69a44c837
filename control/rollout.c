/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/rollout_private.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const state_names[ROLLOUT_STATE_COUNT] = {
    [ROLLOUT_HOLDING] = "holding",       [ROLLOUT_PAUSED] = "paused",
    [ROLLOUT_PREPARING] = "preparing",   [ROLLOUT_SUCCEEDED] = "succeeded",
    [ROLLOUT_FAILED] = "failed",         [ROLLOUT_ABORTED] = "aborted",
    [ROLLOUT_SUPERSEDED] = "superseded",
};

static const char *const input_names[INPUT_KIND_COUNT] = {
    [INPUT_TICK] = "tick",       [INPUT_PAUSE] = "pause",
    [INPUT_RESUME] = "resume",   [INPUT_PROMOTE] = "promote",
    [INPUT_ABORT] = "abort",     [INPUT_SUPERSEDE] = "supersede",
    [INPUT_FAIL] = "fail",       [INPUT_RESULT] = "take the result",
    [INPUT_APPROVE] = "approve", [INPUT_REJECT] = "reject",
};

const char *rollout_state_name(enum rollout_state state)
{
    assert((unsigned)state < ROLLOUT_STATE_COUNT);
    return state_names[state];
}

bool rollout_state_parse(const char *name, enum rollout_state *state)
{
    for (size_t i = 0; i < ROLLOUT_STATE_COUNT; i++) {
        if (strcmp(name, state_names[i]) == 0) {
            *state = (enum rollout_state)i;
            return true;
        }
    }
    return false;
}

bool rollout_state_is_final(enum rollout_state state)
{
    return state != ROLLOUT_HOLDING && state != ROLLOUT_PAUSED && state != ROLLOUT_PREPARING;
}

const char *rollout_input_name(enum rollout_input_kind kind)
{
    assert((unsigned)kind < INPUT_KIND_COUNT);
    return input_names[kind];
}

enum gate_verdict rollout_gate(size_t healthy, size_t unknown, size_t count, unsigned minimum)
{
    if (healthy * 100 >= count * minimum) {
        return GATE_PASS;
    }
    return (healthy + unknown) * 100 >= count * minimum ? GATE_WAIT : GATE_FAIL;
}

/* Never negative and never over, whatever clock or state file the numbers came from. */
static int64_t hold_passed_ms(const struct rollout *rollout, int64_t now_ms)
{
    const struct rollout_run *run = rollout->run;
    if (run != NULL && run->still_since_ms != 0 && run->still_since_ms < now_ms) {
        now_ms = run->still_since_ms;
    }
    int64_t passed_ms = rollout->hold_passed_ms > 0 ? rollout->hold_passed_ms : 0;
    if (rollout->state == ROLLOUT_PAUSED || rollout_state_is_final(rollout->state) ||
        now_ms <= rollout->hold_since_ms) {
        return passed_ms;
    }
    int64_t running_ms;
    if (__builtin_sub_overflow(now_ms, rollout->hold_since_ms, &running_ms) ||
        __builtin_add_overflow(passed_ms, running_ms, &passed_ms)) {
        return INT64_MAX;
    }
    return passed_ms;
}

int64_t rollout_hold_left_ms(const struct rollout *rollout, int64_t now_ms)
{
    int64_t passed_ms = hold_passed_ms(rollout, now_ms);
    if (rollout_state_is_final(rollout->state) || passed_ms >= rollout->plan.hold_ms) {
        return 0;
    }
    return rollout->plan.hold_ms - passed_ms;
}

uint8_t rollout_weight(const struct rollout *rollout)
{
    bool is_wanted = !rollout_state_is_final(rollout->state) || rollout->state == ROLLOUT_SUCCEEDED;
    bool has_shifted =
        rollout->state != ROLLOUT_PREPARING && (rollout->run == NULL || rollout->run->has_shifted);
    assert(rollout->step < rollout->plan.step_count);
    return is_wanted && has_shifted ? rollout->plan.steps[rollout->step] : 0;
}

void rollout_end(struct rollout *rollout, enum rollout_state state, const char *error,
                 int64_t now_ms)
{
    struct rollout_run *run = rollout->run;
    rollout->hold_passed_ms = hold_passed_ms(rollout, now_ms);
    rollout->state = state;
    rollout->ended_ms = now_ms;
    if (error != NULL && run != NULL && run->execution != NULL) {
        struct error err;
        struct asl_event event = {.kind = ASL_ABORT, .error = error, .cause = rollout->reason};
        (void)!rollout_step(rollout, &event, now_ms, &err); /* over already is as good */
    }
}

void rollout_fall_back(struct rollout *rollout, const char *error,
                       const struct rollout_input *input, struct rollout_effect *effect)
{
    rollout_set_history(effect, "failed", "fell back: %s to 0, %s to %d (%s): %s",
                        rollout->candidate, rollout->stable, ROLLOUT_FULL,
                        rollout_step_text(rollout).text, rollout->reason);
    rollout_end(rollout, ROLLOUT_FAILED, error, input->now_ms);
    effect->shift = SHIFT_FALL_BACK;
    effect->weight = 0;
}

static void fall_back_unhealthy(struct rollout *rollout, const struct rollout_input *input,
                                struct rollout_effect *effect)
{
    rollout_set_reason(rollout, "%s%s", ROLLOUT_UNHEALTHY_TEXT, rollout_seen(input, " ").text);
    rollout_fall_back(rollout, "Ballast.Unhealthy", input, effect);
}

/* One handler a cell of the table below: state and input have been looked at already. False: err
 * says why, rollout and effect are as they were. */
typedef bool (*handler)(struct rollout *rollout, const struct rollout_input *input,
                        struct rollout_effect *effect, struct error *err);

/* The clock went backwards over a restart: waiting for the old time to come round again could take
 * far longer than the hold. */
static void follow_clock(struct rollout *rollout, int64_t now_ms)
{
    if (now_ms < rollout->hold_since_ms) {
        rollout->hold_since_ms = now_ms;
    }
}

/* Whether the plan has to wait for others to take over what was shifted. Its clock stands still
 * until they have. */
static bool follow_outward(struct rollout *rollout, const struct rollout_input *input)
{
    if (input->is_outward_pending) {
        rollout_stand_still(rollout, input->now_ms);
        return true;
    }
    if (rollout->run->still_since_ms != 0) {
        rollout->hold_passed_ms = hold_passed_ms(rollout, input->now_ms);
        rollout->hold_since_ms = input->now_ms;
        rollout_go_on(rollout, input->now_ms);
    }
    return false;
}

static bool tick_holding(struct rollout *rollout, const struct rollout_input *input,
                         struct rollout_effect *effect, struct error *err)
{
    (void)err;
    follow_clock(rollout, input->now_ms);
    if (input->gate == GATE_FAIL) {
        fall_back_unhealthy(rollout, input, effect);
    } else if (!follow_outward(rollout, input)) {
        rollout_advance(rollout, input, effect);
    }
    return true;
}

static bool tick_preparing(struct rollout *rollout, const struct rollout_input *input,
                           struct rollout_effect *effect, struct error *err)
{
    follow_clock(rollout, input->now_ms);
    bool is_waiting = rollout->run->execution == NULL;
    if (is_waiting && input->gate != GATE_FAIL && follow_outward(rollout, input)) {
        return true;
    }
    if (is_waiting && input->gate != GATE_FAIL &&
        rollout_hold_left_ms(rollout, input->now_ms) > 0) {
        return true;
    }
    if (is_waiting && input->gate != GATE_FAIL) {
        rollout_execute(rollout, input->now_ms);
    }
    return tick_holding(rollout, input, effect, err);
}

static bool tick_paused(struct rollout *rollout, const struct rollout_input *input,
                        struct rollout_effect *effect, struct error *err)
{
    (void)err;
    if (input->gate == GATE_FAIL) {
        fall_back_unhealthy(rollout, input, effect);
    }
    return true;
}

static bool tick_ended(struct rollout *rollout, const struct rollout_input *input,
                       struct rollout_effect *effect, struct error *err)
{
    (void)rollout, (void)input, (void)effect, (void)err;
    return true;
}

static bool pause_rollout(struct rollout *rollout, const struct rollout_input *input,
                          struct rollout_effect *effect, struct error *err)
{
    (void)err;
    rollout->hold_passed_ms = hold_passed_ms(rollout, input->now_ms);
    rollout->state = ROLLOUT_PAUSED;
    rollout_stand_still(rollout, input->now_ms);
    rollout_set_reason(rollout, "paused by %s", rollout_who(input));
    rollout_set_history(effect, "paused", "paused at %d (%s) by %s, %.10gs of the hold left",
                        rollout_weight(rollout), rollout_step_text(rollout).text,
                        rollout_who(input),
                        rollout_seconds(rollout_hold_left_ms(rollout, input->now_ms)));
    return true;
}

static bool resume_rollout(struct rollout *rollout, const struct rollout_input *input,
                           struct rollout_effect *effect, struct error *err)
{
    (void)err;
    rollout_go_on(rollout, input->now_ms);
    rollout->state = rollout->run->has_shifted ? ROLLOUT_HOLDING : ROLLOUT_PREPARING;
    rollout->hold_since_ms = input->now_ms;
    rollout->reason[0] = '\0';
    rollout_set_history(effect, "resumed", "resumed at %d (%s) by %s, %.10gs of the hold left",
                        rollout_weight(rollout), rollout_step_text(rollout).text,
                        rollout_who(input),
                        rollout_seconds(rollout_hold_left_ms(rollout, input->now_ms)));
    return true;
}

static bool promote_rollout(struct rollout *rollout, const struct rollout_input *input,
                            struct rollout_effect *effect, struct error *err)
{
    if (input->gate == GATE_FAIL) {
        return error_set(err,
                         "%s cannot be promoted while it is unhealthy%s; abort the rollout, or "
                         "start it again once the health check passes",
                         rollout->candidate, rollout_seen(input, ": ").text);
    }
    /* Ends as if the plan's last step, at full weight, were behind it. */
    rollout_set_reason(rollout, "promoted by %s", rollout_who(input));
    rollout_end(rollout, ROLLOUT_SUCCEEDED, "Ballast.Promoted", input->now_ms);
    rollout->run->has_shifted = true;
    rollout->step = rollout->plan.step_count - 1;
    rollout->plan.steps[rollout->step] = ROLLOUT_FULL;
    effect->shift = SHIFT_WEIGHT;
    effect->weight = ROLLOUT_FULL;
    rollout_set_history(effect, "promoted", "promoted %s to %d by %s%s", rollout->candidate,
                        ROLLOUT_FULL, rollout_who(input),
                        input->gate == GATE_WAIT ? ", without a health verdict" : "");
    return true;
}

static bool abort_rollout(struct rollout *rollout, const struct rollout_input *input,
                          struct rollout_effect *effect, struct error *err)
{
    (void)err;
    rollout_set_reason(rollout, "aborted by %s", rollout_who(input));
    rollout_set_history(effect, "aborted", "aborted by %s (%s): weights are as before the rollout",
                        rollout_who(input), rollout_step_text(rollout).text);
    rollout_end(rollout, ROLLOUT_ABORTED, "Ballast.Aborted", input->now_ms);
    effect->shift = SHIFT_RESTORE;
    return true;
}

static bool supersede_rollout(struct rollout *rollout, const struct rollout_input *input,
                              struct rollout_effect *effect, struct error *err)
{
    (void)err;
    rollout_set_reason(rollout, "superseded by %s", rollout_who(input));
    rollout_set_history(effect, "superseded", "superseded at %d (%s) by %s",
                        rollout_weight(rollout), rollout_step_text(rollout).text,
                        rollout_who(input));
    rollout_end(rollout, ROLLOUT_SUPERSEDED, "Ballast.Superseded", input->now_ms);
    return true;
}

static bool fail_rollout(struct rollout *rollout, const struct rollout_input *input,
                         struct rollout_effect *effect, struct error *err)
{
    (void)err;
    bool is_said = input->gate_text != NULL && input->gate_text[0] != '\0';
    rollout_set_reason(rollout, "%s%s", is_said ? "" : "failed by ",
                       is_said ? input->gate_text : rollout_who(input));
    rollout_fall_back(rollout, "Ballast.Failed", input, effect);
    return true;
}

/* A result is taken in while the rollout is paused, too; what follows from it waits. */
static bool take_result(struct rollout *rollout, const struct rollout_input *input,
                        struct rollout_effect *effect, struct error *err)
{
    const struct rollout_result *result = &input->result;
    struct asl_want want;
    if (!rollout_task(rollout, &want) || want.task != result->task) {
        return error_set(err, "the rollout of %s to %s waits for another task, or for none",
                         rollout->rule, rollout->candidate);
    }
    struct asl_event event = {
        .kind = result->output != NULL ? ASL_TASK_SUCCEEDED : ASL_TASK_FAILED,
        .task = result->task,
        .output = result->output,
        .error = result->error,
        .cause = result->text,
    };
    rollout_set_history(effect, "asked", "%s (%s): %s",
                        asl_execution_state(rollout->run->execution),
                        rollout_step_text(rollout).text, result->text == NULL ? "" : result->text);
    rollout_go_on(rollout, input->now_ms);
    bool is_taken = rollout_step(rollout, &event, input->now_ms, err);
    assert(is_taken);
    if (rollout->state == ROLLOUT_PAUSED) {
        rollout_stand_still(rollout, input->now_ms);
    } else {
        rollout->reason[0] = '\0';
    }
    return true;
}

/* An operator's answer to the approval that the plan waits for. */
static bool answer(struct rollout *rollout, const struct rollout_input *input,
                   struct rollout_effect *effect, bool is_yes, struct error *err)
{
    struct asl_want want;
    char text[ROLLOUT_TEXT_SIZE * 2];
    if (!rollout_task(rollout, &want) || want.resource != ASL_APPROVE) {
        return error_set(err, "the rollout of %s to %s waits for no approval", rollout->rule,
                         rollout->candidate);
    }
    snprintf(text, sizeof(text), "%s by %s%s", is_yes ? "approved" : "rejected", rollout_who(input),
             rollout_seen(input, ": ").text);
    struct rollout_input taken = *input;
    taken.result = (struct rollout_result){
        .task = want.task, .error = "Ballast.Rejected", .text = text, .output = NULL};
    if (is_yes) {
        taken.result.output = json_pack("{s:s, s:o}", "State", "approved", "Text",
                                        asl_data_string(text, sizeof(text)));
    }
    bool is_taken = take_result(rollout, &taken, effect, err);
    json_decref(taken.result.output);
    if (is_taken) {
        snprintf(effect->kind, sizeof(effect->kind), "%s", is_yes ? "approved" : "rejected");
    }
    return is_taken;
}

static bool approve(struct rollout *rollout, const struct rollout_input *input,
                    struct rollout_effect *effect, struct error *err)
{
    return answer(rollout, input, effect, true, err);
}

static bool reject(struct rollout *rollout, const struct rollout_input *input,
                   struct rollout_effect *effect, struct error *err)
{
    return answer(rollout, input, effect, false, err);
}

static bool refuse_paused(struct rollout *rollout, const struct rollout_input *input,
                          struct rollout_effect *effect, struct error *err)
{
    (void)input, (void)effect;
    return error_set(err, "the rollout of %s to %s is paused already", rollout->rule,
                     rollout->candidate);
}

static bool refuse_running(struct rollout *rollout, const struct rollout_input *input,
                           struct rollout_effect *effect, struct error *err)
{
    (void)input, (void)effect;
    return error_set(err, "the rollout of %s to %s is not paused", rollout->rule,
                     rollout->candidate);
}

static bool refuse_ended(struct rollout *rollout, const struct rollout_input *input,
                         struct rollout_effect *effect, struct error *err)
{
    (void)effect;
    return error_set(err, "cannot %s: the rollout of %s to %s is over (%s: %s)",
                     rollout_input_name(input->kind), rollout->rule, rollout->candidate,
                     rollout_state_name(rollout->state), rollout->reason);
}

#define ENDED                                                                                      \
    {                                                                                              \
        [INPUT_TICK] = tick_ended, [INPUT_PAUSE] = refuse_ended, [INPUT_RESUME] = refuse_ended,    \
        [INPUT_PROMOTE] = refuse_ended, [INPUT_ABORT] = refuse_ended,                              \
        [INPUT_SUPERSEDE] = refuse_ended, [INPUT_FAIL] = refuse_ended,                             \
        [INPUT_RESULT] = refuse_ended, [INPUT_APPROVE] = refuse_ended,                             \
        [INPUT_REJECT] = refuse_ended,                                                             \
    }

/* A rollout that is not over takes all but ticks, pauses and resumes alike. */
#define RUNNING(on_tick, on_pause, on_resume)                                                      \
    {                                                                                              \
        [INPUT_TICK] = on_tick, [INPUT_PAUSE] = on_pause, [INPUT_RESUME] = on_resume,              \
        [INPUT_PROMOTE] = promote_rollout, [INPUT_ABORT] = abort_rollout,                          \
        [INPUT_SUPERSEDE] = supersede_rollout, [INPUT_FAIL] = fail_rollout,                        \
        [INPUT_RESULT] = take_result, [INPUT_APPROVE] = approve, [INPUT_REJECT] = reject,          \
    }

static const handler handlers[ROLLOUT_STATE_COUNT][INPUT_KIND_COUNT] = {
    [ROLLOUT_HOLDING] = RUNNING(tick_holding, pause_rollout, refuse_running),
    [ROLLOUT_PREPARING] = RUNNING(tick_preparing, pause_rollout, refuse_running),
    [ROLLOUT_PAUSED] = RUNNING(tick_paused, refuse_paused, resume_rollout),
    [ROLLOUT_SUCCEEDED] = ENDED,
    [ROLLOUT_FAILED] = ENDED,
    [ROLLOUT_ABORTED] = ENDED,
    [ROLLOUT_SUPERSEDED] = ENDED,
};

/* Before the first shift, or already behind it. */
static void begin_plan(struct rollout *rollout, const char *held, int64_t now_ms,
                       struct rollout_effect *effect)
{
    struct rollout_input input = {
        .kind = INPUT_TICK, .now_ms = now_ms, .gate = GATE_WAIT, .held = held};
    rollout_execute(rollout, now_ms);
    rollout_advance(rollout, &input, effect);
    char text[ROLLOUT_TEXT_SIZE * 2];
    snprintf(text, sizeof(text), "%s", effect->history);
    rollout_set_history(effect, "started", "started by %s: %s", rollout->who,
                        text[0] == '\0' ? asl_execution_state(rollout->run->execution) : text);
}

void rollout_begin(struct rollout *rollout, int64_t wait_ms, const char *held, int64_t now_ms,
                   struct rollout_effect *effect)
{
    *effect = (struct rollout_effect){.shift = SHIFT_NONE};
    rollout->started_ms = now_ms;
    rollout->ended_ms = 0;
    rollout->state = ROLLOUT_PREPARING;
    rollout->step = 0;
    rollout->hold_since_ms = now_ms;
    rollout->hold_passed_ms = 0;
    rollout->plan.hold_ms = wait_ms;
    rollout->reason[0] = '\0';
    assert(rollout_check(rollout, NULL));
    if (wait_ms == 0) {
        begin_plan(rollout, held, now_ms, effect);
        return;
    }
    if (rollout->run->goes_outward) {
        rollout_stand_still(rollout, now_ms);
    }
    rollout_set_reason(rollout, "answers with the old TTL expire first");
    rollout_set_history(effect, "started",
                        "started by %s: waits %.10gs until answers with the old "
                        "TTL have expired",
                        rollout->who, rollout_seconds(wait_ms));
}

bool rollout_task(const struct rollout *rollout, struct asl_want *want)
{
    if (rollout_state_is_final(rollout->state) || rollout->run == NULL ||
        rollout->run->execution == NULL) {
        return false;
    }
    *want = asl_execution_want(rollout->run->execution);
    return want->kind == ASL_WANT_TASK && want->resource != ASL_CHANGE_WEIGHT &&
           want->resource != ASL_CHECK_HEALTH;
}

int64_t rollout_next_ms(const struct rollout *rollout, int64_t now_ms)
{
    if (rollout_state_is_final(rollout->state) || rollout->state == ROLLOUT_PAUSED) {
        return INT64_MAX;
    }
    if (rollout->run->execution == NULL) {
        return now_ms + rollout_hold_left_ms(rollout, now_ms);
    }
    struct asl_want want = asl_execution_want(rollout->run->execution);
    bool is_held = want.kind == ASL_WANT_TASK && want.resource == ASL_CHANGE_WEIGHT;
    bool is_over = want.kind != ASL_WANT_TASK && want.kind != ASL_WANT_TICK;
    return is_held || is_over ? now_ms : want.until_ms;
}

bool rollout_apply(struct rollout *rollout, const struct rollout_input *input,
                   struct rollout_effect *effect, struct error *err)
{
    assert((unsigned)rollout->state < ROLLOUT_STATE_COUNT);
    assert((unsigned)input->kind < INPUT_KIND_COUNT);
    struct rollout_input taken = *input;
    taken.now_ms = input->now_ms < 0                 ? 0
                   : input->now_ms > ASL_TIME_MAX_MS ? ASL_TIME_MAX_MS
                                                     : input->now_ms;
    *effect = (struct rollout_effect){.shift = SHIFT_NONE};
    return handlers[rollout->state][input->kind](rollout, &taken, effect, err);
}
