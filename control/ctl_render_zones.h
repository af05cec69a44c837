/* SPDX-License-Identifier: BSD-2-Clause */
/* What ballastctl prints of the commands about zones. Private to ctl_render.c. */
#pragma once

#include "control/ctl_text.h"

void render_zones(FILE *out, const struct style *style, const json_t *result);
void render_zone_check(FILE *out, const struct style *style, const json_t *result);
