/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/alloc.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *check(void *memory)
{
    if (memory == NULL) {
        fputs("out of memory\n", stderr);
        abort();
    }
    return memory;
}

void *alloc_zeroed(size_t count, size_t size)
{
    return check(calloc(count == 0 ? 1 : count, size == 0 ? 1 : size));
}

void *alloc_zeroed_aligned(size_t alignment, size_t count, size_t size)
{
    size_t len = 0;
    if (__builtin_mul_overflow(count, size, &len) || __builtin_add_overflow(len, alignment, &len)) {
        return check(NULL);
    }
    len = len / alignment * alignment; /* aligned_alloc wants a multiple; never 0 */
    return memset(check(aligned_alloc(alignment, len)), 0, len);
}

void *alloc_zeroed_apart(size_t count, size_t size)
{
    size_t len = 0;
    bool is_large = __builtin_mul_overflow(count, size, &len) || len >= ALLOC_LARGE;
    /* Large ones come from the system, with pages of their own. */
    return is_large ? alloc_zeroed(count, size)
                    : alloc_zeroed_aligned(ALLOC_CACHE_LINE, count, size);
}

void *alloc_resize(void *old, size_t count, size_t size)
{
    return check(reallocarray(old, count == 0 ? 1 : count, size == 0 ? 1 : size));
}

char *alloc_string(const char *text)
{
    return check(strdup(text));
}

char *alloc_printf(const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    return check(len < 0 ? NULL : text);
}

void *alloc_copy(const void *octets, size_t len)
{
    void *copy = check(malloc(len == 0 ? 1 : len));
    if (len > 0) {
        memcpy(copy, octets, len);
    }
    return copy;
}

void alloc_freep(void *pointer_to_pointer)
{
    void **pointer = pointer_to_pointer;
    free(*pointer);
    *pointer = NULL;
}

void alloc_give_back(void)
{
#ifdef M_MMAP_THRESHOLD
    mallopt(M_MMAP_THRESHOLD, ALLOC_LARGE);
#endif
}
