/* SPDX-License-Identifier: BSD-2-Clause */
/* The slow path: answers that are put together from several pre-encoded pieces, CNAME by CNAME and
 * DNAME by DNAME (RFC 1034 section 4.3.2 step 3a, RFC 6672), through every zone that is served.
 * Names are unpacked and compressed anew. One worker's thread; context->scratch is its memory. */
#pragma once

#include "server/lookup.h"
#include "server/response.h"

/* A header, a name, type and class, and a whole message's sections behind them; twice those for a
 * member's records and its signatures. */
#define CHAIN_SCRATCH_SIZE (12 + 255 + 4 + 2 * 65535)

/* found: a CNAME or DNAME at the query's name. The RCODE is that of the chain's end (RFC 6604); a
 * loop, or more than 16 links, ends it where it is. */
void chain_answer(struct response *response, struct lookup found);
