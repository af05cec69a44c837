/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that is allocated piece by piece and freed whole. One owner, one thread at a time. */
#pragma once

#include <stddef.h>

#include "common/attributes.h"

struct arena;

struct arena *arena_new(void);
/* For megabytes: every block is large, and goes back to the system when the arena is freed. What of
 * it is not used takes no memory. */
struct arena *arena_new_large(void);
void arena_free(struct arena *arena);
void arena_freep(struct arena **arena);

/* Zeroed, aligned to 8 octets; never NULL. Behind whatever an arena gives OCTETS_SLACK octets more
 * may be read. */
void *arena_alloc(struct arena *arena, size_t size) MUST_CHECK;
/* For octet strings: not aligned, so that millions of them stay dense. */
void *arena_copy_octets(struct arena *arena, const void *octets, size_t len) MUST_CHECK;
/* Octets that the arena has taken from the system, for `zone list` and the memory report. */
size_t arena_size(const struct arena *arena);
