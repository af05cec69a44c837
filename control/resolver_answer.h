/* SPDX-License-Identifier: BSD-2-Clause */
/* What the reply of a recursive resolver says, as c-ares reads it. Pure; any thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define RESOLVER_TEXT_SIZE 96
/* More than any load balancer has; the rest of a longer answer is left out. */
#define RESOLVER_ADDRESSES_MAX 1024

struct resolver_answer {
    /* 4 (AF_INET) or 16 octets each, in the order in which they came, perhaps with some twice. 0:
     * there is no answer, and text says why, for a person. */
    const uint8_t *addresses;
    size_t count;
    uint32_t ttl_s; /* the shortest of those on the way, CNAMEs included */
    char text[RESOLVER_TEXT_SIZE];
};

/* status: c-ares's, of the query; the reply counts when that is ARES_SUCCESS. family: AF_INET or
 * AF_INET6. octets, the caller's, are where the addresses are then. */
void resolver_answer_read(struct resolver_answer *answer,
                          uint8_t octets[RESOLVER_ADDRESSES_MAX * 16], int family, int status,
                          const uint8_t *reply, int len);
