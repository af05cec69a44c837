/* SPDX-License-Identifier: BSD-2-Clause */
/* Who says where AWS is, and the names that follow from it. That all names are botocore's is seen
 * in tests/interop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/aws/aws_endpoint.h"
#include "control/aws/aws_settings.h"

static char config_path[] = "/tmp/ballast-settings-XXXXXX";

/* Nothing of whoever runs the test. */
static int clean_environment(void **state)
{
    (void)state;
    static const char *const names[] = {"AWS_REGION",
                                        "AWS_DEFAULT_REGION",
                                        "AWS_PROFILE",
                                        "AWS_DEFAULT_PROFILE",
                                        "AWS_ENDPOINT_URL",
                                        "AWS_ENDPOINT_URL_SQS",
                                        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
                                        "AWS_CA_BUNDLE",
                                        "AWS_USE_FIPS_ENDPOINT",
                                        "AWS_USE_DUALSTACK_ENDPOINT"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        unsetenv(names[i]);
    }
    setenv("AWS_CONFIG_FILE", config_path, 1);
    setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent", 1);
    return 0;
}

static int write_config(void **state)
{
    (void)state;
    int file = mkstemp(config_path);
    FILE *out = fdopen(file, "w");
    fputs("[default]\nregion = eu-west-1\n[profile deploy]\nregion = us-east-2\n"
          "endpoint_url = http://p:1\nca_bundle = /ca.pem\nuse_fips_endpoint = true\n"
          "services = s\n[services s]\nsqs =\n  endpoint_url = http://q:2\n"
          "route_53 =\n  endpoint_url = http://r:3\n",
          out);
    fclose(out);
    return 0;
}

static int remove_config(void **state)
{
    (void)state;
    return unlink(config_path);
}

static struct aws_settings *load(const struct config_aws *config)
{
    struct error err = {""};
    struct aws_settings *settings = aws_settings_load(config, &err);
    assert_string_equal(err.text, "");
    return settings;
}

static void find(const struct aws_settings *settings, enum aws_service service, const char *url)
{
    struct error err = {""};
    struct aws_endpoint endpoint;
    assert_true(aws_endpoint_find(settings, service, settings->region, &endpoint, &err));
    assert_string_equal(endpoint.url, url);
    aws_endpoint_done(&endpoint);
}

static void the_default_profile_says_what_nobody_else_does(void **state)
{
    (void)state;
    struct aws_settings *settings = load(NULL);
    assert_string_equal(settings->region, "eu-west-1");
    assert_string_equal(settings->profile_name, "default");
    assert_null(settings->endpoint_url);
    find(settings, AWS_ELBV2, "https://elasticloadbalancing.eu-west-1.amazonaws.com");
    aws_settings_free(settings);
}

static void the_environment_counts_before_the_profile(void **state)
{
    (void)state;
    setenv("AWS_PROFILE", "deploy", 1);
    struct aws_settings *settings = load(NULL);
    assert_string_equal(settings->region, "us-east-2");
    assert_string_equal(settings->ca_file, "/ca.pem");
    assert_true(settings->use_fips);
    find(settings, AWS_SQS, "http://q:2");
    find(settings, AWS_ROUTE53, "http://r:3");
    find(settings, AWS_ECS, "http://p:1");
    aws_settings_free(settings);

    setenv("AWS_REGION", "ap-south-1", 1);
    setenv("AWS_CA_BUNDLE", "/other.pem", 1);
    setenv("AWS_USE_FIPS_ENDPOINT", "false", 1);
    setenv("AWS_ENDPOINT_URL", "http://e:4", 1);
    setenv("AWS_ENDPOINT_URL_SQS", "http://f:5", 1);
    settings = load(NULL);
    assert_string_equal(settings->region, "ap-south-1");
    assert_string_equal(settings->ca_file, "/other.pem");
    assert_false(settings->use_fips);
    find(settings, AWS_SQS, "http://f:5");
    find(settings, AWS_ROUTE53, "http://e:4");
    aws_settings_free(settings);

    setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true", 1);
    settings = load(NULL);
    find(settings, AWS_SQS, "https://sqs.ap-south-1.amazonaws.com");
    aws_settings_free(settings);
}

static void the_configuration_counts_before_all(void **state)
{
    (void)state;
    setenv("AWS_REGION", "ap-south-1", 1);
    setenv("AWS_PROFILE", "nobody", 1);
    setenv("AWS_ENDPOINT_URL_SQS", "http://f:5", 1);
    struct aws_settings *settings = load(&(struct config_aws){.region = "eu-north-1",
                                                              .profile = "deploy",
                                                              .endpoint_url = "http://c:6/x/",
                                                              .ca_file = "/c.pem"});
    assert_string_equal(settings->region, "eu-north-1");
    assert_string_equal(settings->profile_name, "deploy");
    assert_true(settings->is_profile_configured);
    assert_string_equal(settings->ca_file, "/c.pem");
    find(settings, AWS_SQS, "http://c:6/x");
    aws_settings_free(settings);
}

static void a_profile_that_is_asked_for_has_to_exist(void **state)
{
    (void)state;
    struct error err = {""};
    setenv("AWS_PROFILE", "nobody", 1);
    assert_null(aws_settings_load(NULL, &err));
    assert_string_equal(err.text,
                        "the profile \"nobody\" is in neither of the shared config and credentials "
                        "files");
}

static void finds(bool use_fips, bool use_dualstack, enum aws_service service, const char *region,
                  const char *url, const char *signing_region)
{
    const struct aws_settings settings = {.use_fips = use_fips, .use_dualstack = use_dualstack};
    struct error err = {""};
    struct aws_endpoint endpoint;
    assert_true(aws_endpoint_find(&settings, service, region, &endpoint, &err));
    assert_string_equal(endpoint.url, url);
    assert_string_equal(endpoint.host, url + strlen("https://"));
    assert_string_equal(endpoint.path, "");
    assert_string_equal(endpoint.signing_region, signing_region);
    aws_endpoint_done(&endpoint);
}

static void names_follow_from_the_region(void **state)
{
    (void)state;
    finds(false, false, AWS_SQS, "eu-west-1", "https://sqs.eu-west-1.amazonaws.com", "eu-west-1");
    finds(false, true, AWS_ECS, "eu-west-1", "https://ecs.eu-west-1.api.aws", "eu-west-1");
    finds(true, false, AWS_DYNAMODB, "us-east-1", "https://dynamodb-fips.us-east-1.amazonaws.com",
          "us-east-1");
    finds(false, false, AWS_STS, "cn-north-1", "https://sts.cn-north-1.amazonaws.com.cn",
          "cn-north-1");
    finds(true, false, AWS_SQS, "us-gov-west-1", "https://sqs.us-gov-west-1.amazonaws.com",
          "us-gov-west-1");
    finds(false, false, AWS_ROUTE53, NULL, "https://route53.amazonaws.com", "us-east-1");
    finds(false, false, AWS_ROUTE53, "cn-north-1", "https://route53.amazonaws.com.cn",
          "cn-northwest-1");
    finds(true, false, AWS_ROUTE53, "us-gov-east-1", "https://route53.us-gov.amazonaws.com",
          "us-gov-west-1");
}

static void refuses(const struct aws_settings *settings, enum aws_service service,
                    const char *region, const char *expected)
{
    struct error err = {""};
    struct aws_endpoint endpoint;
    assert_false(aws_endpoint_find(settings, service, region, &endpoint, &err));
    assert_string_equal(err.text, expected);
}

static void what_has_no_name_is_refused(void **state)
{
    (void)state;
    const struct aws_settings none = {.region = NULL},
                              odd = {.endpoint_url = (char *)"sqs.example:80"},
                              dual = {.use_dualstack = true};
    refuses(&none, AWS_SQS, NULL,
            "no region is set: expected aws.region, AWS_REGION or the profile's");
    refuses(&none, AWS_SQS, "a.example/",
            "the region is \"a.example/\", expected one like eu-west-1");
    refuses(&odd, AWS_SQS, "eu-west-1",
            "the endpoint URL is \"sqs.example:80\", expected https://HOST, perhaps with a port "
            "and a path");
    refuses(&dual, AWS_ROUTE53, "eu-west-1",
            "Route 53 has no dual-stack endpoint, expected use_dualstack: false or an endpoint "
            "URL");
}

static void a_url_that_is_set_is_split(void **state)
{
    (void)state;
    const struct aws_settings settings = {.endpoint_url = (char *)"http://[::1]:80/a/b/"};
    struct error err = {""};
    struct aws_endpoint endpoint;
    assert_true(aws_endpoint_find(&settings, AWS_SQS, "eu-west-1", &endpoint, &err));
    assert_string_equal(endpoint.url, "http://[::1]:80/a/b");
    assert_string_equal(endpoint.host, "[::1]");
    assert_string_equal(endpoint.path, "/a/b");
    aws_endpoint_done(&endpoint);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_default_profile_says_what_nobody_else_does, clean_environment),
        cmocka_unit_test_setup(the_environment_counts_before_the_profile, clean_environment),
        cmocka_unit_test_setup(the_configuration_counts_before_all, clean_environment),
        cmocka_unit_test_setup(a_profile_that_is_asked_for_has_to_exist, clean_environment),
        cmocka_unit_test(names_follow_from_the_region),
        cmocka_unit_test(what_has_no_name_is_refused),
        cmocka_unit_test(a_url_that_is_set_is_split),
    };
    return cmocka_run_group_tests(tests, write_config, remove_config);
}
