/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "control/publisher.h"
#include "zones/snapshot_builder.h"

/* Workers are played by hand: a test decides when each one takes what it was offered. */
struct stage {
    uv_loop_t loop;
    struct record_sets sets;
    struct exchange *exchange;
    struct publisher publisher;
    size_t calls;
};

static struct snapshot *next_snapshot(struct stage *stage)
{
    struct snapshot_builder *builder = snapshot_builder_new(stage->publisher.current, &stage->sets);
    snapshot_builder_set_zones(builder, zone_table_new(NULL, 0));
    return snapshot_builder_finish(builder);
}

static struct stage *open_stage(size_t workers)
{
    struct stage *stage = alloc_zeroed(1, sizeof(*stage));
    uv_loop_init(&stage->loop);
    stage->exchange = exchange_new(workers, 0);
    publisher_init(&stage->publisher, stage->exchange);
    publisher_watch(&stage->publisher, &stage->loop);
    publisher_publish(&stage->publisher, next_snapshot(stage));
    for (size_t i = 0; i < workers; i++) {
        exchange_take(stage->exchange, i);
    }
    uv_run(&stage->loop, UV_RUN_NOWAIT);
    return stage;
}

static void close_stage(struct stage *stage)
{
    publisher_close(&stage->publisher);
    for (size_t i = 0; i < stage->exchange->worker_count; i++) {
        exchange_leave(stage->exchange, i);
    }
    uv_close((uv_handle_t *)&stage->publisher.async, NULL);
    uv_run(&stage->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&stage->loop), 0);
    publisher_done(&stage->publisher);
    exchange_free(stage->exchange);
    free(stage);
}

static void count_call(void *argument)
{
    struct stage *stage = argument;
    stage->calls++;
}

static void a_wait_ends_only_when_every_worker_has_seen(void **state)
{
    (void)state;
    struct stage *stage = open_stage(2);
    publisher_publish(&stage->publisher, next_snapshot(stage));
    publisher_when_seen(&stage->publisher, count_call, stage);
    assert_int_equal(stage->calls, 0);
    exchange_take(stage->exchange, 0);
    uv_run(&stage->loop, UV_RUN_NOWAIT);
    assert_int_equal(stage->calls, 0);
    exchange_take(stage->exchange, 1);
    uv_run(&stage->loop, UV_RUN_NOWAIT);
    assert_int_equal(stage->calls, 1);
    close_stage(stage);
}

static void a_wait_for_what_is_seen_already_ends_at_once(void **state)
{
    (void)state;
    struct stage *stage = open_stage(2);
    publisher_when_seen(&stage->publisher, count_call, stage);
    assert_int_equal(stage->calls, 1);
    close_stage(stage);
}

static void a_later_snapshot_serves_an_earlier_wait(void **state)
{
    (void)state;
    struct stage *stage = open_stage(1);
    publisher_publish(&stage->publisher, next_snapshot(stage));
    publisher_when_seen(&stage->publisher, count_call, stage);
    publisher_publish(&stage->publisher, next_snapshot(stage));
    publisher_when_seen(&stage->publisher, count_call, stage);
    exchange_take(stage->exchange, 0);
    uv_run(&stage->loop, UV_RUN_NOWAIT);
    assert_int_equal(stage->calls, 2);
    close_stage(stage);
}

static void old_snapshots_are_kept_while_a_worker_has_one_and_freed_after(void **state)
{
    (void)state;
    struct stage *stage = open_stage(2);
    for (int i = 0; i < 5; i++) {
        publisher_publish(&stage->publisher, next_snapshot(stage));
        exchange_take(stage->exchange, 0);
    }
    uv_run(&stage->loop, UV_RUN_NOWAIT);
    assert_int_equal(stage->publisher.old_count, 5);
    exchange_take(stage->exchange, 1);
    uv_run(&stage->loop, UV_RUN_NOWAIT);
    assert_int_equal(stage->publisher.old_count, 0);
    close_stage(stage);
}

static uint64_t now_ns;

static uint64_t read_now(void)
{
    return now_ns;
}

static void a_publish_takes_until_the_last_worker_has_it(void **state)
{
    (void)state;
    struct stage *stage = open_stage(2);
    struct publish_times *times = &stage->publisher.times;
    *times = (struct publish_times){.count = 0};
    stage->exchange->now_ns = read_now;
    now_ns = 1000000000000000;
    struct snapshot_builder *builder = publisher_begin(&stage->publisher, &stage->sets);
    now_ns += 30000; /* building */
    publisher_publish(&stage->publisher, snapshot_builder_finish(builder));
    now_ns += 10000;
    exchange_take(stage->exchange, 1);
    uv_run(&stage->loop, UV_RUN_NOWAIT);
    assert_int_equal(times->count, 0);
    now_ns += 40000;
    exchange_take(stage->exchange, 0);
    now_ns += 5000000; /* when control hears of it does not count */
    uv_run(&stage->loop, UV_RUN_NOWAIT);
    assert_int_equal(times->count, 1);
    assert_int_equal(times->worst_ns, 80000);
    exchange_take(stage->exchange, 0);
    uv_run(&stage->loop, UV_RUN_NOWAIT);
    assert_int_equal(times->count, 1);
    close_stage(stage);
}

static void what_the_workers_begin_with_is_no_change(void **state)
{
    (void)state;
    struct stage *stage = open_stage(2);
    assert_int_equal(stage->publisher.times.count, 0);
    close_stage(stage);
}

static void a_publish_that_a_worker_skips_takes_until_the_next_one(void **state)
{
    (void)state;
    struct stage *stage = open_stage(1);
    struct publish_times *times = &stage->publisher.times;
    stage->exchange->now_ns = read_now;
    now_ns = 1000000000000000;
    *times = (struct publish_times){.count = 0};
    for (int i = 0; i < 2; i++) {
        struct snapshot_builder *builder = publisher_begin(&stage->publisher, &stage->sets);
        publisher_publish(&stage->publisher, snapshot_builder_finish(builder));
        now_ns += 1000;
    }
    exchange_take(stage->exchange, 0);
    uv_run(&stage->loop, UV_RUN_NOWAIT);
    assert_int_equal(times->count, 2);
    assert_int_equal(times->sum_ns, 3000);
    assert_int_equal(times->worst_ns, 2000);
    close_stage(stage);
}

static void quantiles_are_the_bounds_of_their_buckets(void **state)
{
    (void)state;
    struct publish_times times = {.count = 0};
    assert_true(publish_times_quantile_us(&times, 500) == 0);
    for (uint64_t i = 0; i < 98; i++) {
        publish_times_add(&times, 20000);
    }
    publish_times_add(&times, 10000);
    publish_times_add(&times, 400000);
    assert_true(publish_times_quantile_us(&times, 500) == 25);
    assert_true(publish_times_quantile_us(&times, 990) == 25);
    assert_true(publish_times_quantile_us(&times, 991) == 400); /* the worst, below its bound */
    publish_times_add(&times, UINT64_C(7000000000));
    assert_true(publish_times_quantile_us(&times, 1000) == 7000000);
    assert_int_equal(times.counts[0], 1);
    assert_int_equal(times.counts[PUBLISH_BOUNDS], 1);
}

static void publish_and_wait_again(void *argument)
{
    struct stage *stage = argument;
    stage->calls++;
    if (stage->calls < 3) {
        publisher_publish(&stage->publisher, next_snapshot(stage));
        publisher_when_seen(&stage->publisher, publish_and_wait_again, stage);
    }
}

static void whoever_is_called_may_publish_and_wait_again(void **state)
{
    (void)state;
    struct stage *stage = open_stage(1);
    publisher_publish(&stage->publisher, next_snapshot(stage));
    publisher_when_seen(&stage->publisher, publish_and_wait_again, stage);
    for (size_t i = 1; i <= 3; i++) {
        exchange_take(stage->exchange, 0);
        uv_run(&stage->loop, UV_RUN_NOWAIT);
        assert_int_equal(stage->calls, i);
    }
    close_stage(stage);
}

static void whoever_waits_is_called_when_it_closes(void **state)
{
    (void)state;
    struct stage *stage = open_stage(1);
    publisher_publish(&stage->publisher, next_snapshot(stage));
    publisher_when_seen(&stage->publisher, count_call, stage);
    publisher_close(&stage->publisher);
    assert_int_equal(stage->calls, 1);
    close_stage(stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wait_ends_only_when_every_worker_has_seen),
        cmocka_unit_test(a_wait_for_what_is_seen_already_ends_at_once),
        cmocka_unit_test(a_publish_takes_until_the_last_worker_has_it),
        cmocka_unit_test(what_the_workers_begin_with_is_no_change),
        cmocka_unit_test(a_publish_that_a_worker_skips_takes_until_the_next_one),
        cmocka_unit_test(quantiles_are_the_bounds_of_their_buckets),
        cmocka_unit_test(a_later_snapshot_serves_an_earlier_wait),
        cmocka_unit_test(old_snapshots_are_kept_while_a_worker_has_one_and_freed_after),
        cmocka_unit_test(whoever_is_called_may_publish_and_wait_again),
        cmocka_unit_test(whoever_waits_is_called_when_it_closes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
