/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ctl_export.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/alloc.h"

/* Where the text goes: a stream, or memory for one JSON document. */
struct sink {
    FILE *out;
    const char *path; /* for what is said of it */
};

static bool put_part(void *argument, const json_t *result, struct error *err)
{
    const struct sink *sink = argument;
    const char *text = json_string_value(json_object_get(result, "text"));
    if (text == NULL) {
        return error_set(err, "the daemon's answer has no \"text\"");
    }
    return fputs(text, sink->out) >= 0 || error_set(err, "%s: %s", sink->path, strerror(errno));
}

static int ask(struct client *client, const char *const *arguments, size_t count, struct sink *sink,
               json_t **result, struct error *err)
{
    switch (
        client_ask_in_parts(client, "zone export", arguments, count, put_part, sink, result, err)) {
    case CLIENT_DONE:
        return EXIT_DONE;
    case CLIENT_LOST:
        return EXIT_UNREACHABLE;
    case CLIENT_REFUSED:
        break;
    }
    return EXIT_REFUSED;
}

/* One document: {"zone": {…}, "text": "…"}. */
static int export_json(struct client *client, const char *const *arguments, size_t count,
                       struct sink *to, struct error *err)
{
    char *text = NULL;
    size_t len = 0;
    json_t *result = NULL;
    struct sink memory = {.out = open_memstream(&text, &len), .path = "memory"};
    if (memory.out == NULL) {
        error_set(err, "memory: %s", strerror(errno));
        return EXIT_REFUSED;
    }
    int code = ask(client, arguments, count, &memory, &result, err);
    fclose(memory.out);
    if (code == EXIT_DONE) {
        json_object_set_new(result, "text", json_stringn(text, len));
        json_dumpf(result, to->out, JSON_INDENT(2));
        fputc('\n', to->out);
    }
    json_decref(result);
    free(text);
    return code;
}

static int export_to(struct client *client, const char *const *arguments, size_t count,
                     bool as_json, struct sink *sink, struct error *err)
{
    json_t *result = NULL;
    if (as_json) {
        return export_json(client, arguments, count, sink, err);
    }
    int code = ask(client, arguments, count, sink, &result, err);
    json_decref(result);
    return code;
}

/* Under another name until it is whole. */
static int export_to_file(struct client *client, const char *const *arguments, size_t count,
                          bool as_json, const char *path, struct error *err)
{
    CLEANUP(alloc_freep) char *draft = alloc_printf("%s.part", path);
    struct sink sink = {.out = fopen(draft, "we"), .path = draft};
    if (sink.out == NULL) {
        error_set(err, "%s: %s", draft, strerror(errno));
        return EXIT_REFUSED;
    }
    int code = export_to(client, arguments, count, as_json, &sink, err);
    bool is_written = fflush(sink.out) == 0 && fsync(fileno(sink.out)) == 0 && !ferror(sink.out);
    is_written = fclose(sink.out) == 0 && is_written;
    if (code == EXIT_DONE && (!is_written || rename(draft, path) != 0)) {
        error_set(err, "%s: %s", path, strerror(errno));
        code = EXIT_REFUSED;
    }
    if (code != EXIT_DONE) {
        unlink(draft);
    }
    return code;
}

int export_run(struct client *client, const char *const *arguments, size_t count, bool as_json,
               struct error *err)
{
    bool has_file = count >= 2 && strcmp(arguments[count - 2], "--output") == 0;
    if (has_file) {
        const char *path = arguments[count - 1];
        return export_to_file(client, arguments, count - 2, as_json, path, err);
    }
    struct sink sink = {.out = stdout, .path = "standard output"};
    return export_to(client, arguments, count, as_json, &sink, err);
}
