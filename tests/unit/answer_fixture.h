/* SPDX-License-Identifier: BSD-2-Clause */
/* Zones and weighted record sets from texts to a snapshot and an answer context, and responses to
 * texts: what the tests, the fuzz target and the benchmark of server/ share. */
#pragma once

#include "common/config.h"
#include "server/answer.h"
#include "zones/snapshot_builder.h"

/* example.test (with other.test beside it): a bit of everything. */
extern const char fixture_zone_text[];

struct fixture {
    struct config config;
    struct record_sets *sets;
    struct exchange *exchange;
    struct snapshot *snapshot;
    struct answer_context context;
    struct sockaddr_in source; /* 192.0.2.200 */
    size_t out_size;
    uint8_t out[ANSWER_OUT_MAX];
};

/* Loads fixture_zone_text, other.test and the fixture's record sets with the weights 90/10 into
 * the snapshot of generation 1, offered to worker_count workers. Ends the program when it cannot.
 */
struct fixture *fixture_new(size_t worker_count);
void fixture_free(struct fixture *fixture);
/* A next snapshot with other weights for one set of two members; offers it. The one before stays
 * alive; free it with snapshot_free() when nobody uses it. */
struct snapshot *fixture_shift(struct fixture *fixture, uint32_t set, uint16_t first,
                               uint16_t second);

#define FIXTURE_SET_WWW_A    0
#define FIXTURE_SET_WWW_AAAA 1
#define FIXTURE_SET_STICKY   2
#define FIXTURE_SET_STICKY6  3
#define FIXTURE_SET_RANDOM   4
#define FIXTURE_SET_CNAME    5
#define FIXTURE_SET_WILDCARD 6

/* The octets of a query for a name in text form; returns their length. */
size_t fixture_query(uint8_t out[600], const char *name, uint16_t type);
/* An OPT record appended; options may be NULL. Returns the new length. */
size_t fixture_add_opt(uint8_t out[600], size_t len, uint16_t udp_size, const void *options,
                       size_t options_len);

/* Answers over UDP, or over TCP; the length is 0 for silence. */
size_t fixture_ask(struct fixture *fixture, const uint8_t *query, size_t len, bool is_tcp);

/* "NOERROR aa | www.example.test. 60 A 192.0.2.1; … | authority | additional", read by ldns.
 * Names as they stand in the response. */
const char *fixture_print(const uint8_t *response, size_t len);
