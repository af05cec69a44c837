/* SPDX-License-Identifier: BSD-2-Clause */
/* A packet to a question and an OPT, or the verdict why not. Pure; any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/edns.h"
#include "zones/name.h"

enum query_verdict {
    QUERY_OK,      /* question and edns are set */
    QUERY_SILENCE, /* shorter than a header, or a response: whoever answers those makes loops */
    QUERY_FORMERR,
    QUERY_NOTIMP, /* an opcode other than QUERY: what follows the header is not looked at */
    QUERY_BADVERS,
};

struct query {
    uint16_t id;
    uint16_t flags;
    uint16_t type, class;
    /* Octets of the question section behind the header, to be echoed; 0: it could not be read. */
    uint16_t question_len;
    struct edns edns;
    struct name_key name;
};

/* Everything but SILENCE sets id, flags, question_len and edns. As NSD does, a query with records
 * in another section than the question, other than one OPT in the additional section, is malformed;
 * octets behind the last record are let pass. */
enum query_verdict query_parse(struct query *query, const uint8_t *packet, size_t len);
