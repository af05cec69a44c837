/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
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

static void a_shift_keeps_the_proportions_of_the_stable_side(void **state)
{
    (void)state;
    /* 5, 70 and 7 of 82 share the half: the least total that meets them all is 164. */
    check_shift(SHIFT_WEIGHT, 50, (uint8_t[]){5, 70, 7, 82});
    check_shift(SHIFT_WEIGHT, 100, (uint8_t[]){0, 0, 0, 100});
}

static void two_members_share_a_hundred(void **state)
{
    (void)state;
    for (unsigned weight = 0; weight <= 100; weight++) {
        for (unsigned had = 0; had <= 255; had++) {
            const uint8_t stable_had[2] = {(uint8_t)had, 0};
            const struct roles two = {
                .count = 2, .stable = 0, .candidate = 1, .before = stable_had};
            struct rollout_effect effect = {.shift = SHIFT_WEIGHT, .weight = (uint8_t)weight};
            uint8_t out[2] = {9, 9};
            roles_shift(&two, &effect, out, out);
            assert_int_equal(out[0], 100 - weight);
            assert_int_equal(out[1], weight);
        }
    }
}

/* Every small combination: shares are met within 1 of the total, and within one in a hundred. */
static void shares_are_as_near_as_stated(void **state)
{
    (void)state;
    static const uint8_t weights[] = {0, 1, 2, 3, 7, 50, 100, 199, 255};
    const size_t n = sizeof(weights);
    for (size_t i = 0; i < n * n * n * 101; i++) {
        uint8_t weight = (uint8_t)(i % 101);
        const uint8_t had[4] = {weights[i / 101 % n], weights[i / 101 / n % n],
                                weights[i / 101 / n / n], 20};
        const struct roles four = {.count = 4, .stable = 0, .candidate = 3, .before = had};
        struct rollout_effect effect = {.shift = SHIFT_WEIGHT, .weight = weight};
        uint8_t out[4];
        roles_shift(&four, &effect, had, out);
        double total = out[0] + out[1] + out[2] + out[3], side = had[0] + had[1] + had[2];
        for (size_t m = 0; m < 4; m++) {
            double share = m == 3     ? weight / 100.0
                           : side > 0 ? (100 - weight) / 100.0 * had[m] / side
                           : m == 0   ? (100 - weight) / 100.0
                                      : 0;
            double off = out[m] - share * total;
            assert_true(total >= 100 && off < 1 && off > -1);
        }
    }
}

static void a_fall_back_leaves_the_candidate_nothing(void **state)
{
    (void)state;
    check_shift(SHIFT_FALL_BACK, 0, (uint8_t[]){5, 70, 7, 0});
    /* Whatever weight the effect carries. */
    check_shift(SHIFT_FALL_BACK, 50, (uint8_t[]){5, 70, 7, 0});
    const struct roles two = {
        .count = 2, .stable = 0, .candidate = 1, .before = (uint8_t[]){60, 40}};
    struct rollout_effect effect = {.shift = SHIFT_FALL_BACK};
    uint8_t out[2] = {9, 9};
    roles_shift(&two, &effect, out, out);
    assert_memory_equal(out, ((uint8_t[]){100, 0}), 2);
}

static void a_hundred_members_keep_theirs(void **state)
{
    (void)state;
    uint8_t had[100], out[100];
    memset(had, 1, sizeof(had));
    const struct roles many = {.count = 100, .stable = 0, .candidate = 99, .before = had};
    struct rollout_effect effect = {.shift = SHIFT_WEIGHT, .weight = 10};
    roles_shift(&many, &effect, had, out);
    assert_int_equal(out[99], 11); /* of 110: 99 ones and 11 */
    for (size_t i = 0; i < 99; i++) {
        assert_int_equal(out[i], 1);
    }
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_largest_weight_is_the_stable_member),
        cmocka_unit_test(of_equal_weights_the_first_is_stable),
        cmocka_unit_test(only_of_two_the_candidate_is_clear),
        cmocka_unit_test(a_shift_keeps_the_proportions_of_the_stable_side),
        cmocka_unit_test(two_members_share_a_hundred),
        cmocka_unit_test(shares_are_as_near_as_stated),
        cmocka_unit_test(a_fall_back_leaves_the_candidate_nothing),
        cmocka_unit_test(a_hundred_members_keep_theirs),
        cmocka_unit_test(a_restore_gives_every_member_what_it_had),
        cmocka_unit_test(no_shift_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
