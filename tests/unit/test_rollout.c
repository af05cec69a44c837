/* SPDX-License-Identifier: BSD-2-Clause */
/* Steps, holds, gates, and what comes out of a state file. Operators: test_rollout_operator.c. */
#include "tests/unit/rollout_fixture.h"

static void it_begins_at_its_first_step(void **state)
{
    (void)state;
    struct rollout_effect effect;
    struct rollout rollout = new_rollout(&effect);
    happened(&effect, SHIFT_WEIGHT, "started",
             "started by uid 0 (root): shifted green to 10 (step 1 of 3), hold 60s");
    assert_int_equal(effect.weight, 10);
    assert_int_equal(rollout.state, ROLLOUT_HOLDING);
    assert_int_equal(rollout.started_ms, START);
    assert_int_equal(rollout.ended_ms, 0);
    assert_int_equal(rollout_weight(&rollout), 10);
    assert_int_equal(rollout_hold_left_ms(&rollout, START), 60000);
}

static void a_shift_says_how_long_a_fall_back_takes(void **state)
{
    (void)state;
    struct rollout rollout = {.rule = "cats",
                              .who = "uid 0 (root)",
                              .stable = "blue",
                              .candidate = "green",
                              .plan = {.step_count = 1, .steps = {100}, .hold_ms = 60000}};
    rollout.run = run_of(&rollout.plan);
    rollout.run->fall_back_ms = 5000;
    struct rollout_effect effect;
    rollout_begin(&rollout, 0, NULL, START, &effect);
    happened(&effect, SHIFT_WEIGHT, "started",
             "started by uid 0 (root): shifted green to 100 (step 1 of 1), hold 60s, a fall-back "
             "takes up to 5s");
}

static void beginning_forgets_what_the_struct_held(void **state)
{
    (void)state;
    struct rollout rollout = begun();
    tick(&rollout, 10, GATE_FAIL);
    struct rollout_effect effect;
    rollout.run = run_of(&(struct plan){.step_count = 1, .steps = {10}, .hold_ms = 60000});
    rollout_begin(&rollout, 0, NULL, START, &effect);
    struct rollout fresh = begun();
    assert_int_equal(rollout.state, fresh.state);
    assert_int_equal(rollout.ended_ms, 0);
    assert_int_equal(rollout.hold_passed_ms, 0);
    assert_string_equal(rollout.reason, "");
}

/* A tick while others have, or do not have, what was shifted. */
static struct rollout_effect tick_outward(struct rollout *rollout, int64_t at_ms, bool is_pending,
                                          enum gate_verdict gate)
{
    struct rollout_effect effect;
    struct rollout_input input = {.kind = INPUT_TICK,
                                  .now_ms = START + at_ms,
                                  .gate = gate,
                                  .gate_text = SEEN,
                                  .is_outward_pending = is_pending};
    assert_true(rollout_apply(rollout, &input, &effect, NULL));
    return effect;
}

static struct rollout begun_outward(void)
{
    struct rollout rollout = {.rule = "cats",
                              .who = "uid 0 (root)",
                              .stable = "blue",
                              .candidate = "green",
                              .plan = {.step_count = 2, .steps = {10, 100}, .hold_ms = 60000}};
    struct rollout_effect effect;
    rollout.run = run_of(&rollout.plan);
    rollout.run->goes_outward = true;
    rollout_begin(&rollout, 0, NULL, START, &effect);
    return rollout;
}

static void a_hold_begins_when_others_have_the_shift(void **state)
{
    (void)state;
    struct rollout rollout = begun_outward();
    assert_int_equal(rollout.run->still_since_ms, START);
    assert_int_equal(rollout_hold_left_ms(&rollout, START + 100000), 60000);
    struct rollout_effect effect = tick_outward(&rollout, 100000, true, GATE_PASS);
    nothing_happened(&effect);
    effect = tick_outward(&rollout, 100001, false, GATE_PASS);
    nothing_happened(&effect);
    assert_int_equal(rollout.run->still_since_ms, 0);
    assert_int_equal(rollout_hold_left_ms(&rollout, START + 100001), 60000);
    effect = tick_outward(&rollout, 160000, false, GATE_PASS);
    nothing_happened(&effect);
    effect = tick_outward(&rollout, 160001, false, GATE_PASS);
    assert_int_equal(effect.shift, SHIFT_WEIGHT);
    assert_int_equal(effect.weight, 100);
    assert_int_equal(rollout.run->still_since_ms, START + 160001);
}

static void what_others_lose_in_a_hold_stops_its_clock(void **state)
{
    (void)state;
    struct rollout rollout = begun_outward();
    tick_outward(&rollout, 0, false, GATE_PASS);
    tick_outward(&rollout, 20000, true, GATE_PASS);
    assert_int_equal(rollout_hold_left_ms(&rollout, START + 90000), 40000);
    struct rollout_effect effect = tick_outward(&rollout, 90000, false, GATE_PASS);
    nothing_happened(&effect);
    assert_int_equal(rollout_hold_left_ms(&rollout, START + 90000), 40000);
    effect = tick_outward(&rollout, 129999, false, GATE_PASS);
    nothing_happened(&effect);
    effect = tick_outward(&rollout, 130000, false, GATE_PASS);
    assert_int_equal(effect.weight, 100);
}

static void a_fall_back_does_not_wait_for_others(void **state)
{
    (void)state;
    struct rollout rollout = begun_outward();
    struct rollout_effect effect = tick_outward(&rollout, 1000, true, GATE_FAIL);
    assert_int_equal(effect.shift, SHIFT_FALL_BACK);
    assert_int_equal(rollout.state, ROLLOUT_FAILED);
}

static void old_answers_expire_after_others_have_the_new_ttl(void **state)
{
    (void)state;
    struct rollout rollout = {.rule = "cats",
                              .who = "uid 0 (root)",
                              .stable = "blue",
                              .candidate = "green",
                              .plan = {.step_count = 1, .steps = {100}, .hold_ms = 60000}};
    struct rollout_effect effect;
    rollout.run = run_of(&rollout.plan);
    rollout.run->goes_outward = true;
    rollout_begin(&rollout, 30000, NULL, START, &effect);
    effect = tick_outward(&rollout, 50000, true, GATE_PASS);
    nothing_happened(&effect);
    effect = tick_outward(&rollout, 60000, false, GATE_PASS);
    nothing_happened(&effect);
    effect = tick_outward(&rollout, 89999, false, GATE_PASS);
    nothing_happened(&effect);
    effect = tick_outward(&rollout, 90000, false, GATE_PASS);
    assert_int_equal(effect.weight, 100);
}

static void it_goes_through_all_steps_and_succeeds(void **state)
{
    (void)state;
    struct rollout rollout = begun();
    struct rollout_effect effect = tick(&rollout, 59999, GATE_PASS);
    nothing_happened(&effect);
    effect = tick(&rollout, 60000, GATE_PASS);
    happened(&effect, SHIFT_WEIGHT, "shifted", "shifted green to 50 (step 2 of 3), hold 60s");
    assert_int_equal(effect.weight, 50);
    effect = tick(&rollout, 119999, GATE_PASS);
    nothing_happened(&effect);
    effect = tick(&rollout, 120000, GATE_PASS);
    happened(&effect, SHIFT_WEIGHT, "shifted", "shifted green to 100 (step 3 of 3), hold 60s");
    effect = tick(&rollout, 179999, GATE_PASS);
    nothing_happened(&effect);
    effect = tick(&rollout, 180000, GATE_PASS);
    happened(&effect, SHIFT_NONE, "succeeded", "succeeded: green has 100 after step 3 of 3");
    assert_int_equal(rollout.state, ROLLOUT_SUCCEEDED);
    assert_int_equal(rollout.ended_ms, START + 180000);
    assert_int_equal(rollout_weight(&rollout), 100);
    assert_string_equal(rollout.reason, "green is healthy after the last hold");
}

static void one_tick_moves_at_most_one_step(void **state)
{
    (void)state;
    struct rollout rollout = begun();
    struct rollout_effect effect = tick(&rollout, 3600000, GATE_PASS);
    assert_int_equal(effect.weight, 50);
    /* The next hold begins with its shift, not when the last hold should have ended. */
    assert_int_equal(rollout_hold_left_ms(&rollout, START + 3600000), 60000);
}

static void a_plan_without_a_hold_moves_a_step_a_tick(void **state)
{
    (void)state;
    struct rollout rollout =
        begun_with(&(struct plan){.step_count = 3, .steps = {10, 50, 100}, .hold_ms = 0});
    assert_int_equal(tick(&rollout, 0, GATE_PASS).weight, 50);
    assert_int_equal(tick(&rollout, 0, GATE_PASS).weight, 100);
    assert_string_equal(tick(&rollout, 0, GATE_PASS).kind, "succeeded");
}

static void an_unhealthy_candidate_falls_back_at_once(void **state)
{
    (void)state;
    static const char *const histories[] = {
        "fell back: green to 0, blue to 100 (step 1 of 3): New ECS service is not healthy! " SEEN,
        "fell back: green to 0, blue to 100 (step 2 of 3): New ECS service is not healthy! " SEEN,
        "fell back: green to 0, blue to 100 (step 3 of 3): New ECS service is not healthy! " SEEN,
    };
    for (size_t step = 0; step < 3; step++) {
        /* In the middle of a hold, and at its end. */
        for (int64_t in_hold = 1; in_hold <= 60000; in_hold += 59999) {
            struct rollout rollout = begun();
            for (size_t i = 0; i < step; i++) {
                tick(&rollout, (int64_t)(i + 1) * 60000, GATE_PASS);
            }
            int64_t at = (int64_t)step * 60000 + in_hold;
            struct rollout_effect effect = tick(&rollout, at, GATE_FAIL);
            happened(&effect, SHIFT_FALL_BACK, "failed", histories[step]);
            assert_int_equal(effect.weight, 0);
            assert_int_equal(rollout.state, ROLLOUT_FAILED);
            assert_int_equal(rollout.ended_ms, START + at);
            assert_string_equal(rollout.reason, "New ECS service is not healthy! " SEEN);
            assert_int_equal(rollout_weight(&rollout), 0);
        }
    }
}

static void a_fall_back_needs_no_text_of_what_was_seen(void **state)
{
    (void)state;
    const char *const texts[] = {NULL, ""};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct rollout rollout = begun();
        struct rollout_input input = input_at(INPUT_TICK, 1, GATE_FAIL);
        input.gate_text = texts[i];
        struct rollout_effect effect;
        assert_true(rollout_apply(&rollout, &input, &effect, NULL));
        assert_string_equal(rollout.reason, "New ECS service is not healthy!");
    }
}

static void texts_that_are_too_long_are_cut(void **state)
{
    (void)state;
    char text[4096];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    for (int kind = 0; kind < INPUT_KIND_COUNT; kind++) {
        struct rollout rollout = begun();
        memset(rollout.candidate, 'c', sizeof(rollout.candidate) - 1);
        struct rollout_input input = input_at((enum rollout_input_kind)kind, 1, GATE_FAIL);
        input.gate_text = input.who = text;
        struct rollout_effect effect;
        struct error err;
        (void)!rollout_apply(&rollout, &input, &effect, &err);
        assert_true(rollout_check(&rollout, &err));
    }
}

static void without_a_verdict_it_waits(void **state)
{
    (void)state;
    struct rollout rollout = begun();
    struct rollout_effect effect = tick(&rollout, 59999, GATE_WAIT);
    nothing_happened(&effect);
    assert_string_equal(rollout.reason, "");
    effect = tick(&rollout, 60000, GATE_WAIT);
    happened(
        &effect, SHIFT_NONE, "waiting",
        "waiting at 10 (step 1 of 3): the hold is over, green has no health verdict yet: " SEEN);
    assert_string_equal(rollout.reason, "the hold is over, green has no health verdict yet: " SEEN);
    struct rollout failing = copy_of(&rollout);
    effect = tick(&failing, 60001, GATE_FAIL);
    assert_int_equal(effect.shift, SHIFT_FALL_BACK);
    effect = tick(&rollout, 60001, GATE_PASS);
    assert_int_equal(effect.weight, 50);
    assert_string_equal(rollout.reason, "");
}

/* A verdict that never comes is no reason to stay shifted for ever. */
static void without_a_verdict_for_minutes_it_falls_back(void **state)
{
    (void)state;
    struct rollout rollout = begun();
    int64_t at_ms = 60000;
    tick(&rollout, at_ms, GATE_WAIT);
    struct rollout_effect effect = {.kind = ""};
    while (rollout.state == ROLLOUT_HOLDING && effect.shift == SHIFT_NONE) {
        assert_int_equal(rollout_weight(&rollout), 10);
        at_ms += 1000;
        effect = tick(&rollout, at_ms, GATE_WAIT);
    }
    assert_in_range(at_ms, 300000, 600000);
    happened(&effect, SHIFT_FALL_BACK, "shifted",
             "shifted green back to 0, blue to 100 (state shift-back)");
    effect = tick(&rollout, at_ms, GATE_WAIT);
    assert_int_equal(rollout.state, ROLLOUT_FAILED);
    happened(&effect, SHIFT_NONE, "failed",
             "failed: the task has not answered within its TimeoutSeconds or HeartbeatSeconds");
}

static void a_plan_that_ends_below_100_succeeds_there(void **state)
{
    (void)state;
    struct rollout rollout =
        begun_with(&(struct plan){.step_count = 2, .steps = {10, 50}, .hold_ms = 60000});
    tick(&rollout, 60000, GATE_PASS);
    struct rollout_effect effect = tick(&rollout, 120000, GATE_PASS);
    happened(&effect, SHIFT_NONE, "succeeded", "succeeded: green has 50 after step 2 of 2");
    assert_int_equal(rollout_weight(&rollout), 50);
}

static void a_clock_that_went_backwards_does_not_lengthen_a_hold(void **state)
{
    (void)state;
    struct rollout rollout = begun();
    assert_int_equal(rollout_hold_left_ms(&rollout, START - 86400000), 60000);
    struct rollout_effect effect = tick(&rollout, -86400000, GATE_PASS);
    nothing_happened(&effect);
    effect = tick(&rollout, -86400000 + 59999, GATE_PASS);
    nothing_happened(&effect);
    assert_int_equal(tick(&rollout, -86400000 + 60000, GATE_PASS).weight, 50);
    /* What had passed before a pause stays passed. */
    apply(&rollout, INPUT_PAUSE, -86400000 + 70000, GATE_PASS);
    apply(&rollout, INPUT_RESUME, 0, GATE_PASS);
    tick(&rollout, -500000, GATE_PASS);
    assert_int_equal(rollout_hold_left_ms(&rollout, START - 500000), 50000);
    /* Nor does pausing before the next tick make anything negative. */
    apply(&rollout, INPUT_PAUSE, -900000, GATE_PASS);
    assert_int_equal(rollout.hold_passed_ms, 10000);
}

static void extreme_numbers_stay_in_range(void **state)
{
    (void)state;
    static const int64_t extremes[] = {INT64_MIN, -1, 0, 1, START, INT64_MAX};
    for (size_t i = 0; i < ARRAY_LEN(extremes); i++) {
        for (size_t j = 0; j < ARRAY_LEN(extremes); j++) {
            for (size_t k = 0; k < ARRAY_LEN(extremes); k++) {
                struct rollout rollout = begun();
                rollout.hold_since_ms = extremes[i];
                rollout.hold_passed_ms = extremes[j];
                int64_t left = rollout_hold_left_ms(&rollout, extremes[k]);
                assert_in_range(left, 0, 60000);
                struct rollout_effect effect;
                struct rollout_input input = {.kind = INPUT_TICK, .now_ms = extremes[k]};
                assert_true(rollout_apply(&rollout, &input, &effect, NULL));
            }
        }
    }
}

static void a_gate_wants_its_share_of_healthy_addresses(void **state)
{
    (void)state;
    assert_int_equal(rollout_gate(0, 0, 0, 100), GATE_PASS);
    assert_int_equal(rollout_gate(1, 0, 1, 100), GATE_PASS);
    assert_int_equal(rollout_gate(0, 1, 1, 100), GATE_WAIT);
    assert_int_equal(rollout_gate(0, 0, 1, 100), GATE_FAIL);
    assert_int_equal(rollout_gate(2, 1, 3, 100), GATE_WAIT);
    assert_int_equal(rollout_gate(1, 1, 3, 100), GATE_FAIL);
    assert_int_equal(rollout_gate(3, 1, 4, 75), GATE_PASS);
    assert_int_equal(rollout_gate(2, 1, 4, 75), GATE_WAIT);
    assert_int_equal(rollout_gate(2, 0, 4, 75), GATE_FAIL);
    assert_int_equal(rollout_gate(2, 0, 3, 67), GATE_FAIL);
    assert_int_equal(rollout_gate(2, 0, 3, 66), GATE_PASS);
}

static void states_and_inputs_have_names(void **state)
{
    (void)state;
    static const char *const names[] = {"holding", "paused",  "preparing", "succeeded",
                                        "failed",  "aborted", "superseded"};
    assert_int_equal(ARRAY_LEN(names), ROLLOUT_STATE_COUNT);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        enum rollout_state parsed;
        assert_string_equal(rollout_state_name((enum rollout_state)i), names[i]);
        assert_true(rollout_state_parse(names[i], &parsed));
        assert_int_equal(parsed, i);
    }
    enum rollout_state untouched = ROLLOUT_PAUSED;
    assert_false(rollout_state_parse("", &untouched));
    assert_false(rollout_state_parse("Holding", &untouched));
    assert_false(rollout_state_parse("holdin", &untouched));
    assert_int_equal(untouched, ROLLOUT_PAUSED);
    assert_string_equal(rollout_input_name(INPUT_TICK), "tick");
    assert_string_equal(rollout_input_name(INPUT_SUPERSEDE), "supersede");
    assert_string_equal(rollout_input_name(INPUT_FAIL), "fail");
}

static void check_refuses(const struct rollout *rollout, const char *text)
{
    struct error err = {""};
    assert_false(rollout_check(rollout, &err));
    assert_string_equal(err.text, text);
}

static void a_stored_rollout_that_cannot_be_is_refused(void **state)
{
    (void)state;
    const struct rollout good = begun();
    assert_true(rollout_check(&good, NULL));
    struct rollout bad = good;
    bad.plan.step_count = 0;
    check_refuses(&bad, "plan of 0 steps, expected 1 to 32");
    bad.plan.step_count = PLAN_MAX_STEPS + 1;
    check_refuses(&bad, "plan of 33 steps, expected 1 to 32");
    bad = good;
    bad.plan.steps[1] = 9;
    check_refuses(&bad, "step 2 of the plan is 9, expected 10 to 100");
    bad.plan.steps[1] = 101;
    check_refuses(&bad, "step 2 of the plan is 101, expected 10 to 100");
    bad.plan.steps[0] = 0;
    check_refuses(&bad, "step 1 of the plan is 0, expected 1 to 100");
    bad = good;
    bad.plan.hold_ms = -1;
    check_refuses(&bad, "hold of -1 ms, expected 0 or more");
    bad.plan.hold_ms = INT64_MAX;
    check_refuses(&bad, "hold of 9223372036854775807 ms, expected at most 99999999 s");
    bad = good;
    bad.state = (enum rollout_state)ROLLOUT_STATE_COUNT;
    check_refuses(&bad, "state 7, expected one below 7");
    bad = good;
    bad.step = 3;
    check_refuses(&bad, "at step 4 of 3");
    bad = good;
    bad.hold_passed_ms = -5;
    check_refuses(&bad, "-5 ms of the hold passed, expected 0 or more");
    bad = good;
    strcpy(bad.stable, bad.candidate);
    check_refuses(&bad, "stable member and candidate are both green");
    bad.candidate[0] = '\0';
    check_refuses(&bad, "candidate is empty");
    memset(bad.candidate, 'c', sizeof(bad.candidate));
    check_refuses(&bad, "candidate does not end within 129 octets");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_begins_at_its_first_step),
        cmocka_unit_test(a_shift_says_how_long_a_fall_back_takes),
        cmocka_unit_test(beginning_forgets_what_the_struct_held),
        cmocka_unit_test(a_hold_begins_when_others_have_the_shift),
        cmocka_unit_test(what_others_lose_in_a_hold_stops_its_clock),
        cmocka_unit_test(a_fall_back_does_not_wait_for_others),
        cmocka_unit_test(old_answers_expire_after_others_have_the_new_ttl),
        cmocka_unit_test(it_goes_through_all_steps_and_succeeds),
        cmocka_unit_test(one_tick_moves_at_most_one_step),
        cmocka_unit_test(a_plan_without_a_hold_moves_a_step_a_tick),
        cmocka_unit_test(an_unhealthy_candidate_falls_back_at_once),
        cmocka_unit_test(a_fall_back_needs_no_text_of_what_was_seen),
        cmocka_unit_test(texts_that_are_too_long_are_cut),
        cmocka_unit_test(without_a_verdict_it_waits),
        cmocka_unit_test(without_a_verdict_for_minutes_it_falls_back),
        cmocka_unit_test(a_plan_that_ends_below_100_succeeds_there),
        cmocka_unit_test(a_clock_that_went_backwards_does_not_lengthen_a_hold),
        cmocka_unit_test(extreme_numbers_stay_in_range),
        cmocka_unit_test(a_gate_wants_its_share_of_healthy_addresses),
        cmocka_unit_test(states_and_inputs_have_names),
        cmocka_unit_test(a_stored_rollout_that_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, free_runs);
}
