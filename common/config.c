/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/config_fill.h"
#include "common/config_schema.h"
#include "common/yaml_read.h"

/* Far more than any configuration; a device or a wrong file ends here. */
#define FILE_MAX ((size_t)64 << 20)

/* What config_load returns a part of. */
struct loaded {
    struct config config; /* first, so that config_free finds the rest */
    struct arena *arena;
};

static uint8_t *read_stream(FILE *stream, const char *path, size_t *len, struct error *err)
{
    CLEANUP(alloc_freep) uint8_t *text = NULL;
    size_t used = 0;
    size_t room = 0;
    while (!feof(stream) && !ferror(stream) && used <= FILE_MAX) {
        room += 65536;
        text = alloc_resize(text, room, 1);
        used += fread(text + used, 1, room - used, stream);
    }
    if (ferror(stream)) {
        error_set(err, "%s: cannot read: %s", path, strerror(errno));
        return NULL;
    }
    if (used > FILE_MAX) {
        error_set(err, "%s: the file is too large, expected at most %zu octets", path, FILE_MAX);
        return NULL;
    }
    *len = used;
    return STEAL(text);
}

static uint8_t *read_file(const char *path, size_t *len, struct error *err)
{
    FILE *stream = fopen(path, "re");
    if (stream == NULL) {
        error_set(err, "%s: cannot be opened: %s", path, strerror(errno));
        return NULL;
    }
    uint8_t *text = read_stream(stream, path, len, err);
    fclose(stream);
    return text;
}

/* What nobody answers here somebody else has to have. */
static bool check_answers(const struct config_reader *reader)
{
    struct place top = place_top(reader);
    const struct config *config = reader->config;
    for (size_t i = 0; config->server.answers_nobody && i < config->record_set_count; i++) {
        if (config->record_sets[i].route53 == NULL) {
            struct place place = place_item(&top, "record_sets", i);
            return place_fail(&place, NULL,
                              "found without route53 while server.answers is false, expected it: "
                              "nobody else has the record set");
        }
    }
    return true;
}

static bool fill_config(const struct config_reader *reader, const struct raw_config *raw)
{
    return fill_server(reader, raw->server) && fill_control(reader, raw->control) &&
           fill_zones(reader, raw) && fill_health_checks(reader, raw) &&
           fill_aws(reader, raw->aws) && fill_route53(reader, raw) &&
           fill_record_sets(reader, raw) && fill_rollouts(reader, raw) &&
           fill_notify(reader, raw) && check_answers(reader);
}

static void raw_freep(struct raw_config **raw)
{
    yaml_read_free(&config_schema, *raw);
}

struct config *config_parse(const char *path, const uint8_t *text, size_t len, struct error *err)
{
    CLEANUP(yaml_lines_freep) struct yaml_lines *lines = yaml_lines_scan(text, len, path, err);
    if (lines == NULL) {
        return NULL;
    }
    struct yaml_source source = {.file = path, .text = text, .len = len, .lines = lines};
    CLEANUP(raw_freep) struct raw_config *raw = yaml_read(&config_schema, &source, err);
    if (raw == NULL) {
        return NULL;
    }
    CLEANUP(alloc_freep) char *directory = alloc_string(path);
    char *slash = strrchr(directory, '/');
    directory[slash == NULL ? 0 : slash + 1 - directory] = '\0';
    struct loaded *loaded = alloc_zeroed(1, sizeof(*loaded));
    loaded->arena = arena_new();
    CLEANUP(config_freep) struct config *config = &loaded->config;
    config->path = arena_copy_octets(loaded->arena, path, strlen(path) + 1);
    struct config_reader reader = {.config = config,
                                   .arena = loaded->arena,
                                   .file = path,
                                   .directory = directory,
                                   .lines = lines,
                                   .err = err};
    return fill_config(&reader, raw) ? STEAL(config) : NULL;
}

struct config *config_load(const char *path, struct error *err)
{
    size_t len = 0;
    CLEANUP(alloc_freep) uint8_t *text = read_file(path, &len, err);
    return text == NULL ? NULL : config_parse(path, text, len, err);
}

char *config_beside(const struct config *config, const char *path)
{
    const char *slash = strrchr(config->path, '/');
    int folder_len = slash == NULL || path[0] == '/' ? 0 : (int)(slash + 1 - config->path);
    return alloc_printf("%.*s%s", folder_len, config->path, path);
}

bool config_asks_aws(const struct config *config)
{
    bool asks = config->aws.line != 0 || config->control.fleet.table != NULL;
    for (size_t i = 0; i < config->health_check_count; i++) {
        asks |= config->health_checks[i].type == CHECK_ELBV2;
    }
    for (size_t i = 0; i < config->record_set_count; i++) {
        const struct config_traffic *traffic = config->record_sets[i].traffic;
        asks |= traffic != NULL && traffic->is_cloudwatch;
        asks |= config->record_sets[i].route53 != NULL;
    }
    for (size_t i = 0; i < config->rollout_count; i++) {
        for (size_t g = 0; g < config->rollouts[i].gate_count; g++) {
            asks |= config->rollouts[i].gates[g].metric.is_cloudwatch;
        }
    }
    return asks;
}

void config_free(struct config *config)
{
    if (config != NULL) {
        struct loaded *loaded = (struct loaded *)config;
        search_tree_free(&config->by_name.health_checks);
        search_tree_free(&config->by_name.record_sets);
        search_tree_free(&config->by_name.rollouts);
        arena_free(loaded->arena);
        free(loaded);
    }
}

void config_freep(struct config **config)
{
    config_free(*config);
    *config = NULL;
}

size_t config_find_record_set(const struct config *config, const char *name, const char *type)
{
    const struct config_record_set key = {.name = name, .type = type};
    const struct config_record_set *set = search_tree_find(&config->by_name.record_sets, &key);
    return set == NULL ? SIZE_MAX : (size_t)(set - config->record_sets);
}

size_t config_find_rollout(const struct config *config, const char *name)
{
    const struct config_rollout key = {.name = name};
    const struct config_rollout *rollout = search_tree_find(&config->by_name.rollouts, &key);
    return rollout == NULL ? SIZE_MAX : (size_t)(rollout - config->rollouts);
}

const struct config_health_check *config_find_health_check(const struct config *config,
                                                           const char *name)
{
    const struct config_health_check key = {.name = name};
    return search_tree_find(&config->by_name.health_checks, &key);
}
