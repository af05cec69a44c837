/* SPDX-License-Identifier: BSD-2-Clause */
/* `ballastctl rollout watch`: follows a rollout until it ends. One thread; takes the signals of the
 * process. */
#pragma once

#include <stdbool.h>

#include "control/ctl_client.h"

#define EXIT_DONE        0
#define EXIT_REFUSED     1
#define EXIT_USAGE       2
#define EXIT_UNREACHABLE 3

/* Draws in place on a terminal; else one line for each change, as JSON if asked. Returns the exit
 * code: done when the rollout succeeded, refused when it ended otherwise. */
int watch(struct client *client, const char *name, bool as_json);
