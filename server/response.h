/* SPDX-License-Identifier: BSD-2-Clause */
/* A response while it is made: what answer.c and chain.c share. One worker's thread. */
#pragma once

#include "server/answer.h"
#include "server/query.h"

struct response {
    struct answer_context *context;
    const struct answer_task *task;
    const struct query *query;
    uint8_t *out; /* the task's */
    size_t len;   /* written so far: header and question at first */
    size_t limit; /* what the client takes, less the OPT record's octets */
    struct edns_reply edns;
    uint16_t flags;       /* AA and TC */
    uint16_t rcode;       /* 12 bits */
    bool is_rich;         /* RRSIGs or the addresses of hosts may belong to it */
    bool has_good_cookie; /* the client has its address */
    uint16_t answer_count, authority_count, additional_count;
};

/* Takes everything back and sets TC. */
void response_truncate(struct response *response);
/* Appends what of pre-encoded sections may not be left out, or truncates. */
void response_add_required(struct response *response, const struct encoded *encoded,
                           uint16_t shift);

/* Appends pre-encoded sections for the query's name, the optional end only if there is room for
 * it; when even the rest has none, truncates. base_len: octets of the base name. */
static inline void response_add_encoded(struct response *response, const struct encoded *encoded,
                                        size_t base_len)
{
    size_t len = encoded->len;
    uint16_t shift = (uint16_t)(response->query->name.len - base_len);
    if (len > response->limit - response->len) {
        response_add_required(response, encoded, shift);
        return;
    }
    encoded_copy(encoded, len, shift, response->out + response->len);
    response->len += len;
    response->answer_count = encoded->answer_count;
    response->authority_count = encoded->authority_count;
    response->additional_count = encoded->additional_count;
}

/* Appends records to the authority section, behind which there is nothing yet. Nothing once the
 * response was truncated. */
void response_add_authority(struct response *response, const struct encoded *encoded,
                            size_t base_len);

/* A weighted record set's turn: the member that answers, and the record to begin with. Counts. */
struct response_choice {
    const struct member_records *records;
    size_t member;
    uint32_t ttl_s; /* as in struct weights */
    uint16_t first;
    bool is_stale;
};
struct response_choice response_choose(struct response *response, uint32_t record_set);
/* False: no member has any (alias targets that were never resolved), and nobody can be chosen. The
 * response is SERVFAIL, which resolvers hardly keep (RFC 2308 section 7.1), and not NODATA. */
static inline bool response_has_records(const struct response *response, uint32_t record_set)
{
    return snapshot_weights(response->task->snapshot, record_set)->total > 0;
}
RARELY void response_fail(struct response *response);
/* What is answered is older than it should be (RFC 8914 section 4.4); after the records. */
RARELY void response_mark_stale(struct response *response);
/* The member's records, or RRSIGs, in the response get the record set's TTL. */
static inline void response_lower_ttl(struct response_choice choice, uint8_t *records, size_t len)
{
    if (choice.ttl_s != WEIGHTS_TTL_ENCODED) {
        member_records_lower_ttl(records, len, choice.ttl_s);
    }
}
/* Appends the records of the member whose turn it is, or truncates, or makes it SERVFAIL. */
void response_add_weighted(struct response *response, uint32_t record_set, size_t base_len);
/* Copies the records from choice.first on and around to out, which has room for records->len. */
void response_copy_member(struct response_choice choice, uint16_t shift, uint8_t *out);
