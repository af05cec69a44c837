/* SPDX-License-Identifier: BSD-2-Clause */
/* What ECS described last, for people. */
#include <string.h>

#include "control/describe.h"
#include "control/ecs_level_private.h"

static json_t *describe_service(const struct level_service *service)
{
    const struct ecs_described *described = &service->described;
    json_t *deployments = json_array();
    for (size_t i = 0; i < described->deployment_count; i++) {
        const struct ecs_described_deployment *one = &described->deployments[i];
        json_array_append_new(
            deployments,
            json_pack("{s:o, s:o, s:o, s:I, s:I, s:I}", "id", describe_text(one->id), "status",
                      describe_text(one->status), "state", describe_text(one->state), "desired",
                      (json_int_t)one->desired, "running", (json_int_t)one->running, "pending",
                      (json_int_t)one->pending));
    }
    json_t *json = json_object();
    json_object_set_new(json, "cluster", describe_text(service->cluster));
    json_object_set_new(json, "service", describe_text(service->name));
    json_object_set_new(json, "described_at", describe_time(service->described_ms));
    json_object_set_new(json, "desired", json_integer(described->desired));
    json_object_set_new(json, "running", json_integer(described->running));
    json_object_set_new(json, "pending", json_integer(described->pending));
    json_object_set_new(json, "healthy", json_integer(service->healthy));
    json_object_set_new(json, "unhealthy", json_integer(service->unhealthy));
    json_object_set_new(json, "unknown", json_integer(service->unknown));
    json_object_set_new(json, "deployments", deployments);
    json_object_set_new(
        json, "error", service->problem[0] == '\0' ? json_null() : describe_text(service->problem));
    return json;
}

static bool is_of_rule(const struct level_service *service, const struct rule_state *rule)
{
    for (size_t s = 0; s < rule->record_set_count; s++) {
        const struct config_record_set *set = rule->record_sets[s]->config;
        for (size_t m = 0; m < set->member_count; m++) {
            const char *name = set->members[m].ecs_service;
            if (name != NULL && strcmp(name, service->name) == 0) {
                return strcmp(rule->config->cluster, service->cluster) == 0;
            }
        }
    }
    return false;
}

json_t *ecs_level_describe(const struct control *control, const struct rule_state *rule)
{
    const struct ecs_level *level = control->level;
    json_t *services = json_array();
    for (size_t i = 0; level != NULL && i < level->count; i++) {
        if (rule == NULL || is_of_rule(&level->services[i], rule)) {
            json_array_append_new(services, describe_service(&level->services[i]));
        }
    }
    return services;
}
