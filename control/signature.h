/* SPDX-License-Identifier: BSD-2-Clause */
/* The signature of what we send to webhooks. Pure; any thread. */
#pragma once

#include <stdint.h>

#define SIGNATURE_SIZE 128

/* The header that a request with this body has; secret signs it. */
void signature_make(const char *secret, int64_t time_s, const char *body,
                    char header[SIGNATURE_SIZE]);
