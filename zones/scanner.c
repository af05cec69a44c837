/* SPDX-License-Identifier: BSD-2-Clause */
#include "zones/scanner.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/file.h"

/* The largest RDATA in hexadecimal is half of that; what never ends shall not fill the memory. */
#define ENTRY_MAX_OCTETS ((size_t)1 << 18)
#define BUFFER_OCTETS    ((size_t)1 << 16)

struct scanner {
    const char *path;
    FILE *file;
    size_t at, filled;  /* of the buffer */
    unsigned line;      /* of the octet read last */
    bool is_at_start;   /* of a line */
    unsigned depth;     /* of parentheses */
    unsigned opened_at; /* line of the outermost parenthesis */
    char *text;         /* fields, each ends in NUL */
    size_t len, size;
    size_t *starts; /* of fields, in text */
    size_t count, capacity;
    char **fields;
    char buffer[BUFFER_OCTETS];
};

struct scanner *scanner_open(const char *path, struct error *err)
{
    FILE *file = file_open(path, err);
    if (file == NULL) {
        return NULL;
    }
    struct scanner *scanner = alloc_zeroed(1, sizeof(*scanner));
    scanner->path = path;
    scanner->file = file;
    scanner->line = 1;
    scanner->is_at_start = true;
    return scanner;
}

void scanner_close(struct scanner *scanner)
{
    if (scanner == NULL) {
        return;
    }
    fclose(scanner->file);
    free(scanner->text);
    free(scanner->starts);
    free(scanner->fields);
    free(scanner);
}

void scanner_closep(struct scanner **scanner)
{
    scanner_close(*scanner);
    *scanner = NULL;
}

unsigned scanner_line(const struct scanner *scanner)
{
    return scanner->line;
}

static bool fail(const struct scanner *scanner, unsigned line, struct error *err, const char *what)
{
    return error_set(err, "%s:%u: %s", scanner->path, line, what);
}

static void begin_field(struct scanner *scanner)
{
    if (scanner->count == scanner->capacity) {
        scanner->capacity = scanner->capacity == 0 ? 16 : 2 * scanner->capacity;
        scanner->starts = alloc_resize(scanner->starts, scanner->capacity, sizeof(size_t));
        scanner->fields = alloc_resize(scanner->fields, scanner->capacity, sizeof(char *));
    }
    scanner->starts[scanner->count++] = scanner->len;
}

static void put(struct scanner *scanner, int octet)
{
    if (scanner->len == scanner->size) {
        scanner->size = scanner->size == 0 ? 1024 : 2 * scanner->size;
        scanner->text = alloc_resize(scanner->text, scanner->size, 1);
    }
    scanner->text[scanner->len++] = (char)octet;
}

/* What is left moves to the beginning. */
static void fill(struct scanner *scanner)
{
    scanner->filled -= scanner->at;
    memmove(scanner->buffer, scanner->buffer + scanner->at, scanner->filled);
    scanner->at = 0;
    scanner->filled +=
        fread(scanner->buffer + scanner->filled, 1, BUFFER_OCTETS - scanner->filled, scanner->file);
}

static int next_octet(struct scanner *scanner)
{
    if (scanner->at == scanner->filled) {
        fill(scanner);
    }
    return scanner->at == scanner->filled ? EOF : (unsigned char)scanner->buffer[scanner->at++];
}

static bool is_blank(int octet)
{
    return octet == ' ' || octet == '\t' || octet == '\r';
}

static bool ends_field(int octet)
{
    return octet == EOF || octet == '\n' || is_blank(octet) || strchr("();", octet) != NULL;
}

/* One octet, or an escape with the octet after it. */
static bool put_escaped(struct scanner *scanner, int octet, struct error *err)
{
    put(scanner, octet);
    if (octet == '\\') {
        octet = next_octet(scanner);
        if (octet == EOF || octet == '\n') {
            return fail(scanner, scanner->line, err, "\\ at the end of a line");
        }
        put(scanner, octet);
    }
    if (octet == '\0') {
        return fail(scanner, scanner->line, err, "a NUL octet, expected text");
    }
    if (scanner->len >= ENTRY_MAX_OCTETS) {
        return fail(scanner, scanner->line, err, "a record is longer than 262144 octets");
    }
    return true;
}

/* octet: the field's first, read already. Quotes hold blanks together, at its start ("a b") or
 * later on (key="a b"). */
static bool read_field(struct scanner *scanner, int octet, struct error *err)
{
    bool began_quoted = octet == '"';
    bool is_quoted = false;
    begin_field(scanner);
    do {
        is_quoted ^= octet == '"';
        if (!put_escaped(scanner, octet, err)) {
            return false;
        }
        if (began_quoted && !is_quoted) {
            put(scanner, '\0');
            return true;
        }
        octet = next_octet(scanner);
        if (is_quoted && (octet == EOF || octet == '\n')) {
            return fail(scanner, scanner->line, err, "a quote is not closed, expected \"");
        }
    } while (is_quoted || !ends_field(octet));
    scanner->at -= octet == EOF ? 0 : 1;
    put(scanner, '\0');
    return true;
}

static void skip_comment(struct scanner *scanner)
{
    int octet;
    do {
        octet = next_octet(scanner);
    } while (octet != EOF && octet != '\n');
    scanner->at -= octet == EOF ? 0 : 1;
}

static bool read_parenthesis(struct scanner *scanner, int octet, struct error *err)
{
    if (octet == '(') {
        scanner->opened_at = scanner->depth == 0 ? scanner->line : scanner->opened_at;
        scanner->depth++;
        return true;
    }
    if (scanner->depth == 0) {
        return fail(scanner, scanner->line, err, ") without a ( before it");
    }
    scanner->depth--;
    return true;
}

/* Reads on to the end of a line outside parentheses, or of the file; the fields collect. */
static bool read_line(struct scanner *scanner, struct scanner_entry *entry, bool *is_end,
                      struct error *err)
{
    for (;;) {
        int octet = next_octet(scanner);
        bool is_right = true;
        if (octet == EOF || (octet == '\n' && scanner->depth == 0)) {
            *is_end = octet == EOF;
            return true;
        }
        if (octet == '\n') {
            scanner->line++;
        } else if (octet == ';') {
            skip_comment(scanner);
        } else if (octet == '(' || octet == ')') {
            is_right = read_parenthesis(scanner, octet, err);
        } else if (is_blank(octet)) {
            entry->starts_with_space |= scanner->is_at_start;
        } else {
            entry->line = scanner->count == 0 ? scanner->line : entry->line;
            is_right = read_field(scanner, octet, err);
        }
        scanner->is_at_start = false;
        if (!is_right) {
            return false;
        }
    }
}

size_t scanner_ahead(struct scanner *scanner, const char **text)
{
    if (scanner->filled - scanner->at < SCANNER_AHEAD && !feof_unlocked(scanner->file)) {
        fill(scanner);
    }
    *text = scanner->buffer + scanner->at;
    return scanner->filled - scanner->at;
}

void scanner_skip(struct scanner *scanner, size_t len, unsigned lines)
{
    scanner->at += len;
    scanner->line += lines;
}

bool scanner_next(struct scanner *scanner, struct scanner_entry *entry, struct error *err)
{
    bool is_end = false;
    scanner->len = 0;
    scanner->count = 0;
    while (scanner->count == 0 && !is_end) {
        *entry = (struct scanner_entry){.line = scanner->line};
        scanner->is_at_start = true;
        if (!read_line(scanner, entry, &is_end, err)) {
            return false;
        }
        scanner->line += is_end ? 0 : 1;
    }
    if (ferror(scanner->file) != 0) {
        return error_set(err, "%s: cannot be read: %s", scanner->path, strerror(errno));
    }
    if (scanner->depth > 0) {
        return fail(scanner, scanner->opened_at, err, "a ( is not closed, expected )");
    }
    for (size_t i = 0; i < scanner->count; i++) {
        scanner->fields[i] = scanner->text + scanner->starts[i];
    }
    entry->count = scanner->count;
    entry->fields = scanner->fields;
    return true;
}
