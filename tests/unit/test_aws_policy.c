/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "control/aws/aws_policy.h"

static char *print(unsigned features, const struct aws_policy_resources *resources)
{
    json_t *policy = aws_policy_make(features, resources);
    char *text = json_dumps(policy, JSON_COMPACT);
    json_decref(policy);
    return text;
}

static void a_policy_allows_what_is_switched_on(void **state)
{
    (void)state;
    static const char *const queues[] = {"arn:q1", "arn:q2"};
    struct aws_policy_resources resources = {.counts = {0}};
    resources.arns[AWS_RESOURCE_QUEUE] = queues;
    resources.counts[AWS_RESOURCE_QUEUE] = 2;
    CLEANUP(alloc_freep) char *text = print(1U << AWS_FEATURE_SQS, &resources);
    assert_string_equal(
        text, "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"BallastSqs\",\"Effect\":"
              "\"Allow\",\"Action\":[\"sqs:ReceiveMessage\",\"sqs:DeleteMessage\","
              "\"sqs:ChangeMessageVisibility\",\"sqs:GetQueueAttributes\"],\"Resource\":"
              "[\"arn:q1\",\"arn:q2\"]}]}");
    CLEANUP(alloc_freep) char *none = print(0, &resources);
    assert_string_equal(none, "{\"Version\":\"2012-10-17\",\"Statement\":[]}");
}

static void what_is_not_known_is_a_placeholder(void **state)
{
    (void)state;
    const struct aws_policy_resources resources = {.counts = {0}};
    CLEANUP(alloc_freep) char *text = print(1U << AWS_FEATURE_DYNAMODB, &resources);
    assert_non_null(strstr(text, "\"Resource\":[\"arn:aws:dynamodb:REGION:ACCOUNT:table/TABLE\","
                                 "\"arn:aws:dynamodb:REGION:ACCOUNT:table/TABLE/index/*\"]"));
}

static void tasks_are_listed_of_one_cluster_only(void **state)
{
    (void)state;
    const struct aws_policy_resources resources = {.counts = {0}};
    CLEANUP(alloc_freep) char *text = print(1U << AWS_FEATURE_ECS, &resources);
    assert_non_null(strstr(text, "\"Action\":[\"ecs:ListTasks\"],\"Resource\":\"*\",\"Condition\":"
                                 "{\"ArnEquals\":{\"ecs:cluster\":[\"arn:aws:ecs:REGION:ACCOUNT:"
                                 "cluster/CLUSTER\"]}}"));
}

static void every_feature_has_a_name_and_every_permission_a_reason(void **state)
{
    (void)state;
    bool has_permission[AWS_FEATURE_COUNT] = {false};
    for (size_t i = 0; i < aws_permission_count; i++) {
        assert_true(strlen(aws_permissions[i].why) > 10);
        has_permission[aws_permissions[i].feature] = true;
    }
    for (size_t i = 0; i < AWS_FEATURE_COUNT; i++) {
        enum aws_feature feature = AWS_FEATURE_SQS;
        assert_true(has_permission[i]);
        assert_true(aws_feature_parse(aws_feature_name((enum aws_feature)i), &feature));
        assert_int_equal(feature, i);
    }
    enum aws_feature feature = AWS_FEATURE_SQS;
    assert_false(aws_feature_parse("s3", &feature));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_policy_allows_what_is_switched_on),
        cmocka_unit_test(what_is_not_known_is_a_placeholder),
        cmocka_unit_test(tasks_are_listed_of_one_cluster_only),
        cmocka_unit_test(every_feature_has_a_name_and_every_permission_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
