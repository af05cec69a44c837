/* SPDX-License-Identifier: BSD-2-Clause */
/* What patterns look like, and what they are said to keep away. That they bring what is needed is
 * tested with real events in tests/integration/test_event_pattern.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "control/event_pattern.h"

#define ARN "arn:aws:ecs:eu-west-1:123456789012:cluster/pets"

static struct config_member cats_members[] = {
    {.id = "blue", .ecs_service = "cats"},
    {.id = "green", .ecs_service = "cats-green"},
    {.id = "spare"},
};
static struct config_member dogs_members[] = {
    {.id = "old", .ecs_service = "dogs"},
    {.id = "new", .ecs_service = "dogs-new", .ecs_container = "dog"},
};
static struct config_record_set record_sets[] = {
    {.name = "www.catsndogs.lol", .type = "A", .members = cats_members, .member_count = 3},
    {.name = "www.catsndogs.lol", .type = "AAAA", .members = cats_members, .member_count = 3},
    {.name = "dogs.catsndogs.lol", .type = "A", .members = dogs_members, .member_count = 2},
};
static size_t cats_sets[] = {0, 1}, dogs_sets[] = {2};
static struct config_rollout rollouts[2];
static struct config config = {
    .record_sets = record_sets, .record_set_count = 3, .rollouts = rollouts, .rollout_count = 2};

static int set_up(void **state)
{
    (void)state;
    rollouts[0] = (struct config_rollout){
        .name = "cats", .record_sets = cats_sets, .record_set_count = 2, .cluster = "pets"};
    rollouts[1] = (struct config_rollout){
        .name = "dogs", .record_sets = dogs_sets, .record_set_count = 1, .cluster = ARN};
    return 0;
}

#define STATUSES                                                                                   \
    "\"desiredStatus\":[\"RUNNING\",\"STOPPED\"],\"lastStatus\":[\"RUNNING\",\"STOPPED\"]"
#define DEPLOYMENT    "\"startedBy\":[{\"prefix\":\"ecs-svc/\"}]"
#define DEPLOYMENT_ID "\"deploymentId\":[{\"prefix\":\"ecs-svc/\"}]"

static void assert_pattern(const json_t *pattern, const char *expected)
{
    CLEANUP(alloc_freep) char *text = json_dumps(pattern, JSON_COMPACT | JSON_ENCODE_ANY);
    assert_string_equal(text, expected);
}

static json_t *pattern_of(json_t *result, size_t index)
{
    json_t *one = json_array_get(json_object_get(result, "patterns"), index);
    json_t *pattern = json_object_get(one, "pattern");
    CLEANUP(alloc_freep) char *text = json_dumps(pattern, JSON_COMPACT);
    assert_int_equal(json_integer_value(json_object_get(one, "characters")), strlen(text));
    return pattern;
}

/* Two alternatives: what is over, and what goes back to an older deployment. */
static void assert_deployments(const json_t *pattern, const char *names, const char *services)
{
    CLEANUP(alloc_freep)
    char *expected =
        alloc_printf("{\"source\":[\"aws.ecs\"],\"$or\":["
                     "{\"detail-type\":[\"ECS Deployment State Change\"],"
                     "\"detail\":{\"eventName\":[%s]," DEPLOYMENT_ID "},%s},"
                     "{\"detail-type\":[\"ECS Deployment State Change\"],"
                     "\"detail\":{\"eventName\":[\"SERVICE_DEPLOYMENT_IN_PROGRESS\"]," DEPLOYMENT_ID
                     ",\"reason\":[{\"wildcard\":\"*rolling back*\"}]},%s}]}",
                     names, services, services);
    assert_pattern(pattern, expected);
}

static void a_bare_cluster_name_is_matched_by_the_end_of_its_arn(void **state)
{
    (void)state;
    json_t *result = event_pattern_describe(&config, &rollouts[0]);
    assert_int_equal(json_array_size(json_object_get(result, "patterns")), 2);
    assert_pattern(pattern_of(result, 0),
                   "{\"source\":[\"aws.ecs\"],\"detail-type\":[\"ECS Task State Change\"],"
                   "\"detail\":{\"clusterArn\":[{\"suffix\":\":cluster/pets\"}]," DEPLOYMENT
                   "," STATUSES ",\"group\":[\"service:cats\",\"service:cats-green\"]}}");
    static const char services[] = "\"resources\":[{\"suffix\":\":service/pets/cats\"},"
                                   "{\"suffix\":\":service/pets/cats-green\"}]";
    assert_deployments(pattern_of(result, 1), "\"SERVICE_DEPLOYMENT_FAILED\"", services);
    json_t *notes = json_object_get(result, "notes");
    assert_int_equal(json_array_size(notes), 1);
    assert_non_null(strstr(json_string_value(json_array_get(notes, 0)),
                           "rollout cats: cluster pets is matched by the end of its ARN"));
    json_decref(result);
}

static void an_arn_is_matched_exactly_and_containers_are_alternatives(void **state)
{
    (void)state;
    rollouts[1].trigger = TRIGGER_DEPLOYMENT;
    json_t *result = event_pattern_describe(&config, &rollouts[1]);
    assert_pattern(pattern_of(result, 0),
                   "{\"source\":[\"aws.ecs\"],\"$or\":["
                   "{\"detail-type\":[\"ECS Task State Change\"],"
                   "\"detail\":{\"clusterArn\":[\"" ARN "\"]," DEPLOYMENT "," STATUSES
                   ",\"group\":[\"service:dogs\"]}},"
                   "{\"detail-type\":[\"ECS Task State Change\"],"
                   "\"detail\":{\"clusterArn\":[\"" ARN "\"]," DEPLOYMENT "," STATUSES
                   ",\"containers\":{\"name\":[\"dog\"]},\"group\":[\"service:dogs-new\"]}}]}");
    static const char services[] =
        "\"resources\":[\"arn:aws:ecs:eu-west-1:123456789012:service/pets/dogs\","
        "\"arn:aws:ecs:eu-west-1:123456789012:service/pets/dogs-new\"]";
    assert_deployments(pattern_of(result, 1),
                       "\"SERVICE_DEPLOYMENT_COMPLETED\",\"SERVICE_DEPLOYMENT_FAILED\"", services);
    assert_int_equal(json_array_size(json_object_get(result, "notes")), 0);
    json_decref(result);
}

static size_t branches_of(const json_t *result)
{
    return json_array_size(json_object_get(json_object_get(result, "pattern"), "$or"));
}

static void one_pattern_has_all_rules_and_joins_what_differs_in_one_field(void **state)
{
    (void)state;
    json_t *result = event_pattern_describe(&config, NULL);
    assert_int_equal(json_array_size(json_object_get(result, "patterns")), 4);
    /* Tasks: two clusters as they are written, one container; FAILED, and ways back, of all. */
    assert_int_equal(branches_of(result), 5);
    json_decref(result);
    rollouts[0].cluster = ARN;
    result = event_pattern_describe(&config, NULL);
    assert_int_equal(branches_of(result), 4);
    json_decref(result);
    rollouts[0].trigger = TRIGGER_BOTH;
    result = event_pattern_describe(&config, NULL);
    assert_int_equal(branches_of(result), 5);
    json_decref(result);
}

static void without_services_there_is_no_pattern(void **state)
{
    (void)state;
    static struct config_member members[] = {{.id = "blue"}, {.id = "green"}};
    struct config_record_set set = {.members = members, .member_count = 2};
    struct config_rollout rollout = {
        .name = "by-hand", .record_sets = cats_sets, .record_set_count = 1, .cluster = "c"};
    struct config none = {
        .record_sets = &set, .record_set_count = 1, .rollouts = &rollout, .rollout_count = 1};
    json_t *result = event_pattern_describe(&none, NULL);
    assert_true(json_is_null(json_object_get(result, "pattern")));
    assert_int_equal(json_array_size(json_object_get(result, "patterns")), 0);
    assert_string_equal(json_string_value(json_array_get(json_object_get(result, "notes"), 0)),
                        "rollout by-hand: no member has a service, so no event concerns it");
    json_decref(result);
}

static void one_that_is_too_long_is_said_to_be(void **state)
{
    (void)state;
    struct config_member members[100] = {{.id = "x"}};
    char names[100][64];
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        snprintf(names[i], sizeof(names[i]), "service-%zu-with-a-long-name", i);
        members[i].ecs_service = names[i];
    }
    struct config_record_set set = {.members = members, .member_count = ARRAY_LEN(members)};
    struct config many = {
        .record_sets = &set, .record_set_count = 1, .rollouts = rollouts, .rollout_count = 1};
    rollouts[0].record_set_count = 1;
    rollouts[0].cluster = ARN;
    json_t *result = event_pattern_describe(&many, NULL);
    assert_true(json_integer_value(json_object_get(result, "characters")) > EVENT_PATTERN_LIMIT);
    assert_non_null(strstr(json_string_value(json_array_get(json_object_get(result, "notes"), 0)),
                           "characters, and EventBridge takes 2048"));
    json_decref(result);
}

static void what_keeps_an_event_away_is_named_as_patterns_name_it(void **state)
{
    (void)state;
    static const struct {
        enum ecs_kind kind;
        enum event_fate fate;
        const char *desired, *last;
        const char *field;
    } cases[] = {
        {ECS_OF_TASK, FATE_STARTED, "RUNNING", "RUNNING", ""},
        {ECS_OF_TASK, FATE_FELL_BACK, "STOPPED", "DEACTIVATING", ""},
        {ECS_OF_TASK, FATE_ROLLED_OUT, "RUNNING", "RUNNING", ""},
        {ECS_OF_TASK, FATE_NOT_RUNNING, "STOPPED", "RUNNING", ""},
        {ECS_OF_TASK, FATE_NOT_RUNNING, "STOPPED", "STOPPED", ""},
        {ECS_OF_TASK, FATE_NOT_RUNNING, "RUNNING", "PENDING", "detail.lastStatus"},
        {ECS_OF_TASK, FATE_DUPLICATE, "STOPPED", "DEPROVISIONING", "detail.lastStatus"},
        {ECS_OF_TASK, FATE_NOT_RUNNING, "PENDING", "RUNNING", "detail.desiredStatus"},
        {ECS_OF_TASK, FATE_OTHER_CLUSTER, "RUNNING", "RUNNING", "detail.clusterArn"},
        {ECS_OF_TASK, FATE_OTHER_SERVICE, "RUNNING", "RUNNING", "detail.group"},
        {ECS_OF_TASK, FATE_OTHER_CONTAINER, "RUNNING", "RUNNING", "detail.containers.name"},
        {ECS_OF_TASK, FATE_NO_DEPLOYMENT, "RUNNING", "RUNNING", "detail.startedBy"},
        {ECS_OF_TASK, FATE_MALFORMED, "", "", ""},
        {ECS_OF_DEPLOYMENT, FATE_OTHER_CLUSTER, "", "", "resources"},
        {ECS_OF_DEPLOYMENT, FATE_OTHER_SERVICE, "", "", "resources"},
        {ECS_OF_DEPLOYMENT, FATE_NO_DEPLOYMENT, "", "", "detail.deploymentId"},
        {ECS_OF_DEPLOYMENT, FATE_STARTED, "", "", ""},
        {ECS_OF_DEPLOYMENT, FATE_NOTED, "", "", "detail.eventName"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct ecs_event event = {.kind = cases[i].kind};
        strcpy(event.desired_status, cases[i].desired);
        strcpy(event.last_status, cases[i].last);
        assert_string_equal(event_pattern_filter(&rollouts[0], &event, cases[i].fate),
                            cases[i].field);
    }
    struct ecs_event other = {.other_field = "detail-type"};
    assert_string_equal(event_pattern_filter(NULL, &other, FATE_OTHER_EVENT), "detail-type");
}

static void completed_is_needed_where_it_starts_rollouts(void **state)
{
    (void)state;
    struct ecs_event event = {.kind = ECS_OF_DEPLOYMENT, .state = ECS_COMPLETED};
    assert_string_equal(event_pattern_filter(&rollouts[0], &event, FATE_DUPLICATE),
                        "detail.eventName");
    rollouts[0].trigger = TRIGGER_BOTH;
    assert_string_equal(event_pattern_filter(&rollouts[0], &event, FATE_DUPLICATE), "");
    event.state = ECS_IN_PROGRESS;
    assert_string_equal(event_pattern_filter(&rollouts[0], &event, FATE_DUPLICATE),
                        "detail.eventName");
    event.state = ECS_FAILED;
    rollouts[0].trigger = TRIGGER_TASKS;
    assert_string_equal(event_pattern_filter(&rollouts[0], &event, FATE_FAILED), "");
    event.state = ECS_ROLLING_BACK;
    assert_string_equal(event_pattern_filter(&rollouts[0], &event, FATE_NOTED), "");
}

static void hooks_are_asked_for_where_they_are_answered(void **state)
{
    (void)state;
    rollouts[1].has_pause_hook = true;
    json_t *result = event_pattern_describe(&config, NULL);
    assert_int_equal(json_array_size(json_object_get(result, "patterns")), 5);
    const json_t *one = json_array_get(json_object_get(result, "patterns"), 4);
    assert_string_equal(json_string_value(json_object_get(one, "for")), "hooks");
    assert_string_equal(json_string_value(json_object_get(one, "rule")), "dogs");
    assert_pattern(pattern_of(result, 4),
                   "{\"source\":[\"aws.ecs\"],\"detail-type\":[\"ECS Hook State Change\"],"
                   "\"detail\":{\"eventName\":[\"HOOK_AWAITING_ACTION\"],"
                   "\"hookType\":[\"PAUSE\"],\"serviceArn\":["
                   "\"arn:aws:ecs:eu-west-1:123456789012:service/pets/dogs\","
                   "\"arn:aws:ecs:eu-west-1:123456789012:service/pets/dogs-new\"]}}");
    CLEANUP(alloc_freep)
    char *whole = json_dumps(json_object_get(result, "pattern"), JSON_COMPACT);
    assert_non_null(strstr(whole, "HOOK_AWAITING_ACTION"));
    json_decref(result);
    rollouts[0].has_pause_hook = true; /* by the end of its ARN */
    result = event_pattern_describe(&config, &rollouts[0]);
    const json_t *detail = json_object_get(pattern_of(result, 2), "detail");
    assert_pattern(json_object_get(detail, "serviceArn"),
                   "[{\"suffix\":\":service/pets/cats\"},"
                   "{\"suffix\":\":service/pets/cats-green\"}]");
    json_decref(result);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_bare_cluster_name_is_matched_by_the_end_of_its_arn),
        TEST(an_arn_is_matched_exactly_and_containers_are_alternatives),
        TEST(one_pattern_has_all_rules_and_joins_what_differs_in_one_field),
        TEST(without_services_there_is_no_pattern),
        TEST(one_that_is_too_long_is_said_to_be),
        TEST(hooks_are_asked_for_where_they_are_answered),
        TEST(what_keeps_an_event_away_is_named_as_patterns_name_it),
        TEST(completed_is_needed_where_it_starts_rollouts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
