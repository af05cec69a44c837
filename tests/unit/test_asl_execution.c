/* SPDX-License-Identifier: BSD-2-Clause */
/* What states do with their input; the examples are the specification's where it has them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "tests/unit/asl_fixture.h"

#define PASS(fields) "\"a\":{\"Type\":\"Pass\"," fields "\"End\":true}"
#define TASK(fields)                                                                               \
    "\"a\":{\"Type\":\"Task\",\"Resource\":\"ballast:metric\"," fields "\"End\":true}"

static void one_pass(const char *state, const char *input, const char *output)
{
    PLAY play = play_states(state, input);
    play_expect_output(&play, output);
}

static void a_pass_state_shapes_its_input(void **state)
{
    (void)state;
    one_pass(PASS(""), "{\"a\":1}", "{\"a\":1}");
    one_pass(PASS("\"Result\":{\"x-datum\":0.38,\"y-datum\":622.2},\"ResultPath\":\"$.coords\","),
             "{\"georefOf\":\"Home\"}",
             "{\"georefOf\":\"Home\",\"coords\":{\"x-datum\":0.38,\"y-datum\":622.2}}");
    one_pass(PASS("\"InputPath\":\"$.numbers\","), "{\"numbers\":{\"val1\":3}}", "{\"val1\":3}");
    one_pass(PASS("\"InputPath\":null,"), "{\"a\":1}", "{}");
    one_pass(PASS("\"OutputPath\":null,"), "{\"a\":1}", "{}");
    one_pass(PASS("\"OutputPath\":\"$.a\","), "{\"a\":[1]}", "[1]");
    one_pass(PASS("\"Result\":1,\"ResultPath\":null,"), "{\"a\":1}", "{\"a\":1}");
    one_pass(PASS("\"Result\":1,\"ResultPath\":\"$\","), "{\"a\":1}", "1");
    one_pass(PASS("\"Result\":null,"), "{\"a\":1}", "null");
    one_pass(PASS("\"Parameters\":{\"b.$\":\"$.a\",\"c\":2},"), "{\"a\":1}", "{\"b\":1,\"c\":2}");
    /* ResultPath puts into the raw input, not into what InputPath has left of it. */
    one_pass(PASS("\"InputPath\":\"$.a\",\"ResultPath\":\"$.copy\","), "{\"a\":1}",
             "{\"a\":1,\"copy\":1}");
    one_pass(PASS("\"InputPath\":\"$.a\",\"Parameters\":{\"n.$\":\"$.b\"},\"ResultPath\":"
                  "\"$.out.deep\",\"OutputPath\":\"$.out\","),
             "{\"a\":{\"b\":7}}", "{\"deep\":{\"n\":7}}");
    one_pass(PASS("\"InputPath\":\"$$.Execution.Input.a\","), "{\"a\":1}", "1");
}

static void a_task_gets_its_parameters_and_its_result_goes_where_it_should(void **state)
{
    (void)state;
    PLAY sum = play_states(TASK("\"InputPath\":\"$.numbers\",\"ResultPath\":\"$.sum\","),
                           "{\"title\":\"Numbers to add\",\"numbers\":{\"val1\":3,\"val2\":4}}");
    play_expect_task(&sum, "a", "{\"val1\":3,\"val2\":4}");
    play_succeed(&sum, "7");
    play_expect_output(&sum, "{\"title\":\"Numbers to add\",\"numbers\":{\"val1\":3,\"val2\":4},"
                             "\"sum\":7}");

    PLAY selected = play_states(
        TASK("\"Parameters\":{\"flagged\":true,\"parts\":{\"first.$\":\"$.vals[0]\"}},"
             "\"ResultSelector\":{\"State.$\":\"$.deep.state\",\"name.$\":\"$$.State.Name\"},"
             "\"ResultPath\":\"$.health\",\"OutputPath\":\"$.health\","),
        "{\"vals\":[0,10]}");
    play_expect_task(&selected, "a", "{\"flagged\":true,\"parts\":{\"first\":0}}");
    play_succeed(&selected, "{\"deep\":{\"state\":\"healthy\"},\"more\":1}");
    play_expect_output(&selected, "{\"State\":\"healthy\",\"name\":\"a\"}");

    PLAY discarded = play_states(TASK("\"ResultPath\":null,"), "{\"a\":1}");
    play_succeed(&discarded, "{\"large\":true}");
    play_expect_output(&discarded, "{\"a\":1}");
}

static void a_wait_waits(void **state)
{
    (void)state;
    PLAY seconds = play_states("\"a\":{\"Type\":\"Wait\",\"Seconds\":10,\"End\":true}", "{}");
    play_expect_wait(&seconds, "a", 10000);
    play_on(&seconds);
    play_expect_output(&seconds, "{}");
    PLAY path = play_states("\"a\":{\"Type\":\"Wait\",\"InputPath\":\"$.in\",\"SecondsPath\":"
                            "\"$.s\",\"OutputPath\":\"$.s\",\"End\":true}",
                            "{\"in\":{\"s\":3.0}}");
    play_expect_wait(&path, "a", 3000);
    play_on(&path);
    play_expect_output(&path, "3.0");
    PLAY until = play_states("\"a\":{\"Type\":\"Wait\",\"Timestamp\":\"2026-11-23T15:50:02.5Z\","
                             "\"End\":true}",
                             "{}");
    play_expect_wait(&until, "a", 1500);
    play_on(&until);
    play_expect_output(&until, "{}");
    PLAY until_path = play_states("\"a\":{\"Type\":\"Wait\",\"TimestampPath\":\"$.t\","
                                  "\"End\":true}",
                                  "{\"t\":\"2026-11-23T16:50:02+01:00\"}");
    play_expect_wait(&until_path, "a", 1000);
    PLAY past = play_states("\"a\":{\"Type\":\"Wait\",\"Timestamp\":\"2016-03-14T01:59:00Z\","
                            "\"End\":true}",
                            "{\"a\":1}");
    play_expect_output(&past, "{\"a\":1}");
    CLEANUP(alloc_freep) char *types = play_types(&past);
    assert_string_equal(types,
                        "ExecutionStarted WaitStateEntered WaitStateExited ExecutionSucceeded ");
}

static void what_to_wait_for_may_be_missing_or_odd(void **state)
{
    static const struct {
        const char *fields, *input, *cause;
    } cases[] = {
        {"\"SecondsPath\":\"$.s\"", "{}", "SecondsPath $.s: found nothing"},
        {"\"SecondsPath\":\"$.s\"", "{\"s\":\"1\"}", "found a string"},
        {"\"SecondsPath\":\"$.s\"", "{\"s\":0}", "found another number"},
        {"\"SecondsPath\":\"$.s\"", "{\"s\":1.5}", "found another number"},
        {"\"SecondsPath\":\"$.s\"", "{\"s\":100000000}", "found another number"},
        {"\"TimestampPath\":\"$.s\"", "{}", "TimestampPath $.s: found nothing"},
        {"\"TimestampPath\":\"$.s\"", "{\"s\":\"soon\"}", "found another text"},
        {"\"Seconds\":1,\"InputPath\":\"$.x\"", "{}", "InputPath $.x: there is nothing"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(alloc_freep)
        char *states = alloc_printf("\"a\":{\"Type\":\"Wait\",%s,\"End\":true}", cases[i].fields);
        PLAY play = play_states(states, cases[i].input);
        play_expect_failure(&play, "States.Runtime", cases[i].cause);
    }
}

static void a_choice_takes_the_first_rule_that_holds(void **state)
{
    static const char choice[] =
        "\"a\":{\"Type\":\"Choice\",\"Choices\":["
        "{\"Not\":{\"Variable\":\"$.type\",\"StringEquals\":\"Private\"},\"Next\":\"Public\"},"
        "{\"And\":[{\"Variable\":\"$.value\",\"IsPresent\":true},{\"Variable\":\"$.value\","
        "\"IsNumeric\":true},{\"Variable\":\"$.value\",\"NumericGreaterThanEquals\":20},"
        "{\"Variable\":\"$.value\",\"NumericLessThan\":30}],\"Next\":\"Twenties\"}],"
        "\"Default\":\"Record\"},"
        "\"Public\":{\"Type\":\"Pass\",\"Result\":\"public\",\"End\":true},"
        "\"Twenties\":{\"Type\":\"Pass\",\"Result\":\"twenties\",\"End\":true},"
        "\"Record\":{\"Type\":\"Pass\",\"Result\":\"record\",\"End\":true}";
    (void)state;
    PLAY twenties = play_states(choice, "{\"type\":\"Private\",\"value\":22}");
    play_expect_output(&twenties, "\"twenties\"");
    PLAY public = play_states(choice, "{\"type\":\"Public\",\"value\":22}");
    play_expect_output(&public, "\"public\"");
    PLAY record = play_states(choice, "{\"type\":\"Private\"}");
    play_expect_output(&record, "\"record\"");
    PLAY missing = play_states(choice, "{}");
    play_expect_failure(&missing, "States.Runtime", "Variable $.type: there is nothing");
    PLAY none = play_states("\"a\":{\"Type\":\"Choice\",\"Choices\":[{\"Variable\":\"$.x\","
                            "\"IsPresent\":true,\"Next\":\"b\"}]},\"b\":{\"Type\":\"Succeed\"}",
                            "{}");
    play_expect_failure(&none, "States.NoChoiceMatched", "no rule holds");
}

static void fail_and_succeed_end_it(void **state)
{
    (void)state;
    PLAY succeed = play_states("\"a\":{\"Type\":\"Succeed\",\"InputPath\":\"$.a\"}", "{\"a\":[2]}");
    play_expect_output(&succeed, "[2]");
    PLAY fail = play_states("\"a\":{\"Type\":\"Fail\",\"Error\":\"ErrorA\",\"Cause\":"
                            "\"Kaiju attack\"}",
                            "{}");
    play_expect_failure(&fail, "ErrorA", "Kaiju attack");
    CLEANUP(alloc_freep) char *types = play_types(&fail);
    assert_string_equal(types, "ExecutionStarted FailStateEntered ExecutionFailed ");
    PLAY said = play_states("\"a\":{\"Type\":\"Fail\",\"ErrorPath\":\"$.error\",\"CausePath\":"
                            "\"States.Format('{}!', $.cause)\"}",
                            "{\"error\":\"E\",\"cause\":\"c\"}");
    play_expect_failure(&said, "E", "c!");
    PLAY odd = play_states("\"a\":{\"Type\":\"Fail\",\"ErrorPath\":\"$.error\"}", "{\"error\":1}");
    play_expect_failure(&odd, "States.Runtime", "ErrorPath $.error: found a number");
    PLAY bare = play_states("\"a\":{\"Type\":\"Fail\"}", "{}");
    play_expect_failure(&bare, "", "");
}

static void the_history_is_as_step_functions_has_it(void **state)
{
    (void)state;
    PLAY play = play_states("\"a\":{\"Type\":\"Task\",\"Resource\":\"ballast:checkHealth\","
                            "\"TimeoutSeconds\":3,\"ResultPath\":\"$.health\",\"Next\":\"b\"},"
                            "\"b\":{\"Type\":\"Succeed\"}",
                            "{\"target\":\"green\"}");
    play.now_ms += 250;
    play_succeed(&play, "{\"State\":\"healthy\"}");
    assert_int_equal(json_array_size(play.history), 9);
    assert_json(play_event(&play, 0),
                "{\"timestamp\":\"2026-11-23T15:50:01.000Z\",\"type\":\"ExecutionStarted\","
                "\"id\":1,\"previousEventId\":0,\"executionStartedEventDetails\":{\"input\":"
                "\"{\\\"target\\\":\\\"green\\\"}\",\"inputDetails\":{\"truncated\":false}}}");
    assert_json(play_event(&play, 1),
                "{\"timestamp\":\"2026-11-23T15:50:01.000Z\",\"type\":\"TaskStateEntered\","
                "\"id\":2,\"previousEventId\":0,\"stateEnteredEventDetails\":{\"name\":\"a\","
                "\"input\":\"{\\\"target\\\":\\\"green\\\"}\",\"inputDetails\":{\"truncated\":"
                "false}}}");
    assert_json(play_event(&play, 2),
                "{\"timestamp\":\"2026-11-23T15:50:01.000Z\",\"type\":\"TaskScheduled\",\"id\":3,"
                "\"previousEventId\":2,\"taskScheduledEventDetails\":{\"resourceType\":"
                "\"ballast\",\"resource\":\"checkHealth\",\"parameters\":\"{\\\"target\\\":"
                "\\\"green\\\"}\",\"timeoutInSeconds\":3}}");
    assert_json(play_event(&play, 3),
                "{\"timestamp\":\"2026-11-23T15:50:01.000Z\",\"type\":\"TaskStarted\",\"id\":4,"
                "\"previousEventId\":3,\"taskStartedEventDetails\":{\"resourceType\":\"ballast\","
                "\"resource\":\"checkHealth\"}}");
    assert_json(play_event(&play, 4),
                "{\"timestamp\":\"2026-11-23T15:50:01.250Z\",\"type\":\"TaskSucceeded\",\"id\":5,"
                "\"previousEventId\":4,\"taskSucceededEventDetails\":{\"resourceType\":"
                "\"ballast\",\"resource\":\"checkHealth\",\"output\":\"{\\\"State\\\":"
                "\\\"healthy\\\"}\",\"outputDetails\":{\"truncated\":false}}}");
    assert_json(json_object_get(play_event(&play, 5), "stateExitedEventDetails"),
                "{\"name\":\"a\",\"output\":\"{\\\"target\\\":\\\"green\\\",\\\"health\\\":"
                "{\\\"State\\\":\\\"healthy\\\"}}\",\"outputDetails\":{\"truncated\":false}}");
    assert_json(json_object_get(play_event(&play, 8), "executionSucceededEventDetails"),
                "{\"output\":\"{\\\"target\\\":\\\"green\\\",\\\"health\\\":{\\\"State\\\":"
                "\\\"healthy\\\"}}\",\"outputDetails\":{\"truncated\":false}}");
    CLEANUP(alloc_freep) char *types = play_types(&play);
    assert_string_equal(types, "ExecutionStarted TaskStateEntered TaskScheduled TaskStarted "
                               "TaskSucceeded TaskStateExited SucceedStateEntered "
                               "SucceedStateExited ExecutionSucceeded ");
}

static void the_context_object_tells_about_the_execution(void **state)
{
    (void)state;
    PLAY play =
        play_states("\"a\":{\"Type\":\"Wait\",\"Seconds\":1,\"Next\":\"b\"},"
                    "\"b\":{\"Type\":\"Pass\",\"Parameters\":{\"all.$\":\"$$\"},\"End\":true}",
                    "{\"x\":1}");
    play_on(&play);
    play_expect_output(&play,
                       "{\"all\":{\"Execution\":{\"Id\":\"e-1\",\"Name\":\"first\",\"Input\":"
                       "{\"x\":1},\"StartTime\":\"2026-11-23T15:50:01.000Z\"},\"StateMachine\":"
                       "{\"Name\":\"cats\"},\"State\":{\"Name\":\"b\",\"EnteredTime\":"
                       "\"2026-11-23T15:50:02.000Z\",\"RetryCount\":0}}}");
}

static char *read_lab(void)
{
    const char *source = getenv("top_srcdir");
    CLEANUP(alloc_freep)
    char *path = alloc_printf("%s/tests/data/asl/lab.json", source == NULL ? "." : source);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = alloc_zeroed(65536, 1);
    text[fread(text, 1, 65535, file)] = '\0';
    fclose(file);
    return text;
}

/* The document as it was made for functions, each of which becomes a resource of ours. */
static struct play play_lab(void)
{
    static const struct asl_mapping mappings[] = {
        {"arn:aws:lambda:us-east-1:111122223333:function:ChangeWeight", ASL_CHANGE_WEIGHT},
        {"arn:aws:lambda:us-east-1:111122223333:function:CheckHealth", ASL_CHECK_HEALTH},
    };
    struct error err;
    CLEANUP(alloc_freep) char *text = read_lab();
    struct play play = {.now_ms = PLAY_START_MS, .history = json_array()};
    play.document = asl_document_parse(text, strlen(text), "lab.json", mappings, 2, &err);
    json_t *input = json_pack("{s:s}", "target", "cats-green");
    struct asl_beginning beginning = {"e-1", "first", "cats", input, 1};
    play.execution =
        asl_execution_start(play.document, &beginning, play.now_ms, play.history, &err);
    json_decref(input);
    return play;
}

static void the_machine_of_the_lab_runs_to_its_end(void **state)
{
    (void)state;
    PLAY play = play_lab();
    assert_int_equal(asl_execution_want(play.execution).resource, ASL_CHANGE_WEIGHT);
    play_expect_task(&play, "shift-10", "{\"target\":\"cats-green\",\"weight\":10}");
    play_succeed(&play, "\"INSYNC\"");
    play_expect_wait(&play, "wait-10", 60000);
    play_on(&play);
    assert_int_equal(asl_execution_want(play.execution).resource, ASL_CHECK_HEALTH);
    play_expect_task(&play, "health-10", "{\"target\":\"cats-green\",\"weight\":10}");
    play_succeed(&play, "{\"State\":\"healthy\"}");
    play_expect_task(&play, "shift-100",
                     "{\"target\":\"cats-green\",\"weight\":100,"
                     "\"health\":{\"State\":\"healthy\"}}");
    play_succeed(&play, "{}");
    play_expect_output(&play, "{\"target\":\"cats-green\",\"weight\":100,\"health\":"
                              "{\"State\":\"healthy\"}}");
}

static void the_machine_of_the_lab_falls_back(void **state)
{
    (void)state;
    PLAY play = play_lab();
    play_succeed(&play, "{}");
    play_on(&play);
    play_succeed(&play, "{\"State\":\"unhealthy\"}");
    play_expect_task(&play, "shift-0",
                     "{\"target\":\"cats-green\",\"weight\":0,\"health\":"
                     "{\"State\":\"unhealthy\"}}");
    play_succeed(&play, "{}");
    play_expect_failure(&play, "Unhealthy", "New ECS service is not healthy!");
    assert_int_equal(asl_execution_want(play.execution).kind, ASL_WANT_FAILED);
}

static void random_numbers_go_on_over_a_restart(void **state)
{
    static const char states[] =
        "\"a\":{\"Type\":\"Pass\",\"Parameters\":{\"u.$\":\"States.UUID()\"},\"ResultPath\":"
        "\"$.a\",\"Next\":\"b\"},\"b\":{\"Type\":\"Wait\",\"Seconds\":1,\"Next\":\"c\"},"
        "\"c\":{\"Type\":\"Pass\",\"Parameters\":{\"u.$\":\"States.UUID()\"},\"ResultPath\":"
        "\"$.c\",\"End\":true}";
    (void)state;
    PLAY first = play_states(states, "{}");
    play_on(&first);
    PLAY second = play_states(states, "{}");
    play_on(&second);
    const json_t *output = asl_execution_want(first.execution).output;
    assert_true(json_equal(output, asl_execution_want(second.execution).output));
    assert_false(json_equal(json_object_get(output, "a"), json_object_get(output, "c")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pass_state_shapes_its_input),
        cmocka_unit_test(a_task_gets_its_parameters_and_its_result_goes_where_it_should),
        cmocka_unit_test(a_wait_waits),
        cmocka_unit_test(what_to_wait_for_may_be_missing_or_odd),
        cmocka_unit_test(a_choice_takes_the_first_rule_that_holds),
        cmocka_unit_test(fail_and_succeed_end_it),
        cmocka_unit_test(the_history_is_as_step_functions_has_it),
        cmocka_unit_test(the_context_object_tells_about_the_execution),
        cmocka_unit_test(the_machine_of_the_lab_runs_to_its_end),
        cmocka_unit_test(the_machine_of_the_lab_falls_back),
        cmocka_unit_test(random_numbers_go_on_over_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
