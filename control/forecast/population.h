/* SPDX-License-Identifier: BSD-2-Clause */
/* Who asks: resolvers in groups that behave alike. Plain data. Pure; any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

#define POPULATION_MAX_GROUPS 32
#define POPULATION_NAME_SIZE  48
#define POPULATION_FOR_EVER   INT64_MAX

/* What a resolver makes of the TTL in an answer. */
enum ttl_behaviour {
    TTL_HONEST,
    TTL_MINIMUM, /* raises shorter ones to `time` (unbound's cache-min-ttl, dnsmasq's min-cache-ttl)
                  */
    TTL_MAXIMUM, /* lowers longer ones to `time` (cache-max-ttl) */
    TTL_KEEP,    /* whatever it says, the answer is used for `time`, or for ever */
    TTL_PREFETCH, /* honest; a query in the last tenth of the TTL has a new answer fetched
                     (unbound's prefetch) */
    TTL_STALE,    /* expired answers are used for `time` more, while new ones are fetched (RFC 8767;
                     unbound's serve-expired) */
};
#define TTL_BEHAVIOUR_COUNT (TTL_STALE + 1)
const char *ttl_behaviour_name(enum ttl_behaviour behaviour); /* "honest", "minimum", … */
MUST_CHECK bool ttl_behaviour_parse(const char *name, enum ttl_behaviour *behaviour);
/* Whether it needs a time. */
bool ttl_behaviour_has_time(enum ttl_behaviour behaviour);

struct population_group {
    char name[POPULATION_NAME_SIZE];
    double resolvers;     /* its part of all resolvers; all groups together are 1 */
    double queries_per_s; /* for the record set's name, one resolver on average; more than 0 */
    double
        zipf; /* the r-th busiest of n resolvers asks in proportion to 1 / r^zipf; 0: all alike */
    enum ttl_behaviour behaviour;
    int64_t time_ms; /* of it; POPULATION_FOR_EVER is allowed for TTL_KEEP */
};

struct population {
    struct population_group groups[POPULATION_MAX_GROUPS];
    size_t group_count;
    uint64_t resolvers; /* how many there are when nobody says; 0: POPULATION_DEFAULT_RESOLVERS */
};
#define POPULATION_DEFAULT_RESOLVERS 100000
#define POPULATION_MAX_RESOLVERS     UINT64_C(10000000000)

/* "honest", "mixed" or "bad"; NULL when there is none of that name. Lives for ever. */
const struct population *population_preset(const char *name);
#define POPULATION_PRESETS "honest, mixed, bad"

/* Whether the parts sum to 1 and everything is in range. */
MUST_CHECK bool population_check(const struct population *population, struct error *err);

/* Reads a description in YAML or JSON (docs/ballastctl.1 has the keys). The file's name is only
 * used in errors, which read "file:line: key: what was found, what was expected". */
MUST_CHECK bool population_read(const uint8_t *text, size_t len, const char *file,
                                struct population *population, struct error *err);
