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
#include "control/ledger.h"

#include <unistd.h>

#define CLUSTER "arn:aws:ecs:us-east-1:111122223333:cluster/catsndogsECScluster"

/* cats: blue is service "cats", green is "cats-green" with container "cats-green". */
static struct config_member cats_members[] = {
    {.id = "blue", .ecs_service = "cats"},
    {.id = "green", .ecs_service = "cats-green", .ecs_container = "cats-green"},
    {.id = "spare"},
};
static struct config_member dogs_members[] = {
    {.id = "old", .ecs_service = "dogs"},
    {.id = "new", .ecs_service = "dogs-new"},
};
static struct config_record_set record_sets[] = {
    {.name = "www.catsndogs.lol", .type = "A", .members = cats_members, .member_count = 3},
    {.name = "dogs.catsndogs.lol", .type = "A", .members = dogs_members, .member_count = 2},
};
static size_t first_set = 0, second_set = 1;
static const struct config config = {.record_sets = record_sets, .record_set_count = 2};
static struct config_rollout cats = {
    .name = "cats", .record_sets = &first_set, .record_set_count = 1};
static struct config_rollout dogs = {
    .name = "dogs", .record_sets = &second_set, .record_set_count = 1};
static struct ledger_rule rules[2];

static struct store *store;
static struct judgement judgement;
static struct error err;

static int set_up(void **state)
{
    (void)state;
    cats.cluster = dogs.cluster = "catsndogsECScluster";
    cats.min_running = dogs.min_running = 1;
    rules[0] = (struct ledger_rule){.config = &cats, .whole = &config, .live = "blue"};
    rules[1] = (struct ledger_rule){.config = &dogs, .whole = &config, .live = "old"};
    store = store_open(":memory:", &err);
    return store == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    store_close(store);
    return 0;
}

/* A running task of green's first deployment; tests change what they are about. */
static struct ecs_event sample(const char *task, int64_t version)
{
    struct ecs_event event = {.version = version, .created_ms = 100000};
    snprintf(event.task_arn, sizeof(event.task_arn), "%s", task);
    strcpy(event.cluster_arn, CLUSTER);
    strcpy(event.cluster, "catsndogsECScluster");
    strcpy(event.service, "cats-green");
    strcpy(event.deployment, "ecs-svc/1");
    strcpy(event.desired_status, "RUNNING");
    strcpy(event.last_status, "RUNNING");
    strcpy(event.containers[0], "log-router");
    strcpy(event.containers[1], "cats-green");
    event.container_count = 2;
    return event;
}

static enum event_fate judge(const struct ecs_event *event)
{
    assert_true(ledger_judge(store, rules, 2, event, 5000000, &judgement, &err));
    assert_string_not_equal(judgement.reason, "");
    return judgement.fate;
}

static enum event_fate judge_sample(const char *task, int64_t version)
{
    struct ecs_event event = sample(task, version);
    return judge(&event);
}

static void save_started(const struct ecs_event *event, int64_t rollout)
{
    assert_true(store_save_deployment(store, rules[judgement.rule].config->name, event->cluster_arn,
                                      event->deployment, judgement.created_ms, rollout, "started",
                                      &err));
}

static void every_fate_has_a_name_of_its_own_that_fits_the_log(void **state)
{
    (void)state;
    for (int i = 0; i < FATE_COUNT; i++) {
        const char *name = event_fate_name((enum event_fate)i);
        assert_in_range(strlen(name), 1, sizeof(((struct event_entry *)0)->fate) - 1);
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(name, event_fate_name((enum event_fate)j));
        }
    }
}

static void a_running_task_of_the_candidate_starts_a_rollout(void **state)
{
    (void)state;
    assert_int_equal(judge_sample("a", 4), FATE_STARTED);
    assert_int_equal(judgement.rule, 0);
    assert_string_equal(judgement.candidate, "green");
    assert_int_equal(judgement.created_ms, 100000);
    assert_non_null(strstr(judgement.reason, "1 of 1 tasks run"));
}

static void a_rule_may_name_its_cluster_by_arn(void **state)
{
    (void)state;
    cats.cluster = CLUSTER;
    assert_int_equal(judge_sample("a", 4), FATE_STARTED);
    cats.cluster = dogs.cluster = "arn:aws:ecs:us-east-2:111122223333:cluster/catsndogsECScluster";
    assert_int_equal(judge_sample("b", 4), FATE_OTHER_CLUSTER);
}

static void another_cluster_is_told_by_name(void **state)
{
    (void)state;
    struct ecs_event event = sample("a", 4);
    strcpy(event.cluster, "catsndogs");
    strcpy(event.cluster_arn, "arn:aws:ecs:us-east-1:111122223333:cluster/catsndogs");
    assert_int_equal(judge(&event), FATE_OTHER_CLUSTER);
    assert_non_null(strstr(judgement.reason, "catsndogs"));
    assert_int_equal(judgement.rule, SIZE_MAX);
    assert_int_equal(judge(&event), FATE_OTHER_CLUSTER);
}

static void service_names_are_compared_whole(void **state)
{
    (void)state;
    static const char *const others[] = {"cat", "cats-gree", "cats-green2", "Cats-green", ""};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        struct ecs_event event = sample("a", 4);
        strcpy(event.service, others[i]);
        assert_int_equal(judge(&event), FATE_OTHER_SERVICE);
        assert_int_equal(judge(&event), FATE_OTHER_SERVICE);
        assert_non_null(strstr(judgement.reason, others[i]));
    }
    struct ecs_event event = sample("b", 4);
    strcpy(event.service, "cats");
    assert_int_equal(judge(&event), FATE_LIVE);
}

static void container_names_are_compared_whole_and_only_where_one_is_named(void **state)
{
    (void)state;
    struct ecs_event event = sample("a", 4);
    strcpy(event.containers[1], "cats");
    assert_int_equal(judge(&event), FATE_OTHER_CONTAINER);
    assert_non_null(strstr(judgement.reason, "cats-green"));
    event.container_count = 0;
    assert_int_equal(judge(&event), FATE_OTHER_CONTAINER);
    strcpy(event.service, "dogs-new");
    assert_int_equal(judge(&event), FATE_STARTED);
    assert_int_equal(judgement.rule, 1);
    assert_string_equal(judgement.candidate, "new");
}

static void the_rule_that_fits_best_decides(void **state)
{
    (void)state;
    struct ecs_event event = sample("a", 4);
    cats.cluster = "elsewhere";
    strcpy(event.service, "dogs-new");
    assert_int_equal(judge(&event), FATE_STARTED);
    assert_int_equal(judgement.rule, 1);
    event = sample("b", 4);
    assert_int_equal(judge(&event), FATE_OTHER_SERVICE);
    assert_int_equal(judgement.rule, 1);
}

static void what_is_of_no_rule_is_not_remembered(void **state)
{
    (void)state;
    bool found;
    int64_t version;
    struct ecs_event event = sample("a", 4);
    strcpy(event.service, "birds");
    assert_int_equal(judge(&event), FATE_OTHER_SERVICE);
    event = sample("a", 4);
    strcpy(event.cluster, "birds");
    strcpy(event.cluster_arn, "birds");
    assert_int_equal(judge(&event), FATE_OTHER_CLUSTER);
    assert_true(store_load_task_version(store, "a", &found, &version, &err));
    assert_false(found);
}

static void a_task_of_no_deployment_starts_nothing(void **state)
{
    (void)state;
    struct ecs_event event = sample("a", 4);
    event.deployment[0] = '\0';
    assert_int_equal(judge(&event), FATE_NO_DEPLOYMENT);
}

static void the_same_version_is_a_duplicate_and_a_lower_one_is_stale(void **state)
{
    (void)state;
    cats.min_running = 2;
    assert_int_equal(judge_sample("a", 4), FATE_WAITING);
    assert_int_equal(judge_sample("a", 4), FATE_DUPLICATE);
    assert_int_equal(judge_sample("a", 3), FATE_STALE);
    assert_non_null(strstr(judgement.reason, "3"));
    assert_non_null(strstr(judgement.reason, "4"));
    assert_int_equal(judge_sample("a", 4), FATE_DUPLICATE);
    assert_int_equal(judge_sample("a", 5), FATE_WAITING);
    assert_int_equal(judge_sample("b", 4), FATE_STARTED);
}

static void a_task_runs_when_it_does_and_is_to(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"RUNNING", "PROVISIONING"}, {"RUNNING", "PENDING"}, {"RUNNING", "ACTIVATING"},
        {"STOPPED", "RUNNING"},      {"STOPPED", "STOPPED"}, {"RUNNING", "running"},
    };
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        struct ecs_event event = sample("a", (int64_t)i);
        strcpy(event.desired_status, pairs[i][0]);
        strcpy(event.last_status, pairs[i][1]);
        assert_int_equal(judge(&event), FATE_NOT_RUNNING);
        assert_non_null(strstr(judgement.reason, pairs[i][1]));
    }
}

static void min_running_counts_distinct_running_tasks(void **state)
{
    (void)state;
    cats.min_running = 3;
    assert_int_equal(judge_sample("a", 4), FATE_WAITING);
    assert_string_equal(judgement.reason, "1 of 3 tasks run");
    assert_int_equal(judge_sample("a", 5), FATE_WAITING);
    assert_string_equal(judgement.reason, "1 of 3 tasks run");
    assert_int_equal(judge_sample("b", 4), FATE_WAITING);
    struct ecs_event stops = sample("a", 6);
    strcpy(stops.desired_status, "STOPPED");
    assert_int_equal(judge(&stops), FATE_NOT_RUNNING);
    assert_int_equal(judge_sample("c", 4), FATE_WAITING);
    assert_string_equal(judgement.reason, "2 of 3 tasks run");
    struct ecs_event other = sample("d", 4);
    strcpy(other.deployment, "ecs-svc/2");
    assert_int_equal(judge(&other), FATE_WAITING);
    assert_string_equal(judgement.reason, "1 of 3 tasks run");
    assert_int_equal(judge_sample("e", 4), FATE_STARTED);
}

static void a_task_that_stopped_leaves_the_count(void **state)
{
    (void)state;
    cats.min_running = 2;
    assert_int_equal(judge_sample("a", 4), FATE_WAITING);
    struct ecs_event stopped = sample("a", 7);
    strcpy(stopped.desired_status, "STOPPED");
    strcpy(stopped.last_status, "STOPPED");
    assert_int_equal(judge(&stopped), FATE_NOT_RUNNING);
    assert_int_equal(judge_sample("b", 4), FATE_WAITING);
    assert_string_equal(judgement.reason, "1 of 2 tasks run");
}

static void a_deployment_has_one_rollout(void **state)
{
    (void)state;
    struct ecs_event event = sample("a", 4);
    assert_int_equal(judge(&event), FATE_STARTED);
    save_started(&event, 17);
    assert_int_equal(judge_sample("b", 4), FATE_ROLLED_OUT);
    assert_non_null(strstr(judgement.reason, "17"));
    rules[0].live = "green";
    assert_int_equal(judge_sample("c", 4), FATE_ROLLED_OUT);
}

static void a_rollout_that_could_not_start_is_tried_again(void **state)
{
    (void)state;
    assert_int_equal(judge_sample("a", 4), FATE_STARTED);
    assert_int_equal(judge_sample("b", 4), FATE_STARTED);
}

static void a_deployment_of_the_live_service_never_starts_one(void **state)
{
    (void)state;
    struct ecs_event event = sample("a", 4);
    strcpy(event.service, "cats");
    assert_int_equal(judge(&event), FATE_LIVE);
    strcpy(event.task_arn, "b");
    assert_int_equal(judge(&event), FATE_LIVE);
    /* Green is live since; a task of the old deployment is replaced. */
    rules[0].live = "green";
    strcpy(event.task_arn, "c");
    assert_int_equal(judge(&event), FATE_ROLLED_OUT);
    /* A new deployment of blue is a canary now. */
    strcpy(event.task_arn, "d");
    strcpy(event.deployment, "ecs-svc/2");
    assert_int_equal(judge(&event), FATE_STARTED);
    assert_string_equal(judgement.candidate, "blue");
}

static void an_older_deployment_starts_nothing(void **state)
{
    (void)state;
    rules[0].newest_created_ms = 160000;
    assert_int_equal(judge_sample("a", 4), FATE_OLDER);
    assert_non_null(strstr(judgement.reason, "60 s"));
    rules[0].newest_created_ms = 100000;
    assert_int_equal(judge_sample("a", 5), FATE_STARTED);
    struct ecs_event unknown = sample("b", 4);
    strcpy(unknown.deployment, "ecs-svc/2");
    unknown.created_ms = 0;
    assert_int_equal(judge(&unknown), FATE_STARTED);
    assert_int_equal(judgement.created_ms, 0);
}

static void a_newer_deployment_supersedes_the_running_rollout(void **state)
{
    (void)state;
    struct ecs_event event = sample("a", 4);
    assert_int_equal(judge(&event), FATE_STARTED);
    save_started(&event, 1);
    rules[0].is_running = true;
    assert_true(store_load_newest_deployment(store, "cats", &rules[0].newest_created_ms, &err));
    assert_int_equal(rules[0].newest_created_ms, 100000);
    struct ecs_event newer = sample("b", 4);
    strcpy(newer.deployment, "ecs-svc/2");
    newer.created_ms = 100001;
    assert_int_equal(judge(&newer), FATE_SUPERSEDED_ONE);
    struct ecs_event older = sample("c", 4);
    strcpy(older.deployment, "ecs-svc/0");
    older.created_ms = 99999;
    assert_int_equal(judge(&older), FATE_OLDER);
}

static void replay(void *argument, const json_t *json, const char *malformed)
{
    struct ecs_event event;
    struct error text;
    assert_null(malformed);
    assert_int_equal(ecs_event_parse(json, &event, &text), ECS_PARSED);
    enum event_fate fate = judge(&event);
    if (fate == FATE_STARTED) {
        save_started(&event, 1);
    }
    char *fates = argument;
    snprintf(fates + strlen(fates), 1024 - strlen(fates), "%s, ", event_fate_name(fate));
}

static void the_sample_deployment_has_the_fates_that_the_guide_shows(void **state)
{
    (void)state;
    CLEANUP(alloc_freep)
    char *path = alloc_printf("%s/tests/data/ecs/cats-green-deploy.jsonl", getenv("top_srcdir"));
    CLEANUP(alloc_freep) char *text = alloc_zeroed(1, 1 << 20);
    char fates[1024] = "";
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(text, 1, 1 << 20, file);
    fclose(file);
    cats.min_running = 2;
    assert_int_equal(ecs_event_split(text, len, replay, fates), 16);
    assert_string_equal(fates, "not running, not running, not running, not running, not running, "
                               "not running, live, waiting for more tasks, duplicate, other "
                               "cluster, started, stale, already rolled out, not running, not "
                               "running, not running, ");
}

/* A storm: the lives of the tasks of some deployments, shuffled, doubled, thinned out. */
#define DEPLOYMENTS 3
#define TASKS       3
#define STATES      4
#define STORM_MAX   (DEPLOYMENTS * TASKS * STATES * 2)

static char directory[64], path[96];
static unsigned starts[DEPLOYMENTS];

static struct ecs_event storm_event(int deployment, int task, int step)
{
    static const char *const last[STATES] = {"PENDING", "RUNNING", "RUNNING", "STOPPED"};
    char arn[32];
    snprintf(arn, sizeof(arn), "%d-%d", deployment, task);
    struct ecs_event event = sample(arn, step + 1);
    snprintf(event.deployment, sizeof(event.deployment), "ecs-svc/%d", deployment);
    event.created_ms = 1000 + deployment * 100 + task;
    strcpy(event.last_status, last[step]);
    strcpy(event.desired_status, step == STATES - 1 ? "STOPPED" : "RUNNING");
    return event;
}

static size_t make_storm(struct ecs_event *storm, int steps, int loss_percent)
{
    size_t count = 0;
    for (int i = 0; i < DEPLOYMENTS * TASKS * steps; i++) {
        struct ecs_event event = storm_event(i / (TASKS * steps), i / steps % TASKS, i % steps);
        int copies = rand() % 100 < loss_percent ? 0 : 1 + (rand() % 4 == 0);
        for (int j = 0; j < copies; j++) {
            storm[count++] = event;
        }
    }
    for (size_t i = count; i > 1; i--) {
        size_t other = (size_t)rand() % i;
        struct ecs_event event = storm[i - 1];
        storm[i - 1] = storm[other];
        storm[other] = event;
    }
    return count;
}

/* What control does with one event, in one transaction. */
static void play(const struct ecs_event *event)
{
    struct event_entry entry = {.version = event->version};
    assert_true(store_load_newest_deployment(store, "cats", &rules[0].newest_created_ms, &err));
    assert_true(store_begin(store, &err));
    enum event_fate fate = judge(event);
    strcpy(entry.fate, event_fate_name(fate));
    assert_true(store_add_event(store, &entry, &err));
    if (fate == FATE_STARTED || fate == FATE_SUPERSEDED_ONE) {
        if (rand() % 4 == 0) { /* killed before the commit: the event comes again */
            store_rollback(store);
            play(event);
            return;
        }
        save_started(event, 1 + rand() % 9);
        starts[atoi(event->deployment + strlen("ecs-svc/"))]++;
        rules[0].is_running = true;
    }
    assert_true(store_commit(store, &err));
}

static void reopen(void)
{
    store_close(store);
    store = store_open(path, &err);
    assert_non_null(store);
}

static void add_up(void *argument, const char *fate, int64_t count)
{
    (void)fate;
    *(int64_t *)argument += count;
}

static void run_storm(int steps, int loss_percent)
{
    static struct ecs_event storm[STORM_MAX];
    int64_t total = 0;
    store_close(store);
    unlink(path);
    store = store_open(path, &err);
    assert_non_null(store);
    memset(starts, 0, sizeof(starts));
    rules[0].is_running = false;
    cats.min_running = 1 + (unsigned)rand() % TASKS;
    size_t count = make_storm(storm, steps, loss_percent);
    for (size_t i = 0; i < count; i++) {
        play(&storm[i]);
        if (rand() % 8 == 0) {
            reopen();
        }
    }
    for (int i = 0; i < DEPLOYMENTS; i++) {
        assert_in_range(starts[i], 0, 1);
    }
    assert_true(store_count_events(store, add_up, &total, &err));
    assert_int_equal(total, count);
}

static void with_a_state_file(void (*body)(void))
{
    strcpy(directory, "/tmp/ballast-ledger-XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/ballast.db", directory);
    body();
    store_close(store);
    store = NULL;
    unlink(path);
    assert_int_equal(rmdir(directory), 0);
}

static void lossy_storms(void)
{
    for (int round = 0; round < 25; round++) {
        run_storm(STATES, 10 + round);
    }
}

/* Nothing lost, nothing stopped: whatever the order, the newest deployment has its rollout. */
static void whole_storms(void)
{
    for (int round = 0; round < 25; round++) {
        run_storm(STATES - 1, 0);
        assert_int_equal(starts[DEPLOYMENTS - 1], 1);
    }
}

static void no_storm_starts_a_deployment_twice_or_loses_count(void **state)
{
    (void)state;
    print_message("seed 20261124\n");
    srand(20261124);
    with_a_state_file(lossy_storms);
}

static void no_order_keeps_the_newest_deployment_from_its_rollout(void **state)
{
    (void)state;
    print_message("seed 20261125\n");
    srand(20261125);
    with_a_state_file(whole_storms);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_fate_has_a_name_of_its_own_that_fits_the_log),
        TEST(a_running_task_of_the_candidate_starts_a_rollout),
        TEST(a_rule_may_name_its_cluster_by_arn),
        TEST(another_cluster_is_told_by_name),
        TEST(service_names_are_compared_whole),
        TEST(container_names_are_compared_whole_and_only_where_one_is_named),
        TEST(the_rule_that_fits_best_decides),
        TEST(what_is_of_no_rule_is_not_remembered),
        TEST(a_task_of_no_deployment_starts_nothing),
        TEST(the_same_version_is_a_duplicate_and_a_lower_one_is_stale),
        TEST(a_task_runs_when_it_does_and_is_to),
        TEST(min_running_counts_distinct_running_tasks),
        TEST(a_task_that_stopped_leaves_the_count),
        TEST(a_deployment_has_one_rollout),
        TEST(a_rollout_that_could_not_start_is_tried_again),
        TEST(a_deployment_of_the_live_service_never_starts_one),
        TEST(an_older_deployment_starts_nothing),
        TEST(a_newer_deployment_supersedes_the_running_rollout),
        TEST(the_sample_deployment_has_the_fates_that_the_guide_shows),
        TEST(no_storm_starts_a_deployment_twice_or_loses_count),
        TEST(no_order_keeps_the_newest_deployment_from_its_rollout),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
