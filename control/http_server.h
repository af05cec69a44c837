/* SPDX-License-Identifier: BSD-2-Clause */
/* HTTP in, by libmicrohttpd on the control loop: POST /api/v1/events (a bearer token), GET
 * /healthz, GET /metrics. Bodies, header sizes, connections and time are bounded. Control thread
 * only. */
#pragma once

#include <jansson.h>
#include <stdint.h>
#include <uv.h>

#include "common/config.h"

#define HTTP_MAX_BODY_OCTETS ((size_t)16 << 20)

struct http_server;

/* The whole body of a POST of events (a NUL follows it). Returns the JSON to answer
 * with, which the http server owns; *status is the HTTP status. who: "http 127.0.0.1". Must not
 * close the server. */
typedef json_t *(*http_post_events)(void *argument, const char *body, size_t len, const char *who,
                                    unsigned *status);

/* Text for Prometheus, which the http server owns and frees. Must not close the server. */
typedef char *(*http_get_metrics)(void *argument);

/* Who answers; argument is passed to each. */
struct http_handlers {
    http_post_events post_events;
    http_get_metrics get_metrics;
    void *argument;
};

/* Reads the token file (first line) at the start. err: cannot listen, token file unreadable or
 * shorter than 16 octets, not loopback and no token. Port 0: the kernel's choice. */
MUST_CHECK struct http_server *http_server_open(uv_loop_t *loop,
                                                const struct config_control *config,
                                                const struct http_handlers *handlers,
                                                struct error *err);
/* Whether http_server_open would take the token file. */
MUST_CHECK bool http_token_check(const char *path, struct error *err);
uint16_t http_server_port(const struct http_server *server);
/* How long a connection may take until its next request's header is complete, and then until its
 * answer has been sent, before it is dropped: 10 s by default. Counts from the next turn on. A
 * client that vanishes in the middle of a request may cost its connection until then. */
void http_server_set_deadline(struct http_server *server, uint64_t deadline_ms);
/* Drops every connection at once, closes its handles on the loop (which must still turn) and frees
 * itself. NULL is fine. */
void http_server_close(struct http_server *server);
