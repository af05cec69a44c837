/* SPDX-License-Identifier: BSD-2-Clause */
/* A simulation as a picture. Pure; any thread. */
#pragma once

#include "control/forecast/simulate.h"

/* Two panels: the shares of the traffic during the rollout, and those of the candidate after a
 * fall-back from each step. ttl_ms is marked in the second. Caller frees. */
char *simulate_plot_svg(const struct simulation *simulation, const char *title,
                        int64_t ttl_ms) MUST_CHECK;
