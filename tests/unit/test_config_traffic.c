/* SPDX-License-Identifier: BSD-2-Clause */
/* A record set's traffic in the configuration: what is read, and each refusal with its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "tests/unit/config_text.h"
#include "tests/unit/near.h"

/* Lines 1 to 5; what a test says about traffic is in line 6, members in 7 and 8. */
#define TOP                                                                                        \
    "server: { listen: [127.0.0.1@5300] }\n"                                                       \
    "control: { socket: s, state: t }\n"                                                           \
    "zones: [{ name: example.org, file: z }]\n"                                                    \
    "record_sets:\n"                                                                               \
    "  - { name: a, type: A,\n"
#define TWO(blue, green)                                                                           \
    "      members: [{ id: b, weight: 1, values: [a]" blue " },\n"                                 \
    "                { id: g, weight: 0, values: [b]" green " }] }\n"
#define MEMBERS                TWO(", traffic_query: 'sum(x)'", ", traffic_query: y")
#define TRAFFIC(keys)          TOP "      traffic: { " keys " },\n" MEMBERS
#define SOURCE                 "type: prometheus, url: 'http://p:9090'"
#define refuse(text, expected) config_text_refused(text, "dir/x.yaml:" expected, __FILE__, __LINE__)

static void every_key_is_read(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config = config_text_good(
        TRAFFIC("type: prometheus, url: 'https://p/x//', ca_file: ca.pem, token_file: /t, "
                "interval: 30s, timeout: 7s, window: 5m, min_rate: 0.25"));
    const struct config_traffic *traffic = config->record_sets[0].traffic;
    assert_string_equal(traffic->url, "https://p/x");
    assert_string_equal(traffic->ca_file, "dir/ca.pem");
    assert_string_equal(traffic->token_file, "/t");
    assert_int_equal(traffic->interval_ms, 30000);
    assert_int_equal(traffic->timeout_ms, 7000);
    assert_int_equal(traffic->window_ms, 300000);
    assert_near(traffic->min_rate, 0.25, 0);
    assert_int_equal(traffic->line, 6);
    assert_string_equal(config->record_sets[0].members[0].traffic_query, "sum(x)");
    assert_string_equal(config->record_sets[0].members[1].traffic_query, "y");
}

static void what_is_not_said_has_its_default(void **state)
{
    (void)state;
    CLEANUP(config_freep) struct config *config = config_text_good(TRAFFIC(SOURCE));
    const struct config_traffic *traffic = config->record_sets[0].traffic;
    assert_null(traffic->ca_file);
    assert_null(traffic->token_file);
    assert_int_equal(traffic->interval_ms, 15000);
    assert_int_equal(traffic->timeout_ms, 5000);
    assert_int_equal(traffic->window_ms, 60000);
    assert_near(traffic->min_rate, 1, 0);
    CLEANUP(config_freep) struct config *quick = config_text_good(TRAFFIC(SOURCE ", interval: 2s"));
    assert_int_equal(quick->record_sets[0].traffic->timeout_ms, 2000);
    CLEANUP(config_freep) struct config *none = config_text_good(TOP TWO("", ""));
    assert_null(none->record_sets[0].traffic);
    assert_null(none->record_sets[0].members[0].traffic_query);
}

static void cloudwatch_is_asked_without_a_server(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config = config_text_good(TRAFFIC("type: cloudwatch, delay: 2m, interval: 60s"));
    assert_true(config->record_sets[0].traffic->is_cloudwatch);
    assert_int_equal(config->record_sets[0].traffic->delay_ms, 120000);
    assert_null(config->record_sets[0].traffic->url);
    assert_true(config_asks_aws(config));
    refuse(TRAFFIC("type: cloudwatch, url: 'http://p'"),
           "6: record_sets[0].traffic.url: found beside cloudwatch, expected only where Prometheus "
           "is asked");
    refuse(TRAFFIC(SOURCE ", delay: 1m"),
           "6: record_sets[0].traffic.delay: found with prometheus, expected only with cloudwatch");
    refuse(TRAFFIC("type: prometheus"), "6: record_sets[0].traffic: the key url is missing, "
                                        "expected the Prometheus server's");
}

static void wrong_values_are_refused(void **state)
{
    (void)state;
    refuse(TRAFFIC("type: statsd, url: 'http://p'"),
           "6: record_sets[0].traffic.type: found \"statsd\", expected one of: prometheus, "
           "cloudwatch");
    refuse(TRAFFIC("type: prometheus, url: p"),
           "6: record_sets[0].traffic.url: found \"p\", expected http:// or https:// and a host, "
           "without spaces and '#'");
    refuse(TRAFFIC("type: prometheus, url: 'http://p/?x'"),
           "6: record_sets[0].traffic.url: found \"http://p/?x\", expected the URL of a Prometheus "
           "server, without a query and placeholders");
    refuse(TRAFFIC(SOURCE ", ca_file: c"),
           "6: record_sets[0].traffic.ca_file: found beside a URL without TLS, expected only with "
           "https://");
    refuse(TRAFFIC(SOURCE ", interval: 999ms"), "6: record_sets[0].traffic.interval: found 999ms, "
                                                "expected 1s to 1h");
    refuse(TRAFFIC(SOURCE ", interval: 4s, timeout: 5s"),
           "6: record_sets[0].traffic.timeout: found 5s, expected at most the interval (4s)");
    refuse(TRAFFIC(SOURCE ", timeout: 99ms"), "6: record_sets[0].traffic.timeout: found 99ms, "
                                              "expected 100ms to 1h");
    refuse(TRAFFIC(SOURCE ", window: 2d"), "6: record_sets[0].traffic.window: found 2d, expected "
                                           "1s to 1d");
    refuse(TRAFFIC(SOURCE ", min_rate: -0.5"), "6: record_sets[0].traffic.min_rate: found -0.5, "
                                               "expected requests per second, 0 or more");
}

static void a_source_and_queries_belong_together(void **state)
{
    (void)state;
    refuse(TOP "      traffic: { " SOURCE " },\n" TWO(", traffic_query: x", ""),
           "8: record_sets[0].members[1]: the key traffic_query is missing, expected the query for "
           "the member's requests per second, since the record set has traffic");
    refuse(TOP TWO("", ", traffic_query: x"),
           "7: record_sets[0].members[1].traffic_query: found in a record set without traffic, "
           "expected only beside it");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(what_is_not_said_has_its_default),
        cmocka_unit_test(cloudwatch_is_asked_without_a_server),
        cmocka_unit_test(wrong_values_are_refused),
        cmocka_unit_test(a_source_and_queries_belong_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
