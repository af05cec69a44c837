/* SPDX-License-Identifier: BSD-2-Clause */
/* One picture of a rollout, drawn from a result of `rollout show`. Knows no terminal and no clock.
 * One thread. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "control/ctl_text.h"

/* What the counters were when the watch began: shares answered are of what came since. */
struct view_baseline {
    json_t *record_sets; /* NULL: nothing seen yet; owned */
};
void view_baseline_follow(struct view_baseline *baseline, const json_t *result);
void view_baseline_done(struct view_baseline *baseline);
/* The member's share of the answers since then; false: there were none. */
bool view_share_answered(const struct view_baseline *baseline, const json_t *set, size_t member,
                         double *share);

/* Lines of at most style->columns columns, as many as fit into style->rows minus one; columns of
 * 40 and more are good to read. result->rollout is not null. */
void view_print(FILE *out, const struct style *style, const struct view_baseline *baseline,
                const json_t *result);
