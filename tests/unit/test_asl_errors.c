/* SPDX-License-Identifier: BSD-2-Clause */
/* Retry, Catch, deadlines, limits, and what is no execution. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "control/plan/asl_data.h"
#include "tests/unit/asl_fixture.h"

#define TASK(fields)                                                                               \
    "\"a\":{\"Type\":\"Task\",\"Resource\":\"ballast:checkHealth\",\"Next\":\"b\"" fields "},"     \
    "\"b\":{\"Type\":\"Succeed\"}"
#define RETRY(fields) ",\"Retry\":[{\"ErrorEquals\":[\"States.ALL\"]" fields "}]"
#define CATCH(errors)                                                                              \
    ",\"Catch\":[{\"ErrorEquals\":[" errors "],\"Next\":\"c\",\"ResultPath\":\"$.error\"}]"
#define CAUGHT ",\"c\":{\"Type\":\"Pass\",\"End\":true}"

static void a_task_is_retried_after_growing_delays(void **state)
{
    (void)state;
    /* the specification's example: 3 s, then 4.5 s, and no more */
    PLAY play = play_states(
        TASK(RETRY(",\"IntervalSeconds\":3,\"MaxAttempts\":2,\"BackoffRate\":1.5")), "{}");
    play_fail(&play, "ErrorA", "first");
    play_expect_wait(&play, "a", 3000);
    play_on(&play);
    play_fail(&play, "ErrorB", "second");
    play_expect_wait(&play, "a", 4500);
    play_on(&play);
    play_expect_task(&play, "a", "{}");
    play_fail(&play, "ErrorA", "third");
    play_expect_failure(&play, "ErrorA", "third");
    CLEANUP(alloc_freep) char *types = play_types(&play);
    assert_string_equal(types, "ExecutionStarted TaskStateEntered TaskScheduled TaskStarted "
                               "TaskFailed TaskScheduled TaskStarted TaskFailed TaskScheduled "
                               "TaskStarted TaskFailed ExecutionFailed ");
}

static void retries_have_defaults_and_limits(void **state)
{
    (void)state;
    PLAY defaults = play_states(TASK(RETRY("")), "{}");
    for (int64_t delay_ms = 1000; delay_ms <= 4000; delay_ms *= 2) {
        play_fail(&defaults, "E", "");
        play_expect_wait(&defaults, "a", delay_ms);
        play_on(&defaults);
    }
    play_fail(&defaults, "E", "");
    play_expect_failure(&defaults, "E", "");
    PLAY never = play_states(TASK(RETRY(",\"MaxAttempts\":0")), "{}");
    play_fail(&never, "E", "");
    play_expect_failure(&never, "E", "");
    PLAY capped = play_states(
        TASK(RETRY(",\"IntervalSeconds\":10,\"MaxDelaySeconds\":15,\"MaxAttempts\":9")), "{}");
    play_fail(&capped, "E", "");
    play_on(&capped);
    play_fail(&capped, "E", "");
    play_expect_wait(&capped, "a", 15000);
    PLAY far = play_states(TASK(RETRY(",\"BackoffRate\":1e300,\"MaxAttempts\":9")), "{}");
    play_fail(&far, "E", "");
    play_on(&far);
    play_fail(&far, "E", "");
    play_expect_wait(&far, "a", ASL_MAX_SECONDS * INT64_C(1000));
}

static void jitter_draws_the_delay_from_the_seed(void **state)
{
    (void)state;
    int64_t least_ms = INT64_MAX;
    int64_t most_ms = 0;
    PLAY play = play_states(TASK(RETRY(",\"IntervalSeconds\":10,\"BackoffRate\":1,\"MaxAttempts\":"
                                       "100,\"JitterStrategy\":\"FULL\"")),
                            "{}");
    for (int i = 0; i < 100; i++) {
        play_fail(&play, "E", "");
        int64_t wait_ms = asl_execution_want(play.execution).until_ms - play.now_ms;
        assert_in_range(wait_ms, 0, 10000);
        least_ms = wait_ms < least_ms ? wait_ms : least_ms;
        most_ms = wait_ms > most_ms ? wait_ms : most_ms;
        play_on(&play);
    }
    assert_true(least_ms < 1000 && most_ms > 9000);
}

static void each_retrier_counts_for_itself_and_anew_in_each_visit(void **state)
{
    (void)state;
    PLAY play = play_states(
        "\"a\":{\"Type\":\"Task\",\"Resource\":\"ballast:metric\",\"Parameters\":{\"n.$\":"
        "\"$$.State.RetryCount\"},\"Retry\":[{\"ErrorEquals\":[\"A\"],\"MaxAttempts\":1},"
        "{\"ErrorEquals\":[\"B\",\"C\"],\"MaxAttempts\":1}],\"Next\":\"w\"},"
        "\"w\":{\"Type\":\"Wait\",\"Seconds\":1,\"Next\":\"a\"}",
        "{}");
    for (int visit = 0; visit < 2; visit++) {
        play_expect_task(&play, "a", "{\"n\":0}");
        play_fail(&play, "A", "");
        play_on(&play);
        play_expect_task(&play, "a", "{\"n\":1}");
        play_fail(&play, "C", "");
        play_on(&play);
        play_expect_task(&play, "a", "{\"n\":2}");
        play_succeed(&play, "1");
        play_on(&play);
    }
    play_fail(&play, "A", "");
    play_on(&play);
    play_fail(&play, "A", "again");
    play_expect_failure(&play, "A", "again");
}

static void retriers_that_are_used_up_give_way_to_catch(void **state)
{
    (void)state;
    /* the specification's "complex retry scenario": A, B, C, B */
    PLAY play = play_states(
        TASK(",\"Retry\":[{\"ErrorEquals\":[\"ErrorA\",\"ErrorB\"],\"IntervalSeconds\":1,"
             "\"BackoffRate\":2,\"MaxAttempts\":2},{\"ErrorEquals\":[\"ErrorC\"],"
             "\"IntervalSeconds\":5}]" CATCH("\"States.ALL\"")) CAUGHT,
        "{}");
    static const struct {
        const char *error;
        int64_t wait_ms;
    } failures[] = {{"ErrorA", 1000}, {"ErrorB", 2000}, {"ErrorC", 5000}};
    for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
        play_fail(&play, failures[i].error, "");
        play_expect_wait(&play, "a", failures[i].wait_ms);
        play_on(&play);
    }
    play_fail(&play, "ErrorB", "");
    play_expect_output(&play, "{\"error\":{\"Error\":\"ErrorB\",\"Cause\":\"\"}}");
}

static void what_is_caught_goes_on_with_the_error_in_the_input(void **state)
{
    (void)state;
    PLAY play = play_states(TASK(CATCH("\"States.ALL\"")) CAUGHT, "{\"x\":1}");
    play_fail(&play, "Gone", "no such host");
    play_expect_output(&play, "{\"x\":1,\"error\":{\"Error\":\"Gone\",\"Cause\":"
                              "\"no such host\"}}");
    CLEANUP(alloc_freep) char *types = play_types(&play);
    assert_string_equal(types, "ExecutionStarted TaskStateEntered TaskScheduled TaskStarted "
                               "TaskFailed TaskStateExited PassStateEntered PassStateExited "
                               "ExecutionSucceeded ");
    PLAY whole = play_states(TASK(",\"Catch\":[{\"ErrorEquals\":[\"E\"],\"Next\":\"c\"}]") CAUGHT,
                             "{\"x\":1}");
    play_fail(&whole, "E", "c");
    play_expect_output(&whole, "{\"Error\":\"E\",\"Cause\":\"c\"}");
    PLAY dropped = play_states(
        TASK(",\"Catch\":[{\"ErrorEquals\":[\"E\"],\"Next\":\"c\",\"ResultPath\":null}]") CAUGHT,
        "{\"x\":1}");
    play_fail(&dropped, "E", "c");
    play_expect_output(&dropped, "{\"x\":1}");
    PLAY nowhere = play_states(TASK(CATCH("\"E\"")) CAUGHT, "[1]");
    play_fail(&nowhere, "E", "c");
    play_expect_failure(&nowhere, "States.ResultPathMatchFailure", "Catch: ResultPath $.error");
    PLAY retried =
        play_states(TASK(RETRY(",\"MaxAttempts\":1") CATCH("\"States.ALL\"")) CAUGHT, "{}");
    play_fail(&retried, "E", "first");
    play_on(&retried);
    play_fail(&retried, "E", "second");
    play_expect_output(&retried, "{\"error\":{\"Error\":\"E\",\"Cause\":\"second\"}}");
}

static void the_names_of_errors_match_as_they_should(void **state)
{
    static const struct {
        const char *catches;
        const char *error;
        bool is_caught;
    } cases[] = {
        {"\"States.ALL\"", "Any", true},
        {"\"States.ALL\"", "States.Timeout", true},
        {"\"States.ALL\"", "States.DataLimitExceeded", false},
        {"\"States.DataLimitExceeded\"", "States.DataLimitExceeded", true},
        {"\"States.ALL\"", "States.Runtime", false},
        {"\"States.Runtime\"", "States.Runtime", false},
        {"\"States.TaskFailed\"", "Any", true},
        {"\"States.TaskFailed\"", "States.Timeout", false},
        {"\"States.TaskFailed\"", "States.DataLimitExceeded", false},
        {"\"A\",\"B\"", "B", true},
        {"\"A\",\"B\"", "C", false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(alloc_freep)
        char *states = alloc_printf(TASK(CATCH("%s")) CAUGHT, cases[i].catches);
        PLAY play = play_states(states, "{}");
        play_fail(&play, cases[i].error, "c");
        bool is_caught = asl_execution_want(play.execution).kind == ASL_WANT_SUCCEEDED;
        if (is_caught != cases[i].is_caught) {
            fail_msg("%s by %s", cases[i].error, cases[i].catches);
        }
    }
}

static void a_task_has_a_deadline(void **state)
{
    (void)state;
    PLAY play = play_states(TASK(",\"TimeoutSeconds\":3" CATCH("\"States.Timeout\"")) CAUGHT, "{}");
    assert_int_equal(asl_execution_want(play.execution).until_ms, play.now_ms + 3000);
    play_on(&play);
    play_expect_output(&play, "{\"error\":{\"Error\":\"States.Timeout\",\"Cause\":\"the task has "
                              "not answered within its TimeoutSeconds or HeartbeatSeconds\"}}");
    assert_json(json_object_get(play_event(&play, 4), "taskTimedOutEventDetails"),
                "{\"resourceType\":\"ballast\",\"resource\":\"checkHealth\",\"error\":"
                "\"States.Timeout\",\"cause\":\"the task has not answered within its "
                "TimeoutSeconds or HeartbeatSeconds\"}");
    PLAY default_s = play_states(TASK(""), "{}");
    assert_int_equal(asl_execution_want(default_s.execution).until_ms, PLAY_START_MS + 60000);
    PLAY path = play_states(TASK(",\"InputPath\":\"$.in\",\"TimeoutSecondsPath\":\"$.s\""),
                            "{\"in\":{\"s\":5}}");
    assert_int_equal(asl_execution_want(path.execution).until_ms, PLAY_START_MS + 5000);
    PLAY odd = play_states(TASK(",\"TimeoutSecondsPath\":\"$.s\""), "{\"s\":-5}");
    play_expect_failure(&odd, "States.Runtime", "TimeoutSecondsPath $.s: found another number");
    PLAY heartbeat = play_states(TASK(",\"HeartbeatSecondsPath\":\"$.s\""), "{\"s\":5}");
    assert_int_equal(asl_execution_want(heartbeat.execution).until_ms, PLAY_START_MS + 5000);
    assert_int_equal(json_integer_value(json_object_get(
                         json_object_get(play_event(&heartbeat, 2), "taskScheduledEventDetails"),
                         "heartbeatInSeconds")),
                     5);
    PLAY late = play_states(TASK(",\"TimeoutSeconds\":3"), "{}");
    late.now_ms += 3000; /* the result comes when it is too late */
    play_succeed(&late, "1");
    play_expect_failure(&late, "States.Timeout", "TimeoutSeconds");
}

static void the_document_has_a_deadline(void **state)
{
    (void)state;
    PLAY play = play_document("{\"StartAt\":\"a\",\"TimeoutSeconds\":90,\"States\":{\"a\":{"
                              "\"Type\":\"Wait\",\"Seconds\":60,\"Next\":\"a\"}}}",
                              "{}");
    play_expect_wait(&play, "a", 60000);
    play_on(&play);
    play_expect_wait(&play, "a", 30000);
    play_on(&play);
    assert_int_equal(asl_execution_want(play.execution).kind, ASL_WANT_TIMED_OUT);
    play_expect_failure(&play, "States.Timeout", "longer than its TimeoutSeconds");
    CLEANUP(alloc_freep) char *types = play_types(&play);
    assert_string_equal(types, "ExecutionStarted WaitStateEntered WaitStateExited "
                               "WaitStateEntered ExecutionTimedOut ");
}

static void an_abort_ends_it(void **state)
{
    (void)state;
    struct error err;
    PLAY play = play_states(TASK(""), "{}");
    play_abort(&play);
    assert_int_equal(asl_execution_want(play.execution).kind, ASL_WANT_ABORTED);
    play_expect_failure(&play, "Aborted", "an operator");
    size_t events = json_array_size(play.history);
    struct asl_event abort = {.kind = ASL_ABORT};
    assert_false(asl_execution_step(play.execution, &abort, play.now_ms, play.history, &err));
    assert_string_equal(err.text, "the execution is over");
    struct asl_event tick = {.kind = ASL_TICK};
    assert_true(asl_execution_step(play.execution, &tick, INT64_MAX, play.history, &err));
    assert_int_equal(json_array_size(play.history), events);
}

static void results_of_other_attempts_are_refused(void **state)
{
    (void)state;
    struct error err;
    PLAY play = play_states(TASK(RETRY("")), "{}");
    int64_t first = asl_execution_want(play.execution).task;
    play_fail(&play, "E", "");
    json_t *output = json_true();
    struct asl_event event = {.kind = ASL_TASK_SUCCEEDED, .task = first, .output = output};
    assert_false(asl_execution_step(play.execution, &event, play.now_ms, play.history, &err));
    assert_string_equal(err.text, "task 3 does not run");
    play_on(&play);
    assert_int_not_equal(asl_execution_want(play.execution).task, first);
    assert_false(asl_execution_step(play.execution, &event, play.now_ms, play.history, &err));
}

static void data_has_a_limit(void **state)
{
    (void)state;
    struct error err;
    char *large = alloc_zeroed(ASL_DATA_MAX_OCTETS + 3, 1);
    memset(large, 'x', ASL_DATA_MAX_OCTETS + 2);
    large[0] = large[ASL_DATA_MAX_OCTETS + 1] = '"';
    PLAY result = play_states(TASK(CATCH("\"States.ALL\"")) CAUGHT, "{}");
    play_succeed(&result, large);
    play_expect_failure(&result, "States.DataLimitExceeded", "the result of the task is larger");
    PLAY asked = play_states(TASK(CATCH("\"States.DataLimitExceeded\"")) CAUGHT, "{}");
    play_succeed(&asked, large);
    assert_int_equal(asl_execution_want(asked.execution).kind, ASL_WANT_SUCCEEDED);
    json_t *input = json_loads(large, JSON_DECODE_ANY, NULL);
    struct asl_beginning beginning = {"e", "e", "m", input, 0};
    assert_null(asl_execution_start(asked.document, &beginning, 0, asked.history, &err));
    json_decref(input);
    large[ASL_DATA_MAX_OCTETS - 1] = '"';
    large[ASL_DATA_MAX_OCTETS] = '\0';
    PLAY doubled = play_states(
        "\"a\":{\"Type\":\"Pass\",\"Parameters\":{\"x.$\":\"$\",\"y.$\":\"$\"},\"End\":true}",
        large);
    play_expect_failure(&doubled, "States.DataLimitExceeded", "the output of the state");
    free(large);
}

static void a_path_that_fails_has_its_name(void **state)
{
    (void)state;
    PLAY input = play_states(TASK(",\"InputPath\":\"$.x\"" CATCH("\"States.ALL\"")) CAUGHT, "{}");
    play_expect_failure(&input, "States.Runtime", "InputPath $.x: there is nothing");
    PLAY output = play_states(TASK(",\"OutputPath\":\"$.x\""), "{}");
    play_succeed(&output, "{}");
    play_expect_failure(&output, "States.Runtime", "OutputPath $.x: there is nothing");
    PLAY parameters = play_states(
        TASK(",\"Parameters\":{\"a.$\":\"$.x\"}" CATCH("\"States.ParameterPathFailure\"")) CAUGHT,
        "{}");
    play_expect_output(&parameters,
                       "{\"error\":{\"Error\":\"States.ParameterPathFailure\",\"Cause\":"
                       "\"Parameters: a.$: there is nothing at $.x\"}}");
    PLAY selector =
        play_states(TASK(",\"ResultSelector\":{\"a.$\":\"States.MathAdd($.x, 1)\"}"), "{}");
    play_succeed(&selector, "{\"x\":\"1\"}");
    play_expect_failure(&selector, "States.IntrinsicFailure",
                        "ResultSelector: a.$: States.MathAdd: argument 1 is a string");
    PLAY result = play_states(TASK(",\"ResultPath\":\"$.a.b\""), "{\"a\":1}");
    play_succeed(&result, "7");
    play_expect_failure(&result, "States.ResultPathMatchFailure",
                        "ResultPath $.a.b: \"b\" is to be put into a number");
}

static void a_clock_that_goes_back_keeps_what_is_left(void **state)
{
    (void)state;
    PLAY play = play_document("{\"StartAt\":\"a\",\"TimeoutSeconds\":100,\"States\":{\"a\":{"
                              "\"Type\":\"Wait\",\"Seconds\":60,\"Next\":\"b\"},\"b\":{\"Type\":"
                              "\"Wait\",\"Timestamp\":\"2026-11-23T15:50:01Z\",\"End\":true}}}",
                              "{}");
    struct error err;
    struct asl_event tick = {.kind = ASL_TICK};
    assert_true(
        asl_execution_step(play.execution, &tick, PLAY_START_MS + 20000, play.history, &err));
    play.now_ms = PLAY_START_MS - 3600000;
    assert_true(asl_execution_step(play.execution, &tick, play.now_ms, play.history, &err));
    play_expect_wait(&play, "a", 40000);
    play_on(&play);
    play_expect_wait(&play, "b", 40000); /* the deadline comes before the time of day */
    play_on(&play);
    assert_int_equal(asl_execution_want(play.execution).kind, ASL_WANT_TIMED_OUT);
}

static void a_loop_ends_with_its_history(void **state)
{
    (void)state;
    struct error err;
    struct asl_event tick = {.kind = ASL_TICK};
    PLAY play = play_states("\"a\":{\"Type\":\"Wait\",\"Seconds\":1,\"Next\":\"a\"}", "{}");
    for (int i = 0; i < 20000 && asl_execution_want(play.execution).kind == ASL_WANT_TICK; i++) {
        play.now_ms += 1000;
        assert_true(asl_execution_step(play.execution, &tick, play.now_ms, play.history, &err));
    }
    play_expect_failure(&play, "States.Runtime", "the maximum of 25000 events");
    assert_in_range(json_array_size(play.history), ASL_MAX_EVENTS, ASL_MAX_EVENTS + 5);
}

static void check_broken(const struct play *play, const char *name, const char *value)
{
    struct error err = {""};
    json_t *saved = asl_execution_save(play->execution);
    if (value == NULL) {
        json_object_del(saved, name);
    } else {
        json_object_set_new(saved, name, json_loads(value, JSON_DECODE_ANY, NULL));
    }
    if (asl_execution_load(play->document, saved, &err) != NULL || err.text[0] == '\0') {
        fail_msg("%s of %s is taken", name, value == NULL ? "nothing" : value);
    }
    json_decref(saved);
}

static void what_is_no_saved_execution_is_refused(void **state)
{
    static const char *const fields[] = {
        "version",     "phase",      "execution", "machine",    "state",
        "input",       "entered_ms", "now_ms",    "until_ms",   "attempts",
        "retry_count", "last_event", "random",    "task_input", "task",
    };
    static const char *const odd[] = {"null", "-1", "\"x\"", "[]", "{}", "9223372036854775807"};
    (void)state;
    struct error err;
    PLAY play = play_states(TASK(RETRY("")), "{}");
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        check_broken(&play, fields[i], NULL);
    }
    for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
        check_broken(&play, "version", odd[i]);
        check_broken(&play, "phase", odd[i]);
        check_broken(&play, "state", odd[i]);
        check_broken(&play, "attempts", odd[i]);
        check_broken(&play, "until_ms", odd[i][0] == '-' ? "[]" : odd[i]);
        check_broken(&play, "last_event", odd[i]);
        check_broken(&play, "random", odd[i]);
    }
    check_broken(&play, "phase", "\"waiting\"");
    check_broken(&play, "phase", "\"succeeded\"");
    check_broken(&play, "phase", "\"failed\"");
    check_broken(&play, "phase", "\"entering\"");
    check_broken(&play, "attempts", "[-1]");
    check_broken(&play, "attempts", "[1,1]");
    json_t *none = json_array();
    assert_null(asl_execution_load(play.document, none, &err));
    json_decref(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_is_retried_after_growing_delays),
        cmocka_unit_test(retries_have_defaults_and_limits),
        cmocka_unit_test(jitter_draws_the_delay_from_the_seed),
        cmocka_unit_test(each_retrier_counts_for_itself_and_anew_in_each_visit),
        cmocka_unit_test(retriers_that_are_used_up_give_way_to_catch),
        cmocka_unit_test(what_is_caught_goes_on_with_the_error_in_the_input),
        cmocka_unit_test(the_names_of_errors_match_as_they_should),
        cmocka_unit_test(a_task_has_a_deadline),
        cmocka_unit_test(the_document_has_a_deadline),
        cmocka_unit_test(an_abort_ends_it),
        cmocka_unit_test(results_of_other_attempts_are_refused),
        cmocka_unit_test(data_has_a_limit),
        cmocka_unit_test(a_path_that_fails_has_its_name),
        cmocka_unit_test(a_clock_that_goes_back_keeps_what_is_left),
        cmocka_unit_test(a_loop_ends_with_its_history),
        cmocka_unit_test(what_is_no_saved_execution_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
