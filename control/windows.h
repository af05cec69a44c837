/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a time lies in one of the configuration's windows. Pure; any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/config.h"

/* A weekly window whose end is not after its beginning goes on into the next day. NULL: in none; of
 * several the first. */
const struct config_window *windows_find(const struct config_window *windows, size_t count,
                                         int64_t now_ms);

/* When a step may be taken by both: within one of `open` (any time, if there are none) and in none
 * of `quiet`; looked for minute by minute from now on. INT64_MAX: not within the next eight days.
 */
int64_t windows_open_ms(const struct config_window *open, size_t open_count,
                        const struct config_window *quiet, size_t quiet_count, int64_t now_ms);
