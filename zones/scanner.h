/* SPDX-License-Identifier: BSD-2-Clause */
/* The syntax of master files (RFC 1035 section 5.1) down to fields: comments, quotes, escapes,
 * parentheses over lines, and where in the file it all was. ldns reads lines too, but accepts
 * quotes and parentheses that never close, and reads neither a class before the TTL nor a relative
 * $ORIGIN. Private to zones/. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

struct scanner;

/* The fields of one entry: a directive, or a record. */
struct scanner_entry {
    unsigned line;          /* where it starts */
    bool starts_with_space; /* no owner: the one before */
    size_t count;           /* 0: end of the file */
    char **fields;          /* as written, quotes and escapes included; the scanner's */
};

/* NULL and "path: cannot …" when it cannot be read. path outlives the scanner. */
MUST_CHECK struct scanner *scanner_open(const char *path, struct error *err);
void scanner_close(struct scanner *scanner);
void scanner_closep(struct scanner **scanner);

/* The next entry that is not empty; valid until the next call. */
MUST_CHECK bool scanner_next(struct scanner *scanner, struct scanner_entry *entry,
                             struct error *err);
/* The text that comes next, for who reads entries without fields: at least SCANNER_AHEAD octets but
 * at the end of the file; and the way past the entries that were read so, with so many lines. */
#define SCANNER_AHEAD ((size_t)1 << 13)
size_t scanner_ahead(struct scanner *scanner, const char **text);
void scanner_skip(struct scanner *scanner, size_t len, unsigned lines);
/* The line that was read last. */
unsigned scanner_line(const struct scanner *scanner);
