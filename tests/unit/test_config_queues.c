/* SPDX-License-Identifier: BSD-2-Clause */
/* The queues of `aws` in the configuration: what is read, and each refusal with its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "tests/unit/config_text.h"

/* The queues are in line 5. */
#define TOP                                                                                        \
    "server: { listen: [127.0.0.1@5300] }\n"                                                       \
    "control: { socket: s, state: t }\n"                                                           \
    "zones: [{ name: example.org, file: z }]\n"                                                    \
    "aws:\n"
#define QUEUES(queues) TOP "  queues: [" queues "]\n"
#define QUEUE(keys)    QUEUES("{ url: \"https://sqs.eu-west-1.amazonaws.com/1/q\", " keys "}")

#define refuse(text, message) config_text_refused(text, "dir/x.yaml:" message, __FILE__, __LINE__)
static void every_key_of_a_queue_is_read(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config = config_text_good(
        QUEUES("{ url: \"https://sqs.eu-west-1.amazonaws.com/1/q\", protocol: query, wait: 5s,"
               " visibility: 2m }, { url: \"http://127.0.0.1:9324/queue/r\", protocol: json }"));
    assert_int_equal(config->aws.queue_count, 2);
    const struct config_queue *queue = &config->aws.queues[0];
    assert_string_equal(queue->url, "https://sqs.eu-west-1.amazonaws.com/1/q");
    assert_int_equal(queue->protocol, QUEUE_PROTOCOL_QUERY);
    assert_int_equal(queue->wait_ms, 5000);
    assert_int_equal(queue->visibility_ms, 120000);
    assert_int_equal(queue->line, 5);
    assert_int_equal(config->aws.queues[1].protocol, QUEUE_PROTOCOL_JSON);
    assert_int_equal(config->aws.line, 4);
}

static void what_is_not_said_has_its_default(void **state)
{
    (void)state;
    CLEANUP(config_freep) struct config *config = config_text_good(QUEUE(""));
    assert_int_equal(config->aws.queues[0].protocol, QUEUE_PROTOCOL_AUTO);
    assert_int_equal(config->aws.queues[0].wait_ms, 20000);
    assert_int_equal(config->aws.queues[0].visibility_ms, 60000);
}

static void a_url_that_names_no_queue_is_refused(void **state)
{
    (void)state;
    refuse(QUEUES("{ url: \"https://sqs.example\" }"),
           "5: aws.queues[0].url: found \"https://sqs.example\", expected the URL of a queue, "
           "which ends with its name");
    refuse(QUEUES("{ url: \"https://sqs.example/1/\" }"),
           "5: aws.queues[0].url: found \"https://sqs.example/1/\", expected the URL of a queue, "
           "which ends with its name");
    refuse(QUEUES("{ url: \"https://sqs.example/1/q?a=b\" }"),
           "5: aws.queues[0].url: found \"https://sqs.example/1/q?a=b\", expected the URL of a "
           "queue, which ends with its name");
    refuse(QUEUES("{ url: \"http://a/1/q\" }, { url: \"http://a/1/q\" }"),
           "5: aws.queues[1].url: found http://a/1/q a second time, expected each queue once "
           "(first in line 5)");
}

static void values_out_of_range_are_refused(void **state)
{
    (void)state;
    refuse(QUEUE("protocol: xml"), "5: aws.queues[0].protocol: found \"xml\", expected one of: "
                                   "auto, json, query");
    refuse(QUEUE("wait: 21s"), "5: aws.queues[0].wait: found 21s, expected 1s to 20s");
    refuse(QUEUE("wait: 0s"), "5: aws.queues[0].wait: found 0s, expected 1s to 20s");
    refuse(QUEUE("wait: 1500ms"), "5: aws.queues[0].wait: found 1500ms, expected whole seconds");
    refuse(QUEUE("visibility: 1s"), "5: aws.queues[0].visibility: found 1s, expected 2s to 12h");
    refuse(QUEUE("visibility: 13h"), "5: aws.queues[0].visibility: found 13h, expected 2s to 12h");
}

static void ecs_is_asked_when_it_is_there(void **state)
{
    (void)state;
    CLEANUP(config_freep) struct config *without = config_text_good(QUEUE(""));
    assert_int_equal(without->aws.ecs_interval_ms, 0);
    CLEANUP(config_freep) struct config *with = config_text_good(TOP "  ecs: {}\n");
    assert_int_equal(with->aws.ecs_interval_ms, 60000);
    CLEANUP(config_freep) struct config *often = config_text_good(TOP "  ecs: { interval: 5s }\n");
    assert_int_equal(often->aws.ecs_interval_ms, 5000);
    refuse(TOP "  ecs: { interval: 2h }\n", "5: aws.ecs.interval: found 2h, expected 1s to 1h");
}

#define ROLLOUT(keys)                                                                              \
    "record_sets:\n"                                                                               \
    "  - { name: a, type: A, members: [{ id: b, weight: 1, values: [a] },\n"                       \
    "      { id: g, weight: 0, values: [b] }] }\n"                                                 \
    "rollouts:\n"                                                                                  \
    "  - { name: r, cluster: c, record_set: a/A, " keys " }\n"

static void all_running_needs_somebody_who_says_how_many(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config = config_text_good(TOP "  ecs: {}\n" ROLLOUT("min_running: all"));
    assert_int_equal(config->rollouts[0].min_running, CONFIG_ALL_RUNNING);
    refuse(TOP "  region: r\n" ROLLOUT("min_running: all"),
           "10: rollouts[0].min_running: found all, expected it with aws.ecs, which says how many "
           "there are");
    refuse(TOP "  ecs: {}\n" ROLLOUT("min_running: some"),
           "10: rollouts[0].min_running: found \"some\", expected a whole number from 1 to 10000");
    refuse(TOP "  ecs: {}\n" ROLLOUT("min_running: 0"),
           "10: rollouts[0].min_running: found \"0\", expected a whole number from 1 to 10000");
}

static void a_pause_hook_needs_aws_and_gates_that_answer(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config = config_text_good(TOP "  region: r\n" ROLLOUT("pause_hook: true"));
    assert_true(config->rollouts[0].has_pause_hook);
    CLEANUP(config_freep)
    struct config *without = config_text_good(TOP "  region: r\n" ROLLOUT(""));
    assert_false(without->rollouts[0].has_pause_hook);
    refuse("server: { listen: [127.0.0.1@5300] }\n"
           "control: { socket: s, state: t }\n"
           "zones: [{ name: example.org, file: z }]\n" ROLLOUT("pause_hook: true"),
           "8: rollouts[0].pause_hook: found true, expected it with aws, by which ECS is answered");
    refuse(TOP "  region: r\n" ROLLOUT(
               "pause_hook: true, gates: [{ name: boss, type: approval, deadline: 1h }]"),
           "10: rollouts[0].pause_hook: found true with gate boss, expected no gate of type "
           "approval: nobody is asked for a hook");
    refuse(TOP "  region: r\n" ROLLOUT("pause_hook: maybe"),
           "10: rollouts[0].pause_hook: found \"maybe\", expected true or false");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_of_a_queue_is_read),
        cmocka_unit_test(what_is_not_said_has_its_default),
        cmocka_unit_test(a_url_that_names_no_queue_is_refused),
        cmocka_unit_test(values_out_of_range_are_refused),
        cmocka_unit_test(ecs_is_asked_when_it_is_there),
        cmocka_unit_test(a_pause_hook_needs_aws_and_gates_that_answer),
        cmocka_unit_test(all_running_needs_somebody_who_says_how_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
