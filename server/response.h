/* SPDX-License-Identifier: BSD-2-Clause */
/* A response while it is made: what answer.c and chain.c share. One worker's thread. */
#pragma once

#include "server/answer.h"
#include "server/query.h"

struct response {
    struct answer_context *context;
    const struct snapshot *snapshot;
    const struct query *query;
    const struct answer_source *source;
    uint8_t *out;
    size_t len;   /* written so far: header and question at first */
    size_t limit; /* what the client takes, less the OPT record's octets */
    struct edns_reply edns;
    uint16_t flags; /* AA and TC */
    uint16_t rcode; /* 12 bits */
    uint16_t answer_count, authority_count, additional_count;
};

/* Appends pre-encoded sections for the query's name, the optional end only if there is room for
 * it; when even the rest has none, truncates. base_len: octets of the base name. */
void response_add_encoded(struct response *response, const struct encoded *encoded,
                          size_t base_len);
/* Takes everything back and sets TC. */
void response_truncate(struct response *response);

/* A weighted record set's turn: the member that answers, and the record to begin with. Counts. */
struct response_choice {
    const struct member_records *records;
    uint16_t first;
};
struct response_choice response_choose(struct response *response, uint32_t record_set);
/* Copies the records from choice.first on and around to out, which has room for records->len. */
void response_copy_member(struct response_choice choice, uint16_t shift, uint8_t *out);
