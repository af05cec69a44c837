/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "common/attributes.h"
#include "control/forecast/plan_text.h"

static bool take_words(const char *const *list, size_t count, struct simulate_plan *plan,
                       struct error *err)
{
    struct plan_words words = {.hold_count = 0};
    for (size_t i = 0; i < count; i++) {
        if (!plan_word(&words, list[i], err)) {
            return false;
        }
    }
    if (!plan_finish(&words, err)) {
        return false;
    }
    *plan = words.plan;
    return true;
}

static void refuse_words(const char *const *list, size_t count, const char *expected)
{
    struct simulate_plan plan;
    struct error err = {""};
    assert_false(take_words(list, count, &plan, &err));
    if (strstr(err.text, expected) == NULL) {
        fail_msg("found: %s\nexpected: %s", err.text, expected);
    }
}

static void words_make_a_plan(void **state)
{
    (void)state;
    struct simulate_plan plan;
    struct error err = {""};
    static const char *const both[] = {"steps=5,25,100", "hold=2m"};
    assert_true(take_words(both, 2, &plan, &err));
    assert_int_equal(plan.step_count, 3);
    assert_int_equal(plan.weights[1], 25);
    assert_int_equal(plan.holds_ms[0], 120000);
    assert_int_equal(plan.holds_ms[2], 120000);
    static const char *const each[] = {"hold=1s,0s", "steps=1,2"};
    assert_true(take_words(each, 2, &plan, &err));
    assert_int_equal(plan.holds_ms[0], 1000);
    assert_int_equal(plan.holds_ms[1], 0);
}

static void what_is_not_said_is_the_labs_plan(void **state)
{
    (void)state;
    struct simulate_plan plan;
    struct simulate_plan lab;
    struct error err = {""};
    plan_default(&lab);
    assert_true(take_words(NULL, 0, &plan, &err));
    assert_memory_equal(&plan, &lab, sizeof(plan));
    static const char *const hold[] = {"hold=5s"};
    assert_true(take_words(hold, 1, &plan, &err));
    assert_int_equal(plan.step_count, 3);
    assert_int_equal(plan.holds_ms[2], 5000);
}

static void words_that_are_no_plan_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *words[2];
        const char *expected;
    } wrong[] = {
        {{"steps=10,x"}, "found the step \"x\", expected a number from 1 to 100"},
        {{"steps="}, "found the step \"\""},
        {{"steps=10,"}, "found the step \"\""},
        {{"steps=-1"}, "found the step \"-1\""},
        {{"steps=1e1"}, "found the step \"1e1\""},
        {{"steps=0"}, "found step 0, expected ascending steps of 1 to 100"},
        {{"steps=101"}, "found the step \"101\""},
        {{"steps=18446744073709551626"}, "found the step"},
        {{"steps=50,10"}, "found step 10, expected ascending steps"},
        {{"hold=60"}, "found \"60\", expected a duration with its unit"},
        {{"hold=366d"}, "expected 0 to 365d"},
        {{"hold=1s,2s"}, "found 2 holds for 3 steps"},
        {{"hold=1s,2s", "steps=1,2,3,4"}, "found 2 holds for 4 steps"},
        {{"pace=1s"}, "found \"pace=1s\", expected steps=10,50,100, hold=60s or a file"},
        {{"steps=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,"
          "31,32,33"},
         "found more steps, expected at most 32"},
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        refuse_words(wrong[i].words, wrong[i].words[1] == NULL ? 1 : 2, wrong[i].expected);
    }
}

static bool read_text(const char *text, struct simulate_plan *plan, struct error *err)
{
    return plan_read((const uint8_t *)text, strlen(text), "p.yaml", plan, err);
}

static void files_make_a_plan(void **state)
{
    (void)state;
    struct simulate_plan plan;
    struct error err = {""};
    assert_true(read_text("steps: [1, 100]\nhold: 90s\nallow_short_hold: true\n", &plan, &err));
    assert_int_equal(plan.step_count, 2);
    assert_int_equal(plan.holds_ms[1], 90000);
    assert_true(read_text("{\"steps\": [1, 100], \"holds\": [\"1s\", \"1d\"]}", &plan, &err));
    assert_int_equal(plan.holds_ms[1], 86400000);
    assert_true(read_text("hold: 1s\n", &plan, &err));
    assert_int_equal(plan.step_count, 3);
}

static void files_that_are_no_plan_are_refused_with_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } wrong[] = {
        {"", "p.yaml:1: the file is empty"},
        {"steps: [1]\npace: 2\n", "p.yaml:2: pace: found an unknown key, expected one of: steps"},
        {"steps: []\n", "p.yaml:1: steps: found an empty list"},
        {"steps:\n- 10\n- ten\n", "p.yaml:3: steps[1]: found the step \"ten\""},
        {"hold: 1s\nsteps: [20, 10]\n", "p.yaml:2: steps: found step 10, expected ascending"},
        {"steps: [1, 2]\nhold: 60\n", "p.yaml:2: hold: found \"60\", expected a duration"},
        {"steps: [1, 2]\nholds: [1s, 2s, 3s]\n", "p.yaml:2: holds: found 3 holds for 2 steps"},
        {"hold: 1s\nholds: [1s]\n", "p.yaml:2: holds: found it beside hold"},
        {"StartAt: a\n", "p.yaml:1: StartAt: found an unknown key"},
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct simulate_plan plan;
        struct error err = {""};
        assert_false(read_text(wrong[i].text, &plan, &err));
        if (strncmp(err.text, wrong[i].expected, strlen(wrong[i].expected)) != 0) {
            fail_msg("found: %s\nexpected: %s", err.text, wrong[i].expected);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_make_a_plan),
        cmocka_unit_test(what_is_not_said_is_the_labs_plan),
        cmocka_unit_test(words_that_are_no_plan_are_refused),
        cmocka_unit_test(files_make_a_plan),
        cmocka_unit_test(files_that_are_no_plan_are_refused_with_their_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
