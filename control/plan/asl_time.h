/* SPDX-License-Identifier: BSD-2-Clause */
/* Timestamps as the Amazon States Language writes them: RFC 3339 with an upper case T, and Z or a
 * numeric offset. Pure; any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/attributes.h"

#define ASL_TIME_SIZE 64

/* Milliseconds since 1970; smaller fractions are dropped, a leap second is the next one. False:
 * it is no timestamp, or there is no such day. */
MUST_CHECK bool asl_time_parse(const char *text, int64_t *time_ms);
/* "2026-11-23T15:50:01.000Z"; years beyond 0 to 9999 are printed as the nearest of those. */
void asl_time_print(int64_t time_ms, char out[ASL_TIME_SIZE]);
