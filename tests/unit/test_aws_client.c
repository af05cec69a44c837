/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls against a server that misbehaves: what is asked again, and what each ends as. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "control/aws/aws_client.h"
#include "tests/unit/aws_fixture.h"

#define HEAD(status, headers) "HTTP/1.1 " status "\r\nConnection: close\r\n" headers "\r\n"
#define JSON_ERROR(code)      HEAD("400 Bad Request", "") "{\"__type\":\"a#" code "\",\"message\":\"m\"}"

struct fixture {
    struct aws_fixture aws;
    struct aws_client *client;
    struct aws_answer answer;
    unsigned done;
};

static const struct web_script good = {{HEAD("200 OK", "x-amzn-RequestId: r-1\r\n") "{\"a\":1}"},
                                       WEB_CLOSE};
static const struct web_script broken = {{HEAD("500 Oops", "") "x"}, WEB_CLOSE};
static const struct web_script cut = {{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"a\""},
                                      WEB_CLOSE};
static const struct web_script garbled = {{HEAD("200 OK", "") "<html>"}, WEB_CLOSE};
static const struct web_script throttled = {{JSON_ERROR("ThrottlingException")}, WEB_CLOSE};
static const struct web_script denied = {{JSON_ERROR("AccessDeniedException")}, WEB_CLOSE};
static const struct web_script expired = {{JSON_ERROR("ExpiredTokenException")}, WEB_CLOSE};
static const struct web_script late = {
    {HEAD("400 Bad Request",
          "Date: Sun, 30 Aug 2015 12:56:00 GMT\r\n") "{\"__type\":\"a#InvalidSignatureException\","
                                                     "\"message\":\"Signature expired\"}"},
    WEB_CLOSE};
static const struct web_script hanging = {{NULL}, WEB_HANG};

/* The answers in turn; the last one for ever. */
static const struct web_script *scripts[4];
static size_t next_script;

static const struct web_script *choose(const char *request)
{
    (void)request;
    const struct web_script *script = scripts[next_script];
    next_script += scripts[next_script + 1] != NULL ? 1 : 0;
    return script;
}

static int open_fixture(void **state)
{
    struct fixture *fixture = alloc_zeroed(1, sizeof(*fixture));
    aws_fixture_open(&fixture->aws);
    setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    fixture->aws.stub.choose = choose;
    fixture->client = aws_client_new(&fixture->aws.loop.loop, fixture->aws.http,
                                     fixture->aws.settings, &fixture->aws.chance);
    next_script = 0;
    memset(scripts, 0, sizeof(scripts));
    *state = fixture;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *fixture = *state;
    aws_client_close(fixture->client);
    aws_fixture_close(&fixture->aws);
    json_decref(fixture->answer.document);
    free(fixture);
    return 0;
}

static void note(void *argument, const struct aws_answer *answer)
{
    struct fixture *fixture = argument;
    json_decref(fixture->answer.document);
    fixture->answer = *answer;
    json_incref(fixture->answer.document);
    fixture->done++;
}

static struct aws_call *start(struct fixture *fixture, int64_t timeout_ms)
{
    const struct aws_request request = {
        .service = AWS_ECS, .operation = "DescribeServices", .timeout_ms = timeout_ms};
    unsigned before = fixture->done;
    struct aws_call *call = aws_call_start(fixture->client, &request, note, fixture);
    assert_int_equal(fixture->done, before);
    return call;
}

static void ask(struct fixture *fixture)
{
    unsigned before = fixture->done;
    start(fixture, 5000);
    LOOP_UNTIL(&fixture->aws.loop, fixture->done > before);
}

static void ends_as(struct fixture *fixture, enum aws_outcome outcome, unsigned attempts,
                    const char *text)
{
    assert_string_equal(fixture->answer.text, text);
    assert_string_equal(aws_outcome_name(fixture->answer.outcome), aws_outcome_name(outcome));
    assert_int_equal(fixture->answer.attempts, attempts);
}

static void a_call_is_signed_and_answered(void **state)
{
    struct fixture *fixture = *state;
    scripts[0] = &good;
    ask(fixture);
    ends_as(fixture, AWS_DONE, 1, "");
    assert_int_equal(json_integer_value(json_object_get(fixture->answer.document, "a")), 1);
    assert_string_equal(fixture->answer.request_id, "r-1");
    const char *request = fixture->aws.stub.last_request;
    assert_non_null(strstr(request, "POST / HTTP/1.1\r\n"));
    assert_non_null(strstr(request, "X-Amz-Date: 20150830T123600Z\r\n"));
    assert_non_null(strstr(request, "Authorization: AWS4-HMAC-SHA256 "
                                    "Credential=AKIDEXAMPLE/20150830/eu-west-1/ecs/aws4_request, "
                                    "SignedHeaders=content-type;host;x-amz-date;x-amz-target, "));
}

static void what_passes_is_asked_again(void **state)
{
    struct fixture *fixture = *state;
    const struct web_script *const failing[] = {&broken, &cut, &garbled, &throttled};
    for (size_t i = 0; i < ARRAY_LEN(failing); i++) {
        next_script = 0;
        scripts[0] = scripts[1] = failing[i];
        scripts[2] = &good;
        ask(fixture);
        ends_as(fixture, AWS_DONE, 3, "");
    }
}

static void it_is_asked_so_often_and_no_more(void **state)
{
    struct fixture *fixture = *state;
    scripts[0] = &broken;
    ask(fixture);
    ends_as(fixture, AWS_UNREACHABLE, 3, "ecs DescribeServices: HTTP 500");
    next_script = 0;
    scripts[0] = &throttled;
    ask(fixture);
    ends_as(fixture, AWS_THROTTLED, 3, "ecs DescribeServices: ThrottlingException: m");
    next_script = 0;
    scripts[0] = &cut;
    ask(fixture);
    ends_as(fixture, AWS_UNREACHABLE, 3,
            "ecs DescribeServices: closed in the middle of the answer");
    assert_int_equal(fixture->aws.stub.requests, 9);
}

static void a_refusal_is_not_asked_again(void **state)
{
    struct fixture *fixture = *state;
    scripts[0] = &denied;
    ask(fixture);
    ends_as(fixture, AWS_REFUSED, 1, "ecs DescribeServices: AccessDeniedException: m");
    assert_string_equal(fixture->answer.code, "AccessDeniedException");
    assert_int_equal(fixture->aws.stub.requests, 1);
}

static void a_clock_that_is_off_is_corrected_once(void **state)
{
    struct fixture *fixture = *state;
    scripts[0] = &late;
    scripts[1] = &good;
    ask(fixture);
    ends_as(fixture, AWS_DONE, 2, "");
    assert_int_equal(aws_client_skew_ms(fixture->client), 20 * 60 * 1000);
    assert_non_null(strstr(fixture->aws.stub.last_request, "X-Amz-Date: 20150830T125600Z\r\n"));
    /* The next one begins with what was learned; the same refusal is now about something else. */
    next_script = 0;
    scripts[0] = &late;
    scripts[1] = NULL;
    ask(fixture);
    ends_as(fixture, AWS_REFUSED, 1,
            "ecs DescribeServices: InvalidSignatureException: Signature expired");
}

static void credentials_that_ended_are_looked_for_anew(void **state)
{
    struct fixture *fixture = *state;
    scripts[0] = &expired;
    scripts[1] = &good;
    ask(fixture);
    ends_as(fixture, AWS_DONE, 2, "");
    next_script = 0;
    scripts[1] = NULL;
    ask(fixture); /* they were looked for just now */
    ends_as(fixture, AWS_NO_CREDENTIALS, 1, "ecs DescribeServices: ExpiredTokenException: m");
    fixture->aws.now_ms += 60000;
    ask(fixture);
    ends_as(fixture, AWS_NO_CREDENTIALS, 2, "ecs DescribeServices: ExpiredTokenException: m");
}

static void without_credentials_nobody_is_asked(void **state)
{
    struct fixture *fixture = *state;
    unsetenv("AWS_ACCESS_KEY_ID");
    unsetenv("AWS_SECRET_ACCESS_KEY");
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    ask(fixture);
    ends_as(fixture, AWS_NO_CREDENTIALS, 0,
            "ecs DescribeServices: no credentials: none in the environment, in profile default, in "
            "a container, and AWS_EC2_METADATA_DISABLED is true");
    assert_int_equal(fixture->aws.stub.requests, 0);
}

static void the_bucket_ends_retries_for_all_calls(void **state)
{
    struct fixture *fixture = *state;
    scripts[0] = &broken;
    for (int i = 0; i < 50; i++) {
        ask(fixture);
        assert_int_equal(fixture->answer.attempts, 3);
    }
    ask(fixture);
    assert_int_equal(fixture->answer.attempts, 1);
}

static void an_answer_that_never_comes_times_out(void **state)
{
    struct fixture *fixture = *state;
    scripts[0] = &hanging;
    start(fixture, 50);
    LOOP_UNTIL(&fixture->aws.loop, fixture->done == 1);
    ends_as(fixture, AWS_UNREACHABLE, 3, "ecs DescribeServices: timed out after 50 ms");
}

static void a_cancelled_call_is_never_answered(void **state)
{
    struct fixture *fixture = *state;
    scripts[0] = &hanging;
    struct aws_call *asking = start(fixture, 5000);
    LOOP_UNTIL(&fixture->aws.loop, fixture->aws.stub.requests == 1);
    aws_call_cancel(asking);
    aws_call_cancel(start(fixture, 5000));
    aws_call_cancel(NULL);
    assert_int_equal(fixture->done, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_call_is_signed_and_answered),
        TEST(what_passes_is_asked_again),
        TEST(it_is_asked_so_often_and_no_more),
        TEST(a_refusal_is_not_asked_again),
        TEST(a_clock_that_is_off_is_corrected_once),
        TEST(credentials_that_ended_are_looked_for_anew),
        TEST(without_credentials_nobody_is_asked),
        TEST(the_bucket_ends_retries_for_all_calls),
        TEST(an_answer_that_never_comes_times_out),
        TEST(a_cancelled_call_is_never_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
