/* SPDX-License-Identifier: BSD-2-Clause */
/* Asks CloudWatch one query (GetMetricData). Control thread only. */
#pragma once

#include "control/aws/aws_client.h"
#include "control/metric_source.h"

struct cloudwatch_source {
    struct aws_client *aws;
    int64_t window_ms, delay_ms; /* as metric_source has them */
    int64_t timeout_ms;
};

struct cloudwatch_query;

/* As metric_ask. A range's step is taken up to what CloudWatch has as period: 1, 5, 10 or 30 s, or
 * whole minutes; what lies in no whole period is left out. */
MUST_CHECK struct cloudwatch_query *cloudwatch_ask(const struct cloudwatch_source *source,
                                                   const char *text, int64_t now_ms,
                                                   const struct metric_range *range,
                                                   metric_done done, void *argument,
                                                   struct error *err);
/* NULL is fine. */
void cloudwatch_cancel(struct cloudwatch_query *query);
