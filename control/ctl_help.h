/* SPDX-License-Identifier: BSD-2-Clause */
/* What ballastctl says about itself, printed from the table of commands. One thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

void help_usage(FILE *out);
/* All commands, those of a noun, or one. False: the words name none. */
bool help_print(FILE *out, const char *const *words, size_t count);
/* Why the words are no command, and what is near them. */
void help_unknown(FILE *out, const char *const *words, size_t count);
void help_completion_bash(FILE *out);
