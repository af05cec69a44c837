/* SPDX-License-Identifier: BSD-2-Clause */
/* What the AWS CLI printed is read page by page, and to its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "control/move/cli_json.h"

#define SET(name)                                                                                  \
    "{\"Name\": \"" name "\", \"Type\": \"A\", \"TTL\": 60, \"ResourceRecords\": [{\"Value\": "    \
    "\"192.0.2.1\"}]}"
#define PAGE(name) "{\"ResourceRecordSets\": [" SET(name) "]}"

static bool read_text(const char *text, struct route53_record_sets *sets, struct error *err)
{
    *sets = (struct route53_record_sets){.count = 0};
    return cli_json_read_record_sets(text, strlen(text), "f.json", sets, err);
}

static void pages_follow_each_other(void **state)
{
    (void)state;
    struct error err;
    struct route53_record_sets sets;
    assert_true(
        read_text("\n" PAGE("a.org.") "\n\n" PAGE("b.org.") PAGE("c.org.") "\n", &sets, &err));
    assert_int_equal(sets.count, 3);
    assert_string_equal(sets.sets[0].name, "a.org.");
    assert_string_equal(sets.sets[2].name, "c.org.");
    route53_record_sets_done(&sets);
}

/* With --max-items the CLI ends a page with NextToken; only the last one's says that more follow.
 */
static void a_list_that_goes_on_is_refused(void **state)
{
    (void)state;
    struct error err;
    struct route53_record_sets sets;
    static const char *const ends[] = {"\"NextToken\": \"x\"", "\"IsTruncated\": true",
                                       "\"LastEvaluatedKey\": {\"k\": {\"S\": \"a\"}}"};
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        CLEANUP(alloc_freep)
        char *page = alloc_printf("{\"ResourceRecordSets\": [%s], %s}", SET("a.org."), ends[i]);
        assert_false(read_text(page, &sets, &err));
        assert_non_null(strstr(err.text, "f.json: the list goes on after the last page here"));
        route53_record_sets_done(&sets);
        CLEANUP(alloc_freep) char *whole = alloc_printf("%s%s", page, PAGE("b.org."));
        assert_true(read_text(whole, &sets, &err));
        assert_int_equal(sets.count, 2);
        route53_record_sets_done(&sets);
    }
    assert_true(read_text("{\"ResourceRecordSets\": [], \"NextToken\": null}", &sets, &err));
    route53_record_sets_done(&sets);
}

static void what_is_no_json_is_refused_with_its_line(void **state)
{
    (void)state;
    struct error err;
    struct route53_record_sets sets;
    static const struct {
        const char *text, *error;
    } bad[] = {
        {"", "f.json:1: "},
        {"{\"ResourceRecordSets\":\n [}", "f.json:2: "},
        {PAGE("a.org.") "\nNAME TYPE\n", "f.json:2: "},
        {"[]", "f.json:1: no object, expected the AWS CLI's JSON"},
        {"{}", "f.json: expected ResourceRecordSets"},
        {"{\"ResourceRecordSets\": [{\"Name\": \"a\"}]}", "f.json: "},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(read_text(bad[i].text, &sets, &err));
        if (strncmp(err.text, bad[i].error, strlen(bad[i].error)) != 0) {
            fail_msg("%s\n%s", bad[i].text, err.text);
        }
        route53_record_sets_done(&sets);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_follow_each_other),
        cmocka_unit_test(a_list_that_goes_on_is_refused),
        cmocka_unit_test(what_is_no_json_is_refused_with_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
