/* SPDX-License-Identifier: BSD-2-Clause */
/* Serials as RFC 1982 orders them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "common/attributes.h"
#include "control/zone_serial.h"

static void serials_wrap_around(void **state)
{
    (void)state;
    static const struct {
        uint32_t old, new;
        enum zone_age age;
    } cases[] = {
        {1, 2, ZONE_NEWER},
        {2, 1, ZONE_OLDER},
        {0, 1, ZONE_NEWER},
        {1, 0, ZONE_OLDER},
        {UINT32_MAX, 0, ZONE_NEWER},
        {0, UINT32_MAX, ZONE_OLDER},
        {UINT32_C(4000000000), 5, ZONE_NEWER},
        {5, UINT32_C(4000000000), ZONE_OLDER},
        {0, UINT32_C(0x7fffffff), ZONE_NEWER},
        {0, UINT32_C(0x80000000), ZONE_OLDER},
        {UINT32_C(0x80000000), 0, ZONE_OLDER},
        {0, UINT32_C(0x80000001), ZONE_OLDER},
        {2026112501, 2026112502, ZONE_NEWER},
        {7, 7, ZONE_SAME},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(zone_age(cases[i].old, 1, cases[i].new, 1), cases[i].age);
    }
    assert_int_equal(zone_age(7, 1, 7, 2), ZONE_CHANGED);
    assert_int_equal(zone_age(7, 1, 8, 2), ZONE_NEWER);
}

static struct zone zone_of(uint32_t serial, uint64_t content)
{
    struct zone zone = {.serial = serial, .content = content, .file = (char *)"a.zone"};
    assert_true(name_parse(&zone.origin, "example.test", NULL));
    return zone;
}

static void backwards_is_refused_unless_it_is_forced(void **state)
{
    (void)state;
    struct error warning, err;
    struct zone old = zone_of(10, 1);
    struct zone new = zone_of(9, 2);
    assert_false(zone_may_follow(&old, &new, false, &warning, &err));
    assert_non_null(strstr(err.text, "zone example.test: the serial of a.zone goes backwards, from "
                                     "10 to 9"));
    assert_true(zone_may_follow(&old, &new, true, &warning, &err));
    assert_non_null(strstr(warning.text, "from 10 to 9"));
}

static void a_change_under_the_same_serial_is_warned_of(void **state)
{
    (void)state;
    struct error warning, err;
    struct zone old = zone_of(10, 1);
    struct zone same = zone_of(10, 1);
    struct zone changed = zone_of(10, 2);
    struct zone newer = zone_of(11, 2);
    assert_true(zone_may_follow(&old, &same, false, &warning, &err));
    assert_string_equal(warning.text, "");
    assert_true(zone_may_follow(&old, &newer, false, &warning, &err));
    assert_string_equal(warning.text, "");
    assert_true(zone_may_follow(&old, &changed, false, &warning, &err));
    assert_non_null(strstr(warning.text, "the serial 10 has not"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serials_wrap_around),
        cmocka_unit_test(backwards_is_refused_unless_it_is_forced),
        cmocka_unit_test(a_change_under_the_same_serial_is_warned_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
