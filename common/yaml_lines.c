/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/yaml_lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "common/alloc.h"
#include "common/arena.h"

#define PATH_SIZE 512
/* The configuration is five levels deep; more is not worth following. */
#define DEPTH_MAX 16

struct entry {
    const char *path;
    unsigned line;
};

struct yaml_lines {
    struct arena *arena;
    struct entry *entries; /* sorted by path, then line, once the scan is done */
    size_t count;
    size_t room;
};

struct scan {
    yaml_parser_t parser;
    const uint8_t *text;
    size_t len;
    const char *file;
    struct error *err;
    struct yaml_lines *lines;
    char path[PATH_SIZE];
};

static unsigned line_of(yaml_mark_t mark)
{
    return (unsigned)mark.line + 1;
}

static void add_entry(struct scan *scan, unsigned line)
{
    struct yaml_lines *lines = scan->lines;
    if (lines->count == lines->room) {
        lines->room = lines->room == 0 ? 64 : lines->room * 2;
        lines->entries = alloc_resize(lines->entries, lines->room, sizeof(*lines->entries));
    }
    const char *path = arena_copy_octets(lines->arena, scan->path, strlen(scan->path) + 1);
    lines->entries[lines->count++] = (struct entry){path, line};
}

/* The reader's errors (no UTF-8) have an offset, the parser's have a line. */
static unsigned problem_line(const struct scan *scan)
{
    if (scan->parser.error != YAML_READER_ERROR) {
        return line_of(scan->parser.problem_mark);
    }
    unsigned line = 1;
    for (size_t i = 0; i < scan->parser.problem_offset && i < scan->len; i++) {
        line += scan->text[i] == '\n';
    }
    return line;
}

static bool next_event(struct scan *scan, yaml_event_t *event)
{
    if (yaml_parser_parse(&scan->parser, event)) {
        return true;
    }
    const char *problem = scan->parser.problem == NULL ? "unreadable" : scan->parser.problem;
    error_set(scan->err, "%s:%u: this is not YAML: %s", scan->file, problem_line(scan), problem);
    if (scan->parser.context != NULL) {
        struct error problem_only = *scan->err;
        error_set(scan->err, "%s (%s that starts in line %u)", problem_only.text,
                  scan->parser.context, line_of(scan->parser.context_mark));
    }
    return false;
}

static bool fail_at(const struct scan *scan, yaml_mark_t mark, const char *what)
{
    return error_set(scan->err, "%s:%u: %s", scan->file, line_of(mark), what);
}

static bool check_event(const struct scan *scan, const yaml_event_t *event)
{
    const yaml_char_t *anchor = NULL;
    switch ((int)event->type) {
    case YAML_ALIAS_EVENT:
        return fail_at(scan, event->start_mark,
                       "found a YAML alias (*), expected the value itself");
    case YAML_SCALAR_EVENT:
        if (strlen((const char *)event->data.scalar.value) != event->data.scalar.length) {
            return fail_at(scan, event->start_mark,
                           "found a NUL character, expected printable text");
        }
        anchor = event->data.scalar.anchor;
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = event->data.sequence_start.anchor;
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = event->data.mapping_start.anchor;
        break;
    default:
        break;
    }
    return anchor == NULL || fail_at(scan, event->start_mark,
                                     "found a YAML anchor (&), expected a value without one");
}

/* Appends "[index]" or ".key" to the path; false when it does not fit. */
static bool extend_path(struct scan *scan, size_t path_len, const char *key, size_t index)
{
    char *end = scan->path + path_len;
    size_t room = sizeof(scan->path) - path_len;
    int used = key == NULL ? snprintf(end, room, "[%zu]", index)
                           : snprintf(end, room, "%s%s", path_len == 0 ? "" : ".", key);
    return used >= 0 && (size_t)used < room;
}

static bool is_end(const yaml_event_t *event)
{
    return event->type == YAML_MAPPING_END_EVENT || event->type == YAML_SEQUENCE_END_EVENT;
}

/* Names the entry that begins with `event`. */
static bool enter(struct scan *scan, const yaml_event_t *event, size_t path_len, bool in_mapping,
                  size_t index)
{
    if (in_mapping && event->type != YAML_SCALAR_EVENT) {
        return fail_at(scan, event->start_mark, "found a list or mapping as a key, expected text");
    }
    const char *key = in_mapping ? (const char *)event->data.scalar.value : NULL;
    if (!extend_path(scan, path_len, key, index)) {
        return fail_at(scan, event->start_mark, "found a key that is far too long");
    }
    add_entry(scan, line_of(event->start_mark));
    return true;
}

static bool walk_collection(struct scan *scan, bool is_mapping, unsigned depth);

static bool walk_value(struct scan *scan, const yaml_event_t *event, unsigned depth)
{
    if (event->type != YAML_MAPPING_START_EVENT && event->type != YAML_SEQUENCE_START_EVENT) {
        return true;
    }
    if (depth == DEPTH_MAX) {
        return fail_at(scan, event->start_mark, "found lists and mappings nested too deeply");
    }
    return walk_collection(scan, event->type == YAML_MAPPING_START_EVENT, depth + 1);
}

static bool take_event(struct scan *scan, yaml_event_t *event)
{
    if (!next_event(scan, event)) {
        return false;
    }
    if (!check_event(scan, event)) {
        yaml_event_delete(event);
        return false;
    }
    return true;
}

/* One key with its value, or one list entry; `done` at the end of the collection. */
static bool walk_entry(struct scan *scan, bool is_mapping, size_t index, unsigned depth, bool *done)
{
    size_t path_len = strlen(scan->path);
    yaml_event_t event;
    if (!take_event(scan, &event)) {
        return false;
    }
    *done = is_end(&event);
    bool ok = *done || enter(scan, &event, path_len, is_mapping, index);
    if (ok && !*done && is_mapping) {
        yaml_event_delete(&event);
        if (!take_event(scan, &event)) {
            return false;
        }
    }
    ok = ok && (*done || walk_value(scan, &event, depth));
    yaml_event_delete(&event);
    scan->path[path_len] = '\0';
    return ok;
}

static bool walk_collection(struct scan *scan, bool is_mapping, unsigned depth)
{
    bool done = false;
    for (size_t index = 0; !done; index++) {
        if (!walk_entry(scan, is_mapping, index, depth, &done)) {
            return false;
        }
    }
    return true;
}

/* Reads one event and gives only its type and place. */
static bool skip_event(struct scan *scan, yaml_event_type_t *type, yaml_mark_t *mark)
{
    yaml_event_t event;
    if (!take_event(scan, &event)) {
        return false;
    }
    *type = event.type;
    *mark = event.start_mark;
    yaml_event_delete(&event);
    return true;
}

static bool walk_stream(struct scan *scan)
{
    yaml_event_type_t type = YAML_NO_EVENT;
    yaml_mark_t mark = {0, 0, 0};
    if (!skip_event(scan, &type, &mark) || !skip_event(scan, &type, &mark)) {
        return false;
    }
    if (type == YAML_STREAM_END_EVENT) {
        return error_set(scan->err, "%s:1: the file is empty, expected keys and their values",
                         scan->file);
    }
    if (!skip_event(scan, &type, &mark)) {
        return false;
    }
    if (type != YAML_MAPPING_START_EVENT) {
        return fail_at(scan, mark, "found no mapping, expected keys and their values");
    }
    add_entry(scan, line_of(mark));
    if (!walk_collection(scan, true, 1) || !skip_event(scan, &type, &mark) ||
        !skip_event(scan, &type, &mark)) {
        return false;
    }
    return type == YAML_STREAM_END_EVENT ||
           fail_at(scan, mark, "found a second YAML document, expected the end of the file");
}

static int compare_entries(const void *left, const void *right)
{
    const struct entry *a = left;
    const struct entry *b = right;
    int order = strcmp(a->path, b->path);
    return order != 0 ? order : (a->line > b->line) - (a->line < b->line);
}

/* Sorts the entries; a path that is there twice is a key that was written twice. */
static bool sort_entries(const struct scan *scan)
{
    struct yaml_lines *lines = scan->lines;
    qsort(lines->entries, lines->count, sizeof(*lines->entries), compare_entries);
    for (size_t i = 1; i < lines->count; i++) {
        const struct entry *first = &lines->entries[i - 1];
        if (strcmp(first->path, first[1].path) == 0) {
            return error_set(scan->err,
                             "%s:%u: %s: found a second time, expected it once (first in line %u)",
                             scan->file, first[1].line, first->path, first->line);
        }
    }
    return true;
}

struct yaml_lines *yaml_lines_scan(const uint8_t *text, size_t len, const char *file,
                                   struct error *err)
{
    CLEANUP(yaml_lines_freep) struct yaml_lines *lines = alloc_zeroed(1, sizeof(*lines));
    lines->arena = arena_new();
    struct scan scan = {.text = text, .len = len, .file = file, .err = err, .lines = lines};
    if (!yaml_parser_initialize(&scan.parser)) {
        abort(); /* out of memory, as in alloc_* */
    }
    yaml_parser_set_input_string(&scan.parser, text, len);
    bool ok = walk_stream(&scan) && sort_entries(&scan);
    yaml_parser_delete(&scan.parser);
    return ok ? STEAL(lines) : NULL;
}

void yaml_lines_freep(struct yaml_lines **lines)
{
    if (*lines != NULL) {
        arena_free((*lines)->arena);
        free((*lines)->entries);
        free(*lines);
        *lines = NULL;
    }
}

static int compare_path(const void *key, const void *element)
{
    return strcmp(key, ((const struct entry *)element)->path);
}

/* Cuts the last ".key" or "[index]" off. */
static void shorten(char *path)
{
    size_t len = strlen(path);
    while (len > 0 && path[len - 1] != '.' && path[len - 1] != '[') {
        len--;
    }
    path[len > 0 ? len - 1 : 0] = '\0';
}

unsigned yaml_lines_find(const struct yaml_lines *lines, const char *path)
{
    char around[PATH_SIZE];
    snprintf(around, sizeof(around), "%s", path);
    for (;;) {
        const struct entry *found =
            bsearch(around, lines->entries, lines->count, sizeof(*lines->entries), compare_path);
        if (found != NULL) {
            return found->line;
        }
        if (around[0] == '\0') {
            return 1;
        }
        shorten(around);
    }
}
