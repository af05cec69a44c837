/* SPDX-License-Identifier: BSD-2-Clause */
/* Signed zones from files to answers, and what a validator says of those. */
#pragma once

#include <ldns/ldns.h>

#include "server/answer.h"
#include "zones/snapshot_builder.h"
#include "zones/zonefile.h"

/* A record set of the configuration with the members blue and green, each with an array of values
 * and half of the weight. */
#define SECURE_SET(owner, kind, blue, green)                                                       \
    {                                                                                              \
        .name = owner, .type = kind, .ttl_s = 60, .member_count = 2, .line = 20,                   \
        .members = (struct config_member[])                                                        \
        {                                                                                          \
            {.id = "blue", .weight = 50, .values = blue, .value_count = ARRAY_LEN(blue)},          \
                {.id = "green", .weight = 50, .values = green, .value_count = ARRAY_LEN(green)},   \
        }                                                                                          \
    }

struct secure {
    struct config *config; /* the test's */
    struct record_sets *sets;
    struct exchange *exchange;
    struct snapshot *snapshot;
    struct answer_context context;
    int64_t now_s; /* signatures have to be valid then */
    ldns_rr_list *keys;
    bool is_udp;
    uint16_t udp_size;
};

/* Loads the configuration's zones; each record set has the weights of its members. Fails the test
 * when it cannot. */
void secure_open(struct secure *secure, struct config *config, int64_t now_s);
void secure_close(struct secure *secure);
/* Gives all weight of a record set to one member. */
void secure_shift(struct secure *secure, uint32_t set, size_t member);

/* The response, for the caller to free; over TCP unless is_udp. */
ldns_pkt *secure_ask(struct secure *secure, const char *name, uint16_t type, bool dnssec_ok);

/* "NXDOMAIN aa | two A, RRSIG(A) | SOA, RRSIG(SOA), alias NSEC, RRSIG(NSEC) |": the records of each
 * section, owners below example.test where they differ from the one before. Owners of NSEC3 are
 * left out. Static memory. */
const char *secure_describe(const ldns_pkt *packet);

/* Fails the test unless each RRset that has to be has a signature of the zone's keys that is valid
 * at now_s: all in the answer but CNAMEs of a DNAME's, all in the authority section but the NS of
 * a referral, all in the additional section but a referral's glue. */
void secure_check_signatures(struct secure *secure, const ldns_pkt *packet);
/* Fails the test unless the response's NSEC or NSEC3 records deny the name (NXDOMAIN) or the type;
 * says how many there are. */
size_t secure_check_denial(struct secure *secure, const ldns_pkt *packet, const char *name,
                           uint16_t type);
