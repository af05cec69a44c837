/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "control/zone_refresh.h"

#define NOW_MS INT64_C(1800000000500)
#define NOW_S  INT64_C(1800000000)
#define DAY_MS 86400000

static uint64_t delay_ms(int64_t first_s, int64_t second_s)
{
    struct zone first = {.refresh_at_s = first_s};
    struct zone second = {.refresh_at_s = second_s};
    struct zone *zones[] = {&first, &second};
    struct zone_table table = {.count = 2, .zones = zones};
    return zone_refresh_delay_ms(&table, NOW_MS);
}

static void the_zone_that_is_due_first_decides(void **state)
{
    (void)state;
    assert_int_equal(delay_ms(NOW_S + 3600, NOW_S + 60), 59500);
    assert_int_equal(delay_ms(NOW_S + 60, NOW_S + 3600), 59500);
    assert_int_equal(delay_ms(INT64_MAX, NOW_S + 1), 500);
}

static void what_is_overdue_is_due_now(void **state)
{
    (void)state;
    assert_int_equal(delay_ms(INT64_MAX, NOW_S), 0);
    assert_int_equal(delay_ms(NOW_S - 86400, INT64_MAX), 0);
}

static void the_clock_is_read_each_day_at_least(void **state)
{
    (void)state;
    assert_int_equal(delay_ms(INT64_MAX, INT64_MAX), DAY_MS);
    assert_int_equal(delay_ms(NOW_S + 100 * 86400, INT64_MAX), DAY_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_zone_that_is_due_first_decides),
        cmocka_unit_test(what_is_overdue_is_due_now),
        cmocka_unit_test(the_clock_is_read_each_day_at_least),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
