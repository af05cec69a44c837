/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/query.h"

#include "server/dns.h"

static enum query_verdict parse_additional(struct query *query, uint16_t count,
                                           const uint8_t *packet, size_t len)
{
    struct wire_reader reader = wire_reader_make(packet, len);
    reader.at = DNS_HEADER_LEN + (size_t)query->question_len;
    if (!edns_parse(&query->edns, &reader) || count != 1) {
        return QUERY_FORMERR;
    }
    return query->edns.version == 0 ? QUERY_OK : QUERY_BADVERS;
}

enum query_verdict query_parse(struct query *query, const uint8_t *packet, size_t len)
{
    if (len < DNS_HEADER_LEN) {
        return QUERY_SILENCE;
    }
    query->id = wire_load_u16(packet);
    query->flags = wire_load_u16(packet + 2);
    query->question_len = 0;
    query->edns.is_present = false;
    query->edns.has_subnet = false;
    if ((query->flags & DNS_FLAG_QR) != 0) {
        return QUERY_SILENCE;
    }
    if ((query->flags & DNS_OPCODE_MASK) != 0) {
        return QUERY_NOTIMP;
    }
    if (wire_load_u16(packet + 4) != 1) {
        return QUERY_FORMERR; /* RFC 9619 */
    }
    size_t available = len - DNS_HEADER_LEN;
    size_t name_len = name_key_parse(&query->name, packet + DNS_HEADER_LEN, available);
    if (name_len == 0 || available - name_len < DNS_QUESTION_LEN) {
        return QUERY_FORMERR;
    }
    query->type = wire_load_u16(packet + DNS_HEADER_LEN + name_len);
    query->class = wire_load_u16(packet + DNS_HEADER_LEN + name_len + 2);
    query->question_len = (uint16_t)(name_len + DNS_QUESTION_LEN);
    if ((query->flags & DNS_RCODE_MASK) != 0 || wire_load_u16(packet + 6) != 0 ||
        wire_load_u16(packet + 8) != 0) {
        return QUERY_FORMERR;
    }
    uint16_t additional_count = wire_load_u16(packet + 10);
    return additional_count == 0 ? QUERY_OK
                                 : parse_additional(query, additional_count, packet, len);
}
