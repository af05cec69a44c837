/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/aws/aws_profiles.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "common/file.h"

/* Each an object of sections by name, each of them an object of values by key. */
struct aws_profiles {
    json_t *config;      /* profiles of the config file */
    json_t *credentials; /* of the credentials file */
    json_t *services;
};

struct reader {
    struct aws_profiles *profiles;
    const char *path;
    unsigned line;
    bool is_credentials;
    json_t *section; /* NULL: before the first one, or of one that concerns nobody here */
    bool has_section;
    char *outer; /* the key whose value is the indented lines that follow; or NULL */
};

/* In place: without the spaces around it. */
static char *trim(char *text)
{
    while (isspace((unsigned char)*text)) {
        text++;
    }
    size_t len = strlen(text);
    while (len > 0 && isspace((unsigned char)text[len - 1])) {
        text[--len] = '\0';
    }
    return text;
}

static json_t *section_of(json_t *sections, const char *name)
{
    json_t *section = json_object_get(sections, name);
    if (section == NULL) {
        section = json_object();
        if (json_object_set_new(sections, name, section) != 0) {
            return NULL;
        }
    }
    return section;
}

static bool read_section(struct reader *reader, char *text, struct error *err)
{
    char *end = strchr(text, ']');
    if (end == NULL) {
        return error_set(err, "%s:%u: a section without an end, expected \"[name]\"", reader->path,
                         reader->line);
    }
    *end = '\0';
    char *name = trim(text + 1);
    char *space = name + strcspn(name, " \t");
    char *second = trim(space);
    bool has_kind = !reader->is_credentials && *second != '\0';
    reader->has_section = true;
    reader->section = NULL;
    if (!has_kind) {
        bool is_profile = reader->is_credentials || strcmp(name, "default") == 0;
        reader->section = !is_profile
                              ? NULL
                              : section_of(reader->is_credentials ? reader->profiles->credentials
                                                                  : reader->profiles->config,
                                           name);
        return true;
    }
    *space = '\0';
    if (strcmp(name, "profile") == 0) {
        reader->section = section_of(reader->profiles->config, second);
    } else if (strcmp(name, "services") == 0) {
        reader->section = section_of(reader->profiles->services, second);
    }
    return true;
}

static bool set_value(struct reader *reader, const char *key, const char *value, struct error *err)
{
    if (reader->section != NULL &&
        json_object_set_new(reader->section, key, json_string(value)) != 0) {
        return error_set(err, "%s:%u: what is here is no UTF-8", reader->path, reader->line);
    }
    return true;
}

/* "key = value", or, when is_inner, one of those that an empty value is made of. */
static bool read_value(struct reader *reader, char *text, bool is_inner, struct error *err)
{
    char *sign = strchr(text, '=');
    if (sign == NULL || sign == text) {
        return error_set(err, "%s:%u: no \"key = value\" and no \"[section]\"", reader->path,
                         reader->line);
    }
    *sign = '\0';
    const char *key = trim(text);
    const char *value = trim(sign + 1);
    if (is_inner) {
        CLEANUP(alloc_freep) char *whole = alloc_printf("%s.%s", reader->outer, key);
        return set_value(reader, whole, value, err);
    }
    free(reader->outer);
    reader->outer = *value == '\0' ? alloc_string(key) : NULL;
    return set_value(reader, key, value, err);
}

static bool read_line(struct reader *reader, char *line, struct error *err)
{
    bool is_indented = *line == ' ' || *line == '\t';
    char *text = trim(line);
    if (*text == '\0' || *text == '#' || *text == ';') {
        return true;
    }
    if (*text == '[' && !is_indented) {
        free(STEAL(reader->outer));
        return read_section(reader, text, err);
    }
    if (!reader->has_section) {
        return error_set(err, "%s:%u: a value before the first section, expected \"[default]\"",
                         reader->path, reader->line);
    }
    if (is_indented && reader->outer == NULL) {
        return true; /* goes on with a value: of no key that is read here */
    }
    return read_value(reader, text, is_indented, err);
}

static bool read_file(struct aws_profiles *profiles, const char *path, const char *text,
                      bool is_credentials, struct error *err)
{
    struct reader reader = {.profiles = profiles, .path = path, .is_credentials = is_credentials};
    CLEANUP(alloc_freep) char *copy = alloc_string(text);
    bool is_good = true;
    for (char *next = copy, *line = NULL; is_good && (line = strsep(&next, "\n")) != NULL;) {
        reader.line++;
        is_good = read_line(&reader, line, err);
    }
    free(reader.outer);
    explicit_bzero(copy, strlen(text));
    return is_good;
}

struct aws_profiles *aws_profiles_parse(const char *config_path, const char *config,
                                        const char *credentials_path, const char *credentials,
                                        struct error *err)
{
    struct aws_profiles *profiles = alloc_zeroed(1, sizeof(*profiles));
    profiles->config = json_object();
    profiles->credentials = json_object();
    profiles->services = json_object();
    if (!read_file(profiles, config_path, config, false, err) ||
        !read_file(profiles, credentials_path, credentials, true, err)) {
        aws_profiles_free(profiles);
        return NULL;
    }
    return profiles;
}

/* Caller frees. NULL: err. */
static char *load(const char *path, struct error *err)
{
    size_t len = 0;
    if (path == NULL || access(path, F_OK) != 0) {
        return alloc_string("");
    }
    return (char *)file_load(path, &len, err);
}

struct aws_profiles *aws_profiles_load(const char *config_path, const char *credentials_path,
                                       struct error *err)
{
    CLEANUP(alloc_freep) char *config = load(config_path, err);
    CLEANUP(alloc_freep) char *credentials = config == NULL ? NULL : load(credentials_path, err);
    return config == NULL || credentials == NULL
               ? NULL
               : aws_profiles_parse(config_path, config, credentials_path, credentials, err);
}

void aws_profiles_free(struct aws_profiles *profiles)
{
    if (profiles != NULL) {
        json_decref(profiles->config);
        json_decref(profiles->credentials);
        json_decref(profiles->services);
        free(profiles);
    }
}

bool aws_profiles_have(const struct aws_profiles *profiles, const char *profile)
{
    return json_object_get(profiles->config, profile) != NULL ||
           json_object_get(profiles->credentials, profile) != NULL;
}

const char *aws_profiles_get(const struct aws_profiles *profiles, const char *profile,
                             const char *key)
{
    const char *said =
        json_string_value(json_object_get(json_object_get(profiles->credentials, profile), key));
    return said != NULL ? said
                        : json_string_value(
                              json_object_get(json_object_get(profiles->config, profile), key));
}

const char *aws_profiles_get_service(const struct aws_profiles *profiles, const char *services,
                                     const char *key)
{
    return json_string_value(json_object_get(json_object_get(profiles->services, services), key));
}
