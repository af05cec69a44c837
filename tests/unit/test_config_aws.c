/* SPDX-License-Identifier: BSD-2-Clause */
/* The section aws of the configuration: what is read, and each refusal with its line. */
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
#define refuse(text, expected) config_text_refused(text, "dir/x.yaml:" expected, __FILE__, __LINE__)

static void every_key_is_read(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config = config_text_good(
        TOP "aws: { region: eu-west-1, profile: deploy, endpoint_url: 'http://127.0.0.1:4566',"
            " ca_file: ca.pem, use_fips: true, use_dualstack: true }\n");
    assert_string_equal(config->aws.region, "eu-west-1");
    assert_string_equal(config->aws.profile, "deploy");
    assert_string_equal(config->aws.endpoint_url, "http://127.0.0.1:4566");
    assert_string_equal(config->aws.ca_file, "dir/ca.pem");
    assert_true(config->aws.use_fips && config->aws.use_dualstack);
    assert_int_equal(config->aws.line, 4);
}

static void without_it_nothing_is_said(void **state)
{
    (void)state;
    CLEANUP(config_freep) struct config *config = config_text_good(TOP);
    assert_int_equal(config->aws.line, 0);
    assert_null(config->aws.region);
    assert_false(config->aws.use_fips || config->aws.use_dualstack);
}

static void what_is_wrong_is_refused(void **state)
{
    (void)state;
    refuse(TOP "aws: { region: 'EU west' }\n",
           "4: aws.region: found EU west, expected one like eu-west-1");
    refuse(TOP "aws: { region: -x }\n", "4: aws.region: found -x, expected one like eu-west-1");
    refuse(TOP "aws: { endpoint_url: sqs.example }\n",
           "4: aws.endpoint_url: found \"sqs.example\", expected http:// or https:// and a "
           "host, without spaces and '#'");
    refuse(TOP "aws: { use_fips: maybe }\n",
           "4: aws.use_fips: found \"maybe\", expected true or false");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(without_it_nothing_is_said),
        cmocka_unit_test(what_is_wrong_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
