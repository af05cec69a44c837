/* SPDX-License-Identifier: BSD-2-Clause */
/* What server cookies are made and checked with (RFC 7873, RFC 9018). Part of a snapshot, so that
 * a worker changes to new ones between two batches. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

#define COOKIE_SECRET_LEN  16
#define COOKIE_SECRETS_MAX 2

/* The first signs; all verify. */
struct cookie_secrets {
    size_t count; /* 0: cookies are not answered */
    uint8_t secrets[COOKIE_SECRETS_MAX][COOKIE_SECRET_LEN];
};

/* One or two lines of 32 hexadecimal digits. False and err: "cookie.secret:2: …". Any thread. */
MUST_CHECK bool cookie_secrets_load(struct cookie_secrets *secrets, const char *path,
                                    struct error *err);
/* The same for a text. */
MUST_CHECK bool cookie_secrets_parse(struct cookie_secrets *secrets, const char *text,
                                     const char *path, struct error *err);
/* One by chance, which no other server knows. */
void cookie_secrets_make(struct cookie_secrets *secrets);
bool cookie_secrets_are_equal(const struct cookie_secrets *a, const struct cookie_secrets *b);
