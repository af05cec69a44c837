/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "common/arena.h"

static void pieces_do_not_overlap_and_are_zeroed(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    uint8_t *pieces[200];
    for (size_t i = 0; i < 200; i++) {
        pieces[i] = arena_alloc(arena, 1 + i * 37);
        assert_int_equal((uintptr_t)pieces[i] % 8, 0);
        for (size_t j = 0; j < 1 + i * 37; j++) {
            assert_int_equal(pieces[i][j], 0);
        }
        memset(pieces[i], (int)i + 1, 1 + i * 37);
    }
    for (size_t i = 0; i < 200; i++) {
        assert_int_equal(pieces[i][0], (uint8_t)(i + 1));
        assert_int_equal(pieces[i][i * 37], (uint8_t)(i + 1));
    }
}

static void octets_are_copied_densely(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    const uint8_t *first = arena_copy_octets(arena, "abc", 3);
    const uint8_t *second = arena_copy_octets(arena, "defg", 4);
    assert_memory_equal(first, "abc", 3);
    assert_memory_equal(second, "defg", 4);
    assert_ptr_equal(first + 3, second);
}

static void a_piece_larger_than_any_block_fits(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    uint8_t *large = arena_alloc(arena, (size_t)3 << 20);
    large[((size_t)3 << 20) - 1] = 1;
    assert_true(arena_size(arena) >= (size_t)3 << 20);
}

#ifdef __has_feature
#define HAS_FEATURE(feature) __has_feature(feature)
#else
#define HAS_FEATURE(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||                               \
    HAS_FEATURE(address_sanitizer) || HAS_FEATURE(thread_sanitizer)
#define KEEPS_WHAT_IS_FREED true
#else
#define KEEPS_WHAT_IS_FREED false
#endif

static size_t resident_octets(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    size_t pages = 0;
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%*s %zu", &pages), 1);
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* As a zone and what it is made from, turn by turn; the zone stays. */
static void what_a_large_arena_had_goes_back_to_the_system(void **state)
{
    (void)state;
    if (KEEPS_WHAT_IS_FREED) {
        print_message("a sanitizer keeps freed memory on purpose\n");
        skip();
    }
    enum { piece = 1 << 18, pieces = 256 };
    alloc_give_back();
    arena_free(arena_new());
    for (int turn = 0; turn < 3; turn++) {
        size_t before = resident_octets();
        CLEANUP(arena_freep) struct arena *stays = arena_new();
        struct arena *goes = arena_new();
        for (int i = 0; i < pieces; i++) {
            memset(arena_alloc(stays, piece), 1, piece);
            memset(arena_alloc(goes, piece), 1, piece);
        }
        arena_free(goes);
        assert_true(resident_octets() < before + (size_t)piece * pieces * 5 / 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_do_not_overlap_and_are_zeroed),
        cmocka_unit_test(octets_are_copied_densely),
        cmocka_unit_test(a_piece_larger_than_any_block_fits),
        cmocka_unit_test(what_a_large_arena_had_goes_back_to_the_system),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
