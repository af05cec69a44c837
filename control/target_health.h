/* SPDX-License-Identifier: BSD-2-Clause */
/* What a target group of Elastic Load Balancing says of its targets (DescribeTargetHealth), as an
 * attempt of a health check. Pure; any thread.
 *
 * Targets that are draining leave, and count neither way: a deployment that replaces tasks is no
 * fault. Those that are initial (or whose health is unavailable) may still become healthy: while it
 * depends on them whether the minimum is reached, the attempt does not count. Unused targets get no
 * traffic and are not healthy. A document without any word of targets is somebody else's, and does
 * not count either. */
#pragma once

#include <jansson.h>

#include "control/probe.h"

/* document: the operation's result, of XML (control/aws/aws_xml.h). minimum: percent of the targets
 * that do not drain, 1 to 100. Fills counts, succeeded and text. */
void target_health_judge(const json_t *document, unsigned minimum, struct probe_outcome *outcome);
