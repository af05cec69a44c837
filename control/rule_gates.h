/* SPDX-License-Identifier: BSD-2-Clause */
/* The gates of a rule's running rollout: the one that its plan waits for, and those that are asked
 * during holds. Control thread only. */
#pragma once

#include "control/gate.h"
#include "control/rule.h"

/* Asks what is to be asked now, and stops asking what is not wanted any more. Called when something
 * may have changed; answers come later and move the rollout then. */
void rule_gates_follow(struct rule_state *rule);
/* When a gate is to be asked again during this hold; INT64_MAX: none is. */
int64_t rule_gates_next_ms(const struct rule_state *rule);
/* Stops all asking; the loop must turn once more. */
void rule_gates_stop(struct rule_state *rule);
/* Who asks at a step, as the rule's last rollout stands, or without one; keys has room for its
 * record sets, and is borrowed. */
struct gate_context rule_gates_context(struct rule_state *rule, const char *keys[]);
/* What each gate said last in this rollout: {"errors": {"State": "pass", …}}. A new reference. */
json_t *rule_gates_describe(const struct rule_state *rule);
