/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/rate_limit.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

#define WAYS     4    /* buckets that a subject may be in */
#define RESPONSE 1000 /* what one costs; so much is earned in a second for each of the rate */

struct bucket {
    uint32_t tag; /* 0: free */
    uint32_t last_ms;
    int64_t balance; /* below 0: over the limit */
    uint32_t over;   /* responses over the limit since one was within */
};

struct rate_limit {
    const struct config_rate_limit *config;
    uint64_t key[RATE_LIMIT_KEY_OCTETS / 8];
    uint32_t set_mask;
    struct bucket buckets[];
};

struct rate_limit *rate_limit_new(const struct config_rate_limit *config,
                                  const uint8_t key[RATE_LIMIT_KEY_OCTETS])
{
    if (config->responses_per_second == 0) {
        return NULL;
    }
    uint32_t sets = 1;
    while (sets * WAYS < config->size) {
        sets *= 2;
    }
    struct rate_limit *limit =
        alloc_zeroed_apart(1, sizeof(*limit) + (size_t)sets * WAYS * sizeof(limit->buckets[0]));
    limit->config = config;
    limit->set_mask = sets - 1;
    memcpy(limit->key, key, sizeof(limit->key));
    return limit;
}

void rate_limit_free(struct rate_limit *limit)
{
    free(limit);
}

/* One product, with a secret number on either side: whoever does not know them cannot aim at
 * another's bucket, and it costs a tenth of what a SipHash does. */
static uint64_t hash_subject(const struct rate_limit *limit, const struct rate_subject *subject)
{
    unsigned __int128 product =
        (unsigned __int128)(subject->client ^ limit->key[0]) * (subject->what ^ limit->key[1]);
    return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

static struct bucket *find_bucket(struct rate_limit *limit, uint64_t hash, uint32_t now_ms)
{
    struct bucket *set = &limit->buckets[(size_t)(hash & limit->set_mask) * WAYS];
    uint32_t tag = (uint32_t)(hash >> 32) | 1;
    struct bucket *oldest = set;
    for (unsigned i = 0; i < WAYS; i++) {
        if (set[i].tag == tag) {
            return &set[i];
        }
        bool is_older = now_ms - set[i].last_ms > now_ms - oldest->last_ms;
        if (oldest->tag != 0 && (set[i].tag == 0 || is_older)) {
            oldest = &set[i];
        }
    }
    *oldest = (struct bucket){
        .tag = tag,
        .last_ms = now_ms,
        .balance = (int64_t)limit->config->responses_per_second * RESPONSE,
    };
    return oldest;
}

/* A second's worth may be saved; what is owed is a window's worth at most. */
static void settle(const struct rate_limit *limit, struct bucket *bucket, uint32_t now_ms)
{
    int64_t rate = limit->config->responses_per_second;
    int64_t most = rate * RESPONSE;
    int64_t least = -most * limit->config->window_s;
    /* Each millisecond earns a thousandth of the rate: RESPONSE / 1000 is 1. */
    bucket->balance += rate * (uint32_t)(now_ms - bucket->last_ms);
    bucket->balance = bucket->balance > most ? most : bucket->balance;
    bucket->balance -= RESPONSE;
    bucket->balance = bucket->balance < least ? least : bucket->balance;
    bucket->last_ms = now_ms;
}

enum rate_verdict rate_limit_judge(struct rate_limit *limit, const struct rate_subject *subject,
                                   uint32_t now_ms)
{
    struct bucket *bucket = find_bucket(limit, hash_subject(limit, subject), now_ms);
    settle(limit, bucket, now_ms);
    if (bucket->balance >= 0) {
        bucket->over = 0;
        return RATE_SEND;
    }
    bucket->over++;
    unsigned slip = limit->config->slip;
    return slip > 0 && bucket->over % slip == 0 ? RATE_SLIP : RATE_DROP;
}
