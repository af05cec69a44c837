/* SPDX-License-Identifier: BSD-2-Clause */
/* ECS events as EventBridge delivers them, out of JSON: of tasks ("ECS Task State Change") and of
 * deployments ("ECS Deployment State Change"). Unknown fields are ignored, as ECS asks. Pure. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

#define ECS_TEXT_SIZE      256
#define ECS_MAX_CONTAINERS 32
#define ECS_MAX_MALFORMED  1000 /* documents of one text; then the rest is given up */

enum ecs_kind { ECS_OF_TASK, ECS_OF_DEPLOYMENT };
enum ecs_deployment_state {
    ECS_IN_PROGRESS,
    ECS_ROLLING_BACK, /* in progress, and the reason says that it is back to an older one */
    ECS_COMPLETED,
    ECS_FAILED,
};
#define ECS_DEPLOYMENT_STATES (ECS_FAILED + 1)
/* Which words of the reason say so. */
#define ECS_ROLLING_BACK_TEXT "rolling back"
const char *ecs_deployment_state_name(enum ecs_deployment_state state); /* "COMPLETED", … */

struct ecs_event {
    enum ecs_kind kind;
    char id[ECS_TEXT_SIZE]; /* of the event; may be empty */
    char cluster_arn[ECS_TEXT_SIZE];
    char cluster[ECS_TEXT_SIZE];    /* the ARN's last part */
    char service[ECS_TEXT_SIZE];    /* empty: not a service's task */
    char deployment[ECS_TEXT_SIZE]; /* "ecs-svc/…"; empty: not a deployment's */
    /* Why a task stops, why a deployment is in its state. For people: cut when it is too long,
     * control characters are question marks, and empty when it is no text. */
    char reason[ECS_TEXT_SIZE];
    /* Of a task: group "service:NAME" is the service, startedBy the deployment. */
    char task_arn[ECS_TEXT_SIZE];
    int64_t version;
    char task_definition[ECS_TEXT_SIZE];
    char desired_status[32];
    char last_status[32];
    int64_t created_ms; /* of the task; 0 when not said */
    size_t container_count;
    char containers[ECS_MAX_CONTAINERS][ECS_TEXT_SIZE]; /* names */
    /* Of a deployment. The cluster is in its service's ARN; in one of the old format ("…:service/"
     * and the name) there is none, and cluster and cluster_arn are empty. */
    enum ecs_deployment_state state;
    int64_t updated_ms; /* 0 when not said */
    /* Of ECS_OTHER_EVENT: the field that tells, as an event pattern names it. */
    const char *other_field;
};

enum ecs_parse {
    ECS_PARSED,
    ECS_OTHER_EVENT, /* well-formed, but of another source, detail type or name; text says which */
    ECS_MALFORMED,   /* text says what was expected where */
};

/* Reads both spellings: the delivered one ("source", "detail-type", "resources", "detail") and the
 * one of PutEvents entries ("Source", "DetailType", "Resources", "Detail" as a string or an
 * object), each with source "aws.ecs" or "custom.ecs". Of a task taskArn, version, clusterArn,
 * desiredStatus and lastStatus must be there, of a deployment eventName, deploymentId and the
 * service's ARN among the resources; whatever is known and has another type or is too long is
 * malformed. event is filled in as far as it was read whatever comes back, so that the log can say
 * what it was. */
enum ecs_parse ecs_event_parse(const json_t *json, struct ecs_event *event, struct error *text);

bool ecs_event_has_container(const struct ecs_event *event, const char *name);

/* Splits an input into events: one object, an array of them, one a line, or just one behind the
 * other. Calls each with every event's JSON, or with NULL and the reason and the line that it
 * begins in ("line 3: …", printable ASCII), in order. What is broken does not stop the rest, until
 * there are ECS_MAX_MALFORMED. Linear time. Returns how many times it called. */
typedef void (*ecs_event_each)(void *argument, const json_t *json, const char *malformed);
size_t ecs_event_split(const char *text, size_t len, ecs_event_each each, void *argument);
