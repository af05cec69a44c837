/* SPDX-License-Identifier: BSD-2-Clause */
/* What the HTTP server answers: its table of routes, who may use them, bodies and JSON answers.
 * Connections and time are http_server's. Control thread only. */
#pragma once

#include <microhttpd.h>

#include "control/http_server.h"

/* Owned by the http server. */
struct http_router {
    char *token; /* NULL: none configured, and what needs one is refused */
    struct http_handlers handlers;
};

/* MHD_AccessHandlerCallback and MHD_RequestCompletedCallback, with a router as their argument. */
enum MHD_Result http_router_take(void *router, struct MHD_Connection *connection, const char *path,
                                 const char *method, const char *version, const char *upload,
                                 size_t *upload_len, void **request);
void http_router_completed(void *router, struct MHD_Connection *connection, void **request,
                           enum MHD_RequestTerminationCode code);
