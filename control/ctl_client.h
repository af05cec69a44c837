/* SPDX-License-Identifier: BSD-2-Clause */
/* ballastctl's end of the admin socket. Blocks; one thread. */
#pragma once

#include <jansson.h>

#include "common/error.h"

#define CLIENT_DEFAULT_SOCKET "/run/ballast/ballast.sock"

struct client;

/* NULL and err: nobody answers there. Caller owns. */
MUST_CHECK struct client *client_open(const char *path, struct error *err);
void client_close(struct client *client);

enum client_outcome {
    CLIENT_DONE,    /* *result is the caller's */
    CLIENT_REFUSED, /* by the daemon, or before it was asked; err says why */
    CLIENT_LOST,    /* the daemon has gone, or has not answered for two minutes */
};
enum client_outcome client_ask(struct client *client, const char *command,
                               const char *const *arguments, size_t count, json_t **result,
                               struct error *err);

/* The same for a command whose answer comes in parts: part is called with each of them in order;
 * false from it (err says why) ends the asking, and the connection is good for nothing else.
 * *result is the last one. */
typedef bool (*client_part)(void *argument, const json_t *result, struct error *err);
enum client_outcome client_ask_in_parts(struct client *client, const char *command,
                                        const char *const *arguments, size_t count,
                                        client_part part, void *argument, json_t **result,
                                        struct error *err);
