/* SPDX-License-Identifier: BSD-2-Clause */
/* `ballastctl plan check|show|graph`: looks at plans here, without the daemon. One thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

/* verb: "check", "show" or "graph"; arguments: what follows it. Prints to standard output and
 * returns the exit status; what is wrong is in err when it is not EXIT_DONE. */
int plan_run(const char *verb, const char *const *arguments, size_t count, bool as_json,
             struct error *err);
