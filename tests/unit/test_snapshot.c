/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "common/arena.h"
#include "tests/unit/allocation_counter.h"
#include "zones/snapshot_builder.h"

#define SETS 600 /* three pages */

/* Record sets of three members each; of no use but for their numbers. */
static struct record_sets *make_sets(size_t count)
{
    struct arena *arena = arena_new();
    struct record_sets *sets = arena_alloc(arena, sizeof(*sets));
    sets->arena = arena;
    sets->count = count;
    sets->sets = arena_alloc(arena, count * sizeof(struct record_set *));
    for (uint32_t i = 0; i < count; i++) {
        sets->sets[i] =
            arena_alloc(arena, sizeof(struct record_set) + 3 * sizeof(struct record_set_member));
        sets->sets[i]->id = i;
        sets->sets[i]->first_member = 3 * i;
        sets->sets[i]->member_count = 3;
    }
    sets->member_count = (uint32_t)(3 * count);
    return sets;
}

static struct zone_table *make_table(void)
{
    return zone_table_new(NULL, 0);
}

static struct snapshot *make_first(const struct record_sets *sets)
{
    struct snapshot_builder *builder = snapshot_builder_new(NULL, sets);
    snapshot_builder_set_zones(builder, make_table());
    for (uint32_t i = 0; i < sets->count; i++) {
        snapshot_builder_set_weights(builder, i, (const uint16_t[]){1, 0, 1});
    }
    return snapshot_builder_finish(builder);
}

static struct snapshot *make_next(struct snapshot *base, const struct record_sets *sets,
                                  uint32_t id, const uint16_t *effective)
{
    struct snapshot_builder *builder = snapshot_builder_new(base, sets);
    snapshot_builder_set_weights(builder, id, effective);
    return snapshot_builder_finish(builder);
}

/* As the picker does: snapshot.h says how. */
static size_t picked(const struct weights *weights, uint32_t x)
{
    for (size_t i = 0; i < weights->member_count; i++) {
        if (weights->members[i].weight > 0 && x <= weights->members[i].upper) {
            return i;
        }
    }
    fail_msg("nobody picked for %u", x);
    return SIZE_MAX;
}

static void the_first_snapshot_has_generation_1_and_all_weights(void **state)
{
    (void)state;
    struct record_sets *sets = make_sets(SETS);
    struct snapshot *first = make_first(sets);
    assert_int_equal(first->generation, 1);
    assert_int_equal(first->set_count, SETS);
    for (uint32_t i = 0; i < SETS; i++) {
        const struct weights *weights = snapshot_weights(first, i);
        assert_ptr_equal(weights->record_set, sets->sets[i]);
        assert_int_equal(weights->total, 2);
        assert_ptr_equal(weights->members[2].records, &sets->sets[i]->members[2].records);
    }
    snapshot_free_last(first);
    arena_free(sets->arena);
}

static void a_shift_shares_all_but_one_page(void **state)
{
    (void)state;
    struct record_sets *sets = make_sets(SETS);
    struct snapshot *first = make_first(sets);
    struct snapshot *next = make_next(first, sets, 300, (const uint16_t[]){9, 1, 0});
    assert_int_equal(next->generation, 2);
    assert_ptr_equal(next->zones, first->zones);
    assert_ptr_equal(next->pages[0], first->pages[0]);
    assert_ptr_not_equal(next->pages[1], first->pages[1]);
    assert_ptr_equal(next->pages[2], first->pages[2]);
    assert_ptr_equal(snapshot_weights(next, 299), snapshot_weights(first, 299));
    assert_int_equal(snapshot_weights(next, 300)->members[0].weight, 9);
    assert_int_equal(snapshot_weights(first, 300)->members[0].weight, 1);
    snapshot_free(first);
    /* What is shared lives on. */
    assert_int_equal(snapshot_weights(next, 299)->total, 2);
    assert_int_equal(snapshot_weights(next, 300)->total, 10);
    snapshot_free_last(next);
    arena_free(sets->arena);
}

static size_t allocations_of_a_shift(size_t count)
{
    struct record_sets *sets = make_sets(count);
    struct snapshot *first = make_first(sets);
    size_t before = allocation_counter_read();
    struct snapshot *next =
        make_next(first, sets, (uint32_t)count / 2, (const uint16_t[]){9, 1, 0});
    size_t made = allocation_counter_read() - before;
    snapshot_free(first);
    snapshot_free_last(next);
    arena_free(sets->arena);
    return made;
}

static void a_shift_allocates_no_more_beside_a_hundred_thousand_record_sets(void **state)
{
    (void)state;
    size_t alone = allocations_of_a_shift(1);
    assert_true(alone > 0); /* they are counted */
    assert_int_equal(allocations_of_a_shift(1000), alone);
    assert_int_equal(allocations_of_a_shift(100000), alone);
}

/* Under a sanitizer a leak or a double free fails here. */
static void a_long_chain_is_freed_in_order(void **state)
{
    (void)state;
    struct record_sets *sets = make_sets(SETS);
    struct snapshot *chain[50] = {make_first(sets)};
    for (uint16_t i = 1; i < 50; i++) {
        chain[i] = make_next(chain[i - 1], sets, (i * 13U) % SETS, (const uint16_t[]){i, 1, 1});
    }
    for (size_t i = 0; i < 49; i++) {
        snapshot_free(chain[i]);
        assert_int_equal(snapshot_weights(chain[49], 49 * 13 % SETS)->members[0].weight, 49);
    }
    snapshot_free_last(chain[49]);
    arena_free(sets->arena);
}

static void weights_set_twice_in_one_builder_are_the_last(void **state)
{
    (void)state;
    struct record_sets *sets = make_sets(2);
    struct snapshot *first = make_first(sets);
    struct snapshot_builder *builder = snapshot_builder_new(first, sets);
    snapshot_builder_set_weights(builder, 1, (const uint16_t[]){5, 5, 5});
    snapshot_builder_set_weights(builder, 1, (const uint16_t[]){7, 0, 0});
    struct snapshot *next = snapshot_builder_finish(builder);
    assert_int_equal(snapshot_weights(next, 1)->total, 7);
    assert_int_equal(snapshot_weights(next, 0)->total, 2);
    snapshot_free(first);
    snapshot_free_last(next);
    arena_free(sets->arena);
}

static void an_abandoned_builder_leaves_the_base_alone(void **state)
{
    (void)state;
    struct record_sets *sets = make_sets(SETS);
    struct snapshot *first = make_first(sets);
    struct snapshot_builder *builder = snapshot_builder_new(first, sets);
    snapshot_builder_set_weights(builder, 10, (const uint16_t[]){5, 5, 5});
    snapshot_builder_set_zones(builder, make_table());
    snapshot_builder_free(builder);
    assert_null(first->retired);
    assert_int_equal(snapshot_weights(first, 10)->total, 2);
    builder = snapshot_builder_new(NULL, sets);
    snapshot_builder_set_weights(builder, 10, (const uint16_t[]){5, 5, 5});
    snapshot_builder_free(builder);
    snapshot_free_last(first);
    arena_free(sets->arena);
}

static void replaced_zones_live_as_long_as_the_snapshot_that_has_them(void **state)
{
    (void)state;
    struct record_sets *sets = make_sets(1);
    struct arena *arena = arena_new();
    struct zone *zone = arena_alloc(arena, sizeof(*zone));
    zone->arena = arena;
    zone->origin = (struct name){.len = 5, .label_count = 1, .octets = "\3lol"};
    zone->references = 1; /* ours */
    struct snapshot_builder *builder = snapshot_builder_new(NULL, sets);
    snapshot_builder_set_zones(builder, zone_table_new(&zone, 1));
    snapshot_builder_set_weights(builder, 0, (const uint16_t[]){1, 1, 1});
    struct snapshot *first = snapshot_builder_finish(builder);

    builder = snapshot_builder_new(first, sets);
    snapshot_builder_set_zones(builder, make_table());
    struct snapshot *next = snapshot_builder_finish(builder);
    assert_ptr_not_equal(next->zones, first->zones);
    assert_int_equal(zone->references, 2);
    snapshot_free(first);
    assert_int_equal(zone->references, 1);
    snapshot_free_last(next);
    zone_free(zone);
    arena_free(sets->arena);
}

static void no_record_sets_at_all_are_fine(void **state)
{
    (void)state;
    struct record_sets *sets = make_sets(0);
    struct snapshot *first = make_first(sets);
    struct snapshot_builder *builder = snapshot_builder_new(first, sets);
    struct snapshot *next = snapshot_builder_finish(builder);
    assert_int_equal(next->set_count, 0);
    snapshot_free(first);
    snapshot_free_last(next);
    arena_free(sets->arena);
}

static void the_parts_of_the_range_are_the_shares(void **state)
{
    (void)state;
    static const uint16_t cases[][3] = {
        {1, 1, 1}, {100, 0, 0}, {0, 100, 0}, {0, 0, 100},       {90, 10, 0},
        {0, 1, 1}, {1, 0, 1},   {1, 1, 0},   {255, 1, 65535},   {65535, 65535, 65535},
        {1, 0, 0}, {0, 0, 1},   {7, 13, 29}, {65535, 65535, 1}, {0, 65535, 1},
    };
    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        struct record_sets *sets = make_sets(1);
        struct snapshot_builder *builder = snapshot_builder_new(NULL, sets);
        snapshot_builder_set_zones(builder, make_table());
        snapshot_builder_set_weights(builder, 0, cases[c]);
        struct snapshot *snapshot = snapshot_builder_finish(builder);
        const struct weights *weights = snapshot_weights(snapshot, 0);
        uint64_t start = 0;
        uint64_t total = (uint64_t)cases[c][0] + cases[c][1] + cases[c][2];
        for (size_t i = 0; i < 3; i++) {
            if (cases[c][i] == 0) {
                continue;
            }
            assert_int_equal(picked(weights, (uint32_t)start), i);
            uint64_t end = weights->members[i].upper;
            assert_int_equal(picked(weights, (uint32_t)end), i);
            uint64_t size = end - start + 1;
            uint64_t share = ((uint64_t)cases[c][i] << 32) / total;
            assert_true(size == share || size == share + 1);
            start = end + 1;
        }
        assert_int_equal(start, (uint64_t)1 << 32);
        snapshot_free_last(snapshot);
        arena_free(sets->arena);
    }
}

/* A block of its own, as snapshot_builder_set_member_records takes it. */
static struct member_records *loose_records(void)
{
    return alloc_zeroed(1, sizeof(struct member_records));
}

static struct snapshot *set_records(struct snapshot *base, const struct record_sets *sets,
                                    struct member_records *records)
{
    struct snapshot_builder *builder = snapshot_builder_new(base, sets);
    snapshot_builder_set_member_records(builder, 1, 2, records);
    return snapshot_builder_finish(builder);
}

/* Under a sanitizer a leak, a double free or a use after free fails these. */
static void new_records_of_a_member_come_with_the_next_snapshot(void **state)
{
    (void)state;
    struct record_sets *sets = make_sets(2);
    struct snapshot *first = make_first(sets);
    struct member_records *records = loose_records();
    struct snapshot *next = set_records(first, sets, records);
    const struct weights *before = snapshot_weights(first, 1);
    const struct weights *after = snapshot_weights(next, 1);
    assert_ptr_equal(before->members[2].records, &sets->sets[1]->members[2].records);
    assert_ptr_equal(after->members[2].records, records);
    assert_ptr_equal(after->members[1].records, &sets->sets[1]->members[1].records);
    assert_int_equal(after->total, before->total);
    assert_int_equal(after->members[2].weight, before->members[2].weight);
    snapshot_free(first);
    snapshot_free_last(next);
    arena_free(sets->arena);
}

static void a_shift_keeps_the_records_of_before(void **state)
{
    (void)state;
    struct record_sets *sets = make_sets(2);
    struct snapshot *first = make_first(sets);
    struct member_records *records = loose_records();
    struct snapshot *next = set_records(first, sets, records);
    struct snapshot *last = make_next(next, sets, 1, (const uint16_t[]){0, 0, 5});
    assert_ptr_equal(snapshot_weights(last, 1)->members[2].records, records);
    snapshot_free(first);
    snapshot_free(next);
    records->count = 7; /* still there */
    snapshot_free_last(last);
    arena_free(sets->arena);
}

static void replaced_records_live_as_long_as_the_snapshot_that_has_them(void **state)
{
    (void)state;
    struct record_sets *sets = make_sets(2);
    struct snapshot *first = make_first(sets);
    struct member_records *old = loose_records();
    struct snapshot *next = set_records(first, sets, old);
    struct snapshot *last = set_records(next, sets, loose_records());
    snapshot_free(first);
    old->count = 7; /* a worker may still answer from `next` */
    assert_int_equal(snapshot_weights(next, 1)->members[2].records->count, 7);
    snapshot_free(next);
    assert_int_equal(snapshot_weights(last, 1)->members[2].records->count, 0);
    snapshot_free_last(last);
    arena_free(sets->arena);
}

static void records_and_weights_are_set_in_either_order_and_twice(void **state)
{
    (void)state;
    struct record_sets *sets = make_sets(2);
    struct snapshot_builder *builder = snapshot_builder_new(NULL, sets);
    snapshot_builder_set_zones(builder, make_table());
    struct member_records *records[] = {loose_records(), loose_records(), loose_records()};
    snapshot_builder_set_member_records(builder, 0, 1, records[0]);
    snapshot_builder_set_weights(builder, 0, (const uint16_t[]){1, 2, 3});
    snapshot_builder_set_weights(builder, 1, (const uint16_t[]){1, 2, 3});
    snapshot_builder_set_member_records(builder, 1, 1, records[1]);
    snapshot_builder_set_member_records(builder, 1, 1, records[2]);
    struct snapshot *first = snapshot_builder_finish(builder);
    assert_ptr_equal(snapshot_weights(first, 0)->members[1].records, records[0]);
    assert_ptr_equal(snapshot_weights(first, 1)->members[1].records, records[2]);
    assert_int_equal(snapshot_weights(first, 0)->total, 6);
    assert_int_equal(snapshot_weights(first, 1)->total, 6);
    snapshot_free_last(first);
    arena_free(sets->arena);
}

static void an_abandoned_builder_frees_the_records_that_it_got(void **state)
{
    (void)state;
    struct record_sets *sets = make_sets(2);
    struct snapshot *first = make_first(sets);
    struct member_records *records = loose_records();
    struct snapshot *next = set_records(first, sets, records);
    struct snapshot_builder *builder = snapshot_builder_new(next, sets);
    snapshot_builder_set_member_records(builder, 0, 0, loose_records());
    snapshot_builder_set_member_records(builder, 1, 2, loose_records());
    snapshot_builder_set_weights(builder, 1, (const uint16_t[]){1, 1, 1});
    snapshot_builder_free(builder);
    assert_ptr_equal(snapshot_weights(next, 1)->members[2].records, records);
    snapshot_free(first);
    snapshot_free_last(next);
    arena_free(sets->arena);
}

static void nobody_may_take_part(void **state)
{
    (void)state;
    struct record_sets *sets = make_sets(1);
    struct snapshot_builder *builder = snapshot_builder_new(NULL, sets);
    snapshot_builder_set_zones(builder, make_table());
    snapshot_builder_set_weights(builder, 0, (const uint16_t[]){0, 0, 0});
    struct snapshot *snapshot = snapshot_builder_finish(builder);
    assert_int_equal(snapshot_weights(snapshot, 0)->total, 0);
    snapshot_free_last(snapshot);
    arena_free(sets->arena);
}

int main(void)
{
    allocation_counter_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_snapshot_has_generation_1_and_all_weights),
        cmocka_unit_test(a_shift_shares_all_but_one_page),
        cmocka_unit_test(a_shift_allocates_no_more_beside_a_hundred_thousand_record_sets),
        cmocka_unit_test(a_long_chain_is_freed_in_order),
        cmocka_unit_test(weights_set_twice_in_one_builder_are_the_last),
        cmocka_unit_test(an_abandoned_builder_leaves_the_base_alone),
        cmocka_unit_test(replaced_zones_live_as_long_as_the_snapshot_that_has_them),
        cmocka_unit_test(no_record_sets_at_all_are_fine),
        cmocka_unit_test(the_parts_of_the_range_are_the_shares),
        cmocka_unit_test(new_records_of_a_member_come_with_the_next_snapshot),
        cmocka_unit_test(a_shift_keeps_the_records_of_before),
        cmocka_unit_test(replaced_records_live_as_long_as_the_snapshot_that_has_them),
        cmocka_unit_test(records_and_weights_are_set_in_either_order_and_twice),
        cmocka_unit_test(an_abandoned_builder_frees_the_records_that_it_got),
        cmocka_unit_test(nobody_may_take_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
