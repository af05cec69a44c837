/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "control/aws/aws_form.h"

static void prints(json_t *input, bool is_flat, const char *expected)
{
    CLEANUP(alloc_freep) char *form = aws_form_print("Do", "2020-01-01", input, is_flat);
    assert_string_equal(form, expected);
    json_decref(input);
}

static void nothing_is_the_action_alone(void **state)
{
    (void)state;
    prints(NULL, false, "Action=Do&Version=2020-01-01");
    prints(json_object(), false, "Action=Do&Version=2020-01-01");
}

static void lists_and_objects_become_names(void **state)
{
    (void)state;
    prints(json_pack("{s:s, s:[s, s], s:{s:i, s:b}}", "A", "b", "L", "x", "y", "O", "N", 7, "T", 1),
           false, "Action=Do&Version=2020-01-01&A=b&L.member.1=x&L.member.2=y&O.N=7&O.T=true");
    prints(json_pack("{s:[{s:s}, {s:s}]}", "Entry", "Id", "0", "Id", "1"), true,
           "Action=Do&Version=2020-01-01&Entry.1.Id=0&Entry.2.Id=1");
    prints(json_pack("{s:f, s:b}", "F", 0.5, "B", 0), false,
           "Action=Do&Version=2020-01-01&F=0.5&B=false");
}

static void what_is_not_unreserved_is_encoded(void **state)
{
    (void)state;
    prints(json_pack("{s:s}", "A", "a b+c&d=e/\xc3\xa9~-._"), false,
           "Action=Do&Version=2020-01-01&A=a%20b%2Bc%26d%3De%2F%C3%A9~-._");
    CLEANUP(alloc_freep) char *kept = aws_percent_encode("/a:b", 4, "/");
    assert_string_equal(kept, "/a%3Ab");
    CLEANUP(alloc_freep) char *zero = aws_percent_encode("a\0b", 3, "/");
    assert_string_equal(zero, "a%00b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_the_action_alone),
        cmocka_unit_test(lists_and_objects_become_names),
        cmocka_unit_test(what_is_not_unreserved_is_encoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
