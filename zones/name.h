/* SPDX-License-Identifier: BSD-2-Clause */
/* Domain names in wire form (RFC 1035 section 3.1): length octet and label, again and again, and a
 * zero octet. Names of zones are kept in lower case (RFC 4343). Pure; any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* A name to look up: its lower case, where each label starts, its hash. Hashes of its suffixes are
 * worked out when they are asked for: a name that is there needs its zone's only. */
struct name_key {
    uint32_t hash; /* of the whole name */
    uint8_t len;
    uint8_t label_count;
    uint8_t starts[NAME_MAX_LABELS + 1]; /* offsets into lower of the labels, the root's included */
    uint8_t lower[NAME_MAX_OCTETS + 9];  /* read by whole words: 8 octets of zeros follow */
};

/* octets: a whole uncompressed name within `available` octets. Returns its length, or 0 when it is
 * none: a label over 63, a pointer, over 255 in all, cut off. */
size_t name_key_parse(struct name_key *key, const uint8_t *octets, size_t available);

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

/* Reads up to 7 octets behind the name, which are zeros. Multiplication carries each bit upwards;
 * the byte swap brings the best mixed bits down to where hash tables look. Names come from zone
 * files, so that no seed has to hide it. */
static inline uint32_t name_hash(const uint8_t *octets, const uint8_t *end)
{
    uint64_t hash = 0x2545f4914f6cdd1d;
    do {
        hash = __builtin_bswap64((hash ^ octets_load_word(octets)) * 0x9e3779b97f4a7c15);
        octets += 8;
    } while (octets < end);
    return (uint32_t)hash;
}

/* The hash of the name that the suffix is. */
static inline uint32_t name_key_suffix_hash(const struct name_key *key, unsigned labels)
{
    if (labels == key->label_count) {
        return key->hash;
    }
    return name_hash(name_key_suffix(key, labels), key->lower + key->len);
}

static inline bool name_key_suffix_is(const struct name_key *key, unsigned labels,
                                      const struct name *name)
{
    size_t len = name_key_suffix_len(key, labels);
    return name->len == len && octets_equal(name->octets, name_key_suffix(key, labels), len);
}
