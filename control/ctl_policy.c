/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ctl_policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/ctl_watch.h"
#include "control/aws/aws_policy.h"
#include "control/ctl_table.h"

#define ARNS_MAX 1000

struct names {
    char *arns[AWS_RESOURCE_COUNT][ARNS_MAX];
    struct aws_policy_resources resources;
};

/* Takes the text; each once. */
static void add_arn(struct names *names, enum aws_resource resource, char *arn)
{
    size_t count = names->resources.counts[resource];
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names->arns[resource][i], arn) == 0) {
            free(arn);
            return;
        }
    }
    if (count == ARNS_MAX) {
        free(arn);
        return;
    }
    names->arns[resource][count] = arn;
    names->resources.counts[resource]++;
}

/* "https://sqs.eu-west-1.amazonaws.com/123456789012/events": one of another form has no ARN that we
 * know. */
static void add_queue(struct names *names, const char *url)
{
    char region[64], account[16], queue[96];
    if (sscanf(url, "https://sqs.%63[a-z0-9-].amazonaws.com/%15[0-9]/%95[A-Za-z0-9_.-]", region,
               account, queue) == 3) {
        add_arn(names, AWS_RESOURCE_QUEUE,
                alloc_printf("arn:aws:sqs:%s:%s:%s", region, account, queue));
    }
}

/* The cluster's name stands behind the slash of its ARN. */
static void add_services(struct names *names, const struct config *config,
                         const struct config_rollout *rollout)
{
    const char *slash = strrchr(rollout->cluster, '/');
    const char *cluster = slash == NULL ? rollout->cluster : slash + 1;
    bool is_arn = strncmp(rollout->cluster, "arn:", 4) == 0;
    const char *region = config->aws.region != NULL ? config->aws.region : "*";
    char *prefix =
        is_arn ? alloc_printf("%.*s", (int)(strcspn(rollout->cluster, "/") - strlen("cluster")),
                              rollout->cluster)
               : alloc_printf("arn:aws:ecs:%s:*:", region);
    add_arn(names, AWS_RESOURCE_CLUSTER, alloc_printf("%scluster/%s", prefix, cluster));
    add_arn(names, AWS_RESOURCE_TASK, alloc_printf("%stask/%s/*", prefix, cluster));
    for (size_t s = 0; s < rollout->record_set_count; s++) {
        const struct config_record_set *set = &config->record_sets[rollout->record_sets[s]];
        for (size_t m = 0; m < set->member_count; m++) {
            if (set->members[m].ecs_service != NULL) {
                add_arn(
                    names, AWS_RESOURCE_SERVICE,
                    alloc_printf("%sservice/%s/%s", prefix, cluster, set->members[m].ecs_service));
            }
        }
    }
    free(prefix);
}

static void collect(struct names *names, const struct config *config)
{
    for (size_t i = 0; i < config->aws.queue_count; i++) {
        add_queue(names, config->aws.queues[i].url);
    }
    for (size_t i = 0; i < config->rollout_count; i++) {
        add_services(names, config, &config->rollouts[i]);
    }
    for (size_t i = 0; i < config->record_set_count; i++) {
        if (config->record_sets[i].route53 != NULL) {
            add_arn(names, AWS_RESOURCE_ZONE,
                    alloc_printf("arn:aws:route53:::hostedzone/%s",
                                 config->record_sets[i].route53->zone_id));
        }
    }
    const char *table = config->control.fleet.table;
    const char *region = config->aws.region != NULL ? config->aws.region : "*";
    if (table != NULL) {
        add_arn(names, AWS_RESOURCE_TABLE,
                alloc_printf("arn:aws:dynamodb:%s:*:table/%s", region, table));
    }
}

static void free_names(struct names *names)
{
    for (size_t r = 0; r < AWS_RESOURCE_COUNT; r++) {
        for (size_t i = 0; i < names->resources.counts[r]; i++) {
            free(names->arns[r][i]);
        }
    }
    free(names);
}

static bool asks_cloudwatch(const struct config *config)
{
    bool asks = false;
    for (size_t i = 0; i < config->record_set_count; i++) {
        const struct config_traffic *traffic = config->record_sets[i].traffic;
        asks |= traffic != NULL && traffic->is_cloudwatch;
    }
    for (size_t i = 0; i < config->rollout_count; i++) {
        for (size_t g = 0; g < config->rollouts[i].gate_count; g++) {
            asks |= config->rollouts[i].gates[g].metric.is_cloudwatch;
        }
    }
    return asks;
}

unsigned policy_features(const struct config *config)
{
    unsigned features = config->aws.queue_count > 0 ? 1U << AWS_FEATURE_SQS : 0;
    for (size_t i = 0; i < config->health_check_count; i++) {
        features |= config->health_checks[i].type == CHECK_ELBV2 ? 1U << AWS_FEATURE_ELBV2 : 0;
    }
    features |= config->aws.ecs_interval_ms != 0 ? 1U << AWS_FEATURE_ECS : 0;
    for (size_t i = 0; i < config->rollout_count; i++) {
        features |= config->rollouts[i].has_pause_hook ? 1U << AWS_FEATURE_HOOKS : 0;
    }
    for (size_t i = 0; i < config->record_set_count; i++) {
        const struct config_route53_set *route53 = config->record_sets[i].route53;
        bool mirrors = route53 != NULL && route53->mirrors_checks;
        features |= route53 != NULL ? 1U << AWS_FEATURE_ROUTE53 : 0;
        features |= mirrors ? 1U << AWS_FEATURE_CHECKS : 0;
    }
    features |= config->control.fleet.table != NULL ? 1U << AWS_FEATURE_DYNAMODB : 0;
    features |= asks_cloudwatch(config) ? 1U << AWS_FEATURE_CLOUDWATCH : 0;
    return features;
}

static const char *resource_name(enum aws_resource resource)
{
    static const char *const names[AWS_RESOURCE_COUNT] = {
        [AWS_RESOURCE_ALL] = "all (*)",          [AWS_RESOURCE_QUEUE] = "the queue",
        [AWS_RESOURCE_SERVICE] = "the services", [AWS_RESOURCE_TASK] = "the cluster's tasks",
        [AWS_RESOURCE_CLUSTER] = "the cluster",  [AWS_RESOURCE_ZONE] = "the hosted zone",
        [AWS_RESOURCE_CHANGE] = "changes",       [AWS_RESOURCE_TABLE] = "the table",
        [AWS_RESOURCE_LAB_TABLE] = "that table", [AWS_RESOURCE_CHECK] = "health checks"};
    return names[resource];
}

static void explain(unsigned features)
{
    static const struct style plain = {.has_utf8 = true};
    struct table *table = TABLE("FEATURE", "ACTION", "RESOURCE", "WHY");
    for (size_t i = 0; i < aws_permission_count; i++) {
        const struct aws_permission *permission = &aws_permissions[i];
        if ((features & (1U << permission->feature)) != 0) {
            table_add(table, INK_PLAIN, "%s", aws_feature_name(permission->feature));
            table_add(table, INK_PLAIN, "%s", permission->action);
            table_add(table, INK_PLAIN, "%s", resource_name(permission->resource));
            table_add(table, INK_PLAIN, "%s", permission->why);
        }
    }
    table_print(table, stdout, &plain, "");
}

struct asked {
    const char *config; /* path; NULL: none */
    unsigned features;
    bool explains;
};

static bool read_arguments(const char *const *arguments, size_t count, struct asked *asked,
                           struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        enum aws_feature feature;
        if (strcmp(arguments[i], "--explain") == 0) {
            asked->explains = true;
        } else if (strcmp(arguments[i], "--config") == 0 && i + 1 < count) {
            asked->config = arguments[++i];
        } else if (aws_feature_parse(arguments[i], &feature)) {
            asked->features |= 1U << feature;
        } else {
            return error_set(
                err,
                "found %s, expected --config FILE, --explain, or of sqs, ecs, hooks, "
                "elbv2, cloudwatch, route53, healthchecks, dynamodb and import those that are used",
                arguments[i]);
        }
    }
    return asked->config != NULL || asked->features != 0 ||
           error_set(err, "found neither --config FILE nor a feature, expected one or the other");
}

int policy_run(const char *const *arguments, size_t count, struct error *err)
{
    struct asked asked = {.config = NULL};
    if (!read_arguments(arguments, count, &asked, err)) {
        return EXIT_USAGE;
    }
    CLEANUP(config_freep)
    struct config *config = asked.config == NULL ? NULL : config_load(asked.config, err);
    if (asked.config != NULL && config == NULL) {
        return EXIT_REFUSED;
    }
    if (asked.features == 0) {
        asked.features = policy_features(config);
    }
    if (asked.features == 0) {
        error_set(err, "%s: nothing in it asks AWS", asked.config);
        return EXIT_REFUSED;
    }
    if (asked.explains) {
        explain(asked.features);
        return EXIT_DONE;
    }
    struct names *names = alloc_zeroed(1, sizeof(*names));
    for (size_t r = 0; r < AWS_RESOURCE_COUNT; r++) {
        names->resources.arns[r] = (const char *const *)names->arns[r];
    }
    if (config != NULL) {
        collect(names, config);
    }
    json_t *policy = aws_policy_make(asked.features, &names->resources);
    json_dumpf(policy, stdout, JSON_INDENT(2));
    fputc('\n', stdout);
    json_decref(policy);
    free_names(names);
    return EXIT_DONE;
}
