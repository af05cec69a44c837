/* SPDX-License-Identifier: BSD-2-Clause */
/* Placeholders such as {candidate} in texts of the configuration. One is a word of small letters
 * and '_' in braces; every other brace is the text's own, as in PromQL's {job="web"}. Pure; any
 * thread. */
#pragma once

#include <stddef.h>

#include "common/error.h"

struct placeholder {
    const char *name;
    const char *value;
};

/* False and err ("found {x}, expected one of: …") when the text has one that is not in the list. */
MUST_CHECK bool placeholder_check(const char *text, const char *const *names, struct error *err);

enum placeholder_escape {
    PLACEHOLDER_IN_QUOTES, /* '\' and '"' are escaped, as within a string of PromQL */
    PLACEHOLDER_IN_URL,    /* all but unreserved characters are percent-encoded (RFC 3986) */
};

/* The text with the values in place; one that is not in the list stays as it is. Caller frees. */
char *placeholder_fill(const char *text, const struct placeholder *list, size_t count,
                       enum placeholder_escape escape);
