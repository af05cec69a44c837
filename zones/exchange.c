/* SPDX-License-Identifier: BSD-2-Clause */
#include "zones/exchange.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/clock.h"

_Static_assert(sizeof(struct worker_slot) % ALLOC_CACHE_LINE == 0 &&
                   offsetof(struct worker_slot, seen) % ALLOC_CACHE_LINE == 0,
               "what one worker writes shares no line with what others do");
_Static_assert(offsetof(struct visit_ring, put) % ALLOC_CACHE_LINE == 0,
               "what the worker writes shares no line with what control does");

/* A worker that has begun to look for its first snapshot: everything may be what it finds. */
#define SEEN_NOTHING_YET 1

static const char *const counter_names[COUNTER_COUNT] = {
    [COUNTER_UDP_QUERIES] = "udp_queries",
    [COUNTER_TCP_QUERIES] = "tcp_queries",
    [COUNTER_TCP_CONNECTIONS] = "tcp_connections",
    [COUNTER_TCP_REFUSED] = "tcp_refused",
    [COUNTER_TCP_GAVE_WAY] = "tcp_gave_way",
    [COUNTER_TCP_TIMEOUTS] = "tcp_timeouts",
    [COUNTER_NOERROR] = "noerror",
    [COUNTER_FORMERR] = "formerr",
    [COUNTER_SERVFAIL] = "servfail",
    [COUNTER_NXDOMAIN] = "nxdomain",
    [COUNTER_NOTIMP] = "notimp",
    [COUNTER_REFUSED] = "refused",
    [COUNTER_BADVERS] = "badvers",
    [COUNTER_BADCOOKIE] = "badcookie",
    [COUNTER_TRUNCATED] = "truncated",
    [COUNTER_DROPPED] = "dropped",
    [COUNTER_PROXY_REFUSED] = "proxy_refused",
    [COUNTER_RATE_DROPPED] = "rate_dropped",
    [COUNTER_RATE_SLIPPED] = "rate_slipped",
    [COUNTER_SEND_FAILED] = "send_failed",
    [COUNTER_XDP_QUERIES] = "xdp_queries",
};

const char *server_counter_name(enum server_counter which)
{
    assert((unsigned)which < COUNTER_COUNT);
    return counter_names[which];
}

struct exchange *exchange_new(size_t worker_count, uint32_t tally_len)
{
    struct exchange *exchange = alloc_zeroed(1, sizeof(*exchange));
    exchange->worker_count = worker_count;
    exchange->tally_len = tally_len;
    exchange->now_ns = clock_monotonic_ns;
    exchange->slots =
        alloc_zeroed_aligned(ALLOC_CACHE_LINE, worker_count, sizeof(struct worker_slot));
    for (size_t i = 0; i < worker_count; i++) {
        exchange->slots[i].tally =
            alloc_zeroed_aligned(ALLOC_CACHE_LINE, tally_len, sizeof(counter));
    }
    return exchange;
}

void exchange_follow(struct exchange *exchange, const uint64_t key[2], uint64_t limit)
{
    for (size_t i = 0; i < exchange->worker_count; i++) {
        struct visit_ring *ring = alloc_zeroed_aligned(ALLOC_CACHE_LINE, 1, sizeof(*ring));
        memcpy(ring->key, key, sizeof(ring->key));
        /* Relaxed: no thread runs yet. */
        atomic_store_explicit(&ring->limit, limit, memory_order_relaxed);
        assert(exchange->slots[i].visits == NULL);
        exchange->slots[i].visits = ring;
    }
}

void exchange_free(struct exchange *exchange)
{
    if (exchange == NULL) {
        return;
    }
    for (size_t i = 0; i < exchange->worker_count; i++) {
        free(exchange->slots[i].tally);
        free(exchange->slots[i].visits);
    }
    free(exchange->slots);
    free(exchange);
}

void exchange_offer(struct exchange *exchange, const struct snapshot *snapshot)
{
    for (size_t i = 0; i < exchange->worker_count; i++) {
        /* Release: the worker that finds the pointer finds the snapshot written. In one order with
         * the loads of `seen` in exchange_oldest (seq_cst): see exchange_take. */
        atomic_store_explicit(&exchange->slots[i].offered, snapshot, memory_order_seq_cst);
    }
    for (size_t i = 0; i < exchange->worker_count; i++) {
        struct worker_slot *slot = &exchange->slots[i];
        if (slot->wake_worker != NULL) {
            slot->wake_worker(slot->wake_worker_argument);
        }
    }
    /* Without workers everybody has seen it. */
    if (exchange->worker_count == 0 && exchange->wake_control != NULL) {
        exchange->wake_control(exchange->wake_control_argument);
    }
}

uint64_t exchange_oldest(const struct exchange *exchange)
{
    uint64_t oldest = exchange->worker_count == 0 ? UINT64_MAX : 0;
    for (size_t i = 0; i < exchange->worker_count; i++) {
        const struct worker_slot *slot = &exchange->slots[i];
        /* Acquire: what the worker read of older snapshots was before; they may be freed.
         * seq_cst: see exchange_take. */
        uint64_t seen = atomic_load_explicit(&slot->seen, memory_order_seq_cst);
        if (seen == 0) {
            /* Relaxed: this thread wrote it. */
            const struct snapshot *newest =
                atomic_load_explicit(&slot->offered, memory_order_relaxed);
            seen = newest == NULL ? 0 : newest->generation;
        }
        if (i == 0 || seen < oldest) {
            oldest = seen;
        }
    }
    return oldest;
}

uint64_t exchange_seen_ns(const struct exchange *exchange)
{
    uint64_t last_ns = 0;
    for (size_t i = 0; i < exchange->worker_count; i++) {
        const struct worker_slot *slot = &exchange->slots[i];
        /* Relaxed: exchange_oldest has acquired what the worker wrote before `seen`. */
        uint64_t seen_ns = atomic_load_explicit(&slot->seen_ns, memory_order_relaxed);
        last_ns = seen_ns > last_ns ? seen_ns : last_ns;
    }
    return last_ns;
}

/* The pointer was not the worker's: take it. */
static const struct snapshot *take_new(struct exchange *exchange, struct worker_slot *slot)
{
    if (slot->current == NULL) {
        /* Starting. In the one order of seq_cst operations either this store comes before
         * control's load in exchange_oldest, which then frees nothing, or the load below comes
         * after the offer that preceded it, and finds a snapshot that stays. */
        atomic_store_explicit(&slot->seen, SEEN_NOTHING_YET, memory_order_seq_cst);
    }
    /* Later on `seen` keeps everything from the current snapshot on alive; acquire, for the
     * snapshot's content, would do. */
    const struct snapshot *snapshot = atomic_load_explicit(&slot->offered, memory_order_seq_cst);
    if (snapshot == NULL) {
        return NULL;
    }
    slot->current = snapshot;
    atomic_store_explicit(&slot->seen_ns, exchange->now_ns(), memory_order_relaxed);
    /* Release: all reads of the old snapshot are before. */
    atomic_store_explicit(&slot->seen, snapshot->generation, memory_order_release);
    if (exchange->wake_control != NULL) {
        exchange->wake_control(exchange->wake_control_argument);
    }
    return snapshot;
}

const struct snapshot *exchange_take(struct exchange *exchange, size_t worker)
{
    struct worker_slot *slot = &exchange->slots[worker];
    /* Relaxed: only compared. The current snapshot cannot be freed and its address used again
     * while `seen` names it. */
    const struct snapshot *offered = atomic_load_explicit(&slot->offered, memory_order_relaxed);
    if (offered == slot->current && offered != NULL) {
        return offered;
    }
    return take_new(exchange, slot);
}

void exchange_leave(struct exchange *exchange, size_t worker)
{
    struct worker_slot *slot = &exchange->slots[worker];
    slot->current = NULL;
    /* Release: all reads of snapshots are before. */
    atomic_store_explicit(&slot->seen, 0, memory_order_release);
    if (exchange->wake_control != NULL) {
        exchange->wake_control(exchange->wake_control_argument);
    }
}

uint64_t exchange_count(const struct exchange *exchange, enum server_counter which)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < exchange->worker_count; i++) {
        sum += counter_read(&exchange->slots[i].counters[which]);
    }
    return sum;
}

uint64_t exchange_answered(const struct exchange *exchange, uint32_t tally_index)
{
    assert(tally_index < exchange->tally_len);
    uint64_t sum = 0;
    for (size_t i = 0; i < exchange->worker_count; i++) {
        sum += counter_read(&exchange->slots[i].tally[tally_index]);
    }
    return sum;
}
