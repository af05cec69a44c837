/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/rollout.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const state_names[ROLLOUT_STATE_COUNT] = {
    [ROLLOUT_HOLDING] = "holding",     [ROLLOUT_PAUSED] = "paused",
    [ROLLOUT_SUCCEEDED] = "succeeded", [ROLLOUT_FAILED] = "failed",
    [ROLLOUT_ABORTED] = "aborted",     [ROLLOUT_SUPERSEDED] = "superseded",
};

static const char *const input_names[INPUT_KIND_COUNT] = {
    [INPUT_TICK] = "tick",       [INPUT_PAUSE] = "pause", [INPUT_RESUME] = "resume",
    [INPUT_PROMOTE] = "promote", [INPUT_ABORT] = "abort", [INPUT_SUPERSEDE] = "supersede",
    [INPUT_FAIL] = "fail",
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
    return state != ROLLOUT_HOLDING && state != ROLLOUT_PAUSED;
}

const char *rollout_input_name(enum rollout_input_kind kind)
{
    assert((unsigned)kind < INPUT_KIND_COUNT);
    return input_names[kind];
}

enum gate_verdict rollout_gate(const enum health_verdict *verdicts, size_t count)
{
    enum gate_verdict gate = GATE_PASS;
    for (size_t i = 0; i < count; i++) {
        if (verdicts[i] == HEALTH_UNHEALTHY) {
            return GATE_FAIL;
        }
        if (verdicts[i] == HEALTH_UNKNOWN) {
            gate = GATE_WAIT;
        }
    }
    return gate;
}

/* Never negative and never over, whatever clock or state file the numbers came from. */
static int64_t hold_passed_ms(const struct rollout *rollout, int64_t now_ms)
{
    int64_t passed_ms = rollout->hold_passed_ms > 0 ? rollout->hold_passed_ms : 0;
    if (rollout->state != ROLLOUT_HOLDING || now_ms <= rollout->hold_since_ms) {
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
    assert(rollout->step < rollout->plan.step_count);
    return is_wanted ? rollout->plan.steps[rollout->step] : 0;
}

static bool check_texts(const struct rollout *rollout, struct error *err)
{
    const struct {
        const char *what, *text;
        size_t size;
        bool is_needed;
    } texts[] = {
        {"rule", rollout->rule, sizeof(rollout->rule), true},
        {"deployment", rollout->deployment, sizeof(rollout->deployment), false},
        {"who", rollout->who, sizeof(rollout->who), false},
        {"stable member", rollout->stable, sizeof(rollout->stable), true},
        {"candidate", rollout->candidate, sizeof(rollout->candidate), true},
        {"reason", rollout->reason, sizeof(rollout->reason), false},
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (memchr(texts[i].text, '\0', texts[i].size) == NULL) {
            return error_set(err, "%s does not end within %zu octets", texts[i].what,
                             texts[i].size);
        }
        if (texts[i].is_needed && texts[i].text[0] == '\0') {
            return error_set(err, "%s is empty", texts[i].what);
        }
    }
    if (strcmp(rollout->stable, rollout->candidate) == 0) {
        return error_set(err, "stable member and candidate are both %s", rollout->stable);
    }
    return true;
}

static bool check_plan(const struct plan *plan, struct error *err)
{
    if (plan->step_count < 1 || plan->step_count > PLAN_MAX_STEPS) {
        return error_set(err, "plan of %zu steps, expected 1 to %d", plan->step_count,
                         PLAN_MAX_STEPS);
    }
    uint8_t least = 1;
    for (size_t i = 0; i < plan->step_count; i++) {
        if (plan->steps[i] < least || plan->steps[i] > ROLLOUT_FULL) {
            return error_set(err, "step %zu of the plan is %d, expected %d to %d", i + 1,
                             plan->steps[i], least, ROLLOUT_FULL);
        }
        least = plan->steps[i];
    }
    if (plan->hold_ms < 0) {
        return error_set(err, "hold of %" PRId64 " ms, expected 0 or more", plan->hold_ms);
    }
    return true;
}

bool rollout_check(const struct rollout *rollout, struct error *err)
{
    if (!check_texts(rollout, err) || !check_plan(&rollout->plan, err)) {
        return false;
    }
    if ((unsigned)rollout->state >= ROLLOUT_STATE_COUNT) {
        return error_set(err, "state %u, expected one below %d", (unsigned)rollout->state,
                         ROLLOUT_STATE_COUNT);
    }
    if (rollout->step >= rollout->plan.step_count) {
        return error_set(err, "at step %zu of %zu", rollout->step + 1, rollout->plan.step_count);
    }
    if (rollout->hold_passed_ms < 0) {
        return error_set(err, "%" PRId64 " ms of the hold passed, expected 0 or more",
                         rollout->hold_passed_ms);
    }
    return true;
}

static void PRINTF_LIKE(3, 4)
    set_history(struct rollout_effect *effect, const char *kind, const char *format, ...)
{
    snprintf(effect->kind, sizeof(effect->kind), "%s", kind);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(effect->history, sizeof(effect->history), format, arguments);
    va_end(arguments);
}

static void PRINTF_LIKE(2, 3) set_reason(struct rollout *rollout, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(rollout->reason, sizeof(rollout->reason), format, arguments);
    va_end(arguments);
}

static const char *who_asks(const struct rollout_input *input)
{
    return input->who != NULL && input->who[0] != '\0' ? input->who : "somebody";
}

/* What was seen of the candidate's health, with what separates it from the text before it. */
struct seen {
    char text[ROLLOUT_TEXT_SIZE];
};

static struct seen what_was_seen(const struct rollout_input *input, const char *separator)
{
    struct seen seen = {""};
    if (input->gate_text != NULL && input->gate_text[0] != '\0') {
        snprintf(seen.text, sizeof(seen.text), "%s%s", separator, input->gate_text);
    }
    return seen;
}

/* For "%.10gs": holds read in seconds all over the history, "60s" and "0.3s" alike. */
static double in_seconds(int64_t duration_ms)
{
    return (double)duration_ms / 1000.0;
}

struct step_text {
    char text[ROLLOUT_TEXT_SIZE];
};

static struct step_text shift_in_words(const struct rollout *rollout)
{
    struct step_text step;
    snprintf(step.text, sizeof(step.text), "shifted %s to %d (step %zu of %zu), hold %.10gs",
             rollout->candidate, rollout_weight(rollout), rollout->step + 1,
             rollout->plan.step_count, in_seconds(rollout->plan.hold_ms));
    return step;
}

/* Goes to a step; the caller writes the history. */
static void enter_step(struct rollout *rollout, size_t step, int64_t now_ms,
                       struct rollout_effect *effect)
{
    rollout->state = ROLLOUT_HOLDING;
    rollout->step = step;
    rollout->hold_since_ms = now_ms;
    rollout->hold_passed_ms = 0;
    rollout->reason[0] = '\0';
    effect->shift = SHIFT_WEIGHT;
    effect->weight = rollout_weight(rollout);
}

static void end(struct rollout *rollout, enum rollout_state state, int64_t now_ms)
{
    rollout->hold_passed_ms = hold_passed_ms(rollout, now_ms);
    rollout->state = state;
    rollout->ended_ms = now_ms;
}

/* The caller has set the reason. */
static void fall_back(struct rollout *rollout, const struct rollout_input *input,
                      struct rollout_effect *effect)
{
    end(rollout, ROLLOUT_FAILED, input->now_ms);
    effect->shift = SHIFT_FALL_BACK;
    effect->weight = 0;
    set_history(effect, "failed", "fell back: %s to 0, %s to %d (step %zu of %zu): %s",
                rollout->candidate, rollout->stable, ROLLOUT_FULL, rollout->step + 1,
                rollout->plan.step_count, rollout->reason);
}

static void fall_back_unhealthy(struct rollout *rollout, const struct rollout_input *input,
                                struct rollout_effect *effect)
{
    set_reason(rollout, "%s%s", ROLLOUT_UNHEALTHY_TEXT, what_was_seen(input, " ").text);
    fall_back(rollout, input, effect);
}

static void wait_for_gate(struct rollout *rollout, const struct rollout_input *input,
                          struct rollout_effect *effect)
{
    bool is_new = rollout->reason[0] == '\0';
    set_reason(rollout, "the hold is over, %s has no health verdict yet%s", rollout->candidate,
               what_was_seen(input, ": ").text);
    if (is_new) {
        set_history(effect, "waiting", "waiting at %d (step %zu of %zu): %s",
                    rollout_weight(rollout), rollout->step + 1, rollout->plan.step_count,
                    rollout->reason);
    }
}

static void succeed(struct rollout *rollout, int64_t now_ms, struct rollout_effect *effect)
{
    end(rollout, ROLLOUT_SUCCEEDED, now_ms);
    set_reason(rollout, "%s is healthy after the last hold", rollout->candidate);
    set_history(effect, "succeeded", "succeeded: %s has %d after step %zu of %zu",
                rollout->candidate, rollout_weight(rollout), rollout->step + 1,
                rollout->plan.step_count);
}

/* One handler a cell of the table below: state and input have been looked at already. False: err
 * says why, rollout and effect are as they were. */
typedef bool (*handler)(struct rollout *rollout, const struct rollout_input *input,
                        struct rollout_effect *effect, struct error *err);

static bool tick_holding(struct rollout *rollout, const struct rollout_input *input,
                         struct rollout_effect *effect, struct error *err)
{
    (void)err;
    if (input->now_ms < rollout->hold_since_ms) {
        /* The clock went backwards over a restart: waiting for the old time to come round again
         * could take far longer than the hold. */
        rollout->hold_since_ms = input->now_ms;
    }
    if (input->gate == GATE_FAIL) {
        fall_back_unhealthy(rollout, input, effect);
    } else if (rollout_hold_left_ms(rollout, input->now_ms) > 0) {
        return true;
    } else if (input->gate == GATE_WAIT) {
        wait_for_gate(rollout, input, effect);
    } else if (rollout->step + 1 == rollout->plan.step_count) {
        succeed(rollout, input->now_ms, effect);
    } else {
        enter_step(rollout, rollout->step + 1, input->now_ms, effect);
        set_history(effect, "shifted", "%s", shift_in_words(rollout).text);
    }
    return true;
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
    set_reason(rollout, "paused by %s", who_asks(input));
    set_history(effect, "paused", "paused at %d (step %zu of %zu) by %s, %.10gs of the hold left",
                rollout_weight(rollout), rollout->step + 1, rollout->plan.step_count,
                who_asks(input), in_seconds(rollout_hold_left_ms(rollout, input->now_ms)));
    return true;
}

static bool resume_rollout(struct rollout *rollout, const struct rollout_input *input,
                           struct rollout_effect *effect, struct error *err)
{
    (void)err;
    rollout->state = ROLLOUT_HOLDING;
    rollout->hold_since_ms = input->now_ms;
    rollout->reason[0] = '\0';
    set_history(effect, "resumed", "resumed at %d (step %zu of %zu) by %s, %.10gs of the hold left",
                rollout_weight(rollout), rollout->step + 1, rollout->plan.step_count,
                who_asks(input), in_seconds(rollout_hold_left_ms(rollout, input->now_ms)));
    return true;
}

static bool promote_rollout(struct rollout *rollout, const struct rollout_input *input,
                            struct rollout_effect *effect, struct error *err)
{
    if (input->gate == GATE_FAIL) {
        return error_set(err,
                         "%s cannot be promoted while it is unhealthy%s; abort the rollout, or "
                         "start it again once the health check passes",
                         rollout->candidate, what_was_seen(input, ": ").text);
    }
    /* Ends as if the plan's last step, at full weight, were behind it. */
    end(rollout, ROLLOUT_SUCCEEDED, input->now_ms);
    rollout->step = rollout->plan.step_count - 1;
    rollout->plan.steps[rollout->step] = ROLLOUT_FULL;
    set_reason(rollout, "promoted by %s", who_asks(input));
    effect->shift = SHIFT_WEIGHT;
    effect->weight = ROLLOUT_FULL;
    set_history(effect, "promoted", "promoted %s to %d by %s%s", rollout->candidate, ROLLOUT_FULL,
                who_asks(input), input->gate == GATE_WAIT ? ", without a health verdict" : "");
    return true;
}

static bool abort_rollout(struct rollout *rollout, const struct rollout_input *input,
                          struct rollout_effect *effect, struct error *err)
{
    (void)err;
    end(rollout, ROLLOUT_ABORTED, input->now_ms);
    set_reason(rollout, "aborted by %s", who_asks(input));
    effect->shift = SHIFT_RESTORE;
    set_history(effect, "aborted",
                "aborted by %s (step %zu of %zu): weights are as before the rollout",
                who_asks(input), rollout->step + 1, rollout->plan.step_count);
    return true;
}

static bool supersede_rollout(struct rollout *rollout, const struct rollout_input *input,
                              struct rollout_effect *effect, struct error *err)
{
    (void)err;
    uint8_t weight = rollout_weight(rollout);
    end(rollout, ROLLOUT_SUPERSEDED, input->now_ms);
    set_reason(rollout, "superseded by %s", who_asks(input));
    set_history(effect, "superseded", "superseded at %d (step %zu of %zu) by %s", weight,
                rollout->step + 1, rollout->plan.step_count, who_asks(input));
    return true;
}

static bool fail_rollout(struct rollout *rollout, const struct rollout_input *input,
                         struct rollout_effect *effect, struct error *err)
{
    (void)err;
    bool is_said = input->gate_text != NULL && input->gate_text[0] != '\0';
    set_reason(rollout, "%s%s", is_said ? "" : "failed by ",
               is_said ? input->gate_text : who_asks(input));
    fall_back(rollout, input, effect);
    return true;
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
    }

static const handler handlers[ROLLOUT_STATE_COUNT][INPUT_KIND_COUNT] = {
    [ROLLOUT_HOLDING] =
        {
            [INPUT_TICK] = tick_holding,
            [INPUT_PAUSE] = pause_rollout,
            [INPUT_RESUME] = refuse_running,
            [INPUT_PROMOTE] = promote_rollout,
            [INPUT_ABORT] = abort_rollout,
            [INPUT_SUPERSEDE] = supersede_rollout,
            [INPUT_FAIL] = fail_rollout,
        },
    [ROLLOUT_PAUSED] =
        {
            [INPUT_TICK] = tick_paused,
            [INPUT_PAUSE] = refuse_paused,
            [INPUT_RESUME] = resume_rollout,
            [INPUT_PROMOTE] = promote_rollout,
            [INPUT_ABORT] = abort_rollout,
            [INPUT_SUPERSEDE] = supersede_rollout,
            [INPUT_FAIL] = fail_rollout,
        },
    [ROLLOUT_SUCCEEDED] = ENDED,
    [ROLLOUT_FAILED] = ENDED,
    [ROLLOUT_ABORTED] = ENDED,
    [ROLLOUT_SUPERSEDED] = ENDED,
};

void rollout_begin(struct rollout *rollout, int64_t now_ms, struct rollout_effect *effect)
{
    *effect = (struct rollout_effect){.shift = SHIFT_NONE};
    rollout->started_ms = now_ms;
    rollout->ended_ms = 0;
    enter_step(rollout, 0, now_ms, effect);
    assert(rollout_check(rollout, NULL));
    set_history(effect, "started", "started by %s: %s", rollout->who, shift_in_words(rollout).text);
}

bool rollout_apply(struct rollout *rollout, const struct rollout_input *input,
                   struct rollout_effect *effect, struct error *err)
{
    assert((unsigned)rollout->state < ROLLOUT_STATE_COUNT);
    assert((unsigned)input->kind < INPUT_KIND_COUNT);
    *effect = (struct rollout_effect){.shift = SHIFT_NONE};
    return handlers[rollout->state][input->kind](rollout, input, effect, err);
}
