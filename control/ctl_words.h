/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of commands that read their own. Pure; any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

#define WORDS_REPEATED_MAX 64

/* One option, and where what is said of it goes: value, the last one; or values, each of them. */
struct words_option {
    const char *name; /* "--out" */
    const char **value;
    const char **values; /* of WORDS_REPEATED_MAX */
    size_t *value_count;
    bool *flag; /* it has no value */
};

/* Options may stand anywhere; the other words go to plain, which has room for plain_max. False and
 * err ("command: …"): an option is not known, has no value, is there too often; a word too many. */
MUST_CHECK bool words_read(const char *command, const struct words_option *options,
                           size_t option_count, const char *const *arguments, size_t count,
                           const char **plain, size_t plain_max, struct error *err);
