/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/forecast/simulate_plot.h"

#include <stdbool.h>
#include <stdio.h>

#include "control/forecast/plot.h"

enum { GREY, GREEN, BLUE };

#define SHARE_TEXT_SIZE 16
/* More have no place in the legend: then only every so many-th is named, the last one too. */
#define LEGEND_MAX 11

static struct plot_line line_of(const struct simulation *simulation, const char *name,
                                unsigned colour, enum plot_stroke stroke, const double *values)
{
    return (struct plot_line){.name = name,
                              .colour = colour,
                              .stroke = stroke,
                              .values = values,
                              .count = SIMULATE_SAMPLES,
                              .from_ms = simulation->from_ms,
                              .step_ms = simulation->sample_ms};
}

/* The last sample's time. */
static double end_of(double from_ms, double step_ms)
{
    return from_ms + step_ms * (SIMULATE_SAMPLES - 1);
}

char *simulate_plot_svg(const struct simulation *simulation, const char *title, int64_t ttl_ms)
{
    double stable[SIMULATE_SAMPLES];
    char weights[SIMULATE_MAX_STEPS][SHARE_TEXT_SIZE];
    char names[SIMULATE_MAX_STEPS][SHARE_TEXT_SIZE + 8];
    struct plot_mark marks[SIMULATE_MAX_STEPS];
    struct plot_line falls[SIMULATE_MAX_STEPS];
    size_t stride = (simulation->step_count + LEGEND_MAX - 1) / LEGEND_MAX;
    for (size_t i = 0; i < SIMULATE_SAMPLES; i++) {
        stable[i] = 1 - simulation->expected[i];
    }
    for (size_t i = 0; i < simulation->step_count; i++) {
        const struct simulated_step *step = &simulation->steps[i];
        snprintf(weights[i], sizeof(weights[i]), "%u %%", step->weight);
        snprintf(names[i], sizeof(names[i]), "from %s", weights[i]);
        marks[i] = (struct plot_mark){(double)step->shift.at_ms, weights[i]};
        bool is_named = (simulation->step_count - 1 - i) % stride == 0;
        falls[i] = (struct plot_line){.name = is_named ? names[i] : NULL,
                                      .colour = (unsigned)i + 1,
                                      .stroke = PLOT_SOLID,
                                      .values = step->fall_back_curve,
                                      .count = SIMULATE_SAMPLES,
                                      .step_ms = simulation->fall_back_sample_ms};
    }
    const struct plot_line lines[] = {
        line_of(simulation, "candidate, configured", GREY, PLOT_DASHED, simulation->configured),
        line_of(simulation, "stable, expected", BLUE, PLOT_SOLID, stable),
        line_of(simulation, "candidate, expected", GREEN, PLOT_SOLID, simulation->expected),
        line_of(simulation, "candidate, one course", GREEN, PLOT_THIN, simulation->played),
    };
    const struct plot_mark ttl = {(double)ttl_ms, "TTL"};
    const struct plot_panel panels[] = {
        {.title = "Share of the traffic",
         .x_label = "time since the first step",
         .y_label = "share",
         .from_ms = simulation->from_ms,
         .to_ms = end_of(simulation->from_ms, simulation->sample_ms),
         .lines = lines,
         .line_count = simulation->heavy_count > 0 ? 4 : 3,
         .marks = marks,
         .mark_count = simulation->step_count},
        {.title = "Share of the candidate after a fall-back at the end of each step",
         .x_label = "time since the fall-back",
         .y_label = "share",
         .to_ms = end_of(0, simulation->fall_back_sample_ms),
         .lines = falls,
         .line_count = simulation->step_count,
         .marks = &ttl,
         .mark_count = 1},
    };
    return plot_svg(title, panels, 2);
}
