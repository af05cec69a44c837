/* SPDX-License-Identifier: BSD-2-Clause */
/* The octets of a message as an answer case writes them: hexadecimal digits, and words for what is
 * tedious to count. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OCTETS_MAX       65535
#define OCTETS_MARKS_MAX 128

struct octets {
    size_t len;
    struct {
        char name[16];
        size_t at;
    } marks[OCTETS_MARKS_MAX];
    size_t mark_count;
    size_t open[8]; /* where the lengths of the brackets that are open stand */
    size_t depth;
    uint8_t data[OCTETS_MAX];
};

/* Appends the words of a line, up to a semicolon, which begins a comment:
 *   00ff             octets
 *   www.example. .   a name, uncompressed; "a*63" as a label is 63 times a
 *   @12 ns1.@12      a pointer to an offset, a name that ends in one
 *   &x               gives this offset a name, as does "&x." within a name;
 *   @x a.@x          pointers take it
 *   192.0.2.1 ::1    an address
 *   =NAPTR           the number of a type, 16 bits
 *   %300 %%3600      a decimal number of 16 bits, of 32
 *   "text" "a*200"   the octets of a text without spaces
 *   #0P9M            base32hex without padding, as the names of NSEC3 have it
 *   [ … ]            16 bits with the length of what is between
 * False: a word is none of these; *word is the word. */
bool octets_append(struct octets *octets, char *line, const char **word);
/* Nothing is in it, and it has no marks. */
void octets_clear(struct octets *octets);
