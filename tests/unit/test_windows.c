/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "control/windows.h"

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
/* Monday, 2026-11-23, 0:00 UTC */
#define MONDAY INT64_C(1795392000000)

/* Monday to Friday, 9 to 17. */
static const struct config_window work = {.days = 0x1f, .from_min = 540, .to_min = 1020};
/* Saturday, 22:00, to 6:00 of the day after. */
static const struct config_window night = {.days = 0x20, .from_min = 1320, .to_min = 360};

static bool is_in(const struct config_window *window, int64_t now_ms)
{
    return windows_find(window, 1, now_ms) == window;
}

static void a_window_begins_and_ends_on_its_days(void **state)
{
    (void)state;
    for (int64_t day = 0; day < 14; day++) {
        bool is_workday = day % 7 < 5;
        int64_t at = MONDAY + day * DAY;
        assert_false(is_in(&work, at + 9 * HOUR - 1));
        assert_int_equal(is_in(&work, at + 9 * HOUR), is_workday);
        assert_int_equal(is_in(&work, at + 17 * HOUR - 1), is_workday);
        assert_false(is_in(&work, at + 17 * HOUR));
    }
}

static void a_window_may_end_on_the_next_day(void **state)
{
    (void)state;
    int64_t saturday = MONDAY + 5 * DAY;
    assert_false(is_in(&night, saturday + 22 * HOUR - 1));
    assert_true(is_in(&night, saturday + 22 * HOUR));
    assert_true(is_in(&night, saturday + DAY + 6 * HOUR - 1));
    assert_false(is_in(&night, saturday + DAY + 6 * HOUR));
    assert_false(is_in(&night, saturday + DAY + 22 * HOUR));
    /* From Sunday into Monday: over the end of the week. */
    const struct config_window sunday = {.days = 0x40, .from_min = 1320, .to_min = 360};
    assert_true(is_in(&sunday, MONDAY + 5 * HOUR));
    assert_true(is_in(&sunday, MONDAY + 6 * DAY + 23 * HOUR));
    assert_false(is_in(&sunday, MONDAY + DAY + 5 * HOUR));
}

static void its_clock_may_differ_from_utc(void **state)
{
    (void)state;
    struct config_window east = work, west = work;
    east.offset_min = 60;
    west.offset_min = -5 * 60;
    assert_true(is_in(&east, MONDAY + 8 * HOUR));
    assert_false(is_in(&east, MONDAY + 16 * HOUR));
    assert_false(is_in(&west, MONDAY + 13 * HOUR));
    assert_true(is_in(&west, MONDAY + 14 * HOUR));
    assert_true(is_in(&west, MONDAY + 22 * HOUR - 1));
    assert_true(is_in(&work, INT64_C(-3) * DAY + 9 * HOUR)); /* Monday, 1969-12-29 */
}

static void a_span_is_one(void **state)
{
    (void)state;
    const struct config_window span = {.begin_ms = MONDAY, .end_ms = MONDAY + DAY};
    assert_false(is_in(&span, MONDAY - 1));
    assert_true(is_in(&span, MONDAY));
    assert_true(is_in(&span, MONDAY + DAY - 1));
    assert_false(is_in(&span, MONDAY + DAY));
}

static void the_next_time_to_step_is_known(void **state)
{
    (void)state;
    const struct config_window quiet = {.begin_ms = MONDAY + 9 * HOUR,
                                        .end_ms = MONDAY + 9 * HOUR + 90000};
    assert_int_equal(windows_open_ms(NULL, 0, NULL, 0, MONDAY + 7), MONDAY + 7);
    assert_int_equal(windows_open_ms(&work, 1, NULL, 0, MONDAY + 10 * HOUR), MONDAY + 10 * HOUR);
    assert_int_equal(windows_open_ms(&work, 1, NULL, 0, MONDAY + 17 * HOUR),
                     MONDAY + DAY + 9 * HOUR);
    assert_int_equal(windows_open_ms(&work, 1, NULL, 0, MONDAY + 4 * DAY + 17 * HOUR),
                     MONDAY + 7 * DAY + 9 * HOUR);
    assert_int_equal(windows_open_ms(&work, 1, &quiet, 1, MONDAY), MONDAY + 9 * HOUR + 2 * MINUTE);
    const struct config_window year = {.begin_ms = MONDAY, .end_ms = MONDAY + 365 * DAY};
    assert_true(windows_open_ms(NULL, 0, &year, 1, MONDAY + 1) == INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_begins_and_ends_on_its_days),
        cmocka_unit_test(a_window_may_end_on_the_next_day),
        cmocka_unit_test(its_clock_may_differ_from_utc),
        cmocka_unit_test(a_span_is_one),
        cmocka_unit_test(the_next_time_to_step_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
