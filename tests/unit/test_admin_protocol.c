/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "control/admin_protocol.h"

static json_t *request;
static json_t *result;
static const char *command;
static const json_t *arguments;
static struct error err;

static bool decode(const char *line)
{
    json_decref(request);
    request = NULL;
    memset(&err, 0, sizeof(err));
    return admin_request_decode(line, strlen(line), &request, &command, &arguments, &err);
}

static void assert_refused(const char *line, const char *why)
{
    assert_false(decode(line));
    assert_non_null(strstr(err.text, why));
}

static int forget(void **state)
{
    (void)state;
    json_decref(request);
    json_decref(result);
    request = result = NULL;
    return 0;
}

static void a_request_comes_back_as_it_was_encoded(void **state)
{
    (void)state;
    const char *words[] = {"www.catsndogs.lol", "A", "blue=50", "", "käse \"\n\\"};
    json_t *sent = admin_request_encode("weight set", words, 5);
    char *line = json_dumps(sent, JSON_COMPACT);
    assert_null(strchr(line, '\n'));
    assert_true(decode(line));
    assert_string_equal(command, "weight set");
    assert_int_equal(json_array_size(arguments), 5);
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(json_string_value(json_array_get(arguments, i)), words[i]);
    }
    free(line);
    json_decref(sent);
}

static void an_argument_that_is_no_utf8_cannot_be_encoded(void **state)
{
    (void)state;
    const char *words[] = {"fine", "\xff\xfe"};
    assert_null(admin_request_encode("record show", words, 2));
}

static void what_is_no_request_is_refused_with_what_was_expected(void **state)
{
    (void)state;
    assert_refused("", "not JSON");
    assert_refused("hello", "not JSON");
    assert_refused("{\"version\":1", "not JSON");
    assert_refused("[1]", "expected a JSON object");
    assert_refused("{}", "\"version\" is missing");
    assert_refused("{\"version\":\"1\"}", "\"version\" is missing");
    assert_refused("{\"version\":1}", "\"command\" is missing");
    assert_refused("{\"version\":1,\"command\":5,\"arguments\":[]}", "\"command\" is missing");
    assert_refused("{\"version\":1,\"command\":\"status\"}", "\"arguments\" is missing");
    assert_refused("{\"version\":1,\"command\":\"x\",\"arguments\":[\"a\",2]}",
                   "argument 2 is no string");
    assert_refused("{\"version\":1,\"version\":1,\"command\":\"x\",\"arguments\":[]}", "not JSON");
    assert_refused("{\"version\":1,\"command\":\"x\",\"arguments\":[]} {}", "not JSON");
    assert_refused("{\"version\":1,\"command\":\"a\\u0000b\",\"arguments\":[]}", "not JSON");
    assert_refused("{\"version\":1,\"command\":\"\xff\",\"arguments\":[]}", "not JSON");
}

static void a_nul_octet_is_refused(void **state)
{
    (void)state;
    static const char line[] = "{\"version\":1,\"command\":\"sta\0tus\",\"arguments\":[]}";
    assert_false(
        admin_request_decode(line, sizeof(line) - 1, &request, &command, &arguments, &err));
    static const char after[] = "{\"version\":1,\"command\":\"status\",\"arguments\":[]}\0";
    assert_false(
        admin_request_decode(after, sizeof(after) - 1, &request, &command, &arguments, &err));
}

static void another_version_is_refused_and_both_are_named(void **state)
{
    (void)state;
    assert_refused("{\"version\":2,\"command\":\"status\",\"arguments\":[]}",
                   "client speaks version 2");
    assert_non_null(strstr(err.text, "this side version 1"));
}

static void deep_nesting_is_refused(void **state)
{
    (void)state;
    char deep[200001];
    memset(deep, '[', sizeof(deep) - 1);
    deep[sizeof(deep) - 1] = '\0';
    assert_refused(deep, "not JSON");
}

static bool decode_reply(json_t *made, struct admin_reply *reply)
{
    char *line = json_dumps(made, JSON_COMPACT);
    json_decref(made);
    json_decref(result);
    bool decoded = admin_reply_decode(line, strlen(line), reply, &err);
    result = reply->result;
    free(line);
    return decoded;
}

static void replies_come_back_as_they_were_made(void **state)
{
    (void)state;
    struct admin_reply reply;
    assert_true(decode_reply(admin_reply_success(json_pack("{s:i}", "a", 7)), &reply));
    assert_false(reply.is_refusal);
    assert_false(reply.has_more);
    assert_int_equal(json_integer_value(json_object_get(result, "a")), 7);
    assert_true(decode_reply(admin_reply_part(json_pack("{s:i}", "a", 8)), &reply));
    assert_true(reply.has_more);
    assert_int_equal(json_integer_value(json_object_get(result, "a")), 8);
    assert_true(decode_reply(admin_reply_success(NULL), &reply));
    assert_true(json_is_object(result));
    assert_false(decode_reply(admin_reply_failure("no such record set"), &reply));
    assert_true(reply.is_refusal);
    assert_string_equal(err.text, "no such record set");
}

static void a_failure_that_quotes_rubbish_is_still_a_failure(void **state)
{
    (void)state;
    struct admin_reply reply;
    assert_false(decode_reply(admin_reply_failure("unknown \xc3"), &reply));
    assert_true(reply.is_refusal);
}

static void an_answer_that_is_none_is_no_refusal(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "",
        "x",
        "{}",
        "{\"version\":2,\"ok\":true,\"result\":{}}",
        "{\"version\":1,\"ok\":true}",
        "{\"version\":1,\"ok\":false}",
        "{\"version\":1,\"ok\":false,\"error\":1}",
        "{\"version\":1,\"ok\":1,\"result\":{}}",
    };
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        struct admin_reply reply;
        assert_false(admin_reply_decode(lines[i], strlen(lines[i]), &reply, &err));
        assert_false(reply.is_refusal);
    }
}

static void every_row_is_whole_and_named_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < admin_command_count; i++) {
        const struct admin_command *row = &admin_commands[i];
        assert_ptr_equal(admin_command_find(row->name), row);
        assert_true(row->help[0] != '\0');
        assert_true(row->min_arguments <= row->max_arguments);
        for (size_t j = 0; j < ADMIN_OPTIONS_MAX; j++) {
            assert_true(row->options[j] == NULL || strstr(row->arguments, row->options[j]) != NULL);
        }
        assert_true((row->arguments[0] == '\0') ==
                    (row->max_arguments == 0 && row->options[0] == NULL));
    }
    assert_null(admin_command_find("weight"));
    assert_null(admin_command_find(""));
}

static void the_longest_name_is_matched(void **state)
{
    (void)state;
    size_t used;
    const char *const words[] = {"rollout", "history", "cats"};
    assert_string_equal(admin_command_match(words, 3, &used)->name, "rollout history");
    assert_int_equal(used, 2);
    assert_string_equal(admin_command_match(words + 1, 2, &used)->name, "history");
    assert_int_equal(used, 1);
    assert_null(admin_command_match(words, 1, &used));
    assert_null(admin_command_match(words, 0, &used));
    const char *const near[] = {"rollouts", "list"};
    assert_null(admin_command_match(near, 2, &used));
}

static bool fits(const char *name, const char *const *words, size_t count)
{
    return admin_command_check(admin_command_find(name), words, count, &err);
}

static void arguments_are_counted_against_the_row(void **state)
{
    (void)state;
    const char *const words[] = {"a", "b", "c", "d", "e", "f"};
    assert_true(fits("status", words, 0));
    assert_false(fits("status", words, 1));
    assert_string_equal(err.text, "status: too many arguments; usage: status");
    assert_false(fits("record show", words, 1));
    assert_string_equal(err.text,
                        "record show: an argument is missing; usage: record show NAME TYPE");
    assert_true(fits("record show", words, 2));
    assert_false(fits("record show", words, 3));
    assert_false(fits("weight set", words, 2));
    assert_true(fits("weight set", words, 6));
}

static void an_option_is_its_rows_and_has_a_value(void **state)
{
    (void)state;
    const char *const good[] = {"cats", "--candidate", "green"};
    const char *const other[] = {"cats", "--record", "green"};
    const char *const twice[] = {"cats", "--candidate", "green", "--candidate", "blue"};
    const char *const first[] = {"--candidate", "green", "cats"};
    assert_true(fits("rollout start", good, 3));
    assert_true(fits("rollout start", good, 1));
    assert_false(fits("rollout start", good, 2));
    assert_non_null(strstr(err.text, "--candidate takes one value"));
    assert_false(fits("rollout start", good + 1, 2));
    assert_false(fits("rollout start", other, 3));
    assert_non_null(strstr(err.text, "unknown option --record"));
    assert_false(fits("rollout start", twice, 5));
    assert_false(fits("rollout start", first, 3));
    assert_false(fits("rollout pause", good, 3));
    assert_true(fits("history", other + 1, 2));
    assert_true(fits("history", other + 1, 0));
    assert_false(fits("history", good, 1));
    const char *const both[] = {"--record", "www.a/A", "--since", "1h", "--since", "2h"};
    assert_true(fits("history", both, 4));
    assert_true(fits("history", both + 2, 2));
    assert_false(fits("history", both, 3));
    assert_false(fits("history", both, 6));
    assert_non_null(strstr(err.text, "--since takes one value, once"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_request_comes_back_as_it_was_encoded, forget),
        cmocka_unit_test_teardown(an_argument_that_is_no_utf8_cannot_be_encoded, forget),
        cmocka_unit_test_teardown(what_is_no_request_is_refused_with_what_was_expected, forget),
        cmocka_unit_test_teardown(a_nul_octet_is_refused, forget),
        cmocka_unit_test_teardown(another_version_is_refused_and_both_are_named, forget),
        cmocka_unit_test_teardown(deep_nesting_is_refused, forget),
        cmocka_unit_test_teardown(replies_come_back_as_they_were_made, forget),
        cmocka_unit_test_teardown(a_failure_that_quotes_rubbish_is_still_a_failure, forget),
        cmocka_unit_test_teardown(an_answer_that_is_none_is_no_refusal, forget),
        cmocka_unit_test_teardown(every_row_is_whole_and_named_once, forget),
        cmocka_unit_test_teardown(the_longest_name_is_matched, forget),
        cmocka_unit_test_teardown(arguments_are_counted_against_the_row, forget),
        cmocka_unit_test_teardown(an_option_is_its_rows_and_has_a_value, forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
