/* SPDX-License-Identifier: BSD-2-Clause */
/* A fleet's requests as DynamoDB's JSON: conditions, reads, and answers that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "control/fleet/fleet_item.h"

#define NAMES  "\"ExpressionAttributeNames\":"
#define VALUES "\"ExpressionAttributeValues\":"
#define KEY    "{\"fleet\":{\"S\":\"eu\"},\"item\":{\"S\":"

static const struct fleet_place place = {.table = "ns",
                                         .fleet = "eu",
                                         .node = "n1",
                                         .version = "1",
                                         .address = "a",
                                         .pid = 7,
                                         .beat = 4,
                                         .lag_ms = 9,
                                         .now_s = 1000,
                                         .is_healthy = true};

static void check(const struct fleet_request *request, json_t *start,
                  const char *expected_operation, const char *expected)
{
    const char *operation = NULL;
    json_t *input = fleet_request_print(request, &place, start, &operation);
    json_t *wanted = json_loads(expected, 0, NULL);
    assert_non_null(wanted);
    assert_string_equal(operation, expected_operation);
    CLEANUP(alloc_freep) char *is = json_dumps(input, JSON_SORT_KEYS | JSON_COMPACT);
    CLEANUP(alloc_freep) char *should_be = json_dumps(wanted, JSON_SORT_KEYS | JSON_COMPACT);
    assert_string_equal(is, should_be);
    json_decref(input);
    json_decref(wanted);
}

static void head_is_read_and_written_on_conditions(void **state)
{
    (void)state;
    struct fleet_request request = {.kind = FLEET_READ};
    check(&request, NULL, "GetItem",
          "{\"TableName\":\"ns\",\"ConsistentRead\":true,\"Key\":" KEY "\"head\"}}}");
    request =
        (struct fleet_request){.kind = FLEET_TAKE, .head = {true, "n1", "o", 1, 1, 0, 0, false}};
    check(&request, NULL, "PutItem",
          "{\"TableName\":\"ns\",\"Item\":" KEY "\"head\"},\"owner\":{\"S\":\"n1\"},"
          "\"origin\":{\"S\":\"o\"},\"fence\":{\"N\":\"1\"},\"beat\":{\"N\":\"1\"},"
          "\"sequence\":{\"N\":\"0\"},\"sealed_sequence\":{\"N\":\"0\"}},"
          "\"ConditionExpression\":\"attribute_not_exists(#f)\"," NAMES "{\"#f\":\"fence\"}}");
    request.expected = (struct fleet_head){true, "n2", "o", 5, 8, 3, 2, false};
    const char *operation;
    json_t *input = fleet_request_print(&request, &place, NULL, &operation);
    assert_string_equal(json_string_value(json_object_get(input, "ConditionExpression")),
                        "#f = :f AND #b = :b");
    CLEANUP(alloc_freep)
    char *values = json_dumps(json_object_get(input, "ExpressionAttributeValues"), JSON_SORT_KEYS);
    assert_string_equal(values, "{\":b\": {\"N\": \"8\"}, \":f\": {\"N\": \"5\"}}");
    json_decref(input);
    request =
        (struct fleet_request){.kind = FLEET_RENEW, .head = {true, "n1", "o", 5, 9, 33, 2, false}};
    check(&request, NULL, "UpdateItem",
          "{\"TableName\":\"ns\",\"Key\":" KEY "\"head\"}},"
          "\"UpdateExpression\":\"SET #b = :b, #s = :s\","
          "\"ConditionExpression\":\"#o = :o AND #f = :f AND #b < :b\"," NAMES
          "{\"#f\":\"fence\",\"#b\":\"beat\",\"#o\":\"owner\",\"#s\":\"sequence\"}," VALUES
          "{\":b\":{\"N\":\"9\"},\":s\":{\"N\":\"33\"},\":o\":{\"S\":\"n1\"},\":f\":{\"N\":\"5\"}}"
          "}");
    request.kind = FLEET_RELEASE;
    request.head.has_ended = true;
    check(&request, NULL, "UpdateItem",
          "{\"TableName\":\"ns\",\"Key\":" KEY "\"head\"}},"
          "\"UpdateExpression\":\"SET #b = :b, #s = :s, #e = :e\","
          "\"ConditionExpression\":\"#o = :o AND #f = :f AND #b < :b\"," NAMES
          "{\"#f\":\"fence\",\"#b\":\"beat\",\"#o\":\"owner\",\"#s\":\"sequence\","
          "\"#e\":\"ended\"}," VALUES
          "{\":b\":{\"N\":\"9\"},\":s\":{\"N\":\"33\"},\":o\":{\"S\":\"n1\"},"
          "\":f\":{\"N\":\"5\"},\":e\":{\"BOOL\":true}}}");
}

#define OLDER                                                                                      \
    "\"ConditionExpression\":\"attribute_not_exists(#f) OR #f < :f OR (#f = :f AND #s < "          \
    ":s)\"," NAMES "{\"#f\":\"fence\",\"#s\":\"sequence\"}," VALUES                                \
    "{\":f\":{\"N\":\"5\"},\":s\":{\"N\":\"34\"}}}"

static void items_are_written_over_older_ones_only(void **state)
{
    (void)state;
    char body[] = "{}";
    struct fleet_request request = {
        .kind = FLEET_PUT, .item = "freeze", .body = body, .fence = 5, .sequence = 34};
    check(&request, NULL, "PutItem",
          "{\"TableName\":\"ns\",\"Item\":" KEY "\"freeze\"},\"fence\":{\"N\":\"5\"},"
          "\"sequence\":{\"N\":\"34\"},\"body\":{\"S\":\"{}\"}}," OLDER);
    request.kind = FLEET_SEAL;
    check(&request, NULL, "UpdateItem",
          "{\"TableName\":\"ns\",\"Key\":" KEY "\"freeze\"}},\"ReturnValues\":\"ALL_OLD\","
          "\"UpdateExpression\":\"SET #f = :f, #s = :s\"," OLDER);
    request.kind = FLEET_REMOVE;
    check(&request, NULL, "DeleteItem", "{\"TableName\":\"ns\",\"Key\":" KEY "\"freeze\"}}," OLDER);
    /* One that an earlier write, which comes late, must not bring back. */
    request =
        (struct fleet_request){.kind = FLEET_REMOVE, .item = "hook#h", .fence = 5, .sequence = 34};
    check(&request, NULL, "UpdateItem",
          "{\"TableName\":\"ns\",\"Key\":" KEY "\"hook#h\"}},"
          "\"UpdateExpression\":\"SET #f = :f, #s = :s, #e = :e REMOVE #b\","
          "\"ConditionExpression\":\"attribute_not_exists(#f) OR #f < :f OR (#f = :f AND #s < "
          ":s)\"," NAMES
          "{\"#f\":\"fence\",\"#s\":\"sequence\",\"#e\":\"expires\",\"#b\":\"body\"}," VALUES
          "{\":f\":{\"N\":\"5\"},\":s\":{\"N\":\"34\"},\":e\":{\"N\":\"87400\"}}}");
}

static void changes_are_asked_for_by_sequence_and_page(void **state)
{
    (void)state;
    struct fleet_request request = {.kind = FLEET_QUERY, .after = 12};
    json_t *start = json_loads(KEY "\"x\"}}", 0, NULL);
    check(&request, start, "Query",
          "{\"TableName\":\"ns\",\"IndexName\":\"by-sequence\",\"ConsistentRead\":true,"
          "\"KeyConditionExpression\":\"#l = :l AND #s > :s\"," NAMES
          "{\"#l\":\"fleet\",\"#s\":\"sequence\"}," VALUES
          "{\":l\":{\"S\":\"eu\"},\":s\":{\"N\":\"12\"}},\"ExclusiveStartKey\":" KEY "\"x\"}}}");
    json_decref(start);
}

static void nodes_say_and_are_asked_how_they_are(void **state)
{
    (void)state;
    struct fleet_request request = {.kind = FLEET_SAY, .sequence = 33};
    check(&request, NULL, "PutItem",
          "{\"TableName\":\"ns\",\"Item\":" KEY "\"node#n1\"},\"applied\":{\"N\":\"33\"},"
          "\"beat\":{\"N\":\"4\"},\"lag_ms\":{\"N\":\"9\"},\"pid\":{\"N\":\"7\"},"
          "\"expires\":{\"N\":\"87400\"},\"version\":{\"S\":\"1\"},\"address\":{\"S\":\"a\"},"
          "\"health\":{\"S\":\"healthy\"}}}");
    request.kind = FLEET_ASK_NODES;
    check(&request, NULL, "Query",
          "{\"TableName\":\"ns\",\"ConsistentRead\":true,"
          "\"KeyConditionExpression\":\"#l = :l AND begins_with(#i, :i)\"," NAMES
          "{\"#l\":\"fleet\",\"#i\":\"item\"}," VALUES
          "{\":l\":{\"S\":\"eu\"},\":i\":{\"S\":\"node#\"}}}");
    json_t *document = json_loads(
        "{\"Items\":[{\"item\":{\"S\":\"node#n\\u001b2\"},\"beat\":{\"N\":\"4\"},"
        "\"applied\":{\"N\":\"33\"},\"lag_ms\":{\"N\":\"9\"},\"pid\":{\"N\":\"7\"}},"
        "{\"item\":{\"S\":\"node#n3\"}},"
        "{\"item\":{\"S\":\"node#old\"},\"beat\":{\"N\":\"4\"},\"applied\":{\"N\":\"3\"},"
        "\"lag_ms\":{\"N\":\"9\"},\"pid\":{\"N\":\"7\"},\"expires\":{\"N\":\"87399\"}},"
        "{\"item\":{\"S\":\"other\"}}]}",
        0, NULL);
    size_t count;
    struct fleet_peer *peers = fleet_peers_read(document, 87400, &count);
    assert_int_equal(count, 1);
    assert_string_equal(peers[0].name, "n 2"); /* clean for terminals */
    assert_false(peers[0].is_healthy);
    free(peers);
    json_decref(document);
}

static bool reads(enum fleet_kind kind, const char *text, struct fleet_answer *answer)
{
    struct error err = {""};
    struct fleet_request request = {.kind = kind};
    json_t *document = json_loads(text, 0, NULL);
    assert_non_null(document);
    bool is_good = fleet_answer_read(&request, document, answer, &err);
    assert_true(is_good == (err.text[0] == '\0'));
    json_decref(document);
    return is_good;
}

#define HEAD(fence)                                                                                \
    "{\"Item\":{\"owner\":{\"S\":\"n1\"},\"origin\":{\"S\":\"o\"},\"fence\":" fence                \
    ",\"beat\":{\"N\":\"9\"},\"sequence\":{\"N\":\"33\"},\"sealed_sequence\":{\"N\":\"2\"}}}"

static void a_head_is_whole_or_refused(void **state)
{
    (void)state;
    struct fleet_answer answer;
    assert_true(reads(FLEET_READ, "{}", &answer));
    assert_false(answer.head.exists);
    assert_true(reads(FLEET_READ, HEAD("{\"N\":\"5\"}"), &answer));
    assert_true(answer.head.exists);
    assert_int_equal(answer.head.fence, 5);
    assert_int_equal(answer.head.sequence, 33);
    assert_false(answer.head.has_ended);
    assert_true(reads(FLEET_READ, HEAD("{\"N\":\"5\"},\"ended\":{\"BOOL\":true}"), &answer));
    assert_true(answer.head.has_ended);
    assert_true(reads(FLEET_READ, HEAD("{\"N\":\"5\"},\"ended\":{\"S\":\"true\"}"), &answer));
    assert_false(answer.head.has_ended);
    assert_false(reads(FLEET_READ, HEAD("{\"S\":\"5\"}"), &answer));
    assert_false(reads(FLEET_READ, HEAD("{\"N\":\"-5\"}"), &answer));
    assert_false(reads(FLEET_READ, HEAD("{\"N\":\"5.5\"}"), &answer));
    assert_false(reads(FLEET_READ, HEAD("{\"N\":\"9223372036854775807\"}"), &answer));
    assert_false(reads(FLEET_READ, "{\"Item\":{}}", &answer));
}

static void pages_and_seals_are_read(void **state)
{
    (void)state;
    struct fleet_answer answer;
    assert_true(reads(FLEET_QUERY, "{\"Items\":[{\"item\":{\"S\":\"head\"}}]}", &answer));
    assert_int_equal(answer.item_count, 0);
    assert_false(answer.has_more);
    fleet_answer_done(&answer);
    assert_false(reads(FLEET_QUERY, "{\"Items\":[{\"item\":{\"S\":\"x\"}}]}", &answer));
    assert_false(reads(FLEET_QUERY, "{}", &answer));
    assert_true(reads(FLEET_QUERY, "{\"Items\":[],\"LastEvaluatedKey\":{}}", &answer));
    assert_true(answer.has_more);
    fleet_answer_done(&answer);
    assert_true(reads(FLEET_SEAL, "{}", &answer));
    assert_int_equal(answer.item_count, 0);
    assert_true(reads(FLEET_SEAL,
                      "{\"Attributes\":{\"item\":{\"S\":\"x\"},\"fence\":{\"N\":\"4\"},"
                      "\"sequence\":{\"N\":\"3\"}}}",
                      &answer));
    assert_int_equal(answer.item_count, 1);
    assert_null(answer.items[0].body);
    fleet_answer_done(&answer);
    assert_false(reads(FLEET_SEAL, "{\"Attributes\":{\"item\":{\"S\":\"x\"}}}", &answer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(head_is_read_and_written_on_conditions),
        cmocka_unit_test(items_are_written_over_older_ones_only),
        cmocka_unit_test(changes_are_asked_for_by_sequence_and_page),
        cmocka_unit_test(nodes_say_and_are_asked_how_they_are),
        cmocka_unit_test(a_head_is_whole_or_refused),
        cmocka_unit_test(pages_and_seals_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
