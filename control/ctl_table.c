/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ctl_table.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

struct cell {
    char *text;
    enum ink ink;
};

struct table {
    size_t columns;
    bool *is_number;
    struct cell *cells; /* the headings are the first row */
    size_t count, size;
};

static void cell_add(struct table *table, enum ink ink, char *text)
{
    if (table->count == table->size) {
        table->size = table->size * 2 + 16;
        table->cells = alloc_resize(table->cells, table->size, sizeof(*table->cells));
    }
    table->cells[table->count++] = (struct cell){.text = text, .ink = ink};
}

struct table *table_new(const char *const *headings, size_t count)
{
    struct table *table = alloc_zeroed(1, sizeof(*table));
    table->columns = count;
    table->is_number = alloc_zeroed(count, sizeof(*table->is_number));
    for (size_t i = 0; i < count; i++) {
        table->is_number[i] = headings[i][0] == '>';
        cell_add(table, INK_DIM, alloc_string(headings[i] + table->is_number[i]));
    }
    return table;
}

void table_add(struct table *table, enum ink ink, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    cell_add(table, ink, len < 0 ? alloc_string("") : text);
}

static void pad(FILE *out, size_t columns)
{
    while (columns-- > 0) {
        fputc(' ', out);
    }
}

static void row_print(const struct table *table, size_t row, const size_t *widths, FILE *out,
                      const struct style *style)
{
    for (size_t i = 0; i < table->columns; i++) {
        const struct cell *cell = &table->cells[row * table->columns + i];
        size_t fill = widths[i] - text_columns(style, cell->text);
        if (table->is_number[i]) {
            pad(out, fill);
        }
        text_put(out, style, cell->ink, cell->text, SIZE_MAX);
        if (i + 1 < table->columns) { /* no blanks at the end of a line */
            pad(out, (table->is_number[i] ? 0 : fill) + 2);
        }
    }
    fputc('\n', out);
}

static void table_free(struct table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        free(table->cells[i].text);
    }
    free(table->cells);
    free(table->is_number);
    free(table);
}

void table_print(struct table *table, FILE *out, const struct style *style, const char *indent)
{
    size_t rows = table->count / table->columns;
    size_t *widths = alloc_zeroed(table->columns, sizeof(*widths));
    for (size_t i = 0; i < rows * table->columns; i++) {
        size_t width = text_columns(style, table->cells[i].text);
        size_t *widest = &widths[i % table->columns];
        *widest = width > *widest ? width : *widest;
    }
    for (size_t row = 0; rows > 1 && row < rows; row++) {
        fputs(indent, out);
        row_print(table, row, widths, out, style);
    }
    free(widths);
    table_free(table);
}
