/* SPDX-License-Identifier: BSD-2-Clause */
/* Short octet strings compared and copied by whole words. A name or an answer has some tens of
 * octets: what is inlined here takes fewer instructions than a call of memcmp or memcpy alone, and
 * as many on every machine. Pure; any thread. */
#pragma once

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/attributes.h"

#define OCTETS_BLOCK      16
#define OCTETS_INLINE_MAX 128

static inline uint64_t octets_load_word(const uint8_t *from)
{
    uint64_t word;
    memcpy(&word, from, sizeof(word));
    return word;
}

/* Adds to a number in network order. */
static inline void octets_add_u16(uint8_t *octets, uint16_t amount)
{
    uint16_t value;
    memcpy(&value, octets, sizeof(value));
    value = htobe16((uint16_t)(be16toh(value) + amount));
    memcpy(octets, &value, sizeof(value));
}

/* For strings that are most likely equal. */
static inline bool octets_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
    if (len < 8) { /* seldom; no call, so that callers need not save their registers */
        for (size_t i = 0; i < len; i++) {
            if (a[i] != b[i]) {
                return false;
            }
        }
        return true;
    }
    /* The last word, with some octets before it once more: nothing beyond the ends is read. */
    uint64_t difference = octets_load_word(a + len - 8) ^ octets_load_word(b + len - 8);
    size_t i = 0;
    do {
        difference |= octets_load_word(a + i) ^ octets_load_word(b + i);
        i += 8;
    } while (i + 8 < len);
    return difference == 0;
}

/* The first `count` octets of strings of len octets, or some more of them. */
static inline bool octets_begin_equal(const uint8_t *a, const uint8_t *b, size_t count, size_t len)
{
    if (count > 8 || len < 8) {
        return octets_equal(a, b, len < 8 ? len : count);
    }
    return octets_load_word(a) == octets_load_word(b);
}

/* Up to so many octets behind the ends of both are read, or written, by octets_copy_blocks. */
#define OCTETS_SLACK (OCTETS_BLOCK - 1)

/* As memcpy, in whole blocks: no end has to be looked after, 8 instructions less. */
static ALWAYS_INLINE void octets_copy_blocks(uint8_t *to, const uint8_t *from, size_t len)
{
    for (size_t i = 0; i < len; i += OCTETS_BLOCK) {
        memcpy(to + i, from + i, OCTETS_BLOCK);
    }
}

/* As memcpy: the strings do not overlap. */
static inline void octets_copy(uint8_t *to, const uint8_t *from, size_t len)
{
    if (len - OCTETS_BLOCK > OCTETS_INLINE_MAX - OCTETS_BLOCK) { /* below one block too */
        memcpy(to, from, len);
        return;
    }
    size_t last = len - OCTETS_BLOCK;
    for (size_t i = 0; i < last; i += OCTETS_BLOCK) {
        memcpy(to + i, from + i, OCTETS_BLOCK);
    }
    memcpy(to + last, from + last, OCTETS_BLOCK);
}
