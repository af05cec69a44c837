/* SPDX-License-Identifier: BSD-2-Clause */
/* What ECS describes when it is asked (DescribeServices, DescribeTasks), read and turned into the
 * events that would have told the same. Pure; any thread. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "control/ecs_event.h"

#define ECS_DESCRIBED_DEPLOYMENTS 16 /* more are not kept; a rolling update has two */

struct ecs_described_deployment {
    char id[ECS_TEXT_SIZE]; /* "ecs-svc/…" */
    char status[32];        /* "PRIMARY", "ACTIVE", … */
    char state[32];         /* rolloutState: "IN_PROGRESS", "COMPLETED", "FAILED"; "" */
    int64_t desired, running, pending;
    int64_t created_ms; /* 0: not said */
};

struct ecs_described {
    char cluster_arn[ECS_TEXT_SIZE];
    char arn[ECS_TEXT_SIZE];
    char name[ECS_TEXT_SIZE];
    int64_t desired, running, pending;
    struct ecs_described_deployment deployments[ECS_DESCRIBED_DEPLOYMENTS];
    size_t deployment_count;
};

/* One of DescribeServices' services. False and err: something that has to be there is not, or is
 * of another type. */
MUST_CHECK bool ecs_described_read(const json_t *service, struct ecs_described *described,
                                   struct error *err);
/* The deployment of that id, or NULL. */
const struct ecs_described_deployment *ecs_described_find(const struct ecs_described *described,
                                                          const char *id);

/* An event as EventBridge delivers it, with the id "described", for one of DescribeTasks' tasks
 * ("ECS Task State Change" with its version), and for one of a service's deployments ("ECS
 * Deployment State Change" by its rolloutState). A new reference; ecs_event_parse says whether it
 * is one. NULL: the deployment has no rolloutState, or one that is not known. */
json_t *ecs_described_task_event(const json_t *task);
json_t *ecs_described_deployment_event(const json_t *service, const json_t *deployment);
