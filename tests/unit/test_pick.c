/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "server/pick.h"

#define SEED        UINT64_C(20261123)
#define MEMBERS_MAX 8

/* A record set with its weights; a snapshot builder makes the same from a configuration. */
struct fixture {
    struct record_set *set;
    struct weights *weights;
};

static void set_weights(struct fixture *fixture, const uint16_t *values)
{
    struct weights *weights = fixture->weights;
    uint64_t sum = 0;
    weights->total = 0;
    for (size_t i = 0; i < weights->member_count; i++) {
        weights->total += values[i];
    }
    for (size_t i = 0; i < weights->member_count; i++) {
        sum += values[i];
        weights->members[i].weight = values[i];
        /* Of no meaning with weight 0: the worst value, so that looking at it fails. */
        weights->members[i].upper =
            values[i] == 0 ? UINT32_MAX : (uint32_t)((sum << 32) / weights->total - 1);
    }
}

static struct fixture make(size_t count, const uint16_t *values)
{
    struct fixture fixture;
    fixture.set = alloc_zeroed(1, sizeof(*fixture.set) + count * sizeof(fixture.set->members[0]));
    fixture.weights =
        alloc_zeroed(1, sizeof(*fixture.weights) + count * sizeof(fixture.weights->members[0]));
    fixture.set->member_count = count;
    fixture.set->name_hash = UINT64_C(0x1234567890ABCDEF);
    fixture.weights->record_set = fixture.set;
    fixture.weights->member_count = count;
    for (size_t i = 0; i < count; i++) {
        uint64_t id = i;
        fixture.set->members[i].id_hash = pick_next_random(&id);
    }
    set_weights(&fixture, values);
    return fixture;
}

static void drop(struct fixture *fixture)
{
    free(fixture->set);
    free(fixture->weights);
}

static void exact_gives_9000_of_10000_over_any_number_of_workers(void **state)
{
    (void)state;
    struct fixture fixture = make(2, (const uint16_t[]){90, 10});
    uint64_t seed = SEED;
    for (unsigned workers = 1; workers <= 8; workers++) {
        for (unsigned trial = 0; trial < 200; trial++) {
            uint32_t positions[8];
            unsigned long counts[2] = {0, 0};
            for (unsigned i = 0; i < workers; i++) {
                positions[i] = (uint32_t)pick_next_random(&seed);
            }
            for (unsigned i = 0; i < 10000; i++) {
                /* Whichever worker the kernel gives the packet to. */
                uint64_t worker = pick_next_random(&seed) % workers;
                counts[pick_exact(fixture.weights, &positions[worker])]++;
            }
            assert_in_range(counts[0], 9000 - 8, 9000 + 8);
            assert_int_equal(counts[0] + counts[1], 10000);
        }
    }
    drop(&fixture);
}

/* Largest distance of a member's count from its share over the runs that start anywhere. */
static double worst_run(const struct fixture *fixture, uint32_t position)
{
    const struct weights *weights = fixture->weights;
    double low[MEMBERS_MAX] = {0}, high[MEMBERS_MAX] = {0}, surplus[MEMBERS_MAX] = {0};
    double worst = 0;
    for (unsigned n = 0; n < 3000; n++) {
        size_t picked = pick_exact(weights, &position);
        for (size_t i = 0; i < weights->member_count; i++) {
            surplus[i] += (i == picked) - (double)weights->members[i].weight / weights->total;
            low[i] = surplus[i] < low[i] ? surplus[i] : low[i];
            high[i] = surplus[i] > high[i] ? surplus[i] : high[i];
            /* A run is the difference of two prefixes. */
            worst = high[i] - low[i] > worst ? high[i] - low[i] : worst;
        }
    }
    return worst;
}

static void exact_keeps_every_run_within_a_few_answers(void **state)
{
    (void)state;
    uint64_t seed = SEED;
    double worst = 0;
    for (unsigned trial = 0; trial < 600; trial++) {
        uint16_t values[MEMBERS_MAX];
        size_t count = 2 + pick_next_random(&seed) % (MEMBERS_MAX - 1);
        for (size_t i = 0; i < count; i++) {
            values[i] = (uint16_t)(pick_next_random(&seed) % 256);
        }
        values[0] = values[0] == 0 ? 1 : values[0];
        struct fixture fixture = make(count, values);
        double run = worst_run(&fixture, (uint32_t)pick_next_random(&seed));
        worst = run > worst ? run : worst;
        drop(&fixture);
    }
    print_message("worst run: %.2f answers from its share\n", worst);
    assert_true(worst < 4.0);
}

static void exact_does_not_alias_when_types_are_asked_in_turns(void **state)
{
    (void)state;
    struct fixture a = make(2, (const uint16_t[]){50, 50});
    struct fixture aaaa = make(2, (const uint16_t[]){50, 50});
    struct pick_state picker;
    pick_state_init(&picker, 2, SEED);
    unsigned counts[2][2] = {{0}};
    for (unsigned i = 0; i < 1000; i++) {
        counts[0][pick_exact(a.weights, &picker.positions[0])]++;
        counts[1][pick_exact(aaaa.weights, &picker.positions[1])]++;
    }
    assert_in_range(counts[0][0], 496, 504);
    assert_in_range(counts[1][0], 496, 504);
    pick_state_done(&picker);
    drop(&a);
    drop(&aaaa);
}

static void starts_differ_by_worker_and_record_set(void **state)
{
    (void)state;
    struct pick_state first, second;
    pick_state_init(&first, 100, 1);
    pick_state_init(&second, 100, 2);
    for (size_t i = 0; i < 100; i++) {
        assert_int_not_equal(first.positions[i], second.positions[i]);
        assert_int_not_equal(first.positions[i], first.positions[(i + 1) % 100]);
    }
    pick_state_done(&first);
    pick_state_done(&second);
}

static void a_member_of_weight_0_never_answers(void **state)
{
    (void)state;
    struct fixture fixture = make(4, (const uint16_t[]){0, 255, 0, 0});
    struct pick_state picker;
    pick_state_init(&picker, 1, SEED);
    for (unsigned i = 0; i < 10000; i++) {
        assert_int_equal(pick_exact(fixture.weights, &picker.positions[0]), 1);
        assert_int_equal(pick_random(fixture.weights, &picker.random), 1);
        assert_int_equal(pick_sticky(&picker, fixture.weights, i), 1);
    }
    pick_state_done(&picker);
    drop(&fixture);
}

static double chi_square(const struct weights *weights, const unsigned long *counts, double total)
{
    double sum = 0;
    for (size_t i = 0; i < weights->member_count; i++) {
        double expected = total * weights->members[i].weight / weights->total;
        sum += ((double)counts[i] - expected) * ((double)counts[i] - expected) / expected;
    }
    return sum;
}

/* 18.5 is the 99.9 % bound with four degrees of freedom. */
#define CHI_SQUARE_BOUND 18.5

static void random_and_sticky_honour_the_weights(void **state)
{
    (void)state;
    struct fixture fixture = make(5, (const uint16_t[]){1, 5, 30, 64, 100});
    struct pick_state picker;
    pick_state_init(&picker, 1, SEED);
    unsigned long random_counts[5] = {0}, sticky_counts[5] = {0};
    for (unsigned i = 0; i < 200000; i++) {
        uint8_t address[4] = {(uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i, 1};
        random_counts[pick_random(fixture.weights, &picker.random)]++;
        sticky_counts[pick_sticky(&picker, fixture.weights, pick_client_v4(address))]++;
    }
    double random_value = chi_square(fixture.weights, random_counts, 200000);
    double sticky_value = chi_square(fixture.weights, sticky_counts, 200000);
    print_message("seed %llu: chi-square random %.1f, sticky %.1f\n", (unsigned long long)SEED,
                  random_value, sticky_value);
    assert_true(random_value < CHI_SQUARE_BOUND);
    assert_true(sticky_value < CHI_SQUARE_BOUND);
    pick_state_done(&picker);
    drop(&fixture);
}

static void raising_a_weight_moves_clients_only_to_that_member(void **state)
{
    (void)state;
    struct pick_state picker;
    pick_state_init(&picker, 1, SEED);
    uint64_t seed = SEED;
    unsigned long moved = 0;
    for (unsigned trial = 0; trial < 400; trial++) {
        uint16_t values[5];
        size_t count = 2 + trial % 4;
        for (size_t i = 0; i < count; i++) {
            values[i] = (uint16_t)(pick_next_random(&seed) % 200);
        }
        values[0] = values[0] == 0 ? 1 : values[0];
        struct fixture fixture = make(count, values);
        size_t raised = pick_next_random(&seed) % count;
        size_t before[500];
        for (uint64_t client = 0; client < 500; client++) {
            before[client] = pick_sticky(&picker, fixture.weights, client << 32);
        }
        values[raised] = (uint16_t)(values[raised] + 1 + pick_next_random(&seed) % 55);
        set_weights(&fixture, values);
        for (uint64_t client = 0; client < 500; client++) {
            size_t after = pick_sticky(&picker, fixture.weights, client << 32);
            if (after != before[client]) {
                assert_int_equal(after, raised);
                moved++;
            }
        }
        drop(&fixture);
    }
    assert_true(moved > 1000);
    pick_state_done(&picker);
}

static void sticky_agrees_over_types_whatever_the_order_of_members(void **state)
{
    (void)state;
    struct fixture a = make(3, (const uint16_t[]){10, 20, 70});
    struct fixture aaaa = make(3, (const uint16_t[]){70, 20, 10});
    struct pick_state picker;
    pick_state_init(&picker, 2, SEED);
    uint64_t first_id = aaaa.set->members[0].id_hash;
    aaaa.set->members[0].id_hash = aaaa.set->members[2].id_hash;
    aaaa.set->members[2].id_hash = first_id;
    for (uint64_t client = 0; client < 5000; client++) {
        size_t of_a = pick_sticky(&picker, a.weights, client << 40 | 4);
        size_t of_aaaa = pick_sticky(&picker, aaaa.weights, client << 40 | 4);
        assert_int_equal(of_a, 2 - of_aaaa);
    }
    pick_state_done(&picker);
    drop(&a);
    drop(&aaaa);
}

static void names_are_sticky_independently(void **state)
{
    (void)state;
    struct fixture first = make(2, (const uint16_t[]){50, 50});
    struct fixture second = make(2, (const uint16_t[]){50, 50});
    struct pick_state picker;
    pick_state_init(&picker, 1, SEED);
    second.set->name_hash++;
    unsigned same = 0;
    for (uint64_t client = 0; client < 10000; client++) {
        same += pick_sticky(&picker, first.weights, client << 40) ==
                pick_sticky(&picker, second.weights, client << 40);
    }
    assert_in_range(same, 4800, 5200);
    pick_state_done(&picker);
    drop(&first);
    drop(&second);
}

static void a_client_is_its_24_or_56_bits(void **state)
{
    (void)state;
    const uint8_t v4[4] = {192, 0, 2, 1}, v4_same[4] = {192, 0, 2, 255},
                  v4_next[4] = {192, 0, 3, 1};
    assert_true(pick_client_v4(v4) == pick_client_v4(v4_same));
    assert_true(pick_client_v4(v4) != pick_client_v4(v4_next));
    uint8_t v6[16] = {0x20, 1, 0x0D, 0xB8, 1, 2, 3, 4}, v6_same[16], v6_next[16];
    memcpy(v6_same, v6, 16);
    memcpy(v6_next, v6, 16);
    v6_same[7] = 0xFF;
    v6_next[6] = 9;
    assert_true(pick_client_v6(v6) == pick_client_v6(v6_same));
    assert_true(pick_client_v6(v6) != pick_client_v6(v6_next));
    uint8_t mapped[16] = {[10] = 0xFF, [11] = 0xFF, [12] = 192, [13] = 0, [14] = 2, [15] = 77};
    assert_true(pick_client_v6(mapped) == pick_client_v4(v4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_gives_9000_of_10000_over_any_number_of_workers),
        cmocka_unit_test(exact_keeps_every_run_within_a_few_answers),
        cmocka_unit_test(exact_does_not_alias_when_types_are_asked_in_turns),
        cmocka_unit_test(starts_differ_by_worker_and_record_set),
        cmocka_unit_test(a_member_of_weight_0_never_answers),
        cmocka_unit_test(random_and_sticky_honour_the_weights),
        cmocka_unit_test(raising_a_weight_moves_clients_only_to_that_member),
        cmocka_unit_test(sticky_agrees_over_types_whatever_the_order_of_members),
        cmocka_unit_test(names_are_sticky_independently),
        cmocka_unit_test(a_client_is_its_24_or_56_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
