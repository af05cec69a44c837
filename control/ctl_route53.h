/* SPDX-License-Identifier: BSD-2-Clause */
/* `ballastctl route53 import|export`: moving in and out, done here. One thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

/* arguments: what follows the verb. Prints to standard output, and remarks to standard error.
 * Returns the exit status; what is wrong is in err when err->text is not empty. */
int route53_import_run(const char *const *arguments, size_t count, bool as_json, struct error *err);
/* socket: the daemon's, which is asked unless a configuration is named. */
int route53_export_run(const char *const *arguments, size_t count, const char *socket, bool as_json,
                       struct error *err);
