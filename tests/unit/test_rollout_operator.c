/* SPDX-License-Identifier: BSD-2-Clause */
/* What operators, newer deployments and ECS ask of a rollout: pause, resume, promote, abort,
 * supersede, fail. */
#include "tests/unit/rollout_fixture.h"

static void a_pause_keeps_what_of_the_hold_has_passed(void **state)
{
    (void)state;
    struct rollout rollout = begun();
    struct rollout_effect effect = apply(&rollout, INPUT_PAUSE, 20000, GATE_PASS);
    happened(&effect, SHIFT_NONE, "paused",
             "paused at 10 (step 1 of 3) by uid 7 (eve), 40s of the hold left");
    assert_string_equal(rollout.reason, "paused by uid 7 (eve)");
    effect = tick(&rollout, 9000000, GATE_PASS);
    nothing_happened(&effect);
    effect = tick(&rollout, 9000000, GATE_WAIT);
    nothing_happened(&effect);
    assert_int_equal(rollout_hold_left_ms(&rollout, START + 9000000), 40000);
    effect = apply(&rollout, INPUT_RESUME, 10000000, GATE_PASS);
    happened(&effect, SHIFT_NONE, "resumed",
             "resumed at 10 (step 1 of 3) by uid 7 (eve), 40s of the hold left");
    assert_string_equal(rollout.reason, "");
    effect = tick(&rollout, 10039999, GATE_PASS);
    nothing_happened(&effect);
    assert_int_equal(tick(&rollout, 10040000, GATE_PASS).weight, 50);
}

static void pauses_add_up(void **state)
{
    (void)state;
    struct rollout rollout = begun();
    for (int64_t i = 0; i < 5; i++) {
        apply(&rollout, INPUT_PAUSE, i * 100000 + 10000, GATE_PASS);
        apply(&rollout, INPUT_RESUME, (i + 1) * 100000, GATE_PASS);
    }
    assert_int_equal(rollout_hold_left_ms(&rollout, START + 500000), 10000);
}

static void an_unhealthy_candidate_falls_back_from_a_pause(void **state)
{
    (void)state;
    struct rollout rollout = begun();
    apply(&rollout, INPUT_PAUSE, 1000, GATE_PASS);
    struct rollout_effect effect = tick(&rollout, 2000, GATE_FAIL);
    assert_int_equal(effect.shift, SHIFT_FALL_BACK);
    assert_int_equal(rollout.state, ROLLOUT_FAILED);
}

static void promoting_goes_to_full_weight_and_succeeds(void **state)
{
    (void)state;
    for (int is_paused = 0; is_paused < 2; is_paused++) {
        struct rollout rollout = begun();
        if (is_paused) {
            apply(&rollout, INPUT_PAUSE, 500, GATE_PASS);
        }
        struct rollout_effect effect = apply(&rollout, INPUT_PROMOTE, 1000, GATE_PASS);
        happened(&effect, SHIFT_WEIGHT, "promoted", "promoted green to 100 by uid 7 (eve)");
        assert_int_equal(effect.weight, 100);
        assert_int_equal(rollout.state, ROLLOUT_SUCCEEDED);
        assert_int_equal(rollout_weight(&rollout), 100);
        assert_string_equal(rollout.reason, "promoted by uid 7 (eve)");
    }
}

static void promoting_without_a_verdict_says_so(void **state)
{
    (void)state;
    struct rollout rollout = begun();
    struct rollout_effect effect = apply(&rollout, INPUT_PROMOTE, 1000, GATE_WAIT);
    happened(&effect, SHIFT_WEIGHT, "promoted",
             "promoted green to 100 by uid 7 (eve), without a health verdict");
}

static void a_plan_that_ends_below_100_is_promoted_to_100(void **state)
{
    (void)state;
    struct rollout rollout =
        begun_with(&(struct plan){.step_count = 2, .steps = {10, 50}, .hold_ms = 60000});
    assert_int_equal(apply(&rollout, INPUT_PROMOTE, 1, GATE_PASS).weight, 100);
    assert_int_equal(rollout_weight(&rollout), 100);
    assert_true(rollout_check(&rollout, NULL));
}

static void aborting_restores_what_was_before(void **state)
{
    (void)state;
    for (int is_paused = 0; is_paused < 2; is_paused++) {
        struct rollout rollout = begun();
        tick(&rollout, 60000, GATE_PASS);
        if (is_paused) {
            apply(&rollout, INPUT_PAUSE, 61000, GATE_PASS);
        }
        /* Also while the gate fails. */
        struct rollout_effect effect = apply(&rollout, INPUT_ABORT, 62000, GATE_FAIL);
        happened(&effect, SHIFT_RESTORE, "aborted",
                 "aborted by uid 7 (eve) (step 2 of 3): weights are as before the rollout");
        assert_int_equal(rollout.state, ROLLOUT_ABORTED);
        assert_string_equal(rollout.reason, "aborted by uid 7 (eve)");
        assert_int_equal(rollout_weight(&rollout), 0);
    }
}

static void superseding_ends_it_without_a_shift(void **state)
{
    (void)state;
    for (int is_paused = 0; is_paused < 2; is_paused++) {
        struct rollout rollout = begun();
        if (is_paused) {
            apply(&rollout, INPUT_PAUSE, 500, GATE_PASS);
        }
        struct rollout_effect effect = apply(&rollout, INPUT_SUPERSEDE, 1000, GATE_FAIL);
        happened(&effect, SHIFT_NONE, "superseded",
                 "superseded at 10 (step 1 of 3) by uid 7 (eve)");
        assert_int_equal(rollout.state, ROLLOUT_SUPERSEDED);
        assert_int_equal(rollout.ended_ms, START + 1000);
        assert_string_equal(rollout.reason, "superseded by uid 7 (eve)");
    }
}

static void a_failure_falls_back_whatever_the_health(void **state)
{
    (void)state;
    for (int gate = GATE_PASS; gate <= GATE_FAIL; gate++) {
        for (int is_paused = 0; is_paused < 2; is_paused++) {
            struct rollout rollout = begun();
            tick(&rollout, 60000, GATE_PASS);
            if (is_paused) {
                apply(&rollout, INPUT_PAUSE, 60500, GATE_PASS);
            }
            struct rollout_input input = input_at(INPUT_FAIL, 61000, (enum gate_verdict)gate);
            input.gate_text = "deployment ecs-svc/1 FAILED";
            struct rollout_effect effect;
            assert_true(rollout_apply(&rollout, &input, &effect, NULL));
            happened(&effect, SHIFT_FALL_BACK, "failed",
                     "fell back: green to 0, blue to 100 (step 2 of 3): deployment ecs-svc/1 "
                     "FAILED");
            assert_int_equal(effect.weight, 0);
            assert_int_equal(rollout.state, ROLLOUT_FAILED);
            assert_int_equal(rollout.ended_ms, START + 61000);
            assert_string_equal(rollout.reason, "deployment ecs-svc/1 FAILED");
            assert_int_equal(rollout_weight(&rollout), 0);
        }
    }
}

static void a_failure_without_a_text_says_who_asked(void **state)
{
    (void)state;
    const char *const texts[] = {NULL, ""};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct rollout rollout = begun();
        struct rollout_input input = input_at(INPUT_FAIL, 1, GATE_PASS);
        input.gate_text = texts[i];
        struct rollout_effect effect;
        assert_true(rollout_apply(&rollout, &input, &effect, NULL));
        assert_string_equal(rollout.reason, "failed by uid 7 (eve)");
    }
}

static void what_a_running_state_does_not_allow_is_refused(void **state)
{
    (void)state;
    struct rollout rollout = begun();
    refused(&rollout, INPUT_RESUME, GATE_PASS, "the rollout of cats to green is not paused");
    static const char unhealthy[] =
        "green cannot be promoted while it is unhealthy: " SEEN
        "; abort the rollout, or start it again once the health check passes";
    refused(&rollout, INPUT_PROMOTE, GATE_FAIL, unhealthy);
    apply(&rollout, INPUT_PAUSE, 500, GATE_PASS);
    refused(&rollout, INPUT_PAUSE, GATE_PASS, "the rollout of cats to green is paused already");
    refused(&rollout, INPUT_PROMOTE, GATE_FAIL, unhealthy);
}

/* One rollout in each final state. */
static struct rollout ended_as(enum rollout_state how)
{
    struct rollout rollout = begun();
    if (how == ROLLOUT_FAILED) {
        tick(&rollout, 1, GATE_FAIL);
    } else if (how == ROLLOUT_SUCCEEDED) {
        apply(&rollout, INPUT_PROMOTE, 1, GATE_PASS);
    } else if (how == ROLLOUT_ABORTED) {
        apply(&rollout, INPUT_ABORT, 1, GATE_PASS);
    } else {
        apply(&rollout, INPUT_SUPERSEDE, 1, GATE_PASS);
    }
    assert_int_equal(rollout.state, how);
    return rollout;
}

static void final_states_absorb_every_input(void **state)
{
    (void)state;
    size_t finals = 0;
    for (int how = 0; how < ROLLOUT_STATE_COUNT; how++) {
        if (!rollout_state_is_final((enum rollout_state)how)) {
            continue;
        }
        finals++;
        struct rollout rollout = ended_as((enum rollout_state)how);
        for (int kind = INPUT_PAUSE; kind < INPUT_KIND_COUNT; kind++) {
            char text[ROLLOUT_TEXT_SIZE * 2];
            snprintf(text, sizeof(text), "cannot %s: the rollout of cats to green is over (%s: %s)",
                     rollout_input_name((enum rollout_input_kind)kind),
                     rollout_state_name(rollout.state), rollout.reason);
            refused(&rollout, (enum rollout_input_kind)kind, GATE_PASS, text);
            refused(&rollout, (enum rollout_input_kind)kind, GATE_FAIL, text);
        }
        for (int gate = GATE_PASS; gate <= GATE_FAIL; gate++) {
            struct rollout copy = rollout;
            struct rollout_effect effect = tick(&copy, 9000000, (enum gate_verdict)gate);
            nothing_happened(&effect);
            assert_memory_equal(&copy, &rollout, sizeof(copy));
        }
        assert_int_equal(rollout_hold_left_ms(&rollout, START), 0);
    }
    assert_int_equal(finals, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pause_keeps_what_of_the_hold_has_passed),
        cmocka_unit_test(pauses_add_up),
        cmocka_unit_test(an_unhealthy_candidate_falls_back_from_a_pause),
        cmocka_unit_test(promoting_goes_to_full_weight_and_succeeds),
        cmocka_unit_test(promoting_without_a_verdict_says_so),
        cmocka_unit_test(a_plan_that_ends_below_100_is_promoted_to_100),
        cmocka_unit_test(aborting_restores_what_was_before),
        cmocka_unit_test(superseding_ends_it_without_a_shift),
        cmocka_unit_test(a_failure_falls_back_whatever_the_health),
        cmocka_unit_test(a_failure_without_a_text_says_who_asked),
        cmocka_unit_test(what_a_running_state_does_not_allow_is_refused),
        cmocka_unit_test(final_states_absorb_every_input),
    };
    return cmocka_run_group_tests(tests, NULL, free_runs);
}
