/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/cloudwatch.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "control/cloudwatch_query.h"
#include "control/http/outside_text.h"

#define PAGES_MAX 20
#define ATTEMPTS  2

struct cloudwatch_query {
    struct aws_client *aws;
    metric_done done;
    void *argument;
    int64_t timeout_ms;
    json_t *input;
    struct aws_call *call;
    uv_timer_t none; /* ends a question for which no period has passed */
    bool is_instant;
    unsigned pages;
    struct cloudwatch_series series;
};

static void free_query(uv_handle_t *handle)
{
    struct cloudwatch_query *query = handle->data;
    json_decref(query->input);
    cloudwatch_series_done(&query->series);
    free(query);
}

static void finish(struct cloudwatch_query *query)
{
    query->done(query->argument, &query->series.answer);
    uv_close((uv_handle_t *)&query->none, free_query);
}

static void ask_page(struct cloudwatch_query *query);

static void on_answer(void *argument, const struct aws_answer *answer)
{
    struct cloudwatch_query *query = argument;
    struct metric_answer *found = &query->series.answer;
    query->call = NULL;
    if (answer->outcome != AWS_DONE) {
        found->state = METRIC_FAILED;
        outside_text_copy(answer->text, found->text, sizeof(found->text));
        finish(query);
        return;
    }
    const char *token = json_string_value(json_object_get(answer->document, "NextToken"));
    if (!cloudwatch_series_add(&query->series, answer->document)) {
        finish(query);
    } else if (token != NULL && token[0] != '\0' && ++query->pages < PAGES_MAX) {
        json_object_set_new(query->input, "NextToken", json_string(token));
        ask_page(query);
    } else {
        cloudwatch_series_end(&query->series, query->is_instant);
        finish(query);
    }
}

static void ask_page(struct cloudwatch_query *query)
{
    query->call = aws_call_start(query->aws,
                                 &(struct aws_request){.service = AWS_CLOUDWATCH,
                                                       .operation = "GetMetricData",
                                                       .input = query->input,
                                                       .timeout_ms = query->timeout_ms,
                                                       .attempts = ATTEMPTS},
                                 on_answer, query);
}

static void on_none(uv_timer_t *timer)
{
    struct cloudwatch_query *query = timer->data;
    struct metric_answer *found = &query->series.answer;
    found->state = METRIC_NO_VALUE;
    snprintf(found->text, sizeof(found->text), "no whole period has passed yet");
    finish(query);
}

static int64_t period_of(int64_t step_ms)
{
    static const int64_t short_periods_s[] = {1, 5, 10, 30};
    int64_t seconds = (step_ms + 999) / 1000;
    for (size_t i = 0; i < ARRAY_LEN(short_periods_s); i++) {
        if (seconds <= short_periods_s[i]) {
            return short_periods_s[i];
        }
    }
    return (seconds + 59) / 60 * 60;
}

/* False: there is nothing to ask for yet. */
static bool set_span(struct cloudwatch_query *query, const struct cloudwatch_source *source,
                     int64_t now_ms, const struct metric_range *range, int64_t period_s)
{
    char from[CLOCK_TEXT_SIZE], to[CLOCK_TEXT_SIZE];
    int64_t from_s = 0, to_s = 0;
    int64_t end_ms = range != NULL ? range->end_ms : now_ms;
    /* Of a question without a range, one period, the last whole minute of which has ended. */
    int64_t align_s = range != NULL ? period_s : period_s < 60 ? period_s : 60;
    int64_t start_ms =
        range != NULL
            ? range->start_ms
            : (end_ms - source->delay_ms) / 1000 / align_s * align_s * 1000 - period_s * 1000;
    if (!cloudwatch_span(start_ms, end_ms, source->delay_ms, align_s, &from_s, &to_s)) {
        return false;
    }
    clock_format(from_s * 1000, from);
    clock_format(to_s * 1000, to);
    json_object_set_new(query->input, "StartTime", json_string(from));
    json_object_set_new(query->input, "EndTime", json_string(to));
    json_object_set_new(query->input, "ScanBy", json_string("TimestampAscending"));
    return true;
}

struct cloudwatch_query *cloudwatch_ask(const struct cloudwatch_source *source, const char *text,
                                        int64_t now_ms, const struct metric_range *range,
                                        metric_done done, void *argument, struct error *err)
{
    int64_t period_s = period_of(range != NULL ? range->step_ms : source->window_ms);
    json_t *queries = cloudwatch_query_make(text, period_s, err);
    if (queries == NULL) {
        return NULL;
    }
    struct cloudwatch_query *query = alloc_zeroed(1, sizeof(*query));
    query->aws = source->aws;
    query->done = done;
    query->argument = argument;
    query->timeout_ms = source->timeout_ms;
    query->is_instant = range == NULL;
    query->input = json_pack("{s:o}", "MetricDataQueries", queries);
    uv_timer_init(aws_client_loop(source->aws), &query->none);
    query->none.data = query;
    if (set_span(query, source, now_ms, range, period_s)) {
        ask_page(query);
    } else {
        uv_timer_start(&query->none, on_none, 0, 0);
    }
    return query;
}

void cloudwatch_cancel(struct cloudwatch_query *query)
{
    if (query != NULL) {
        aws_call_cancel(STEAL(query->call));
        uv_close((uv_handle_t *)&query->none, free_query);
    }
}
