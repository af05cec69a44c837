/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/plan/asl_compare.h"

#include <stdint.h>
#include <string.h>

#include "control/plan/asl_data.h"
#include "control/plan/asl_time.h"

enum operand_type {
    OPERAND_STRING,
    OPERAND_NUMERIC,
    OPERAND_TIMESTAMP,
    OPERAND_BOOLEAN,
};

enum relation {
    RELATION_EQUALS,
    RELATION_LESS,
    RELATION_GREATER,
    RELATION_LESS_EQUALS,
    RELATION_GREATER_EQUALS,
    RELATION_MATCHES,
    RELATION_IS, /* IsNull and the like: whether it is of a type */
};

struct comparison {
    enum relation relation;
    enum operand_type type; /* not of RELATION_IS */
    bool is_path;           /* the operand is where the other value is */
};

/* The longest first: the rest of the name must be used up. */
static const struct {
    const char *name;
    enum relation relation;
} relations[] = {
    {"LessThanEquals", RELATION_LESS_EQUALS},
    {"GreaterThanEquals", RELATION_GREATER_EQUALS},
    {"LessThan", RELATION_LESS},
    {"GreaterThan", RELATION_GREATER},
    {"Equals", RELATION_EQUALS},
};

static const struct {
    const char *name;
    enum operand_type type;
} types[] = {
    {"String", OPERAND_STRING},
    {"Numeric", OPERAND_NUMERIC},
    {"Timestamp", OPERAND_TIMESTAMP},
    {"Boolean", OPERAND_BOOLEAN},
};

static const char *const type_texts[] = {
    [OPERAND_STRING] = "a string",
    [OPERAND_NUMERIC] = "a number",
    [OPERAND_TIMESTAMP] = "a timestamp such as \"2026-11-23T15:50:01Z\"",
    [OPERAND_BOOLEAN] = "true or false",
};

static const char *const type_tests[] = {"IsNull",   "IsPresent", "IsNumeric",
                                         "IsString", "IsBoolean", "IsTimestamp"};

/* Whether the text begins with the word; *rest is what follows it. */
static bool begins_with(const char *text, const char *word, const char **rest)
{
    size_t len = strlen(word);
    *rest = text + len;
    return strncmp(text, word, len) == 0;
}

static bool parse_relation(const char *name, struct comparison *comparison)
{
    const char *rest;
    for (size_t i = 0; i < ARRAY_LEN(relations); i++) {
        if (begins_with(name, relations[i].name, &rest) &&
            (*rest == '\0' || strcmp(rest, "Path") == 0)) {
            comparison->relation = relations[i].relation;
            comparison->is_path = *rest != '\0';
            return comparison->type != OPERAND_BOOLEAN || comparison->relation == RELATION_EQUALS;
        }
    }
    comparison->relation = RELATION_MATCHES;
    return comparison->type == OPERAND_STRING && strcmp(name, "Matches") == 0;
}

static bool parse(const char *name, struct comparison *comparison)
{
    const char *rest;
    *comparison = (struct comparison){.relation = RELATION_IS};
    for (size_t i = 0; i < ARRAY_LEN(type_tests); i++) {
        if (strcmp(name, type_tests[i]) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (begins_with(name, types[i].name, &rest)) {
            comparison->type = types[i].type;
            return parse_relation(rest, comparison);
        }
    }
    return false;
}

static bool is_timestamp(const json_t *value, int64_t *time_ms)
{
    return json_is_string(value) && asl_time_parse(json_string_value(value), time_ms);
}

static bool is_of_type(const json_t *value, enum operand_type type)
{
    int64_t ignored_ms;
    switch (type) {
    case OPERAND_STRING:
        return json_is_string(value);
    case OPERAND_NUMERIC:
        return json_is_number(value);
    case OPERAND_TIMESTAMP:
        return is_timestamp(value, &ignored_ms);
    case OPERAND_BOOLEAN:
    default:
        return json_is_boolean(value);
    }
}

/* A backslash in a pattern is followed by the * or backslash that is meant. */
static bool check_pattern(const char *pattern, struct error *err)
{
    for (const char *at = pattern; *at != '\0'; at++) {
        if (*at == '\\' && *++at != '*' && *at != '\\') {
            return error_set(err,
                             "StringMatches is \"%.100s\", expected * or \\ behind each backslash",
                             pattern);
        }
    }
    return true;
}

bool asl_compare_check(const char *name, const json_t *operand, struct error *err)
{
    struct comparison comparison;
    if (!parse(name, &comparison)) {
        return error_set(err,
                         "unknown field %.100s of a rule, expected And, Or, Not, Variable, Next, "
                         "Comment, or a comparison operator: String, Numeric or Timestamp with "
                         "Equals, LessThan, GreaterThan, LessThanEquals or GreaterThanEquals, "
                         "BooleanEquals, each also with Path; StringMatches; IsNull, IsPresent, "
                         "IsNumeric, IsString, IsBoolean or IsTimestamp",
                         name);
    }
    if (comparison.is_path) {
        if (!json_is_string(operand)) {
            return error_set(err, "%s is %s, expected a path as a string", name,
                             asl_type_name(operand));
        }
        return asl_path_check(json_string_value(operand), ASL_PATH_ANY, err) ||
               error_add_context(err, "%s", name);
    }
    enum operand_type type = comparison.relation == RELATION_IS ? OPERAND_BOOLEAN : comparison.type;
    if (!is_of_type(operand, type)) {
        return error_set(err, "%s is %s, expected %s", name,
                         json_is_string(operand) && type == OPERAND_TIMESTAMP
                             ? "no timestamp"
                             : asl_type_name(operand),
                         type_texts[type]);
    }
    return comparison.relation != RELATION_MATCHES ||
           check_pattern(json_string_value(operand), err);
}

static bool is_kind(const char *name, const json_t *value)
{
    int64_t ignored_ms;
    return strcmp(name, "IsNull") == 0        ? json_is_null(value)
           : strcmp(name, "IsNumeric") == 0   ? json_is_number(value)
           : strcmp(name, "IsString") == 0    ? json_is_string(value)
           : strcmp(name, "IsBoolean") == 0   ? json_is_boolean(value)
           : strcmp(name, "IsTimestamp") == 0 ? is_timestamp(value, &ignored_ms)
                                              : value != NULL;
}

/* The character of the pattern, which is not at its end; *size is how many octets stand for it. */
static char pattern_octet(const char *pattern, size_t *size)
{
    *size = *pattern == '\\' && pattern[1] != '\0' ? 2 : 1;
    return pattern[*size - 1];
}

/* Goes back to the last * only, so that the cost is at most the product of both lengths. */
static bool matches(const char *text, const char *pattern)
{
    const char *star = NULL;
    const char *star_text = NULL;
    while (*text != '\0') {
        size_t size;
        if (*pattern == '*') {
            star = ++pattern;
            star_text = text;
        } else if (*pattern != '\0' && pattern_octet(pattern, &size) == *text) {
            pattern += size;
            text++;
        } else if (star != NULL) {
            pattern = star;
            text = ++star_text;
        } else {
            return false;
        }
    }
    while (*pattern == '*') {
        pattern++;
    }
    return *pattern == '\0';
}

static int compare_numbers(const json_t *left, const json_t *right)
{
    if (json_is_integer(left) && json_is_integer(right)) {
        json_int_t a = json_integer_value(left);
        json_int_t b = json_integer_value(right);
        return (a > b) - (a < b);
    }
    double a = json_number_value(left);
    double b = json_number_value(right);
    return (a > b) - (a < b);
}

/* Negative, 0 or positive; both are of the type. */
static int order(enum operand_type type, const json_t *left, const json_t *right)
{
    int64_t left_ms = 0;
    int64_t right_ms = 0;
    switch (type) {
    case OPERAND_STRING:
        return strcmp(json_string_value(left), json_string_value(right));
    case OPERAND_NUMERIC:
        return compare_numbers(left, right);
    case OPERAND_TIMESTAMP:
        (void)(is_timestamp(left, &left_ms) && is_timestamp(right, &right_ms));
        return (left_ms > right_ms) - (left_ms < right_ms);
    case OPERAND_BOOLEAN:
    default:
        return json_is_true(left) - json_is_true(right);
    }
}

static bool relation_holds(enum relation relation, int order)
{
    switch (relation) {
    case RELATION_EQUALS:
        return order == 0;
    case RELATION_LESS:
        return order < 0;
    case RELATION_GREATER:
        return order > 0;
    case RELATION_LESS_EQUALS:
        return order <= 0;
    case RELATION_GREATER_EQUALS:
        return order >= 0;
    case RELATION_MATCHES:
    case RELATION_IS:
    default:
        return false;
    }
}

bool asl_compare(const char *name, const json_t *value, json_t *operand,
                 const struct asl_scope *scope, bool *is_true, struct asl_fault *fault)
{
    struct comparison comparison;
    *is_true = false;
    if (!parse(name, &comparison)) {
        return asl_fault_set(fault, ASL_ERROR_RUNTIME, "unknown comparison operator %s", name);
    }
    if (comparison.relation == RELATION_IS) {
        *is_true = is_kind(name, value) == json_is_true(operand);
        return true;
    }
    const json_t *other = operand;
    if (comparison.is_path) {
        other = asl_path_get(json_string_value(operand), scope);
        if (other == NULL) {
            return asl_fault_set(fault, ASL_ERROR_RUNTIME, "%s %.200s: there is nothing", name,
                                 json_string_value(operand));
        }
    }
    if (!is_of_type(value, comparison.type) || !is_of_type(other, comparison.type)) {
        return true;
    }
    *is_true = comparison.relation == RELATION_MATCHES
                   ? matches(json_string_value(value), json_string_value(other))
                   : relation_holds(comparison.relation, order(comparison.type, value, other));
    return true;
}
