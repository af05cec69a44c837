/* SPDX-License-Identifier: BSD-2-Clause */
/* A small world in virtual time around the real rollout engine, effective weights, health
 * thresholds and roles: one record set, a probe of each checked member at an interval, and what
 * control does with an effect. Nothing sleeps, no clock is read. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "control/health.h"
#include "control/rollout.h"

#define WORLD_MAX_MEMBERS 100

enum world_probes { PROBES_PASS, PROBES_FAIL, PROBES_SILENT };

struct world_member {
    char id[MEMBER_ID_SIZE];
    bool is_checked;
    enum world_probes probes; /* what its probes will see; silent: no result comes */
    struct health health;
};

struct world {
    size_t member_count;
    struct world_member members[WORLD_MAX_MEMBERS];
    uint8_t weights[WORLD_MAX_MEMBERS]; /* as set */
    uint8_t before[WORLD_MAX_MEMBERS];  /* the rollout */
    uint16_t effective[WORLD_MAX_MEMBERS];
    struct plan plan;
    int64_t interval_ms;
    int64_t now_ms;        /* since the scenario began */
    int64_t clock_back_ms; /* what the wall clock lost */
    int64_t next_probe_ms;
    bool has_rollout;
    struct rollout rollout;
    size_t stable, candidate;
    unsigned shifts;                     /* publishes that changed weights as set */
    char history[ROLLOUT_TEXT_SIZE * 2]; /* the newest line */
};

/* Members, plan and interval are set by the caller before. */
void world_begin(struct world *world);
/* SIZE_MAX: no such member. */
size_t world_find_member(const struct world *world, const char *id);
/* Plays probes and ticks up to this time, those at it included. */
void world_advance(struct world *world, int64_t to_ms);
/* Starts a rollout; one that runs is superseded in the same publish. */
MUST_CHECK bool world_start(struct world *world, size_t candidate, struct error *err);
/* An operator's input. */
MUST_CHECK bool world_apply(struct world *world, enum rollout_input_kind kind, struct error *err);
/* Weights as set by an operator. */
void world_set_weight(struct world *world, size_t member, uint8_t weight);
/* The daemon dies, is gone for a while, and comes up with what was stored; health begins anew. The
 * wall clock may have been set back meanwhile. */
MUST_CHECK bool world_restart(struct world *world, int64_t down_ms, int64_t clock_back_ms,
                              struct error *err);
/* Frees what the world owns. */
void world_end(struct world *world);
/* By the daemon's wall clock. */
int64_t world_clock_ms(const struct world *world);
