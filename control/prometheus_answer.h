/* SPDX-License-Identifier: BSD-2-Clause */
/* What Prometheus answers to /api/v1/query and /api/v1/query_range, as numbers. Pure; any thread.
 */
#pragma once

#include <stddef.h>

#define PROMETHEUS_TEXT_SIZE 256
/* Of an answer: three times what 11,000 samples, the most that Prometheus gives, take. */
#define PROMETHEUS_ANSWER_MAX ((size_t)1 << 20)

enum prometheus_state {
    PROMETHEUS_VALUES,
    PROMETHEUS_NO_VALUE, /* nothing matches the query, or what does is NaN */
    PROMETHEUS_FAILED,   /* no answer, an error, several series, no numbers */
};

struct prometheus_answer {
    enum prometheus_state state;
    double *values; /* of an instant one, of a range any number, in the order of time; never NaN,
                       perhaps infinite */
    size_t count;
    size_t left_out; /* NaN, in a range */
    /* Why there are none: "connection refused", "3 series, expected one". Valid UTF-8. */
    char text[PROMETHEUS_TEXT_SIZE];
};

/* Reads the body of an answer with this HTTP status. Always fills answer in, whose values are freed
 * by prometheus_answer_done. */
void prometheus_answer_read(long status, const char *body, size_t len,
                            struct prometheus_answer *answer);
void prometheus_answer_done(struct prometheus_answer *answer);
