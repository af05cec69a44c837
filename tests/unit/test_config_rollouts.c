/* SPDX-License-Identifier: BSD-2-Clause */
/* Rollouts, their plans, windows and gates of health, and who is told of them: each error, with the
 * line that it names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "tests/unit/config_parts.h"
#include "tests/unit/config_text.h"

#define refuse(text, message) config_text_refused_behind(text, message, __FILE__, __LINE__)

#define ROLLOUT(keys) SETS "rollouts:\n  - name: r\n    cluster: c\n" keys

static void rollouts_name_record_sets_that_exist(void **state)
{
    (void)state;
    const char *unknown = ":14: rollouts[0].record_set: found \"b.example.org/A\", expected a "
                          "record set as NAME/TYPE (there are: a.example.org/A, "
                          "a.example.org/AAAA)";
    refuse(ROLLOUT("    record_set: b.example.org/A\n"), unknown);
    refuse(ROLLOUT("    record_set: a.example.org\n"),
           ":14: rollouts[0].record_set: found \"a.example.org\", expected a record set as "
           "NAME/TYPE (there are: a.example.org/A, a.example.org/AAAA)");
    refuse(ROLLOUT("    record_sets:\n      - a.example.org/A\n      - a.example.org/MX\n"),
           ":16: rollouts[0].record_sets[1]: found \"a.example.org/MX\", expected a record set as "
           "NAME/TYPE (there are: a.example.org/A, a.example.org/AAAA)");
    refuse(ROLLOUT(""),
           ":12: rollouts[0]: found neither record_set and record_sets, expected one of them");
    refuse(ROLLOUT("    record_set: a.example.org/A\n    record_sets: [a.example.org/AAAA]\n"),
           ":12: rollouts[0]: found both record_set and record_sets, expected one of them");
}

static void record_sets_with_slashes_in_their_names_can_be_named(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config = config_text_good(LEAST "record_sets:\n" SET(
        "1.0/25.2.0.192.in-addr.arpa", "PTR") "rollouts: [{ name: r, cluster: c, record_set: "
                                              "1.0/25.2.0.192.in-addr.arpa/PTR }]\n");
    assert_int_equal(config->rollouts[0].record_sets[0], 0);
}

static void a_record_set_is_in_one_rollout(void **state)
{
    (void)state;
    refuse(ROLLOUT("    record_set: a.example.org/A\n"
                   "  - name: s\n    cluster: c\n    record_set: A.example.org/A\n"),
           ":17: rollouts[1].record_set: found record set a.example.org/A, which rollout r has "
           "already; expected it in one rollout, once");
    refuse(ROLLOUT("    record_sets: [a.example.org/A, a.example.org/A]\n"),
           ":14: rollouts[0].record_sets[1]: found record set a.example.org/A, which rollout r has "
           "already; expected it in one rollout, once");
    refuse(ROLLOUT("    record_set: a.example.org/A\n"
                   "  - name: r\n    cluster: c\n    record_set: a.example.org/AAAA\n"),
           ":15: rollouts[1].name: found rollout r a second time, expected each name once (first "
           "in line 12)");
}

static void record_sets_that_move_together_have_the_same_members(void **state)
{
    (void)state;
    refuse(SETS "  - { name: b, type: A, members: [{ id: blue, weight: 1, values: [a] }] }\n"
                "rollouts:\n  - name: r\n    cluster: c\n    record_set: b/A\n",
           ":15: rollouts[0].record_set: found record set b/A with one member, expected at least "
           "two to move between");
    refuse(SETS "  - name: b\n    type: A\n    members:\n"
                "      - { id: green, weight: 1, values: [a] }\n"
                "      - { id: red, weight: 1, values: [a] }\n"
                "rollouts:\n  - name: r\n    cluster: c\n    record_sets: [a.example.org/A, b/A]\n",
           ":19: rollouts[0].record_sets[1]: found record set b/A with other members than "
           "a.example.org/A, expected the same ids in both");
    config_free(config_text_good(SETS "  - name: b\n    type: A\n    members:\n"
                                      "      - { id: green, weight: 1, values: [a] }\n"
                                      "      - { id: blue, weight: 1, values: [a] }\n"
                                      "rollouts:\n  - name: r\n    cluster: c\n"
                                      "    record_sets: [a.example.org/A, b/A]\n"));
}

#define PLAN(keys) ROLLOUT("    record_set: a.example.org/A\n    plan:\n" keys)

static void steps_ascend_to_100(void **state)
{
    (void)state;
    refuse(PLAN("      steps: [10, 10, 100]\n"),
           ":16: rollouts[0].plan.steps[1]: found 10 after 10, expected ascending steps");
    refuse(PLAN("      steps: [50, 10, 100]\n"),
           ":16: rollouts[0].plan.steps[1]: found 10 after 50, expected ascending steps");
    refuse(PLAN("      steps: [10, 50]\n"),
           ":16: rollouts[0].plan.steps: found 50 as the last step, expected 100");
    refuse(PLAN("      steps: [0, 100]\n"),
           ":16: rollouts[0].plan.steps[0]: found \"0\", expected a whole number from 1 to 100");
    refuse(PLAN("      steps: [10, 101]\n"),
           ":16: rollouts[0].plan.steps[1]: found \"101\", expected a whole number from 1 to 100");
    refuse(PLAN("      steps: []\n"),
           ":16: rollouts[0].plan.steps: found an empty list, expected at least 1 entry");
    refuse(PLAN("      steps: [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,"
                "26,27,28,29,30,31,32,100]\n"),
           ":16: rollouts[0].plan.steps: found too many entries, expected at most 32");
    config_free(config_text_good(PLAN("      steps: [100]\n")));
}

static void a_hold_is_at_least_the_ttl_unless_told_otherwise(void **state)
{
    (void)state;
    refuse(PLAN("      hold: 59s\n"),
           ":16: rollouts[0].plan.hold: found 59s, expected at least the TTL of a.example.org/A "
           "(60s), or allow_short_hold: true beside it");
    refuse(PLAN("      hold: 60\n"),
           ":16: rollouts[0].plan.hold: found \"60\", expected a duration with its unit such as "
           "500ms, 10s or 1m30s (d, h, m, s, ms)");
    refuse(PLAN("      hold: 59s\n      allow_short_hold: false\n"),
           ":16: rollouts[0].plan.hold: found 59s, expected at least the TTL of a.example.org/A "
           "(60s), or allow_short_hold: true beside it");
    config_free(config_text_good(PLAN("      hold: 60s\n")));
    config_free(config_text_good(PLAN("      hold: 200ms\n      allow_short_hold: true\n")));
    refuse(LEAST "record_sets:\n  - { name: a, type: A, ttl: 61, members: " MEMBERS " }\n"
                 "rollouts:\n  - { name: r, cluster: c, record_set: a/A }\n",
           ":11: rollouts[0].plan.hold: found 1m, expected at least the TTL of a/A (61s), or "
           "allow_short_hold: true beside it");
}

static void a_state_machine_stands_alone(void **state)
{
    (void)state;
    refuse(PLAN("      asl: plan.json\n      hold: 60s\n"),
           ":17: rollouts[0].plan.hold: found it beside asl, expected one of the two: the state "
           "machine says when to shift and how long to wait");
    refuse(PLAN("      asl: plan.json\n      steps: [100]\n"),
           ":17: rollouts[0].plan.steps: found it beside asl, expected one of the two: the state "
           "machine says when to shift and how long to wait");
    refuse(PLAN("      resources: [{ from: a, to: metric }]\n"),
           ":16: rollouts[0].plan.resources: found it without asl, expected it beside the file of "
           "a state machine");
    struct config *config =
        config_text_good(PLAN("      asl: plan.json\n      resources:\n"
                              "        - { from: \"arn:x\", to: changeWeight }\n"));
    const struct config_plan *plan = &config->rollouts[0].plan;
    assert_non_null(strstr(plan->asl, "/plan.json"));
    assert_int_equal(plan->resource_count, 1);
    assert_string_equal(plan->resources[0].from, "arn:x");
    assert_string_equal(plan->resources[0].to, "changeWeight");
    config_free(config);
}

static void windows_are_times_of_the_week_or_spans(void **state)
{
    (void)state;
#define WINDOW(keys)                                                                               \
    ROLLOUT("    record_set: a.example.org/A\n    windows:\n      - { " keys " }\n")
    refuse(
        WINDOW("days: [mon-fry], from: '09:00', to: '17:00'"),
        ":16: rollouts[0].windows[0].days[0]: found \"mon-fry\", expected mon, tue, wed, thu, fri, "
        "sat or sun, or two of them as in mon-fri");
    refuse(WINDOW("from: '9:00', to: '17:00'"),
           ":16: rollouts[0].windows[0].from: found \"9:00\", expected a time from 00:00 to 24:00");
    refuse(WINDOW("from: '09:00', to: '24:01'"),
           ":16: rollouts[0].windows[0].to: found \"24:01\", expected a time from 00:00 to 24:00");
    refuse(WINDOW("from: '09:00', to: '09:00'"),
           ":16: rollouts[0].windows[0].to: found \"09:00\", which is from, too");
    refuse(WINDOW("from: '09:00', to: '17:00', utc_offset: Berlin"),
           ":16: rollouts[0].windows[0].utc_offset: found \"Berlin\", expected one such as +01:00");
    refuse(WINDOW("begin: 2026-12-24T00:00:00Z"),
           ":16: rollouts[0].windows[0].end: found \"\", expected a time such as "
           "2026-12-24T00:00:00Z");
    refuse(WINDOW("begin: 2026-12-24T00:00:00Z, end: 2026-12-23T00:00:00Z"),
           ":16: rollouts[0].windows[0].end: found \"2026-12-23T00:00:00Z\", expected a time after "
           "begin");
    refuse(
        WINDOW("begin: 2026-12-24T00:00:00Z, from: '09:00'"),
        ":16: rollouts[0].windows[0]: found begin or end beside times of the week, expected one of "
        "the two");
    struct config *config = config_text_good(
        WINDOW("days: [sat-mon, wed], from: '22:00', to: '06:00', utc_offset: '-05:30'"));
    const struct config_window *window = &config->rollouts[0].windows[0];
    assert_int_equal(config->rollouts[0].window_count, 1);
    assert_int_equal(window->days, 0x65);
    assert_int_equal(window->from_min, 1320);
    assert_int_equal(window->to_min, 360);
    assert_int_equal(window->offset_min, -330);
    config_free(config);
#undef WINDOW
}

static void a_health_gate_has_a_minimum_and_a_time(void **state)
{
    (void)state;
#define HEALTH(keys) ROLLOUT("    record_set: a.example.org/A\n    health: { " keys " }\n")
    refuse(HEALTH("minimum: 0%"),
           ":15: rollouts[0].health.minimum: found \"0\", expected a whole number from 1 to 100");
    refuse(
        HEALTH("minimum: 80 percent"),
        ":15: rollouts[0].health.minimum: found \"80 percent\", expected a whole number from 1 to "
        "100");
    refuse(HEALTH("when: never"),
           ":15: rollouts[0].health.when: found \"never\", expected one of: step, holds, both");
    struct config *config = config_text_good(HEALTH("minimum: 80%, when: step"));
    assert_int_equal(config->rollouts[0].health.minimum, 80);
    assert_true(config->rollouts[0].health.is_at_step);
    assert_false(config->rollouts[0].health.is_in_holds);
    config_free(config);
#undef HEALTH
}

static void receivers_of_notices_are_checked(void **state)
{
    (void)state;
#define NOTIFY(keys)                                                                               \
    ROLLOUT("    record_set: a.example.org/A\n") "notify:\n  - { name: ops, " keys " }\n"
    refuse(NOTIFY("type: mail"),
           ":16: notify[0].type: found \"mail\", expected one of: webhook, slack, exec");
    refuse(NOTIFY("type: webhook"),
           ":16: notify[0].url: is missing, expected where to send notices");
    refuse(NOTIFY("type: webhook, url: 'http://a/', command: [/bin/true]"),
           ":16: notify[0].command: found it in a notice of type webhook, expected url");
    refuse(NOTIFY("type: slack, url: 'http://a/', secret_file: x"),
           ":16: notify[0].secret_file: found it in a notice of type slack, which is not signed; "
           "expected it with type: webhook");
    refuse(NOTIFY("type: exec, command: [true]"),
           ":16: notify[0].command: expected a list that begins with an absolute path");
    refuse(NOTIFY("type: exec, command: [/bin/true], url: 'http://a/'"),
           ":16: notify[0].url: found it in a notice of type exec, expected command");
    refuse(
        NOTIFY("type: exec, command: [/bin/true], on: [begun]"),
        ":16: notify[0].on[0]: found \"begun\", expected one of: started, shifted, waiting, asked, "
        "approved, rejected, paused, resumed, promoted, succeeded, failed, aborted, superseded, "
        "frozen, thawed");
    refuse(NOTIFY("type: exec, command: [/bin/true], rollouts: [dogs]"),
           ":16: notify[0].rollouts[0]: found \"dogs\", expected the name of a rollout");
    struct config *config = config_text_good(
        NOTIFY("type: exec, command: [/bin/true, x], on: [failed, started], retries: 0"));
    assert_int_equal(config->notify_count, 1);
    assert_int_equal(config->notify[0].type, NOTIFY_EXEC);
    assert_int_equal(config->notify[0].command_count, 2);
    assert_int_equal(config->notify[0].events, 1 << 10 | 1);
    assert_int_equal(config->notify[0].retries, 0);
    config_free(config);
#undef NOTIFY
}

static void a_ttl_of_the_plan_keeps_fall_backs_within_a_budget(void **state)
{
    (void)state;
    refuse(PLAN("      fall_back_budget: 30s\n"),
           ":16: rollouts[0].plan.fall_back_budget: found 30s, but caches keep answers of "
           "a.example.org/A for up to 60s after a fall-back; expected that much, or a lower ttl in "
           "the plan");
    refuse(PLAN("      ttl: 0\n"),
           ":16: rollouts[0].plan.ttl: found \"0\", expected a whole number "
           "from 1 to 2147483647");
    struct config *config =
        config_text_good(PLAN("      fall_back_budget: 30s\n      ttl: 20\n      hold: 10s\n"));
    assert_int_equal(config->rollouts[0].plan.ttl_s, 20);
    assert_int_equal(config->rollouts[0].plan.fall_back_budget_ms, 30000);
    assert_int_equal(config_plan_ttl_s(&config->rollouts[0].plan, 60), 20);
    assert_int_equal(config_plan_ttl_s(&config->rollouts[0].plan, 10), 10);
    config_free(config);
}

static void each_trigger_is_read(void **state)
{
    (void)state;
    static const char *const names[] = {"tasks", "deployment", "both"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        CLEANUP(alloc_freep)
        char *text =
            alloc_printf(ROLLOUT("    record_set: a.example.org/A\n    trigger: %s\n"), names[i]);
        struct config *config = config_text_good(text);
        assert_int_equal(config->rollouts[0].trigger, i);
        assert_string_equal(config_trigger_name((enum config_trigger)i), names[i]);
        config_free(config);
    }
}

static void other_rollout_values_are_checked(void **state)
{
    (void)state;
    refuse(ROLLOUT("    record_set: a.example.org/A\n    min_running: 0\n"),
           ":15: rollouts[0].min_running: found \"0\", expected a whole number from 1 to 10000");
    refuse(ROLLOUT("    record_set: a.example.org/A\n    trigger: task\n"),
           ":15: rollouts[0].trigger: found \"task\", expected one of: tasks, deployment, both");
    refuse(SETS "rollouts:\n  - name: two words\n    cluster: c\n"
                "    record_set: a.example.org/A\n",
           ":12: rollouts[0].name: found \"two words\", expected 1 to 128 printable characters "
           "without spaces, '/' and '='");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rollouts_name_record_sets_that_exist),
        cmocka_unit_test(record_sets_with_slashes_in_their_names_can_be_named),
        cmocka_unit_test(a_record_set_is_in_one_rollout),
        cmocka_unit_test(record_sets_that_move_together_have_the_same_members),
        cmocka_unit_test(steps_ascend_to_100),
        cmocka_unit_test(a_hold_is_at_least_the_ttl_unless_told_otherwise),
        cmocka_unit_test(a_state_machine_stands_alone),
        cmocka_unit_test(windows_are_times_of_the_week_or_spans),
        cmocka_unit_test(a_health_gate_has_a_minimum_and_a_time),
        cmocka_unit_test(receivers_of_notices_are_checked),
        cmocka_unit_test(a_ttl_of_the_plan_keeps_fall_backs_within_a_budget),
        cmocka_unit_test(each_trigger_is_read),
        cmocka_unit_test(other_rollout_values_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
