/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/forecast/simulate.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

enum { CANDIDATE, STABLE, MEMBERS };

/* The plan as a history of weights: nothing for the candidate, then each step; room for a
 * fall-back.
 */
struct course {
    struct crowd *crowd;
    uint16_t weights[SIMULATE_MAX_STEPS + 2][MEMBERS];
    struct weight_change changes[SIMULATE_MAX_STEPS + 2];
    double end_ms;
};

bool simulate_plan_check(const struct simulate_plan *plan, struct error *err)
{
    if (plan->step_count < 1 || plan->step_count > SIMULATE_MAX_STEPS) {
        return error_set(err, "found %zu steps, expected 1 to %d", plan->step_count,
                         SIMULATE_MAX_STEPS);
    }
    for (size_t i = 0; i < plan->step_count; i++) {
        unsigned least = i == 0 ? 1 : plan->weights[i - 1] + 1U;
        if (plan->weights[i] < least || plan->weights[i] > 100) {
            return error_set(err, "found step %u, expected ascending steps of 1 to 100",
                             plan->weights[i]);
        }
        if (plan->holds_ms[i] < 0 || plan->holds_ms[i] > SIMULATE_MAX_HOLD_MS) {
            return error_set(err, "found a hold of %" PRId64 " ms, expected 0 to 365d",
                             plan->holds_ms[i]);
        }
    }
    return true;
}

static void set_change(struct course *course, size_t change, int64_t at_ms, uint8_t weight)
{
    course->weights[change][CANDIDATE] = weight;
    course->weights[change][STABLE] = (uint16_t)(100 - weight);
    course->changes[change] = (struct weight_change){at_ms, course->weights[change]};
}

/* As far as the change of that number, 0 being what was before the first step. */
static struct weight_history history_until(const struct course *course, size_t change)
{
    return (struct weight_history){course->changes, change + 1, MEMBERS};
}

static void course_fill(struct course *course, const struct simulate_plan *plan)
{
    int64_t at_ms = 0;
    set_change(course, 0, 0, 0);
    for (size_t i = 0; i < plan->step_count; i++) {
        set_change(course, i + 1, at_ms, plan->weights[i]);
        at_ms += plan->holds_ms[i];
    }
    course->end_ms = (double)at_ms;
}

static double share_at(struct crowd *crowd, const struct weight_history *history, double at_ms)
{
    double shares[MEMBERS];
    crowd_shares(crowd, history, at_ms, shares);
    return shares[CANDIDATE];
}

struct way {
    struct crowd *crowd;
    const struct weight_history *history;
    double since_ms, goal;
};

static double distance(const void *context, double age_ms)
{
    const struct way *way = context;
    return fabs(share_at(way->crowd, way->history, way->since_ms + age_ms) - way->goal);
}

/* The last change of the history; size is that of the whole way. */
static void follow(struct crowd *crowd, const struct weight_history *history, double from,
                   double size, struct simulated_change *change)
{
    const struct weight_change *last = &history->changes[history->change_count - 1];
    double goal = (double)last->weights[CANDIDATE] / 100;
    double until_ms = fmax(crowd_settled_ms(crowd), 1);
    struct way way = {crowd, history, (double)last->at_ms, goal};
    *change = (struct simulated_change){
        .at_ms = last->at_ms,
        .from = from,
        .goal = goal,
        .settles_at = share_at(crowd, history, (double)last->at_ms + until_ms),
        .to_95_ms = settle_age_ms(distance, &way, 0.05 * size, until_ms),
        .to_99_ms = settle_age_ms(distance, &way, 0.01 * size, until_ms),
    };
}

static void play_steps(struct course *course, const struct simulate_plan *plan,
                       struct simulation *simulation)
{
    struct crowd *crowd = course->crowd;
    for (size_t i = 0; i < plan->step_count; i++) {
        struct simulated_step *step = &simulation->steps[i];
        struct weight_history history = history_until(course, i + 1);
        struct weight_history before = history_until(course, i);
        double at_ms = (double)course->changes[i + 1].at_ms;
        int64_t end_ms = course->changes[i + 1].at_ms + plan->holds_ms[i];
        double from = share_at(crowd, &before, at_ms);
        double size = (double)(plan->weights[i] - course->weights[i][CANDIDATE]) / 100;
        step->weight = plan->weights[i];
        step->hold_ms = plan->holds_ms[i];
        follow(crowd, &history, from, size, &step->shift);

        /* In place of the next step, which is put back afterwards. */
        double held = share_at(crowd, &history, (double)end_ms);
        struct weight_change next = course->changes[i + 2];
        static const uint16_t all_stable[MEMBERS] = {0, 100};
        course->changes[i + 2] = (struct weight_change){end_ms, all_stable};
        history = history_until(course, i + 2);
        follow(crowd, &history, held, held, &step->fall_back);
        course->changes[i + 2] = next;
    }
}

/* How long fall-backs are drawn: until all that end have ended, within reason. */
static double fall_back_span_ms(const struct simulation *simulation, double ttl_ms)
{
    double span = 1.5 * ttl_ms;
    for (size_t i = 0; i < simulation->step_count; i++) {
        span = fmax(span, 1.2 * (double)simulation->steps[i].fall_back.to_95_ms);
    }
    return fmax(fmin(span, 20 * fmax(ttl_ms, 60000)), 1000);
}

static void draw_fall_backs(struct course *course, struct simulation *simulation)
{
    for (size_t i = 0; i < simulation->step_count; i++) {
        struct simulated_step *step = &simulation->steps[i];
        static const uint16_t all_stable[MEMBERS] = {0, 100};
        struct weight_change next = course->changes[i + 2];
        course->changes[i + 2] = (struct weight_change){step->fall_back.at_ms, all_stable};
        struct weight_history history = history_until(course, i + 2);
        for (size_t k = 0; k < SIMULATE_SAMPLES; k++) {
            double age_ms = (double)k * simulation->fall_back_sample_ms;
            step->fall_back_curve[k] =
                share_at(course->crowd, &history, (double)step->fall_back.at_ms + age_ms);
        }
        course->changes[i + 2] = next;
    }
}

/* From a little before the first step until the last has taken effect at caches that are honest. */
static void draw_course(struct course *course, const struct simulate_settings *settings,
                        struct simulation *simulation)
{
    struct weight_history history = history_until(course, settings->plan.step_count);
    const struct weight_change *last = &course->changes[settings->plan.step_count];
    double end_ms = fmax(course->end_ms, (double)last->at_ms + 1.5 * (double)settings->ttl_ms);
    end_ms = fmax(end_ms, 1000);
    simulation->from_ms = -end_ms / 24;
    simulation->sample_ms = end_ms / 24 * 25 / (SIMULATE_SAMPLES - 1);
    struct crowd_samples samples = {simulation->from_ms, simulation->sample_ms, SIMULATE_SAMPLES};
    CLEANUP(alloc_freep)
    double *rows = alloc_zeroed((size_t)SIMULATE_SAMPLES * MEMBERS, sizeof(*rows));
    crowd_play(course->crowd, &history, &samples, settings->seed, rows);
    for (size_t i = 0; i < SIMULATE_SAMPLES; i++) {
        double at_ms = samples.from_ms + (double)i * samples.step_ms;
        double shares[MEMBERS];
        weight_shares(&history, at_ms, shares);
        simulation->configured[i] = shares[CANDIDATE];
        simulation->expected[i] = share_at(course->crowd, &history, at_ms);
        simulation->played[i] = rows[i * MEMBERS + CANDIDATE];
        simulation->largest_deviation = fmax(simulation->largest_deviation,
                                             fabs(simulation->played[i] - simulation->expected[i]));
    }
}

static void describe(const struct crowd *crowd, struct simulation *simulation)
{
    simulation->resolvers = crowd->resolvers;
    simulation->queries_per_s = crowd->queries_per_s;
    simulation->fetches_per_s = crowd->fetches_per_s;
    simulation->heavy_traffic = crowd->heavy_traffic;
    simulation->heavy_count = crowd->heavy_count;
    memcpy(simulation->group_resolvers, crowd->group_resolvers, sizeof(crowd->group_resolvers));
    memcpy(simulation->group_traffic, crowd->group_traffic, sizeof(crowd->group_traffic));
    simulation->work = crowd->work;
}

struct simulation *simulate(const struct simulate_settings *settings)
{
    struct simulation *simulation = alloc_zeroed(1, sizeof(*simulation));
    CLEANUP(crowd_freep)
    struct crowd *crowd = crowd_new(settings->population, settings->resolvers, settings->ttl_ms);
    struct course course = {.crowd = crowd};
    simulation->step_count = settings->plan.step_count;
    course_fill(&course, &settings->plan);
    play_steps(&course, &settings->plan, simulation);
    simulation->fall_back_sample_ms =
        fall_back_span_ms(simulation, (double)settings->ttl_ms) / (SIMULATE_SAMPLES - 1);
    draw_fall_backs(&course, simulation);
    draw_course(&course, settings, simulation);
    describe(crowd, simulation);
    return simulation;
}

void simulation_freep(struct simulation **simulation)
{
    free(*simulation);
    *simulation = NULL;
}
