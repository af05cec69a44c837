/* SPDX-License-Identifier: BSD-2-Clause */
/* What `rollout simulate` found, for a person or as JSON. One thread. */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "control/ctl_text.h"
#include "control/forecast/simulate.h"

struct simulated {
    const struct simulate_settings *settings;
    const struct simulation *simulation;
    const char *population; /* the preset's name, or the file's */
};

void simulate_print(FILE *out, const struct style *style, const struct simulated *what);
/* Caller owns the reference. */
json_t *simulate_json(const struct simulated *what);
