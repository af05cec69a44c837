/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers from signed zones to queries with DO: RRSIGs with every RRset, and the proofs of what is
 * not there (RFC 4035 section 3.1, RFC 5155 section 7.2). One worker's thread. */
#pragma once

#include <stdbool.h>

#include "server/lookup.h"
#include "server/response.h"

static inline bool secure_is_wanted(const struct response *response, const struct lookup *found)
{
    return response->edns.is_dnssec_ok && found->zone != NULL && found->zone->denial != NULL;
}

/* found: nothing that is assembled; in a signed zone. */
void secure_answer(struct response *response, const struct lookup *found);

/* The proofs that belong to what was found for this name, none with a positive answer that is no
 * wildcard's. */
void secure_find_proofs(const struct lookup *found, const struct name_key *name,
                        struct denial_proofs *proofs);
