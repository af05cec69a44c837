/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "common/placeholder.h"

static const char *const names[] = {"candidate", "record_set", NULL};
static const struct placeholder values[] = {{"candidate", "gr\"een\\"},
                                            {"record_set", "www.example.org/A"}};

#define fills(text, escape, expected) fills_at(text, escape, expected, __LINE__)
static void fills_at(const char *text, enum placeholder_escape escape, const char *expected,
                     int line)
{
    CLEANUP(alloc_freep)
    char *filled = placeholder_fill(text, values, sizeof(values) / sizeof(*values), escape);
    _assert_string_equal(filled, expected, __FILE__, line);
}

static void values_are_escaped_for_where_they_stand(void **state)
{
    (void)state;
    fills("up{m=\"{candidate}\"}", PLACEHOLDER_IN_QUOTES, "up{m=\"gr\\\"een\\\\\"}");
    fills("{record_set}", PLACEHOLDER_IN_QUOTES, "www.example.org/A");
    fills("http://ci/{record_set}/{candidate}?x", PLACEHOLDER_IN_URL,
          "http://ci/www.example.org%2FA/gr%22een%5C?x");
}

static void other_braces_are_the_texts_own(void **state)
{
    (void)state;
    const char *const own[] = {"",
                               "{",
                               "}",
                               "{}",
                               "{candidate",
                               "candidate}",
                               "{ candidate }",
                               "{Candidate}",
                               "{job=\"web\"}",
                               "a{b=~\"[0-9]{3}\"}",
                               "{other}"};
    for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++) {
        fills(own[i], PLACEHOLDER_IN_QUOTES, own[i]);
    }
    fills("{{record_set}}{{", PLACEHOLDER_IN_QUOTES, "{www.example.org/A}{{");
}

static void what_is_not_known_is_refused_with_what_is(void **state)
{
    (void)state;
    struct error err = {""};
    assert_true(placeholder_check("up{m=\"{candidate}\", r=\"{record_set}\"}[5m]", names, &err));
    assert_true(placeholder_check("{job=\"a\"} {3} {} {X}", names, &err));
    assert_false(placeholder_check("{candidate} {candidat} {stable}", names, &err));
    assert_string_equal(err.text, "found {candidat}, expected one of: {candidate}, {record_set}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_escaped_for_where_they_stand),
        cmocka_unit_test(other_braces_are_the_texts_own),
        cmocka_unit_test(what_is_not_known_is_refused_with_what_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
