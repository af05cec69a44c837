/* SPDX-License-Identifier: BSD-2-Clause */
/* Any octets as a population of resolvers and as a plan to simulate: refused with a text that
 * begins with the file, or taken, and then what follows from it are shares. */
#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/forecast/plan_text.h"
#include "control/forecast/plot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_shares(const struct population *population)
{
    static const uint16_t before[] = {0, 100};
    static const uint16_t after[] = {10, 90};
    const struct weight_change changes[] = {{0, before}, {0, after}};
    const struct weight_history history = {changes, 2, 2};
    CLEANUP(crowd_freep) struct crowd *crowd = crowd_new(population, 1000, 60000);
    assert(crowd->resolvers >= 1 && crowd->fetches_per_s <= crowd->queries_per_s * (1 + 1e-9));
    for (double at_ms = -1; at_ms < 1e12; at_ms = at_ms < 0 ? 1000 : at_ms * 100) {
        double shares[2];
        crowd_shares(crowd, &history, at_ms, shares);
        assert(shares[0] >= -1e-9 && shares[0] <= 0.1 + 1e-9);
        assert(fabs(shares[0] + shares[1] - 1) < 1e-6);
    }
}

static void check_population(const uint8_t *data, size_t size)
{
    struct population population;
    struct error err = {""};
    if (!population_read(data, size, "x.yaml", &population, &err)) {
        assert(strncmp(err.text, "x.yaml:", 7) == 0);
        return;
    }
    bool is_whole = population_check(&population, &err);
    assert(is_whole);
    check_shares(&population);
    const struct plot_panel panel = {
        .title = population.groups[0].name, .x_label = "", .y_label = "", .to_ms = 60000};
    CLEANUP(alloc_freep) char *svg = plot_svg(population.groups[0].name, &panel, 1);
    assert(strstr(svg, "</svg>") != NULL);
}

static void check_plan(const uint8_t *data, size_t size)
{
    struct simulate_plan plan;
    struct error err = {""};
    if (!plan_read(data, size, "x.yaml", &plan, &err)) {
        assert(strncmp(err.text, "x.yaml:", 7) == 0);
        return;
    }
    bool is_whole = simulate_plan_check(&plan, &err);
    assert(is_whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_population(data, size);
    check_plan(data, size);
    return 0;
}
