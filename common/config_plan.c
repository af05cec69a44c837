/* SPDX-License-Identifier: BSD-2-Clause */
/* The plan of a rollout: steps and a hold, or the file of a state machine; and the TTL that answers
 * have meanwhile. */
#include "common/config_fill.h"

#include <inttypes.h>
#include <string.h>

#include "common/alloc.h"
#include "common/duration.h"

#define YEAR_MS         ((int64_t)365 * 86400 * 1000)
#define HOLD_DEFAULT_MS 60000

/* The lab's plan. */
static const uint8_t default_steps[] = {10, 50, 100};

static bool fill_step(const struct place *place, const char *text, unsigned previous, uint8_t *step)
{
    unsigned value = 0;
    if (!fill_number(place, NULL, text, (struct range){1, 100}, &value)) {
        return false;
    }
    *step = (uint8_t)value;
    return value > previous ||
           place_fail(place, NULL, "found %u after %u, expected ascending steps", value, previous);
}

static bool fill_steps(const struct place *place, const struct raw_plan *raw,
                       struct config_plan *plan)
{
    size_t count = raw->steps_count;
    plan->steps = arena_alloc(place->reader->arena, count);
    plan->step_count = count;
    for (size_t i = 0; i < count; i++) {
        struct place at = place_item(place, "steps", i);
        if (!fill_step(&at, raw->steps[i], i == 0 ? 0 : plan->steps[i - 1], &plan->steps[i])) {
            return false;
        }
    }
    return plan->steps[count - 1] == 100 ||
           place_fail(place, "steps", "found %u as the last step, expected 100",
                      plan->steps[count - 1]);
}

static bool fill_resources(const struct place *place, const struct raw_plan *raw,
                           struct config_plan *plan)
{
    plan->resources =
        arena_alloc(place->reader->arena, raw->resources_count * sizeof(*plan->resources));
    for (size_t i = 0; i < raw->resources_count; i++) {
        struct place at = place_item(place, "resources", i);
        if (!fill_text(&at, "from", raw->resources[i].from, &plan->resources[i].from) ||
            !fill_text(&at, "to", raw->resources[i].to, &plan->resources[i].to)) {
            return false;
        }
    }
    plan->resource_count = raw->resources_count;
    return true;
}

/* A document has its own steps and holds. */
static bool fill_document(const struct place *place, const struct raw_plan *raw,
                          struct config_plan *plan)
{
    const char *key = raw->steps != NULL              ? "steps"
                      : raw->hold != NULL             ? "hold"
                      : raw->allow_short_hold != NULL ? "allow_short_hold"
                                                      : NULL;
    if (key != NULL) {
        return place_fail(place, key,
                          "found it beside asl, expected one of the two: the state "
                          "machine says when to shift and how long to wait");
    }
    plan->step_count = 0;
    plan->asl_line = place_line(place);
    return fill_path(place, "asl", raw->asl, &plan->asl) && fill_resources(place, raw, plan);
}

static bool fill_short_form(const struct place *place, const struct raw_plan *raw,
                            struct config_plan *plan)
{
    if (raw->resources_count > 0) {
        return place_fail(place, "resources",
                          "found it without asl, expected it beside the file "
                          "of a state machine");
    }
    return (raw->steps == NULL || fill_steps(place, raw, plan)) &&
           fill_duration(place, "hold", raw->hold, (struct range){0, YEAR_MS}, &plan->hold_ms) &&
           fill_bool(place, "allow_short_hold", raw->allow_short_hold, &plan->allow_short_hold);
}

static bool fill_times(const struct place *place, const struct raw_plan *raw,
                       struct config_plan *plan)
{
    if (raw->ttl != NULL &&
        !fill_number(place, "ttl", raw->ttl, (struct range){1, INT32_MAX}, &plan->ttl_s)) {
        return false;
    }
    return fill_duration(place, "fall_back_budget", raw->fall_back_budget,
                         (struct range){1000, YEAR_MS}, &plan->fall_back_budget_ms);
}

bool fill_plan(const struct place *rollout, const struct raw_plan *raw, struct config_plan *plan)
{
    struct place place = place_key(rollout, "plan");
    plan->hold_ms = HOLD_DEFAULT_MS;
    plan->steps =
        arena_copy_octets(rollout->reader->arena, default_steps, ARRAY_LEN(default_steps));
    plan->step_count = ARRAY_LEN(default_steps);
    if (raw == NULL) {
        return true;
    }
    return (raw->asl != NULL ? fill_document(&place, raw, plan)
                             : fill_short_form(&place, raw, plan)) &&
           fill_times(&place, raw, plan);
}

static const char *at(const struct config_record_set *set)
{
    return config_record_set_ttl_s(set) > set->ttl_s ? " at Route 53" : "";
}

/* A shift has reached everybody only when the answers of before it have expired; with a TTL of the
 * plan the hold is counted from then anyway. */
static bool check_hold(const struct place *place, const struct config_plan *plan,
                       const struct config_record_set *set)
{
    char hold[DURATION_TEXT_SIZE];
    if (plan->asl != NULL || plan->allow_short_hold || plan->ttl_s != 0 ||
        plan->hold_ms >= (int64_t)config_record_set_ttl_s(set) * 1000) {
        return true;
    }
    duration_print(plan->hold_ms, hold);
    return place_fail(place, "hold",
                      "found %s, expected at least the TTL of %s/%s%s (%" PRIu32
                      "s), or allow_short_hold: true beside it",
                      hold, set->name, set->type, at(set), config_record_set_ttl_s(set));
}

uint32_t config_record_set_ttl_s(const struct config_record_set *set)
{
    uint32_t outside_s = set->route53 == NULL ? 0 : set->route53->ttl_s;
    return outside_s > set->ttl_s ? outside_s : set->ttl_s;
}

uint32_t config_plan_ttl_s(const struct config_plan *plan, uint32_t ttl_s)
{
    return plan->ttl_s != 0 && plan->ttl_s < ttl_s ? plan->ttl_s : ttl_s;
}

bool check_plan(const struct place *rollout, const struct config_plan *plan,
                const struct config_record_set *set)
{
    struct place place = place_key(rollout, "plan");
    char budget[DURATION_TEXT_SIZE];
    uint32_t ttl_s = config_plan_ttl_s(plan, config_record_set_ttl_s(set));
    if (plan->fall_back_budget_ms != 0 && (int64_t)ttl_s * 1000 > plan->fall_back_budget_ms) {
        duration_print(plan->fall_back_budget_ms, budget);
        return place_fail(&place, "fall_back_budget",
                          "found %s, but caches keep answers of %s/%s%s for up to %" PRIu32
                          "s after a fall-back; expected that much, or a lower ttl in the plan",
                          budget, set->name, set->type, at(set), ttl_s);
    }
    return check_hold(&place, plan, set);
}
