/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts that others wrote, for logs, terminals and the history. Pure; any thread. */
#pragma once

#include <stddef.h>

/* Copies UTF-8 (as jansson's strings are), cut between two characters so that it fits, with a space
 * for each control character. size is at least 1. */
void outside_text_copy(const char *text, char *out, size_t size);
