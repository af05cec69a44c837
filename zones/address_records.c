/* SPDX-License-Identifier: BSD-2-Clause */
#include "zones/address_records.h"

#include <assert.h>
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
static uint8_t *put_record(uint8_t *out, const struct record_set *set, const uint8_t *address,
                           size_t len)
{
    out = put_u16(out, 0xC00C);
    out = put_u16(out, set->type);
    out = put_u16(out, CLASS_IN);
    out = put_u16(out, set->ttl_s >> 16);
    out = put_u16(out, set->ttl_s & 0xFFFF);
    out = put_u16(out, (unsigned)len);
    memcpy(out, address, len);
    return out + len;
}

struct member_records *address_records_new(const struct record_set *set, const uint8_t *addresses,
                                           size_t count)
{
    size_t len = address_octets(set->type);
    assert(len > 0 && count > 0 && count <= ADDRESS_RECORDS_MAX);
    size_t octets = count * (FIXED_OCTETS + len);
    size_t starts_size = (count + 1) * sizeof(uint16_t);
    struct member_records *records = alloc_zeroed(1, sizeof(*records) + starts_size + octets);
    uint16_t *starts = (uint16_t *)(records + 1);
    uint8_t *out = (uint8_t *)(starts + count + 1);
    records->octets = out;
    records->starts = starts;
    records->len = (uint16_t)octets;
    records->count = (uint16_t)count;
    for (size_t i = 0; i < count; i++) {
        starts[i] = (uint16_t)(i * (FIXED_OCTETS + len));
        out = put_record(out, set, addresses + i * len, len);
    }
    starts[count] = (uint16_t)octets;
    return records;
}
