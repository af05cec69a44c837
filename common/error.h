/* SPDX-License-Identifier: BSD-2-Clause */
/* Error texts of the cold paths (configuration, zones, control, admin). The innermost function
 * that knows what failed sets the text; callers may add context in front; the top logs it once. */
#pragma once

#include <stdbool.h>

#include "common/attributes.h"

struct error {
    char text[1024];
};

/* Both return false, so that a failing function can end in `return error_set(err, …);`.
 * err may be NULL: the text is dropped. Too long texts are cut. Any thread. */
bool error_set(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Puts "context: " in front of the text that is there. */
bool error_add_context(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);
