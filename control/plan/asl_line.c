/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/plan/asl_line.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct walk {
    const char *at;
    const char *end;
    unsigned line;
};

static size_t place_add(struct asl_place *place, const char *segment)
{
    size_t mark = strlen(place->pointer);
    if (mark + 1 + strlen(segment) >= sizeof(place->pointer)) {
        return mark;
    }
    snprintf(place->pointer + mark, sizeof(place->pointer) - mark, "/%s", segment);
    return mark;
}

size_t asl_place_key(struct asl_place *place, const char *key)
{
    char segment[ASL_PLACE_SIZE];
    size_t used = 0;
    for (; *key != '\0' && used + 2 < sizeof(segment); key++) {
        bool is_special = *key == '~' || *key == '/';
        segment[used] = is_special ? '~' : *key;
        used++;
        if (is_special) {
            segment[used++] = *key == '~' ? '0' : '1';
        }
    }
    segment[used] = '\0';
    return place_add(place, segment);
}

size_t asl_place_index(struct asl_place *place, size_t index)
{
    char segment[24];
    snprintf(segment, sizeof(segment), "%zu", index);
    return place_add(place, segment);
}

void asl_place_back(struct asl_place *place, size_t mark)
{
    place->pointer[mark] = '\0';
}

static void skip_space(struct walk *walk)
{
    while (walk->at < walk->end && strchr(" \t\r\n,:", *walk->at) != NULL) {
        walk->line += *walk->at == '\n';
        walk->at++;
    }
}

/* From the opening quote to behind the closing one. */
static void skip_string(struct walk *walk)
{
    walk->at++;
    while (walk->at < walk->end && *walk->at != '"') {
        walk->at += *walk->at == '\\' && walk->end - walk->at > 1 ? 2 : 1;
    }
    walk->at += walk->at < walk->end;
}

static void skip_value(struct walk *walk)
{
    size_t depth = 0;
    do {
        skip_space(walk);
        if (walk->at == walk->end) {
            return;
        }
        switch (*walk->at) {
        case '"':
            skip_string(walk);
            break;
        case '{':
        case '[':
            depth++;
            walk->at++;
            break;
        case '}':
        case ']':
            depth -= depth > 0;
            walk->at++;
            break;
        default:
            walk->at++;
            while (walk->at < walk->end && strchr(" \t\r\n,:{}[]\"", *walk->at) == NULL) {
                walk->at++;
            }
        }
    } while (depth > 0);
}

/* The next segment of a pointer, decoded; *pointer moves behind it. */
static void next_segment(const char **pointer, char out[ASL_PLACE_SIZE])
{
    size_t used = 0;
    const char *at = *pointer + 1;
    for (; *at != '\0' && *at != '/' && used + 1 < ASL_PLACE_SIZE; at++) {
        out[used] = *at;
        if (*at == '~' && at[1] != '\0') {
            at++;
            out[used] = *at == '1' ? '/' : '~';
        }
        used++;
    }
    out[used] = '\0';
    *pointer = at;
}

static bool key_is(const char *text, size_t len, const char *key)
{
    json_t *string = json_loadb(text, len, JSON_DECODE_ANY, NULL);
    bool is_equal = json_is_string(string) && strcmp(json_string_value(string), key) == 0;
    json_decref(string);
    return is_equal;
}

/* Goes to the member or entry of the collection that begins here; *line is its line. */
static bool enter(struct walk *walk, const char *segment, unsigned *line)
{
    bool is_object = *walk->at == '{';
    if (!is_object && *walk->at != '[') {
        return false;
    }
    walk->at++;
    for (size_t index = 0;; index++) {
        skip_space(walk);
        if (walk->at == walk->end || *walk->at == '}' || *walk->at == ']') {
            return false;
        }
        unsigned here = walk->line;
        bool is_found = !is_object && strtoul(segment, NULL, 10) == index;
        if (is_object) {
            const char *key = walk->at;
            skip_string(walk);
            is_found = key_is(key, (size_t)(walk->at - key), segment);
        }
        if (is_found) {
            *line = here;
            skip_space(walk);
            return walk->at < walk->end;
        }
        skip_value(walk);
    }
}

unsigned asl_line_find(const char *text, size_t len, const char *pointer)
{
    struct walk walk = {text, text + len, 1};
    skip_space(&walk);
    unsigned line = walk.line;
    while (*pointer == '/' && walk.at < walk.end) {
        char segment[ASL_PLACE_SIZE];
        next_segment(&pointer, segment);
        if (!enter(&walk, segment, &line)) {
            break;
        }
    }
    return line;
}
