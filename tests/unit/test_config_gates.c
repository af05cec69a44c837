/* SPDX-License-Identifier: BSD-2-Clause */
/* The gates of a rollout in the configuration: what is read, and each refusal with its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "tests/unit/config_text.h"

/* Lines 1 to 10; the keys of the gate begin in line 11. */
#define TOP                                                                                        \
    "server: { listen: [127.0.0.1@5300] }\n"                                                       \
    "control: { socket: s, state: t }\n"                                                           \
    "zones: [{ name: example.org, file: z }]\n"                                                    \
    "record_sets:\n"                                                                               \
    "  - { name: a, type: A, members: [{ id: b, weight: 1, values: [a] },\n"                       \
    "      { id: g, weight: 0, values: [b] }] }\n"                                                 \
    "rollouts:\n"                                                                                  \
    "  - { name: r, cluster: c, record_set: a/A, gates: [\n"
#define BOTTOM        " ] }\n"
#define GATE(keys)    TOP "\n    {\n" keys "\n    }" BOTTOM
#define WEBHOOK(keys) GATE("name: g, type: webhook, url: \"https://ci.example\",\n" keys)
#define THRESHOLD(keys)                                                                            \
    GATE("name: g, type: metric, url: \"http://p:9090\", query: up, max: 1,\n" keys)
#define COMPARISON(keys)                                                                           \
    GATE("name: g, type: metric, url: \"http://p\", candidate_query: c, stable_query: s, worse: "  \
         "higher,\n" keys)
#define APPROVAL(keys) GATE("name: g, type: approval, deadline: 4h,\n" keys)

/* In line 12, which is what the macros add. */
#define refuse(text, message)                                                                      \
    config_text_refused(text, "dir/x.yaml:12: rollouts[0].gates[0]" message, __FILE__, __LINE__)
static void every_key_of_a_webhook_is_read(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config = config_text_good(
        GATE("name: smoke, type: webhook, url: \"https://ci.example/{rollout}?m={candidate}\",\n"
             "secret_file: smoke.key, ca_file: /ca.pem, timeout: 3s, retries: 0, interval: 20s,\n"
             "deadline: 1h, when: both, on_error: wait, on_deadline: continue"));
    const struct config_gate *gate = &config->rollouts[0].gates[0];
    assert_int_equal(config->rollouts[0].gate_count, 1);
    assert_string_equal(gate->name, "smoke");
    assert_int_equal(gate->type, GATE_TYPE_WEBHOOK);
    assert_string_equal(gate->url, "https://ci.example/{rollout}?m={candidate}");
    assert_string_equal(gate->secret_file, "dir/smoke.key");
    assert_string_equal(gate->ca_file, "/ca.pem");
    assert_int_equal(gate->timeout_ms, 3000);
    assert_int_equal(gate->retries, 0);
    assert_int_equal(gate->interval_ms, 20000);
    assert_int_equal(gate->deadline_ms, 3600000);
    assert_true(gate->is_at_step && gate->is_in_holds);
    assert_int_equal(gate->on_error, GATE_OTHERWISE_WAIT);
    assert_int_equal(gate->on_deadline, GATE_OTHERWISE_CONTINUE);
    assert_int_equal(gate->line, 10);
}

static void what_is_not_said_has_its_default(void **state)
{
    (void)state;
    CLEANUP(config_freep) struct config *config = config_text_good(WEBHOOK(""));
    const struct config_gate *gate = &config->rollouts[0].gates[0];
    assert_null(gate->secret_file);
    assert_null(gate->ca_file);
    assert_int_equal(gate->timeout_ms, 10000);
    assert_int_equal(gate->retries, 3);
    assert_int_equal(gate->interval_ms, 10000);
    assert_int_equal(gate->deadline_ms, 300000);
    assert_true(gate->is_at_step && !gate->is_in_holds);
    assert_int_equal(gate->on_error, GATE_OTHERWISE_FALL_BACK);
    assert_int_equal(gate->on_deadline, GATE_OTHERWISE_FALL_BACK);

    CLEANUP(config_freep) struct config *second = config_text_good(COMPARISON("when: holds"));
    gate = &second->rollouts[0].gates[0];
    assert_true(!gate->is_at_step && gate->is_in_holds);
    assert_int_equal(gate->deadline_ms, 0);
    assert_int_equal(gate->on_inconclusive, GATE_OTHERWISE_WAIT);
    assert_int_equal(gate->metric.window_ms, 300000);
    assert_int_equal(gate->metric.resolution_ms, 5000);
    assert_true(gate->metric.significance > 0.0499 && gate->metric.significance < 0.0501);
    assert_true(gate->metric.effect > 0.1469 && gate->metric.effect < 0.1471);
    assert_int_equal(gate->metric.min_samples, 10);
    assert_false(gate->metric.is_lower_worse);

    CLEANUP(config_freep) struct config *third = config_text_good(TOP BOTTOM);
    assert_int_equal(third->rollouts[0].gate_count, 0);
}

static void every_key_of_a_metric_is_read(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config = config_text_good(
        TOP "{ name: errors, type: metric, url: \"http://p:9090/prefix//\", min: -1e-3, max: 0.5,\n"
            "  query: 'up{m=\"{candidate}\"}', token_file: t, on_inconclusive: continue },\n"
            "{ name: slower, type: metric, url: \"https://[::1]:9090\", candidate_query: c,\n"
            "  stable_query: s, window: 10m, resolution: 30s, significance: 0.01, effect: 0.33,\n"
            "  min_samples: 21, worse: lower, on_inconclusive: fall_back }\n" BOTTOM);
    const struct config_gate *gate = &config->rollouts[0].gates[0];
    assert_int_equal(gate->type, GATE_TYPE_THRESHOLD);
    assert_string_equal(gate->url, "http://p:9090/prefix");
    assert_string_equal(gate->token_file, "dir/t");
    assert_string_equal(gate->metric.query, "up{m=\"{candidate}\"}");
    assert_true(gate->metric.has_min && gate->metric.has_max);
    assert_true(gate->metric.min < -0.00099 && gate->metric.min > -0.00101);
    assert_true(gate->metric.max > 0.499 && gate->metric.max < 0.501);
    assert_int_equal(gate->on_inconclusive, GATE_OTHERWISE_CONTINUE);
    gate = &config->rollouts[0].gates[1];
    assert_int_equal(gate->type, GATE_TYPE_COMPARISON);
    assert_string_equal(gate->url, "https://[::1]:9090");
    assert_string_equal(gate->metric.candidate_query, "c");
    assert_string_equal(gate->metric.stable_query, "s");
    assert_int_equal(gate->metric.window_ms, 600000);
    assert_int_equal(gate->metric.resolution_ms, 30000);
    assert_true(gate->metric.significance > 0.0099 && gate->metric.significance < 0.0101);
    assert_true(gate->metric.effect > 0.329 && gate->metric.effect < 0.331);
    assert_int_equal(gate->metric.min_samples, 21);
    assert_true(gate->metric.is_lower_worse);
    assert_int_equal(gate->on_inconclusive, GATE_OTHERWISE_FALL_BACK);
}

static void an_approval_has_a_deadline(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config = config_text_good(APPROVAL("on_deadline: continue"));
    const struct config_gate *gate = &config->rollouts[0].gates[0];
    assert_int_equal(gate->type, GATE_TYPE_APPROVAL);
    assert_int_equal(gate->deadline_ms, 4 * 3600 * 1000);
    assert_int_equal(gate->on_deadline, GATE_OTHERWISE_CONTINUE);
    assert_true(gate->is_at_step && !gate->is_in_holds);
    config_text_refused(
        GATE("name: g, type: approval"),
        "dir/x.yaml:10: rollouts[0].gates[0]: the key deadline is missing, expected the time "
        "that an operator has in a gate of type approval",
        __FILE__, __LINE__);
}

static void an_approval_is_for_the_end_of_a_hold(void **state)
{
    (void)state;
    refuse(APPROVAL("when: holds"), ".when: found holds in a gate of type approval, expected step: "
                                    "it is asked for when a hold is over");
    refuse(APPROVAL("when: both"), ".when: found both in a gate of type approval, expected step: "
                                   "it is asked for when a hold is over");
    refuse(APPROVAL("url: \"http://x\""),
           ".url: found in a gate of type approval, expected only with type webhook or metric");
    refuse(APPROVAL("interval: 5s"), ".interval: found in a gate of type approval, expected only "
                                     "with type webhook, metric or traffic");
    refuse(APPROVAL("on_error: continue"), ".on_error: found in a gate of type approval, expected "
                                           "only with type webhook or metric");
    refuse(APPROVAL("on_deadline: wait"),
           ".on_deadline: found \"wait\", expected one of: fall_back, continue");
}

static void a_type_has_its_keys_and_no_others(void **state)
{
    (void)state;
    config_text_refused(
        GATE("name: g, type: webhook"),
        "dir/x.yaml:10: rollouts[0].gates[0]: the key url is missing, expected where to ask "
        "in a gate of type webhook",
        __FILE__, __LINE__);
    config_text_refused(
        GATE("name: g, type: health"),
        "dir/x.yaml:11: rollouts[0].gates[0].type: found \"health\", expected one of: "
        "webhook, metric, approval, traffic",
        __FILE__, __LINE__);
    refuse(WEBHOOK("query: up"),
           ".query: found in a gate of type webhook, expected only with type metric");
    refuse(WEBHOOK("token_file: t"),
           ".token_file: found in a gate of type webhook, expected only with type metric");
    refuse(WEBHOOK("on_inconclusive: wait"),
           ".on_inconclusive: found in a gate of type webhook, expected only with type metric or "
           "traffic");
    refuse(WEBHOOK("max: 1"), ".max: found in a gate of type webhook, expected only beside query");
    refuse(THRESHOLD("secret_file: s"), ".secret_file: found in a gate of type metric with a "
                                        "query, expected only with type webhook");
    refuse(THRESHOLD("window: 5m"), ".window: found in a gate of type metric with a query, "
                                    "expected only beside candidate_query and stable_query");
    refuse(COMPARISON("max: 1"), ".max: found in a gate of type metric that compares two queries, "
                                 "expected only beside query");
}

static void a_metric_has_one_query_or_two(void **state)
{
    (void)state;
    const char *neither = "dir/x.yaml:10: rollouts[0].gates[0]: found neither query and "
                          "candidate_query with stable_query, expected one of them in a gate of "
                          "type metric";
    const char *both = "dir/x.yaml:10: rollouts[0].gates[0]: found both query and "
                       "candidate_query with stable_query, expected one of them in a gate of "
                       "type metric";
    config_text_refused(GATE("name: g, type: metric, url: \"http://p\""), neither, __FILE__,
                        __LINE__);
    config_text_refused(COMPARISON("query: up"), both, __FILE__, __LINE__);
    config_text_refused(THRESHOLD("stable_query: up"), both, __FILE__, __LINE__);
    config_text_refused(
        GATE("name: g, type: metric, url: \"http://p\", stable_query: s, worse: lower"),
        "dir/x.yaml:10: rollouts[0].gates[0]: the key candidate_query is missing, expected "
        "the query for the candidate's samples in a gate of type metric that compares two "
        "queries",
        __FILE__, __LINE__);
    config_text_refused(
        GATE("name: g, type: metric, url: \"http://p\", candidate_query: s, worse: lower"),
        "dir/x.yaml:10: rollouts[0].gates[0]: the key stable_query is missing, expected the "
        "query for the stable member's samples in a gate of type metric that compares two "
        "queries",
        __FILE__, __LINE__);
    config_text_refused(
        GATE("name: g, type: metric, url: \"http://p\", candidate_query: c, stable_query: s"),
        "dir/x.yaml:10: rollouts[0].gates[0]: the key worse is missing, expected higher or "
        "lower, as the values of a candidate that does worse are, in a gate of type metric "
        "that compares two queries",
        __FILE__, __LINE__);
    config_text_refused(
        GATE("name: g, type: metric, url: \"http://p\", query: up"),
        "dir/x.yaml:10: rollouts[0].gates[0]: found neither min nor max, expected one of "
        "them or both beside query",
        __FILE__, __LINE__);
    refuse(THRESHOLD("min: 2"), ".min: found 2, expected at most max (1)");
    refuse(THRESHOLD("min: 0x1"), ".min: found \"0x1\", expected a number such as 0.05");
    refuse(THRESHOLD("min: nan"), ".min: found \"nan\", expected a number such as 0.05");
    refuse(THRESHOLD("min: 1e999"), ".min: found \"1e999\", expected a number such as 0.05");
    refuse(THRESHOLD("min: 1-1"), ".min: found \"1-1\", expected a number such as 0.05");
}

static void a_comparison_can_come_to_a_verdict(void **state)
{
    (void)state;
    refuse(COMPARISON("significance: 0"),
           ".significance: found 0, expected more than 0 and less than 1");
    refuse(COMPARISON("significance: 1"),
           ".significance: found 1, expected more than 0 and less than 1");
    refuse(COMPARISON("effect: 1.1"), ".effect: found 1.1, expected 0 to 1");
    refuse(COMPARISON("effect: -0.1"), ".effect: found -0.1, expected 0 to 1");
    refuse(GATE("name: g, type: metric, url: \"http://p\", candidate_query: c, stable_query: s,\n"
                "worse: bigger"),
           ".worse: found \"bigger\", expected one of: higher, lower");
    refuse(COMPARISON("window: 30s"),
           ".window: found room for 7 samples, expected it for min_samples (10)");
    refuse(COMPARISON("window: 1d, resolution: 1s"),
           ".resolution: found 86401 samples in a window, expected at most 10000");
    refuse(COMPARISON("window: 2d"), ".window: found 2d, expected 1s to 1d");
    refuse(COMPARISON("min_samples: 0"),
           ".min_samples: found \"0\", expected a whole number from 1 to 1000");
    refuse(COMPARISON("on_inconclusive: pass"),
           ".on_inconclusive: found \"pass\", expected one of: fall_back, continue, wait");
    config_free(config_text_good(COMPARISON("window: 45s")));
}

static void urls_are_what_can_be_asked(void **state)
{
    (void)state;
#define URL(url) GATE("name: g, type: webhook,\nurl: \"" url "\"")
    const char *const wrong[] = {"ftp://x",       "ci.example/hook", "http://",    "http:///x",
                                 "https://:443/", "http://a b",      "http://a/#f"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        CLEANUP(alloc_freep)
        char *text = alloc_printf(GATE("name: g, type: webhook,\nurl: \"%s\""), wrong[i]);
        CLEANUP(alloc_freep)
        char *expected = alloc_printf("dir/x.yaml:12: rollouts[0].gates[0].url: found \"%s\", "
                                      "expected http:// or https:// and a host, without spaces "
                                      "and '#'",
                                      wrong[i]);
        config_text_refused(text, expected, __FILE__, __LINE__);
    }
    refuse(URL("https://me:secret@ci.example/"),
           ".url: found a user in the URL, expected none (secrets are in files)");
    refuse(URL("https://ci.example/{candidat}"),
           ".url: found {candidat}, expected one of: {candidate}, {deployment}, {record_set}, "
           "{rollout}, {stable}, {weight}");
    config_free(config_text_good(URL("https://ci.example?to=me@example.org")));
    config_free(config_text_good(URL("http://ci.example/a@b")));
    config_text_refused(
        GATE("name: g, type: metric, url: \"http://p/?x=1\", query: up, max: 1"),
        "dir/x.yaml:11: rollouts[0].gates[0].url: found \"http://p/?x=1\", expected the URL "
        "of a Prometheus server, without a query and placeholders",
        __FILE__, __LINE__);
    config_text_refused(
        GATE("name: g, type: metric, url: \"http://p/{stable}\", query: up, max: 1"),
        "dir/x.yaml:11: rollouts[0].gates[0].url: found \"http://p/{stable}\", expected the "
        "URL of a Prometheus server, without a query and placeholders",
        __FILE__, __LINE__);
}

static void queries_have_known_placeholders_only(void **state)
{
    (void)state;
#define KNOWN                                                                                      \
    "expected one of: {candidate}, {deployment}, {record_set}, {rollout}, {stable}, {weight}"
    refuse(GATE("name: g, type: metric, url: \"http://p\", max: 1,\nquery: 'up{a=\"{member}\"}'"),
           ".query: found {member}, " KNOWN);
    refuse(GATE("name: g, type: metric, url: \"http://p\", worse: lower, stable_query: s,\n"
                "candidate_query: '{x}'"),
           ".candidate_query: found {x}, " KNOWN);
    refuse(GATE("name: g, type: metric, url: \"http://p\", worse: lower, candidate_query: s,\n"
                "stable_query: '{x}'"),
           ".stable_query: found {x}, " KNOWN);
}

static void times_fit_each_other(void **state)
{
    (void)state;
    refuse(WEBHOOK("deadline: 9s"), ".deadline: found 9s, expected at least the timeout (10s)");
    refuse(WEBHOOK("timeout: 0s"), ".timeout: found 0s, expected 100ms to 1h");
    refuse(WEBHOOK("interval: 2h"), ".interval: found 2h, expected 100ms to 1h");
    refuse(WEBHOOK("retries: 11"), ".retries: found \"11\", expected a whole number from 0 to 10");
    refuse(WEBHOOK("deadline: 400d"), ".deadline: found 400d, expected 100ms to 365d");
    refuse(WEBHOOK("when: never"), ".when: found \"never\", expected one of: step, holds, both");
    refuse(WEBHOOK("when: holds, deadline: 1m"),
           ".deadline: found in a gate that is asked in holds only, expected with when: step or "
           "both (a hold does not wait for it)");
    refuse(WEBHOOK("when: holds, on_deadline: continue"),
           ".on_deadline: found in a gate that is asked in holds only, expected with when: step or "
           "both (a hold does not wait for it)");
    refuse(GATE("name: g, type: webhook, url: \"http://x\",\nca_file: ca.pem"),
           ".ca_file: found beside a URL without TLS, expected only with https://");
}

/* The same lines, with a source of traffic in the record set. */
#define MEASURED                                                                                   \
    "server: { listen: [127.0.0.1@5300] }\n"                                                       \
    "control: { socket: s, state: t }\n"                                                           \
    "zones: [{ name: example.org, file: z }]\n"                                                    \
    "record_sets:\n"                                                                               \
    "  - { name: a, type: A, traffic: { type: prometheus, url: 'http://p' }, members: [\n"         \
    "      { id: b, weight: 1, values: [a], traffic_query: b },\n"                                 \
    "      { id: g, weight: 0, values: [b], traffic_query: g }] }\n"                               \
    "rollouts: [{ name: r, cluster: c, record_set: a/A, gates: [\n"
#define TRAFFIC(keys) MEASURED "\n    {\n    name: g, type: traffic,\n" keys "\n    } ] }]\n"

static void a_gate_of_traffic_has_a_tolerance(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config = config_text_good(TRAFFIC(
        "tolerance: 2.5, when: both, interval: 30s, deadline: 1h, on_inconclusive: continue"));
    const struct config_gate *gate = &config->rollouts[0].gates[0];
    assert_int_equal(gate->type, GATE_TYPE_TRAFFIC);
    assert_string_equal(config_gate_type_name(gate->type), "traffic");
    assert_true(gate->tolerance == 2.5);
    assert_true(gate->is_at_step && gate->is_in_holds);
    assert_int_equal(gate->interval_ms, 30000);
    assert_int_equal(gate->on_inconclusive, GATE_OTHERWISE_CONTINUE);
    CLEANUP(config_freep) struct config *least = config_text_good(TRAFFIC("deadline: 1s"));
    gate = &least->rollouts[0].gates[0];
    assert_true(gate->tolerance == 5);
    assert_true(gate->is_at_step && !gate->is_in_holds);
    assert_int_equal(gate->on_inconclusive, GATE_OTHERWISE_WAIT);
}

static void a_gate_of_traffic_can_be_answered(void **state)
{
    (void)state;
    refuse(TRAFFIC("tolerance: 100.5"),
           ".tolerance: found 100.5, expected percentage points from 0 to 100");
    refuse(TRAFFIC("tolerance: -1"),
           ".tolerance: found -1, expected percentage points from 0 to 100");
    refuse(TRAFFIC("url: \"http://x\""),
           ".url: found in a gate of type traffic, expected only with type webhook or metric");
    refuse(APPROVAL("tolerance: 5"),
           ".tolerance: found in a gate of type approval, expected only with type traffic");
    config_text_refused(
        GATE("name: g, type: traffic"),
        "dir/x.yaml:11: rollouts[0].gates[0].type: found traffic, expected it only where a "
        "record set of the rollout has a source of it (the key traffic of the record set)",
        __FILE__, __LINE__);
}

#define CLOUDWATCH(keys) GATE("name: g, type: metric, source: cloudwatch,\n" keys)

static void cloudwatch_is_asked_without_a_server(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config =
        config_text_good(CLOUDWATCH("query: q, max: 1, window: 10m, delay: 2m"));
    const struct config_gate *gate = &config->rollouts[0].gates[0];
    assert_int_equal(gate->type, GATE_TYPE_THRESHOLD);
    assert_true(gate->metric.is_cloudwatch && config_asks_aws(config));
    assert_int_equal(gate->metric.window_ms, 600000);
    assert_int_equal(gate->metric.delay_ms, 120000);
    assert_null(gate->url);
    CLEANUP(config_freep)
    struct config *two =
        config_text_good(CLOUDWATCH("candidate_query: c, stable_query: s, worse: higher"));
    assert_int_equal(two->rollouts[0].gates[0].metric.resolution_ms, 60000);
    assert_int_equal(two->rollouts[0].gates[0].metric.window_ms, 900000);
    refuse(CLOUDWATCH("query: q, max: 1, url: \"http://p\""),
           ".url: found beside cloudwatch, expected only where Prometheus is asked");
    refuse(THRESHOLD("delay: 1m"), ".delay: found with prometheus, expected only with cloudwatch");
}

static void names_are_unique_in_the_rollout(void **state)
{
    (void)state;
    config_text_refused(
        TOP "    { name: g, type: approval, deadline: 1h },\n"
            "    { name: g, type: approval, deadline: 1h }\n" BOTTOM,
        "dir/x.yaml:10: rollouts[0].gates[1].name: found gate g a second time, expected each "
        "name once in the rollout (first in line 9)",
        __FILE__, __LINE__);
}

static void a_rollout_has_so_many_gates(void **state)
{
    (void)state;
    CLEANUP(alloc_freep) char *text = alloc_string(TOP);
    for (unsigned i = 0; i < 17; i++) {
        char *more = alloc_printf("%s%s{ name: g%u, type: approval, deadline: 1h }\n", text,
                                  i == 0 ? "" : ", ", i);
        alloc_freep(&text);
        text = more;
        CLEANUP(alloc_freep) char *whole = alloc_printf("%s" BOTTOM, text);
        if (i < 16) {
            CLEANUP(config_freep) struct config *config = config_text_good(whole);
            assert_int_equal(config->rollouts[0].gate_count, i + 1);
        } else {
            config_text_refused(
                whole,
                "dir/x.yaml:8: rollouts[0].gates: found too many entries, expected at "
                "most 16",
                __FILE__, __LINE__);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_of_a_webhook_is_read),
        cmocka_unit_test(what_is_not_said_has_its_default),
        cmocka_unit_test(every_key_of_a_metric_is_read),
        cmocka_unit_test(an_approval_has_a_deadline),
        cmocka_unit_test(an_approval_is_for_the_end_of_a_hold),
        cmocka_unit_test(a_type_has_its_keys_and_no_others),
        cmocka_unit_test(a_metric_has_one_query_or_two),
        cmocka_unit_test(a_comparison_can_come_to_a_verdict),
        cmocka_unit_test(urls_are_what_can_be_asked),
        cmocka_unit_test(queries_have_known_placeholders_only),
        cmocka_unit_test(times_fit_each_other),
        cmocka_unit_test(a_gate_of_traffic_has_a_tolerance),
        cmocka_unit_test(a_gate_of_traffic_can_be_answered),
        cmocka_unit_test(cloudwatch_is_asked_without_a_server),
        cmocka_unit_test(names_are_unique_in_the_rollout),
        cmocka_unit_test(a_rollout_has_so_many_gates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
