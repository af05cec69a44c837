/* SPDX-License-Identifier: BSD-2-Clause */
/* Events of pause hooks: what is read, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "control/ecs_hook.h"

/* As the developer guide prints it. */
#define EVENT                                                                                      \
    "{\"version\":\"0\",\"id\":\"3329f79b\",\"detail-type\":\"ECS Hook State Change\","            \
    "\"source\":\"aws.ecs\",\"account\":\"123456789012\",\"time\":\"2026-03-05T15:54:41Z\","       \
    "\"region\":\"us-west-2\",\"resources\":[\"arn:aws:ecs:us-west-2:123456789012:"                \
    "service-deployment/my-cluster/my-service/0EYS\"],\"detail\":{\"eventType\":\"INFO\","         \
    "\"eventName\":\"HOOK_AWAITING_ACTION\",\"hookId\":\"ecs-pause-e7tK\",\"hookType\":\"PAUSE\"," \
    "\"expiresAt\":\"2026-03-05T16:04:41Z\",\"lifecycleStage\":\"POST_TEST_TRAFFIC_SHIFT\","       \
    "\"clusterArn\":\"arn:aws:ecs:us-west-2:123456789012:cluster/my-cluster\",\"serviceArn\":"     \
    "\"arn:aws:ecs:us-west-2:123456789012:service/my-cluster/my-service\","                        \
    "\"serviceDeploymentArn\":\"arn:aws:ecs:us-west-2:123456789012:service-deployment/"            \
    "my-cluster/my-service/0EYS\",\"updatedAt\":\"2026-03-05T15:54:41.618059641Z\"}}"

static struct ecs_hook hook;
static struct error text;

/* The event with a member of its detail set (value NULL: without it). */
static enum ecs_parse parse_with(const char *key, const char *value)
{
    json_t *event = json_loads(EVENT, 0, NULL);
    json_t *detail = json_object_get(event, "detail");
    if (value == NULL) {
        json_object_del(detail, key);
    } else {
        json_object_set_new(detail, key, json_loads(value, JSON_DECODE_ANY, NULL));
    }
    assert_true(ecs_hook_is(event));
    text.text[0] = '\0';
    enum ecs_parse parsed = ecs_hook_parse(event, &hook, &text);
    json_decref(event);
    return parsed;
}

static void a_hook_that_waits_is_read(void **state)
{
    (void)state;
    assert_int_equal(parse_with("x", "1"), ECS_PARSED);
    assert_string_equal(hook.event_id, "3329f79b");
    assert_string_equal(hook.id, "ecs-pause-e7tK");
    assert_string_equal(hook.deployment_arn, "arn:aws:ecs:us-west-2:123456789012:"
                                             "service-deployment/my-cluster/my-service/0EYS");
    assert_string_equal(hook.cluster_arn, "arn:aws:ecs:us-west-2:123456789012:cluster/my-cluster");
    assert_string_equal(hook.cluster, "my-cluster");
    assert_string_equal(hook.service, "my-service");
    assert_string_equal(hook.stage, "POST_TEST_TRAFFIC_SHIFT");
    assert_int_equal(hook.expires_ms, 1772726681000);
    assert_int_equal(parse_with("expiresAt", "\"2026-03-05T16:04:41.618059641Z\""), ECS_PARSED);
    assert_int_equal(hook.expires_ms, 1772726681000);
    assert_int_equal(parse_with("expiresAt", "\"tomorrow\""), ECS_PARSED);
    assert_int_equal(hook.expires_ms, 0);
    assert_int_equal(parse_with("lifecycleStage", NULL), ECS_PARSED);
    assert_string_equal(hook.stage, "");
}

static void a_hook_that_waits_for_nobody_is_another_event(void **state)
{
    (void)state;
    assert_int_equal(parse_with("eventName", "\"HOOK_SUCCEEDED\""), ECS_OTHER_EVENT);
    assert_string_equal(text.text,
                        "eventName is \"HOOK_SUCCEEDED\", expected HOOK_AWAITING_ACTION");
    assert_int_equal(parse_with("hookType", "\"AWS_LAMBDA\""), ECS_OTHER_EVENT);
    assert_string_equal(text.text, "hookType is \"AWS_LAMBDA\", expected PAUSE");
}

static void what_is_missing_or_wrong_is_malformed(void **state)
{
    (void)state;
    static const char *const keys[] = {"hookId", "serviceDeploymentArn", "clusterArn",
                                       "serviceArn"};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        assert_int_equal(parse_with(keys[i], NULL), ECS_MALFORMED);
        assert_non_null(strstr(text.text, keys[i]));
        assert_int_equal(parse_with(keys[i], "7"), ECS_MALFORMED);
        assert_int_equal(parse_with(keys[i], "\"a\\u001bb\""), ECS_MALFORMED);
        char longer[1200] = "\"";
        memset(longer + 1, 'a', 1000);
        strcat(longer, "\"");
        assert_int_equal(parse_with(keys[i], longer), ECS_MALFORMED);
    }
    assert_int_equal(parse_with("serviceArn", "\"arn:service/\""), ECS_MALFORMED);
    assert_string_equal(text.text, "serviceArn ends without a name");
}

static void others_are_no_hooks(void **state)
{
    (void)state;
    static const char *const events[] = {
        "{}", "[]", "{\"source\":\"aws.ecs\",\"detail-type\":\"ECS Task State Change\"}",
        "{\"source\":\"aws.ec2\",\"detail-type\":\"ECS Hook State Change\"}"};
    for (size_t i = 0; i < ARRAY_LEN(events); i++) {
        json_t *json = json_loads(events[i], 0, NULL);
        assert_false(ecs_hook_is(json));
        json_decref(json);
    }
    assert_false(ecs_hook_is(NULL));
    json_t *bare =
        json_loads("{\"source\":\"aws.ecs\",\"detail-type\":\"ECS Hook State Change\"}", 0, NULL);
    assert_true(ecs_hook_is(bare));
    assert_int_equal(ecs_hook_parse(bare, &hook, &text), ECS_MALFORMED);
    json_decref(bare);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hook_that_waits_is_read),
        cmocka_unit_test(a_hook_that_waits_for_nobody_is_another_event),
        cmocka_unit_test(what_is_missing_or_wrong_is_malformed),
        cmocka_unit_test(others_are_no_hooks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
