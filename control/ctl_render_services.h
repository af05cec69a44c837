/* SPDX-License-Identifier: BSD-2-Clause */
/* How ballastctl prints what ECS described. One thread. */
#pragma once

#include <jansson.h>

#include "control/ctl_text.h"

/* The result's "services"; nothing when there are none. */
void render_services(FILE *out, const struct style *style, const json_t *result);
