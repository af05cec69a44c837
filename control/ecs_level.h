/* SPDX-License-Identifier: BSD-2-Clause */
/* Level, not edge: on a timer, and soon after each event that concerns a rule, ECS is asked what is
 * (DescribeServices; ListTasks and DescribeTasks) for the services of all rules. What differs from
 * what is known goes through the intake as if its event had come, so that a lost one costs one
 * interval at most and the ledger judges as ever; and each deployment is judged once more by what
 * is known then (intake_look_again). Answers that are wrong or partial change nothing.
 *
 * Deployments that were there before a service was described for the first time, by this state
 * file, start nothing by themselves: they may be last year's. Their events do as ever.
 *
 * Control thread only. */
#pragma once

#include <jansson.h>

#include "control/model.h"

struct ecs_level;

/* Begins with the loop's next turn, if the configuration has `aws.ecs`; control->aws is there. */
void ecs_level_open(struct control *control);
/* Before control->aws is closed; the loop must still turn. */
void ecs_level_close(struct control *control);

/* The service is described soon; nothing if nobody describes it. */
void ecs_level_ask(struct control *control, const char *service);

/* How many tasks ECS wants of the deployment, as last described; 0: not known. */
unsigned ecs_level_desired(const struct control *control, const char *cluster_arn,
                           const char *service, const char *deployment);

/* What was described last, an object for each service of the rule, or of all rules (NULL). Empty:
 * nobody asks. A new reference. */
json_t *ecs_level_describe(const struct control *control, const struct rule_state *rule);
