/* SPDX-License-Identifier: BSD-2-Clause */
/* A source of traffic that asks a web server on the test's own loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "control/traffic.h"
#include "tests/unit/loop_fixture.h"
#include "tests/unit/near.h"
#include "tests/unit/web_stub.h"

#define HEAD "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
#define VALUE(value)                                                                               \
    HEAD "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{}," \
         "\"value\":[1,\"" value "\"]}]}}"

static const struct web_script thirty = {.pieces = {VALUE("30")}, .end = WEB_CLOSE};
static const struct web_script ten = {.pieces = {VALUE("10.5")}, .end = WEB_CLOSE};
static const struct web_script below_zero = {.pieces = {VALUE("-2")}, .end = WEB_CLOSE};
static const struct web_script endless = {.pieces = {VALUE("+Inf")}, .end = WEB_CLOSE};
static const struct web_script broken = {
    .pieces = {"HTTP/1.1 503 Busy\r\nConnection: close\r\n\r\n"}, .end = WEB_CLOSE};
static const struct web_script silent = {.pieces = {NULL}, .end = WEB_HANG};

/* What green's query is answered with; blue's is 30 always. */
static const struct web_script *green_script;

static const struct web_script *choose(const char *request)
{
    return strstr(request, "query=blue") != NULL ? &thirty : green_script;
}

struct fixture {
    struct loop_fixture loop;
    struct web_stub stub;
    struct http_client *client;
    char url[64];
    struct config_traffic traffic;
    struct config_member members[2];
    struct config_record_set set;
    struct traffic_source *source;
};

static int open_fixture(void **state)
{
    struct error err;
    struct fixture *fixture = alloc_zeroed(1, sizeof(*fixture));
    loop_fixture_open(&fixture->loop);
    web_stub_open(&fixture->stub, &fixture->loop.loop, "127.0.0.1", 0);
    fixture->stub.choose = choose;
    fixture->client = http_client_new(&fixture->loop.loop, &err);
    assert_non_null(fixture->client);
    snprintf(fixture->url, sizeof(fixture->url), "http://127.0.0.1:%u",
             (unsigned)fixture->stub.port);
    fixture->traffic =
        (struct config_traffic){.url = fixture->url, .interval_ms = 50, .timeout_ms = 5000};
    fixture->members[0] = (struct config_member){.id = "blue", .traffic_query = "blue"};
    fixture->members[1] = (struct config_member){.id = "green", .traffic_query = "green"};
    fixture->set = (struct config_record_set){.name = "www",
                                              .type = "A",
                                              .members = fixture->members,
                                              .member_count = 2,
                                              .traffic = &fixture->traffic};
    fixture->source =
        traffic_source_new(&fixture->loop.loop, fixture->client, NULL, &fixture->set, 0);
    *state = fixture;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *fixture = *state;
    traffic_source_close(fixture->source);
    http_client_close(fixture->client);
    web_stub_close(&fixture->stub);
    loop_fixture_close(&fixture->loop);
    free(fixture);
    return 0;
}

static bool are_measured(const struct fixture *fixture)
{
    const struct traffic_value *values = traffic_source_values(fixture->source);
    return values[0].at_ms != 0 && values[1].at_ms != 0;
}

static bool has_failed(const struct fixture *fixture)
{
    return traffic_source_failures(fixture->source) > 0;
}

static bool is_asked_often(const struct fixture *fixture)
{
    return fixture->stub.requests >= 6;
}

static const char *why(const struct fixture *fixture, int64_t later_ms)
{
    static char text[256];
    text[0] = '\0';
    return traffic_source_is_silent(fixture->source, clock_now_ms() + later_ms, text, sizeof(text))
               ? text
               : NULL;
}

static void each_member_has_what_its_query_says(void **state)
{
    struct fixture *fixture = *state;
    green_script = &ten;
    assert_string_equal(why(fixture, 0), "blue: no answer yet");
    LOOP_UNTIL(&fixture->loop, are_measured(fixture))
    const struct traffic_value *values = traffic_source_values(fixture->source);
    assert_near(values[0].rate, 30, 0);
    assert_near(values[1].rate, 10.5, 0);
    assert_true(values[0].at_ms <= clock_now_ms());
    assert_null(why(fixture, 0));
    assert_non_null(strstr(why(fixture, 60000), "blue: no answer yet (last value 1m"));
    assert_int_equal(traffic_source_failures(fixture->source), 0);
    LOOP_UNTIL(&fixture->loop, is_asked_often(fixture))
}

static void expect_failure(struct fixture *fixture, const struct web_script *script,
                           const char *text)
{
    green_script = script;
    LOOP_UNTIL(&fixture->loop, has_failed(fixture))
    assert_string_equal(why(fixture, 0), text);
    assert_int_equal(traffic_source_values(fixture->source)[1].at_ms, 0);
}

static void a_rate_below_zero_is_none(void **state)
{
    expect_failure(*state, &below_zero, "green: found -2, expected requests per second, 0 or more");
}

static void an_infinite_rate_is_none(void **state)
{
    expect_failure(*state, &endless, "green: found inf, expected requests per second, 0 or more");
}

static void an_error_of_the_server_is_told(void **state)
{
    struct fixture *fixture = *state;
    green_script = &broken;
    LOOP_UNTIL(&fixture->loop, has_failed(fixture))
    assert_non_null(strstr(why(fixture, 0), "green: "));
    assert_non_null(strstr(why(fixture, 0), "503"));
}

static void a_question_that_is_open_is_not_asked_again(void **state)
{
    struct fixture *fixture = *state;
    green_script = &silent;
    LOOP_UNTIL(&fixture->loop, is_asked_often(fixture))
    /* Blue's were answered, and green's one still waits: closed with it open. */
    assert_int_equal(traffic_source_values(fixture->source)[1].at_ms, 0);
    assert_int_equal(traffic_source_failures(fixture->source), 0);
    assert_true(fixture->stub.open <= 2);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_member_has_what_its_query_says),
        TEST(a_rate_below_zero_is_none),
        TEST(an_infinite_rate_is_none),
        TEST(an_error_of_the_server_is_told),
        TEST(a_question_that_is_open_is_not_asked_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
