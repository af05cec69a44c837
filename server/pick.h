/* SPDX-License-Identifier: BSD-2-Clause */
/* Which member answers. State is an argument, chance a sequence in it; integers only. A state
 * belongs to one worker's thread. */
#pragma once

#include <assert.h>
#include <endian.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "zones/snapshot.h"

#define PICK_LOG_STEPS 256

/* 2^32 divided by the golden ratio: steps of this leave the smallest gaps over any run. */
#define PICK_STEP_32 UINT32_C(0x9E3779B9)
#define PICK_STEP_64 UINT64_C(0x9E3779B97F4A7C15)

struct pick_state {
    uint64_t random;     /* splitmix64 */
    uint32_t *positions; /* `exact`: one a record set */
    size_t set_count;
    uint64_t log2[PICK_LOG_STEPS + 1]; /* log2(1 + i / 256), 32 fractional bits */
};

/* Starting points are drawn from the seed; allocates the positions. */
void pick_state_init(struct pick_state *state, size_t set_count, uint64_t seed);
void pick_state_done(struct pick_state *state);

/* The member whose part of the 32-bit range the position lies in. */
static inline size_t pick_member_at(const struct weights *weights, uint32_t position)
{
    size_t i = 0;
    while (position > weights->members[i].upper || weights->members[i].weight == 0) {
        i++;
        assert(i < weights->member_count); /* the last that takes part ends the range */
    }
    return i;
}

/* splitmix64's finalizer: every input bit reaches every output bit. */
static inline uint64_t pick_mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94D049BB133111EB);
    return value ^ (value >> 31);
}

static inline uint64_t pick_next_random(uint64_t *random)
{
    *random += PICK_STEP_64;
    return pick_mix(*random);
}

/* Index of the member that answers next, never one of weight 0.
 *
 * exact: a low-discrepancy sequence, so that any run of answers is within a few of each member's
 * share. Each record set has its own position: A and AAAA asked in turns do not alias. */
static inline size_t pick_exact(const struct weights *weights, uint32_t *position)
{
    *position += PICK_STEP_32;
    return pick_member_at(weights, *position);
}

/* random: independent draws. */
static inline size_t pick_random(const struct weights *weights, uint64_t *random)
{
    return pick_member_at(weights, (uint32_t)(pick_next_random(random) >> 32));
}

/* sticky: the same client (see pick_client) gets the same member while weights stand. Raising one
 * member's weight moves clients only to that member. Members with the same ids agree over types. */
size_t pick_sticky(const struct pick_state *state, const struct weights *weights, uint64_t client);

/* What `sticky` knows of a client: 24 bits of an IPv4 address, 56 of an IPv6 one; an IPv4 address
 * mapped into IPv6 (RFC 4291 section 2.5.5.2) is the IPv4 address. */
static inline uint64_t pick_client_v4(const uint8_t address[4])
{
    uint32_t octets;
    memcpy(&octets, address, sizeof(octets));
    return (uint64_t)(be32toh(octets) & 0xFFFFFF00) << 32 | 4;
}

uint64_t pick_client_v6(const uint8_t address[16]);
/* AF_INET or AF_INET6. */
static inline uint64_t pick_client(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
        return pick_client_v6(v6->sin6_addr.s6_addr);
    }
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
    return pick_client_v4((const uint8_t *)&v4->sin_addr.s_addr);
}
