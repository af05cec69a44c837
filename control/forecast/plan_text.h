/* SPDX-License-Identifier: BSD-2-Clause */
/* Plans to simulate, out of words or a file. Pure; any thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "control/forecast/simulate.h"

/* What there is without a word: the lab's plan, 10, 50 and 100, each held for a minute. */
void plan_default(struct simulate_plan *plan);

/* "steps=10,50,100" or "hold=60s" (for every step; "hold=60s,5m,1h": one for each), on top of what
 * the plan has. plan_finish comes after the last word. */
struct plan_words {
    struct simulate_plan plan;
    size_t hold_count;
};
MUST_CHECK bool plan_word(struct plan_words *words, const char *word, struct error *err);
/* Holds for every step, and the whole checked. */
MUST_CHECK bool plan_finish(struct plan_words *words, struct error *err);

/* A file in YAML or JSON: the keys steps and hold (and allow_short_hold, which means nothing here)
 * as in a rollout's plan in the configuration, or holds, a list with one for each step. The file's
 * name is only used in errors: "file:line: key: what was found, what was expected". */
MUST_CHECK bool plan_read(const uint8_t *text, size_t len, const char *file,
                          struct simulate_plan *plan, struct error *err);
