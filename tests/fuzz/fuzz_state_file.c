/* SPDX-License-Identifier: BSD-2-Clause */
/* Any octets as a state file, or any SQL run on one: refused, and then left as it was to the octet,
 * or opened, and then everything in it can be read and worked with, or is refused.
 *
 * The first octet: 0 for a file, else for SQL. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>
#include <sqlite3.h>

#include "common/alloc.h"
#include "control/plan_source.h"
#include "control/rollout_run.h"
#include "control/store.h"
#include "control/zone_list.h"
#include "tests/fuzz/folder.h"

#define NOW_MS         INT64_C(1800000000000)
#define SET            "www.example.test/A"
#define TEXT_MAX       100000
#define STEPS_PER_CALL 1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *path;
static char *fresh; /* a state file that was just made */
static size_t fresh_len;
static unsigned steps;

static void make_fresh(void)
{
    struct error err;
    path = folder_file("state");
    struct store *store = store_open(path, &err);
    assert(store != NULL);
    store_close(store);
    fresh = folder_read(path, &fresh_len);
}

/* Nothing outside of the file. */
static int authorize(void *argument, int action, const char *first, const char *second,
                     const char *database, const char *trigger)
{
    (void)argument, (void)first, (void)second, (void)database, (void)trigger;
    return action == SQLITE_ATTACH ? SQLITE_DENY : SQLITE_OK;
}

static int tire(void *argument)
{
    (void)argument;
    return ++steps > 100;
}

static void run_sql(const char *sql)
{
    sqlite3 *db;
    steps = 0;
    if (sqlite3_open(path, &db) != SQLITE_OK) {
        abort();
    }
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, TEXT_MAX);
    sqlite3_set_authorizer(db, authorize, NULL);
    sqlite3_progress_handler(db, STEPS_PER_CALL, tire, NULL);
    sqlite3_exec(db, sql, NULL, NULL, NULL);
    sqlite3_close(db);
}

static void write_state(const uint8_t *data, size_t size)
{
    folder_empty();
    if (data[0] == 0) {
        folder_write(path, 0600, data + 1, size - 1);
    } else {
        CLEANUP(alloc_freep) char *sql = alloc_zeroed(size, 1);
        memcpy(sql, data + 1, size - 1);
        folder_write(path, 0600, fresh, fresh_len);
        run_sql(sql);
    }
}

/* The plan that it executes, as it was stored, or as its steps say. */
static struct rollout_run *run_of(struct store *store, const struct rollout *stored)
{
    struct error err;
    struct store_execution execution;
    struct rollout rollout = *stored;
    CLEANUP(asl_document_freep) struct asl_document *document = NULL;
    if (!store_load_execution(store, stored->id, &execution, &err)) {
        return NULL;
    }
    if (execution.plan == NULL) {
        document = plan_source_compile(&rollout.plan);
        rollout_rebuild_run(&rollout, document);
    } else {
        document =
            asl_document_parse(execution.plan, strlen(execution.plan), "plan", NULL, 0, &err);
        rollout.run = document == NULL ? NULL : rollout_run_load(document, execution.run, &err);
    }
    store_execution_done(&execution);
    return rollout.run;
}

/* What the engine makes of a rollout that was stored. */
static void check_rollout(struct store *store, const struct rollout *stored)
{
    struct error err = {""};
    assert(stored->plan.step_count >= 1 && stored->plan.step_count <= PLAN_MAX_STEPS);
    assert(stored->step < stored->plan.step_count);
    if (!rollout_check(stored, &err)) {
        assert(err.text[0] != '\0');
        return;
    }
    struct rollout_run *run = run_of(store, stored);
    if (run == NULL) {
        return;
    }
    for (unsigned kind = 0; kind < INPUT_KIND_COUNT; kind++) {
        for (unsigned gate = GATE_PASS; gate <= GATE_FAIL; gate++) {
            struct rollout rollout = *stored;
            rollout.run = rollout_run_copy(run);
            struct rollout_effect effect;
            struct rollout_input input = {.kind = (enum rollout_input_kind)kind,
                                          .now_ms = NOW_MS,
                                          .gate = (enum gate_verdict)gate,
                                          .gate_text = "seen",
                                          .who = "somebody"};
            if (rollout_apply(&rollout, &input, &effect, &err)) {
                assert(effect.shift != SHIFT_WEIGHT || effect.weight <= ROLLOUT_FULL);
                assert(rollout_weight(&rollout) <= ROLLOUT_FULL);
            }
            int64_t left_ms = rollout_hold_left_ms(&rollout, NOW_MS);
            assert(left_ms >= 0 && left_ms <= rollout.plan.hold_ms);
            rollout_run_free(rollout.run);
        }
    }
    rollout_run_free(run);
}

static void check_rollouts(struct store *store)
{
    struct error err = {""};
    struct rollout *rollouts = NULL;
    size_t count = 0;
    if (store_list_running_rollouts(store, &rollouts, &count, &err)) {
        for (size_t i = 0; i < count; i++) {
            assert(rollouts[i].ended_ms == 0);
            check_rollout(store, &rollouts[i]);
        }
        free(rollouts);
    } else {
        assert(strstr(err.text, path) != NULL);
    }
    if (store_list_rollouts(store, NULL, 100, &rollouts, &count, &err)) {
        for (size_t i = 0; i < count; i++) {
            bool is_found = false;
            struct rollout again;
            bool is_good = store_load_rollout(store, rollouts[i].id, &is_found, &again, &err);
            assert(is_good && is_found && again.id == rollouts[i].id);
        }
        free(rollouts);
    }
}

static void check_zones(struct store *store)
{
    struct error err = {""};
    const struct config config = {.path = "fuzz.yaml"};
    struct stored_zone *zones = NULL;
    size_t count = 0;
    if (!store_list_zones(store, &zones, &count, &err)) {
        assert(strstr(err.text, path) != NULL);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct zone_definition *definition =
            zone_definition_parse(&config, zones[i].definition, &err);
        assert(definition == NULL || definition->origin.len > 0);
        zone_definition_unref(definition);
    }
    store_free_zones(zones, count);
}

static void count_fate(void *argument, const char *fate, int64_t total)
{
    (void)argument;
    assert(fate != NULL && total == total);
}

static void check_lists(struct store *store)
{
    struct error err;
    size_t count = 0;
    struct history_entry *history = NULL;
    struct event_entry *events = NULL;
    const struct history_wanted wanted[] = {
        {.most = 100},
        {.most = 100, .rollout = 1},
        {.most = 100, .record_set = SET, .rule = "web"},
    };
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        if (store_list_history(store, &wanted[i], &history, &count, &err)) {
            assert(count <= 100);
            free(history);
        }
    }
    if (store_list_events(store, 100, &events, &count, &err)) {
        assert(count <= 100);
        free(events);
    }
    (void)!store_count_events(store, count_fate, NULL, &err);
}

static void check_audit(struct store *store)
{
    struct error err;
    struct freeze freeze;
    struct history_weights *changes = NULL;
    struct history_shares *shares = NULL;
    size_t count = 0;
    if (store_load_freeze(store, &freeze, &err) && freeze.is_on) {
        assert(strlen(freeze.who) < sizeof(freeze.who));
        assert(strlen(freeze.reason) < sizeof(freeze.reason));
    }
    if (store_list_history_weights(store, 1, &changes, &count, &err)) {
        for (size_t i = 0; i < count; i++) {
            assert(changes[i].record_set != NULL);
            json_decref(json_loads(changes[i].before, 0, NULL));
            json_decref(json_loads(changes[i].after, 0, NULL));
        }
        store_free_history_weights(changes, count);
    }
    if (store_list_history_shares(store, 1, &shares, &count, &err)) {
        for (size_t i = 0; i < count; i++) {
            assert(shares[i].record_set != NULL);
            json_decref(json_loads(shares[i].shares, 0, NULL));
        }
        store_free_history_shares(shares, count);
    }
}

static void check_route53(struct store *store)
{
    struct error err;
    struct stored_route53 *sets = NULL;
    struct stored_route53_check *checks = NULL;
    size_t count = 0;
    if (store_list_route53(store, &sets, &count, &err)) {
        for (size_t i = 0; i < count; i++) {
            assert(strlen(sets[i].wanted) < sizeof(sets[i].wanted));
        }
        free(sets);
    }
    if (store_list_route53_checks(store, &checks, &count, &err)) {
        for (size_t i = 0; i < count; i++) {
            assert(strlen(checks[i].reference) < sizeof(checks[i].reference));
            assert(strlen(checks[i].id) < sizeof(checks[i].id));
        }
        free(checks);
    }
}

static void check_values(struct store *store)
{
    struct error err;
    bool is_found;
    uint8_t weight;
    char forced[8];
    struct store_alias alias = {0};
    int64_t number;
    int64_t rollout;
    unsigned running;
    (void)!store_load_weight(store, SET, "blue", &is_found, &weight, &err);
    (void)!store_load_before(store, 1, SET, "blue", &is_found, &weight, &err);
    if (store_load_forced(store, SET, "blue", forced, &err)) {
        assert(strlen(forced) < sizeof(forced));
    }
    if (store_load_alias(store, "lb.example", "A", &alias, &err)) {
        assert((alias.addresses == NULL) == (alias.octets == 0));
        free(alias.addresses);
    }
    (void)!store_load_task_version(store, "arn:task/1", &is_found, &number, &err);
    (void)!store_count_running(store, "arn:cluster/a", "web", "ecs-svc/1", "web", &running, &number,
                               &err);
    (void)!store_load_deployment(store, "web", "arn:cluster/a", "ecs-svc/1", &is_found, &number,
                                 &rollout, &err);
}

static void check_untouched(const char *before, size_t before_len)
{
    size_t len = 0;
    CLEANUP(alloc_freep) char *after = folder_read(path, &len);
    assert(after != NULL && len == before_len && memcmp(after, before, len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {""};
    size_t before_len = 0;
    if (size == 0) {
        return 0;
    }
    if (path == NULL) {
        make_fresh();
    }
    write_state(data, size);
    CLEANUP(alloc_freep) char *before = folder_read(path, &before_len);
    struct store *store = store_open(path, &err);
    if (store == NULL) {
        assert(strstr(err.text, "state file") != NULL);
        check_untouched(before, before_len);
        return 0;
    }
    check_rollouts(store);
    check_zones(store);
    check_lists(store);
    check_audit(store);
    check_route53(store);
    check_values(store);
    store_close(store);
    return 0;
}
