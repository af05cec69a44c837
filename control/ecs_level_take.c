/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ecs_level_take.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "control/intake.h"
#include "control/journal.h"
#include "control/rule.h"

#define WHO "ECS"

/* Since when the service is described; now, if it never was. */
static bool load_since(struct control *control, const char *cluster,
                       const struct ecs_described *described, int64_t *since_ms, struct error *err)
{
    bool found;
    if (!store_load_described(control->store, cluster, described->name, &found, since_ms, err)) {
        return journal_failed(control, err);
    }
    if (found) {
        return true;
    }
    *since_ms = clock_now_ms();
    return journal_begin(control, err) &&
           journal_end(
               control,
               store_save_described(control->store, cluster, described->name, *since_ms, err), err);
}

static bool is_running(const struct control *control, const char *deployment)
{
    for (size_t i = 0; i < control->config->rollout_count; i++) {
        const struct rule_state *rule = &control->rules[i];
        if (rule_is_running(rule) && strcmp(rule->rollout.deployment, deployment) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether an event has told of the deployment. */
static bool load_known(struct control *control, const struct ecs_described *described,
                       const char *deployment, bool *is_known, struct error *err)
{
    unsigned running;
    int64_t at_ms;
    *is_known = is_running(control, deployment);
    for (int state = 0; !*is_known && state < ECS_DEPLOYMENT_STATES; state++) {
        if (!store_load_deployment_state(control->store, described->cluster_arn, deployment,
                                         (enum ecs_deployment_state)state, is_known, &at_ms, err)) {
            return false;
        }
    }
    if (*is_known) {
        return true;
    }
    if (!store_count_running(control->store, described->cluster_arn, described->name, deployment,
                             NULL, &running, &at_ms, err)) {
        return false;
    }
    *is_known = running > 0;
    return true;
}

/* Whether it may start something: it is no older than our looking, or an event told of it. */
static bool load_counts(struct control *control, const struct ecs_described *described,
                        const struct ecs_described_deployment *deployment, int64_t since_ms,
                        bool *counts, struct error *err)
{
    *counts = deployment->created_ms >= since_ms;
    return *counts || load_known(control, described, deployment->id, counts, err) ||
           journal_failed(control, err);
}

/* A state that was said before is no news. */
static bool is_news_of_deployment(struct control *control, const json_t *event, bool *is_news,
                                  struct error *err)
{
    struct ecs_event parsed;
    struct error text;
    bool is_known = false;
    int64_t at_ms;
    *is_news = false;
    if (event == NULL || ecs_event_parse(event, &parsed, &text) != ECS_PARSED) {
        return true;
    }
    if (!store_load_deployment_state(control->store, parsed.cluster_arn, parsed.deployment,
                                     parsed.state, &is_known, &at_ms, err)) {
        return journal_failed(control, err);
    }
    *is_news = !is_known;
    return true;
}

/* A version of a task that was not seen; a task that was never seen only when it runs, and its
 * deployment counts (bits, as in described). */
static bool is_news_of_task(struct control *control, const json_t *event,
                            const struct ecs_described *described, unsigned counting, bool *is_news,
                            struct error *err)
{
    struct ecs_event parsed;
    struct error text;
    bool is_known = false;
    int64_t seen;
    *is_news = false;
    if (ecs_event_parse(event, &parsed, &text) != ECS_PARSED) {
        return true;
    }
    if (!store_load_task_version(control->store, parsed.task_arn, &is_known, &seen, err)) {
        return journal_failed(control, err);
    }
    const struct ecs_described_deployment *deployment =
        ecs_described_find(described, parsed.deployment);
    bool counts = deployment != NULL && (counting & 1U << (deployment - described->deployments));
    *is_news = is_known ? parsed.version > seen
                        : counts && strcmp(parsed.last_status, "RUNNING") == 0 &&
                              strcmp(parsed.desired_status, "RUNNING") == 0;
    return true;
}

static bool push(struct control *control, const json_t *event, struct error *err)
{
    struct intake *intake = intake_new(control, WHO);
    bool is_taken = intake_take(intake, event, NULL);
    (void)is_taken; /* intake_finish says so */
    json_t *result = intake_finish(intake, err);
    json_decref(result);
    return result != NULL;
}

static bool take_deployments(struct control *control, const json_t *document, unsigned counting,
                             struct error *err)
{
    size_t i;
    const json_t *deployment;
    bool is_good = true;
    json_array_foreach(json_object_get(document, "deployments"), i, deployment)
    {
        bool is_news = false;
        if (i >= ECS_DESCRIBED_DEPLOYMENTS || (counting & 1U << i) == 0) {
            continue;
        }
        json_t *event = ecs_described_deployment_event(document, deployment);
        is_good = is_good && is_news_of_deployment(control, event, &is_news, err) &&
                  (!is_news || push(control, event, err));
        json_decref(event);
    }
    return is_good;
}

/* Nothing new may have been said of a deployment, and yet it may start now: how many tasks are
 * wanted is known, or the rollout was refused before. */
static bool look_again(struct control *control, const struct ecs_described *described,
                       unsigned counting, struct error *err)
{
    for (size_t i = 0; i < described->deployment_count; i++) {
        const struct ecs_described_deployment *deployment = &described->deployments[i];
        struct ecs_event event = {.kind = ECS_OF_DEPLOYMENT, .id = "described"};
        const char *slash = strrchr(described->cluster_arn, '/');
        if (strcmp(deployment->status, "PRIMARY") != 0 || (counting & 1U << i) == 0 ||
            strncmp(deployment->id, "ecs-svc/", strlen("ecs-svc/")) != 0) {
            continue;
        }
        strcpy(event.cluster_arn, described->cluster_arn);
        strcpy(event.cluster, slash == NULL ? described->cluster_arn : slash + 1);
        strcpy(event.service, described->name);
        strcpy(event.deployment, deployment->id);
        if (!intake_look_again(control, &event, WHO, err)) {
            return false;
        }
    }
    return true;
}

/* Deployments before tasks: one that FAILED, or with which ECS rolls back, starts nothing. */
bool ecs_level_take_begin(struct ecs_level_taking *taking, struct error *err)
{
    const struct ecs_described *described = taking->described;
    int64_t since_ms;
    taking->counting = 0;
    taking->at = 0;
    if (!load_since(taking->control, taking->cluster, described, &since_ms, err)) {
        return false;
    }
    for (size_t i = 0; i < described->deployment_count; i++) {
        bool counts = false;
        if (!load_counts(taking->control, described, &described->deployments[i], since_ms, &counts,
                         err)) {
            return false;
        }
        taking->counting |= counts ? 1U << i : 0;
    }
    return take_deployments(taking->control, taking->document, taking->counting, err);
}

bool ecs_level_take_some(struct ecs_level_taking *taking, bool *is_over, struct error *err)
{
    size_t count = json_array_size(taking->tasks);
    unsigned looked = 0, taken = 0;
    bool is_good = true;
    while (is_good && taking->at < count && looked < ECS_LEVEL_TASKS_PER_TURN &&
           taken < ECS_LEVEL_NEWS_PER_TURN) {
        bool is_news = false;
        json_t *event = ecs_described_task_event(json_array_get(taking->tasks, taking->at));
        is_good = is_news_of_task(taking->control, event, taking->described, taking->counting,
                                  &is_news, err) &&
                  (!is_news || push(taking->control, event, err));
        json_decref(event);
        taking->at++;
        looked++;
        taken += is_news ? 1 : 0;
    }
    *is_over = taking->at == count;
    return is_good &&
           (!*is_over || look_again(taking->control, taking->described, taking->counting, err));
}
