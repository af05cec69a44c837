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
 * The pointers lie behind the octets, not aligned: a zone has an encoded for each RRset. In front
 * of them, where there are any, stands the largest shift that carries nothing into the upper octet
 * of one of them, so that it may be added to the lower octets alone: half of what it costs else. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/attributes.h"
#include "common/octets.h"

struct encoded {
    const uint8_t *octets;  /* OCTETS_SLACK octets more may be read */
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
static ALWAYS_INLINE uint64_t encoded_counts(const struct encoded *enc)
{
    return (uint64_t)enc->question_count << 48 | (uint64_t)enc->answer_count << 32 |
           (uint64_t)enc->authority_count << 16 | enc->additional_count;
}

/* Offset into octets of a pointer that moves; ascending. */
static inline uint16_t encoded_pointer(const struct encoded *enc, size_t index)
{
    uint16_t offset;
    memcpy(&offset, enc->octets + enc->len + (1 + index) * sizeof(offset), sizeof(offset));
    return offset;
}

/* Adds shift to those pointers in the copy `out` of the first len octets. */
RARELY void encoded_move_pointers(const struct encoded *enc, size_t len, uint16_t shift,
                                  uint8_t *out);

/* Copies the first len octets (enc->len or enc->required_len) to out, which has room for them,
 * with pointers moved by shift octets: QNAME's length minus the base name's. */
static inline void encoded_copy(const struct encoded *enc, size_t len, uint16_t shift, uint8_t *out)
{
    octets_copy(out, enc->octets, len);
    if (shift != 0) {
        encoded_move_pointers(enc, len, shift, out);
    }
}

/* Moves all pointers of a copy. Inline: most negative answers and all referrals have some. */
static ALWAYS_INLINE void encoded_move_all_pointers(const struct encoded *enc, uint16_t shift,
                                                    uint8_t *out)
{
    unsigned left = enc->pointer_count;
    if (shift == 0 || left == 0) {
        return;
    }
    const uint8_t *at = enc->octets + enc->len;
    uint16_t offset, shift_max;
    memcpy(&shift_max, at, sizeof(shift_max));
    if (shift > shift_max) {
        encoded_move_pointers(enc, enc->len, shift, out);
        return;
    }
    do {
        at += sizeof(offset);
        memcpy(&offset, at, sizeof(offset));
        out[offset + 1] = (uint8_t)(out[offset + 1] + shift);
    } while (--left > 0);
}

/* All of it, with pointers moved. Writes up to OCTETS_SLACK octets more. */
static ALWAYS_INLINE void encoded_copy_whole(const struct encoded *enc, uint16_t shift,
                                             uint8_t *out)
{
    octets_copy_blocks(out, enc->octets, enc->len);
    encoded_move_all_pointers(enc, shift, out);
}
