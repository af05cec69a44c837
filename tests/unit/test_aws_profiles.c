/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/aws/aws_profiles.h"

static const char config[] = "# a comment\n"
                             "[default]\n"
                             "region = eu-west-1\n"
                             "output=json ; not a comment\n"
                             "\n"
                             "[profile deploy]\n"
                             "region=us-east-1\n"
                             "aws_access_key_id = from-config\n"
                             "s3 =\n"
                             "    max_concurrent_requests = 20\n"
                             "  addressing_style = path\n"
                             "services = local\n"
                             "[ignored]\n"
                             "region = nowhere\n"
                             "[sso-session x]\n"
                             "region = nowhere\n"
                             "[services local]\n"
                             "dynamodb =\n"
                             "\tendpoint_url = http://127.0.0.1:8000\n"
                             "sqs = \n"
                             "  endpoint_url = http://127.0.0.1:9324/\n";
static const char credentials[] = "[deploy]\r\n"
                                  "aws_access_key_id = AKID\r\n"
                                  "aws_secret_access_key = a=b+c/=\r\n"
                                  "; another\r\n"
                                  "[profile x]\r\n"
                                  "aws_access_key_id = odd\r\n";

static struct aws_profiles *read_both(void)
{
    struct error err = {""};
    struct aws_profiles *profiles = aws_profiles_parse("c", config, "k", credentials, &err);
    assert_string_equal(err.text, "");
    return profiles;
}

static void profiles_are_read_from_both_files(void **state)
{
    (void)state;
    struct aws_profiles *profiles = read_both();
    assert_string_equal(aws_profiles_get(profiles, "default", "region"), "eu-west-1");
    assert_string_equal(aws_profiles_get(profiles, "default", "output"), "json ; not a comment");
    assert_string_equal(aws_profiles_get(profiles, "deploy", "region"), "us-east-1");
    assert_string_equal(aws_profiles_get(profiles, "deploy", "aws_access_key_id"), "AKID");
    assert_string_equal(aws_profiles_get(profiles, "deploy", "aws_secret_access_key"), "a=b+c/=");
    assert_string_equal(aws_profiles_get(profiles, "deploy", "s3.addressing_style"), "path");
    assert_null(aws_profiles_get(profiles, "deploy", "addressing_style"));
    assert_true(aws_profiles_have(profiles, "profile x"));
    aws_profiles_free(profiles);
}

static void what_is_no_profile_is_none(void **state)
{
    (void)state;
    struct aws_profiles *profiles = read_both();
    assert_false(aws_profiles_have(profiles, "ignored"));
    assert_false(aws_profiles_have(profiles, "x"));
    assert_false(aws_profiles_have(profiles, "local"));
    assert_null(aws_profiles_get(profiles, "nobody", "region"));
    aws_profiles_free(profiles);
}

static void services_have_keys_within_keys(void **state)
{
    (void)state;
    struct aws_profiles *profiles = read_both();
    assert_string_equal(aws_profiles_get_service(profiles, "local", "dynamodb.endpoint_url"),
                        "http://127.0.0.1:8000");
    assert_string_equal(aws_profiles_get_service(profiles, "local", "sqs.endpoint_url"),
                        "http://127.0.0.1:9324/");
    assert_null(aws_profiles_get_service(profiles, "local", "ecs.endpoint_url"));
    assert_null(aws_profiles_get_service(profiles, "other", "sqs.endpoint_url"));
    aws_profiles_free(profiles);
}

static void refuses(const char *text, const char *expected)
{
    struct error err = {""};
    assert_null(aws_profiles_parse("c", text, "k", "", &err));
    assert_string_equal(err.text, expected);
}

static void what_is_wrong_is_named_with_its_line(void **state)
{
    (void)state;
    refuses("[default]\nregion\n", "c:2: no \"key = value\" and no \"[section]\"");
    refuses("[default]\n= x\n", "c:2: no \"key = value\" and no \"[section]\"");
    refuses("\n[default\n", "c:2: a section without an end, expected \"[name]\"");
    refuses("region = x\n", "c:1: a value before the first section, expected \"[default]\"");
    refuses("[default]\nregion = \xff\n", "c:2: what is here is no UTF-8");
}

static void files_that_are_not_there_are_empty(void **state)
{
    (void)state;
    struct error err = {""};
    struct aws_profiles *profiles = aws_profiles_load("/nonexistent/config", NULL, &err);
    assert_non_null(profiles);
    assert_false(aws_profiles_have(profiles, "default"));
    aws_profiles_free(profiles);
    assert_null(aws_profiles_load("/", NULL, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(profiles_are_read_from_both_files),
        cmocka_unit_test(what_is_no_profile_is_none),
        cmocka_unit_test(services_have_keys_within_keys),
        cmocka_unit_test(what_is_wrong_is_named_with_its_line),
        cmocka_unit_test(files_that_are_not_there_are_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
