/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ledger.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const fate_names[FATE_COUNT] = {
    [FATE_STARTED] = "started",
    [FATE_SUPERSEDED_ONE] = "superseded one",
    [FATE_WAITING] = "waiting for more tasks",
    [FATE_ROLLED_OUT] = "already rolled out",
    [FATE_LIVE] = "live",
    [FATE_OLDER] = "older",
    [FATE_DUPLICATE] = "duplicate",
    [FATE_STALE] = "stale",
    [FATE_NOT_RUNNING] = "not running",
    [FATE_OTHER_CLUSTER] = "other cluster",
    [FATE_OTHER_SERVICE] = "other service",
    [FATE_OTHER_CONTAINER] = "other container",
    [FATE_NO_DEPLOYMENT] = "no deployment",
    [FATE_NOT_TASK_EVENT] = "not a task event",
    [FATE_MALFORMED] = "malformed",
    [FATE_REFUSED] = "refused",
};

const char *event_fate_name(enum event_fate fate)
{
    assert(fate < FATE_COUNT);
    return fate_names[fate];
}

/* How far a rule fits an event: the further, the more the reason can say. */
enum fit { FIT_NOTHING, FIT_CLUSTER, FIT_SERVICE, FIT_CONTAINER };

/* One judgement on its way; each test either decides or leaves it to the next one. */
struct trial {
    struct store *store;
    const struct ledger_rule *rules;
    size_t count;
    const struct ecs_event *event;
    int64_t now_ms;
    struct judgement *judgement;
    struct error *err;
    const struct ledger_rule *rule; /* the one that fits best; NULL: none fits the cluster */
    const struct config_member *member;
    bool is_decided;
    bool has_acted; /* the rule knows the deployment */
};

/* Returns true: the trial went well, and is over. */
PRINTF_LIKE(3, 4)
static bool decide(struct trial *trial, enum event_fate fate, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(trial->judgement->reason, sizeof(trial->judgement->reason), format, args);
    va_end(args);
    trial->judgement->fate = fate;
    trial->is_decided = true;
    return true;
}

/* Names are compared whole: "cats" is not "cats-green". */
static enum fit fit_member(const struct config_member *member, const struct ecs_event *event)
{
    if (member->ecs_service == NULL || strcmp(member->ecs_service, event->service) != 0) {
        return FIT_CLUSTER;
    }
    bool has_container =
        member->ecs_container == NULL || ecs_event_has_container(event, member->ecs_container);
    return has_container ? FIT_CONTAINER : FIT_SERVICE;
}

static enum fit fit_set(const struct config_record_set *set, const struct ecs_event *event,
                        const struct config_member **member)
{
    enum fit best = FIT_CLUSTER;
    for (size_t i = 0; i < set->member_count; i++) {
        enum fit fit = fit_member(&set->members[i], event);
        if (fit > best) {
            best = fit;
            *member = &set->members[i];
        }
    }
    return best;
}

static enum fit fit_rule(const struct ledger_rule *rule, const struct ecs_event *event,
                         const struct config_member **member)
{
    const struct config_rollout *config = rule->config;
    enum fit best = FIT_CLUSTER;
    if (strcmp(config->cluster, event->cluster) != 0 &&
        strcmp(config->cluster, event->cluster_arn) != 0) {
        return FIT_NOTHING;
    }
    for (size_t i = 0; i < config->record_set_count; i++) {
        const struct config_member *found = NULL;
        enum fit fit = fit_set(&rule->whole->record_sets[config->record_sets[i]], event, &found);
        if (fit > best) {
            best = fit;
            *member = found;
        }
    }
    return best;
}

static enum fit find_rule(struct trial *trial)
{
    enum fit best = FIT_NOTHING;
    for (size_t i = 0; i < trial->count; i++) {
        const struct config_member *member = NULL;
        enum fit fit = fit_rule(&trial->rules[i], trial->event, &member);
        if (fit > best) {
            best = fit;
            trial->rule = &trial->rules[i];
            trial->member = member;
            trial->judgement->rule = i;
        }
    }
    return best;
}

static bool test_rule(struct trial *trial)
{
    const struct ecs_event *event = trial->event;
    switch (find_rule(trial)) {
    case FIT_NOTHING:
        return decide(trial, FATE_OTHER_CLUSTER, "no rollout is configured for cluster %s",
                      event->cluster);
    case FIT_CLUSTER:
        return event->service[0] == '\0'
                   ? decide(trial, FATE_OTHER_SERVICE, "the task is of no service")
                   : decide(trial, FATE_OTHER_SERVICE, "no member of rollout %s is service %s",
                            trial->rule->config->name, event->service);
    case FIT_SERVICE:
        return decide(trial, FATE_OTHER_CONTAINER, "no container of the task is called %s",
                      trial->member->ecs_container);
    case FIT_CONTAINER:
        break;
    }
    snprintf(trial->judgement->candidate, sizeof(trial->judgement->candidate), "%s",
             trial->member->id);
    return event->deployment[0] != '\0' ||
           decide(trial, FATE_NO_DEPLOYMENT, "startedBy names no deployment (ecs-svc/…)");
}

/* Deduplicates, and remembers the task whatever it does: one that stops has to leave the count. */
static bool test_version(struct trial *trial)
{
    const struct ecs_event *event = trial->event;
    bool found;
    int64_t seen;
    if (!store_load_task_version(trial->store, event->task_arn, &found, &seen, trial->err)) {
        return false;
    }
    if (found && event->version == seen) {
        return decide(trial, FATE_DUPLICATE, "version %" PRId64 " of the task was seen before",
                      event->version);
    }
    if (found && event->version < seen) {
        return decide(trial, FATE_STALE, "version %" PRId64 " of the task, %" PRId64 " was seen",
                      event->version, seen);
    }
    return store_save_task(trial->store, event, trial->now_ms, trial->err);
}

static bool test_status(struct trial *trial)
{
    const struct ecs_event *event = trial->event;
    bool runs =
        strcmp(event->desired_status, "RUNNING") == 0 && strcmp(event->last_status, "RUNNING") == 0;
    return runs || decide(trial, FATE_NOT_RUNNING, "the task is %s, to be %s", event->last_status,
                          event->desired_status);
}

/* A deployment that had its rollout stays "already rolled out" when its member is live since. One
 * that came while its service was live is remembered, too: once another member is live, a task of
 * it that is replaced must not start a rollout back to it. */
static bool test_deployment(struct trial *trial)
{
    const struct ecs_event *event = trial->event;
    const char *rule = trial->rule->config->name;
    bool found;
    int64_t created_ms, rollout;
    if (!store_load_deployment(trial->store, rule, event->cluster_arn, event->deployment, &found,
                               &created_ms, &rollout, trial->err)) {
        return false;
    }
    if (found && rollout != 0) {
        return decide(trial, FATE_ROLLED_OUT, "deployment %s had its rollout, number %" PRId64,
                      event->deployment, rollout);
    }
    if (strcmp(trial->member->id, trial->rule->live) == 0) {
        decide(trial, FATE_LIVE, "service %s is live already (member %s): not a canary",
               event->service, trial->member->id);
        return found ||
               store_save_deployment(trial->store, rule, event->cluster_arn, event->deployment,
                                     event->created_ms, 0, "live", trial->err);
    }
    return !found || decide(trial, FATE_ROLLED_OUT,
                            "deployment %s was live before, without a"
                            " rollout",
                            event->deployment);
}

static bool test_count(struct trial *trial)
{
    const struct ecs_event *event = trial->event;
    const struct config_rollout *config = trial->rule->config;
    int64_t *created_ms = &trial->judgement->created_ms;
    unsigned running;
    if (!store_count_running(trial->store, event->cluster_arn, event->service, event->deployment,
                             trial->member->ecs_container, &running, created_ms, trial->err)) {
        return false;
    }
    if (*created_ms != 0 && *created_ms < trial->rule->newest_created_ms) {
        return decide(trial, FATE_OLDER,
                      "deployment %s is %" PRId64 " s older than the newest of"
                      " rollout %s",
                      event->deployment, (trial->rule->newest_created_ms - *created_ms) / 1000,
                      config->name);
    }
    if (running < config->min_running) {
        return decide(trial, FATE_WAITING, "%u of %u tasks run", running, config->min_running);
    }
    bool supersedes = trial->rule->is_running;
    return decide(trial, supersedes ? FATE_SUPERSEDED_ONE : FATE_STARTED,
                  "%u of %u tasks run: rollout %s to %s%s", running, config->min_running,
                  config->name, trial->member->id,
                  supersedes ? ", in place of the running one" : "");
}

bool ledger_judge(struct store *store, const struct ledger_rule *rules, size_t count,
                  const struct ecs_event *event, int64_t now_ms, struct judgement *judgement,
                  struct error *err)
{
    static bool (*const tests[])(struct trial *) = {
        test_rule, test_version, test_status, test_deployment, test_count,
    };
    struct trial trial = {
        .store = store,
        .rules = rules,
        .count = count,
        .event = event,
        .now_ms = now_ms,
        .judgement = judgement,
        .err = err,
    };
    *judgement = (struct judgement){.rule = SIZE_MAX};
    for (size_t i = 0; i < ARRAY_LEN(tests) && !trial.is_decided; i++) {
        if (!tests[i](&trial)) {
            return false;
        }
    }
    assert(trial.is_decided);
    return true;
}
