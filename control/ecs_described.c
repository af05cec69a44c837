/* SPDX-License-Identifier: BSD-2-Clause */
/* Shapes: "Amazon ECS API reference", Service, Deployment and Task. Times are Unix seconds with a
 * fraction there, ISO texts in events. */
#include "control/ecs_described.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"

/* Times of the year 9999 at most, so that their text has four digits. */
#define MOST_MS INT64_C(253402300799000)

static bool copy(const json_t *object, const char *key, char *out, size_t size, struct error *err)
{
    const char *text = json_string_value(json_object_get(object, key));
    if (text == NULL || text[0] == '\0' || strlen(text) >= size) {
        return error_set(err, "%s is %s", key,
                         text == NULL      ? "no string"
                         : text[0] == '\0' ? "empty"
                                           : "too long");
    }
    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f) {
            return error_set(err, "%s has a control character", key);
        }
    }
    strcpy(out, text);
    return true;
}

static bool read_count(const json_t *object, const char *key, int64_t *value, struct error *err)
{
    const json_t *count = json_object_get(object, key);
    *value = json_integer_value(count);
    return (json_is_integer(count) && *value >= 0 && *value <= INT32_MAX) ||
           error_set(err, "%s is no count", key);
}

static bool read_counts(const json_t *object, int64_t *desired, int64_t *running, int64_t *pending,
                        struct error *err)
{
    return read_count(object, "desiredCount", desired, err) &&
           read_count(object, "runningCount", running, err) &&
           read_count(object, "pendingCount", pending, err);
}

static int64_t time_of(const json_t *object, const char *key)
{
    double seconds = json_number_value(json_object_get(object, key));
    return seconds > 0 && seconds < (double)MOST_MS / 1000 ? (int64_t)(seconds * 1000) : 0;
}

static bool read_deployment(const json_t *json, struct ecs_described_deployment *deployment,
                            struct error *err)
{
    struct error absent;
    *deployment = (struct ecs_described_deployment){.created_ms = time_of(json, "createdAt")};
    if (!copy(json, "rolloutState", deployment->state, sizeof(deployment->state), &absent)) {
        deployment->state[0] = '\0'; /* of deployment controllers that have none */
    }
    return copy(json, "id", deployment->id, sizeof(deployment->id), err) &&
           copy(json, "status", deployment->status, sizeof(deployment->status), err) &&
           read_counts(json, &deployment->desired, &deployment->running, &deployment->pending, err);
}

bool ecs_described_read(const json_t *service, struct ecs_described *described, struct error *err)
{
    const json_t *deployments = json_object_get(service, "deployments");
    *described = (struct ecs_described){.deployment_count = 0};
    if (!copy(service, "serviceName", described->name, sizeof(described->name), err) ||
        !copy(service, "serviceArn", described->arn, sizeof(described->arn), err) ||
        !copy(service, "clusterArn", described->cluster_arn, sizeof(described->cluster_arn), err) ||
        !read_counts(service, &described->desired, &described->running, &described->pending, err)) {
        return false;
    }
    if (!json_is_array(deployments)) {
        return error_set(err, "deployments is no list");
    }
    size_t i;
    const json_t *deployment;
    json_array_foreach(deployments, i, deployment)
    {
        if (i < ECS_DESCRIBED_DEPLOYMENTS &&
            !read_deployment(deployment, &described->deployments[i], err)) {
            return error_add_context(err, "deployments[%zu]", i);
        }
        described->deployment_count += i < ECS_DESCRIBED_DEPLOYMENTS ? 1 : 0;
    }
    return true;
}

const struct ecs_described_deployment *ecs_described_find(const struct ecs_described *described,
                                                          const char *id)
{
    for (size_t i = 0; i < described->deployment_count; i++) {
        if (strcmp(described->deployments[i].id, id) == 0) {
            return &described->deployments[i];
        }
    }
    return NULL;
}

/* With milliseconds, which tell deployments apart. */
static json_t *iso_time(int64_t at_ms)
{
    char text[CLOCK_TEXT_SIZE], whole[CLOCK_TEXT_SIZE + 8];
    if (at_ms == 0) {
        return json_null();
    }
    clock_format(at_ms, text);
    snprintf(whole, sizeof(whole), "%.*s.%03dZ", (int)strcspn(text, "Z"), text,
             (int)(at_ms % 1000));
    return json_string(whole);
}

static json_t *event_of(const char *type, const json_t *resource, json_t *detail)
{
    json_t *event = json_pack("{s:s, s:s, s:s, s:[], s:o}", "id", "described", "source", "aws.ecs",
                              "detail-type", type, "resources", "detail", detail);
    if (resource != NULL) {
        json_array_append(json_object_get(event, "resources"), (json_t *)resource);
    }
    return event;
}

static void take_over(json_t *detail, const json_t *from, const char *key, const char *as)
{
    const json_t *value = json_object_get(from, key);
    if (value != NULL) {
        json_object_set(detail, as, (json_t *)value);
    }
}

json_t *ecs_described_task_event(const json_t *task)
{
    static const char *const keys[] = {
        "taskArn",   "clusterArn", "desiredStatus", "lastStatus", "taskDefinitionArn", "version",
        "startedBy", "group",      "containers",    "stopCode",   "stoppedReason"};
    json_t *detail = json_object();
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        take_over(detail, task, keys[i], keys[i]);
    }
    json_object_set_new(detail, "createdAt", iso_time(time_of(task, "createdAt")));
    return event_of("ECS Task State Change", json_object_get(task, "taskArn"), detail);
}

json_t *ecs_described_deployment_event(const json_t *service, const json_t *deployment)
{
    static const char *const states[] = {"IN_PROGRESS", "COMPLETED", "FAILED"};
    const char *state = json_string_value(json_object_get(deployment, "rolloutState"));
    for (size_t i = 0; state != NULL && i < ARRAY_LEN(states); i++) {
        if (strcmp(state, states[i]) == 0) {
            char name[64];
            snprintf(name, sizeof(name), "SERVICE_DEPLOYMENT_%s", state);
            json_t *detail = json_pack("{s:s}", "eventName", name);
            take_over(detail, deployment, "id", "deploymentId");
            take_over(detail, deployment, "rolloutStateReason", "reason");
            /* In progress it is since it was made; the ledger takes that for its age. */
            json_object_set_new(detail, "updatedAt",
                                iso_time(time_of(deployment, i == 0 ? "createdAt" : "updatedAt")));
            return event_of("ECS Deployment State Change", json_object_get(service, "serviceArn"),
                            detail);
        }
    }
    return NULL;
}
