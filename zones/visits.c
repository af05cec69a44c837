/* SPDX-License-Identifier: BSD-2-Clause */
#include "zones/visits.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>

uint64_t visit_client_mapped(const struct sockaddr_in6 *address)
{
    uint32_t v4 = 0;
    if (IN6_IS_ADDR_V4MAPPED(&address->sin6_addr)) {
        memcpy(&v4, address->sin6_addr.s6_addr + 12, sizeof(v4));
        return VISIT_V4 | v4;
    }
    return 0;
}

void visit_client_print(uint64_t client, char out[VISIT_CLIENT_TEXT_SIZE])
{
    if (client >= VISIT_V4) {
        struct in_addr v4 = {.s_addr = (uint32_t)client};
        inet_ntop(AF_INET, &v4, out, VISIT_CLIENT_TEXT_SIZE);
        return;
    }
    struct in6_addr v6 = {0};
    uint64_t octets = htobe64(client);
    memcpy(&v6, &octets, sizeof(octets));
    inet_ntop(AF_INET6, &v6, out, VISIT_CLIENT_TEXT_SIZE);
    strcat(out, "/64");
}

void visit_ring_put(struct visit_ring *ring, const struct visit *visit)
{
    /* Relaxed: this thread wrote it. */
    uint32_t put = atomic_load_explicit(&ring->put, memory_order_relaxed);
    /* Acquire: what control has taken was read before it is written over. */
    uint32_t taken = atomic_load_explicit(&ring->taken, memory_order_acquire);
    if (put - taken == VISIT_RING_SIZE) {
        counter_add(&ring->lost, 1);
        return;
    }
    ring->visits[put % VISIT_RING_SIZE] = *visit;
    /* Release: whoever finds the visit counted finds it written, and what was lost before. */
    atomic_store_explicit(&ring->put, put + 1, memory_order_release);
}

uint32_t visit_ring_count(const struct visit_ring *ring)
{
    /* Acquire: see visit_ring_put. */
    uint32_t put = atomic_load_explicit(&ring->put, memory_order_acquire);
    return put - atomic_load_explicit(&ring->taken, memory_order_relaxed);
}

void visit_ring_take(struct visit_ring *ring, struct visit *out, uint32_t count)
{
    uint32_t taken = atomic_load_explicit(&ring->taken, memory_order_relaxed);
    assert(count <= VISIT_RING_SIZE);
    for (uint32_t i = 0; out != NULL && i < count; i++) {
        out[i] = ring->visits[(taken + i) % VISIT_RING_SIZE];
    }
    /* Release: the reads are before. */
    atomic_store_explicit(&ring->taken, taken + count, memory_order_release);
}
