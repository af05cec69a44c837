/* SPDX-License-Identifier: BSD-2-Clause */
/* Durations as the configuration and the command line write them: "500ms", "10s", "1m30s", "2h",
 * "1d"; a bare number is refused, since nobody remembers its unit. Pure; any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

MUST_CHECK bool duration_parse(const char *text, int64_t *duration_ms, struct error *err);

#define DURATION_TEXT_SIZE 32
/* The shortest form that duration_parse reads back: "1m30s"; "0s" for none and for less. */
void duration_print(int64_t duration_ms, char out[DURATION_TEXT_SIZE]);
