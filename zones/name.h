/* SPDX-License-Identifier: BSD-2-Clause */
/* Domain names in wire form (RFC 1035 section 3.1): length octet and label, again and again, and a
 * zero octet. Names of zones are kept in lower case (RFC 4343). Pure; any thread. */
#pragma once

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/error.h"
#include "common/octets.h"

#define NAME_MAX_OCTETS 255
#define NAME_MAX_LABELS 127 /* without the root's */
#define NAME_TEXT_SIZE  1024

struct name {
    uint8_t len; /* octets, the root's zero included */
    uint8_t label_count;
    uint8_t octets[NAME_MAX_OCTETS];
};

/* From presentation form (RFC 1035 section 5.1 escapes); always absolute, the final dot may be
 * left away. Letters become lower case. False: not a domain name. */
MUST_CHECK bool name_parse(struct name *name, const char *text, struct error *err);

/* Presentation form without the final dot ("." for the root); other octets escaped. octets is a
 * valid wire name without compression. */
void name_print(const uint8_t *octets, char out[NAME_TEXT_SIZE]);

/* The same name, or one below it. */
bool name_is_within(const struct name *name, const struct name *ancestor);

#define NAME_KEY_BEFORE 12 /* octets of a message's header, behind which its first name lies */

/* A name to look up: its lower case, where each label starts. Hashes of it and of its suffixes are
 * worked out when they are asked for. */
struct name_key {
    uint8_t len;
    uint8_t label_count;
    uint8_t starts[NAME_MAX_LABELS + 1]; /* offsets into lower of the labels, the root's included */
    union {
        /* Read by whole words, up to 7 octets on either side of the name. */
        uint8_t message[NAME_KEY_BEFORE + NAME_MAX_OCTETS + 9];
        struct {
            uint8_t before[NAME_KEY_BEFORE];
            uint8_t lower[NAME_MAX_OCTETS + 9];
        };
    };
};

/* octets: a whole uncompressed name within `available` octets. Returns its length, or 0 when it is
 * none: a label over 63, a pointer, over 255 in all, cut off. */
size_t name_key_parse(struct name_key *key, const uint8_t *octets, size_t available);

/* Sixteen octets at once. Length octets are at most 63, below 'A', and stay. */
typedef uint8_t name_block __attribute__((vector_size(16)));
/* As signed numbers, the only ones that there are instructions for, 'A' to 'Z' are 102 to 127. */
typedef int8_t name_signed_block __attribute__((vector_size(16)));
#define NAME_LOWER(octets)                                                                         \
    ((octets) | ((name_block)((name_signed_block)((uint8_t)('Z' + 102) - (octets)) > 101) & 0x20))

static inline void name_copy_block(uint8_t *to, uint8_t *lower, const uint8_t *from)
{
    name_block octets;
    memcpy(&octets, from, sizeof(octets));
    memcpy(to, &octets, sizeof(octets));
    octets = NAME_LOWER(octets);
    memcpy(lower, &octets, sizeof(octets));
}

/* Copies a message from its first name on up to `end`, which is at least 16, to out, and in lower
 * case into key->message. The last block has some octets of before once more, of the header too. */
static inline void name_key_copy_message(struct name_key *key, uint8_t *out, const uint8_t *message,
                                         size_t end)
{
    size_t last = end - sizeof(name_block);
    for (size_t at = NAME_KEY_BEFORE; at < last; at += sizeof(name_block)) {
        name_copy_block(out + at, key->message + at, message + at);
    }
    name_copy_block(out + last, key->message + last, message + last);
}

/* Of a name of len octets that key->lower has already, and that ends as `origin` does: the labels
 * in front of that, which is all there is to find out. False: it is no name, or not below origin.
 * No suffix shorter than origin may be asked for then. */
static inline bool name_key_find_labels_below(struct name_key *key, size_t len,
                                              const struct name *origin)
{
    size_t end = len - origin->len;
    size_t at = 0;
    size_t labels = 0;
    for (; at < end; labels++) {
        unsigned label_len = key->lower[at];
        if (label_len - 1 >= 63) { /* 0 too */
            return false;
        }
        /* Fits: each label has at least 2 octets, so that 255 hold 127 and the root. */
        key->starts[labels] = (uint8_t)at;
        at += label_len + 1;
    }
    if (at != end || end == 0) {
        return false;
    }
    key->starts[labels] = (uint8_t)at;
    key->len = (uint8_t)len;
    key->label_count = (uint8_t)(labels + origin->label_count);
    return true;
}

/* Offset into lower of the suffix with so many labels: 0 is the root's, label_count the name's. */
static inline size_t name_key_suffix_start(const struct name_key *key, unsigned labels)
{
    return key->starts[key->label_count - labels];
}

static inline const uint8_t *name_key_suffix(const struct name_key *key, unsigned labels)
{
    return key->lower + name_key_suffix_start(key, labels);
}

static inline size_t name_key_suffix_len(const struct name_key *key, unsigned labels)
{
    return (size_t)key->len - name_key_suffix_start(key, labels);
}

/* Of less than 8 octets those in front of them are read too, and count for nothing. Multiplication
 * carries each bit upwards; the byte swap brings the best mixed bits down to where hash tables
 * look. Names come from zone files, so that no seed has to hide it. */
static inline uint64_t name_hash(const uint8_t *octets, const uint8_t *end)
{
    uint64_t hash = 0x2545f4914f6cdd1d;
    uint64_t last = octets_load_word(end - 8);
    size_t len = (size_t)(end - octets);
    if (len < 8) {
        last = htole64((le64toh(last) >> 8) >> (56 - 8 * len));
    } else {
        for (; octets < end - 8; octets += 8) {
            hash = __builtin_bswap64((hash ^ octets_load_word(octets)) * 0x9e3779b97f4a7c15);
        }
    }
    return __builtin_bswap64((hash ^ last) * 0x9e3779b97f4a7c15);
}

/* The hash of the name that the suffix is. */
static inline uint32_t name_key_suffix_hash(const struct name_key *key, unsigned labels)
{
    return (uint32_t)name_hash(name_key_suffix(key, labels), key->lower + key->len);
}

/* The hash of what the suffix has in front of its last origin_len octets: within one zone all names
 * end alike. */
static inline uint32_t name_key_hash_below(const struct name_key *key, unsigned labels,
                                           size_t origin_len)
{
    return (uint32_t)name_hash(name_key_suffix(key, labels), key->lower + key->len - origin_len);
}

static inline bool name_key_suffix_is(const struct name_key *key, unsigned labels,
                                      const struct name *name)
{
    size_t len = name_key_suffix_len(key, labels);
    return name->len == len && octets_equal(name->octets, name_key_suffix(key, labels), len);
}
