/* SPDX-License-Identifier: BSD-2-Clause */
/* How many files the process may open: sockets are files. Main thread. */
#pragma once

#include <stddef.h>

#include "common/config.h"

/* Raises the limit as far as the system lets it (most begin with 1024), so that clients that take
 * all connections they may leave some for health checks, resolvers and ballastctl. A warning when
 * it does not suffice. */
void open_files_raise(const struct config_server *config);
