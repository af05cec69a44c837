/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts that others wrote, for logs, terminals and the history. Pure; any thread. */
#pragma once

#include <stddef.h>

/* Copies, cut between two characters so that it fits, with a space for each control character. What
 * is no UTF-8 has a '?' for each octet above ASCII. The copy is UTF-8. size is at least 1. */
void outside_text_copy(const char *text, char *out, size_t size);
