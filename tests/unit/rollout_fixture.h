/* SPDX-License-Identifier: BSD-2-Clause */
/* One rollout, and inputs to it: for the tests of the rollout engine. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/attributes.h"
#include "control/plan_source.h"
#include "control/rollout.h"
#include "control/rollout_run.h"

#define START ((int64_t)1700000000000)
#define SEEN  "192.0.2.30: HTTP 503, expected 200-299"

/* Runs that tests have made: whoever copies a rollout shares its run, so that they are freed
 * together at the end. */
#define FIXTURE_MAX_RUNS 100000
static struct rollout_run *fixture_runs[FIXTURE_MAX_RUNS];
static size_t fixture_run_count;

static inline struct rollout_run *keep_run(struct rollout_run *run)
{
    assert_true(fixture_run_count < FIXTURE_MAX_RUNS);
    fixture_runs[fixture_run_count++] = run;
    return run;
}

static inline int free_runs(void **state)
{
    (void)state;
    while (fixture_run_count > 0) {
        rollout_run_free(fixture_runs[--fixture_run_count]);
    }
    return 0;
}

/* Steps and one hold. */
static inline struct rollout_run *run_of(const struct plan *plan)
{
    CLEANUP(asl_document_freep) struct asl_document *document = plan_source_compile(plan);
    return keep_run(rollout_run_new(document, 0));
}

/* Another rollout, which is where the first is. */
static inline struct rollout copy_of(const struct rollout *rollout)
{
    struct rollout copy = *rollout;
    copy.run = keep_run(rollout_run_copy(rollout->run));
    return copy;
}

static inline struct rollout new_rollout(struct rollout_effect *effect)
{
    struct rollout rollout = {
        .rule = "cats",
        .deployment = "ecs-svc/1",
        .who = "uid 0 (root)",
        .stable = "blue",
        .candidate = "green",
        .plan = {.step_count = 3, .steps = {10, 50, 100}, .hold_ms = 60000},
    };
    rollout.run = run_of(&rollout.plan);
    rollout_begin(&rollout, 0, NULL, START, effect);
    return rollout;
}

/* Begun with another plan. */
static inline struct rollout begun_with(const struct plan *plan)
{
    struct rollout_effect effect;
    struct rollout rollout = {.rule = "cats",
                              .who = "uid 0 (root)",
                              .stable = "blue",
                              .candidate = "green",
                              .plan = *plan};
    rollout.run = run_of(plan);
    rollout_begin(&rollout, 0, NULL, START, &effect);
    return rollout;
}

static inline struct rollout begun(void)
{
    struct rollout_effect effect;
    return new_rollout(&effect);
}

static inline struct rollout_input input_at(enum rollout_input_kind kind, int64_t since_start_ms,
                                            enum gate_verdict gate)
{
    return (struct rollout_input){
        .kind = kind,
        .now_ms = START + since_start_ms,
        .gate = gate,
        .gate_text = gate == GATE_PASS ? "192.0.2.30: HTTP 200" : SEEN,
        .who = "uid 7 (eve)",
    };
}

/* Applies an input that the state must allow. */
static inline struct rollout_effect apply(struct rollout *rollout, enum rollout_input_kind kind,
                                          int64_t since_start_ms, enum gate_verdict gate)
{
    struct rollout_input input = input_at(kind, since_start_ms, gate);
    struct rollout_effect effect;
    struct error err = {""};
    assert_true(rollout_apply(rollout, &input, &effect, &err));
    assert_string_equal(err.text, "");
    return effect;
}

static inline struct rollout_effect tick(struct rollout *rollout, int64_t since_start_ms,
                                         enum gate_verdict gate)
{
    return apply(rollout, INPUT_TICK, since_start_ms, gate);
}

/* Applies an input that must be refused with this text, and change nothing. */
static inline void refused(const struct rollout *rollout, enum rollout_input_kind kind,
                           enum gate_verdict gate, const char *text)
{
    struct rollout copy = *rollout;
    char *before = rollout_run_save(rollout->run);
    struct rollout_input input = input_at(kind, 1000, gate);
    struct rollout_effect effect;
    struct error err = {""};
    assert_false(rollout_apply(&copy, &input, &effect, &err));
    assert_string_equal(err.text, text);
    assert_memory_equal(&copy, rollout, sizeof(copy));
    char *after = rollout_run_save(rollout->run);
    assert_string_equal(after, before);
    free(before);
    free(after);
    assert_int_equal(effect.shift, SHIFT_NONE);
    assert_string_equal(effect.kind, "");
    assert_string_equal(effect.history, "");
}

static inline void nothing_happened(const struct rollout_effect *effect)
{
    assert_int_equal(effect->shift, SHIFT_NONE);
    assert_string_equal(effect->kind, "");
    assert_string_equal(effect->history, "");
}

static inline void happened(const struct rollout_effect *effect, enum rollout_shift shift,
                            const char *kind, const char *history)
{
    assert_int_equal(effect->shift, shift);
    assert_string_equal(effect->kind, kind);
    assert_string_equal(effect->history, history);
}
