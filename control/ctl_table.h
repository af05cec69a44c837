/* SPDX-License-Identifier: BSD-2-Clause */
/* A table with aligned columns, printed whole once its cells are known. One thread. */
#pragma once

#include "common/attributes.h"
#include "control/ctl_text.h"

struct table;

/* A heading that begins with '>' is of a column of numbers, aligned right. Caller owns. */
struct table *table_new(const char *const *headings, size_t count);
/* The same with the headings as arguments. */
#define TABLE(...)                                                                                 \
    table_new((const char *const[]){__VA_ARGS__},                                                  \
              sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))
/* The next cell, row by row. */
void table_add(struct table *table, enum ink ink, const char *format, ...) PRINTF_LIKE(3, 4);
/* Each line begins with the indent. Prints no heading when there is no row; frees the table. */
void table_print(struct table *table, FILE *out, const struct style *style, const char *indent);
