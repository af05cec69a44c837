/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/event_pattern.h"

#include <stdarg.h>
#include <string.h>

#include "common/alloc.h"

/* A task that ran leaves with desiredStatus STOPPED while it still is RUNNING, or, when it dies, at
 * the latest with STOPPED. */
static const char *const statuses[] = {"RUNNING", "STOPPED"};

static bool is_arn(const char *cluster)
{
    return strncmp(cluster, "arn:", 4) == 0;
}

/* "service/NAME/" or "cluster/NAME" … as EventBridge can match it: in a cluster's ARN exactly, of a
 * bare name by the end of the ARN. Region and account are not known then. */
static json_t *arn_matcher(const char *cluster, const char *kind, const char *rest)
{
    const char *mark = is_arn(cluster) ? strstr(cluster, ":cluster/") : NULL;
    if (mark != NULL) {
        const char *name = mark + strlen(":cluster/");
        CLEANUP(alloc_freep)
        char *arn = alloc_printf("%.*s:%s/%s%s", (int)(mark - cluster), cluster, kind, name, rest);
        return json_string(arn);
    }
    CLEANUP(alloc_freep) char *suffix = alloc_printf(":%s/%s%s", kind, cluster, rest);
    return json_pack("{s:s}", "suffix", suffix);
}

static void add_once(json_t *list, json_t *item)
{
    size_t i = 0;
    while (i < json_array_size(list) && !json_equal(json_array_get(list, i), item)) {
        i++;
    }
    if (i == json_array_size(list)) {
        json_array_append(list, item);
    }
    json_decref(item);
}

static json_t *both_statuses(void)
{
    return json_pack("[s, s]", statuses[0], statuses[1]);
}

/* Branches differ in more than one field, so that each is an alternative of its own: tasks by
 * cluster and container, deployments by what of them counts. The list below the branch's
 * `collects`, which is the only field that grows, is borrowed. */
static json_t *find_branch(json_t *branches, json_t *branch, const char *collects)
{
    json_t *empty = json_deep_copy(branch);
    size_t i;
    json_t *known;
    json_t *found = NULL;
    json_array_foreach(branches, i, known)
    {
        json_t *copy = json_deep_copy(known);
        json_t *detail = json_object_get(copy, "detail");
        json_t *holder = json_object_get(copy, collects) == NULL ? detail : copy;
        json_array_clear(json_object_get(holder, collects));
        if (json_equal(copy, empty)) {
            found = known;
        }
        json_decref(copy);
    }
    json_decref(empty);
    if (found == NULL) {
        json_array_append(branches, branch);
        found = branch;
    }
    json_decref(branch);
    json_t *list = json_object_get(found, collects);
    return list != NULL ? list : json_object_get(json_object_get(found, "detail"), collects);
}

static void add_task(json_t *branches, const struct config_rollout *rule,
                     const struct config_member *member)
{
    json_t *detail =
        json_pack("{s:[o], s:[], s:[{s:s}], s:o, s:o}", "clusterArn",
                  arn_matcher(rule->cluster, "cluster", ""), "group", "startedBy", "prefix",
                  "ecs-svc/", "desiredStatus", both_statuses(), "lastStatus", both_statuses());
    if (member->ecs_container != NULL) {
        json_object_set_new(detail, "containers",
                            json_pack("{s:[s]}", "name", member->ecs_container));
    }
    json_t *groups = find_branch(
        branches,
        json_pack("{s:[s], s:o}", "detail-type", "ECS Task State Change", "detail", detail),
        "group");
    CLEANUP(alloc_freep) char *group = alloc_printf("service:%s", member->ecs_service);
    add_once(groups, json_string(group));
}

static void add_deployment(json_t *branches, const struct config_rollout *rule,
                           const struct config_member *member)
{
    json_t *names = json_pack("[s]", "SERVICE_DEPLOYMENT_FAILED");
    if (rule->trigger != TRIGGER_TASKS) {
        json_array_insert_new(names, 0, json_string("SERVICE_DEPLOYMENT_COMPLETED"));
    }
    json_t *resources = find_branch(
        branches,
        json_pack("{s:[s], s:[], s:{s:o, s:[{s:s}]}}", "detail-type", "ECS Deployment State Change",
                  "resources", "detail", "eventName", names, "deploymentId", "prefix", "ecs-svc/"),
        "resources");
    CLEANUP(alloc_freep) char *rest = alloc_printf("/%s", member->ecs_service);
    add_once(resources, arn_matcher(rule->cluster, "service", rest));
}

static void add_rule(json_t *tasks, json_t *deployments, const struct config *config,
                     const struct config_rollout *rule)
{
    for (size_t i = 0; i < rule->record_set_count; i++) {
        const struct config_record_set *set = &config->record_sets[rule->record_sets[i]];
        for (size_t m = 0; m < set->member_count; m++) {
            if (set->members[m].ecs_service != NULL) {
                add_task(tasks, rule, &set->members[m]);
                add_deployment(deployments, rule, &set->members[m]);
            }
        }
    }
}

/* One pattern of all branches; NULL when there is none. Takes the list. */
static json_t *join(json_t *branches)
{
    json_t *pattern = NULL;
    if (json_array_size(branches) == 1) {
        pattern = json_pack("{s:[s]}", "source", "aws.ecs");
        json_object_update(pattern, json_array_get(branches, 0));
    } else if (json_array_size(branches) > 1) {
        pattern = json_pack("{s:[s], s:O}", "source", "aws.ecs", "$or", branches);
    }
    json_decref(branches);
    return pattern;
}

static size_t characters(const json_t *pattern)
{
    CLEANUP(alloc_freep) char *text = json_dumps(pattern, JSON_COMPACT);
    return text == NULL ? 0 : strlen(text);
}

static void add_pattern(json_t *patterns, const char *rule, const char *what, json_t *branches)
{
    json_t *pattern = join(branches);
    if (pattern != NULL) {
        json_array_append_new(patterns, json_pack("{s:s, s:s, s:o, s:I}", "rule", rule, "for", what,
                                                  "pattern", pattern, "characters",
                                                  (json_int_t)characters(pattern)));
    }
}

static void note(json_t *notes, const char *format, ...) PRINTF_LIKE(2, 3);
static void note(json_t *notes, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    json_array_append_new(notes, json_vsprintf(format, arguments));
    va_end(arguments);
}

static void note_rule(json_t *notes, const struct config_rollout *rule, bool has_service)
{
    if (!has_service) {
        note(notes, "rollout %s: no member has a service, so no event concerns it", rule->name);
    } else if (!is_arn(rule->cluster)) {
        note(notes,
             "rollout %s: cluster %s is matched by the end of its ARN, in every region and account "
             "that sends events here; its ARN as cluster makes that exact",
             rule->name, rule->cluster);
    }
}

json_t *event_pattern_describe(const struct config *config, const struct config_rollout *rule)
{
    json_t *branches = json_array(), *patterns = json_array(), *notes = json_array();
    json_t *deployments = json_array();
    for (size_t i = 0; i < config->rollout_count; i++) {
        const struct config_rollout *one = &config->rollouts[i];
        if (rule != NULL && rule != one) {
            continue;
        }
        json_t *own_tasks = json_array(), *own_deployments = json_array();
        add_rule(branches, deployments, config, one);
        add_rule(own_tasks, own_deployments, config, one);
        note_rule(notes, one, json_array_size(own_tasks) > 0);
        add_pattern(patterns, one->name, "tasks", own_tasks);
        add_pattern(patterns, one->name, "deployments", own_deployments);
    }
    json_array_extend(branches, deployments);
    json_decref(deployments);
    json_t *whole = join(branches);
    size_t len = whole == NULL ? 0 : characters(whole);
    if (len > EVENT_PATTERN_LIMIT) {
        note(notes,
             "the one pattern has %zu characters, and EventBridge takes %d: make one rule there of "
             "each of the others",
             len, EVENT_PATTERN_LIMIT);
    }
    return json_pack("{s:o, s:I, s:i, s:o, s:o}", "pattern", whole == NULL ? json_null() : whole,
                     "characters", (json_int_t)len, "limit", EVENT_PATTERN_LIMIT, "patterns",
                     patterns, "notes", notes);
}

static bool is_asked_for(const char *status)
{
    return strcmp(status, statuses[0]) == 0 || strcmp(status, statuses[1]) == 0;
}

static bool has_done_something(enum event_fate fate)
{
    return fate == FATE_STARTED || fate == FATE_SUPERSEDED_ONE || fate == FATE_FELL_BACK;
}

const char *event_pattern_filter(const struct config_rollout *rule, const struct ecs_event *event,
                                 enum event_fate fate)
{
    bool is_task = event->kind == ECS_OF_TASK;
    if (fate == FATE_MALFORMED || has_done_something(fate)) {
        return "";
    }
    if (fate == FATE_OTHER_EVENT) {
        return event->other_field;
    }
    if (fate == FATE_OTHER_CLUSTER) {
        return is_task ? "detail.clusterArn" : "resources";
    }
    if (fate == FATE_OTHER_SERVICE) {
        return is_task ? "detail.group" : "resources";
    }
    if (fate == FATE_NO_DEPLOYMENT) {
        return is_task ? "detail.startedBy" : "detail.deploymentId";
    }
    if (fate == FATE_OTHER_CONTAINER) {
        return "detail.containers.name";
    }
    if (is_task) {
        return !is_asked_for(event->last_status)      ? "detail.lastStatus"
               : !is_asked_for(event->desired_status) ? "detail.desiredStatus"
                                                      : "";
    }
    bool starts = rule != NULL && rule->trigger != TRIGGER_TASKS && event->state == ECS_COMPLETED;
    return starts || event->state == ECS_FAILED ? "" : "detail.eventName";
}
