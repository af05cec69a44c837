/* SPDX-License-Identifier: BSD-2-Clause */
/* Allocation that never returns NULL: out of memory ends the process with a log line, so that no
 * caller has a branch that no test reaches. Free with free(3). Any thread. */
#pragma once

#include <stddef.h>

#include "common/attributes.h"

void *alloc_zeroed(size_t count, size_t size) MUST_CHECK __attribute__((returns_nonnull));
void *alloc_resize(void *old, size_t count, size_t size) MUST_CHECK
    __attribute__((returns_nonnull));
/* The alignment is a power of two; the block takes whole multiples of it. */
void *alloc_zeroed_aligned(size_t alignment, size_t count, size_t size) MUST_CHECK
    __attribute__((returns_nonnull));

#define ALLOC_CACHE_LINE 64
/* Shares no cache line with another block: for what one thread writes beside others. Large ones are
 * pages that nobody has touched. */
void *alloc_zeroed_apart(size_t count, size_t size) MUST_CHECK __attribute__((returns_nonnull));
char *alloc_string(const char *text) MUST_CHECK __attribute__((returns_nonnull));
char *alloc_printf(const char *format, ...) MUST_CHECK __attribute__((returns_nonnull))
PRINTF_LIKE(1, 2);
void *alloc_copy(const void *octets, size_t len) MUST_CHECK __attribute__((returns_nonnull));

/* Blocks of ALLOC_LARGE octets and more, such as arenas have, go back to the system when they are
 * freed. (glibc else stops that after the first one, and what a zone was read into stays: as much
 * again as the zone.) Once, before there are threads. */
#define ALLOC_LARGE (256 << 10)
void alloc_give_back(void);

/* For CLEANUP: CLEANUP(alloc_freep) char *path = alloc_printf(…); */
void alloc_freep(void *pointer_to_pointer);
