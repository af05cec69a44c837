/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/forecast/plot.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/attributes.h"
#include "common/duration.h"

/* In pixels. The legend stands to the right of the axes. */
#define WIDTH        960
#define PANEL_HEIGHT 320
#define TITLE_HEIGHT 44
#define LEFT         64
#define RIGHT        220
#define TOP          46
#define BOTTOM       50
#define AXIS_WIDTH   (WIDTH - LEFT - RIGHT)
#define AXIS_HEIGHT  (PANEL_HEIGHT - TOP - BOTTOM)
#define LEGEND_ROW   20
#define TICKS_MAX    8
/* Marks that are nearer to each other than this have no word: it would be unreadable. */
#define MARK_GAP 30

/* Okabe and Ito, "Color Universal Design" (2008), but for black and yellow. */
static const char *const colours[] = {"#777777", "#009e73", "#0072b2", "#d55e00",
                                      "#cc79a7", "#56b4e9", "#e69f00"};

static const char *colour_of(const struct plot_line *line)
{
    return line->colour == 0 ? colours[0]
                             : colours[1 + (line->colour - 1) % (ARRAY_LEN(colours) - 1)];
}

/* Octets of the character that text begins with when it is one of XML 1.0 in UTF-8, else 0. */
static size_t character_octets(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    if (at[0] < 0x80) {
        return at[0] >= 0x20 && at[0] != 0x7f;
    }
    size_t octets = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    if (at[0] < 0xc2 || at[0] > 0xf4) {
        return 0;
    }
    unsigned code = at[0] & (0x7fU >> octets);
    for (size_t i = 1; i < octets; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
        code = code << 6 | (at[i] & 0x3fU);
    }
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    bool is_allowed = code >= least[octets] && code <= 0x10ffff &&
                      (code < 0xd800 || code > 0xdfff) && code != 0xfffe && code != 0xffff;
    return is_allowed ? octets : 0;
}

static void put_text(FILE *out, const char *text)
{
    while (*text != '\0') {
        size_t octets = character_octets(text);
        if (*text == '<') {
            fputs("&lt;", out);
        } else if (*text == '&') {
            fputs("&amp;", out);
        } else if (*text == '>') {
            fputs("&gt;", out);
        } else if (octets == 0) {
            fputc('?', out);
        } else {
            fwrite(text, 1, octets, out);
        }
        text += octets == 0 ? 1 : octets;
    }
}

static void put_label(FILE *out, double x, double y, const char *attributes, const char *text)
{
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, attributes);
    put_text(out, text);
    fputs("</text>\n", out);
}

static double x_of(const struct plot_panel *panel, double at_ms)
{
    return LEFT + AXIS_WIDTH * (at_ms - panel->from_ms) / (panel->to_ms - panel->from_ms);
}

static double y_of(double top, double value)
{
    return top + TOP + AXIS_HEIGHT * (1 - fmin(fmax(value, 0), 1));
}

/* The least time between ticks that reads well and gives at most TICKS_MAX of them. */
static double tick_ms(double span_ms)
{
    static const double steps_s[] = {1,     2,     5,     10,    15,        30,       60,
                                     120,   300,   600,   900,   1800,      3600,     7200,
                                     10800, 21600, 43200, 86400, 2 * 86400, 5 * 86400};
    if (span_ms < TICKS_MAX * 1000.0) {
        double step_ms = 1;
        for (unsigned i = 0; span_ms / step_ms > TICKS_MAX; i++) {
            step_ms *= i % 3 == 1 ? 2.5 : 2; /* 1, 2, 5, 10, … */
        }
        return step_ms;
    }
    for (size_t i = 0; i < ARRAY_LEN(steps_s); i++) {
        if (span_ms / (steps_s[i] * 1000) <= TICKS_MAX) {
            return steps_s[i] * 1000;
        }
    }
    double step_ms = 10 * 86400e3;
    for (unsigned i = 0; span_ms / step_ms > TICKS_MAX; i++) {
        step_ms *= i % 3 == 1 ? 2.5 : 2;
    }
    return step_ms;
}

static void put_axes(FILE *out, const struct plot_panel *panel, double top)
{
    for (unsigned percent = 0; percent <= 100; percent += 25) {
        char text[16];
        double y = y_of(top, percent / 100.0);
        snprintf(text, sizeof(text), "%u %%", percent);
        fprintf(out, "<path d=\"M%d %.1fH%d\" stroke=\"%s\"/>\n", LEFT, y, LEFT + AXIS_WIDTH,
                percent == 0 ? "#333" : "#e4e4e4");
        put_label(out, LEFT - 8, y + 4, "text-anchor=\"end\"", text);
    }
    double step_ms = tick_ms(panel->to_ms - panel->from_ms);
    double floor_y = y_of(top, 0);
    for (double at = ceil(panel->from_ms / step_ms) * step_ms; at <= panel->to_ms; at += step_ms) {
        char text[DURATION_TEXT_SIZE];
        duration_print((int64_t)fabs(at), text);
        fprintf(out, "<path d=\"M%.1f %.1fv5\" stroke=\"#333\"/>\n", x_of(panel, at), floor_y);
        put_label(out, x_of(panel, at), floor_y + 19, "text-anchor=\"middle\"", text);
    }
    put_label(out, LEFT + AXIS_WIDTH / 2.0, floor_y + 38, "text-anchor=\"middle\"", panel->x_label);
    fprintf(out, "<text transform=\"translate(16 %.1f) rotate(-90)\" text-anchor=\"middle\">",
            top + TOP + AXIS_HEIGHT / 2.0);
    put_text(out, panel->y_label);
    fputs("</text>\n", out);
}

static void put_marks(FILE *out, const struct plot_panel *panel, double top)
{
    double last_x = -MARK_GAP;
    for (size_t i = 0; i < panel->mark_count; i++) {
        double x = x_of(panel, panel->marks[i].at_ms);
        if (panel->marks[i].at_ms < panel->from_ms || panel->marks[i].at_ms > panel->to_ms) {
            continue;
        }
        fprintf(out, "<path d=\"M%.1f %.1fV%.1f\" stroke=\"#999\" stroke-dasharray=\"2 3\"/>\n", x,
                y_of(top, 1), y_of(top, 0));
        if (x - last_x >= MARK_GAP) {
            put_label(out, x, y_of(top, 1) - 6, "text-anchor=\"middle\" fill=\"#555\"",
                      panel->marks[i].text);
            last_x = x;
        }
    }
}

static const char *stroke_of(const struct plot_line *line)
{
    switch (line->stroke) {
    case PLOT_THIN:
        return "stroke-width=\"1\" stroke-opacity=\"0.6\"";
    case PLOT_DASHED:
        return "stroke-width=\"1.5\" stroke-dasharray=\"6 4\"";
    case PLOT_SOLID:
        break;
    }
    return "stroke-width=\"2.2\"";
}

static void put_line(FILE *out, const struct plot_panel *panel, const struct plot_line *line,
                     double top)
{
    fprintf(out, "<polyline fill=\"none\" stroke=\"%s\" %s points=\"", colour_of(line),
            stroke_of(line));
    for (size_t i = 0; i < line->count; i++) {
        double at = line->from_ms + (double)i * line->step_ms;
        /* The last sample may lie a rounding beyond the axis. */
        double x = fmin(x_of(panel, at), LEFT + AXIS_WIDTH);
        fprintf(out, "%s%.1f,%.1f", i == 0 ? "" : " ", x, y_of(top, line->values[i]));
    }
    fputs("\"/>\n", out);
}

static void put_legend(FILE *out, const struct plot_panel *panel, double top)
{
    double x = LEFT + AXIS_WIDTH + 20;
    double y = top + TOP + 8;
    double last = top + PANEL_HEIGHT - LEGEND_ROW;
    for (size_t i = 0; i < panel->line_count && y < last; i++) {
        const struct plot_line *line = &panel->lines[i];
        if (line->name == NULL) {
            continue;
        }
        fprintf(out, "<path d=\"M%.1f %.1fh24\" stroke=\"%s\" %s/>\n", x, y - 4, colour_of(line),
                stroke_of(line));
        put_label(out, x + 32, y, "", line->name);
        y += LEGEND_ROW;
    }
}

char *plot_svg(const char *title, const struct plot_panel *panels, size_t panel_count)
{
    char *svg = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&svg, &len);
    if (out == NULL) {
        abort(); /* out of memory, as in alloc_* */
    }
    size_t height = TITLE_HEIGHT + panel_count * PANEL_HEIGHT;
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%zu\" "
            "viewBox=\"0 0 %d %zu\" font-family=\"sans-serif\" font-size=\"13\" fill=\"#222\">\n"
            "<title>",
            WIDTH, height, WIDTH, height);
    put_text(out, title);
    fputs("</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n", out);
    put_label(out, LEFT, 28, "font-size=\"16\" font-weight=\"bold\"", title);
    for (size_t i = 0; i < panel_count; i++) {
        const struct plot_panel *panel = &panels[i];
        double top = TITLE_HEIGHT + (double)i * PANEL_HEIGHT;
        put_label(out, LEFT, top + 16, "font-weight=\"bold\"", panel->title);
        put_axes(out, panel, top);
        put_marks(out, panel, top);
        for (size_t k = 0; k < panel->line_count; k++) {
            put_line(out, panel, &panel->lines[k], top);
        }
        put_legend(out, panel, top);
    }
    fputs("</svg>\n", out);
    if (fclose(out) != 0) {
        abort();
    }
    return svg;
}

void plot_sparkline(const double *values, size_t count, size_t columns, bool has_utf8, char *out)
{
    static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const letters[] = {"_", ".", ":", "-", "=", "+", "*", "#"};
    char *end = out;
    for (size_t i = 0; i < columns; i++) {
        size_t from = i * count / columns;
        size_t to = (i + 1) * count / columns;
        double sum = 0;
        to = to > from ? to : from + 1; /* more columns than values: some stand twice */
        for (size_t k = from; k < to; k++) {
            sum += fmin(fmax(values[k], 0), 1);
        }
        size_t level = (size_t)fmin(7, sum / (double)(to - from) * 8);
        const char *bar = has_utf8 ? blocks[level] : letters[level];
        end = stpcpy(end, bar);
    }
}
