/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/sim/line.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Cuts the next word out of the text, in place; quotes hold blanks together and fall away. NULL at
 * the end. *mark is where the first = or ~ outside of quotes stands. */
static char *cut_word(char **text, char **mark, bool *is_closed)
{
    char *at = *text + strspn(*text, " \t\n");
    if (*at == '\0' || *at == '#') {
        return NULL;
    }
    char *word = at, *out = at;
    bool is_quoted = false;
    *mark = NULL;
    for (; *at != '\0' && (is_quoted || !isspace((unsigned char)*at)); at++) {
        if (*at == '"') {
            is_quoted = !is_quoted;
            continue;
        }
        if (*mark == NULL && !is_quoted && (*at == '=' || *at == '~')) {
            *mark = out;
        }
        *out++ = *at;
    }
    *text = *at == '\0' ? at : at + 1;
    *out = '\0';
    *is_closed = !is_quoted;
    return word;
}

bool line_read(struct line *line, char *text, struct error *err)
{
    char *word, *mark;
    bool is_closed = true;
    line->count = 0;
    while ((word = cut_word(&text, &mark, &is_closed)) != NULL) {
        if (!is_closed) {
            return error_set(err, "a quote is not closed");
        }
        if (line->count == LINE_MAX_WORDS) {
            return error_set(err, "more than %d words", LINE_MAX_WORDS);
        }
        struct word *next = &line->words[line->count++];
        *next = (struct word){.key = word, .mark = '\0', .value = ""};
        if (mark != NULL) {
            next->mark = *mark;
            next->value = mark + 1;
            *mark = '\0';
        }
    }
    return true;
}

bool line_read_number(const char *text, unsigned least, unsigned most, unsigned *number,
                      struct error *err)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno != 0 || value < least ||
        value > most) {
        return error_set(err, "found \"%s\", expected a number from %u to %u", text, least, most);
    }
    *number = (unsigned)value;
    return true;
}

struct line line_without_first(const struct line *line)
{
    struct line rest = {.count = line->count - 1};
    memcpy(rest.words, line->words + 1, rest.count * sizeof(rest.words[0]));
    return rest;
}
