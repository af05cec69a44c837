/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/plan/asl_path.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/plan/asl_data.h"

#define EXPECTED_STEP "a path to one value"
#define INDEX_DIGITS  9

struct step {
    char *key; /* owned; NULL: an index */
    size_t index;
};

struct path {
    bool is_context;
    size_t count;
    struct step steps[ASL_PATH_MAX_STEPS];
};

struct reader {
    const char *text;
    const char *at;
    struct path *path;
    struct error *err;
};

uint64_t asl_random_next(uint64_t *random)
{
    /* splitmix64 */
    uint64_t mixed = *random += UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

static void path_done(struct path *path)
{
    for (size_t i = 0; i < path->count; i++) {
        free(path->steps[i].key);
    }
}

/* what: NULL for the character that is there. */
static bool refuse(const struct reader *reader, const char *what, const char *expected)
{
    char there[16] = "the end";
    if (what == NULL && *reader->at != '\0') {
        size_t len = 1;
        while (((unsigned char)reader->at[len] & 0xc0) == 0x80 && len < 4) {
            len++;
        }
        snprintf(there, sizeof(there), "\"%.*s\"", (int)len, reader->at);
    }
    size_t character = 1;
    for (const char *at = reader->text; at < reader->at; at++) {
        character += ((unsigned char)*at & 0xc0) != 0x80;
    }
    return error_set(reader->err, "path \"%.200s\": found %s at character %zu, expected %s",
                     reader->text, what != NULL ? what : there, character, expected);
}

static bool is_name_octet(char octet)
{
    return (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z') ||
           (octet >= '0' && octet <= '9') || octet == '_' || octet == '-' ||
           (unsigned char)octet >= 0x80;
}

static bool add_step(struct reader *reader, char *key, size_t index)
{
    struct path *path = reader->path;
    if (path->count == ASL_PATH_MAX_STEPS) {
        free(key);
        return refuse(reader, "one name too many", "at most 32 of them");
    }
    path->steps[path->count++] = (struct step){key, index};
    return true;
}

/* What follows a '.'. */
static bool read_name(struct reader *reader)
{
    const char *first = reader->at;
    while (is_name_octet(*reader->at)) {
        reader->at++;
    }
    size_t len = (size_t)(reader->at - first);
    if (len == 0 && *first == '.') {
        return refuse(reader, "the recursive descent ..", EXPECTED_STEP);
    }
    if (len == 0 && *first == '*') {
        return refuse(reader, "the wildcard *", EXPECTED_STEP);
    }
    if (len == 0) {
        return refuse(reader, NULL, "a name; one of other characters is written ['…']");
    }
    if (*reader->at == '(') {
        return refuse(reader, "a function", EXPECTED_STEP);
    }
    return add_step(reader, alloc_printf("%.*s", (int)len, first), 0);
}

/* A name between quotes, of which a backslash takes the next character as it is. */
static bool read_quoted(struct reader *reader)
{
    char quote = *reader->at++;
    CLEANUP(alloc_freep) char *key = alloc_zeroed(strlen(reader->at) + 1, 1);
    size_t used = 0;
    while (*reader->at != '\0' && *reader->at != quote) {
        reader->at += *reader->at == '\\' && reader->at[1] != '\0';
        key[used++] = *reader->at++;
    }
    if (*reader->at == '\0') {
        return refuse(reader, "the end", "the closing quote");
    }
    reader->at++;
    return add_step(reader, STEAL(key), 0);
}

static bool read_index(struct reader *reader)
{
    size_t index = 0;
    const char *first = reader->at;
    while (*reader->at >= '0' && *reader->at <= '9') {
        if (reader->at - first == INDEX_DIGITS) {
            return refuse(reader, "a tenth digit", "a smaller index");
        }
        index = index * 10 + (size_t)(*reader->at++ - '0');
    }
    return add_step(reader, NULL, index);
}

/* What follows a '['. */
static bool read_bracket(struct reader *reader)
{
    static const struct {
        char octet;
        const char *what;
    } refused[] = {
        {'*', "the wildcard *"}, {'?', "a filter (?)"},     {'(', "a script"},
        {':', "a slice (:)"},    {'-', "a negative index"},
    };
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        if (*reader->at == refused[i].octet) {
            return refuse(reader, refused[i].what, EXPECTED_STEP);
        }
    }
    bool is_quoted = *reader->at == '\'' || *reader->at == '"';
    if (!is_quoted && (*reader->at < '0' || *reader->at > '9')) {
        return refuse(reader, NULL, "an index or a name between quotes");
    }
    if (!(is_quoted ? read_quoted(reader) : read_index(reader))) {
        return false;
    }
    if (*reader->at == ':' || *reader->at == ',') {
        return refuse(reader, *reader->at == ':' ? "a slice (:)" : "a union (,)", EXPECTED_STEP);
    }
    if (*reader->at != ']') {
        return refuse(reader, NULL, "]");
    }
    reader->at++;
    return true;
}

/* Reads as far as the path goes. */
static bool read_path(struct reader *reader)
{
    if (*reader->at != '$') {
        return refuse(reader, NULL, "$");
    }
    reader->at++;
    reader->path->is_context = *reader->at == '$';
    reader->at += *reader->at == '$';
    while (*reader->at == '.' || *reader->at == '[') {
        if (!(*reader->at++ == '.' ? read_name(reader) : read_bracket(reader))) {
            return false;
        }
    }
    return true;
}

static bool parse(const char *text, struct path *path, const char **end, struct error *err)
{
    struct reader reader = {text, text, path, err};
    *path = (struct path){.count = 0};
    bool is_read = read_path(&reader);
    if (is_read && end == NULL && *reader.at != '\0') {
        is_read = refuse(&reader, NULL, "., [ or the end");
    }
    if (!is_read) {
        path_done(path);
        return false;
    }
    if (end != NULL) {
        *end = reader.at;
    }
    return true;
}

bool asl_path_check(const char *text, enum asl_path_kind kind, struct error *err)
{
    struct path path;
    if (!parse(text, &path, NULL, err)) {
        return false;
    }
    path_done(&path);
    return !path.is_context || kind == ASL_PATH_ANY ||
           error_set(err,
                     "path \"%.200s\": found the context object $$, expected $: "
                     "nothing can be put there",
                     text);
}

bool asl_path_check_prefix(const char *text, const char **end, struct error *err)
{
    struct path path;
    if (!parse(text, &path, end, err)) {
        return false;
    }
    path_done(&path);
    return true;
}

json_t *asl_path_get(const char *text, const struct asl_scope *scope)
{
    struct path path;
    if (!parse(text, &path, NULL, NULL)) {
        return NULL;
    }
    json_t *value = path.is_context ? scope->context : scope->input;
    for (size_t i = 0; i < path.count; i++) {
        const struct step *step = &path.steps[i];
        value = step->key != NULL ? json_object_get(value, step->key)
                                  : json_array_get(value, step->index);
    }
    path_done(&path);
    return value;
}

static json_t *put(const struct step *steps, size_t count, json_t *root, json_t *value,
                   struct error *err)
{
    if (count == 0) {
        return json_incref(value);
    }
    if (steps->key != NULL && root != NULL && !json_is_object(root)) {
        error_set(err, "\"%.100s\" is to be put into %s, expected an object", steps->key,
                  asl_type_name(root));
        return NULL;
    }
    if (steps->key == NULL && steps->index >= json_array_size(root)) {
        error_set(err, "entry %zu is to be put into %s of %zu entries", steps->index,
                  asl_type_name(root), json_array_size(root));
        return NULL;
    }
    json_t *old =
        steps->key != NULL ? json_object_get(root, steps->key) : json_array_get(root, steps->index);
    json_t *fresh = put(steps + 1, count - 1, old, value, err);
    if (fresh == NULL) {
        return NULL;
    }
    json_t *copy = root == NULL ? json_object() : json_copy(root);
    int failed = steps->key != NULL ? json_object_set_new(copy, steps->key, fresh)
                                    : json_array_set_new(copy, steps->index, fresh);
    assert(failed == 0);
    return copy;
}

json_t *asl_path_put(const char *text, json_t *root, json_t *value, struct error *err)
{
    struct path path;
    if (!parse(text, &path, NULL, err)) {
        return NULL;
    }
    struct error why = {""};
    json_t *result = put(path.steps, path.count, root, value, &why);
    path_done(&path);
    if (result == NULL) {
        error_set(err, "ResultPath %.200s: %s", text, why.text);
    }
    return result;
}
