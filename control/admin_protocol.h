/* SPDX-License-Identifier: BSD-2-Clause */
/* The admin protocol, version 1: JSON, one object a line, over a unix stream socket; several
 * requests may follow each other on one connection and are answered in order.
 *
 *   -> {"version": 1, "command": "weight set", "arguments": ["www.catsndogs.lol", "A", "blue=50"]}
 *   <- {"version": 1, "ok": true, "result": {…}}
 *   <- {"version": 1, "ok": false, "error": "record set nope/A is not configured; …"}
 *
 * A long answer (`zone export`) comes in parts, a line each; all but the last have "more": true.
 *
 * This library is all that ballastctl shares with the daemon. Any thread. */
#pragma once

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

#define ADMIN_PROTOCOL_VERSION 1
/* A request may carry a file of events. */
#define ADMIN_MAX_LINE ((size_t)16 << 20)

#define ADMIN_OPTIONS_MAX 6

/* What both sides know of a command: dispatch, usage, help, completion and the man page's section
 * come from this one table. */
struct admin_command {
    const char *name;      /* "weight set" */
    const char *arguments; /* "NAME TYPE ID=W ... [NAME TYPE ID=W ...]" */
    const char *help;      /* one line */
    unsigned min_arguments;
    unsigned max_arguments; /* UINT_MAX: no limit; options and their values are not counted */
    /* "--candidate": may follow the arguments, in any order, with one value each; or NULL */
    const char *options[ADMIN_OPTIONS_MAX];
    bool is_flag;         /* the option has no value */
    bool changes;         /* needs the right to change */
    bool reads_bare;      /* … but not without arguments: then it only tells */
    bool is_local;        /* ballastctl does it; the daemon refuses it */
    bool has_own_options; /* whoever runs it reads them: they may stand anywhere, and count */
};
extern const struct admin_command admin_commands[];
extern const size_t admin_command_count;
const struct admin_command *admin_command_find(const char *name);

/* The command that words begin with (the longest name counts), or NULL; *used is how many words its
 * name has. */
const struct admin_command *admin_command_match(const char *const *words, size_t count,
                                                size_t *used);

/* Whether the arguments fit the row: so many, and only its options, with their values, after them.
 */
MUST_CHECK bool admin_command_check(const struct admin_command *command,
                                    const char *const *arguments, size_t count, struct error *err);

/* Caller owns the reference. NULL when an argument is no UTF-8. */
json_t *admin_request_encode(const char *command, const char *const *arguments, size_t count);
/* The command and its arguments (strings only) out of one line; command and arguments stay owned
 * by *request, which the caller owns. False: err says what was expected. */
MUST_CHECK bool admin_request_decode(const char *line, size_t len, json_t **request,
                                     const char **command, const json_t **arguments,
                                     struct error *err);

/* Takes the reference to result; NULL stands for {}. */
json_t *admin_reply_success(json_t *result);
/* The same, and more of the answer follows. */
json_t *admin_reply_part(json_t *result);
json_t *admin_reply_failure(const char *text);

struct admin_reply {
    json_t *result; /* owned; NULL when decoding failed */
    bool has_more;
    bool is_refusal; /* decoding failed because the daemon refused */
};
/* What one line says. False: err is the daemon's error text, or says what is wrong with the line;
 * out->is_refusal tells which. */
MUST_CHECK bool admin_reply_decode(const char *line, size_t len, struct admin_reply *out,
                                   struct error *err);
