/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/assembly.h"

#include <assert.h>
#include <string.h>

#include "server/dns.h"
#include "server/secure.h"

void assembly_begin(struct assembly *assembly, struct response *response)
{
    assembly->response = response;
    assembly->writer = (struct wire_writer){response->out, response->limit, response->len, false};
    assembly->compress.count = 0;
    assembly->is_stale = false;
    compress_add(&assembly->compress, &response->query->name, DNS_HEADER_LEN);
}

/* The types whose RDATA may hold compressed names (RFC 3597 section 4): octets before the names,
 * names, octets behind them. */
struct rdata_layout {
    uint8_t before, names, after;
};

static struct rdata_layout rdata_layout(uint16_t type)
{
    switch (type) {
    case DNS_TYPE_NS:
    case DNS_TYPE_MD:
    case DNS_TYPE_MF:
    case DNS_TYPE_CNAME:
    case DNS_TYPE_MB:
    case DNS_TYPE_MG:
    case DNS_TYPE_MR:
    case DNS_TYPE_PTR:
        return (struct rdata_layout){0, 1, 0};
    case DNS_TYPE_SOA:
        return (struct rdata_layout){0, 2, 20};
    case DNS_TYPE_MINFO:
        return (struct rdata_layout){0, 2, 0};
    case DNS_TYPE_MX:
        return (struct rdata_layout){2, 1, 0};
    default:
        return (struct rdata_layout){0, 0, 0};
    }
}

/* Lays the base name into the scratch message; returns where the sections go. */
static uint8_t *begin_piece(struct assembly *assembly, const uint8_t *base, size_t base_len,
                            struct wire_reader *reader)
{
    uint8_t *scratch = assembly->response->context->scratch;
    memcpy(scratch + DNS_HEADER_LEN, base, base_len);
    size_t start = DNS_HEADER_LEN + base_len + DNS_QUESTION_LEN;
    *reader = wire_reader_make(scratch, start);
    reader->at = start;
    return scratch + start;
}

struct wire_reader assembly_open(struct assembly *assembly, const struct encoded *encoded,
                                 const uint8_t *base, size_t base_len, uint16_t shift)
{
    struct wire_reader reader;
    uint8_t *sections = begin_piece(assembly, base, base_len, &reader);
    encoded_copy(encoded, encoded->len, shift, sections);
    reader.len += encoded->len;
    return reader;
}

struct wire_reader assembly_open_rrset(struct assembly *assembly, const struct lookup *found,
                                       const uint8_t *base, size_t base_len, struct encoded *counts)
{
    const struct rrset *rrset = found->rrset;
    uint16_t shift = (uint16_t)(base_len - found->node->name_len);
    bool is_secure = secure_is_wanted(assembly->response, found);
    if (is_secure) {
        rrset = node_with_signatures(found->node, rrset);
    }
    if (rrset->record_set == RRSET_STATIC) {
        *counts = rrset->answer;
        return assembly_open(assembly, &rrset->answer, base, base_len, shift);
    }
    struct wire_reader reader;
    struct response_choice choice = response_choose(assembly->response, rrset->record_set);
    uint8_t *sections = begin_piece(assembly, base, base_len, &reader);
    response_copy_member(choice, shift, sections);
    reader.len += choice.records->len;
    assembly->is_stale |= choice.is_stale;
    *counts = (struct encoded){.answer_count = choice.records->count};
    if (is_secure) {
        const struct encoded *signatures = member_signatures(rrset, choice.member, choice.records);
        encoded_copy(signatures, signatures->len, shift, sections + choice.records->len);
        reader.len += signatures->len;
        counts->answer_count = (uint16_t)(counts->answer_count + signatures->answer_count);
    }
    response_lower_ttl(choice, sections, reader.len - reader.at);
    return reader;
}

static void copy_name(struct assembly *assembly, struct wire_reader *from)
{
    uint8_t name[NAME_MAX_OCTETS];
    size_t len = wire_read_name(from, name);
    assembly_write_name(assembly, name, len);
}

static void copy_octets(struct assembly *assembly, struct wire_reader *from, size_t count)
{
    const uint8_t *octets = wire_read(from, count);
    assert(octets != NULL);
    wire_write(&assembly->writer, octets, count);
}

/* All of a record but its owner. */
static void copy_data(struct assembly *assembly, struct wire_reader *from)
{
    const uint8_t *fixed = wire_read(from, ASSEMBLY_RECORD_FIXED);
    assert(fixed != NULL); /* what the encoder made is whole */
    uint16_t rdata_len = wire_load_u16(fixed + 8);
    struct rdata_layout layout = rdata_layout(wire_load_u16(fixed));
    wire_write(&assembly->writer, fixed, ASSEMBLY_RECORD_FIXED);
    size_t rdata_at = assembly->writer.at;
    if (layout.names == 0) {
        copy_octets(assembly, from, rdata_len);
        return;
    }
    copy_octets(assembly, from, layout.before);
    for (uint8_t i = 0; i < layout.names; i++) {
        copy_name(assembly, from);
    }
    copy_octets(assembly, from, layout.after);
    if (!assembly->writer.failed) {
        wire_store_u16(assembly->writer.octets + rdata_at - 2,
                       (uint16_t)(assembly->writer.at - rdata_at));
    }
}

void assembly_copy(struct assembly *assembly, struct wire_reader *from, uint16_t count)
{
    for (uint16_t i = 0; i < count && !assembly->writer.failed; i++) {
        copy_name(assembly, from);
        copy_data(assembly, from);
    }
}

unsigned assembly_copy_types(struct assembly *assembly, struct wire_reader *from, uint16_t count,
                             const uint16_t types[2], const uint8_t *owner, size_t owner_len)
{
    unsigned copied = 0;
    for (uint16_t i = 0; i < count && !assembly->writer.failed; i++) {
        uint8_t other[NAME_MAX_OCTETS];
        wire_read_name(from, other);
        struct wire_reader data = *from;
        const uint8_t *fixed = wire_read(from, ASSEMBLY_RECORD_FIXED);
        assert(fixed != NULL);
        wire_read(from, wire_load_u16(fixed + 8));
        uint16_t type = wire_load_u16(fixed);
        if (type == types[0] || type == types[1]) {
            assembly_write_name(assembly, owner, owner_len);
            copy_data(assembly, &data);
            copied++;
        }
    }
    return copied;
}

bool assembly_copy_optional(struct assembly *assembly, struct wire_reader *from, uint16_t count)
{
    size_t before = assembly->writer.at;
    uint16_t names_before = assembly->compress.count;
    if (assembly->writer.failed) {
        return false;
    }
    assembly_copy(assembly, from, count);
    if (assembly->writer.failed) {
        assembly->writer.failed = false;
        assembly->writer.at = before;
        assembly->compress.count = names_before; /* no name points to what is not there */
        return false;
    }
    return true;
}

void assembly_write_name(struct assembly *assembly, const uint8_t *octets, size_t len)
{
    compress_write(&assembly->compress, &assembly->writer, octets, len);
}
