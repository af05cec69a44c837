/* SPDX-License-Identifier: BSD-2-Clause */
/* What was described of a service goes through the intake, as far as it is news. Private to
 * ecs_level; control thread only. */
#pragma once

#include <jansson.h>

#include "control/ecs_described.h"
#include "control/model.h"

/* cluster: as the rule has it. document: of DescribeServices, what described was read from. tasks:
 * of DescribeTasks, those that run before those that stopped. False and err: the store failed, what
 * was not taken in is news the next time, too. */
MUST_CHECK bool ecs_level_take(struct control *control, const char *cluster,
                               const struct ecs_described *described, const json_t *document,
                               const json_t *tasks, struct error *err);
