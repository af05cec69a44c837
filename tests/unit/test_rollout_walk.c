/* SPDX-License-Identifier: BSD-2-Clause */
/* Random walks through the rollout engine, checked against what must always hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "control/plan_source.h"
#include "control/rollout.h"
#include "control/rollout_run.h"

#define START ((int64_t)1700000000000)

/* Numerical Recipes' generator: the same walks on every machine. */
static uint32_t next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33);
}

static struct rollout random_rollout(uint64_t *seed, struct rollout_effect *effect)
{
    struct rollout rollout = {.rule = "cats", .stable = "blue", .candidate = "green"};
    rollout.plan.step_count = 1 + next_random(seed) % PLAN_MAX_STEPS;
    uint8_t weight = 1;
    for (size_t i = 0; i < rollout.plan.step_count; i++) {
        weight = (uint8_t)(weight + next_random(seed) % 4);
        rollout.plan.steps[i] = weight;
    }
    rollout.plan.hold_ms = next_random(seed) % 100000;
    CLEANUP(asl_document_freep) struct asl_document *document = plan_source_compile(&rollout.plan);
    rollout.run = rollout_run_new(document, 0);
    int64_t wait_ms = next_random(seed) % 4 == 0 ? next_random(seed) % 4000000 : 0;
    rollout_begin(&rollout, wait_ms, NULL, START, effect);
    return rollout;
}

static bool is_step_or_end(const struct plan *plan, uint8_t weight)
{
    return weight == 0 || weight == ROLLOUT_FULL ||
           memchr(plan->steps, weight, plan->step_count) != NULL;
}

/* What must hold after any input in any state. */
static void check_invariants(const struct rollout *before, const struct rollout *after,
                             const struct rollout_input *input, const struct rollout_effect *effect)
{
    assert_true(rollout_check(after, NULL));
    assert_true(is_step_or_end(&before->plan, rollout_weight(after)));
    assert_in_range(rollout_hold_left_ms(after, input->now_ms), 0, after->plan.hold_ms);
    assert_int_equal(effect->kind[0] == '\0', effect->history[0] == '\0');
    assert_int_equal(rollout_state_is_final(after->state), after->ended_ms != 0);
    if (effect->shift != SHIFT_NONE) {
        assert_string_not_equal(effect->kind, "");
    }
    if (effect->shift == SHIFT_WEIGHT) {
        assert_int_equal(effect->weight, rollout_weight(after));
        assert_int_not_equal(input->gate, GATE_FAIL);
    }
    if (input->kind == INPUT_TICK && after->state == ROLLOUT_HOLDING) {
        assert_true(after->step <= before->step + 1);
        assert_true(after->step == before->step || input->gate == GATE_PASS);
    }
    if (rollout_state_is_final(before->state)) {
        assert_memory_equal(before, after, sizeof(*before));
        assert_int_equal(effect->shift, SHIFT_NONE);
    }
}

/* From any running state, health and time alone lead to an end, after a resume where paused. A tick
 * may only end a try of a task, and another begins it anew. */
static void check_leads_on(const struct rollout *from, int64_t now_ms)
{
    struct rollout rollout = *from;
    rollout.run = rollout_run_copy(from->run);
    struct rollout_effect effect;
    struct rollout_input first = {.kind = INPUT_TICK, .now_ms = now_ms, .gate = GATE_PASS};
    assert_true(rollout_apply(&rollout, &first, &effect, NULL));
    if (rollout.state == ROLLOUT_PAUSED) {
        struct rollout_input input = {.kind = INPUT_RESUME, .now_ms = now_ms, .who = "eve"};
        assert_true(rollout_apply(&rollout, &input, &effect, NULL));
    }
    for (size_t i = 0; i <= 2 * PLAN_MAX_STEPS && !rollout_state_is_final(rollout.state); i++) {
        int64_t next_ms = rollout_next_ms(&rollout, now_ms);
        now_ms = next_ms > now_ms ? next_ms : now_ms;
        struct rollout_input input = {.kind = INPUT_TICK, .now_ms = now_ms, .gate = GATE_PASS};
        assert_true(rollout_apply(&rollout, &input, &effect, NULL));
    }
    assert_true(rollout_state_is_final(rollout.state));
    rollout_run_free(rollout.run);
}

static struct rollout_input random_input(uint64_t *seed, int64_t *now_ms)
{
    /* Mostly forwards, and sometimes the clock goes back. */
    *now_ms += (int64_t)(next_random(seed) % 60000) - (next_random(seed) % 16 == 0 ? 200000 : 0);
    uint32_t draw = next_random(seed) % 200;
    return (struct rollout_input){
        .kind = draw < INPUT_KIND_COUNT ? (enum rollout_input_kind)draw : INPUT_TICK,
        .now_ms = *now_ms,
        .gate =
            next_random(seed) % 50 == 0 ? GATE_FAIL : (enum gate_verdict)(next_random(seed) % 2),
        .gate_text = "seen",
        .who = "eve",
    };
}

static void random_walks_keep_every_promise(void **state)
{
    (void)state;
    uint64_t seed = 20231123;
    print_message("seed %llu\n", (unsigned long long)seed);
    size_t ends[ROLLOUT_STATE_COUNT] = {0};
    for (size_t walk = 0; walk < 400; walk++) {
        struct rollout_effect effect;
        struct rollout rollout = random_rollout(&seed, &effect);
        int64_t now_ms = START;
        for (size_t i = 0; i < 60; i++) {
            struct rollout before = rollout;
            struct rollout_input input = random_input(&seed, &now_ms);
            struct error err = {""};
            bool is_allowed = rollout_apply(&rollout, &input, &effect, &err);
            assert_int_equal(is_allowed, err.text[0] == '\0');
            if (!is_allowed) {
                assert_memory_equal(&before, &rollout, sizeof(before));
            }
            check_invariants(&before, &rollout, &input, &effect);
            if (i % 4 == 0) {
                check_leads_on(&rollout, now_ms);
            }
        }
        ends[rollout.state]++;
        rollout_run_free(rollout.run);
    }
    /* The walks have been everywhere. */
    for (size_t i = 0; i < ROLLOUT_STATE_COUNT; i++) {
        assert_true(ends[i] > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_walks_keep_every_promise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
