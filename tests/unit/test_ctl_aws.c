/* SPDX-License-Identifier: BSD-2-Clause */
/* ballastctl's calls of AWS: each returns with its answer, whatever that is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/alloc.h"
#include "control/ctl_aws.h"
#include "tests/unit/web_stub.h"

#define HEAD(status) "HTTP/1.1 " status "\r\nConnection: close\r\nx-amzn-RequestId: r\r\n\r\n"

static const struct web_script good = {{HEAD("200 OK") "{\"a\":1}"}, WEB_CLOSE};
static const struct web_script denied = {
    {HEAD("400 Bad Request") "{\"__type\":\"a#AccessDeniedException\",\"message\":\"no\"}"},
    WEB_CLOSE};

static const struct aws_request request = {
    .service = AWS_ECS, .operation = "DescribeServices", .timeout_ms = 5000};

struct fixture {
    struct ctl_aws *aws;
    struct web_stub stub; /* on the loop of aws */
};

/* One that is free: the loop that the stub listens on is there only when its port is known. */
static uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static int open_fixture(void **state)
{
    struct error err;
    char url[64];
    uint16_t port = free_port();
    snprintf(url, sizeof(url), "http://127.0.0.1:%u", port);
    setenv("AWS_CONFIG_FILE", "/nonexistent", 1);
    setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent", 1);
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    unsetenv("AWS_PROFILE");
    struct fixture *fixture = alloc_zeroed(1, sizeof(*fixture));
    const struct config_aws config = {.region = "eu-west-1", .endpoint_url = url};
    fixture->aws = ctl_aws_open(&config, &err);
    if (fixture->aws == NULL) {
        fail_msg("%s", err.text);
    }
    web_stub_open(&fixture->stub, ctl_aws_loop(fixture->aws), "127.0.0.1", port);
    *state = fixture;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *fixture = *state;
    web_stub_close(&fixture->stub);
    ctl_aws_close(fixture->aws);
    free(fixture);
    return 0;
}

static void calls_follow_each_other(void **state)
{
    struct fixture *fixture = *state;
    fixture->stub.script = &good;
    for (unsigned i = 1; i <= 3; i++) {
        struct aws_answer answer;
        ctl_aws_call(fixture->aws, &request, &answer);
        assert_int_equal(answer.outcome, AWS_DONE);
        assert_int_equal(json_integer_value(json_object_get(answer.document, "a")), 1);
        assert_int_equal(fixture->stub.requests, i);
        ctl_aws_answer_done(&answer);
        assert_null(answer.document);
    }
}

static void a_refusal_is_the_error(void **state)
{
    struct fixture *fixture = *state;
    struct error err;
    struct aws_answer answer;
    fixture->stub.script = &denied;
    assert_false(ctl_aws_ask(fixture->aws, &request, &answer, &err));
    assert_string_equal(err.text, "ecs DescribeServices: AccessDeniedException: no");
    assert_null(answer.document);
}

static void without_credentials_it_says_so(void **state)
{
    struct fixture *fixture = *state;
    struct aws_answer answer;
    unsetenv("AWS_ACCESS_KEY_ID");
    ctl_aws_call(fixture->aws, &request, &answer);
    assert_int_equal(answer.outcome, AWS_NO_CREDENTIALS);
    assert_int_equal(fixture->stub.requests, 0);
    ctl_aws_answer_done(&answer);
}

static void wrong_settings_are_said_at_once(void **state)
{
    (void)state;
    struct error err;
    const struct config_aws config = {.profile = "nobody"};
    setenv("AWS_CONFIG_FILE", "/nonexistent", 1);
    setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent", 1);
    assert_null(ctl_aws_open(&config, &err));
    assert_non_null(strstr(err.text, "nobody"));
    ctl_aws_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(calls_follow_each_other, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(a_refusal_is_the_error, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(without_credentials_it_says_so, open_fixture,
                                        close_fixture),
        cmocka_unit_test(wrong_settings_are_said_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
