/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of a gate share. Private to control/gate*.c, their tests and their fuzz target. */
#pragma once

#include "common/placeholder.h"
#include "control/gate.h"
#include "control/http/http_request.h"
#include "control/metric_source.h"

#define GATE_WEBHOOK_ANSWER_MAX ((size_t)64 << 10)
/* "Ballast-Signature: t=…,v1=" and 64 digits */

/* What one attempt has found. */
struct gate_finding {
    enum gate_state state;
    json_t *details; /* object: the numbers of this type of gate; NULL: none */
    char text[GATE_TEXT_SIZE];
};
/* In place of what is there. The text may come from outside, as UTF-8. */
void gate_finding_set(struct gate_finding *finding, enum gate_state state, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* Adds to the details; takes the reference. */
void gate_finding_add(struct gate_finding *finding, const char *key, json_t *value);
void gate_finding_done(struct gate_finding *finding);

enum gate_side { SIDE_CANDIDATE, SIDE_STABLE };
#define GATE_SIDE_COUNT (SIDE_STABLE + 1)

struct gate_run {
    struct http_client *client;
    struct aws_client *aws; /* of the context */
    uv_loop_t *loop;
    const struct config_gate *gate;
    gate_done done;
    void *argument;

    json_t *subject; /* what a webhook is told, but for the attempt */
    char weight[16];
    struct placeholder placeholders[GATE_PLACEHOLDER_COUNT]; /* in subject and weight */
    enum gate_state (*judge_traffic)(void *argument, double tolerance, char *text, size_t size,
                                     json_t **numbers); /* of the context */
    void *judge_argument;
    bool asks_once;           /* in a hold: no question follows another one */
    int64_t now_ms, since_ms; /* of the context */
    bool is_window_short;     /* the shift is more recent than the window is long */
    uint64_t started_at_ms;   /* the loop's time */

    uv_timer_t next;     /* to the next attempt */
    uv_timer_t deadline; /* at steps only */
    unsigned open_handles;
    unsigned attempts; /* in all */
    unsigned questions;
    unsigned failed_attempts; /* at this question, in a row */
    struct gate_finding finding;

    /* The attempt that runs. */
    struct http_call *call;
    struct metric_query *queries[GATE_SIDE_COUNT]; /* a threshold has the first only */
    struct metric_answer answers[GATE_SIDE_COUNT]; /* of a comparison */
};

/* The clock, now. */
int64_t gate_run_now_ms(const struct gate_run *run);

/* Starts an attempt, which ends in gate_run_take with run->finding filled in, later. False and err
 * when it cannot. */
MUST_CHECK bool gate_webhook_start(struct gate_run *run, struct error *err);
MUST_CHECK bool gate_metric_start(struct gate_run *run, struct error *err);
/* Ends an attempt, if one runs; nothing is taken from it. */
void gate_webhook_stop(struct gate_run *run);
void gate_metric_stop(struct gate_run *run);
/* An attempt has found something. Last: run may be gone after it. */
void gate_run_take(struct gate_run *run);

/* The pure parts. */
void gate_webhook_judge(long status, const char *body, size_t len, struct gate_finding *finding);
void gate_metric_judge_value(const struct config_gate_metric *metric,
                             const struct metric_answer *answer, struct gate_finding *finding);
/* None of the answers has failed. */
void gate_metric_judge_samples(const struct config_gate_metric *metric,
                               const struct metric_answer *candidate,
                               const struct metric_answer *stable, struct gate_finding *finding);
