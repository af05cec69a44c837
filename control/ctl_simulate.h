/* SPDX-License-Identifier: BSD-2-Clause */
/* `ballastctl rollout simulate`: no daemon is asked. One thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

/* arguments: what follows the command's name; admin_command_check has passed them. Returns the exit
 * status; what is wrong is in err when it is not EXIT_DONE. */
int simulate_run(const char *const *arguments, size_t count, bool as_json, struct error *err);
