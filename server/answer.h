/* SPDX-License-Identifier: BSD-2-Clause */
/* From a query's octets and a snapshot to the response's octets. No socket, no allocation, no
 * lock, no system call; everything that lasts longer than a packet is in the context, which
 * belongs to one worker's thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/config.h"
#include "common/octets.h"
#include "server/dns.h"
#include "server/pick.h"
#include "server/sketch.h"
#include "zones/exchange.h"
#include "zones/snapshot.h"

/* NSID, cookie, keepalive, extended error, each with code and length: see options.h. */
#define ANSWER_COOKIE_LEN  24
#define ANSWER_OPTIONS_MAX (4 + CONFIG_NSID_MAX + 4 + ANSWER_COOKIE_LEN + 4 + 2 + 4 + 2)

struct rate_limit;

struct answer_context {
    const struct config_server *config;
    struct worker_slot *slot; /* counters and tally */
    struct pick_state pick;
    struct sketch_sampler sampler;
    uint8_t *scratch;              /* where a chain's pieces are unpacked; see assembly.h */
    struct rate_limit *rate_limit; /* NULL: no limit; owned by the worker */
    uint32_t now_ms;               /* monotonic, modulo 2^32; for the limit and for visits */
    uint32_t wall_s; /* seconds since the epoch; set by the worker before each batch */
    uint8_t options[ANSWER_OPTIONS_MAX]; /* of the response that is being made */
};

/* What a response may take of the room for it, and what is never too little. */
#define ANSWER_OUT_MIN (DNS_UDP_MIN + OCTETS_SLACK)
#define ANSWER_OUT_MAX (DNS_MESSAGE_MAX + OCTETS_SLACK)

struct answer_source {
    const struct sockaddr *address; /* AF_INET or AF_INET6 */
    bool is_tcp;
};

/* Borrows config and slot; the limit is off until it is set. set_count:
 * snapshot->set_count, which is fixed while the daemon runs. seed: different for each worker and
 * each start. */
void answer_context_init(struct answer_context *context, const struct config_server *config,
                         struct worker_slot *slot, size_t set_count, uint64_t seed);
void answer_context_done(struct answer_context *context);

/* Before each batch of queries. now_ms: monotonic. */
static inline void answer_context_set_time(struct answer_context *context, uint32_t wall_s,
                                           uint64_t now_ms)
{
    context->wall_s = wall_s;
    context->now_ms = (uint32_t)now_ms;
    sketch_sampler_refresh(&context->sampler);
}

/* What a query is answered with and where that goes. */
struct answer_task {
    const struct snapshot *snapshot;
    struct answer_source source;
    const uint8_t *query;
    size_t query_len;
    uint8_t *out;
    size_t out_size; /* at least ANSWER_OUT_MIN; what is behind the response may be written too */
};

/* Returns the response's length in task->out, 0 when none is due. */
size_t answer_query(struct answer_context *context, const struct answer_task *task);
