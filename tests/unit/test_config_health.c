/* SPDX-License-Identifier: BSD-2-Clause */
/* Health checks of target groups in the configuration: what is read, and each refusal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/alloc.h"
#include "tests/unit/config_text.h"

#define TOP                                                                                        \
    "server: { listen: [127.0.0.1@5300] }\n"                                                       \
    "control: { socket: s, state: t }\n"                                                           \
    "zones: [{ name: example.org, file: z }]\n"
#define ARN         "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/cats/01"
#define CHECK(keys) TOP "health_checks: [{ name: c, type: elbv2" keys " }]\n"
#define GROUP       ", target_group: '" ARN "'"
#define refuse(text, expected)                                                                     \
    config_text_refused(text, "dir/x.yaml:4: health_checks[0]" expected, __FILE__, __LINE__)

static void every_key_is_read(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config =
        config_text_good(CHECK(GROUP ", minimum: 75, stale_after: 90s, interval: 5s"));
    const struct config_health_check *check = &config->health_checks[0];
    assert_int_equal(check->type, CHECK_ELBV2);
    assert_string_equal(check->target_group, ARN);
    assert_int_equal(check->minimum, 75);
    assert_int_equal(check->stale_after_ms, 90000);
    assert_int_equal(check->interval_ms, 5000);
    assert_true(config_asks_aws(config));
}

static void defaults_are_filled_in(void **state)
{
    (void)state;
    CLEANUP(config_freep) struct config *config = config_text_good(CHECK(GROUP));
    assert_int_equal(config->health_checks[0].minimum, 100);
    assert_int_equal(config->health_checks[0].stale_after_ms, 300000);
    CLEANUP(config_freep)
    struct config *other = config_text_good(TOP "health_checks: [{ name: c, type: http }]\n");
    assert_int_equal(other->health_checks[0].stale_after_ms, 0);
    assert_false(config_asks_aws(other));
}

static void what_is_wrong_is_refused(void **state)
{
    (void)state;
    refuse(CHECK(""), ": the key target_group is missing, expected the ARN of a target group with "
                      "type elbv2");
    refuse(CHECK(", target_group: cats"),
           ".target_group: found \"cats\", expected the ARN of a target group "
           "(arn:aws:elasticloadbalancing:REGION:ACCOUNT:targetgroup/NAME/ID)");
    refuse(CHECK(GROUP ", minimum: 0"),
           ".minimum: found \"0\", expected a whole number from 1 to 100");
    refuse(CHECK(GROUP ", port: 80"),
           ".port: found in a check of type elbv2, expected only with type http, https or tcp");
    refuse(CHECK(GROUP ", path: /"),
           ".path: found in a check of type elbv2, expected only with type http or https");
    refuse(TOP "health_checks: [{ name: c, type: http" GROUP " }]\n",
           ".target_group: found in a check of type http, expected only with type elbv2");
    refuse(TOP "health_checks: [{ name: c, type: tcp, port: 1, stale_after: 1m }]\n",
           ".stale_after: found in a check of type tcp, expected only with type elbv2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(defaults_are_filled_in),
        cmocka_unit_test(what_is_wrong_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
