/* SPDX-License-Identifier: BSD-2-Clause */
/* The documents in tests/data/asl: each of invalid/NAME.json is refused with the text that is in
 * NAME.error. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "control/plan/asl_document.h"

static const struct asl_mapping lab[] = {
    {"arn:aws:lambda:us-east-1:111122223333:function:ChangeWeight", ASL_CHANGE_WEIGHT},
    {"arn:aws:lambda:us-east-1:111122223333:function:CheckHealth", ASL_CHECK_HEALTH},
};

static char *read_file(const char *name)
{
    const char *source = getenv("top_srcdir");
    CLEANUP(alloc_freep)
    char *path = alloc_printf("%s/tests/data/asl/%s", source == NULL ? "." : source, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail_msg("%s is missing", path);
    }
    char *octets = alloc_zeroed(1 << 20, 1);
    size_t len = fread(octets, 1, (1 << 20) - 1, file);
    octets[len] = '\0';
    fclose(file);
    return octets;
}

static struct asl_document *parse(const char *text, struct error *err)
{
    return asl_document_parse(text, strlen(text), "plan.json", lab, ARRAY_LEN(lab), err);
}

static void the_document_of_the_lab_is_taken(void **state)
{
    (void)state;
    struct error err;
    CLEANUP(alloc_freep) char *text = read_file("lab.json");
    CLEANUP(asl_document_freep) struct asl_document *document = parse(text, &err);
    if (document == NULL) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(asl_document_state_count(document), 11);
    assert_string_equal(asl_document_start(document)->name, "weight-10");
    assert_string_equal(asl_document_state(document, 10)->name, "unhealthy");
    const struct asl_state *task = asl_document_find(document, "health-10");
    assert_int_equal(task->type, ASL_TASK);
    assert_int_equal(task->resource, ASL_CHECK_HEALTH);
    assert_null(asl_document_find(document, "health"));
    assert_int_equal(asl_document_timeout_s(document), 0);
}

/* One name of the folder. */
static void check_refusal(const char *name)
{
    struct error err = {""};
    CLEANUP(alloc_freep) char *stem = alloc_printf("%.*s", (int)strlen(name) - 5, name);
    CLEANUP(alloc_freep) char *json_name = alloc_printf("invalid/%s.json", stem);
    CLEANUP(alloc_freep) char *error_name = alloc_printf("invalid/%s.error", stem);
    CLEANUP(alloc_freep) char *text = read_file(json_name);
    CLEANUP(alloc_freep) char *file = alloc_printf("%s.json", stem);
    CLEANUP(asl_document_freep)
    struct asl_document *document = asl_document_parse(text, strlen(text), file, NULL, 0, &err);
    if (document != NULL) {
        fail_msg("%s is taken", name);
    }
    CLEANUP(alloc_freep) char *expected = read_file(error_name);
    expected[strcspn(expected, "\n")] = '\0';
    if (strcmp(err.text, expected) != 0) {
        fail_msg("\"%s\", expected \"%s\"", err.text, expected);
    }
}

static void each_invalid_document_is_refused_with_its_text(void **state)
{
    (void)state;
    const char *source = getenv("top_srcdir");
    CLEANUP(alloc_freep)
    char *path = alloc_printf("%s/tests/data/asl/invalid", source == NULL ? "." : source);
    DIR *directory = opendir(path);
    assert_non_null(directory);
    size_t count = 0;
    for (const struct dirent *entry = readdir(directory); entry != NULL;
         entry = readdir(directory)) {
        const char *end = strrchr(entry->d_name, '.');
        if (end != NULL && strcmp(end, ".json") == 0) {
            check_refusal(entry->d_name);
            count++;
        }
    }
    closedir(directory);
    assert_true(count > 90);
}

static void a_loop_that_waits_is_taken(void **state)
{
    static const char *const waits[] = {
        "\"Type\":\"Wait\",\"Seconds\":1",
        "\"Type\":\"Wait\",\"SecondsPath\":\"$.pause\"",
        "\"Type\":\"Task\",\"Resource\":\"ballast:approve\"",
    };
    (void)state;
    struct error err;
    for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
        CLEANUP(alloc_freep)
        char *text = alloc_printf(
            "{\"StartAt\":\"a\",\"States\":{\"a\":{%s,\"Next\":\"b\"},\"b\":{\"Type\":\"Choice\","
            "\"Choices\":[{\"Variable\":\"$.x\",\"IsPresent\":true,\"Next\":\"c\"}],\"Default\":"
            "\"a\"},\"c\":{\"Type\":\"Succeed\"}}}",
            waits[i]);
        CLEANUP(asl_document_freep) struct asl_document *document = parse(text, &err);
        if (document == NULL) {
            fail_msg("%s", err.text);
        }
    }
}

static void tabs_surrogates_and_dots_in_names_are_no_problem(void **state)
{
    (void)state;
    struct error err;
    CLEANUP(asl_document_freep)
    struct asl_document *document =
        parse("\t{\n\t\"StartAt\":\t\"a.b\",\n\"States\": {\"a.b\": {\"Type\":\"Pass\",\n"
              "\t\"Next\": \"\\ud83d\\ude00\"},\n\"a\": {\"Type\": \"Succeed\"},\n"
              "\t\"\\ud83d\\ude00\": {\"Type\": \"Pass\", \"Next\": \"a\",\n\t\"b\": 1}}}",
              &err);
    assert_null(document);
    assert_non_null(strstr(err.text, "plan.json:7: state \xf0\x9f\x98\x80: unknown field b"));
}

static void documents_have_a_limit(void **state)
{
    (void)state;
    struct error err;
    CLEANUP(alloc_freep) char *text = alloc_zeroed(ASL_MAX_TEXT + 2, 1);
    memset(text, ' ', ASL_MAX_TEXT + 1);
    assert_null(parse(text, &err));
    assert_string_equal(err.text, "plan.json:1: found 1048577 octets, expected at most 1048576");
    assert_null(parse("", &err));
    assert_non_null(strstr(err.text, "plan.json:1: this is not JSON"));
}

static void resources_have_names(void **state)
{
    (void)state;
    enum asl_resource resource;
    for (int i = 0; i < ASL_RESOURCE_COUNT; i++) {
        CLEANUP(alloc_freep)
        char *name = alloc_printf("ballast:%s", asl_resource_name((enum asl_resource)i));
        assert_true(asl_resource_parse(name, &resource));
        assert_int_equal(resource, i);
        assert_true(asl_resource_parse(name + 8, &resource));
        assert_true(asl_resource_timeout_s(resource) >= 60);
    }
    assert_false(asl_resource_parse("ballast:other", &resource));
}

struct ways {
    char text[256];
};

static bool note_way(void *argument, const struct asl_transition *transition)
{
    static const char *const kinds[] = {"next", "rule", "default", "catch"};
    struct ways *ways = argument;
    size_t used = strlen(ways->text);
    snprintf(ways->text + used, sizeof(ways->text) - used, "%s %zu %s; ", kinds[transition->kind],
             transition->index, transition->to);
    return true;
}

static void every_way_out_of_a_state_is_told(void **state)
{
    (void)state;
    struct error err;
    struct ways ways = {""};
    CLEANUP(asl_document_freep)
    struct asl_document *document = parse(
        "{\"StartAt\":\"a\",\"States\":{\"a\":{\"Type\":\"Task\",\"Resource\":\"ballast:metric\","
        "\"Next\":\"b\",\"Catch\":[{\"ErrorEquals\":[\"E\"],\"Next\":\"c\"}]},\"b\":{\"Type\":"
        "\"Choice\",\"Choices\":[{\"Variable\":\"$.x\",\"IsNull\":true,\"Next\":\"c\"}],"
        "\"Default\":\"d\"},\"c\":{\"Type\":\"Fail\"},\"d\":{\"Type\":\"Pass\",\"End\":true}}}",
        &err);
    assert_non_null(document);
    for (size_t i = 0; i < 4; i++) {
        assert_true(asl_state_transitions(asl_document_state(document, i), note_way, &ways));
    }
    assert_string_equal(ways.text, "next 0 b; catch 0 c; rule 0 c; default 0 d; ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_document_of_the_lab_is_taken),
        cmocka_unit_test(each_invalid_document_is_refused_with_its_text),
        cmocka_unit_test(a_loop_that_waits_is_taken),
        cmocka_unit_test(tabs_surrogates_and_dots_in_names_are_no_problem),
        cmocka_unit_test(documents_have_a_limit),
        cmocka_unit_test(resources_have_names),
        cmocka_unit_test(every_way_out_of_a_state_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
