/* SPDX-License-Identifier: BSD-2-Clause */
/* Sections of a response, encoded before anybody asks.
 *
 * The octets are what follows the question in a response to a query for the *base name* (the node's
 * own for an answer, the cut's for a referral, the apex's for a negative answer): header at 0,
 * QNAME at 12, the octets at 12 + base name + 4. A response to a longer QNAME (a wildcard's, a name
 * below the cut or apex) is the same octets with each of its pointers moved by the difference
 * in length. Pointers to the whole QNAME of a wildcard's answer (0xC00C) do not move and are not
 * listed.
 *
 * The pointers lie behind the octets, not aligned: a zone has an encoded for each RRset. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/octets.h"

struct encoded {
    const uint8_t *octets;
    uint16_t pointer_count; /* 16-bit pointers that move */
    uint16_t len;
    /* Side by side in this order, so that they are read at once: see encoded_counts. */
    uint16_t additional_count, authority_count, answer_count, question_count;
    /* What may not be left out: less room than required_len means TC (RFC 9471: in-domain glue is
     * not optional). Between the two, the optional end of the additional section is dropped. */
    uint16_t required_len;
    uint16_t required_additional_count;
};

/* The four numbers of a header, as they follow each other there: the first is the uppermost. */
static inline uint64_t encoded_counts(const struct encoded *enc)
{
    return (uint64_t)enc->question_count << 48 | (uint64_t)enc->answer_count << 32 |
           (uint64_t)enc->authority_count << 16 | enc->additional_count;
}

/* Offset into octets of a pointer that moves; ascending. */
static inline uint16_t encoded_pointer(const struct encoded *enc, size_t index)
{
    uint16_t offset;
    memcpy(&offset, enc->octets + enc->len + index * sizeof(offset), sizeof(offset));
    return offset;
}

/* Adds shift to those pointers in the copy `out` of the first len octets. */
void encoded_move_pointers(const struct encoded *enc, size_t len, uint16_t shift, uint8_t *out);

/* Copies the first len octets (enc->len or enc->required_len) to out, which has room for them,
 * with pointers moved by shift octets: QNAME's length minus the base name's. */
static inline void encoded_copy(const struct encoded *enc, size_t len, uint16_t shift, uint8_t *out)
{
    octets_copy(out, enc->octets, len);
    if (shift != 0) {
        encoded_move_pointers(enc, len, shift, out);
    }
}

/* All of it; the pointers are moved here, without a call: most negative answers have some. */
static inline void encoded_copy_whole(const struct encoded *enc, uint16_t shift, uint8_t *out)
{
    octets_copy(out, enc->octets, enc->len);
    if (shift == 0) {
        return;
    }
    const uint8_t *offset_at = enc->octets + enc->len;
    for (unsigned left = enc->pointer_count; left > 0; left--) {
        uint16_t offset;
        memcpy(&offset, offset_at, sizeof(offset));
        octets_add_u16(out + offset, shift);
        offset_at += sizeof(offset);
    }
}
