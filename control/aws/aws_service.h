/* SPDX-License-Identifier: BSD-2-Clause */
/* The services of AWS that we ask, and how each is spoken to. As botocore's service models have it.
 * Const; any thread. */
#pragma once

enum aws_service {
    AWS_SQS,
    AWS_ECS,
    AWS_ELBV2,
    AWS_CLOUDWATCH,
    AWS_ROUTE53,
    AWS_DYNAMODB,
    AWS_STS,
};
#define AWS_SERVICE_COUNT (AWS_STS + 1)

enum aws_protocol {
    AWS_PROTOCOL_JSON,     /* POST /, X-Amz-Target, JSON both ways */
    AWS_PROTOCOL_QUERY,    /* POST /, a form; XML comes back */
    AWS_PROTOCOL_REST_XML, /* method and path are the operation's; XML both ways */
};

struct aws_service_traits {
    const char *name;            /* for people, logs: "sqs" */
    const char *variable;        /* of AWS_ENDPOINT_URL_…: "SQS" */
    const char *section_key;     /* in a `services` section of the shared config: "sqs" */
    const char *endpoint_prefix; /* of its host names: "sqs" */
    const char *signing_name;    /* in the scope of a signature */
    const char *global_region;   /* whose name the scope has wherever it is asked; NULL: regional */
    enum aws_protocol protocol;
    const char *json_version;  /* "1.0", of Content-Type; of JSON */
    const char *target_prefix; /* of X-Amz-Target; of JSON */
    const char *api_version;   /* of query and REST-XML */
};
const struct aws_service_traits *aws_service_traits(enum aws_service service);
