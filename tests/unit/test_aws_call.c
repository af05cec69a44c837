/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/attributes.h"
#include "control/aws/aws_call.h"

static const struct aws_request describe = {.service = AWS_ECS, .operation = "DescribeServices"};
static const struct aws_request health = {.service = AWS_ELBV2,
                                          .operation = "DescribeTargetHealth"};
static const struct aws_request change = {.service = AWS_ROUTE53,
                                          .operation = "ChangeResourceRecordSets",
                                          .method = "POST",
                                          .path = "/hostedzone/Z1/rrset",
                                          .body = "<x/>"};

static void json_is_posted_to_its_target(void **state)
{
    (void)state;
    struct aws_request request = describe;
    struct aws_message message;
    request.input = json_pack("{s:s}", "cluster", "c");
    aws_message_make(&request, &message);
    assert_string_equal(message.method, "POST");
    assert_string_equal(message.path, "/");
    assert_string_equal(message.body, "{\"cluster\":\"c\"}");
    assert_string_equal(message.headers[0], "Content-Type: application/x-amz-json-1.1");
    assert_string_equal(message.headers[1],
                        "X-Amz-Target: AmazonEC2ContainerServiceV20141113.DescribeServices");
    assert_null(message.headers[2]);
    aws_message_done(&message);
    json_decref(request.input);
}

static void xml_goes_to_its_path(void **state)
{
    (void)state;
    struct aws_message message;
    aws_message_make(&change, &message);
    assert_string_equal(message.path, "/2013-04-01/hostedzone/Z1/rrset");
    assert_string_equal(message.body, "<x/>");
    assert_string_equal(message.headers[0], "Content-Type: application/xml");
    aws_message_done(&message);
}

static void a_queue_can_be_asked_by_the_query_protocol(void **state)
{
    (void)state;
    struct aws_request request = {.service = AWS_SQS,
                                  .operation = "ReceiveMessage",
                                  .is_query = true,
                                  .url = "https://sqs.eu-west-1.amazonaws.com/1/q",
                                  .input = json_pack("{s:[s]}", "AttributeName", "All")};
    struct aws_message message;
    aws_message_make(&request, &message);
    assert_string_equal(message.path, "/1/q");
    assert_string_equal(message.body,
                        "Action=ReceiveMessage&Version=2012-11-05&AttributeName.1=All");
    aws_message_done(&message);
    json_decref(request.input);
}

static void queue_lies_at(const char *url, const char *fallback, const char *host,
                          const char *region)
{
    struct aws_endpoint endpoint = {.url = NULL};
    struct error err = {""};
    assert_true(aws_call_queue_endpoint(url, fallback, &endpoint, &err));
    assert_string_equal(endpoint.host, host);
    assert_string_equal(endpoint.signing_region, region);
    aws_endpoint_done(&endpoint);
}

static void a_queues_url_says_its_region(void **state)
{
    (void)state;
    struct aws_endpoint endpoint = {.url = NULL};
    struct error err = {""};
    queue_lies_at("https://sqs.eu-west-1.amazonaws.com/1/q", "us-east-1",
                  "sqs.eu-west-1.amazonaws.com", "eu-west-1");
    queue_lies_at("https://eu-west-2.queue.amazonaws.com/1/q", NULL,
                  "eu-west-2.queue.amazonaws.com", "eu-west-2");
    queue_lies_at("https://vpce-1-x.sqs.eu-west-1.vpce.amazonaws.com/1/q", "eu-west-1",
                  "vpce-1-x.sqs.eu-west-1.vpce.amazonaws.com", "eu-west-1");
    queue_lies_at("http://127.0.0.1:9324/1/q", "eu-west-3", "127.0.0.1:9324", "eu-west-3");
    /* The scheme's own port is in no Host header, so it is not signed. */
    queue_lies_at("https://sqs.eu-west-1.amazonaws.com:443/1/q", NULL,
                  "sqs.eu-west-1.amazonaws.com", "eu-west-1");
    queue_lies_at("http://127.0.0.1:80/1/q", "x", "127.0.0.1", "x");
    queue_lies_at("http://127.0.0.1:443/1/q", "x", "127.0.0.1:443", "x");
    assert_false(aws_call_queue_endpoint("http://127.0.0.1/q", NULL, &endpoint, &err));
    assert_string_equal(err.text, "no region is set, and \"http://127.0.0.1/q\" does not have one");
    assert_false(aws_call_queue_endpoint("q", "x", &endpoint, &err));
    assert_string_equal(err.text, "the URL of a queue is \"q\", expected https://…");
}

static void judged(const struct aws_request *request, long status, const char *body,
                   const char *error_type, enum aws_failure failure, const char *code,
                   const char *text)
{
    const struct aws_response response = {
        .status = status, .body = body, .len = strlen(body), .error_type = error_type};
    struct aws_answer answer = {.document = NULL};
    assert_int_equal(aws_call_judge(request, &response, &answer), failure);
    assert_string_equal(answer.code, code);
    assert_string_equal(answer.text, text);
    json_decref(answer.document);
}

static void errors_are_read_in_every_shape(void **state)
{
    (void)state;
    judged(&describe, 400, "{\"__type\":\"com.x#ClusterNotFoundException\",\"message\":\"no\"}",
           NULL, AWS_FAILURE_FINAL, "ClusterNotFoundException",
           "ecs DescribeServices: ClusterNotFoundException: no");
    judged(&describe, 400, "{\"Message\":\"slow\"}", "ThrottlingException:http://x",
           AWS_FAILURE_THROTTLED, "ThrottlingException",
           "ecs DescribeServices: ThrottlingException: slow");
    judged(&describe, 500, "oops", NULL, AWS_FAILURE_PASSING, "", "ecs DescribeServices: HTTP 500");
    judged(&health, 403,
           "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error>"
           "<RequestId>r</RequestId></ErrorResponse>",
           NULL, AWS_FAILURE_FINAL, "AccessDenied",
           "elbv2 DescribeTargetHealth: AccessDenied: not you");
    judged(&change, 400,
           "<InvalidChangeBatch xmlns=\"u\"><Messages><Message>a</Message><Message>b</Message>"
           "</Messages><RequestId>r</RequestId></InvalidChangeBatch>",
           NULL, AWS_FAILURE_FINAL, "InvalidChangeBatch",
           "route53 ChangeResourceRecordSets: InvalidChangeBatch: a");
    judged(&change, 400,
           "<ErrorResponse><Error><Code>PriorRequestNotComplete</Code><Message>m</Message></Error>"
           "</ErrorResponse>",
           NULL, AWS_FAILURE_THROTTLED, "PriorRequestNotComplete",
           "route53 ChangeResourceRecordSets: PriorRequestNotComplete: m");
    judged(&change, 502, "<html><body>bad</body></html>", NULL, AWS_FAILURE_PASSING, "",
           "route53 ChangeResourceRecordSets: HTTP 502");
}

static void an_answer_that_cannot_be_read_is_no_answer(void **state)
{
    (void)state;
    judged(&describe, 200, "{\"a\":", NULL, AWS_FAILURE_PASSING, "",
           "ecs DescribeServices: the answer cannot be read: no JSON: unexpected token near end of "
           "file");
    judged(&health, 200, "<a>", NULL, AWS_FAILURE_PASSING, "",
           "elbv2 DescribeTargetHealth: the answer cannot be read: no XML: line 1: no element "
           "found");
}

static void other_than_aws(const struct aws_request *request, const char *body, const char *type)
{
    const struct aws_response response = {
        .status = 200, .body = body, .len = strlen(body), .content_type = type};
    struct aws_answer answer = {.document = NULL};
    assert_int_equal(aws_call_judge(request, &response, &answer), AWS_FAILURE_PASSING);
    assert_non_null(strstr(answer.text, "what answered is not its API"));
    json_decref(answer.document);
}

/* Of a proxy, or of a portal that wants a password. */
static void a_200_of_somebody_else_is_no_answer(void **state)
{
    (void)state;
    other_than_aws(&describe, "", NULL);
    other_than_aws(&describe, "", "application/x-amz-json-1.1"); /* a proxy that echoes */
    other_than_aws(&describe, "{}", "application/json");
    other_than_aws(&describe, "{\"status\":\"ok\"}", NULL);
    other_than_aws(&describe, "[]", "application/x-amz-json-1.1");
    other_than_aws(&health, "<html><body>ok</body></html>", "text/html");
    other_than_aws(&health, "<DescribeLoadBalancersResponse/>", "text/xml");
    other_than_aws(&change, "<html/>", "text/html");
    other_than_aws(&change, "<ListResourceRecordSetsResponse/>", "text/xml");
}

static void aws_says_nothing_in_its_own_way(void **state)
{
    (void)state;
    const struct aws_response responses[] = {
        {.status = 200, .body = "", .request_id = "r"},
        {.status = 200, .body = "{}", .len = 2, .request_id = "r"},
        {.status = 200, .body = "{}", .len = 2, .content_type = "application/x-amz-json-1.0"}};
    for (size_t i = 0; i < ARRAY_LEN(responses); i++) {
        struct aws_answer answer = {.document = NULL};
        assert_int_equal(aws_call_judge(&describe, &responses[i], &answer), AWS_FAILURE_NONE);
        assert_true(json_is_object(answer.document) && json_object_size(answer.document) == 0);
        json_decref(answer.document);
    }
}

static void querys_result_is_taken_out(void **state)
{
    (void)state;
    static const char body[] = "<DescribeTargetHealthResponse><DescribeTargetHealthResult>"
                               "<A>1</A></DescribeTargetHealthResult><ResponseMetadata><RequestId>"
                               "r</RequestId></ResponseMetadata></DescribeTargetHealthResponse>";
    const struct aws_response response = {.status = 200, .body = body, .len = sizeof(body) - 1};
    struct aws_answer answer = {.document = NULL};
    assert_int_equal(aws_call_judge(&health, &response, &answer), AWS_FAILURE_NONE);
    assert_string_equal(json_string_value(json_object_get(answer.document, "A")), "1");
    json_decref(answer.document);
}

static void headers_say_when_and_what_time_it_is(void **state)
{
    (void)state;
    int64_t skew_ms = 0;
    assert_int_equal(aws_call_retry_after_ms(NULL, NULL), 0);
    assert_int_equal(aws_call_retry_after_ms("2", NULL), 2000);
    assert_int_equal(aws_call_retry_after_ms("2", "150"), 150);
    assert_int_equal(aws_call_retry_after_ms("-1", NULL), 0);
    assert_int_equal(aws_call_retry_after_ms("soon", NULL), 0);
    assert_true(aws_call_skew("Sun, 30 Aug 2015 12:36:00 GMT", 1440938160000 - 1200000, &skew_ms));
    assert_int_equal(skew_ms, 1200000);
    assert_false(aws_call_skew("today", 0, &skew_ms));
    assert_false(aws_call_skew(NULL, 0, &skew_ms));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_posted_to_its_target),
        cmocka_unit_test(xml_goes_to_its_path),
        cmocka_unit_test(a_queue_can_be_asked_by_the_query_protocol),
        cmocka_unit_test(a_queues_url_says_its_region),
        cmocka_unit_test(errors_are_read_in_every_shape),
        cmocka_unit_test(an_answer_that_cannot_be_read_is_no_answer),
        cmocka_unit_test(a_200_of_somebody_else_is_no_answer),
        cmocka_unit_test(aws_says_nothing_in_its_own_way),
        cmocka_unit_test(querys_result_is_taken_out),
        cmocka_unit_test(headers_say_when_and_what_time_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
