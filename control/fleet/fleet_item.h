/* SPDX-License-Identifier: BSD-2-Clause */
/* A fleet's requests as DynamoDB's JSON, and its answers back. Pure; any thread.
 *
 * The table: partition key `fleet`, sort key `item`, a local secondary index `by-sequence` on
 * `sequence` (a number) with all attributes, and, if it is wished, a time to live in `expires`
 * (what nobody needs any more has one). Everything is a conditional write of one item, every read
 * is strongly consistent. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "common/error.h"
#include "control/fleet/fleet_node.h"

/* Whom it is about, and what `say` says. */
struct fleet_place {
    const char *table, *fleet, *node;
    const char *version, *address; /* of this Ballast, where it listens */
    int64_t pid, beat, lag_ms;
    int64_t now_s;   /* of the wall clock: what may go some day is marked with it */
    bool is_healthy; /* nothing that it probes is unhealthy */
};

/* The operation's input, a new reference; operation gets its name. start_key: from where a query
 * goes on (its answer's LastEvaluatedKey), NULL: from the beginning. */
json_t *fleet_request_print(const struct fleet_request *request, const struct fleet_place *place,
                            json_t *start_key, const char **operation);

/* The result of a request that was done. False and err: it is not what DynamoDB says. The answer
 * borrows from document; fleet_answer_done frees its items. */
MUST_CHECK bool fleet_answer_read(const struct fleet_request *request, const json_t *document,
                                  struct fleet_answer *answer, struct error *err);
void fleet_answer_done(struct fleet_answer *answer);

/* What another node said of itself. */
struct fleet_peer {
    char name[FLEET_NAME_SIZE];
    char version[32], address[64];
    int64_t beat, applied, lag_ms, pid;
    bool is_healthy;
    int64_t seen_ms; /* the reader's: when its beat was first seen */
};
/* Of the answer of `ask nodes`; those that say nothing sensible, or have not for a day, are left
 * out. now_s: of the wall clock. The caller frees. */
struct fleet_peer *fleet_peers_read(const json_t *document, int64_t now_s, size_t *count);
