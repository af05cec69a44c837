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
