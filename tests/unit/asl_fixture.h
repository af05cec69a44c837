/* SPDX-License-Identifier: BSD-2-Clause */
/* Plays a plan in virtual time, and restarts it between every two steps. */
#pragma once

#include "control/plan/asl_execution.h"

struct play {
    struct asl_document *document;
    struct asl_execution *execution;
    json_t *history;
    int64_t now_ms;
};

/* 2026-11-23T15:50:01Z */
#define PLAY_START_MS INT64_C(1795449001000)

/* The states are those of a document: what stands within the braces of States; the first is "a". */
struct play play_states(const char *states, const char *input);
struct play play_document(const char *document, const char *input);
void play_donep(struct play *play);
#define PLAY CLEANUP(play_donep) struct play

/* The task that runs ends so; output is JSON. */
void play_succeed(struct play *play, const char *output);
void play_fail(struct play *play, const char *error, const char *cause);
void play_abort(struct play *play);
/* Goes to the time that is waited for, and ticks. */
void play_on(struct play *play);

/* What it wants now is this. */
void play_expect_task(const struct play *play, const char *state, const char *input);
void play_expect_wait(const struct play *play, const char *state, int64_t wait_ms);
void play_expect_output(const struct play *play, const char *output);
void play_expect_failure(const struct play *play, const char *error, const char *cause);

/* The types of all events so far, each with a space behind it; the caller frees it. */
char *play_types(const struct play *play);
/* The event at index (from 0; negative: from the end). */
const json_t *play_event(const struct play *play, int index);
void assert_json(const json_t *json, const char *expected);
