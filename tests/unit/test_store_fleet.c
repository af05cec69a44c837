/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows of the state file as items of a fleet's table, and back: what one node writes, another has.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "control/store_fleet.h"

#define WWW "www.example.org/A"
#define API "api.example.org/A"

struct two {
    struct store *a, *b;
};

static struct error err;

static struct store *open_one(void)
{
    struct store *store = store_open(":memory:", &err);
    assert_non_null(store);
    assert_true(store_fleet_open(store, &err));
    assert_true(store_fleet_set_home(store, WWW, "rule#web", &err));
    return store;
}

static int set_up(void **state)
{
    static struct two two;
    two = (struct two){open_one(), open_one()};
    *state = &two;
    return 0;
}

static int tear_down(void **state)
{
    struct two *two = *state;
    store_close(two->a);
    store_close(two->b);
    return 0;
}

/* Everything that has changed in one goes to the other; the items, in their order. */
static char *flush(struct store *from, struct store *to)
{
    char *items = alloc_string("");
    for (;;) {
        char item[STORE_ITEM_SIZE];
        CLEANUP(alloc_freep) char *body = NULL;
        int64_t change = 0;
        bool found;
        assert_true(store_fleet_next(from, &found, item, &body, &change, &err));
        if (!found) {
            return items;
        }
        if (body != NULL) {
            assert_true(store_begin(to, &err));
            if (!store_fleet_take(to, item, body, &err)) {
                fail_msg("%s: %s", err.text, body);
            }
            assert_true(store_commit(to, &err));
        }
        char *more =
            alloc_printf("%s%s%s%s", items, *items == '\0' ? "" : " ", item, body ? "" : "(gone)");
        free(items);
        items = more;
        assert_true(store_fleet_clean(from, change, &err));
    }
}

static void check_flush(struct two *two, const char *expected)
{
    CLEANUP(alloc_freep) char *items = flush(two->a, two->b);
    assert_string_equal(items, expected);
    bool is_dirty;
    assert_true(store_fleet_is_dirty(two->b, NULL, &is_dirty, &err));
    assert_false(is_dirty);
}

static int weight_of(struct store *store, const char *set, const char *member)
{
    bool found;
    uint8_t weight;
    assert_true(store_load_weight(store, set, member, &found, &weight, &err));
    return found ? weight : -1;
}

static void weights_ttls_and_forced_health_go_over(void **state)
{
    struct two *two = *state;
    char forced[8];
    uint32_t ttl_s;
    assert_true(store_save_weight(two->b, API, "old", 3, &err));
    assert_true(store_save_weight(two->b, WWW, "old", 3, &err));
    bool had;
    assert_true(store_fleet_forget(two->b, &had, &err));
    assert_true(had);
    assert_true(store_save_weight(two->a, API, "blue", 90, &err));
    assert_true(store_save_weight(two->a, WWW, "green", 10, &err));
    assert_true(store_save_forced(two->a, WWW, "green", "down", &err));
    assert_true(store_save_ttl(two->a, WWW, 5, &err));
    check_flush(two, "rule#web set#" API);
    assert_int_equal(weight_of(two->b, API, "old"), 3); /* nobody's home, and known already */
    assert_int_equal(weight_of(two->b, WWW, "old"), -1);
    assert_int_equal(weight_of(two->b, WWW, "green"), 10);
    assert_true(store_load_forced(two->b, WWW, "green", forced, &err));
    assert_string_equal(forced, "down");
    assert_true(store_load_ttl(two->b, WWW, &ttl_s, &err));
    assert_int_equal(ttl_s, 5);
    assert_true(store_save_forced(two->a, WWW, "green", "auto", &err));
    assert_true(store_save_ttl(two->a, WWW, TTL_AS_CONFIGURED, &err));
    check_flush(two, "rule#web");
    assert_true(store_load_forced(two->b, WWW, "green", forced, &err));
    assert_string_equal(forced, "auto");
    assert_true(store_load_ttl(two->b, WWW, &ttl_s, &err));
    assert_true(ttl_s == TTL_AS_CONFIGURED);
}

static void a_record_set_without_a_rule_has_its_own_item(void **state)
{
    struct two *two = *state;
    assert_true(store_fleet_set_home(two->b, API, "set#" API, &err));
    assert_true(store_save_weight(two->b, API, "old", 3, &err));
    bool had;
    assert_true(store_fleet_forget(two->b, &had, &err));
    assert_true(store_save_weight(two->a, API, "blue", 90, &err));
    check_flush(two, "set#" API);
    assert_int_equal(weight_of(two->b, API, "old"), -1);
    assert_int_equal(weight_of(two->b, API, "blue"), 90);
}

static struct rollout rollout_of(const char *deployment)
{
    struct rollout rollout = {.state = ROLLOUT_HOLDING,
                              .plan = {3, {10, 50, 100}, 60000},
                              .step = 1,
                              .started_ms = 7,
                              .hold_since_ms = 8,
                              .hold_passed_ms = 9};
    snprintf(rollout.rule, sizeof(rollout.rule), "web");
    snprintf(rollout.deployment, sizeof(rollout.deployment), "%s", deployment);
    snprintf(rollout.who, sizeof(rollout.who), "test \"quoted\"");
    snprintf(rollout.stable, sizeof(rollout.stable), "blue");
    snprintf(rollout.candidate, sizeof(rollout.candidate), "green");
    return rollout;
}

static void a_rollout_goes_over_whole(void **state)
{
    struct two *two = *state;
    struct rollout rollout = rollout_of("ecs-svc/1"), copy;
    bool found;
    uint8_t weight;
    int64_t created_ms, id;
    assert_true(store_begin(two->a, &err));
    assert_true(store_save_rollout(two->a, &rollout, &err));
    assert_true(store_save_before(two->a, rollout.id, WWW, "blue", 100, &err));
    assert_true(store_save_weight(two->a, WWW, "blue", 50, &err));
    assert_true(
        store_save_deployment(two->a, "web", "arn", "ecs-svc/1", 6, rollout.id, "started", &err));
    assert_true(store_commit(two->a, &err));
    check_flush(two, "rule#web");
    assert_true(store_load_rollout(two->b, rollout.id, &found, &copy, &err));
    assert_true(found);
    assert_memory_equal(&copy, &rollout, sizeof(copy));
    assert_true(store_load_before(two->b, rollout.id, WWW, "blue", &found, &weight, &err) && found);
    assert_int_equal(weight, 100);
    assert_int_equal(weight_of(two->b, WWW, "blue"), 50);
    assert_true(
        store_load_deployment(two->b, "web", "arn", "ecs-svc/1", &found, &created_ms, &id, &err));
    assert_true(found);
    assert_int_equal(id, rollout.id);
    assert_int_equal(created_ms, 6);
    rollout.state = ROLLOUT_SUCCEEDED;
    rollout.ended_ms = 99;
    struct rollout next = rollout_of("ecs-svc/2");
    assert_true(store_save_rollout(two->a, &rollout, &err));
    assert_true(store_save_rollout(two->a, &next, &err));
    check_flush(two, "rule#web");
    assert_true(store_load_rollout(two->b, rollout.id, &found, &copy, &err));
    assert_int_equal(copy.state, ROLLOUT_SUCCEEDED);
    assert_true(store_load_rollout(two->b, next.id, &found, &copy, &err) && found);
}

static void what_a_node_began_and_the_table_does_not_have_never_was(void **state)
{
    struct two *two = *state;
    struct rollout shared = rollout_of("ecs-svc/1"), lost = rollout_of("ecs-svc/2"), copy;
    bool found;
    int64_t created_ms, id;
    assert_true(store_save_rollout(two->a, &shared, &err));
    check_flush(two, "rule#web");
    assert_true(store_save_rollout(two->b, &lost, &err));
    assert_true(
        store_save_deployment(two->b, "web", "arn", "ecs-svc/2", 6, lost.id, "started", &err));
    bool had;
    assert_true(store_fleet_forget(two->b, &had, &err) && had);
    assert_true(store_fleet_mark(two->a, "rule#web", &err));
    check_flush(two, "rule#web");
    assert_true(store_load_rollout(two->b, lost.id, &found, &copy, &err));
    assert_false(found);
    assert_true(
        store_load_deployment(two->b, "web", "arn", "ecs-svc/2", &found, &created_ms, &id, &err));
    assert_false(found);
}

static void a_freeze_and_its_end_go_over(void **state)
{
    struct two *two = *state;
    struct freeze freeze = {.is_on = true, .at_ms = 5, .who = "me", .reason = "why"}, copy;
    assert_true(store_save_freeze(two->a, &freeze, &err));
    check_flush(two, "freeze");
    assert_true(store_load_freeze(two->b, &copy, &err));
    assert_true(copy.is_on);
    assert_string_equal(copy.reason, "why");
    freeze.is_on = false;
    assert_true(store_save_freeze(two->a, &freeze, &err));
    check_flush(two, "freeze");
    assert_true(store_load_freeze(two->b, &copy, &err));
    assert_false(copy.is_on);
}

static void history_tasks_and_states_go_over(void **state)
{
    struct two *two = *state;
    struct history_entry entry = {.at_ms = 5, .kind = "weights", .who = "me", .text = "why"};
    struct ecs_event event = {.version = 4, .state = ECS_FAILED, .updated_ms = 12};
    struct history_entry *entries;
    struct history_weights *changes;
    char www[] = WWW, before[] = "{\"a\":1}", after[] = "{\"a\":2}";
    struct history_weights change = {www, before, after};
    size_t count;
    snprintf(event.task_arn, sizeof(event.task_arn), "task/1");
    snprintf(event.cluster_arn, sizeof(event.cluster_arn), "arn:aws:ecs:x:cluster/y");
    snprintf(event.deployment, sizeof(event.deployment), "ecs-svc/1");
    assert_true(store_begin(two->a, &err));
    assert_true(store_add_history(two->a, &entry, &err));
    assert_true(store_add_history_weights(two->a, entry.id, &change, &err));
    assert_true(store_save_task(two->a, &event, 1000, &err));
    assert_true(store_save_deployment_state(two->a, &event, &err));
    assert_true(store_save_described(two->a, "y", "cats", 77, &err));
    assert_true(store_commit(two->a, &err));
    check_flush(two, "task#task/1 state#arn:aws:ecs:x:cluster/y|ecs-svc/1|FAILED "
                     "described#y|cats history#000000000001");
    assert_true(
        store_list_history(two->b, &(struct history_wanted){.most = 9}, &entries, &count, &err));
    assert_int_equal(count, 1);
    assert_string_equal(entries[0].text, "why");
    free(entries);
    assert_true(store_list_history_weights(two->b, 1, &changes, &count, &err));
    assert_int_equal(count, 1);
    assert_string_equal(changes[0].after, "{\"a\":2}");
    store_free_history_weights(changes, count);
    bool found;
    int64_t version, updated_ms;
    assert_true(store_load_task_version(two->b, "task/1", &found, &version, &err) && found);
    assert_int_equal(version, 4);
    assert_true(store_load_deployment_state(two->b, event.cluster_arn, "ecs-svc/1", ECS_FAILED,
                                            &found, &updated_ms, &err));
    assert_true(found);
    assert_int_equal(updated_ms, 12);
    assert_true(store_load_described(two->b, "y", "cats", &found, &updated_ms, &err) && found);
    assert_int_equal(updated_ms, 77);
}

static void a_hook_and_its_answer_go_over(void **state)
{
    struct two *two = *state;
    struct stored_hook hook = {.id = "h1", .rule = "web", .service = "cats"}, *hooks;
    size_t count;
    assert_true(store_save_hook(two->a, &hook, &err));
    check_flush(two, "hook#h1");
    assert_true(store_list_hooks(two->b, &hooks, &count, &err));
    assert_int_equal(count, 1);
    assert_string_equal(hooks[0].service, "cats");
    free(hooks);
    hook.is_done = true;
    assert_true(store_save_hook(two->a, &hook, &err));
    check_flush(two, "hook#h1");
    assert_true(store_list_hooks(two->b, &hooks, &count, &err));
    assert_int_equal(count, 0);
    free(hooks);
}

static void a_later_change_of_an_item_is_not_cleaned_with_the_earlier(void **state)
{
    struct two *two = *state;
    char item[STORE_ITEM_SIZE];
    CLEANUP(alloc_freep) char *body = NULL;
    int64_t change = 0;
    bool found, is_dirty;
    assert_true(store_save_weight(two->a, WWW, "blue", 1, &err));
    assert_true(store_fleet_next(two->a, &found, item, &body, &change, &err));
    assert_true(store_save_weight(two->a, WWW, "blue", 2, &err));
    assert_true(store_fleet_clean(two->a, change, &err));
    assert_true(store_fleet_is_dirty(two->a, item, &is_dirty, &err));
    assert_true(is_dirty);
}

static void what_is_decided_is_told_from_what_informs(void **state)
{
    struct two *two = *state;
    struct history_entry entry = {.at_ms = 5, .kind = "weights", .who = "me", .text = "why"};
    bool is_undecided, is_dirty;
    assert_true(store_add_history(two->a, &entry, &err));
    assert_true(store_fleet_is_undecided(two->a, &is_undecided, &err));
    assert_false(is_undecided);
    assert_true(store_fleet_is_dirty(two->a, NULL, &is_dirty, &err) && is_dirty);
    assert_true(store_save_weight(two->a, WWW, "blue", 1, &err));
    assert_true(store_fleet_is_undecided(two->a, &is_undecided, &err));
    assert_true(is_undecided);
}

static void a_change_that_is_rolled_back_is_not_noted(void **state)
{
    struct two *two = *state;
    bool is_dirty;
    assert_true(store_begin(two->a, &err));
    assert_true(store_save_weight(two->a, WWW, "blue", 1, &err));
    store_rollback(two->a);
    assert_true(store_fleet_is_dirty(two->a, NULL, &is_dirty, &err));
    assert_false(is_dirty);
}

static void bodies_that_fit_no_rows_are_refused(void **state)
{
    struct two *two = *state;
    static const char *const bodies[][2] = {
        {"rule#web", "{\"rollouts\":[{\"id\":1}]}"},
        {"rule#web", "nonsense"},
        {"set#" API, "{\"sets\":{\"" API "\":{\"weights\":{\"blue\":256}}}}"},
        {"set#" API, "{\"sets\":{\"" API "\":{\"weights\":{\"blue\":\"x\"}}}}"},
        {"set#" API, "{\"sets\":{\"" API "\":{\"forced\":{\"blue\":\"sideways\"}}}}"},
        {"history#000000000001", "{}"},
        {"freeze", "{\"at_ms\":1}"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        assert_true(store_begin(two->b, &err));
        assert_false(store_fleet_take(two->b, bodies[i][0], bodies[i][1], &err));
        assert_non_null(strstr(err.text, bodies[i][0]));
        store_rollback(two->b);
    }
    assert_true(store_begin(two->b, &err));
    assert_true(store_fleet_take(two->b, "of a later Ballast", "nonsense", &err));
    assert_true(store_commit(two->b, &err));
    /* Changes are noted again afterwards. */
    bool is_dirty;
    assert_true(store_save_weight(two->b, WWW, "blue", 1, &err));
    assert_true(store_fleet_is_dirty(two->b, "rule#web", &is_dirty, &err));
    assert_true(is_dirty);
}

static void all_that_an_empty_table_needs_is_marked(void **state)
{
    struct two *two = *state;
    struct ecs_event event = {.version = 4};
    snprintf(event.task_arn, sizeof(event.task_arn), "task/1");
    bool had;
    assert_true(store_save_task(two->a, &event, 1000, &err));
    for (int i = 0; i < 1005; i++) {
        struct history_entry entry = {.at_ms = i, .kind = "weights", .who = "me", .text = "why"};
        assert_true(store_add_history(two->a, &entry, &err));
    }
    assert_true(store_fleet_forget(two->a, &had, &err));
    assert_true(store_fleet_mark_all(two->a, &err));
    CLEANUP(alloc_freep) char *items = flush(two->a, two->b);
    assert_memory_equal(items, "task#task/1 history#000000000006 history#000000000007 ", 50);
    assert_non_null(strstr(items, "history#000000001005"));
}

static void what_the_table_refuses_is_passed_over_until_it_changes(void **state)
{
    struct two *two = *state;
    char item[STORE_ITEM_SIZE], *body;
    int64_t change;
    bool found, is;
    size_t count;
    struct error why;
    assert_true(store_fleet_refused(two->a, &count, item, &why, &err));
    assert_int_equal(count, 0);
    assert_true(store_save_weight(two->a, WWW, "blue", 1, &err));
    assert_true(store_save_weight(two->a, API, "blue", 2, &err));
    assert_true(store_fleet_next(two->a, &found, item, &body, &change, &err));
    free(body);
    assert_string_equal(item, "rule#web");
    assert_true(store_fleet_refuse(two->a, change, "too large", &err));
    check_flush(two, "set#" API);
    assert_true(store_fleet_refused(two->a, &count, item, &why, &err));
    assert_int_equal(count, 1);
    assert_string_equal(item, "rule#web");
    assert_string_equal(why.text, "too large");
    assert_true(store_fleet_is_dirty(two->a, NULL, &is, &err) && !is);
    assert_true(store_fleet_is_undecided(two->a, &is, &err) && !is);
    assert_true(store_fleet_is_dirty(two->a, "rule#web", &is, &err) && is);
    assert_true(store_save_weight(two->a, WWW, "blue", 3, &err));
    check_flush(two, "rule#web");
    assert_true(store_fleet_refused(two->a, &count, item, &why, &err));
    assert_int_equal(count, 0);
    assert_int_equal(weight_of(two->b, WWW, "blue"), 3);
}

static struct store *open_file(const char *path)
{
    struct store *store = store_open(path, &err);
    assert_non_null(store);
    assert_true(store_fleet_open(store, &err));
    return store;
}

static void a_full_disk_does_not_make_what_is_written_a_change_again(void **state)
{
    (void)state;
    char folder[] = "/tmp/ballast-XXXXXX", item[STORE_ITEM_SIZE];
    assert_non_null(mkdtemp(folder));
    CLEANUP(alloc_freep) char *path = alloc_printf("%s/state.db", folder);
    CLEANUP(alloc_freep) char *wipe = alloc_printf("rm -r %s", folder);
    struct rlimit limit, none;
    int64_t change;
    bool found, is;
    char *body;
    struct store *store = open_file(path);
    assert_true(store_save_weight(store, WWW, "blue", 1, &err));
    assert_true(store_fleet_next(store, &found, item, &body, &change, &err) && found);
    free(body);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    none = (struct rlimit){.rlim_cur = 1, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    bool is_noted = store_fleet_clean(store, change, &err);
    bool is_full = !store_save_weight(store, API, "blue", 2, &err);
    setrlimit(RLIMIT_FSIZE, &limit);
    assert_true(is_noted && is_full);
    assert_true(store_fleet_next(store, &found, item, &body, &change, &err) && !found);
    assert_true(store_fleet_is_undecided(store, &is, &err) && !is);
    assert_true(store_fleet_is_dirty(store, item, &is, &err) && !is);

    assert_true(store_save_weight(store, API, "blue", 2, &err));
    assert_true(store_fleet_next(store, &found, item, &body, &change, &err) && found);
    free(body);
    assert_string_equal(item, "set#" API);
    assert_true(store_fleet_clean(store, change, &err));
    store_close(store);
    store = open_file(path);
    assert_true(store_fleet_next(store, &found, item, &body, &change, &err) && !found);
    store_close(store);
    assert_int_equal(system(wipe), 0);
}

static void what_is_known_of_the_table_is_kept(void **state)
{
    struct two *two = *state;
    struct store_fleet_memory memory = {"a 5", 7, 99}, copy;
    assert_true(store_fleet_load_memory(two->a, &copy, &err));
    assert_string_equal(copy.origin, "");
    assert_true(store_fleet_save_memory(two->a, &memory, &err));
    assert_true(store_fleet_load_memory(two->a, &copy, &err));
    assert_string_equal(copy.origin, "a 5");
    assert_int_equal(copy.fence, 7);
    assert_int_equal(copy.applied, 99);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(weights_ttls_and_forced_health_go_over),
        TEST(a_record_set_without_a_rule_has_its_own_item),
        TEST(a_rollout_goes_over_whole),
        TEST(what_a_node_began_and_the_table_does_not_have_never_was),
        TEST(a_freeze_and_its_end_go_over),
        TEST(history_tasks_and_states_go_over),
        TEST(a_hook_and_its_answer_go_over),
        TEST(a_later_change_of_an_item_is_not_cleaned_with_the_earlier),
        TEST(what_is_decided_is_told_from_what_informs),
        TEST(a_change_that_is_rolled_back_is_not_noted),
        TEST(bodies_that_fit_no_rows_are_refused),
        TEST(all_that_an_empty_table_needs_is_marked),
        TEST(what_the_table_refuses_is_passed_over_until_it_changes),
        TEST(a_full_disk_does_not_make_what_is_written_a_change_again),
        TEST(what_is_known_of_the_table_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
