/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ctl_plan.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/duration.h"
#include "common/file.h"
#include "control/ctl_text.h"
#include "control/ctl_watch.h"
#include "control/plan/asl_document.h"
#include "control/plan/asl_graph.h"
#include "control/plan/asl_short_form.h"

/* What was asked for: a file, or the short form. */
struct request {
    const char *verb;
    const char *path;
    const char *steps;
    const char *hold;
    bool as_asl;
    bool as_dot;
    struct asl_mapping *mappings; /* their texts are owned */
    size_t mapping_count;
};

static void request_donep(struct request *request)
{
    for (size_t i = 0; i < request->mapping_count; i++) {
        free((char *)request->mappings[i].from);
    }
    free(request->mappings);
}

/* "arn:aws:lambda:…=checkHealth"; what is mapped may have a = itself. */
static bool mapping_add(struct request *request, const char *word, struct error *err)
{
    const char *equals = strrchr(word, '=');
    struct asl_mapping *mapping = &request->mappings[request->mapping_count];
    if (equals == NULL || equals == word) {
        return error_set(err, "plan %s: found \"%.200s\", expected RESOURCE=KIND", request->verb,
                         word);
    }
    if (!asl_resource_parse(equals + 1, &mapping->to)) {
        return error_set(err,
                         "plan %s: found the kind \"%.100s\", expected changeWeight, checkHealth, "
                         "approve, metric or webhook",
                         request->verb, equals + 1);
    }
    mapping->from = alloc_printf("%.*s", (int)(equals - word), word);
    request->mapping_count++;
    return true;
}

/* An option at arguments[0]: how many words it takes, 0 when it is none. */
static size_t option_take(struct request *request, const char *const *arguments, size_t count)
{
    bool is_show = strcmp(request->verb, "show") == 0;
    if (is_show && strcmp(arguments[0], "--asl") == 0) {
        request->as_asl = true;
        return 1;
    }
    if (strcmp(request->verb, "graph") == 0 && strcmp(arguments[0], "--dot") == 0) {
        request->as_dot = true;
        return 1;
    }
    bool is_steps = strcmp(arguments[0], "--steps") == 0;
    if (!is_show || count < 2 || (!is_steps && strcmp(arguments[0], "--hold") != 0)) {
        return 0;
    }
    *(is_steps ? &request->steps : &request->hold) = arguments[1];
    return 2;
}

static bool request_read(struct request *request, const char *const *arguments, size_t count,
                         struct error *err)
{
    request->mappings = alloc_zeroed(count, sizeof(*request->mappings));
    for (size_t i = 0; i < count;) {
        size_t taken = option_take(request, arguments + i, count - i);
        if (taken == 0 && strncmp(arguments[i], "--", 2) == 0) {
            return error_set(err, "plan %s: unknown option %.100s, or without its value",
                             request->verb, arguments[i]);
        }
        if (taken == 0 && request->path == NULL) {
            request->path = arguments[i];
        } else if (taken == 0 && !mapping_add(request, arguments[i], err)) {
            return false;
        }
        i += taken == 0 ? 1 : taken;
    }
    bool has_short_form = request->steps != NULL || request->hold != NULL;
    if (has_short_form && (request->steps == NULL || request->path != NULL)) {
        return error_set(err, "plan show: expected either a file, or --steps and --hold");
    }
    return has_short_form || request->path != NULL ||
           error_set(err, "plan %s: expected the file of a plan", request->verb);
}

static bool stream_read(FILE *in, const char *path, char *text, size_t *len, struct error *err)
{
    *len = fread(text, 1, ASL_MAX_TEXT + 1, in);
    return !ferror(in) || error_set(err, "%s: %s", path, strerror(errno));
}

static const char *path_name(const struct request *request)
{
    return strcmp(request->path, "-") == 0 ? "standard input" : request->path;
}

static struct asl_document *document_read(const struct request *request, struct error *err)
{
    size_t len;
    bool is_standard = strcmp(request->path, "-") == 0;
    const char *path = path_name(request);
    CLEANUP(alloc_freep) char *text = alloc_zeroed(ASL_MAX_TEXT + 1, 1);
    FILE *in = is_standard ? stdin : file_open(path, err);
    if (in == NULL) {
        return NULL;
    }
    bool is_read = stream_read(in, path, text, &len, err);
    if (!is_standard) {
        fclose(in);
    }
    return is_read
               ? asl_document_parse(text, len, path, request->mappings, request->mapping_count, err)
               : NULL;
}

static struct asl_document *document_compile(const struct request *request, struct error *err)
{
    int64_t hold_ms = 0;
    struct asl_short_form form = {.gate_count = 0};
    if (!asl_short_form_steps(request->steps, &form, err) ||
        (request->hold != NULL && !duration_parse(request->hold, &hold_ms, err))) {
        return NULL;
    }
    form.hold_ms = hold_ms;
    json_t *json = asl_short_form_compile(&form, err);
    CLEANUP(alloc_freep) char *text = json == NULL ? NULL : json_dumps(json, 0);
    json_decref(json);
    return text == NULL ? NULL : asl_document_parse(text, strlen(text), "--steps", NULL, 0, err);
}

static void json_print(const json_t *json)
{
    json_dumpf(json, stdout, JSON_INDENT(2));
    fputc('\n', stdout);
}

/* Names come from a file: what would move the cursor is not printed. */
static void lines_print(const char *text)
{
    struct style style = style_of(STDOUT_FILENO);
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        CLEANUP(alloc_freep) char *line = alloc_printf("%.*s", (int)len, text);
        text_put(stdout, &style, INK_PLAIN, line, SIZE_MAX);
        fputc('\n', stdout);
        text += len + (text[len] == '\n');
    }
}

static void check_print(const struct asl_document *document, const char *path, bool as_json)
{
    size_t count = asl_document_state_count(document);
    const char *start = asl_document_start(document)->name;
    if (as_json) {
        json_t *json = json_pack("{s:i, s:s}", "states", (int)count, "start_at", start);
        json_object_set_new(json, "file", json_string(path)); /* not, when it is no UTF-8 */
        json_print(json);
        json_decref(json);
        return;
    }
    CLEANUP(alloc_freep)
    char *line = alloc_printf("%s: %zu states, the first is %s; nothing is wrong with it", path,
                              count, start);
    lines_print(line);
}

static void graph_print(const struct asl_document *document, bool as_dot, bool as_json)
{
    if (as_json) {
        json_t *json = json_pack("{s:s, s:o}", "start_at", asl_document_start(document)->name,
                                 "states", asl_graph_json(document));
        json_print(json);
        json_decref(json);
        return;
    }
    CLEANUP(alloc_freep)
    char *text = as_dot ? asl_graph_dot(document) : asl_graph_text(document);
    if (as_dot) {
        fputs(text, stdout);
    } else {
        lines_print(text);
    }
}

static void show_print(const struct asl_document *document, bool as_json)
{
    const char *comment =
        json_string_value(json_object_get(asl_document_json(document), "Comment"));
    int64_t timeout_s = asl_document_timeout_s(document);
    CLEANUP(alloc_freep)
    char *limit = timeout_s == 0 ? alloc_string("")
                                 : alloc_printf(", ended after %lld s", (long long)timeout_s);
    CLEANUP(alloc_freep)
    char *head =
        alloc_printf("%s%s%zu states, the first is %s%s\n\n", comment == NULL ? "" : comment,
                     comment == NULL ? "" : "\n", asl_document_state_count(document),
                     asl_document_start(document)->name, limit);
    if (!as_json) {
        lines_print(head);
    }
    graph_print(document, false, as_json);
}

int plan_run(const char *verb, const char *const *arguments, size_t count, bool as_json,
             struct error *err)
{
    CLEANUP(request_donep) struct request request = {.verb = verb};
    if (!request_read(&request, arguments, count, err)) {
        return EXIT_USAGE;
    }
    CLEANUP(asl_document_freep)
    struct asl_document *document =
        request.path != NULL ? document_read(&request, err) : document_compile(&request, err);
    if (document == NULL) {
        return EXIT_REFUSED;
    }
    if (strcmp(verb, "check") == 0) {
        check_print(document, path_name(&request), as_json);
    } else if (strcmp(verb, "graph") == 0) {
        graph_print(document, request.as_dot, as_json);
    } else if (request.as_asl) {
        json_print(asl_document_json(document));
    } else {
        show_print(document, as_json);
    }
    return EXIT_DONE;
}
