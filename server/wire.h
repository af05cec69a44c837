/* SPDX-License-Identifier: BSD-2-Clause */
/* Octets in network order: plain loads and stores, and a cursor that never leaves its buffer. A
 * cursor that was asked for more than there is stays failed and yields zeros, so that a parser may
 * check once at the end. Pure; any thread. */
#pragma once

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t wire_load_u16(const uint8_t *octets)
{
    return (uint16_t)(octets[0] << 8 | octets[1]);
}

static inline uint32_t wire_load_u32(const uint8_t *octets)
{
    return (uint32_t)wire_load_u16(octets) << 16 | wire_load_u16(octets + 2);
}

static inline uint64_t wire_load_u64(const uint8_t *octets)
{
    return (uint64_t)wire_load_u32(octets) << 32 | wire_load_u32(octets + 4);
}

/* By whole words: octet by octet the compiler stores what it knows of them apart, which takes 20
 * instructions more for a header. */
static inline void wire_store_u16(uint8_t *octets, uint16_t value)
{
    value = htobe16(value);
    memcpy(octets, &value, sizeof(value));
}

static inline void wire_store_u32(uint8_t *octets, uint32_t value)
{
    value = htobe32(value);
    memcpy(octets, &value, sizeof(value));
}

static inline void wire_store_u64(uint8_t *octets, uint64_t value)
{
    value = htobe64(value);
    memcpy(octets, &value, sizeof(value));
}

struct wire_reader {
    const uint8_t *octets;
    size_t len;
    size_t at;
    bool failed;
};

static inline struct wire_reader wire_reader_make(const uint8_t *octets, size_t len)
{
    return (struct wire_reader){.octets = octets, .len = len};
}

static inline size_t wire_left(const struct wire_reader *reader)
{
    return reader->failed ? 0 : reader->len - reader->at;
}

/* The next count octets, or NULL (and the reader has failed). */
static inline const uint8_t *wire_read(struct wire_reader *reader, size_t count)
{
    if (reader->failed || reader->len - reader->at < count) {
        reader->failed = true;
        return NULL;
    }
    const uint8_t *octets = reader->octets + reader->at;
    reader->at += count;
    return octets;
}

static inline uint8_t wire_read_u8(struct wire_reader *reader)
{
    const uint8_t *octets = wire_read(reader, 1);
    return octets == NULL ? 0 : octets[0];
}

static inline uint16_t wire_read_u16(struct wire_reader *reader)
{
    const uint8_t *octets = wire_read(reader, 2);
    return octets == NULL ? 0 : wire_load_u16(octets);
}

struct wire_writer {
    uint8_t *octets;
    size_t size;
    size_t at;
    bool failed;
};

/* Room for count octets, or NULL (and the writer has failed). */
static inline uint8_t *wire_reserve(struct wire_writer *writer, size_t count)
{
    if (writer->failed || writer->size - writer->at < count) {
        writer->failed = true;
        return NULL;
    }
    uint8_t *octets = writer->octets + writer->at;
    writer->at += count;
    return octets;
}

static inline void wire_write(struct wire_writer *writer, const uint8_t *octets, size_t count)
{
    uint8_t *room = wire_reserve(writer, count);
    if (room != NULL && count > 0) {
        memcpy(room, octets, count);
    }
}

static inline void wire_write_u8(struct wire_writer *writer, uint8_t value)
{
    wire_write(writer, &value, 1);
}

static inline void wire_write_u16(struct wire_writer *writer, uint16_t value)
{
    uint8_t *room = wire_reserve(writer, 2);
    if (room != NULL) {
        wire_store_u16(room, value);
    }
}

/* Expands the possibly compressed name (RFC 1035 section 4.1.4) at the reader's position of a whole
 * message and moves the reader behind it. Returns its length, 0 when it is none: cut off, over 255
 * octets, a pointer that does not point backwards, a label type that does not exist. */
size_t wire_read_name(struct wire_reader *reader, uint8_t out[255]);
