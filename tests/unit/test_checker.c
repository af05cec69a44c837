/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "common/clock.h"
#include "control/checker.h"
#include "tests/unit/loop_fixture.h"
#include "tests/unit/web_stub.h"

#define INTERVAL_MS 40
#define AT_ONCE     500

struct fixture {
    struct loop_fixture loop;
    struct checker *checker;
    struct web_stub stub;
    struct web_stub slow;
    struct config_health_check check;
    unsigned changes;
    const struct target *changed_target;
    bool close_at_change;
};

static const struct web_script good = {.pieces = {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}};
static const struct web_script bad = {
    .pieces = {"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"}};
static const struct web_script silent = {.end = WEB_HANG};

static void note_change(void *argument, const struct target *target)
{
    struct fixture *fixture = argument;
    fixture->changes++;
    fixture->changed_target = target;
    if (fixture->close_at_change) {
        checker_close(STEAL(fixture->checker));
    }
}

static int open_fixture(void **state)
{
    struct fixture *fixture = alloc_zeroed(1, sizeof(*fixture));
    *state = fixture;
    struct error err;
    loop_fixture_open(&fixture->loop);
    fixture->checker = checker_new(&fixture->loop.loop, AT_ONCE, NULL, note_change, fixture, &err);
    assert_non_null(fixture->checker);
    web_stub_open(&fixture->stub, &fixture->loop.loop, "127.0.0.1", 0);
    fixture->stub.script = &good;
    fixture->check = (struct config_health_check){
        .name = "cats",
        .type = CHECK_HTTP,
        .port = fixture->stub.port,
        .path = "/cats/",
        .verify = true,
        .status_low = 200,
        .status_high = 299,
        .interval_ms = INTERVAL_MS,
        .timeout_ms = 20000,
        .rise = 2,
        .fall = 3,
    };
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *fixture = *state;
    checker_close(fixture->checker);
    web_stub_close(&fixture->stub);
    loop_fixture_close(&fixture->loop);
    free(fixture);
    return 0;
}

static const struct target *watch(struct fixture *fixture)
{
    return checker_watch(fixture->checker, &fixture->check, "127.0.0.1");
}

static void a_new_target_is_unknown(void **state)
{
    struct fixture *fixture = *state;
    const struct target *target = watch(fixture);
    assert_ptr_equal(target->check, &fixture->check);
    assert_string_equal(target->address, "127.0.0.1");
    assert_int_equal(target->health.verdict, HEALTH_UNKNOWN);
    assert_int_equal(target->last_probe_ms, 0);
    assert_string_equal(target->last_result, "");
}

static void the_first_verdict_comes_after_rise_successes(void **state)
{
    struct fixture *fixture = *state;
    const struct target *target = watch(fixture);
    LOOP_UNTIL(&fixture->loop, target->last_probe_ms != 0);
    assert_int_equal(fixture->stub.requests, 1);
    assert_int_equal(target->health.verdict, HEALTH_UNKNOWN);
    assert_int_equal(fixture->changes, 0);
    assert_memory_equal(target->last_result, "HTTP 200 in ", 12);
    int64_t first_ms = target->last_probe_ms;
    assert_true(first_ms <= clock_now_ms() && first_ms > clock_now_ms() - 20000);
    LOOP_UNTIL(&fixture->loop, fixture->changes > 0);
    assert_int_equal(fixture->stub.requests, 2);
    assert_int_equal(target->health.verdict, HEALTH_HEALTHY);
    assert_ptr_equal(fixture->changed_target, target);
    assert_true(target->last_probe_ms > first_ms);
}

static void the_first_verdict_comes_after_fall_failures(void **state)
{
    struct fixture *fixture = *state;
    fixture->stub.script = &bad;
    const struct target *target = watch(fixture);
    LOOP_UNTIL(&fixture->loop, fixture->changes > 0);
    assert_int_equal(fixture->stub.requests, 3);
    assert_int_equal(target->health.verdict, HEALTH_UNHEALTHY);
    assert_string_equal(target->last_result, "HTTP 503, expected 200-299");
}

static void only_a_change_of_verdict_is_told(void **state)
{
    struct fixture *fixture = *state;
    const struct target *target = watch(fixture);
    LOOP_UNTIL(&fixture->loop, fixture->stub.requests >= 6);
    assert_int_equal(fixture->changes, 1);
    fixture->stub.script = &bad;
    LOOP_UNTIL(&fixture->loop, fixture->changes == 2);
    assert_int_equal(target->health.verdict, HEALTH_UNHEALTHY);
    fixture->stub.script = &good;
    LOOP_UNTIL(&fixture->loop, fixture->changes == 3);
    assert_int_equal(target->health.verdict, HEALTH_HEALTHY);
}

static void a_target_is_probed_once_for_all_who_watch_it(void **state)
{
    struct fixture *fixture = *state;
    struct config_health_check other = fixture->check;
    other.path = "/other";
    const struct target *target = watch(fixture);
    assert_ptr_equal(watch(fixture), target);
    assert_int_equal(checker_target_count(fixture->checker), 1);
    LOOP_UNTIL(&fixture->loop, fixture->changes > 0);
    assert_int_equal(fixture->stub.requests, 2);
    const struct target *second = checker_watch(fixture->checker, &other, "127.0.0.1");
    const struct target *third = checker_watch(fixture->checker, &fixture->check, "127.0.0.9");
    assert_true(second != target && third != target && third != second);
    assert_int_equal(checker_target_count(fixture->checker), 3);
    assert_ptr_equal(checker_target(fixture->checker, 0), target);
    assert_ptr_equal(checker_target(fixture->checker, 2), third);
}

static void a_target_is_probed_until_nobody_watches_it(void **state)
{
    struct fixture *fixture = *state;
    struct web_stub *stub = &fixture->stub;
    const struct target *target = watch(fixture);
    const struct target *other =
        checker_watch(fixture->checker, &fixture->check, "127.0.0.9"); /* nobody listens there */
    assert_ptr_equal(watch(fixture), target);
    checker_unwatch(fixture->checker, target);
    assert_int_equal(checker_target_count(fixture->checker), 2);
    LOOP_UNTIL(&fixture->loop, target->health.verdict == HEALTH_HEALTHY);
    checker_unwatch(fixture->checker, target);
    assert_int_equal(checker_target_count(fixture->checker), 1);
    assert_ptr_equal(checker_target(fixture->checker, 0), other);
    /* A request that is on its way may still arrive; none follows while the other is probed on. */
    size_t before = stub->requests;
    LOOP_UNTIL(&fixture->loop, other->health.streak >= 5);
    assert_true(stub->requests <= before + 1);
}

static void a_target_that_is_watched_again_has_no_verdict(void **state)
{
    struct fixture *fixture = *state;
    const struct target *target = watch(fixture);
    LOOP_UNTIL(&fixture->loop, target->health.verdict == HEALTH_HEALTHY);
    checker_unwatch(fixture->checker, target);
    target = watch(fixture);
    assert_int_equal(target->health.verdict, HEALTH_UNKNOWN);
    LOOP_UNTIL(&fixture->loop, target->health.verdict == HEALTH_HEALTHY);
    /* While a probe is on its way, and all closed right behind it. */
    fixture->stub.script = &silent;
    size_t before = fixture->stub.requests;
    LOOP_UNTIL(&fixture->loop, fixture->stub.requests > before);
    checker_unwatch(fixture->checker, target);
    assert_int_equal(checker_target_count(fixture->checker), 0);
}

static void the_first_probe_does_not_wait_for_a_long_interval(void **state)
{
    struct fixture *fixture = *state;
    fixture->check.interval_ms = 3600000;
    const struct target *target = watch(fixture);
    uint64_t start_ms = uv_now(&fixture->loop.loop);
    LOOP_UNTIL(&fixture->loop, target->last_probe_ms != 0);
    assert_true(fixture->stub.request_at_ms[0] <= start_ms + 1500);
}

static void the_interval_is_kept(void **state)
{
    struct fixture *fixture = *state;
    watch(fixture);
    LOOP_UNTIL(&fixture->loop, fixture->stub.requests >= 6);
    const uint64_t *at_ms = fixture->stub.request_at_ms;
    /* Each request is noted a little after its probe starts: by how much differs, not adds up. */
    assert_true(at_ms[5] - at_ms[0] >= 5 * INTERVAL_MS - 15);
}

static void missed_probes_are_not_made_up_for(void **state)
{
    struct fixture *fixture = *state;
    watch(fixture);
    LOOP_UNTIL(&fixture->loop, fixture->stub.requests >= 2);
    usleep(INTERVAL_MS * 6 * 1000); /* a loop that is busy elsewhere */
    uv_update_time(&fixture->loop.loop);
    uint64_t free_again_ms = uv_now(&fixture->loop.loop);
    size_t before = fixture->stub.requests;
    LOOP_UNTIL(&fixture->loop, fixture->stub.requests >= before + 4);
    assert_true(uv_now(&fixture->loop.loop) >= free_again_ms + 3 * INTERVAL_MS - 15);
}

static void a_slow_target_has_one_probe_in_flight(void **state)
{
    struct fixture *fixture = *state;
    struct config_health_check quick = fixture->check;
    quick.path = "/quick";
    web_stub_open(&fixture->slow, &fixture->loop.loop, "127.0.0.1", 0);
    fixture->slow.script = &silent;
    fixture->check.port = fixture->slow.port;
    watch(fixture);
    checker_watch(fixture->checker, &quick, "127.0.0.1");
    LOOP_UNTIL(&fixture->loop, fixture->slow.requests >= 1 && fixture->stub.requests >= 6);
    assert_int_equal(fixture->slow.accepted, 1);
    checker_close(STEAL(fixture->checker)); /* quick is on this stack */
    web_stub_close(&fixture->slow);
}

static const struct web_script *choose_by_path(const char *request)
{
    return strncmp(request, "GET /good", 9) == 0 ? &good : &silent;
}

static void hanging_targets_delay_no_other(void **state)
{
    struct fixture *fixture = *state;
    enum { HANGING = 280, GOOD = 20 };
    struct config_health_check hanging[HANGING], prompt[GOOD];
    fixture->stub.choose = choose_by_path;
    for (size_t i = 0; i < HANGING; i++) {
        hanging[i] = fixture->check;
        hanging[i].path = "/hang";
        checker_watch(fixture->checker, &hanging[i], "127.0.0.1");
    }
    LOOP_UNTIL(&fixture->loop, fixture->stub.requests == HANGING);
    const struct target *targets[GOOD];
    uint64_t start_ms = uv_now(&fixture->loop.loop);
    for (size_t i = 0; i < GOOD; i++) {
        prompt[i] = fixture->check;
        prompt[i].path = "/good";
        targets[i] = checker_watch(fixture->checker, &prompt[i], "127.0.0.1");
    }
    LOOP_UNTIL(&fixture->loop, fixture->changes == GOOD);
    /* Two intervals would do; the hanging ones have 20 s. */
    assert_true(uv_now(&fixture->loop.loop) - start_ms < 5000);
    for (size_t i = 0; i < GOOD; i++) {
        assert_int_equal(targets[i]->health.verdict, HEALTH_HEALTHY);
    }
    assert_int_equal(checker_target_count(fixture->checker), HANGING + GOOD);
    assert_int_equal(checker_target(fixture->checker, 0)->health.verdict, HEALTH_UNKNOWN);
    /* Closed here, with all of these probes in flight: the checks are on this stack. */
    checker_close(STEAL(fixture->checker));
    LOOP_UNTIL(&fixture->loop, fixture->stub.open == 0);
}

static void it_may_be_closed_when_a_verdict_changes(void **state)
{
    struct fixture *fixture = *state;
    fixture->close_at_change = true;
    checker_watch(fixture->checker, &fixture->check, "127.0.0.2");
    watch(fixture);
    LOOP_UNTIL(&fixture->loop, fixture->changes > 0);
    assert_null(fixture->checker);
    LOOP_UNTIL(&fixture->loop, fixture->stub.open == 0);
    assert_int_equal(fixture->changes, 1);
}

static void it_may_be_closed_before_it_did_anything(void **state)
{
    struct fixture *fixture = *state;
    checker_close(NULL);
    struct error err;
    checker_close(checker_new(&fixture->loop.loop, AT_ONCE, NULL, note_change, fixture, &err));
    watch(fixture);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_fixture, close_fixture)

/* Of 40,000 targets 4,000 begin in each second of the interval, but for the first and the last of
 * them, which chance moves. */
static void first_probes_of_many_targets_are_spread(void **state)
{
    (void)state;
    enum { TARGETS = 40000, SECONDS = 10 };
    unsigned begun[SECONDS] = {0};
    for (size_t i = 0; i < TARGETS; i++) {
        uint64_t first_ms = checker_first_ms(SECONDS * 1000, i, i * 7919);
        assert_true(first_ms < SECONDS * 1000);
        begun[first_ms / 1000]++;
    }
    for (size_t i = 0; i < SECONDS; i++) {
        assert_in_range(begun[i], 3900, 4100);
    }
}

static void first_probes_come_within_an_interval(void **state)
{
    (void)state;
    assert_int_equal(checker_first_ms(10000, 0, 0), 0);
    assert_int_equal(checker_first_ms(3600000, 0, 999), 999);
    assert_int_equal(checker_first_ms(3600000, 0, 1000), 0);
    assert_int_equal(checker_first_ms(3600000, 4000, 999), 1999);
    assert_int_equal(checker_first_ms(250, 0, 999), 249);
    for (uint64_t i = 0; i < 100; i++) {
        assert_true(checker_first_ms(100, 400000 + i, UINT64_MAX - i) < 100);
    }
}

static void probes_have_the_files_that_others_leave(void **state)
{
    (void)state;
    assert_int_equal(checker_at_once(4096, 1000), 4096 - 1000 - 256);
    assert_int_equal(checker_at_once(4096, 0), 4096 - 256);
    assert_int_equal(checker_at_once(1024, 1000), 257);
    assert_int_equal(checker_at_once(1024, 1000000), 257);
    assert_int_equal(checker_at_once(0, 0), 1);
    assert_int_equal(checker_at_once(UINT64_MAX, 1000), 8192);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_probes_of_many_targets_are_spread),
        cmocka_unit_test(first_probes_come_within_an_interval),
        cmocka_unit_test(probes_have_the_files_that_others_leave),
        TEST(a_new_target_is_unknown),
        TEST(the_first_verdict_comes_after_rise_successes),
        TEST(the_first_verdict_comes_after_fall_failures),
        TEST(only_a_change_of_verdict_is_told),
        TEST(a_target_is_probed_once_for_all_who_watch_it),
        TEST(a_target_is_probed_until_nobody_watches_it),
        TEST(a_target_that_is_watched_again_has_no_verdict),
        TEST(the_first_probe_does_not_wait_for_a_long_interval),
        TEST(the_interval_is_kept),
        TEST(missed_probes_are_not_made_up_for),
        TEST(a_slow_target_has_one_probe_in_flight),
        TEST(hanging_targets_delay_no_other),
        TEST(it_may_be_closed_when_a_verdict_changes),
        TEST(it_may_be_closed_before_it_did_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
