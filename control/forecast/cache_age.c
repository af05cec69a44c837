/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/forecast/cache_age.h"

#include <assert.h>
#include <math.h>

double cache_age_fetches_per_ms(const struct cache_age *cache)
{
    return 1 / (cache->refresh_ms + 1 / cache->queries_per_ms);
}

/* With F fetches in a millisecond, q queries, refresh at R and a limit L, the density of ages is F
 * up to R, since whatever was fetched within R is still used; F e^(-q (a - R)) from there to L, the
 * chance that nobody has asked since R; the rest, queries for which the answer is too old, have age
 * 0. */
double cache_age_within(const struct cache_age *cache, double age_ms)
{
    double refresh = cache->refresh_ms;
    double limit = cache->limit_ms;
    double queries = cache->queries_per_ms;
    assert(refresh >= 0 && limit >= refresh && queries > 0);
    if (age_ms >= limit) {
        return 1;
    }
    if (age_ms < 0 || isinf(refresh)) {
        return 0;
    }
    if (isinf(queries)) {
        return age_ms >= refresh ? 1 : age_ms / refresh;
    }
    double fetches = cache_age_fetches_per_ms(cache);
    double at_once = fetches / queries * exp(-queries * (limit - refresh));
    if (age_ms <= refresh) {
        return at_once + fetches * age_ms;
    }
    return at_once + fetches * refresh - fetches / queries * expm1(-queries * (age_ms - refresh));
}

double cache_age_all_but(const struct cache_age *cache, double part)
{
    assert(part > 0 && part < 1);
    double low = 0;
    double high = cache->limit_ms;
    if (isinf(cache->refresh_ms)) {
        return INFINITY;
    }
    if (cache_age_within(cache, 0) >= 1 - part) {
        return 0;
    }
    if (isinf(high)) { /* e^-700 is nothing to a double */
        high = cache->refresh_ms + 700 / cache->queries_per_ms;
    }
    for (unsigned i = 0; i < 60; i++) {
        double middle = low + (high - low) / 2;
        if (cache_age_within(cache, middle) >= 1 - part) {
            high = middle;
        } else {
            low = middle;
        }
    }
    return high;
}

/* Adds a change's shares times factor. */
static void add_configured(const struct weight_history *history, size_t change, double factor,
                           double *shares)
{
    const uint16_t *weights = history->changes[change].weights;
    unsigned sum = 0;
    for (size_t i = 0; i < history->member_count; i++) {
        sum += weights[i];
    }
    for (size_t i = 0; i < history->member_count; i++) {
        shares[i] += factor * (sum == 0 ? 1.0 / (double)history->member_count
                                        : (double)weights[i] / (double)sum);
    }
}

void weight_shares(const struct weight_history *history, double at_ms, double *shares)
{
    size_t change = history->change_count - 1;
    while (change > 0 && (double)history->changes[change].at_ms > at_ms) {
        change--;
    }
    for (size_t i = 0; i < history->member_count; i++) {
        shares[i] = 0;
    }
    add_configured(history, change, 1, shares);
}

void cache_age_add_shares(const struct weight_history *history, const struct cache_age *cache,
                          double at_ms, double factor, double *shares)
{
    double younger = 0; /* the part of the queries whose answers are of later changes */
    for (size_t change = history->change_count; change-- > 0 && younger < 1;) {
        double age = at_ms - (double)history->changes[change].at_ms;
        double within = change == 0 ? 1 : cache_age_within(cache, age);
        add_configured(history, change, factor * (within - younger), shares);
        younger = within;
    }
}
