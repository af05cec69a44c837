/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>

#include "control/ledger.h"

static const char *const fate_names[FATE_COUNT] = {
    [FATE_STARTED] = "started",
    [FATE_SUPERSEDED_ONE] = "superseded one",
    [FATE_FELL_BACK] = "fell back",
    [FATE_WAITING] = "waiting for more tasks",
    [FATE_NOT_DESCRIBED] = "waiting for a description",
    [FATE_NOT_COMPLETED] = "waiting for COMPLETED",
    [FATE_NOTED] = "noted",
    [FATE_FAILED] = "failed deployment",
    [FATE_ROLLBACK] = "rollback",
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
    [FATE_OTHER_EVENT] = "other event",
    [FATE_MALFORMED] = "malformed",
    [FATE_REFUSED] = "refused",
};

const char *event_fate_name(enum event_fate fate)
{
    assert(fate < FATE_COUNT);
    return fate_names[fate];
}
