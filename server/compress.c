/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/compress.h"

#include <assert.h>

#include "server/dns.h"

static void remember(struct compress *compress, size_t offset, uint32_t hash, uint8_t hops)
{
    if (offset <= DNS_POINTER_MAX && compress->count < COMPRESS_NAMES_MAX) {
        compress->offsets[compress->count] = (uint16_t)offset;
        compress->hashes[compress->count] = hash;
        compress->hops[compress->count] = hops;
        compress->count++;
    }
}

void compress_add(struct compress *compress, const struct name_key *name, size_t offset)
{
    for (unsigned labels = name->label_count; labels > 0; labels--) {
        remember(compress, offset + name_key_suffix_start(name, labels),
                 name_key_suffix_hash(name, labels), 0);
    }
}

/* ASCII only, whatever the locale (RFC 4343). */
static uint8_t lower(uint8_t octet)
{
    return octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet | 0x20) : octet;
}

/* Is the name at offset (of a message that we wrote) the lower-case name? */
static bool is_written_at(const uint8_t *message, size_t offset, const uint8_t *name)
{
    for (;;) {
        uint8_t len = message[offset];
        if ((len & DNS_POINTER_BITS) == DNS_POINTER_BITS) {
            offset = wire_load_u16(message + offset) & DNS_POINTER_MAX;
            continue;
        }
        for (size_t i = 0; i <= len; i++) {
            if (lower(message[offset + i]) != name[i]) {
                return false;
            }
        }
        if (len == 0) {
            return true;
        }
        offset += (size_t)len + 1;
        name += (size_t)len + 1;
    }
}

/* The index of the suffix's earlier occurrence, COMPRESS_NAMES_MAX when there is none. */
static uint16_t find(const struct compress *compress, const uint8_t *message,
                     const struct name_key *name, unsigned labels)
{
    uint32_t hash = name_key_suffix_hash(name, labels);
    const uint8_t *suffix = name_key_suffix(name, labels);
    for (uint16_t i = 0; i < compress->count; i++) {
        if (compress->hashes[i] == hash && compress->hops[i] < COMPRESS_HOPS_MAX &&
            is_written_at(message, compress->offsets[i], suffix)) {
            return i;
        }
    }
    return COMPRESS_NAMES_MAX;
}

void compress_write(struct compress *compress, struct wire_writer *writer, const uint8_t *octets,
                    size_t len)
{
    struct name_key name;
    size_t parsed = name_key_parse(&name, octets, len);
    assert(parsed == len);
    unsigned labels = name.label_count;
    uint16_t known = COMPRESS_NAMES_MAX;
    while (labels > 0) {
        known = find(compress, writer->octets, &name, labels);
        if (known != COMPRESS_NAMES_MAX) {
            break;
        }
        labels--;
    }
    size_t start = writer->at;
    uint8_t hops = 0;
    wire_write(writer, octets, name_key_suffix_start(&name, labels));
    if (known != COMPRESS_NAMES_MAX) {
        hops = (uint8_t)(compress->hops[known] + 1);
        wire_write_u16(writer, (uint16_t)(DNS_POINTER_BITS << 8 | compress->offsets[known]));
    } else {
        wire_write_u8(writer, 0);
    }
    if (writer->failed) {
        return; /* nothing lies at these offsets */
    }
    for (unsigned i = name.label_count; i > labels; i--) {
        remember(compress, start + name_key_suffix_start(&name, i), name_key_suffix_hash(&name, i),
                 hops);
    }
}
