/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "control/plan/asl_intrinsic.h"
#include "control/plan/asl_payload.h"

static const char input_text[] =
    "{\"name\":\"Arnav\",\"template\":\"Hello, my name is {}.\",\"id\":123456,"
    "\"list\":[1,2,3,3,4,5,6,7,8,9],\"nested\":{\"a\":[1,{\"b\":null}],\"t\":true},"
    "\"json\":\"{\\\"number\\\":20}\",\"broken\":\"{\",\"real\":2.5,\"seed\":7,"
    "\"flagged\":7,\"vals\":[0,10,20,30,40,50],\"csv\":\"This.is+a,,test\xc3\xbc=string\"}";

static uint64_t random_state;
static json_t *input;
static struct asl_fault fault;

static json_t *load(const char *text)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(json);
    return json;
}

static struct asl_scope scope(void)
{
    static json_t *context;
    if (context == NULL) {
        context = load("{\"Execution\":{\"Id\":\"e-1\"},\"DayOfWeek\":\"TUESDAY\"}");
    }
    return (struct asl_scope){input, context, &random_state};
}

static void assert_json(json_t *json, const char *text)
{
    json_t *expected = load(text);
    if (!json_equal(json, expected)) {
        CLEANUP(alloc_freep) char *found = json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT);
        fail_msg("%s, expected %s", found == NULL ? "nothing" : found, text);
    }
    json_decref(expected);
    json_decref(json);
}

static json_t *value(const char *expression)
{
    struct error err;
    struct asl_scope all = scope();
    if (!asl_expression_check(expression, &err)) {
        fail_msg("%s", err.text);
    }
    return asl_expression_value(expression, &all, &fault);
}

static void assert_fault(const char *expression, const char *name, const char *cause)
{
    assert_null(value(expression));
    assert_string_equal(fault.name, name);
    if (strstr(fault.cause.text, cause) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", fault.cause.text, cause);
    }
}

static int set_up(void **state)
{
    (void)state;
    input = load(input_text);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    json_decref(scope().context);
    json_decref(input);
    return 0;
}

static void functions_give_what_their_documents_say(void **state)
{
    static const struct {
        const char *expression, *value;
    } cases[] = {
        {"States.Format('Hello, my name is {}.', $.name)", "\"Hello, my name is Arnav.\""},
        {"States.Format($.template, $.name)", "\"Hello, my name is Arnav.\""},
        {"States.Format('{} {} {} {}', 1, 2.5, true, null)", "\"1 2.5 true null\""},
        {"States.Format('it\\'s \\{\\} \\\\ {}', 'x')", "\"it's {} \\\\ x\""},
        {"States.Format('')", "\"\""},
        {"States.StringToJson($.json)", "{\"number\":20}"},
        {"States.JsonToString($.nested)", "\"{\\\"a\\\":[1,{\\\"b\\\":null}],\\\"t\\\":true}\""},
        {"States.Array()", "[]"},
        {"States.Array($.id, 'a', 1, null, $.nested.a)", "[123456,\"a\",1,null,[1,{\"b\":null}]]"},
        {"States.ArrayPartition($.list, 4)", "[[1,2,3,3],[4,5,6,7],[8,9]]"},
        {"States.ArrayContains($.list, 5)", "true"},
        {"States.ArrayContains($.list, 'x')", "false"},
        {"States.ArrayRange(1, 9, 2)", "[1,3,5,7,9]"},
        {"States.ArrayRange(3, -3, -3)", "[3,0,-3]"},
        {"States.ArrayRange(1, 0, 1)", "[]"},
        {"States.ArrayRange(1, 9223372036854775807, 6917529027641081856)",
         "[1,6917529027641081857]"},
        {"States.ArrayGetItem($.list, 5)", "5"},
        {"States.ArrayLength($.list)", "10"},
        {"States.ArrayUnique($.list)", "[1,2,3,4,5,6,7,8,9]"},
        {"States.Base64Encode('Data to encode')", "\"RGF0YSB0byBlbmNvZGU=\""},
        {"States.Base64Decode('RGVjb2RlZCBkYXRh')", "\"Decoded data\""},
        {"States.Hash('input data', 'SHA-1')", "\"aaff4a450a104cd177d28d18d74485e8cae074b7\""},
        {"States.Hash('', 'MD5')", "\"d41d8cd98f00b204e9800998ecf8427e\""},
        {"States.Hash('abc', 'SHA-256')",
         "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\""},
        {"States.Hash('', 'SHA-384')",
         "\"38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2"
         "f14898b95b\""},
        {"States.Hash('', 'SHA-512')",
         "\"cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318"
         "d2877eec2f63b931bd47417a81a538327af927da3e\""},
        {"States.Hash(12, 'MD5')", "\"c20ad4d76fe97759aa27a0c99bff6710\""},
        {"States.JsonMerge($.nested, States.StringToJson('\\{\"t\":2\\}'), false)",
         "{\"a\":[1,{\"b\":null}],\"t\":2}"},
        {"States.MathAdd(111, -1)", "110"},
        {"States.MathAdd($.real, 1)", "4"},
        {"States.StringSplit('1,2,3,4,5', ',')", "[\"1\",\"2\",\"3\",\"4\",\"5\"]"},
        {"States.StringSplit($.csv, '.+,\xc3\xbc=')",
         "[\"This\",\"is\",\"a\",\"test\",\"string\"]"},
        {"States.StringSplit('', ',')", "[]"},
        {"States.Format('{}.{}', States.ArrayGetItem(States.StringSplit('a/b', '/'), 1), "
         "States.MathAdd(States.ArrayLength($.list), 1))",
         "\"b.11\""},
        {"$.nested.a[1]", "{\"b\":null}"},
        {"$$.Execution.Id", "\"e-1\""},
        {"States.Array( \t1 ,2 )", "[1,2]"},
        {"States.Array($['list'][0],$.vals[1])", "[1,10]"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        json_t *found = value(cases[i].expression);
        if (found == NULL) {
            fail_msg("%s: %s", cases[i].expression, fault.cause.text);
        }
        assert_json(found, cases[i].value);
    }
}

static void chance_comes_from_the_seed(void **state)
{
    (void)state;
    random_state = 1;
    json_t *first = value("States.UUID()");
    json_t *second = value("States.UUID()");
    assert_false(json_equal(first, second));
    random_state = 1;
    json_t *again = value("States.UUID()");
    assert_true(json_equal(first, again));
    const char *text = json_string_value(first);
    assert_int_equal(strlen(text), 36);
    assert_true(text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-');
    assert_int_equal(text[14], '4');
    assert_non_null(strchr("89ab", text[19]));
    json_decref(first);
    json_decref(second);
    json_decref(again);
    for (int i = 0; i < 200; i++) {
        json_t *drawn = value("States.MathRandom(-3, 3)");
        assert_in_range(json_integer_value(drawn) + 3, 0, 5);
        json_decref(drawn);
    }
    uint64_t before = random_state;
    json_t *seeded = value("States.MathRandom(0, 1000000, $.seed)");
    json_t *seeded_again = value("States.MathRandom(0, 1000000, 7)");
    assert_true(json_equal(seeded, seeded_again));
    assert_true(random_state == before);
    json_decref(seeded);
    json_decref(seeded_again);
}

static void what_a_function_cannot_do_is_a_fault(void **state)
{
    (void)state;
    assert_fault("$.nothing", ASL_ERROR_PARAMETER_PATH, "there is nothing at $.nothing");
    assert_fault("States.Array($.nothing)", ASL_ERROR_PARAMETER_PATH, "$.nothing");
    assert_fault("States.Format('{}', $.list)", ASL_ERROR_INTRINSIC,
                 "States.Format: argument 2 is an array, expected a string");
    assert_fault("States.Format('{} {}', 1)", ASL_ERROR_INTRINSIC, "argument 3 is nothing");
    assert_fault("States.Format('{}', 1, 2)", ASL_ERROR_INTRINSIC, "2 arguments for 1 {}");
    assert_fault("States.Format($.id)", ASL_ERROR_INTRINSIC, "argument 1 is a number");
    assert_fault("States.StringToJson($.broken)", ASL_ERROR_INTRINSIC, "the text is not JSON");
    assert_fault("States.ArrayPartition($.list, 0)", ASL_ERROR_INTRINSIC, "expected 1 or more");
    assert_fault("States.ArrayContains($.id, 1)", ASL_ERROR_INTRINSIC, "expected an array");
    assert_fault("States.ArrayRange(1, 2, 0)", ASL_ERROR_INTRINSIC, "expected another step");
    assert_fault("States.ArrayRange(1, 1001, 1)", ASL_ERROR_INTRINSIC, "more than 1000 entries");
}

static void more_that_a_function_cannot_do(void **state)
{
    (void)state;
    assert_fault("States.ArrayGetItem($.list, 10)", ASL_ERROR_INTRINSIC, "entry 10 of an array");
    assert_fault("States.ArrayGetItem($.list, -1)", ASL_ERROR_INTRINSIC, "entry -1");
    assert_fault("States.Base64Decode('*')", ASL_ERROR_INTRINSIC, "no text in Base64");
    assert_fault("States.Base64Decode('AA==')", ASL_ERROR_INTRINSIC, "no text in Base64");
    assert_fault("States.Hash('a', 'CRC')", ASL_ERROR_INTRINSIC, "expected MD5, SHA-1");
    assert_fault("States.JsonMerge($.nested, $.nested, true)", ASL_ERROR_INTRINSIC,
                 "expected false");
    assert_fault("States.JsonMerge($.nested, 1, false)", ASL_ERROR_INTRINSIC,
                 "argument 2 is a number, expected an object");
    assert_fault("States.MathAdd(2147483648, 1)", ASL_ERROR_INTRINSIC, "2147483647");
    assert_fault("States.MathAdd(1e300, 1)", ASL_ERROR_INTRINSIC, "too large");
    assert_fault("States.MathAdd('1', 1)", ASL_ERROR_INTRINSIC, "argument 1 is a string");
    assert_fault("States.MathRandom(3, 3)", ASL_ERROR_INTRINSIC, "not larger");
    assert_fault("States.StringSplit(1, ',')", ASL_ERROR_INTRINSIC, "argument 1 is a number");
}

static void expressions_that_are_none_are_refused(void **state)
{
    static const struct {
        const char *expression, *text;
    } cases[] = {
        {"text", "neither a path"},
        {"States.Shout(1)", "States.Shout is an unknown function, expected one of States.Array"},
        {"States.array(1)", "States.array is an unknown function"},
        {"States.Array", "found the end at character 13, expected ("},
        {"States.Array(1", "found the end at character 15, expected , or )"},
        {"States.Array(1 2)", "expected , or )"},
        {"States.Array(1,)", "found something else at character 16, expected a path"},
        {"States.Array(a)", "expected a path, a 'text', a number"},
        {"States.Array([1])", "expected a path, a 'text', a number"},
        {"States.Array('a)", "expected the closing '"},
        {"States.Array('\\n')", "behind a backslash"},
        {"States.Array('\\", "behind a backslash"},
        {"States.Array(1) ", "expected the end"},
        {"States.Array($.a[*])", "found the wildcard *"},
        {"States.UUID(1)", "States.UUID has 1 arguments, expected at most 0"},
        {"States.Hash('a')", "States.Hash has 1 arguments, expected at least 2"},
        {"$.a[*]", "found the wildcard *"},
        {"$.a States.UUID()", "expected ., [ or the end"},
    };
    (void)state;
    struct error err;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_false(asl_expression_check(cases[i].expression, &err));
        if (strstr(err.text, cases[i].text) == NULL) {
            fail_msg("\"%s\" does not say \"%s\"", err.text, cases[i].text);
        }
    }
}

static void a_template_is_filled_from_input_and_context(void **state)
{
    (void)state;
    /* the specification's example */
    json_t *template = load("{\"flagged\":true,\"parts\":{\"first.$\":\"$.vals[0]\","
                            "\"last3.$\":\"States.Array($.vals[3],$.vals[4],$.vals[5])\"},"
                            "\"weekday.$\":\"$$.DayOfWeek\",\"list\":[1,{\"n.$\":\"$.name\"}],"
                            "\"$\":\"plain\"}");
    struct asl_place place = {""};
    struct error err;
    struct asl_scope all = scope();
    assert_true(asl_payload_check(template, &place, &err));
    assert_json(asl_payload_build(template, &all, &fault),
                "{\"flagged\":true,\"parts\":{\"first\":0,\"last3\":[30,40,50]},"
                "\"weekday\":\"TUESDAY\",\"list\":[1,{\"n\":\"Arnav\"}],\"$\":\"plain\"}");
    json_decref(template);
}

static void a_template_says_what_failed_where(void **state)
{
    (void)state;
    json_t *template = load("{\"a\":[{\"b\":{\"c.$\":\"$.nothing\"}}]}");
    struct asl_scope all = scope();
    assert_null(asl_payload_build(template, &all, &fault));
    assert_string_equal(fault.name, ASL_ERROR_PARAMETER_PATH);
    assert_string_equal(fault.cause.text, "a.b.c.$: there is nothing at $.nothing");
    json_decref(template);
    struct asl_place place = {""};
    struct error err;
    template = load("{\"a\":[0,{\"b.$\":\"b\"}]}");
    assert_false(asl_payload_check(template, &place, &err));
    assert_string_equal(place.pointer, "/a/1/b.$");
    json_decref(template);
    template = load("[1]");
    assert_false(asl_payload_check(template, &place, &err));
    json_decref(template);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_give_what_their_documents_say),
        cmocka_unit_test(chance_comes_from_the_seed),
        cmocka_unit_test(what_a_function_cannot_do_is_a_fault),
        cmocka_unit_test(more_that_a_function_cannot_do),
        cmocka_unit_test(expressions_that_are_none_are_refused),
        cmocka_unit_test(a_template_is_filled_from_input_and_context),
        cmocka_unit_test(a_template_says_what_failed_where),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
