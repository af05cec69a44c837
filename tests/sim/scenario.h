/* SPDX-License-Identifier: BSD-2-Clause */
/* The scenario language: a text file, one step a line, "#" begins a comment. First what is there,
 * then what happens and what is expected, each line with its time since the beginning:
 *
 *   plan    steps=10,50,100 hold=60s
 *   members blue=100 green=0
 *   health  rise=2 fall=2 interval=10s [members=green,…]    (no such line: nobody is checked)
 *   probes  MEMBER pass|fail|silent        what its probes see from the first one on (pass)
 *
 *   TIME start MEMBER                     a rollout to it; one that runs is superseded
 *   TIME pause | resume | promote | abort
 *   TIME fail                             what an event of ECS does: a deployment that FAILED
 *   TIME probes MEMBER pass|fail|silent   what its probes will see from now on
 *   TIME set MEMBER=WEIGHT …              an operator's weights
 *   TIME restart [down=DURATION] [clock_back=DURATION]
 *   TIME refuse ACTION … because~"TEXT"   the action is refused with words that hold TEXT
 *   TIME expect KEY=VALUE | KEY~"TEXT" …  (~: holds the text)
 *
 * Probes and ticks at a time come before the lines of that time. Keys of expect: a member's id (its
 * weight as set), effective.ID, health.ID, state (or none), step, hold_left, shifts, reason,
 * history (its newest line). */
#pragma once

#include "tests/sim/world.h"

struct scenario_result {
    unsigned expectations;
    int64_t played_ms;
};

/* False: err reads "PATH:LINE: what". */
MUST_CHECK bool scenario_play(const char *path, struct scenario_result *result, struct error *err);
