/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "zones/exchange.h"

#define WORKERS      4
#define PUBLICATIONS 200000

static struct snapshot *make_snapshot(uint64_t generation)
{
    struct snapshot *snapshot = alloc_zeroed(1, sizeof(*snapshot));
    snapshot->generation = generation;
    /* Twice, so that a worker can tell a whole snapshot from one that is freed or half written. */
    snapshot->set_count = (size_t)generation;
    return snapshot;
}

static void free_snapshot(struct snapshot *snapshot)
{
    snapshot->generation = 0;
    snapshot->set_count = SIZE_MAX;
    free(snapshot);
}

static void count_call(void *argument)
{
    ++*(unsigned *)argument;
}

static void a_worker_takes_what_was_offered_last(void **state)
{
    (void)state;
    struct exchange *exchange = exchange_new(2, 0);
    struct snapshot first = {.generation = 1}, second = {.generation = 2};
    assert_null(exchange_take(exchange, 0));
    exchange_offer(exchange, &first);
    assert_ptr_equal(exchange_take(exchange, 0), &first);
    assert_ptr_equal(exchange_take(exchange, 0), &first);
    exchange_offer(exchange, &second);
    assert_ptr_equal(exchange_take(exchange, 0), &second);
    assert_ptr_equal(exchange_take(exchange, 1), &second);
    exchange_free(exchange);
}

static void the_oldest_is_what_the_slowest_worker_has(void **state)
{
    (void)state;
    struct exchange *exchange = exchange_new(2, 0);
    struct snapshot first = {.generation = 1}, second = {.generation = 2};
    assert_int_equal(exchange_oldest(exchange), 0);
    exchange_offer(exchange, &first);
    assert_ptr_equal(exchange_take(exchange, 0), &first);
    assert_ptr_equal(exchange_take(exchange, 1), &first);
    exchange_offer(exchange, &second);
    assert_int_equal(exchange_oldest(exchange), 1);
    assert_ptr_equal(exchange_take(exchange, 0), &second);
    assert_int_equal(exchange_oldest(exchange), 1);
    assert_ptr_equal(exchange_take(exchange, 1), &second);
    assert_int_equal(exchange_oldest(exchange), 2);
    exchange_free(exchange);
}

static void a_worker_that_has_not_started_holds_nothing_up(void **state)
{
    (void)state;
    struct exchange *exchange = exchange_new(2, 0);
    struct snapshot first = {.generation = 1}, second = {.generation = 2};
    exchange_offer(exchange, &first);
    assert_ptr_equal(exchange_take(exchange, 0), &first);
    exchange_offer(exchange, &second);
    assert_ptr_equal(exchange_take(exchange, 0), &second);
    assert_int_equal(exchange_oldest(exchange), 2);
    exchange_free(exchange);
}

static void a_worker_that_has_left_holds_nothing_up(void **state)
{
    (void)state;
    struct exchange *exchange = exchange_new(1, 0);
    struct snapshot first = {.generation = 1}, second = {.generation = 2};
    exchange_offer(exchange, &first);
    assert_ptr_equal(exchange_take(exchange, 0), &first);
    exchange_offer(exchange, &second);
    exchange_leave(exchange, 0);
    assert_int_equal(exchange_oldest(exchange), 2);
    assert_ptr_equal(exchange_take(exchange, 0), &second); /* and may come back */
    exchange_free(exchange);
}

static void note_wake(void *argument)
{
    unsigned *wakes = argument;
    (*wakes)++;
}

static void without_workers_everybody_has_seen_it(void **state)
{
    (void)state;
    unsigned wakes = 0;
    struct snapshot snapshot = {.generation = 1};
    struct exchange *exchange = exchange_new(0, 4);
    exchange->wake_control = note_wake;
    exchange->wake_control_argument = &wakes;
    exchange_offer(exchange, &snapshot);
    assert_int_equal(wakes, 1);
    assert_true(exchange_oldest(exchange) == UINT64_MAX);
    exchange_free(exchange);
}

static void both_sides_are_woken(void **state)
{
    (void)state;
    struct exchange *exchange = exchange_new(2, 0);
    unsigned worker_calls = 0, control_calls = 0;
    exchange->slots[1].wake_worker = count_call;
    exchange->slots[1].wake_worker_argument = &worker_calls;
    exchange->wake_control = count_call;
    exchange->wake_control_argument = &control_calls;
    struct snapshot first = {.generation = 1};
    exchange_offer(exchange, &first);
    assert_int_equal(worker_calls, 1);
    assert_int_equal(control_calls, 0);
    exchange_take(exchange, 0);
    exchange_take(exchange, 0); /* nothing new: nobody is told */
    assert_int_equal(control_calls, 1);
    exchange_leave(exchange, 0);
    assert_int_equal(control_calls, 2);
    exchange_free(exchange);
}

static void counters_are_summed_over_the_workers(void **state)
{
    (void)state;
    struct exchange *exchange = exchange_new(3, 5);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal((uintptr_t)&exchange->slots[i] % 64, 0);
        assert_int_equal((uintptr_t)exchange->slots[i].tally % 64, 0);
        counter_add(&exchange->slots[i].counters[COUNTER_NXDOMAIN], i + 1);
        counter_add(&exchange->slots[i].tally[4], 10);
    }
    assert_int_equal(exchange_count(exchange, COUNTER_NXDOMAIN), 6);
    assert_int_equal(exchange_count(exchange, COUNTER_NOERROR), 0);
    assert_int_equal(exchange_answered(exchange, 4), 30);
    assert_int_equal(exchange_answered(exchange, 0), 0);
    exchange_free(exchange);
}

static void every_counter_has_its_own_name(void **state)
{
    (void)state;
    for (unsigned i = 0; i < COUNTER_COUNT; i++) {
        assert_non_null(server_counter_name(i));
        for (unsigned j = 0; j < i; j++) {
            assert_string_not_equal(server_counter_name(i), server_counter_name(j));
        }
    }
}

struct worker {
    struct exchange *exchange;
    size_t index;
    uint64_t takes;
    bool is_sound;
};

/* Starts, answers for a while, leaves and starts again, until the last snapshot is seen. */
static void *run_worker(void *argument)
{
    struct worker *worker = argument;
    uint64_t last = 0;
    worker->is_sound = true;
    while (last < PUBLICATIONS) {
        const struct snapshot *snapshot = exchange_take(worker->exchange, worker->index);
        if (snapshot == NULL) {
            sched_yield();
            continue;
        }
        uint64_t generation = snapshot->generation;
        worker->is_sound &= generation >= last && generation == snapshot->set_count;
        last = generation;
        /* The first one after each look: starting is where the order matters most. */
        if (++worker->takes % (1000 * worker->index + 1) == 0) {
            exchange_leave(worker->exchange, worker->index);
        }
    }
    exchange_leave(worker->exchange, worker->index);
    return NULL;
}

/* Control's part: what no worker may answer from any more is freed, in order. */
static void publish_all(struct exchange *exchange)
{
    static struct snapshot *snapshots[PUBLICATIONS + 1];
    uint64_t first_kept = 1;
    for (uint64_t generation = 1; generation <= PUBLICATIONS; generation++) {
        snapshots[generation] = make_snapshot(generation);
        exchange_offer(exchange, snapshots[generation]);
        uint64_t oldest = exchange_oldest(exchange);
        for (; first_kept < oldest; first_kept++) {
            free_snapshot(snapshots[first_kept]);
        }
    }
    while (exchange_oldest(exchange) < PUBLICATIONS) {
        sched_yield();
    }
    for (; first_kept < PUBLICATIONS; first_kept++) {
        free_snapshot(snapshots[first_kept]);
    }
    assert_int_equal(first_kept, PUBLICATIONS);
}

static void no_snapshot_is_freed_while_a_worker_has_it(void **state)
{
    (void)state;
    struct exchange *exchange = exchange_new(WORKERS, 0);
    struct worker workers[WORKERS];
    pthread_t threads[WORKERS];
    for (size_t i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){.exchange = exchange, .index = i};
        assert_int_equal(pthread_create(&threads[i], NULL, run_worker, &workers[i]), 0);
    }
    publish_all(exchange);
    for (size_t i = 0; i < WORKERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(workers[i].is_sound);
    }
    /* The last one is not replaced by anything. */
    free((void *)atomic_load_explicit(&exchange->slots[0].offered, memory_order_relaxed));
    exchange_free(exchange);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_worker_takes_what_was_offered_last),
        cmocka_unit_test(the_oldest_is_what_the_slowest_worker_has),
        cmocka_unit_test(a_worker_that_has_not_started_holds_nothing_up),
        cmocka_unit_test(a_worker_that_has_left_holds_nothing_up),
        cmocka_unit_test(without_workers_everybody_has_seen_it),
        cmocka_unit_test(both_sides_are_woken),
        cmocka_unit_test(counters_are_summed_over_the_workers),
        cmocka_unit_test(every_counter_has_its_own_name),
        cmocka_unit_test(no_snapshot_is_freed_while_a_worker_has_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
