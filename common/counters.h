/* SPDX-License-Identifier: BSD-2-Clause */
/* Counters that one thread writes and others read. A value is exact once its writer is idle. */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "common/attributes.h"

typedef _Atomic uint64_t counter;

/* The one writer's thread. Relaxed load and store, not fetch_add: nobody else writes, and a locked
 * instruction for each query would cost more than the answer. Returns what it was before. */
static ALWAYS_INLINE uint64_t counter_add(counter *value, uint64_t amount)
{
    uint64_t before = atomic_load_explicit(value, memory_order_relaxed);
    atomic_store_explicit(value, before + amount, memory_order_relaxed);
    return before;
}

/* Any thread. */
static inline uint64_t counter_read(const counter *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}
