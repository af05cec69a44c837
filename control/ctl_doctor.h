/* SPDX-License-Identifier: BSD-2-Clause */
/* `ballastctl aws doctor`: asks AWS, in the environment that it is run in, what the daemon will
 * ask, by calls that change nothing, and says what is to be mended. One thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

/* arguments: --config FILE. Prints to standard output and returns the exit status: 1 when anything
 * is a fault. err is set when it could not look at all. */
int doctor_run(const char *const *arguments, size_t count, bool as_json, struct error *err);
