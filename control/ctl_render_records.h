/* SPDX-License-Identifier: BSD-2-Clause */
/* What `ballastctl` prints about weighted record sets: members, weights, shares, addresses. One
 * thread. */
#pragma once

#include "control/ctl_text.h"

void render_record_sets(FILE *out, const struct style *style, const json_t *result);
void render_record_set(FILE *out, const struct style *style, const json_t *result);
/* A list of texts: "192.0.2.10, 192.0.2.11"; cut when it does not fit. */
void render_values(const json_t *values, char *out, size_t size);
