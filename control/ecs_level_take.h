/* SPDX-License-Identifier: BSD-2-Clause */
/* What was described of a service goes through the intake, as far as it is news. Private to
 * ecs_level; control thread only. */
#pragma once

#include <jansson.h>

#include "control/ecs_described.h"
#include "control/model.h"

/* Of tasks a turn of the loop takes in so many that are news, each a wait for the disk, or looks at
 * so many. */
#define ECS_LEVEL_NEWS_PER_TURN  4U
#define ECS_LEVEL_TASKS_PER_TURN 64U

/* One service on its way. Whoever begins fills in the first part, which outlives it. */
struct ecs_level_taking {
    struct control *control;
    const char *cluster; /* as the rule has it */
    const struct ecs_described *described;
    const json_t *document; /* of DescribeServices, what described was read from */
    const json_t *tasks;    /* of DescribeTasks, those that run before those that stopped */

    unsigned counting; /* bits of deployments that may start something */
    size_t at;         /* the task that is looked at next */
};

/* Takes in what there is of deployments. False and err, here and below: the store failed, what was
 * not taken in is news the next time, too. */
MUST_CHECK bool ecs_level_take_begin(struct ecs_level_taking *taking, struct error *err);
/* Takes in a turn's tasks; is_over: there are no more, and nothing is left to do. */
MUST_CHECK bool ecs_level_take_some(struct ecs_level_taking *taking, bool *is_over,
                                    struct error *err);
