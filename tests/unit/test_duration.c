/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "common/duration.h"

#define MINUTE_MS ((int64_t)60000)
#define DAY_MS    (1440 * MINUTE_MS)

static int64_t parse(const char *text)
{
    int64_t duration_ms = -1;
    struct error err = {""};
    if (!duration_parse(text, &duration_ms, &err)) {
        fail_msg("%s", err.text);
    }
    return duration_ms;
}

static void each_unit_is_understood(void **state)
{
    (void)state;
    assert_int_equal(parse("500ms"), 500);
    assert_int_equal(parse("10s"), 10000);
    assert_int_equal(parse("2m"), 2 * MINUTE_MS);
    assert_int_equal(parse("2h"), 120 * MINUTE_MS);
    assert_int_equal(parse("1d"), DAY_MS);
    assert_int_equal(parse("0s"), 0);
}

static void units_combine_from_large_to_small(void **state)
{
    (void)state;
    assert_int_equal(parse("1m30s"), 90000);
    assert_int_equal(parse("1d2h3m4s5ms"), DAY_MS + 123 * MINUTE_MS + 4005);
    assert_int_equal(parse("1m5ms"), MINUTE_MS + 5);
}

static void what_is_no_duration_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",      "10",    "s",    "-1s",  "+1s",  "1.5s",
                                        "1 s",   "10sec", "1s1m", "1s1s", "1m30", "10S",
                                        "0x10s", " 1s",   "1s ",  "1sm"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        int64_t duration_ms = 4711;
        struct error err = {""};
        assert_false(duration_parse(wrong[i], &duration_ms, &err));
        assert_int_equal(duration_ms, 4711);
        assert_non_null(strstr(err.text, "expected a duration with its unit such as 500ms"));
    }
}

static void a_duration_beyond_a_century_is_refused(void **state)
{
    (void)state;
    int64_t duration_ms = 0;
    struct error err = {""};
    assert_int_equal(parse("36500d"), 36500 * DAY_MS);
    assert_false(duration_parse("36500d1ms", &duration_ms, &err));
    assert_non_null(strstr(err.text, "expected at most 36500d"));
    assert_false(duration_parse("999999999999999999d", &duration_ms, NULL));
    assert_false(duration_parse("99999999999999999999999999999999ms", &duration_ms, NULL));
}

static void printing_gives_the_shortest_text_that_reads_back(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {{0, "0s"},
                 {1, "1ms"},
                 {1000, "1s"},
                 {90000, "1m30s"},
                 {3600000, "1h"},
                 {DAY_MS, "1d"},
                 {1500, "1s500ms"},
                 {DAY_MS + 1, "1d1ms"},
                 {36500 * DAY_MS - 1, "36499d23h59m59s999ms"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char text[DURATION_TEXT_SIZE];
        duration_print(cases[i].ms, text);
        assert_string_equal(text, cases[i].text);
        assert_int_equal(parse(text), cases[i].ms);
    }
}

static void time_that_has_run_out_prints_as_none(void **state)
{
    (void)state;
    char text[DURATION_TEXT_SIZE];
    duration_print(-90000, text);
    assert_string_equal(text, "0s");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_unit_is_understood),
        cmocka_unit_test(units_combine_from_large_to_small),
        cmocka_unit_test(what_is_no_duration_is_refused),
        cmocka_unit_test(a_duration_beyond_a_century_is_refused),
        cmocka_unit_test(printing_gives_the_shortest_text_that_reads_back),
        cmocka_unit_test(time_that_has_run_out_prints_as_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
