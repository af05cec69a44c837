/* SPDX-License-Identifier: BSD-2-Clause */
/* The TTL of answers during a rollout: lowered with its start, as the plan asks, and what it was
 * again after its end. Control thread only. */
#pragma once

#include "control/rule.h"

/* How long a fall-back of the rule takes, at the most, at caches that keep to the TTL: the longest
 * TTL that answers of its record sets have, or would have during a rollout. */
int64_t rule_fall_back_ms(const struct rule_state *rule);

/* The wait before the first shift, and how long after a shift it has taken effect everywhere. Makes
 * move->next.run, which remembers the TTLs to go back to; a superseded rollout's are taken over. */
int64_t rule_ttl_plan(struct rule_move *move, int64_t now_ms);
/* Writes the TTLs of a start, inside the caller's transaction. */
MUST_CHECK bool rule_ttl_journal(struct rule_move *move, struct error *err);
/* After the commit of a start; the next publish has them. */
void rule_ttl_apply(struct rule_state *rule);
/* Whether the record set's TTL is lowered by the rule's rollout. */
bool rule_ttl_is_lowered(const struct rule_state *rule, const struct record_set_state *set);
/* Whether there is something to raise: the rollout is over. */
bool rule_ttl_is_due(const struct rule_state *rule);
/* Raises what is lowered once the rollout is over; tries again with the next tick when the store
 * does not take it. */
void rule_ttl_raise(struct rule_state *rule);
