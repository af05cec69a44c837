/* SPDX-License-Identifier: BSD-2-Clause */
/* Response rate limiting: a client network that is sent the same again and again over UDP is
 * probably the victim of forged queries. A table of fixed size, one for each worker; what finds no
 * place takes that of the bucket that rested longest, so that a full table lets too much pass,
 * never too little. Time is an argument. One worker's thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/config.h"
#include "zones/name.h"

struct rate_limit;

/* NULL when the configuration sets no rate. Caller owns; borrows config. The key, drawn at random
 * by whoever runs a server, keeps clients from aiming at each other's buckets. */
#define RATE_LIMIT_KEY_OCTETS 16
struct rate_limit *rate_limit_new(const struct config_rate_limit *config,
                                  const uint8_t key[RATE_LIMIT_KEY_OCTETS]);
void rate_limit_free(struct rate_limit *limit);

/* What counts as the same: responses of the same kind about the same name, or any errors. */
enum rate_kind {
    RATE_ANSWER,   /* by the name of the node, which is the wildcard's for what it answers */
    RATE_NXDOMAIN, /* by the zone's name */
    RATE_ERROR,    /* no name */
};

struct rate_subject {
    uint64_t client; /* pick_client_v4() or pick_client_v6(): /24 or /56 */
    uint64_t what;   /* rate_what() */
};

/* name: lower case; may be NULL when name_len is 0. */
static inline uint64_t rate_what(enum rate_kind kind, const uint8_t *name, size_t name_len)
{
    uint8_t octets[16] = {0};
    if (name_len < 8) { /* hashes look at 8 octets up to the end */
        if (name_len > 0) {
            memcpy(octets + 8, name, name_len);
        }
        name = octets + 8;
    }
    return name_hash(name, name + name_len) ^ (uint64_t)kind;
}

enum rate_verdict {
    RATE_UNKNOWN, /* nobody has asked */
    RATE_SEND,
    RATE_SLIP, /* over the limit; to be sent without records and with TC, so that a client that is
                  really there comes by TCP */
    RATE_DROP,
};

/* Counts one response. now_ms runs over. */
enum rate_verdict rate_limit_judge(struct rate_limit *limit, const struct rate_subject *subject,
                                   uint32_t now_ms);
