/* SPDX-License-Identifier: BSD-2-Clause */
/* The effective weights that a record set has been answered by, as far back as caches can have
 * answers from: what the share expected at resolvers follows from. Bounded; times are arguments.
 * Control thread only. */
#pragma once

#include <stdbool.h>

#include "control/forecast/expected_share.h"

/* More changes within one TTL are kept no longer: the oldest count as one. */
#define WEIGHT_LOG_MOST 64

struct weight_log {
    struct weight_change *changes; /* oldest first */
    size_t count;
    uint16_t *before; /* the weights before the last change, one for each member, or NULL */
    int64_t ttl_ms;
    int64_t kept_ms; /* weights are kept so long beyond the TTL; set before the first change */
    int64_t ttl_before_ms, ttl_changed_ms; /* caches keep to the TTL before for as long as it was */
};

void weight_log_done(struct weight_log *log);
/* From now_ms on answers are by these weights, one for each of member_count members, with this TTL.
 * False when the weights are what they were. */
bool weight_log_add(struct weight_log *log, const uint16_t *weights, size_t member_count,
                    int64_t ttl_ms, int64_t now_ms);
/* How long caches may still have answers with an older, longer TTL; 0: they have none. */
int64_t weight_log_old_ttl_left_ms(const struct weight_log *log, int64_t now_ms);
/* The shares expected at resolvers that honour the TTL (control/forecast/expected_share.h), one for
 * each member. The log has at least one entry. */
void weight_log_expect(const struct weight_log *log, size_t member_count, int64_t now_ms,
                       double *shares);
/* Their means over the window_ms before now_ms: what a measurement that looks back so far would
 * have. window_ms at most kept_ms. */
void weight_log_expect_over(const struct weight_log *log, size_t member_count, int64_t window_ms,
                            int64_t now_ms, double *shares);
