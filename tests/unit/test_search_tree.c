/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "common/search_tree.h"

struct thing {
    unsigned number, other;
};

static size_t comparisons;

static int compare_numbers(const void *one, const void *other)
{
    const struct thing *a = one, *b = other;
    comparisons++;
    return (a->number > b->number) - (a->number < b->number);
}

static void what_was_added_is_found_until_it_is_removed(void **state)
{
    (void)state;
    struct search_tree tree = {.compare = compare_numbers};
    struct thing one = {.number = 1}, two = {.number = 2}, key = {.number = 1};
    assert_ptr_equal(search_tree_add(&tree, &one), &one);
    assert_ptr_equal(search_tree_add(&tree, &two), &two);
    assert_ptr_equal(search_tree_find(&tree, &key), &one);
    search_tree_remove(&tree, &key);
    assert_null(search_tree_find(&tree, &key));
    assert_ptr_equal(search_tree_find(&tree, &two), &two);
    search_tree_remove(&tree, &key); /* nothing there: nothing happens */
    assert_ptr_equal(search_tree_add(&tree, &key), &key);
    search_tree_free(&tree);
}

static void the_first_of_two_that_compare_as_equal_stays(void **state)
{
    (void)state;
    struct search_tree tree = {.compare = compare_numbers};
    struct thing first = {.number = 7, .other = 1}, second = {.number = 7, .other = 2};
    assert_ptr_equal(search_tree_add(&tree, &first), &first);
    assert_ptr_equal(search_tree_add(&tree, &second), &first);
    assert_ptr_equal(search_tree_find(&tree, &second), &first);
    search_tree_free(&tree);
}

static void an_empty_tree_and_one_that_was_freed_have_nothing(void **state)
{
    (void)state;
    struct search_tree tree = {.compare = compare_numbers}, zeroed = {.root = NULL};
    struct thing thing = {.number = 1};
    assert_null(search_tree_find(&zeroed, &thing));
    search_tree_free(&zeroed);
    assert_null(search_tree_find(&tree, &thing));
    search_tree_remove(&tree, &thing);
    assert_ptr_equal(search_tree_add(&tree, &thing), &thing);
    search_tree_free(&tree);
    assert_null(search_tree_find(&tree, &thing));
    search_tree_free(&tree);
    assert_int_equal(thing.number, 1);
}

/* A red-black tree is no deeper than twice the logarithm. */
static void the_order_in_which_they_come_does_not_matter(void **state)
{
    (void)state;
    enum { count = 1 << 16, deepest = 2 * 17 };
    CLEANUP(alloc_freep) struct thing *things = alloc_zeroed(count, sizeof(*things));
    const unsigned steps[] = {1, count - 1, 40503}; /* rising, falling, mixed */
    for (size_t s = 0; s < sizeof(steps) / sizeof(*steps); s++) {
        struct search_tree tree = {.compare = compare_numbers};
        for (unsigned i = 0; i < count; i++) {
            things[i].number = i * steps[s] % count;
            comparisons = 0;
            assert_ptr_equal(search_tree_add(&tree, &things[i]), &things[i]);
            assert_in_range(comparisons, 0, deepest);
        }
        for (unsigned i = 0; i < count; i++) {
            comparisons = 0;
            assert_ptr_equal(search_tree_find(&tree, &things[i]), &things[i]);
            assert_in_range(comparisons, 1, deepest);
        }
        search_tree_free(&tree);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_added_is_found_until_it_is_removed),
        cmocka_unit_test(the_first_of_two_that_compare_as_equal_stays),
        cmocka_unit_test(an_empty_tree_and_one_that_was_freed_have_nothing),
        cmocka_unit_test(the_order_in_which_they_come_does_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
