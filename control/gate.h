/* SPDX-License-Identifier: BSD-2-Clause */
/* Gates that ask somebody else, a webhook or Prometheus, or look at the real traffic, whether a
 * rollout may go on. One question
 * (gate_ask) is one evaluation, and it always ends: each attempt has a time-out, attempts are
 * bounded, and waiting has a deadline. What is asked is the configuration's (struct config_gate);
 * what follows from the answer, with on_error, on_inconclusive and on_deadline heeded, is the
 * result's decision: the caller need not look at anything else. Control thread only. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "common/config.h"
#include "control/http/http_client.h"

#define GATE_TEXT_SIZE 256

/* What was found. */
enum gate_state {
    GATE_RESULT_PASS,
    GATE_RESULT_FAIL,
    GATE_RESULT_INCONCLUSIVE, /* of metrics: too few samples, no value, perhaps chance */
    GATE_RESULT_WAIT,         /* of webhooks: they want to be asked again */
    GATE_RESULT_ERROR,        /* no answer, or none that can be understood, in all attempts */
};
#define GATE_STATE_COUNT (GATE_RESULT_ERROR + 1)
const char *gate_state_name(enum gate_state state); /* "pass", … */

/* What the rollout does now. */
enum gate_decision {
    GATE_GOES_ON, /* to the next step; in a hold the hold goes on */
    GATE_FALLS_BACK,
    GATE_ASKS_AGAIN, /* in holds only, at the next interval: until then the hold goes on */
};
const char *gate_decision_name(enum gate_decision decision); /* "go_on", "fall_back", "ask_again" */

struct gate_result {
    enum gate_state state;
    enum gate_decision decision;
    /* For the history and for plans, which read $.….State; valid during the call of done (who
     * keeps it takes a reference). Always: "Gate", "Type", "State", "Decision", "Text", "Attempts"
     * (requests or pairs of requests that were made), "Questions" (1 and one for each wait),
     * "TimedOut" (the deadline decided). Of a threshold "Value", "Min", "Max"; of a comparison
     * "U", "P", "Effect", "CandidateSamples", "StableSamples", "LeftOut"; of traffic "RecordSets";
     * of a webhook "Status" (HTTP's). What is not known is not there. */
    json_t *numbers;
    /* One line for people: "pass: all 214 tests", "0.023, expected at most 0.01". Valid
     * UTF-8, cut to fit, whoever said it. */
    char text[GATE_TEXT_SIZE];
};

struct aws_client;

/* Who asks. Everything is copied. */
struct gate_context {
    int64_t rollout_id;
    const char *rule; /* the configuration's name of the rollout: {rollout} */
    const char *deployment;
    const char *const *record_sets; /* "www.example.org/A"; {record_set} is the first */
    size_t record_set_count;        /* at least 1 */
    const char *stable;             /* member ids */
    const char *candidate;
    unsigned weight; /* the candidate's now */
    size_t step;     /* from 0 */
    size_t step_count;
    /* Asked in a hold: one question without waiting, "wait" and whatever else the configuration
     * answers with waiting is GATE_ASKS_AGAIN. Else, at the end of a hold, it is asked again until
     * the deadline; a gate without one, since it is for holds only, is asked as in a hold. */
    bool is_in_hold;
    int64_t now_ms; /* the clock: signatures and queries have it, with what passes added */
    /* When the candidate's present weight took effect; samples are taken no further back. 0: not
     * known, the whole window counts. */
    int64_t since_ms;
    struct aws_client *aws; /* of a metric of CloudWatch, with others NULL; it outlives the run */
    /* Of a gate of type traffic, with others NULL: pass, fail or inconclusive, at once; text gets
     * why, *numbers an array (share_watch_judge) that the caller owns. The argument outlives the
     * run. */
    enum gate_state (*judge_traffic)(void *argument, double tolerance, char *text, size_t size,
                                     json_t **numbers);
    void *judge_argument;
};

struct gate_run;
/* The run is over: gate_cancel may not be called any more. It may ask again, and close the client.
 */
typedef void (*gate_done)(void *argument, const struct gate_result *result);

/* Not for approvals, which are asked of nobody. done is called once, from the loop and never from
 * within this call, unless the run is cancelled. client, loop and gate outlive the run; the loop
 * must turn once more after it ended. */
struct gate_run *gate_ask(struct http_client *client, uv_loop_t *loop,
                          const struct config_gate *gate, const struct gate_context *context,
                          gate_done done, void *argument);
/* Ends it without calling done. NULL is fine. */
void gate_cancel(struct gate_run *run);
