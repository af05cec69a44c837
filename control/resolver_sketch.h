/* SPDX-License-Identifier: BSD-2-Clause */
/* When clients come back for a weighted record set, counted against the TTL that they were answered
 * with before: for each record set the gaps by class, for some clients the same and the last gaps.
 * Fixed memory, however many clients there are. Pure: visits (zones/visits.h) and the time are
 * arguments. Control thread only.
 *
 * What a class can mean, and what it cannot tell apart. Nobody sees a cache from outside:
 * - SOONER (GAP_MUCH_SOONER, GAP_SOONER): the answer was not kept for its TTL. A cache that clamps
 *   TTLs down, evicts, or was restarted; one that prefetches (just below the TTL); or several
 * caches that ask from one address, each of which keeps to the TTL; or a client without a cache.
 * When the gaps are alike (STEADY) a clamp is likely; several caches make them scattered.
 * - ON TIME: as a cache that keeps to the TTL and is asked often.
 * - LATER (GAP_LATER, GAP_MUCH_LATER): weak evidence. Mostly the resolver was not asked meanwhile,
 *   or asked from another of its addresses. Only when its gaps are all alike does it look like a
 *   clamp to a longer time; a monitor that asks by the clock looks the same.
 * Who answers from a cache for ever, and clients that do not ask again at all, are not seen here;
 * only real traffic shows them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zones/visits.h"

enum gap_class {
    GAP_MUCH_SOONER, /* less than half of the TTL */
    GAP_SOONER,      /* less than 95 % of it, and by a second at least: clocks of resolvers count
                        whole seconds */
    GAP_ON_TIME,     /* less than 1.5 TTL */
    GAP_LATER,       /* less than 3 TTL */
    GAP_MUCH_LATER,
    GAP_CLASS_COUNT
};
/* "much_sooner", … */
const char *gap_class_name(enum gap_class class);

#define RESOLVER_SKETCH_CLIENTS 8192 /* clients and record sets that are followed at a time */
#define RESOLVER_SKETCH_VISITS  8192 /* most that is taken in at a time */
#define RESOLVER_SKETCH_OCTETS  (RESOLVER_SKETCH_CLIENTS * 56 + 128) /* and 40 a record set */

#define RESOLVER_GAPS_KEPT 8

enum gap_pattern {
    PATTERN_UNKNOWN,   /* fewer than four gaps */
    PATTERN_STEADY,    /* the last gaps are within 20 % of each other */
    PATTERN_SCATTERED, /* they are not */
};
/* "unknown", … */
const char *gap_pattern_name(enum gap_pattern pattern);

struct resolver_client {
    uint64_t client; /* visit_client_print */
    uint32_t ttl_s;  /* of the last answer */
    int64_t seen_ms; /* the last visit */
    uint16_t gaps[GAP_CLASS_COUNT];
    uint16_t median_percent; /* of the TTL: the last RESOLVER_GAPS_KEPT gaps */
    enum gap_pattern pattern;
};

struct resolver_sketch_totals {
    uint64_t visits;    /* taken in */
    uint64_t discarded; /* too many at a time: times between visits were forgotten */
    uint64_t evicted;   /* clients that gave way to others although they may come back */
    uint64_t one_in;    /* of how many clients and record sets one is followed now */
    size_t clients;     /* places of the table that are taken */
};

struct resolver_sketch;

/* Follows one in one_in (at least 1). The key is that of the rings. Caller owns. */
struct resolver_sketch *resolver_sketch_new(size_t set_count, const uint64_t key[2],
                                            uint32_t one_in);
void resolver_sketch_free(struct resolver_sketch *sketch);

/* Takes in what the workers have seen since the last call, all of it, in any order. At most
 * RESOLVER_SKETCH_VISITS. To be called about once a second, also with none: when the table cannot
 * hold those who are followed fewer are, and after a quiet minute more again. */
void resolver_sketch_take(struct resolver_sketch *sketch, struct visit *visits, size_t count,
                          int64_t now_ms);
/* Some visits were lost. No gap is counted over them, and fewer clients are followed. */
void resolver_sketch_discard(struct resolver_sketch *sketch, uint64_t count, int64_t now_ms);
/* For the rings: whose hash is less is followed. */
uint64_t resolver_sketch_limit(const struct resolver_sketch *sketch);

/* The gaps of a record set since the start, by class: those of the clients that were followed. */
void resolver_sketch_count(const struct resolver_sketch *sketch, uint32_t set,
                           uint64_t gaps[GAP_CLASS_COUNT]);
void resolver_sketch_totals(const struct resolver_sketch *sketch,
                            struct resolver_sketch_totals *totals);

enum resolver_order {
    RESOLVER_SOONER, /* with gaps that were sooner, the most first */
    RESOLVER_LATER,  /* whose gaps are steady and later, the most first */
};
/* The first of a record set's clients, of those that are in the table. Returns how many. */
size_t resolver_sketch_top(const struct resolver_sketch *sketch, uint32_t set,
                           enum resolver_order order, struct resolver_client *out, size_t most);
