/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ledger.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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
    bool has_container = event->kind == ECS_OF_DEPLOYMENT || member->ecs_container == NULL ||
                         ecs_event_has_container(event, member->ecs_container);
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
    enum fit fit = find_rule(trial);
    if (trial->member != NULL) {
        snprintf(trial->judgement->candidate, sizeof(trial->judgement->candidate), "%s",
                 trial->member->id);
    }
    switch (fit) {
    case FIT_NOTHING:
        if (event->cluster[0] == '\0') {
            return decide(trial, FATE_OTHER_CLUSTER,
                          "the ARN of service %s is of the old format, which names no cluster",
                          event->service);
        }
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
    return event->deployment[0] != '\0' ||
           decide(trial, FATE_NO_DEPLOYMENT, "%s names no deployment (ecs-svc/…)",
                  event->kind == ECS_OF_TASK ? "startedBy" : "deploymentId");
}

static bool triggers(const struct trial *trial, enum config_trigger how)
{
    enum config_trigger trigger = trial->rule->config->trigger;
    return trigger == how || trigger == TRIGGER_BOTH;
}

static bool runs(const struct ecs_event *event)
{
    return strcmp(event->desired_status, "RUNNING") == 0 &&
           strcmp(event->last_status, "RUNNING") == 0;
}

/* A text for people behind what it explains; empty when there is none. */
struct because {
    char text[ECS_TEXT_SIZE + 4];
};

static struct because because(const struct ecs_event *event)
{
    struct because because = {""};
    if (event->reason[0] != '\0') {
        snprintf(because.text, sizeof(because.text), " (%s)", event->reason);
    }
    return because;
}

static const char *last_part(const char *arn)
{
    const char *slash = strrchr(arn, '/');
    return slash == NULL ? arn : slash + 1;
}

/* Tasks of the deployment that have to run; 0: not known. */
static unsigned needed_of(const struct trial *trial, const char *deployment)
{
    const struct ledger_rule *rule = trial->rule;
    if (rule->config->min_running != CONFIG_ALL_RUNNING) {
        return rule->config->min_running;
    }
    return rule->desired == NULL ? 0
                                 : rule->desired(rule->desired_argument, trial->event->cluster_arn,
                                                 trial->event->service, deployment);
}

/* The version is newer than what is known, so that a task that ran and does not is no late news. */
static bool test_loss(struct trial *trial)
{
    const struct ecs_event *event = trial->event;
    const struct ledger_rule *rule = trial->rule;
    if (!rule->is_running || rule->running_deployment[0] == '\0' ||
        strcmp(rule->running_candidate, trial->member->id) != 0 || runs(event)) {
        return true;
    }
    unsigned before, after, needed = needed_of(trial, rule->running_deployment);
    if (!store_count_without(trial->store, event, rule->running_deployment,
                             trial->member->ecs_container, &before, &after, trial->err)) {
        return false;
    }
    bool is_few = needed != 0 && after < needed && before >= needed;
    bool is_loss = after < before && (is_few || after == 0);
    needed = needed == 0 ? before : needed;
    return !is_loss || decide(trial, FATE_FELL_BACK,
                              "%s has lost tasks: %u of the %u needed run (deployment %s), since "
                              "%s is %s, to be %s%s",
                              rule->running_candidate, after, needed, rule->running_deployment,
                              last_part(event->task_arn), event->last_status, event->desired_status,
                              because(event).text);
}

/* Deduplicates, and remembers the task whatever it does: one that stops has to leave the count. */
static bool test_task(struct trial *trial)
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
    return test_loss(trial) && store_save_task(trial->store, event, trial->now_ms, trial->err);
}

static bool test_status(struct trial *trial)
{
    const struct ecs_event *event = trial->event;
    return runs(event) || decide(trial, FATE_NOT_RUNNING, "the task is %s, to be %s",
                                 event->last_status, event->desired_status);
}

static bool load_state(struct trial *trial, enum ecs_deployment_state state, bool *found,
                       int64_t *updated_ms)
{
    return store_load_deployment_state(trial->store, trial->event->cluster_arn,
                                       trial->event->deployment, state, found, updated_ms,
                                       trial->err);
}

static bool test_failure(struct trial *trial)
{
    const struct ecs_event *event = trial->event;
    const struct ledger_rule *rule = trial->rule;
    bool ends_rollout =
        rule->is_running && strcmp(rule->running_deployment, event->deployment) == 0;
    bool is_known;
    int64_t updated_ms;
    if (ends_rollout) { /* before the store is asked */
        decide(trial, FATE_FELL_BACK, "deployment %s FAILED%s", event->deployment,
               because(event).text);
    }
    if (trial->store == NULL) {
        return false;
    }
    if (!load_state(trial, ECS_FAILED, &is_known, &updated_ms)) {
        return false;
    }
    if (!ends_rollout && is_known) {
        return decide(trial, FATE_DUPLICATE, "it was said before that deployment %s FAILED",
                      event->deployment);
    }
    if (!ends_rollout) {
        decide(trial, FATE_FAILED, "deployment %s FAILED%s", event->deployment,
               because(event).text);
    }
    return is_known || store_save_deployment_state(trial->store, event, trial->err);
}

/* One that comes again is another chance when the rollout was refused the first time. */
static bool may_start_again(struct trial *trial, bool *may)
{
    int64_t created_ms, rollout;
    bool found;
    if (!store_load_deployment(trial->store, trial->rule->config->name, trial->event->cluster_arn,
                               trial->event->deployment, &found, &created_ms, &rollout,
                               trial->err)) {
        return false;
    }
    *may = !found;
    return true;
}

/* Deduplicates and remembers what is said of a deployment; only COMPLETED goes on from here. */
static bool test_state(struct trial *trial)
{
    const struct ecs_event *event = trial->event;
    const char *state = ecs_deployment_state_name(event->state);
    bool is_completed = event->state == ECS_COMPLETED;
    bool may_start = is_completed && triggers(trial, TRIGGER_DEPLOYMENT);
    bool is_known;
    int64_t updated_ms;
    if (event->state == ECS_FAILED) {
        return test_failure(trial);
    }
    if (!load_state(trial, event->state, &is_known, &updated_ms) ||
        (is_known && may_start && !may_start_again(trial, &may_start))) {
        return false;
    }
    if (is_known && !may_start) {
        return decide(trial, FATE_DUPLICATE, "it was said before that deployment %s is %s",
                      event->deployment, state);
    }
    if (!is_known && !store_save_deployment_state(trial->store, event, trial->err)) {
        return false;
    }
    if (may_start) {
        return true;
    }
    return is_completed ? decide(trial, FATE_NOTED,
                                 "deployment %s is COMPLETED, but tasks trigger this rollout",
                                 event->deployment)
                        : decide(trial, FATE_NOTED, "deployment %s is %s%s", event->deployment,
                                 state, because(event).text);
}

/* What the circuit breaker goes back to runs an older version: no canary. */
static bool test_outcome(struct trial *trial)
{
    const char *deployment = trial->event->deployment;
    bool has_failed, is_rollback;
    int64_t updated_ms;
    if (!load_state(trial, ECS_FAILED, &has_failed, &updated_ms) ||
        !load_state(trial, ECS_ROLLING_BACK, &is_rollback, &updated_ms)) {
        return false;
    }
    if (has_failed) {
        return decide(trial, FATE_FAILED, "deployment %s FAILED before it could start", deployment);
    }
    return !is_rollback || decide(trial, FATE_ROLLBACK,
                                  "with deployment %s ECS rolls back to an older one: it starts no "
                                  "rollout by itself",
                                  deployment);
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

/* What is known of a deployment that may start a rollout. */
struct readiness {
    unsigned running;
    bool is_completed;
    int64_t created_ms; /* when its first task was, or when ECS spoke of it first; 0: unknown */
};

static bool load_readiness(struct trial *trial, struct readiness *ready)
{
    const struct ecs_event *event = trial->event;
    bool is_known;
    int64_t began_ms, completed_ms;
    if (!store_count_running(trial->store, event->cluster_arn, event->service, event->deployment,
                             trial->member->ecs_container, &ready->running, &ready->created_ms,
                             trial->err) ||
        !load_state(trial, ECS_COMPLETED, &ready->is_completed, &completed_ms) ||
        !load_state(trial, ECS_IN_PROGRESS, &is_known, &began_ms)) {
        return false;
    }
    if (ready->created_ms == 0) {
        ready->created_ms = is_known && began_ms != 0 ? began_ms
                            : ready->is_completed     ? completed_ms
                                                      : 0;
    }
    return true;
}

static bool test_readiness(struct trial *trial)
{
    const struct config_rollout *config = trial->rule->config;
    const char *deployment = trial->event->deployment;
    struct readiness ready;
    if (!load_readiness(trial, &ready)) {
        return false;
    }
    trial->judgement->created_ms = ready.created_ms;
    if (ready.created_ms != 0 && ready.created_ms < trial->rule->newest_created_ms) {
        return decide(trial, FATE_OLDER,
                      "deployment %s is %" PRId64 " s older than the newest of"
                      " rollout %s",
                      deployment, (trial->rule->newest_created_ms - ready.created_ms) / 1000,
                      config->name);
    }
    bool supersedes = trial->rule->is_running;
    enum event_fate start = supersedes ? FATE_SUPERSEDED_ONE : FATE_STARTED;
    const char *instead = supersedes ? ", in place of the running one" : "";
    if (triggers(trial, TRIGGER_DEPLOYMENT) && ready.is_completed) {
        return decide(trial, start, "deployment %s is COMPLETED: rollout %s to %s%s", deployment,
                      config->name, trial->member->id, instead);
    }
    if (!triggers(trial, TRIGGER_TASKS)) {
        return decide(trial, FATE_NOT_COMPLETED, "%u tasks run, deployment %s is not COMPLETED yet",
                      ready.running, deployment);
    }
    unsigned needed = needed_of(trial, deployment);
    if (needed == 0) {
        return decide(trial, FATE_NOT_DESCRIBED,
                      "%u tasks run, how many ECS wants is not known yet", ready.running);
    }
    if (ready.running < needed) {
        return decide(trial, FATE_WAITING, "%u of %u tasks run", ready.running, needed);
    }
    return decide(trial, start, "%u of %u tasks run: rollout %s to %s%s", ready.running, needed,
                  config->name, trial->member->id, instead);
}

typedef bool (*test)(struct trial *);

static bool try_tests(struct trial *trial, const test *tests, size_t count)
{
    for (size_t i = 0; i < count && !trial->is_decided; i++) {
        if (!tests[i](trial)) {
            return false;
        }
    }
    assert(trial->is_decided);
    return true;
}

static struct trial begin(struct store *store, const struct ledger_rule *rules, size_t count,
                          const struct ecs_event *event, int64_t now_ms,
                          struct judgement *judgement, struct error *err)
{
    *judgement = (struct judgement){.rule = SIZE_MAX, .fate = FATE_OTHER_EVENT};
    return (struct trial){
        .store = store,
        .rules = rules,
        .count = count,
        .event = event,
        .now_ms = now_ms,
        .judgement = judgement,
        .err = err,
    };
}

bool ledger_judge(struct store *store, const struct ledger_rule *rules, size_t count,
                  const struct ecs_event *event, int64_t now_ms, struct judgement *judgement,
                  struct error *err)
{
    static const test of_tasks[] = {test_rule,       test_task,    test_status,
                                    test_deployment, test_outcome, test_readiness};
    static const test of_deployments[] = {test_rule, test_state, test_deployment, test_outcome,
                                          test_readiness};
    bool is_task = event->kind == ECS_OF_TASK;
    struct trial trial = begin(store, rules, count, event, now_ms, judgement, err);
    if (store == NULL) {
        bool is_ours = test_rule(&trial) && !trial.is_decided;
        return is_ours && !is_task && event->state == ECS_FAILED && test_failure(&trial);
    }
    return is_task ? try_tests(&trial, of_tasks, ARRAY_LEN(of_tasks))
                   : try_tests(&trial, of_deployments, ARRAY_LEN(of_deployments));
}

bool ledger_judge_again(struct store *store, const struct ledger_rule *rules, size_t count,
                        const struct ecs_event *event, int64_t now_ms, struct judgement *judgement,
                        struct error *err)
{
    static const test tests[] = {test_rule, test_deployment, test_outcome, test_readiness};
    struct trial trial = begin(store, rules, count, event, now_ms, judgement, err);
    return try_tests(&trial, tests, ARRAY_LEN(tests));
}
