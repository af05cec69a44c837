/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/plan/asl_choice.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/plan/asl_compare.h"
#include "control/plan/asl_data.h"

static bool is_rules(const char *key)
{
    return strcmp(key, "And") == 0 || strcmp(key, "Or") == 0;
}

static bool check_rule(const json_t *rule, struct asl_place *place, unsigned depth,
                       struct error *err);

static bool check_rules(const char *key, const json_t *rules, struct asl_place *place,
                        unsigned depth, struct error *err)
{
    if (!json_is_array(rules) || json_array_size(rules) == 0) {
        return error_set(err, "%s is %s, expected an array of rules", key,
                         json_is_array(rules) ? "empty" : asl_type_name(rules));
    }
    for (size_t i = 0; i < json_array_size(rules); i++) {
        size_t mark = asl_place_index(place, i);
        if (!check_rule(json_array_get(rules, i), place, depth + 1, err)) {
            return false;
        }
        asl_place_back(place, mark);
    }
    return true;
}

/* One field that says something about the input. */
static bool check_test(const char *key, const json_t *value, struct asl_place *place,
                       unsigned depth, struct error *err)
{
    if (is_rules(key)) {
        return check_rules(key, value, place, depth, err);
    }
    if (strcmp(key, "Not") == 0) {
        return check_rule(value, place, depth + 1, err);
    }
    return asl_compare_check(key, value, err);
}

static bool check_variable(const json_t *rule, struct error *err)
{
    const json_t *variable = json_object_get(rule, "Variable");
    if (!json_is_string(variable)) {
        return error_set(err, "Variable is %s, expected a path as a string",
                         asl_type_name(variable));
    }
    return asl_path_check(json_string_value(variable), ASL_PATH_ANY, err) ||
           error_add_context(err, "Variable");
}

static bool check_next(const json_t *rule, unsigned depth, struct error *err)
{
    const json_t *next = json_object_get(rule, "Next");
    if (depth > 1) {
        return next == NULL || error_set(err, "found Next in a rule within And, Or or Not, "
                                              "expected it in the outermost one only");
    }
    return json_is_string(next) ||
           error_set(err, "Next of a rule is %s, expected the name of a state",
                     asl_type_name(next));
}

static bool check_fields(const json_t *rule, struct asl_place *place, unsigned depth, size_t *tests,
                         struct error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)rule, key, value)
    {
        if (strcmp(key, "Next") == 0 || strcmp(key, "Variable") == 0 ||
            (strcmp(key, "Comment") == 0 && json_is_string(value))) {
            continue;
        }
        size_t mark = asl_place_key(place, key);
        if (!check_test(key, value, place, depth, err)) {
            return false;
        }
        asl_place_back(place, mark);
        ++*tests;
    }
    return true;
}

static bool check_rule(const json_t *rule, struct asl_place *place, unsigned depth,
                       struct error *err)
{
    size_t tests = 0;
    if (depth > ASL_CHOICE_MAX_DEPTH) {
        return error_set(err, "the rule is nested too deeply, expected at most %d levels",
                         ASL_CHOICE_MAX_DEPTH);
    }
    if (!json_is_object(rule)) {
        return error_set(err, "a rule is %s, expected an object", asl_type_name(rule));
    }
    if (!check_next(rule, depth, err) || !check_fields(rule, place, depth, &tests, err)) {
        return false;
    }
    if (tests != 1) {
        return error_set(err,
                         "found %zu tests in a rule, expected one: And, Or, Not, or a Variable "
                         "with one comparison operator",
                         tests);
    }
    bool is_nested = json_object_get(rule, "And") != NULL || json_object_get(rule, "Or") != NULL ||
                     json_object_get(rule, "Not") != NULL;
    if (is_nested) {
        return json_object_get(rule, "Variable") == NULL ||
               error_set(err, "found Variable beside And, Or or Not, expected it within");
    }
    return check_variable(rule, err);
}

bool asl_choice_check(const json_t *rule, struct asl_place *place, struct error *err)
{
    return check_rule(rule, place, 1, err);
}

static enum asl_choice test_rules(const json_t *rules, enum asl_choice decides,
                                  const struct asl_scope *scope, struct asl_fault *fault)
{
    enum asl_choice choice = decides == ASL_CHOICE_YES ? ASL_CHOICE_NO : ASL_CHOICE_YES;
    for (size_t i = 0; i < json_array_size(rules); i++) {
        enum asl_choice one = asl_choice_test(json_array_get(rules, i), scope, fault);
        if (one == decides || one == ASL_CHOICE_FAULT) {
            return one;
        }
    }
    return choice;
}

static enum asl_choice test_variable(const json_t *rule, const struct asl_scope *scope,
                                     struct asl_fault *fault)
{
    const char *key = NULL;
    json_t *expected = NULL;
    const char *variable = json_string_value(json_object_get(rule, "Variable"));
    json_t *value = asl_path_get(variable, scope);
    json_object_foreach((json_t *)rule, key, expected)
    {
        if (strcmp(key, "Variable") != 0 && strcmp(key, "Next") != 0 &&
            strcmp(key, "Comment") != 0) {
            break;
        }
    }
    if (strcmp(key, "IsPresent") == 0) {
        return (value != NULL) == json_is_true(expected) ? ASL_CHOICE_YES : ASL_CHOICE_NO;
    }
    if (value == NULL) {
        asl_fault_set(fault, ASL_ERROR_RUNTIME, "Variable %.200s: there is nothing", variable);
        return ASL_CHOICE_FAULT;
    }
    bool is_true = false;
    if (!asl_compare(key, value, expected, scope, &is_true, fault)) {
        return ASL_CHOICE_FAULT;
    }
    return is_true ? ASL_CHOICE_YES : ASL_CHOICE_NO;
}

enum asl_choice asl_choice_test(const json_t *rule, const struct asl_scope *scope,
                                struct asl_fault *fault)
{
    const json_t *inner = json_object_get(rule, "And");
    if (inner != NULL) {
        return test_rules(inner, ASL_CHOICE_NO, scope, fault);
    }
    inner = json_object_get(rule, "Or");
    if (inner != NULL) {
        return test_rules(inner, ASL_CHOICE_YES, scope, fault);
    }
    inner = json_object_get(rule, "Not");
    if (inner == NULL) {
        return test_variable(rule, scope, fault);
    }
    enum asl_choice choice = asl_choice_test(inner, scope, fault);
    return choice == ASL_CHOICE_FAULT ? choice
           : choice == ASL_CHOICE_YES ? ASL_CHOICE_NO
                                      : ASL_CHOICE_YES;
}

static char *rules_text(const json_t *rules, const char *word)
{
    char *text = alloc_string("");
    for (size_t i = 0; i < json_array_size(rules); i++) {
        CLEANUP(alloc_freep) char *old = text;
        CLEANUP(alloc_freep) char *one = asl_choice_text(json_array_get(rules, i));
        text = alloc_printf("%s%s%s%s", old, i == 0 ? "(" : word, one,
                            i + 1 == json_array_size(rules) ? ")" : "");
    }
    return text;
}

char *asl_choice_text(const json_t *rule)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)rule, key, value)
    {
        if (is_rules(key)) {
            return rules_text(value, strcmp(key, "And") == 0 ? " and " : " or ");
        }
        if (strcmp(key, "Not") == 0) {
            CLEANUP(alloc_freep) char *inner = asl_choice_text(value);
            return alloc_printf("not %s", inner);
        }
        if (strcmp(key, "Variable") != 0 && strcmp(key, "Next") != 0 &&
            strcmp(key, "Comment") != 0) {
            CLEANUP(alloc_freep) char *expected = json_dumps(value, JSON_ENCODE_ANY);
            return alloc_printf("%s %s %s", json_string_value(json_object_get(rule, "Variable")),
                                key, expected);
        }
    }
    return alloc_string("");
}
