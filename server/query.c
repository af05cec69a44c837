/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/query.h"

enum query_verdict query_parse_without_question(struct query *query, const uint8_t *packet,
                                                size_t len)
{
    static const uint8_t counts[8] = {0, 0, 0, 0, 0, 0, 0, 1};
    if ((query->flags & DNS_RCODE_MASK) != 0 || memcmp(packet + 4, counts, sizeof(counts)) != 0 ||
        !edns_parse(&query->edns, packet + DNS_HEADER_LEN, len - DNS_HEADER_LEN)) {
        return QUERY_FORMERR;
    }
    if (query->edns.version != 0) {
        return QUERY_BADVERS;
    }
    return (query->edns.seen & EDNS_SEEN_COOKIE) != 0 ? QUERY_NO_QUESTION : QUERY_FORMERR;
}

enum query_verdict query_parse_unusual(struct query *query, const uint8_t *packet, size_t len)
{
    uint16_t opt_count = wire_load_u16(packet + 10);
    struct wire_reader reader = wire_reader_make(packet, len);
    uint8_t owner[NAME_MAX_OCTETS];
    reader.at = DNS_HEADER_LEN + (size_t)query->question_len;
    if ((query->flags & DNS_RCODE_MASK) != 0 || query->type != DNS_TYPE_IXFR ||
        wire_load_u16(packet + 6) != 0 || wire_load_u16(packet + 8) != 1 || opt_count > 1 ||
        wire_read_name(&reader, owner) == 0) {
        return QUERY_FORMERR;
    }
    uint16_t type = wire_read_u16(&reader);
    wire_read(&reader, 6); /* class and TTL */
    wire_read(&reader, wire_read_u16(&reader));
    if (reader.failed || type != DNS_TYPE_SOA ||
        (opt_count == 1 && !edns_parse(&query->edns, packet + reader.at, len - reader.at))) {
        return QUERY_FORMERR;
    }
    return query->edns.version == 0 || opt_count == 0 ? QUERY_OK : QUERY_BADVERS;
}
