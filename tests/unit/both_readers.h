/* SPDX-License-Identifier: BSD-2-Clause */
/* A master file read with zones/plain_entry.c and without it, by scanner.c and ldns alone. */
#pragma once

#include <stddef.h>

/* What differs between the two, in words that the caller frees: records in order with octets, TTL
 * and line, else the error's text. NULL: nothing does. The zone is example. */
char *both_readers_compare(const char *text, size_t len);
/* How many octets of the text plain_entry_read takes, entry by entry, before the first that it
 * leaves. */
size_t both_readers_taken(const char *text, size_t len);
