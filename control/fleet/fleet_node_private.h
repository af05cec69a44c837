/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the node share: fleet_node.c (what is asked next), fleet_node_answer.c (what
 * comes of it). */
#pragma once

#include "control/fleet/fleet_node.h"

/* How long after a request that was not answered the next one is made, as long as a lease may be
 * saved; else an interval. */
#define RETRY_MS 200

void fleet_node_forget_takeover(struct fleet_node *node);
/* Ours, with the margin. */
bool fleet_node_has_lease(const struct fleet_node *node, int64_t now_ms);
bool fleet_node_is_in_step(const struct fleet_node *node);
/* Tells the memory when driving begins and ends. */
void fleet_node_say_driving(struct fleet_node *node, int64_t now_ms);
/* All that is newer than what has been taken over, up to what head says. */
void fleet_node_start_query(struct fleet_node *node);
/* Up to which this node has the table. */
int64_t fleet_node_sequence(const struct fleet_node *node);
