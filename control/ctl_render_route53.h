/* SPDX-License-Identifier: BSD-2-Clause */
/* How ballastctl prints what Route 53 has. One thread. */
#pragma once

#include <jansson.h>

#include "control/ctl_text.h"

void render_route53_status(FILE *out, const struct style *style, const json_t *result);
/* What differs and, of sync, the batch. */
void render_route53_diff(FILE *out, const struct style *style, const json_t *result);
