/* SPDX-License-Identifier: BSD-2-Clause */
/* `ballastctl import canary-table`, done here. One thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

/* arguments: what follows the command. Prints to standard output, and remarks to standard error.
 * Returns the exit status; what is wrong is in err, unless that stays empty. */
int canary_table_run(const char *const *arguments, size_t count, bool as_json, struct error *err);
