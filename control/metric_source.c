/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/metric_source.h"

#include <stdlib.h>

#include "common/alloc.h"
#include "control/cloudwatch.h"
#include "control/prometheus.h"

struct metric_query {
    struct prometheus_query *prometheus; /* one of the two */
    struct cloudwatch_query *cloudwatch;
    metric_done done;
    void *argument;
};

void metric_answer_done(struct metric_answer *answer)
{
    free(answer->values);
    answer->values = NULL;
}

static void on_answer(void *argument, const struct metric_answer *answer)
{
    struct metric_query query = *(struct metric_query *)argument;
    free(argument);
    query.done(query.argument, answer);
}

struct metric_query *metric_ask(const struct metric_source *source, const char *text,
                                int64_t now_ms, const struct metric_range *range, metric_done done,
                                void *argument, struct error *err)
{
    struct metric_query *query = alloc_zeroed(1, sizeof(*query));
    query->done = done;
    query->argument = argument;
    if (source->is_cloudwatch) {
        const struct cloudwatch_source cloudwatch = {.aws = source->aws,
                                                     .window_ms = source->window_ms,
                                                     .delay_ms = source->delay_ms,
                                                     .timeout_ms = source->timeout_ms};
        query->cloudwatch = cloudwatch_ask(&cloudwatch, text, now_ms, range, on_answer, query, err);
    } else {
        const struct prometheus_server server = {.url = source->url,
                                                 .ca_file = source->ca_file,
                                                 .token_file = source->token_file,
                                                 .timeout_ms = source->timeout_ms};
        query->prometheus =
            prometheus_ask(source->http, &server, text, now_ms, range, on_answer, query, err);
    }
    if (query->cloudwatch == NULL && query->prometheus == NULL) {
        free(query);
        return NULL;
    }
    return query;
}

void metric_cancel(struct metric_query *query)
{
    if (query != NULL) {
        prometheus_cancel(query->prometheus);
        cloudwatch_cancel(query->cloudwatch);
        free(query);
    }
}
