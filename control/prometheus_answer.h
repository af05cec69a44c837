/* SPDX-License-Identifier: BSD-2-Clause */
/* What Prometheus answers to /api/v1/query and /api/v1/query_range, as numbers. Pure; any thread.
 */
#pragma once

#include <stddef.h>

#include "control/metric_answer.h"

/* Of an answer: three times what 11,000 samples, the most that Prometheus gives, take. */
#define PROMETHEUS_ANSWER_MAX ((size_t)1 << 20)

/* Reads the body of an answer with this HTTP status. Always fills answer in, whose values are freed
 * by metric_answer_done. */
void prometheus_answer_read(long status, const char *body, size_t len,
                            struct metric_answer *answer);
