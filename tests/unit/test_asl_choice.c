/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "control/plan/asl_choice.h"

static const char input_text[] =
    "{\"type\":\"Private\",\"value\":25,\"real\":0.5,\"yes\":true,\"no\":false,\"none\":null,"
    "\"when\":\"2016-03-14T01:59:00Z\",\"east\":\"2016-03-14T03:59:00+02:00\","
    "\"later\":\"2016-03-14T02:00:00Z\",\"other\":\"Public\",\"log\":\"zebra-*.log\","
    "\"back\":\"a\\\\b\",\"list\":[1],\"twentyfive\":25.0,\"health\":{\"State\":\"healthy\"}}";

static json_t *input;
static struct asl_fault fault;

static int set_up(void **state)
{
    (void)state;
    input = json_loads(input_text, 0, NULL);
    return input == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    json_decref(input);
    return 0;
}

/* The rule is what stands between the braces, without Next. */
static enum asl_choice test(const char *rule)
{
    CLEANUP(alloc_freep) char *text = alloc_printf("{\"Next\":\"x\",%s}", rule);
    json_t *json = json_loads(text, 0, NULL);
    struct asl_place place = {""};
    struct asl_scope scope = {.input = input};
    struct error err;
    assert_non_null(json);
    if (!asl_choice_check(json, &place, &err)) {
        fail_msg("%s: %s", rule, err.text);
    }
    enum asl_choice choice = asl_choice_test(json, &scope, &fault);
    json_decref(json);
    return choice;
}

#define V(variable) "\"Variable\":\"$." variable "\","

static void assert_all(const char *const *rules, size_t count, enum asl_choice expected)
{
    for (size_t i = 0; i < count; i++) {
        if (test(rules[i]) != expected) {
            fail_msg("%s is not %s", rules[i], expected == ASL_CHOICE_YES ? "true" : "false");
        }
    }
}

static void operators_that_hold(void **state)
{
    static const char *const rules[] = {
        V("health.State") "\"StringEquals\":\"healthy\"",
        V("type") "\"StringEqualsPath\":\"$.type\"",
        V("type") "\"StringLessThan\":\"Public\"",
        V("type") "\"StringLessThanPath\":\"$.other\"",
        V("type") "\"StringGreaterThan\":\"Pri\"",
        V("other") "\"StringGreaterThanPath\":\"$.type\"",
        V("type") "\"StringLessThanEquals\":\"Private\"",
        V("type") "\"StringLessThanEqualsPath\":\"$.type\"",
        V("type") "\"StringGreaterThanEquals\":\"Private\"",
        V("type") "\"StringGreaterThanEqualsPath\":\"$.type\"",
        V("value") "\"NumericEquals\":25",
        V("value") "\"NumericEqualsPath\":\"$.twentyfive\"",
        V("value") "\"NumericLessThan\":25.5",
        V("real") "\"NumericLessThanPath\":\"$.value\"",
        V("value") "\"NumericGreaterThan\":-1",
        V("value") "\"NumericGreaterThanPath\":\"$.real\"",
        V("value") "\"NumericLessThanEquals\":25",
        V("value") "\"NumericLessThanEqualsPath\":\"$.value\"",
        V("value") "\"NumericGreaterThanEquals\":20",
        V("value") "\"NumericGreaterThanEqualsPath\":\"$.value\"",
        V("yes") "\"BooleanEquals\":true",
        V("no") "\"BooleanEqualsPath\":\"$.no\"",
        V("when") "\"TimestampEquals\":\"2016-03-14T01:59:00.000Z\"",
        V("when") "\"TimestampEqualsPath\":\"$.east\"",
        V("when") "\"TimestampLessThan\":\"2016-03-14T01:59:00.001Z\"",
        V("east") "\"TimestampLessThanPath\":\"$.later\"",
        V("later") "\"TimestampGreaterThan\":\"2016-03-14T01:59:00Z\"",
        V("later") "\"TimestampGreaterThanPath\":\"$.east\"",
        V("when") "\"TimestampLessThanEquals\":\"2016-03-14T01:59:00Z\"",
        V("when") "\"TimestampLessThanEqualsPath\":\"$.east\"",
        V("when") "\"TimestampGreaterThanEquals\":\"2016-03-14T01:59:00Z\"",
        V("when") "\"TimestampGreaterThanEqualsPath\":\"$.east\"",
        V("none") "\"IsNull\":true",
        V("type") "\"IsNull\":false",
        V("none") "\"IsPresent\":true",
        V("absent") "\"IsPresent\":false",
        V("absent.deep") "\"IsPresent\":false",
        V("value") "\"IsNumeric\":true",
        V("real") "\"IsNumeric\":true",
        V("type") "\"IsString\":true",
        V("value") "\"IsString\":false",
        V("no") "\"IsBoolean\":true",
        V("when") "\"IsTimestamp\":true",
        V("type") "\"IsTimestamp\":false",
        V("log") "\"StringMatches\":\"*.log\"",
        V("log") "\"StringMatches\":\"zebra-\\\\*.log\"",
        V("log") "\"StringMatches\":\"*e*r*-*g\"",
        V("log") "\"StringMatches\":\"*\"",
        V("back") "\"StringMatches\":\"a\\\\\\\\b\"",
    };
    (void)state;
    assert_all(rules, ARRAY_LEN(rules), ASL_CHOICE_YES);
}

static void operators_that_do_not_hold_or_meet_another_type(void **state)
{
    static const char *const rules[] = {
        V("type") "\"StringEquals\":\"private\"",
        V("value") "\"StringEquals\":\"25\"",
        V("none") "\"StringEquals\":\"null\"",
        V("type") "\"StringEqualsPath\":\"$.value\"",
        V("type") "\"StringLessThan\":\"Private\"",
        V("value") "\"NumericEquals\":24",
        V("type") "\"NumericLessThan\":100",
        V("list") "\"NumericEquals\":1",
        V("yes") "\"BooleanEquals\":false",
        V("type") "\"BooleanEquals\":false",
        V("type") "\"TimestampEquals\":\"2016-03-14T01:59:00Z\"",
        V("when") "\"TimestampLessThan\":\"2016-03-14T01:59:00Z\"",
        V("type") "\"IsNull\":true",
        V("none") "\"IsPresent\":false",
        V("absent") "\"IsPresent\":true",
        V("type") "\"IsNumeric\":true",
        V("log") "\"StringMatches\":\"zebra\"",
        V("log") "\"StringMatches\":\"ebra*\"",
        V("log") "\"StringMatches\":\"zebra-\\\\*\"",
        V("log") "\"StringMatches\":\"\"",
        V("value") "\"StringMatches\":\"*\"",
    };
    (void)state;
    assert_all(rules, ARRAY_LEN(rules), ASL_CHOICE_NO);
}

static void rules_are_combined(void **state)
{
    static const char *const yes[] = {
        /* the specification's example */
        "\"Not\":{" V("type") "\"StringEquals\":\"Public\"}",
        "\"And\":[{" V("value") "\"IsPresent\":true},{" V("value") "\"IsNumeric\":true},{" V(
            "value") "\"NumericGreaterThanEquals\":20},{" V("value") "\"NumericLessThan\":30}]",
        "\"Or\":[{" V("value") "\"NumericEquals\":1},{\"Not\":{\"Or\":[{" V(
            "yes") "\"BooleanEquals\":false}]}}]",
        /* what follows what decides is not looked at */
        "\"Or\":[{" V("yes") "\"BooleanEquals\":true},{" V("absent") "\"IsNull\":true}]",
    };
    static const char *const no[] = {
        "\"And\":[{" V("absent") "\"IsPresent\":true},{" V("absent") "\"NumericEquals\":1}]",
        "\"And\":[{" V("yes") "\"BooleanEquals\":true},{" V("no") "\"BooleanEquals\":true}]",
        "\"Or\":[{" V("no") "\"BooleanEquals\":true}]",
    };
    (void)state;
    assert_all(yes, ARRAY_LEN(yes), ASL_CHOICE_YES);
    assert_all(no, ARRAY_LEN(no), ASL_CHOICE_NO);
}

static void a_path_that_leads_nowhere_is_a_runtime_error(void **state)
{
    static const char *const rules[] = {
        V("absent") "\"StringEquals\":\"a\"",
        V("absent") "\"IsNull\":true",
        V("absent") "\"IsString\":false",
        "\"Not\":{" V("absent") "\"StringEquals\":\"a\"}",
        "\"And\":[{" V("absent") "\"StringEquals\":\"a\"}]",
        V("type") "\"StringEqualsPath\":\"$.absent\"",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        fault.name = "";
        assert_int_equal(test(rules[i]), ASL_CHOICE_FAULT);
        assert_string_equal(fault.name, ASL_ERROR_RUNTIME);
        assert_non_null(strstr(fault.cause.text, "$.absent: there is nothing"));
    }
}

static void a_pattern_of_many_stars_costs_little(void **state)
{
    (void)state;
    char text[4096];
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    json_object_set_new(input, "long", json_string(text));
    assert_int_equal(test(V("long") "\"StringMatches\":\"*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b\""),
                     ASL_CHOICE_NO);
}

static void rules_can_be_read(void **state)
{
    (void)state;
    json_t *rule = json_loads("{\"And\":[{\"Variable\":\"$.a\",\"NumericLessThan\":3},{\"Not\":"
                              "{\"Variable\":\"$.b\",\"StringEquals\":\"x\"}}],\"Next\":\"c\"}",
                              0, NULL);
    CLEANUP(alloc_freep) char *text = asl_choice_text(rule);
    assert_string_equal(text, "($.a NumericLessThan 3 and not $.b StringEquals \"x\")");
    json_decref(rule);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators_that_hold),
        cmocka_unit_test(operators_that_do_not_hold_or_meet_another_type),
        cmocka_unit_test(rules_are_combined),
        cmocka_unit_test(a_path_that_leads_nowhere_is_a_runtime_error),
        cmocka_unit_test(a_pattern_of_many_stars_costs_little),
        cmocka_unit_test(rules_can_be_read),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
