/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of each ECS task event, and why. Events are hints: at least once, out of order, and
 * RUNNING is not health. Control thread only; state is in the store, inside the caller's
 * transaction. */
#pragma once

#include "common/config.h"
#include "control/ecs_event.h"
#include "control/store.h"

enum event_fate {
    FATE_STARTED,        /* a rollout */
    FATE_SUPERSEDED_ONE, /* a rollout, in place of a running one */
    FATE_WAITING,        /* for more tasks: min_running not reached */
    FATE_ROLLED_OUT,     /* this deployment has had its rollout */
    FATE_LIVE,           /* of the service that is live already: not a canary */
    FATE_OLDER,          /* the deployment is older than the one that runs or ran last */
    FATE_DUPLICATE,      /* (taskArn, version) seen */
    FATE_STALE,          /* a lower version than seen */
    FATE_NOT_RUNNING,    /* desired or last status is not RUNNING */
    FATE_OTHER_CLUSTER,
    FATE_OTHER_SERVICE,
    FATE_OTHER_CONTAINER,
    FATE_NO_DEPLOYMENT, /* startedBy names none */
    FATE_NOT_TASK_EVENT,
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
    /* of the deployment that runs or was rolled out last by this rule: 0 when unknown
     * (store_load_newest_deployment) */
    int64_t newest_created_ms;
};

struct judgement {
    enum event_fate fate;
    char reason[ROLLOUT_TEXT_SIZE * 2]; /* for a person: numbers and names included */
    size_t rule;                        /* index into rules; SIZE_MAX: no rule has its cluster */
    char candidate[MEMBER_ID_SIZE];     /* the member that the event is about; may be empty */
    int64_t created_ms;                 /* STARTED, SUPERSEDED_ONE: of the deployment; may be 0 */
};

/* Judges one event and remembers its task. Of several rules the one that fits best decides
 * (cluster, then service, then container), the first of equals. A deployment that arrives while its
 * service is live is saved as such; it starts no rollout later either. STARTED and SUPERSEDED_ONE
 * ask the caller to start the rollout, to save the deployment with the rollout's id, and to write
 * FATE_REFUSED instead when that fails. False: the store failed (err). */
MUST_CHECK bool ledger_judge(struct store *store, const struct ledger_rule *rules, size_t count,
                             const struct ecs_event *event, int64_t now_ms,
                             struct judgement *judgement, struct error *err);
