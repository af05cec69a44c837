/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ctl_simulate_print.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/duration.h"
#include "control/ctl_table.h"
#include "control/forecast/plot.h"

#define CHART_COLUMNS 60

/* ---- for a person ---- */

/* "57s", or "never, settles at 96.9 %". */
#define TIME_TEXT_SIZE 64
static const char *time_text(const struct simulated_change *change, int64_t time_ms,
                             char out[TIME_TEXT_SIZE])
{
    char share[SHARE_TEXT_SIZE];
    char time[DURATION_TEXT_SIZE];
    if (time_ms == SETTLE_NEVER) {
        share_print(change->settles_at, share);
        snprintf(out, TIME_TEXT_SIZE, "never (stays at %s)", share);
    } else {
        /* Milliseconds only where they are all there is. */
        duration_print(time_ms < 10000 ? time_ms : (time_ms + 500) / 1000 * 1000, time);
        snprintf(out, TIME_TEXT_SIZE, "%s", time);
    }
    return out;
}

/* "3076520" or "0.042": all digits that matter, and no exponent. */
static const char *rate_text(double per_s, char out[TIME_TEXT_SIZE])
{
    snprintf(out, TIME_TEXT_SIZE, "%.*f", per_s >= 100 ? 0 : per_s >= 1 ? 1 : 6, per_s);
    return out;
}

static void who_print(FILE *out, const struct style *style, const struct simulated *what)
{
    const struct simulation *simulation = what->simulation;
    const struct population *population = what->settings->population;
    char heavy[SHARE_TEXT_SIZE];
    char deviation[SHARE_TEXT_SIZE];
    char queries[TIME_TEXT_SIZE];
    char fetches[TIME_TEXT_SIZE];
    fprintf(out, "%.0f resolvers (", simulation->resolvers);
    text_put(out, style, INK_PLAIN, what->population, SIZE_MAX);
    fprintf(out, "): %s queries a second, of which %s reach the server\n",
            rate_text(simulation->queries_per_s, queries),
            rate_text(simulation->fetches_per_s, fetches));
    struct table *table = TABLE("GROUP", ">RESOLVERS", ">TRAFFIC", "TTL", "TIME");
    for (size_t i = 0; i < population->group_count; i++) {
        const struct population_group *group = &population->groups[i];
        char time[DURATION_TEXT_SIZE] = "";
        char traffic[SHARE_TEXT_SIZE];
        if (ttl_behaviour_has_time(group->behaviour)) {
            duration_print(group->time_ms, time);
        }
        share_print(simulation->group_traffic[i], traffic);
        table_add(table, INK_PLAIN, "%s", group->name);
        table_add(table, INK_PLAIN, "%.0f", simulation->group_resolvers[i]);
        table_add(table, INK_PLAIN, "%s", traffic);
        table_add(table, INK_PLAIN, "%s", ttl_behaviour_name(group->behaviour));
        table_add(table, INK_PLAIN, "%s",
                  group->time_ms == POPULATION_FOR_EVER ? "for ever" : time);
    }
    table_print(table, out, style, "  ");
    if (simulation->heavy_count > 0) {
        share_print(simulation->heavy_traffic, heavy);
        share_print(simulation->largest_deviation, deviation);
        fprintf(out,
                "%zu resolvers have %s of the traffic: what they happen to hold (seed %" PRIu64
                ") moves up to %s of it\n",
                simulation->heavy_count, heavy, what->settings->seed, deviation);
    }
}

static void steps_print(FILE *out, const struct style *style, const struct simulation *simulation)
{
    struct table *table = TABLE("STEP", ">WEIGHT", ">AT", ">HOLD", ">95 % AFTER", ">99 % AFTER",
                                ">SHARE THEN", ">FALL-BACK: 95 % AFTER", ">99 % AFTER");
    for (size_t i = 0; i < simulation->step_count; i++) {
        const struct simulated_step *step = &simulation->steps[i];
        char at[DURATION_TEXT_SIZE];
        char hold[DURATION_TEXT_SIZE];
        char share[SHARE_TEXT_SIZE];
        char text[TIME_TEXT_SIZE];
        duration_print(step->shift.at_ms, at);
        duration_print(step->hold_ms, hold);
        share_print(step->fall_back.from, share);
        table_add(table, INK_PLAIN, "%zu", i + 1);
        table_add(table, INK_PLAIN, "%u", step->weight);
        table_add(table, INK_PLAIN, "%s", at);
        table_add(table, INK_PLAIN, "%s", hold);
        /* A shift that is not over when its hold is. */
        bool is_late = step->shift.to_95_ms == SETTLE_NEVER || step->shift.to_95_ms > step->hold_ms;
        table_add(table, is_late ? INK_WARN : INK_PLAIN, "%s",
                  time_text(&step->shift, step->shift.to_95_ms, text));
        table_add(table, INK_PLAIN, "%s", time_text(&step->shift, step->shift.to_99_ms, text));
        table_add(table, INK_PLAIN, "%s", share);
        table_add(table, INK_PLAIN, "%s",
                  time_text(&step->fall_back, step->fall_back.to_95_ms, text));
        table_add(table, INK_PLAIN, "%s",
                  time_text(&step->fall_back, step->fall_back.to_99_ms, text));
    }
    table_print(table, out, style, "  ");
}

static void chart_print(FILE *out, const struct style *style, const char *name,
                        const double *values, size_t count)
{
    char bars[PLOT_SPARKLINE_SIZE(CHART_COLUMNS)];
    plot_sparkline(values, count, CHART_COLUMNS, style->has_utf8, bars);
    fprintf(out, "  %-10s %s\n", name, bars);
}

static void charts_print(FILE *out, const struct style *style, const struct simulation *simulation)
{
    char end[DURATION_TEXT_SIZE];
    double stable[SIMULATE_SAMPLES];
    size_t first = 0; /* sample at or after the first step */
    while (simulation->from_ms + (double)first * simulation->sample_ms < 0) {
        first++;
    }
    size_t count = SIMULATE_SAMPLES - first;
    for (size_t i = first; i < SIMULATE_SAMPLES; i++) {
        stable[i] = 1 - simulation->expected[i];
    }
    double end_ms = simulation->from_ms + simulation->sample_ms * (SIMULATE_SAMPLES - 1);
    duration_print((int64_t)round(end_ms), end);
    fprintf(out, "shares of the traffic, from the first step to %s after it:\n", end);
    chart_print(out, style, "candidate", simulation->expected + first, count);
    chart_print(out, style, "stable", stable + first, count);
}

void simulate_print(FILE *out, const struct style *style, const struct simulated *what)
{
    char ttl[DURATION_TEXT_SIZE];
    duration_print(what->settings->ttl_ms, ttl);
    who_print(out, style, what);
    fprintf(out, "TTL %s; share and fall-back at the end of each hold:\n", ttl);
    steps_print(out, style, what->simulation);
    charts_print(out, style, what->simulation);
}

/* ---- as JSON ---- */

static json_t *time_json(int64_t time_ms)
{
    return time_ms == SETTLE_NEVER ? json_null() : json_integer(time_ms);
}

/* A millionth of the traffic is nobody. */
static json_t *share_json(double share)
{
    return json_real(round(share * 1e6) / 1e6 + 0.0);
}

static json_t *curve_json(const double *values, bool is_rest)
{
    json_t *list = json_array();
    for (size_t i = 0; i < SIMULATE_SAMPLES; i++) {
        json_array_append_new(list, share_json(is_rest ? 1 - values[i] : values[i]));
    }
    return list;
}

static json_t *change_json(const struct simulated_change *change)
{
    return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o}", "at_ms", (json_int_t)change->at_ms,
                     "share_before", share_json(change->from), "goal", share_json(change->goal),
                     "settles_at", share_json(change->settles_at), "to_95_ms",
                     time_json(change->to_95_ms), "to_99_ms", time_json(change->to_99_ms));
}

static json_t *steps_json(const struct simulation *simulation)
{
    json_t *list = json_array();
    for (size_t i = 0; i < simulation->step_count; i++) {
        const struct simulated_step *step = &simulation->steps[i];
        json_t *fall_back = change_json(&step->fall_back);
        json_object_set_new(fall_back, "sample_ms", json_real(simulation->fall_back_sample_ms));
        json_object_set_new(fall_back, "candidate", curve_json(step->fall_back_curve, false));
        json_array_append_new(list, json_pack("{s:i, s:I, s:o, s:o}", "weight", step->weight,
                                              "hold_ms", (json_int_t)step->hold_ms, "shift",
                                              change_json(&step->shift), "fall_back", fall_back));
    }
    return list;
}

static json_t *member_json(const struct simulation *simulation, bool is_stable)
{
    return json_pack("{s:o, s:o, s:o}", "configured", curve_json(simulation->configured, is_stable),
                     "expected", curve_json(simulation->expected, is_stable), "one_course",
                     curve_json(simulation->played, is_stable));
}

static json_t *groups_json(const struct simulated *what)
{
    const struct population *population = what->settings->population;
    json_t *list = json_array();
    for (size_t i = 0; i < population->group_count; i++) {
        const struct population_group *group = &population->groups[i];
        bool has_time =
            ttl_behaviour_has_time(group->behaviour) && group->time_ms != POPULATION_FOR_EVER;
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:o, s:I, s:o}", "name", group->name, "behaviour",
                            ttl_behaviour_name(group->behaviour), "time_ms",
                            has_time ? json_integer(group->time_ms) : json_null(), "resolvers",
                            (json_int_t)what->simulation->group_resolvers[i], "traffic",
                            share_json(what->simulation->group_traffic[i])));
    }
    return list;
}

json_t *simulate_json(const struct simulated *what)
{
    const struct simulation *simulation = what->simulation;
    json_t *name = json_string(what->population);
    json_t *population =
        json_pack("{s:o, s:I, s:f, s:f, s:I, s:o, s:o, s:o}", "name",
                  name == NULL ? json_null() : name, "resolvers", (json_int_t)simulation->resolvers,
                  "queries_per_s", simulation->queries_per_s, "fetches_per_s",
                  simulation->fetches_per_s, "heavy_hitters", (json_int_t)simulation->heavy_count,
                  "heavy_traffic", share_json(simulation->heavy_traffic), "largest_deviation",
                  share_json(simulation->largest_deviation), "groups", groups_json(what));
    json_t *members = json_pack("{s:o, s:o}", "candidate", member_json(simulation, false), "stable",
                                member_json(simulation, true));
    json_t *curves = json_pack("{s:f, s:f, s:o}", "from_ms", simulation->from_ms, "sample_ms",
                               simulation->sample_ms, "members", members);
    return json_pack("{s:I, s:o, s:o, s:o, s:o, s:I}", "ttl_ms", (json_int_t)what->settings->ttl_ms,
                     "seed", json_integer((json_int_t)what->settings->seed), "population",
                     population, "steps", steps_json(simulation), "shares", curves, "work",
                     (json_int_t)simulation->work);
}
