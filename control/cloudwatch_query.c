/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/cloudwatch_query.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/aws/aws_xml.h"
#include "control/http/outside_text.h"

#define VALUES_MAX 100000

/* The last part of an ARN: "targetgroup/cats/01" of "arn:…:targetgroup/cats/01", "app/front/02" of
 * "arn:…:loadbalancer/app/front/02". */
static const char *dimension_of(const char *text)
{
    const char *colon = strrchr(text, ':');
    const char *last = colon == NULL ? text : colon + 1;
    size_t prefix = strlen("loadbalancer/");
    return strncmp(last, "loadbalancer/", prefix) == 0 ? last + prefix : last;
}

static json_t *metric(const char *id, const char *name, const char *stat, const char *group,
                      const char *balancer, bool returns_data)
{
    const char *space = strncmp(balancer, "net/", 4) == 0 ? "AWS/NetworkELB" : "AWS/ApplicationELB";
    return json_pack("{s:s, s:{s:{s:s, s:s, s:[{s:s, s:s}, {s:s, s:s}]}, s:s}, s:b}", "Id", id,
                     "MetricStat", "Metric", "Namespace", space, "MetricName", name, "Dimensions",
                     "Name", "TargetGroup", "Value", group, "Name", "LoadBalancer", "Value",
                     balancer, "Stat", stat, "ReturnData", returns_data);
}

static json_t *expression(const char *text)
{
    return json_pack("{s:s, s:s, s:b}", "Id", "value", "Expression", text, "ReturnData", 1);
}

static bool is_percentile(const char *text)
{
    char *end = NULL;
    double value = text[0] == 'p' ? strtod(text + 1, &end) : -1;
    return text[0] == 'p' && strspn(text + 1, "0123456789.") == strlen(text + 1) && end != NULL &&
           end != text + 1 && *end == '\0' && value <= 100;
}

static json_t *make_short(const char *what, const char *group, const char *balancer,
                          struct error *err)
{
    json_t *queries = json_array();
    if (strcmp(what, "request_count") == 0) {
        json_array_append_new(queries,
                              metric("value", "RequestCount", "Sum", group, balancer, true));
    } else if (strcmp(what, "request_rate") == 0) {
        json_array_append_new(queries,
                              metric("requests", "RequestCount", "Sum", group, balancer, false));
        json_array_append_new(queries, expression("FILL(requests, 0) / PERIOD(requests)"));
    } else if (strcmp(what, "5xx_rate") == 0) {
        json_array_append_new(
            queries, metric("errors", "HTTPCode_Target_5XX_Count", "Sum", group, balancer, false));
        json_array_append_new(queries,
                              metric("requests", "RequestCount", "Sum", group, balancer, false));
        json_array_append_new(queries, expression("FILL(errors, 0) / requests"));
    } else if (strncmp(what, "latency_", 8) == 0 && is_percentile(what + 8)) {
        json_array_append_new(
            queries, metric("value", "TargetResponseTime", what + 8, group, balancer, true));
    } else {
        error_set(
            err,
            "found \"%s\", expected request_count, request_rate, 5xx_rate or latency_pNN with "
            "a target group and a load balancer, or MetricDataQueries as JSON",
            what);
        json_decref(queries);
        return NULL;
    }
    return queries;
}

static json_t *parse_short(const char *text, struct error *err)
{
    CLEANUP(alloc_freep) char *copy = alloc_string(text);
    const char *words[3] = {"", NULL, NULL};
    size_t count = 0;
    for (char *next = copy, *word = NULL; (word = strsep(&next, " \t\n")) != NULL;) {
        if (word[0] != '\0') {
            words[count < 3 ? count : 2] = word;
            count++;
        }
    }
    if (count != 3) {
        error_set(err,
                  "found %zu words, expected three (what, target group, load balancer), or "
                  "MetricDataQueries as JSON",
                  count);
        return NULL;
    }
    return make_short(words[0], dimension_of(words[1]), dimension_of(words[2]), err);
}

/* How many of the queries return data: those that do not say ReturnData: false. */
static size_t count_returned(const json_t *queries)
{
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(queries); i++) {
        count += !json_is_false(json_object_get(json_array_get(queries, i), "ReturnData"));
    }
    return count;
}

static bool check_queries(const json_t *queries, struct error *err)
{
    if (!json_is_array(queries) || json_array_size(queries) == 0) {
        return error_set(err, "found no list, expected MetricDataQueries as JSON");
    }
    for (size_t i = 0; i < json_array_size(queries); i++) {
        const json_t *query = json_array_get(queries, i);
        if (!json_is_string(json_object_get(query, "Id")) ||
            (json_object_get(query, "MetricStat") == NULL) ==
                (json_object_get(query, "Expression") == NULL)) {
            return error_set(err,
                             "found something else in MetricDataQueries[%zu], expected an Id, and "
                             "either a MetricStat or an Expression",
                             i);
        }
    }
    size_t count = count_returned(queries);
    return count == 1 || error_set(err, "found %zu queries that return data, expected one", count);
}

json_t *cloudwatch_query_make(const char *text, int64_t period_s, struct error *err)
{
    json_error_t why;
    bool is_json = text[strspn(text, " \t\n")] == '[';
    json_t *queries =
        is_json ? json_loads(text, JSON_REJECT_DUPLICATES, &why) : parse_short(text, err);
    if (queries == NULL) {
        if (is_json) {
            error_set(err, "found no JSON: %s", why.text);
        }
        return NULL;
    }
    if (!check_queries(queries, err)) {
        json_decref(queries);
        return NULL;
    }
    for (size_t i = 0; i < json_array_size(queries); i++) {
        json_t *query = json_array_get(queries, i);
        json_t *stat = json_object_get(query, "MetricStat");
        if (json_is_object(stat) && json_object_get(stat, "Period") == NULL) {
            json_object_set_new(stat, "Period", json_integer(period_s));
        } else if (stat == NULL && is_json && json_object_get(query, "Period") == NULL) {
            json_object_set_new(query, "Period", json_integer(period_s));
        }
    }
    return queries;
}

bool cloudwatch_span(int64_t start_ms, int64_t now_ms, int64_t delay_ms, int64_t period_s,
                     int64_t *from_s, int64_t *to_s)
{
    *to_s = (now_ms - delay_ms) / 1000 / period_s * period_s;
    *from_s = ((start_ms + 999) / 1000 + period_s - 1) / period_s * period_s;
    return *from_s >= 0 && *from_s < *to_s;
}

static bool PRINTF_LIKE(2, 3) fail(struct metric_answer *answer, const char *format, ...)
{
    char text[METRIC_TEXT_SIZE * 2];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    answer->state = METRIC_FAILED;
    outside_text_copy(text, answer->text, sizeof(answer->text));
    return false;
}

static bool add_value(struct metric_answer *answer, const char *text)
{
    char *end = NULL;
    double value = text == NULL ? NAN : strtod(text, &end);
    if (text == NULL || text[0] == '\0' || *end != '\0') {
        return fail(answer, "found no number among the values");
    }
    if (isnan(value)) {
        answer->left_out++;
        return true;
    }
    if (answer->count == VALUES_MAX) {
        return fail(answer, "found more than %d values", VALUES_MAX);
    }
    answer->values = alloc_resize(answer->values, answer->count + 1, sizeof(*answer->values));
    answer->values[answer->count++] = value;
    return true;
}

static bool add_result(struct cloudwatch_series *series, const json_t *result)
{
    const char *id = json_string_value(json_object_get(result, "Id"));
    const char *status = json_string_value(json_object_get(result, "StatusCode"));
    struct metric_answer *answer = &series->answer;
    if (id == NULL) {
        return fail(answer, "found a result without Id");
    }
    if (series->id != NULL && strcmp(series->id, id) != 0) {
        return fail(answer, "found several series, expected one");
    }
    if (status != NULL &&
        (strcmp(status, "InternalError") == 0 || strcmp(status, "Forbidden") == 0)) {
        return fail(answer, "%s for %s", status, id);
    }
    if (series->id == NULL) {
        series->id = alloc_string(id);
    }
    json_t *values = aws_xml_list(result, "Values", "member");
    bool is_good = true;
    for (size_t i = 0; is_good && i < json_array_size(values); i++) {
        is_good = add_value(answer, json_string_value(json_array_get(values, i)));
    }
    json_decref(values);
    return is_good;
}

bool cloudwatch_series_add(struct cloudwatch_series *series, const json_t *document)
{
    if (json_object_get(document, "MetricDataResults") == NULL) {
        return fail(&series->answer, "the answer has no results");
    }
    json_t *results = aws_xml_list(document, "MetricDataResults", "member");
    bool is_good = true;
    for (size_t i = 0; is_good && i < json_array_size(results); i++) {
        is_good = add_result(series, json_array_get(results, i));
    }
    json_decref(results);
    return is_good;
}

void cloudwatch_series_end(struct cloudwatch_series *series, bool is_instant)
{
    struct metric_answer *answer = &series->answer;
    if (answer->count == 0) {
        answer->state = METRIC_NO_VALUE;
        snprintf(answer->text, sizeof(answer->text), "no value in the window");
        return;
    }
    answer->state = METRIC_VALUES;
    if (is_instant) {
        answer->values[0] = answer->values[answer->count - 1];
        answer->count = 1;
    }
}

void cloudwatch_series_done(struct cloudwatch_series *series)
{
    free(series->id);
    metric_answer_done(&series->answer);
    *series = (struct cloudwatch_series){.id = NULL};
}
