/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "control/ecs_event.h"

#include <unistd.h>

/* What was called, in order: "1" for an object whose "n" is 1, "!3" for a report of line 3. */
static char calls[65536];
static size_t used;

static void note(void *argument, const json_t *json, const char *malformed)
{
    assert_ptr_equal(argument, calls);
    assert_true((json == NULL) != (malformed == NULL));
    unsigned line = 0;
    const char *separator = used == 0 ? "" : " ";
    if (json == NULL) {
        assert_int_equal(sscanf(malformed, "line %u: ", &line), 1);
        used += (size_t)snprintf(calls + used, sizeof(calls) - used, "%s!%u", separator, line);
    } else {
        const json_t *n = json_object_get(json, "n");
        used += (size_t)snprintf(calls + used, sizeof(calls) - used, "%s%lld", separator,
                                 n == NULL ? -1 : json_integer_value(n));
    }
    assert_true(used < sizeof(calls));
}

static void assert_split_octets(const char *text, size_t len, const char *expected)
{
    used = 0;
    calls[0] = '\0';
    size_t count = ecs_event_split(text, len, note, calls);
    assert_string_equal(calls, expected);
    size_t words = calls[0] == '\0' ? 0 : 1;
    for (const char *at = calls; *at != '\0'; at++) {
        words += *at == ' ';
    }
    assert_int_equal(count, words);
}

static void assert_split(const char *text, const char *expected)
{
    /* A copy of just its length: a read behind it is seen by the sanitizer. */
    CLEANUP(alloc_freep) char *copy = alloc_copy(text, strlen(text));
    assert_split_octets(copy, strlen(text), expected);
}

static void nothing_gives_no_calls(void **state)
{
    (void)state;
    assert_split("", "");
    assert_split(" \r\n\t\n", "");
    assert_split("[]", "");
    assert_split("\xef\xbb\xbf", "");
}

static void one_object_may_span_lines(void **state)
{
    (void)state;
    assert_split("{\"n\":1}", "1");
    assert_split("{\n  \"n\": 1,\n  \"x\": [\n    {\"n\": 2}\n  ]\n}\n", "1");
}

static void an_array_gives_its_items(void **state)
{
    (void)state;
    assert_split("[{\"n\":1},{\"n\":2}]", "1 2");
    assert_split("[\n  {\n    \"n\": 1\n  },\n  7,\n  {\n    \"n\": 2\n  }\n]\n", "1 -1 2");
}

static void lines_and_neighbours_and_blank_lines_are_documents(void **state)
{
    (void)state;
    assert_split("{\"n\":1}\n{\"n\":2}\n\n\n{\"n\":3}", "1 2 3");
    assert_split("{\"n\":1}\r\n{\"n\":2}\r\n", "1 2");
    assert_split("{\"n\":1}{\"n\":2} {\"n\":3}", "1 2 3");
    assert_split("\xef\xbb\xbf{\"n\":1}\n[{\"n\":2}]\n", "1 2");
    assert_split("{\"n\":1,\"t\":\"k\xc3\xa4tzchen \xf0\x9f\x90\x88\"}{\"n\":2}", "1 2");
}

static void a_broken_line_is_reported_and_the_rest_is_read(void **state)
{
    (void)state;
    assert_split("{\"n\":1}\n{\"n\":\n{\"n\":3}\n", "1 !2 3");
    assert_split("{\"n\":1}\n{\"n\":2\n{\"n\":3}\n", "1 !2 3");
    assert_split("{\"n\":1}\n{\"n\":2,}\n{\"n\":3}\n", "1 !2 3");
    assert_split("{\"n\":1}\nnot json\nnor this\n{\"n\":4}\n", "1 !2 !3 4");
    assert_split("{\"n\":1}\n{\"n\":\"\xff\"}\n{\"n\":3}\n", "1 !2 3");
    assert_split("{\"n\":1}\n\"a string\"\n5\n{\"n\":3}\n", "1 !2 !3 3");
    assert_split("{\"n\":1}\n{\"n\":2", "1 !2");
    assert_split("x", "!1");
    assert_split_octets("{\"n\":1}\n\0\n{\"n\":3}", 17, "1 !2 3");
}

static void a_broken_object_over_many_lines_gives_one_report(void **state)
{
    (void)state;
    assert_split("{\n  \"n\": 1,\n  oops\n  \"x\": {\n    \"y\": 1\n  },\n  \"z\": [\n    {\n"
                 "    }\n  ]\n}\n{\n  \"n\": 2\n}\n",
                 "!1 2");
    assert_split("{ oops\n  \"n\": 1,\n  \"x\": {\n  }\n}\n{\"n\":2}\n", "!1 2");
}

static void a_broken_array_gives_its_good_items(void **state)
{
    (void)state;
    assert_split("[\n  {\n    \"n\": 1\n  },\n  {\n    oops\n    \"x\": {\n    }\n  },\n  {\n"
                 "    \"n\": 3\n  }\n]\n{\"n\":4}\n",
                 "1 !5 3 4");
    assert_split("[{\"n\":1},\n{\"n\":2},\n{\"n\":oops},\n{\"n\":4}]", "1 2 !3 4");
    assert_split("[{\"n\":1},{\"n\":2}", "1 2 !1");
    assert_split("[{\"n\":1} {\"n\":2}]", "1 2 !1");
    assert_split("[", "!1");
}

static void a_report_is_printable(void **state)
{
    (void)state;
    assert_split("\x1b[2J\n\x80\x81\n", "!1 !2");
}

static void the_reader_gives_up_after_so_many_errors(void **state)
{
    (void)state;
    size_t len = 0;
    CLEANUP(alloc_freep) char *text = alloc_zeroed(5000, 2);
    for (size_t i = 0; i < 5000; i++) {
        text[len++] = 'x';
        text[len++] = '\n';
    }
    used = 0;
    assert_int_equal(ecs_event_split(text, len, note, calls), ECS_MAX_MALFORMED + 1);
}

static void deep_nesting_is_an_error_and_no_crash(void **state)
{
    (void)state;
    size_t len = (size_t)1 << 20;
    CLEANUP(alloc_freep) char *text = alloc_zeroed(len, 1);
    memset(text, '[', len);
    assert_split_octets(text, len, "!1");
}

static void count_only(void *argument, const json_t *json, const char *malformed)
{
    (void)malformed;
    *(size_t *)argument += json != NULL;
}

static char *repeat(const char *piece, size_t len)
{
    char *text = alloc_zeroed(len, 1);
    size_t size = strlen(piece);
    for (size_t i = 0; i < len; i++) {
        text[i] = piece[i % size];
    }
    return text;
}

/* A thousand lines each of which is broken only at the end of the text. */
static void what_is_read_in_vain_is_read_a_few_times_only(void **state)
{
    (void)state;
    size_t len = (size_t)4 << 20, good = 0;
    CLEANUP(alloc_freep) char *text = repeat("1,", len);
    for (size_t i = 0; i < 900; i++) {
        memcpy(text + i * 6, "{\"a\":\n", 6);
    }
    memcpy(text + 900 * 6, "[1", 2);
    alarm(60);
    ecs_event_split(text, len, count_only, &good);
    alarm(0);
    assert_int_equal(good, 0);
}

/* Were it quadratic this would take minutes. */
static void sixteen_mebibytes_take_linear_time(void **state)
{
    (void)state;
    size_t len = (size_t)16 << 20, good = 0;
    static const char *const pieces[] = {"[1,\n", "{\"a\":\n", "[\n", "{\n", "{\"a\":1,\n"};
    CLEANUP(alloc_freep) char *lines = repeat("{\"n\":1,\"m\":[{},{}]}\n", len);
    ecs_event_split(lines, len, count_only, &good);
    assert_int_equal(good, len / 20);
    alarm(120);
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
        CLEANUP(alloc_freep) char *text = repeat(pieces[i], len);
        good = 0;
        assert_true(ecs_event_split(text, len, count_only, &good) <= ECS_MAX_MALFORMED + 1);
        assert_int_equal(good, 0);
    }
    alarm(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_gives_no_calls),
        cmocka_unit_test(one_object_may_span_lines),
        cmocka_unit_test(an_array_gives_its_items),
        cmocka_unit_test(lines_and_neighbours_and_blank_lines_are_documents),
        cmocka_unit_test(a_broken_line_is_reported_and_the_rest_is_read),
        cmocka_unit_test(a_broken_object_over_many_lines_gives_one_report),
        cmocka_unit_test(a_broken_array_gives_its_good_items),
        cmocka_unit_test(a_report_is_printable),
        cmocka_unit_test(the_reader_gives_up_after_so_many_errors),
        cmocka_unit_test(deep_nesting_is_an_error_and_no_crash),
        cmocka_unit_test(what_is_read_in_vain_is_read_a_few_times_only),
        cmocka_unit_test(sixteen_mebibytes_take_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
