/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/resolver_watch.h"

#include <sodium.h>
#include <stdlib.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "control/call.h"
#include "control/describe.h"
#include "control/metrics_text.h"
#include "control/resolver_sketch.h"

#define TAKE_EVERY_MS 1000
#define MOST_SHOWN    10

struct resolver_watch {
    struct exchange *exchange;
    struct resolver_sketch *sketch;
    uv_timer_t timer;
    uint64_t lost; /* by the rings, as far as the sketch knows */
    struct visit visits[RESOLVER_SKETCH_VISITS];
};

static uint64_t count_lost(const struct exchange *exchange)
{
    uint64_t lost = 0;
    for (size_t i = 0; i < exchange->worker_count; i++) {
        lost += counter_read(&exchange->slots[i].visits->lost);
    }
    return lost;
}

/* What was lost is counted last: a worker that lost a visit before one that is taken here has
 * counted it by then. */
static void take(struct resolver_watch *watch, int64_t now_ms)
{
    const struct exchange *exchange = watch->exchange;
    size_t count = 0;
    uint64_t too_many = 0;
    for (size_t i = 0; i < exchange->worker_count; i++) {
        struct visit_ring *ring = exchange->slots[i].visits;
        uint32_t here = visit_ring_count(ring);
        bool has_room = here <= RESOLVER_SKETCH_VISITS - count;
        visit_ring_take(ring, has_room ? &watch->visits[count] : NULL, here);
        count += has_room ? here : 0;
        too_many += has_room ? 0 : here;
    }
    uint64_t lost = count_lost(exchange);
    if (lost != watch->lost || too_many > 0) {
        resolver_sketch_discard(watch->sketch, lost - watch->lost + too_many + count, now_ms);
        watch->lost = lost;
    } else {
        resolver_sketch_take(watch->sketch, watch->visits, count, now_ms);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct resolver_watch *watch = timer->data;
    const struct exchange *exchange = watch->exchange;
    take(watch, (int64_t)uv_now(timer->loop));
    for (size_t i = 0; i < exchange->worker_count; i++) {
        /* Relaxed: see sketch_sampler_refresh. */
        atomic_store_explicit(&exchange->slots[i].visits->limit,
                              resolver_sketch_limit(watch->sketch), memory_order_relaxed);
    }
}

void resolver_watch_open(struct control *control)
{
    uint64_t key[2];
    unsigned one_in = control->config->server.resolver_sample;
    if (one_in == 0 || control->sets->count == 0) {
        return;
    }
    struct resolver_watch *watch = alloc_zeroed(1, sizeof(*watch));
    randombytes_buf(key, sizeof(key));
    watch->exchange = control->exchange;
    watch->sketch = resolver_sketch_new(control->sets->count, key, one_in);
    exchange_follow(control->exchange, key, resolver_sketch_limit(watch->sketch));
    uv_timer_init(&control->loop, &watch->timer);
    watch->timer.data = watch;
    uv_unref((uv_handle_t *)&watch->timer);
    uv_timer_start(&watch->timer, on_timer, TAKE_EVERY_MS, TAKE_EVERY_MS);
    control->resolvers = watch;
}

void resolver_watch_close(struct control *control)
{
    if (control->resolvers != NULL) {
        uv_close((uv_handle_t *)&control->resolvers->timer, NULL);
    }
}

void resolver_watch_free(struct resolver_watch *watch)
{
    if (watch != NULL) {
        resolver_sketch_free(watch->sketch);
        free(watch);
    }
}

static json_t *describe_client(const struct resolver_client *client, int64_t now_ms)
{
    char address[VISIT_CLIENT_TEXT_SIZE];
    json_t *json = json_object();
    visit_client_print(client->client, address);
    json_object_set_new(json, "client", json_string(address));
    json_object_set_new(json, "ttl_s", json_integer(client->ttl_s));
    json_object_set_new(json, "median_gap_s",
                        json_real((double)client->median_percent * client->ttl_s / 100));
    json_object_set_new(json, "median_gap_ttls", json_real((double)client->median_percent / 100));
    json_object_set_new(json, "pattern", json_string(gap_pattern_name(client->pattern)));
    json_object_set_new(json, "seen_ms_ago", json_integer(now_ms - client->seen_ms));
    for (unsigned i = 0; i < GAP_CLASS_COUNT; i++) {
        json_object_set_new(json, gap_class_name((enum gap_class)i), json_integer(client->gaps[i]));
    }
    return json;
}

static json_t *describe_top(const struct resolver_watch *watch, uint32_t set,
                            enum resolver_order order, int64_t now_ms)
{
    struct resolver_client clients[MOST_SHOWN];
    json_t *json = json_array();
    size_t count = resolver_sketch_top(watch->sketch, set, order, clients, MOST_SHOWN);
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(json, describe_client(&clients[i], now_ms));
    }
    return json;
}

static json_t *describe_gaps(const struct resolver_watch *watch, uint32_t set)
{
    uint64_t gaps[GAP_CLASS_COUNT];
    json_t *json = json_object();
    resolver_sketch_count(watch->sketch, set, gaps);
    for (unsigned i = 0; i < GAP_CLASS_COUNT; i++) {
        json_object_set_new(json, gap_class_name((enum gap_class)i),
                            json_integer((json_int_t)gaps[i]));
    }
    return json;
}

static json_t *describe_sketch(const struct resolver_watch *watch)
{
    struct resolver_sketch_totals totals;
    resolver_sketch_totals(watch->sketch, &totals);
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "one_in", (json_int_t)totals.one_in,
                     "visits", (json_int_t)totals.visits, "discarded", (json_int_t)totals.discarded,
                     "evicted", (json_int_t)totals.evicted, "clients", (json_int_t)totals.clients,
                     "clients_max", (json_int_t)RESOLVER_SKETCH_CLIENTS);
}

static json_t *describe_resolvers(struct resolver_watch *watch, const struct record_set_state *set)
{
    uint32_t id = set->record_set->id;
    int64_t now_ms = (int64_t)uv_now(watch->timer.loop);
    take(watch, now_ms); /* what the workers have seen until now */
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "name", set->name, "type", set->type,
                     "followed", describe_sketch(watch), "gaps", describe_gaps(watch, id), "sooner",
                     describe_top(watch, id, RESOLVER_SOONER, now_ms), "later",
                     describe_top(watch, id, RESOLVER_LATER, now_ms));
}

static void put_gaps(const struct control *control, FILE *out)
{
    static const char name[] = "ballast_resolver_gaps_total";
    metrics_begin(out, name, "counter",
                  "Times between two visits of a followed client, by class against the TTL.");
    for (size_t i = 0; i < control->config->record_set_count; i++) {
        const struct record_set_state *set = &control->record_sets[i];
        uint64_t gaps[GAP_CLASS_COUNT];
        if (!visit_is_possible(set->record_set)) {
            continue;
        }
        resolver_sketch_count(control->resolvers->sketch, set->record_set->id, gaps);
        for (unsigned class = 0; class < GAP_CLASS_COUNT; class ++) {
            const struct metric_label labels[METRIC_LABELS_MAX] = {
                {"record_set", set->key}, {"class", gap_class_name((enum gap_class) class)}};
            metrics_put(out, name, labels, (double)gaps[class]);
        }
    }
}

void resolver_watch_put_metrics(const struct control *control, FILE *out)
{
    static const struct metric_label no_labels[METRIC_LABELS_MAX];
    static const char one_in[] = "ballast_resolvers_followed_one_in";
    static const char discarded[] = "ballast_resolver_visits_discarded_total";
    struct resolver_sketch_totals totals;
    if (control->resolvers == NULL) {
        return;
    }
    put_gaps(control, out);
    resolver_sketch_totals(control->resolvers->sketch, &totals);
    metrics_begin(out, one_in, "gauge", "Of so many clients and record sets one is followed.");
    metrics_put(out, one_in, no_labels, (double)totals.one_in);
    metrics_begin(out, discarded, "counter", "Visits that were too many to be counted.");
    metrics_put(out, discarded, no_labels, (double)totals.discarded);
}

void command_record_resolvers(const struct call *call)
{
    struct error err;
    struct resolver_watch *watch = call->control->resolvers;
    const struct record_set_state *set =
        model_find_record_set(call->control, call_argument(call, 0), call_argument(call, 1), &err);
    if (set != NULL && watch == NULL) {
        error_set(&err, "no resolver is followed: server.resolver_sample is 0");
        set = NULL;
    } else if (set != NULL && !visit_is_possible(set->record_set)) {
        error_set(&err,
                  "%s is a wildcard, whose names are cached each by itself: no resolver of it is "
                  "followed",
                  set->name);
        set = NULL;
    }
    call_answer(
        call, set == NULL ? NULL : json_pack("{s:o}", "resolvers", describe_resolvers(watch, set)),
        &err);
}
