/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "control/shares.h"
#include "tests/unit/near.h"

#define NOW_MS INT64_C(1800000000000)

/* ---- arithmetic ---- */

static void weights_make_shares_and_none_at_all_equal_ones(void **state)
{
    (void)state;
    double shares[3];
    shares_of_weights((const uint16_t[]){90, 10, 100}, 3, shares);
    assert_near(shares[0], 0.45, 1e-12);
    assert_near(shares[1], 0.05, 1e-12);
    assert_near(shares[2], 0.5, 1e-12);
    shares_of_weights((const uint16_t[]){0, 0}, 2, shares);
    assert_near(shares[0], 0.5, 1e-12);
    assert_near(shares[1], 0.5, 1e-12);
}

static void parts_of_nothing_are_unknown(void **state)
{
    (void)state;
    double shares[2];
    shares_of_parts((const double[]){0, 0}, 2, shares);
    assert_true(shares[0] == SHARE_UNKNOWN && shares[1] == SHARE_UNKNOWN);
    shares_of_parts((const double[]){0, 0.25}, 2, shares);
    assert_near(shares[0], 0, 0);
    assert_near(shares[1], 1, 0);
}

/* ---- answers ---- */

static void answers_since_a_shift_are_exact(void **state)
{
    (void)state;
    struct answer_log log;
    struct answer_window window;
    answer_log_init(&log, (const uint64_t[]){1000, 0}, 2, NOW_MS);
    shares_since_shift(&log, (const uint64_t[]){1000, 0}, NOW_MS + 5, &window);
    assert_int_equal(window.total, 0);
    assert_true(window.shares[0] == SHARE_UNKNOWN);
    shares_since_shift(&log, (const uint64_t[]){1007, 3}, NOW_MS + 10, &window);
    assert_int_equal(window.total, 10);
    assert_int_equal(window.counts[1], 3);
    assert_near(window.shares[1], 0.3, 1e-12);
    answer_log_shift(&log, (const uint64_t[]){1007, 3}, NOW_MS + 20);
    shares_since_shift(&log, (const uint64_t[]){1008, 6}, NOW_MS + 1020, &window);
    assert_int_equal(window.since_ms, NOW_MS + 20);
    assert_int_equal(window.until_ms, NOW_MS + 1020);
    assert_int_equal(window.total, 4);
    assert_near(window.shares[1], 0.75, 1e-12);
    answer_log_done(&log);
}

/* One answer of blue a second, and from second 300 on one of green. */
static void count_until(int64_t second, uint64_t counts[2])
{
    counts[0] = (uint64_t)(second < 300 ? second : 300);
    counts[1] = (uint64_t)(second < 300 ? 0 : second - 300);
}

static void lately_is_between_a_minute_and_a_quarter_more(void **state)
{
    (void)state;
    struct answer_log log;
    struct answer_window window;
    uint64_t counts[2] = {0, 0};
    answer_log_init(&log, counts, 2, NOW_MS);
    for (int64_t second = 0; second <= 600; second++) {
        int64_t now_ms = NOW_MS + second * 1000;
        count_until(second, counts);
        if (second > 0 && second % (LATELY_STEP_MS / 1000) == 0) {
            answer_log_sample(&log, counts, now_ms);
        }
        shares_lately(&log, counts, now_ms, &window);
        int64_t len_ms = window.until_ms - window.since_ms;
        assert_int_equal(window.until_ms, now_ms);
        assert_int_equal(window.total, len_ms / 1000);
        assert_true(second < 60 ? len_ms == second * 1000
                                : len_ms >= LATELY_MS && len_ms < LATELY_MS + LATELY_STEP_MS);
    }
    assert_near(window.shares[1], 1, 1e-12);
    answer_log_done(&log);
}

static void a_log_that_was_never_begun_can_be_done(void **state)
{
    (void)state;
    struct answer_log log = {0};
    answer_log_done(&log);
}

/* ---- real traffic ---- */

static void traffic_has_shares_while_every_member_is_fresh(void **state)
{
    (void)state;
    struct shares shares;
    struct traffic_value values[] = {{30, NOW_MS}, {10, NOW_MS - 15000}};
    shares_of_traffic(values, 2, 15000, NOW_MS, &shares);
    assert_near(shares.traffic[0], 0.75, 1e-12);
    assert_near(shares.traffic[1], 0.25, 1e-12);
    assert_near(shares.requests_per_s[1], 10, 0);
    shares_of_traffic(values, 2, 15000, NOW_MS + 30000, &shares); /* three intervals old */
    assert_near(shares.traffic[1], 0.25, 1e-12);
    shares_of_traffic(values, 2, 15000, NOW_MS + 30001, &shares);
    assert_true(shares.traffic[0] == SHARE_UNKNOWN && shares.traffic[1] == SHARE_UNKNOWN);
    assert_near(shares.requests_per_s[0], 30, 0);
    assert_true(shares.requests_per_s[1] == SHARE_UNKNOWN);
}

static void a_member_that_was_never_measured_is_unknown(void **state)
{
    (void)state;
    struct shares shares;
    const struct traffic_value values[] = {{30, NOW_MS}, {0, 0}};
    shares_of_traffic(values, 2, INT64_MAX / 4, NOW_MS, &shares);
    assert_true(shares.traffic[0] == SHARE_UNKNOWN && shares.traffic[1] == SHARE_UNKNOWN);
    assert_true(shares.requests_per_s[1] == SHARE_UNKNOWN);
}

static void no_traffic_at_all_has_rates_and_no_shares(void **state)
{
    (void)state;
    struct shares shares;
    const struct traffic_value values[] = {{0, NOW_MS}, {0, NOW_MS}};
    shares_of_traffic(values, 2, 15000, NOW_MS, &shares);
    assert_true(shares.traffic[0] == SHARE_UNKNOWN && shares.traffic[1] == SHARE_UNKNOWN);
    assert_near(shares.requests_per_s[0], 0, 0);
}

/* ---- does traffic follow? ---- */

static const char *const ids[] = {"blue", "green"};

/* blue gets the rest. */
static enum share_verdict judge(double expected, double traffic, double tolerance, char *text,
                                size_t size)
{
    const double expected_shares[] = {1 - expected, expected};
    const double traffic_shares[] = {1 - traffic, traffic};
    const struct share_question question = {.member_count = 2,
                                            .ids = ids,
                                            .expected = expected_shares,
                                            .traffic = traffic_shares,
                                            .requests_per_s = 1000,
                                            .least_per_s = 60,
                                            .tolerance = tolerance};
    return shares_judge(&question, text, size);
}

static void traffic_within_the_tolerance_follows(void **state)
{
    (void)state;
    char text[256];
    assert_int_equal(judge(0.5, 0.47, 5, text, sizeof(text)), SHARES_FOLLOW);
    assert_string_equal(text, "traffic: follows, at most 3.0 from what is expected (± 5)");
}

static void the_edge_of_the_tolerance_is_within(void **state)
{
    (void)state;
    char text[256];
    for (int percent = 10; percent <= 90; percent++) {
        double expected = percent / 100.0;
        assert_int_equal(judge(expected, expected + 0.05, 5, text, sizeof(text)), SHARES_FOLLOW);
        assert_int_equal(judge(expected, expected - 0.05, 5, text, sizeof(text)), SHARES_FOLLOW);
        assert_int_equal(judge(expected, expected + 0.0501, 5, text, sizeof(text)), SHARES_DIFFER);
        assert_int_equal(judge(expected, expected - 0.0501, 5, text, sizeof(text)), SHARES_DIFFER);
    }
    assert_int_equal(judge(0.5, 0.5, 0, text, sizeof(text)), SHARES_FOLLOW);
    assert_int_equal(judge(0.5, 0.501, 0, text, sizeof(text)), SHARES_DIFFER);
}

static void who_differs_is_named_with_the_numbers(void **state)
{
    (void)state;
    static const char *const three[] = {"blue", "green", "teal"};
    const double expected[] = {0.5, 0.3, 0.2};
    const double traffic[] = {0.42, 0.18, 0.4};
    struct share_question question = {.member_count = 3,
                                      .ids = three,
                                      .expected = expected,
                                      .traffic = traffic,
                                      .requests_per_s = 60,
                                      .least_per_s = 60,
                                      .tolerance = 7.5};
    char text[256];
    assert_int_equal(shares_judge(&question, text, sizeof(text)), SHARES_DIFFER);
    assert_string_equal(text, "traffic: teal has 40.0 %, expected 20.0 ± 7.5; green has 18.0 %, "
                              "expected 30.0 ± 7.5; blue has 42.0 %, expected 50.0 ± 7.5");
    question.tolerance = 10;
    assert_int_equal(shares_judge(&question, text, sizeof(text)), SHARES_DIFFER);
    assert_string_equal(text, "traffic: teal has 40.0 %, expected 20.0 ± 10; green has 18.0 %, "
                              "expected 30.0 ± 10");
}

static void clients_that_ignore_the_ttl_are_seen(void **state)
{
    (void)state;
    const double expected[] = {0.5, 0.5};
    const double behind[] = {0.688, 0.312};
    const double ahead[] = {0.3, 0.7};
    const double before[] = {0.9, 0.1};
    struct share_question question = {.member_count = 2,
                                      .ids = ids,
                                      .expected = expected,
                                      .traffic = behind,
                                      .before = before,
                                      .requests_per_s = 600,
                                      .tolerance = 5};
    char text[256];
    assert_int_equal(shares_judge(&question, text, sizeof(text)), SHARES_DIFFER);
    assert_string_equal(text, "traffic: blue has 68.8 %, expected 50.0 ± 5; green has 31.2 %, "
                              "expected 50.0 ± 5: clients keep to answers of before the shift");
    question.traffic = ahead;
    assert_int_equal(shares_judge(&question, text, sizeof(text)), SHARES_DIFFER);
    assert_null(strstr(text, "before the shift"));
    question.traffic = behind;
    question.before = expected; /* nothing has moved: it is something else */
    assert_int_equal(shares_judge(&question, text, sizeof(text)), SHARES_DIFFER);
    assert_null(strstr(text, "before the shift"));
}

static void what_is_not_known_is_no_verdict(void **state)
{
    (void)state;
    const double expected[] = {0.5, 0.5};
    const double half[] = {0.9, SHARE_UNKNOWN};
    const double all[] = {0.9, 0.1};
    const double none[] = {SHARE_UNKNOWN, SHARE_UNKNOWN};
    struct share_question question = {.member_count = 2,
                                      .ids = ids,
                                      .expected = expected,
                                      .requests_per_s = 600,
                                      .least_per_s = 60,
                                      .tolerance = 5};
    char text[256];
    assert_int_equal(shares_judge(&question, text, sizeof(text)), SHARES_UNKNOWN);
    assert_string_equal(text, "traffic: not known");
    question.traffic = half;
    question.unknown = "green: no answer for 50 s";
    assert_int_equal(shares_judge(&question, text, sizeof(text)), SHARES_UNKNOWN);
    assert_string_equal(text, "traffic: not known: green: no answer for 50 s");
    question.traffic = all; /* but too old to tell */
    question.unknown = "not measured since the last shift";
    assert_int_equal(shares_judge(&question, text, sizeof(text)), SHARES_UNKNOWN);
    assert_string_equal(text, "traffic: not known: not measured since the last shift");
    question.unknown = NULL;
    question.requests_per_s = 59.9;
    assert_int_equal(shares_judge(&question, text, sizeof(text)), SHARES_UNKNOWN);
    assert_string_equal(text, "traffic: 59.9 requests a second, expected at least 60 to tell");
    question.traffic = none; /* nobody comes at all */
    question.requests_per_s = 0;
    assert_int_equal(shares_judge(&question, text, sizeof(text)), SHARES_UNKNOWN);
    assert_string_equal(text, "traffic: 0 requests a second, expected at least 60 to tell");
    question.least_per_s = 0;
    assert_int_equal(shares_judge(&question, text, sizeof(text)), SHARES_UNKNOWN);
}

static void a_text_that_is_too_long_is_cut(void **state)
{
    (void)state;
    char text[20];
    assert_int_equal(judge(0.5, 0.9, 5, text, sizeof(text)), SHARES_DIFFER);
    assert_string_equal(text, "traffic: blue has 1");
    assert_string_equal(share_verdict_name(SHARES_DIFFER), "differs");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_make_shares_and_none_at_all_equal_ones),
        cmocka_unit_test(parts_of_nothing_are_unknown),
        cmocka_unit_test(answers_since_a_shift_are_exact),
        cmocka_unit_test(lately_is_between_a_minute_and_a_quarter_more),
        cmocka_unit_test(a_log_that_was_never_begun_can_be_done),
        cmocka_unit_test(traffic_has_shares_while_every_member_is_fresh),
        cmocka_unit_test(a_member_that_was_never_measured_is_unknown),
        cmocka_unit_test(no_traffic_at_all_has_rates_and_no_shares),
        cmocka_unit_test(traffic_within_the_tolerance_follows),
        cmocka_unit_test(the_edge_of_the_tolerance_is_within),
        cmocka_unit_test(who_differs_is_named_with_the_numbers),
        cmocka_unit_test(clients_that_ignore_the_ttl_are_seen),
        cmocka_unit_test(what_is_not_known_is_no_verdict),
        cmocka_unit_test(a_text_that_is_too_long_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
