/* SPDX-License-Identifier: BSD-2-Clause */
/* Weighted record sets: what of them does not change with a shift. Their records are encoded here,
 * once; a snapshot adds the weights that are in force (struct weights). Made by control from the
 * configuration, const afterwards, read by every thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/config.h"
#include "common/error.h"
#include "zones/encoded.h"
#include "zones/name.h"
#include "zones/record_type.h"

/* All records of one member, encoded with owner pointer 0xC00C (QNAME). No record points into
 * another, so that they may be answered from any one of them on (rotation). */
struct member_records {
    /* Where there are several, twice, one behind the other: beginning with another one is one copy.
     * OCTETS_SLACK octets more may be read. */
    const uint8_t *octets;
    uint16_t len;
    uint16_t count;
    uint64_t counts;          /* of a response with these alone, as encoded_counts */
    const uint16_t *starts;   /* count + 1 offsets: where each record starts, and len */
    const uint16_t *pointers; /* as in struct encoded: those in RDATA to a suffix of the owner */
    uint16_t pointer_count;
    /* Of an alias target's records in a zone that is signed here: their RRSIGs. NULL: the zone has
     * them (member_signatures). */
    const struct encoded *signatures;
};

/* Lowers to ttl_s what is more in records of this form, RRSIGs too: len octets of whole records
 * whose owner is a pointer. An RRSIG's original TTL stays, so that it is valid (RFC 4034
 * section 3.1.4). */
void member_records_lower_ttl(uint8_t *records, size_t len, uint32_t ttl_s);

/* records of a member with an alias target are empty here (count 0): a snapshot has them, as soon
 * as its addresses are known. */
struct record_set_member {
    const char *id;
    uint64_t id_hash; /* for `sticky`: the same id in the A and the AAAA record set agrees */
    struct member_records records;
};

struct record_set {
    uint32_t id;           /* index in the configuration and in each snapshot */
    uint32_t first_member; /* index of members[0] in a worker's tally */
    struct name name;
    uint16_t type;
    uint32_t ttl_s;
    enum config_choice choice;
    uint64_t name_hash; /* for `sticky`; of the name alone, not the type */
    size_t member_count;
    struct record_set_member members[];
};

struct record_sets {
    size_t count;
    uint32_t member_count; /* in all: the length of a tally */
    struct record_set **sets;
    struct arena *arena;
};

/* Encodes every record set of the configuration. NULL and "file:line: …" when a name, a type or a
 * value is wrong or there twice; a CNAME member needs exactly one value; SOA, NS, DNAME, DS, RRSIG,
 * NSEC, NSEC3, NSEC3PARAM and meta types cannot be weighted. Values are RDATA as in a zone file,
 * but names in them are absolute with or without the final dot. Only A and AAAA members can have an
 * alias target, and not their own name. The result keeps nothing of the configuration. Caller
 * owns. */
MUST_CHECK struct record_sets *record_sets_new(const struct config *config, struct error *err);
void record_sets_free(struct record_sets *sets);
void record_sets_freep(struct record_sets **sets);
