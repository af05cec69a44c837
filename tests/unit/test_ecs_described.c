/* SPDX-License-Identifier: BSD-2-Clause */
/* What ECS describes: what is read of it, and the events that are made of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "control/ecs_described.h"

#define SERVICE                                                                                    \
    "{\"serviceName\":\"s\",\"serviceArn\":\"arn:aws:ecs:r:1:service/c/s\",\"clusterArn\":"        \
    "\"arn:aws:ecs:r:1:cluster/c\",\"desiredCount\":3,\"runningCount\":2,\"pendingCount\":1,"      \
    "\"deployments\":[{\"id\":\"ecs-svc/1\",\"status\":\"PRIMARY\",\"desiredCount\":3,"            \
    "\"runningCount\":2,\"pendingCount\":1,\"createdAt\":1763912400.25,"                           \
    "\"updatedAt\":1763912460,%s}]}"

static json_t *load(const char *text)
{
    json_error_t why;
    json_t *json = json_loads(text, 0, &why);
    if (json == NULL) {
        fail_msg("%s: %s", text, why.text);
    }
    return json;
}

/* A service with one deployment, which has these members, too. */
static json_t *service_of(const char *more)
{
    char text[4096];
    snprintf(text, sizeof(text), SERVICE, more);
    return load(text);
}

static void a_service_is_read(void **state)
{
    (void)state;
    struct ecs_described described;
    struct error err;
    json_t *service = service_of("\"rolloutState\":\"IN_PROGRESS\"");
    assert_true(ecs_described_read(service, &described, &err));
    json_decref(service);
    assert_string_equal(described.name, "s");
    assert_string_equal(described.arn, "arn:aws:ecs:r:1:service/c/s");
    assert_string_equal(described.cluster_arn, "arn:aws:ecs:r:1:cluster/c");
    assert_int_equal(described.desired, 3);
    assert_int_equal(described.running, 2);
    assert_int_equal(described.pending, 1);
    assert_int_equal(described.deployment_count, 1);
    const struct ecs_described_deployment *one = ecs_described_find(&described, "ecs-svc/1");
    assert_non_null(one);
    assert_string_equal(one->status, "PRIMARY");
    assert_string_equal(one->state, "IN_PROGRESS");
    assert_int_equal(one->created_ms, 1763912400250);
    assert_int_equal(one->desired, 3);
    assert_null(ecs_described_find(&described, "ecs-svc/2"));
    service = service_of("\"x\":1"); /* of another deployment controller */
    assert_true(ecs_described_read(service, &described, &err));
    assert_string_equal(described.deployments[0].state, "");
    json_decref(service);
}

static void more_deployments_than_are_kept_are_left_out(void **state)
{
    (void)state;
    struct ecs_described described;
    struct error err;
    json_t *service = service_of("\"x\":1");
    json_t *list = json_object_get(service, "deployments");
    for (int i = 0; i < 40; i++) {
        json_array_append(list, json_array_get(list, 0));
    }
    assert_true(ecs_described_read(service, &described, &err));
    assert_int_equal(described.deployment_count, ECS_DESCRIBED_DEPLOYMENTS);
    json_decref(service);
}

static void what_is_missing_or_wrong_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        const char *value; /* NULL: it is not there */
        const char *expected;
    } cases[] = {
        {"serviceName", NULL, "serviceName is no string"},
        {"serviceName", "\"\"", "serviceName is empty"},
        {"serviceArn", "7", "serviceArn is no string"},
        {"clusterArn", "\"a\\nb\"", "clusterArn has a control character"},
        {"desiredCount", NULL, "desiredCount is no count"},
        {"runningCount", "-1", "runningCount is no count"},
        {"pendingCount", "1.5", "pendingCount is no count"},
        {"pendingCount", "4294967296", "pendingCount is no count"},
        {"deployments", "{}", "deployments is no list"},
        {"deployments", "[{\"id\":7}]", "deployments[0]: id is no string"},
        {"deployments", "[7]", "deployments[0]: id is no string"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct ecs_described described;
        struct error err = {""};
        json_t *service = service_of("\"x\":1");
        if (cases[i].value == NULL) {
            json_object_del(service, cases[i].key);
        } else {
            json_object_set_new(service, cases[i].key,
                                json_loads(cases[i].value, JSON_DECODE_ANY, NULL));
        }
        assert_false(ecs_described_read(service, &described, &err));
        assert_string_equal(err.text, cases[i].expected);
        json_decref(service);
    }
    struct ecs_described described;
    struct error err;
    assert_false(ecs_described_read(NULL, &described, &err));
}

static void a_task_becomes_the_event_that_would_have_told_of_it(void **state)
{
    (void)state;
    struct ecs_event event;
    struct error text;
    json_t *task = load(
        "{\"taskArn\":\"arn:aws:ecs:r:1:task/c/t\",\"clusterArn\":\"arn:aws:ecs:r:1:cluster/c\","
        "\"lastStatus\":\"STOPPED\",\"desiredStatus\":\"STOPPED\",\"version\":7,"
        "\"group\":\"service:s\",\"startedBy\":\"ecs-svc/1\",\"createdAt\":1763912400.123,"
        "\"healthStatus\":\"UNHEALTHY\",\"containers\":[{\"name\":\"web\",\"exitCode\":1}],"
        "\"stopCode\":\"EssentialContainerExited\",\"stoppedReason\":\"it broke\"}");
    json_t *made = ecs_described_task_event(task);
    assert_int_equal(ecs_event_parse(made, &event, &text), ECS_PARSED);
    assert_int_equal(event.kind, ECS_OF_TASK);
    assert_string_equal(event.id, "described");
    assert_string_equal(event.task_arn, "arn:aws:ecs:r:1:task/c/t");
    assert_int_equal(event.version, 7);
    assert_string_equal(event.service, "s");
    assert_string_equal(event.deployment, "ecs-svc/1");
    assert_string_equal(event.cluster, "c");
    assert_string_equal(event.last_status, "STOPPED");
    assert_string_equal(event.reason, "EssentialContainerExited: it broke");
    assert_true(ecs_event_has_container(&event, "web"));
    assert_int_equal(event.created_ms, 1763912400123);
    json_decref(made);
    json_decref(task);
    made = ecs_described_task_event(NULL); /* no task is no event */
    assert_int_equal(ecs_event_parse(made, &event, &text), ECS_MALFORMED);
    json_decref(made);
}

static void check_state(const char *more, enum ecs_deployment_state expected, int64_t updated_ms)
{
    struct ecs_event event;
    struct error text;
    json_t *service = service_of(more);
    json_t *made = ecs_described_deployment_event(
        service, json_array_get(json_object_get(service, "deployments"), 0));
    assert_int_equal(ecs_event_parse(made, &event, &text), ECS_PARSED);
    assert_int_equal(event.kind, ECS_OF_DEPLOYMENT);
    assert_int_equal(event.state, expected);
    assert_string_equal(event.service, "s");
    assert_string_equal(event.cluster_arn, "arn:aws:ecs:r:1:cluster/c");
    assert_string_equal(event.deployment, "ecs-svc/1");
    assert_int_equal(event.updated_ms, updated_ms);
    json_decref(made);
    json_decref(service);
}

static void a_deployment_becomes_an_event_by_its_state(void **state)
{
    (void)state;
    check_state("\"rolloutState\":\"IN_PROGRESS\"", ECS_IN_PROGRESS, 1763912400250);
    check_state("\"rolloutState\":\"COMPLETED\"", ECS_COMPLETED, 1763912460000);
    check_state("\"rolloutState\":\"FAILED\",\"rolloutStateReason\":\"tasks failed to start\"",
                ECS_FAILED, 1763912460000);
    check_state("\"rolloutState\":\"IN_PROGRESS\",\"rolloutStateReason\":\"ECS deployment circuit "
                "breaker: rolling back to deploymentId ecs-svc/0.\"",
                ECS_ROLLING_BACK, 1763912400250);
}

static void a_deployment_without_a_known_state_is_no_event(void **state)
{
    (void)state;
    static const char *const states[] = {"\"x\":1", "\"rolloutState\":\"PAUSED\"",
                                         "\"rolloutState\":7"};
    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        json_t *service = service_of(states[i]);
        assert_null(ecs_described_deployment_event(
            service, json_array_get(json_object_get(service, "deployments"), 0)));
        json_decref(service);
    }
    assert_null(ecs_described_deployment_event(NULL, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_is_read),
        cmocka_unit_test(more_deployments_than_are_kept_are_left_out),
        cmocka_unit_test(what_is_missing_or_wrong_is_refused),
        cmocka_unit_test(a_task_becomes_the_event_that_would_have_told_of_it),
        cmocka_unit_test(a_deployment_becomes_an_event_by_its_state),
        cmocka_unit_test(a_deployment_without_a_known_state_is_no_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
