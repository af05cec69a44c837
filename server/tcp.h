/* SPDX-License-Identifier: BSD-2-Clause */
/* DNS over TCP (RFC 7766): many queries on a connection, answered in order. One worker's thread.
 *
 * A connection costs the worker little: it reads into a shared buffer, keeps only what is not
 * answered yet, and stops reading while the client does not take its answers. The idle timeout
 * runs from the last query that was answered, so that neither a trickle of octets nor a client that
 * never reads keeps a connection open. When all connections are taken, the one that is idle longest
 * gives way to a new one. */
#pragma once

#include <stddef.h>

#include <uv.h>

#include "server/answer.h"

struct tcp_connection;
struct tcp_places;

struct tcp_service {
    uv_loop_t *loop;
    const struct config_server *config;
    struct answer_context *context;
    struct exchange *exchange;
    size_t worker;
    struct tcp_places *places; /* of all workers */
    uv_timer_t timer;          /* for the connection that is idle longest */
    struct tcp_connection *oldest, *newest;
    uint8_t *read_buffer;
    uint8_t *answer_buffer;
    size_t answer_len;
};

/* Fill in the fields up to places first. Main thread, before the loop runs. */
void tcp_service_init(struct tcp_service *service);
/* Begins to accept on a bound descriptor, which becomes the listener's. Returns uv's error. */
int tcp_service_listen(struct tcp_service *service, uv_tcp_t *listener, int fd);
/* Closes every connection and the timer; the loop must run once more. Listeners are the caller's.*/
void tcp_service_close(struct tcp_service *service);
/* When the loop has ended. */
void tcp_service_done(struct tcp_service *service);
