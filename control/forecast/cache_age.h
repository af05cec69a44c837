/* SPDX-License-Identifier: BSD-2-Clause */
/* How old the answers are that caches give, and which shares of the traffic follow from that when
 * weights change. Pure; any thread. Times are in milliseconds.
 *
 * The model is that of a renewal process (Jung, Berger, Balakrishnan, "Modeling TTL-based Internet
 * caches", INFOCOM 2003, for caches that honour TTLs). Queries come to a cache as a Poisson
 * process. A fetched answer is used until it is `refresh_ms` old; the first query after that has a
 * new one fetched. As long as the old one is not older than `limit_ms`, that query still gets the
 * old one (prefetching, serving stale), else the new one. So fetches are refresh_ms and, on
 * average, one time between queries apart, whatever the weights do, and the age of what a query is
 * answered with is distributed as cache_age_within says, at any time. The share of a member is the
 * mean of its configured shares over these ages: exact, no approximation, as an expected value.
 *
 * With refresh_ms = limit_ms = TTL and queries all the time, ages are uniform between 0 and the
 * TTL: the fresh part grows linearly over one TTL after a shift. Clients that cache on their own do
 * not change that, since what they get is the TTL that is left (RFC 1035 section 4.1.3, RFC 2181
 * section 8). */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The weights of one record set's members (effective ones, as answers are picked by) from at_ms on.
 */
struct weight_change {
    int64_t at_ms;
    const uint16_t *weights; /* one for each member; all 0 are equal shares */
};

/* Oldest first, at least one; the first holds for all time before the second. Owns nothing. */
struct weight_history {
    const struct weight_change *changes;
    size_t change_count;
    size_t member_count;
};

struct cache_age {
    double refresh_ms;     /* 0 or more; INFINITY: the first answer is kept for ever */
    double limit_ms;       /* at least refresh_ms; INFINITY: stale answers never end */
    double queries_per_ms; /* more than 0; INFINITY: somebody asks all the time */
};

/* The part of the queries that are answered with something at most age_ms old; 0 for less than 0.
 */
double cache_age_within(const struct cache_age *cache, double age_ms);
/* Fetches in a millisecond by one cache. INFINITY when every query of endless ones is one. */
double cache_age_fetches_per_ms(const struct cache_age *cache);
/* The age that all but `part` of the queries stay below: what is left of a shift then; INFINITY
 * when there is none. 0 < part < 1. */
double cache_age_all_but(const struct cache_age *cache, double part);

/* The shares as configured at at_ms, one for each member; they sum to 1. */
void weight_shares(const struct weight_history *history, double at_ms, double *shares);
/* Adds to shares, for each member, its share of the traffic at at_ms, times factor. Time: one
 * cache_age_within for each change. */
void cache_age_add_shares(const struct weight_history *history, const struct cache_age *cache,
                          double at_ms, double factor, double *shares);
