/* SPDX-License-Identifier: BSD-2-Clause */
/* What is described becomes events of a real control plane, on a state file: what is news, what
 * starts a rollout, and what is too old to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "control/control.h"
#include "control/ecs_level_take.h"
#include "control/rule.h"

#define CLUSTER "arn:aws:ecs:r:1:cluster/c"

static const char config_text[] =
    "server: { listen: [127.0.0.1@5300], workers: 1 }\n"
    "control: { socket: s.sock, state: state.db }\n"
    "zones: [{ name: level.example, file: zone }]\n"
    "record_sets:\n"
    "  - { name: cats.level.example, type: A, ttl: 60, members: [\n"
    "      { id: blue, weight: 100, values: [192.0.2.1], ecs_service: cats },\n"
    "      { id: green, weight: 0, values: [192.0.2.2], ecs_service: cats-green }] }\n"
    "rollouts:\n"
    "  - { name: cats, cluster: c, min_running: 2, trigger: both,\n"
    "      record_set: cats.level.example/A, plan: { steps: [10, 100], hold: 60s } }\n";
static const char zone_text[] = "$ORIGIN level.example.\n$TTL 300\n"
                                "@ SOA ns hostmaster 1 3600 600 86400 60\n  NS ns\n"
                                "ns A 127.0.0.1\n";

struct world {
    char folder[64];
    struct config *config;
    struct record_sets *sets;
    struct exchange *exchange;
    struct control *control;
    int64_t begun_ms;
};

static void write_file(const struct world *world, const char *name, const char *text)
{
    CLEANUP(alloc_freep) char *path = alloc_printf("%s/%s", world->folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void open_control(struct world *world)
{
    struct error err = {""};
    world->exchange = exchange_new(1, world->sets->member_count);
    world->control = control_new(world->config, world->sets, world->exchange, &err);
    if (world->control == NULL) {
        fail_msg("%s", err.text);
    }
    rule_watch(&world->control->rules[0]);
    exchange_take(world->exchange, 0);
}

static void close_control(struct world *world)
{
    exchange_leave(world->exchange, 0);
    control_free(world->control);
    exchange_free(world->exchange);
}

static void begin_world(struct world *world)
{
    struct error err = {""};
    *world = (struct world){.folder = "/tmp/ballast-level-XXXXXX", .begun_ms = clock_now_ms()};
    assert_non_null(mkdtemp(world->folder));
    write_file(world, "ballast.yaml", config_text);
    write_file(world, "zone", zone_text);
    CLEANUP(alloc_freep) char *path = alloc_printf("%s/ballast.yaml", world->folder);
    world->config = config_load(path, &err);
    if (world->config == NULL) {
        fail_msg("%s", err.text);
    }
    world->sets = record_sets_new(world->config, &err);
    assert_non_null(world->sets);
    open_control(world);
}

static void end_world(struct world *world)
{
    static const char *const files[] = {"ballast.yaml", "zone", "state.db", "state.db-wal",
                                        "state.db-shm"};
    close_control(world);
    record_sets_freep(&world->sets);
    config_freep(&world->config);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        CLEANUP(alloc_freep) char *path = alloc_printf("%s/%s", world->folder, files[i]);
        unlink(path);
    }
    rmdir(world->folder);
}

/* ---- what ECS says ---- */

/* A service cats-green; deployments are added in front. */
static json_t *service_of(void)
{
    return json_pack("{s:s, s:s, s:s, s:i, s:i, s:i, s:[]}", "serviceName", "cats-green",
                     "serviceArn", "arn:aws:ecs:r:1:service/c/cats-green", "clusterArn", CLUSTER,
                     "desiredCount", 2, "runningCount", 2, "pendingCount", 0, "deployments");
}

static void add_deployment(json_t *service, const char *id, const char *state, const char *reason,
                           int64_t created_ms)
{
    json_t *list = json_object_get(service, "deployments");
    size_t i;
    json_t *other;
    json_array_foreach(list, i, other)
    {
        json_object_set_new(other, "status", json_string("ACTIVE"));
    }
    json_array_insert_new(list, 0,
                          json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:f, s:f}", "id", id,
                                    "status", "PRIMARY", "rolloutState", state,
                                    "rolloutStateReason", reason, "desiredCount", 2, "runningCount",
                                    2, "pendingCount", 0, "createdAt", (double)created_ms / 1000,
                                    "updatedAt", (double)created_ms / 1000));
}

static void add_task(json_t *tasks, const char *name, int version, const char *deployment,
                     const char *status)
{
    CLEANUP(alloc_freep) char *arn = alloc_printf("arn:aws:ecs:r:1:task/c/%s", name);
    json_array_append_new(tasks, json_pack("{s:s, s:s, s:s, s:s, s:i, s:s, s:s}", "taskArn", arn,
                                           "clusterArn", CLUSTER, "lastStatus", status,
                                           "desiredStatus", status, "version", version, "group",
                                           "service:cats-green", "startedBy", deployment));
}

/* One look; takes over the tasks. Returns how many turns it took. */
static unsigned look(struct world *world, const json_t *service, json_t *tasks)
{
    struct ecs_described described;
    struct error err = {""};
    unsigned turns = 0;
    assert_true(ecs_described_read(service, &described, &err));
    struct ecs_level_taking taking = {.control = world->control,
                                      .cluster = "c",
                                      .described = &described,
                                      .document = service,
                                      .tasks = tasks};
    bool is_over = false, is_good = ecs_level_take_begin(&taking, &err);
    while (is_good && !is_over) {
        size_t before = taking.at;
        is_good = ecs_level_take_some(&taking, &is_over, &err);
        assert_true(taking.at - before <= ECS_LEVEL_TASKS_PER_TURN);
        turns++;
    }
    if (!is_good) {
        fail_msg("%s", err.text);
    }
    json_decref(tasks);
    return turns;
}

/* The fates of all events so far: "noted,started,". */
#define assert_fates(world, expected) check_fates(world, expected, __LINE__)
static void check_fates(const struct world *world, const char *expected, int line)
{
    struct event_entry *entries = NULL;
    size_t count = 0;
    struct error err;
    char text[1024] = "";
    assert_true(store_list_events(world->control->store, 100, &entries, &count, &err));
    for (size_t i = 0; i < count; i++) {
        strcat(strcat(text, entries[i].fate), ",");
        assert_string_equal(entries[i].event_id, "described");
    }
    free(entries);
    _assert_string_equal(text, expected, __FILE__, line);
}

static const struct rollout *rollout_of(const struct world *world)
{
    const struct rule_state *rule = &world->control->rules[0];
    return rule->has_rollout ? &rule->rollout : NULL;
}

static json_t *two_tasks(const char *deployment)
{
    json_t *tasks = json_array();
    add_task(tasks, "a", 3, deployment, "RUNNING");
    add_task(tasks, "b", 3, deployment, "RUNNING");
    return tasks;
}

/* Green as it was before anybody looked. */
static json_t *looked_at(struct world *world)
{
    json_t *service = service_of();
    json_t *tasks = json_array();
    add_deployment(service, "ecs-svc/1", "COMPLETED", "", world->begun_ms - 86400000);
    add_task(tasks, "old-a", 5, "ecs-svc/1", "RUNNING");
    add_task(tasks, "old-b", 5, "ecs-svc/1", "RUNNING");
    look(world, service, tasks);
    return service;
}

/* ---- the tests ---- */

static void what_is_older_than_the_first_look_starts_nothing(void **state)
{
    (void)state;
    struct world world;
    begin_world(&world);
    json_decref(looked_at(&world));
    assert_fates(&world, "");
    close_control(&world); /* nor after a restart */
    open_control(&world);
    json_decref(looked_at(&world));
    assert_fates(&world, "");
    assert_null(rollout_of(&world));
    end_world(&world);
}

static void what_no_event_told_starts_a_rollout_once(void **state)
{
    (void)state;
    struct world world;
    begin_world(&world);
    json_t *service = looked_at(&world);
    add_deployment(service, "ecs-svc/2", "IN_PROGRESS", "", world.begun_ms + 60000);
    look(&world, service, two_tasks("ecs-svc/2"));
    assert_fates(&world, "noted,waiting for more tasks,started,");
    assert_string_equal(rollout_of(&world)->deployment, "ecs-svc/2");
    assert_string_equal(rollout_of(&world)->candidate, "green");
    int64_t id = rollout_of(&world)->id;
    look(&world, service, two_tasks("ecs-svc/2")); /* no news */
    close_control(&world);
    open_control(&world);
    look(&world, service, two_tasks("ecs-svc/2"));
    assert_fates(&world, "noted,waiting for more tasks,started,");
    assert_int_equal(rollout_of(&world)->id, id);
    json_decref(service);
    end_world(&world);
}

static void tasks_that_do_not_run_and_those_of_others_are_no_news(void **state)
{
    (void)state;
    struct world world;
    begin_world(&world);
    json_t *service = looked_at(&world);
    json_t *tasks = json_array();
    add_deployment(service, "ecs-svc/2", "IN_PROGRESS", "", world.begun_ms + 60000);
    add_task(tasks, "a", 1, "ecs-svc/2", "PENDING");
    add_task(tasks, "b", 4, "ecs-svc/2", "STOPPED");
    add_task(tasks, "c", 3, "ecs-svc/9", "RUNNING"); /* of a deployment that is not described */
    json_array_append_new(tasks, json_integer(7));
    look(&world, service, tasks);
    assert_fates(&world, "noted,");
    json_decref(service);
    end_world(&world);
}

static void a_deployment_that_failed_falls_back_and_the_way_back_starts_nothing(void **state)
{
    (void)state;
    struct world world;
    begin_world(&world);
    json_t *service = looked_at(&world);
    add_deployment(service, "ecs-svc/2", "IN_PROGRESS", "", world.begun_ms + 60000);
    look(&world, service, two_tasks("ecs-svc/2"));
    assert_true(rule_is_running(&world.control->rules[0]));
    json_t *failed = json_array_get(json_object_get(service, "deployments"), 0);
    json_object_set_new(failed, "rolloutState", json_string("FAILED"));
    add_deployment(service, "ecs-svc/3", "IN_PROGRESS",
                   "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1.",
                   world.begun_ms + 120000);
    json_t *tasks = two_tasks("ecs-svc/2");
    add_task(tasks, "c", 3, "ecs-svc/3", "RUNNING");
    add_task(tasks, "d", 3, "ecs-svc/3", "RUNNING");
    look(&world, service, tasks);
    assert_false(rule_is_running(&world.control->rules[0]));
    assert_string_equal(rollout_of(&world)->deployment, "ecs-svc/2");
    assert_int_equal(rollout_of(&world)->state, ROLLOUT_FAILED);
    assert_fates(&world, "noted,waiting for more tasks,started,noted,fell back,rollback,rollback,");
    json_decref(service);
    end_world(&world);
}

static void tasks_that_are_gone_are_lost(void **state)
{
    (void)state;
    struct world world;
    begin_world(&world);
    json_t *service = looked_at(&world);
    add_deployment(service, "ecs-svc/2", "IN_PROGRESS", "", world.begun_ms + 60000);
    look(&world, service, two_tasks("ecs-svc/2"));
    json_t *tasks = json_array();
    add_task(tasks, "b", 3, "ecs-svc/2", "RUNNING");
    add_task(tasks, "a", 4, "ecs-svc/2", "STOPPED");
    look(&world, service, tasks);
    assert_int_equal(rollout_of(&world)->state, ROLLOUT_FAILED);
    assert_fates(&world, "noted,waiting for more tasks,started,fell back,");
    json_decref(service);
    end_world(&world);
}

/* Whatever was missed, others of the loop have their turns. */
static void hundreds_of_tasks_are_taken_a_few_a_turn(void **state)
{
    (void)state;
    struct world world;
    begin_world(&world);
    json_t *service = looked_at(&world);
    add_deployment(service, "ecs-svc/2", "IN_PROGRESS", "", world.begun_ms + 60000);
    for (int round = 0; round < 2; round++) {
        json_t *tasks = json_array();
        for (int i = 0; i < 200; i++) {
            char name[16];
            snprintf(name, sizeof(name), "t%d", i);
            add_task(tasks, name, 3, "ecs-svc/2", "RUNNING");
        }
        /* The second time there is nothing new, and 200 are looked at. */
        assert_int_equal(look(&world, service, tasks),
                         round == 0 ? 200 / ECS_LEVEL_NEWS_PER_TURN : 4);
        assert_true(rule_is_running(&world.control->rules[0]));
    }
    json_decref(service);
    end_world(&world);
}

/* Listed before those that stopped. */
static void a_task_that_was_replaced_is_no_loss(void **state)
{
    (void)state;
    struct world world;
    begin_world(&world);
    json_t *service = looked_at(&world);
    add_deployment(service, "ecs-svc/2", "IN_PROGRESS", "", world.begun_ms + 60000);
    look(&world, service, two_tasks("ecs-svc/2"));
    json_t *tasks = json_array();
    add_task(tasks, "b", 3, "ecs-svc/2", "RUNNING");
    add_task(tasks, "c", 3, "ecs-svc/2", "RUNNING");
    add_task(tasks, "a", 4, "ecs-svc/2", "STOPPED");
    look(&world, service, tasks);
    assert_true(rule_is_running(&world.control->rules[0]));
    json_decref(service);
    end_world(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_older_than_the_first_look_starts_nothing),
        cmocka_unit_test(what_no_event_told_starts_a_rollout_once),
        cmocka_unit_test(tasks_that_do_not_run_and_those_of_others_are_no_news),
        cmocka_unit_test(a_deployment_that_failed_falls_back_and_the_way_back_starts_nothing),
        cmocka_unit_test(tasks_that_are_gone_are_lost),
        cmocka_unit_test(hundreds_of_tasks_are_taken_a_few_a_turn),
        cmocka_unit_test(a_task_that_was_replaced_is_no_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
