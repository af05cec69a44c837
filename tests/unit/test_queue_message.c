/* SPDX-License-Identifier: BSD-2-Clause */
/* What SQS hands out, in both protocols, what its messages carry, and what it is asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "control/queue_request.h"

#define TASK                                                                                       \
    "{\"id\":\"e1\",\"source\":\"aws.ecs\",\"detail-type\":\"ECS Task State Change\","             \
    "\"detail\":{\"taskArn\":\"arn:t\",\"version\":1,\"clusterArn\":\"arn:c/x\","                  \
    "\"desiredStatus\":\"RUNNING\",\"lastStatus\":\"RUNNING\"}}"
#define OTHER "{\"source\":\"aws.ec2\",\"detail-type\":\"Spot\",\"detail\":{}}"

static const struct config_queue config = {
    .url = "https://sqs.example/1/q", .wait_ms = 20000, .visibility_ms = 60000};

static void assert_event(const char *body, const char *id)
{
    char problem[QUEUE_PROBLEM_SIZE] = "";
    json_t *event = queue_message_event(body, problem, sizeof(problem));
    if (event == NULL) {
        fail_msg("%s: %s", body, problem);
    }
    assert_string_equal(json_string_value(json_object_get(event, "id")), id);
    json_decref(event);
}

#define assert_problem(body, expected) check_problem(body, expected, __LINE__)
static void check_problem(const char *body, const char *expected, int line)
{
    char problem[QUEUE_PROBLEM_SIZE] = "";
    json_t *event = queue_message_event(body, problem, sizeof(problem));
    _assert_true(event == NULL, body, __FILE__, line);
    _assert_string_equal(problem, expected, __FILE__, line);
}

/* The text as a JSON string. */
static char *quoted(const char *text)
{
    json_t *json = json_string(text);
    char *printed = json_dumps(json, JSON_ENCODE_ANY);
    json_decref(json);
    return printed;
}

static void an_event_is_found_raw_and_wrapped_by_sns(void **state)
{
    (void)state;
    CLEANUP(alloc_freep) char *inner = quoted(TASK);
    CLEANUP(alloc_freep)
    char *wrapped = alloc_printf("{\"Type\":\"Notification\",\"MessageId\":\"m\",\"TopicArn\":"
                                 "\"arn:aws:sns:eu-west-1:1:t\",\"Message\":%s}",
                                 inner);
    assert_event(TASK, "e1");
    assert_event(wrapped, "e1");
    assert_event(
        "{\"Id\":1,\"id\":\"e2\",\"Source\":\"custom.ecs\",\"DetailType\":\"ECS Task State "
        "Change\",\"Detail\":\"{\\\"taskArn\\\":\\\"arn:t\\\",\\\"version\\\":1,"
        "\\\"clusterArn\\\":\\\"arn:c/x\\\",\\\"desiredStatus\\\":\\\"RUNNING\\\","
        "\\\"lastStatus\\\":\\\"RUNNING\\\"}\"}",
        "e2");
}

/* Whom it concerns is for the intake to say: it is logged there, and deleted. */
static void an_event_of_others_is_an_event(void **state)
{
    (void)state;
    char problem[QUEUE_PROBLEM_SIZE];
    json_t *event = queue_message_event(OTHER, problem, sizeof(problem));
    assert_non_null(event);
    json_decref(event);
}

static void what_is_no_event_says_why(void **state)
{
    (void)state;
    assert_problem("", "the body is no JSON: '[' or '{' expected near end of file");
    assert_problem("hello", "the body is no JSON: '[' or '{' expected near 'hello'");
    assert_problem("[]", "an event is an array, expected an object");
    assert_problem("{}", "source is nothing, expected a string");
    assert_problem("{\"source\":\"aws.ecs\",\"detail-type\":\"ECS Task State Change\"}",
                   "detail is nothing, expected an object");
    assert_problem("{\"Type\":\"SubscriptionConfirmation\",\"TopicArn\":\"a\",\"Message\":\"m\"}",
                   "it is SNS's message of type SubscriptionConfirmation, expected Notification");
    assert_problem("{\"Type\":\"Notification\",\"TopicArn\":\"a\"}",
                   "the SNS notification has no text as its Message");
    assert_problem("{\"Type\":\"Notification\",\"TopicArn\":\"a\",\"Message\":\"{\"}",
                   "the SNS notification's Message is no JSON: string or '}' expected near end of "
                   "file");
    assert_problem("{\"Type\":\"Notification\",\"TopicArn\":\"a\",\"Message\":\"[1]\"}",
                   "an event is an array, expected an object");
    /* nobody's terminal gets what they wrote */
    assert_problem("{\"Type\":\"x\\u001b[2J\",\"TopicArn\":\"a\"}",
                   "it is SNS's message of type x [2J, expected Notification");
}

static bool read_text(const char *text, bool is_query, struct queue_batch *batch, struct error *err)
{
    json_t *document = text == NULL ? NULL : json_loads(text, JSON_DECODE_ANY, NULL);
    bool is_good = queue_batch_read(document, is_query, batch, err);
    json_decref(document);
    return is_good;
}

static void a_batch_is_read_as_json_has_it(void **state)
{
    (void)state;
    struct queue_batch batch;
    struct error err;
    assert_true(read_text("{\"Messages\":[{\"MessageId\":\"m1\",\"ReceiptHandle\":\"r1\",\"Body\":"
                          "\"{}\",\"Attributes\":{\"ApproximateReceiveCount\":\"3\"}},"
                          "{\"MessageId\":\"m\\u001b2\",\"ReceiptHandle\":\"r2\"}]}",
                          false, &batch, &err));
    assert_int_equal(batch.count, 2);
    assert_string_equal(batch.messages[0].id, "m1");
    assert_string_equal(batch.messages[0].receipt, "r1");
    assert_int_equal(batch.messages[0].receives, 3);
    assert_null(batch.messages[0].event);
    assert_string_equal(batch.messages[1].id, "m 2");
    assert_int_equal(batch.messages[1].receives, 0);
    assert_string_equal(batch.messages[1].problem, "it has no body");
    queue_batch_done(&batch);
}

static void a_batch_is_read_as_xml_has_it(void **state)
{
    (void)state;
    struct queue_batch batch;
    struct error err;
    /* one message is no list, nor is one attribute */
    assert_true(read_text("{\"Message\":{\"MessageId\":\"m1\",\"ReceiptHandle\":\"r1\",\"Body\":"
                          "\"hello\",\"Attribute\":{\"Name\":\"ApproximateReceiveCount\","
                          "\"Value\":\"2\"}}}",
                          true, &batch, &err));
    assert_int_equal(batch.count, 1);
    assert_int_equal(batch.messages[0].receives, 2);
    queue_batch_done(&batch);
    assert_true(read_text("{\"Message\":[{\"MessageId\":\"m1\",\"ReceiptHandle\":\"r1\",\"Body\":"
                          "\"hello\",\"Attribute\":[{\"Name\":\"SentTimestamp\",\"Value\":\"7\"},"
                          "{\"Name\":\"ApproximateReceiveCount\",\"Value\":\"9\"}]},"
                          "{\"MessageId\":\"m2\",\"ReceiptHandle\":\"r2\",\"Body\":\"x\"}]}",
                          true, &batch, &err));
    assert_int_equal(batch.count, 2);
    assert_int_equal(batch.messages[0].receives, 9);
    assert_string_equal(batch.messages[1].receipt, "r2");
    queue_batch_done(&batch);
}

static void nothing_is_an_empty_batch(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_query;
    } answers[] = {{"{}", false},
                   {"{\"Messages\":[]}", false},
                   {"{\"Messages\":null}", false},
                   {"\"\"", true},
                   {NULL, true},
                   {"{}", true}};
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        struct queue_batch batch;
        struct error err;
        assert_true(read_text(answers[i].text, answers[i].is_query, &batch, &err));
        assert_int_equal(batch.count, 0);
    }
}

static void an_answer_that_is_none_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
        bool is_query;
    } answers[] = {
        {NULL, "the answer is no object", false},
        {"[]", "the answer is no object", false},
        {"[]", "the answer is no object", true},
        {"{\"Messages\":{}}", "the answer has messages that are no list", false},
        {"{\"Message\":\"x\"}", "the answer has messages that are no list", true},
        {"{\"Messages\":[{\"ReceiptHandle\":\"r\"},{}]}", "a message has no ReceiptHandle", false},
        {"{\"Messages\":[7]}", "a message has no ReceiptHandle", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        struct queue_batch batch;
        struct error err;
        assert_false(read_text(answers[i].text, answers[i].is_query, &batch, &err));
        assert_string_equal(err.text, answers[i].expected);
        queue_batch_done(&batch);
    }
}

static void more_than_was_asked_for_is_left(void **state)
{
    (void)state;
    json_t *list = json_array();
    for (int i = 0; i < 13; i++) {
        json_array_append_new(list, json_pack("{s:s}", "ReceiptHandle", "r"));
    }
    json_t *document = json_pack("{s:o}", "Messages", list);
    struct queue_batch batch;
    struct error err;
    assert_true(queue_batch_read(document, false, &batch, &err));
    assert_int_equal(batch.count, QUEUE_BATCH_MAX);
    queue_batch_done(&batch);
    json_decref(document);
}

static void check_json(json_t *json, const char *expected)
{
    char *text = json_dumps(json, JSON_COMPACT);
    assert_string_equal(text, expected);
    free(text);
    json_decref(json);
}

static void inputs_are_named_as_the_protocol_has_them(void **state)
{
    (void)state;
    struct queue_batch batch = {.count = 3};
    batch.messages[0].receipt = (char *)"a";
    batch.messages[1].receipt = (char *)"b";
    batch.messages[2].receipt = (char *)"c";
    check_json(queue_receive_input(&config, false),
               "{\"QueueUrl\":\"https://sqs.example/1/q\",\"MaxNumberOfMessages\":10,"
               "\"WaitTimeSeconds\":20,\"VisibilityTimeout\":60,"
               "\"AttributeNames\":[\"ApproximateReceiveCount\"]}");
    check_json(queue_receive_input(&config, true),
               "{\"QueueUrl\":\"https://sqs.example/1/q\",\"MaxNumberOfMessages\":10,"
               "\"WaitTimeSeconds\":20,\"VisibilityTimeout\":60,"
               "\"AttributeName\":[\"ApproximateReceiveCount\"]}");
    check_json(queue_delete_input(&config, false, &batch, 5),
               "{\"QueueUrl\":\"https://sqs.example/1/q\",\"Entries\":[{\"Id\":\"0\","
               "\"ReceiptHandle\":\"a\"},{\"Id\":\"2\",\"ReceiptHandle\":\"c\"}]}");
    check_json(queue_delete_input(&config, true, &batch, 2),
               "{\"QueueUrl\":\"https://sqs.example/1/q\",\"DeleteMessageBatchRequestEntry\":[{"
               "\"Id\":\"1\",\"ReceiptHandle\":\"b\"}]}");
    check_json(queue_visibility_input(&config, false, &batch, 1),
               "{\"QueueUrl\":\"https://sqs.example/1/q\",\"Entries\":[{\"Id\":\"0\","
               "\"ReceiptHandle\":\"a\",\"VisibilityTimeout\":60}]}");
    check_json(queue_visibility_input(&config, true, &batch, 1),
               "{\"QueueUrl\":\"https://sqs.example/1/q\","
               "\"ChangeMessageVisibilityBatchRequestEntry\":[{\"Id\":\"0\","
               "\"ReceiptHandle\":\"a\",\"VisibilityTimeout\":60}]}");
}

static struct queue_results results_of(const char *text, bool is_query, unsigned asked)
{
    struct queue_results results;
    json_t *document = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(document);
    queue_results_read(document, is_query, asked, &results);
    json_decref(document);
    return results;
}

static void results_tell_who_was_done(void **state)
{
    (void)state;
    struct queue_results results =
        results_of("{\"Successful\":[{\"Id\":\"0\"},{\"Id\":\"3\"}],\"Failed\":[{\"Id\":\"1\","
                   "\"Code\":\"InternalError\",\"Message\":\"later\\n\",\"SenderFault\":false},"
                   "{\"Id\":\"2\",\"Code\":\"ReceiptHandleIsInvalid\",\"SenderFault\":true}]}",
                   false, 0xf);
    assert_int_equal(results.done, 0x9);
    assert_int_equal(results.refused, 0x4);
    assert_string_equal(results.text, "InternalError: later ");
    results = results_of("{\"DeleteMessageBatchResultEntry\":{\"Id\":\"1\"},"
                         "\"BatchResultErrorEntry\":[{\"Id\":\"0\",\"Code\":\"X\","
                         "\"SenderFault\":\"true\"}]}",
                         true, 3);
    assert_int_equal(results.done, 2);
    assert_int_equal(results.refused, 1);
    results = results_of("{\"ChangeMessageVisibilityBatchResultEntry\":[{\"Id\":\"1\"}]}", true, 3);
    assert_int_equal(results.done, 2);
}

/* Nobody is told to be done whom we did not ask about. */
static void results_of_others_do_not_count(void **state)
{
    (void)state;
    struct queue_results results = results_of(
        "{\"Successful\":[{\"Id\":\"2\"},{\"Id\":\"10\"},{\"Id\":\"\"},{\"Id\":1},{}, 7],"
        "\"Failed\":[{\"Id\":\"9\",\"SenderFault\":true},{\"Id\":\"x\"}]}",
        false, 3);
    assert_int_equal(results.done, 0);
    assert_int_equal(results.refused, 0);
    results = results_of("[]", false, 3);
    assert_int_equal(results.done, 0);
    results = results_of("{\"Successful\":[{\"Id\":\"0\"}],\"Failed\":[{\"Id\":\"0\"}]}", false, 3);
    assert_int_equal(results.done, 0);
}

static void json_is_given_up_only_where_it_is_not_understood(void **state)
{
    (void)state;
    static const struct {
        enum aws_outcome outcome;
        long status;
        const char *code;
        bool expected;
    } cases[] = {
        {AWS_REFUSED, 404, "UnknownOperationException", true},
        {AWS_REFUSED, 400, "SerializationException", true},
        {AWS_REFUSED, 400, "MissingAction", true},
        {AWS_REFUSED, 404, "", true},
        {AWS_REFUSED, 415, "", true},
        {AWS_REFUSED, 400, "QueueDoesNotExist", false},
        {AWS_REFUSED, 400, "AWS.SimpleQueueService.NonExistentQueue", false},
        {AWS_REFUSED, 403, "AccessDenied", false},
        {AWS_REFUSED, 403, "", false},
        {AWS_UNREACHABLE, 500, "SerializationException", false},
        {AWS_NO_CREDENTIALS, 403, "InvalidClientTokenId", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct aws_answer answer = {.outcome = cases[i].outcome, .status = cases[i].status};
        snprintf(answer.code, sizeof(answer.code), "%s", cases[i].code);
        assert_int_equal(queue_speaks_no_json(&answer), cases[i].expected);
    }
}

static void waits_grow_to_a_minute(void **state)
{
    (void)state;
    assert_int_equal(queue_wait_ms(1, 0), 500);
    assert_int_equal(queue_wait_ms(1, 0.5), 750);
    assert_int_equal(queue_wait_ms(2, 0), 1000);
    assert_int_equal(queue_wait_ms(6, 0), 16000);
    assert_int_equal(queue_wait_ms(7, 0), 30000);
    assert_in_range(queue_wait_ms(8, 0.9999), 59000, 60000);
    assert_in_range(queue_wait_ms(4000000000U, 0.9999), 59000, 60000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_found_raw_and_wrapped_by_sns),
        cmocka_unit_test(an_event_of_others_is_an_event),
        cmocka_unit_test(what_is_no_event_says_why),
        cmocka_unit_test(a_batch_is_read_as_json_has_it),
        cmocka_unit_test(a_batch_is_read_as_xml_has_it),
        cmocka_unit_test(nothing_is_an_empty_batch),
        cmocka_unit_test(an_answer_that_is_none_is_refused),
        cmocka_unit_test(more_than_was_asked_for_is_left),
        cmocka_unit_test(inputs_are_named_as_the_protocol_has_them),
        cmocka_unit_test(results_tell_who_was_done),
        cmocka_unit_test(results_of_others_do_not_count),
        cmocka_unit_test(json_is_given_up_only_where_it_is_not_understood),
        cmocka_unit_test(waits_grow_to_a_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
