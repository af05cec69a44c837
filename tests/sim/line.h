/* SPDX-License-Identifier: BSD-2-Clause */
/* One line of a scenario, cut into words. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

#define LINE_MAX_WORDS 120

/* "key=value", "key~value" or a bare word (mark '\0', value empty). */
struct word {
    const char *key;
    char mark;
    const char *value;
};

struct line {
    size_t count;
    struct word words[LINE_MAX_WORDS];
};

/* Cuts text in place: the words point into it. A line without words has count 0. */
MUST_CHECK bool line_read(struct line *line, char *text, struct error *err);
/* count > 0. */
struct line line_without_first(const struct line *line);
MUST_CHECK bool line_read_number(const char *text, unsigned least, unsigned most, unsigned *number,
                                 struct error *err);
