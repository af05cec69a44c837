/* SPDX-License-Identifier: BSD-2-Clause */
/* A population of a certain size at a certain TTL, made ready to be asked for its traffic:
 * resolvers that behave and ask alike are one class, so that what is asked for costs as much for
 * ten million resolvers as for ten thousand. Pure; one thread at a time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/forecast/cache_age.h"
#include "control/forecast/population.h"

/* A resolver with so much of the traffic is a heavy hitter: which member it happens to hold shows
 * in the shares. There are a thousand at most. */
#define CROWD_HEAVY_PART 0.001

struct crowd_class {
    struct cache_age cache;
    double resolvers; /* how many; whole */
    double traffic;   /* their part of all queries; all classes together are 1 */
    bool is_heavy;
};

struct crowd {
    struct crowd_class *classes;
    size_t class_count;
    double resolvers;
    double queries_per_s; /* of all of them, from their clients */
    double
        fetches_per_s;  /* what of that reaches the authoritative server; no more than the former */
    size_t heavy_count; /* heavy hitters */
    double heavy_traffic; /* their part of all queries */
    double group_resolvers[POPULATION_MAX_GROUPS];
    double group_traffic[POPULATION_MAX_GROUPS];
    uint64_t work; /* ages that were looked up and answers that were drawn since it was made */
};

/* For a population that has passed population_check. A group of the Zipf kind has its ranks in
 * classes that grow by an eighth, each with its mean rate. A group whose part comes to less than
 * half a resolver has none; at least one resolver is always there. Caller owns. */
struct crowd *crowd_new(const struct population *population, uint64_t resolvers, int64_t ttl_ms);
void crowd_free(struct crowd *crowd);
void crowd_freep(struct crowd **crowd);

/* The shares of the traffic at at_ms that are expected; one for each member, they sum to 1. */
void crowd_shares(struct crowd *crowd, const struct weight_history *history, double at_ms,
                  double *shares);

/* The age after which a shift is over but for one query in a million; groups that keep what they
 * have for ever aside. */
double crowd_settled_ms(const struct crowd *crowd);

/* Times at even distances. */
struct crowd_samples {
    double from_ms, step_ms; /* step_ms > 0 */
    size_t count;
};
/* One course that things may take: as crowd_shares at each of the times, but heavy hitters are
 * played one by one; when they fetch and which member they get is drawn by the seed. (Those that
 * fetch more often than there are samples are as expected.) Writes count rows of a share for each
 * member. */
void crowd_play(struct crowd *crowd, const struct weight_history *history,
                const struct crowd_samples *samples, uint64_t seed, double *rows);
