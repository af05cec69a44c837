/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the rule share: rule.c (moves), rule_watch.c (time). */
#pragma once

#include "control/rule.h"

/* The timer is set to when time alone moves the rollout on, or when it is worth to look again. */
void rule_arm_timer(struct rule_state *rule);
/* A tick follows at once, from the loop. */
void rule_tick_soon(struct rule_state *rule);
/* The move's rollout becomes the rule's; what its plan told has been written, or is left behind. */
void rule_take_over(struct rule_move *move);
/* The member's index in the record set, or SIZE_MAX. */
size_t rule_member_index(const struct record_set_state *set, const char *id);
