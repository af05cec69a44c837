/* SPDX-License-Identifier: BSD-2-Clause */
/* Which events rollouts need, as an event pattern of Amazon EventBridge: the narrowest that still
 * brings what starts a rollout, what makes it fall back (FAILED, lost tasks), and the pause hooks
 * that it answers. Pure. */
#pragma once

#include <jansson.h>

#include "common/config.h"
#include "control/ledger.h"

/* What EventBridge takes by default as one pattern. */
#define EVENT_PATTERN_LIMIT 2048

/* {"pattern": one for everything, or null when no member has a service, "characters", "limit",
 * "patterns": [{"rule", "for": "tasks", "deployments" or "hooks", "pattern", "characters"}, …],
 * "notes": [texts for people]}. rule: of this one alone; NULL: of all. Caller owns. */
json_t *event_pattern_describe(const struct config *config, const struct config_rollout *rule);

/* The field of these patterns that keeps away an event of this fate, as patterns name it
 * ("detail.group"); "": none does, since the event did something, might have, or is one too many
 * that only memory can tell. rule: the one that it concerns, or NULL. */
const char *event_pattern_filter(const struct config_rollout *rule, const struct ecs_event *event,
                                 enum event_fate fate);
