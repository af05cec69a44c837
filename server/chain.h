/* SPDX-License-Identifier: BSD-2-Clause */
/* The slow path: answers that are put together from several pieces (assembly.h), CNAME by CNAME and
 * DNAME by DNAME (RFC 1034 section 4.3.2 step 3a, RFC 6672), through every zone that is served, and
 * answers whose additional section is full (additional.h). One worker's thread. */
#pragma once

#include "server/lookup.h"
#include "server/response.h"

/* found: what the query's name and type are, in a zone. The RCODE is that of the chain's end (RFC
 * 6604); a loop, or more than 16 links, ends it where it is. */
void chain_answer(struct response *response, struct lookup found);
