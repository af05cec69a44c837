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

/* One alternative of a pattern: {"branch": all of it but one field, "list": what that field may
 * be}. What differs in another field is an alternative of its own. Takes branch; the list is
 * borrowed.
 */
static json_t *list_of(json_t *alternatives, json_t *branch)
{
    size_t i;
    json_t *known;
    json_array_foreach(alternatives, i, known)
    {
        if (json_equal(json_object_get(known, "branch"), branch)) {
            json_decref(branch);
            return json_object_get(known, "list");
        }
    }
    json_t *list = json_array();
    json_array_append_new(alternatives, json_pack("{s:o, s:o}", "branch", branch, "list", list));
    return list;
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

/* Ends the alternatives as the list of branches that they are. Takes them. */
static json_t *branches_of(json_t *alternatives)
{
    json_t *branches = json_array();
    size_t i;
    json_t *one;
    json_array_foreach(alternatives, i, one)
    {
        json_t *branch = json_object_get(one, "branch");
        json_t *detail = json_object_get(branch, "detail");
        bool is_task = json_object_get(detail, "clusterArn") != NULL;
        bool is_hook = json_object_get(detail, "hookType") != NULL;
        json_object_set(is_task || is_hook ? detail : branch,
                        is_task   ? "group"
                        : is_hook ? "serviceArn"
                                  : "resources",
                        json_object_get(one, "list"));
        json_array_append(branches, branch);
    }
    json_decref(alternatives);
    return branches;
}

static json_t *branch_of(const char *detail_type, json_t *detail)
{
    return json_pack("{s:[s], s:o}", "detail-type", detail_type, "detail", detail);
}

static json_t *one_of_statuses(void)
{
    return json_pack("[s, s]", statuses[0], statuses[1]);
}

static void add_task(json_t *alternatives, const struct config_rollout *rule,
                     const struct config_member *member)
{
    json_t *detail =
        json_pack("{s:[o], s:[{s:s}], s:o, s:o}", "clusterArn",
                  arn_matcher(rule->cluster, "cluster", ""), "startedBy", "prefix", "ecs-svc/",
                  "desiredStatus", one_of_statuses(), "lastStatus", one_of_statuses());
    if (member->ecs_container != NULL) {
        json_object_set_new(detail, "containers",
                            json_pack("{s:[s]}", "name", member->ecs_container));
    }
    CLEANUP(alloc_freep) char *group = alloc_printf("service:%s", member->ecs_service);
    add_once(list_of(alternatives, branch_of("ECS Task State Change", detail)), json_string(group));
}

/* FAILED and COMPLETED, and, of what is in progress, the ways back to an older deployment. */
static void add_deployment(json_t *alternatives, const struct config_rollout *rule,
                           const struct config_member *member)
{
    json_t *names = json_pack("[s]", "SERVICE_DEPLOYMENT_FAILED");
    if (rule->trigger != TRIGGER_TASKS) {
        json_array_insert_new(names, 0, json_string("SERVICE_DEPLOYMENT_COMPLETED"));
    }
    json_t *details[] = {
        json_pack("{s:o, s:[{s:s}]}", "eventName", names, "deploymentId", "prefix", "ecs-svc/"),
        json_pack("{s:[s], s:[{s:s}], s:[{s:s}]}", "eventName", "SERVICE_DEPLOYMENT_IN_PROGRESS",
                  "deploymentId", "prefix", "ecs-svc/", "reason", "wildcard",
                  "*" ECS_ROLLING_BACK_TEXT "*"),
    };
    CLEANUP(alloc_freep) char *rest = alloc_printf("/%s", member->ecs_service);
    for (size_t i = 0; i < ARRAY_LEN(details); i++) {
        add_once(list_of(alternatives, branch_of("ECS Deployment State Change", details[i])),
                 arn_matcher(rule->cluster, "service", rest));
    }
}

/* What waits for our answer; its service is in detail, resources has something else. */
static void add_hook(json_t *alternatives, const struct config_rollout *rule,
                     const struct config_member *member)
{
    json_t *detail =
        json_pack("{s:[s], s:[s]}", "eventName", "HOOK_AWAITING_ACTION", "hookType", "PAUSE");
    CLEANUP(alloc_freep) char *rest = alloc_printf("/%s", member->ecs_service);
    add_once(list_of(alternatives, branch_of("ECS Hook State Change", detail)),
             arn_matcher(rule->cluster, "service", rest));
}

static void add_rule(json_t *tasks, json_t *deployments, json_t *hooks, const struct config *config,
                     const struct config_rollout *rule)
{
    for (size_t i = 0; i < rule->record_set_count; i++) {
        const struct config_record_set *set = &config->record_sets[rule->record_sets[i]];
        for (size_t m = 0; m < set->member_count; m++) {
            if (set->members[m].ecs_service != NULL) {
                add_task(tasks, rule, &set->members[m]);
                add_deployment(deployments, rule, &set->members[m]);
                if (rule->has_pause_hook) {
                    add_hook(hooks, rule, &set->members[m]);
                }
            }
        }
    }
}

/* One pattern of all alternatives; NULL when there is none. Takes them. */
static json_t *join(json_t *alternatives)
{
    json_t *branches = branches_of(alternatives);
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

static void add_pattern(json_t *patterns, const char *rule, const char *what, json_t *alternatives)
{
    json_t *pattern = join(alternatives);
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
    json_t *tasks = json_array(), *deployments = json_array(), *hooks = json_array();
    json_t *patterns = json_array(), *notes = json_array();
    for (size_t i = 0; i < config->rollout_count; i++) {
        const struct config_rollout *one = &config->rollouts[i];
        if (rule != NULL && rule != one) {
            continue;
        }
        json_t *own_tasks = json_array(), *own_deployments = json_array();
        json_t *own_hooks = json_array();
        add_rule(tasks, deployments, hooks, config, one);
        add_rule(own_tasks, own_deployments, own_hooks, config, one);
        note_rule(notes, one, json_array_size(own_tasks) > 0);
        add_pattern(patterns, one->name, "tasks", own_tasks);
        add_pattern(patterns, one->name, "deployments", own_deployments);
        add_pattern(patterns, one->name, "hooks", own_hooks);
    }
    json_array_extend(tasks, deployments);
    json_array_extend(tasks, hooks);
    json_decref(deployments);
    json_decref(hooks);
    json_t *whole = join(tasks);
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
    bool is_needed = starts || event->state == ECS_FAILED || event->state == ECS_ROLLING_BACK;
    return is_needed ? "" : "detail.eventName";
}
