/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/share_watch.h"

#include "common/alloc.h"
#include "common/clock.h"
#include "control/describe.h"
#include "control/shift.h"

static void read_answers(const struct record_set_state *set, uint64_t counts[MAX_MEMBERS])
{
    for (size_t i = 0; i < set->member_count; i++) {
        counts[i] =
            exchange_answered(set->control->exchange, set->record_set->first_member + (uint32_t)i);
    }
}

static void on_sample(uv_timer_t *timer)
{
    struct control *control = timer->data;
    uint64_t counts[MAX_MEMBERS];
    for (size_t i = 0; i < control->config->record_set_count; i++) {
        struct record_set_state *set = &control->record_sets[i];
        read_answers(set, counts);
        answer_log_sample(&set->answers, counts, clock_now_ms());
    }
}

void share_watch_open(struct control *control)
{
    uint64_t counts[MAX_MEMBERS];
    for (size_t i = 0; i < control->config->record_set_count; i++) {
        struct record_set_state *set = &control->record_sets[i];
        read_answers(set, counts);
        answer_log_init(&set->answers, counts, set->member_count, clock_now_ms());
    }
    uv_timer_init(&control->loop, &control->share_timer);
    control->share_timer.data = control;
    uv_unref((uv_handle_t *)&control->share_timer);
    uv_timer_start(&control->share_timer, on_sample, LATELY_STEP_MS, LATELY_STEP_MS);
}

void share_watch_close(struct control *control)
{
    uv_close((uv_handle_t *)&control->share_timer, NULL);
}

static void count_anew(struct record_set_state *set)
{
    uint64_t counts[MAX_MEMBERS];
    read_answers(set, counts);
    answer_log_shift(&set->answers, counts, clock_now_ms());
}

static void on_seen(void *argument)
{
    struct record_set_state *set = argument;
    /* A later shift waits for its own turn. */
    if (set->shifted_in <= exchange_oldest(set->control->exchange)) {
        count_anew(set);
    }
}

void share_watch_published(struct record_set_state *set)
{
    if (!set->has_shifted) {
        return;
    }
    set->has_shifted = false;
    set->shifted_in = set->control->publisher.current->generation;
    count_anew(set);
    publisher_when_seen(&set->control->publisher, on_seen, set);
}

void share_watch_read(const struct record_set_state *set, int64_t now_ms, struct shares *shares)
{
    uint16_t weights[MAX_MEMBERS];
    uint16_t effective[MAX_MEMBERS];
    shares->member_count = set->member_count;
    for (size_t i = 0; i < set->member_count; i++) {
        weights[i] = set->members[i].weight;
        shares->traffic[i] = SHARE_UNKNOWN;
    }
    shift_effective(set, effective);
    shares_of_weights(weights, set->member_count, shares->configured);
    shares_of_weights(effective, set->member_count, shares->effective);
    weight_log_expect(&set->log, set->member_count, now_ms, shares->expected);
    read_answers(set, shares->answers);
    shares_since_shift(&set->answers, shares->answers, now_ms, &shares->shifted);
    shares_lately(&set->answers, shares->answers, now_ms, &shares->lately);
}

struct history_shares *share_watch_keep(const struct rule_state *rule)
{
    struct history_shares *kept = alloc_zeroed(rule->record_set_count, sizeof(*kept));
    int64_t now_ms = clock_now_ms();
    for (size_t i = 0; i < rule->record_set_count; i++) {
        const struct record_set_state *set = rule->record_sets[i];
        struct shares shares;
        share_watch_read(set, now_ms, &shares);
        json_t *json = describe_shares(set, &shares);
        kept[i].record_set = alloc_string(set->key);
        kept[i].shares = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(6));
        json_decref(json);
    }
    return kept;
}

bool share_watch_journal_late(const struct rule_state *rule, const struct history_shares *shares,
                              int64_t history, struct error *err)
{
    for (size_t i = 0; i < rule->record_set_count; i++) {
        if (!store_add_history_shares(rule->control->store, history, &shares[i], err)) {
            return false;
        }
    }
    return true;
}

bool share_watch_journal(const struct rule_state *rule, int64_t history, struct error *err)
{
    struct history_shares *kept = share_watch_keep(rule);
    bool is_written = share_watch_journal_late(rule, kept, history, err);
    store_free_history_shares(kept, rule->record_set_count);
    return is_written;
}
