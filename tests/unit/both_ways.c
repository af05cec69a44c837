/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/both_ways.h"

#include <assert.h>
#include <string.h>

#include "server/dns.h"
#include "server/plain.h"

#define SETS_MAX    64
#define MEMBERS_MAX 256

/* What an answer changes. */
struct traces {
    uint64_t random;
    uint32_t positions[SETS_MAX];
    uint64_t counters[COUNTER_COUNT];
    uint64_t tally[MEMBERS_MAX];
};

/* That of the answers in full. */
static struct rate_limit *twin;

void both_ways_limit(struct answer_context *context, const struct config_rate_limit *config)
{
    static const uint8_t key[RATE_LIMIT_KEY_OCTETS] = {1, 2, 3};
    assert(twin == NULL && context->rate_limit == NULL);
    twin = rate_limit_new(config, key);
    context->rate_limit = rate_limit_new(config, key);
}

void both_ways_unlimit(struct answer_context *context)
{
    rate_limit_free(twin);
    rate_limit_free(context->rate_limit);
    twin = NULL;
    context->rate_limit = NULL;
}

static size_t member_count(const struct snapshot *snapshot)
{
    if (snapshot->set_count == 0) {
        return 0;
    }
    const struct record_set *last =
        snapshot_weights(snapshot, (uint32_t)snapshot->set_count - 1)->record_set;
    return last->first_member + last->member_count;
}

static void take(const struct answer_context *context, size_t members, struct traces *traces)
{
    memset(traces, 0, sizeof(*traces));
    assert(context->pick.set_count <= SETS_MAX && members <= MEMBERS_MAX);
    traces->random = context->pick.random;
    memcpy(traces->positions, context->pick.positions,
           context->pick.set_count * sizeof(traces->positions[0]));
    for (size_t i = 0; i < COUNTER_COUNT; i++) {
        traces->counters[i] = counter_read(&context->slot->counters[i]);
    }
    for (size_t i = 0; i < members; i++) {
        traces->tally[i] = counter_read(&context->slot->tally[i]);
    }
}

static void put_back(struct answer_context *context, size_t members, const struct traces *traces)
{
    context->pick.random = traces->random;
    memcpy(context->pick.positions, traces->positions,
           context->pick.set_count * sizeof(traces->positions[0]));
    for (size_t i = 0; i < COUNTER_COUNT; i++) {
        atomic_store(&context->slot->counters[i], traces->counters[i]);
    }
    for (size_t i = 0; i < members; i++) {
        atomic_store(&context->slot->tally[i], traces->tally[i]);
    }
}

size_t both_ways_answer(struct answer_context *context, const struct answer_task *task)
{
    static uint8_t in_full[ANSWER_OUT_MAX];
    static struct traces before, after, after_full;
    size_t members = member_count(task->snapshot);
    struct answer_task again = *task;
    again.out = in_full;
    struct rate_limit *limit = context->rate_limit;
    assert(task->out_size <= sizeof(in_full) && (limit == NULL) == (twin == NULL));
    take(context, members, &before);
    context->rate_limit = twin;
    size_t full_len = answer_in_full(context, &again, RATE_UNKNOWN);
    context->rate_limit = limit;
    take(context, members, &after_full);
    put_back(context, members, &before);
    size_t len = answer_query(context, task);
    take(context, members, &after);
    assert(len == full_len);
    assert(memcmp(task->out, in_full, len) == 0);
    assert(memcmp(&after, &after_full, sizeof(after)) == 0);
    return len;
}
