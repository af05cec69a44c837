/* SPDX-License-Identifier: BSD-2-Clause */
/* One queue against an AWS of the test's own: what it asks, and when it deletes what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "control/queue.h"
#include "tests/unit/loop_fixture.h"

/* ---- AWS, in place of the client's library ---- */

struct aws_call {
    char operation[64];
    json_t *input;
    bool is_query;
    int64_t timeout_ms;
    aws_done done;
    void *argument;
};

/* The calls under way; a queue has two at most. */
static struct aws_call *calls[4];
static unsigned started, cancelled;

struct aws_call *aws_call_start(struct aws_client *client, const struct aws_request *request,
                                aws_done done, void *argument)
{
    (void)client;
    struct aws_call *call = alloc_zeroed(1, sizeof(*call));
    assert_int_equal(request->service, AWS_SQS);
    assert_string_equal(request->url, "https://sqs.example/1/q");
    assert_string_equal(json_string_value(json_object_get(request->input, "QueueUrl")),
                        "https://sqs.example/1/q");
    assert_int_equal(request->attempts, 1);
    snprintf(call->operation, sizeof(call->operation), "%s", request->operation);
    call->input = json_deep_copy(request->input);
    call->is_query = request->is_query;
    call->timeout_ms = request->timeout_ms;
    call->done = done;
    call->argument = argument;
    started++;
    for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
        if (calls[i] == NULL) {
            calls[i] = call;
            return call;
        }
    }
    fail_msg("too many calls");
    return NULL;
}

static void forget(struct aws_call *call)
{
    for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
        calls[i] = calls[i] == call ? NULL : calls[i];
    }
    json_decref(call->input);
    free(call);
}

void aws_call_cancel(struct aws_call *call)
{
    if (call != NULL) {
        cancelled++;
        forget(call);
    }
}

const char *aws_outcome_name(enum aws_outcome outcome)
{
    return outcome == AWS_UNREACHABLE ? "unreachable" : "other";
}

static struct aws_call *call_of(const char *operation)
{
    for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
        if (calls[i] != NULL && strcmp(calls[i]->operation, operation) == 0) {
            return calls[i];
        }
    }
    return NULL;
}

/* ---- the fixture ---- */

struct fixture {
    struct loop_fixture loop;
    struct config_queue config;
    struct queue_host host;
    struct queue *queue;
    bool may_poll, takes, is_saved_late;
    unsigned takings;
    char taken[256]; /* the ids of events, in order */
    queue_saved saved;
    void *saved_argument; /* NULL: nobody waits */
};

static bool may_poll(void *argument)
{
    return ((struct fixture *)argument)->may_poll;
}

static bool take(void *argument, const struct queue_message *message, const char *name,
                 struct error *err)
{
    struct fixture *fixture = argument;
    assert_string_equal(name, "q");
    fixture->takings++;
    if (!fixture->takes) {
        return error_set(err, "disk full");
    }
    strcat(fixture->taken, json_string_value(json_object_get(message->event, "id")));
    return true;
}

static void when_saved(void *argument, queue_saved saved, void *saved_argument)
{
    struct fixture *fixture = argument;
    if (fixture->is_saved_late) {
        fixture->saved = saved;
        fixture->saved_argument = saved_argument;
    } else {
        saved(saved_argument, true);
    }
}

static void forget_saved(void *argument, void *saved_argument)
{
    struct fixture *fixture = argument;
    if (fixture->saved_argument == saved_argument) {
        fixture->saved_argument = NULL;
    }
}

static double fraction(void *argument)
{
    (void)argument;
    return 0;
}

static void open_queue(struct fixture *fixture, enum config_queue_protocol protocol)
{
    *fixture = (struct fixture){.may_poll = true, .takes = true};
    started = cancelled = 0;
    fixture->config = (struct config_queue){.url = "https://sqs.example/1/q",
                                            .protocol = protocol,
                                            .wait_ms = 20000,
                                            .visibility_ms = 2000};
    fixture->host =
        (struct queue_host){may_poll, take, when_saved, forget_saved, fraction, fixture};
    loop_fixture_open(&fixture->loop);
    fixture->queue = queue_new(&fixture->loop.loop, NULL, &fixture->config, &fixture->host);
}

static void close_queue(struct fixture *fixture)
{
    queue_close(fixture->queue);
    loop_fixture_close(&fixture->loop);
    for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
        assert_null(calls[i]);
    }
}

static struct aws_call *await(struct fixture *fixture, const char *operation)
{
    LOOP_UNTIL(&fixture->loop, call_of(operation) != NULL);
    return call_of(operation);
}

static void answer(const char *operation, enum aws_outcome outcome, long status, const char *code,
                   const char *document)
{
    struct aws_call *call = call_of(operation);
    assert_non_null(call);
    struct aws_answer given = {.outcome = outcome, .status = status, .text = "why"};
    snprintf(given.code, sizeof(given.code), "%s", code);
    given.document = document == NULL ? NULL : json_loads(document, 0, NULL);
    assert_true(document == NULL || given.document != NULL);
    aws_done done = call->done;
    void *argument = call->argument;
    forget(call);
    done(argument, &given);
    json_decref(given.document);
}

/* Hands out messages: a letter each, which is the event's id and the receipt; 'x' has no event. */
static void hand_out(struct fixture *fixture, const char *letters)
{
    json_t *list = json_array();
    await(fixture, "ReceiveMessage");
    for (const char *c = letters; *c != '\0'; c++) {
        char id[2] = {*c, '\0'};
        json_t *event =
            json_pack("{s:s, s:s, s:s}", "id", id, "source", "aws.ec2", "detail-type", "other");
        char *body = json_dumps(event, 0);
        json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "MessageId", id, "ReceiptHandle",
                                              id, "Body", *c == 'x' ? "{" : body));
        free(body);
        json_decref(event);
    }
    json_t *document = json_pack("{s:o}", "Messages", list);
    char *text = json_dumps(document, 0);
    answer("ReceiveMessage", AWS_DONE, 200, "", text);
    free(text);
    json_decref(document);
}

/* Which receipts a batch call names: "ab". */
static void assert_entries(const char *operation, const char *expected)
{
    const json_t *entries = json_object_get(call_of(operation)->input, "Entries");
    char found[16] = "";
    size_t i;
    json_t *entry;
    json_array_foreach(entries, i, entry)
    {
        strcat(found, json_string_value(json_object_get(entry, "ReceiptHandle")));
    }
    assert_string_equal(found, expected);
}

/* ---- the tests ---- */

static void messages_are_taken_then_saved_then_deleted(void **state)
{
    (void)state;
    struct fixture fixture;
    open_queue(&fixture, QUEUE_PROTOCOL_AUTO);
    fixture.is_saved_late = true;
    struct aws_call *poll = await(&fixture, "ReceiveMessage");
    assert_int_equal(poll->timeout_ms, 30000);
    assert_false(poll->is_query);
    hand_out(&fixture, "ab");
    LOOP_UNTIL(&fixture.loop, fixture.saved != NULL);
    assert_string_equal(fixture.taken, "ab");
    loop_fixture_turn(&fixture.loop);
    assert_null(call_of("DeleteMessageBatch"));
    fixture.saved(fixture.saved_argument, true);
    await(&fixture, "DeleteMessageBatch");
    assert_entries("DeleteMessageBatch", "ab");
    assert_null(call_of("ReceiveMessage")); /* one at a time */
    answer("DeleteMessageBatch", AWS_DONE, 200, "",
           "{\"Successful\":[{\"Id\":\"0\"},{\"Id\":\"1\"}]}");
    await(&fixture, "ReceiveMessage");
    struct queue_numbers numbers = queue_numbers(fixture.queue);
    assert_int_equal(numbers.received, 2);
    assert_int_equal(numbers.deleted, 2);
    assert_int_equal(numbers.poison, 0);
    assert_true(numbers.is_connected && numbers.last_receive_ms > 0);
    assert_string_equal(queue_error(fixture.queue), "");
    close_queue(&fixture);
    assert_int_equal(cancelled, 1); /* the poll */
}

static void what_another_saves_is_not_deleted(void **state)
{
    (void)state;
    struct fixture fixture;
    open_queue(&fixture, QUEUE_PROTOCOL_AUTO);
    fixture.is_saved_late = true;
    hand_out(&fixture, "a");
    LOOP_UNTIL(&fixture.loop, fixture.saved != NULL);
    fixture.saved(fixture.saved_argument, false);
    await(&fixture, "ReceiveMessage");
    assert_int_equal(started, 2);
    close_queue(&fixture);
}

static void a_queue_that_is_closed_is_not_told_that_all_is_saved(void **state)
{
    (void)state;
    struct fixture fixture;
    open_queue(&fixture, QUEUE_PROTOCOL_AUTO);
    fixture.is_saved_late = true;
    hand_out(&fixture, "a");
    LOOP_UNTIL(&fixture.loop, fixture.saved != NULL);
    assert_non_null(fixture.saved_argument);
    close_queue(&fixture);
    assert_null(fixture.saved_argument);
}

static void poison_is_left_in_the_queue(void **state)
{
    (void)state;
    struct fixture fixture;
    open_queue(&fixture, QUEUE_PROTOCOL_AUTO);
    hand_out(&fixture, "xaxb");
    await(&fixture, "DeleteMessageBatch");
    assert_entries("DeleteMessageBatch", "ab");
    answer("DeleteMessageBatch", AWS_DONE, 200, "",
           "{\"Successful\":[{\"Id\":\"1\"},{\"Id\":\"3\"}]}");
    hand_out(&fixture, "x"); /* nothing to delete: the next poll follows */
    await(&fixture, "ReceiveMessage");
    assert_int_equal(queue_numbers(fixture.queue).poison, 3);
    assert_int_equal(queue_numbers(fixture.queue).deleted, 2);
    assert_int_equal(started, 4);
    close_queue(&fixture);
}

/* It would be in the dead-letter queue before the disk has room again. */
static void what_is_not_taken_is_held_and_tried_again(void **state)
{
    (void)state;
    struct fixture fixture;
    open_queue(&fixture, QUEUE_PROTOCOL_AUTO);
    fixture.takes = false;
    hand_out(&fixture, "ab");
    LOOP_UNTIL(&fixture.loop, fixture.takings == 2);
    assert_string_equal(queue_error(fixture.queue), "disk full");
    assert_null(call_of("ReceiveMessage"));
    await(&fixture, "ChangeMessageVisibilityBatch");
    assert_entries("ChangeMessageVisibilityBatch", "ab");
    answer("ChangeMessageVisibilityBatch", AWS_DONE, 200, "", "{}");
    fixture.takes = true;
    await(&fixture, "DeleteMessageBatch");
    assert_entries("DeleteMessageBatch", "ab");
    assert_string_equal(fixture.taken, "ab");
    assert_string_equal(queue_error(fixture.queue), "");
    close_queue(&fixture);
}

static void visibility_is_extended_while_saving_takes_long(void **state)
{
    (void)state;
    struct fixture fixture;
    open_queue(&fixture, QUEUE_PROTOCOL_AUTO);
    fixture.is_saved_late = true;
    hand_out(&fixture, "xa");
    LOOP_UNTIL(&fixture.loop, fixture.saved != NULL);
    await(&fixture, "ChangeMessageVisibilityBatch");
    assert_entries("ChangeMessageVisibilityBatch", "a"); /* poison is to come back in time */
    answer("ChangeMessageVisibilityBatch", AWS_UNREACHABLE, 0, "", NULL);
    await(&fixture, "ChangeMessageVisibilityBatch"); /* again, half of it later */
    fixture.saved(fixture.saved_argument, true);
    await(&fixture, "DeleteMessageBatch");
    answer("DeleteMessageBatch", AWS_DONE, 200, "", "{\"Successful\":[{\"Id\":\"1\"}]}");
    await(&fixture, "ReceiveMessage");
    assert_int_equal(cancelled, 1); /* the extension, with the batch */
    close_queue(&fixture);
}

static void a_deletion_that_failed_is_tried_again(void **state)
{
    (void)state;
    struct fixture fixture;
    open_queue(&fixture, QUEUE_PROTOCOL_AUTO);
    hand_out(&fixture, "abc");
    await(&fixture, "DeleteMessageBatch");
    answer("DeleteMessageBatch", AWS_UNREACHABLE, 503, "", NULL);
    assert_string_equal(queue_error(fixture.queue), "why");
    await(&fixture, "DeleteMessageBatch");
    assert_entries("DeleteMessageBatch", "abc");
    answer("DeleteMessageBatch", AWS_DONE, 200, "",
           "{\"Successful\":[{\"Id\":\"0\"}],\"Failed\":[{\"Id\":\"1\",\"Code\":\"Internal\","
           "\"SenderFault\":false},{\"Id\":\"2\",\"Code\":\"Invalid\",\"SenderFault\":true}]}");
    await(&fixture, "DeleteMessageBatch");
    assert_entries("DeleteMessageBatch", "b");
    assert_string_equal(queue_error(fixture.queue), "Internal");
    answer("DeleteMessageBatch", AWS_DONE, 200, "", "{\"Successful\":[{\"Id\":\"1\"}]}");
    await(&fixture, "ReceiveMessage");
    assert_string_equal(queue_error(fixture.queue), "");
    assert_int_equal(queue_numbers(fixture.queue).deleted, 2);
    close_queue(&fixture);
}

/* The next events may be a fall-back. */
static void deletions_that_keep_failing_hold_up_nothing(void **state)
{
    (void)state;
    struct fixture fixture;
    open_queue(&fixture, QUEUE_PROTOCOL_AUTO);
    hand_out(&fixture, "a");
    for (int i = 0; i < 3; i++) {
        await(&fixture, "DeleteMessageBatch");
        answer("DeleteMessageBatch", AWS_THROTTLED, 400, "Throttling", NULL);
    }
    hand_out(&fixture, "b");
    await(&fixture, "DeleteMessageBatch");
    answer("DeleteMessageBatch", AWS_REFUSED, 403, "AccessDenied", NULL);
    await(&fixture, "ReceiveMessage");
    assert_string_equal(fixture.taken, "ab");
    close_queue(&fixture);
}

static void a_poll_that_failed_is_tried_again_after_a_while(void **state)
{
    (void)state;
    struct fixture fixture;
    open_queue(&fixture, QUEUE_PROTOCOL_AUTO);
    await(&fixture, "ReceiveMessage");
    answer("ReceiveMessage", AWS_UNREACHABLE, 0, "", NULL);
    assert_false(queue_numbers(fixture.queue).is_connected);
    assert_string_equal(queue_error(fixture.queue), "why");
    uint64_t failed_at_ms = uv_now(&fixture.loop.loop);
    await(&fixture, "ReceiveMessage");
    assert_true(uv_now(&fixture.loop.loop) - failed_at_ms >= 400);
    answer("ReceiveMessage", AWS_DONE, 200, "", "{\"Messages\":7}");
    assert_string_equal(queue_error(fixture.queue), "the answer has messages that are no list");
    await(&fixture, "ReceiveMessage");
    answer("ReceiveMessage", AWS_DONE, 200, "", "{}");
    assert_true(queue_numbers(fixture.queue).is_connected);
    assert_string_equal(queue_error(fixture.queue), "");
    close_queue(&fixture);
}

/* Whoever answers at once, and with nothing, is not asked without pause. */
static void an_empty_answer_that_comes_at_once_is_not_asked_for_again_at_once(void **state)
{
    (void)state;
    struct fixture fixture;
    open_queue(&fixture, QUEUE_PROTOCOL_AUTO);
    uint64_t from_ms = uv_now(&fixture.loop.loop); /* not after the first poll */
    for (unsigned i = 0; i < 2; i++) {
        await(&fixture, "ReceiveMessage");
        answer("ReceiveMessage", AWS_DONE, 200, "", "{}");
    }
    await(&fixture, "ReceiveMessage");
    assert_true(uv_now(&fixture.loop.loop) - from_ms >= 1900);
    assert_true(queue_numbers(fixture.queue).is_connected);
    close_queue(&fixture);
}

static void the_query_protocol_is_used_where_json_is_not_understood(void **state)
{
    (void)state;
    struct fixture fixture;
    open_queue(&fixture, QUEUE_PROTOCOL_AUTO);
    assert_false(await(&fixture, "ReceiveMessage")->is_query);
    answer("ReceiveMessage", AWS_REFUSED, 404, "UnknownOperationException", NULL);
    assert_true(await(&fixture, "ReceiveMessage")->is_query);
    answer("ReceiveMessage", AWS_DONE, 200, "",
           "{\"Message\":{\"MessageId\":\"m\",\"ReceiptHandle\":\"r\",\"Body\":\"{\\\"id\\\":\\\"a"
           "\\\",\\\"source\\\":\\\"x\\\",\\\"detail-type\\\":\\\"y\\\"}\"}}");
    struct aws_call *deletion = await(&fixture, "DeleteMessageBatch");
    assert_true(deletion->is_query);
    assert_non_null(json_object_get(deletion->input, "DeleteMessageBatchRequestEntry"));
    answer("DeleteMessageBatch", AWS_DONE, 200, "",
           "{\"DeleteMessageBatchResultEntry\":{\"Id\":\"0\"}}");
    assert_true(await(&fixture, "ReceiveMessage")->is_query);
    assert_int_equal(queue_numbers(fixture.queue).deleted, 1);
    assert_true(queue_numbers(fixture.queue).is_query);
    close_queue(&fixture);
}

static void json_that_was_understood_or_is_asked_for_stays(void **state)
{
    (void)state;
    struct fixture fixture;
    open_queue(&fixture, QUEUE_PROTOCOL_JSON);
    await(&fixture, "ReceiveMessage");
    answer("ReceiveMessage", AWS_REFUSED, 404, "UnknownOperationException", NULL);
    assert_false(await(&fixture, "ReceiveMessage")->is_query);
    close_queue(&fixture);
    open_queue(&fixture, QUEUE_PROTOCOL_AUTO);
    await(&fixture, "ReceiveMessage");
    answer("ReceiveMessage", AWS_DONE, 200, "", "{}");
    await(&fixture, "ReceiveMessage");
    answer("ReceiveMessage", AWS_REFUSED, 404, "", NULL); /* a proxy's bad day */
    assert_false(await(&fixture, "ReceiveMessage")->is_query);
    close_queue(&fixture);
}

static void only_who_may_polls(void **state)
{
    (void)state;
    struct fixture fixture;
    open_queue(&fixture, QUEUE_PROTOCOL_QUERY);
    fixture.may_poll = false;
    uint64_t from_ms = uv_now(&fixture.loop.loop);
    LOOP_UNTIL(&fixture.loop, uv_now(&fixture.loop.loop) - from_ms > 100);
    assert_int_equal(started, 0);
    fixture.may_poll = true;
    assert_true(await(&fixture, "ReceiveMessage")->is_query);
    fixture.may_poll = false; /* what comes now is for whoever may */
    answer("ReceiveMessage", AWS_DONE, 200, "",
           "{\"Message\":{\"ReceiptHandle\":\"r\",\"Body\":\"{\\\"source\\\":\\\"x\\\","
           "\\\"detail-type\\\":\\\"y\\\"}\"}}");
    from_ms = uv_now(&fixture.loop.loop);
    LOOP_UNTIL(&fixture.loop, uv_now(&fixture.loop.loop) - from_ms > 100);
    assert_int_equal(fixture.takings, 0);
    assert_int_equal(started, 1);
    close_queue(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_taken_then_saved_then_deleted),
        cmocka_unit_test(what_another_saves_is_not_deleted),
        cmocka_unit_test(a_queue_that_is_closed_is_not_told_that_all_is_saved),
        cmocka_unit_test(poison_is_left_in_the_queue),
        cmocka_unit_test(what_is_not_taken_is_held_and_tried_again),
        cmocka_unit_test(visibility_is_extended_while_saving_takes_long),
        cmocka_unit_test(a_deletion_that_failed_is_tried_again),
        cmocka_unit_test(deletions_that_keep_failing_hold_up_nothing),
        cmocka_unit_test(a_poll_that_failed_is_tried_again_after_a_while),
        cmocka_unit_test(an_empty_answer_that_comes_at_once_is_not_asked_for_again_at_once),
        cmocka_unit_test(the_query_protocol_is_used_where_json_is_not_understood),
        cmocka_unit_test(json_that_was_understood_or_is_asked_for_stays),
        cmocka_unit_test(only_who_may_polls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
