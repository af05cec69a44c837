/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines of times in key files. Private to zones/key_*.c. */
#pragma once

#include <stdio.h>

#include "zones/key_file.h"

#define KEY_FORMAT_WITHOUT_TIMES "Private-key-format: v1.2"
#define KEY_FORMAT               "Private-key-format: v1.3"

/* "Publish: 20261125232840". */
bool key_line_is_time(const char *line);
/* A line for each time that differs from what its absence means. */
void key_lines_print_times(FILE *out, const char *prefix, const struct key_times *times);
