/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "control/plan/asl_data.h"
#include "control/plan/asl_line.h"
#include "control/plan/asl_path.h"
#include "control/plan/asl_time.h"

static json_t *load(const char *text)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(json);
    return json;
}

static void assert_json(const json_t *json, const char *text)
{
    json_t *expected = load(text);
    if (!json_equal(json, expected)) {
        CLEANUP(alloc_freep) char *found = json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT);
        fail_msg("%s, expected %s", found == NULL ? "nothing" : found, text);
    }
    json_decref(expected);
}

static void a_path_gives_the_one_value_it_means(void **state)
{
    static const struct {
        const char *path, *value; /* NULL: there is none */
    } cases[] = {
        /* the specification's example of reference paths */
        {"$.store.book", "[{\"title\":\"Dune\"},{\"title\":\"Emma\"}]"},
        {"$.store\\.book", NULL},
        {"$.store.book[1].title", "\"Emma\""},
        {"$.store.book[2]", NULL},
        {"$.store[0]", NULL},
        {"$['a b']", "1"},
        {"$[\"a b\"]", "1"},
        {"$['it\\'s']", "2"},
        {"$.\xc3\xbc-1", "3"},
        {"$['store']['book'][0]['title']", "\"Dune\""},
        {"$.nothing", "null"},
        {"$.nothing.more", NULL},
        {"$$.State.Name", "\"a\""},
        {"$$", "{\"State\":{\"Name\":\"a\"}}"},
        {"$$.Input", NULL},
    };
    (void)state;
    json_t *input = load("{\"store\":{\"book\":[{\"title\":\"Dune\"},{\"title\":\"Emma\"}]},"
                         "\"a b\":1,\"it's\":2,\"\xc3\xbc-1\":3,\"nothing\":null}");
    json_t *context = load("{\"State\":{\"Name\":\"a\"}}");
    struct asl_scope scope = {.input = input, .context = context};
    assert_ptr_equal(asl_path_get("$", &scope), input);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const json_t *value = asl_path_get(cases[i].path, &scope);
        if (cases[i].value == NULL) {
            assert_null(value);
        } else {
            assert_json(value, cases[i].value);
        }
    }
    json_decref(input);
    json_decref(context);
}

static void what_could_mean_several_values_is_refused_by_name(void **state)
{
    static const struct {
        const char *path, *text;
    } cases[] = {
        {"", "found the end at character 1, expected $"},
        {"a", "found \"a\" at character 1, expected $"},
        {"$.*", "found the wildcard * at character 3"},
        {"$.a[*]", "found the wildcard * at character 5"},
        {"$..a", "found the recursive descent .. at character 3"},
        {"$.a[?(@.b)]", "found a filter (?) at character 5"},
        {"$.a[0:1]", "found a slice (:) at character 6"},
        {"$.a[:1]", "found a slice (:) at character 5"},
        {"$.a[0,1]", "found a union (,) at character 6"},
        {"$['a','b']", "found a union (,) at character 6"},
        {"$.a[-1]", "found a negative index at character 5"},
        {"$.a[(@.length-1)]", "found a script at character 5"},
        {"$.a.length()", "found a function at character 11"},
        {"$.a[0", "found the end at character 6, expected ]"},
        {"$.a['b]", "expected the closing quote"},
        {"$.a.", "found the end at character 5, expected a name"},
        {"$.\xc3\xbc ", "found \" \" at character 4, expected ., [ or the end"},
        {"$.a[99999999999]", "a tenth digit"},
        {"$a", "found \"a\" at character 2, expected ., [ or the end"},
        {"$.a[]", "found \"]\" at character 5, expected an index or a name between quotes"},
    };
    (void)state;
    struct error err;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_false(asl_path_check(cases[i].path, ASL_PATH_ANY, &err));
        if (strstr(err.text, cases[i].text) == NULL) {
            fail_msg("\"%s\" does not say \"%s\"", err.text, cases[i].text);
        }
    }
    assert_true(asl_path_check("$$.Execution.Id", ASL_PATH_ANY, &err));
    assert_false(asl_path_check("$$.Execution.Id", ASL_PATH_TARGET, &err));
    char deep[3 * ASL_PATH_MAX_STEPS] = "$";
    for (size_t i = 0; i < ASL_PATH_MAX_STEPS; i++) {
        strcat(deep, ".a");
    }
    assert_true(asl_path_check(deep, ASL_PATH_ANY, &err));
    strcat(deep, ".a");
    assert_false(asl_path_check(deep, ASL_PATH_ANY, &err));
}

static void a_result_is_put_where_the_path_says(void **state)
{
    static const struct {
        const char *root, *path, *result; /* NULL: ResultPathMatchFailure */
    } cases[] = {
        /* the specification's example: a sum beside the numbers */
        {"{\"title\":\"Numbers to add\",\"numbers\":[3,4]}", "$.sum",
         "{\"title\":\"Numbers to add\",\"numbers\":[3,4],\"sum\":7}"},
        {"{\"master\":{\"detail\":[1,2,3]}}", "$.master.detail", "{\"master\":{\"detail\":7}}"},
        {"{\"master\":{\"detail\":[1,2,3]}}", "$.master.result.sum",
         "{\"master\":{\"detail\":[1,2,3],\"result\":{\"sum\":7}}}"},
        {"{\"a\":1}", "$", "7"},
        {"{}", "$.a.b.c", "{\"a\":{\"b\":{\"c\":7}}}"},
        {"{\"a\":{\"x\":1}}", "$.a.b", "{\"a\":{\"x\":1,\"b\":7}}"},
        {"{\"a\":[1,2]}", "$.a[1]", "{\"a\":[1,7]}"},
        {"{\"a\":[1,2]}", "$.a[2]", NULL},
        {"{\"a\":1}", "$.a.b", NULL},
        {"[1]", "$.a", NULL},
        {"\"foo\"", "$.x", NULL},
        {"{}", "$.a[0]", NULL},
        {"{\"a b\":1}", "$['a b']", "{\"a b\":7}"},
    };
    (void)state;
    struct error err;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        json_t *root = load(cases[i].root);
        json_t *value = json_integer(7);
        json_t *result = asl_path_put(cases[i].path, root, value, &err);
        if (cases[i].result == NULL) {
            assert_null(result);
            assert_non_null(strstr(err.text, "ResultPath $"));
        } else {
            assert_json(result, cases[i].result);
        }
        assert_json(root, cases[i].root);
        json_decref(result);
        json_decref(value);
        json_decref(root);
    }
}

static void lines_are_found_in_any_json(void **state)
{
    static const char text[] = "\t{\"StartAt\": \"x\", \"a.b\": {\n"
                               "\t\t\"\\ud83d\\ude00\": [1,\n  {\"n\": \"}\\\"\"},\n"
                               "  {\"m~/\": null}]},\n\"z\" :\n 3}";
    static const struct {
        const char *pointer;
        unsigned line;
    } cases[] = {
        {"", 1},
        {"/a.b", 1},
        {"/a.b/\xf0\x9f\x98\x80", 2},
        {"/a.b/\xf0\x9f\x98\x80/0", 2},
        {"/a.b/\xf0\x9f\x98\x80/1/n", 3},
        {"/a.b/\xf0\x9f\x98\x80/2/m~0~1", 4},
        {"/a.b/\xf0\x9f\x98\x80/9", 2},
        {"/z", 5},
        {"/z/deeper", 5},
        {"/nothing", 1},
    };
    (void)state;
    struct asl_place place = {""};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(asl_line_find(text, strlen(text), cases[i].pointer), cases[i].line);
    }
    asl_place_key(&place, "a.b");
    size_t mark = asl_place_index(&place, 12);
    asl_place_key(&place, "m~/");
    assert_string_equal(place.pointer, "/a.b/12/m~0~1");
    asl_place_back(&place, mark);
    assert_string_equal(place.pointer, "/a.b");
    assert_int_equal(asl_line_find("{\"a\":\"", 6, "/a/b"), 1);
    assert_int_equal(asl_line_find("", 0, "/a"), 1);
}

static void timestamps_are_those_of_the_language(void **state)
{
    static const char *const refused[] = {
        "2016-03-14t01:59:00Z",
        "2016-03-14T01:59:00z",
        "2016-03-14 01:59:00Z",
        "2016-03-14T01:59:00",
        "2016-02-30T01:59:00Z",
        "2015-02-29T00:00:00Z",
        "2016-13-01T00:00:00Z",
        "2016-00-01T00:00:00Z",
        "2016-01-00T00:00:00Z",
        "2016-03-14T24:00:00Z",
        "2016-03-14T01:60:00Z",
        "2016-03-14T01:59:61Z",
        "2016-03-14T01:59:00.Z",
        "2016-03-14T01:59:00+1",
        "2016-03-14T01:59:00Zx",
        "16-03-14T01:59:00Z",
        "",
        "2016-03-14T01:59:00+24:00",
        "2016-03-14T01:59:00+0100",
    };
    (void)state;
    int64_t time_ms;
    char printed[ASL_TIME_SIZE];
    assert_true(asl_time_parse("2016-03-14T01:59:00Z", &time_ms));
    assert_int_equal(time_ms, 1457920740000);
    assert_true(asl_time_parse("2016-03-14T01:59:00.1239-01:30", &time_ms));
    assert_int_equal(time_ms, 1457926140123);
    assert_true(asl_time_parse("1969-12-31T23:59:59.999Z", &time_ms));
    assert_int_equal(time_ms, -1);
    asl_time_print(time_ms, printed);
    assert_string_equal(printed, "1969-12-31T23:59:59.999Z");
    asl_time_print(INT64_MAX, printed);
    assert_string_equal(printed, "9999-12-31T23:59:59.999Z");
    asl_time_print(INT64_MIN, printed);
    assert_string_equal(printed, "0000-01-01T00:00:00.000Z");
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        assert_false(asl_time_parse(refused[i], &time_ms));
    }
    for (int64_t day = -800000; day < 2900000; day += 97) {
        int64_t back_ms;
        asl_time_print(day * 86400000 + 12345, printed);
        if (day * 86400000 > -62167219200000 && day * 86400000 < 253402300799000) {
            assert_true(asl_time_parse(printed, &back_ms));
            assert_int_equal(back_ms, day * 86400000 + 12345);
        }
    }
}

static void data_keeps_to_its_limits(void **state)
{
    (void)state;
    json_t *shared = json_array();
    for (int i = 0; i < 1000; i++) {
        json_array_append_new(shared, json_string("0123456789"));
    }
    assert_true(asl_data_fits(shared));
    json_t *outer = json_array();
    for (int i = 0; i < 1000; i++) {
        json_array_append(outer, shared);
    }
    assert_false(asl_data_fits(outer));
    assert_null(asl_data_text(outer));
    json_decref(outer);
    json_t *deep = json_array();
    for (int i = 0; i < ASL_DATA_MAX_DEPTH; i++) {
        json_t *around = json_array();
        json_array_append_new(around, deep);
        deep = around;
    }
    assert_true(asl_data_fits(deep));
    json_t *deeper = json_array();
    json_array_append(deeper, deep);
    assert_false(asl_data_fits(deeper));
    json_decref(deeper);
    json_decref(deep);
    json_decref(shared);
    json_t *text = asl_data_string("a\xff\xc3\xbc", 3);
    assert_string_equal(json_string_value(text), "a?");
    json_decref(text);
    text = asl_data_string("a\xc3\xbc", 3);
    assert_string_equal(json_string_value(text), "a\xc3\xbc");
    json_decref(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_gives_the_one_value_it_means),
        cmocka_unit_test(what_could_mean_several_values_is_refused_by_name),
        cmocka_unit_test(a_result_is_put_where_the_path_says),
        cmocka_unit_test(lines_are_found_in_any_json),
        cmocka_unit_test(timestamps_are_those_of_the_language),
        cmocka_unit_test(data_keeps_to_its_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
