/* SPDX-License-Identifier: BSD-2-Clause */
/* A health check of a target group, in the checker: it is asked once for all its members, and what
 * AWS does not answer turns no verdict, until it has been so for too long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/alloc.h"
#include "control/aws/aws_client.h"
#include "control/checker.h"
#include "tests/unit/aws_fixture.h"

#define ANSWER(status, body)                                                                       \
    {                                                                                              \
        {"HTTP/1.1 " status "\r\nConnection: close\r\n\r\n" body}, WEB_CLOSE                       \
    }
#define HEALTH(state)                                                                              \
    ANSWER("200 OK", "<DescribeTargetHealthResponse><DescribeTargetHealthResult>"                  \
                     "<TargetHealthDescriptions><member><TargetHealth><State>" state               \
                     "</State></TargetHealth></member></TargetHealthDescriptions>"                 \
                     "</DescribeTargetHealthResult></DescribeTargetHealthResponse>")

static const struct web_script healthy = HEALTH("healthy"), unhealthy = HEALTH("unhealthy"),
                               initial = HEALTH("initial"),
                               denied =
                                   ANSWER("403 Forbidden",
                                          "<ErrorResponse><Error><Code>AccessDenied</Code>"
                                          "<Message>not you</Message></Error></ErrorResponse>");

struct fixture {
    struct aws_fixture aws;
    struct aws_client *client;
    struct checker *checker;
    struct config_health_check check;
    const struct target *target;
    unsigned changes;
};

static void note_change(void *argument, const struct target *target)
{
    struct fixture *fixture = argument;
    (void)target;
    fixture->changes++;
}

static int open_fixture(void **state)
{
    struct fixture *fixture = alloc_zeroed(1, sizeof(*fixture));
    struct error err = {""};
    aws_fixture_open(&fixture->aws);
    setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    fixture->client = aws_client_new(&fixture->aws.loop.loop, fixture->aws.http,
                                     fixture->aws.settings, &fixture->aws.chance);
    fixture->check = (struct config_health_check){
        .name = "cats",
        .type = CHECK_ELBV2,
        .target_group = "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/cats/01",
        .minimum = 100,
        .interval_ms = 20,
        .timeout_ms = 5000,
        .rise = 2,
        .fall = 2,
        .stale_after_ms = 3600000};
    fixture->checker =
        checker_new(&fixture->aws.loop.loop, 1, fixture->client, note_change, fixture, &err);
    assert_non_null(fixture->checker);
    *state = fixture;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *fixture = *state;
    checker_close(fixture->checker);
    aws_client_close(fixture->client);
    aws_fixture_close(&fixture->aws);
    free(fixture);
    return 0;
}

static void watch(struct fixture *fixture, const struct web_script *script)
{
    fixture->aws.stub.script = script;
    fixture->target = checker_watch(fixture->checker, &fixture->check, "");
}

static void turns(struct fixture *fixture, const struct web_script *script,
                  enum health_verdict verdict)
{
    fixture->aws.stub.script = script;
    LOOP_UNTIL(&fixture->aws.loop, fixture->target->health.verdict == verdict);
}

static void asks_so_often_more(struct fixture *fixture, size_t count)
{
    size_t before = fixture->aws.stub.requests;
    LOOP_UNTIL(&fixture->aws.loop, fixture->aws.stub.requests >= before + count);
}

static void verdicts_follow_the_targets(void **state)
{
    struct fixture *fixture = *state;
    watch(fixture, &healthy);
    assert_string_equal(fixture->target->address, "cats/01");
    turns(fixture, &healthy, HEALTH_HEALTHY);
    assert_string_equal(fixture->target->last_result, "1 of 1 targets healthy");
    assert_non_null(strstr(fixture->aws.stub.last_request,
                           "Action=DescribeTargetHealth&Version=2015-12-01&TargetGroupArn=arn%3A"));
    turns(fixture, &unhealthy, HEALTH_UNHEALTHY);
    turns(fixture, &healthy, HEALTH_HEALTHY);
    assert_int_equal(fixture->changes, 3);
}

static void all_members_share_one_question(void **state)
{
    struct fixture *fixture = *state;
    watch(fixture, &healthy);
    assert_ptr_equal(checker_watch(fixture->checker, &fixture->check, "192.0.2.1"),
                     fixture->target);
    assert_int_equal(checker_target_count(fixture->checker), 1);
    checker_unwatch(fixture->checker, fixture->target);
    turns(fixture, &healthy, HEALTH_HEALTHY);
}

static void what_says_nothing_turns_nothing(void **state)
{
    struct fixture *fixture = *state;
    watch(fixture, &healthy);
    turns(fixture, &healthy, HEALTH_HEALTHY);
    fixture->aws.stub.script = &denied;
    asks_so_often_more(fixture, 6);
    assert_int_equal(fixture->target->health.verdict, HEALTH_HEALTHY);
    assert_string_equal(fixture->target->last_result,
                        "elbv2 DescribeTargetHealth: AccessDenied: not you");
    fixture->aws.stub.script = &initial;
    asks_so_often_more(fixture, 6);
    assert_int_equal(fixture->target->health.verdict, HEALTH_HEALTHY);
    assert_int_equal(fixture->changes, 1);
}

static void an_old_verdict_is_none(void **state)
{
    struct fixture *fixture = *state;
    fixture->check.stale_after_ms = 100;
    watch(fixture, &healthy);
    turns(fixture, &healthy, HEALTH_HEALTHY);
    turns(fixture, &denied, HEALTH_UNKNOWN);
    assert_int_equal(fixture->changes, 2);
    turns(fixture, &unhealthy, HEALTH_UNHEALTHY);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(verdicts_follow_the_targets),
        TEST(all_members_share_one_question),
        TEST(what_says_nothing_turns_nothing),
        TEST(an_old_verdict_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
