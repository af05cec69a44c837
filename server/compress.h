/* SPDX-License-Identifier: BSD-2-Clause */
/* Name compression (RFC 1035 section 4.1.4) with a bounded memory of the names written before: a
 * message with more of them gets longer, never wrong. Pure. */
#pragma once

#include "server/wire.h"
#include "zones/name.h"

#define COMPRESS_NAMES_MAX 160
/* Pointers to be followed for one name; readers have limits of their own, some of them low. */
#define COMPRESS_HOPS_MAX 4

struct compress {
    uint16_t count;
    uint16_t offsets[COMPRESS_NAMES_MAX];
    uint8_t hops[COMPRESS_NAMES_MAX];
    uint32_t hashes[COMPRESS_NAMES_MAX];
};

/* The writer's message has the name uncompressed at `offset`: later ones may point there. */
void compress_add(struct compress *compress, const struct name_key *name, size_t offset);
/* Writes a name, with a pointer for the longest suffix that is known. octets: the name with its
 * letter case, uncompressed. */
void compress_write(struct compress *compress, struct wire_writer *writer, const uint8_t *octets,
                    size_t len);
