/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/forecast/expected_share.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/forecast/settle.h"

static struct cache_age honest(int64_t ttl_ms)
{
    assert(ttl_ms >= 0);
    return (struct cache_age){
        .refresh_ms = (double)ttl_ms, .limit_ms = (double)ttl_ms, .queries_per_ms = INFINITY};
}

static void shares_at(const struct weight_history *history, int64_t ttl_ms, double at_ms,
                      double *shares)
{
    struct cache_age cache = honest(ttl_ms);
    memset(shares, 0, history->member_count * sizeof(*shares));
    cache_age_add_shares(history, &cache, at_ms, 1, shares);
}

void expected_share(const struct weight_history *history, int64_t ttl_ms, int64_t at_ms,
                    double *shares)
{
    shares_at(history, ttl_ms, (double)at_ms, shares);
}

double expected_effect(int64_t ttl_ms, int64_t age_ms)
{
    struct cache_age cache = honest(ttl_ms);
    return cache_age_within(&cache, (double)age_ms);
}

int64_t expected_effect_ms(int64_t ttl_ms, double part)
{
    assert(ttl_ms >= 0 && part >= 0 && part <= 1);
    return (int64_t)ceil((double)ttl_ms * part);
}

struct way {
    const struct weight_history *history; /* the last change is the fall-back */
    int64_t ttl_ms;
    double *goal, *shares;
};

static double distance(const void *context, double age_ms)
{
    const struct way *way = context;
    const struct weight_history *history = way->history;
    double since = (double)history->changes[history->change_count - 1].at_ms;
    double most = 0;
    shares_at(history, way->ttl_ms, since + age_ms, way->shares);
    for (size_t i = 0; i < history->member_count; i++) {
        most = fmax(most, fabs(way->shares[i] - way->goal[i]));
    }
    return most;
}

void expected_fall_back(const struct weight_history *history, int64_t ttl_ms, int64_t at_ms,
                        const uint16_t *weights, struct fall_back_forecast *forecast)
{
    size_t count = history->change_count;
    assert(count > 0 && at_ms >= history->changes[count - 1].at_ms);
    CLEANUP(alloc_freep)
    struct weight_change *changes = alloc_zeroed(count + 1, sizeof(*changes));
    memcpy(changes, history->changes, count * sizeof(*changes));
    changes[count] = (struct weight_change){at_ms, weights};
    struct weight_history longer = {changes, count + 1, history->member_count};
    CLEANUP(alloc_freep) double *goal = alloc_zeroed(history->member_count, sizeof(*goal));
    CLEANUP(alloc_freep) double *shares = alloc_zeroed(history->member_count, sizeof(*shares));
    weight_shares(&longer, (double)at_ms, goal);
    struct way way = {&longer, ttl_ms, goal, shares};
    double all = distance(&way, 0);
    forecast->bound_ms = ttl_ms;
    forecast->to_95_ms = settle_age_ms(distance, &way, 0.05 * all, (double)ttl_ms);
    forecast->to_99_ms = settle_age_ms(distance, &way, 0.01 * all, (double)ttl_ms);
}
