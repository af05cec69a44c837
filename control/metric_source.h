/* SPDX-License-Identifier: BSD-2-Clause */
/* Asks whoever has a metric, Prometheus or CloudWatch, one query. Control thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "control/http/http_client.h"
#include "control/metric_answer.h"

struct aws_client;

struct metric_source {
    struct http_client *http; /* for Prometheus */
    struct aws_client *aws;   /* for CloudWatch */
    bool is_cloudwatch;
    /* Of Prometheus: */
    const char *url;        /* "http://prometheus:9090", perhaps with a prefix; no final slash */
    const char *ca_file;    /* PEM; NULL: the system's */
    const char *token_file; /* its first line is sent as bearer token; NULL: none */
    /* Of CloudWatch: */
    int64_t window_ms; /* what a question without a range looks back over */
    int64_t delay_ms;  /* how late its values are: what is newer is not asked for */
    int64_t timeout_ms;
};

struct metric_query;
/* The answer is valid during the call, and the query is gone after it. */
typedef void (*metric_done)(void *argument, const struct metric_answer *answer);

/* Asks for the value now, or, with a range, for those in it. Everything is copied, but for http and
 * aws. done is called once, from the loop and never from within this call, unless it is cancelled;
 * it may close the client. NULL and err when it cannot be asked: nothing is asked then. */
MUST_CHECK struct metric_query *metric_ask(const struct metric_source *source, const char *text,
                                           int64_t now_ms, const struct metric_range *range,
                                           metric_done done, void *argument, struct error *err);
/* Ends it without calling done. NULL is fine. */
void metric_cancel(struct metric_query *query);
