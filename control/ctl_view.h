/* SPDX-License-Identifier: BSD-2-Clause */
/* One picture of a rollout, drawn from a result of `rollout show`. Knows no terminal and no clock.
 * One thread. */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "control/ctl_text.h"

/* Lines of at most style->columns columns, as many as fit into style->rows minus one; columns of
 * 40 and more are good to read. result->rollout is not null. */
void view_print(FILE *out, const struct style *style, const json_t *result);
