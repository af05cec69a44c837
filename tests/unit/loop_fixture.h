/* SPDX-License-Identifier: BSD-2-Clause */
/* A uv loop for one test: turned until a condition holds, and empty at the end. */
#pragma once

#include <stdbool.h>
#include <uv.h>

struct loop_fixture {
    uv_loop_t loop;
    uv_timer_t tick; /* so that a turn ends although nothing happens */
    uint64_t give_up_at_ms;
};

void loop_fixture_open(struct loop_fixture *fixture);
/* One turn; fails the test when the test has been turning for 20 s. */
void loop_fixture_turn(struct loop_fixture *fixture);
/* Turns until every handle is closed: whoever forgot one fails. */
void loop_fixture_close(struct loop_fixture *fixture);

#define LOOP_UNTIL(fixture, condition)                                                             \
    while (!(condition)) {                                                                         \
        loop_fixture_turn(fixture);                                                                \
    }
