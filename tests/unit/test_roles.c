/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "control/roles.h"

static void the_largest_weight_is_the_stable_member(void **state)
{
    (void)state;
    assert_int_equal(roles_stable((uint8_t[]){100, 0}, 2), 0);
    assert_int_equal(roles_stable((uint8_t[]){0, 100}, 2), 1);
    assert_int_equal(roles_stable((uint8_t[]){3, 255, 254}, 3), 1);
    assert_int_equal(roles_stable((uint8_t[]){9}, 1), 0);
    uint8_t many[100] = {[0] = 1, [99] = 2};
    assert_int_equal(roles_stable(many, 100), 99);
}

static void of_equal_weights_the_first_is_stable(void **state)
{
    (void)state;
    assert_int_equal(roles_stable((uint8_t[]){50, 50}, 2), 0);
    assert_int_equal(roles_stable((uint8_t[]){0, 0, 0}, 3), 0);
    assert_int_equal(roles_stable((uint8_t[]){1, 50, 50}, 3), 1);
}

static void only_of_two_the_candidate_is_clear(void **state)
{
    (void)state;
    assert_int_equal(roles_other(2, 0), 1);
    assert_int_equal(roles_other(2, 1), 0);
    assert_int_equal(roles_other(1, 0), SIZE_MAX);
    assert_int_equal(roles_other(3, 0), SIZE_MAX);
}

static const uint8_t before[] = {5, 70, 7, 30};
static const uint8_t current[] = {5, 90, 8, 10};
static const struct roles roles = {.count = 4, .stable = 1, .candidate = 3, .before = before};

static void check_shift(enum rollout_shift shift, uint8_t weight, const uint8_t expected[4])
{
    struct rollout_effect effect = {.shift = shift, .weight = weight};
    uint8_t out[5] = {[4] = 0xa5};
    roles_shift(&roles, &effect, current, out);
    assert_memory_equal(out, expected, 4);
    assert_int_equal(out[4], 0xa5);
    uint8_t in_place[4] = {5, 90, 8, 10};
    roles_shift(&roles, &effect, in_place, in_place);
    assert_memory_equal(in_place, expected, 4);
}

static void a_shift_gives_the_stable_member_the_rest_of_100(void **state)
{
    (void)state;
    check_shift(SHIFT_WEIGHT, 50, (uint8_t[]){5, 50, 8, 50});
    check_shift(SHIFT_WEIGHT, 1, (uint8_t[]){5, 99, 8, 1});
    check_shift(SHIFT_WEIGHT, 100, (uint8_t[]){5, 0, 8, 100});
}

static void a_fall_back_gives_all_to_the_stable_member(void **state)
{
    (void)state;
    check_shift(SHIFT_FALL_BACK, 0, (uint8_t[]){5, 100, 8, 0});
    /* Whatever weight the effect carries. */
    check_shift(SHIFT_FALL_BACK, 50, (uint8_t[]){5, 100, 8, 0});
}

static void a_restore_gives_every_member_what_it_had(void **state)
{
    (void)state;
    check_shift(SHIFT_RESTORE, 0, before);
}

static void no_shift_changes_nothing(void **state)
{
    (void)state;
    check_shift(SHIFT_NONE, 50, current);
}

static void a_superseded_rollout_leaves_no_weight_behind(void **state)
{
    (void)state;
    uint8_t out[4];
    roles_supersede(&roles, current, out);
    assert_memory_equal(out, ((uint8_t[]){5, 70, 8, 30}), 4);
    uint8_t in_place[4] = {5, 90, 8, 10};
    roles_supersede(&roles, in_place, in_place);
    assert_memory_equal(in_place, out, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_largest_weight_is_the_stable_member),
        cmocka_unit_test(of_equal_weights_the_first_is_stable),
        cmocka_unit_test(only_of_two_the_candidate_is_clear),
        cmocka_unit_test(a_shift_gives_the_stable_member_the_rest_of_100),
        cmocka_unit_test(a_fall_back_gives_all_to_the_stable_member),
        cmocka_unit_test(a_restore_gives_every_member_what_it_had),
        cmocka_unit_test(no_shift_changes_nothing),
        cmocka_unit_test(a_superseded_rollout_leaves_no_weight_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
