/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/shares.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

/* Shares are rounded to this before they are compared: arithmetic is no reason to differ. */
#define ROUNDING 1e-9

/* ---- answers ---- */

static void mark(const struct answer_log *log, struct answer_mark *mark, const uint64_t *counts,
                 int64_t now_ms)
{
    mark->at_ms = now_ms;
    memcpy(mark->counts, counts, log->member_count * sizeof(*counts));
}

void answer_log_init(struct answer_log *log, const uint64_t *counts, size_t member_count,
                     int64_t now_ms)
{
    assert(member_count > 0 && member_count <= MAX_MEMBERS);
    *log = (struct answer_log){.member_count = member_count};
    /* One block for all: the first is the shift's. */
    uint64_t *block = alloc_zeroed((LATELY_SAMPLES + 1) * member_count, sizeof(*block));
    log->shift.counts = block;
    for (size_t i = 0; i < LATELY_SAMPLES; i++) {
        log->samples[i].counts = block + (i + 1) * member_count;
    }
    mark(log, &log->shift, counts, now_ms);
    answer_log_sample(log, counts, now_ms);
}

void answer_log_done(struct answer_log *log)
{
    free(log->shift.counts);
    *log = (struct answer_log){0};
}

void answer_log_shift(struct answer_log *log, const uint64_t *counts, int64_t now_ms)
{
    mark(log, &log->shift, counts, now_ms);
}

void answer_log_sample(struct answer_log *log, const uint64_t *counts, int64_t now_ms)
{
    log->newest = (log->newest + 1) % LATELY_SAMPLES;
    log->sample_count += log->sample_count < LATELY_SAMPLES ? 1 : 0;
    mark(log, &log->samples[log->newest], counts, now_ms);
}

/* The newest sample that is LATELY_MS old, else the oldest. */
static const struct answer_mark *lately_begins(const struct answer_log *log, int64_t now_ms)
{
    const struct answer_mark *sample = NULL;
    for (size_t age = 0; age < log->sample_count; age++) {
        sample = &log->samples[(log->newest + LATELY_SAMPLES - age) % LATELY_SAMPLES];
        if (now_ms - sample->at_ms >= LATELY_MS) {
            break;
        }
    }
    return sample;
}

static void measure(const struct answer_log *log, const struct answer_mark *since,
                    const uint64_t *counts, int64_t now_ms, struct answer_window *window)
{
    double parts[MAX_MEMBERS];
    window->since_ms = since->at_ms;
    window->until_ms = now_ms;
    window->total = 0;
    for (size_t i = 0; i < log->member_count; i++) {
        window->counts[i] = counts[i] - since->counts[i];
        window->total += window->counts[i];
        parts[i] = (double)window->counts[i];
    }
    shares_of_parts(parts, log->member_count, window->shares);
}

void shares_since_shift(const struct answer_log *log, const uint64_t *counts, int64_t now_ms,
                        struct answer_window *window)
{
    measure(log, &log->shift, counts, now_ms, window);
}

void shares_lately(const struct answer_log *log, const uint64_t *counts, int64_t now_ms,
                   struct answer_window *window)
{
    measure(log, lately_begins(log, now_ms), counts, now_ms, window);
}

/* ---- shares ---- */

static double sum(const double *parts, size_t count)
{
    double total = 0;
    for (size_t i = 0; i < count; i++) {
        total += parts[i];
    }
    return total;
}

void shares_of_parts(const double *parts, size_t member_count, double *shares)
{
    double total = sum(parts, member_count);
    for (size_t i = 0; i < member_count; i++) {
        shares[i] = total > 0 ? parts[i] / total : SHARE_UNKNOWN;
    }
}

void shares_of_weights(const uint16_t *weights, size_t member_count, double *shares)
{
    double parts[MAX_MEMBERS];
    bool has_weight = false;
    for (size_t i = 0; i < member_count; i++) {
        has_weight |= weights[i] > 0;
    }
    for (size_t i = 0; i < member_count; i++) {
        parts[i] = has_weight ? weights[i] : 1;
    }
    shares_of_parts(parts, member_count, shares);
}

bool traffic_value_is_fresh(const struct traffic_value *value, int64_t interval_ms, int64_t now_ms)
{
    return value->at_ms != 0 && now_ms - value->at_ms <= TRAFFIC_FRESH_INTERVALS * interval_ms;
}

void shares_of_traffic(const struct traffic_value *values, size_t member_count, int64_t interval_ms,
                       int64_t now_ms, struct shares *shares)
{
    bool is_known = true;
    for (size_t i = 0; i < member_count; i++) {
        bool is_fresh = traffic_value_is_fresh(&values[i], interval_ms, now_ms);
        shares->requests_per_s[i] = is_fresh ? values[i].rate : SHARE_UNKNOWN;
        is_known &= is_fresh;
    }
    shares_of_parts(shares->requests_per_s, member_count, shares->traffic);
    for (size_t i = 0; !is_known && i < member_count; i++) {
        shares->traffic[i] = SHARE_UNKNOWN;
    }
}

/* ---- does traffic follow? ---- */

const char *share_verdict_name(enum share_verdict verdict)
{
    static const char *const names[] = {
        [SHARES_FOLLOW] = "follows", [SHARES_DIFFER] = "differs", [SHARES_UNKNOWN] = "unknown"};
    return names[verdict];
}

/* In percentage points: more than expected is positive. */
static double difference(const struct share_question *question, size_t member)
{
    return (question->traffic[member] - question->expected[member]) * 100;
}

static bool is_known(const struct share_question *question)
{
    for (size_t i = 0; question->traffic != NULL && i < question->member_count; i++) {
        if (question->traffic[i] < 0) {
            return false;
        }
    }
    return question->traffic != NULL;
}

/* The member is off towards where it was before the shift. */
static bool stays_behind(const struct share_question *question, size_t member)
{
    if (question->before == NULL || question->before[member] < 0) {
        return false;
    }
    double way = (question->before[member] - question->expected[member]) * 100;
    double differs = difference(question, member);
    return way * differs > 0 && fabs(way) > question->tolerance;
}

static void add(char *text, size_t size, const char *more)
{
    size_t used = strlen(text);
    snprintf(text + used, size - used, "%s", more);
}

static void tell_member(const struct share_question *question, size_t member, char *text,
                        size_t size)
{
    char part[256];
    snprintf(part, sizeof(part), "%s%.128s has %.1f %%, expected %.1f ± %g",
             text[0] == '\0' ? "traffic: " : "; ", question->ids[member],
             question->traffic[member] * 100, question->expected[member] * 100,
             question->tolerance);
    add(text, size, part);
}

/* Those that are not within the tolerance, the farthest first; every one once. */
static void tell_differences(const struct share_question *question, char *text, size_t size)
{
    bool is_told[MAX_MEMBERS] = {false};
    bool is_behind = false;
    for (;;) {
        size_t farthest = SIZE_MAX;
        for (size_t i = 0; i < question->member_count; i++) {
            bool is_within = fabs(difference(question, i)) <= question->tolerance + ROUNDING;
            if (!is_told[i] && !is_within &&
                (farthest == SIZE_MAX ||
                 fabs(difference(question, i)) > fabs(difference(question, farthest)) + ROUNDING)) {
                farthest = i;
            }
        }
        if (farthest == SIZE_MAX) {
            break;
        }
        is_told[farthest] = true;
        is_behind |= stays_behind(question, farthest);
        tell_member(question, farthest, text, size);
    }
    if (is_behind) {
        add(text, size, ": clients keep to answers of before the shift");
    }
}

static double largest_difference(const struct share_question *question)
{
    double most = 0;
    for (size_t i = 0; i < question->member_count; i++) {
        most = fmax(most, fabs(difference(question, i)));
    }
    return most;
}

enum share_verdict shares_judge(const struct share_question *question, char *text, size_t size)
{
    text[0] = '\0';
    /* First: without requests there are no shares, and how few there are says more. */
    if (question->traffic != NULL && question->unknown == NULL &&
        question->requests_per_s < question->least_per_s) {
        snprintf(text, size, "traffic: %.3g requests a second, expected at least %g to tell",
                 question->requests_per_s, question->least_per_s);
        return SHARES_UNKNOWN;
    }
    if (question->unknown != NULL || !is_known(question)) {
        snprintf(text, size, "traffic: not known%s%s", question->unknown == NULL ? "" : ": ",
                 question->unknown == NULL ? "" : question->unknown);
        return SHARES_UNKNOWN;
    }
    tell_differences(question, text, size);
    if (text[0] != '\0') {
        return SHARES_DIFFER;
    }
    snprintf(text, size, "traffic: follows, at most %.1f from what is expected (± %g)",
             largest_difference(question), question->tolerance);
    return SHARES_FOLLOW;
}
