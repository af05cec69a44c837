/* SPDX-License-Identifier: BSD-2-Clause */
/* Records to sections of a response (struct encoded) with name compression (RFC 1035 section
 * 4.1.4). Private to zones/. One thread at a time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/attributes.h"
#include "zones/encoded.h"
#include "zones/name.h"

/* What a message can hold beside the header, the longest question, and an OPT record with what we
 * ever put into it. */
#define ENCODED_MAX_OCTETS 65200

struct encoder_record {
    const uint8_t *owner; /* wire form */
    uint16_t type;
    uint16_t rdata_len;
    uint32_t ttl_s;
    const uint8_t *rdata; /* names in it uncompressed; valid by encoder_rdata_is_valid */
};

enum encoder_section { ENCODER_ANSWER, ENCODER_AUTHORITY, ENCODER_ADDITIONAL, ENCODER_SECTIONS };

enum encoder_flags {
    /* The response is to names below the base name (referral, negative answer): a pointer to the
     * base name as owner moves too. Without it such an owner is QNAME itself. */
    ENCODER_BASE_IS_ABOVE = 1,
    /* The base name is a wildcard, QNAME another name: no RDATA may point to the whole of it. */
    ENCODER_BASE_IS_WILDCARD = 2,
    /* No record points into another one, so that they can be answered in any order. */
    ENCODER_RECORDS_ARE_APART = 4,
};

struct encoder;

struct encoder *encoder_new(void);
void encoder_free(struct encoder *encoder);
void encoder_freep(struct encoder **encoder);

/* Begins a new response; whatever was added before is forgotten. flags: enum encoder_flags. */
void encoder_start(struct encoder *encoder, const struct name_key *base, unsigned flags);
/* Sections in their order. False, and nothing is added, when a message could not hold it. */
MUST_CHECK bool encoder_add(struct encoder *encoder, enum encoder_section section,
                            const struct encoder_record *record);
/* What was added so far may not be left out; without this call: all. */
void encoder_mark_required(struct encoder *encoder);
/* Octets added so far. */
size_t encoder_len(const struct encoder *encoder);
/* Copies what was added into the arena. */
void encoder_finish(struct encoder *encoder, struct arena *arena, struct encoded *out);

/* False when the type is one whose RDATA we compress and the octets are not what it needs. ldns
 * has read everything else, but takes any octets in the form of RFC 3597 section 5. */
bool encoder_rdata_is_valid(uint16_t type, const uint8_t *rdata, size_t len);
/* No message can hold it in fewer octets, however much of its names is compressed. */
size_t encoder_least_octets(uint16_t type, size_t rdata_len);
/* Whether we compress the type's RDATA: octets before the names in it, and how many names. */
bool encoder_has_names(uint16_t type, unsigned *prefix, unsigned *names);
/* The same data, letter case of names in it aside (RFC 4034 section 6.2 for the types above). */
bool encoder_rdata_is_equal(uint16_t type, const uint8_t *a, const uint8_t *b, size_t len);
