/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/aws/aws_service.h"

#include <assert.h>
#include <stddef.h>

#include "common/attributes.h"

static const struct aws_service_traits traits[] = {
    [AWS_SQS] = {.name = "sqs",
                 .variable = "SQS",
                 .section_key = "sqs",
                 .endpoint_prefix = "sqs",
                 .signing_name = "sqs",
                 .protocol = AWS_PROTOCOL_JSON,
                 .json_version = "1.0",
                 .target_prefix = "AmazonSQS",
                 .api_version = "2012-11-05"},
    [AWS_ECS] = {.name = "ecs",
                 .variable = "ECS",
                 .section_key = "ecs",
                 .endpoint_prefix = "ecs",
                 .signing_name = "ecs",
                 .protocol = AWS_PROTOCOL_JSON,
                 .json_version = "1.1",
                 .target_prefix = "AmazonEC2ContainerServiceV20141113"},
    [AWS_ELBV2] = {.name = "elbv2",
                   .variable = "ELASTIC_LOAD_BALANCING_V2",
                   .section_key = "elastic_load_balancing_v2",
                   .endpoint_prefix = "elasticloadbalancing",
                   .signing_name = "elasticloadbalancing",
                   .protocol = AWS_PROTOCOL_QUERY,
                   .api_version = "2015-12-01"},
    [AWS_CLOUDWATCH] = {.name = "cloudwatch",
                        .variable = "CLOUDWATCH",
                        .section_key = "cloudwatch",
                        .endpoint_prefix = "monitoring",
                        .signing_name = "monitoring",
                        .protocol = AWS_PROTOCOL_QUERY,
                        .api_version = "2010-08-01"},
    [AWS_ROUTE53] = {.name = "route53",
                     .variable = "ROUTE_53",
                     .section_key = "route_53",
                     .endpoint_prefix = "route53",
                     .signing_name = "route53",
                     .global_region = "us-east-1",
                     .protocol = AWS_PROTOCOL_REST_XML,
                     .api_version = "2013-04-01"},
    [AWS_DYNAMODB] = {.name = "dynamodb",
                      .variable = "DYNAMODB",
                      .section_key = "dynamodb",
                      .endpoint_prefix = "dynamodb",
                      .signing_name = "dynamodb",
                      .protocol = AWS_PROTOCOL_JSON,
                      .json_version = "1.0",
                      .target_prefix = "DynamoDB_20120810"},
    [AWS_STS] = {.name = "sts",
                 .variable = "STS",
                 .section_key = "sts",
                 .endpoint_prefix = "sts",
                 .signing_name = "sts",
                 .protocol = AWS_PROTOCOL_QUERY,
                 .api_version = "2011-06-15"},
};

const struct aws_service_traits *aws_service_traits(enum aws_service service)
{
    static_assert(ARRAY_LEN(traits) == AWS_SERVICE_COUNT, "every service has its traits");
    assert(service < AWS_SERVICE_COUNT);
    return &traits[service];
}
