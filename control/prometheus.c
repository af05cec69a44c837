/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/prometheus.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/http/http_request.h"
#include "control/secret_file.h"

struct prometheus_query {
    struct http_call *call;
    prometheus_done done;
    void *argument;
};

static void on_answer(void *argument, const struct http_answer *posted)
{
    struct prometheus_query *query = argument;
    struct metric_answer answer = {.state = METRIC_FAILED};
    if (posted->is_whole) {
        prometheus_answer_read(posted->status, posted->body, posted->len, &answer);
    } else {
        snprintf(answer.text, sizeof(answer.text), "%s", posted->text);
    }
    query->done(query->argument, &answer);
    metric_answer_done(&answer);
    free(query);
}

#define SECONDS_SIZE 32
/* Prometheus has times in seconds, with a fraction. */
static void print_seconds(int64_t time_ms, char text[SECONDS_SIZE])
{
    snprintf(text, SECONDS_SIZE, "%" PRId64 ".%03d", time_ms / 1000, (int)(time_ms % 1000));
}

/* application/x-www-form-urlencoded; the caller frees it. */
static char *make_form(const char *promql, int64_t now_ms, const struct metric_range *range)
{
    char first[SECONDS_SIZE];
    char second[SECONDS_SIZE];
    char step[SECONDS_SIZE];
    char *escaped = curl_easy_escape(NULL, promql, (int)strlen(promql));
    char *form;
    if (range == NULL) {
        print_seconds(now_ms, first);
        form = alloc_printf("query=%s&time=%s", escaped, first);
    } else {
        print_seconds(range->start_ms, first);
        print_seconds(range->end_ms, second);
        print_seconds(range->step_ms, step);
        form = alloc_printf("query=%s&start=%s&end=%s&step=%s", escaped, first, second, step);
    }
    curl_free(escaped);
    return form;
}

struct prometheus_query *prometheus_ask(struct http_client *client,
                                        const struct prometheus_server *server, const char *promql,
                                        int64_t now_ms, const struct metric_range *range,
                                        prometheus_done done, void *argument, struct error *err)
{
    CLEANUP(alloc_freep) char *header = NULL;
    if (server->token_file != NULL) {
        CLEANUP(alloc_freep) char *token = secret_file_read("token", server->token_file, err);
        if (token == NULL) {
            return NULL;
        }
        header = alloc_printf("Authorization: Bearer %s", token);
    }
    CLEANUP(alloc_freep)
    char *url = alloc_printf("%s/api/v1/%s", server->url, range == NULL ? "query" : "query_range");
    CLEANUP(alloc_freep) char *form = make_form(promql, now_ms, range);
    struct prometheus_query *query = alloc_zeroed(1, sizeof(*query));
    query->done = done;
    query->argument = argument;
    const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded", header, NULL};
    query->call = http_call_start(client,
                                  &(struct http_request){
                                      .url = url,
                                      .ca_file = server->ca_file,
                                      .method = "POST",
                                      .headers = headers,
                                      .body = form,
                                      .body_len = strlen(form),
                                      .purpose = "query",
                                      .timeout_ms = server->timeout_ms,
                                      .answer_max = PROMETHEUS_ANSWER_MAX,
                                  },
                                  on_answer, query);
    return query;
}

void prometheus_cancel(struct prometheus_query *query)
{
    if (query != NULL) {
        http_call_cancel(query->call);
        free(query);
    }
}
