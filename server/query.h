/* SPDX-License-Identifier: BSD-2-Clause */
/* A packet to a question and an OPT, or the verdict why not. Pure; any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/dns.h"
#include "server/edns.h"
#include "zones/name.h"

enum query_verdict {
    QUERY_OK,      /* question and edns are set */
    QUERY_SILENCE, /* shorter than a header, or a response: whoever answers those makes loops */
    QUERY_FORMERR,
    QUERY_NOTIMP, /* an opcode other than QUERY: what follows the header is not looked at */
    QUERY_BADVERS,
    QUERY_NO_QUESTION, /* none, but a cookie (RFC 7873 section 5.4); edns is set */
    QUERY_BADCOOKIE,   /* never by query_parse: see options.h; nor this one: */
    QUERY_REFUSED,     /* a client subnet from who may not steer */
};

struct query {
    uint16_t flags;
    uint16_t type, class;
    /* Octets of the question section behind the header, to be echoed; 0: it could not be read. */
    uint16_t question_len;
    struct edns edns;
    struct name_key name;
};

/* What has no question: RFC 7873 section 5.4 asks for a cookie so; without a cookie it is malformed
 * (RFC 9619). */
enum query_verdict query_parse_without_question(struct query *query, const uint8_t *packet,
                                                size_t len);

/* With an RCODE, which is malformed, or records in the answer or authority section, where only the
 * client's SOA in an IXFR is right (RFC 1995 section 3), so that the answer can say what is
 * refused. */
enum query_verdict query_parse_unusual(struct query *query, const uint8_t *packet, size_t len);

/* Inline for its one caller. Everything but SILENCE sets flags, question_len and edns. As NSD does,
 * a query with records in another section than the question, other than one OPT in the additional
 * section (and the SOA of an IXFR), is malformed; octets behind the last record are let pass. */
static inline enum query_verdict query_parse(struct query *query, const uint8_t *packet, size_t len)
{
    if (len < DNS_HEADER_LEN) {
        return QUERY_SILENCE;
    }
    uint16_t flags = wire_load_u16(packet + 2);
    uint64_t counts = wire_load_u64(packet + 4);          /* of the four sections */
    uint64_t record_count = counts & ~(UINT64_MAX << 48); /* all of them but the question */
    query->flags = flags;
    query->question_len = 0;
    query->edns.is_present = false;
    query->edns.seen = 0;
    if ((flags & (DNS_FLAG_QR | DNS_OPCODE_MASK)) != 0) {
        return (flags & DNS_FLAG_QR) != 0 ? QUERY_SILENCE : QUERY_NOTIMP;
    }
    if (counts >> 48 != 1) {
        return query_parse_without_question(query, packet, len);
    }
    const uint8_t *octets = packet + DNS_HEADER_LEN;
    size_t left = len - DNS_HEADER_LEN;
    size_t name_len = name_key_parse(&query->name, octets, left);
    if (name_len == 0 || left - name_len < DNS_QUESTION_LEN) {
        return QUERY_FORMERR;
    }
    query->type = wire_load_u16(octets + name_len);
    query->class = wire_load_u16(octets + name_len + 2);
    size_t question_len = name_len + DNS_QUESTION_LEN;
    query->question_len = (uint16_t)question_len;
    /* Only the additional section may hold something. */
    if ((flags & DNS_RCODE_MASK) != 0 || record_count > UINT16_MAX) {
        return query_parse_unusual(query, packet, len);
    }
    if (record_count == 0) {
        return QUERY_OK;
    }
    if (!edns_parse(&query->edns, octets + question_len, left - question_len) ||
        record_count != 1) {
        return QUERY_FORMERR;
    }
    return query->edns.version == 0 ? QUERY_OK : QUERY_BADVERS;
}
