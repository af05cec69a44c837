/* SPDX-License-Identifier: BSD-2-Clause */
/* Why a rule's rollout may take no step now: a freeze, quiet hours, or none of its windows is open.
 * Control thread only. */
#pragma once

#include "control/rule.h"

/* True, and the reason in text. */
bool rule_is_held(const struct rule_state *rule, int64_t now_ms, char *text, size_t size);
