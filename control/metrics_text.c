/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/metrics_text.h"

void metrics_begin(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_escaped(FILE *out, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        switch (*c) {
        case '\\':
            fputs("\\\\", out);
            break;
        case '"':
            fputs("\\\"", out);
            break;
        case '\n':
            fputs("\\n", out);
            break;
        default:
            fputc(*c, out);
        }
    }
}

void metrics_put(FILE *out, const char *name, const struct metric_label *labels, double value)
{
    fputs(name, out);
    for (size_t i = 0; i < METRIC_LABELS_MAX && labels[i].name != NULL; i++) {
        fprintf(out, "%s%s=\"", i == 0 ? "{" : ",", labels[i].name);
        put_escaped(out, labels[i].value);
        fputc('"', out);
    }
    /* 15 digits: counters are whole up to 10^15, and 0.1 is 0.1. */
    fprintf(out, "%s %.15g\n", labels[0].name != NULL ? "}" : "", value);
}
