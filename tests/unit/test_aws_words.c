/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "control/aws/aws_words.h"

static void splits(const char *command, const char *const *expected)
{
    char **words = aws_words_split(command);
    size_t count = 0;
    assert_non_null(words);
    for (; expected[count] != NULL; count++) {
        assert_non_null(words[count]);
        assert_string_equal(words[count], expected[count]);
    }
    assert_null(words[count]);
    aws_words_free(words);
}

static void commands_are_split_as_a_shell_does(void **state)
{
    (void)state;
    splits("/bin/x --a  b", (const char *const[]){"/bin/x", "--a", "b", NULL});
    splits(" \"/opt/my app/x\" 'a \"b\" c'",
           (const char *const[]){"/opt/my app/x", "a \"b\" c", NULL});
    splits("a\\ b \"c\\\"d\" 'e\\f' \"g\\h\"",
           (const char *const[]){"a b", "c\"d", "e\\f", "g\\h", NULL});
    splits("a''b \"\"", (const char *const[]){"ab", "", NULL});
    splits("$HOME `x`;y", (const char *const[]){"$HOME", "`x`;y", NULL});
    splits("  ", (const char *const[]){NULL});
}

static void a_quote_without_end_is_none(void **state)
{
    (void)state;
    assert_null(aws_words_split("a 'b"));
    assert_null(aws_words_split("a \"b\\\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_split_as_a_shell_does),
        cmocka_unit_test(a_quote_without_end_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
