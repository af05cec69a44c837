/* SPDX-License-Identifier: BSD-2-Clause */
/* ECS events for a person: what became of each, the pattern that brings them, and what a narrower
 * one would have kept away. One thread. */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "control/ctl_text.h"

void render_events(FILE *out, const struct style *style, const json_t *result);
void render_event_pattern(FILE *out, const struct style *style, const json_t *result);
void render_event_stats(FILE *out, const struct style *style, const json_t *result);
