/* SPDX-License-Identifier: BSD-2-Clause */
#include "zones/address_records.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "zones/encoder.h"

#define FIXED_OCTETS 12 /* owner, type, class, TTL, RDLENGTH */
#define CLASS_IN     1

static_assert(ADDRESS_RECORDS_MAX * (FIXED_OCTETS + 16) <= ENCODED_MAX_OCTETS, "fits a message");

size_t address_octets(uint16_t type)
{
    return type == TYPE_A ? 4 : type == TYPE_AAAA ? 16 : 0;
}

static uint8_t *put_u16(uint8_t *out, unsigned value)
{
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
    return out + 2;
}

/* RFC 1035 section 3.2.1; the owner is a pointer to QNAME, wildcard or not. */
static uint8_t *put_record(uint8_t *out, const struct record_set *set, uint16_t type,
                           const uint8_t *rdata, size_t len)
{
    out = put_u16(out, 0xC00C);
    out = put_u16(out, type);
    out = put_u16(out, CLASS_IN);
    out = put_u16(out, set->ttl_s >> 16);
    out = put_u16(out, set->ttl_s & 0xFFFF);
    out = put_u16(out, (unsigned)len);
    memcpy(out, rdata, len);
    return out + len;
}

/* The RRSIGs as the section's end; their owner is QNAME, too, and a signer's name is not compressed
 * (RFC 4034 section 3.1.7). */
static size_t signatures_octets(const struct signatures *signatures)
{
    size_t octets = 0;
    for (size_t i = 0; i < signatures->count; i++) {
        octets += FIXED_OCTETS + signatures->of[i].len;
    }
    return octets;
}

static struct member_records *make(const struct record_set *set, const uint8_t *addresses,
                                   size_t count, const struct signatures *signatures)
{
    size_t len = address_octets(set->type);
    size_t octets = count * (FIXED_OCTETS + len);
    size_t signed_octets = signatures_octets(signatures);
    size_t starts_size = (count + 1) * sizeof(uint16_t);
    struct {
        struct member_records records;
        struct encoded signatures;
        uint16_t starts[];
    } *block =
        alloc_zeroed(1, sizeof(*block) + starts_size + 2 * octets + signed_octets + OCTETS_SLACK);
    uint8_t *out = (uint8_t *)(block->starts + count + 1);
    block->records = (struct member_records){
        .octets = out,
        .len = (uint16_t)octets,
        .count = (uint16_t)count,
        .counts = (uint64_t)1 << 48 | (uint64_t)count << 32,
        .starts = block->starts,
        .signatures = signatures->count > 0 ? &block->signatures : NULL,
    };
    for (size_t i = 0; i < count; i++) {
        block->starts[i] = (uint16_t)(i * (FIXED_OCTETS + len));
        out = put_record(out, set, set->type, addresses + i * len, len);
    }
    block->starts[count] = (uint16_t)octets;
    memcpy(out, block->records.octets, octets);
    out += octets;
    block->signatures = (struct encoded){
        .octets = out,
        .len = (uint16_t)signed_octets,
        .required_len = (uint16_t)signed_octets,
        .question_count = 1,
        .answer_count = (uint16_t)signatures->count,
    };
    for (size_t i = 0; i < signatures->count; i++) {
        out = put_record(out, set, TYPE_RRSIG, signatures->of[i].rdata, signatures->of[i].len);
    }
    return &block->records;
}

struct member_records *address_records_new(const struct record_set *set, const uint8_t *addresses,
                                           size_t count, struct signer *signer, struct error *err)
{
    struct signatures signatures = {.count = 0};
    assert(address_octets(set->type) > 0 && count > 0 && count <= ADDRESS_RECORDS_MAX);
    struct member_records *bare = make(set, addresses, count, &signatures);
    if (signer == NULL) {
        return bare;
    }
    struct member_records *with = NULL;
    if (signer_sign_member(signer, set, bare, &signatures, err)) {
        size_t octets = bare->len + signatures_octets(&signatures);
        if (octets <= ENCODED_MAX_OCTETS) {
            with = make(set, addresses, count, &signatures);
        } else {
            error_set(err,
                      "%zu addresses with their signatures take %zu octets, expected at most %d",
                      count, octets, ENCODED_MAX_OCTETS);
        }
    }
    free(bare);
    return with;
}
