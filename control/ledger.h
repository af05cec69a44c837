/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of each ECS event, and why. Events are hints: at least once, out of order, and
 * RUNNING is not health. Control thread only; state is in the store, inside the caller's
 * transaction. */
#pragma once

#include "common/config.h"
#include "control/ecs_event.h"
#include "control/store.h"

enum event_fate {
    FATE_STARTED,        /* a rollout */
    FATE_SUPERSEDED_ONE, /* a rollout, in place of a running one */
    FATE_FELL_BACK,      /* the running rollout: its deployment FAILED, or its tasks are lost */
    FATE_WAITING,        /* for more tasks: min_running not reached */
    FATE_NOT_DESCRIBED,  /* for ECS to say how many tasks it wants: min_running is all of them */
    FATE_NOT_COMPLETED,  /* a running task, but it is COMPLETED that starts a rollout */
    FATE_NOTED,          /* ECS said of a deployment what starts nothing, but is remembered */
    FATE_FAILED,         /* the deployment FAILED: it starts no rollout */
    FATE_ROLLBACK,    /* the deployment is ECS's way back to an older one: it starts none either */
    FATE_ROLLED_OUT,  /* this deployment has had its rollout */
    FATE_LIVE,        /* of the service that is live already: not a canary */
    FATE_OLDER,       /* the deployment is older than the one that runs or ran last */
    FATE_DUPLICATE,   /* (taskArn, version) or (deploymentId, eventName) seen */
    FATE_STALE,       /* a lower version than seen */
    FATE_NOT_RUNNING, /* desired or last status is not RUNNING */
    FATE_OTHER_CLUSTER,
    FATE_OTHER_SERVICE,
    FATE_OTHER_CONTAINER,
    FATE_NO_DEPLOYMENT, /* startedBy or deploymentId names none */
    FATE_OTHER_EVENT,   /* of another source, detail type or name */
    FATE_MALFORMED,
    FATE_REFUSED, /* the rollout could not start; the reason says why; the next event tries again */
    FATE_COUNT
};
const char *event_fate_name(enum event_fate fate); /* "started", "other cluster", … */

/* What the ledger needs to know of a rule as things stand. */
struct ledger_rule {
    const struct config_rollout *config;
    const struct config *whole;
    const char *live; /* id of the stable member */
    bool is_running;
    const char *running_candidate;  /* of the running rollout, and its deployment: empty when it */
    const char *running_deployment; /* was started by hand. Both NULL when none runs */
    /* of the deployment that runs or was rolled out last by this rule: 0 when unknown
     * (store_load_newest_deployment) */
    int64_t newest_created_ms;
    /* How many tasks ECS wants of a deployment; 0: not known. NULL: never known. */
    unsigned (*desired)(const void *argument, const char *cluster_arn, const char *service,
                        const char *deployment);
    const void *desired_argument;
};

struct judgement {
    enum event_fate fate;
    char reason[ROLLOUT_TEXT_SIZE * 2]; /* for a person: numbers and names included */
    size_t rule;                        /* index into rules; SIZE_MAX: no rule has its cluster */
    char candidate[MEMBER_ID_SIZE];     /* the member that the event is about; may be empty */
    int64_t created_ms;                 /* STARTED, SUPERSEDED_ONE: of the deployment; may be 0 */
};

/* Judges one event and remembers its task, or what it says of its deployment. Of several rules the
 * one that fits best decides (cluster, then service, then container), the first of equals. A
 * deployment that arrives while its service is live is saved as such; it starts no rollout later
 * either. STARTED and SUPERSEDED_ONE ask the caller to start the rollout, to save the deployment
 * with the rollout's id, and to write FATE_REFUSED instead when that fails.
 *
 * FELL_BACK asks the caller to let the rule's rollout fail, with the reason. Tasks are lost when a
 * task that ran does so no more and leaves fewer than min_running; tasks of newer deployments of
 * the service count as well. Where so many were never seen to run, because COMPLETED came first,
 * or it is not known how many it needs, all have to be gone.
 *
 * False: the store failed (err). A fall-back does not wait for it: the judgement says FELL_BACK all
 * the same, else nothing. store NULL: it cannot be asked at all, which is false without an err;
 * that the running deployment FAILED is still seen. */
MUST_CHECK bool ledger_judge(struct store *store, const struct ledger_rule *rules, size_t count,
                             const struct ecs_event *event, int64_t now_ms,
                             struct judgement *judgement, struct error *err);

/* The same of a deployment (cluster, service and deployment of event) of which nothing new is said,
 * by what is known by now: whether it starts a rollout. store is not NULL. */
MUST_CHECK bool ledger_judge_again(struct store *store, const struct ledger_rule *rules,
                                   size_t count, const struct ecs_event *event, int64_t now_ms,
                                   struct judgement *judgement, struct error *err);
