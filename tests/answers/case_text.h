/* SPDX-License-Identifier: BSD-2-Clause */
/* What is short for longer text in a line of a case file: names for words, numbered lines,
 * repeated letters. */
#pragma once

#include <stddef.h>

#include "common/attributes.h"
#include "common/error.h"

#define CASE_WORDS_MAX 64

struct case_words {
    struct {
        char *name, *text;
    } items[CASE_WORDS_MAX];
    size_t count;
};

/* "NAME TEXT": from now on $NAME stands for the text. A name has lower-case letters, digits and
 * "_", so that $TTL and its like stay what they are. */
MUST_CHECK bool case_words_add(struct case_words *words, const char *definition, struct error *err);
/* The text with what its $NAMEs stand for. NULL: there is no such name. Caller frees. */
MUST_CHECK char *case_words_replace(const struct case_words *words, const char *text,
                                    struct error *err);
void case_words_done(struct case_words *words);

/* "{1-30} host{} A 192.0.2.{}" is thirty lines; "{01-30}": with two digits each. */
struct case_range {
    unsigned long first, last;
    int width;
    const char *text;
};

/* A text that does not begin with "{" is one line. */
MUST_CHECK bool case_range_read(struct case_range *range, const char *text, struct error *err);
/* Caller frees. */
char *case_range_line(const struct case_range *range, unsigned long number);

/* "a*63" at the beginning of a word, of a label or behind a quote is 63 times a. Caller frees. */
char *case_letters(const char *text);
