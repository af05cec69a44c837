/* SPDX-License-Identifier: BSD-2-Clause */
/* Documents by chance, run with results by chance: each ends or waits, none spins, and a restart
 * between every two steps changes nothing. The seed is fixed, and printed when something fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "control/plan/asl_execution.h"
#include "control/plan/asl_path.h"

/* Ten times as many with BALLAST_SLOW in the environment. */
#define DOCUMENTS 3000
#define STEPS     200

static uint64_t random_state;

static unsigned draw(unsigned below)
{
    return (unsigned)(asl_random_next(&random_state) % below);
}

/* A state to go to: mostly one further on, so that most documents are taken. */
static json_t *target(unsigned from, unsigned count)
{
    bool is_forward = from + 1 < count && draw(8) != 0;
    unsigned to =
        is_forward ? from + 1 + draw(count - from - 1 < 3 ? count - from - 1 : 3) : draw(count);
    return json_sprintf("s%u", to);
}

static void add_way_out(json_t *state, unsigned from, unsigned count)
{
    if (from + 1 == count && draw(4) != 0) {
        json_object_set_new(state, "End", json_true());
    } else {
        json_object_set_new(state, "Next", target(from, count));
    }
}

static json_t *make_task(unsigned from, unsigned count)
{
    static const char *const resources[] = {"ballast:changeWeight", "ballast:checkHealth",
                                            "ballast:approve"};
    json_t *task = json_pack("{s:s, s:s, s:s}", "Type", "Task", "Resource", resources[draw(3)],
                             "ResultPath", "$.r");
    if (draw(3) == 0) {
        json_object_set_new(task, "Retry",
                            json_pack("[{s:[s], s:i, s:s}]", "ErrorEquals", "States.ALL",
                                      "MaxAttempts", draw(3), "JitterStrategy", "FULL"));
    }
    if (draw(2) == 0) {
        json_object_set_new(task, "Catch",
                            json_pack("[{s:[s], s:o, s:s}]", "ErrorEquals", "States.ALL", "Next",
                                      target(from, count), "ResultPath", "$.error"));
    }
    if (draw(3) == 0) {
        json_object_set_new(task, "Parameters",
                            json_pack("{s:s}", "n.$", "States.Array(States.UUID(), $$.State)"));
    }
    return task;
}

static json_t *make_state(unsigned from, unsigned count)
{
    json_t *state;
    switch (draw(6)) {
    case 0:
        state = make_task(from, count);
        break;
    case 1:
        state = json_pack("{s:s, s:i}", "Type", "Wait", "Seconds", 1 + draw(60));
        break;
    case 2:
        state =
            json_pack("{s:s, s:s}", "Type", "Wait", draw(2) == 0 ? "TimestampPath" : "SecondsPath",
                      draw(2) == 0 ? "$.t" : "$.n");
        break;
    case 3:
        return json_pack("{s:s, s:[{s:s, s:b, s:o}], s:o}", "Type", "Choice", "Choices", "Variable",
                         "$.r", draw(2) == 0 ? "IsPresent" : "BooleanEquals", (int)draw(2), "Next",
                         target(from, count), "Default", target(from, count));
    case 4:
        state = json_pack("{s:s, s:i, s:s}", "Type", "Pass", "Result", draw(9), "ResultPath",
                          draw(2) == 0 ? "$.n" : "$.r");
        break;
    default:
        return draw(3) == 0 ? json_pack("{s:s, s:s}", "Type", "Fail", "Error", "E")
                            : json_pack("{s:s}", "Type", "Succeed");
    }
    add_way_out(state, from, count);
    return state;
}

/* Most of them have states that nothing leads to; those are left out, as long as there are any. */
static struct asl_document *make_document(void)
{
    struct error err;
    unsigned count = 2 + draw(10);
    json_t *states = json_object();
    for (unsigned i = 0; i < count; i++) {
        char name[16];
        snprintf(name, sizeof(name), "s%u", i);
        json_object_set_new(states, name, make_state(i, count));
    }
    json_t *root = json_pack("{s:s, s:o}", "StartAt", "s0", "States", states);
    struct asl_document *document = NULL;
    for (;;) {
        CLEANUP(alloc_freep) char *text = json_dumps(root, 0);
        document = asl_document_parse(text, strlen(text), "p", NULL, 0, &err);
        char unreached[16];
        if (document != NULL ||
            sscanf(err.text, "p:1: state %15[^:]: no way leads", unreached) != 1 ||
            strstr(err.text, "no way leads") == NULL) {
            break;
        }
        json_object_del(states, unreached);
    }
    json_decref(root);
    return document;
}

static void check_want(const struct asl_execution *execution, int64_t now_ms, size_t events)
{
    struct asl_want want = asl_execution_want(execution);
    switch (want.kind) {
    case ASL_WANT_TASK:
        assert_true(want.until_ms > now_ms && want.input != NULL && want.task > 0);
        break;
    case ASL_WANT_TICK:
        assert_true(want.until_ms >= now_ms); /* equal: a delay of 0 by jitter */
        break;
    case ASL_WANT_SUCCEEDED:
        assert_non_null(want.output);
        break;
    case ASL_WANT_FAILED:
    case ASL_WANT_ABORTED:
    case ASL_WANT_TIMED_OUT:
    default:
        assert_true(want.error != NULL && want.cause != NULL);
        assert_null(strstr(want.cause, "without end"));
    }
    assert_true(events <= 4096);
}

static struct asl_execution *restart(const struct asl_document *document,
                                     struct asl_execution *execution)
{
    struct error err;
    json_t *saved = asl_execution_save(execution);
    CLEANUP(alloc_freep) char *text = json_dumps(saved, 0);
    json_decref(saved);
    saved = json_loads(text, 0, NULL);
    asl_execution_freep(&execution);
    execution = asl_execution_load(document, saved, &err);
    json_decref(saved);
    if (execution == NULL) {
        fail_msg("%s", err.text);
    }
    return execution;
}

static json_t *run(const struct asl_document *document, uint64_t seed, bool restarts)
{
    struct error err;
    random_state = seed;
    int64_t now_ms = 1795449001000;
    json_t *history = json_array();
    json_t *input = json_pack("{s:s, s:i}", "t", "2026-11-23T15:51:01Z", "n", 3);
    struct asl_beginning beginning = {"e", "e", "m", input, seed};
    struct asl_execution *execution =
        asl_execution_start(document, &beginning, now_ms, history, &err);
    json_decref(input);
    for (int i = 0; i < STEPS && asl_execution_want(execution).kind <= ASL_WANT_TICK; i++) {
        execution = restarts ? restart(document, execution) : execution;
        size_t before = json_array_size(history);
        struct asl_want want = asl_execution_want(execution);
        unsigned chance = draw(20);
        json_t *output = json_boolean(draw(2));
        struct asl_event event = {.kind = ASL_TICK, .task = want.task, .output = output};
        if (want.kind == ASL_WANT_TASK && chance > 1) {
            event.kind = chance < 14 ? ASL_TASK_SUCCEEDED : ASL_TASK_FAILED;
            event.error = chance == 14 ? "States.Runtime" : "E";
            now_ms += draw(1000);
        } else if (chance == 0) {
            event.kind = draw(4) == 0 ? ASL_ABORT : ASL_TICK; /* too early */
        } else {
            now_ms = want.until_ms;
        }
        assert_true(asl_execution_step(execution, &event, now_ms, history, &err));
        check_want(execution, now_ms, json_array_size(history) - before);
        json_decref(output);
    }
    asl_execution_freep(&execution);
    return history;
}

static void check_history(const json_t *history)
{
    for (size_t i = 0; i < json_array_size(history); i++) {
        const json_t *event = json_array_get(history, i);
        json_int_t previous = json_integer_value(json_object_get(event, "previousEventId"));
        assert_int_equal(json_integer_value(json_object_get(event, "id")), i + 1);
        assert_int_equal(previous, i == 1 ? 0 : i);
    }
}

static void plans_by_chance_end_or_wait(void **state)
{
    (void)state;
    unsigned taken = 0;
    unsigned count = getenv("BALLAST_SLOW") == NULL ? DOCUMENTS : 10 * DOCUMENTS;
    for (uint64_t seed = 1; seed <= count; seed++) {
        random_state = seed;
        struct asl_document *document = make_document();
        if (document == NULL) {
            continue;
        }
        taken++;
        json_t *history = run(document, seed, false);
        json_t *restarted = run(document, seed, true);
        check_history(history);
        if (!json_equal(history, restarted)) {
            fail_msg("seed %llu: a restart changes the history", (unsigned long long)seed);
        }
        json_decref(history);
        json_decref(restarted);
        asl_document_freep(&document);
    }
    print_message("%u of %u documents were taken\n", taken, count);
    assert_true(taken > count / 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_by_chance_end_or_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
