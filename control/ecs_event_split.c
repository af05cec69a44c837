/* SPDX-License-Identifier: BSD-2-Clause */
/* A text into events, document by document. A document may span lines and lines may hold several,
 * so after an error the question is where the next one starts: at the next line that is indented
 * no deeper than the broken one and does not look like its inside. That gives one report for a
 * broken event that was printed over many lines, and one for each broken line of a file of lines.
 */
#include "control/ecs_event.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* What was read in vain may be read again (a line that was cut short swallows the next one) up to
 * this many times the length of the text; then the broken document is skipped as far as it was
 * read, so that no input takes more than linear time. */
#define VAIN_FACTOR 4

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

struct splitter {
    const char *at;
    const char *end;
    const char *line_start;
    size_t line; /* of at, from 1 */
    ecs_event_each each;
    void *argument;
    size_t calls;
    size_t malformed;
    size_t vain_left; /* octets */
    /* Once an array is broken its items are read one by one. What was wrong with it is only said
     * when no item is. */
    bool in_array;
    size_t malformed_before_array;
    char array_text[JSON_ERROR_TEXT_LENGTH + 96];
};

static void advance(struct splitter *splitter, const char *to)
{
    const char *end;
    while ((end = memchr(splitter->at, '\n', (size_t)(to - splitter->at))) != NULL) {
        splitter->at = splitter->line_start = end + 1;
        splitter->line++;
    }
    splitter->at = to;
}

static bool is_blank(char octet)
{
    return octet == ' ' || octet == '\t' || octet == '\r' || octet == '\n';
}

static void skip_separators(struct splitter *splitter)
{
    const char *at = splitter->at;
    while (at < splitter->end &&
           (is_blank(*at) || (splitter->in_array && (*at == ',' || *at == ']')))) {
        at++;
    }
    advance(splitter, at);
}

/* Of the line that `at` is in; a document behind another one on its line is as deep as that. */
static size_t indentation(const struct splitter *splitter)
{
    const char *at = splitter->line_start;
    while (at < splitter->end && (*at == ' ' || *at == '\t')) {
        at++;
    }
    return (size_t)(at - splitter->line_start);
}

static bool looks_like_an_inside(const struct splitter *splitter, size_t depth)
{
    size_t own = indentation(splitter);
    const char *at = splitter->line_start + own;
    return at == splitter->end || own > depth || strchr("}],\"\r\n", *at) != NULL;
}

static void skip_broken(struct splitter *splitter)
{
    size_t depth = indentation(splitter);
    do {
        const char *end = memchr(splitter->at, '\n', (size_t)(splitter->end - splitter->at));
        advance(splitter, end == NULL ? splitter->end : end + 1);
    } while (splitter->at < splitter->end && looks_like_an_inside(splitter, depth));
}

/* The text goes into JSON and onto terminals: only what is safe there. */
static void report(struct splitter *splitter, const char *text)
{
    char safe[JSON_ERROR_TEXT_LENGTH + 96];
    snprintf(safe, sizeof(safe), "%s", text);
    for (char *octet = safe; *octet != '\0'; octet++) {
        if (*octet < ' ' || *octet > '~') {
            *octet = '?';
        }
    }
    splitter->each(splitter->argument, NULL, safe);
    splitter->calls++;
    splitter->malformed++;
}

static void give(struct splitter *splitter, const json_t *json)
{
    size_t i;
    const json_t *item;
    if (!json_is_array(json)) {
        splitter->each(splitter->argument, json, NULL);
        splitter->calls++;
        return;
    }
    json_array_foreach(json, i, item)
    {
        splitter->each(splitter->argument, item, NULL);
        splitter->calls++;
    }
}

static void recover(struct splitter *splitter, const json_error_t *error)
{
    char text[sizeof(splitter->array_text)];
    size_t position = error->position < 0 ? 0 : (size_t)error->position;
    size_t line = splitter->line + (error->line > 0 ? (size_t)error->line - 1 : 0);
    snprintf(text, sizeof(text), "line %zu: %s", splitter->line, error->text);
    if (line != splitter->line) {
        size_t len = strlen(text);
        snprintf(text + len, sizeof(text) - len, " (seen in line %zu)", line);
    }
    if (*splitter->at == '[' && !splitter->in_array) {
        splitter->in_array = true;
        splitter->malformed_before_array = splitter->malformed;
        strcpy(splitter->array_text, text);
        advance(splitter, splitter->at + 1);
        return;
    }
    report(splitter, text);
    if (position <= splitter->vain_left) {
        splitter->vain_left -= position;
    } else if (position <= (size_t)(splitter->end - splitter->at)) {
        splitter->vain_left = 0;
        advance(splitter, splitter->at + position);
    }
    skip_broken(splitter);
}

/* Reports so many that the reader is done: no file of events looks like that. */
static bool gives_up(struct splitter *splitter)
{
    if (splitter->malformed < ECS_MAX_MALFORMED) {
        return false;
    }
    char text[128];
    snprintf(text, sizeof(text), "line %zu: %d documents were malformed; the rest was not read",
             splitter->line, ECS_MAX_MALFORMED);
    report(splitter, text);
    return true;
}

size_t ecs_event_split(const char *text, size_t len, ecs_event_each each, void *argument)
{
    struct splitter splitter = {.at = text, .end = text + len, .line_start = text, .line = 1};
    splitter.each = each;
    splitter.argument = argument;
    if (len > INT_MAX / VAIN_FACTOR) {
        report(&splitter, "line 1: the text is longer than 512 MiB");
        return splitter.calls;
    }
    splitter.vain_left = len * VAIN_FACTOR;
    if (len >= 3 && memcmp(text, BYTE_ORDER_MARK, 3) == 0) {
        splitter.at = splitter.line_start = text + 3;
    }
    for (;;) {
        skip_separators(&splitter);
        if (splitter.at == splitter.end || gives_up(&splitter)) {
            break;
        }
        json_error_t error;
        json_t *json = json_loadb(splitter.at, (size_t)(splitter.end - splitter.at),
                                  JSON_DISABLE_EOF_CHECK, &error);
        if (json == NULL) {
            recover(&splitter, &error);
            continue;
        }
        give(&splitter, json);
        json_decref(json);
        advance(&splitter, splitter.at + error.position);
    }
    if (splitter.in_array && splitter.malformed == splitter.malformed_before_array) {
        report(&splitter, splitter.array_text);
    }
    return splitter.calls;
}
