/* SPDX-License-Identifier: BSD-2-Clause */
/* The text format of Prometheus, version 0.0.4: families with their samples. Pure; one thread. */
#pragma once

#include <stddef.h>
#include <stdio.h>

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct metric_label {
    const char *name, *value; /* any value: it is escaped */
};
#define METRIC_LABELS_MAX 3

/* The lines before a family's samples. type: "counter", whose name ends with _total, "gauge", or
 * "histogram", whose samples are NAME_bucket with le, NAME_sum and NAME_count.
 * help has no line breaks and no backslashes. */
void metrics_begin(FILE *out, const char *name, const char *type, const char *help);
/* One sample; labels end with one without a name, or with METRIC_LABELS_MAX. */
void metrics_put(FILE *out, const char *name, const struct metric_label *labels, double value);
