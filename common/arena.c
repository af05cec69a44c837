/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/octets.h"

/* Grown geometrically up to this, so that small zones stay small and large ones take few blocks. */
#define BLOCK_MIN ((size_t)4096)
#define BLOCK_MAX ((size_t)1 << 20)

struct block {
    struct block *next;
    size_t size;
    size_t used;
    _Alignas(8) uint8_t data[];
};

struct arena {
    struct block *blocks;
    size_t next_size;
    size_t total;
};

struct arena *arena_new(void)
{
    struct arena *arena = alloc_zeroed(1, sizeof(*arena));
    arena->next_size = BLOCK_MIN;
    return arena;
}

struct arena *arena_new_large(void)
{
    struct arena *arena = arena_new();
    arena->next_size = BLOCK_MAX;
    return arena;
}

void arena_free(struct arena *arena)
{
    if (arena == NULL) {
        return;
    }
    struct block *block = arena->blocks;
    while (block != NULL) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
    free(arena);
}

void arena_freep(struct arena **arena)
{
    arena_free(*arena);
    *arena = NULL;
}

static void *take(struct arena *arena, size_t size, size_t alignment)
{
    struct block *block = arena->blocks;
    size_t start = block == NULL ? 0 : (block->used + alignment - 1) & ~(alignment - 1);
    if (block == NULL || start > block->size || block->size - start < size) {
        size_t wanted = size > arena->next_size ? size : arena->next_size;
        block = alloc_zeroed(1, sizeof(*block) + wanted + OCTETS_SLACK);
        block->size = wanted;
        /* One that is full from the start lies behind the one that has room. */
        struct block **link = wanted > arena->next_size && arena->blocks != NULL
                                  ? &arena->blocks->next
                                  : &arena->blocks;
        block->next = *link;
        *link = block;
        arena->total += wanted;
        if (arena->next_size < BLOCK_MAX) {
            arena->next_size *= 2;
        }
        start = 0;
    }
    block->used = start + size;
    return block->data + start;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    return take(arena, size, 8);
}

void *arena_copy_octets(struct arena *arena, const void *octets, size_t len)
{
    uint8_t *copy = take(arena, len, 1);
    if (len > 0) {
        memcpy(copy, octets, len);
    }
    return copy;
}

size_t arena_size(const struct arena *arena)
{
    return arena->total;
}
