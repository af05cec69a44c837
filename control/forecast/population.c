/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/forecast/population.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define HOUR_MS ((int64_t)3600 * 1000)

static const struct behaviour {
    const char *name;
    bool has_time;
} behaviours[TTL_BEHAVIOUR_COUNT] = {
    [TTL_HONEST] = {"honest", false},     [TTL_MINIMUM] = {"minimum", true},
    [TTL_MAXIMUM] = {"maximum", true},    [TTL_KEEP] = {"keep", true},
    [TTL_PREFETCH] = {"prefetch", false}, [TTL_STALE] = {"stale", true},
};

/* Everybody keeps to the TTL, and so many ask that it is always cached: what expected_share says.
 */
static const struct population honest = {
    .group_count = 1,
    .groups = {{"honest", 1, 1, 0, TTL_HONEST, 0}},
};

/* Who is there and how much they ask are assumptions of ours: few large resolvers, many small ones,
 * busy in the manner of Zipf. Measured is the part of resolvers that extend TTLs, 8.74 % of 8524
 * (Bhowmick, Ashiq, Deccio, Chung, "TTL Violation of DNS Resolvers in the Wild", PAM 2023); that
 * they extend a short one to 5 minutes, and ask as much as others, is assumed again. That addresses
 * are kept for a day (programs that look up once, as old Java runtimes did) and for ever is
 * assumed. */
static const struct population mixed = {
    .group_count = 7,
    .groups =
        {
            {"public, prefetching", 0.01, 10, 1, TTL_PREFETCH, 0},
            {"providers, honest", 0.30, 0.5, 0.9, TTL_HONEST, 0},
            {"small, honest", 0.5726, 0.02, 0, TTL_HONEST, 0},
            {"extending to 5m", 0.0874, 0.5, 0.9, TTL_MINIMUM, 300000},
            {"serving stale", 0.02, 0.1, 0, TTL_STALE, 24 * HOUR_MS},
            {"keeping a day", 0.007, 0.05, 0, TTL_KEEP, 24 * HOUR_MS},
            {"keeping for ever", 0.003, 0.05, 0, TTL_KEEP, POPULATION_FOR_EVER},
        },
};

/* A bad day, all of it assumed: a quarter extends TTLs to an hour, an eighth keeps what it has. */
static const struct population bad = {
    .group_count = 5,
    .groups =
        {
            {"honest", 0.525, 0.5, 0.9, TTL_HONEST, 0},
            {"extending to 1h", 0.25, 0.5, 0.9, TTL_MINIMUM, HOUR_MS},
            {"serving stale", 0.10, 0.05, 0, TTL_STALE, 24 * HOUR_MS},
            {"keeping a day", 0.10, 0.5, 0, TTL_KEEP, 24 * HOUR_MS},
            {"keeping for ever", 0.025, 0.5, 0, TTL_KEEP, POPULATION_FOR_EVER},
        },
};

const char *ttl_behaviour_name(enum ttl_behaviour behaviour)
{
    assert((unsigned)behaviour < TTL_BEHAVIOUR_COUNT);
    return behaviours[behaviour].name;
}

bool ttl_behaviour_parse(const char *name, enum ttl_behaviour *behaviour)
{
    for (size_t i = 0; i < TTL_BEHAVIOUR_COUNT; i++) {
        if (strcmp(name, behaviours[i].name) == 0) {
            *behaviour = (enum ttl_behaviour)i;
            return true;
        }
    }
    return false;
}

bool ttl_behaviour_has_time(enum ttl_behaviour behaviour)
{
    assert((unsigned)behaviour < TTL_BEHAVIOUR_COUNT);
    return behaviours[behaviour].has_time;
}

const struct population *population_preset(const char *name)
{
    if (strcmp(name, "honest") == 0) {
        return &honest;
    }
    if (strcmp(name, "mixed") == 0) {
        return &mixed;
    }
    return strcmp(name, "bad") == 0 ? &bad : NULL;
}

static bool check_group(const struct population_group *group, struct error *err)
{
    if (!(group->resolvers >= 0 && group->resolvers <= 1)) {
        return error_set(err, "group %s: a part of %g of the resolvers, expected 0 to 1",
                         group->name, group->resolvers);
    }
    if (!(group->queries_per_s >= 1e-9 && group->queries_per_s <= 1e9)) {
        return error_set(err, "group %s: %g queries a second, expected 1e-9 to 1e9", group->name,
                         group->queries_per_s);
    }
    if (!(group->zipf >= 0 && group->zipf <= 3)) {
        return error_set(err, "group %s: zipf %g, expected 0 to 3", group->name, group->zipf);
    }
    if (group->time_ms < 0 ||
        (group->time_ms == POPULATION_FOR_EVER && group->behaviour != TTL_KEEP)) {
        return error_set(err, "group %s: its time is out of range", group->name);
    }
    return true;
}

bool population_check(const struct population *population, struct error *err)
{
    double sum = 0;
    if (population->group_count < 1 || population->group_count > POPULATION_MAX_GROUPS) {
        return error_set(err, "%zu groups, expected 1 to %d", population->group_count,
                         POPULATION_MAX_GROUPS);
    }
    for (size_t i = 0; i < population->group_count; i++) {
        if (!check_group(&population->groups[i], err)) {
            return false;
        }
        sum += population->groups[i].resolvers;
    }
    /* Percentages are written with a few digits. */
    return fabs(sum - 1) < 0.0005 ||
           error_set(err, "the groups have %g %% of the resolvers together, expected 100 %%",
                     sum * 100);
}
