/* SPDX-License-Identifier: BSD-2-Clause */
/* The admin socket: a unix stream socket with mode 0660 on the control loop. A client that sends
 * rubbish, half a line or far too much, that vanishes or that never reads costs the daemon one
 * connection's bounded buffer until it is dropped. Control thread only. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <uv.h>

#include "common/config.h"
#include "control/admin_protocol.h"

struct admin_server;
struct admin_request; /* lives until it is finished, even when its client has gone */

/* Must finish the request with exactly one of the two below, now or later. arguments holds strings
 * only, their number checked against the command's row; rights are checked. who: "uid 0 (root)". */
typedef void (*admin_handler)(void *argument, const struct admin_command *command,
                              const json_t *arguments, const char *who,
                              struct admin_request *request);

/* Refuses (err) when another daemon answers on the path, when the path is something else than a
 * socket, and rights that name nobody; replaces a dead socket file. SIGPIPE is ignored from then
 * on in the whole process. */
MUST_CHECK struct admin_server *admin_server_open(uv_loop_t *loop, const char *path,
                                                  const struct config_rights *rights,
                                                  admin_handler handler, void *argument,
                                                  struct error *err);
/* Sends what is pending, closes handles on the loop (which must still turn) and frees itself,
 * unlinks the socket. NULL is fine. */
void admin_server_close(struct admin_server *server);

/* Part of a long answer, which more follows: nothing else of the request may be called until the
 * part is written and the client can take the next. goes_on false (perhaps before this returns):
 * the client has gone, and the request has but to be finished. Takes the reference to result. */
typedef void (*admin_part_written)(void *argument, bool goes_on);
void admin_request_part(struct admin_request *request, json_t *result, admin_part_written written,
                        void *argument);

/* Takes the reference to result. */
void admin_request_succeed(struct admin_request *request, json_t *result);
void admin_request_fail(struct admin_request *request, const char *format, ...) PRINTF_LIKE(2, 3);
