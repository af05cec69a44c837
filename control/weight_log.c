/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/weight_log.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/shares.h"

void weight_log_done(struct weight_log *log)
{
    for (size_t i = 0; i < log->count; i++) {
        free((void *)log->changes[i].weights);
    }
    free(log->changes);
    free(log->before);
    *log = (struct weight_log){0};
}

/* The longest that an answer of lately may be kept. */
static int64_t longest_ttl_ms(const struct weight_log *log, int64_t now_ms)
{
    bool is_old =
        log->ttl_before_ms > log->ttl_ms && now_ms < log->ttl_changed_ms + log->ttl_before_ms;
    return is_old ? log->ttl_before_ms : log->ttl_ms;
}

int64_t weight_log_old_ttl_left_ms(const struct weight_log *log, int64_t now_ms)
{
    bool is_old = longest_ttl_ms(log, now_ms) > log->ttl_ms;
    return is_old ? log->ttl_changed_ms + log->ttl_before_ms - now_ms : 0;
}

/* What ended before any answer that is still kept, but the last of that. */
static void forget_old(struct weight_log *log, int64_t now_ms)
{
    size_t gone = 0;
    int64_t since_ms = now_ms - longest_ttl_ms(log, now_ms) - log->kept_ms;
    while (gone + 1 < log->count &&
           (log->changes[gone + 1].at_ms <= since_ms || log->count - gone > WEIGHT_LOG_MOST)) {
        free((void *)log->changes[gone++].weights);
    }
    memmove(log->changes, log->changes + gone, (log->count - gone) * sizeof(*log->changes));
    log->count -= gone;
}

bool weight_log_add(struct weight_log *log, const uint16_t *weights, size_t member_count,
                    int64_t ttl_ms, int64_t now_ms)
{
    size_t size = member_count * sizeof(*weights);
    if (ttl_ms != log->ttl_ms) {
        log->ttl_before_ms = longest_ttl_ms(log, now_ms);
        log->ttl_changed_ms = now_ms;
        log->ttl_ms = ttl_ms;
    }
    if (log->count > 0 && memcmp(log->changes[log->count - 1].weights, weights, size) == 0) {
        return false;
    }
    free(log->before);
    log->before = log->count > 0 ? alloc_copy(log->changes[log->count - 1].weights, size) : NULL;
    log->changes = alloc_resize(log->changes, log->count + 1, sizeof(*log->changes));
    log->changes[log->count++] =
        (struct weight_change){.at_ms = now_ms, .weights = alloc_copy(weights, size)};
    forget_old(log, now_ms);
    return true;
}

void weight_log_expect(const struct weight_log *log, size_t member_count, int64_t now_ms,
                       double *shares)
{
    const struct weight_history history = {log->changes, log->count, member_count};
    expected_share(&history, longest_ttl_ms(log, now_ms), now_ms, shares);
}

/* Shares change within a window by straight lines, with a few bends: so many points find their
 * means to within a thousandth. */
#define POINTS 200

void weight_log_expect_over(const struct weight_log *log, size_t member_count, int64_t window_ms,
                            int64_t now_ms, double *shares)
{
    double at_point[MAX_MEMBERS];
    for (size_t i = 0; i < member_count; i++) {
        shares[i] = 0;
    }
    for (int64_t point = 0; point < POINTS; point++) {
        /* The middles of equal parts. */
        int64_t age_ms = window_ms * (2 * point + 1) / (2 * POINTS);
        weight_log_expect(log, member_count, now_ms - age_ms, at_point);
        for (size_t i = 0; i < member_count; i++) {
            shares[i] += at_point[i] / POINTS;
        }
    }
}
