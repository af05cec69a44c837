/* SPDX-License-Identifier: BSD-2-Clause */
/* Gates against a server that answers as each test tells it to: every question ends, once, with
 * what was found and what follows from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <math.h>
#include <sodium.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "control/gate_private.h"
#include "tests/unit/loop_fixture.h"
#include "tests/unit/web_stub.h"

#define NOW_MS 1435781451781
#define SECRET "0123456789abcdef0123"

struct fixture {
    struct loop_fixture loop;
    struct http_client *client;
    struct web_stub stub;
    struct web_script scripts[8]; /* one for each request, the last one for all that follow */
    size_t script_count;
    char url[128];
    struct config_gate gate;
    struct gate_context context;

    bool closes_client;
    struct gate_run *run;
    unsigned done;
    struct gate_result result; /* of the last one, with a reference to the numbers */
};

/* The stub asks without an argument. */
static struct fixture *current;

static const struct web_script *choose(const char *request)
{
    (void)request;
    size_t index = current->stub.requests - 1;
    size_t last = current->script_count - 1;
    return &current->scripts[index < last ? index : last];
}

static const char *const sets[] = {"www.example.org/A", "www.example.org/AAAA"};

static int open_fixture(void **state)
{
    struct fixture *fixture = alloc_zeroed(1, sizeof(*fixture));
    struct error err;
    loop_fixture_open(&fixture->loop);
    fixture->client = http_client_new(&fixture->loop.loop, &err);
    assert_non_null(fixture->client);
    web_stub_open(&fixture->stub, &fixture->loop.loop, "127.0.0.1", 0);
    fixture->stub.choose = choose;
    snprintf(fixture->url, sizeof(fixture->url), "http://127.0.0.1:%u/hook", fixture->stub.port);
    fixture->gate = (struct config_gate){
        .name = "smoke",
        .type = GATE_TYPE_WEBHOOK,
        .is_at_step = true,
        .url = fixture->url,
        .timeout_ms = 10000,
        .retries = 0,
        .interval_ms = 5,
        .deadline_ms = 15000,
    };
    fixture->context = (struct gate_context){
        .rollout_id = 7,
        .rule = "cats",
        .deployment = "ecs-svc/1",
        .record_sets = sets,
        .record_set_count = 2,
        .stable = "blue",
        .candidate = "gr\"een",
        .weight = 50,
        .step = 1,
        .step_count = 3,
        .now_ms = NOW_MS,
    };
    current = fixture;
    *state = fixture;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *fixture = *state;
    json_decref(fixture->result.numbers);
    http_client_close(fixture->client);
    web_stub_close(&fixture->stub);
    loop_fixture_close(&fixture->loop);
    free(fixture);
    return 0;
}

static void note_result(void *argument, const struct gate_result *result)
{
    struct fixture *fixture = argument;
    json_decref(fixture->result.numbers);
    fixture->result = *result;
    json_incref(fixture->result.numbers);
    fixture->run = NULL;
    fixture->done++;
    if (fixture->closes_client) {
        http_client_close(STEAL(fixture->client));
    }
}

static void start(struct fixture *fixture)
{
    fixture->done = 0;
    fixture->stub.requests = 0;
    fixture->run = gate_ask(fixture->client, &fixture->loop.loop, &fixture->gate, &fixture->context,
                            note_result, fixture);
    assert_int_equal(fixture->done, 0);
}

static const struct gate_result *finish(struct fixture *fixture)
{
    LOOP_UNTIL(&fixture->loop, fixture->done > 0);
    LOOP_UNTIL(&fixture->loop, fixture->stub.open == 0);
    assert_int_equal(fixture->done, 1);
    const struct gate_result *result = &fixture->result;
    assert_string_equal(json_string_value(json_object_get(result->numbers, "State")),
                        gate_state_name(result->state));
    assert_string_equal(json_string_value(json_object_get(result->numbers, "Decision")),
                        gate_decision_name(result->decision));
    assert_string_equal(json_string_value(json_object_get(result->numbers, "Text")), result->text);
    return result;
}

#define WEBHOOK_HEADER "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
#define SAYS(body)                                                                                 \
    {                                                                                              \
        .pieces = { WEBHOOK_HEADER body }                                                          \
    }
#define PASSES SAYS("{\"state\":\"pass\"}")
#define FAILS  SAYS("{\"state\":\"fail\",\"reason\":\"3 of 214 tests\"}")
#define WAITS  SAYS("{\"state\":\"wait\"}")
#define IS_BUSY                                                                                    \
    {                                                                                              \
        .pieces = { "HTTP/1.1 503 Busy\r\n\r\n" }                                                  \
    }
#define IS_SILENT                                                                                  \
    {                                                                                              \
        .end = WEB_HANG                                                                            \
    }

#define SCRIPTS(fixture, ...)                                                                      \
    do {                                                                                           \
        const struct web_script list[] = {__VA_ARGS__};                                            \
        memcpy((fixture)->scripts, list, sizeof(list));                                            \
        (fixture)->script_count = ARRAY_LEN(list);                                                 \
    } while (false)

static long long number(const struct gate_result *result, const char *key)
{
    const json_t *value = json_object_get(result->numbers, key);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

#define assert_result(result, what, decided, says)                                                 \
    do {                                                                                           \
        assert_string_equal((result)->text, says);                                                 \
        assert_string_equal(gate_state_name((result)->state), gate_state_name(what));              \
        assert_string_equal(gate_decision_name((result)->decision), gate_decision_name(decided));  \
    } while (false)

static void a_webhook_that_passes_lets_the_rollout_go_on(void **state)
{
    struct fixture *fixture = *state;
    SCRIPTS(fixture, SAYS("{\"state\":\"pass\",\"reason\":\"all 214 tests\",\"more\":1}"));
    start(fixture);
    const struct gate_result *result = finish(fixture);
    assert_result(result, GATE_RESULT_PASS, GATE_GOES_ON, "pass: all 214 tests");
    assert_int_equal(number(result, "Attempts"), 1);
    assert_int_equal(number(result, "Questions"), 1);
    assert_int_equal(number(result, "Status"), 200);
    assert_true(json_is_false(json_object_get(result->numbers, "TimedOut")));
    assert_string_equal(json_string_value(json_object_get(result->numbers, "Gate")), "smoke");
    assert_string_equal(json_string_value(json_object_get(result->numbers, "Type")), "webhook");
}

static void a_webhook_is_told_who_asks(void **state)
{
    struct fixture *fixture = *state;
    SCRIPTS(fixture, IS_BUSY, PASSES);
    fixture->gate.retries = 1;
    snprintf(fixture->url, sizeof(fixture->url),
             "http://127.0.0.1:%u/{rollout}/{record_set}?m={candidate}&w={weight}",
             fixture->stub.port);
    start(fixture);
    finish(fixture);
    const char *request = fixture->stub.last_request;
    static const char line[] = "POST /cats/www.example.org%2FA?m=gr%22een&w=50 HTTP/1.1\r\n";
    assert_memory_equal(request, line, strlen(line));
    assert_non_null(strstr(request, "\r\nContent-Type: application/json\r\n"));
    assert_null(strstr(request, "Ballast-Signature"));
    assert_string_equal(strstr(request, "\r\n\r\n") + 4,
                        "{\"gate\":\"smoke\",\"rollout\":\"cats\",\"id\":7,\"deployment\":"
                        "\"ecs-svc/1\",\"record_sets\":[\"www.example.org/A\","
                        "\"www.example.org/AAAA\"],\"stable\":\"blue\",\"candidate\":\"gr\\\"een\","
                        "\"weight\":50,\"step\":1,\"steps\":3,\"phase\":\"step\",\"attempt\":2}");
}

static void a_webhook_that_fails_falls_back_without_another_try(void **state)
{
    struct fixture *fixture = *state;
    fixture->gate.retries = 3;
    SCRIPTS(fixture, FAILS);
    start(fixture);
    assert_result(finish(fixture), GATE_RESULT_FAIL, GATE_FALLS_BACK, "fail: 3 of 214 tests");
    assert_int_equal(fixture->stub.requests, 1);
}

static void at_a_step_it_is_asked_again_while_it_waits(void **state)
{
    struct fixture *fixture = *state;
    SCRIPTS(fixture, WAITS, WAITS, IS_BUSY, PASSES);
    fixture->gate.retries = 1;
    start(fixture);
    const struct gate_result *result = finish(fixture);
    assert_result(result, GATE_RESULT_PASS, GATE_GOES_ON, "pass");
    assert_int_equal(number(result, "Questions"), 3);
    assert_int_equal(number(result, "Attempts"), 4);
}

static void in_a_hold_waiting_is_left_to_the_hold(void **state)
{
    struct fixture *fixture = *state;
    SCRIPTS(fixture, WAITS);
    fixture->context.is_in_hold = true;
    start(fixture);
    assert_result(finish(fixture), GATE_RESULT_WAIT, GATE_ASKS_AGAIN, "wait");
    assert_int_equal(fixture->stub.requests, 1);
    assert_non_null(strstr(fixture->stub.last_request, "\"phase\":\"hold\""));
}

static void errors_are_tried_again_so_often_and_no_more(void **state)
{
    struct fixture *fixture = *state;
    fixture->gate.retries = 2;
    SCRIPTS(fixture, IS_BUSY, IS_BUSY, PASSES);
    start(fixture);
    const struct gate_result *result = finish(fixture);
    assert_result(result, GATE_RESULT_PASS, GATE_GOES_ON, "pass");
    assert_int_equal(number(result, "Attempts"), 3);

    SCRIPTS(fixture, IS_BUSY, IS_BUSY, IS_BUSY, PASSES);
    start(fixture);
    result = finish(fixture);
    assert_result(result, GATE_RESULT_ERROR, GATE_FALLS_BACK, "HTTP 503, expected 200");
    assert_int_equal(number(result, "Attempts"), 3);
    assert_int_equal(number(result, "Status"), 503);
    assert_int_equal(fixture->stub.requests, 3);
}

static void tries_keep_their_distance(void **state)
{
    struct fixture *fixture = *state;
    fixture->gate.retries = 3;
    fixture->gate.interval_ms = 60;
    SCRIPTS(fixture, IS_BUSY, IS_BUSY, IS_BUSY, PASSES);
    start(fixture);
    finish(fixture);
    for (size_t i = 1; i < 4; i++) {
        assert_true(fixture->stub.request_at_ms[i] >= fixture->stub.request_at_ms[i - 1] + 60);
    }
    /* The first pause is half a second, when the interval is longer. */
    fixture->gate.interval_ms = 10000;
    SCRIPTS(fixture, IS_BUSY, PASSES);
    start(fixture);
    finish(fixture);
    uint64_t pause_ms = fixture->stub.request_at_ms[1] - fixture->stub.request_at_ms[0];
    assert_true(pause_ms >= 500 && pause_ms < 5000);
}

static void what_follows_from_errors_is_configured(void **state)
{
    struct fixture *fixture = *state;
    SCRIPTS(fixture, IS_BUSY);
    fixture->gate.on_error = GATE_OTHERWISE_CONTINUE;
    start(fixture);
    assert_result(finish(fixture), GATE_RESULT_ERROR, GATE_GOES_ON, "HTTP 503, expected 200");
    fixture->gate.on_error = GATE_OTHERWISE_WAIT;
    fixture->context.is_in_hold = true;
    start(fixture);
    assert_result(finish(fixture), GATE_RESULT_ERROR, GATE_ASKS_AGAIN, "HTTP 503, expected 200");
    fixture->context.is_in_hold = false;
    fixture->gate.retries = 1;
    SCRIPTS(fixture, IS_BUSY, IS_BUSY, IS_BUSY, PASSES);
    start(fixture);
    const struct gate_result *result = finish(fixture);
    assert_result(result, GATE_RESULT_PASS, GATE_GOES_ON, "pass");
    assert_int_equal(number(result, "Questions"), 2);
    assert_int_equal(number(result, "Attempts"), 4);
}

static void a_gate_that_never_answers_ends_in_its_time_out(void **state)
{
    struct fixture *fixture = *state;
    SCRIPTS(fixture, IS_SILENT);
    fixture->gate.timeout_ms = 60;
    fixture->gate.retries = 1;
    start(fixture);
    const struct gate_result *result = finish(fixture);
    assert_result(result, GATE_RESULT_ERROR, GATE_FALLS_BACK, "timed out after 60 ms");
    assert_int_equal(number(result, "Attempts"), 2);
}

static void the_deadline_ends_whatever_goes_on(void **state)
{
    struct fixture *fixture = *state;
    fixture->gate.deadline_ms = 100;
    SCRIPTS(fixture, IS_SILENT);
    start(fixture);
    const struct gate_result *result = finish(fixture);
    assert_result(result, GATE_RESULT_ERROR, GATE_FALLS_BACK,
                  "no decision within 100ms (no answer)");
    assert_true(json_is_true(json_object_get(result->numbers, "TimedOut")));

    SCRIPTS(fixture, WAITS);
    start(fixture);
    result = finish(fixture);
    assert_result(result, GATE_RESULT_WAIT, GATE_FALLS_BACK, "no decision within 100ms (wait)");
    assert_true(number(result, "Questions") > 1);
    assert_int_equal(number(result, "Status"), 200);

    fixture->gate.on_deadline = GATE_OTHERWISE_CONTINUE;
    start(fixture);
    assert_result(finish(fixture), GATE_RESULT_WAIT, GATE_GOES_ON,
                  "no decision within 100ms (wait)");

    /* For ever tried again, it ends all the same. */
    fixture->gate.on_error = GATE_OTHERWISE_WAIT;
    fixture->gate.on_deadline = GATE_OTHERWISE_FALL_BACK;
    SCRIPTS(fixture, IS_BUSY);
    start(fixture);
    assert_result(finish(fixture), GATE_RESULT_ERROR, GATE_FALLS_BACK,
                  "no decision within 100ms (HTTP 503, expected 200)");
}

static void a_gate_without_a_deadline_asks_once(void **state)
{
    struct fixture *fixture = *state;
    fixture->gate.deadline_ms = 0;
    SCRIPTS(fixture, WAITS);
    start(fixture);
    assert_result(finish(fixture), GATE_RESULT_WAIT, GATE_ASKS_AGAIN, "wait");
}

static void what_is_no_answer_is_an_error_with_a_text(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP(alloc_freep) char *much = alloc_zeroed(1, 65538);
    memset(much, ' ', 65537);
    const struct {
        struct web_script script;
        const char *text;
    } cases[] = {
        {{.end = WEB_CLOSE}, "closed without an answer"},
        {{.pieces = {"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"state\":\"pass\"}"}},
         "closed in the middle of the answer"},
        {{.pieces = {"HTTP/1.1 204 No Content\r\n\r\n"}}, "HTTP 204, expected 200"},
        {{.pieces = {"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n"}}, "HTTP 302, expected 200"},
        {SAYS("pass"), "the answer is no JSON: '[' or '{' expected near 'pass'"},
        {SAYS("[\"pass\"]"), "the answer has no state, expected \"pass\", \"fail\" or \"wait\""},
        {SAYS("{\"state\":\"fail\",\"state\":\"pass\"}"),
         "the answer is no JSON: duplicate object key near '\"state\"'"},
        {SAYS("{\"State\":\"pass\"}"),
         "the answer has no state, expected \"pass\", \"fail\" or \"wait\""},
        {SAYS("{\"state\":\"inconclusive\"}"),
         "found state \"inconclusive\", expected \"pass\", \"fail\" or \"wait\""},
        {SAYS("{\"state\":\"pass\",\"reason\":1}"), "the answer's reason is no text"},
        {{.pieces = {WEBHOOK_HEADER, much}}, "the answer is longer than 65536 octets"},
        {{.pieces = {WEBHOOK_HEADER "{"}, .end = WEB_RESET}, "connection reset by peer"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        SCRIPTS(fixture, cases[i].script);
        start(fixture);
        assert_result(finish(fixture), GATE_RESULT_ERROR, GATE_FALLS_BACK, cases[i].text);
    }
}

static void a_refused_connection_is_an_error(void **state)
{
    struct fixture *fixture = *state;
    struct web_stub other;
    web_stub_open(&other, &fixture->loop.loop, "127.0.0.1", 0);
    snprintf(fixture->url, sizeof(fixture->url), "http://127.0.0.1:%u", other.port);
    web_stub_close(&other);
    loop_fixture_turn(&fixture->loop);
    start(fixture);
    assert_result(finish(fixture), GATE_RESULT_ERROR, GATE_FALLS_BACK, "connection refused");
}

static void texts_from_outside_are_cut_and_clean(void **state)
{
    (void)state;
    struct gate_finding finding = {.state = GATE_RESULT_ERROR};
    char body[1200] = "{\"state\":\"fail\",\"reason\":\"a\\u001b[31m\\u009bb\\n";
    for (size_t i = 0; i < 300; i++) {
        strcat(body, "\xc3\xa4");
    }
    strcat(body, "\"}");
    gate_webhook_judge(200, body, strlen(body), &finding);
    assert_int_equal(finding.state, GATE_RESULT_FAIL);
    assert_memory_equal(finding.text, "fail: a [31m  b \xc3\xa4", 18);
    assert_in_range(strlen(finding.text), GATE_TEXT_SIZE - 3, GATE_TEXT_SIZE - 1);
    json_t *text = json_string(finding.text);
    assert_non_null(text);
    json_decref(text);
    gate_finding_set(&finding, GATE_RESULT_ERROR, "%s", "\xff\xc3 x");
    assert_string_equal(finding.text, "?? x");
    gate_finding_done(&finding);
}

static void write_secret(char *path, const char *line)
{
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, line, strlen(line)), strlen(line));
    close(fd);
}

/* libsodium's HMAC-SHA256, not the one that signs. */
static void check_signature(const char *request)
{
    const char *header = strstr(request, "\r\nBallast-Signature: t=");
    const char *body = strstr(request, "\r\n\r\n") + 4;
    long long time_s = 0;
    char digits[65] = "";
    assert_non_null(header);
    assert_int_equal(
        sscanf(header, "\r\nBallast-Signature: t=%lld,v1=%64[0-9a-f]", &time_s, digits), 2);
    assert_in_range(time_s, NOW_MS / 1000, NOW_MS / 1000 + 20);
    CLEANUP(alloc_freep) char *is_signed = alloc_printf("%lld.%s", time_s, body);
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    char expected[sizeof(mac) * 2 + 1];
    crypto_auth_hmacsha256_state hmac;
    crypto_auth_hmacsha256_init(&hmac, (const unsigned char *)SECRET, strlen(SECRET));
    crypto_auth_hmacsha256_update(&hmac, (const unsigned char *)is_signed, strlen(is_signed));
    crypto_auth_hmacsha256_final(&hmac, mac);
    sodium_bin2hex(expected, sizeof(expected), mac, sizeof(mac));
    assert_string_equal(digits, expected);
}

static void a_request_is_signed_with_the_secret(void **state)
{
    struct fixture *fixture = *state;
    char path[] = "/tmp/ballast-secret-XXXXXX";
    write_secret(path, SECRET "\nmore\n");
    fixture->gate.secret_file = path;
    SCRIPTS(fixture, PASSES);
    start(fixture);
    assert_result(finish(fixture), GATE_RESULT_PASS, GATE_GOES_ON, "pass");
    check_signature(fixture->stub.last_request);
    assert_null(strstr(fixture->stub.last_request, SECRET));
    unlink(path);
}

static void without_its_secret_nothing_is_asked(void **state)
{
    struct fixture *fixture = *state;
    char path[] = "/tmp/ballast-secret-XXXXXX";
    write_secret(path, "tooshort\n");
    fixture->gate.secret_file = path;
    fixture->gate.retries = 2;
    SCRIPTS(fixture, PASSES);
    start(fixture);
    CLEANUP(alloc_freep)
    char *text =
        alloc_printf("secret file %s: expected at least 16 octets in its first line", path);
    const struct gate_result *result = finish(fixture);
    assert_result(result, GATE_RESULT_ERROR, GATE_FALLS_BACK, text);
    assert_int_equal(number(result, "Attempts"), 3);
    assert_int_equal(fixture->stub.requests, 0);
    unlink(path);
}

/* After any number of turns of the loop, so between any two things that happen in a run which is
 * retried, waits and goes on. */
static void a_run_can_be_cancelled_at_every_moment(void **state)
{
    struct fixture *fixture = *state;
    fixture->gate.retries = 1;
    SCRIPTS(fixture, IS_BUSY, WAITS, IS_SILENT);
    size_t most_requests = 0;
    for (unsigned turns = 0; turns < 120; turns++) {
        start(fixture);
        for (unsigned i = 0; i < turns && fixture->stub.requests < 3; i++) {
            loop_fixture_turn(&fixture->loop);
        }
        most_requests =
            fixture->stub.requests > most_requests ? fixture->stub.requests : most_requests;
        gate_cancel(fixture->run);
        LOOP_UNTIL(&fixture->loop, fixture->stub.open == 0);
        assert_int_equal(fixture->done, 0);
        if (most_requests == 3) {
            break;
        }
    }
    assert_int_equal(most_requests, 3);
    gate_cancel(NULL);
}

static void the_client_may_be_closed_when_a_run_is_done(void **state)
{
    struct fixture *fixture = *state;
    fixture->closes_client = true;
    SCRIPTS(fixture, PASSES);
    start(fixture);
    finish(fixture);
    assert_null(fixture->client);
}

#define SUCCESS(type, result)                                                                      \
    "{\"status\":\"success\",\"data\":{\"resultType\":\"" type "\",\"result\":[" result "]}}"
#define VALUE(value) SAYS(SUCCESS("vector", "{\"metric\":{},\"value\":[1,\"" value "\"]}"))

static void ask_metric(struct fixture *fixture)
{
    fixture->gate.type = GATE_TYPE_THRESHOLD;
    fixture->gate.on_inconclusive = GATE_OTHERWISE_FALL_BACK;
    fixture->gate.metric = (struct config_gate_metric){
        .query = "errors{m=\"{candidate}\", w=\"{weight}\"}", .has_max = true, .max = 0.01};
}

static void a_metric_has_its_limits(void **state)
{
    struct fixture *fixture = *state;
    ask_metric(fixture);
    SCRIPTS(fixture, VALUE("0.01"));
    start(fixture);
    const struct gate_result *result = finish(fixture);
    assert_result(result, GATE_RESULT_PASS, GATE_GOES_ON, "0.01");
    assert_true(json_real_value(json_object_get(result->numbers, "Value")) > 0.0099);
    assert_true(json_real_value(json_object_get(result->numbers, "Max")) > 0.0099);
    assert_null(json_object_get(result->numbers, "Min"));
    assert_memory_equal(fixture->stub.last_request, "POST /hook/api/v1/query HTTP/1.1\r\n", 34);
    assert_non_null(strstr(fixture->stub.last_request,
                           "query=errors%7Bm%3D%22gr%5C%22een%22%2C%20w%3D%2250%22%7D&time="));
    SCRIPTS(fixture, VALUE("0.023"));
    start(fixture);
    assert_result(finish(fixture), GATE_RESULT_FAIL, GATE_FALLS_BACK,
                  "0.023, expected at most 0.01");
    SCRIPTS(fixture, VALUE("+Inf"));
    start(fixture);
    result = finish(fixture);
    assert_result(result, GATE_RESULT_FAIL, GATE_FALLS_BACK, "inf, expected at most 0.01");
    assert_string_equal(json_string_value(json_object_get(result->numbers, "Value")), "+Inf");
    fixture->gate.metric.has_min = true;
    fixture->gate.metric.min = 0.005;
    SCRIPTS(fixture, VALUE("0.001"));
    start(fixture);
    assert_result(finish(fixture), GATE_RESULT_FAIL, GATE_FALLS_BACK,
                  "0.001, expected at least 0.005");
}

static void no_value_is_inconclusive(void **state)
{
    struct fixture *fixture = *state;
    ask_metric(fixture);
    SCRIPTS(fixture, VALUE("NaN"));
    start(fixture);
    assert_result(finish(fixture), GATE_RESULT_INCONCLUSIVE, GATE_FALLS_BACK, "the value is NaN");
    fixture->gate.on_inconclusive = GATE_OTHERWISE_CONTINUE;
    SCRIPTS(fixture, SAYS(SUCCESS("vector", "")));
    start(fixture);
    assert_result(finish(fixture), GATE_RESULT_INCONCLUSIVE, GATE_GOES_ON,
                  "nothing matches the query");
    fixture->gate.on_inconclusive = GATE_OTHERWISE_WAIT;
    SCRIPTS(fixture, VALUE("NaN"), VALUE("NaN"), VALUE("0"));
    start(fixture);
    const struct gate_result *result = finish(fixture);
    assert_result(result, GATE_RESULT_PASS, GATE_GOES_ON, "0");
    assert_int_equal(number(result, "Questions"), 3);
    SCRIPTS(fixture, SAYS(SUCCESS("vector", "{},{}")));
    start(fixture);
    assert_result(finish(fixture), GATE_RESULT_ERROR, GATE_FALLS_BACK,
                  "found 2 series, expected one (sum or avg make one of them)");
}

#define TEN(a)                                                                                     \
    "[1,\"" a "0\"],[2,\"" a "1\"],[3,\"" a "2\"],[4,\"" a "3\"],[5,\"" a "4\"],[6,\"" a           \
    "5\"],[7,\"" a "6\"],[8,\"" a "7\"],[9,\"" a "8\"],[10,\"" a "9\"]"
#define SERIES(samples) SAYS(SUCCESS("matrix", "{\"metric\":{},\"values\":[" samples "]}"))

static const struct web_script slow = SERIES(TEN("2"));
static const struct web_script fast = SERIES(TEN("1") ",[11,\"NaN\"]");
static const struct web_script none = SAYS(SUCCESS("matrix", ""));
static const struct web_script busy = IS_BUSY;
static const struct web_script silent = IS_SILENT;
static const struct web_script *candidate_script;
static const struct web_script *stable_script;

static const struct web_script *choose_side(const char *request)
{
    return strstr(request, "query=candidate") != NULL ? candidate_script : stable_script;
}

static void ask_comparison(struct fixture *fixture, const struct web_script *candidate,
                           const struct web_script *stable)
{
    candidate_script = candidate;
    stable_script = stable;
    fixture->stub.choose = choose_side;
    fixture->gate.type = GATE_TYPE_COMPARISON;
    fixture->gate.on_inconclusive = GATE_OTHERWISE_FALL_BACK;
    fixture->gate.metric = (struct config_gate_metric){
        .candidate_query = "candidate",
        .stable_query = "stable",
        .window_ms = 300000,
        .resolution_ms = 5000,
        .significance = 0.05,
        .effect = 0.147,
        .min_samples = 10,
    };
    start(fixture);
}

static bool is_first_pair;

/* The first pair is answered on one side only, the second on both. */
static const struct web_script *choose_by_pair(const char *request)
{
    bool is_candidate = strstr(request, "query=candidate") != NULL;
    is_first_pair = is_first_pair && current->stub.accepted <= 2;
    if (is_first_pair) {
        return is_candidate ? &silent : &busy;
    }
    return is_candidate ? &fast : &slow;
}

static double real(const struct gate_result *result, const char *key)
{
    const json_t *value = json_object_get(result->numbers, key);
    assert_true(json_is_real(value));
    return json_real_value(value);
}

static void a_candidate_that_does_worse_fails_with_numbers(void **state)
{
    struct fixture *fixture = *state;
    ask_comparison(fixture, &slow, &fast);
    const struct gate_result *result = finish(fixture);
    assert_int_equal(result->state, GATE_RESULT_FAIL);
    assert_int_equal(result->decision, GATE_FALLS_BACK);
    assert_int_equal(number(result, "CandidateSamples"), 10);
    assert_int_equal(number(result, "StableSamples"), 10);
    assert_int_equal(number(result, "LeftOut"), 1);
    /* Every one of 10 is above every one of 10: U is 100, and p is 1 / C(20, 10). */
    assert_true(fabs(real(result, "U") - 100) < 1e-9);
    assert_true(fabs(real(result, "P") - 1.0 / 184756) < 1e-12);
    assert_true(fabs(real(result, "Effect") - 1) < 1e-9);
    assert_true(strlen(result->text) > 0);

    ask_comparison(fixture, &fast, &slow);
    result = finish(fixture);
    assert_int_equal(result->state, GATE_RESULT_PASS);
    assert_int_equal(result->decision, GATE_GOES_ON);
    assert_true(fabs(real(result, "Effect") + 1) < 1e-9);
}

static void the_direction_decides_what_is_worse(void **state)
{
    struct fixture *fixture = *state;
    ask_comparison(fixture, &slow, &fast);
    fixture->gate.metric.is_lower_worse = true;
    assert_int_equal(finish(fixture)->state, GATE_RESULT_PASS);
    ask_comparison(fixture, &fast, &slow);
    fixture->gate.metric.is_lower_worse = true;
    assert_int_equal(finish(fixture)->state, GATE_RESULT_FAIL);
}

static void too_few_samples_are_inconclusive(void **state)
{
    struct fixture *fixture = *state;
    ask_comparison(fixture, &none, &fast);
    const struct gate_result *result = finish(fixture);
    assert_int_equal(result->state, GATE_RESULT_INCONCLUSIVE);
    assert_int_equal(result->decision, GATE_FALLS_BACK);
    assert_int_equal(number(result, "CandidateSamples"), 0);
    ask_comparison(fixture, &slow, &slow);
    fixture->gate.metric.min_samples = 11;
    assert_int_equal(finish(fixture)->state, GATE_RESULT_INCONCLUSIVE);
}

static void one_side_without_an_answer_is_an_error_at_once(void **state)
{
    struct fixture *fixture = *state;
    ask_comparison(fixture, &silent, &busy);
    assert_result(finish(fixture), GATE_RESULT_ERROR, GATE_FALLS_BACK,
                  "stable: HTTP 503, expected 200");
    ask_comparison(fixture, &busy, &silent);
    assert_result(finish(fixture), GATE_RESULT_ERROR, GATE_FALLS_BACK,
                  "candidate: HTTP 503, expected 200");
    /* Cancelled while one has answered and the other has not. */
    ask_comparison(fixture, &slow, &silent);
    LOOP_UNTIL(&fixture->loop, fixture->stub.requests == 2 && fixture->stub.open == 1);
    for (unsigned i = 0; i < 10; i++) {
        loop_fixture_turn(&fixture->loop);
    }
    gate_cancel(fixture->run);
    LOOP_UNTIL(&fixture->loop, fixture->stub.open == 0);
    assert_int_equal(fixture->done, 0);
}

static void a_hold_waits_for_samples_that_are_still_coming(void **state)
{
    struct fixture *fixture = *state;
    fixture->context.is_in_hold = true;
    fixture->context.since_ms = NOW_MS - 60000;
    ask_comparison(fixture, &none, &fast);
    assert_int_equal(finish(fixture)->decision, GATE_ASKS_AGAIN);
    fixture->context.since_ms = NOW_MS - 300000;
    ask_comparison(fixture, &none, &fast);
    assert_int_equal(finish(fixture)->decision, GATE_FALLS_BACK);
    fixture->context.is_in_hold = false;
    fixture->context.since_ms = NOW_MS - 60000;
    ask_comparison(fixture, &none, &fast);
    assert_int_equal(finish(fixture)->decision, GATE_FALLS_BACK);
    /* Who does worse all the same is not waited for. */
    fixture->context.is_in_hold = true;
    ask_comparison(fixture, &slow, &fast);
    assert_int_equal(finish(fixture)->decision, GATE_FALLS_BACK);
}

static void a_pair_that_is_tried_again_leaves_nothing_behind(void **state)
{
    struct fixture *fixture = *state;
    ask_comparison(fixture, &silent, &busy);
    is_first_pair = true;
    fixture->stub.choose = choose_by_pair;
    fixture->gate.retries = 1;
    fixture->gate.interval_ms = 100;
    /* The one that is silent is gone before the next try, and when that has its answers. */
    LOOP_UNTIL(&fixture->loop, fixture->stub.accepted == 2 && fixture->stub.open == 0);
    assert_int_equal(fixture->done, 0);
    const struct gate_result *result = finish(fixture);
    assert_int_equal(result->state, GATE_RESULT_PASS);
    assert_int_equal(number(result, "Attempts"), 2);
    assert_int_equal(fixture->stub.accepted, 4);
}

static void assert_range(struct fixture *fixture, double start_s, double end_s)
{
    double found_start_s = 0;
    double found_end_s = 0;
    const char *at = strstr(fixture->stub.last_request, "&start=");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "&start=%lf&end=%lf&step=5.000", &found_start_s, &found_end_s), 2);
    /* What passes during the test is added to the time. */
    assert_true(found_start_s >= start_s - 0.0005 && found_start_s < start_s + 20);
    assert_true(found_end_s >= end_s - 0.0005 && found_end_s < end_s + 20);
}

static void samples_are_of_the_window_and_since_the_shift(void **state)
{
    struct fixture *fixture = *state;
    ask_comparison(fixture, &fast, &slow);
    finish(fixture);
    assert_range(fixture, NOW_MS / 1000.0 - 300, NOW_MS / 1000.0);
    fixture->context.since_ms = NOW_MS - 60000;
    ask_comparison(fixture, &fast, &slow);
    finish(fixture);
    assert_range(fixture, NOW_MS / 1000.0 - 60, NOW_MS / 1000.0);
    fixture->context.since_ms = NOW_MS + 600000;
    ask_comparison(fixture, &fast, &slow);
    finish(fixture);
    assert_range(fixture, NOW_MS / 1000.0, NOW_MS / 1000.0);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_webhook_that_passes_lets_the_rollout_go_on),
        WITH_FIXTURE(a_webhook_is_told_who_asks),
        WITH_FIXTURE(a_webhook_that_fails_falls_back_without_another_try),
        WITH_FIXTURE(at_a_step_it_is_asked_again_while_it_waits),
        WITH_FIXTURE(in_a_hold_waiting_is_left_to_the_hold),
        WITH_FIXTURE(errors_are_tried_again_so_often_and_no_more),
        WITH_FIXTURE(tries_keep_their_distance),
        WITH_FIXTURE(what_follows_from_errors_is_configured),
        WITH_FIXTURE(a_gate_that_never_answers_ends_in_its_time_out),
        WITH_FIXTURE(the_deadline_ends_whatever_goes_on),
        WITH_FIXTURE(a_gate_without_a_deadline_asks_once),
        WITH_FIXTURE(what_is_no_answer_is_an_error_with_a_text),
        WITH_FIXTURE(a_refused_connection_is_an_error),
        cmocka_unit_test(texts_from_outside_are_cut_and_clean),
        WITH_FIXTURE(a_request_is_signed_with_the_secret),
        WITH_FIXTURE(without_its_secret_nothing_is_asked),
        WITH_FIXTURE(a_run_can_be_cancelled_at_every_moment),
        WITH_FIXTURE(the_client_may_be_closed_when_a_run_is_done),
        WITH_FIXTURE(a_metric_has_its_limits),
        WITH_FIXTURE(no_value_is_inconclusive),
        WITH_FIXTURE(a_candidate_that_does_worse_fails_with_numbers),
        WITH_FIXTURE(the_direction_decides_what_is_worse),
        WITH_FIXTURE(too_few_samples_are_inconclusive),
        WITH_FIXTURE(one_side_without_an_answer_is_an_error_at_once),
        WITH_FIXTURE(a_hold_waits_for_samples_that_are_still_coming),
        WITH_FIXTURE(a_pair_that_is_tried_again_leaves_nothing_behind),
        WITH_FIXTURE(samples_are_of_the_window_and_since_the_shift),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
