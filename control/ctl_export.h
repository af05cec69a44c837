/* SPDX-License-Identifier: BSD-2-Clause */
/* ballastctl's part of `zone export`: the master file goes to standard output, or to a file that is
 * whole or not there. */
#pragma once

#include <stdbool.h>

#include "control/ctl_client.h"
#include "control/ctl_watch.h"

/* arguments: of the command, --output and its value last. Returns the exit status; what is wrong is
 * in err when it is not EXIT_DONE. */
int export_run(struct client *client, const char *const *arguments, size_t count, bool as_json,
               struct error *err);
