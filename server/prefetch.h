/* SPDX-License-Identifier: BSD-2-Clause */
/* Of a large zone hardly anything that an answer needs is in a cache: the slot of the hash table,
 * the node, its name and RRsets, each found by the one before, each a wait for the memory. The
 * names of a batch wait together instead, before the first of them is answered: that takes a third
 * of the time at a million names asked at random, and 25 ns more where all is in a cache
 * (tests/bench/bench_prefetch.c). Only a hint: what is read is checked, and wrong guesses cost a
 * little time. Pure; a worker's thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/config.h"
#include "zones/snapshot.h"

/* The size of hash tables, in slots, from which on it pays: 512 KiB, about what a core has for
 * itself. Whether one zone has them or many is all the same. */
#define PREFETCH_SLOTS (UINT32_C(1) << 16)
#define PREFETCH_MAX   64

/* A packet as it came; not NULL. */
struct prefetch_packet {
    const uint8_t *octets;
    size_t len;
};

/* Is it worth while for so many packets? What has a proxy's header is no query to this, and where
 * proxies are listed most packets have one. */
static inline bool prefetch_is_due(const struct snapshot *snapshot,
                                   const struct config_server *config, size_t count)
{
    return count > 1 && snapshot->zones->slot_count >= PREFETCH_SLOTS && config->proxy_count == 0;
}

/* Asks the memory for the nodes of plain queries, any packets, at most PREFETCH_MAX. Returns how
 * many of them have one. */
size_t prefetch_nodes(const struct snapshot *snapshot, const struct prefetch_packet *packets,
                      size_t count);
