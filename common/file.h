/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that somebody else writes. Any thread. */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "common/attributes.h"
#include "common/error.h"

/* Opens a regular file for reading; the caller closes it. NULL and err when it cannot be opened, or
 * is anything else: a pipe that nobody writes to would hold up the thread for ever. */
MUST_CHECK FILE *file_open(const char *path, struct error *err);

#define FILE_LOAD_MAX 1048576
/* Its octets, which the caller frees, with a 0 behind them; at most FILE_LOAD_MAX. NULL and err. */
uint8_t *file_load(const char *path, size_t *len, struct error *err);
