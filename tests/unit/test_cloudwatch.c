/* SPDX-License-Identifier: BSD-2-Clause */
/* Questions to CloudWatch: what is asked for, over which time, and what an answer comes to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/alloc.h"
#include "control/aws/aws_client.h"
#include "control/cloudwatch_query.h"
#include "control/metric_source.h"
#include "tests/unit/aws_fixture.h"

#define NOW_MS 1440938160000 /* 2015-08-30T12:36:00Z */

static void makes(const char *text, const char *expected)
{
    struct error err = {""};
    json_t *queries = cloudwatch_query_make(text, 60, &err);
    assert_string_equal(err.text, "");
    CLEANUP(alloc_freep) char *printed = json_dumps(queries, JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal(printed, expected);
    json_decref(queries);
}

#define ALB                                                                                        \
    "\"Dimensions\":[{\"Name\":\"TargetGroup\",\"Value\":\"targetgroup/cats/01\"},{\"Name\":"      \
    "\"LoadBalancer\",\"Value\":\"app/front/02\"}],\"MetricName\":"
#define STAT(id, name, stat, returned)                                                             \
    "{\"Id\":\"" id "\",\"MetricStat\":{\"Metric\":{" ALB "\"" name                                \
    "\",\"Namespace\":\"AWS/ApplicationELB\"},\"Period\":60,\"Stat\":\"" stat                      \
    "\"},\"ReturnData\":" returned "}"
#define SHORT(what) what " targetgroup/cats/01 app/front/02"

static void short_forms_are_written_out(void **state)
{
    (void)state;
    makes(SHORT("request_count"), "[" STAT("value", "RequestCount", "Sum", "true") "]");
    makes(SHORT("latency_p99.9"), "[" STAT("value", "TargetResponseTime", "p99.9", "true") "]");
    makes(SHORT("5xx_rate"),
          "[" STAT("errors", "HTTPCode_Target_5XX_Count", "Sum", "false") "," STAT(
              "requests", "RequestCount", "Sum", "false") ",{\"Expression\":\"FILL(errors, 0) / "
                                                          "requests\",\"Id\":\"value\","
                                                          "\"ReturnData\":true}]");
    makes("request_rate arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/cats/01 "
          "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/front/02",
          "[" STAT("requests", "RequestCount", "Sum",
                   "false") ",{\"Expression\":\"FILL(requests, 0) / PERIOD(requests)\",\"Id\":"
                            "\"value\",\"ReturnData\":true}]");
}

static void queries_of_ones_own_get_the_period(void **state)
{
    (void)state;
    makes("[{\"Id\":\"a\",\"MetricStat\":{\"Stat\":\"Sum\"}}]",
          "[{\"Id\":\"a\",\"MetricStat\":{\"Period\":60,\"Stat\":\"Sum\"}}]");
    makes("[{\"Id\":\"a\",\"MetricStat\":{\"Period\":10}}]",
          "[{\"Id\":\"a\",\"MetricStat\":{\"Period\":10}}]");
    makes("[{\"Id\":\"a\",\"Expression\":\"SELECT x\"}]",
          "[{\"Expression\":\"SELECT x\",\"Id\":\"a\",\"Period\":60}]");
}

static void refuses(const char *text, const char *expected)
{
    struct error err = {""};
    assert_null(cloudwatch_query_make(text, 60, &err));
    assert_string_equal(err.text, expected);
}

static void what_is_no_query_is_refused(void **state)
{
    (void)state;
    refuses("up", "found 1 words, expected three (what, target group, load balancer), or "
                  "MetricDataQueries as JSON");
    refuses(SHORT("latency_p101"),
            "found \"latency_p101\", expected request_count, request_rate, 5xx_rate or latency_pNN "
            "with a target group and a load balancer, or MetricDataQueries as JSON");
    refuses("[]", "found no list, expected MetricDataQueries as JSON");
    refuses("[{\"Id\":\"a\"}]", "found something else in MetricDataQueries[0], expected an Id, and "
                                "either a MetricStat or an Expression");
    refuses("[{\"Id\":\"a\",\"Expression\":\"x\"},{\"Id\":\"b\",\"Expression\":\"y\"}]",
            "found 2 queries that return data, expected one");
    refuses("[{]", "found no JSON: string or '}' expected near ']'");
}

static void spans(int64_t start_ms, int64_t delay_ms, int64_t period_s, bool is_one, int64_t from_s,
                  int64_t to_s)
{
    int64_t from = 0, to = 0;
    assert_int_equal(cloudwatch_span(start_ms, NOW_MS + 30000, delay_ms, period_s, &from, &to),
                     is_one);
    if (is_one) {
        assert_int_equal(from, from_s);
        assert_int_equal(to, to_s);
    }
}

static void only_whole_periods_are_asked_for(void **state)
{
    (void)state;
    const int64_t now_s = NOW_MS / 1000;
    spans(NOW_MS - 300000, 0, 60, true, now_s - 300, now_s);
    spans(NOW_MS - 300001, 60000, 60, true, now_s - 300, now_s - 60);
    spans(NOW_MS - 299999, 60000, 60, true, now_s - 240, now_s - 60);
    spans(NOW_MS - 60000, 60000, 60, false, 0, 0);
    spans(NOW_MS - 15000, 0, 10, true, now_s - 10, now_s + 30);
}

#define OK_HEAD "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
#define PAGE(results, token)                                                                       \
    OK_HEAD "<GetMetricDataResponse><GetMetricDataResult>" token "<MetricDataResults>" results     \
            "</MetricDataResults></GetMetricDataResult></GetMetricDataResponse>"
#define SERIES(id, values, status)                                                                 \
    "<member><Id>" id "</Id><Values>" values "</Values><StatusCode>" status "</StatusCode></"      \
    "member>"
#define VALUE(text) "<member>" text "</member>"

struct fixture {
    struct aws_fixture aws;
    struct aws_client *client;
    struct metric_source source;
    struct metric_answer answer; /* without its values */
    double values[8];
    unsigned done;
};

static int open_fixture(void **state)
{
    struct fixture *fixture = alloc_zeroed(1, sizeof(*fixture));
    aws_fixture_open(&fixture->aws);
    setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    fixture->client = aws_client_new(&fixture->aws.loop.loop, fixture->aws.http,
                                     fixture->aws.settings, &fixture->aws.chance);
    fixture->source = (struct metric_source){.aws = fixture->client,
                                             .is_cloudwatch = true,
                                             .window_ms = 300000,
                                             .delay_ms = 60000,
                                             .timeout_ms = 5000};
    *state = fixture;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *fixture = *state;
    aws_client_close(fixture->client);
    aws_fixture_close(&fixture->aws);
    free(fixture);
    return 0;
}

static void note(void *argument, const struct metric_answer *answer)
{
    struct fixture *fixture = argument;
    fixture->answer = *answer;
    for (size_t i = 0; i < answer->count && i < ARRAY_LEN(fixture->values); i++) {
        fixture->values[i] = answer->values[i];
    }
    fixture->answer.values = NULL;
    fixture->done++;
}

static struct metric_query *start(struct fixture *fixture, const struct metric_range *range)
{
    struct error err = {""};
    struct metric_query *query =
        metric_ask(&fixture->source, SHORT("5xx_rate"), NOW_MS, range, note, fixture, &err);
    assert_non_null(query);
    return query;
}

static void ask(struct fixture *fixture, const char *answer, const struct metric_range *range)
{
    const struct web_script script = {{answer}, WEB_CLOSE};
    unsigned before = fixture->done;
    fixture->aws.stub.script = &script;
    start(fixture, range);
    LOOP_UNTIL(&fixture->aws.loop, fixture->done > before);
}

static void a_value_is_the_newest_one(void **state)
{
    struct fixture *fixture = *state;
    ask(fixture, PAGE(SERIES("value", VALUE("0.5") VALUE("0.25"), "Complete"), ""), NULL);
    assert_int_equal(fixture->answer.state, METRIC_VALUES);
    assert_int_equal(fixture->answer.count, 1);
    assert_true(fixture->values[0] == 0.25);
    const char *request = fixture->aws.stub.last_request;
    assert_non_null(strstr(request, "&StartTime=2015-08-30T12%3A30%3A00Z"
                                    "&EndTime=2015-08-30T12%3A35%3A00Z"));
    assert_non_null(strstr(request, "MetricDataQueries.member.1.MetricStat.Period=300"));
}

static void a_range_has_its_samples_over_all_pages(void **state)
{
    struct fixture *fixture = *state;
    const struct metric_range range = {NOW_MS - 600000, NOW_MS, 45000};
    static const struct web_script pages[] = {
        {{PAGE(SERIES("value", VALUE("1") VALUE("NaN"), "PartialData"),
               "<NextToken>t</NextToken>")},
         WEB_CLOSE},
        {{PAGE(SERIES("value", VALUE("2") VALUE("3"), "Complete"), "")}, WEB_CLOSE}};
    fixture->aws.stub.script = &pages[0];
    start(fixture, &range);
    LOOP_UNTIL(&fixture->aws.loop, fixture->aws.stub.requests == 1);
    fixture->aws.stub.script = &pages[1];
    LOOP_UNTIL(&fixture->aws.loop, fixture->done == 1);
    assert_int_equal(fixture->answer.count, 3);
    assert_int_equal(fixture->answer.left_out, 1);
    assert_true(fixture->values[0] == 1 && fixture->values[1] == 2 && fixture->values[2] == 3);
    const char *request = fixture->aws.stub.last_request;
    assert_non_null(strstr(request, "&NextToken=t"));
    assert_non_null(strstr(request, "MetricStat.Period=60"));
}

static void what_is_no_value_says_why(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *answer;
        enum metric_state state;
        const char *text;
    } cases[] = {
        {PAGE(SERIES("value", "", "Complete"), ""), METRIC_NO_VALUE, "no value in the window"},
        {PAGE("", ""), METRIC_NO_VALUE, "no value in the window"},
        {PAGE(SERIES("a", VALUE("1"), "Complete") SERIES("b", VALUE("2"), "Complete"), ""),
         METRIC_FAILED, "found several series, expected one"},
        {PAGE(SERIES("value", VALUE("1"), "Forbidden"), ""), METRIC_FAILED, "Forbidden for value"},
        {PAGE(SERIES("value", VALUE("one"), "Complete"), ""), METRIC_FAILED,
         "found no number among the values"},
        {"HTTP/1.1 403 No\r\nConnection: close\r\n\r\n<ErrorResponse><Error><Code>AccessDenied"
         "</Code><Message>not you</Message></Error></ErrorResponse>",
         METRIC_FAILED, "cloudwatch GetMetricData: AccessDenied: not you"},
        /* Of a proxy, and of what is not understood: no window without values. */
        {OK_HEAD, METRIC_FAILED,
         "cloudwatch GetMetricData: the answer cannot be read: no XML: line 1: no element found"},
        {OK_HEAD "<html><body>ok</body></html>", METRIC_FAILED,
         "cloudwatch GetMetricData: what answered is not its API: HTTP 200"},
        {OK_HEAD "<GetMetricDataResponse><GetMetricDataResult/></GetMetricDataResponse>",
         METRIC_FAILED, "the answer has no results"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        ask(fixture, cases[i].answer, NULL);
        assert_string_equal(fixture->answer.text, cases[i].text);
        assert_int_equal(fixture->answer.state, cases[i].state);
    }
}

static void before_a_period_has_passed_nobody_is_asked(void **state)
{
    struct fixture *fixture = *state;
    const struct metric_range range = {NOW_MS - 90000, NOW_MS, 60000};
    start(fixture, &range);
    assert_int_equal(fixture->done, 0);
    LOOP_UNTIL(&fixture->aws.loop, fixture->done == 1);
    assert_int_equal(fixture->answer.state, METRIC_NO_VALUE);
    assert_string_equal(fixture->answer.text, "no whole period has passed yet");
    assert_int_equal(fixture->aws.stub.requests, 0);
    metric_cancel(start(fixture, &range));
    metric_cancel(start(fixture, NULL));
    metric_cancel(NULL);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_forms_are_written_out),
        cmocka_unit_test(queries_of_ones_own_get_the_period),
        cmocka_unit_test(what_is_no_query_is_refused),
        cmocka_unit_test(only_whole_periods_are_asked_for),
        TEST(a_value_is_the_newest_one),
        TEST(a_range_has_its_samples_over_all_pages),
        TEST(what_is_no_value_says_why),
        TEST(before_a_period_has_passed_nobody_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
