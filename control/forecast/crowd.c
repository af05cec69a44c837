/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/forecast/crowd.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

/* Ranks of one class; the sum of a Zipf's terms over them. */
struct ranks {
    double first, last;
    double terms;
};

/* The sum of r^-zipf from first to last; beyond a few terms by Euler and Maclaurin's formula, whose
 * next term is less than a millionth of the sum from the rank 64 on. */
static double zipf_terms(double first, double last, double zipf)
{
    double sum = 0;
    if (last - first < 64) {
        for (double rank = first; rank <= last; rank++) {
            sum += pow(rank, -zipf);
        }
        return sum;
    }
    double at_first = pow(first, -zipf);
    double at_last = pow(last, -zipf);
    sum = zipf == 1 ? log(last / first) : (last * at_last - first * at_first) / (1 - zipf);
    return sum + (at_first + at_last) / 2 + zipf * (at_first / first - at_last / last) / 12;
}

static struct cache_age cache_of(const struct population_group *group, double ttl_ms)
{
    double time = group->time_ms == POPULATION_FOR_EVER ? INFINITY : (double)group->time_ms;
    struct cache_age cache = {ttl_ms, ttl_ms, 0};
    switch (group->behaviour) {
    case TTL_HONEST:
        break;
    case TTL_MINIMUM:
        cache.refresh_ms = cache.limit_ms = fmax(ttl_ms, time);
        break;
    case TTL_MAXIMUM:
        cache.refresh_ms = cache.limit_ms = fmin(ttl_ms, time);
        break;
    case TTL_KEEP:
        cache.refresh_ms = cache.limit_ms = time;
        break;
    case TTL_PREFETCH:
        cache.refresh_ms = 0.9 * ttl_ms;
        break;
    case TTL_STALE:
        cache.limit_ms = ttl_ms + time;
        break;
    }
    return cache;
}

/* Queries are queries a second here, and parts later. */
static void add_class(struct crowd *crowd, struct cache_age cache, double resolvers, double queries)
{
    struct crowd_class *added = &crowd->classes[crowd->class_count++];
    cache.queries_per_ms = queries / resolvers / 1000;
    *added = (struct crowd_class){.cache = cache, .resolvers = resolvers, .traffic = queries};
    crowd->queries_per_s += queries;
    crowd->fetches_per_s +=
        resolvers * fmin(cache_age_fetches_per_ms(&cache), cache.queries_per_ms) * 1000;
}

/* The classes of n resolvers; at most CLASSES_MAX for POPULATION_MAX_RESOLVERS. */
#define CLASSES_MAX 256
static size_t split_ranks(double resolvers, double zipf, struct ranks *ranks)
{
    size_t count = 0;
    if (zipf == 0) {
        ranks[0] = (struct ranks){1, resolvers, resolvers};
        return 1;
    }
    for (double first = 1; first <= resolvers;) {
        double last = fmin(first + fmax(1, floor(first / 8)) - 1, resolvers);
        assert(count < CLASSES_MAX);
        ranks[count++] = (struct ranks){first, last, zipf_terms(first, last, zipf)};
        first = last + 1;
    }
    return count;
}

static void add_group(struct crowd *crowd, const struct population_group *group, double resolvers,
                      double ttl_ms)
{
    struct ranks ranks[CLASSES_MAX];
    size_t count = split_ranks(resolvers, group->zipf, ranks);
    double terms = 0;
    for (size_t i = 0; i < count; i++) {
        terms += ranks[i].terms;
    }
    crowd->classes =
        alloc_resize(crowd->classes, crowd->class_count + count, sizeof(*crowd->classes));
    for (size_t i = 0; i < count; i++) {
        double queries = resolvers * group->queries_per_s * ranks[i].terms / terms;
        add_class(crowd, cache_of(group, ttl_ms), ranks[i].last - ranks[i].first + 1, queries);
    }
}

static void weigh_classes(struct crowd *crowd)
{
    for (size_t i = 0; i < crowd->class_count; i++) {
        struct crowd_class *kind = &crowd->classes[i];
        kind->traffic /= crowd->queries_per_s;
        kind->is_heavy = kind->traffic >= CROWD_HEAVY_PART * kind->resolvers;
        if (kind->is_heavy) {
            crowd->heavy_count += (size_t)kind->resolvers;
            crowd->heavy_traffic += kind->traffic;
        }
    }
}

struct crowd *crowd_new(const struct population *population, uint64_t resolvers, int64_t ttl_ms)
{
    struct crowd *crowd = alloc_zeroed(1, sizeof(*crowd));
    size_t largest = 0;
    for (size_t i = 0; i < population->group_count; i++) {
        crowd->group_resolvers[i] = round(population->groups[i].resolvers * (double)resolvers);
        largest = crowd->group_resolvers[i] > crowd->group_resolvers[largest] ? i : largest;
    }
    crowd->group_resolvers[largest] = fmax(crowd->group_resolvers[largest], 1);
    for (size_t i = 0; i < population->group_count; i++) {
        double before = crowd->queries_per_s;
        if (crowd->group_resolvers[i] > 0) {
            add_group(crowd, &population->groups[i], crowd->group_resolvers[i], (double)ttl_ms);
        }
        crowd->resolvers += crowd->group_resolvers[i];
        crowd->group_traffic[i] = crowd->queries_per_s - before;
    }
    for (size_t i = 0; i < population->group_count; i++) {
        crowd->group_traffic[i] /= crowd->queries_per_s;
    }
    weigh_classes(crowd);
    return crowd;
}

void crowd_free(struct crowd *crowd)
{
    if (crowd != NULL) {
        free(crowd->classes);
        free(crowd);
    }
}

void crowd_freep(struct crowd **crowd)
{
    crowd_free(*crowd);
    *crowd = NULL;
}

void crowd_shares(struct crowd *crowd, const struct weight_history *history, double at_ms,
                  double *shares)
{
    memset(shares, 0, history->member_count * sizeof(*shares));
    for (size_t i = 0; i < crowd->class_count; i++) {
        const struct crowd_class *kind = &crowd->classes[i];
        cache_age_add_shares(history, &kind->cache, at_ms, kind->traffic, shares);
    }
    crowd->work += crowd->class_count * history->change_count;
}

double crowd_settled_ms(const struct crowd *crowd)
{
    double most = 0;
    for (size_t i = 0; i < crowd->class_count; i++) {
        double age = cache_age_all_but(&crowd->classes[i].cache, 1e-6);
        most = isinf(age) ? most : fmax(most, age);
    }
    return most;
}

/* ---- heavy hitters, one by one ---- */

/* SplitMix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014). */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* 0 <= it < 1. */
static double draw_part(uint64_t *state)
{
    return (double)(draw(state) >> 11) * 0x1p-53;
}

static double draw_wait(uint64_t *state, double per_ms)
{
    return -log1p(-draw_part(state)) / per_ms;
}

struct player {
    const struct weight_history *history;
    double *shares; /* room for one row */
    uint64_t random;
};

/* The member that is answered with at a time, by its weights. */
static size_t fetch(struct player *player, double at_ms)
{
    double part = draw_part(&player->random);
    size_t member = 0;
    weight_shares(player->history, at_ms, player->shares);
    while (member + 1 < player->history->member_count && part >= player->shares[member]) {
        part -= player->shares[member++];
    }
    return member;
}

/* The rest of a cycle that a moment falls into: it is the time until the next fetch. */
static double draw_first_wait(struct player *player, const struct cache_age *cache)
{
    double wait = draw_wait(&player->random, cache->queries_per_ms);
    double in_refresh = cache->refresh_ms * cache_age_fetches_per_ms(cache);
    if (draw_part(&player->random) < in_refresh) {
        wait += cache->refresh_ms * draw_part(&player->random);
    }
    return wait;
}

/* Adds one resolver's traffic to the rows; returns how often it fetched. */
static uint64_t play_one(struct player *player, const struct cache_age *cache, double traffic,
                         const struct crowd_samples *samples, double *rows)
{
    uint64_t fetches = 1;
    size_t held = fetch(player, samples->from_ms - cache->refresh_ms); /* -INFINITY: the first */
    double next =
        isinf(cache->refresh_ms) ? INFINITY : samples->from_ms + draw_first_wait(player, cache);
    for (size_t i = 0; i < samples->count; i++) {
        double at = samples->from_ms + (double)i * samples->step_ms;
        while (next <= at) {
            held = fetch(player, next);
            next += cache->refresh_ms + draw_wait(&player->random, cache->queries_per_ms);
            fetches++;
        }
        rows[i * player->history->member_count + held] += traffic;
    }
    return fetches;
}

static bool is_played(const struct crowd_class *kind, const struct crowd_samples *samples)
{
    return kind->is_heavy && cache_age_fetches_per_ms(&kind->cache) * samples->step_ms < 1;
}

void crowd_play(struct crowd *crowd, const struct weight_history *history,
                const struct crowd_samples *samples, uint64_t seed, double *rows)
{
    size_t members = history->member_count;
    CLEANUP(alloc_freep) double *shares = alloc_zeroed(members, sizeof(*shares));
    struct player player = {.history = history, .shares = shares, .random = seed};
    memset(rows, 0, samples->count * members * sizeof(*rows));
    for (size_t i = 0; i < crowd->class_count; i++) {
        const struct crowd_class *kind = &crowd->classes[i];
        double one = kind->traffic / kind->resolvers;
        if (is_played(kind, samples)) {
            for (double j = 0; j < kind->resolvers; j++) {
                crowd->work += play_one(&player, &kind->cache, one, samples, rows);
            }
            crowd->work += samples->count * (uint64_t)kind->resolvers;
            continue;
        }
        for (size_t k = 0; k < samples->count; k++) {
            cache_age_add_shares(history, &kind->cache,
                                 samples->from_ms + (double)k * samples->step_ms, kind->traffic,
                                 rows + k * members);
        }
        crowd->work += samples->count * history->change_count;
    }
}
