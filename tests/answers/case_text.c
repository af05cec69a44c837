/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/answers/case_text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789_"
#define RANGE_MAX    9999

/* A text that grows. */
struct text {
    char *octets; /* always ends in 0 */
    size_t len;
};

static void append(struct text *text, const char *octets, size_t len)
{
    text->octets = alloc_resize(text->octets, text->len + len + 1, 1);
    memcpy(text->octets + text->len, octets, len);
    text->len += len;
    text->octets[text->len] = '\0';
}

static const char *find_word(const struct case_words *words, const char *name, size_t len)
{
    for (size_t i = 0; i < words->count; i++) {
        if (strlen(words->items[i].name) == len && memcmp(words->items[i].name, name, len) == 0) {
            return words->items[i].text;
        }
    }
    return NULL;
}

bool case_words_add(struct case_words *words, const char *definition, struct error *err)
{
    size_t len = strspn(definition, NAME_LETTERS);
    if (len == 0 || definition[len] != ' ') {
        return error_set(err, "expected a name and what it stands for, found \"%s\"", definition);
    }
    if (find_word(words, definition, len) != NULL) {
        return error_set(err, "$%.*s twice", (int)len, definition);
    }
    if (words->count == CASE_WORDS_MAX) {
        return error_set(err, "more than %d names", CASE_WORDS_MAX);
    }
    char *text = case_words_replace(words, definition + len + 1, err);
    if (text == NULL) {
        return false;
    }
    words->items[words->count].name = alloc_printf("%.*s", (int)len, definition);
    words->items[words->count++].text = text;
    return true;
}

char *case_words_replace(const struct case_words *words, const char *text, struct error *err)
{
    struct text out = {NULL, 0};
    append(&out, "", 0);
    while (*text != '\0') {
        size_t plain = strcspn(text, "$");
        append(&out, text, plain);
        text += plain;
        size_t len = *text == '$' ? strspn(text + 1, NAME_LETTERS) : 0;
        if (len == 0) {
            append(&out, text, *text == '$' ? 1 : 0);
            text += *text == '$' ? 1 : 0;
            continue;
        }
        const char *word = find_word(words, text + 1, len);
        if (word == NULL) {
            error_set(err, "$%.*s stands for nothing", (int)len, text + 1);
            free(out.octets);
            return NULL;
        }
        append(&out, word, strlen(word));
        text += 1 + len;
    }
    return out.octets;
}

void case_words_done(struct case_words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        free(words->items[i].name);
        free(words->items[i].text);
    }
    words->count = 0;
}

bool case_range_read(struct case_range *range, const char *text, struct error *err)
{
    char *end = NULL;
    *range = (struct case_range){.first = 1, .last = 1, .text = text};
    if (text[0] != '{') {
        return true;
    }
    range->first = strtoul(text + 1, &end, 10);
    range->width = (int)(end - text) - 1;
    if (isdigit((unsigned char)text[1]) && end[0] == '-' && isdigit((unsigned char)end[1])) {
        range->last = strtoul(end + 1, &end, 10);
        range->text = end + 1 + (end[0] == '}' && end[1] == ' ');
        if (end[0] == '}' && range->first <= range->last && range->last <= RANGE_MAX) {
            return true;
        }
    }
    return error_set(err, "expected \"{FIRST-LAST}\", found \"%s\"", text);
}

char *case_range_line(const struct case_range *range, unsigned long number)
{
    struct text out = {NULL, 0};
    char digits[24];
    const char *text = range->text;
    int len = snprintf(digits, sizeof(digits), "%0*lu", range->width, number);
    for (const char *at = strstr(text, "{}"); at != NULL; at = strstr(text, "{}")) {
        append(&out, text, (size_t)(at - text));
        append(&out, digits, (size_t)len);
        text = at + 2;
    }
    append(&out, text, strlen(text));
    return out.octets;
}

char *case_letters(const char *text)
{
    struct text out = {NULL, 0};
    bool is_start = true;
    append(&out, "", 0);
    while (*text != '\0') {
        char *end = NULL;
        unsigned long times = 1;
        if (is_start && isalnum((unsigned char)text[0]) && text[1] == '*' &&
            isdigit((unsigned char)text[2])) {
            times = strtoul(text + 2, &end, 10);
        }
        for (unsigned long i = 0; i < times && i <= RANGE_MAX; i++) {
            append(&out, text, 1);
        }
        is_start = strchr(" \t.\"(", text[0]) != NULL;
        text = end != NULL ? end : text + 1;
    }
    return out.octets;
}
