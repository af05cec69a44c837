/* SPDX-License-Identifier: BSD-2-Clause */
/* One attempt of a health check of type elbv2: asks AWS for the health of a target group's targets.
 * What AWS does not answer, or refuses, does not count: it says nothing of the targets. Control
 * thread only. */
#pragma once

#include "common/config.h"
#include "control/aws/aws_client.h"
#include "control/probe.h"

struct group_probe;

/* aws and check outlive it. Caller owns. */
struct group_probe *group_probe_new(struct aws_client *aws, const struct config_health_check *check,
                                    probe_done done, void *argument);
/* Not while it runs. done is called once, from the loop; it may start or free the probe. */
void group_probe_start(struct group_probe *probe);
/* Ends what runs without calling done. NULL is fine. */
void group_probe_free(struct group_probe *probe);
