/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "control/http/socket_set.h"
#include "tests/unit/loop_fixture.h"

struct fixture {
    struct loop_fixture loop;
    uv_timer_t patience; /* keeps the loop turning, as a time-out does */
    struct socket_set *set;
    struct pair {
        struct fixture *fixture;
        struct socket_watch watch;
        int other; /* the other end */
        unsigned told;
        uint32_t events;
    } pairs[2];
    bool removes_the_other;
    bool closes;
};

static void note(void *argument, uint32_t events)
{
    struct pair *pair = argument;
    struct fixture *fixture = pair->fixture;
    pair->told++;
    pair->events = events;
    if (fixture->removes_the_other || fixture->closes) {
        socket_set_remove(fixture->set, &fixture->pairs[pair == fixture->pairs].watch);
    }
    if (fixture->closes) {
        socket_set_remove(fixture->set, &pair->watch);
        socket_set_close(STEAL(fixture->set));
    }
}

static void wait_on(uv_timer_t *timer)
{
    (void)timer;
}

static int open_fixture(void **state)
{
    struct fixture *fixture = alloc_zeroed(1, sizeof(*fixture));
    *state = fixture;
    struct error err;
    loop_fixture_open(&fixture->loop);
    fixture->set = socket_set_new(&fixture->loop.loop, &err);
    assert_non_null(fixture->set);
    uv_timer_init(&fixture->loop.loop, &fixture->patience);
    uv_timer_start(&fixture->patience, wait_on, 60000, 0);
    for (size_t i = 0; i < ARRAY_LEN(fixture->pairs); i++) {
        int fds[2];
        struct pair *pair = &fixture->pairs[i];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
        *pair = (struct pair){.fixture = fixture, .other = fds[1]};
        pair->watch = (struct socket_watch){fds[0], note, pair};
        assert_true(socket_set_add(fixture->set, &pair->watch, EPOLLIN));
    }
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *fixture = *state;
    socket_set_close(fixture->set);
    uv_close((uv_handle_t *)&fixture->patience, NULL);
    for (size_t i = 0; i < ARRAY_LEN(fixture->pairs); i++) {
        close(fixture->pairs[i].watch.fd);
        close(fixture->pairs[i].other);
    }
    loop_fixture_close(&fixture->loop);
    free(fixture);
    return 0;
}

static void write_to(const struct pair *pair)
{
    assert_int_equal(write(pair->other, "x", 1), 1);
}

static void who_is_ready_is_told_while_it_is(void **state)
{
    struct fixture *fixture = *state;
    struct pair *pair = &fixture->pairs[0];
    loop_fixture_turn(&fixture->loop);
    assert_int_equal(pair->told, 0);
    write_to(pair);
    LOOP_UNTIL(&fixture->loop, pair->told >= 3);
    assert_int_equal(pair->events, EPOLLIN);
    assert_int_equal(fixture->pairs[1].told, 0);
    socket_set_change(fixture->set, &pair->watch, EPOLLOUT);
    LOOP_UNTIL(&fixture->loop, pair->events == EPOLLOUT);
}

static void who_is_removed_is_told_no_more(void **state)
{
    struct fixture *fixture = *state;
    fixture->removes_the_other = true;
    write_to(&fixture->pairs[0]);
    write_to(&fixture->pairs[1]);
    /* Both events have come when the first is told of. */
    LOOP_UNTIL(&fixture->loop, fixture->pairs[0].told + fixture->pairs[1].told >= 3);
    assert_true(fixture->pairs[0].told == 0 || fixture->pairs[1].told == 0);
}

static void it_may_be_closed_by_whom_it_tells(void **state)
{
    struct fixture *fixture = *state;
    fixture->closes = true;
    write_to(&fixture->pairs[0]);
    write_to(&fixture->pairs[1]);
    LOOP_UNTIL(&fixture->loop, fixture->set == NULL);
    assert_int_equal(fixture->pairs[0].told + fixture->pairs[1].told, 1);
}

static void what_cannot_be_watched_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct socket_watch watch = {-1, note, &fixture->pairs[0]};
    assert_false(socket_set_add(fixture->set, &watch, EPOLLIN));
    socket_set_close(NULL);
}

static void it_keeps_no_loop_turning(void **state)
{
    struct fixture *fixture = *state;
    uv_timer_stop(&fixture->patience);
    assert_int_equal(uv_run(&fixture->loop.loop, UV_RUN_DEFAULT), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_is_ready_is_told_while_it_is),  TEST(who_is_removed_is_told_no_more),
        TEST(it_may_be_closed_by_whom_it_tells), TEST(what_cannot_be_watched_is_refused),
        TEST(it_keeps_no_loop_turning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
