/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_do_not_overlap_and_are_zeroed),
        cmocka_unit_test(octets_are_copied_densely),
        cmocka_unit_test(a_piece_larger_than_any_block_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
