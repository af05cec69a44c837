/* SPDX-License-Identifier: BSD-2-Clause */
/* Which clients come back for which weighted record sets, on its way from the workers to control:
 * for each worker a ring of visits, written by it alone and emptied by control, without locks.
 *
 * A keyed hash of client and record set decides who is followed, so that all visits of the same
 * client to the same record set are seen, whichever worker is asked, or none: only so the time
 * between two visits can be measured. Control lowers the limit of that hash when there is too much
 * to follow. */
#pragma once

#include <endian.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "common/counters.h"
#include "zones/record_set.h"

/* A client is an IPv4 address or the first 64 bits of an IPv6 address, within which a resolver may
 * take any. IPv4 addresses lie in ffff:ffff::/32, which is multicast and no source. */
#define VISIT_V4 (UINT64_C(0xFFFFFFFF) << 32)

struct visit {
    uint64_t client;
    uint32_t at_ms; /* monotonic, modulo 2^32 */
    uint32_t set;   /* the record set's id */
    uint32_t ttl_s; /* as answered */
};

#define VISIT_RING_SIZE 2048 /* a power of two */

struct visit_ring {
    /* control writes, worker reads */
    _Alignas(64) _Atomic uint64_t limit; /* whose hash is less is followed; 0: nobody */
    _Atomic uint32_t taken;
    uint64_t key[2]; /* the same for all workers; const */
    /* worker writes, control reads */
    _Alignas(64) _Atomic uint32_t put;
    counter lost; /* visits that found the ring full */
    struct visit visits[VISIT_RING_SIZE];
};

/* The memory of one worker's ring, as the documents state it. */
#define VISIT_RING_OCTETS (128 + VISIT_RING_SIZE * sizeof(struct visit))

_Static_assert(sizeof(struct visit) == 24, "a visit takes 24 octets");
_Static_assert(sizeof(struct visit_ring) <= VISIT_RING_OCTETS + 64, "as is stated");

/* An IPv4 address mapped into IPv6 (RFC 4291 section 2.5.5.2) is the IPv4 address. */
uint64_t visit_client_mapped(const struct sockaddr_in6 *address);

/* AF_INET or AF_INET6. */
static inline uint64_t visit_client(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
        uint64_t octets;
        memcpy(&octets, &v6->sin6_addr, sizeof(octets));
        return octets == 0 ? visit_client_mapped(v6) : be64toh(octets);
    }
    return VISIT_V4 | ((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr;
}

#define VISIT_CLIENT_TEXT_SIZE (INET6_ADDRSTRLEN + 4)
/* "192.0.2.1", "2001:db8::/64". */
void visit_client_print(uint64_t client, char out[VISIT_CLIENT_TEXT_SIZE]);

/* One product: cheap, and whoever does not see what is followed cannot work out the key. */
static inline uint64_t visit_hash(const uint64_t key[2], uint64_t client, uint32_t set)
{
    unsigned __int128 product = (unsigned __int128)(client ^ key[0]) * (set ^ key[1]);
    return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

/* The names at a wildcard are cached each by itself, so that gaps at the record set mean nothing.
 */
static inline bool visit_is_possible(const struct record_set *set)
{
    return set->name.octets[0] != 1 || set->name.octets[1] != '*';
}

/* Queries that follow within so long (retries, A and AAAA of a CNAME, TCP after truncation) are one
 * visit: a second, and of short TTLs a tenth. */
static inline uint32_t visit_burst_ms(uint32_t ttl_s)
{
    return ttl_s >= 10 ? 1000 : ttl_s * 100;
}

/* The worker. Counts a visit as lost when the ring is full. */
void visit_ring_put(struct visit_ring *ring, const struct visit *visit);
/* Control: how many there are to be taken. */
uint32_t visit_ring_count(const struct visit_ring *ring);
/* Control: takes the oldest `count`, which are there; out may be NULL. */
void visit_ring_take(struct visit_ring *ring, struct visit *out, uint32_t count);
