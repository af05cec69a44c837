/* SPDX-License-Identifier: BSD-2-Clause */
/* The short form becomes a document that does what it says, and always falls back; drawings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "control/plan/asl_graph.h"
#include "control/plan/asl_short_form.h"
#include "tests/unit/asl_fixture.h"

static struct play play_short(const char *steps, int64_t hold_s)
{
    struct error err;
    struct asl_short_form form = {.gate_count = 0};
    if (!asl_short_form_steps(steps, &form, &err)) {
        fail_msg("%s", err.text);
    }
    form.hold_ms = hold_s * 1000;
    json_t *json = asl_short_form_compile(&form, &err);
    CLEANUP(alloc_freep) char *text = json_dumps(json, 0);
    json_decref(json);
    return play_document(text, "{\"target\":\"green\"}");
}

static void each_step_shifts_holds_and_looks(void **state)
{
    (void)state;
    PLAY play = play_short("10,50,100", 60);
    play_expect_task(&play, "shift-10", "{\"target\":\"green\",\"weight\":10}");
    play_succeed(&play, "{}");
    play_expect_wait(&play, "hold-10", 60000);
    play_on(&play);
    assert_int_equal(asl_execution_want(play.execution).resource, ASL_CHECK_HEALTH);
    play_succeed(&play, "{\"State\":\"healthy\"}");
    play_expect_task(&play, "shift-50",
                     "{\"target\":\"green\",\"weight\":50,\"health\":{"
                     "\"State\":\"healthy\"}}");
    play_succeed(&play, "{}");
    play_on(&play);
    play_succeed(&play, "{\"State\":\"healthy\"}");
    play_succeed(&play, "{}");
    play_on(&play);
    play_succeed(&play, "{\"State\":\"healthy\"}");
    play_expect_output(&play, "{\"target\":\"green\",\"weight\":100,\"health\":{\"State\":"
                              "\"healthy\"}}");
}

static void an_unhealthy_candidate_falls_back(void **state)
{
    (void)state;
    PLAY play = play_short("10,100", 0);
    play_succeed(&play, "{}");
    play_succeed(&play, "{\"State\":\"unhealthy\"}");
    assert_string_equal(asl_execution_state(play.execution), "shift-back");
    assert_int_equal(
        json_integer_value(json_object_get(asl_execution_want(play.execution).input, "weight")), 0);
    play_succeed(&play, "{}");
    play_expect_failure(&play, "Unhealthy", "New ECS service is not healthy!");
}

static void what_fails_for_good_falls_back_too(void **state)
{
    (void)state;
    PLAY play = play_short("10,100", 1);
    for (int i = 0; i < 5; i++) {
        play_fail(&play, "Unreachable", "no answer");
        play_on(&play);
    }
    play_fail(&play, "Unreachable", "no answer");
    play_expect_task(&play, "shift-back",
                     "{\"target\":\"green\",\"weight\":0,\"error\":{\"Error\":\"Unreachable\","
                     "\"Cause\":\"no answer\"}}");
    play_fail(&play, "Disk", "full"); /* the fall-back itself is tried again */
    play_on(&play);
    play_succeed(&play, "{}");
    play_expect_failure(&play, "Unreachable", "no answer");
}

static void weights_may_stand_twice(void **state)
{
    (void)state;
    PLAY play = play_short("50,50,100", 5);
    play_succeed(&play, "{}");
    play_on(&play);
    play_succeed(&play, "{\"State\":\"healthy\"}");
    assert_string_equal(asl_execution_state(play.execution), "shift-50-2");
}

static void odd_steps_are_refused(void **state)
{
    static const struct {
        const char *steps, *text;
    } cases[] = {
        {"", "steps are \"\", expected weights such as 10,50,100"},
        {"10,", "steps are"},
        {",10", "steps are"},
        {"10 ,20", "steps are"},
        {"-1", "steps are"},
        {"0", "step 1 is 0, expected 1 to 100"},
        {"10,101", "step 2 is 101, expected 10 to 100"},
        {"50,10", "step 2 is 10, expected 50 to 100"},
        {"99999999999999999999", "steps are"},
        {"1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1", "more than 32"},
    };
    (void)state;
    struct error err;
    struct asl_short_form form = {.gate_count = 0};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_false(asl_short_form_steps(cases[i].steps, &form, &err));
        if (strstr(err.text, cases[i].text) == NULL) {
            fail_msg("\"%s\" does not say \"%s\"", err.text, cases[i].text);
        }
    }
    assert_true(asl_short_form_steps("10", &form, &err));
    form.hold_ms = -1;
    assert_null(asl_short_form_compile(&form, &err));
    form.step_count = 0;
    assert_null(asl_short_form_compile(&form, &err));
}

static void the_graph_names_states_and_ways(void **state)
{
    (void)state;
    PLAY play = play_states(
        "\"a\":{\"Type\":\"Task\",\"Resource\":\"ballast:metric\",\"Next\":\"b\",\"Catch\":[{"
        "\"ErrorEquals\":[\"A\",\"B\"],\"Next\":\"f\"}]},"
        "\"b\":{\"Type\":\"Wait\",\"Seconds\":60,\"Next\":\"c\"},"
        "\"c\":{\"Type\":\"Choice\",\"Choices\":[{\"Variable\":\"$.x\",\"StringEquals\":\"y\","
        "\"Next\":\"d \\\"1\\\"\"}],\"Default\":\"f\"},"
        "\"d \\\"1\\\"\":{\"Type\":\"Pass\",\"Result\":3,\"ResultPath\":\"$.w\",\"Next\":\"e\"},"
        "\"e\":{\"Type\":\"Wait\",\"TimestampPath\":\"$.t\",\"End\":true},"
        "\"f\":{\"Type\":\"Fail\",\"Cause\":\"it is bad\"}",
        "{}");
    CLEANUP(alloc_freep) char *text = asl_graph_text(play.document);
    assert_string_equal(text, "a  Task ballast:metric\n"
                              "  -> b\n"
                              "  -> f  after A or B\n"
                              "b  Wait 60 s\n"
                              "  -> c\n"
                              "c  Choice\n"
                              "  -> d \"1\"  if $.x StringEquals \"y\"\n"
                              "  -> f  otherwise\n"
                              "d \"1\"  Pass $.w = 3\n"
                              "  -> e\n"
                              "e  Wait until $.t\n"
                              "f  Fail it is bad\n");
    CLEANUP(alloc_freep) char *dot = asl_graph_dot(play.document);
    assert_non_null(strstr(dot, "digraph plan {\n    start [shape=point];\n    start -> \"a\";\n"
                                "    \"a\" [shape=box, label=\"a\\nballast:metric\"];\n"
                                "    \"a\" -> \"b\" [label=\"\"];\n"
                                "    \"a\" -> \"f\" [label=\"after A or B\", style=dashed];\n"));
    assert_non_null(
        strstr(dot, "\"c\" -> \"d \\\"1\\\"\" [label=\"if $.x StringEquals \\\"y\\\"\"]"));
    assert_non_null(strstr(dot, "\"f\" [shape=doubleoctagon, label=\"f\\nit is bad\"];\n}\n"));
    json_t *json = asl_graph_json(play.document);
    assert_json(json_array_get(json, 1), "{\"name\":\"b\",\"type\":\"Wait\",\"does\":\"60 s\","
                                         "\"ways\":[{\"to\":\"c\",\"when\":\"\"}]}");
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_step_shifts_holds_and_looks),
        cmocka_unit_test(an_unhealthy_candidate_falls_back),
        cmocka_unit_test(what_fails_for_good_falls_back_too),
        cmocka_unit_test(weights_may_stand_twice),
        cmocka_unit_test(odd_steps_are_refused),
        cmocka_unit_test(the_graph_names_states_and_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
