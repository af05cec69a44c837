/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ctl_simulate_asl.h"

#include <assert.h>
#include <jansson.h>
#include <string.h>

#include "control/plan/asl_steps.h"

bool simulate_asl_is_meant(const char *text, size_t len)
{
    json_t *json = json_loadb(text, len, 0, NULL);
    bool is_meant =
        json_object_get(json, "StartAt") != NULL || json_object_get(json, "States") != NULL;
    json_decref(json);
    return is_meant;
}

bool simulate_asl_plan(const struct asl_document *document, struct simulate_plan *plan,
                       struct error *err)
{
    struct asl_steps steps;
    static_assert(SIMULATE_MAX_STEPS == ASL_MAX_STEPS, "a plan's steps can be simulated");
    if (!asl_steps_find(document, &steps, err)) {
        return false;
    }
    *plan = (struct simulate_plan){.step_count = steps.count};
    memcpy(plan->weights, steps.weights, sizeof(plan->weights));
    memcpy(plan->holds_ms, steps.holds_ms, sizeof(plan->holds_ms));
    return simulate_plan_check(plan, err);
}
