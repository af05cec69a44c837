/* SPDX-License-Identifier: BSD-2-Clause */
/* The rollout engine: a pure function of state, input and time. It runs the rollout's plan (a
 * document of the Amazon States Language, rollout_run.h) and decides the candidate's weight and the
 * state; control journals the result, then publishes it. Nothing here reads a clock, a
 * configuration or a socket. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "control/health.h"

#define PLAN_MAX_STEPS    32
#define ROLLOUT_TEXT_SIZE 256
#define MEMBER_ID_SIZE    129
#define ROLLOUT_FULL      100 /* the weight that stable and candidate share */
/* What a failed gate's reason begins with; what was seen follows. */
#define ROLLOUT_UNHEALTHY_TEXT "New ECS service is not healthy!"

/* The plan's steps as they are known beforehand, and the hold that the rollout is in. The document
 * itself is in the run, as it was when the rollout started: a new configuration does not change a
 * running one. */
struct plan {
    size_t step_count; /* 1 to PLAN_MAX_STEPS */
    uint8_t steps[PLAN_MAX_STEPS];
    int64_t hold_ms;
};

enum rollout_state {
    ROLLOUT_HOLDING,   /* after a shift, until the hold is over and the gates have passed */
    ROLLOUT_PAUSED,    /* the plan's clock stands still; health is still watched */
    ROLLOUT_PREPARING, /* before the first shift: old answers expire, or the plan waits or asks */
    ROLLOUT_SUCCEEDED,
    ROLLOUT_FAILED, /* fell back */
    ROLLOUT_ABORTED,
    ROLLOUT_SUPERSEDED,
};
#define ROLLOUT_STATE_COUNT (ROLLOUT_SUPERSEDED + 1)
const char *rollout_state_name(enum rollout_state state); /* "holding", … */
MUST_CHECK bool rollout_state_parse(const char *name, enum rollout_state *state);
bool rollout_state_is_final(enum rollout_state state);

struct rollout_run;
struct asl_document;
struct asl_want;

struct rollout {
    int64_t id;                   /* the store's; 0: not stored yet */
    char rule[ROLLOUT_TEXT_SIZE]; /* the configuration's rollout name */
    char deployment[ROLLOUT_TEXT_SIZE];
    char who[ROLLOUT_TEXT_SIZE]; /* who started it: "event 1234-…", "uid 0 (root)" */
    char stable[MEMBER_ID_SIZE];
    char candidate[MEMBER_ID_SIZE];
    struct plan plan;
    enum rollout_state state;
    size_t step; /* index into plan.steps */
    int64_t started_ms;
    int64_t hold_since_ms;          /* HOLDING: when the hold's clock last started to run */
    int64_t hold_passed_ms;         /* of this hold before that (it was paused) */
    int64_t ended_ms;               /* 0 while it runs */
    char reason[ROLLOUT_TEXT_SIZE]; /* why it ended, or why it waits */
    /* The caller's, who frees it (rollout_run_free) and copies it (rollout_run_copy): a copy of
     * this struct shares it. NULL of one that is over or is only to be shown. */
    struct rollout_run *run;
};

enum gate_verdict {
    GATE_PASS,
    GATE_WAIT, /* no verdict yet */
    GATE_FAIL,
};
/* The gate of a candidate of whose checked addresses so many are healthy and so many have no
 * verdict yet: it passes when at least minimum percent (1 to 100) are healthy, fails when they
 * cannot be, and waits else. Without a health check (count 0) it passes. */
enum gate_verdict rollout_gate(size_t healthy, size_t unknown, size_t count, unsigned minimum);

enum rollout_input_kind {
    INPUT_TICK, /* time has passed, or health has changed */
    INPUT_PAUSE,
    INPUT_RESUME,
    INPUT_PROMOTE,   /* finish now: full weight, no more holds */
    INPUT_ABORT,     /* weights as before the rollout */
    INPUT_SUPERSEDE, /* ends it without a shift: the superseding one's first shift follows */
    INPUT_FAIL,    /* falls back, whatever the health: the deployment failed, its tasks are gone */
    INPUT_RESULT,  /* a task of the plan (rollout_task) has ended */
    INPUT_APPROVE, /* the answer that an approval waits for */
    INPUT_REJECT,
};
#define INPUT_KIND_COUNT (INPUT_REJECT + 1)
const char *rollout_input_name(enum rollout_input_kind kind); /* "tick", "pause", … */

/* What became of a task of the plan. */
struct rollout_result {
    int64_t task;      /* the attempt that it was: asl_want.task */
    json_t *output;    /* NULL: it failed; shared */
    const char *error; /* of one that failed: "Ballast.Webhook" */
    const char *text;  /* one line for people, the cause of a failure */
};

struct rollout_input {
    enum rollout_input_kind kind;
    int64_t now_ms;
    enum gate_verdict gate;  /* of the candidate, now */
    const char *gate_text;   /* what was seen: "192.0.2.30: HTTP 503, expected 200-299"; of
                                INPUT_FAIL what failed: it becomes the reason */
    const char *who;         /* who asks; of INPUT_SUPERSEDE what supersedes. Not read by ticks */
    const char *held;        /* why no step may be taken now (a freeze, say); NULL: it may */
    bool is_outward_pending; /* of a tick: others do not have the last shift yet (Route 53): the
                                plan's clock stands still, which holds up no fall-back */
    struct rollout_result result; /* of INPUT_RESULT */
};

enum rollout_shift {
    SHIFT_NONE,
    SHIFT_WEIGHT,    /* candidate = weight, stable = 100 - weight */
    SHIFT_FALL_BACK, /* candidate = 0, stable = 100 */
    SHIFT_RESTORE,   /* every member as before the rollout */
};

/* What control has to do, journaled first, in one publish. */
struct rollout_effect {
    enum rollout_shift shift;
    uint8_t weight;                      /* the candidate's, with SHIFT_WEIGHT */
    char history[ROLLOUT_TEXT_SIZE * 2]; /* one line for the history; empty: nothing happened */
    char kind[24]; /* of that line: "started", "shifted", "waiting", "asked", "approved",
                      "rejected", "paused", "resumed", "promoted", "succeeded", "failed", "aborted",
                      "superseded" */
};

/* Begins a new rollout: at its first step, or before it when the plan waits or asks first, or when
 * old answers have to expire (wait_ms, 0: none have to), or when no step may be taken now (held,
 * see rollout_input). effect says the first shift. rule, deployment, who, stable, candidate,
 * plan.steps and run are set by the caller and checked (rollout_check). */
void rollout_begin(struct rollout *rollout, int64_t wait_ms, const char *held, int64_t now_ms,
                   struct rollout_effect *effect);

/* Applies one input.
 *
 * A tick runs the plan on: to the next step, or to success, once the hold is over and the gates
 * pass; while a task waits it waits (kind "waiting" once, then only the reason follows what is
 * seen), for as long as the task may take; when the health gate fails, during a hold or a pause
 * alike, it falls back at once. A plan that fails leaves no weight shifted. A step up waits while
 * input->held. One tick moves at most one step; call again while effect->kind says something.
 * INPUT_TICK never fails.
 *
 * False and err when the state does not allow the input, and nothing has changed then: a rollout
 * that is over takes no operator's input, a paused one cannot pause, one that runs cannot resume,
 * none is promoted while the gate fails, none approved that does not ask, and a result that comes
 * after its task's time is no more wanted. */
MUST_CHECK bool rollout_apply(struct rollout *rollout, const struct rollout_input *input,
                              struct rollout_effect *effect, struct error *err);

/* The task that the plan waits for and that others run (approve, metric, webhook); false: none. */
bool rollout_task(const struct rollout *rollout, struct asl_want *want);
/* When a tick would do something by time alone; INT64_MAX: never. In the past while the rollout
 * waits for something else: for health, for a freeze to end. */
int64_t rollout_next_ms(const struct rollout *rollout, int64_t now_ms);
/* Of a rollout that was begun by an older Ballast, which had steps only: makes its run, in the hold
 * that it was in. */
void rollout_rebuild_run(struct rollout *rollout, struct asl_document *document);

/* Milliseconds of the hold that are left, 0 to plan.hold_ms, the pause standing still; 0 once the
 * rollout has ended. A clock that went backwards (over a restart) starts the running part of the
 * hold anew with the next tick, so tick a loaded rollout once before its hold is timed. */
int64_t rollout_hold_left_ms(const struct rollout *rollout, int64_t now_ms);
/* The candidate's weight as this state wants it: of its step while it runs, the last one after
 * success, 0 after a fall-back. Nothing is wanted (0) of one that was aborted or superseded. */
uint8_t rollout_weight(const struct rollout *rollout);

/* Whether a rollout that came from outside (the state file) can be worked with: texts end, numbers
 * are in range, steps do not descend. */
MUST_CHECK bool rollout_check(const struct rollout *rollout, struct error *err);
