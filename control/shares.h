/* SPDX-License-Identifier: BSD-2-Clause */
/* The shares of a weighted record set's members, as they are: configured, effective, answered,
 * expected at resolvers, and of real traffic; and whether traffic follows. Pure: counters and times
 * are arguments. One thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/attributes.h"

#define MAX_MEMBERS 100
/* A share that is not known: nothing was answered, no traffic source tells. Known ones are 0 to 1.
 */
#define SHARE_UNKNOWN (-1.0)

/* What is lately: between one and one and a quarter of this, as the window says. */
#define LATELY_MS      60000
#define LATELY_STEP_MS 15000 /* how often a sample is taken */
#define LATELY_SAMPLES (LATELY_MS / LATELY_STEP_MS + 1)

/* The counters of answers by member, as they were at a time. */
struct answer_mark {
    int64_t at_ms;
    uint64_t *counts;
};

/* What answers are counted from: the last shift, and some samples. */
struct answer_log {
    size_t member_count;
    struct answer_mark shift;
    struct answer_mark samples[LATELY_SAMPLES]; /* a ring */
    size_t newest, sample_count;
};

/* counts: one for each member, as they are now. Owns memory until answer_log_done, for which one
 * that is all zeros is fine, too. */
void answer_log_init(struct answer_log *log, const uint64_t *counts, size_t member_count,
                     int64_t now_ms);
void answer_log_done(struct answer_log *log);
/* Every answer from here on is by new weights. */
void answer_log_shift(struct answer_log *log, const uint64_t *counts, int64_t now_ms);
/* Every LATELY_STEP_MS. */
void answer_log_sample(struct answer_log *log, const uint64_t *counts, int64_t now_ms);

/* The answers of a stretch of time, exactly. */
struct answer_window {
    int64_t since_ms, until_ms;
    uint64_t total;
    uint64_t counts[MAX_MEMBERS];
    double shares[MAX_MEMBERS];
};

/* Everything about a record set's shares at a time. */
struct shares {
    size_t member_count;
    double configured[MAX_MEMBERS]; /* by the weights as set */
    double effective[MAX_MEMBERS];  /* by what health makes of them */
    double expected[MAX_MEMBERS];   /* at resolvers that keep to the TTL */
    double traffic[MAX_MEMBERS];    /* as the source measures it */
    uint64_t answers[MAX_MEMBERS];  /* since the daemon started */
    struct answer_window shifted;   /* since the last shift, or the daemon's start */
    struct answer_window lately;
    double requests_per_s[MAX_MEMBERS]; /* real traffic, or SHARE_UNKNOWN */
};

/* A member's requests per second, as its query said at a time. */
struct traffic_value {
    double rate;   /* 0 or more */
    int64_t at_ms; /* 0: it never said anything */
};
#define TRAFFIC_FRESH_INTERVALS 3
/* Not older than so many intervals, after which it is not known what it is. */
bool traffic_value_is_fresh(const struct traffic_value *value, int64_t interval_ms, int64_t now_ms);

/* Shares of weights; all 0: equal ones, as answers have it. */
void shares_of_weights(const uint16_t *weights, size_t member_count, double *shares);
/* Shares of what was counted or measured, none of it negative; all 0: unknown. */
void shares_of_parts(const double *parts, size_t member_count, double *shares);
/* Rates and shares of real traffic: of members whose value is not fresh no rate, and no shares at
 * all while there is such a member. */
void shares_of_traffic(const struct traffic_value *values, size_t member_count, int64_t interval_ms,
                       int64_t now_ms, struct shares *shares);
/* What was answered since a shift, and lately; counts: as they are now. */
void shares_since_shift(const struct answer_log *log, const uint64_t *counts, int64_t now_ms,
                        struct answer_window *window);
void shares_lately(const struct answer_log *log, const uint64_t *counts, int64_t now_ms,
                   struct answer_window *window);

/* ---- does traffic follow? ---- */

enum share_verdict {
    SHARES_FOLLOW,
    SHARES_DIFFER,
    SHARES_UNKNOWN, /* no traffic source tells, or too little traffic: wait */
};
const char *share_verdict_name(enum share_verdict verdict); /* "follows", "differs", "unknown" */

struct share_question {
    size_t member_count;
    const char *const *ids;
    const double *expected; /* over the time that traffic was measured */
    const double *traffic;  /* any SHARE_UNKNOWN: unknown; NULL: no source */
    const double *before;   /* the effective shares before the last shift; NULL: not known */
    double requests_per_s, least_per_s; /* of all members; fewer: unknown */
    double tolerance;                   /* percentage points; at the edge is within */
    const char *unknown;                /* why there can be no verdict, for the text; or NULL */
};

/* Text (may be cut): "traffic: green has 31.2 %, expected 50.0 ± 5", the farthest first, and who is
 * where it was before the shift, which is what clients that ignore the TTL do. */
enum share_verdict shares_judge(const struct share_question *question, char *text, size_t size);
