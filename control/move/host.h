/* SPDX-License-Identifier: BSD-2-Clause */
/* Hosts as a configuration's `alias` takes them. Pure; any thread. */
#pragma once

#include <stdbool.h>

/* Letters, digits, '-', '_' and '.', not of dots alone, at most 253; no address. */
bool move_is_host(const char *text);
