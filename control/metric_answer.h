/* SPDX-License-Identifier: BSD-2-Clause */
/* What a query for a metric was answered with, whoever answered. Pure; any thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define METRIC_TEXT_SIZE 256

enum metric_state {
    METRIC_VALUES,
    METRIC_NO_VALUE, /* nothing matches the query, or what does is NaN */
    METRIC_FAILED,   /* no answer, an error, several series, no numbers */
};

struct metric_answer {
    enum metric_state state;
    double *values; /* of an instant one, of a range any number, in the order of time; never NaN,
                       perhaps infinite */
    size_t count;
    size_t left_out; /* NaN, in a range */
    /* Why there are none: "connection refused", "3 series, expected one". Valid UTF-8. */
    char text[METRIC_TEXT_SIZE];
};
/* Frees the values. */
void metric_answer_done(struct metric_answer *answer);

struct metric_range {
    int64_t start_ms, end_ms; /* start <= end; both are asked for, when a step ends there */
    int64_t step_ms;          /* at least 1 */
};
