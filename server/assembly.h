/* SPDX-License-Identifier: BSD-2-Clause */
/* A response that is put together from several pre-encoded pieces (an RRset, a referral, the SOA):
 * each is unpacked into the scratch memory as the message that it was encoded for, and from there
 * its records are written one by one, their names compressed anew. One worker's thread; the memory
 * is the response's context->scratch. */
#pragma once

#include "server/compress.h"
#include "server/lookup.h"
#include "server/response.h"

/* A header, a name, type and class, and a whole message's sections behind them; twice those for a
 * member's records and its signatures. */
#define ASSEMBLY_SCRATCH_SIZE (12 + 255 + 4 + 2 * 65535)

/* Type, class, TTL and RDLENGTH: what is between a record's owner and its RDATA. */
#define ASSEMBLY_RECORD_FIXED 10

struct assembly {
    struct response *response;
    struct wire_writer writer; /* failed: there was no room */
    struct compress compress;
    bool is_stale; /* an alias target's addresses too old are in it */
};

/* Goes on behind the question of the response, which has no records yet. */
void assembly_begin(struct assembly *assembly, struct response *response);

/* Unpacks a piece for the owner `base`, which is longer than the piece's base name by `shift`. The
 * reader is at its first record, and good until the next piece is opened. */
struct wire_reader assembly_open(struct assembly *assembly, const struct encoded *encoded,
                                 const uint8_t *base, size_t base_len, uint16_t shift);
/* The same for found->rrset, with RRSIGs where they are wanted; a weighted record set's member is
 * chosen (and counted), so it must have records. counts: of the sections. */
struct wire_reader assembly_open_rrset(struct assembly *assembly, const struct lookup *found,
                                       const uint8_t *base, size_t base_len,
                                       struct encoded *counts);

/* Writes the next records. */
void assembly_copy(struct assembly *assembly, struct wire_reader *from, uint16_t count);
/* Of the next `count` records those that are of one of two types (0: none), owned by the name
 * `owner` whatever they are owned by. Returns how many. */
unsigned assembly_copy_types(struct assembly *assembly, struct wire_reader *from, uint16_t count,
                             const uint16_t types[2], const uint8_t *owner, size_t owner_len);
/* The same for records that may be left out: all of them, or, when there is no room, none. */
MUST_CHECK bool assembly_copy_optional(struct assembly *assembly, struct wire_reader *from,
                                       uint16_t count);
/* octets: a name with its letter case, uncompressed. */
void assembly_write_name(struct assembly *assembly, const uint8_t *octets, size_t len);
