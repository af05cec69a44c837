/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/share_watch.h"

#include <stdio.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "control/describe.h"
#include "control/http/http_client.h"
#include "control/shift.h"
#include "control/traffic.h"

#define JUDGEMENT_TEXT_SIZE (ROLLOUT_TEXT_SIZE * 2)

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

int64_t share_watch_kept_ms(const struct config_traffic *traffic)
{
    return traffic == NULL ? 0
                           : traffic->window_ms + traffic->delay_ms +
                                 TRAFFIC_FRESH_INTERVALS * traffic->interval_ms;
}

/* Sources begin at different times, so that many of them do not ask at the same. */
#define STAGGER_MS 37

void share_watch_start(struct control *control)
{
    for (size_t i = 0; i < control->config->record_set_count; i++) {
        struct record_set_state *set = &control->record_sets[i];
        if (set->config->traffic == NULL) {
            continue;
        }
        uint64_t first_ms = i * STAGGER_MS % (uint64_t)set->config->traffic->interval_ms;
        set->traffic = traffic_source_new(&control->loop, control->outgoing, control->aws,
                                          set->config, first_ms);
    }
}

void share_watch_close(struct control *control)
{
    for (size_t i = 0; i < control->config->record_set_count; i++) {
        traffic_source_close(STEAL(control->record_sets[i].traffic));
    }
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
        shares->requests_per_s[i] = SHARE_UNKNOWN;
    }
    if (set->traffic != NULL) {
        shares_of_traffic(traffic_source_values(set->traffic), set->member_count,
                          set->config->traffic->interval_ms, now_ms, shares);
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

/* ---- does traffic follow? ---- */

static json_t *share_or_null(double share)
{
    return share < 0 ? json_null() : json_real(share);
}

static json_t *describe_judgement(const struct record_set_state *set,
                                  const struct share_question *question, enum share_verdict verdict)
{
    json_t *members = json_array();
    for (size_t i = 0; i < set->member_count; i++) {
        double traffic = question->traffic[i];
        json_t *difference =
            traffic < 0 ? json_null() : json_real((traffic - question->expected[i]) * 100);
        json_array_append_new(members, json_pack("{s:o, s:f, s:o, s:o}", "id",
                                                 describe_text(question->ids[i]), "expected",
                                                 question->expected[i], "traffic",
                                                 share_or_null(traffic), "difference", difference));
    }
    return json_pack("{s:o, s:s, s:f, s:o, s:o}", "record_set", describe_text(set->key), "verdict",
                     share_verdict_name(verdict), "tolerance", question->tolerance,
                     "requests_per_s", share_or_null(question->requests_per_s), "members", members);
}

/* When the oldest of the values was measured: what was expected then is what it is held against. */
static int64_t measured_ms(const struct record_set_state *set, int64_t now_ms)
{
    const struct traffic_value *values = traffic_source_values(set->traffic);
    int64_t oldest_ms = now_ms;
    for (size_t i = 0; i < set->member_count; i++) {
        oldest_ms = values[i].at_ms < oldest_ms ? values[i].at_ms : oldest_ms;
    }
    return oldest_ms;
}

/* The set has a source. numbers, if not NULL, is an array that gets one more item. */
static enum share_verdict judge(const struct record_set_state *set, double tolerance, char *text,
                                size_t size, json_t *numbers)
{
    const char *ids[MAX_MEMBERS];
    double expected[MAX_MEMBERS];
    double before[MAX_MEMBERS];
    char silent[JUDGEMENT_TEXT_SIZE];
    struct shares shares;
    int64_t now_ms = clock_now_ms();
    struct share_question question = {.member_count = set->member_count,
                                      .ids = ids,
                                      .expected = expected,
                                      .traffic = shares.traffic,
                                      .least_per_s = set->config->traffic->min_rate,
                                      .tolerance = tolerance};
    share_watch_read(set, now_ms, &shares);
    weight_log_expect_over(&set->log, set->member_count, set->config->traffic->window_ms,
                           measured_ms(set, now_ms) - set->config->traffic->delay_ms, expected);
    for (size_t i = 0; i < set->member_count; i++) {
        ids[i] = set->members[i].config->id;
        question.requests_per_s += shares.requests_per_s[i] > 0 ? shares.requests_per_s[i] : 0;
    }
    if (set->log.before != NULL) {
        shares_of_weights(set->log.before, set->member_count, before);
        question.before = before;
    }
    if (traffic_source_is_silent(set->traffic, now_ms, silent, sizeof(silent))) {
        question.unknown = silent;
    } else if (measured_ms(set, now_ms) < set->answers.shift.at_ms) {
        question.unknown = "not measured since the last shift";
    }
    enum share_verdict verdict = shares_judge(&question, text, size);
    if (numbers != NULL) {
        json_array_append_new(numbers, describe_judgement(set, &question, verdict));
    }
    return verdict;
}

/* How bad a verdict is beside another. */
static int badness(enum share_verdict verdict)
{
    static const int ranks[] = {[SHARES_FOLLOW] = 0, [SHARES_UNKNOWN] = 1, [SHARES_DIFFER] = 2};
    return ranks[verdict];
}

enum share_verdict share_watch_judge(const struct rule_state *rule, double tolerance, char *text,
                                     size_t size, json_t **numbers)
{
    enum share_verdict worst = SHARES_FOLLOW;
    json_t *list = numbers == NULL ? NULL : json_array();
    size_t judged = 0;
    for (size_t i = 0; i < rule->record_set_count; i++) {
        char one[JUDGEMENT_TEXT_SIZE];
        if (rule->record_sets[i]->traffic == NULL) {
            continue;
        }
        enum share_verdict verdict = judge(rule->record_sets[i], tolerance, one, sizeof(one), list);
        if (judged++ == 0 || badness(verdict) > badness(worst)) {
            worst = verdict;
            snprintf(text, size, "%s", one);
        }
    }
    if (judged == 0) {
        worst = SHARES_UNKNOWN;
        snprintf(text, size, "traffic: nobody measures it");
    }
    if (numbers != NULL) {
        *numbers = list;
    }
    return worst;
}
