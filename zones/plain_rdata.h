/* SPDX-License-Identifier: BSD-2-Clause */
/* RDATA of the usual types, field by field, for plain_entry.c. Private to the two. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zones/plain_entry.h"

/* The text of an entry as far as it was read. */
struct plain_reader {
    const char *at, *end;
    unsigned depth; /* of parentheses */
    unsigned lines; /* whose ends lie behind */
    const struct name *origin;
    uint8_t *out; /* where RDATA goes, with room for it */
};

/* Without quotes and escapes. */
struct plain_field {
    const char *text;
    size_t len;
};

/* To the next field, over blanks, comments and parentheses. False: the entry, or the text, ends. */
bool plain_find_field(struct plain_reader *reader);
/* The next field. Of no octets: there is none, or another kind. */
struct plain_field plain_take_field(struct plain_reader *reader);
bool plain_field_is(struct plain_field field, const char *word);
/* Decimal digits, at most nine. */
bool plain_parse_number(struct plain_field field, uint32_t max, uint32_t *number);
/* Letter case is kept. out has room for NAME_MAX_OCTETS. Returns the octets, 0: none, or one of
 * another kind. */
size_t plain_parse_name(struct plain_field field, const struct name *origin, uint8_t *out);
/* False: not a type that is read here. */
bool plain_parse_type(struct plain_field field, uint16_t *type);

/* All of an entry's RDATA, to reader->out. False: it is not understood. */
bool plain_read_rdata(struct plain_reader *reader, uint16_t type);
