/* SPDX-License-Identifier: BSD-2-Clause */
/* Everything that crosses threads between the planes, and nothing else does: for each worker a
 * mailbox with the snapshot to answer from, and counters. Made by main, lent to both planes,
 * outlives both. */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "common/counters.h"
#include "zones/snapshot.h"
#include "zones/visits.h"

enum server_counter {
    COUNTER_UDP_QUERIES,
    COUNTER_XDP_QUERIES, /* of these, past the kernel's sockets */
    COUNTER_TCP_QUERIES,
    COUNTER_TCP_CONNECTIONS, /* accepted */
    COUNTER_TCP_REFUSED,     /* over the limit of its client */
    COUNTER_TCP_GAVE_WAY,    /* closed for a new one, when all were taken */
    COUNTER_TCP_TIMEOUTS,
    COUNTER_NOERROR, /* responses by RCODE */
    COUNTER_FORMERR,
    COUNTER_SERVFAIL,
    COUNTER_NXDOMAIN,
    COUNTER_NOTIMP,
    COUNTER_REFUSED,
    COUNTER_BADVERS,
    COUNTER_BADCOOKIE,
    COUNTER_TRUNCATED,
    COUNTER_DROPPED,       /* no response due: too short, a response itself */
    COUNTER_PROXY_REFUSED, /* of a proxy, without a good header */
    COUNTER_RATE_DROPPED,  /* over a rate limit: not sent */
    COUNTER_RATE_SLIPPED,  /* over a rate limit: sent truncated */
    COUNTER_SEND_FAILED,   /* the kernel would not take it */
    COUNTER_COUNT
};
/* "udp_queries", … as `stats` and the metrics show it. */
const char *server_counter_name(enum server_counter which);

typedef void (*exchange_wake)(void *argument);

/* On its own cache lines: the worker writes the second part for each query. */
struct worker_slot {
    /* control writes, worker reads: one relaxed load a batch when nothing is new */
    _Alignas(64) _Atomic(const struct snapshot *) offered;
    exchange_wake wake_worker; /* thread-safe; set before the worker and control's loop run;
                                  NULL: nobody sleeps */
    void *wake_worker_argument;
    /* worker writes, control reads */
    _Alignas(64) _Atomic uint64_t seen; /* generation: nothing older is answered any more;
                                           0: the worker has not started, or has left */
    _Atomic uint64_t seen_ns;           /* when it took that generation */
    const struct snapshot *current;     /* worker's own */
    counter counters[COUNTER_COUNT];
    counter *tally; /* answers by member: record_set->first_member + index; cache-aligned */
    struct visit_ring *visits; /* NULL: no client is followed */
};

struct exchange {
    size_t worker_count;
    struct worker_slot *slots;
    uint32_t tally_len;
    exchange_wake wake_control; /* a worker has seen a new snapshot; thread-safe; may be NULL */
    void *wake_control_argument;
    uint64_t (*now_ns)(void); /* clock_monotonic_ns; tests have their own. Any thread */
};

/* tally_len: record_sets->member_count. Caller owns; aborts when out of memory. */
struct exchange *exchange_new(size_t worker_count, uint32_t tally_len);
void exchange_free(struct exchange *exchange);
/* Before the workers are made: from now on there are rings for visits, of whose clients those are
 * followed whose hash with the key is less than the limit. */
void exchange_follow(struct exchange *exchange, const uint64_t key[2], uint64_t limit);

/* Control thread: offers to every worker and wakes them. Returns at once. */
void exchange_offer(struct exchange *exchange, const struct snapshot *snapshot);
/* Control thread: the oldest generation that some worker may still answer from: what is older may
 * be freed. A worker that has not started counts as the newest (it will take what is offered
 * then), and so does one that has left. 0 while nothing was offered; without workers UINT64_MAX. */
uint64_t exchange_oldest(const struct exchange *exchange);

/* Control thread: when the last of the workers took what it answers from; 0: none has any. */
uint64_t exchange_seen_ns(const struct exchange *exchange);

/* Worker, between packets only (before each batch): the snapshot to answer from, never NULL once
 * one was offered. Tells control when it changed. */
const struct snapshot *exchange_take(struct exchange *exchange, size_t worker);
/* Worker, when it ends: it will answer nothing any more. */
void exchange_leave(struct exchange *exchange, size_t worker);

/* Any thread: sums over the workers. */
uint64_t exchange_count(const struct exchange *exchange, enum server_counter which);
uint64_t exchange_answered(const struct exchange *exchange, uint32_t tally_index);
