/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/resolver_sketch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

#define WAYS          8                   /* places that a client may be in */
#define TIGHTEST      (UINT32_C(1) << 24) /* at least one in so many of the configured is followed */
#define LIVE_TTLS     2                   /* so long after a visit another may be due */
#define REST_TTLS     8                   /* so long a client that came back keeps its place */
#define QUIET_MS      60000               /* before more are followed */
#define QUIET_VISITS  (RESOLVER_SKETCH_VISITS / 4)
#define QUIET_CLIENTS (RESOLVER_SKETCH_CLIENTS / 4)
#define STEADY_LEAST  4
#define PERCENT_MAX   UINT16_MAX

struct place {
    int64_t last_ms;
    uint64_t client;
    uint32_t set;
    uint32_t ttl_s; /* 0: free */
    uint16_t gaps[GAP_CLASS_COUNT];
    uint16_t recent[RESOLVER_GAPS_KEPT]; /* percent of the TTL; a ring */
    uint8_t recent_count, recent_next;
    bool has_last; /* nothing was lost since last_ms */
};

struct set_gaps {
    uint64_t gaps[GAP_CLASS_COUNT];
};

struct resolver_sketch {
    uint64_t key[2];
    uint64_t limit, limit_max;
    uint64_t visits, discarded, evicted;
    int64_t busy_ms; /* when there was much to follow, or the limit was changed */
    size_t set_count;
    struct set_gaps *sets;
    struct place places[RESOLVER_SKETCH_CLIENTS];
};

_Static_assert(sizeof(struct resolver_sketch) <= RESOLVER_SKETCH_OCTETS, "as is stated");

const char *gap_class_name(enum gap_class class)
{
    static const char *const names[GAP_CLASS_COUNT] = {"much_sooner", "sooner", "on_time", "later",
                                                       "much_later"};
    assert((unsigned)class < GAP_CLASS_COUNT);
    return names[class];
}

const char *gap_pattern_name(enum gap_pattern pattern)
{
    static const char *const names[] = {"unknown", "steady", "scattered"};
    assert((unsigned)pattern <= PATTERN_SCATTERED);
    return names[pattern];
}

struct resolver_sketch *resolver_sketch_new(size_t set_count, const uint64_t key[2],
                                            uint32_t one_in)
{
    struct resolver_sketch *sketch = alloc_zeroed(1, sizeof(*sketch));
    assert(one_in > 0);
    memcpy(sketch->key, key, sizeof(sketch->key));
    sketch->limit_max = UINT64_MAX / one_in;
    sketch->limit = sketch->limit_max;
    sketch->set_count = set_count;
    sketch->sets = alloc_zeroed(set_count, sizeof(*sketch->sets));
    return sketch;
}

void resolver_sketch_free(struct resolver_sketch *sketch)
{
    if (sketch != NULL) {
        free(sketch->sets);
        free(sketch);
    }
}

static int64_t live_ms(const struct place *place, int64_t ttls)
{
    return (int64_t)place->ttl_s * 1000 * ttls;
}

static bool is_live(const struct place *place, int64_t now_ms)
{
    return place->ttl_s != 0 && now_ms - place->last_ms < live_ms(place, LIVE_TTLS);
}

/* Who gives way first: nobody's place, then who is not expected any more, then who came only once,
 * then the others; of the same kind who rested longest. A flood of clients that come once therefore
 * takes no place from those that come back. */
static unsigned rank(const struct place *place, int64_t now_ms)
{
    if (place->ttl_s == 0) {
        return 0;
    }
    bool has_come_back = place->recent_count > 0;
    int64_t ttls = has_come_back ? REST_TTLS : LIVE_TTLS;
    if (now_ms - place->last_ms >= live_ms(place, ttls)) {
        return 1;
    }
    return has_come_back ? 3 : 2;
}

static struct place *find_place(struct resolver_sketch *sketch, const struct visit *visit,
                                int64_t at_ms)
{
    uint64_t hash = visit_hash(sketch->key, visit->client, visit->set);
    struct place *ways = &sketch->places[hash % (RESOLVER_SKETCH_CLIENTS / WAYS) * WAYS];
    struct place *first = ways;
    for (unsigned i = 0; i < WAYS; i++) {
        if (ways[i].ttl_s != 0 && ways[i].client == visit->client && ways[i].set == visit->set) {
            return &ways[i];
        }
        unsigned mine = rank(&ways[i], at_ms);
        unsigned other = rank(first, at_ms);
        if (mine < other || (mine == other && ways[i].last_ms < first->last_ms)) {
            first = &ways[i];
        }
    }
    sketch->evicted += is_live(first, at_ms) ? 1 : 0;
    *first = (struct place){.client = visit->client, .set = visit->set};
    return first;
}

static enum gap_class class_of(int64_t gap_ms, uint32_t ttl_s)
{
    int64_t ttl_ms = (int64_t)ttl_s * 1000;
    if (gap_ms < ttl_ms / 2) {
        return GAP_MUCH_SOONER;
    }
    if (gap_ms < ttl_ms / 100 * 95 && gap_ms < ttl_ms - 1000) {
        return GAP_SOONER;
    }
    if (gap_ms < ttl_ms / 2 * 3) {
        return GAP_ON_TIME;
    }
    return gap_ms < ttl_ms * 3 ? GAP_LATER : GAP_MUCH_LATER;
}

/* At the end of what 16 bits can count, the proportions are kept. */
static void count_for_client(struct place *place, enum gap_class class)
{
    if (place->gaps[class] == UINT16_MAX) {
        for (unsigned i = 0; i < GAP_CLASS_COUNT; i++) {
            place->gaps[i] /= 2;
        }
    }
    place->gaps[class]++;
}

static void count_gap(struct resolver_sketch *sketch, struct place *place, int64_t gap_ms)
{
    enum gap_class class = class_of(gap_ms, place->ttl_s);
    int64_t percent = gap_ms / 10 / place->ttl_s;
    count_for_client(place, class);
    sketch->sets[place->set].gaps[class]++;
    place->recent[place->recent_next] = (uint16_t)(percent < PERCENT_MAX ? percent : PERCENT_MAX);
    place->recent_next = (uint8_t)((place->recent_next + 1) % RESOLVER_GAPS_KEPT);
    if (place->recent_count < RESOLVER_GAPS_KEPT) {
        place->recent_count++;
    }
}

static void take_one(struct resolver_sketch *sketch, const struct visit *visit, int64_t now_ms)
{
    int64_t at_ms = now_ms - (int32_t)((uint32_t)now_ms - visit->at_ms);
    if (visit->set >= sketch->set_count || visit->ttl_s == 0 ||
        visit_hash(sketch->key, visit->client, visit->set) >= sketch->limit) {
        return;
    }
    sketch->visits++;
    struct place *place = find_place(sketch, visit, at_ms);
    if (place->has_last) {
        int64_t gap_ms = at_ms - place->last_ms;
        /* Workers filter bursts each for itself. */
        if (gap_ms < visit_burst_ms(place->ttl_s)) {
            return;
        }
        count_gap(sketch, place, gap_ms);
    }
    place->last_ms = at_ms;
    place->ttl_s = visit->ttl_s;
    place->has_last = true;
}

static void follow_fewer(struct resolver_sketch *sketch, int64_t now_ms)
{
    sketch->busy_ms = now_ms;
    if (sketch->limit > sketch->limit_max / TIGHTEST) {
        sketch->limit /= 2;
    }
    for (size_t i = 0; i < RESOLVER_SKETCH_CLIENTS; i++) {
        struct place *place = &sketch->places[i];
        if (place->ttl_s != 0 &&
            visit_hash(sketch->key, place->client, place->set) >= sketch->limit) {
            *place = (struct place){.ttl_s = 0};
        }
    }
}

static size_t count_places(const struct resolver_sketch *sketch, int64_t live_at_ms)
{
    size_t count = 0;
    for (size_t i = 0; i < RESOLVER_SKETCH_CLIENTS; i++) {
        count += is_live(&sketch->places[i], live_at_ms) ? 1 : 0;
    }
    return count;
}

static void follow_more(struct resolver_sketch *sketch, int64_t now_ms)
{
    sketch->busy_ms = now_ms;
    if (sketch->limit < sketch->limit_max && count_places(sketch, now_ms) < QUIET_CLIENTS) {
        sketch->limit =
            sketch->limit < sketch->limit_max / 2 ? sketch->limit * 2 : sketch->limit_max;
    }
}

static int compare_visits(const void *left, const void *right)
{
    const struct visit *a = left;
    const struct visit *b = right;
    int32_t difference = (int32_t)(a->at_ms - b->at_ms);
    return (difference > 0) - (difference < 0);
}

void resolver_sketch_take(struct resolver_sketch *sketch, struct visit *visits, size_t count,
                          int64_t now_ms)
{
    uint64_t evicted = sketch->evicted;
    assert(count <= RESOLVER_SKETCH_VISITS);
    if (count > 1) {
        qsort(visits, count, sizeof(*visits), compare_visits);
    }
    for (size_t i = 0; i < count; i++) {
        take_one(sketch, &visits[i], now_ms);
    }
    bool is_crowded = (sketch->evicted - evicted) * 8 > count;
    if (is_crowded) {
        follow_fewer(sketch, now_ms);
    } else if (count > QUIET_VISITS || sketch->evicted > evicted) {
        sketch->busy_ms = now_ms;
    } else if (now_ms - sketch->busy_ms >= QUIET_MS) {
        follow_more(sketch, now_ms);
    }
}

void resolver_sketch_discard(struct resolver_sketch *sketch, uint64_t count, int64_t now_ms)
{
    sketch->discarded += count;
    for (size_t i = 0; i < RESOLVER_SKETCH_CLIENTS; i++) {
        sketch->places[i].has_last = false;
    }
    follow_fewer(sketch, now_ms);
}

uint64_t resolver_sketch_limit(const struct resolver_sketch *sketch)
{
    return sketch->limit;
}

void resolver_sketch_count(const struct resolver_sketch *sketch, uint32_t set,
                           uint64_t gaps[GAP_CLASS_COUNT])
{
    assert(set < sketch->set_count);
    memcpy(gaps, sketch->sets[set].gaps, sizeof(sketch->sets[set].gaps));
}

void resolver_sketch_totals(const struct resolver_sketch *sketch,
                            struct resolver_sketch_totals *totals)
{
    *totals = (struct resolver_sketch_totals){.visits = sketch->visits,
                                              .discarded = sketch->discarded,
                                              .evicted = sketch->evicted,
                                              .one_in = UINT64_MAX / sketch->limit};
    for (size_t i = 0; i < RESOLVER_SKETCH_CLIENTS; i++) {
        totals->clients += sketch->places[i].ttl_s != 0 ? 1 : 0;
    }
}

static int compare_percents(const void *left, const void *right)
{
    return *(const uint16_t *)left - *(const uint16_t *)right;
}

static void describe(const struct place *place, struct resolver_client *client)
{
    uint16_t sorted[RESOLVER_GAPS_KEPT];
    unsigned count = place->recent_count;
    *client = (struct resolver_client){
        .client = place->client, .ttl_s = place->ttl_s, .seen_ms = place->last_ms};
    memcpy(client->gaps, place->gaps, sizeof(client->gaps));
    memcpy(sorted, place->recent, sizeof(sorted));
    qsort(sorted, count, sizeof(sorted[0]), compare_percents);
    client->median_percent = count == 0 ? 0 : sorted[count / 2];
    if (count >= STEADY_LEAST) {
        unsigned spread = (unsigned)sorted[count - 1] - sorted[0];
        client->pattern = spread * 5 <= client->median_percent ? PATTERN_STEADY : PATTERN_SCATTERED;
    }
}

/* 0: it does not belong there. */
static unsigned weight_in(const struct resolver_client *client, enum resolver_order order)
{
    if (order == RESOLVER_SOONER) {
        return (unsigned)client->gaps[GAP_MUCH_SOONER] + client->gaps[GAP_SOONER];
    }
    bool is_later = client->pattern == PATTERN_STEADY && client->median_percent >= 150;
    return is_later ? (unsigned)client->gaps[GAP_LATER] + client->gaps[GAP_MUCH_LATER] : 0;
}

size_t resolver_sketch_top(const struct resolver_sketch *sketch, uint32_t set,
                           enum resolver_order order, struct resolver_client *out, size_t most)
{
    size_t count = 0;
    for (size_t i = 0; i < RESOLVER_SKETCH_CLIENTS; i++) {
        const struct place *place = &sketch->places[i];
        struct resolver_client client;
        if (place->ttl_s == 0 || place->set != set || place->recent_count == 0) {
            continue;
        }
        describe(place, &client);
        unsigned weight = weight_in(&client, order);
        size_t at = count;
        while (at > 0 && weight_in(&out[at - 1], order) < weight) {
            at--;
        }
        if (weight == 0 || at == most) {
            continue;
        }
        count += count < most ? 1 : 0;
        memmove(&out[at + 1], &out[at], (count - at - 1) * sizeof(*out));
        out[at] = client;
    }
    return count;
}
