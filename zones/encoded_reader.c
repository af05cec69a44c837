/* SPDX-License-Identifier: BSD-2-Clause */
#include "zones/encoded_reader.h"

#include <assert.h>
#include <string.h>

#include "zones/encoder.h"

#define HEADER_OCTETS 12
#define QUESTION_TAIL 4
#define POINTER_BITS  0xc0
#define POINTER_MASK  0x3fff

static uint16_t read_16(const uint8_t *octets)
{
    return (uint16_t)(octets[0] << 8 | octets[1]);
}

void encoded_reader_open(struct encoded_reader *reader, const struct encoded *encoded,
                         const uint8_t *base, size_t base_len)
{
    reader->at = HEADER_OCTETS + base_len + QUESTION_TAIL;
    reader->end = reader->at + encoded->len;
    memcpy(reader->message + HEADER_OCTETS, base, base_len);
    memcpy(reader->message + reader->at, encoded->octets, encoded->len);
}

/* Copies the name at `at`, which moves behind it, to out, pointers followed. Returns its length. */
static size_t copy_name(const uint8_t *message, size_t *at, uint8_t *out)
{
    size_t len = 0;
    size_t from = *at;
    bool has_jumped = false;
    for (;;) {
        uint8_t label = message[from];
        if ((label & POINTER_BITS) == POINTER_BITS) {
            *at = has_jumped ? *at : from + 2;
            has_jumped = true;
            from = read_16(message + from) & POINTER_MASK;
            continue;
        }
        assert(len + label + 1 <= NAME_MAX_OCTETS); /* the encoder took it for a name */
        memcpy(out + len, message + from, (size_t)label + 1);
        len += (size_t)label + 1;
        from += (size_t)label + 1;
        if (label == 0) {
            *at = has_jumped ? *at : from;
            return len;
        }
    }
}

static void copy_rdata(struct encoded_reader *reader, size_t len)
{
    unsigned prefix = 0, names = 0;
    size_t end = reader->at + len;
    size_t out = 0;
    if (encoder_has_names(reader->type, &prefix, &names)) {
        memcpy(reader->rdata, reader->message + reader->at, prefix);
        reader->at += prefix;
        out = prefix;
        for (unsigned i = 0; i < names; i++) {
            out += copy_name(reader->message, &reader->at, reader->rdata + out);
        }
    }
    memcpy(reader->rdata + out, reader->message + reader->at, end - reader->at);
    reader->rdata_len = (uint16_t)(out + (end - reader->at));
    reader->at = end;
}

bool encoded_reader_next(struct encoded_reader *reader)
{
    if (reader->at >= reader->end) {
        return false;
    }
    reader->owner_len = copy_name(reader->message, &reader->at, reader->owner);
    const uint8_t *fixed = reader->message + reader->at;
    reader->type = read_16(fixed);
    reader->ttl_s = (uint32_t)read_16(fixed + 4) << 16 | read_16(fixed + 6);
    reader->at += 10;
    copy_rdata(reader, read_16(fixed + 8));
    return true;
}
