/* SPDX-License-Identifier: BSD-2-Clause */
/* An event that a deployment of ECS waits at a pause hook ("ECS Hook State Change"), out of JSON.
 * Pure; any thread.
 *
 * Known (Amazon ECS developer guide, "Amazon ECS service deployment hook state change events", and
 * API reference, ContinueServiceDeployment): the members below; that a hook is answered by its id
 * with CONTINUE or ROLLBACK; that each stage, and each step of a canary, has a hook of its own.
 * Assumed, since no document says it: that an answer to a hook that does not wait any more is
 * refused by ClientException, InvalidParameterException or ServiceDeploymentNotFoundException. */
#pragma once

#include <jansson.h>

#include "control/ecs_event.h"

struct ecs_hook {
    char event_id[ECS_TEXT_SIZE]; /* of the event; may be empty */
    char id[ECS_TEXT_SIZE];       /* "ecs-pause-…" */
    char deployment_arn[768];     /* of the service deployment, not "ecs-svc/…" */
    char cluster_arn[ECS_TEXT_SIZE];
    char cluster[ECS_TEXT_SIZE]; /* the ARN's last part */
    char service[ECS_TEXT_SIZE]; /* its name */
    char stage[64];              /* "POST_TEST_TRAFFIC_SHIFT"; may be empty */
    int64_t expires_ms;          /* when ECS answers itself; 0: not said */
};

/* Whether the JSON is an event of hooks at all. */
bool ecs_hook_is(const json_t *json);
/* Of one that is. ECS_OTHER_EVENT: of a hook that waits for nobody, or not for us (of Lambda). */
enum ecs_parse ecs_hook_parse(const json_t *json, struct ecs_hook *hook, struct error *text);
