/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/placeholder.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/alloc.h"

#define WORD_OCTETS       "abcdefghijklmnopqrstuvwxyz_"
#define UNRESERVED_OCTETS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"

/* The next "{word}" from here on, or NULL. len is the word's. */
static const char *find_next(const char *text, size_t *len)
{
    for (const char *at = strchr(text, '{'); at != NULL; at = strchr(at + 1, '{')) {
        *len = strspn(at + 1, WORD_OCTETS);
        if (*len > 0 && at[1 + *len] == '}') {
            return at;
        }
    }
    return NULL;
}

static bool is_word(const char *word, size_t len, const char *name)
{
    return strlen(name) == len && memcmp(word, name, len) == 0;
}

bool placeholder_check(const char *text, const char *const *names, struct error *err)
{
    size_t len = 0;
    for (const char *at = find_next(text, &len); at != NULL; at = find_next(at + 1, &len)) {
        char list[256] = "";
        bool is_known = false;
        for (size_t i = 0; names[i] != NULL; i++) {
            size_t used = strlen(list);
            snprintf(list + used, sizeof(list) - used, "%s{%s}", i == 0 ? "" : ", ", names[i]);
            is_known |= is_word(at + 1, len, names[i]);
        }
        if (!is_known) {
            return error_set(err, "found {%.*s}, expected one of: %s", (int)(len < 64 ? len : 64),
                             at + 1, list);
        }
    }
    return true;
}

static void write_value(FILE *out, const char *value, enum placeholder_escape escape)
{
    for (const char *at = value; *at != '\0'; at++) {
        if (escape == PLACEHOLDER_IN_QUOTES) {
            fprintf(out, "%s%c", *at == '"' || *at == '\\' ? "\\" : "", *at);
        } else if (strchr(UNRESERVED_OCTETS, *at) != NULL) {
            fputc(*at, out);
        } else {
            fprintf(out, "%%%02X", (unsigned char)*at);
        }
    }
}

char *placeholder_fill(const char *text, const struct placeholder *list, size_t count,
                       enum placeholder_escape escape)
{
    char *filled = NULL;
    size_t filled_len = 0;
    size_t len = 0;
    FILE *out = open_memstream(&filled, &filled_len);
    assert(out != NULL);
    for (const char *at = find_next(text, &len); at != NULL; at = find_next(text, &len)) {
        fwrite(text, 1, (size_t)(at - text), out);
        size_t i = 0;
        while (i < count && !is_word(at + 1, len, list[i].name)) {
            i++;
        }
        if (i < count) {
            write_value(out, list[i].value, escape);
        } else {
            fwrite(at, 1, len + 2, out);
        }
        text = at + len + 2;
    }
    fputs(text, out);
    fclose(out);
    return filled;
}
