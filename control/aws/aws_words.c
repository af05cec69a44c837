/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/aws/aws_words.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/attributes.h"

/* Copies one word, and moves *at behind it. False: a quote has no end. */
static bool read_word(const char **at, char *word)
{
    char quote = '\0';
    for (; **at != '\0' && (quote != '\0' || strchr(" \t\n", **at) == NULL); (*at)++) {
        char octet = **at;
        bool is_quote = quote == '\0' ? octet == '"' || octet == '\'' : octet == quote;
        if (is_quote) {
            quote = quote == '\0' ? octet : '\0';
        } else if (octet == '\\' && quote != '\'' && (*at)[1] != '\0' &&
                   (quote == '\0' || strchr("\"\\", (*at)[1]) != NULL)) {
            *word++ = *++*at;
        } else {
            *word++ = octet;
        }
    }
    *word = '\0';
    return quote == '\0';
}

char **aws_words_split(const char *command)
{
    size_t len = strlen(command);
    char **words = alloc_zeroed(len / 2 + 2, sizeof(*words));
    size_t count = 0;
    const char *at = command + strspn(command, " \t\n");
    while (*at != '\0') {
        words[count] = alloc_zeroed(len + 1, 1);
        if (!read_word(&at, words[count++])) {
            aws_words_free(words);
            return NULL;
        }
        at += strspn(at, " \t\n");
    }
    return words;
}

void aws_words_free(char **words)
{
    for (size_t i = 0; words != NULL && words[i] != NULL; i++) {
        free(words[i]);
    }
    free(words);
}
