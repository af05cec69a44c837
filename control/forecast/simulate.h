/* SPDX-License-Identifier: BSD-2-Clause */
/* A rollout played against a population in virtual time: which share of the traffic candidate and
 * stable member have, how long a shift takes to take effect, and how long a fall-back from each
 * step would. What control/forecast/crowd.h expects is exact under the model of cache_age.h; beside
 * it one course is played in which heavy hitters are drawn. A share of traffic is a share of the
 * queries of the resolvers' clients. Pure; one thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "control/forecast/crowd.h"
#include "control/forecast/population.h"
#include "control/forecast/settle.h"

#define SIMULATE_MAX_STEPS 32
#define SIMULATE_SAMPLES   241 /* of each curve */

struct simulate_plan {
    size_t step_count;
    uint8_t weights[SIMULATE_MAX_STEPS]; /* the candidate's, 1 to 100, ascending; the other's is the
                                            rest of 100 */
    int64_t holds_ms[SIMULATE_MAX_STEPS]; /* after each step */
};
#define SIMULATE_MAX_TTL_MS  ((int64_t)INT32_MAX * 1000) /* RFC 2181 section 8 */
#define SIMULATE_MAX_HOLD_MS ((int64_t)365 * 86400 * 1000)
MUST_CHECK bool simulate_plan_check(const struct simulate_plan *plan, struct error *err);

struct simulate_settings {
    struct simulate_plan plan;           /* checked */
    int64_t ttl_ms;                      /* 0 to SIMULATE_MAX_TTL_MS */
    const struct population *population; /* checked */
    uint64_t resolvers;                  /* 1 to POPULATION_MAX_RESOLVERS */
    uint64_t seed;
};

/* What becomes of one change of weights. All shares are the candidate's, of the traffic. */
struct simulated_change {
    int64_t at_ms;     /* since the first step */
    double from;       /* the share then */
    double goal;       /* the share as configured */
    double settles_at; /* the share in the end, if nothing else happened */
    /* Until the share is within 5 % (1 %) of the change from its goal and stays there, if nothing
     * else happened; SETTLE_NEVER: it does not, since resolvers keep old answers for ever. */
    int64_t to_95_ms, to_99_ms;
};

struct simulated_step {
    uint8_t weight;
    int64_t hold_ms;
    struct simulated_change shift;     /* its goal is counted from the step before */
    struct simulated_change fall_back; /* at the end of the hold, when it takes longest */
    double fall_back_curve[SIMULATE_SAMPLES];
};

struct simulation {
    struct simulated_step steps[SIMULATE_MAX_STEPS];
    size_t step_count;
    double from_ms, sample_ms; /* of the curves: the first sample, and from one to the next */
    double configured[SIMULATE_SAMPLES];
    double expected[SIMULATE_SAMPLES];
    double played[SIMULATE_SAMPLES];
    double largest_deviation;   /* between the two, at any sample */
    double fall_back_sample_ms; /* of the fall_back_curves, which begin at the fall-back */
    /* Who asked, see crowd.h. */
    double resolvers, queries_per_s, fetches_per_s, heavy_traffic;
    size_t heavy_count;
    double group_resolvers[POPULATION_MAX_GROUPS], group_traffic[POPULATION_MAX_GROUPS];
    uint64_t work; /* see crowd.h: what it cost, the same on every machine */
};

/* Caller owns. The same settings give the same result, on every machine but for the last digits. */
struct simulation *simulate(const struct simulate_settings *settings) MUST_CHECK;
void simulation_freep(struct simulation **simulation);
