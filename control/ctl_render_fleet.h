/* SPDX-License-Identifier: BSD-2-Clause */
/* A fleet for a person, in `status`. One thread. */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "control/ctl_text.h"

/* Nothing of a node that is alone (null). */
void render_fleet(FILE *out, const struct style *style, const json_t *fleet);
