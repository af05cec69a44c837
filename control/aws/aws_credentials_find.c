/* SPDX-License-Identifier: BSD-2-Clause */
/* Where credentials are looked for, in order. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "control/aws/aws_credential_document.h"
#include "control/aws/aws_credentials_private.h"
#include "control/aws/aws_profiles.h"

static const char *of_profile(const struct aws_credential_source *source, const char *profile,
                              const char *key)
{
    const char *value = aws_profiles_get(source->settings->profiles, profile, key);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static void set_origin(struct aws_credential_source *source, const char *kind, const char *name)
{
    snprintf(source->search.origin, sizeof(source->search.origin), "%s%s%s", kind,
             name != NULL ? " " : "", name != NULL ? name : "");
}

void aws_search_failed(struct aws_credential_source *source, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    error_set(&source->why, "no credentials: %s", text);
    aws_search_end(source, NULL);
}

void aws_search_found(struct aws_credential_source *source, struct aws_credentials *credentials)
{
    struct aws_search *search = &source->search;
    if (search->role_count == 0) {
        aws_search_end(source, credentials);
        return;
    }
    aws_credentials_done(&search->base);
    search->base = *credentials;
    *credentials = (struct aws_credentials){.expires_ms = 0};
    search->assuming = search->roles[--search->role_count];
    aws_search_assume(source, search->assuming);
}

static void found_static(struct aws_credential_source *source, const char *id, const char *secret,
                         const char *token)
{
    if (!aws_credential_is_printable(id) || !aws_credential_is_printable(secret) ||
        !aws_credential_is_printable(token)) {
        aws_search_failed(source, "%s: a key has characters that no key has",
                          source->search.origin);
        return;
    }
    struct aws_credentials credentials = {.access_key_id = alloc_string(id),
                                          .secret_access_key = alloc_string(secret),
                                          .session_token =
                                              token == NULL ? NULL : alloc_string(token)};
    aws_search_found(source, &credentials);
    aws_credentials_done(&credentials);
}

static bool search_environment(struct aws_credential_source *source)
{
    const char *id = aws_variable("AWS_ACCESS_KEY_ID");
    const char *secret = aws_variable("AWS_SECRET_ACCESS_KEY");
    if (id == NULL && secret == NULL) {
        return false;
    }
    set_origin(source, "environment", NULL);
    if (id == NULL || secret == NULL) {
        aws_search_failed(source, "the environment has %s without %s",
                          id != NULL ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
                          id != NULL ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
    } else {
        const char *token = aws_variable("AWS_SESSION_TOKEN");
        found_static(source, id, secret,
                     token != NULL ? token : aws_variable("AWS_SECURITY_TOKEN"));
    }
    return true;
}

static bool search_web_variables(struct aws_credential_source *source)
{
    const char *file = aws_variable("AWS_WEB_IDENTITY_TOKEN_FILE");
    const char *role = aws_variable("AWS_ROLE_ARN");
    if (file == NULL || role == NULL) {
        return false;
    }
    set_origin(source, "web identity", role);
    aws_search_web(source, role, file, aws_variable("AWS_ROLE_SESSION_NAME"));
    return true;
}

static bool search_container(struct aws_credential_source *source)
{
    if (aws_variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") == NULL &&
        aws_variable("AWS_CONTAINER_CREDENTIALS_FULL_URI") == NULL) {
        return false;
    }
    if (source->search.role_count == 0) {
        set_origin(source, "container", NULL);
    }
    aws_search_container(source);
    return true;
}

static void search_metadata(struct aws_credential_source *source)
{
    if (source->search.role_count == 0) {
        set_origin(source, "instance metadata", NULL);
    }
    aws_search_metadata(source);
}

static void search_named_source(struct aws_credential_source *source, const char *profile,
                                const char *name)
{
    if (strcasecmp(name, "Environment") == 0) {
        if (!search_environment(source)) {
            aws_search_failed(source, "profile %s wants those of the environment, which has none",
                              profile);
        }
    } else if (strcasecmp(name, "EcsContainer") == 0) {
        if (!search_container(source)) {
            aws_search_failed(source, "profile %s wants those of the container, which has none",
                              profile);
        }
    } else if (strcasecmp(name, "Ec2InstanceMetadata") == 0) {
        search_metadata(source);
    } else {
        aws_search_failed(source,
                          "profile %s: credential_source is \"%s\", expected Environment, "
                          "EcsContainer or Ec2InstanceMetadata",
                          profile, name);
    }
}

static bool search_keys(struct aws_credential_source *source, const char *profile)
{
    const char *id = of_profile(source, profile, "aws_access_key_id");
    const char *secret = of_profile(source, profile, "aws_secret_access_key");
    const char *command = of_profile(source, profile, "credential_process");
    if (id != NULL && secret != NULL) {
        found_static(source, id, secret, of_profile(source, profile, "aws_session_token"));
    } else if (id != NULL) {
        aws_search_failed(source, "profile %s has aws_access_key_id without aws_secret_access_key",
                          profile);
    } else if (command != NULL) {
        aws_search_process(source, command);
    } else {
        return false;
    }
    return true;
}

/* The profile that signs for the role of `profile`: false when this one is at an end. */
static bool follow_role(struct aws_credential_source *source, const char **profile)
{
    struct aws_search *search = &source->search;
    const char *next = of_profile(source, *profile, "source_profile");
    for (size_t i = 0; i < search->role_count; i++) {
        /* A profile may be its own source: its keys sign for its role. */
        if (strcmp(search->roles[i], *profile) == 0) {
            return false;
        }
    }
    if (next == NULL || search->role_count == AWS_ROLES_MAX) {
        return false;
    }
    search->roles[search->role_count++] = *profile;
    *profile = next;
    return true;
}

/* What a profile without further source says. False: nothing. */
static bool search_last_profile(struct aws_credential_source *source, const char *profile)
{
    struct aws_search *search = &source->search;
    const char *role = of_profile(source, profile, "role_arn");
    const char *file = of_profile(source, profile, "web_identity_token_file");
    const char *named = of_profile(source, profile, "credential_source");
    bool is_own_source =
        search->role_count > 0 && strcmp(search->roles[search->role_count - 1], profile) == 0;
    if (role == NULL || is_own_source) {
        return search_keys(source, profile);
    }
    if (file != NULL) {
        aws_search_web(source, role, file, of_profile(source, profile, "role_session_name"));
    } else if (named != NULL && search->role_count < AWS_ROLES_MAX) {
        search->roles[search->role_count++] = profile;
        search_named_source(source, profile, named);
    } else {
        aws_search_failed(source,
                          "profile %s has role_arn, expected source_profile (without a loop, at "
                          "most %d), credential_source or web_identity_token_file with it",
                          profile, AWS_ROLES_MAX);
    }
    return true;
}

static bool search_profile(struct aws_credential_source *source)
{
    const char *profile = source->settings->profile_name;
    set_origin(source, "profile", profile);
    while (of_profile(source, profile, "role_arn") != NULL && follow_role(source, &profile)) {
    }
    if (!aws_profiles_have(source->settings->profiles, profile)) {
        if (source->search.role_count == 0) {
            return false;
        }
        aws_search_failed(source, "source_profile %s is not there", profile);
        return true;
    }
    bool is_found = search_last_profile(source, profile);
    if (!is_found && source->search.role_count > 0) {
        aws_search_failed(source, "profile %s has no keys to sign for %s with", profile,
                          source->search.roles[source->search.role_count - 1]);
        return true;
    }
    return is_found;
}

void aws_search_begin(struct aws_credential_source *source)
{
    source->search = (struct aws_search){.is_running = true};
    /* A profile that the configuration names is meant, whatever the environment has. */
    if (source->settings->is_profile_configured) {
        if (!search_profile(source)) {
            aws_search_failed(source, "profile %s has none", source->settings->profile_name);
        }
        return;
    }
    if (search_environment(source) || search_web_variables(source) || search_profile(source) ||
        search_container(source)) {
        return;
    }
    search_metadata(source);
}
