/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a rollout that came from outside can be worked with. */
#include <inttypes.h>
#include <string.h>

#include "control/plan/asl_document.h"
#include "control/rollout.h"

static bool check_texts(const struct rollout *rollout, struct error *err)
{
    const struct {
        const char *what, *text;
        size_t size;
        bool is_needed;
    } texts[] = {
        {"rule", rollout->rule, sizeof(rollout->rule), true},
        {"deployment", rollout->deployment, sizeof(rollout->deployment), false},
        {"who", rollout->who, sizeof(rollout->who), false},
        {"stable member", rollout->stable, sizeof(rollout->stable), true},
        {"candidate", rollout->candidate, sizeof(rollout->candidate), true},
        {"reason", rollout->reason, sizeof(rollout->reason), false},
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (memchr(texts[i].text, '\0', texts[i].size) == NULL) {
            return error_set(err, "%s does not end within %zu octets", texts[i].what,
                             texts[i].size);
        }
        if (texts[i].is_needed && texts[i].text[0] == '\0') {
            return error_set(err, "%s is empty", texts[i].what);
        }
    }
    if (strcmp(rollout->stable, rollout->candidate) == 0) {
        return error_set(err, "stable member and candidate are both %s", rollout->stable);
    }
    return true;
}

static bool check_plan(const struct plan *plan, struct error *err)
{
    if (plan->step_count < 1 || plan->step_count > PLAN_MAX_STEPS) {
        return error_set(err, "plan of %zu steps, expected 1 to %d", plan->step_count,
                         PLAN_MAX_STEPS);
    }
    uint8_t least = 1;
    for (size_t i = 0; i < plan->step_count; i++) {
        if (plan->steps[i] < least || plan->steps[i] > ROLLOUT_FULL) {
            return error_set(err, "step %zu of the plan is %d, expected %d to %d", i + 1,
                             plan->steps[i], least, ROLLOUT_FULL);
        }
        least = plan->steps[i];
    }
    if (plan->hold_ms < 0) {
        return error_set(err, "hold of %" PRId64 " ms, expected 0 or more", plan->hold_ms);
    }
    return plan->hold_ms <= ASL_MAX_SECONDS * INT64_C(1000) ||
           error_set(err, "hold of %" PRId64 " ms, expected at most %d s", plan->hold_ms,
                     ASL_MAX_SECONDS);
}

bool rollout_check(const struct rollout *rollout, struct error *err)
{
    if (!check_texts(rollout, err) || !check_plan(&rollout->plan, err)) {
        return false;
    }
    if ((unsigned)rollout->state >= ROLLOUT_STATE_COUNT) {
        return error_set(err, "state %u, expected one below %d", (unsigned)rollout->state,
                         ROLLOUT_STATE_COUNT);
    }
    if (rollout->step >= rollout->plan.step_count) {
        return error_set(err, "at step %zu of %zu", rollout->step + 1, rollout->plan.step_count);
    }
    if (rollout->hold_passed_ms < 0) {
        return error_set(err, "%" PRId64 " ms of the hold passed, expected 0 or more",
                         rollout->hold_passed_ms);
    }
    return true;
}
