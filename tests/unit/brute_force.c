/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/brute_force.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "common/alloc.h"

#define FOR_EVER_MS 1e300

struct resolver {
    double next_query_ms; /* first: the heap's key */
    double queries_per_ms;
    const struct population_group *group;
    bool has_answer, holds_candidate;
    double fetched_ms;
};

struct world {
    const struct brute_force *play;
    struct resolver *heap;
    size_t count;
    uint64_t random;
    double credit[2]; /* of the server, which answers exactly by the weights */
};

static double uniform(struct world *world)
{
    world->random = world->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return ((double)(world->random >> 11) + 0.5) * 0x1p-53;
}

static double wait_ms(struct world *world, double per_ms)
{
    return -log(uniform(world)) / per_ms;
}

static void sift_down(struct world *world, size_t at)
{
    struct resolver *heap = world->heap;
    for (size_t child; (child = 2 * at + 1) < world->count; at = child) {
        child +=
            child + 1 < world->count && heap[child + 1].next_query_ms < heap[child].next_query_ms;
        if (heap[at].next_query_ms <= heap[child].next_query_ms) {
            return;
        }
        struct resolver moved = heap[at];
        heap[at] = heap[child];
        heap[child] = moved;
    }
}

/* What the server answers at a time: the member that has been answered too seldom. */
static bool ask_server(struct world *world, double at_ms)
{
    double shares[2];
    weight_shares(world->play->history, at_ms, shares);
    world->credit[0] += shares[0];
    world->credit[1] += shares[1];
    bool is_candidate = world->credit[0] > world->credit[1];
    world->credit[is_candidate ? 0 : 1] -= 1;
    return is_candidate;
}

/* The TTL as this resolver has it. */
static double lifetime_ms(const struct population_group *group, double ttl_ms)
{
    double time = group->time_ms == POPULATION_FOR_EVER ? FOR_EVER_MS : (double)group->time_ms;
    if (group->behaviour == TTL_MINIMUM) {
        return ttl_ms < time ? time : ttl_ms;
    }
    if (group->behaviour == TTL_MAXIMUM) {
        return ttl_ms > time ? time : ttl_ms;
    }
    return group->behaviour == TTL_KEEP ? time : ttl_ms;
}

/* One query of a client; whether it is answered with the candidate. */
static bool answer(struct world *world, struct resolver *resolver)
{
    double now_ms = resolver->next_query_ms;
    double lifetime = lifetime_ms(resolver->group, world->play->ttl_ms);
    double age = now_ms - resolver->fetched_ms;
    enum ttl_behaviour behaviour = resolver->group->behaviour;
    bool is_usable = resolver->has_answer && age < lifetime;
    bool is_due = !is_usable;
    if (behaviour == TTL_PREFETCH && is_usable) {
        is_due = age >= 0.9 * lifetime;
    } else if (behaviour == TTL_STALE && resolver->has_answer) {
        is_usable = age < lifetime + (double)resolver->group->time_ms;
    }
    bool old = resolver->holds_candidate;
    if (is_due) {
        resolver->holds_candidate = ask_server(world, now_ms);
        resolver->fetched_ms = now_ms;
        resolver->has_answer = true;
    }
    return is_usable ? old : resolver->holds_candidate;
}

static void add_group(struct world *world, const struct population_group *group)
{
    size_t count = (size_t)round(group->resolvers * (double)world->play->resolvers);
    double terms = 0;
    for (size_t rank = 1; rank <= count; rank++) {
        terms += pow((double)rank, -group->zipf);
    }
    for (size_t rank = 1; rank <= count; rank++) {
        double part = pow((double)rank, -group->zipf) / terms;
        double per_ms = group->queries_per_s * (double)count * part / 1000;
        double lifetime = lifetime_ms(group, world->play->ttl_ms);
        lifetime *= group->behaviour == TTL_PREFETCH ? 0.9 : 1;
        double cycle = lifetime < FOR_EVER_MS ? lifetime + 1 / per_ms : 0;
        world->heap[world->count++] = (struct resolver){
            .next_query_ms = world->play->begin_ms + cycle * uniform(world),
            .queries_per_ms = per_ms,
            .group = group,
        };
    }
}

uint64_t brute_force_play(const struct brute_force *play, double *shares)
{
    struct world world = {.play = play, .random = play->seed};
    CLEANUP(alloc_freep) uint64_t *asked = alloc_zeroed(play->bin_count, sizeof(*asked));
    CLEANUP(alloc_freep) uint64_t *candidate = alloc_zeroed(play->bin_count, sizeof(*candidate));
    CLEANUP(alloc_freep)
    struct resolver *heap = alloc_zeroed(play->resolvers + POPULATION_MAX_GROUPS, sizeof(*heap));
    world.heap = heap;
    for (size_t i = 0; i < play->population->group_count; i++) {
        add_group(&world, &play->population->groups[i]);
    }
    for (size_t i = world.count; i-- > 0;) {
        sift_down(&world, i);
    }
    uint64_t queries = 0;
    double end_ms = play->from_ms + play->bin_ms * (double)play->bin_count;
    for (; heap[0].next_query_ms < end_ms; queries++) {
        double bin = floor((heap[0].next_query_ms - play->from_ms) / play->bin_ms);
        bool is_candidate = answer(&world, &heap[0]);
        if (bin >= 0) {
            asked[(size_t)bin]++;
            candidate[(size_t)bin] += is_candidate;
        }
        heap[0].next_query_ms += wait_ms(&world, heap[0].queries_per_ms);
        sift_down(&world, 0);
    }
    for (size_t i = 0; i < play->bin_count; i++) {
        shares[i] = asked[i] == 0 ? 0 : (double)candidate[i] / (double)asked[i];
    }
    return queries;
}
