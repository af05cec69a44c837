/* SPDX-License-Identifier: BSD-2-Clause */
/* The admin protocol, version 1: JSON, one object a line, over a unix stream socket; several
 * requests may follow each other on one connection and are answered in order.
 *
 *   -> {"version": 1, "command": "weight set", "arguments": ["www.catsndogs.lol", "A", "blue=50"]}
 *   <- {"version": 1, "ok": true, "result": {…}}
 *   <- {"version": 1, "ok": false, "error": "record set nope/A is not configured; …"}
 *
 * This library is all that ballastctl shares with the daemon. Any thread. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

#define ADMIN_PROTOCOL_VERSION 1
/* A request may carry a file of events. */
#define ADMIN_MAX_LINE ((size_t)16 << 20)

/* What both sides know of a command: dispatch, usage, help, completion and the man page's section
 * come from this one table. */
struct admin_command {
    const char *name;      /* "weight set" */
    const char *arguments; /* "NAME TYPE ID=W … [NAME TYPE ID=W …]" */
    const char *help;      /* one line */
    unsigned min_arguments;
    unsigned max_arguments; /* UINT_MAX: no limit */
    bool changes;           /* needs the right to change */
};
extern const struct admin_command admin_commands[];
extern const size_t admin_command_count;
const struct admin_command *admin_command_find(const char *name);

/* Caller owns the reference. */
json_t *admin_request_encode(const char *command, const char *const *arguments, size_t count);
/* The command and its arguments out of one line; arguments stays owned by *request, which the
 * caller owns. False: err says what was expected. */
MUST_CHECK bool admin_request_decode(const char *line, size_t len, json_t **request,
                                     const char **command, const json_t **arguments,
                                     struct error *err);
