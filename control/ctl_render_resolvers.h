/* SPDX-License-Identifier: BSD-2-Clause */
/* What `ballastctl record resolvers` prints. One thread. */
#pragma once

#include "control/ctl_text.h"

void render_resolvers(FILE *out, const struct style *style, const json_t *result);
