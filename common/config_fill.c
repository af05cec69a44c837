/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/config_fill.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/alloc.h"
#include "common/duration.h"

#define NAME_MAX_OCTETS 128

struct place place_top(const struct config_reader *reader)
{
    return (struct place){.reader = reader};
}

struct place place_key(const struct place *place, const char *key)
{
    struct place inner = {.reader = place->reader};
    snprintf(inner.path, sizeof(inner.path), "%s%s%s", place->path,
             place->path[0] == '\0' ? "" : ".", key);
    return inner;
}

struct place place_item(const struct place *place, const char *list, size_t index)
{
    struct place inner = place_key(place, list);
    size_t used = strlen(inner.path);
    snprintf(inner.path + used, sizeof(inner.path) - used, "[%zu]", index);
    return inner;
}

unsigned place_line(const struct place *place)
{
    return yaml_lines_find(place->reader->lines, place->path);
}

bool place_fail(const struct place *place, const char *key, const char *format, ...)
{
    struct place at = key == NULL ? *place : place_key(place, key);
    char what[768];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    return error_set(place->reader->err, "%s:%u: %s%s%s", place->reader->file, place_line(&at),
                     at.path, at.path[0] == '\0' ? "" : ": ", what);
}

/* Decimal digits only: no sign, no hexadecimal, no fraction. Nine digits are enough for all that we
 * count, ten for TTLs. */
static bool parse_whole(const char *text, int64_t *value)
{
    size_t len = strlen(text);
    if (len == 0 || len > 10 || strspn(text, "0123456789") != len) {
        return false;
    }
    *value = 0;
    for (; *text != '\0'; text++) {
        *value = *value * 10 + (*text - '0');
    }
    return true;
}

bool fill_number(const struct place *place, const char *key, const char *text, struct range range,
                 unsigned *value)
{
    int64_t number = 0;
    if (text == NULL) {
        return true;
    }
    if (!parse_whole(text, &number) || number < range.low || number > range.high) {
        return place_fail(place, key,
                          "found \"%s\", expected a whole number from %" PRId64 " to %" PRId64,
                          text, range.low, range.high);
    }
    *value = (unsigned)number;
    return true;
}

bool fill_duration(const struct place *place, const char *key, const char *text,
                   struct range range_ms, int64_t *value_ms)
{
    struct error why;
    int64_t duration_ms = 0;
    if (text == NULL) {
        return true;
    }
    if (!duration_parse(text, &duration_ms, &why)) {
        return place_fail(place, key, "%s", why.text);
    }
    if (duration_ms < range_ms.low || duration_ms > range_ms.high) {
        char low[DURATION_TEXT_SIZE];
        char high[DURATION_TEXT_SIZE];
        duration_print(range_ms.low, low);
        duration_print(range_ms.high, high);
        return place_fail(place, key, "found %s, expected %s to %s", text, low, high);
    }
    *value_ms = duration_ms;
    return true;
}

bool fill_decimal(const struct place *place, const char *key, const char *text, double *value)
{
    char *end = NULL;
    if (text == NULL) {
        return true;
    }
    *value = strtod(text, &end);
    if (strspn(text, "0123456789+-.eE") != strlen(text) || *end != '\0' || !isfinite(*value)) {
        return place_fail(place, key, "found \"%s\", expected a number such as 0.05", text);
    }
    return true;
}

bool fill_bool(const struct place *place, const char *key, const char *text, bool *value)
{
    if (text == NULL) {
        return true;
    }
    bool is_true = strcmp(text, "true") == 0;
    if (!is_true && strcmp(text, "false") != 0) {
        return place_fail(place, key, "found \"%s\", expected true or false", text);
    }
    *value = is_true;
    return true;
}

bool fill_choice(const struct place *place, const char *key, const char *text,
                 const char *const *names, unsigned *value)
{
    char list[256] = "";
    if (text == NULL) {
        return true;
    }
    for (unsigned i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], text) == 0) {
            *value = i;
            return true;
        }
        size_t used = strlen(list);
        snprintf(list + used, sizeof(list) - used, "%s%s", i == 0 ? "" : ", ", names[i]);
    }
    return place_fail(place, key, "found \"%s\", expected one of: %s", text, list);
}

static const char *copy_text(const struct place *place, const char *text)
{
    return arena_copy_octets(place->reader->arena, text, strlen(text) + 1);
}

bool fill_name(const struct place *place, const char *key, const char *text, const char **value)
{
    size_t len = strlen(text);
    bool ok = len >= 1 && len <= NAME_MAX_OCTETS;
    for (size_t i = 0; ok && i < len; i++) {
        ok = isgraph((unsigned char)text[i]) && text[i] != '/' && text[i] != '=';
    }
    if (!ok) {
        return place_fail(place, key,
                          "found \"%s\", expected 1 to %d printable characters without spaces, "
                          "'/' and '='",
                          text, NAME_MAX_OCTETS);
    }
    *value = copy_text(place, text);
    return true;
}

bool fill_text(const struct place *place, const char *key, const char *text, const char **value)
{
    if (text == NULL) {
        return true;
    }
    for (const char *at = text; *at != '\0'; at++) {
        if (iscntrl((unsigned char)*at)) {
            return place_fail(place, key,
                              "found a control character (octet %u), expected one line of text",
                              (unsigned char)*at);
        }
    }
    *value = copy_text(place, text);
    return true;
}

bool fill_texts(const struct place *place, const char *key, char *const *texts, size_t count,
                const char ***values)
{
    const char **copies = arena_alloc(place->reader->arena, count * sizeof(*copies));
    for (size_t i = 0; i < count; i++) {
        struct place at = place_item(place, key, i);
        if (!fill_text(&at, NULL, texts[i], &copies[i])) {
            return false;
        }
    }
    *values = copies;
    return true;
}

bool fill_path(const struct place *place, const char *key, const char *text, const char **value)
{
    if (text == NULL) {
        return true;
    }
    CLEANUP(alloc_freep)
    char *path = alloc_printf("%s%s", text[0] == '/' ? "" : place->reader->directory, text);
    return fill_text(place, key, path, value);
}

/* What follows "http://" or "https://", or NULL. */
static const char *after_scheme(const char *text)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        size_t len = strlen(schemes[i]);
        if (strncmp(text, schemes[i], len) == 0) {
            return text + len;
        }
    }
    return NULL;
}

bool fill_url(const struct place *place, const char *key, const char *text, const char **value)
{
    if (text == NULL) {
        return true;
    }
    const char *host = after_scheme(text);
    size_t host_len = host == NULL ? 0 : strcspn(host, "/?");
    if (host_len > 0 && memchr(host, '@', host_len) != NULL) {
        /* Not repeated: it may be a password. */
        return place_fail(place, key,
                          "found a user in the URL, expected none (secrets are in "
                          "files)");
    }
    if (host_len == 0 || host[0] == ':' || strpbrk(text, " #\\") != NULL) {
        return place_fail(place, key,
                          "found \"%s\", expected http:// or https:// and a host, without spaces "
                          "and '#'",
                          text);
    }
    return fill_text(place, key, text, value);
}

static size_t name_len(const char *name)
{
    size_t len = strlen(name);
    bool is_dotted = len > 1 && name[len - 1] == '.' && name[len - 2] != '\\';
    return is_dotted ? len - 1 : len;
}

int compare_names(const char *left, const char *right)
{
    size_t len = name_len(left), other_len = name_len(right);
    return len != other_len ? (len > other_len ? 1 : -1) : strncasecmp(left, right, len);
}
