/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "control/metrics_text.h"

/* What one sample is written as. Caller frees. */
static char *printed(const struct metric_label *labels, double value)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    metrics_put(out, "m", labels, value);
    fclose(out);
    return text;
}

static void expect(const struct metric_label *labels, double value, const char *expected)
{
    char *text = printed(labels, value);
    assert_string_equal(text, expected);
    free(text);
}

static void a_family_begins_with_help_and_type(void **state)
{
    (void)state;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    metrics_begin(out, "ballast_zones", "gauge", "Zones that are served.");
    fclose(out);
    assert_string_equal(
        text, "# HELP ballast_zones Zones that are served.\n# TYPE ballast_zones gauge\n");
    free(text);
}

static void values_are_as_exact_as_they_have_to_be(void **state)
{
    (void)state;
    const struct metric_label none[METRIC_LABELS_MAX] = {{NULL, NULL}};
    expect(none, 0, "m 0\n");
    expect(none, 0.1, "m 0.1\n");
    expect(none, 999999999999999, "m 999999999999999\n");
    expect(none, 1795000000.123, "m 1795000000.123\n");
}

static void labels_of_any_octets_are_escaped(void **state)
{
    (void)state;
    const struct metric_label two[METRIC_LABELS_MAX] = {{"record_set", "a\\046b/A"},
                                                        {"member", "\"x\"\ny"}};
    expect(two, 1, "m{record_set=\"a\\\\046b/A\",member=\"\\\"x\\\"\\ny\"} 1\n");
    const struct metric_label three[METRIC_LABELS_MAX] = {{"a", "1"}, {"b", ""}, {"c", "3"}};
    expect(three, 1, "m{a=\"1\",b=\"\",c=\"3\"} 1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_family_begins_with_help_and_type),
        cmocka_unit_test(values_are_as_exact_as_they_have_to_be),
        cmocka_unit_test(labels_of_any_octets_are_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
