/* SPDX-License-Identifier: BSD-2-Clause */
/* What CloudWatch is asked for, and what it says. Pure; any thread.
 *
 * A query is MetricDataQueries as JSON, as the AWS CLI takes them for get-metric-data, of which one
 * returns data; or short, for a target group of a load balancer, each by its ARN or by what its
 * ARN ends with:
 *     request_count targetgroup/cats/01 app/front/02    requests in the period
 *     request_rate  …                                   requests per second
 *     5xx_rate      …                                   share of requests answered with 5xx, 0 to 1
 *     latency_p99   …                                   seconds, a percentile from p0 to p100 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "common/error.h"
#include "control/metric_answer.h"

/* MetricDataQueries, a new reference: each metric that says no Period has this one. NULL and err
 * when the text is no query. */
json_t *cloudwatch_query_make(const char *text, int64_t period_s, struct error *err) MUST_CHECK;

/* GetMetricData's time span for a question: whole periods, the last of which ended delay_ms ago.
 * False: no period has passed since start_ms. */
MUST_CHECK bool cloudwatch_span(int64_t start_ms, int64_t now_ms, int64_t delay_ms,
                                int64_t period_s, int64_t *from_s, int64_t *to_s);

/* Values of several answers to one question (pages), by time. */
struct cloudwatch_series {
    char *id; /* of the one series that there may be; NULL: none yet */
    struct metric_answer answer;
};
/* Adds a page, GetMetricData's result as JSON of XML. False: the answer has failed, and says why.
 */
MUST_CHECK bool cloudwatch_series_add(struct cloudwatch_series *series, const json_t *document);
/* No page follows: the answer is whole. With is_instant it has the newest value alone. */
void cloudwatch_series_end(struct cloudwatch_series *series, bool is_instant);
void cloudwatch_series_done(struct cloudwatch_series *series);
