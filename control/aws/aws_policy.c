/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/aws/aws_policy.h"

#include <stdio.h>
#include <string.h>

#include "common/attributes.h"

static const char *const feature_names[AWS_FEATURE_COUNT] = {
    [AWS_FEATURE_SQS] = "sqs",
    [AWS_FEATURE_ECS] = "ecs",
    [AWS_FEATURE_HOOKS] = "hooks",
    [AWS_FEATURE_ELBV2] = "elbv2",
    [AWS_FEATURE_CLOUDWATCH] = "cloudwatch",
    [AWS_FEATURE_ROUTE53] = "route53",
    [AWS_FEATURE_CHECKS] = "healthchecks",
    [AWS_FEATURE_DYNAMODB] = "dynamodb",
    [AWS_FEATURE_IMPORT] = "import",
};

/* One "*" stands for what nobody can know beforehand: a task's id, a change's. */
static const char *const placeholders[AWS_RESOURCE_COUNT] = {
    [AWS_RESOURCE_ALL] = "*",
    [AWS_RESOURCE_QUEUE] = "arn:aws:sqs:REGION:ACCOUNT:QUEUE",
    [AWS_RESOURCE_SERVICE] = "arn:aws:ecs:REGION:ACCOUNT:service/CLUSTER/SERVICE",
    [AWS_RESOURCE_TASK] = "arn:aws:ecs:REGION:ACCOUNT:task/CLUSTER/*",
    [AWS_RESOURCE_CLUSTER] = "arn:aws:ecs:REGION:ACCOUNT:cluster/CLUSTER",
    [AWS_RESOURCE_ZONE] = "arn:aws:route53:::hostedzone/ZONE",
    [AWS_RESOURCE_CHANGE] = "arn:aws:route53:::change/*",
    [AWS_RESOURCE_CHECK] = "arn:aws:route53:::healthcheck/*",
    [AWS_RESOURCE_TABLE] = "arn:aws:dynamodb:REGION:ACCOUNT:table/TABLE",
    [AWS_RESOURCE_LAB_TABLE] = "arn:aws:dynamodb:REGION:ACCOUNT:table/CANARY-TABLE",
};

const struct aws_permission aws_permissions[] = {
    {AWS_FEATURE_SQS, "sqs:ReceiveMessage", AWS_RESOURCE_QUEUE, "reads the events"},
    {AWS_FEATURE_SQS, "sqs:DeleteMessage", AWS_RESOURCE_QUEUE,
     "takes an event off the queue once it is journaled"},
    {AWS_FEATURE_SQS, "sqs:ChangeMessageVisibility", AWS_RESOURCE_QUEUE,
     "keeps events that are worked on from being handed out again"},
    {AWS_FEATURE_SQS, "sqs:GetQueueAttributes", AWS_RESOURCE_QUEUE,
     "aws doctor: whether there is a dead-letter queue, and how long events are kept"},
    {AWS_FEATURE_ECS, "ecs:DescribeServices", AWS_RESOURCE_SERVICE,
     "what is, so that a lost event costs one period at most"},
    {AWS_FEATURE_ECS, "ecs:ListTasks", AWS_RESOURCE_CLUSTER, "the tasks of a service"},
    {AWS_FEATURE_ECS, "ecs:DescribeTasks", AWS_RESOURCE_TASK,
     "which of them run, of which deployment"},
    {AWS_FEATURE_HOOKS, "ecs:ContinueServiceDeployment", AWS_RESOURCE_SERVICE,
     "answers a deployment that waits at a pause hook"},
    {AWS_FEATURE_ELBV2, "elasticloadbalancing:DescribeTargetHealth", AWS_RESOURCE_ALL,
     "health checks of type elbv2"},
    {AWS_FEATURE_CLOUDWATCH, "cloudwatch:GetMetricData", AWS_RESOURCE_ALL,
     "gates and traffic with values from CloudWatch"},
    {AWS_FEATURE_ROUTE53, "route53:ChangeResourceRecordSets", AWS_RESOURCE_ZONE,
     "writes a record set's weights"},
    {AWS_FEATURE_ROUTE53, "route53:ListResourceRecordSets", AWS_RESOURCE_ZONE,
     "reads what is there, for drift and before a change is sent again"},
    {AWS_FEATURE_ROUTE53, "route53:GetChange", AWS_RESOURCE_CHANGE,
     "waits until a change is on all servers"},
    {AWS_FEATURE_ROUTE53, "route53:GetHostedZone", AWS_RESOURCE_ZONE,
     "aws doctor: whether the zone is the one that is meant"},
    {AWS_FEATURE_CHECKS, "route53:CreateHealthCheck", AWS_RESOURCE_ALL,
     "makes the health check of a member"},
    {AWS_FEATURE_CHECKS, "route53:ListHealthChecks", AWS_RESOURCE_ALL,
     "finds those that were made, also after a kill and on another node"},
    {AWS_FEATURE_CHECKS, "route53:DeleteHealthCheck", AWS_RESOURCE_CHECK,
     "deletes those that were made and that no record set names any more"},
    {AWS_FEATURE_DYNAMODB, "dynamodb:GetItem", AWS_RESOURCE_TABLE, "who drives, and what is new"},
    {AWS_FEATURE_DYNAMODB, "dynamodb:Query", AWS_RESOURCE_TABLE, "what has changed since"},
    {AWS_FEATURE_DYNAMODB, "dynamodb:PutItem", AWS_RESOURCE_TABLE, "the driver's changes"},
    {AWS_FEATURE_DYNAMODB, "dynamodb:UpdateItem", AWS_RESOURCE_TABLE,
     "the lease, and the seal of a new driver"},
    {AWS_FEATURE_DYNAMODB, "dynamodb:DeleteItem", AWS_RESOURCE_TABLE,
     "what a driver without a lease has left"},
    {AWS_FEATURE_DYNAMODB, "dynamodb:DescribeTable", AWS_RESOURCE_TABLE,
     "aws doctor: whether the table has the right keys"},
    {AWS_FEATURE_IMPORT, "route53:ListHostedZonesByName", AWS_RESOURCE_ALL,
     "route53 import: finds the zone by its name"},
    {AWS_FEATURE_IMPORT, "route53:ListResourceRecordSets", AWS_RESOURCE_ZONE,
     "route53 import: reads what is moved"},
    {AWS_FEATURE_IMPORT, "dynamodb:Scan", AWS_RESOURCE_LAB_TABLE,
     "import canary-table: reads another tool's table, once"},
};
const size_t aws_permission_count = ARRAY_LEN(aws_permissions);

const char *aws_feature_name(enum aws_feature feature)
{
    return feature_names[feature];
}

bool aws_feature_parse(const char *name, enum aws_feature *feature)
{
    for (size_t i = 0; i < AWS_FEATURE_COUNT; i++) {
        if (strcmp(name, feature_names[i]) == 0) {
            *feature = (enum aws_feature)i;
            return true;
        }
    }
    return false;
}

/* A string for one, a list for several, as IAM has them. */
static json_t *arns_of(enum aws_resource resource, const struct aws_policy_resources *resources)
{
    size_t count = resources->counts[resource];
    const char *const *arns = resources->arns[resource];
    json_t *list = json_array();
    if (count == 0) {
        arns = &placeholders[resource];
        count = 1;
    }
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(list, json_string(arns[i]));
        if (resource == AWS_RESOURCE_TABLE) {
            json_array_append_new(list, json_sprintf("%s/index/*", arns[i]));
        }
    }
    return list;
}

/* "BallastSqs", "BallastSqs2": letters and digits. */
static json_t *sid_of(enum aws_feature feature, unsigned number)
{
    char text[64];
    snprintf(text, sizeof(text), "Ballast%c%s", feature_names[feature][0] - 'a' + 'A',
             feature_names[feature] + 1);
    return number == 1 ? json_string(text) : json_sprintf("%s%u", text, number);
}

/* One for what a feature may do with one kind of resource; NULL: nothing. */
static json_t *statement_of(enum aws_feature feature, enum aws_resource resource, unsigned number,
                            const struct aws_policy_resources *resources)
{
    json_t *actions = json_array();
    for (size_t i = 0; i < aws_permission_count; i++) {
        if (aws_permissions[i].feature == feature && aws_permissions[i].resource == resource) {
            json_array_append_new(actions, json_string(aws_permissions[i].action));
        }
    }
    if (json_array_size(actions) == 0) {
        json_decref(actions);
        return NULL;
    }
    json_t *statement = json_pack("{s:o, s:s, s:o}", "Sid", sid_of(feature, number), "Effect",
                                  "Allow", "Action", actions);
    if (resource == AWS_RESOURCE_CLUSTER) {
        json_object_set_new(statement, "Resource", json_string("*"));
        json_object_set_new(
            statement, "Condition",
            json_pack("{s:{s:o}}", "ArnEquals", "ecs:cluster", arns_of(resource, resources)));
    } else {
        json_object_set_new(statement, "Resource", arns_of(resource, resources));
    }
    return statement;
}

json_t *aws_policy_make(unsigned features, const struct aws_policy_resources *resources)
{
    json_t *statements = json_array();
    for (size_t f = 0; f < AWS_FEATURE_COUNT; f++) {
        unsigned number = 1;
        for (size_t r = 0; (features & (1U << f)) != 0 && r < AWS_RESOURCE_COUNT; r++) {
            json_t *statement =
                statement_of((enum aws_feature)f, (enum aws_resource)r, number, resources);
            if (statement != NULL) {
                json_array_append_new(statements, statement);
                number++;
            }
        }
    }
    return json_pack("{s:s, s:o}", "Version", "2012-10-17", "Statement", statements);
}
