/* SPDX-License-Identifier: BSD-2-Clause */
/* Entries of master files in the shapes that nearly all have, without scanner.c and ldns, which
 * take ten times as long. What is taken says exactly what they say; whatever is unusual, or wrong,
 * is left to them, also for its error: a test and a fuzz target hold the two against each other.
 * Private to zones/. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zones/name.h"

/* Each octet of RDATA was one of text at least, but for origins of names. */
#define PLAIN_RDATA_MAX (((size_t)1 << 14) + 2 * NAME_MAX_OCTETS)
#define PLAIN_TEXT_MAX  ((size_t)1 << 14)

struct plain_entry {
    unsigned lines;  /* that it ends, its own among them */
    bool has_record; /* else it is blanks and comments */
    bool has_owner;  /* else it is that of the record before */
    bool has_ttl;
    uint16_t type;
    uint16_t rdata_len;
    uint32_t ttl_s;
    struct name owner; /* in lower case */
    uint8_t rdata[PLAIN_RDATA_MAX];
};

/* An entry at the beginning of a line, which text is; no more of it is looked at than
 * PLAIN_TEXT_MAX octets. Returns how many octets it has, with the end of its last line; 0: not one
 * of these, or not all of it is there. Pure; any thread. */
size_t plain_entry_read(struct plain_entry *entry, const char *text, size_t len,
                        const struct name *origin);
