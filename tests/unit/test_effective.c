/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/attributes.h"
#include "control/effective.h"

#define MOST 4

/* Checks one record set, written as a table row. */
static void check(const struct member_condition *members, size_t count, const uint16_t *expected)
{
    uint16_t effective[MOST] = {0xdead, 0xdead, 0xdead, 0xdead};
    effective_weights(members, count, effective);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(effective[i], expected[i]);
    }
}

static void healthy_members_keep_their_weights(void **state)
{
    (void)state;
    check((struct member_condition[]){{100, true}, {0, true}}, 2, (uint16_t[]){100, 0});
    check((struct member_condition[]){{90, true}, {10, true}}, 2, (uint16_t[]){90, 10});
    check((struct member_condition[]){{255, true}, {255, true}, {1, true}}, 3,
          (uint16_t[]){255, 255, 1});
}

static void an_unhealthy_member_takes_no_part(void **state)
{
    (void)state;
    check((struct member_condition[]){{90, true}, {10, false}}, 2, (uint16_t[]){90, 0});
    check((struct member_condition[]){{90, false}, {10, true}}, 2, (uint16_t[]){0, 10});
}

static void zero_weights_stand_in_when_all_others_are_unhealthy(void **state)
{
    (void)state;
    check((struct member_condition[]){{100, false}, {0, true}}, 2, (uint16_t[]){0, 1});
    check((struct member_condition[]){{100, false}, {0, true}, {0, true}, {0, false}}, 4,
          (uint16_t[]){0, 1, 1, 0});
}

static void zero_weights_stay_out_while_one_other_is_healthy(void **state)
{
    (void)state;
    check((struct member_condition[]){{100, false}, {1, true}, {0, true}}, 3,
          (uint16_t[]){0, 1, 0});
}

static void when_none_is_healthy_all_count_as_healthy(void **state)
{
    (void)state;
    check((struct member_condition[]){{70, false}, {30, false}}, 2, (uint16_t[]){70, 30});
    check((struct member_condition[]){{100, false}, {0, false}}, 2, (uint16_t[]){100, 0});
    check((struct member_condition[]){{7, false}}, 1, (uint16_t[]){7});
}

static void all_weights_zero_are_equal_shares(void **state)
{
    (void)state;
    check((struct member_condition[]){{0, true}, {0, true}, {0, true}}, 3, (uint16_t[]){1, 1, 1});
    check((struct member_condition[]){{0, false}, {0, false}}, 2, (uint16_t[]){1, 1});
    check((struct member_condition[]){{0, true}, {0, false}}, 2, (uint16_t[]){1, 0});
    check((struct member_condition[]){{0, true}}, 1, (uint16_t[]){1});
}

static void a_hundred_members_are_served(void **state)
{
    (void)state;
    struct member_condition members[100];
    uint16_t effective[100];
    for (size_t i = 0; i < 100; i++) {
        members[i] = (struct member_condition){.weight = (uint8_t)(i + 100), .is_healthy = i != 50};
    }
    effective_weights(members, 100, effective);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(effective[i], i == 50 ? 0 : i + 100);
    }
}

/* The rules once more, as the developer guide tells them: the members that Route 53 considers, as
 * a set of bits, then their shares. Written apart from the module on purpose. */
static unsigned considered(const struct member_condition *members, size_t count)
{
    unsigned healthy = 0, weighted = 0, all = (1u << count) - 1;
    for (size_t i = 0; i < count; i++) {
        healthy |= members[i].is_healthy ? 1u << i : 0;
        weighted |= members[i].weight != 0 ? 1u << i : 0;
    }
    if (healthy == 0) {
        healthy = all;
    }
    unsigned first = healthy & weighted;
    return first != 0 ? first : healthy;
}

static void check_against_the_guide(const struct member_condition *members, size_t count)
{
    unsigned in = considered(members, count);
    uint16_t effective[MOST];
    effective_weights(members, count, effective);
    unsigned sum = 0;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(effective[i] != 0, (in >> i) & 1);
        sum += effective[i];
        for (size_t j = 0; j < count; j++) {
            if (((in >> i) & 1) == 0 || ((in >> j) & 1) == 0) {
                continue;
            }
            /* Shares are as the weights are to each other, and equal for zero weights. */
            if (members[i].weight == 0) {
                assert_int_equal(effective[i], effective[j]);
            } else {
                assert_int_equal(effective[i] * members[j].weight,
                                 effective[j] * members[i].weight);
            }
        }
    }
    assert_true(sum > 0);
}

static void every_small_combination_agrees_with_the_guide(void **state)
{
    (void)state;
    static const uint8_t weights[] = {0, 1, 100, 255};
    const size_t choices = 2 * ARRAY_LEN(weights);
    size_t cases = 0;
    for (size_t count = 1; count <= MOST; count++) {
        size_t combinations = 1;
        for (size_t i = 0; i < count; i++) {
            combinations *= choices;
        }
        for (size_t combination = 0; combination < combinations; combination++) {
            struct member_condition members[MOST];
            size_t rest = combination;
            for (size_t i = 0; i < count; i++, rest /= choices) {
                members[i].is_healthy = rest % 2 == 1;
                members[i].weight = weights[rest % choices / 2];
            }
            check_against_the_guide(members, count);
            cases++;
        }
    }
    assert_int_equal(cases, 8 + 64 + 512 + 4096);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(healthy_members_keep_their_weights),
        cmocka_unit_test(an_unhealthy_member_takes_no_part),
        cmocka_unit_test(zero_weights_stand_in_when_all_others_are_unhealthy),
        cmocka_unit_test(zero_weights_stay_out_while_one_other_is_healthy),
        cmocka_unit_test(when_none_is_healthy_all_count_as_healthy),
        cmocka_unit_test(all_weights_zero_are_equal_shares),
        cmocka_unit_test(a_hundred_members_are_served),
        cmocka_unit_test(every_small_combination_agrees_with_the_guide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
