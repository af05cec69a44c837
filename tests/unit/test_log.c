/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "common/log.h"

static const struct log_scope nothing = {NULL, 0};

static void printed(const char *message, const struct log_scope *scope, const char *expected)
{
    char out[LOG_JSON_SIZE];
    size_t len = log_print_json("T", LOG_LEVEL_INFO, message, scope, out);
    assert_int_equal(len, strlen(expected));
    assert_memory_equal(out, expected, len);
}

static void a_line_is_an_object(void **state)
{
    (void)state;
    printed("ready", &nothing, "{\"at\":\"T\",\"level\":\"info\",\"message\":\"ready\"}");
    const struct log_scope scope = {"cats", 7};
    printed("shifted", &scope,
            "{\"at\":\"T\",\"level\":\"info\",\"message\":\"shifted\",\"rule\":\"cats\","
            "\"rollout\":7}");
    const struct log_scope fresh = {"cats", 0};
    printed("x", &fresh, "{\"at\":\"T\",\"level\":\"info\",\"message\":\"x\"}");
}

static void what_would_break_a_string_is_escaped(void **state)
{
    (void)state;
    printed("a\"b\\c\nd\x01\x7f", &nothing,
            "{\"at\":\"T\",\"level\":\"info\",\"message\":"
            "\"a\\u0022b\\u005cc\\u000ad\\u0001\\u007f\"}");
}

static void octets_that_are_no_utf_8_are_replaced(void **state)
{
    (void)state;
    printed("\xc3\xa4 \xf0\x9f\x90\x88", &nothing,
            "{\"at\":\"T\",\"level\":\"info\",\"message\":\"\xc3\xa4 \xf0\x9f\x90\x88\"}");
    printed("\xff\xc0\x80\xed\xa0\x80z\xe2\x82", &nothing,
            "{\"at\":\"T\",\"level\":\"info\",\"message\":"
            "\"\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffdz\\ufffd"
            "\\ufffd\"}");
}

static void too_long_a_message_is_cut_and_the_line_whole(void **state)
{
    (void)state;
    static char message[LOG_JSON_SIZE], out[LOG_JSON_SIZE];
    memset(message, 1, sizeof(message) - 1);
    const struct log_scope scope = {"cats", INT64_MAX};
    size_t len = log_print_json("T", LOG_LEVEL_ERROR, message, &scope, out);
    assert_true(len < LOG_JSON_SIZE);
    static const char end[] = "\",\"rule\":\"cats\",\"rollout\":9223372036854775807}";
    assert_memory_equal(out + len - strlen(end), end, strlen(end));
}

static void scopes_lie_within_each_other(void **state)
{
    (void)state;
    struct log_scope before = log_scope_enter("cats", 1);
    assert_null(before.rule);
    struct log_scope outer = log_scope_enter("dogs", 2);
    assert_string_equal(outer.rule, "cats");
    log_scope_leave(outer);
    struct log_scope now = log_scope_enter("birds", 3);
    assert_string_equal(now.rule, "cats");
    assert_int_equal(now.rollout, 1);
    log_scope_leave(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_an_object),
        cmocka_unit_test(what_would_break_a_string_is_escaped),
        cmocka_unit_test(octets_that_are_no_utf_8_are_replaced),
        cmocka_unit_test(too_long_a_message_is_cut_and_the_line_whole),
        cmocka_unit_test(scopes_lie_within_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
