/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/pick.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

/* log2(1 + index / 256) by squaring: whenever the square passes 2, the next bit is 1. */
static uint64_t log2_of_step(unsigned index)
{
    if (index == PICK_LOG_STEPS) {
        return UINT64_C(1) << 32;
    }
    uint64_t value = (UINT64_C(256) + index) << 55; /* one integer bit */
    uint64_t result = 0;
    for (int bit = 31; bit >= 0; bit--) {
        unsigned __int128 square = (unsigned __int128)value * value >> 63;
        if (square >> 64 != 0) {
            result |= UINT64_C(1) << bit;
            square >>= 1;
        }
        value = (uint64_t)square;
    }
    return result;
}

void pick_state_init(struct pick_state *state, size_t set_count, uint64_t seed)
{
    state->random = seed;
    state->set_count = set_count;
    state->positions = alloc_zeroed_apart(set_count, sizeof(*state->positions));
    for (size_t i = 0; i < set_count; i++) {
        state->positions[i] = (uint32_t)pick_next_random(&state->random);
    }
    for (unsigned i = 0; i <= PICK_LOG_STEPS; i++) {
        state->log2[i] = log2_of_step(i);
    }
}

void pick_state_done(struct pick_state *state)
{
    free(state->positions);
    state->positions = NULL;
}

/* -log2(value / 2^64) with 32 fractional bits, at least 1. Linear between the table's steps. */
static uint64_t negative_log2(const struct pick_state *state, uint64_t value)
{
    value |= 1;
    unsigned shift = (unsigned)__builtin_clzll(value);
    value <<= shift;
    size_t step = (value >> 55) & (PICK_LOG_STEPS - 1);
    uint64_t rest = (value >> 23) & UINT32_MAX;
    uint64_t low = state->log2[step];
    uint64_t fraction = low + ((state->log2[step + 1] - low) * rest >> 32);
    uint64_t result = ((uint64_t)(shift + 1) << 32) - fraction;
    return result == 0 ? 1 : result;
}

/* Weighted rendezvous hashing: each member draws from (client, name, member) alone, and the
 * largest weight / -log2(draw) wins. */
size_t pick_sticky(const struct pick_state *state, const struct weights *weights, uint64_t client)
{
    const struct record_set *set = weights->record_set;
    uint64_t base = pick_mix(pick_mix(client + PICK_STEP_64) ^ set->name_hash);
    size_t best = SIZE_MAX;
    uint64_t best_log = 0;
    for (size_t i = 0; i < weights->member_count; i++) {
        uint64_t weight = weights->members[i].weight;
        if (weight == 0) {
            continue;
        }
        if (weight == weights->total) {
            return i; /* alone, as between rollouts */
        }
        uint64_t id_hash = set->members[i].id_hash;
        uint64_t log = negative_log2(state, pick_mix(base + id_hash));
        bool wins = best == SIZE_MAX;
        if (!wins) {
            /* Weights have 16 bits and logarithms 39: the products fit. Ties go by the id, since
             * the order of members may differ between the A and the AAAA record set. */
            uint64_t mine = weight * best_log;
            uint64_t other = weights->members[best].weight * log;
            wins = mine > other || (mine == other && id_hash < set->members[best].id_hash);
        }
        if (wins) {
            best = i;
            best_log = log;
        }
    }
    assert(best != SIZE_MAX);
    return best;
}

uint64_t pick_client_v6(const uint8_t address[16])
{
    static const uint8_t mapped_prefix[12] = {[10] = 0xFF, [11] = 0xFF};
    if (memcmp(address, mapped_prefix, sizeof(mapped_prefix)) == 0) {
        return pick_client_v4(address + 12);
    }
    uint64_t client = 6;
    for (unsigned i = 0; i < 7; i++) {
        client |= (uint64_t)address[i] << (56 - 8 * i);
    }
    return client;
}
