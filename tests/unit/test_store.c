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
#include "control/store.h"

#define WWW "www.catsndogs.lol/A"
#define ARN "arn:aws:ecs:us-east-1:111122223333:cluster/catsndogsECScluster"
#define DAY ((int64_t)24 * 3600 * 1000)

static struct error err;

static int set_up(void **state)
{
    *state = store_open(":memory:", &err);
    return *state == NULL;
}

static int tear_down(void **state)
{
    store_close(*state);
    return 0;
}

static int weight_of(struct store *store, const char *member)
{
    bool found;
    uint8_t weight;
    assert_true(store_load_weight(store, WWW, member, &found, &weight, &err));
    return found ? weight : -1;
}

static void a_weight_that_was_never_set_is_not_found(void **state)
{
    assert_int_equal(weight_of(*state, "blue"), -1);
}

static void a_weight_is_what_was_saved_last(void **state)
{
    assert_true(store_save_weight(*state, WWW, "blue", 100, &err));
    assert_true(store_save_weight(*state, WWW, "green", 255, &err));
    assert_true(store_save_weight(*state, WWW, "blue", 0, &err));
    assert_true(store_save_weight(*state, "www.catsndogs.lol/AAAA", "blue", 7, &err));
    assert_int_equal(weight_of(*state, "blue"), 0);
    assert_int_equal(weight_of(*state, "green"), 255);
}

static void what_is_rolled_back_never_was(void **state)
{
    assert_true(store_save_weight(*state, WWW, "blue", 100, &err));
    assert_true(store_begin(*state, &err));
    assert_true(store_save_weight(*state, WWW, "blue", 1, &err));
    assert_true(store_save_weight(*state, WWW, "green", 2, &err));
    store_rollback(*state);
    assert_int_equal(weight_of(*state, "blue"), 100);
    assert_int_equal(weight_of(*state, "green"), -1);
    store_rollback(*state);
}

static void a_transaction_with_a_failed_write_cannot_be_committed(void **state)
{
    struct rollout unknown = {.id = 77, .plan = {.step_count = 1, .steps = {10}}};
    assert_true(store_begin(*state, &err));
    assert_true(store_save_weight(*state, WWW, "blue", 1, &err));
    /* The schema refuses it: no rollout has that id. */
    assert_false(store_save_before(*state, 77, WWW, "blue", 1, &err));
    assert_non_null(strstr(err.text, ":memory:"));
    assert_false(store_save_weight(*state, WWW, "blue", 2, &err));
    assert_false(store_commit(*state, &err));
    assert_int_equal(weight_of(*state, "blue"), -1);
    assert_false(store_save_rollout(*state, &unknown, &err));
    assert_non_null(strstr(err.text, "77"));
}

static void forced_health_is_kept_until_it_is_auto(void **state)
{
    char forced[8];
    assert_true(store_load_forced(*state, WWW, "blue", forced, &err));
    assert_string_equal(forced, "auto");
    assert_true(store_save_forced(*state, WWW, "blue", "up", &err));
    assert_true(store_save_forced(*state, WWW, "blue", "down", &err));
    assert_true(store_load_forced(*state, WWW, "blue", forced, &err));
    assert_string_equal(forced, "down");
    assert_true(store_save_forced(*state, WWW, "blue", "auto", &err));
    assert_true(store_load_forced(*state, WWW, "blue", forced, &err));
    assert_string_equal(forced, "auto");
    assert_false(store_save_forced(*state, WWW, "blue", "sideways", &err));
}

static struct rollout sample_rollout(void)
{
    return (struct rollout){
        .rule = "cats",
        .deployment = "ecs-svc/5211643699352071000",
        .who = "uid 0 (root)",
        .stable = "blue",
        .candidate = "green",
        .plan = {.step_count = 3, .steps = {10, 50, 100}, .hold_ms = 60000},
        .state = ROLLOUT_PAUSED,
        .step = 2,
        .started_ms = 1795449001123,
        .hold_since_ms = 1795449061123,
        .hold_passed_ms = 12345,
        .ended_ms = 0,
        .reason = "paused by uid 0 (root)",
    };
}

static void assert_same_rollout(const struct rollout *a, const struct rollout *b)
{
    assert_int_equal(a->id, b->id);
    assert_string_equal(a->rule, b->rule);
    assert_string_equal(a->deployment, b->deployment);
    assert_string_equal(a->who, b->who);
    assert_string_equal(a->stable, b->stable);
    assert_string_equal(a->candidate, b->candidate);
    assert_int_equal(a->plan.step_count, b->plan.step_count);
    assert_memory_equal(a->plan.steps, b->plan.steps, a->plan.step_count);
    assert_int_equal(a->plan.hold_ms, b->plan.hold_ms);
    assert_int_equal(a->state, b->state);
    assert_int_equal(a->step, b->step);
    assert_int_equal(a->started_ms, b->started_ms);
    assert_int_equal(a->hold_since_ms, b->hold_since_ms);
    assert_int_equal(a->hold_passed_ms, b->hold_passed_ms);
    assert_int_equal(a->ended_ms, b->ended_ms);
    assert_string_equal(a->reason, b->reason);
}

static void a_rollout_comes_back_with_every_field(void **state)
{
    struct rollout rollout = sample_rollout(), loaded;
    bool found;
    assert_true(store_save_rollout(*state, &rollout, &err));
    assert_int_not_equal(rollout.id, 0);
    assert_true(store_load_rollout(*state, rollout.id, &found, &loaded, &err));
    assert_true(found);
    assert_same_rollout(&rollout, &loaded);

    rollout.state = ROLLOUT_FAILED;
    rollout.step = 1;
    rollout.plan.steps[0] = 9;
    rollout.hold_since_ms = 1;
    rollout.hold_passed_ms = 2;
    rollout.ended_ms = 1795449999999;
    strcpy(rollout.reason, "New ECS service is not healthy!");
    assert_true(store_save_rollout(*state, &rollout, &err));
    assert_true(store_load_rollout(*state, rollout.id, &found, &loaded, &err));
    assert_same_rollout(&rollout, &loaded);
    assert_true(store_load_rollout(*state, rollout.id + 1, &found, &loaded, &err));
    assert_false(found);
}

static void the_longest_plan_comes_back(void **state)
{
    struct rollout rollout = sample_rollout(), loaded;
    bool found;
    rollout.plan.step_count = PLAN_MAX_STEPS;
    for (size_t i = 0; i < PLAN_MAX_STEPS; i++) {
        rollout.plan.steps[i] = (uint8_t)(i * 3);
    }
    rollout.step = PLAN_MAX_STEPS - 1;
    assert_true(store_save_rollout(*state, &rollout, &err));
    assert_true(store_load_rollout(*state, rollout.id, &found, &loaded, &err));
    assert_same_rollout(&rollout, &loaded);
}

static void rollouts_are_listed_newest_first_by_rule(void **state)
{
    struct rollout *list;
    size_t count;
    for (int i = 0; i < 5; i++) {
        struct rollout rollout = sample_rollout();
        snprintf(rollout.rule, sizeof(rollout.rule), "%s", i % 2 == 0 ? "cats" : "dogs");
        rollout.started_ms = i;
        assert_true(store_save_rollout(*state, &rollout, &err));
    }
    assert_true(store_list_rollouts(*state, NULL, 4, &list, &count, &err));
    assert_int_equal(count, 4);
    assert_int_equal(list[0].started_ms, 4);
    assert_int_equal(list[3].started_ms, 1);
    free(list);
    assert_true(store_list_rollouts(*state, "dogs", SIZE_MAX, &list, &count, &err));
    assert_int_equal(count, 2);
    assert_int_equal(list[0].started_ms, 3);
    assert_int_equal(list[1].started_ms, 1);
    free(list);
    assert_true(store_list_rollouts(*state, "birds", 9, &list, &count, &err));
    assert_int_equal(count, 0);
    free(list);
}

static void old_rollouts_are_dropped_with_their_weights_but_never_one_that_runs(void **state)
{
    struct rollout rollout = sample_rollout();
    struct rollout *list;
    bool found;
    uint8_t weight;
    size_t count;
    assert_true(store_begin(*state, &err));
    for (int i = 0; i < 10003; i++) {
        rollout.id = 0;
        rollout.ended_ms = i == 1 ? 0 : 5;
        assert_true(store_save_rollout(*state, &rollout, &err));
        assert_true(store_save_before(*state, rollout.id, WWW, "blue", 100, &err));
    }
    assert_true(store_commit(*state, &err));
    assert_true(store_list_rollouts(*state, NULL, SIZE_MAX, &list, &count, &err));
    assert_int_equal(count, 10001);
    assert_int_equal(list[count - 1].id, 2);
    assert_int_equal(list[count - 2].id, 4);
    free(list);
    assert_true(store_load_before(*state, 3, WWW, "blue", &found, &weight, &err));
    assert_false(found);
    assert_true(store_load_before(*state, 2, WWW, "blue", &found, &weight, &err));
    assert_true(found);
}

static void the_weights_of_before_belong_to_their_rollout(void **state)
{
    struct rollout first = sample_rollout(), second = sample_rollout();
    bool found;
    uint8_t weight = 1;
    assert_true(store_save_rollout(*state, &first, &err));
    assert_true(store_save_rollout(*state, &second, &err));
    assert_true(store_save_before(*state, first.id, WWW, "blue", 90, &err));
    assert_true(store_load_before(*state, first.id, WWW, "blue", &found, &weight, &err));
    assert_true(found);
    assert_int_equal(weight, 90);
    assert_true(store_load_before(*state, second.id, WWW, "blue", &found, &weight, &err));
    assert_false(found);
}

static int64_t add_history(struct store *store, int64_t at_ms, int64_t rollout)
{
    struct history_entry entry = {.at_ms = at_ms, .rollout = rollout};
    strcpy(entry.kind, "shifted");
    strcpy(entry.who, "uid 1000 (cat)");
    snprintf(entry.text, sizeof(entry.text), "line %lld", (long long)at_ms);
    assert_true(store_add_history(store, &entry, &err));
    return entry.id;
}

static void history_lists_the_newest_oldest_first(void **state)
{
    struct history_entry *list;
    size_t count;
    for (int i = 1; i <= 6; i++) {
        add_history(*state, i, i % 2);
    }
    assert_true(
        store_list_history(*state, &(struct history_wanted){.most = 4}, &list, &count, &err));
    assert_int_equal(count, 4);
    assert_int_equal(list[0].at_ms, 3);
    assert_int_equal(list[3].at_ms, 6);
    assert_string_equal(list[3].text, "line 6");
    assert_string_equal(list[3].kind, "shifted");
    assert_string_equal(list[3].who, "uid 1000 (cat)");
    free(list);
    assert_true(store_list_history(*state, &(struct history_wanted){.rollout = 1, .most = 2}, &list,
                                   &count, &err));
    assert_int_equal(count, 2);
    assert_int_equal(list[0].at_ms, 3);
    assert_int_equal(list[1].at_ms, 5);
    assert_int_equal(list[1].rollout, 1);
    free(list);
    assert_true(store_list_history(*state, &(struct history_wanted){.since_ms = 5, .most = 9},
                                   &list, &count, &err));
    assert_int_equal(count, 2);
    assert_int_equal(list[0].at_ms, 5);
    free(list);
}

static void a_line_of_the_history_keeps_what_it_did_to_weights(void **state)
{
    struct store *store = *state;
    struct history_weights *list;
    size_t count;
    char www_a[] = "www.a/A", api_a[] = "api.a/A", none[] = "{}";
    char nine[] = "{\"blue\":9}", eight[] = "{\"blue\":8}", one[] = "{\"x\":1}";
    const struct history_weights www = {www_a, nine, eight};
    const struct history_weights api = {api_a, none, one};
    int64_t first = add_history(store, 1, 0);
    int64_t second = add_history(store, 2, 0);
    assert_true(second > first);
    assert_true(store_add_history_weights(store, first, &www, &err));
    assert_true(store_add_history_weights(store, first, &api, &err));
    assert_true(store_list_history_weights(store, first, &list, &count, &err));
    assert_int_equal(count, 2);
    assert_string_equal(list[0].record_set, "api.a/A");
    assert_string_equal(list[1].before, "{\"blue\":9}");
    assert_string_equal(list[1].after, "{\"blue\":8}");
    store_free_history_weights(list, count);
    assert_true(store_list_history_weights(store, second, &list, &count, &err));
    assert_int_equal(count, 0);
    store_free_history_weights(list, count);
    /* One that belongs to no line is none. */
    assert_false(store_add_history_weights(store, second + 1, &www, &err));
}

static void a_line_of_the_history_keeps_the_shares_of_its_time(void **state)
{
    struct store *store = *state;
    struct history_shares *list;
    size_t count;
    char www_a[] = "www.a/A", api_a[] = "api.a/A", text[] = "{\"members\":[]}", none[] = "{}";
    const struct history_shares www = {www_a, text};
    const struct history_shares api = {api_a, none};
    int64_t first = add_history(store, 1, 0);
    int64_t second = add_history(store, 2, 0);
    assert_true(store_add_history_shares(store, first, &www, &err));
    assert_true(store_add_history_shares(store, first, &api, &err));
    assert_true(store_list_history_shares(store, first, &list, &count, &err));
    assert_int_equal(count, 2);
    assert_string_equal(list[0].record_set, "api.a/A");
    assert_string_equal(list[1].record_set, "www.a/A");
    assert_string_equal(list[1].shares, "{\"members\":[]}");
    store_free_history_shares(list, count);
    assert_true(store_list_history_shares(store, second, &list, &count, &err));
    assert_int_equal(count, 0);
    store_free_history_shares(list, count);
    /* Once each, and with a line. */
    assert_false(store_add_history_shares(store, first, &www, &err));
    assert_false(store_add_history_shares(store, second + 1, &www, &err));
}

static void a_ttl_is_kept_until_it_is_as_configured(void **state)
{
    uint32_t ttl_s = 1;
    assert_true(store_load_ttl(*state, WWW, &ttl_s, &err));
    assert_int_equal(ttl_s, TTL_AS_CONFIGURED);
    assert_true(store_save_ttl(*state, WWW, 9, &err));
    assert_true(store_save_ttl(*state, WWW, 0, &err));
    assert_true(store_load_ttl(*state, WWW, &ttl_s, &err));
    assert_int_equal(ttl_s, 0);
    assert_true(store_save_ttl(*state, WWW, TTL_AS_CONFIGURED, &err));
    assert_true(store_load_ttl(*state, WWW, &ttl_s, &err));
    assert_int_equal(ttl_s, TTL_AS_CONFIGURED);
}

static void a_freeze_is_kept_until_it_is_removed(void **state)
{
    struct store *store = *state;
    struct freeze freeze = {.is_on = true, .at_ms = 7, .who = "uid 0 (root)", .reason = "holidays"};
    struct freeze loaded;
    assert_true(store_load_freeze(store, &loaded, &err));
    assert_false(loaded.is_on);
    assert_true(store_save_freeze(store, &freeze, &err));
    freeze.at_ms = 8;
    assert_true(store_save_freeze(store, &freeze, &err));
    assert_true(store_load_freeze(store, &loaded, &err));
    assert_true(loaded.is_on);
    assert_int_equal(loaded.at_ms, 8);
    assert_string_equal(loaded.who, "uid 0 (root)");
    assert_string_equal(loaded.reason, "holidays");
    assert_true(store_save_freeze(store, &(struct freeze){.is_on = false}, &err));
    assert_true(store_load_freeze(store, &loaded, &err));
    assert_false(loaded.is_on);
}

static void history_keeps_its_newest_hundred_thousand_lines(void **state)
{
    struct history_entry *list;
    size_t count;
    assert_true(store_begin(*state, &err));
    for (int i = 1; i <= 100005; i++) {
        add_history(*state, i, 0);
    }
    assert_true(store_commit(*state, &err));
    assert_true(store_list_history(*state, &(struct history_wanted){.most = SIZE_MAX}, &list,
                                   &count, &err));
    assert_int_equal(count, 100000);
    assert_int_equal(list[0].at_ms, 6);
    assert_int_equal(list[count - 1].at_ms, 100005);
    free(list);
}

static size_t count_history(struct store *store, int64_t *oldest_ms)
{
    struct history_entry *list;
    size_t count;
    assert_true(
        store_list_history(store, &(struct history_wanted){.most = SIZE_MAX}, &list, &count, &err));
    *oldest_ms = list[0].at_ms;
    free(list);
    return count;
}

static void history_goes_by_its_age_a_few_lines_at_a_time(void **state)
{
    int64_t oldest_ms;
    for (int i = 1; i <= 200; i++) {
        add_history(*state, i, 0);
    }
    store_keep_history(*state, 100000, 1000);
    add_history(*state, 1150, 0); /* what is older than 150 may go: 64 with each line */
    assert_int_equal(count_history(*state, &oldest_ms), 201 - 64);
    assert_int_equal(oldest_ms, 65);
    add_history(*state, 1150, 0);
    add_history(*state, 1150, 0);
    assert_int_equal(count_history(*state, &oldest_ms), 51 + 3);
    assert_int_equal(oldest_ms, 150);
    /* However old it is, the newest stays. */
    add_history(*state, 1000000, 0);
    add_history(*state, 5, 0);
    assert_int_equal(count_history(*state, &oldest_ms), 2);
}

static void history_keeps_as_many_lines_as_it_is_told(void **state)
{
    int64_t oldest_ms;
    store_keep_history(*state, 10, 0);
    for (int i = 1; i <= 50; i++) {
        add_history(*state, i, 0);
    }
    assert_int_equal(count_history(*state, &oldest_ms), 10);
    assert_int_equal(oldest_ms, 41);
}

static struct ecs_event sample_task(const char *task, int64_t version, const char *status)
{
    struct ecs_event event = {.version = version, .created_ms = 5000};
    snprintf(event.task_arn, sizeof(event.task_arn), "%s", task);
    strcpy(event.cluster_arn, ARN);
    strcpy(event.service, "cats-green");
    strcpy(event.deployment, "ecs-svc/1");
    strcpy(event.desired_status, strcmp(status, "STOPPED") == 0 ? "STOPPED" : "RUNNING");
    snprintf(event.last_status, sizeof(event.last_status), "%s", status);
    event.container_count = 1;
    strcpy(event.containers[0], "cats-green");
    return event;
}

static void save_task(struct store *store, const struct ecs_event *event, int64_t now_ms)
{
    assert_true(store_save_task(store, event, now_ms, &err));
}

static unsigned running(struct store *store, const char *container)
{
    unsigned count = 0;
    int64_t created_ms;
    assert_true(store_count_running(store, ARN, "cats-green", "ecs-svc/1", container, &count,
                                    &created_ms, &err));
    return count;
}

static void running_counts_distinct_tasks_that_run_and_shall_run(void **state)
{
    struct ecs_event event = sample_task("a", 1, "PENDING");
    save_task(*state, &event, 1);
    assert_int_equal(running(*state, NULL), 0);
    event = sample_task("a", 2, "RUNNING");
    save_task(*state, &event, 2);
    save_task(*state, &event, 3);
    event = sample_task("b", 2, "RUNNING");
    save_task(*state, &event, 3);
    assert_int_equal(running(*state, NULL), 2);
    event = sample_task("c", 2, "RUNNING");
    strcpy(event.deployment, "ecs-svc/11");
    save_task(*state, &event, 3);
    event = sample_task("d", 2, "RUNNING");
    strcpy(event.service, "cats");
    save_task(*state, &event, 3);
    event = sample_task("e", 2, "RUNNING");
    strcat(event.cluster_arn, "2");
    save_task(*state, &event, 3);
    assert_int_equal(running(*state, NULL), 2);
    event = sample_task("a", 3, "RUNNING");
    strcpy(event.desired_status, "STOPPED");
    save_task(*state, &event, 4);
    assert_int_equal(running(*state, NULL), 1);
}

static void running_counts_tasks_with_the_named_container_only(void **state)
{
    struct ecs_event event = sample_task("a", 1, "RUNNING");
    event.container_count = 2;
    strcpy(event.containers[1], "sidecar");
    save_task(*state, &event, 1);
    event = sample_task("b", 1, "RUNNING");
    save_task(*state, &event, 1);
    assert_int_equal(running(*state, "sidecar"), 1);
    assert_int_equal(running(*state, "cats-green"), 2);
    assert_int_equal(running(*state, "cats"), 0);
    event = sample_task("a", 2, "RUNNING");
    save_task(*state, &event, 1);
    assert_int_equal(running(*state, "sidecar"), 0);
}

static void a_deployment_is_as_old_as_the_first_of_its_tasks(void **state)
{
    unsigned count;
    int64_t created_ms;
    struct ecs_event event = sample_task("a", 1, "RUNNING");
    event.created_ms = 0;
    save_task(*state, &event, 1);
    assert_true(store_count_running(*state, ARN, "cats-green", "ecs-svc/1", NULL, &count,
                                    &created_ms, &err));
    assert_int_equal(created_ms, 0);
    event = sample_task("b", 1, "STOPPED");
    event.created_ms = 300;
    save_task(*state, &event, 1);
    event = sample_task("c", 1, "PENDING");
    event.created_ms = 200;
    save_task(*state, &event, 1);
    event.version = 2;
    event.created_ms = 0;
    save_task(*state, &event, 1);
    assert_true(store_count_running(*state, ARN, "cats-green", "ecs-svc/1", NULL, &count,
                                    &created_ms, &err));
    assert_int_equal(created_ms, 200);
}

static bool knows_task(struct store *store, const char *task)
{
    bool found;
    int64_t version;
    assert_true(store_load_task_version(store, task, &found, &version, &err));
    return found;
}

static void stopped_tasks_are_forgotten_after_a_week_and_silent_ones_after_ninety_days(void **state)
{
    struct ecs_event event = sample_task("stopped", 9, "STOPPED");
    save_task(*state, &event, 1);
    event = sample_task("runs", 9, "RUNNING");
    save_task(*state, &event, 1);
    event = sample_task("next", 1, "RUNNING");
    save_task(*state, &event, 1 + 7 * DAY);
    assert_true(knows_task(*state, "stopped"));
    save_task(*state, &event, 2 + 7 * DAY);
    assert_false(knows_task(*state, "stopped"));
    save_task(*state, &event, 1 + 90 * DAY);
    assert_true(knows_task(*state, "runs"));
    save_task(*state, &event, 2 + 90 * DAY);
    assert_false(knows_task(*state, "runs"));
    assert_true(knows_task(*state, "next"));
}

static void a_deployment_is_remembered_by_rule_cluster_and_id(void **state)
{
    bool found;
    int64_t created_ms, rollout;
    assert_true(store_save_deployment(*state, "cats", ARN, "ecs-svc/1", 50, 3, "started", &err));
    assert_true(store_save_deployment(*state, "cats", ARN, "ecs-svc/2", 90, 0, "live", &err));
    assert_true(store_save_deployment(*state, "dogs", ARN, "ecs-svc/3", 70, 4, "started", &err));
    assert_true(store_load_deployment(*state, "cats", ARN, "ecs-svc/1", &found, &created_ms,
                                      &rollout, &err));
    assert_true(found);
    assert_int_equal(created_ms, 50);
    assert_int_equal(rollout, 3);
    assert_true(store_load_deployment(*state, "cats", ARN, "ecs-svc/3", &found, &created_ms,
                                      &rollout, &err));
    assert_false(found);
    assert_true(store_load_deployment(*state, "cats", "other", "ecs-svc/1", &found, &created_ms,
                                      &rollout, &err));
    assert_false(found);
    assert_false(store_save_deployment(*state, "cats", ARN, "ecs-svc/9", 1, 1, "perhaps", &err));
    assert_true(store_load_newest_deployment(*state, "cats", &created_ms, &err));
    assert_int_equal(created_ms, 50);
    assert_true(store_load_newest_deployment(*state, "birds", &created_ms, &err));
    assert_int_equal(created_ms, 0);
}

static void expect_without(struct store *store, const char *task, const char *deployment,
                           const char *container, unsigned running, unsigned without)
{
    unsigned found[2];
    struct ecs_event event = sample_task(task, 1, "STOPPED");
    assert_true(
        store_count_without(store, &event, deployment, container, &found[0], &found[1], &err));
    assert_int_equal(found[0], running);
    assert_int_equal(found[1], without);
}

static void tasks_of_newer_deployments_count_beside_those_of_the_deployment(void **state)
{
    static const struct {
        const char *task, *deployment;
        int64_t created_ms;
        const char *last_status;
    } tasks[] = {
        {"old", "ecs-svc/0", 50, "RUNNING"},    {"old-late", "ecs-svc/0", 500, "RUNNING"},
        {"a", "ecs-svc/1", 100, "RUNNING"},     {"b", "ecs-svc/1", 300, "RUNNING"},
        {"gone", "ecs-svc/1", 110, "STOPPED"},  {"new", "ecs-svc/2", 200, "RUNNING"},
        {"pending", "ecs-svc/2", 0, "PENDING"}, {"unknown", "ecs-svc/3", 0, "RUNNING"},
    };
    for (size_t i = 0; i < ARRAY_LEN(tasks); i++) {
        struct ecs_event event = sample_task(tasks[i].task, 1, tasks[i].last_status);
        strcpy(event.deployment, tasks[i].deployment);
        event.created_ms = tasks[i].created_ms;
        save_task(*state, &event, 1);
    }
    expect_without(*state, "a", "ecs-svc/1", NULL, 3, 2);
    expect_without(*state, "gone", "ecs-svc/1", NULL, 3, 3);
    expect_without(*state, "new", "ecs-svc/1", NULL, 3, 2);
    expect_without(*state, "old", "ecs-svc/1", NULL, 3, 3);
    expect_without(*state, "a", "ecs-svc/1", "nobody", 0, 0);
    expect_without(*state, "old", "ecs-svc/0", NULL, 5, 4);
    expect_without(*state, "x", "ecs-svc/9", NULL, 0, 0); /* nothing is newer than the unknown */
}

static void each_state_of_a_deployment_is_kept_as_it_came_first(void **state)
{
    bool found;
    int64_t updated_ms;
    struct ecs_event event = {.kind = ECS_OF_DEPLOYMENT, .state = ECS_COMPLETED, .updated_ms = 40};
    strcpy(event.cluster_arn, ARN);
    strcpy(event.deployment, "ecs-svc/1");
    assert_true(store_save_deployment_state(*state, &event, &err));
    event.updated_ms = 50;
    assert_true(store_save_deployment_state(*state, &event, &err));
    assert_true(store_load_deployment_state(*state, ARN, "ecs-svc/1", ECS_COMPLETED, &found,
                                            &updated_ms, &err));
    assert_true(found);
    assert_int_equal(updated_ms, 40);
    assert_true(store_load_deployment_state(*state, ARN, "ecs-svc/1", ECS_FAILED, &found,
                                            &updated_ms, &err));
    assert_false(found);
    assert_true(store_load_deployment_state(*state, "other", "ecs-svc/1", ECS_COMPLETED, &found,
                                            &updated_ms, &err));
    assert_false(found);
}

static void statistics_are_kept_of_the_newest_thousand_deployments(void **state)
{
    struct event_stat *stats;
    size_t count;
    struct store *store = *state;
    assert_true(store_begin(store, &err));
    assert_true(store_count_stat(store, "", "", "other service", "detail.group", &err));
    for (int i = 0; i < 1500; i++) {
        char deployment[32];
        snprintf(deployment, sizeof(deployment), "ecs-svc/%d", i);
        assert_true(store_count_stat(store, "cats", deployment, "started", "", &err));
        assert_true(
            store_count_stat(store, "cats", deployment, "not running", "detail.lastStatus", &err));
        assert_true(
            store_count_stat(store, "cats", deployment, "not running", "detail.lastStatus", &err));
    }
    assert_true(store_count_stat(store, "", "", "other service", "detail.group", &err));
    assert_true(store_commit(store, &err));
    assert_true(store_list_stats(store, &stats, &count, &err));
    assert_int_equal(count, 1 + 2 * 1000);
    assert_string_equal(stats[0].rule, "");
    assert_int_equal(stats[0].total, 2);
    assert_string_equal(stats[0].field, "detail.group");
    assert_string_equal(stats[1].rule, "cats");
    assert_string_equal(stats[1].deployment, "ecs-svc/1499");
    assert_string_equal(stats[1].fate, "not running");
    assert_int_equal(stats[1].total, 2);
    assert_string_equal(stats[2].fate, "started");
    assert_int_equal(stats[2].deployment_id, stats[1].deployment_id);
    assert_string_equal(stats[count - 1].deployment, "ecs-svc/500");
    free(stats);
}

static void sum(void *argument, const char *fate, int64_t count)
{
    assert_true(fate[0] != '\0');
    *(int64_t *)argument += count;
}

static void the_event_log_is_bounded_and_its_counters_are_not(void **state)
{
    struct event_entry entry = {.version = 6, .rollout = 8};
    struct event_entry *list;
    size_t count;
    int64_t total = 0;
    strcpy(entry.event_id, "id");
    strcpy(entry.task_arn, "arn");
    strcpy(entry.service, "cats-green");
    strcpy(entry.deployment, "ecs-svc/1");
    strcpy(entry.reason, "because");
    assert_true(store_begin(*state, &err));
    for (int i = 1; i <= 10007; i++) {
        entry.at_ms = i;
        strcpy(entry.fate, i % 3 == 0 ? "duplicate" : "stale");
        assert_true(store_add_event(*state, &entry, &err));
    }
    assert_true(store_commit(*state, &err));
    assert_true(store_count_events(*state, sum, &total, &err));
    assert_int_equal(total, 10007);
    assert_true(store_list_events(*state, SIZE_MAX, &list, &count, &err));
    assert_int_equal(count, 10000);
    assert_int_equal(list[0].at_ms, 8);
    free(list);
    assert_true(store_list_events(*state, 2, &list, &count, &err));
    assert_int_equal(count, 2);
    assert_int_equal(list[1].at_ms, 10007);
    assert_true(list[1].seq > list[0].seq);
    assert_int_equal(list[1].seq, entry.seq);
    assert_int_equal(list[1].version, 6);
    assert_int_equal(list[1].rollout, 8);
    assert_string_equal(list[1].event_id, "id");
    assert_string_equal(list[1].task_arn, "arn");
    assert_string_equal(list[1].service, "cats-green");
    assert_string_equal(list[1].deployment, "ecs-svc/1");
    assert_string_equal(list[1].fate, "stale");
    assert_string_equal(list[1].reason, "because");
    free(list);
}

static void an_alias_comes_back_as_it_was_saved_last(void **state)
{
    uint8_t octets[] = {192, 0, 2, 1, 192, 0, 2, 0};
    struct store_alias saved = {.addresses = octets, .octets = 8, .resolved_ms = 1234};
    struct store_alias loaded;
    assert_true(store_load_alias(*state, "lb.example", "A", &loaded, &err));
    assert_int_equal(loaded.octets, 0);
    assert_true(store_save_alias(*state, "lb.example", "A", &saved, &err));
    saved.octets = 4;
    saved.resolved_ms = 5678;
    assert_true(store_save_alias(*state, "lb.example", "A", &saved, &err));
    assert_true(store_load_alias(*state, "lb.example", "A", &loaded, &err));
    assert_int_equal(loaded.octets, 4);
    assert_memory_equal(loaded.addresses, octets, 4);
    assert_int_equal(loaded.resolved_ms, 5678);
    free(loaded.addresses);
    assert_true(store_load_alias(*state, "lb.example", "AAAA", &loaded, &err));
    assert_int_equal(loaded.octets, 0);
    assert_true(store_load_alias(*state, "other.example", "A", &loaded, &err));
    assert_null(loaded.addresses);
}

static void health_checks_are_those_that_were_saved_last(void **state)
{
    static const struct stored_route53_check some[] = {{"ballast-1", "a"}, {"ballast-2", "b"}};
    struct stored_route53_check *list;
    size_t count;
    assert_true(store_list_route53_checks(*state, &list, &count, &err));
    assert_int_equal(count, 0);
    free(list);
    assert_true(store_save_route53_checks(*state, some, 2, &err));
    assert_true(store_save_route53_checks(*state, &some[1], 1, &err));
    assert_true(store_list_route53_checks(*state, &list, &count, &err));
    assert_int_equal(count, 1);
    assert_string_equal(list[0].reference, "ballast-2");
    assert_string_equal(list[0].id, "b");
    free(list);
    assert_true(store_save_route53_checks(*state, NULL, 0, &err));
    assert_true(store_list_route53_checks(*state, &list, &count, &err));
    assert_int_equal(count, 0);
    free(list);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void zones_are_kept_by_name(void **state)
{
    struct store *store = *state;
    struct stored_zone *zones = NULL;
    size_t count = 0;
    assert_true(store_save_zone(store, "b.test", "{1}", &err));
    assert_true(store_save_zone(store, "a.test", "{2}", &err));
    assert_true(store_save_zone(store, "b.test", "{3}", &err));
    assert_true(store_list_zones(store, &zones, &count, &err));
    assert_int_equal(count, 2);
    assert_string_equal(zones[0].name, "a.test");
    assert_string_equal(zones[0].definition, "{2}");
    assert_string_equal(zones[1].definition, "{3}");
    store_free_zones(zones, count);
    assert_true(store_remove_zone(store, "b.test", &err));
    assert_true(store_remove_zone(store, "never.test", &err));
    assert_true(store_list_zones(store, &zones, &count, &err));
    assert_int_equal(count, 1);
    store_free_zones(zones, count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_weight_that_was_never_set_is_not_found),
        TEST(a_weight_is_what_was_saved_last),
        TEST(what_is_rolled_back_never_was),
        TEST(a_transaction_with_a_failed_write_cannot_be_committed),
        TEST(forced_health_is_kept_until_it_is_auto),
        TEST(a_rollout_comes_back_with_every_field),
        TEST(the_longest_plan_comes_back),
        TEST(rollouts_are_listed_newest_first_by_rule),
        TEST(old_rollouts_are_dropped_with_their_weights_but_never_one_that_runs),
        TEST(the_weights_of_before_belong_to_their_rollout),
        TEST(zones_are_kept_by_name),
        TEST(history_lists_the_newest_oldest_first),
        TEST(a_line_of_the_history_keeps_what_it_did_to_weights),
        TEST(a_line_of_the_history_keeps_the_shares_of_its_time),
        TEST(a_ttl_is_kept_until_it_is_as_configured),
        TEST(a_freeze_is_kept_until_it_is_removed),
        TEST(history_keeps_its_newest_hundred_thousand_lines),
        TEST(history_goes_by_its_age_a_few_lines_at_a_time),
        TEST(history_keeps_as_many_lines_as_it_is_told),
        TEST(running_counts_distinct_tasks_that_run_and_shall_run),
        TEST(running_counts_tasks_with_the_named_container_only),
        TEST(a_deployment_is_as_old_as_the_first_of_its_tasks),
        TEST(stopped_tasks_are_forgotten_after_a_week_and_silent_ones_after_ninety_days),
        TEST(a_deployment_is_remembered_by_rule_cluster_and_id),
        TEST(tasks_of_newer_deployments_count_beside_those_of_the_deployment),
        TEST(each_state_of_a_deployment_is_kept_as_it_came_first),
        TEST(statistics_are_kept_of_the_newest_thousand_deployments),
        TEST(an_alias_comes_back_as_it_was_saved_last),
        TEST(the_event_log_is_bounded_and_its_counters_are_not),
        TEST(health_checks_are_those_that_were_saved_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
