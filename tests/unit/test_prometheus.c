/* SPDX-License-Identifier: BSD-2-Clause */
/* Prometheus' answers as numbers, and queries to a server that answers as it is told. The answers
 * are those of Prometheus' documentation of its HTTP API, and what goes wrong with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <math.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "control/prometheus.h"
#include "tests/unit/loop_fixture.h"
#include "tests/unit/web_stub.h"

#define VECTOR(elements)                                                                           \
    "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[" elements "]}}"
#define MATRIX(series)                                                                             \
    "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[" series "]}}"
#define SCALAR(sample)                                                                             \
    "{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":" sample "}}"
#define ELEMENT(value) "{\"metric\":{\"job\":\"a\"},\"value\":[1435781451.781,\"" value "\"]}"

static bool is_near(double found, double expected)
{
    return fabs(found - expected) <= 1e-12 * fabs(expected);
}

#define reads_one(body, expected) reads_one_at(body, expected, __LINE__)
static void reads_one_at(const char *body, double expected, int line)
{
    struct metric_answer answer;
    prometheus_answer_read(200, body, strlen(body), &answer);
    _assert_true(answer.state == METRIC_VALUES && answer.count == 1, answer.text, __FILE__, line);
    _assert_true(answer.values[0] == expected || is_near(answer.values[0], expected), "equal",
                 __FILE__, line);
    metric_answer_done(&answer);
}

#define reads_none(status, body, state, text) reads_none_at(status, body, state, text, __LINE__)
static void reads_none_at(long status, const char *body, enum metric_state state, const char *text,
                          int line)
{
    struct metric_answer answer;
    prometheus_answer_read(status, body, strlen(body), &answer);
    _assert_string_equal(answer.text, text, __FILE__, line);
    _assert_true(answer.state == state, "state", __FILE__, line);
    _assert_true(answer.count == 0 && answer.values == NULL, "no values", __FILE__, line);
}

static void one_value_is_a_scalar_or_a_vector_of_one(void **state)
{
    (void)state;
    reads_one(VECTOR(ELEMENT("0.25")), 0.25);
    reads_one(VECTOR(ELEMENT("-1.5e-07")), -1.5e-07);
    reads_one(VECTOR(ELEMENT("+Inf")), INFINITY);
    reads_one(VECTOR(ELEMENT("-Inf")), -INFINITY);
    reads_one(SCALAR("[1435781451.781,\"3\"]"), 3);
}

static void a_range_has_its_values_in_order_without_nan(void **state)
{
    (void)state;
    const char *body = MATRIX("{\"metric\":{},\"values\":[[1,\"3\"],[2,\"NaN\"],[3,\"1\"],[4,"
                              "\"+Inf\"]]}");
    struct metric_answer answer;
    prometheus_answer_read(200, body, strlen(body), &answer);
    assert_int_equal(answer.state, METRIC_VALUES);
    assert_int_equal(answer.count, 3);
    assert_int_equal(answer.left_out, 1);
    assert_true(is_near(answer.values[0], 3) && is_near(answer.values[1], 1));
    assert_true(isinf(answer.values[2]));
    metric_answer_done(&answer);
}

static void nothing_and_nan_are_no_value(void **state)
{
    (void)state;
    reads_none(200, VECTOR(""), METRIC_NO_VALUE, "nothing matches the query");
    reads_none(200, MATRIX(""), METRIC_NO_VALUE, "nothing matches the query");
    reads_none(200, VECTOR(ELEMENT("NaN")), METRIC_NO_VALUE, "the value is NaN");
    reads_none(200, SCALAR("[1,\"NaN\"]"), METRIC_NO_VALUE, "the value is NaN");
    reads_none(200, MATRIX("{\"values\":[[1,\"NaN\"],[2,\"NaN\"]]}"), METRIC_NO_VALUE,
               "each sample is NaN");
    reads_none(200, MATRIX("{\"values\":[]}"), METRIC_NO_VALUE, "there is no sample");
}

static void several_series_are_a_mistake_in_the_query(void **state)
{
    (void)state;
    reads_none(200, VECTOR(ELEMENT("1") "," ELEMENT("2")), METRIC_FAILED,
               "found 2 series, expected one (sum or avg make one of them)");
    reads_none(200, MATRIX("{\"values\":[]},{\"values\":[]},{}"), METRIC_FAILED,
               "found 3 series, expected one (sum or avg make one of them)");
}

static void what_is_no_number_fails_with_a_text(void **state)
{
    (void)state;
    reads_none(200, VECTOR(ELEMENT("1 or so")), METRIC_FAILED,
               "found no sample, expected [time, \"number\"]");
    reads_none(200, VECTOR(ELEMENT("")), METRIC_FAILED,
               "found no sample, expected [time, \"number\"]");
    reads_none(200, VECTOR("{\"value\":[1,2]}"), METRIC_FAILED,
               "found no sample, expected [time, \"number\"]");
    reads_none(200, VECTOR("{\"value\":[1,\"2\",3]}"), METRIC_FAILED,
               "found no sample, expected [time, \"number\"]");
    reads_none(200, MATRIX("{\"values\":[[1,\"1\"],[2]]}"), METRIC_FAILED,
               "found no sample, expected [time, \"number\"]");
    reads_none(200, VECTOR("{\"metric\":{},\"histogram\":[1,{}]}"), METRIC_FAILED,
               "found a histogram, expected numbers");
    reads_none(200, VECTOR("{}"), METRIC_FAILED, "found a series without value");
    reads_none(200,
               "{\"status\":\"success\",\"data\":{\"resultType\":\"string\",\"result\":[1,"
               "\"x\"]}}",
               METRIC_FAILED, "found a string, expected numbers");
    reads_none(200, "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\"}}", METRIC_FAILED,
               "found no result, expected a list of series");
    reads_none(200, "{\"status\":\"success\"}", METRIC_FAILED,
               "found no resultType, expected an answer of Prometheus");
    reads_none(200, "[]", METRIC_FAILED, "found no status, expected an answer of Prometheus");
    reads_none(200, "{\"status\":\"succ", METRIC_FAILED,
               "the answer is no JSON: premature end of input near '\"succ'");
    reads_none(200, "", METRIC_FAILED,
               "the answer is no JSON: '[' or '{' expected near end of file");
}

static void an_error_says_what_prometheus_says(void **state)
{
    (void)state;
    reads_none(400,
               "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"invalid "
               "parameter\\n\\u001b[31m\"}",
               METRIC_FAILED, "bad_data: invalid parameter  [31m");
    reads_none(503, "{\"status\":\"error\"}", METRIC_FAILED, "error: without a reason");
    reads_none(404, "<html>", METRIC_FAILED, "HTTP 404, expected 200");
    reads_none(302, VECTOR(ELEMENT("1")), METRIC_FAILED, "HTTP 302, expected 200");
}

struct fixture {
    struct loop_fixture loop;
    struct http_client *client;
    struct web_stub stub;
    char url[64];
    struct prometheus_server server;
    struct metric_answer answer; /* without the values */
    double last;
    unsigned done;
};

static int open_fixture(void **state)
{
    struct fixture *fixture = alloc_zeroed(1, sizeof(*fixture));
    struct error err;
    loop_fixture_open(&fixture->loop);
    fixture->client = http_client_new(&fixture->loop.loop, &err);
    assert_non_null(fixture->client);
    web_stub_open(&fixture->stub, &fixture->loop.loop, "127.0.0.1", 0);
    snprintf(fixture->url, sizeof(fixture->url), "http://127.0.0.1:%u/prefix", fixture->stub.port);
    fixture->server = (struct prometheus_server){.url = fixture->url, .timeout_ms = 10000};
    *state = fixture;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *fixture = *state;
    http_client_close(fixture->client);
    web_stub_close(&fixture->stub);
    loop_fixture_close(&fixture->loop);
    free(fixture);
    return 0;
}

static void note_answer(void *argument, const struct metric_answer *answer)
{
    struct fixture *fixture = argument;
    fixture->answer = *answer;
    fixture->answer.values = NULL;
    fixture->last = answer->count > 0 ? answer->values[answer->count - 1] : 0;
    fixture->done++;
}

static struct prometheus_query *start(struct fixture *fixture, const char *promql,
                                      const struct metric_range *range)
{
    struct error err = {""};
    struct prometheus_query *query =
        prometheus_ask(fixture->client, &fixture->server, promql, 1435781451781, range, note_answer,
                       fixture, &err);
    assert_non_null(query);
    assert_int_equal(fixture->done, 0);
    return query;
}

static void ask(struct fixture *fixture, const struct web_script *script)
{
    fixture->stub.script = script;
    fixture->done = 0;
    start(fixture, "up", NULL);
    LOOP_UNTIL(&fixture->loop, fixture->done > 0);
    assert_int_equal(fixture->done, 1);
}

#define OK_HEADER "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
static const struct web_script one_value = {.pieces = {OK_HEADER VECTOR(ELEMENT("0.5"))}};

static void a_query_is_posted_as_a_form(void **state)
{
    struct fixture *fixture = *state;
    fixture->stub.script = &one_value;
    start(fixture, "up{m=\"a&b\"} + 1", NULL);
    LOOP_UNTIL(&fixture->loop, fixture->done > 0);
    assert_int_equal(fixture->answer.state, METRIC_VALUES);
    assert_true(is_near(fixture->last, 0.5));
    const char *request = fixture->stub.last_request;
    assert_memory_equal(request, "POST /prefix/api/v1/query HTTP/1.1\r\n", 36);
    assert_non_null(strstr(request, "\r\nContent-Type: application/x-www-form-urlencoded\r\n"));
    assert_non_null(strstr(request, "\r\nUser-Agent: ballast/"));
    assert_null(strstr(request, "Authorization"));
    assert_string_equal(strstr(request, "\r\n\r\n") + 4,
                        "query=up%7Bm%3D%22a%26b%22%7D%20%2B%201&time=1435781451.781");
}

static void a_range_has_its_ends_and_its_step(void **state)
{
    struct fixture *fixture = *state;
    static const struct web_script script = {
        .pieces = {OK_HEADER MATRIX("{\"values\":[[1,\"3\"],[2,\"4\"]]}")}};
    fixture->stub.script = &script;
    start(fixture, "up",
          &(struct metric_range){.start_ms = 1000001, .end_ms = 2000000, .step_ms = 5000});
    LOOP_UNTIL(&fixture->loop, fixture->done > 0);
    assert_int_equal(fixture->answer.count, 2);
    const char *request = fixture->stub.last_request;
    assert_memory_equal(request, "POST /prefix/api/v1/query_range HTTP/1.1\r\n", 42);
    assert_string_equal(strstr(request, "\r\n\r\n") + 4,
                        "query=up&start=1000.001&end=2000.000&step=5.000");
}

static void a_token_comes_from_its_file_and_is_named_nowhere(void **state)
{
    struct fixture *fixture = *state;
    char path[] = "/tmp/ballast-token-XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(write(fd, "0123456789abcdef\n", 17), 17);
    fixture->server.token_file = path;
    ask(fixture, &one_value);
    assert_non_null(
        strstr(fixture->stub.last_request, "\r\nAuthorization: Bearer 0123456789abcdef\r\n"));
    assert_int_equal(ftruncate(fd, 10), 0);
    close(fd);
    struct error err = {""};
    assert_null(prometheus_ask(fixture->client, &fixture->server, "up", 0, NULL, note_answer,
                               fixture, &err));
    CLEANUP(alloc_freep)
    char *expected =
        alloc_printf("token file %s: expected at least 16 octets in its first line", path);
    assert_string_equal(err.text, expected);
    unlink(path);
}

static void assert_failed(struct fixture *fixture, const struct web_script *script,
                          const char *text)
{
    ask(fixture, script);
    assert_string_equal(fixture->answer.text, text);
    assert_int_equal(fixture->answer.state, METRIC_FAILED);
}

static void what_goes_wrong_on_the_way_is_told(void **state)
{
    struct fixture *fixture = *state;
    assert_failed(fixture, &(struct web_script){.end = WEB_CLOSE}, "closed without an answer");
    assert_failed(fixture, &(struct web_script){.pieces = {"SSH-2.0-x\r\n"}},
                  "the answer is not HTTP");
    assert_failed(
        fixture, &(struct web_script){.pieces = {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"}},
        "closed in the middle of the answer");
    assert_failed(fixture, &(struct web_script){.pieces = {"HTTP/1.1 200 OK\r\nContent-"}},
                  "closed in the middle of the answer");
    assert_failed(fixture, &(struct web_script){.pieces = {OK_HEADER "{\"status\":"}},
                  "the answer is no JSON: unexpected token near end of file");
    fixture->server.timeout_ms = 100;
    assert_failed(fixture, &(struct web_script){.pieces = {OK_HEADER "{"}, .end = WEB_HANG},
                  "timed out after 100 ms");
}

static void an_answer_of_any_length_is_cut_off(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP(alloc_freep) char *much = alloc_zeroed(1, 65537);
    memset(much, ' ', 65536);
    struct web_script script = {.pieces = {OK_HEADER, much}, .end = WEB_ENDLESS};
    assert_failed(fixture, &script, "the answer is longer than 1048576 octets");
    assert_in_range(fixture->stub.octets_sent, 1048576, 16 << 20);
    size_t before = fixture->stub.octets_sent;
    struct web_script header = {.pieces = {"HTTP/1.1 200 OK\r\n", "X: yyyyyyyyyyyyyyyyyyyyyyy\r\n"},
                                .end = WEB_ENDLESS};
    assert_failed(fixture, &header, "the answer's header is longer than 65536 octets");
    /* libcurl has a limit of its own, which is several times ours. */
    assert_in_range(fixture->stub.octets_sent - before, 65536, 200000);
}

static void a_refused_connection_is_told(void **state)
{
    struct fixture *fixture = *state;
    struct web_stub other;
    web_stub_open(&other, &fixture->loop.loop, "127.0.0.1", 0);
    snprintf(fixture->url, sizeof(fixture->url), "http://127.0.0.1:%u", other.port);
    web_stub_close(&other);
    loop_fixture_turn(&fixture->loop);
    assert_failed(fixture, &one_value, "connection refused");
}

static void a_query_that_is_cancelled_says_nothing(void **state)
{
    struct fixture *fixture = *state;
    fixture->stub.script = &(struct web_script){.pieces = {OK_HEADER}, .end = WEB_HANG};
    prometheus_cancel(start(fixture, "up", NULL));
    struct prometheus_query *query = start(fixture, "up", NULL);
    LOOP_UNTIL(&fixture->loop, fixture->stub.requests > 0);
    prometheus_cancel(query);
    prometheus_cancel(NULL);
    LOOP_UNTIL(&fixture->loop, fixture->stub.open == 0);
    assert_int_equal(fixture->done, 0);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_value_is_a_scalar_or_a_vector_of_one),
        cmocka_unit_test(a_range_has_its_values_in_order_without_nan),
        cmocka_unit_test(nothing_and_nan_are_no_value),
        cmocka_unit_test(several_series_are_a_mistake_in_the_query),
        cmocka_unit_test(what_is_no_number_fails_with_a_text),
        cmocka_unit_test(an_error_says_what_prometheus_says),
        WITH_FIXTURE(a_query_is_posted_as_a_form),
        WITH_FIXTURE(a_range_has_its_ends_and_its_step),
        WITH_FIXTURE(a_token_comes_from_its_file_and_is_named_nowhere),
        WITH_FIXTURE(what_goes_wrong_on_the_way_is_told),
        WITH_FIXTURE(an_answer_of_any_length_is_cut_off),
        WITH_FIXTURE(a_refused_connection_is_told),
        WITH_FIXTURE(a_query_that_is_cancelled_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
