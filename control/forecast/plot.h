/* SPDX-License-Identifier: BSD-2-Clause */
/* Shares over time, drawn: as an SVG document that a browser shows as it is (SVG 1.1, no script, no
 * font or style from elsewhere), and as one line of text. Nothing is written anywhere. Pure; any
 * thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum plot_stroke { PLOT_SOLID, PLOT_THIN, PLOT_DASHED };

/* Values 0 to 1 at even distances in time. */
struct plot_line {
    const char *name; /* in the legend; NULL: not there */
    unsigned colour;  /* 0 is grey, then those that people with any eyes tell apart; they repeat */
    enum plot_stroke stroke;
    const double *values;
    size_t count;
    double from_ms, step_ms;
};

/* A moment: an upright line with a word on top. */
struct plot_mark {
    double at_ms;
    const char *text;
};

struct plot_panel {
    const char *title, *x_label, *y_label;
    double from_ms, to_ms; /* from_ms < to_ms */
    const struct plot_line *lines;
    size_t line_count;
    const struct plot_mark *marks;
    size_t mark_count;
};

/* The panels stand below each other. Texts may hold anything: markup is escaped, and what is no
 * UTF-8 or no character of XML becomes '?'. Caller frees. */
char *plot_svg(const char *title, const struct plot_panel *panels, size_t panel_count);

/* Values from 0 to 1 as a row of small bars, each the mean of those that fall to it; out holds
 * PLOT_SPARKLINE_SIZE(columns) octets. count > 0, columns > 0. */
#define PLOT_SPARKLINE_SIZE(columns) ((columns)*3 + 1)
void plot_sparkline(const double *values, size_t count, size_t columns, bool has_utf8, char *out);
