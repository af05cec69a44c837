/* SPDX-License-Identifier: BSD-2-Clause */
/* What of AWS each feature needs to be allowed, and why: the one list from which policies, the
 * files in contrib/iam and the doctor's questions are made. Pure; any thread. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum aws_feature {
    AWS_FEATURE_SQS,
    AWS_FEATURE_ECS,
    AWS_FEATURE_HOOKS,
    AWS_FEATURE_ELBV2,
    AWS_FEATURE_CLOUDWATCH,
    AWS_FEATURE_ROUTE53,
    AWS_FEATURE_CHECKS, /* health checks that are mirrored there */
    AWS_FEATURE_DYNAMODB,
    AWS_FEATURE_IMPORT,
};
#define AWS_FEATURE_COUNT (AWS_FEATURE_IMPORT + 1)
const char *aws_feature_name(enum aws_feature feature); /* "sqs", … */
/* False: no feature is called that. */
bool aws_feature_parse(const char *name, enum aws_feature *feature);

/* What a permission is about. */
enum aws_resource {
    AWS_RESOURCE_ALL, /* the API knows nothing narrower */
    AWS_RESOURCE_QUEUE,
    AWS_RESOURCE_SERVICE,
    AWS_RESOURCE_TASK,
    AWS_RESOURCE_CLUSTER, /* as a condition */
    AWS_RESOURCE_ZONE,
    AWS_RESOURCE_CHANGE,
    AWS_RESOURCE_CHECK, /* one of Route 53's health checks */
    AWS_RESOURCE_TABLE, /* and its indexes */
    AWS_RESOURCE_LAB_TABLE,
};
#define AWS_RESOURCE_COUNT (AWS_RESOURCE_LAB_TABLE + 1)

struct aws_permission {
    enum aws_feature feature;
    const char *action; /* "sqs:ReceiveMessage" */
    enum aws_resource resource;
    const char *why;
};
extern const struct aws_permission aws_permissions[];
extern const size_t aws_permission_count;

/* ARNs of each kind, where they are known: count 0 is a placeholder in capitals, which no policy
 * takes until somebody has replaced it. */
struct aws_policy_resources {
    const char *const *arns[AWS_RESOURCE_COUNT];
    size_t counts[AWS_RESOURCE_COUNT];
};

/* An IAM policy that allows the features (bit i: feature i) what they need, and no more: a new
 * reference. */
json_t *aws_policy_make(unsigned features, const struct aws_policy_resources *resources);
