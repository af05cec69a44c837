/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/loop_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define GIVE_UP_MS 20000

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

void loop_fixture_open(struct loop_fixture *fixture)
{
    memset(fixture, 0, sizeof(*fixture));
    assert_int_equal(uv_loop_init(&fixture->loop), 0);
    uv_timer_init(&fixture->loop, &fixture->tick);
    uv_timer_start(&fixture->tick, on_tick, 20, 20);
    uv_unref((uv_handle_t *)&fixture->tick);
    fixture->give_up_at_ms = uv_now(&fixture->loop) + GIVE_UP_MS;
}

void loop_fixture_turn(struct loop_fixture *fixture)
{
    uv_run(&fixture->loop, UV_RUN_ONCE);
    if (uv_now(&fixture->loop) > fixture->give_up_at_ms) {
        fail_msg("what the test waits for does not happen");
    }
}

void loop_fixture_close(struct loop_fixture *fixture)
{
    uv_close((uv_handle_t *)&fixture->tick, NULL);
    while (uv_run(&fixture->loop, UV_RUN_NOWAIT) != 0) {
        uv_update_time(&fixture->loop);
        assert_true(uv_now(&fixture->loop) <= fixture->give_up_at_ms);
    }
    assert_int_equal(uv_loop_close(&fixture->loop), 0);
}
