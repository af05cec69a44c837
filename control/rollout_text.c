/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stdio.h>

#include "control/rollout_private.h"

void rollout_set_history(struct rollout_effect *effect, const char *kind, const char *format, ...)
{
    snprintf(effect->kind, sizeof(effect->kind), "%s", kind);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(effect->history, sizeof(effect->history), format, arguments);
    va_end(arguments);
}

void rollout_set_reason(struct rollout *rollout, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(rollout->reason, sizeof(rollout->reason), format, arguments);
    va_end(arguments);
}

const char *rollout_who(const struct rollout_input *input)
{
    return input->who != NULL && input->who[0] != '\0' ? input->who : "somebody";
}

struct seen rollout_seen(const struct rollout_input *input, const char *separator)
{
    struct seen seen = {""};
    if (input->gate_text != NULL && input->gate_text[0] != '\0') {
        snprintf(seen.text, sizeof(seen.text), "%s%s", separator, input->gate_text);
    }
    return seen;
}

double rollout_seconds(int64_t duration_ms)
{
    return (double)duration_ms / 1000.0;
}

struct step_text rollout_step_text(const struct rollout *rollout)
{
    struct step_text step;
    bool has_shifted = rollout->run == NULL || rollout->run->has_shifted;
    snprintf(step.text, sizeof(step.text), "%sstep %zu of %zu", has_shifted ? "" : "before ",
             rollout->step + 1, rollout->plan.step_count);
    return step;
}

struct step_text rollout_shift_text(const struct rollout *rollout)
{
    struct step_text step;
    char back[64] = "";
    if (rollout->run != NULL && rollout->run->fall_back_ms > 0) {
        snprintf(back, sizeof(back), ", a fall-back takes up to %.10gs",
                 rollout_seconds(rollout->run->fall_back_ms));
    }
    snprintf(step.text, sizeof(step.text), "shifted %s to %d (step %zu of %zu), hold %.10gs%s",
             rollout->candidate, rollout_weight(rollout), rollout->step + 1,
             rollout->plan.step_count, rollout_seconds(rollout->plan.hold_ms), back);
    return step;
}
