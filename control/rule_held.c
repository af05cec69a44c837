/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/rule_held.h"

#include <stdio.h>

#include "common/clock.h"
#include "control/freeze.h"
#include "control/windows.h"

bool rule_is_held(const struct rule_state *rule, int64_t now_ms, char *text, size_t size)
{
    const struct config *all = rule->control->config;
    const struct config_rollout *config = rule->config;
    if (rule->control->freeze.is_on) {
        freeze_print(rule->control, text, size);
        return true;
    }
    int64_t open_ms = windows_open_ms(config->windows, config->window_count, all->quiet_hours,
                                      all->quiet_hour_count, now_ms);
    if (open_ms <= now_ms) {
        return false;
    }
    const struct config_window *quiet =
        windows_find(all->quiet_hours, all->quiet_hour_count, now_ms);
    char at[CLOCK_TEXT_SIZE] = "more than a week from now";
    if (open_ms != INT64_MAX) {
        clock_format(open_ms, at);
    }
    snprintf(text, size, "%s%s%s, steps are taken again from %s on",
             quiet != NULL ? "these are quiet hours" : "no window of this rollout is open",
             quiet != NULL && quiet->reason[0] != '\0' ? ": " : "",
             quiet != NULL ? quiet->reason : "", at);
    return true;
}
