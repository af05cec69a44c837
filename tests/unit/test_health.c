/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <limits.h>
#include <string.h>
#include <cmocka.h>

#include "control/health.h"

/* Plays probes ('+' succeeded, '-' failed) and checks the verdict after each ('?', 'H', 'U'), and
 * that a change is reported exactly where the verdict changes. */
static void play(unsigned rise, unsigned fall, const char *probes, const char *verdicts)
{
    static const char letters[] = {
        [HEALTH_UNKNOWN] = '?', [HEALTH_HEALTHY] = 'H', [HEALTH_UNHEALTHY] = 'U'};
    struct health health;
    health_init(&health, rise, fall);
    assert_int_equal(strlen(probes), strlen(verdicts));
    char last = letters[health.verdict];
    assert_int_equal(last, '?');
    for (size_t i = 0; probes[i] != '\0'; i++) {
        bool changed = health_record(&health, probes[i] == '+');
        assert_int_equal(letters[health.verdict], verdicts[i]);
        assert_int_equal(changed, verdicts[i] != last);
        last = verdicts[i];
    }
}

static void a_verdict_needs_a_whole_streak(void **state)
{
    (void)state;
    play(2, 2, "++", "?H");
    play(2, 2, "--", "?U");
    play(3, 2, "++-++-++", "????????");
    play(1, 1, "+-+-", "HUHU");
    play(10, 1, "++++++++++", "?????????H");
    play(1, 10, "----------", "?????????U");
}

static void one_odd_probe_changes_nothing(void **state)
{
    (void)state;
    play(2, 2, "++-+-+-+", "?HHHHHHH");
    play(2, 2, "--+-+-+-", "?UUUUUUU");
}

static void rise_and_fall_count_apart(void **state)
{
    (void)state;
    play(2, 3, "++--+---+-++", "?HHHHHHUUUUH");
    play(3, 1, "+++-++-+++", "??HUUUUUUH");
}

static void the_first_probe_begins_the_streak_at_one(void **state)
{
    (void)state;
    struct health health;
    health_init(&health, 2, 2);
    assert_int_equal(health.streak, 0);
    health_record(&health, false);
    assert_int_equal(health.streak, 1);
    assert_false(health.last_succeeded);
    health_record(&health, true);
    assert_int_equal(health.streak, 1);
    assert_true(health.last_succeeded);
}

static void a_streak_does_not_wrap(void **state)
{
    (void)state;
    struct health health;
    health_init(&health, 2, 2);
    health_record(&health, true);
    health_record(&health, true);
    health.streak = UINT_MAX;
    assert_false(health_record(&health, true));
    assert_int_equal(health.streak, UINT_MAX);
    assert_int_equal(health.verdict, HEALTH_HEALTHY);
}

static void verdicts_have_names(void **state)
{
    (void)state;
    assert_string_equal(health_verdict_name(HEALTH_UNKNOWN), "unknown");
    assert_string_equal(health_verdict_name(HEALTH_HEALTHY), "healthy");
    assert_string_equal(health_verdict_name(HEALTH_UNHEALTHY), "unhealthy");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_verdict_needs_a_whole_streak),
        cmocka_unit_test(one_odd_probe_changes_nothing),
        cmocka_unit_test(rise_and_fall_count_apart),
        cmocka_unit_test(the_first_probe_begins_the_streak_at_one),
        cmocka_unit_test(a_streak_does_not_wrap),
        cmocka_unit_test(verdicts_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
