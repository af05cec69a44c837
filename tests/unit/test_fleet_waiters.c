/* SPDX-License-Identifier: BSD-2-Clause */
/* Whoever waits for changes to be in a fleet's table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "control/fleet_private.h"

struct told {
    unsigned times;
    bool is_saved;
};

static void on_saved(void *argument, bool is_saved)
{
    struct told *told = argument;
    told->times++;
    told->is_saved = is_saved;
}

static void without_a_fleet_everything_is_saved(void **state)
{
    (void)state;
    struct control control = {.fleet = NULL};
    struct told told = {0, false};
    fleet_when_saved(&control, on_saved, &told);
    assert_int_equal(told.times, 1);
    assert_true(told.is_saved);
    fleet_forget_saved(&control, &told);
}

static void after_the_end_nothing_is_called_saved(void **state)
{
    (void)state;
    struct fleet fleet = {.has_started = false};
    struct control control = {.fleet = &fleet};
    struct told told = {0, true};
    fleet_when_saved(&control, on_saved, &told);
    assert_int_equal(told.times, 1);
    assert_false(told.is_saved);
}

static void left(struct control *control)
{
    (void)control;
}

static void nor_while_a_node_leaves(void **state)
{
    (void)state;
    struct fleet fleet = {.has_started = true, .left = left};
    struct control control = {.fleet = &fleet};
    struct told told = {0, true};
    fleet_when_saved(&control, on_saved, &told);
    assert_int_equal(told.times, 1);
    assert_false(told.is_saved);
}

static void who_is_forgotten_waits_no_more(void **state)
{
    (void)state;
    int request_under_way;
    struct fleet fleet = {.has_started = true, .call = (struct aws_call *)&request_under_way};
    struct control control = {.fleet = &fleet};
    struct told told[3] = {{0, false}};
    for (size_t i = 0; i < 3; i++) {
        fleet_when_saved(&control, on_saved, &told[i]);
    }
    fleet_when_saved(&control, on_saved, &told[1]);
    assert_int_equal(fleet.waiter_count, 4);
    fleet_forget_saved(&control, &told[1]);
    assert_int_equal(fleet.waiter_count, 2);
    assert_ptr_equal(fleet.waiters[0].argument, &told[0]);
    assert_ptr_equal(fleet.waiters[1].argument, &told[2]);
    assert_int_equal(told[0].times + told[1].times + told[2].times, 0);
    free(fleet.waiters);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_fleet_everything_is_saved),
        cmocka_unit_test(after_the_end_nothing_is_called_saved),
        cmocka_unit_test(nor_while_a_node_leaves),
        cmocka_unit_test(who_is_forgotten_waits_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
