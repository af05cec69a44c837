/* SPDX-License-Identifier: BSD-2-Clause */
/* Files whose first line is a secret. Control thread only. */
#pragma once

#include "common/error.h"

#define SECRET_MIN_OCTETS 16

/* The first line up to a space; the caller frees it. NULL and err, which has the path and never
 * what is in the file, when it cannot be read or has less than SECRET_MIN_OCTETS. `what` it is:
 * "token", "secret". */
MUST_CHECK char *secret_file_read(const char *what, const char *path, struct error *err);
