/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/aws/aws_settings.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "control/aws/aws_profiles.h"

const char *aws_variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static char *copy(const char *text)
{
    return text == NULL || text[0] == '\0' ? NULL : alloc_string(text);
}

/* The file in the user's home, unless the environment names another. Caller frees; NULL: none. */
static char *shared_file(const char *name, const char *in_home)
{
    const char *path = aws_variable(name);
    const char *home = aws_variable("HOME");
    if (path == NULL) {
        return home == NULL ? NULL : alloc_printf("%s/%s", home, in_home);
    }
    if (strncmp(path, "~/", 2) == 0 && home != NULL) {
        return alloc_printf("%s/%s", home, path + 2);
    }
    return alloc_string(path);
}

static const char *of_profile(const struct aws_settings *settings, const char *key)
{
    return aws_profiles_get(settings->profiles, settings->profile_name, key);
}

static bool is_true(const char *text)
{
    return text != NULL && strcasecmp(text, "true") == 0;
}

/* Of the environment, unless that says nothing of the profile. */
static bool flag(const struct aws_settings *settings, const char *name, const char *key)
{
    const char *said = aws_variable(name);
    return is_true(said != NULL ? said : of_profile(settings, key));
}

static const char *either(const char *first, const char *second)
{
    return first != NULL && first[0] != '\0' ? first : second;
}

/* Of one service: its variable; its line in the profile's services, unless a variable speaks for
 * all. */
static void find_service_endpoint(struct aws_settings *settings, enum aws_service service,
                                  bool has_general)
{
    const struct aws_service_traits *traits = aws_service_traits(service);
    const char *services = of_profile(settings, "services");
    CLEANUP(alloc_freep) char *name = alloc_printf("AWS_ENDPOINT_URL_%s", traits->variable);
    CLEANUP(alloc_freep) char *key = alloc_printf("%s.endpoint_url", traits->section_key);
    const char *said = aws_variable(name);
    if (said == NULL && !has_general && services != NULL) {
        said = aws_profiles_get_service(settings->profiles, services, key);
    }
    settings->endpoint_urls[service] = copy(said);
}

static void find_endpoints(struct aws_settings *settings, const struct config_aws *config)
{
    if (config != NULL && config->endpoint_url != NULL) {
        settings->endpoint_url = copy(config->endpoint_url);
        return;
    }
    if (flag(settings, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls")) {
        return;
    }
    const char *general = aws_variable("AWS_ENDPOINT_URL");
    for (size_t i = 0; i < AWS_SERVICE_COUNT; i++) {
        find_service_endpoint(settings, (enum aws_service)i, general != NULL);
    }
    settings->endpoint_url = copy(either(general, of_profile(settings, "endpoint_url")));
}

static bool find_profile(struct aws_settings *settings, const struct config_aws *config,
                         struct error *err)
{
    const char *said = config != NULL ? config->profile : NULL;
    settings->is_profile_configured = said != NULL;
    said = either(said, either(aws_variable("AWS_PROFILE"), aws_variable("AWS_DEFAULT_PROFILE")));
    settings->profile_name = alloc_string(said != NULL ? said : "default");
    return said == NULL || aws_profiles_have(settings->profiles, said) ||
           error_set(err,
                     "the profile \"%s\" is in neither of the shared config and credentials "
                     "files",
                     said);
}

struct aws_settings *aws_settings_load(const struct config_aws *config, struct error *err)
{
    CLEANUP(alloc_freep) char *config_path = shared_file("AWS_CONFIG_FILE", ".aws/config");
    CLEANUP(alloc_freep)
    char *credentials_path = shared_file("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials");
    CLEANUP(aws_settings_freep) struct aws_settings *settings = alloc_zeroed(1, sizeof(*settings));
    settings->profiles = aws_profiles_load(config_path, credentials_path, err);
    if (settings->profiles == NULL || !find_profile(settings, config, err)) {
        return NULL;
    }
    const char *region = either(aws_variable("AWS_REGION"), aws_variable("AWS_DEFAULT_REGION"));
    region = either(config != NULL ? config->region : NULL, region);
    settings->region = copy(either(region, of_profile(settings, "region")));
    const char *ca_file =
        either(config != NULL ? config->ca_file : NULL, aws_variable("AWS_CA_BUNDLE"));
    settings->ca_file = copy(either(ca_file, of_profile(settings, "ca_bundle")));
    settings->use_fips = (config != NULL && config->use_fips) ||
                         flag(settings, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
    settings->use_dualstack =
        (config != NULL && config->use_dualstack) ||
        flag(settings, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint");
    find_endpoints(settings, config);
    return STEAL(settings);
}

void aws_settings_free(struct aws_settings *settings)
{
    if (settings == NULL) {
        return;
    }
    free(settings->region);
    free(settings->endpoint_url);
    for (size_t i = 0; i < AWS_SERVICE_COUNT; i++) {
        free(settings->endpoint_urls[i]);
    }
    free(settings->ca_file);
    free(settings->profile_name);
    aws_profiles_free(settings->profiles);
    free(settings);
}

void aws_settings_freep(struct aws_settings **settings)
{
    aws_settings_free(*settings);
}
