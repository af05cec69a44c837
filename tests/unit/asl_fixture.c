/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/asl_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"

static json_t *load(const char *text)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
    if (json == NULL) {
        fail_msg("no JSON: %s", text);
    }
    return json;
}

void assert_json(const json_t *json, const char *expected)
{
    json_t *other = load(expected);
    if (!json_equal(json, other)) {
        CLEANUP(alloc_freep) char *found = json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT);
        fail_msg("%s, expected %s", found == NULL ? "nothing" : found, expected);
    }
    json_decref(other);
}

struct play play_document(const char *document, const char *input)
{
    struct error err;
    struct play play = {.now_ms = PLAY_START_MS, .history = json_array()};
    play.document = asl_document_parse(document, strlen(document), "plan.json", NULL, 0, &err);
    if (play.document == NULL) {
        fail_msg("%s", err.text);
    }
    struct asl_beginning beginning = {
        .id = "e-1", .name = "first", .machine = "cats", .input = load(input), .seed = 1};
    play.execution =
        asl_execution_start(play.document, &beginning, play.now_ms, play.history, &err);
    json_decref(beginning.input);
    if (play.execution == NULL) {
        fail_msg("%s", err.text);
    }
    return play;
}

struct play play_states(const char *states, const char *input)
{
    CLEANUP(alloc_freep)
    char *document = alloc_printf("{\"StartAt\":\"a\",\"States\":{%s}}", states);
    return play_document(document, input);
}

void play_donep(struct play *play)
{
    asl_execution_freep(&play->execution);
    asl_document_freep(&play->document);
    json_decref(play->history);
}

/* Through text, as a restart does. */
static void restart(struct play *play)
{
    struct error err;
    json_t *saved = asl_execution_save(play->execution);
    CLEANUP(alloc_freep) char *text = json_dumps(saved, 0);
    json_decref(saved);
    assert_non_null(text);
    saved = load(text);
    asl_execution_freep(&play->execution);
    play->execution = asl_execution_load(play->document, saved, &err);
    json_decref(saved);
    if (play->execution == NULL) {
        fail_msg("%s", err.text);
    }
}

static void step(struct play *play, struct asl_event event)
{
    struct error err;
    restart(play);
    event.task = asl_execution_want(play->execution).task;
    if (!asl_execution_step(play->execution, &event, play->now_ms, play->history, &err)) {
        fail_msg("%s", err.text);
    }
    restart(play);
}

void play_succeed(struct play *play, const char *output)
{
    json_t *json = load(output);
    step(play, (struct asl_event){.kind = ASL_TASK_SUCCEEDED, .output = json});
    json_decref(json);
}

void play_fail(struct play *play, const char *error, const char *cause)
{
    step(play, (struct asl_event){.kind = ASL_TASK_FAILED, .error = error, .cause = cause});
}

void play_abort(struct play *play)
{
    step(play, (struct asl_event){.kind = ASL_ABORT, .cause = "an operator"});
}

void play_on(struct play *play)
{
    struct asl_want want = asl_execution_want(play->execution);
    if (want.until_ms > play->now_ms + 1) {
        play->now_ms = want.until_ms - 1; /* a moment too early changes nothing */
        size_t events = json_array_size(play->history);
        step(play, (struct asl_event){.kind = ASL_TICK});
        assert_int_equal(json_array_size(play->history), events);
    }
    play->now_ms = want.until_ms;
    step(play, (struct asl_event){.kind = ASL_TICK});
}

void play_expect_task(const struct play *play, const char *state, const char *input)
{
    struct asl_want want = asl_execution_want(play->execution);
    if (want.kind != ASL_WANT_TASK) {
        fail_msg("no task is wanted in %s, but %d: %s", asl_execution_state(play->execution),
                 want.kind, want.cause == NULL ? "" : want.cause);
    }
    assert_string_equal(asl_execution_state(play->execution), state);
    assert_json(want.input, input);
}

void play_expect_wait(const struct play *play, const char *state, int64_t wait_ms)
{
    struct asl_want want = asl_execution_want(play->execution);
    if (want.kind != ASL_WANT_TICK) {
        fail_msg("nothing is waited for in %s, but %d: %s", asl_execution_state(play->execution),
                 want.kind, want.cause == NULL ? "" : want.cause);
    }
    assert_string_equal(asl_execution_state(play->execution), state);
    assert_int_equal(want.until_ms - play->now_ms, wait_ms);
}

void play_expect_output(const struct play *play, const char *output)
{
    struct asl_want want = asl_execution_want(play->execution);
    if (want.kind != ASL_WANT_SUCCEEDED) {
        fail_msg("it has not succeeded, but %d: %s", want.kind,
                 want.cause == NULL ? "" : want.cause);
    }
    assert_json(want.output, output);
}

void play_expect_failure(const struct play *play, const char *error, const char *cause)
{
    struct asl_want want = asl_execution_want(play->execution);
    assert_true(want.kind >= ASL_WANT_FAILED);
    assert_string_equal(want.error, error);
    if (strstr(want.cause, cause) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", want.cause, cause);
    }
}

char *play_types(const struct play *play)
{
    char *types = alloc_string("");
    for (size_t i = 0; i < json_array_size(play->history); i++) {
        CLEANUP(alloc_freep) char *old = types;
        const json_t *event = json_array_get(play->history, i);
        types = alloc_printf("%s%s ", old, json_string_value(json_object_get(event, "type")));
    }
    return types;
}

const json_t *play_event(const struct play *play, int index)
{
    size_t size = json_array_size(play->history);
    return json_array_get(play->history, index < 0 ? size - (size_t)-index : (size_t)index);
}
