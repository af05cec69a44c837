/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "control/alias.h"

#define START_MS INT64_C(1790000000000)
#define S        INT64_C(1000)

static const struct config_alias limits = {5 * S, 60 * S, 3600 * S};
static const uint8_t one[] = {192, 0, 2, 1};
static const uint8_t two[] = {192, 0, 2, 2, 192, 0, 2, 1};
static const uint8_t two_turned[] = {192, 0, 2, 1, 192, 0, 2, 2};
static struct alias alias;

static int set_up(void **state)
{
    (void)state;
    alias_init(&alias, &limits, 4);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    alias_done(&alias);
    return 0;
}

static void a_new_one_is_asked_for_at_once(void **state)
{
    (void)state;
    assert_int_equal(alias.count, 0);
    assert_int_equal(alias.origin, ALIAS_UNKNOWN);
    assert_true(alias_due_ms(&alias) <= START_MS);
    assert_false(alias_is_good(&alias));
    assert_false(alias_needs_save(&alias));
}

static void the_first_addresses_are_a_change(void **state)
{
    (void)state;
    assert_true(alias_answered(&alias, two, 2, 30, START_MS));
    assert_int_equal(alias.count, 2);
    assert_memory_equal(alias.addresses, two_turned, 8); /* in order */
    assert_int_equal(alias.origin, ALIAS_RESOLVED);
    assert_int_equal(alias.resolved_ms, START_MS);
    assert_true(alias_is_good(&alias));
}

static void another_order_is_no_change(void **state)
{
    (void)state;
    assert_true(alias_answered(&alias, two, 2, 30, START_MS));
    assert_false(alias_answered(&alias, two_turned, 2, 30, START_MS + 30 * S));
    assert_int_equal(alias.resolved_ms, START_MS + 30 * S);
}

static void one_that_comes_twice_is_one(void **state)
{
    (void)state;
    const uint8_t twice[] = {192, 0, 2, 1, 192, 0, 2, 2, 192, 0, 2, 1};
    assert_true(alias_answered(&alias, twice, 3, 30, START_MS));
    assert_int_equal(alias.count, 2);
    assert_false(alias_answered(&alias, two, 2, 30, START_MS));
}

static void more_fewer_and_other_addresses_are_changes(void **state)
{
    (void)state;
    const uint8_t other[] = {192, 0, 2, 9};
    assert_true(alias_answered(&alias, one, 1, 30, START_MS));
    assert_true(alias_answered(&alias, two, 2, 30, START_MS));
    assert_true(alias_answered(&alias, one, 1, 30, START_MS));
    assert_true(alias_answered(&alias, other, 1, 30, START_MS));
    assert_memory_equal(alias.addresses, other, 4);
}

static void ipv6_addresses_are_compared_whole(void **state)
{
    (void)state;
    uint8_t first[16] = {0x20, 1, [15] = 1};
    uint8_t second[16] = {0x20, 1, [15] = 2};
    struct alias six;
    alias_init(&six, &limits, 16);
    assert_true(alias_answered(&six, first, 1, 30, START_MS));
    assert_true(alias_answered(&six, second, 1, 30, START_MS));
    assert_memory_equal(six.addresses, second, 16);
    alias_done(&six);
}

static void the_ttl_is_honoured_within_the_limits(void **state)
{
    (void)state;
    static const struct {
        uint32_t ttl_s;
        int64_t asked_again_after_ms;
    } cases[] = {{0, 5 * S},   {4, 5 * S},   {5, 5 * S},          {30, 30 * S},
                 {60, 60 * S}, {61, 60 * S}, {INT32_MAX, 60 * S}, {UINT32_MAX, 60 * S}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        alias_answered(&alias, one, 1, cases[i].ttl_s, START_MS);
        assert_int_equal(alias_due_ms(&alias), START_MS + cases[i].asked_again_after_ms);
        assert_int_equal(alias.ttl_s, cases[i].ttl_s);
    }
}

static void a_failure_keeps_the_last_good_addresses(void **state)
{
    (void)state;
    alias_answered(&alias, two, 2, 30, START_MS);
    alias_failed(&alias, "Timeout", START_MS + 30 * S);
    assert_int_equal(alias.count, 2);
    assert_int_equal(alias.resolved_ms, START_MS);
    assert_int_equal(alias.failures, 1);
    assert_string_equal(alias.failure, "Timeout");
    assert_true(alias_is_good(&alias));
    alias_answered(&alias, two, 2, 30, START_MS + 40 * S);
    assert_int_equal(alias.failures, 0);
    assert_string_equal(alias.failure, "");
}

static void failures_are_repeated_ever_more_seldom(void **state)
{
    (void)state;
    static const int64_t expected_ms[] = {5 * S, 10 * S, 20 * S, 40 * S, 60 * S, 60 * S};
    int64_t now_ms = START_MS;
    for (size_t i = 0; i < ARRAY_LEN(expected_ms); i++) {
        alias_failed(&alias, "Timeout", now_ms);
        assert_int_equal(alias_due_ms(&alias), now_ms + expected_ms[i]);
        now_ms = alias_due_ms(&alias);
    }
    for (int i = 0; i < 1000; i++) {
        alias_failed(&alias, "Timeout", now_ms);
        assert_int_equal(alias_due_ms(&alias), now_ms + 60 * S);
    }
}

static void addresses_become_stale_at_the_bound_and_are_kept(void **state)
{
    (void)state;
    int64_t bound_ms = START_MS + 3600 * S;
    alias_answered(&alias, one, 1, 30, START_MS);
    assert_false(alias_grow_old(&alias, bound_ms - 1));
    assert_true(alias_is_good(&alias));
    assert_true(alias_grow_old(&alias, bound_ms));
    assert_false(alias_grow_old(&alias, bound_ms + 1)); /* told once */
    assert_false(alias_is_good(&alias));
    assert_int_equal(alias.count, 1);
    assert_false(alias_answered(&alias, one, 1, 30, bound_ms + 2));
    assert_true(alias_is_good(&alias));
}

static void what_is_asked_is_not_due_again(void **state)
{
    (void)state;
    alias_asked(&alias);
    assert_int_equal(alias_due_ms(&alias), ALIAS_NEVER_MS);
    alias_answered(&alias, one, 1, 30, START_MS);
    assert_int_equal(alias_due_ms(&alias), START_MS + 30 * S);
    alias_asked(&alias);
    assert_int_equal(alias_due_ms(&alias), START_MS + 3600 * S); /* but the bound is */
}

static void the_bound_is_looked_at_in_time(void **state)
{
    (void)state;
    alias_answered(&alias, one, 1, 30, START_MS);
    int64_t now_ms = START_MS + 3590 * S;
    for (int i = 0; i < 10; i++) {
        alias_failed(&alias, "Timeout", now_ms);
    }
    assert_int_equal(alias.ask_ms, now_ms + 60 * S);
    assert_int_equal(alias_due_ms(&alias), START_MS + 3600 * S);
    alias_grow_old(&alias, START_MS + 3600 * S);
    assert_int_equal(alias_due_ms(&alias), now_ms + 60 * S);
}

static void what_is_remembered_is_used_and_asked_for_at_once(void **state)
{
    (void)state;
    alias_restore(&alias, two, 2, START_MS - 10 * S, START_MS);
    assert_int_equal(alias.origin, ALIAS_REMEMBERED);
    assert_memory_equal(alias.addresses, two_turned, 8);
    assert_true(alias_is_good(&alias));
    assert_true(alias_due_ms(&alias) <= START_MS);
    assert_false(alias_needs_save(&alias));
    /* The same from a resolver is no change, only another origin. */
    assert_false(alias_answered(&alias, two, 2, 30, START_MS + S));
    assert_int_equal(alias.origin, ALIAS_RESOLVED);
}

static void what_is_remembered_for_too_long_is_stale_at_once(void **state)
{
    (void)state;
    alias_restore(&alias, one, 1, START_MS - 3600 * S, START_MS);
    assert_false(alias_is_good(&alias));
    assert_int_equal(alias.count, 1);
}

static void what_was_remembered_by_a_clock_ahead_is_of_now(void **state)
{
    (void)state;
    alias_restore(&alias, one, 1, START_MS + 86400 * S, START_MS);
    assert_int_equal(alias.resolved_ms, START_MS);
}

static void it_is_saved_when_it_changes_and_now_and_then(void **state)
{
    (void)state;
    alias_answered(&alias, one, 1, 30, START_MS);
    assert_true(alias_needs_save(&alias));
    alias_saved(&alias);
    assert_false(alias_needs_save(&alias));
    alias_answered(&alias, one, 1, 30, START_MS + 359 * S);
    assert_false(alias_needs_save(&alias));
    alias_answered(&alias, one, 1, 30, START_MS + 360 * S);
    assert_true(alias_needs_save(&alias));
    alias_saved(&alias);
    alias_answered(&alias, two, 2, 30, START_MS + 361 * S);
    assert_true(alias_needs_save(&alias));
    alias_failed(&alias, "Timeout", START_MS + 390 * S);
    assert_true(alias_needs_save(&alias)); /* a full disk is tried again */
}

static void origins_have_names(void **state)
{
    (void)state;
    assert_string_equal(alias_origin_name(ALIAS_UNKNOWN), "none");
    assert_string_equal(alias_origin_name(ALIAS_REMEMBERED), "state file");
    assert_string_equal(alias_origin_name(ALIAS_RESOLVED), "resolver");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_one_is_asked_for_at_once),
        TEST(the_first_addresses_are_a_change),
        TEST(another_order_is_no_change),
        TEST(one_that_comes_twice_is_one),
        TEST(more_fewer_and_other_addresses_are_changes),
        TEST(ipv6_addresses_are_compared_whole),
        TEST(the_ttl_is_honoured_within_the_limits),
        TEST(a_failure_keeps_the_last_good_addresses),
        TEST(failures_are_repeated_ever_more_seldom),
        TEST(addresses_become_stale_at_the_bound_and_are_kept),
        TEST(what_is_asked_is_not_due_again),
        TEST(the_bound_is_looked_at_in_time),
        TEST(what_is_remembered_is_used_and_asked_for_at_once),
        TEST(what_is_remembered_for_too_long_is_stale_at_once),
        TEST(what_was_remembered_by_a_clock_ahead_is_of_now),
        TEST(it_is_saved_when_it_changes_and_now_and_then),
        TEST(origins_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
