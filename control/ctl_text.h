/* SPDX-License-Identifier: BSD-2-Clause */
/* Text for a person's terminal, out of the daemon's JSON. What it holds came from the network in
 * part (events): control characters never reach the terminal. One thread. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/duration.h"

struct style {
    bool is_terminal; /* that can move its cursor */
    bool has_colour;
    bool has_utf8;
    unsigned columns, rows;
};

/* What the descriptor, the locale (setlocale has been called), TERM and NO_COLOR say. */
struct style style_of(int fd);

enum ink { INK_PLAIN, INK_BOLD, INK_DIM, INK_GOOD, INK_BAD, INK_WARN };
/* The ink that a state or verdict is written in. */
enum ink ink_of(const char *word);

/* As much of text as fits into columns, the rest of the row not filled; returns the columns used.
 * Octets that are no text of the locale and control characters become '?'. */
size_t text_put(FILE *out, const struct style *style, enum ink ink, const char *text,
                size_t columns);
/* The columns that the whole text takes. */
size_t text_columns(const struct style *style, const char *text);

/* A field, or "-" when it is missing, null or something else. Lives as long as object. */
const char *field_text(const json_t *object, const char *key);
/* 0 when it is no integer; kept within a range that can be reckoned with without an overflow. */
#define FIELD_NUMBER_MAX INT64_C(1000000000000000)
int64_t field_number(const json_t *object, const char *key);
bool field_is_null(const json_t *object, const char *key);
/* "12.5 %", or "-" for what is no number. */
#define SHARE_TEXT_SIZE 16
void field_share(const json_t *object, const char *key, char out[SHARE_TEXT_SIZE]);
void share_print(double share, char out[SHARE_TEXT_SIZE]);
/* "1m4s": whole seconds, rounded down. Returns out. */
const char *text_seconds(int64_t duration_ms, char out[DURATION_TEXT_SIZE]);
