/* SPDX-License-Identifier: BSD-2-Clause */
/* Domain names in wire form (RFC 1035 section 3.1): length octet and label, again and again, and a
 * zero octet. Names of zones are kept in lower case (RFC 4343). Pure; any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

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

/* A name to look up: the octets as asked (letter case kept), and what every lookup of it needs,
 * worked out once: lower case, where each label starts, a hash of each suffix. Index i counts the
 * labels of a suffix: suffix_hash[0] is the root's, suffix_hash[label_count] the whole name's. */
struct name_key {
    uint8_t len;
    uint8_t label_count;
    uint8_t lower[NAME_MAX_OCTETS + 9];        /* read by whole words: 8 octets of zeros follow */
    uint8_t suffix_start[NAME_MAX_LABELS + 1]; /* offset into lower of the suffix with i labels */
    uint32_t suffix_hash[NAME_MAX_LABELS + 1];
};

/* octets: a whole uncompressed name within `available` octets. Returns its length, or 0 when it is
 * none: a label over 63, a pointer, over 255 in all, cut off. */
size_t name_key_parse(struct name_key *key, const uint8_t *octets, size_t available);

static inline size_t name_key_suffix_len(const struct name_key *key, unsigned labels)
{
    return (size_t)key->len - key->suffix_start[labels];
}
