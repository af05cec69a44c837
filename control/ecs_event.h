/* SPDX-License-Identifier: BSD-2-Clause */
/* ECS task events as EventBridge delivers them, out of JSON. Unknown fields are ignored, as ECS
 * asks. Pure. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

#define ECS_TEXT_SIZE      256
#define ECS_MAX_CONTAINERS 32
#define ECS_MAX_MALFORMED  1000 /* documents of one text; then the rest is given up */

struct ecs_event {
    char id[ECS_TEXT_SIZE]; /* of the event; may be empty */
    char task_arn[ECS_TEXT_SIZE];
    int64_t version;
    char cluster_arn[ECS_TEXT_SIZE];
    char cluster[ECS_TEXT_SIZE];    /* the ARN's last part */
    char service[ECS_TEXT_SIZE];    /* of group "service:NAME"; empty: not a service's task */
    char deployment[ECS_TEXT_SIZE]; /* startedBy "ecs-svc/…"; empty: not a deployment's */
    char task_definition[ECS_TEXT_SIZE];
    char desired_status[32];
    char last_status[32];
    int64_t created_ms; /* of the task; 0 when not said */
    size_t container_count;
    char containers[ECS_MAX_CONTAINERS][ECS_TEXT_SIZE]; /* names */
};

enum ecs_parse {
    ECS_PARSED,
    ECS_NOT_A_TASK_EVENT, /* well-formed, but of another source or detail type; text says which */
    ECS_MALFORMED,        /* text says what was expected where */
};

/* Reads both spellings: the delivered one ("source", "detail-type", "detail") and the one of
 * PutEvents entries ("Source", "DetailType", "Detail" as a string or an object), each with source
 * "aws.ecs" or "custom.ecs". taskArn, version, clusterArn, desiredStatus and lastStatus must be
 * there; whatever is known and has another type or is too long is malformed. event is filled in as
 * far as it was read whatever comes back, so that the log can say what it was. */
enum ecs_parse ecs_event_parse(const json_t *json, struct ecs_event *event, struct error *text);

bool ecs_event_has_container(const struct ecs_event *event, const char *name);

/* Splits an input into events: one object, an array of them, one a line, or just one behind the
 * other. Calls each with every event's JSON, or with NULL and the reason and the line that it
 * begins in ("line 3: …", printable ASCII), in order. What is broken does not stop the rest, until
 * there are ECS_MAX_MALFORMED. Linear time. Returns how many times it called. */
typedef void (*ecs_event_each)(void *argument, const json_t *json, const char *malformed);
size_t ecs_event_split(const char *text, size_t len, ecs_event_each each, void *argument);
