/* SPDX-License-Identifier: BSD-2-Clause */
/* What GET /metrics answers. Control thread only. */
#pragma once

#include "control/model.h"

/* Everything, as text for Prometheus (control/metrics_text.h). Caller frees. */
char *metrics_print(struct control *control);
