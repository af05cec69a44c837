/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines of the history for a person: what was done, and what it did to the weights. One thread.
 */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "control/ctl_text.h"

void render_notices(FILE *out, const struct style *style, const json_t *result);
void render_history(FILE *out, const struct style *style, const json_t *result);
