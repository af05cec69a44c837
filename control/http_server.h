/* SPDX-License-Identifier: BSD-2-Clause */
/* HTTP in, by libmicrohttpd on the control loop: POST /api/v1/events (a bearer token), GET
 * /healthz. Bodies, header sizes, connections and idle time are bounded. Control thread only. */
#pragma once

#include <jansson.h>
#include <uv.h>

#include "common/config.h"

struct http_server;

/* The whole body of a POST of events. Returns the JSON to answer with, which the http server owns;
 * *status is the HTTP status. */
typedef json_t *(*http_post_events)(void *argument, const char *body, size_t len, const char *who,
                                    unsigned *status);

/* Reads the token file (first line) at the start. err: cannot listen, token file unreadable or
 * shorter than 16 octets, not loopback and no token. */
MUST_CHECK struct http_server *http_server_open(uv_loop_t *loop,
                                                const struct config_control *config,
                                                http_post_events post_events, void *argument,
                                                struct error *err);
void http_server_close(struct http_server *server);
