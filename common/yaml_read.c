/* SPDX-License-Identifier: BSD-2-Clause */
/* libcyaml tells what is wrong only in its log: one line with the problem, then a backtrace from
 * the inside out, "in mapping field 'weight' (line: 3, column: 5)", "in sequence entry '2' (…)".
 * From that the path of the faulty value is put together, and its line looked up. */
#include "common/yaml_read.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

#define FRAMES_MAX 16
#define PATH_SIZE  256

/* One line of the backtrace: a key, or with an empty key a list entry counted from 1. */
struct frame {
    char key[64];
    unsigned entry;
};

struct report {
    char problem[256];
    struct frame frames[FRAMES_MAX]; /* innermost first */
    size_t frame_count;
};

struct failure {
    const struct yaml_source *source;
    const cyaml_schema_value_t *whole; /* schema */
    struct report report;
    char path[PATH_SIZE];
    const cyaml_schema_value_t *schema; /* of what stands at path */
    struct error *err;
};

/* The format is libcyaml's own; the attribute tells the compiler that it is one. */
__attribute__((format(printf, 3, 0))) static void take_log_line(cyaml_log_t level, void *context,
                                                                const char *format, va_list args)
{
    (void)level;
    struct report *report = context;
    char line[256];
    vsnprintf(line, sizeof(line), format, args);
    line[strcspn(line, "\n")] = '\0';
    if (strncmp(line, "Load: ", 6) == 0) {
        if (report->problem[0] == '\0' && strcmp(line, "Load: Backtrace:") != 0) {
            snprintf(report->problem, sizeof(report->problem), "%s", line + 6);
        }
        return;
    }
    if (report->frame_count < FRAMES_MAX) {
        struct frame *frame = &report->frames[report->frame_count++];
        *frame = (struct frame){.entry = 0};
        if (sscanf(line, " in mapping field '%63[^']'", frame->key) != 1 &&
            sscanf(line, " in sequence entry '%u'", &frame->entry) != 1) {
            report->frame_count--; /* "in mapping": the frame around it says more */
        }
    }
}

static const cyaml_schema_value_t *find_field(const cyaml_schema_value_t *schema, const char *key)
{
    if (schema->type != CYAML_MAPPING) {
        return schema;
    }
    const cyaml_schema_field_t *field = schema->mapping.fields;
    while (field->key != NULL && strcmp(field->key, key) != 0) {
        field++;
    }
    return field->key == NULL ? schema : &field->value;
}

/* Sets the path and the schema of the place that the outer frames name, without the innermost
 * `skip` frames. */
static void follow(struct failure *failure, size_t skip)
{
    const struct report *report = &failure->report;
    failure->path[0] = '\0';
    failure->schema = failure->whole;
    for (size_t i = report->frame_count; i > skip; i--) {
        const struct frame *frame = &report->frames[i - 1];
        size_t used = strlen(failure->path);
        char *end = failure->path + used;
        size_t room = sizeof(failure->path) - used;
        if (frame->key[0] != '\0') {
            snprintf(end, room, "%s%s", used == 0 ? "" : ".", frame->key);
            failure->schema = find_field(failure->schema, frame->key);
        } else {
            snprintf(end, room, "[%u]", frame->entry > 0 ? frame->entry - 1 : 0);
            if (failure->schema->type == CYAML_SEQUENCE) {
                failure->schema = failure->schema->sequence.entry;
            }
        }
    }
}

/* "server, control, zones" for errors about keys. */
static void list_keys(const cyaml_schema_value_t *schema, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    if (schema->type != CYAML_MAPPING) {
        return;
    }
    for (const cyaml_schema_field_t *field = schema->mapping.fields; field->key != NULL; field++) {
        int added = snprintf(out + used, size - used, "%s%s", used == 0 ? "" : ", ", field->key);
        if (added < 0 || used + (size_t)added >= size) {
            return;
        }
        used += (size_t)added;
    }
}

static const char *found_name(const char *event)
{
    if (strcmp(event, "SEQUENCE_START") == 0) {
        return "a list";
    }
    return strcmp(event, "MAPPING_START") == 0 ? "a mapping" : "a single value";
}

static const char *expected_name(const cyaml_schema_value_t *schema)
{
    if (schema->type == CYAML_SEQUENCE) {
        return "a list";
    }
    return schema->type == CYAML_MAPPING ? "a mapping of keys" : "a single value";
}

static bool fail_at(const struct failure *failure, const char *path, const char *text)
{
    return error_set(failure->err, "%s:%u: %s%s%s", failure->source->file,
                     yaml_lines_find(failure->source->lines, path), path,
                     path[0] == '\0' ? "" : ": ", text);
}

/* The innermost frame of errors about keys is the key read before, if any. */
static size_t key_frames(const struct report *report)
{
    return report->frame_count > 0 && report->frames[0].key[0] != '\0' ? 1 : 0;
}

static bool explain_unknown_key(struct failure *failure, const char *key)
{
    char keys[256];
    char text[512];
    char path[PATH_SIZE + 64];
    follow(failure, 0);
    list_keys(failure->schema, keys, sizeof(keys));
    snprintf(path, sizeof(path), "%s%s%.60s", failure->path, failure->path[0] == '\0' ? "" : ".",
             key);
    snprintf(text, sizeof(text), "found an unknown key, expected one of: %s", keys);
    return fail_at(failure, path, text);
}

static bool explain_missing_key(struct failure *failure, const char *key)
{
    char text[256];
    follow(failure, key_frames(&failure->report));
    snprintf(text, sizeof(text), "the key %s is missing, expected %s", key,
             expected_name(find_field(failure->schema, key)));
    return fail_at(failure, failure->path, text);
}

static bool explain_count(struct failure *failure)
{
    char text[128];
    follow(failure, 1);
    bool is_list = failure->schema->type == CYAML_SEQUENCE;
    bool too_few = strncmp(failure->report.problem, "Insufficient", 12) == 0;
    unsigned least = is_list ? failure->schema->sequence.min : 0;
    unsigned most = is_list ? failure->schema->sequence.max : 0;
    if (too_few) {
        snprintf(text, sizeof(text), "found an empty list, expected at least %u entry", least);
    } else {
        snprintf(text, sizeof(text), "found too many entries, expected at most %u", most);
    }
    return fail_at(failure, failure->path, text);
}

static bool explain_value(struct failure *failure)
{
    const char *problem = failure->report.problem;
    char text[128];
    char event[32];
    follow(failure, 0);
    bool is_text = failure->schema->type == CYAML_STRING;
    if (sscanf(problem, "Expecting %*[A-Z_], got event: %31[A-Z_]", event) == 1) {
        snprintf(text, sizeof(text), "found %s, expected %s", found_name(event),
                 expected_name(failure->schema));
    } else if (strncmp(problem, "STRING length <", 15) == 0) {
        snprintf(text, sizeof(text), "found nothing, expected a value");
    } else if (strncmp(problem, "STRING length >", 15) == 0 && is_text) {
        snprintf(text, sizeof(text), "found a longer text, expected at most %u octets",
                 failure->schema->string.max);
    } else {
        snprintf(text, sizeof(text), "%.120s", problem);
    }
    return fail_at(failure, failure->path, text);
}

static bool explain(struct failure *failure)
{
    const char *problem = failure->report.problem;
    char key[64] = "";
    if (sscanf(problem, "Unexpected key: %63[^\n]", key) == 1) {
        return explain_unknown_key(failure, key);
    }
    if (sscanf(problem, "Missing required mapping field: %63s", key) == 1) {
        return explain_missing_key(failure, key);
    }
    if (strncmp(problem, "Insufficient", 12) == 0 || strncmp(problem, "Excessive", 9) == 0) {
        return explain_count(failure);
    }
    return explain_value(failure);
}

/* libcyaml asks for zero octets to free. */
static void *allocate(void *context, void *old, size_t size)
{
    (void)context;
    if (size == 0) {
        free(old);
        return NULL;
    }
    return alloc_resize(old, 1, size);
}

static cyaml_config_t make_settings(struct report *report)
{
    return (cyaml_config_t){
        .log_fn = report == NULL ? NULL : take_log_line,
        .log_ctx = report,
        .mem_fn = allocate,
        .log_level = CYAML_LOG_ERROR,
        .flags = CYAML_CFG_NO_ALIAS,
    };
}

void *yaml_read(const cyaml_schema_value_t *schema, const struct yaml_source *source,
                struct error *err)
{
    struct failure failure = {.source = source, .whole = schema, .err = err};
    cyaml_config_t settings = make_settings(&failure.report);
    cyaml_data_t *data = NULL;
    cyaml_err_t result = cyaml_load_data(source->text, source->len, &settings, schema, &data, NULL);
    if (result == CYAML_OK) {
        return data;
    }
    if (failure.report.problem[0] == '\0') {
        snprintf(failure.report.problem, sizeof(failure.report.problem), "%s",
                 cyaml_strerror(result));
    }
    (void)explain(&failure);
    return NULL;
}

void yaml_read_free(const cyaml_schema_value_t *schema, void *data)
{
    cyaml_config_t settings = make_settings(NULL);
    cyaml_free(&settings, schema, data, 0);
}
