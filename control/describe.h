/* SPDX-License-Identifier: BSD-2-Clause */
/* The state of things as JSON, for the admin protocol and HTTP: stable keys. Each function's caller
 * owns the reference. Control thread only. */
#pragma once

#include <jansson.h>

#include "control/model.h"

/* A text that may have been cut inside a character or come from outside: always a JSON string. */
json_t *describe_text(const char *text);
json_t *describe_text_or_null(const char *text);
/* ISO 8601; null for 0. */
json_t *describe_time(int64_t at_ms);
/* null for 0 */
json_t *describe_id_or_null(int64_t id);

json_t *describe_status(struct control *control);
json_t *describe_record_set(struct control *control, const struct record_set_state *set);
/* Its shares as the history keeps them, without what is about the present only. */
json_t *describe_shares(const struct record_set_state *set, const struct shares *shares);
json_t *describe_health(struct control *control);
json_t *describe_rule(const struct rule_state *rule);
json_t *describe_rollout(const struct rollout *rollout);
/* The rule's last rollout; its reason tells of Route 53 that does not have it yet. */
json_t *describe_last_rollout(const struct rule_state *rule);
json_t *describe_history_entry(const struct history_entry *entry);
json_t *describe_event(const struct event_entry *entry);
json_t *describe_zone(const struct zone_entry *entry);
json_t *describe_stats(struct control *control);
