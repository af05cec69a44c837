/* SPDX-License-Identifier: BSD-2-Clause */
/* Every place where credentials are found, and every way in which they are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "control/aws/aws_credential_document.h"
#include "control/aws/aws_credentials.h"
#include "tests/unit/aws_fixture.h"

#define OK_HEAD "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
#define EXPIRES "2015-08-30T13:36:00Z"

struct fixture {
    struct aws_fixture aws;
    struct aws_credential_source *source;
    char id[64], secret[64], token[64];
    char why[512];
    int64_t expires_ms;
    unsigned done;
};

static int open_fixture(void **state)
{
    struct fixture *fixture = alloc_zeroed(1, sizeof(*fixture));
    aws_fixture_open(&fixture->aws);
    fixture->source = aws_credential_source_new(&fixture->aws.loop.loop, fixture->aws.http,
                                                fixture->aws.settings, &fixture->aws.chance);
    *state = fixture;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *fixture = *state;
    aws_credential_source_close(fixture->source);
    aws_fixture_close(&fixture->aws);
    free(fixture);
    return 0;
}

static void copy_to(char *out, const char *text)
{
    snprintf(out, 64, "%s", text != NULL ? text : "");
}

static void note(void *argument, const struct aws_credentials *credentials, const struct error *why)
{
    struct fixture *fixture = argument;
    fixture->done++;
    fixture->why[0] = '\0';
    copy_to(fixture->id, credentials == NULL ? NULL : credentials->access_key_id);
    copy_to(fixture->secret, credentials == NULL ? NULL : credentials->secret_access_key);
    copy_to(fixture->token, credentials == NULL ? NULL : credentials->session_token);
    fixture->expires_ms = credentials == NULL ? 0 : credentials->expires_ms;
    if (credentials == NULL) {
        snprintf(fixture->why, sizeof(fixture->why), "%s", why->text);
    }
}

static void ask(struct fixture *fixture)
{
    unsigned before = fixture->done;
    aws_credentials_ask(fixture->source, note, fixture);
    assert_int_equal(fixture->done, before);
    LOOP_UNTIL(&fixture->aws.loop, fixture->done > before);
}

/* The key that was given last is refused, and others asked for. */
static void be_refused(struct fixture *fixture)
{
    unsigned before = fixture->done;
    CLEANUP(alloc_freep) char *key = alloc_string(fixture->id);
    assert_true(aws_credentials_refused(fixture->source, key));
    aws_credentials_ask_other(fixture->source, key, note, fixture);
    LOOP_UNTIL(&fixture->aws.loop, fixture->done > before);
}

static void finds(struct fixture *fixture, const char *id, const char *secret, const char *token,
                  const char *origin)
{
    ask(fixture);
    assert_string_equal(fixture->why, "");
    assert_string_equal(fixture->id, id);
    assert_string_equal(fixture->secret, secret);
    assert_string_equal(fixture->token, token);
    assert_string_equal(aws_credentials_origin(fixture->source), origin);
}

static void finds_none(struct fixture *fixture, const char *why)
{
    ask(fixture);
    assert_string_equal(fixture->why, why);
    assert_null(aws_credentials_origin(fixture->source));
    fixture->aws.now_ms += 60000; /* until it is looked again */
}

/* What the stub answers, and to what. */
static struct answer {
    const char *line; /* that the request begins with */
    struct web_script script;
} answers[6];

static const struct web_script refusal = {{"HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\nno"},
                                          WEB_CLOSE};

static const struct web_script *choose(const char *request)
{
    for (size_t i = 0; i < ARRAY_LEN(answers) && answers[i].line != NULL; i++) {
        if (strncmp(request, answers[i].line, strlen(answers[i].line)) == 0) {
            return &answers[i].script;
        }
    }
    return &refusal;
}

static void answer_with(struct fixture *fixture, size_t index, const char *line, const char *text)
{
    memset(&answers[index], 0, sizeof(answers) - index * sizeof(answers[0]));
    answers[index] = (struct answer){.line = line, .script = {{text}, WEB_CLOSE}};
    fixture->aws.stub.choose = choose;
}

static void the_environment_comes_first(void **state)
{
    struct fixture *fixture = *state;
    aws_fixture_profile(&fixture->aws,
                        "[default]\naws_access_key_id = P\naws_secret_access_key = PS\n");
    setenv("AWS_ACCESS_KEY_ID", "E", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "ES", 1);
    setenv("AWS_SESSION_TOKEN", "ET", 1);
    finds(fixture, "E", "ES", "ET", "environment");
}

static void a_profile_of_the_configuration_counts_before_it(void **state)
{
    struct fixture *fixture = *state;
    aws_fixture_profile(&fixture->aws,
                        "[default]\naws_access_key_id = P\naws_secret_access_key = PS\n");
    fixture->aws.settings->is_profile_configured = true;
    setenv("AWS_ACCESS_KEY_ID", "E", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "ES", 1);
    finds(fixture, "P", "PS", "", "profile default");
}

static void half_of_a_key_is_an_error(void **state)
{
    struct fixture *fixture = *state;
    setenv("AWS_ACCESS_KEY_ID", "E", 1);
    finds_none(fixture, "no credentials: the environment has AWS_ACCESS_KEY_ID without "
                        "AWS_SECRET_ACCESS_KEY");
    unsetenv("AWS_ACCESS_KEY_ID");
    aws_fixture_profile(&fixture->aws, "[default]\naws_access_key_id = P\n");
    finds_none(fixture, "no credentials: profile default has aws_access_key_id without "
                        "aws_secret_access_key");
}

static void a_process_prints_them(void **state)
{
    struct fixture *fixture = *state;
    aws_fixture_profile(&fixture->aws,
                        "[default]\ncredential_process = /bin/echo "
                        "'{\"Version\":1,\"AccessKeyId\":\"C\",\"SecretAccessKey\":\"CS\","
                        "\"SessionToken\":\"CT\",\"Expiration\":\"" EXPIRES "\"}'\n");
    finds(fixture, "C", "CS", "CT", "profile default");
    assert_int_equal(fixture->expires_ms, 1440941760000);
    assert_int_equal(aws_credentials_expire_ms(fixture->source), 1440941760000);
}

static void a_process_that_fails_is_an_error(void **state)
{
    struct fixture *fixture = *state;
    static const char *const cases[][2] = {
        {"/bin/false", "no credentials: credential_process: exit status 1"},
        {"/nonexistent/x", "no credentials: credential_process: no such file or directory"},
        {"/bin/echo secret", "no credentials: credential_process: what it says is no JSON object"},
        {"/bin/echo '{\"Version\":2}'",
         "no credentials: credential_process: what it says has no Version 1"},
        {"/bin/echo '{\"Version\":1,\"AccessKeyId\":\"C\"}'",
         "no credentials: credential_process: SecretAccessKey is missing in what it says"},
        {"/bin/sh -c 'kill -9 $$'", "no credentials: credential_process: ended by signal 9"},
        {"/usr/bin/head -c 70000 /dev/zero",
         "no credentials: credential_process: it says more than 65536 octets"},
        {"'", "no credentials: credential_process is no command: a quote without an end, or "
              "nothing"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(alloc_freep)
        char *profile = alloc_printf("[default]\ncredential_process = %s\n", cases[i][0]);
        aws_fixture_profile(&fixture->aws, profile);
        finds_none(fixture, cases[i][1]);
    }
}

#define CONTAINER                                                                                  \
    OK_HEAD "{\"AccessKeyId\":\"K\",\"SecretAccessKey\":\"KS\",\"Token\":\"KT\","                  \
            "\"Expiration\":\"" EXPIRES "\"}"

static void a_container_has_an_endpoint(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP(alloc_freep) char *url = alloc_printf("%s/v2/x", fixture->aws.url);
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "tok", 1);
    answer_with(fixture, 0, "GET /v2/x ", CONTAINER);
    finds(fixture, "K", "KS", "KT", "container");
    assert_non_null(strstr(fixture->aws.stub.last_request, "\r\nAuthorization: tok\r\n"));
}

static void a_containers_token_file_is_read_each_time(void **state)
{
    struct fixture *fixture = *state;
    char path[] = "/tmp/ballast-token-XXXXXX";
    int file = mkstemp(path);
    CLEANUP(alloc_freep) char *url = alloc_printf("%s/v2/x", fixture->aws.url);
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", path, 1);
    answer_with(fixture, 0, "GET /v2/x ", CONTAINER);
    assert_int_equal(write(file, "one\n", 4), 4);
    finds(fixture, "K", "KS", "KT", "container");
    assert_non_null(strstr(fixture->aws.stub.last_request, "\r\nAuthorization: one\r\n"));
    assert_int_equal(pwrite(file, "two\n", 4, 0), 4);
    be_refused(fixture);
    assert_string_equal(fixture->id, "K");
    assert_non_null(strstr(fixture->aws.stub.last_request, "\r\nAuthorization: two\r\n"));
    close(file);
    unlink(path);
    fixture->aws.now_ms += 60000;
    be_refused(fixture);
    assert_non_null(strstr(fixture->why, path));
}

static void a_container_endpoint_elsewhere_is_refused(void **state)
{
    struct fixture *fixture = *state;
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1.example/x", 1);
    finds_none(fixture, "no credentials: AWS_CONTAINER_CREDENTIALS_FULL_URI is "
                        "\"http://127.0.0.1.example/x\", expected https, a loopback address or the "
                        "container's own endpoint");
    /* What is before the @ is who asks. */
    static const char *const others[] = {"http://localhost:1@host.example/x",
                                         "http://127.0.0.1@host.example/x",
                                         "http://u@localhost/x",
                                         "ftp://localhost/x",
                                         "localhost",
                                         "http://localhost.:1/x"};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", others[i], 1);
        CLEANUP(alloc_freep)
        char *why = alloc_printf("no credentials: AWS_CONTAINER_CREDENTIALS_FULL_URI is \"%s\", "
                                 "expected https, a loopback address or the container's own "
                                 "endpoint",
                                 others[i]);
        finds_none(fixture, why);
    }
    assert_int_equal(fixture->aws.stub.requests, 0);
}

static void a_containers_failures_are_named(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP(alloc_freep) char *url = alloc_printf("%s/v2/x", fixture->aws.url);
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
    answer_with(fixture, 0, "GET /other", CONTAINER);
    finds_none(fixture, "no credentials: the container's endpoint: HTTP 404, expected 200");
    answer_with(fixture, 0, "GET /v2/x ", OK_HEAD "<html>");
    finds_none(fixture, "no credentials: the container's endpoint: what it says is no JSON object");
    answer_with(fixture, 0, "GET /v2/x ",
                OK_HEAD "{\"AccessKeyId\":\"a b\",\"SecretAccessKey\":\"s\"}");
    finds_none(fixture, "no credentials: the container's endpoint: a key has characters that no "
                        "key has");
    answer_with(fixture, 0, "GET /v2/x ", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{");
    finds_none(fixture, "no credentials: the container's endpoint: closed in the middle of the "
                        "answer");
}

static void instance_metadata_is_asked_with_a_token(void **state)
{
    struct fixture *fixture = *state;
    setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", fixture->aws.url, 1);
    free(fixture->aws.settings->region);
    fixture->aws.settings->region = NULL;
    answer_with(fixture, 0, "PUT /latest/api/token ", OK_HEAD "TOKEN");
    answer_with(fixture, 1, "GET /latest/meta-data/placement/region ", OK_HEAD "eu-west-3");
    answer_with(fixture, 2, "GET /latest/meta-data/iam/security-credentials/ ", OK_HEAD "role-1\n");
    answer_with(fixture, 3, "GET /latest/meta-data/iam/security-credentials/role-1 ", CONTAINER);
    finds(fixture, "K", "KS", "KT", "instance metadata");
    assert_non_null(
        strstr(fixture->aws.stub.last_request, "\r\nX-aws-ec2-metadata-token: TOKEN\r\n"));
    assert_string_equal(aws_credentials_region(fixture->source), "eu-west-3");
    assert_int_equal(fixture->aws.stub.requests, 4);
}

static void instance_metadata_without_a_token_is_not_asked(void **state)
{
    struct fixture *fixture = *state;
    setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", fixture->aws.url, 1);
    answer_with(fixture, 0, "GET /", CONTAINER);
    finds_none(fixture, "no credentials: instance metadata has no token: HTTP 404");
    assert_int_equal(fixture->aws.stub.requests, 1);
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    finds_none(fixture, "no credentials: none in the environment, in profile default, in a "
                        "container, and AWS_EC2_METADATA_DISABLED is true");
    assert_int_equal(fixture->aws.stub.requests, 1);
}

#define STS(operation, id)                                                                         \
    OK_HEAD "<" operation "Response><" operation "Result><Credentials><AccessKeyId>" id            \
            "</AccessKeyId><SecretAccessKey>RS</SecretAccessKey><SessionToken>RT</SessionToken>"   \
            "<Expiration>" EXPIRES "</Expiration></Credentials></" operation "Result></" operation \
            "Response>"

static void a_role_is_assumed_by_its_source(void **state)
{
    struct fixture *fixture = *state;
    aws_fixture_profile(&fixture->aws, "[default]\nrole_arn = arn:aws:iam::1:role/r\n"
                                       "source_profile = base\nexternal_id = ext\n"
                                       "role_session_name = me\nduration_seconds = 900\n"
                                       "[profile base]\naws_access_key_id = B\n"
                                       "aws_secret_access_key = BS\n");
    answer_with(fixture, 0, "POST / ", STS("AssumeRole", "R"));
    finds(fixture, "R", "RS", "RT", "profile default");
    const char *request = fixture->aws.stub.last_request;
    assert_non_null(strstr(request, "Credential=B/20150830/eu-west-1/sts/aws4_request"));
    assert_non_null(strstr(request, "&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr"
                                    "&RoleSessionName=me&ExternalId=ext&DurationSeconds=900"));
}

static void roles_are_assumed_one_by_the_other(void **state)
{
    struct fixture *fixture = *state;
    aws_fixture_profile(&fixture->aws,
                        "[default]\nrole_arn = second\nsource_profile = middle\n"
                        "[profile middle]\nrole_arn = first\nsource_profile = middle\n"
                        "aws_access_key_id = B\naws_secret_access_key = BS\n");
    answer_with(fixture, 0, "POST / ", STS("AssumeRole", "R"));
    finds(fixture, "R", "RS", "RT", "profile default");
    assert_int_equal(fixture->aws.stub.requests, 2);
    assert_non_null(strstr(fixture->aws.stub.last_request, "Credential=R/"));
    assert_non_null(strstr(fixture->aws.stub.last_request, "RoleArn=second"));
    assert_non_null(strstr(fixture->aws.stub.last_request, "X-Amz-Security-Token: RT"));
}

static void a_loop_of_sources_is_refused(void **state)
{
    struct fixture *fixture = *state;
    aws_fixture_profile(&fixture->aws, "[default]\nrole_arn = a\nsource_profile = x\n"
                                       "[profile x]\nrole_arn = b\nsource_profile = default\n");
    finds_none(fixture, "no credentials: profile default has role_arn, expected source_profile "
                        "(without a loop, at most 8), credential_source or "
                        "web_identity_token_file with it");
    aws_fixture_profile(&fixture->aws, "[default]\nrole_arn = a\nsource_profile = x\n");
    finds_none(fixture, "no credentials: source_profile x is not there");
    aws_fixture_profile(&fixture->aws, "[default]\nrole_arn = a\ncredential_source = Nowhere\n");
    finds_none(fixture, "no credentials: profile default: credential_source is \"Nowhere\", "
                        "expected Environment, EcsContainer or Ec2InstanceMetadata");
}

static void a_role_that_is_refused_says_why(void **state)
{
    struct fixture *fixture = *state;
    aws_fixture_profile(&fixture->aws,
                        "[default]\nrole_arn = a\ncredential_source = Environment\n");
    fixture->aws.settings->is_profile_configured = true;
    setenv("AWS_ACCESS_KEY_ID", "E", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "ES", 1);
    answer_with(fixture, 0, "POST / ",
                "HTTP/1.1 403 No\r\nConnection: close\r\n\r\n<ErrorResponse><Error><Code>"
                "AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>");
    finds_none(fixture, "no credentials: sts AssumeRole: AccessDenied: not you");
}

static void a_web_identity_is_exchanged_unsigned(void **state)
{
    struct fixture *fixture = *state;
    char path[] = "/tmp/ballast-web-XXXXXX";
    int file = mkstemp(path);
    assert_int_equal(write(file, "ey.J\n", 5), 5);
    close(file);
    setenv("AWS_WEB_IDENTITY_TOKEN_FILE", path, 1);
    setenv("AWS_ROLE_ARN", "arn:r", 1);
    setenv("AWS_ROLE_SESSION_NAME", "pod", 1);
    answer_with(fixture, 0, "POST / ", STS("AssumeRoleWithWebIdentity", "W"));
    finds(fixture, "W", "RS", "RT", "web identity arn:r");
    const char *request = fixture->aws.stub.last_request;
    assert_null(strstr(request, "Authorization:"));
    assert_non_null(strstr(request, "RoleArn=arn%3Ar&RoleSessionName=pod&WebIdentityToken=ey.J"));
    unlink(path);
    be_refused(fixture);
    assert_non_null(strstr(fixture->why, "no credentials: web identity token: "));
}

static void they_are_renewed_before_they_end(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP(alloc_freep) char *url = alloc_printf("%s/v2/x", fixture->aws.url);
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
    answer_with(fixture, 0, "GET /v2/x ", CONTAINER);
    finds(fixture, "K", "KS", "KT", "container");
    finds(fixture, "K", "KS", "KT", "container");
    assert_int_equal(fixture->aws.stub.requests, 1);
    /* Four minutes before the end the old ones are given, and new ones looked for, once. */
    fixture->aws.now_ms = 1440941760000 - 4 * 60000;
    answer_with(fixture, 0, "GET /other", CONTAINER);
    finds(fixture, "K", "KS", "KT", "container");
    LOOP_UNTIL(&fixture->aws.loop, fixture->aws.stub.requests == 2);
    LOOP_UNTIL(&fixture->aws.loop, fixture->aws.stub.open == 0);
    finds(fixture, "K", "KS", "KT", "container");
    assert_int_equal(fixture->aws.stub.requests, 2);
    fixture->aws.now_ms += 6000;
    finds(fixture, "K", "KS", "KT", "container");
    LOOP_UNTIL(&fixture->aws.loop, fixture->aws.stub.requests == 3);
    /* At the end nobody gets them. */
    fixture->aws.now_ms = 1440941760000 - 29000;
    ask(fixture);
    assert_string_equal(fixture->why,
                        "no credentials: the container's endpoint: HTTP 404, expected 200");
}

static void who_waits_is_served_by_one_search(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP(alloc_freep) char *url = alloc_printf("%s/v2/x", fixture->aws.url);
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
    answer_with(fixture, 0, "GET /v2/x ", CONTAINER);
    aws_credentials_ask(fixture->source, note, fixture);
    struct aws_credential_wait *second = aws_credentials_ask(fixture->source, note, fixture);
    aws_credentials_ask(fixture->source, note, fixture);
    aws_credentials_cancel(second);
    aws_credentials_cancel(NULL);
    LOOP_UNTIL(&fixture->aws.loop, fixture->done == 2);
    assert_int_equal(fixture->aws.stub.requests, 1);
    /* One that is under way when the source is closed calls nobody. */
    aws_credentials_refused(fixture->source, "K");
    aws_credentials_ask_other(fixture->source, "K", note, fixture);
}

/* One service may refuse what all others take. */
static void a_refusal_takes_nothing_from_anybody(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP(alloc_freep) char *url = alloc_printf("%s/v2/x", fixture->aws.url);
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
    answer_with(fixture, 0, "GET /v2/x ", CONTAINER);
    finds(fixture, "K", "KS", "KT", "container");
    assert_true(aws_credentials_refused(fixture->source, "J")); /* there are others already */
    finds(fixture, "K", "KS", "KT", "container");
    assert_int_equal(fixture->aws.stub.requests, 1);
    answer_with(fixture, 0, "GET /v2/x ", NULL); /* nothing for long */
    answers[0].script.end = WEB_HANG;
    uint64_t from_ms = uv_now(&fixture->aws.loop.loop);
    assert_true(aws_credentials_refused(fixture->source, "K"));
    LOOP_UNTIL(&fixture->aws.loop, fixture->aws.stub.requests == 2);
    struct aws_credential_wait *other =
        aws_credentials_ask_other(fixture->source, "K", note, fixture);
    finds(fixture, "K", "KS", "KT", "container");
    if (uv_now(&fixture->aws.loop.loop) - from_ms < 4000) { /* the search ends after 5 s */
        assert_int_equal(fixture->done, 3);
        aws_credentials_cancel(other);
    }
}

/* A key that is not taken anywhere is not looked for at each call. */
static void refusals_begin_searches_with_growing_pauses(void **state)
{
    struct fixture *fixture = *state;
    static const unsigned pauses_s[] = {1, 2, 4, 8, 16, 32, 60, 60};
    CLEANUP(alloc_freep) char *url = alloc_printf("%s/v2/x", fixture->aws.url);
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
    answer_with(fixture, 0, "GET /v2/x ", CONTAINER);
    finds(fixture, "K", "KS", "KT", "container");
    for (size_t i = 0; i < ARRAY_LEN(pauses_s); i++) {
        be_refused(fixture);
        assert_int_equal(fixture->aws.stub.requests, i + 2);
        fixture->aws.now_ms += pauses_s[i] * 1000 - 1;
        assert_false(aws_credentials_refused(fixture->source, "K"));
        fixture->aws.now_ms += 1;
    }
    fixture->aws.now_ms += 60000; /* it is another matter then */
    be_refused(fixture);
    fixture->aws.now_ms += 1000;
    be_refused(fixture);
    assert_int_equal(fixture->aws.stub.requests, 3 + ARRAY_LEN(pauses_s));
}

/* One that is under way ends. */
static void await_search(struct fixture *fixture)
{
    unsigned before = fixture->done;
    aws_credentials_ask_other(fixture->source, fixture->id, note, fixture);
    LOOP_UNTIL(&fixture->aws.loop, fixture->done > before);
}

static void such_as_end_soon_are_not_looked_for_at_each_call(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP(alloc_freep) char *url = alloc_printf("%s/v2/x", fixture->aws.url);
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
    fixture->aws.now_ms = 1440941760000 - 4 * 60000;
    answer_with(fixture, 0, "GET /v2/x ", CONTAINER);
    for (int i = 0; i < 3; i++) {
        finds(fixture, "K", "KS", "KT", "container");
        loop_fixture_turn(&fixture->aws.loop);
    }
    assert_int_equal(fixture->aws.stub.requests, 1);
    fixture->aws.now_ms += 5000;
    finds(fixture, "K", "KS", "KT", "container");
    await_search(fixture);
    assert_int_equal(fixture->aws.stub.requests, 2);
    /* The next pause is longer, but it ends with those that there are. */
    fixture->aws.now_ms = 1440941760000 - 35000;
    finds(fixture, "K", "KS", "KT", "container");
    await_search(fixture);
    assert_int_equal(fixture->aws.stub.requests, 3);
    fixture->aws.now_ms = 1440941760000 - 30000;
    ask(fixture);
    assert_string_equal(fixture->why, "those of container have ended");
    assert_int_equal(fixture->aws.stub.requests, 4);
}

static void where_there_are_none_it_is_looked_again_after_a_pause(void **state)
{
    struct fixture *fixture = *state;
    static const unsigned pauses_s[] = {1, 2, 4, 8, 16, 32, 60, 60};
    CLEANUP(alloc_freep) char *url = alloc_printf("%s/v2/x", fixture->aws.url);
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
    answer_with(fixture, 0, "GET /other", CONTAINER);
    for (size_t i = 0; i < ARRAY_LEN(pauses_s); i++) {
        ask(fixture);
        assert_int_equal(fixture->aws.stub.requests, i + 1);
        fixture->aws.now_ms += pauses_s[i] * 1000 - 1;
        ask(fixture); /* not looked for, and told why at once */
        assert_string_equal(fixture->why,
                            "no credentials: the container's endpoint: HTTP 404, expected 200");
        assert_int_equal(fixture->aws.stub.requests, i + 1);
        fixture->aws.now_ms += 1;
    }
    /* A clock that goes back by an hour makes no pause of an hour. */
    ask(fixture);
    fixture->aws.now_ms -= 3600000;
    ask(fixture);
    assert_int_equal(fixture->aws.stub.requests, ARRAY_LEN(pauses_s) + 2);
    fixture->aws.now_ms += 60000;
    answer_with(fixture, 0, "GET /v2/x ", CONTAINER);
    finds(fixture, "K", "KS", "KT", "container");
}

#define LATE                                                                                       \
    "HTTP/1.1 403 No\r\nConnection: close\r\nDate: Sun, 30 Aug 2015 12:56:00 GMT\r\n\r\n"          \
    "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>Signature expired</Message>" \
    "</Error></ErrorResponse>"

static void a_clock_that_is_off_is_corrected_for_a_role_too(void **state)
{
    struct fixture *fixture = *state;
    aws_fixture_profile(&fixture->aws, "[default]\nrole_arn = r\nsource_profile = base\n"
                                       "[profile base]\naws_access_key_id = B\n"
                                       "aws_secret_access_key = BS\n");
    answer_with(fixture, 0, "POST / ", LATE);
    ask(fixture); /* once a search */
    assert_string_equal(fixture->why, "no credentials: sts AssumeRole: SignatureDoesNotMatch: "
                                      "Signature expired");
    assert_int_equal(fixture->aws.stub.requests, 2);
    assert_non_null(strstr(fixture->aws.stub.last_request, "X-Amz-Date: 20150830T125600Z\r\n"));
    assert_int_equal(aws_credentials_skew_ms(fixture->source), 20 * 60000);
    answer_with(fixture, 0, "POST / ", STS("AssumeRole", "R"));
    fixture->aws.now_ms += 60000;
    finds(fixture, "R", "RS", "RT", "profile default");
    assert_non_null(strstr(fixture->aws.stub.last_request, "X-Amz-Date: 20150830T125700Z\r\n"));
    /* They end by AWS's clock. */
    fixture->aws.now_ms = 1440941760000 - 20 * 60000 - 29000;
    answer_with(fixture, 0, "GET /other", CONTAINER);
    ask(fixture);
    assert_string_equal(fixture->id, "");
}

static void a_key_that_is_none_is_refused(void **state)
{
    struct fixture *fixture = *state;
    setenv("AWS_ACCESS_KEY_ID", "E", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "ES", 1);
    setenv("AWS_SESSION_TOKEN", "E\r\nX-Other: T", 1);
    finds_none(fixture, "no credentials: environment: a key has characters that no key has");
    unsetenv("AWS_ACCESS_KEY_ID");
    unsetenv("AWS_SECRET_ACCESS_KEY");
    aws_fixture_profile(&fixture->aws,
                        "[default]\naws_access_key_id = P Q\naws_secret_access_key = PS\n");
    finds_none(fixture, "no credentials: profile default: a key has characters that no key has");
}

static void times_are_read(void **state)
{
    (void)state;
    int64_t at_ms = 0;
    assert_true(aws_time_parse("2015-08-30T12:36:00Z", &at_ms));
    assert_int_equal(at_ms, 1440938160000);
    assert_true(aws_time_parse("2015-08-30T14:36:00.123+02:00", &at_ms));
    assert_int_equal(at_ms, 1440938160000);
    assert_false(aws_time_parse("2015-08-30", &at_ms));
    assert_false(aws_time_parse("2015-08-30T12:36:00", &at_ms));
    assert_false(aws_time_parse("2015-08-30T12:36:00Zx", &at_ms));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_environment_comes_first),
        TEST(a_profile_of_the_configuration_counts_before_it),
        TEST(half_of_a_key_is_an_error),
        TEST(a_process_prints_them),
        TEST(a_process_that_fails_is_an_error),
        TEST(a_container_has_an_endpoint),
        TEST(a_containers_token_file_is_read_each_time),
        TEST(a_container_endpoint_elsewhere_is_refused),
        TEST(a_containers_failures_are_named),
        TEST(instance_metadata_is_asked_with_a_token),
        TEST(instance_metadata_without_a_token_is_not_asked),
        TEST(a_role_is_assumed_by_its_source),
        TEST(roles_are_assumed_one_by_the_other),
        TEST(a_loop_of_sources_is_refused),
        TEST(a_role_that_is_refused_says_why),
        TEST(a_web_identity_is_exchanged_unsigned),
        TEST(they_are_renewed_before_they_end),
        TEST(who_waits_is_served_by_one_search),
        TEST(a_refusal_takes_nothing_from_anybody),
        TEST(refusals_begin_searches_with_growing_pauses),
        TEST(such_as_end_soon_are_not_looked_for_at_each_call),
        TEST(where_there_are_none_it_is_looked_again_after_a_pause),
        TEST(a_clock_that_is_off_is_corrected_for_a_role_too),
        TEST(a_key_that_is_none_is_refused),
        cmocka_unit_test(times_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
