/* SPDX-License-Identifier: BSD-2-Clause */
/* Asks a Prometheus server one query. Control thread only. */
#pragma once

#include <stdint.h>

#include "common/error.h"
#include "control/http/http_client.h"
#include "control/prometheus_answer.h"

struct prometheus_server {
    const char *url;        /* "http://prometheus:9090", perhaps with a prefix; no final slash */
    const char *ca_file;    /* PEM; NULL: the system's */
    const char *token_file; /* its first line is sent as bearer token; NULL: none */
    int64_t timeout_ms;
};

struct prometheus_query;
/* The answer is valid during the call, and the query is gone after it. */
typedef void (*prometheus_done)(void *argument, const struct metric_answer *answer);

/* Asks for the value now, or, with a range, for those in it. Everything is copied. done is called
 * once, from the loop and never from within this call, unless it is cancelled; it may close the
 * client. NULL and err when the token cannot be read: nothing is asked then. */
MUST_CHECK struct prometheus_query *
prometheus_ask(struct http_client *client, const struct prometheus_server *server,
               const char *promql, int64_t now_ms, const struct metric_range *range,
               prometheus_done done, void *argument, struct error *err);
/* Ends it without calling done. NULL is fine. */
void prometheus_cancel(struct prometheus_query *query);
