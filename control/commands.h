/* SPDX-License-Identifier: BSD-2-Clause */
/* What each admin command does. The table of their names, arguments and rights is
 * admin_protocol.h's. Control thread only. */
#pragma once

#include "control/admin_server.h"
#include "control/model.h"

/* An admin_handler; argument is the struct control. */
void commands_handle(void *argument, const struct admin_command *command, const json_t *arguments,
                     const char *who, struct admin_request *request);

/* Ends the daemon (the last thing `stop` does, and SIGTERM). */
void control_stop(struct control *control, const char *who);
